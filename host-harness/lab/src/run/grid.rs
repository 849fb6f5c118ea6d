//! The moments of ticks: one at every update, but none before something is due.

/// The points `from + k × step` of the virtual clock.
#[derive(Debug, Clone, Copy)]
pub(super) struct Grid {
    /// The first point.
    pub(super) from: i64,
    /// Seconds between two points; 1 at least.
    pub(super) step: i64,
}

/// The event for which the next tick waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Due {
    /// No event: something has changed since the last tick.
    Now,
    /// This moment.
    At(i64),
    /// A change.
    Never,
}

impl Grid {
    /// The first point at `now` or later at which a tick is due, and later than the last tick's point; none: no tick
    /// is due.
    pub(super) fn next(self, now: i64, due: Due, last_tick: Option<i64>) -> Option<i64> {
        let due = match due {
            Due::Now => now,
            Due::At(at) => at.max(now),
            Due::Never => return None,
        };
        let earliest = last_tick.map_or(due, |last| due.max(last.saturating_add(1)));
        let steps = earliest.saturating_sub(self.from).max(0).saturating_add(self.step - 1) / self.step;
        Some(self.from.saturating_add(steps.saturating_mul(self.step)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: Grid = Grid { from: 1_000, step: 300 };

    #[test]
    fn a_tick_falls_on_the_next_point_that_is_due() {
        for (now, due, last, next) in [
            (1_000, Due::Now, None, Some(1_000)),
            (1_000, Due::Now, Some(1_000), Some(1_300)),
            (1_001, Due::Now, Some(1_000), Some(1_300)),
            (1_000, Due::At(1_301), Some(1_000), Some(1_600)),
            (1_700, Due::At(1_301), Some(1_600), Some(1_900)),
            (1_900, Due::At(0), Some(1_600), Some(1_900)),
            (1_000, Due::Never, None, None),
            (i64::MAX, Due::Now, None, Some(i64::MAX)),
        ] {
            assert_eq!(GRID.next(now, due, last), next, "{now} {due:?} {last:?}");
        }
    }
}
