//! What became of one attempt to send a mail, and which answers of a mail server mean what. No text here repeats the
//! words of a server, because servers repeat the recipient's address. Not here: when the next attempt is made
//! (`standing`, `sink`).

use std::fmt;
use std::time::Duration;

/// A step in the conversation with a mail server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// The connection, its encryption if it is encrypted from its beginning, and the server's greeting.
    Connect,
    /// The connection is encrypted.
    StartTls,
    /// The user authenticates.
    Auth,
    /// The sender is named.
    Sender,
    /// The recipient is named.
    Recipient,
    /// The mail is announced.
    Data,
    /// The mail itself.
    Mail,
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "the greeting",
            Self::StartTls => "STARTTLS",
            Self::Auth => "AUTH",
            Self::Sender => "MAIL FROM",
            Self::Recipient => "RCPT TO",
            Self::Data => "DATA",
            Self::Mail => "the mail itself",
        })
    }
}

/// A server's answer to a stage: its code, and its enhanced code (RFC 3463) if it gave one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// What was answered.
    pub stage: Stage,
    /// The code, such as 550.
    pub code: u16,
    /// The enhanced code, such as 5.1.1.
    pub enhanced: Option<(u16, u16, u16)>,
}

impl Reply {
    /// The answer with the enhanced code that its text begins with.
    pub(super) fn new(stage: Stage, code: u16, text: &str) -> Self {
        let mut numbers = text.split_whitespace().next().unwrap_or_default().split('.').map(str::parse);
        let enhanced = match (numbers.next(), numbers.next(), numbers.next(), numbers.next()) {
            (Some(Ok(class @ (2 | 4 | 5))), Some(Ok(subject)), Some(Ok(detail)), None) => {
                Some((class, subject, detail)).filter(|_| subject < 1_000 && detail < 1_000)
            }
            _ => None,
        };
        Self { stage, code, enhanced }
    }
}

impl fmt::Display for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.code)?;
        if let Some((class, subject, detail)) = self.enhanced {
            write!(f, " {class}.{subject}.{detail}")?;
        }
        write!(f, " at {}", self.stage)
    }
}

/// Why a mail waits: what is wrong passes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Passing {
    /// The server answered that it cannot now.
    #[error("the mail server answered {0}")]
    Answered(Reply),
    /// No connection could be made.
    #[error("the mail server could not be reached")]
    Unreachable,
    /// The server said nothing in time. It may have taken the mail.
    #[error("the mail server said nothing in time at {0}")]
    Silent(Stage),
    /// The connection ended. The server may have taken the mail.
    #[error("the connection to the mail server ended at {0}")]
    Cut(Stage),
    /// The server's answer does not belong to what was said.
    #[error("the mail server broke the protocol at {0}")]
    Protocol(Stage),
    /// Encryption failed for another reason than a certificate.
    #[error("the mail server's encryption failed")]
    Encryption,
    /// All connections are in use.
    #[error("all connections to the mail server are in use")]
    Busy,
    /// The folder for mails could not be written.
    #[error("the folder for mails could not be written ({0})")]
    Folder(std::io::ErrorKind),
}

impl Passing {
    /// Whether the mail itself may be the reason: the server fell silent or went away after it was named.
    pub(super) fn may_be_of_mail(self) -> bool {
        matches!(self, Self::Silent(stage) | Self::Cut(stage) | Self::Protocol(stage) if stage >= Stage::Recipient)
    }
}

/// Why all mails wait until the operator acts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// The server refused user and password.
    #[error("the mail server refused mail.user or its password ({0}); correct mail.user or the secret smtp-password")]
    Authentication(Reply),
    /// There is a user and no password.
    #[error("mail.user has no password; store it as the secret smtp-password")]
    NoPassword,
    /// The server takes no authentication by a password.
    #[error(
        "the mail server offers no authentication by user and password; name another server, or leave mail.user out"
    )]
    NoMechanism,
    /// The server does not offer encryption, or somebody on the way took its offer out. Nothing was sent.
    #[error(
        "the mail server offers no STARTTLS and nothing was sent; set mail.tls to \"tls\" if it encrypts from the beginning, or have its STARTTLS repaired"
    )]
    NoStartTls,
    /// The server's certificate is not to be trusted. Nothing was sent.
    #[error("the mail server's certificate {0} and nothing was sent; correct mail.host, mail.ca or the certificate")]
    Certificate(&'static str),
    /// The server takes no mail of this sender.
    #[error("the mail server takes no mail from mail.from ({0}); correct mail.from, or allow it at the server")]
    Sender(Reply),
    /// The server asks for authentication.
    #[error("the mail server asks for authentication ({0}); set mail.user and the secret smtp-password")]
    Anonymous(Reply),
    /// The server takes no mail of this machine.
    #[error("the mail server takes no mail from this machine ({0}); allow it at the server")]
    Machine(Reply),
}

/// Why this one mail is never taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the mail server refused this mail for good ({0})")]
pub struct Refusal(pub Reply);

/// What became of one attempt to send a mail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The server answers for the mail now.
    Sent,
    /// The mail waits.
    Passing {
        /// What is wrong.
        why: Passing,
        /// Whether it is, or may be, about this mail; a mail that always makes the server fail has to wait longer than
        /// the others.
        of_mail: bool,
        /// No attempt makes sense before this time is over.
        retry_after: Duration,
    },
    /// All mails wait until the operator acts. From time to time an attempt is made all the same.
    Stopped {
        /// What is wrong.
        why: Stop,
        /// No attempt is made before this time is over, unless the password is replaced.
        retry_after: Duration,
    },
    /// The mail is refused for good.
    Refused(Refusal),
}

/// Why an attempt failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The server cannot now.
    Server(Passing),
    /// The server cannot take this mail now.
    Mail(Passing),
    /// The server never takes this mail.
    Refused(Refusal),
    /// The operator has to act.
    Stop(Stop),
}

/// What a refusing answer means.
///
/// | Answer | Means |
/// |---|---|
/// | 421 anywhere; 4xx before the recipient is named | the server cannot now |
/// | 4xx from then on | this mail cannot be taken now |
/// | 5xx before the recipient is named; 530, 534, 535 and 538 anywhere | the operator has to act |
/// | 5xx from then on | this mail is refused |
pub(super) fn meaning(reply: Reply) -> Failure {
    let is_about_mail = reply.stage >= Stage::Recipient;
    match (reply.code, reply.stage) {
        (421, _) => Failure::Server(Passing::Answered(reply)),
        (400..=499, _) if is_about_mail => Failure::Mail(Passing::Answered(reply)),
        (530, Stage::Sender | Stage::Recipient | Stage::Data | Stage::Mail) => Failure::Stop(Stop::Anonymous(reply)),
        (534 | 535 | 538, _) | (500..=599, Stage::Auth) => Failure::Stop(Stop::Authentication(reply)),
        (500..=599, Stage::Connect) => Failure::Stop(Stop::Machine(reply)),
        (500..=599, Stage::StartTls) => Failure::Stop(Stop::NoStartTls),
        (500..=599, Stage::Sender) => Failure::Stop(Stop::Sender(reply)),
        (500..=599, _) => Failure::Refused(Refusal(reply)),
        _ => Failure::Server(Passing::Answered(reply)),
    }
}
