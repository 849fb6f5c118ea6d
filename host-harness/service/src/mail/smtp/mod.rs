//! SMTP: sends one mail over one of a bounded number of connections, each of which is used again. The connections are
//! our own to count, because those of the library bound how many rest and not how many are open. Not here: what is said
//! on a connection (`link`), whom to trust (`trust`), when to try (`standing`).

mod link;
mod trust;

use std::sync::Mutex;
use std::time::Duration;

use host::limits::Stopwatch;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::TlsParameters;
use lettre::transport::smtp::extension::ClientId;
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::timeout;

use self::link::Link;
use super::config::{MailConfig, MailProblem, TlsMode};
use super::letter::{Letter, Sender};
use super::outcome::{Failure, Passing, Stop};
use super::transport::SendLimits;

/// What a connection needs to know.
pub(super) struct Server {
    host: String,
    port: u16,
    tls: TlsMode,
    /// Present unless nothing is encrypted.
    parameters: Option<TlsParameters>,
    /// The name by which this machine greets.
    hello: ClientId,
    user: Option<String>,
}

/// The password of the user. A number tells it from the one before it.
#[derive(Default)]
struct Password {
    secret: Option<SecretString>,
    number: u64,
}

/// A connection that rests.
struct Resting {
    link: Link,
    since: Stopwatch,
}

/// The way to one mail server.
pub(super) struct Smtp {
    server: Server,
    password: Mutex<Password>,
    open: Semaphore,
    resting: Mutex<Vec<Resting>>,
    limits: SendLimits,
}

/// The leave to use a connection.
pub(super) struct Turn<'s>(#[allow(dead_code)] SemaphorePermit<'s>);

impl Smtp {
    pub(super) fn new(config: &MailConfig, sender: &Sender, limits: SendLimits) -> Result<Self, MailProblem> {
        let parameters = match config.tls {
            TlsMode::None => None,
            TlsMode::Starttls | TlsMode::Tls => Some(trust::parameters(config)?),
        };
        let server = Server {
            host: config.host().to_owned(),
            port: config.port(),
            tls: config.tls,
            parameters,
            hello: ClientId::Domain(sender.domain().to_owned()),
            user: config.user.clone(),
        };
        let open = Semaphore::new(limits.connections.max(1));
        Ok(Self { server, password: Mutex::default(), open, resting: Mutex::default(), limits })
    }

    /// Replaces the password. Connections that were opened with another are not used again.
    pub(super) fn set_password(&self, secret: Option<SecretString>) {
        let mut password = lock(&self.password);
        *password = Password { secret, number: password.number + 1 };
        drop(password);
        lock(&self.resting).clear();
    }

    /// Waits for a connection to be free.
    pub(super) async fn turn(&self) -> Result<Turn<'_>, Passing> {
        match timeout(self.limits.queue, self.open.acquire()).await {
            Ok(Ok(permit)) => Ok(Turn(permit)),
            Ok(Err(_)) | Err(_) => Err(Passing::Busy),
        }
    }

    /// Makes one attempt to send the mail.
    pub(super) async fn send(&self, _turn: &Turn<'_>, letter: &Letter) -> Result<(), Failure> {
        let patience = Patience { limits: &self.limits, since: Stopwatch::start() };
        let mut link = match self.rested(&patience).await {
            Some(link) => link,
            None => self.open(&patience).await?,
        };
        match link.deliver(letter, &patience).await {
            Ok(()) => {
                self.rest(link);
                Ok(())
            }
            Err(failure) => {
                link.end(&patience).await;
                Err(failure)
            }
        }
    }

    /// Ends the connections that rest.
    pub(super) async fn close(&self) {
        let resting = std::mem::take(&mut *lock(&self.resting));
        let patience = Patience { limits: &self.limits, since: Stopwatch::start() };
        for rested in resting {
            rested.link.end(&patience).await;
        }
    }

    async fn open(&self, patience: &Patience<'_>) -> Result<Link, Failure> {
        let (credentials, number) = {
            let password = lock(&self.password);
            let credentials = match (&self.server.user, &password.secret) {
                (None, _) => None,
                (Some(_), None) => return Err(Failure::Stop(Stop::NoPassword)),
                // A file with a password ends with a line end.
                (Some(user), Some(secret)) => Some(Credentials::new(
                    user.clone(),
                    secret.expose_secret().trim_end_matches(['\r', '\n']).to_owned(),
                )),
            };
            (credentials, password.number)
        };
        Link::open(&self.server, credentials, number, patience).await
    }

    /// A connection that rested not too long and still answers.
    async fn rested(&self, patience: &Patience<'_>) -> Option<Link> {
        loop {
            let Resting { mut link, since } = lock(&self.resting).pop()?;
            if since.elapsed() < self.limits.idle && link.is_alive(patience).await {
                return Some(link);
            }
        }
    }

    fn rest(&self, link: Link) {
        let is_current = link.password == lock(&self.password).number;
        if is_current && link.mails < self.limits.mails_per_connection {
            let mut resting = lock(&self.resting);
            resting.retain(|rested| rested.since.elapsed() < self.limits.idle);
            resting.push(Resting { link, since: Stopwatch::start() });
        }
    }
}

/// How long one attempt may still take.
pub(super) struct Patience<'l> {
    limits: &'l SendLimits,
    since: Stopwatch,
}

impl Patience<'_> {
    /// The time for a step that may take `most`.
    fn of(&self, most: Duration) -> Duration {
        most.min(self.limits.whole.saturating_sub(self.since.elapsed()))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    // What is behind these locks is whole after every line.
    mutex.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}
