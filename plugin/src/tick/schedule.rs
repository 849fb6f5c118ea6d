//! The due index: when each course is looked at next, and when the next tick is.

use super::Tick;
use crate::memory::due_key;
use crate::model::ids::CourseId;
use crate::model::time::Instant;
use crate::world::{Change, World};

impl<W: World> Tick<'_, W> {
    /// Moves a course, whose page is loaded, in the due index.
    pub(super) fn schedule(&mut self, course: &CourseId, due: Option<Instant>) {
        let page = self.memory.syncs.edit(course.as_str());
        let before = page.due;
        if before == due {
            return;
        }
        page.due = due;
        if let Some(at) = before {
            self.agenda.due.remove(&(at, course.clone()));
            self.changes.push(Change::Delete(due_key(at, course)));
        }
        if let Some(at) = due {
            self.changes.push(Change::Put(due_key(at, course), Vec::new()));
            if at <= self.now {
                self.agenda.due.insert((at, course.clone()));
            } else {
                self.agenda.next = Some(self.agenda.next.map_or(at, |next| next.min(at)));
            }
        }
    }

    /// Makes a course, whose page is loaded, due now if it is not due already.
    pub(super) fn make_due(&mut self, course: &CourseId) {
        let due = self.memory.syncs.get(course.as_str()).and_then(|page| page.due);
        if due.is_none_or(|at| at > self.now) {
            self.schedule(course, Some(self.now));
        }
    }

    /// When there is something to do next.
    pub(super) fn next_due(&mut self) -> Option<Instant> {
        let polled = self.settings.campuses.keys().filter_map(|campus| self.next_poll(campus)).min();
        let comparison = Some(self.head.comparison.next);
        let digest = self.head.digest.not_before.filter(|_| self.head.digest.waiting);
        [self.agenda.next, polled, comparison, digest].into_iter().flatten().min().map(|at| at.max(self.now))
    }

    fn next_poll(&self, campus: &crate::model::ids::CampusId) -> Option<Instant> {
        let state = self.campuses.peek(campus)?;
        let soonest = self.now + self.settings.update_every;
        (state.followed > 0).then(|| {
            self.campuses.not_before(campus, crate::world::http::Kind::Attendance).map_or(soonest, |at| at.max(soonest))
        })
    }
}
