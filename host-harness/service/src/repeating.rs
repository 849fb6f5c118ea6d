//! What fails again and again at this process: each failure that nobody hears of otherwise, with since when and how often it
//! came without a success in between. When that is worth an alarm is `host::watchdog`'s to say, and `watch` asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use host::store::SchoolId;
use host::watchdog::{Repeated, Repeats, Stage};

/// The name under which the service itself fails. Every school's has a full stop.
pub(crate) const SERVICE: &str = "service";

/// The stages that every process hears of, and not only the one that ticks the school.
pub(crate) const HEARD: [Stage; 2] = [Stage::Refusals, Stage::Pushes];

/// What fails again and again. Cheap to clone.
#[derive(Clone, Default)]
pub struct Repeating(Arc<Mutex<BTreeMap<(SchoolId, Stage), Repeated>>>);

/// How long a failure stays away before the next one is another story.
fn quiet(stage: Stage) -> TimeDelta {
    match stage {
        // A sender repeats a push after up to ten hours.
        Stage::Pushes => TimeDelta::hours(12),
        // There is at most one mail an hour, and often one a day.
        Stage::RefusedMails => TimeDelta::days(3),
        _ => TimeDelta::hours(1),
    }
}

impl Repeating {
    /// Something failed once more.
    pub fn failed(&self, school: &SchoolId, stage: Stage, now: DateTime<Utc>) {
        let mut known = self.lock();
        let new = Repeated { since: now, latest: now, times: 0 };
        let of = known.entry((school.clone(), stage)).or_insert(new);
        if now - of.latest > quiet(stage) {
            *of = new;
        }
        (of.latest, of.times) = (now, of.times.saturating_add(1));
    }

    /// Takes over what was told before this process began: it fails since then, until it works or stays away for long.
    pub(crate) fn resume(&self, school: &SchoolId, stage: Stage, since: DateTime<Utc>, now: DateTime<Utc>) {
        if !Stage::REPEATING.contains(&stage) {
            return;
        }
        let told = Repeated::told(since, now);
        let mut known = self.lock();
        let of = known.entry((school.clone(), stage)).or_insert(told);
        (of.since, of.times) = (of.since.min(told.since), of.times.max(told.times));
    }

    /// The same thing worked.
    pub fn worked(&self, school: &SchoolId, stage: Stage) {
        self.lock().remove(&(school.clone(), stage));
    }

    /// What fails again and again at a school, or at the service itself.
    pub(crate) fn of(&self, school: &SchoolId, now: DateTime<Utc>) -> Repeats {
        let known = self.lock();
        let of = |stage| {
            let of = known.get(&(school.clone(), stage)).copied();
            of.filter(|of| now - of.latest <= quiet(stage))
        };
        Repeats {
            settings: of(Stage::Settings),
            refusals: of(Stage::Refusals),
            refused_percent: 0,
            refused_mails: of(Stage::RefusedMails),
            pushes: of(Stage::Pushes),
            storage: of(Stage::Storage),
            leases: of(Stage::Leases),
        }
    }

    /// All that have failed, after those were forgotten that are over for longer than an alarm takes to be over.
    pub(crate) fn all(&self, now: DateTime<Utc>) -> BTreeSet<SchoolId> {
        let mut known = self.lock();
        known.retain(|(_, stage), of| now - of.latest <= quiet(*stage) + TimeDelta::hours(1));
        known.keys().map(|(school, _)| school.clone()).collect()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<(SchoolId, Stage), Repeated>> {
        // A panic while the lock is held cannot leave a change half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_success_or_a_long_quiet_ends_what_repeats_itself() {
        let (repeating, north) = (Repeating::default(), SchoolId::from("north.1"));
        let at = |minutes| DateTime::UNIX_EPOCH + TimeDelta::minutes(minutes);
        let pushes = |minutes| repeating.of(&north, at(minutes)).pushes;
        for minutes in [0, 5, 35] {
            repeating.failed(&north, Stage::Pushes, at(minutes));
        }
        assert_eq!(pushes(40), Some(Repeated { since: at(0), latest: at(35), times: 3 }));
        assert_eq!(repeating.of(&SchoolId::from("south.1"), at(40)), Repeats::default());
        assert_eq!(pushes(36 + 12 * 60), None);
        repeating.failed(&north, Stage::Pushes, at(36 + 12 * 60));
        assert_eq!(pushes(36 + 12 * 60).map(|of| of.times), Some(1));
        repeating.worked(&north, Stage::Pushes);
        assert_eq!((pushes(37 + 12 * 60), repeating.all(at(37 + 12 * 60)).len()), (None, 0));
    }
}
