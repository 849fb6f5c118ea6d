//! The scheduler: many schools, of which each is in one line by the moment at which it is due. Whoever is due longest is
//! taken first, and whoever has more work goes to the end, so that a school that is due is overtaken by nobody who came
//! later. Every operation costs the logarithm of the number of schools.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::patience::{Failures, Fault};
use super::rhythm::{Rhythm, Tempo};
use super::{Millis, SECOND, moment};
use crate::school::{AfterStep, CallFailure, NextTurn, StepReport};
use crate::store::SchoolId;

/// What is known of a school when it is added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum First {
    /// Nothing: it is ticked at its next update. A process that begins with ten thousand schools spreads them so.
    AtUpdate,
    /// Something may have changed: it is ticked at once.
    Changed,
    /// When it was due before, for example in another process.
    Due(NextTurn),
}

/// Why a school is woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wake {
    /// A course, a setting or CourseKey's attendance changed. A school whose ticks fail is left alone all the same.
    Changed,
    /// Somebody asks for a tick, now.
    Asked,
}

/// How a tick ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing more is due; the next tick is at this moment.
    Rests(NextTurn),
    /// There is more to do. Others who are due come first.
    MoreWork,
    /// The tick failed.
    Failed(Fault),
    /// The school may go on at this moment: its origin is not to be asked before.
    Held(DateTime<Utc>),
}

impl Outcome {
    /// The outcome of a school's step.
    pub fn of(step: &Result<StepReport, CallFailure>) -> Self {
        match step.as_ref().map(|step| step.after) {
            Ok(AfterStep::Rests(next)) => Self::Rests(next),
            Ok(AfterStep::MoreWork) => Self::MoreWork,
            Err(failure) => Self::Failed(Fault::of(failure)),
        }
    }
}

/// A school whose tick is to be made now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ready {
    /// The school.
    pub school: SchoolId,
    /// When the tick was due; the time since then is the time in the line.
    pub due: DateTime<Utc>,
}

/// What the scheduler knows of a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SchoolView {
    /// Whether the school is paused.
    pub is_paused: bool,
    /// Whether a tick runs now.
    pub is_running: bool,
    /// Whether the school fails by itself for so long that it is only probed, about once an hour.
    pub is_failing: bool,
    /// How many ticks in a row failed.
    pub failures: u32,
    /// When the first of them failed.
    pub failing_since: Option<DateTime<Utc>>,
    /// When the latest tick began.
    pub begun: Option<DateTime<Utc>>,
    /// When the latest tick ended.
    pub ended: Option<DateTime<Utc>>,
    /// When the next tick is due; none: not before something happens.
    pub next: Option<DateTime<Utc>>,
}

/// What a school waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    Update {
        from: Millis,
    },
    Changed {
        since: Millis,
    },
    /// A moment that no rhythm changes.
    Exactly(Millis),
    /// A moment before which no change counts.
    Held(Millis),
    Due(NextTurn),
}

#[derive(Debug)]
struct Entry {
    rhythm: Rhythm,
    wish: Wish,
    /// The moment and the number under which the school stands in the line.
    place: Option<(Millis, u64)>,
    is_paused: bool,
    /// Why the school was woken while its tick ran.
    again: Option<Wake>,
    failures: Failures,
    added: Millis,
    begun: Option<Millis>,
    ended: Option<Millis>,
}

/// Decides which school is ticked now.
#[derive(Debug)]
pub struct Scheduler {
    tempo: Tempo,
    parallel: usize,
    schools: BTreeMap<SchoolId, Entry>,
    line: BTreeSet<(Millis, u64, SchoolId)>,
    /// A school that was removed while its tick ran is here until the tick has ended.
    running: BTreeSet<SchoolId>,
    places_given: u64,
}

impl Scheduler {
    /// A scheduler of which at most `parallel` ticks run at once; one at least.
    pub fn new(tempo: Tempo, parallel: usize) -> Self {
        let parallel = parallel.max(1);
        let (schools, line, running) = (BTreeMap::new(), BTreeSet::new(), BTreeSet::new());
        Self { tempo, parallel, schools, line, running, places_given: 0 }
    }

    /// Adds a school with its update frequency. A school that is known already is taken as new.
    pub fn add(&mut self, school: &SchoolId, every_minutes: u32, first: First, now: DateTime<Utc>) {
        let now = now.timestamp_millis();
        self.remove(school);
        let wish = match first {
            First::AtUpdate => Wish::Update { from: now },
            First::Changed => Wish::Changed { since: now },
            First::Due(next) => Wish::Due(next),
        };
        let entry = Entry {
            rhythm: Rhythm::new(self.tempo, school, every_minutes),
            wish,
            place: None,
            is_paused: false,
            again: self.running.contains(school).then_some(Wake::Changed),
            failures: Failures::default(),
            added: now,
            begun: None,
            ended: None,
        };
        self.schools.insert(school.clone(), entry);
        self.line_up(school);
    }

    /// Forgets a school. A tick of it that runs is counted until it has ended.
    pub fn remove(&mut self, school: &SchoolId) {
        self.leave_line(school);
        self.schools.remove(school);
    }

    /// Tells the school's update frequency, which may have changed.
    pub fn set_update_frequency(&mut self, school: &SchoolId, every_minutes: u32) {
        let rhythm = Rhythm::new(self.tempo, school, every_minutes);
        let Some(entry) = self.schools.get_mut(school).filter(|entry| entry.rhythm != rhythm) else { return };
        entry.rhythm = rhythm;
        self.line_up(school);
    }

    /// How many ticks may run at once, from now on; one at least.
    pub fn set_parallel(&mut self, parallel: usize) {
        self.parallel = parallel.max(1);
    }

    /// Makes no more ticks of the school until it is resumed. A tick that runs goes on.
    pub fn pause(&mut self, school: &SchoolId) {
        if let Some(entry) = self.schools.get_mut(school) {
            entry.is_paused = true;
            self.leave_line(school);
        }
    }

    /// Ticks a paused school at once, and then as before.
    pub fn resume(&mut self, school: &SchoolId, now: DateTime<Utc>) {
        let Some(entry) = self.schools.get_mut(school).filter(|entry| entry.is_paused) else { return };
        entry.is_paused = false;
        self.wake(school, Wake::Asked, now);
    }

    /// Ticks the school soon. Any number of calls before a tick begins is one tick, and any number while it runs is one
    /// more, because the tick that runs may have read before the change. Says whether the school is known.
    pub fn wake(&mut self, school: &SchoolId, wake: Wake, now: DateTime<Utc>) -> bool {
        let Some(entry) = self.schools.get_mut(school) else { return false };
        if self.running.contains(school) {
            entry.again = entry.again.max(Some(wake));
        } else if !entry.is_paused {
            entry.advance(wake, now.timestamp_millis());
            self.line_up(school);
        }
        true
    }

    /// The school whose tick is to be made now; none: nobody is due, or enough ticks run. Each school that is taken has
    /// to be told of by [`Scheduler::ended`].
    pub fn take(&mut self, now: DateTime<Utc>) -> Option<Ready> {
        let now = now.timestamp_millis();
        let is_due = self.running.len() < self.parallel && self.line.first().is_some_and(|(at, ..)| *at <= now);
        let (due, _, school) = is_due.then(|| self.line.pop_first()).flatten()?;
        if let Some(entry) = self.schools.get_mut(&school) {
            (entry.place, entry.begun) = (None, Some(now));
        }
        self.running.insert(school.clone());
        Some(Ready { school, due: moment(due) })
    }

    /// Tells how a tick ended that [`Scheduler::take`] asked for.
    pub fn ended(&mut self, school: &SchoolId, outcome: Outcome, now: DateTime<Utc>) {
        let now = now.timestamp_millis();
        if !self.running.remove(school) {
            return;
        }
        let Some(entry) = self.schools.get_mut(school) else { return };
        entry.ended = Some(now);
        if matches!(outcome, Outcome::Rests(_) | Outcome::MoreWork) {
            entry.failures = Failures::default();
        }
        entry.wish = match outcome {
            Outcome::Rests(next) => Wish::Due(next),
            Outcome::MoreWork => Wish::Exactly(now),
            Outcome::Held(until) => Wish::Held(until.timestamp_millis().max(now)),
            Outcome::Failed(fault) => {
                let every = entry.rhythm.every();
                Wish::Exactly(entry.failures.count(school, fault, every, now))
            }
        };
        if let Some(wake) = entry.again.take() {
            entry.advance(wake, now);
        }
        self.line_up(school);
    }

    /// When [`Scheduler::take`] has to be called again, at the latest: a moment that may be past; none: not before another
    /// call.
    pub fn next_moment(&self) -> Option<DateTime<Utc>> {
        let first = self.line.first().filter(|_| self.running.len() < self.parallel);
        first.map(|(at, ..)| moment(*at))
    }

    /// How long the school that waits longest has been due; zero: nobody waits.
    pub fn lag(&self, now: DateTime<Utc>) -> TimeDelta {
        let first = self.line.first().map(|(at, ..)| now - moment(*at));
        first.unwrap_or_default().max(TimeDelta::zero())
    }

    /// How many ticks run.
    pub fn running(&self) -> usize {
        self.running.len()
    }

    /// Whether a tick of the school runs, also of one that was removed meanwhile.
    pub fn runs(&self, school: &SchoolId) -> bool {
        self.running.contains(school)
    }

    /// All schools, in the order of their ids.
    pub fn schools(&self) -> impl Iterator<Item = (&SchoolId, SchoolView)> {
        self.schools.iter().map(|(school, entry)| (school, entry.view(self.running.contains(school))))
    }

    /// What is known of a school; none: the school is not known.
    pub fn school(&self, school: &SchoolId) -> Option<SchoolView> {
        self.schools.get(school).map(|entry| entry.view(self.running.contains(school)))
    }

    /// Puts the school into the line where it belongs now.
    fn line_up(&mut self, school: &SchoolId) {
        let is_running = self.running.contains(school);
        let Some(entry) = self.schools.get_mut(school) else { return };
        let at = if entry.is_paused || is_running { None } else { entry.due() };
        if at == entry.place.map(|(at, _)| at) {
            return;
        }
        self.leave_line(school);
        let Some(at) = at else { return };
        let number = self.places_given;
        self.places_given += 1;
        self.line.insert((at, number, school.clone()));
        if let Some(entry) = self.schools.get_mut(school) {
            entry.place = Some((at, number));
        }
    }

    fn leave_line(&mut self, school: &SchoolId) {
        if let Some((at, number)) = self.schools.get_mut(school).and_then(|entry| entry.place.take()) {
            self.line.remove(&(at, number, school.clone()));
        }
    }
}

impl Entry {
    /// When the next tick is due.
    fn due(&self) -> Option<Millis> {
        match self.wish {
            Wish::Update { from } => Some(self.rhythm.update(from)),
            Wish::Changed { since } => Some(self.rhythm.after_change(since, self.ended)),
            Wish::Exactly(at) | Wish::Held(at) => Some(at),
            Wish::Due(NextTurn::NotBeforeAChange) => None,
            Wish::Due(NextTurn::At(due)) => {
                let ended = self.ended.unwrap_or(self.added.saturating_sub(1));
                Some(self.rhythm.at_due(due.saturating_mul(SECOND), ended))
            }
        }
    }

    /// Changes what the school waits for, if it would be ticked earlier so.
    fn advance(&mut self, wake: Wake, now: Millis) {
        let due = self.due();
        let before = self.wish;
        self.wish = match wake {
            Wake::Changed if self.failures.in_a_row() > 0 || matches!(before, Wish::Held(_)) => return,
            Wake::Changed => Wish::Changed { since: now },
            Wake::Asked => Wish::Exactly(now),
        };
        if due.is_some_and(|due| self.due().is_none_or(|at| at >= due)) {
            self.wish = before;
        }
    }

    fn view(&self, is_running: bool) -> SchoolView {
        SchoolView {
            is_paused: self.is_paused,
            is_running,
            is_failing: self.failures.is_open(),
            failures: self.failures.in_a_row(),
            failing_since: self.failures.since().map(moment),
            begun: self.begun.map(moment),
            ended: self.ended.map(moment),
            next: self.place.map(|(at, _)| moment(at)),
        }
    }
}
