//! What every step of a tick is told: when it is, how the school is set up, and what may be spent.

use super::Budget;
use crate::model::ids::CourseId;
use crate::model::time::{Instant, Seconds};
use crate::settings::Settings;
use crate::window;
use crate::world::Writes;

/// The daily pass begins this much before the follow-up days.
const OVERLAP: Seconds = Seconds(86_400);

/// The moment of a tick. Its clock stands at the tick's beginning.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) now: Instant,
    pub(super) settings: &'a Settings,
    pub(super) budget: Budget,
}

impl Moment<'_> {
    /// Whether the tick works on one thing alone.
    pub(super) fn is_alone(self) -> bool {
        self.budget.items <= 1
    }

    /// How many courses a step takes on, which works on so many at a time.
    pub(super) fn step(self, usual: usize) -> usize {
        if self.is_alone() { 1 } else { usual }
    }

    /// The next tick.
    pub(super) fn soon(self) -> Instant {
        self.now + self.settings.update_every
    }

    /// From where a pass over the follow-up days that begins now reads, at the latest. It begins before them, so that two
    /// passes overlap though they take their time.
    pub(super) fn pass_from(self) -> Instant {
        self.now - self.settings.follow - OVERLAP
    }

    /// The next night.
    pub(super) fn next_night(self) -> Instant {
        window::next_night(self.settings.zone(), self.now)
    }

    /// Leaves a note of the course that is worked on, when it is worked on alone.
    pub(super) fn note_work_on(self, world: &mut impl Writes, course: &CourseId) {
        if self.is_alone() {
            world.breadcrumb(Some(course.as_str()));
        }
    }
}
