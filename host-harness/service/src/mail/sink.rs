//! A school's mails on their way from its outbox, and the mails to the operator. A school's mail is written in the
//! school's own texts as they are now. Not here: the outbox, which keeps the order and repeats what was not taken.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use host::clock::Clock;
use host::email::{MailIdentity, OwnTexts, TemplateError, Templates};
use host::gegi::{Delivery, GegiUnavailable, MailSink, Message, Receipt};
use host::store::SchoolId;
use sha2::{Digest, Sha256};

use super::letter::{Letter, LetterError};
use super::outcome::Outcome;
use super::standing::{Backoff, Standing};
use super::transport::Transport;

/// Supplies a school's own texts as they are now.
#[async_trait]
pub trait Texts: Send + Sync {
    /// The texts.
    async fn own_texts(&self) -> Result<OwnTexts, GegiUnavailable>;
}

/// Texts that never change.
#[async_trait]
impl Texts for OwnTexts {
    async fn own_texts(&self) -> Result<OwnTexts, GegiUnavailable> {
        Ok(self.clone())
    }
}

/// The mail at the head of the outbox that the server could not take, and since how often.
#[derive(Default)]
struct Waiting {
    failures: u32,
    until: Option<(DateTime<Utc>, String)>,
}

/// The mails of one school.
pub struct SchoolMails {
    school: SchoolId,
    transport: Arc<Transport>,
    texts: Arc<dyn Texts>,
    clock: Arc<dyn Clock>,
    backoff: Backoff,
    jitter: u64,
    waiting: Mutex<Waiting>,
}

impl SchoolMails {
    /// The mails of this school. A mail that the server could not take waits by `backoff`, and all after it with it.
    pub fn new(
        school: SchoolId,
        transport: Arc<Transport>,
        texts: Arc<dyn Texts>,
        clock: Arc<dyn Clock>,
        backoff: Backoff,
    ) -> Self {
        let digest = Sha256::digest(school.as_str().as_bytes());
        let jitter = digest.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        Self { school, transport, texts, clock, backoff, jitter, waiting: Mutex::default() }
    }

    /// Before this moment a delivery of this school's mails is in vain; none: now is as good as later.
    pub fn retry_at(&self) -> Option<DateTime<Utc>> {
        let of_server = match self.transport.standing() {
            Standing::Ready => None,
            Standing::Waiting(_, until) | Standing::Stopped(_, until) => Some(until),
        };
        let of_mail = self.waiting().until.as_ref().map(|(until, _)| *until);
        of_server.max(of_mail).filter(|until| *until > self.clock.now())
    }

    async fn letter(&self, delivery: &Delivery<Message>) -> Result<Letter, NoLetter> {
        let own = self.texts.own_texts().await.map_err(NoLetter::Later)?;
        let rendered = Templates::of_school(own).and_then(|templates| templates.render(&delivery.payload));
        let rendered = rendered.map_err(|error| match error {
            // A newer version of the program may have queued it, and delivers it.
            TemplateError::Unknown(_) => NoLetter::Later(GegiUnavailable(format!("failed to {error}"))),
            error => NoLetter::Never(format!("failed to {error}")),
        })?;
        let at = self.clock.now().timestamp();
        let identity = MailIdentity { id: &delivery.id, at, recipient: &delivery.payload.recipient };
        Letter::of_school(self.transport.sender(), identity, &rendered).map_err(|error| NoLetter::Never(about(error)))
    }

    fn waiting(&self) -> std::sync::MutexGuard<'_, Waiting> {
        // Every change is one assignment.
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn refused(&self, delivery: &Delivery<Message>, reason: String) -> Receipt {
        *self.waiting() = Waiting::default();
        let school = self.school.as_str();
        tracing::error!(school, mail = %delivery.id, %reason, "a mail was given up");
        Receipt::Refused(reason)
    }
}

/// Why a message did not become a letter.
enum NoLetter {
    Later(GegiUnavailable),
    Never(String),
}

fn about(error: LetterError) -> String {
    match error {
        LetterError::Address => {
            format!("the recipient cannot be used: {error}; correct the address in School Settings")
        }
        LetterError::Form => error.to_string(),
    }
}

#[async_trait]
impl MailSink for SchoolMails {
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        if let Some((until, why)) = &self.waiting().until
            && self.clock.now() < *until
        {
            return Err(GegiUnavailable(why.clone()));
        }
        let letter = match self.letter(delivery).await {
            Ok(letter) => letter,
            Err(NoLetter::Later(error)) => return Err(error),
            Err(NoLetter::Never(reason)) => return Ok(self.refused(delivery, reason)),
        };
        match self.transport.send(&letter).await {
            Outcome::Sent => {
                *self.waiting() = Waiting::default();
                Ok(Receipt::Applied)
            }
            Outcome::Refused(refusal) => Ok(self.refused(delivery, refusal.to_string())),
            Outcome::Passing { why, of_mail: true, .. } => {
                let mut waiting = self.waiting();
                let failures = waiting.failures.saturating_add(1);
                let until = self.clock.now() + self.backoff.after(failures, self.jitter);
                *waiting = Waiting { failures, until: Some((until, why.to_string())) };
                Err(GegiUnavailable(why.to_string()))
            }
            Outcome::Passing { why, of_mail: false, .. } => Err(GegiUnavailable(why.to_string())),
            Outcome::Stopped { why, .. } => Err(GegiUnavailable(why.to_string())),
        }
    }
}

/// The mails to the operator, which have no template.
pub struct OperatorMails {
    transport: Arc<Transport>,
    clock: Arc<dyn Clock>,
    recipient: String,
}

impl OperatorMails {
    /// The mails to this address.
    pub fn new(transport: Arc<Transport>, clock: Arc<dyn Clock>, recipient: String) -> Self {
        Self { transport, clock, recipient }
    }

    /// Tells the operator. `id` names what is told: the same id is the same mail, whose repeat a receiver may drop.
    ///
    /// # Errors
    /// The operator's address is no e-mail address.
    pub async fn tell(&self, id: &str, subject: &str, text: &str) -> Result<Outcome, LetterError> {
        let (id, at) = (format!("operator/{id}"), self.clock.now().timestamp());
        let identity = MailIdentity { id: &id, at, recipient: &self.recipient };
        let letter = Letter::to_operator(self.transport.sender(), identity, subject, text)?;
        Ok(self.transport.send(&letter).await)
    }
}
