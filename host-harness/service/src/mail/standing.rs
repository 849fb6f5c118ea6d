//! Whether mails may leave now. After a failure that is about the server, nobody tries for a while that grows; after
//! one that the operator has to end, for longer. The moments are those of the clock that is passed in. Not here: what
//! failed (`outcome`), and mails that wait for a reason of their own (`sink`).

use std::time::Duration;

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use super::outcome::{Outcome, Passing, Stop};

/// Waiting that doubles from failure to failure up to a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Backoff {
    /// The longest wait after one failure.
    pub first: Duration,
    /// The longest wait after many.
    pub most: Duration,
}

impl Backoff {
    /// The wait after so many failures in a row: between half of the time and all of it. The same `jitter` gives the
    /// same waits, another one others, so that many who failed together do not come back together.
    pub fn after(&self, failures: u32, jitter: u64) -> Duration {
        let doubled = self.first.saturating_mul(1_u32.checked_shl(failures.saturating_sub(1).min(30)).unwrap_or(1));
        let whole = doubled.min(self.most);
        let half = whole / 2;
        half + half.mul_f64(share(jitter, failures))
    }
}

/// A number from 0 to 1 that is made of two others.
fn share(jitter: u64, failures: u32) -> f64 {
    let digest = Sha256::digest([jitter.to_be_bytes().as_slice(), &failures.to_be_bytes()].concat());
    let number = digest.iter().take(4).fold(0_u32, |number, byte| number << 8 | u32::from(*byte));
    f64::from(number) / f64::from(u32::MAX)
}

/// Whether mails may leave, for whoever shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Mails leave.
    Ready,
    /// Mails wait for the server, at least until this moment.
    Waiting(Passing, DateTime<Utc>),
    /// Mails wait for the operator; an attempt is made at this moment.
    Stopped(Stop, DateTime<Utc>),
}

/// Decides whether an attempt is made. Attempts that run beside each other and fail together count as one failure.
#[derive(Debug)]
pub(super) struct Gate {
    backoff: Backoff,
    stopped: Duration,
    jitter: u64,
    standing: Standing,
    failures: u32,
    /// Rises with every change; an attempt that began before the change decides nothing.
    round: u64,
}

/// The leave to make an attempt.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leave(u64);

impl Gate {
    pub(super) fn new(backoff: Backoff, stopped: Duration, jitter: u64) -> Self {
        Self { backoff, stopped, jitter, standing: Standing::Ready, failures: 0, round: 0 }
    }

    pub(super) fn standing(&self) -> Standing {
        self.standing
    }

    /// Whether an attempt may be made now; if not, the outcome of the attempt that is not made.
    pub(super) fn leave(&self, now: DateTime<Utc>) -> Result<Leave, Outcome> {
        let wait = |until: DateTime<Utc>| (until - now).to_std().ok().filter(|wait| !wait.is_zero());
        match self.standing {
            Standing::Waiting(why, until) if let Some(retry_after) = wait(until) => {
                Err(Outcome::Passing { why, of_mail: false, retry_after })
            }
            Standing::Stopped(why, until) if let Some(retry_after) = wait(until) => {
                Err(Outcome::Stopped { why, retry_after })
            }
            _ => Ok(Leave(self.round)),
        }
    }

    /// The server answered as it should. True: it did not before.
    pub(super) fn succeeded(&mut self) -> bool {
        let is_news = self.standing != Standing::Ready;
        if is_news {
            self.change(Standing::Ready);
        }
        self.failures = 0;
        is_news
    }

    /// The server failed. The answer has the wait, and whether this is another failure than the one before.
    pub(super) fn failed(&mut self, leave: Leave, now: DateTime<Utc>, why: Passing) -> (Duration, bool) {
        if let Some(wait) = self.other_wait(leave, now) {
            return (wait, false);
        }
        self.failures = self.failures.saturating_add(1);
        let wait = self.backoff.after(self.failures, self.jitter);
        let is_news = !matches!(self.standing, Standing::Waiting(before, _) if before == why);
        self.change(Standing::Waiting(why, now + wait));
        (wait, is_news)
    }

    /// The operator has to act. The answer is as that of [`Gate::failed`].
    pub(super) fn stop(&mut self, leave: Leave, now: DateTime<Utc>, why: Stop) -> (Duration, bool) {
        if let Some(wait) = self.other_wait(leave, now) {
            return (wait, false);
        }
        let is_news = !matches!(self.standing, Standing::Stopped(before, _) if before == why);
        self.change(Standing::Stopped(why, now + self.stopped));
        (self.stopped, is_news)
    }

    /// The operator acted: an attempt may be made at once.
    pub(super) fn reopen(&mut self) {
        self.change(Standing::Ready);
        self.failures = 0;
    }

    /// The wait that another attempt has brought about since the leave was given; none: there was no other.
    fn other_wait(&self, leave: Leave, now: DateTime<Utc>) -> Option<Duration> {
        (leave.0 != self.round).then(|| match self.standing {
            Standing::Ready => Duration::ZERO,
            Standing::Waiting(_, until) | Standing::Stopped(_, until) => (until - now).to_std().unwrap_or_default(),
        })
    }

    fn change(&mut self, standing: Standing) {
        self.standing = standing;
        self.round += 1;
    }
}
