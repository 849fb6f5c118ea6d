//! The alarms: each stage that is stuck is told once, and its end once, so that whoever reads the operator's mails knows
//! what is stuck now. Not here: when a stage is stuck, and how a mail leaves.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Patience, Repeated, Seen, Stage, Waiting, stuck};
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
            _ => &[],
        };
        // Ticks that fail read nothing, and are told by themselves a little later.
        let reads_in_vain = stage == Stage::Attendance && seen.failed.is_some();
        // Ticks that are not made because GEGI takes nothing are told as what they are.
        let is_full = stage == Stage::FailingTicks && seen.outbox.is_some_and(|waits| waits.percent >= 100);
        let is_caused =
            reads_in_vain || is_full || causes.iter().any(|cause| stuck(*cause, seen, patience, now).is_some());
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
            let knows_from = self.patience.known_after(stage, seen).map_or(calm, |wait| seen.watched_since + wait);
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
    let waiting = |waits: Option<Waiting>| waits.map_or((0, 0), |waits| (waits.items, waits.percent));
    let ((records, records_percent), (mails, mails_percent)) = (waiting(seen.outbox), waiting(seen.mails));
    let repeats = &seen.repeats;
    let times = |of: Option<Repeated>| of.map_or(0, |of| of.times);
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
            "{records} records wait for GEGI, the oldest since {since} UTC, {records_percent} % of what may wait; see whether \
             GEGI takes and acknowledges changes, and whether a later version of this program wrote the oldest. At 100 % no tick is made until it does; courses and pushes are still \
             taken, and nothing is lost"
        ),
        Stage::Mails => format!(
            "{mails} mails wait, the oldest since {since} UTC, {mails_percent} % of what may wait; see whether the mail server \
             of the configuration takes them, and whether a later version of this program wrote the oldest. At 100 % the school writes no further mail until it does"
        ),
        Stage::Settings => format!(
            "the school's settings cannot be read since {since} UTC, and no tick can begin; run the version that wrote them, \
             or restore a backup"
        ),
        Stage::Refusals => format!(
            "GEGI refused records {} times since {since} UTC, and {} % of the refused ones that are kept at most are kept; \
             read why in the log, and correct it in GEGI before the oldest are forgotten",
            times(repeats.refusals),
            repeats.refused_percent
        ),
        Stage::RefusedMails => format!(
            "{} mails in a row were refused for good since {since} UTC; see to the school's error-email",
            times(repeats.refused_mails)
        ),
        Stage::Pushes => format!(
            "{} pushes of CourseKey in a row were not believed since {since} UTC, and none was; compare the push keys of the \
             school's campuses with CourseKey's, and both clocks. Attendance is read by polling meanwhile",
            times(repeats.pushes)
        ),
        Stage::Storage => {
            format!(
                "the service could not read its storage since {since} UTC; see to the storage, the log says what it answers"
            )
        }
        Stage::Leases => format!(
            "this process lost its schools {} times since {since} UTC; see to the database and to this machine's processor",
            times(repeats.leases)
        ),
    }
}
