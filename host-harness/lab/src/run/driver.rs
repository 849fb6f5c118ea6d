//! The driver: makes the calls of a run along the virtual clock, namely events and turns, and delivers after each
//! call. When a turn is due the schedule says, the same that drives a service; a school directory promises its points.
//!
//! The span is half-open: changes at `from` happen, changes at `until` do not. Two runs over adjoining spans and one
//! store are therefore the same as one run over both spans.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::position::Position;
use super::rig::Rig;
use super::{Progress, RunError, moment};
use crate::directory::SchoolDirectory;
use host::clock::{Clock, VirtualClock};
use host::outbox::DeliveryReport;
use host::push::Push;
use host::schedule::{First, Outcome, Scheduler, Tempo, Wake};
use host::school::{ATTEMPTS, Budget, CallFailure, CourseChange, Next, TurnFailure};
use host::store::SchoolId;
use mirror::book::BookError;

/// The budget of a tick: many items, so that batches are full, and many seconds, because virtual seconds cost
/// nothing.
const BUDGET: Budget = Budget { items: 20_000, seconds: 120 };

/// Plays one directory.
pub(super) struct Driver<'a> {
    directory: &'a SchoolDirectory,
    pub(super) rig: Rig,
    clock: Arc<VirtualClock>,
    /// The index of the first change that has not been applied.
    next_change: usize,
    school: SchoolId,
    schedule: Scheduler,
}

impl<'a> Driver<'a> {
    /// A driver that begins where the last run left the rig's school, or else at the beginning of the span.
    pub(super) async fn new(
        directory: &'a SchoolDirectory,
        rig: Rig,
        clock: Arc<VirtualClock>,
    ) -> Result<Self, BookError> {
        let position = Position::of(&rig.book).await?;
        let next_change = match position {
            Some(position) => {
                clock.advance_to(moment(position.clock));
                directory.changes.partition_point(|change| change.at < position.changes_from)
            }
            None => 0,
        };
        let school = rig.school().id().clone();
        let schedule = Scheduler::new(Tempo::Points { from: moment(directory.span.from) }, 1);
        let mut driver = Self { directory, rig, clock, next_change, school, schedule };
        driver.schedule.add(&driver.school, 1, First::Changed, moment(driver.seconds()));
        Ok(driver)
    }

    /// Plays up to the end of the span.
    pub(super) async fn play(&mut self, progress: &mut (dyn FnMut(Progress) + Send)) -> Result<(), RunError> {
        let span = self.directory.span;
        self.give_courses().await?;
        while let Some((at, what)) = self.next_step().await? {
            self.clock.advance_to(moment(at));
            match what {
                Step::Change => self.take_change().await?,
                Step::Tick => self.take_turn(at).await?,
            }
            self.keep_position().await?;
            let (played, whole) = (self.seconds() - span.from, span.until - span.from);
            progress(Progress { played: played.clamp(0, whole).unsigned_abs(), whole: whole.unsigned_abs() });
        }
        self.clock.advance_to(moment(span.until));
        Ok(self.keep_position().await?)
    }

    /// The rig, as the end of the span left it.
    pub(super) fn into_rig(self) -> Rig {
        self.rig
    }

    /// The present moment of the rig's clock.
    pub(super) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Stores the courses of the start in GEGI and tells the plugin of each.
    async fn give_courses(&mut self) -> Result<(), RunError> {
        if Position::of(&self.rig.book).await?.is_some() {
            return Ok(());
        }
        for course in &self.directory.courses {
            self.rig.book.put_course(course).await?;
        }
        for course in &self.directory.courses {
            self.course_changed(CourseChange::Saved(course.clone())).await?;
        }
        self.keep_position().await?;
        Ok(())
    }

    /// The next step before the end of the span. A change comes before a tick of the same instant.
    async fn next_step(&mut self) -> Result<Option<(i64, Step)>, RunError> {
        let now = self.seconds();
        let every_minutes = self.rig.book.settings_if_any().await?.map_or(1, |settings| settings.update_every_minutes);
        self.schedule.set_update_frequency(&self.school, every_minutes);
        let until = self.directory.span.until;
        let change = self.directory.changes.get(self.next_change).filter(|change| change.at < until);
        // A change whose instant passed during a long tick happens right after that tick.
        let change = change.map(|change| (change.at.max(now), Step::Change));
        let tick = self.schedule.next_moment().map(|at| at.timestamp()).filter(|at| *at < until);
        Ok(change.into_iter().chain(tick.map(|at| (at, Step::Tick))).min())
    }

    async fn take_change(&mut self) -> Result<(), RunError> {
        let directory = self.directory;
        let Some(change) = directory.changes.get(self.next_change) else { return Ok(()) };
        let earlier = directory.changes.iter().take(self.next_change);
        let number = earlier.rev().take_while(|earlier| earlier.at == change.at).count();
        self.apply(number, change).await?;
        self.next_change += 1;
        self.schedule.wake(&self.school, Wake::Changed, moment(self.seconds()));
        Ok(())
    }

    /// Runs a turn of the school, which is due at `at`.
    async fn take_turn(&mut self, at: i64) -> Result<(), RunError> {
        if self.schedule.take(moment(at)).is_none() {
            return Ok(());
        }
        let turn = self.rig.school().turn(BUDGET).await.map_err(|failure| match failure {
            TurnFailure::Call(failure) => RunError::Call(failure),
            TurnFailure::Restless { ticks } => RunError::Restless { at: self.now(), ticks },
        })?;
        self.schedule.ended(&self.school, Outcome::Rests(turn.next), moment(self.seconds()));
        whole(turn.delivered)
    }

    /// Tells the plugin that a course changed.
    pub(super) async fn course_changed(&mut self, change: CourseChange) -> Result<(), RunError> {
        let mut attempts = 0;
        loop {
            let answer = self.rig.school().course_changed(change.clone()).await;
            if unless_passing(answer, &mut attempts)?.is_some() {
                return self.deliver().await;
            }
        }
    }

    /// Hands a push of CourseKey's to the host again and again until the plugin takes it, as CourseKey would.
    pub(super) async fn attendance_received(&mut self, campus: &str, push: &Push) -> Result<(), RunError> {
        let mut attempts = 0;
        loop {
            let answer = self.rig.school().attendance_received(campus, push.clone()).await;
            if unless_passing(answer, &mut attempts)?.is_some() {
                return self.deliver().await;
            }
        }
    }

    /// Delivers to GEGI everything that the last call committed.
    pub(super) async fn deliver(&self) -> Result<(), RunError> {
        whole(self.rig.school().deliver().await?)
    }

    async fn keep_position(&self) -> Result<(), BookError> {
        if !self.rig.is_kept() {
            return Ok(());
        }
        let now = self.now();
        // A clock inside a second has passed the beginning of that second.
        let clock = now.timestamp() + i64::from(now.timestamp_subsec_nanos() > 0);
        let (applied, coming) = self.directory.changes.split_at(self.next_change);
        let changes_from = match (applied.last(), coming.first()) {
            // Some changes of this instant have been applied, and all of them are applied once more.
            (Some(last), Some(next)) if last.at == next.at => last.at,
            (Some(last), _) => last.at + 1,
            (None, _) => i64::MIN,
        };
        Position { clock, changes_from }.keep(&self.rig.book).await
    }

    fn seconds(&self) -> i64 {
        self.now().timestamp()
    }
}

/// The answer; none: the call failed in a passing way and can be made again.
fn unless_passing<T>(answer: Result<T, CallFailure>, attempts: &mut u32) -> Result<Option<T>, CallFailure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(failure) => {
            *attempts += 1;
            if failure.next() == Next::Mend || *attempts == ATTEMPTS { Err(failure) } else { Ok(None) }
        }
    }
}

/// Fails if a lane stopped. The book takes or refuses every item, so a lane stops only on a failure.
fn whole(delivered: DeliveryReport) -> Result<(), RunError> {
    delivered.records.stop.or(delivered.mails.stop).map_or(Ok(()), |stop| Err(stop.into()))
}

/// The next step of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Step {
    Change,
    Tick,
}
