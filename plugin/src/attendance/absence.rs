//! The derived Absent: which students were expected in a class and have no record. Not here: the mark itself, which
//! `verdict` decides.
//!
//! Seed, "Requesting Data from CourseKey": "Absent (A) … The student skipped the class (has not checked in)." CourseKey
//! has no record of a student who did nothing, so this mark is concluded from the missing record. DOMAIN §4 "No record
//! for a student" says when a missing record means absence.

use super::account::NoMark;
use super::{ClassBook, Entry, LOOK_AGAIN, LOOK_FOR, Reading, Sitting};
use crate::ledger::{CourseLedger, Enrollment, Session};
use crate::model::course::{HoursType, Student};
use crate::model::ids::PersonId;
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::Instant;
use crate::world::records::{CurrentMark, Origin};

/// DOMAIN §4: "If in a class of more than 5 students *who were sent* fewer than two, or fewer than a tenth, have a record
/// that gives time (a visit or an award): no derived marks, one issue".
const NOT_HELD_ABOVE: usize = 5;
/// … "fewer than two".
const HELD_FROM: usize = 2;
/// … "or fewer than a tenth".
const HELD_SHARE: usize = 10;

/// The proof that everything CourseKey has of a class was read after the class was over. No Absent can be derived
/// without this proof, and only this file can make one.
#[derive(Debug, Clone, Copy)]
pub(super) struct CompleteRead(());

/// What follows from the records that are missing.
#[derive(Debug, Default)]
pub(super) struct Missing {
    /// The students who are absent from now on.
    pub(super) absent: Vec<(PersonId, CompleteRead)>,
    /// The students who were absent so far and are so no more, each with the reason.
    pub(super) excused: Vec<(PersonId, &'static str)>,
    /// The issue that the class was probably not held; none: the class was held, or that cannot be said yet.
    pub(super) issue: Option<Issue>,
    /// When the class should be judged again even if no record arrives.
    pub(super) again_at: Option<Instant>,
}

/// Decides about every student who has no record. Each condition of the table must hold for an Absent.
///
/// | condition (DOMAIN §4) | here |
/// |---|---|
/// | marks are kept at all | the class is of Class Schedule |
/// | "the class and the enrolment were acknowledged before the class began" | `was_expected` |
/// | "the student was enrolled at its start (`enrolled-from` ≤ its date, not stopped before)" | `belonged` |
/// | "a complete read as of at least end + settle time came back" | `CompleteRead` |
/// | "no mark exists" | no mark but one that the plugin wrote for a record that says nothing any more |
/// | no record may be the student's that is unreadable, or under an id that differs by case or blanks only | `may_have_record` |
/// | "If in a class of more than 5 … fewer than two, or fewer than a tenth, have a record …: no derived marks" | `not_held` |
pub(super) fn missing(book: &ClassBook, sitting: Sitting<'_>) -> Missing {
    let mut missing = Missing::default();
    if sitting.form != HoursType::ClassSchedule {
        return missing;
    }
    missing.excused = excused(book, sitting);
    if missing.excused.iter().any(|(student, _)| may_have_record(student, sitting)) {
        missing.again_at = look_again(sitting);
    }
    let Some(ledger) = sitting.ledger.filter(|_| sitting.now >= sitting.settled()) else { return missing };
    let listed = &sitting.course.students;
    let silent = |student: &&Student| {
        let entry = book.students.get(&student.person.id);
        // A mark that the plugin wrote for a record which CourseKey has taken back since does not count as a mark.
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
        // The course is followed until all of its attendance was read. Until then an open issue about the class stays
        // open.
        missing.again_at = sitting.read_again_at();
        missing.issue = book.issues.values().find(|issue| issue.code == Code::ClassNotHeld).cloned();
        return missing;
    };
    let silent = absent.len();
    absent.retain(|student| !may_have_record(&student.person.id, sitting));
    if absent.len() < silent {
        missing.again_at = look_again(sitting);
    }
    let was_sent =
        |student: &&Student| belonged(student, sitting) == Some(true) && was_enrolled(student, sitting, ledger);
    let sent: Vec<&Student> = listed.iter().filter(was_sent).collect();
    let has_time = |student: &&&Student| book.students.get(&student.person.id).is_some_and(Entry::has_time);
    let came = sent.iter().filter(has_time).count();
    if sent.len() > NOT_HELD_ABOVE && (came < HELD_FROM || came * HELD_SHARE < sent.len()) {
        missing.issue = Some(not_held(sitting, came, sent.len()));
    } else {
        missing.absent = absent.into_iter().map(|student| (student.person.id.clone(), read)).collect();
    }
    missing
}

/// Why a student without a record is not absent: the first of the conditions above that does not hold. `issues` are
/// those of the class after it was judged.
pub(super) fn why_not(issues: &[Issue], student: &PersonId, sitting: Sitting<'_>) -> NoMark {
    let Some(listed) = sitting.listed(student) else { return NoMark::NotListed };
    match belonged(listed, sitting) {
        Some(false) => return NoMark::NotThatDay,
        None => return NoMark::NotSaid,
        Some(true) => {}
    }
    if sitting.now < sitting.settled() {
        return NoMark::Settles(sitting.settled());
    }
    let ledger = sitting.ledger.filter(|ledger| class_was_known(sitting, ledger));
    let Some(ledger) = ledger else { return NoMark::ClassNotKnown };
    if !was_enrolled(listed, sitting, ledger) {
        return NoMark::NotEnrolledThen;
    }
    if complete_read(sitting).is_none() {
        return NoMark::NotRead(sitting.settled(), sitting.reading.until);
    }
    if may_have_record(student, sitting) {
        return NoMark::MayHaveRecord;
    }
    // Nothing is in the way, unless the class was probably not held, of which there is an issue.
    issues.iter().find(|issue| issue.code == Code::ClassNotHeld).cloned().map_or(NoMark::NextTick, NoMark::Issue)
}

/// The absent students who are so no more while the class is followed, each with the reason.
///
/// DOMAIN §4 "Derived A taken back": "when GEGI says that the student did not belong *that day* …, or when a record may
/// be the student's (unreadable, or under an id that differs by case or blanks only)"; "Class moved after marks".
fn excused(book: &ClassBook, sitting: Sitting<'_>) -> Vec<(PersonId, &'static str)> {
    if sitting.now > sitting.times.ends + sitting.follow {
        return Vec::new();
    }
    let over = sitting.now >= sitting.settled();
    let was_elsewhere =
        |id: &PersonId| sitting.listed(id).is_some_and(|student| belonged(student, sitting) == Some(false));
    let reason = |id: &PersonId| match () {
        () if !over => Some("the class was moved"),
        () if was_elsewhere(id) => Some("the student did not belong to the course on that day"),
        () if may_have_record(id, sitting) => Some("a record that has no place may be the student's"),
        () => None,
    };
    let absent = book.students.iter().filter(|(_, entry)| entry.missing);
    absent.filter_map(|(id, _)| Some((id.clone(), reason(id)?))).collect()
}

/// When to see whether the record that may be a student's is still without a place; none: nobody looks any more.
fn look_again(sitting: Sitting<'_>) -> Option<Instant> {
    Some(sitting.now + LOOK_AGAIN).filter(|_| sitting.now < sitting.followed_until + LOOK_FOR)
}

fn complete_read(sitting: Sitting<'_>) -> Option<CompleteRead> {
    sitting.reading.until.filter(|until| *until >= sitting.settled()).map(|_| CompleteRead(()))
}

/// Whether a record that has no place in the book may be the student's.
fn may_have_record(student: &PersonId, sitting: Sitting<'_>) -> bool {
    let Reading { unreadable, unplaced, .. } = sitting.reading;
    let unreadable_of = |of: &PersonId| of == student || of.folded() == student.folded();
    unreadable.contains(&None) || unreadable.iter().flatten().any(unreadable_of) || unplaced.contains(&student.folded())
}

/// Whether the student belonged to the course on the class's day. None: GEGI's data do not say; then no Absent is
/// derived and no Absent is taken back.
fn belonged(student: &Student, sitting: Sitting<'_>) -> Option<bool> {
    sitting.on_its_day(student).belonged
}

/// Whether CourseKey had acknowledged, before the class began, the class at this start and the student's enrolment.
fn was_expected(student: &Student, sitting: Sitting<'_>, ledger: &CourseLedger) -> bool {
    class_was_known(sitting, ledger) && was_enrolled(student, sitting, ledger)
}

/// Whether CourseKey had acknowledged, before the class began, the class at this start.
fn class_was_known(sitting: Sitting<'_>, ledger: &CourseLedger) -> bool {
    let starts = sitting.times.starts;
    let start_of = |session: &Session| matches!(session, Session::At { starts: at, .. } if *at == starts);
    ledger.sessions.get(sitting.class).is_some_and(|slot| slot.since(start_of).is_some_and(|since| since < starts))
}

/// Whether CourseKey had acknowledged the student's enrolment before the class began.
fn was_enrolled(student: &Student, sitting: Sitting<'_>, ledger: &CourseLedger) -> bool {
    let enrolled = ledger.enrollments.get(&student.person.id).and_then(|slot| slot.before(sitting.times.starts));
    enrolled == Some(&Enrollment { dropped: false })
}

fn not_held(sitting: Sitting<'_>, came: usize, sent: usize) -> Issue {
    let subject =
        Subject { course: Some(sitting.course.id.clone()), class: Some(sitting.class.clone()), ..Subject::default() };
    let came = match came {
        0 => "none".to_owned(),
        1 => "only one".to_owned(),
        came => format!("no more than {came}"),
    };
    let sentence = format!(
        "of the {sent} students of {}, {came} came by CourseKey's records; it was probably not held",
        sitting.named()
    );
    Issue { code: Code::ClassNotHeld, subject, sentence }
}
