//! What to do when work on one course aborts the whole call (a trap, a deadline). The host repeats such a tick with a
//! budget of one item; a note of what is worked on survives the rollback; what aborts three such calls is set aside.

use super::Tick;
use crate::model::ids::CourseId;
use crate::model::issue::{Code, Issue, Subject};
use crate::world::{StorageError, World};

/// So many calls in a row may abort on one course.
const PATIENCE: u32 = 3;

impl<W: World> Tick<'_, W> {
    /// Leaves a note of the course that is worked on, when it is worked on alone.
    pub(super) fn note_work_on(&mut self, course: &CourseId) {
        if self.budget.items <= 1 {
            self.world.breadcrumb(Some(course.as_str()));
        }
    }

    /// Sets a course aside that aborted too many calls. It is looked at again when GEGI's data of it change.
    pub(super) fn set_aside_what_aborts(&mut self) -> Result<(), StorageError> {
        if self.budget.items > 1 {
            return Ok(());
        }
        let Some(aborted) = self.world.last_aborted().filter(|aborted| aborted.times >= PATIENCE) else {
            return Ok(());
        };
        let course = CourseId(aborted.note);
        self.memory.load_courses(self.world, std::slice::from_ref(&course))?;
        self.agenda.dirty.retain(|dirty| *dirty != course);
        self.clear_note(course.as_str());
        self.schedule(&course, None);
        let subject = Subject { course: Some(course.clone()), ..Subject::default() };
        let sentence = format!("working on course {course} was aborted {} times in a row", aborted.times);
        self.update_course_issues(
            &course,
            &[Issue { code: Code::AbortedRepeatedly, subject, sentence: sentence.clone() }],
        )?;
        let page = self.memory.syncs.edit(course.as_str());
        page.failed_ticks = page.failed_ticks.max(aborted.times);
        page.last_failure = Some(sentence);
        self.world.breadcrumb(None);
        Ok(())
    }
}
