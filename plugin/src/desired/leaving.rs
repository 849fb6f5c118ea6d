//! Which students and classes leave a course that CourseKey holds, and what GEGI says of each. The plan removes them;
//! the guard counts them, and sees nothing else of how the plan was made.

use serde::{Deserialize, Serialize};

use crate::enrollment::{self, Standing, Wanted};
use crate::ledger::{CourseLedger, Session};
use crate::model::course::{Agreement, Course, Student};
use crate::model::ids::{ClassId, PersonId};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, LocalDate};
use crate::model::zone::Zone;

/// What GEGI says of a student or a class that leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Cause {
    /// Nothing: the row is not there any more, or the student is back at a stage before enrollment.
    Vanished,
    /// The student stopped, or has credit for the course.
    Stopped,
    /// The course or its group ended.
    Ended,
}

/// What leaves a course.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Leaving {
    /// The students who are to be dropped.
    pub students: SortedMap<PersonId, Cause>,
    /// The classes that are to be removed.
    pub classes: SortedMap<ClassId, Cause>,
    /// How many students CourseKey holds as enrolled.
    pub enrolled: u32,
    /// How many classes CourseKey holds.
    pub scheduled: u32,
    /// Whether GEGI removed the course.
    pub course_removed: bool,
}

/// In the last days of a course its students complete it one after the other, as a group that ends does.
const LAST_DAYS: i64 = 14;

/// What leaves a course. `removed`: GEGI removed the course, of which CourseKey keeps everything but its future classes.
///
/// DOMAIN §4 "Accidents": "rows that *vanished* (students, classes) …; explicit stops … of a running course too".
pub fn leaving(course: &Course, removed: bool, ledger: &CourseLedger, now: Instant, zone: Zone) -> Leaving {
    let today = now.date_in(zone);
    let mut leaving = Leaving { course_removed: removed, ..Leaving::default() };
    let roll = course.roll();
    for (id, slot) in &ledger.enrollments {
        if slot.acknowledged.is_none_or(|enrollment| enrollment.dropped) {
            continue;
        }
        leaving.enrolled += 1;
        // Who was on the list of a course that GEGI removed stays enrolled.
        let cause = if removed { None } else { cause_of_student(course, roll.get(id).copied(), today) };
        leaving.students.extend(cause.map(|cause| (id.clone(), cause)));
    }
    let listed: SortedSet<&ClassId> =
        course.classes.iter().filter(|class| class.starts < class.ends).map(|class| &class.id).collect();
    for (id, slot) in &ledger.sessions {
        let Some(Session::At { starts, .. }) = slot.acknowledged else { continue };
        leaving.scheduled += 1;
        // What CourseKey refused to remove was let through before.
        let was_tried = slot.parked.as_ref().is_some_and(|parked| parked.content == Session::Removed);
        let leaves = if removed { starts > now } else { !listed.contains(&id) };
        if leaves && !was_tried {
            leaving.classes.insert(id.clone(), if is_over(course, today) { Cause::Ended } else { Cause::Vanished });
        }
    }
    leaving
}

/// Why a student is to be dropped whom CourseKey holds as enrolled; none: the student stays.
fn cause_of_student(course: &Course, listed: Option<&Student>, today: LocalDate) -> Option<Cause> {
    let Some(student) = listed else {
        return Some(if is_over(course, today) { Cause::Ended } else { Cause::Vanished });
    };
    if enrollment::wanted(student, course.end(), today, Some(false)).0 != Wanted::Dropped {
        return None;
    }
    let standing = enrollment::standing(&student.stage);
    let explained = is_over(course, today)
        || standing == Some(Standing::Finished) && (student.stopped_on.is_some() || is_ending(course, today))
        || student.stage.trim().eq_ignore_ascii_case("NOT STARTED") && today < course.start_date;
    let has_left = standing == Some(Standing::Stopped)
        || standing == Some(Standing::Finished)
        || student.agreement == Agreement::CreditGranted
        || student.stopped_on.is_some();
    Some(match (explained, has_left) {
        (true, _) => Cause::Ended,
        (false, true) => Cause::Stopped,
        (false, false) => Cause::Vanished,
    })
}

/// Whether GEGI says that the course is over.
fn is_over(course: &Course, today: LocalDate) -> bool {
    course.completed_date.is_some_and(|completed| completed <= today) || course.end() < today
}

fn is_ending(course: &Course, today: LocalDate) -> bool {
    (course.end() - today).num_days() <= LAST_DAYS
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{Enrollment, Slot};
    use crate::model::ids::SchoolNumber;
    use crate::testing::{at, course};

    /// What leaves a course on 2023-10-02 of which CourseKey holds three students and both classes.
    fn leaves(change: impl FnOnce(&mut Course)) -> String {
        leaves_on("2023-10-02T12:00:00Z", change)
    }

    fn leaves_on(now: &str, change: impl FnOnce(&mut Course)) -> String {
        let mut course = course("C1");
        let mut ledger = CourseLedger::begin(SchoolNumber(100), at("2023-08-20T12:00:00Z"));
        for student in &course.students {
            let slot = Slot { acknowledged: Some(Enrollment { dropped: false }), ..Slot::default() };
            ledger.enrollments.insert(student.person.id.clone(), slot);
        }
        for class in &course.classes {
            let held = Session::At { starts: class.starts, ends: class.ends };
            ledger.sessions.insert(class.id.clone(), Slot { acknowledged: Some(held), ..Slot::default() });
        }
        change(&mut course);
        let zone = Zone::parse("America/New_York").unwrap();
        let leaving = leaving(&course, false, &ledger, at(now), zone);
        let students = leaving.students.iter().map(|(id, cause)| format!("{id} {cause:?}"));
        students
            .chain(leaving.classes.iter().map(|(id, cause)| format!("{id} {cause:?}")))
            .collect::<Vec<_>>()
            .join(", ")
    }

    fn stage(course: &mut Course, stage: &str, stopped_on: Option<&str>) {
        let student = &mut course.students[0];
        student.stage = stage.to_owned();
        student.stopped_on = stopped_on.map(|day| day.parse().unwrap());
    }

    #[test]
    fn a_row_that_is_gone_vanished_and_a_stage_says_that_somebody_stopped() {
        assert_eq!(leaves(|_| {}), "");
        assert_eq!(leaves(|course| _ = course.students.remove(1)), "S2 Vanished");
        assert_eq!(leaves(|course| _ = course.classes.remove(0)), "C1-1 Vanished");
        assert_eq!(leaves(|course| stage(course, "DROPPED", Some("2023-10-01"))), "S1 Stopped");
        assert_eq!(leaves(|course| stage(course, "LOA", None)), "S1 Stopped");
        assert_eq!(leaves(|course| stage(course, "PENDING", None)), "S1 Vanished");
        assert_eq!(leaves(|course| course.students[0].agreement = Agreement::CreditGranted), "S1 Stopped");
    }

    #[test]
    fn what_ends_is_explained() {
        let completed = |course: &mut Course| {
            course.completed_date = Some("2023-10-01".parse().unwrap());
            course.students.clear();
            course.classes.remove(1);
        };
        assert_eq!(leaves(completed), "S1 Ended, S2 Ended, S3 Ended, C1-2 Ended");
        let gone = |course: &mut Course| _ = course.students.remove(0);
        assert_eq!(leaves_on("2023-12-16T12:00:00Z", gone), "S1 Ended");
        assert_eq!(leaves(|course| stage(course, "GRADUATED", Some("2023-10-01"))), "S1 Ended");
        assert_eq!(leaves(|course| stage(course, "GRADUATED", None)), "S1 Stopped");
        assert_eq!(leaves_on("2023-12-04T12:00:00Z", |course| stage(course, "COMPLETED", None)), "S1 Ended");
        assert_eq!(leaves_on("2023-08-25T12:00:00Z", |course| stage(course, "NOT STARTED", None)), "S1 Ended");
        assert_eq!(leaves(|course| stage(course, "NOT STARTED", None)), "S1 Stopped");
    }
}
