//! The form of one mail: RFC 5322 with the headers that a mail of a machine has, as the bytes that leave, with one
//! sender and one recipient. A letter is made here alone, so that no value can add a header or a recipient. Not here:
//! the words of a mail (`host::email`).

use std::fmt;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use host::email::{MailIdentity, Rendered};
use host::visible::visible;
use lettre::Address;
use lettre::message::header::{self, ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, MessageBuilder, MultiPart, SinglePart};
use sha2::{Digest, Sha256};

/// The most characters of a subject.
const SUBJECT_CHARACTERS: usize = 250;
/// The most bytes of the part of an address before its `@`, and of the part behind it, by RFC 5321.
const LOCAL_BYTES: usize = 64;
const DOMAIN_BYTES: usize = 255;
/// Bytes of text in one encoded word, which may have 75 characters in all.
const WORD_BYTES: usize = 42;

/// Why a mail has no form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LetterError {
    /// An address is no single plain e-mail address. The address itself is not repeated.
    #[error(
        "it is not one plain e-mail address of letters, digits and .!#$%&'*+/=?^_`{{|}}~- before an @ and a domain"
    )]
    Address,
    /// The form could not be written.
    #[error("the e-mail could not be put together")]
    Form,
}

/// Who sends: the mailbox of `from`. `Debug` prints the domain alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Sender(Mailbox);

impl Sender {
    /// Reads `name <address>` or an address.
    ///
    /// # Errors
    /// There is no single address in the text.
    pub fn parse(text: &str) -> Result<Self, LetterError> {
        let (name, at) = match text.trim().strip_suffix('>').and_then(|rest| rest.split_once('<')) {
            Some((name, at)) => (Some(name.trim().trim_matches('"')), at),
            None => (None, text),
        };
        let name = name.map(|name| one_line(name, SUBJECT_CHARACTERS)).filter(|name| !name.is_empty());
        Ok(Self(Mailbox::new(name, address(at)?)))
    }

    /// The domain of the address, which is the domain of the message ids.
    pub fn domain(&self) -> &str {
        self.0.email.domain()
    }
}

impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sender(… at {})", self.domain())
    }
}

/// A mail that can be sent. `Debug` prints the message id's own part and the size.
#[derive(Clone, PartialEq, Eq)]
pub struct Letter {
    token: String,
    from: Address,
    to: Address,
    /// ASCII, with line ends of two bytes and no line longer than 998.
    text: String,
}

impl fmt::Debug for Letter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Letter({}, {} bytes)", self.token, self.text.len())
    }
}

impl Letter {
    /// The mail of a school, with a text part and an HTML part.
    ///
    /// # Errors
    /// The recipient is no e-mail address.
    pub fn of_school(sender: &Sender, identity: MailIdentity<'_>, mail: &Rendered) -> Result<Self, LetterError> {
        let parts = MultiPart::alternative()
            .boundary(format!("part-{}", token(identity.id)))
            .singlepart(part(&mail.text, ContentType::TEXT_PLAIN))
            .singlepart(part(&mail.html, ContentType::TEXT_HTML));
        Self::new(sender, identity, &mail.subject, |builder| builder.multipart(parts))
    }

    /// A mail to the operator: a subject and a text.
    ///
    /// # Errors
    /// The recipient is no e-mail address.
    pub fn to_operator(
        sender: &Sender,
        identity: MailIdentity<'_>,
        subject: &str,
        text: &str,
    ) -> Result<Self, LetterError> {
        Self::new(sender, identity, subject, |builder| builder.singlepart(part(text, ContentType::TEXT_PLAIN)))
    }

    fn new(
        sender: &Sender,
        identity: MailIdentity<'_>,
        subject: &str,
        body: impl FnOnce(MessageBuilder) -> Result<lettre::Message, lettre::error::Error>,
    ) -> Result<Self, LetterError> {
        let (to, token) = (address(identity.recipient)?, token(identity.id));
        let at = SystemTime::UNIX_EPOCH + Duration::from_secs(identity.at.max(0).unsigned_abs());
        let builder = lettre::Message::builder()
            .from(sender.0.clone())
            .to(Mailbox::new(None, to.clone()))
            .header(Subject(one_line(subject, SUBJECT_CHARACTERS)))
            .message_id(Some(format!("<{token}@{}>", sender.domain())))
            .header(header::Date::new(at))
            .header(AutoSubmitted);
        let message = body(builder).map_err(|_| LetterError::Form)?;
        let text = String::from_utf8(message.formatted()).map_err(|_| LetterError::Form)?;
        Ok(Self { token, from: sender.0.email.clone(), to, text })
    }

    /// The stable name of the mail, of characters that may stand in a header and in the name of a file.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The message as its receiver gets it.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn from(&self) -> &Address {
        &self.from
    }

    pub(super) fn to(&self) -> &Address {
        &self.to
    }

    /// The message as it is told to a mail server: a full stop at the beginning of a line is doubled, and a line of one
    /// full stop ends it. One text, so that it leaves in one write and no part of it waits for an acknowledgement.
    pub(super) fn told(&self) -> String {
        let mut told = String::with_capacity(self.text.len() + 8);
        for line in self.text.split_inclusive("\r\n") {
            if line.starts_with('.') {
                told.push('.');
            }
            told.push_str(line);
        }
        if !told.ends_with("\r\n") {
            told.push_str("\r\n");
        }
        told.push_str(".\r\n");
        told
    }
}

/// A short name made from the id.
fn token(id: &str) -> String {
    let digest = Sha256::digest(id.as_bytes());
    let number = digest.iter().take(16).fold(0_u128, |number, byte| number << 8 | u128::from(*byte));
    format!("{number:032x}")
}

/// One address in its plain form. Quoted names, comments and numbers in brackets are e-mail too, but no school uses
/// them, and they are what an attack hides in. A domain of other letters is written in its `xn--` form.
fn address(text: &str) -> Result<Address, LetterError> {
    let (local, domain) = text.trim_matches(' ').split_once('@').ok_or(LetterError::Address)?;
    let in_local = |b: u8| b.is_ascii_alphanumeric() || b".!#$%&'*+/=?^_`{|}~-".contains(&b);
    let in_domain = |b: u8| b.is_ascii_alphanumeric() || b"-.".contains(&b);
    let is_plain = local.len() <= LOCAL_BYTES
        && domain.len() <= DOMAIN_BYTES
        && local.bytes().all(in_local)
        && domain.bytes().all(in_domain);
    let parsed = is_plain.then(|| Address::new(local, domain).ok());
    parsed.flatten().ok_or(LetterError::Address)
}

/// A text on one line, of characters that people see.
fn one_line(text: &str, most: usize) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    visible(&words.join(" ")).chars().take(most).collect()
}

/// A part of a mail. Of control characters only line ends and tabs stay.
fn part(text: &str, kind: ContentType) -> SinglePart {
    let text = text.replace("\r\n", "\n").replace(['\r', '\u{85}', '\u{2028}', '\u{2029}'], "\n");
    let text: String = text.chars().filter(|c| !c.is_control() || matches!(c, '\n' | '\t')).collect();
    SinglePart::builder().header(kind).body(text)
}

/// Says that a machine wrote the mail, so that absence notes do not answer it.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }

    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }

    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".to_owned())
    }
}

/// The subject. A text that looks like an encoded word is encoded itself: a mail program would decode it, and what it
/// hides would stand in the subject.
#[derive(Clone)]
struct Subject(String);

impl Header for Subject {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Subject")
    }

    fn parse(text: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self(text.to_owned()))
    }

    fn display(&self) -> HeaderValue {
        if !self.0.contains("=?") {
            return HeaderValue::new(Self::name(), self.0.clone());
        }
        let (mut encoded, mut word) = (Vec::new(), String::new());
        for c in self.0.chars() {
            if word.len() + c.len_utf8() > WORD_BYTES {
                encoded.push(encoded_word(&std::mem::take(&mut word)));
            }
            word.push(c);
        }
        encoded.push(encoded_word(&word));
        HeaderValue::dangerous_new_pre_encoded(Self::name(), self.0.clone(), encoded.join("\r\n "))
    }
}

fn encoded_word(text: &str) -> String {
    format!("=?utf-8?b?{}?=", STANDARD.encode(text))
}
