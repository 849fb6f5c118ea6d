//! The moment of a tick, which every step is given: the present moment, the settings and the budget.

use super::Budget;
use super::size::Size;
use crate::model::ids::{ClassId, CourseId};
use crate::model::time::{Instant, Seconds};
use crate::settings::Settings;
use crate::window;
use crate::world::Writes;

/// How long before the follow-up days the daily pass begins.
const OVERLAP: Seconds = Seconds(86_400);

/// What a tick works on at one time, as the note about aborted work names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Item {
    /// A course: its people, its plan, its dates.
    Course(CourseId),
    /// The attendance of a class.
    Class(ClassId),
    /// A push, by its digest.
    Push(String),
}

impl Item {
    /// The note about the item.
    fn note(&self) -> String {
        match self {
            Self::Course(course) => format!("course/{course}"),
            Self::Class(class) => format!("class/{class}"),
            Self::Push(digest) => format!("push/{digest}"),
        }
    }

    /// The item that a note is about; none: the note is no note of an item.
    pub(super) fn read(note: &str) -> Option<Self> {
        let (kind, id) = note.split_once('/')?;
        match kind {
            "course" => Some(Self::Course(CourseId::from(id))),
            "class" => Some(Self::Class(ClassId::from(id))),
            "push" => Some(Self::Push(id.to_owned())),
            _ => None,
        }
    }
}

/// The moment of a tick. `now` is when the tick began, for all of its steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment<'a> {
    pub(super) now: Instant,
    pub(super) settings: &'a Settings,
    pub(super) budget: Budget,
    /// How much the tick takes on.
    pub(super) size: Size,
}

impl Moment<'_> {
    /// Whether the tick works on one course alone, because the tick before was aborted.
    pub(super) fn is_alone(self) -> bool {
        self.budget.items <= 1
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

    /// Leaves a note of what the tick works on, if the tick works on one item alone. Should the call be aborted, the
    /// next tick learns of which item.
    pub(super) fn note_work_on(self, world: &mut impl Writes, item: &Item) {
        if self.is_alone() {
            world.breadcrumb(Some(&item.note()));
        }
    }

    /// Takes the note back: from here on the tick works on no single item that could abort the call.
    pub(super) fn note_nothing(self, world: &mut impl Writes) {
        if self.is_alone() {
            world.breadcrumb(None);
        }
    }
}
