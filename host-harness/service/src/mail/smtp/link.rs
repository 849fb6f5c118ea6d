//! One connection to a mail server: what is said on it, and what a failure at each stage means. Every step has a time
//! by which it ends, because those of the library cover connecting alone. Each step expects its own code: an answer
//! that somebody put in before the encryption began would shift all later answers by one, and a mail would count as sent
//! that was refused.

use std::net::SocketAddr;
use std::time::Duration;

use lettre::transport::smtp::Error as SmtpError;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Noop, Rcpt};
use lettre::transport::smtp::response::Response;
use tokio::time::timeout;

use super::super::config::TlsMode;
use super::super::letter::Letter;
use super::super::outcome::{Failure, Passing, Reply, Stage, Stop, meaning};
use super::{Patience, Server, trust};

/// The most time for a polite end.
const FAREWELL: Duration = Duration::from_secs(1);

/// A connection on which mails can be sent.
pub(super) struct Link {
    connection: AsyncSmtpConnection,
    /// The number of the password with which it was opened.
    pub(super) password: u64,
    /// The mails that were sent on it.
    pub(super) mails: u32,
    /// Whether the server still follows what is said.
    is_in_step: bool,
}

impl Link {
    /// Connects, encrypts and authenticates, in this order, or says nothing.
    pub(super) async fn open(
        server: &Server,
        credentials: Option<Credentials>,
        password: u64,
        patience: &Patience<'_>,
    ) -> Result<Self, Failure> {
        let connect = patience.limits.connect;
        let addresses = timeout(patience.of(connect), addresses(server)).await;
        let addresses = addresses.map_err(|_| Failure::Server(Passing::Unreachable))??;
        let from_beginning = server.parameters.clone().filter(|_| server.tls == TlsMode::Tls);
        let connecting = AsyncSmtpConnection::connect_tokio1(
            addresses.as_slice(),
            Some(patience.of(connect)),
            &server.hello,
            from_beginning,
            None,
        );
        let connection = step(Stage::Connect, patience.of(connect), connecting).await?;
        let mut link = Self { connection, password, mails: 0, is_in_step: true };
        if let (TlsMode::Starttls, Some(parameters)) = (server.tls, &server.parameters) {
            if !link.connection.can_starttls() {
                link.end(patience).await;
                return Err(Failure::Stop(Stop::NoStartTls));
            }
            let encrypting = link.connection.starttls(parameters.clone(), &server.hello);
            step(Stage::StartTls, patience.of(connect), encrypting).await?;
        }
        if let Some(credentials) = credentials {
            let stage = Stage::Auth;
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            if link.connection.server_info().get_auth_mechanism(&mechanisms).is_none() {
                link.end(patience).await;
                return Err(Failure::Stop(Stop::NoMechanism));
            }
            let authenticating = link.connection.auth(&mechanisms, &credentials);
            let answer = step(stage, patience.of(patience.limits.reply), authenticating).await?;
            expect(stage, &answer, &[235])?;
        }
        Ok(link)
    }

    /// Whether the server answers.
    pub(super) async fn is_alive(&mut self, patience: &Patience<'_>) -> bool {
        timeout(patience.of(patience.limits.reply), self.connection.command(Noop)).await.is_ok_and(|answer| {
            // More than one answer at once means that one of them belongs to something else.
            answer.is_ok_and(|answer| answer.has_code(250))
        })
    }

    /// Hands over one mail.
    pub(super) async fn deliver(&mut self, letter: &Letter, patience: &Patience<'_>) -> Result<(), Failure> {
        let result = self.stages(letter, patience).await;
        self.mails = self.mails.saturating_add(1);
        let answered = |passing: &Passing| matches!(passing, Passing::Answered(reply) if reply.code != 421);
        self.is_in_step = match &result {
            Ok(()) | Err(Failure::Refused(_) | Failure::Stop(_)) => true,
            Err(Failure::Server(passing) | Failure::Mail(passing)) => answered(passing),
        };
        result
    }

    async fn stages(&mut self, letter: &Letter, patience: &Patience<'_>) -> Result<(), Failure> {
        let reply = patience.limits.reply;
        let sender = Mail::new(Some(letter.from().clone()), vec![]).to_string();
        let recipient = Rcpt::new(letter.to().clone(), vec![]).to_string();
        // A whole mail may take all the time that is left.
        let stages: [(Stage, String, Duration, &[u16]); 4] = [
            (Stage::Sender, sender, reply, &[250]),
            (Stage::Recipient, recipient, reply, &[250, 251, 252]),
            (Stage::Data, Data.to_string(), reply, &[354]),
            (Stage::Mail, letter.told(), patience.limits.whole, &[250]),
        ];
        for (stage, said, most, codes) in stages {
            let answer = step(stage, patience.of(most), self.connection.command(said)).await?;
            expect(stage, &answer, codes)?;
        }
        Ok(())
    }

    /// Ends the connection, politely if the server still follows.
    pub(super) async fn end(mut self, patience: &Patience<'_>) {
        if self.is_in_step {
            // Nobody minds whether the end was polite.
            let _ = timeout(patience.of(FAREWELL.min(patience.limits.reply)), self.connection.abort()).await;
        }
    }
}

/// The addresses of the server. Without encryption none but those of this machine, whatever the name stands for.
async fn addresses(server: &Server) -> Result<Vec<SocketAddr>, Failure> {
    let found = tokio::net::lookup_host((server.host.as_str(), server.port)).await;
    let found = found.map_err(|_| Failure::Server(Passing::Unreachable))?;
    let found: Vec<SocketAddr> =
        found.filter(|address| server.tls != TlsMode::None || address.ip().is_loopback()).collect();
    if found.is_empty() { Err(Failure::Server(Passing::Unreachable)) } else { Ok(found) }
}

/// One step, which ends in time.
async fn step<T>(stage: Stage, most: Duration, work: impl Future<Output = Result<T, SmtpError>>) -> Result<T, Failure> {
    match timeout(most, work).await {
        Ok(done) => done.map_err(|error| failure(stage, &error)),
        Err(_) => Err(Failure::Server(Passing::Silent(stage))),
    }
}

fn expect(stage: Stage, answer: &Response, codes: &[u16]) -> Result<(), Failure> {
    if codes.iter().any(|code| answer.has_code(*code)) {
        Ok(())
    } else {
        Err(Failure::Server(Passing::Protocol(stage)))
    }
}

/// What an error of the library means. Its text is not kept, because it repeats the server's words.
fn failure(stage: Stage, error: &SmtpError) -> Failure {
    if let Some(code) = error.status() {
        let words = std::error::Error::source(error).map(ToString::to_string).unwrap_or_default();
        return meaning(Reply::new(stage, code.into(), &words));
    }
    if let Some(failure) = trust::failure(error) {
        return failure;
    }
    let is_end = error.to_string().ends_with("incomplete response");
    Failure::Server(match stage {
        _ if error.is_response() && !is_end => Passing::Protocol(stage),
        Stage::Connect if !error.is_response() => Passing::Unreachable,
        stage => Passing::Cut(stage),
    })
}
