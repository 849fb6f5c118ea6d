//! A school's turn: ticks run until nothing is due, and after each tick everything that the tick committed is
//! delivered; and a step, which is one tick of a turn, for a scheduler of many schools. The caller decides when a turn or
//! a step begins; neither prints anything or waits.

#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{Budget, CallFailure, Next, School, TickReport, report};
use crate::gegi::{Instant, SchoolSettings};
use crate::outbox::{DeliveryReport, LaneReport};
use crate::store::{Lane, Standing};

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

/// The result of a step.
#[derive(Debug)]
pub struct StepReport {
    /// What the tick did; none: the school was at rest, and no tick was made.
    pub tick: Option<TickReport>,
    /// The result of the delivery of records.
    pub delivered: LaneReport,
    /// What is next.
    pub after: AfterStep,
}

/// What is next after a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterStep {
    /// The next step at this moment.
    Rests(NextTurn),
    /// Another step soon: there is more to do.
    MoreWork,
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
    /// Runs ticks until nothing more is due, and delivers after each tick. A school at rest costs two reads and no tick: a
    /// school rests after a turn in which nothing was committed and nothing waits for delivery, until its next-due comes,
    /// the settings change or something is committed. A tick that failed in a passing way, or
    /// was stopped, is made again at once, up to [`ATTEMPTS`] times. A receiver that stops a lane stops neither the
    /// ticks nor the turn.
    ///
    /// # Errors
    /// A tick or a delivery failed, or the plugin always wanted one more tick.
    pub async fn turn(&self, budget: Budget) -> Result<Turn, TurnFailure> {
        let settings = self.gegi.source.settings().await.map_err(CallFailure::from)?;
        let before = self.gate.standing().await.map_err(CallFailure::from)?;
        if let Some(next) = self.rest.lasts(&before, &settings, self.now(), Lanes::All) {
            return Ok(Turn::at_rest(next));
        }
        if self.gate.filled_percent(Lane::Records, &before).await.map_err(CallFailure::from)? >= 100 {
            // No tick is made before something of it is taken.
            self.deliver().await?;
        }
        let turn = play(&Ticking { school: self, budget }, TICKS_IN_A_TURN).await?;
        let after = self.gate.standing().await.map_err(CallFailure::from)?;
        let rests = after.commits == before.commits && turn.delivered.is_whole();
        let (commits, next_due) = (after.commits, turn.report.next_due);
        self.rest.set(rests.then_some(Rest { commits, settings, next_due, delivered: Lanes::All }));
        Ok(turn)
    }

    /// Makes one tick, if one is due, and delivers the records that wait. This is what a scheduler of many schools calls:
    /// it says itself when a school that has more work goes on, and mails leave by [`School::deliver_mails`].
    ///
    /// # Errors
    /// The tick or the delivery failed. Records are delivered all the same after a tick that failed, because earlier
    /// ticks may have left some.
    pub async fn step(&self, budget: Budget) -> Result<StepReport, CallFailure> {
        let settings = self.gegi.source.settings().await?;
        let before = self.gate.standing().await?;
        if let Some(next) = self.rest.lasts(&before, &settings, self.now(), Lanes::Records) {
            return Ok(StepReport { tick: None, delivered: LaneReport::default(), after: AfterStep::Rests(next) });
        }
        let ticked = self.tick(budget).await;
        let delivered = self.deliver_records().await;
        let (tick, delivered) = (ticked?, delivered?);
        let after = self.gate.standing().await?;
        let rests = after.commits == before.commits && !tick.more_work && delivered.is_whole();
        let (commits, next_due) = (after.commits, tick.next_due);
        self.rest.set(rests.then_some(Rest { commits, settings, next_due, delivered: Lanes::Records }));
        let after = if tick.more_work {
            AfterStep::MoreWork
        } else if delivered.stop.is_some() {
            // What GEGI could not take is not forgotten until something changes.
            AfterStep::Rests(NextTurn::At(self.now()))
        } else {
            AfterStep::Rests(NextTurn::of(tick.next_due))
        };
        Ok(StepReport { tick: Some(tick), delivered, after })
    }

    fn now(&self) -> Instant {
        self.host.config.clock.now().timestamp()
    }
}

/// The school's rest, if it rests. Clones of a school share it.
#[derive(Clone, Default)]
pub(super) struct Resting(Arc<Mutex<Option<Rest>>>);

/// What a school at rest was found with: as long as all of it is the same, a tick has nothing to do.
struct Rest {
    commits: u64,
    settings: SchoolSettings,
    next_due: Option<Instant>,
    delivered: Lanes,
}

/// The lanes of which a school at rest has nothing left to deliver.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Lanes {
    Records,
    All,
}

impl Resting {
    /// When the next turn is due, if the school still rests: if nothing was committed, nothing is left in the `lanes`, the
    /// settings are the same, and the moment that the plugin named has not come.
    fn lasts(&self, standing: &Standing, settings: &SchoolSettings, now: Instant, lanes: Lanes) -> Option<NextTurn> {
        let rest = self.lock();
        let rest = rest.as_ref().filter(|rest| {
            let is_same = standing.commits == rest.commits && *settings == rest.settings;
            is_same && standing.breadcrumb.is_none() && rest.delivered >= lanes
        })?;
        Some(NextTurn::of(rest.next_due)).filter(|next| !matches!(next, NextTurn::At(due) if *due <= now))
    }

    fn set(&self, rest: Option<Rest>) {
        *self.lock() = rest;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Rest>> {
        // A panic while the lock is held cannot leave a rest half-written.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl NextTurn {
    fn of(next_due: Option<Instant>) -> Self {
        next_due.map_or(Self::NotBeforeAChange, Self::At)
    }
}

impl Turn {
    /// The turn of a school at rest: no tick was made.
    fn at_rest(next: NextTurn) -> Self {
        let next_due = if let NextTurn::At(at) = next { Some(at) } else { None };
        let report = TickReport {
            tallies: Vec::new(),
            marks_written: 0,
            log_rows_written: 0,
            issues_opened: 0,
            issues_resolved: 0,
            more_work: false,
            next_due,
        };
        Self { report, ticks: 0, delivered: DeliveryReport::default(), next }
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
    let next = NextTurn::of(report.next_due);
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
