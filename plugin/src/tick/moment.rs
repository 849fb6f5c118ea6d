//! The moment of a tick, which every step is given: the present moment, the settings and the budget.

use super::Budget;
use crate::model::ids::CourseId;
use crate::model::time::{Instant, Seconds};
use crate::settings::Settings;
use crate::window;
use crate::world::Writes;

/// How long before the follow-up days the daily pass begins.
const OVERLAP: Seconds = Seconds(86_400);

/// The moment of a tick. `now` is when the tick began, for all of its steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) now: Instant,
    pub(super) settings: &'a Settings,
    pub(super) budget: Budget,
}

impl Moment<'_> {
    /// Whether the tick works on one course alone, because the tick before was aborted.
    pub(super) fn is_alone(self) -> bool {
        self.budget.items <= 1
    }

    /// How many courses a step takes on at a time: `usual`, or one in a tick that works on one course alone.
    pub(super) fn step(self, usual: usize) -> usize {
        if self.is_alone() { 1 } else { usual }
    }

    /// The moment of the next tick.
    pub(super) fn soon(self) -> Instant {
        self.now + self.settings.update_every
    }

    /// The moment from which a daily pass that begins now reads, at the latest. The pass begins before the follow-up
    /// days, so that two passes in a row overlap although a pass takes its time.
    pub(super) fn pass_from(self) -> Instant {
        self.now - self.settings.follow - OVERLAP
    }

    /// The next moment at which nightly work begins.
    pub(super) fn next_night(self) -> Instant {
        window::next_night(self.settings.zone(), self.now)
    }

    /// Leaves a note of the course, if the tick works on one course alone.
    pub(super) fn note_work_on(self, world: &mut impl Writes, course: &CourseId) {
        if self.is_alone() {
            world.breadcrumb(Some(course.as_str()));
        }
    }
}
