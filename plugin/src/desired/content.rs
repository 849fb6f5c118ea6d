//! The course itself and its classes as CourseKey should hold them, and issues about what of them cannot be sent.

use super::{View, Wishes, course_issue};
use crate::ledger::{CourseContent, CourseLedger, Item, Owner, Session, Slot};
use crate::model::course::Course;
use crate::model::ids::{ClassId, PersonId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::naming;
use crate::status::Trouble;

/// The most characters of a course's name and of its title that CourseKey takes (`coursekey.openapi.yaml`).
const TEXT_CAP: usize = 250;

/// Adds what the course lacks.
pub(super) fn note_what_is_missing(view: View<'_>, wishes: &mut Wishes) {
    for (missing, code, said) in [
        (view.course.instructors.is_empty(), Code::InstructorMissing, "has no instructor"),
        (view.course.classes.is_empty(), Code::ClassMissing, "has no class"),
    ] {
        if missing {
            wishes.issues.push(course_issue(view.course, code, said));
            wishes.unfit.push((Item::Course, code));
        }
    }
}

/// The course as CourseKey should hold it; none: the course itself cannot be sent. Where nobody of the present
/// instructors can be sent, the instructors and the owner that CourseKey holds stay.
pub(super) fn content(view: View<'_>, teaching: SortedSet<PersonId>, wishes: &mut Wishes) -> Option<CourseContent> {
    let problems = issues_at_once(view.course);
    let is_fit = problems.is_empty();
    for issue in problems {
        wishes.troubles.push(Trouble::new("course", 1, 1, crate::issue::row(issue.code).title));
        wishes.unfit.push((Item::Course, issue.code));
        wishes.issues.push(issue);
    }
    let course = view.course;
    if !is_fit {
        return None;
    }
    let instructors = match view.held() {
        Some(held) if teaching.is_empty() => held.instructors.clone(),
        _ => teaching,
    };
    Some(CourseContent {
        name: name(course),
        title: course.title.clone(),
        start_date: course.start_date,
        end_date: course.end_date,
        zone: view.campus.zone_named_as(view.held().map(|held| held.zone.as_str())),
        owner: owner(view, &instructors)?,
        instructors,
        hours_type: course.hours_type,
    })
}

/// The issues about the course's own data, which are told at once, however far away the sync window is.
///
/// DOMAIN §4 "Dates": "a course whose end is before its start, a title or id beyond the limits: an issue of that course
/// before sending, naming field, value's length and limit. … the issue is told at once, the status is Failed inside the
/// window."
pub fn issues_at_once(course: &Course) -> Vec<Issue> {
    let mut problems = Vec::new();
    if course.end_date < course.start_date {
        let said = format!("has the end date {} before its start date {}", course.end_date, course.start_date);
        problems.push(course_issue(course, Code::DatesWrong, &said));
    }
    for (field, text) in [("title", &course.title), ("name (group and course number)", &name(course))] {
        let length = text.chars().count();
        if length > TEXT_CAP {
            let said = format!("has a {field} of {length} characters; CourseKey takes {TEXT_CAP}");
            let mut issue = course_issue(course, Code::TextTooLong, &said);
            issue.subject.detail = Some(field.to_owned());
            problems.push(issue);
        }
    }
    problems
}

/// The name of a course in CourseKey: group name and course number.
fn name(course: &Course) -> String {
    format!("{} {}", course.group_name, course.number).trim().to_owned()
}

/// The owner of the course in CourseKey: the account that the campus names, else the owner that CourseKey holds already
/// (CourseKey takes no owner away), else the first instructor. None: no instructor can be sent.
fn owner(view: View<'_>, teaching: &SortedSet<PersonId>) -> Option<Owner> {
    let listed = view.course.instructors.iter().map(|listed| &listed.id);
    let first = listed.chain(teaching).find(|id| teaching.contains(*id))?;
    let held = view.held().map(|course| course.owner.clone());
    let named = view.campus.course_owner.clone().map(Owner::Named);
    let held = held.filter(|owner| matches!(owner, Owner::Instructor(_)));
    Some(named.or(held).unwrap_or_else(|| Owner::Instructor(first.clone())))
}

/// The classes of the course whose times can be sent.
pub(super) fn sessions(view: View<'_>, wishes: &mut Wishes) -> SortedMap<ClassId, Session> {
    let (good, bad): (Vec<_>, Vec<_>) = view.course.classes.iter().partition(|class| class.starts < class.ends);
    for class in &bad {
        let subject =
            Subject { course: Some(view.course.id.clone()), class: Some(class.id.clone()), ..Subject::default() };
        let named = naming::course(view.course).class(class.starts, view.zone);
        let ends = naming::moment(class.ends, view.zone);
        let sentence = format!("{named} ends before it starts, on {ends}");
        wishes.issues.push(Issue { code: Code::ClassTimesWrong, subject, sentence });
        wishes.unfit.push((Item::Class(class.id.clone()), Code::ClassTimesWrong));
    }
    if !bad.is_empty() {
        let title = crate::issue::row(Code::ClassTimesWrong).title;
        wishes.troubles.push(Trouble::new("class", bad.len(), view.course.classes.len(), title));
    }
    good.into_iter().map(|class| (class.id.clone(), Session::At { starts: class.starts, ends: class.ends })).collect()
}

/// The classes to remove of a course that GEGI removed: its future classes. Everything else of the course stays.
///
/// DOMAIN §4: "future classes without attendance are removed, the rest stays".
pub fn future_classes(ledger: &CourseLedger, now: Instant) -> SortedMap<ClassId, Session> {
    let future = |slot: &Slot<Session>| match slot.acknowledged {
        Some(Session::At { starts, .. }) => starts > now,
        // A class of which an answer is missing may be there, at whatever time.
        Some(Session::Removed) | None => slot.unheard,
    };
    ledger.sessions.iter().filter(|(_, slot)| future(slot)).map(|(id, _)| (id.clone(), Session::Removed)).collect()
}
