//! How long the component waits: for one answer, and for all of a tick together. A host need not have time-outs of its
//! own, and its wall clock may be set while a call waits, so the monotonic clock decides.

use wasi::clocks::monotonic_clock::{self, subscribe_instant};
use wasi::io::poll::{Pollable, poll};

/// Nanoseconds of a second, as WASI has them.
pub(super) const SECOND: u64 = 1_000_000_000;
/// How long after the seconds of its budget a tick gives up what is still under way.
///
/// A host stops a tick 35 seconds after them (`wit/HOST.md`), which leaves five to store what the tick has. And a request
/// that is started at the last moment, half of the seconds, has the 55 seconds of its own time-outs wherever the budget
/// is 50 seconds or more.
const AFTER_BUDGET: u64 = 30;

/// How long a look at CourseKey may take: somebody waits for it.
const LOOK: u64 = 20;

/// A moment of the monotonic clock.
#[derive(Clone, Copy)]
pub(super) struct Deadline(u64);

impl Deadline {
    /// When the network of a tick that begins now ends.
    pub(super) fn of_tick(seconds: u32) -> Self {
        Self::within(u64::from(seconds) + AFTER_BUDGET)
    }

    /// When the network of a call ends that looks at CourseKey because somebody asks.
    pub(super) fn of_look() -> Self {
        Self::within(LOOK)
    }

    /// A deadline that has passed.
    pub(super) fn passed() -> Self {
        Self(0)
    }

    /// The earlier one of this deadline and so many seconds from now.
    pub(super) fn or_within(self, seconds: u64) -> Self {
        Self(self.0.min(Self::within(seconds).0))
    }

    fn within(seconds: u64) -> Self {
        Self(monotonic_clock::now().saturating_add(seconds * SECOND))
    }

    /// Whether it has passed.
    pub(super) fn is_over(self) -> bool {
        monotonic_clock::now() >= self.0
    }

    /// Waits until something is ready; the places of what is. Nothing is ready: the deadline came first.
    pub(super) fn wait(self, pollables: &[Pollable]) -> Vec<usize> {
        let end = subscribe_instant(self.0);
        let all: Vec<&Pollable> = pollables.iter().chain([&end]).collect();
        let ready = poll(&all).into_iter().filter_map(|place| usize::try_from(place).ok());
        ready.filter(|place| *place < pollables.len()).collect()
    }

    /// Waits for one thing; false: the deadline came first.
    pub(super) fn wait_for(self, pollable: Pollable) -> bool {
        !self.wait(&[pollable]).is_empty()
    }
}
