//! How long a school whose ticks fail is left alone: twice as long with each failure, up to a cap, and at a slow rate
//! once its circuit is open. Not here: what the school is told of it (`school/failing`).

use super::{HOUR, MINUTE, Millis, SECOND, share};
use crate::school::{CallFailure, Next};
use crate::store::SchoolId;

/// Whose fault a failed tick is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The school's own: the plugin was stopped or refused. Only the school's data, or a new version, mends that.
    Own,
    /// That of what surrounds the school: the storage or GEGI did not answer. All schools may fail for it, and all should
    /// go on soon after it works again.
    Surroundings,
}

impl Fault {
    /// Whose fault the failure is.
    pub fn of(failure: &CallFailure) -> Self {
        match failure.next() {
            Next::RepeatLater => Self::Surroundings,
            Next::RepeatSoon | Next::Mend => Self::Own,
        }
    }
}

/// The wait after the first failure. The plugin sets aside what stopped three ticks, so the first waits are short.
const FIRST: Millis = 2 * SECOND;
/// The longest wait while the circuit is closed.
const LONGEST: Millis = 15 * MINUTE;
/// Failures in a row, of the school's own, that open the circuit.
const OPENS_AT: u32 = 10;
/// The time between two probes of a school whose circuit is open.
const PROBE: Millis = HOUR;

/// The failures of one school since a tick returned last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Failures {
    in_a_row: u32,
    own: u32,
    since: Option<Millis>,
}

impl Failures {
    /// Counts a failure and says when the next tick may be made. `every`: the school's update frequency.
    pub(super) fn count(&mut self, school: &SchoolId, fault: Fault, every: Millis, now: Millis) -> Millis {
        self.in_a_row = self.in_a_row.saturating_add(1);
        self.own = if fault == Fault::Own { self.own.saturating_add(1) } else { 0 };
        self.since.get_or_insert(now);
        let doubled = FIRST << self.in_a_row.saturating_sub(1).min(20);
        let wait = match fault {
            Fault::Own if self.own >= OPENS_AT => PROBE,
            Fault::Own => doubled.min(LONGEST),
            // The outage of a storage must not outlast itself by more than an update.
            Fault::Surroundings => doubled.min(every.min(LONGEST)),
        };
        // Shortened by up to a quarter, so that schools that failed together do not come back together.
        now.saturating_add(wait - share(school.as_str(), u64::from(self.in_a_row), wait / 4))
    }

    /// How many ticks in a row failed.
    pub(super) fn in_a_row(self) -> u32 {
        self.in_a_row
    }

    /// When the first of them failed.
    pub(super) fn since(self) -> Option<Millis> {
        self.since
    }

    /// Whether the school fails by itself for so long that it is only probed.
    pub(super) fn is_open(self) -> bool {
        self.own >= OPENS_AT
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn waits(fault: Fault, times: usize) -> Vec<Millis> {
        let (mut failures, school) = (Failures::default(), SchoolId::new("school"));
        (0..times).map(|_| failures.count(&school, fault, 5 * MINUTE, 0)).collect()
    }

    #[test]
    fn a_school_that_always_fails_ends_at_a_slow_rate() {
        let waits = waits(Fault::Own, 30);
        for (number, wait) in waits.iter().enumerate() {
            let whole = if number < 9 { (FIRST << number).min(LONGEST) } else { PROBE };
            assert!((whole * 3 / 4..=whole).contains(wait), "{number}: {wait}");
        }
    }

    #[test]
    fn a_school_whose_surroundings_fail_comes_back_within_an_update() {
        let waits = waits(Fault::Surroundings, 100);
        assert!(waits.iter().all(|wait| *wait <= 5 * MINUTE), "{waits:?}");
        assert!(waits.last().is_some_and(|wait| *wait >= 5 * MINUTE * 3 / 4), "{waits:?}");
    }

    #[test]
    fn only_failures_of_its_own_open_the_circuit_of_a_school() {
        let (mut failures, school) = (Failures::default(), SchoolId::new("school"));
        for _ in 0..50 {
            failures.count(&school, Fault::Surroundings, MINUTE, 0);
        }
        assert!(!failures.is_open());
        for _ in 0..OPENS_AT {
            failures.count(&school, Fault::Own, MINUTE, 7);
        }
        assert!(failures.is_open());
        assert_eq!((failures.in_a_row(), failures.since()), (60, Some(0)));
    }
}
