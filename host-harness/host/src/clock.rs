//! The only sources of time: the machine's clock and a virtual one. Everything else is given a [`Clock`].

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Tells the time to the host and, through `wasi:clocks`, to the component.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;

    /// Something that began at `started` is known to have taken `took`. A clock that runs by itself has moved on
    /// already; one that stands still moves to the end of it. Of several things under way at once the latest end
    /// counts, not the sum.
    fn passed(&self, _started: DateTime<Utc>, _took: Duration) {}

    /// Whether the clock stands still between calls of [`Clock::passed`]. The host then takes no turn that depends on
    /// real time, so that two runs are alike.
    fn is_virtual(&self) -> bool {
        false
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // The one place where the real clock enters the program.
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until it is told to move, and never moves back.
#[derive(Debug)]
pub struct VirtualClock(Mutex<DateTime<Utc>>);

impl VirtualClock {
    /// A clock that stands at `start`.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves to `instant`, or stays where it is if that is past.
    pub fn advance_to(&self, instant: DateTime<Utc>) {
        let mut now = self.lock();
        *now = (*now).max(instant);
    }

    /// Moves forward by `by`.
    pub fn advance(&self, by: Duration) {
        let mut now = self.lock();
        *now += by;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, DateTime<Utc>> {
        // A panic while the lock is held cannot leave an instant half-written.
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Clock for VirtualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.lock()
    }

    fn passed(&self, started: DateTime<Utc>, took: Duration) {
        self.advance_to(started + took);
    }

    fn is_virtual(&self) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_that_were_awaited_together_move_a_virtual_clock_by_the_slowest() {
        let start = DateTime::<Utc>::UNIX_EPOCH;
        let clock = VirtualClock::new(start);
        for seconds in [3, 7, 5] {
            clock.passed(start, Duration::from_secs(seconds));
        }
        assert_eq!(clock.now(), start + Duration::from_secs(7));
    }
}
