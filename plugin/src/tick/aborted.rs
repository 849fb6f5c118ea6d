//! Sets an item aside whose work aborts the whole call (a trap, a deadline, more than the host allows). After an aborted
//! tick the next takes one item, whatever its budget. Such a tick leaves a note of each item before it works on it, and
//! the note survives the rollback. An item that aborts three such ticks in a row is set aside and becomes an issue, so
//! that one course, class or push never stops a school.

use super::agenda::Agenda;
use super::campus::Campuses;
use super::moment::{Item, Moment};
use super::outgoing::Outgoing;
use crate::following;
use crate::memory::head::Head;
use crate::memory::{PUSH, Rosters, parts};
use crate::model::ids::{ClassId, CourseId};
use crate::model::issue::{Code, Issue, Subject};
use crate::naming;
use crate::settings::Settings;
use crate::world::{StorageError, Writes};

/// How many ticks in a row may abort on one item before the item is set aside.
const PATIENCE: u32 = 3;

/// Sets an item aside that aborted too many ticks, and answers whether there was one. The tick then does nothing else,
/// because whatever aborted it next would undo the setting aside.
pub(super) fn set_aside(
    world: &mut impl Writes,
    moment: Moment<'_>,
    head: &mut Head,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    out: &mut Outgoing,
) -> Result<bool, StorageError> {
    if !moment.is_alone() {
        return Ok(false);
    }
    let Some(aborted) = world.last_aborted().filter(|aborted| aborted.times >= PATIENCE) else { return Ok(false) };
    match Item::read(&aborted.note) {
        Some(Item::Course(course)) => set_course_aside(world, moment, rosters, agenda, out, &course, aborted.times)?,
        Some(Item::Class(class)) => set_class_aside(world, moment, rosters, agenda, &class)?,
        Some(Item::Push(digest)) => {
            // The poll brings the push's records.
            agenda.inbox.retain(|(waiting, _)| *waiting != digest);
            let key = format!("{PUSH}{digest}");
            let body = parts::get_many(world, std::slice::from_ref(&key))?.pop().flatten();
            agenda.clear_push(&digest, &key, body.as_deref());
            let sentence = format!("working on a push of CourseKey was aborted {} times in a row", aborted.times);
            head.tell_for_a_day(Code::AbortedRepeatedly, format!("push {digest}"), sentence, moment.now);
        }
        None => return Ok(false),
    }
    world.breadcrumb(None);
    agenda.again = true;
    Ok(true)
}

/// Sets a course aside: it leaves the due index and gets an issue. The course is looked at again when GEGI changes it.
fn set_course_aside(
    world: &mut impl Writes,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    out: &mut Outgoing,
    course: &CourseId,
    times: u32,
) -> Result<(), StorageError> {
    rosters.pages.load(world, std::iter::once(course.as_str()))?;
    agenda.dirty.retain(|dirty| dirty != course);
    agenda.clear_note(course);
    let subject = Subject { course: Some(course.clone()), ..Subject::default() };
    let named = rosters
        .held(course)
        .map_or_else(|| format!("course {course}"), |held| naming::course(&held.course).to_string());
    let sentence = format!("working on {named} was aborted {times} times in a row");
    let issue = Issue { code: Code::AbortedRepeatedly, subject, sentence: sentence.clone() };
    let page = rosters.pages.edit(course.as_str());
    agenda.schedule(course, page, None, moment.now);
    out.exchange_issues(world, &mut page.issues, &[issue])?;
    page.set_aside = Some(sentence);
    Ok(())
}

/// Sets a class aside: no record of it is taken and no mark of it is written until GEGI changes its course. The look at
/// the course tells of it.
fn set_class_aside(
    world: &mut impl Writes,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    class: &ClassId,
) -> Result<(), StorageError> {
    rosters.classes.load(world, std::iter::once(class.as_str()))?;
    let Some(course) = rosters.classes.get(class.as_str()).map(|entry| entry.course.clone()) else { return Ok(()) };
    rosters.pages.load(world, std::iter::once(course.as_str()))?;
    let page = rosters.pages.edit(course.as_str());
    page.judge.remove(class);
    page.classes_set_aside.insert(class.clone());
    agenda.look_by(rosters, &course, moment.now, moment.now);
    Ok(())
}

/// Reads the attendance of courses again of which classes are not set aside any more, because the records that came
/// meanwhile were not taken. Until they are read nobody is absent by silence.
pub(super) fn read_freed(moment: Moment<'_>, campuses: &mut Campuses, rosters: &Rosters, courses: &[CourseId]) {
    for course in courses {
        let from = rosters.held(course).and_then(|held| following::from(&held.course));
        let campus = rosters.ledger(course).and_then(|ledger| moment.settings.campus_of(ledger.school));
        if let (Some(from), Some(campus)) = (from, campus) {
            campuses.read_from(&campus.id, from, moment.next_night());
        }
    }
}

/// The issues about the classes of a course that are set aside.
pub(super) fn issues(rosters: &Rosters, settings: &Settings, course: &CourseId) -> Vec<Issue> {
    let held = rosters.held(course).map(|held| &held.course);
    let set_aside = rosters.page(course).into_iter().flat_map(|page| &page.classes_set_aside);
    let issue = |class: &ClassId| {
        let subject = Subject { course: Some(course.clone()), class: Some(class.clone()), ..Subject::default() };
        let named = held.and_then(|held| {
            let zone = settings.campuses.get(&held.campus).and_then(|campus| campus.zone);
            Some(naming::course(held).class(held.class(class)?.starts, zone).to_string())
        });
        let named = named.unwrap_or_else(|| format!("class {class}"));
        let sentence = format!("working on the attendance of {named} was aborted {PATIENCE} times in a row");
        Issue { code: Code::AbortedRepeatedly, subject, sentence }
    };
    set_aside.map(issue).collect()
}
