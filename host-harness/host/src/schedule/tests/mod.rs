//! The schedule in virtual time: many schools whose ticks take the time that a test says. Nothing here waits.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

mod fairness;
mod line;
mod outage;
mod properties;
mod spread;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::{First, Millis, Outcome, Scheduler, Tempo, moment};
use crate::school::NextTurn;
use crate::store::SchoolId;

/// The beginning of all plays, at a full hour.
const START: Millis = 1_700_002_800_000;

/// A tick that began.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Begun {
    at: Millis,
    due: Millis,
    school: SchoolId,
}

/// A scheduler with a clock of its own and the ticks that run.
struct Play {
    scheduler: Scheduler,
    now: Millis,
    ends: BTreeMap<(Millis, u64), (SchoolId, Outcome)>,
    begun: Vec<Begun>,
}

impl Play {
    fn new(parallel: usize) -> Self {
        let scheduler = Scheduler::new(Tempo::Spread, parallel);
        Self { scheduler, now: START, ends: BTreeMap::new(), begun: Vec::new() }
    }

    /// A play with so many schools that are updated every five minutes.
    fn with_schools(parallel: usize, schools: u32, first: First) -> Self {
        let mut play = Self::new(parallel);
        for number in 0..schools {
            play.scheduler.add(&school(number), 5, first, moment(START));
        }
        play
    }

    fn now(&self) -> DateTime<Utc> {
        moment(self.now)
    }

    /// Plays for so long. `tick` says, at its beginning, how long a tick takes and how it ends.
    fn play(&mut self, time: Millis, mut tick: impl FnMut(&SchoolId, Millis) -> (Millis, Outcome)) {
        let until = self.now + time;
        loop {
            while let Some(ready) = self.scheduler.take(self.now()) {
                let (took, outcome) = tick(&ready.school, self.now);
                let key = (self.now + took, u64::try_from(self.begun.len()).unwrap());
                self.ends.insert(key, (ready.school.clone(), outcome));
                let due = ready.due.timestamp_millis();
                self.begun.push(Begun { at: self.now, due, school: ready.school });
            }
            let end = self.ends.keys().next().map(|(at, _)| *at);
            let next = self.scheduler.next_moment().map(|at| at.timestamp_millis());
            let at = [end, next].into_iter().flatten().min().filter(|at| *at < until);
            let Some(at) = at else { break };
            self.now = self.now.max(at);
            while let Some(end) = self.ends.first_entry().filter(|end| end.key().0 <= self.now) {
                let (school, outcome) = end.remove();
                self.scheduler.ended(&school, outcome, moment(self.now));
            }
        }
        self.now = until;
    }

    /// How many ticks of a school began at `from` or later.
    fn ticks_of(&self, school: &SchoolId, from: Millis) -> usize {
        self.begun.iter().filter(|begun| begun.school == *school && begun.at >= from).count()
    }
}

fn school(number: u32) -> SchoolId {
    SchoolId::new(format!("school-{number:05}"))
}

/// The end of a tick that has nothing to do before so many seconds after its beginning, as the plugin reckons.
fn rests(began: Millis, seconds: i64) -> Outcome {
    Outcome::Rests(NextTurn::At(began / 1_000 + seconds))
}

/// The most that fell into one step of time, and the mean, of moments within a span.
fn most_and_mean(moments: impl Iterator<Item = Millis>, span: (Millis, Millis), step: Millis) -> (usize, f64) {
    let mut steps: BTreeMap<Millis, usize> = BTreeMap::new();
    let mut all = 0_u32;
    for at in moments.filter(|at| (span.0..span.1).contains(at)) {
        *steps.entry((at - span.0) / step).or_default() += 1;
        all += 1;
    }
    let number = u32::try_from((span.1 - span.0) / step).unwrap();
    (steps.into_values().max().unwrap_or(0), f64::from(all) / f64::from(number))
}
