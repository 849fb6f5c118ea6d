//! The only sources of time: the machine's clock and a virtual clock. All other code is given a [`Clock`].

use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Gives the time to the host and, through `wasi:clocks`, to the component.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The present moment.
    fn now(&self) -> DateTime<Utc>;

    /// Tells the clock that work which began at `started` took `took`. The machine's clock has moved on already; a
    /// virtual clock moves to the end of the work. Of several works that run at once the latest end counts, not the
    /// sum.
    fn passed(&self, _started: DateTime<Utc>, _took: Duration) {}

    /// Whether the clock stands still between calls of [`Clock::passed`]. If so, the host makes no decision that
    /// depends on real time, so that two runs are alike.
    fn is_virtual(&self) -> bool {
        false
    }
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[allow(clippy::disallowed_methods)] // The only place that reads the real clock.
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// A clock that stands still until a caller moves it forward, and never moves back.
#[derive(Debug)]
pub struct VirtualClock(Mutex<DateTime<Utc>>);

impl VirtualClock {
    /// A clock that stands at `start`.
    pub fn new(start: DateTime<Utc>) -> Self {
        Self(Mutex::new(start))
    }

    /// Moves to `instant`; a clock that is past `instant` stays where it is.
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
        // A panic while the lock is held cannot leave an instant half written.
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
