//! Sets a course aside whose work aborts the whole call (a trap, a deadline). After an
//! aborted tick the next takes one item, whatever its budget. Such a tick works on one course and leaves a note of it, which survives the rollback. A course
//! that aborts three such ticks in a row is set aside.

use super::agenda::Agenda;
use super::moment::Moment;
use super::outgoing::Outgoing;
use crate::memory::Rosters;
use crate::model::ids::CourseId;
use crate::model::issue::{Code, Issue, Subject};
use crate::world::{Aborted, StorageError, Writes};

/// How many ticks in a row may abort on one course before the course is set aside.
const PATIENCE: u32 = 3;

/// Sets a course aside that aborted too many ticks: it leaves the due index and gets an issue. The course is looked at
/// again when GEGI changes it.
pub(super) fn set_aside(
    world: &mut impl Writes,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    out: &mut Outgoing,
) -> Result<(), StorageError> {
    if !moment.is_alone() {
        return Ok(());
    }
    let culprit = |aborted: &Aborted| aborted.times >= PATIENCE && !aborted.note.is_empty();
    let Some(aborted) = world.last_aborted().filter(culprit) else { return Ok(()) };
    let course = CourseId(aborted.note);
    rosters.load_courses(world, [&course])?;
    agenda.dirty.retain(|dirty| *dirty != course);
    agenda.clear_note(&course);
    let subject = Subject { course: Some(course.clone()), ..Subject::default() };
    let sentence = format!("working on course {course} was aborted {} times in a row", aborted.times);
    let issue = Issue { code: Code::AbortedRepeatedly, subject, sentence: sentence.clone() };
    let page = rosters.pages.edit(course.as_str());
    agenda.schedule(&course, page, None, moment.now);
    out.exchange_issues(world, &mut page.issues, &[issue])?;
    page.set_aside = Some(sentence);
    world.breadcrumb(None);
    Ok(())
}
