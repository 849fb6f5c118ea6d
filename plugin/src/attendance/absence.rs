//! Who was to be in a class and has no record: the derived Absent.
//!
//! Seed, "Requesting Data from CourseKey": "Absent (A) … The student skipped the class (has not checked in)." CourseKey has
//! no record of a student who did nothing, so this mark is concluded from silence; DOMAIN §4 "No record for a student" says
//! when silence means absence.

use super::{ClassBook, LOOK_AGAIN, LOOK_FOR, Sitting};
use crate::ledger::{CourseLedger, Enrollment, Session};
use crate::model::course::{HoursType, Student};
use crate::model::ids::PersonId;
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::Instant;
use crate::world::records::{CurrentMark, Origin};

/// DOMAIN §4: "If **nobody** in a class of more than 5 has a record: no marks, one issue".
const NOT_HELD_ABOVE: usize = 5;

/// The proof that everything CourseKey has of a class that is over was read. An Absent cannot be derived without.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompleteRead(());

/// What follows from missing records.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// Who is absent from now on.
    pub(super) absent: Vec<(PersonId, CompleteRead)>,
    /// Who was taken for absent and, as GEGI has it by now, was not to be there.
    pub(super) excused: Vec<PersonId>,
    /// The class was probably not held.
    pub(super) issue: Option<Issue>,
    /// When to look again, though nothing arrives.
    pub(super) again_at: Option<Instant>,
}

/// Looks at everybody who has no record.
///
/// | condition (DOMAIN §4) | here |
/// |---|---|
/// | marks are kept at all | the course is of Class Schedule |
/// | "the class and the enrolment were acknowledged before the class began" | `was_expected` |
/// | "the student was enrolled at its start (`enrolled-from` ≤ its date, not stopped before)" | `belonged` |
/// | "a complete read as of at least end + settle time came back" | `CompleteRead` |
/// | "no mark exists" | none but the plugin's own of a record that says nothing any more |
/// | no unreadable record may be the student's | `Reading::unreadable` |
/// | "If nobody in a class of more than 5 has a record: no marks, one issue" | `not_held` |
pub(super) fn missing(book: &ClassBook, sitting: Sitting<'_>) -> Missing {
    let mut missing = Missing::default();
    if sitting.course.hours_type != HoursType::ClassSchedule {
        return missing;
    }
    missing.excused = excused(book, sitting);
    let Some(ledger) = sitting.ledger.filter(|_| sitting.now >= sitting.settled()) else { return missing };
    let listed = &sitting.course.students;
    let silent = |student: &&Student| {
        let entry = book.students.get(&student.person.id);
        // A mark of the plugin's own that rested on what CourseKey has taken back goes with it.
        let is_own =
            |mark: &CurrentMark| mark.origin == Origin::CourseKey && entry.is_some_and(|entry| entry.written.is_some());
        let marked = sitting.marks.get(&student.person.id).is_some_and(|mark| !is_own(mark));
        !marked && entry.is_none_or(|entry| !entry.missing && !entry.says_something())
    };
    let mut absent: Vec<&Student> = listed
        .iter()
        .filter(silent)
        .filter(|student| belonged(student, sitting) == Some(true) && was_expected(student, sitting, ledger))
        .collect();
    if absent.is_empty() {
        return missing;
    }
    let Some(read) = complete_read(sitting) else {
        // The course is followed until everything of it was read. What was told of the class stands until then.
        missing.again_at = sitting.read_again_at();
        missing.issue = book.issues.values().find(|issue| issue.code == Code::ClassNotHeld).cloned();
        return missing;
    };
    let silent = absent.len();
    absent.retain(|student| !may_be_unreadable(&student.person.id, sitting));
    if absent.len() < silent {
        missing.again_at = Some(sitting.now + LOOK_AGAIN).filter(|_| sitting.now < sitting.followed_until + LOOK_FOR);
    }
    let students = listed.iter().filter(|student| belonged(student, sitting) == Some(true)).count();
    if students > NOT_HELD_ABOVE && !book.says_something() && !sitting.reading.unplaced {
        missing.issue = Some(not_held(sitting, students));
    } else {
        missing.absent = absent.into_iter().map(|student| (student.person.id.clone(), read)).collect();
    }
    missing
}

/// Whom GEGI's data excuse while the class is followed: who did not belong to the course that day, as it stands now, or
/// everybody if the class has been moved and is not over.
fn excused(book: &ClassBook, sitting: Sitting<'_>) -> Vec<PersonId> {
    if sitting.now > sitting.times.ends + sitting.follow {
        return Vec::new();
    }
    let over = sitting.now >= sitting.settled();
    let was_elsewhere =
        |id: &PersonId| sitting.course.student(id).is_some_and(|student| belonged(student, sitting) == Some(false));
    let taken = book.students.iter().filter(|(id, entry)| entry.missing && (!over || was_elsewhere(id)));
    taken.map(|(id, _)| id.clone()).collect()
}

fn complete_read(sitting: Sitting<'_>) -> Option<CompleteRead> {
    sitting.reading.until.filter(|until| *until >= sitting.settled()).map(|_| CompleteRead(()))
}

fn may_be_unreadable(student: &PersonId, sitting: Sitting<'_>) -> bool {
    let unreadable = &sitting.reading.unreadable;
    unreadable.contains(&None) || unreadable.iter().flatten().any(|of| of == student)
}

/// Whether the student belonged to the course on the class's day. Where GEGI does not tell, nothing is concluded: no Absent
/// is derived, and none is taken back.
fn belonged(student: &Student, sitting: Sitting<'_>) -> Option<bool> {
    sitting.on_its_day(student).belonged
}

/// Whether CourseKey knew before the class began that there was this class, and that the student was to be in it.
fn was_expected(student: &Student, sitting: Sitting<'_>, ledger: &CourseLedger) -> bool {
    let starts = sitting.times.starts;
    let start_of = |session: &Session| matches!(session, Session::At { starts: at, .. } if *at == starts);
    let class_known =
        ledger.sessions.get(sitting.class).is_some_and(|slot| slot.since(start_of).is_some_and(|since| since < starts));
    let enrolled = ledger.enrollments.get(&student.person.id).and_then(|slot| slot.before(starts));
    class_known && enrolled == Some(&Enrollment { dropped: false })
}

fn not_held(sitting: Sitting<'_>, students: usize) -> Issue {
    let subject =
        Subject { course: Some(sitting.course.id.clone()), class: Some(sitting.class.clone()), ..Subject::default() };
    let sentence = format!(
        "none of the {students} students of class {} on {} has a record; it was probably not held",
        sitting.class, sitting.day
    );
    Issue { code: Code::ClassNotHeld, subject, sentence }
}
