//! The transport: one for each process, shared by all schools. It sends one mail at a time for its caller and says what
//! became of it. Not here: where mails wait (`host::outbox`), and who tries again when (`sink`).

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use host::clock::Clock;
use secrecy::SecretString;

use super::config::{MailConfig, MailProblem, Way};
use super::folder;
use super::letter::{Letter, Sender};
use super::outcome::{Failure, Outcome, Passing};
use super::smtp::Smtp;
use super::standing::{Backoff, Gate, Leave, Standing};

/// How long an attempt may take, and how many run at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SendLimits {
    /// Time to resolve the server's name; the same time again to connect and be greeted, and again to encrypt.
    pub connect: Duration,
    /// Time for an answer to one command.
    pub reply: Duration,
    /// Time for a whole attempt. With `queue` less than the minute that the outbox waits for one mail.
    pub whole: Duration,
    /// Time to wait for a connection.
    pub queue: Duration,
    /// Connections that are open at once.
    pub connections: usize,
    /// Mails that are sent on one connection; many servers take a hundred.
    pub mails_per_connection: u32,
    /// How long a connection rests before it is not used again.
    pub idle: Duration,
    /// The waits after failures of the server, and after passing refusals of one mail.
    pub backoff: Backoff,
    /// The wait after a failure that the operator has to end. Servers lock out whoever tries a wrong password often.
    pub stopped: Duration,
    /// Makes the waits of one process differ from those of others: a number made of the process's name.
    pub jitter: u64,
}

impl Default for SendLimits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            reply: Duration::from_secs(20),
            whole: Duration::from_secs(45),
            queue: Duration::from_secs(5),
            connections: 4,
            mails_per_connection: 100,
            idle: Duration::from_secs(20),
            backoff: Backoff { first: Duration::from_secs(30), most: Duration::from_mins(15) },
            stopped: Duration::from_mins(15),
            jitter: 0,
        }
    }
}

/// What became of the mails of this process so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Mails that were sent.
    pub sent: u64,
    /// Mails that were refused for good.
    pub refused: u64,
    /// Attempts that failed and are made again. Attempts that were not made because of an earlier one do not count.
    pub failed: u64,
}

enum Outlet {
    Smtp(Box<Smtp>),
    Folder(PathBuf),
    Nowhere,
}

/// Sends mails.
pub struct Transport {
    outlet: Outlet,
    sender: Sender,
    gate: Mutex<Gate>,
    clock: Arc<dyn Clock>,
    limits: SendLimits,
    sent: AtomicU64,
    refused: AtomicU64,
    failed: AtomicU64,
}

/// The sender of mails that go nowhere.
const NOBODY: &str = "no-reply@gegi.example";

impl Transport {
    /// The transport of a checked table. The password is that of `user`, as its file has it.
    ///
    /// # Errors
    /// The first problem of [`MailConfig::check`], or the machine's certificates cannot be used.
    pub fn new(
        config: &MailConfig,
        password: Option<SecretString>,
        clock: Arc<dyn Clock>,
        limits: SendLimits,
    ) -> Result<Self, MailProblem> {
        if let Some(problem) = config.check().into_iter().next() {
            return Err(problem);
        }
        let sender = match (config.transport, &config.from) {
            (Way::None, None) => {
                Sender::parse(NOBODY).map_err(|error| MailProblem::new("from", error.to_string(), "set it"))?
            }
            _ => config.sender()?,
        };
        let outlet = match config.transport {
            Way::Smtp => Outlet::Smtp(Box::new(Smtp::new(config, &sender, limits)?)),
            Way::Folder => Outlet::Folder(config.folder.clone().unwrap_or_default()),
            Way::None => Outlet::Nowhere,
        };
        let gate = Mutex::new(Gate::new(limits.backoff, limits.stopped, limits.jitter));
        let (sent, refused, failed) = (AtomicU64::new(0), AtomicU64::new(0), AtomicU64::new(0));
        let transport = Self { outlet, sender, gate, clock, limits, sent, refused, failed };
        transport.set_password(password);
        Ok(transport)
    }

    /// Replaces the password, for connections from now on, and lets mails leave that waited for it.
    pub fn set_password(&self, password: Option<SecretString>) {
        if let Outlet::Smtp(smtp) = &self.outlet {
            smtp.set_password(password);
            self.gate().reopen();
        }
    }

    /// The sender of all mails.
    pub fn sender(&self) -> &Sender {
        &self.sender
    }

    /// Whether mails may leave now.
    pub fn standing(&self) -> Standing {
        self.gate().standing()
    }

    /// What became of the mails so far.
    pub fn counts(&self) -> Counts {
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts { sent: read(&self.sent), refused: read(&self.refused), failed: read(&self.failed) }
    }

    /// Makes one attempt to send the mail, if now is a time for attempts. Ends within `queue` and `whole` of the limits.
    /// A mail that was not sent, or whose caller stopped waiting, may have been taken all the same.
    pub async fn send(&self, letter: &Letter) -> Outcome {
        let Outlet::Smtp(smtp) = &self.outlet else { return self.send_here(letter).await };
        if let Err(outcome) = self.leave() {
            return outcome;
        }
        let turn = match smtp.turn().await {
            Ok(turn) => turn,
            Err(why) => return Outcome::Passing { why, of_mail: false, retry_after: self.limits.queue },
        };
        // While this mail waited, another may have found out that the server is down.
        match self.leave() {
            Ok(leave) => self.outcome(leave, smtp.send(&turn, letter).await),
            Err(outcome) => outcome,
        }
    }

    async fn send_here(&self, letter: &Letter) -> Outcome {
        let leave = match self.leave() {
            Ok(leave) => leave,
            Err(outcome) => return outcome,
        };
        let written = match &self.outlet {
            Outlet::Folder(path) => {
                let (path, letter) = (path.clone(), letter.clone());
                let writing = tokio::task::spawn_blocking(move || folder::write(&path, &letter));
                writing.await.unwrap_or_else(|error| Err(std::io::Error::other(error)))
            }
            Outlet::Nowhere | Outlet::Smtp(_) => Ok(()),
        };
        let written = written.map_err(|error| Failure::Server(Passing::Folder(error.kind())));
        self.outcome(leave, written)
    }

    /// Ends the connections that rest, when the process ends.
    pub async fn close(&self) {
        if let Outlet::Smtp(smtp) = &self.outlet {
            smtp.close().await;
        }
    }

    fn leave(&self) -> Result<Leave, Outcome> {
        self.gate().leave(self.now())
    }

    fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    fn gate(&self) -> MutexGuard<'_, Gate> {
        // Every change of a gate is one assignment.
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Counts the result and says what it means for the mail and for those after it.
    fn outcome(&self, leave: Leave, result: Result<(), Failure>) -> Outcome {
        let count = |count: &AtomicU64| count.fetch_add(1, Ordering::Relaxed);
        match result {
            Ok(()) => {
                count(&self.sent);
                self.succeeded();
                Outcome::Sent
            }
            Err(Failure::Refused(refusal)) => {
                count(&self.refused);
                self.succeeded();
                Outcome::Refused(refusal)
            }
            Err(Failure::Mail(why)) => {
                count(&self.failed);
                self.succeeded();
                let retry_after = self.limits.backoff.after(1, self.limits.jitter);
                Outcome::Passing { why, of_mail: true, retry_after }
            }
            Err(Failure::Server(why)) => {
                count(&self.failed);
                let (retry_after, is_news) = self.gate().failed(leave, self.now(), why);
                if is_news {
                    tracing::warn!(%why, ?retry_after, "mails wait");
                }
                Outcome::Passing { why, of_mail: why.may_be_of_mail(), retry_after }
            }
            Err(Failure::Stop(why)) => {
                count(&self.failed);
                let (retry_after, is_news) = self.gate().stop(leave, self.now(), why);
                if is_news {
                    tracing::error!(%why, ?retry_after, "mails wait for the operator");
                }
                Outcome::Stopped { why, retry_after }
            }
        }
    }

    fn succeeded(&self) {
        if self.gate().succeeded() {
            tracing::info!("mails leave again");
        }
    }
}

/// Prints neither sender nor user.
impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let outlet = match &self.outlet {
            Outlet::Smtp(_) => "smtp",
            Outlet::Folder(_) => "folder",
            Outlet::Nowhere => "none",
        };
        write!(f, "Transport({outlet}, {:?}, {:?})", self.standing(), self.counts())
    }
}
