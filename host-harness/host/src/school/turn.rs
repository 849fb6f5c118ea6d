//! A school's turn: ticks run until nothing is due, and after each tick everything that the tick committed is
//! delivered. The caller decides when a turn begins; a turn prints nothing and asks no clock.

#[cfg(test)]
mod tests;

use async_trait::async_trait;

use super::{Budget, CallFailure, Next, School, TickReport, report};
use crate::gegi::Instant;
use crate::outbox::DeliveryReport;

/// How often a tick that failed in a passing way is made before the turn gives up. The plugin parks an item that
/// stopped three ticks, so a turn reaches the other items before it gives up.
pub const ATTEMPTS: u32 = 10;

/// Ticks after which a turn stops a plugin that always wants one more: ten times the ticks that the first turn of the
/// largest school needs.
const TICKS_IN_A_TURN: u32 = 10_000;

/// The result of a turn.
#[derive(Debug)]
pub struct Turn {
    /// The reports of all ticks, added up.
    pub report: TickReport,
    /// Ticks that returned.
    pub ticks: u32,
    /// The result of all deliveries. A lane that stopped did so at the last delivery; the next turn goes on with that
    /// lane.
    pub delivered: DeliveryReport,
    /// When the next turn is due.
    pub next: NextTurn,
}

/// When the next turn of a school is due, if nothing happens before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NextTurn {
    /// At this moment.
    At(Instant),
    /// Not before a course, a setting or CourseKey's attendance changes: until then the plugin has nothing to do.
    NotBeforeAChange,
}

/// Why a turn came to no end. Everything that its ticks committed stays committed.
#[derive(Debug, thiserror::Error)]
pub enum TurnFailure {
    /// A tick failed and would fail again, or failed [`ATTEMPTS`] times; or the store failed during a delivery.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// The plugin always wanted one more tick.
    #[error("bring the school to rest: it still has more to do after {ticks} ticks in a row; report it")]
    Restless {
        /// The number of ticks.
        ticks: u32,
    },
}

impl School {
    /// Runs ticks until nothing more is due, and delivers after each tick. A tick that failed in a passing way, or
    /// was stopped, is made again at once, up to [`ATTEMPTS`] times. A receiver that stops a lane stops neither the
    /// ticks nor the turn.
    ///
    /// # Errors
    /// A tick or a delivery failed, or the plugin always wanted one more tick.
    pub async fn turn(&self, budget: Budget) -> Result<Turn, TurnFailure> {
        play(&Ticking { school: self, budget }, TICKS_IN_A_TURN).await
    }
}

/// The two actions of a turn, so that the tests can replace them.
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

/// Makes a tick, and makes the tick again while it fails in a passing way, at most [`ATTEMPTS`] times.
async fn tick(work: &dyn Work) -> Result<TickReport, CallFailure> {
    let mut attempts = 1;
    loop {
        match work.tick().await {
            Err(failure) if failure.next() != Next::Mend && attempts < ATTEMPTS => attempts += 1,
            answer => return answer,
        }
    }
}
