//! Tests of mails against mail servers that the tests start on this machine.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::print_stderr)]

mod aiosmtpd;
mod certificates;
mod discretion;
mod form;
mod hostile;
mod refusals;
mod secure;
mod server;
mod shared;
mod sink;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use host::clock::VirtualClock;
use host::email::{MailIdentity, Rendered};
use secrecy::SecretString;

use super::{Letter, MailConfig, Outcome, SendLimits, Sender, TlsMode, Transport, Way};

const USER: &str = "gegi-of-the-tests";
const PASSWORD: &str = "Welcome1";
const FROM: &str = "GEGI <gegi@example.edu>";
const RECIPIENT: &str = "canaria@example.edu";

/// A table for a server on this machine.
fn config(port: u16, tls: TlsMode, ca: Option<PathBuf>) -> MailConfig {
    let (host, from) = (Some("127.0.0.1".to_owned()), Some(FROM.to_owned()));
    MailConfig { transport: Way::Smtp, host, port: Some(port), tls, user: None, from, ca, folder: None }
}

fn with_user(config: MailConfig) -> MailConfig {
    MailConfig { user: Some(USER.to_owned()), ..config }
}

fn password() -> SecretString {
    SecretString::from(PASSWORD)
}

/// Times that no answer on this machine takes, and that no test waits for.
fn patient() -> SendLimits {
    let long = Duration::from_mins(1);
    SendLimits { connect: long, reply: long, whole: long, queue: long, ..SendLimits::default() }
}

fn clock() -> Arc<VirtualClock> {
    Arc::new(VirtualClock::new(DateTime::from_timestamp(1_693_213_200, 0).unwrap()))
}

fn transport(config: &MailConfig, limits: SendLimits) -> Transport {
    Transport::new(config, config.needs_password().then(password), clock(), limits).unwrap()
}

fn rendered() -> Rendered {
    let (subject, text, html) = ("Prüfung: 1 issue", ".A line.\n", "<p>A line.</p>\n");
    Rendered { subject: subject.to_owned(), text: text.to_owned(), html: html.to_owned() }
}

fn letter(id: &str) -> Letter {
    let identity = MailIdentity { id, at: 1_693_213_200, recipient: RECIPIENT };
    Letter::of_school(&Sender::parse(FROM).unwrap(), identity, &rendered()).unwrap()
}

/// The outcome in words.
fn words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Sent => "sent".to_owned(),
        Outcome::Passing { why, of_mail: true, .. } => format!("this mail waits: {why}"),
        Outcome::Passing { why, of_mail: false, .. } => format!("all wait: {why}"),
        Outcome::Stopped { why, .. } => format!("stopped: {why}"),
        Outcome::Refused(refusal) => format!("refused: {refusal}"),
    }
}
