//! The alarms: each stage that is stuck is told once, and its end once, so that whoever reads the operator's mails knows
//! what is stuck now. Not here: when a stage is stuck, and how a mail leaves.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Patience, Seen, Stage, stuck};
use crate::store::SchoolId;

/// For how long a stage has to move before its alarm is over: a stage that moves by fits and starts is one alarm.
const CALM: TimeDelta = TimeDelta::minutes(10);

/// A stage that is stuck.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The stage.
    pub stage: Stage,
    /// Since when it stands still.
    pub since: DateTime<Utc>,
    /// What is wrong and what to do, for the operator. It names no school and no person.
    pub sentence: String,
}

impl Alarm {
    /// The alarm about a stage, if it is stuck and no earlier stage is why.
    pub(super) fn of(stage: Stage, seen: &Seen, patience: &Patience, now: DateTime<Utc>) -> Option<Self> {
        let since = stuck(stage, seen, patience, now)?;
        let causes: &[Stage] = match stage {
            Stage::Ticks => &[Stage::FailingTicks],
            Stage::Attendance => &[Stage::FailingTicks, Stage::Ticks],
            Stage::FailingTicks | Stage::Outbox | Stage::Mails => &[],
        };
        // Ticks that fail read nothing, and are told by themselves a little later.
        let reads_in_vain = stage == Stage::Attendance && seen.failed.is_some();
        let is_caused = reads_in_vain || causes.iter().any(|cause| stuck(*cause, seen, patience, now).is_some());
        (!is_caused).then(|| Self { stage, since, sentence: sentence(stage, since, seen) })
    }
}

/// What is to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AlarmEvent {
    /// A stage is stuck.
    Raised(Alarm),
    /// A stage that was stuck moves again.
    Cleared {
        /// The stage.
        stage: Stage,
        /// Since when it stood still.
        since: DateTime<Utc>,
    },
}

/// An alarm that was told and is not over.
#[derive(Debug, Clone, Copy)]
struct Raised {
    since: DateTime<Utc>,
    /// Since when the stage moves again.
    calm: Option<DateTime<Utc>>,
}

/// The alarms of all schools.
#[derive(Debug, Default)]
pub struct Alarms {
    patience: Patience,
    raised: BTreeMap<(SchoolId, Stage), Raised>,
}

impl Alarms {
    /// No alarm yet.
    pub fn new(patience: Patience) -> Self {
        Self { patience, raised: BTreeMap::new() }
    }

    /// An alarm that was told before the service was started, so that it is not told again.
    pub fn restore(&mut self, school: &SchoolId, stage: Stage, since: DateTime<Utc>) {
        self.raised.insert((school.clone(), stage), Raised { since, calm: None });
    }

    /// Looks at a school and says what is to be told now. A paused school has no news: its alarms stand until it goes on.
    pub fn look(&mut self, school: &SchoolId, seen: &Seen, now: DateTime<Utc>) -> Vec<AlarmEvent> {
        let mut events = Vec::new();
        if seen.is_paused {
            return events;
        }
        for stage in Stage::ALL {
            let key = (school.clone(), stage);
            let Some(raised) = self.raised.get_mut(&key) else {
                if let Some(alarm) = Alarm::of(stage, seen, &self.patience, now) {
                    self.raised.insert(key, Raised { since: alarm.since, calm: None });
                    events.push(AlarmEvent::Raised(alarm));
                }
                continue;
            };
            // A raised alarm stands for as long as its stage does, though another stage may be the cause by now.
            if stuck(stage, seen, &self.patience, now).is_some() {
                raised.calm = None;
                continue;
            }
            let (since, calm) = (raised.since, *raised.calm.get_or_insert(now));
            // Whoever has just begun to watch, after a start or a pause, does not know yet what stands still.
            let knows_from = seen.watched_since + self.patience.known_after(stage, seen);
            if now - calm.max(knows_from) >= CALM {
                self.raised.remove(&key);
                events.push(AlarmEvent::Cleared { stage, since });
            }
        }
        events
    }

    /// The stages of a school whose alarms were raised and are not over, each with since when it stands still.
    pub fn of(&self, school: &SchoolId) -> Vec<(Stage, DateTime<Utc>)> {
        let raised = |stage| Some((stage, self.raised.get(&(school.clone(), stage))?.since));
        Stage::ALL.into_iter().filter_map(raised).collect()
    }

    /// Forgets a school that is looked at no more: it was deleted, or another process has it.
    pub fn forget(&mut self, school: &SchoolId) {
        for stage in Stage::ALL {
            self.raised.remove(&(school.clone(), stage));
        }
    }
}

fn sentence(stage: Stage, since: DateTime<Utc>, seen: &Seen) -> String {
    let since = since.format("%Y-%m-%d %H:%M");
    let items = |waits: Option<super::Waiting>| waits.map_or(0, |waits| waits.items);
    match stage {
        Stage::FailingTicks => {
            let ticks = seen.failed.map_or(0, |failed| failed.ticks);
            format!("{ticks} ticks in a row failed since {since} UTC; the service's log says why")
        }
        Stage::Ticks => format!(
            "no tick was made or came to an end since {since} UTC; see whether the service's processes run, and what waits \
             in its line"
        ),
        Stage::Attendance => format!(
            "ticks are made, but attendance was read last as of {since} UTC; the school's open issues say what CourseKey \
             answers"
        ),
        Stage::Outbox => format!(
            "{} records wait for GEGI, the oldest since {since} UTC; see whether GEGI takes and acknowledges changes, and \
             whether a later version of this program wrote the oldest",
            items(seen.outbox)
        ),
        Stage::Mails => format!(
            "{} mails wait, the oldest since {since} UTC; see whether the mail server of the configuration takes them, and \
             whether a later version of this program wrote the oldest",
            items(seen.mails)
        ),
    }
}
