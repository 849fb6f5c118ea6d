//! The mails of all schools and of the operator: one transport for the process, which is given the password as it is now,
//! and for each school its own texts.

use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use host::clock::Clock;
use host::email::OwnTexts;
use host::gegi::{GegiUnavailable, MailSink};
use host::store::SchoolId;
use mirror::book::Book;
use secrecy::{ExposeSecret, SecretString};

use crate::mail::{
    Backoff, MailConfig, MailProblem, OperatorMails, Outcome, SchoolMails, SendLimits, Texts, Transport,
};
use crate::secrets::{Secrets, TokenHash};

/// The mails of this process.
pub struct Mailing {
    transport: Arc<Transport>,
    needs_password: bool,
    secrets: Secrets,
    operator: Option<OperatorMails>,
    clock: Arc<dyn Clock>,
    backoff: Backoff,
    /// The hash of the password that the transport has.
    password: Mutex<Option<TokenHash>>,
}

impl Mailing {
    /// The mails that leave as the configuration says.
    ///
    /// # Errors
    /// The configuration names a file that cannot be used.
    pub fn new(
        config: &MailConfig,
        operator: Option<&String>,
        secrets: Secrets,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, MailProblem> {
        let limits = SendLimits { jitter: u64::from(std::process::id()), ..SendLimits::default() };
        let backoff = limits.backoff;
        let transport = Arc::new(Transport::new(config, None, Arc::clone(&clock), limits)?);
        let needs_password = config.needs_password();
        let operator =
            operator.map(|recipient| OperatorMails::new(Arc::clone(&transport), Arc::clone(&clock), recipient.clone()));
        let mailing = Self { transport, needs_password, secrets, operator, clock, backoff, password: Mutex::default() };
        mailing.read_password();
        Ok(mailing)
    }

    /// The sink for the mails of a school, whose book has its own texts.
    pub fn of_school(&self, id: &str, book: &Book) -> Arc<dyn MailSink> {
        let (transport, clock) = (Arc::clone(&self.transport), Arc::clone(&self.clock));
        let texts = Arc::new(OfBook(book.clone()));
        Arc::new(SchoolMails::new(SchoolId::from(id), transport, texts, clock, self.backoff))
    }

    /// Mails something to the operator, once under an id. False: the mail has not left and may be tried again.
    pub async fn tell_operator(&self, id: &str, subject: &str, text: &str) -> bool {
        let Some(operator) = &self.operator else { return false };
        match operator.tell(id, subject, text).await {
            Ok(Outcome::Sent) => true,
            Ok(Outcome::Refused(_)) => {
                tracing::error!("a mail to the operator was refused for good");
                true
            }
            Ok(Outcome::Passing { .. } | Outcome::Stopped { .. }) => {
                tracing::error!("a mail to the operator did not leave; it is tried again");
                false
            }
            Err(error) => {
                tracing::error!(%error, "a mail to the operator could not be written");
                true
            }
        }
    }

    /// The transport, for what an operator sees.
    pub fn transport(&self) -> &Arc<Transport> {
        &self.transport
    }

    /// Gives the transport the password as it is now.
    pub fn read_password(&self) {
        if !self.needs_password {
            return;
        }
        let password = self.secrets.smtp_password().unwrap_or_else(|error| {
            tracing::error!(%error, "the password for mails cannot be read");
            None
        });
        let hash = |password: &SecretString| TokenHash::of(password.expose_secret());
        let now = password.as_ref().map(hash);
        let mut before = self.password.lock().unwrap_or_else(PoisonError::into_inner);
        if *before != now {
            *before = now;
            self.transport.set_password(password);
        }
    }
}

/// The school's own texts, which lie in its book.
struct OfBook(Book);

#[async_trait]
impl Texts for OfBook {
    async fn own_texts(&self) -> Result<OwnTexts, GegiUnavailable> {
        Ok(self.0.email_texts().await?)
    }
}
