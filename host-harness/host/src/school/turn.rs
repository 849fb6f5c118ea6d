//! A school's turn: it ticks until nothing is due, and what each tick committed is delivered at once. When a turn begins is
//! the caller's business; a turn prints nothing and asks no clock.

#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::{Budget, CallFailure, Next, School, TickReport, report};
use crate::gegi::Instant;
use crate::outbox::DeliveryReport;

/// How often a call that failed in a passing way is made before its caller gives up: the plugin parks what kills a tick
/// after three.
pub const ATTEMPTS: u32 = 10;

/// Ticks after which a plugin that always wants more is stopped: ten times what the first turn of the largest school needs.
const TICKS_IN_A_TURN: u32 = 10_000;

/// What came of a turn.
#[derive(Debug)]
pub struct Turn {
    /// The reports of all ticks, added up.
    pub report: TickReport,
    /// Ticks that returned.
    pub ticks: u32,
    /// What was delivered. A lane that stopped did so at the last delivery; the next turn goes on with it.
    pub delivered: DeliveryReport,
    /// When the next turn is due.
    pub next: NextTurn,
}

/// When the next turn of a school is due, if nothing happens before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTurn {
    /// At this moment.
    At(Instant),
    /// There is nothing to do before a course, a setting or CourseKey's attendance changes.
    NotBeforeAChange,
}

/// Why a turn came to no end. What its ticks committed stands.
#[derive(Debug, thiserror::Error)]
pub enum TurnFailure {
    /// A tick failed and would fail again, or failed [`ATTEMPTS`] times; or the store failed while delivering.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// The plugin never came to rest.
    #[error("bring the school to rest: it still has more to do after {ticks} ticks in a row; report it")]
    Restless {
        /// How many ticks there were.
        ticks: u32,
    },
}

impl School {
    /// Ticks until nothing more is due, and delivers after each tick. A tick that failed in a passing way, or was stopped,
    /// is made again at once, up to [`ATTEMPTS`] times. A receiver that stops a lane stops neither the ticks nor the turn.
    ///
    /// # Errors
    /// The school did not come to rest.
    pub async fn turn(&self, budget: Budget) -> Result<Turn, TurnFailure> {
        play(&Ticking { school: self, budget }, TICKS_IN_A_TURN).await
    }
}

/// What a turn is made of.
#[async_trait]
trait Work: Sync {
    async fn tick(&self) -> Result<TickReport, CallFailure>;

    async fn deliver(&self) -> Result<DeliveryReport, CallFailure>;
}

struct Ticking<'a> {
    school: &'a School,
    budget: Budget,
}

#[async_trait]
impl Work for Ticking<'_> {
    async fn tick(&self) -> Result<TickReport, CallFailure> {
        self.school.tick(self.budget).await
    }

    async fn deliver(&self) -> Result<DeliveryReport, CallFailure> {
        self.school.deliver().await
    }
}

async fn play(work: &dyn Work, most_ticks: u32) -> Result<Turn, TurnFailure> {
    let mut report = tick(work).await?;
    let mut delivered = work.deliver().await?;
    let mut ticks = 1;
    while report.more_work {
        if ticks >= most_ticks {
            return Err(TurnFailure::Restless { ticks });
        }
        report::add(&mut report, tick(work).await?);
        delivered.add(work.deliver().await?);
        ticks += 1;
    }
    let next = report.next_due.map_or(NextTurn::NotBeforeAChange, NextTurn::At);
    Ok(Turn { report, ticks, delivered, next })
}

/// One tick that returned.
async fn tick(work: &dyn Work) -> Result<TickReport, CallFailure> {
    let mut attempts = 1;
    loop {
        match work.tick().await {
            Err(failure) if failure.next() != Next::Mend && attempts < ATTEMPTS => attempts += 1,
            answer => return answer,
        }
    }
}
