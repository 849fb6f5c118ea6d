//! The rhythm of one school: the moments at which its ticks fall. In a service each school has a phase of its own, by a
//! hash of its id, so that ten thousand schools with the same update frequency, and with classes that all begin on the
//! hour, are spread evenly. In virtual time ticks fall on the points that a school directory promises.

use chrono::{DateTime, Utc};

use super::{MINUTE, Millis, SECOND, share};
use crate::store::SchoolId;

/// How the moments of ticks are chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tempo {
    /// Each school at its own phase of its update frequency, and at once after a change.
    Spread,
    /// Every school at the same points only, after a change too: at `from` and every update frequency after it.
    Points {
        /// The first point.
        from: DateTime<Utc>,
    },
}

/// The least time between the end of a tick and a tick that a change asks for: the many changes of one moment, such as
/// a class that checks in, need one tick and not thirty.
const CHANGES_APART: Millis = 2 * SECOND;

/// The moments at which the ticks of one school may fall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rhythm {
    every: Millis,
    phase: Millis,
    is_spread: bool,
}

impl Rhythm {
    pub(super) fn new(tempo: Tempo, school: &SchoolId, every_minutes: u32) -> Self {
        let every = i64::from(every_minutes.max(1)) * MINUTE;
        match tempo {
            Tempo::Spread => Self { every, phase: share(school.as_str(), 0, every), is_spread: true },
            Tempo::Points { from } => Self { every, phase: from.timestamp_millis(), is_spread: false },
        }
    }

    pub(super) fn every(self) -> Millis {
        self.every
    }

    /// The first update at `at` or later.
    pub(super) fn update(self, at: Millis) -> Millis {
        self.point(at, self.every)
    }

    /// When the school is ticked because something changed at `since`; the last tick ended at `ended`.
    pub(super) fn after_change(self, since: Millis, ended: Option<Millis>) -> Millis {
        if self.is_spread {
            return ended.map_or(since, |ended| since.max(ended.saturating_add(CHANGES_APART)));
        }
        self.update(ended.map_or(since, |ended| since.max(ended.saturating_add(1))))
    }

    /// When the school is ticked because the plugin has something to do at `due`; the last tick ended at `ended`.
    ///
    /// Updates alone keep the phase. What is due before the next update waits for the school's second of the minute, for
    /// which it is at most a minute late, because the classes of all schools end on the hour.
    pub(super) fn at_due(self, due: Millis, ended: Millis) -> Millis {
        let update = self.update(ended.saturating_add(1));
        if !self.is_spread {
            return self.update(due).max(update);
        }
        // The plugin reckons an update from the tick it is in, which was later than its moment. Such a due would put the
        // phase off, tick by tick; a tick that comes somewhat early does what is due all the same.
        if due > update && due <= ended.saturating_add(self.every) {
            return update;
        }
        self.point(due, MINUTE).max(self.point(ended.saturating_add(1), MINUTE))
    }

    fn point(self, at: Millis, step: Millis) -> Millis {
        // The points of a minute begin at the same second as those of the update frequency, whole minutes each.
        let phase = if self.is_spread { self.phase % step } else { self.phase };
        let steps = at.saturating_sub(phase).max(0).saturating_add(step - 1) / step;
        phase.saturating_add(steps.saturating_mul(step))
    }
}

#[cfg(test)]
mod tests {
    use super::super::moment;
    use super::*;

    fn seconds(at: i64) -> Millis {
        at.saturating_mul(SECOND)
    }

    #[test]
    fn on_points_a_tick_falls_on_the_next_point_that_is_due() {
        let rhythm = Rhythm::new(Tempo::Points { from: moment(seconds(1_000)) }, &SchoolId::new("school"), 5);
        for (since, ended, next) in [
            (1_000, None, 1_000),
            (1_000, Some(1_000), 1_300),
            (1_001, Some(1_000), 1_300),
            (1_300, Some(1_000), 1_300),
        ] {
            assert_eq!(rhythm.after_change(seconds(since), ended.map(seconds)), seconds(next), "{since} {ended:?}");
        }
        for (due, ended, next) in
            [(1_301, 1_000, 1_600), (1_301, 1_600, 1_900), (1_700, 1_600, 1_900), (0, 1_600, 1_900)]
        {
            assert_eq!(rhythm.at_due(seconds(due), seconds(ended)), seconds(next), "{due} {ended}");
        }
        assert_eq!(rhythm.at_due(i64::MAX, seconds(1_000)), i64::MAX);
    }

    #[test]
    fn a_spread_school_keeps_its_phase_and_does_what_is_due_between_within_a_minute() {
        let school = SchoolId::new("school");
        let rhythm = Rhythm::new(Tempo::Spread, &school, 5);
        let first = rhythm.update(seconds(1_000_000));
        let every = rhythm.every();
        assert_eq!(rhythm.update(first + 1), first + every);

        // A tick that was late by some seconds, or came between two updates, names a moment that lies past the update.
        for ended in [first + seconds(9), first + seconds(140)] {
            assert_eq!(rhythm.at_due(ended - seconds(1) + every, ended), first + every);
        }
        // Due before the next update: not before, and at most a minute later.
        for due in [first + seconds(61), first + seconds(200)] {
            let next = rhythm.at_due(due, first + seconds(1));
            assert!((due..due + MINUTE).contains(&next), "{due} {next}");
            assert_eq!((next - first) % MINUTE, 0);
        }
        // Due long after: the updates before are left out.
        let due = first + 10 * every + seconds(7);
        assert_eq!(rhythm.at_due(due, first), first + 10 * every + MINUTE);
        // Something that is due in the past is not done twice in one second.
        assert_eq!(rhythm.at_due(0, first), first + MINUTE);
        assert!(rhythm.at_due(i64::MAX, first) >= i64::MAX - MINUTE);
    }

    #[test]
    fn a_change_is_at_once_and_changes_of_one_moment_share_a_tick() {
        let rhythm = Rhythm::new(Tempo::Spread, &SchoolId::new("school"), 5);
        assert_eq!(rhythm.after_change(5_000, None), 5_000);
        assert_eq!(rhythm.after_change(5_000, Some(1_000)), 5_000);
        assert_eq!(rhythm.after_change(5_000, Some(4_999)), 4_999 + CHANGES_APART);
    }
}
