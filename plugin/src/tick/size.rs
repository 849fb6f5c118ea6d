//! How much one tick takes on. A tick is one transaction, so everything it reads, changes and writes into GEGI has to
//! fit into what the host allows in one call; a step that has taken on enough leaves the rest to the next tick.
//!
//! The host's limits are not known here. A tick takes on far less than the WIT promises; where even that is refused, or
//! stops the call, the next tick works on one item alone and the sizes of the ticks after it are halved, until a tick
//! ends with nothing left to do.

use super::Budget;
use crate::memory::Rosters;

/// The most bytes of stored values that a tick holds at a time. They take a multiple of this in memory.
const BYTES: usize = 6 * 1_024 * 1_024;
/// The most entries that a step changes.
const CHANGES: usize = 20_000;
/// The most operations on GEGI's records. The WIT promises five times as many.
const OPERATIONS: usize = 10_000;
/// The most attendance records.
const RECORDS: usize = 5_000;
/// The most visits of those records: a mark keeps them all in its basis.
const VISITS: usize = 20_000;
/// How many courses or classes are loaded at a time.
const PORTION: usize = 16;
/// How often the sizes are halved at the most.
const MOST_CAUTION: u32 = 12;

/// How much one tick takes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Size {
    /// How often the sizes are halved; none: the tick works on one item alone.
    halved: Option<u32>,
}

impl Size {
    /// The sizes of a tick. `caution` is how often they are halved, because larger ticks were refused.
    pub(super) fn of(budget: Budget, caution: u32) -> Self {
        Self { halved: (budget.items > 1).then_some(caution.min(MOST_CAUTION)) }
    }

    /// How often the sizes of the next tick are halved. `again` says whether this tick left work.
    pub(super) fn caution_after(self, caution: u32, again: bool) -> u32 {
        match self.halved {
            None => caution.saturating_add(1).min(MOST_CAUTION),
            Some(_) if again => caution,
            Some(_) => 0,
        }
    }

    /// How many courses or classes are loaded at a time.
    pub(super) fn portion(self) -> usize {
        self.scale(PORTION)
    }

    /// The most operations on GEGI's records.
    pub(super) fn operations(self) -> usize {
        self.scale(OPERATIONS)
    }

    /// The most attendance records.
    pub(super) fn records(self) -> usize {
        self.scale(RECORDS)
    }

    /// The most visits of attendance records.
    pub(super) fn visits(self) -> usize {
        self.scale(VISITS)
    }

    /// The most bytes of stored values that the tick holds at a time.
    pub(super) fn bytes(self) -> usize {
        self.scale(BYTES)
    }

    /// Whether courses and people have taken up as much as one tick takes on.
    pub(super) fn is_used_up(self, rosters: &Rosters) -> bool {
        rosters.bytes() >= self.bytes() || rosters.touched() >= self.scale(CHANGES)
    }

    /// The size of a step whose usual size is `usual`.
    pub(super) fn scale(self, usual: usize) -> usize {
        self.halved.map_or(1, |halvings| (usual >> halvings).max(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_halved_after_a_tick_of_one_item_until_nothing_is_left() {
        let usual = Budget { items: 10_000, seconds: 60 };
        let alone = Budget { items: 1, seconds: 60 };
        let operations = |caution| Size::of(usual, caution).operations();
        assert_eq!((operations(0), operations(1), operations(12), operations(99)), (10_000, 5_000, 2, 2));
        assert_eq!(Size::of(alone, 0).operations(), 1);
        let after = |budget, caution, again| Size::of(budget, caution).caution_after(caution, again);
        assert_eq!((after(alone, 0, true), after(alone, 12, false)), (1, 12));
        assert_eq!((after(usual, 3, true), after(usual, 3, false)), (3, 0));
    }
}
