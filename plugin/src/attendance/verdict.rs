//! The verdict about one student in one class: the mark or the log rows that should stand in GEGI, or the issues that
//! say why none can. Not here: the difference between the verdict and what GEGI holds, and whether a mark set by hand
//! is kept (`write`).

use super::{ClassBook, Entry, Sitting};
use crate::enrollment::{HadLeft, Standing, standing};
use crate::ledger::Enrollment;
use crate::marking::{self, Basis, Decision, LogRow, Rule};
use crate::model::attendance::{AttendanceRecord, Mark};
use crate::model::course::{Agreement, HoursType};
use crate::model::ids::PersonId;
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::Instant;
use crate::naming;

/// What should stand in GEGI of one student in one class.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// The mark, as its basis; none: no mark.
    pub(super) mark: Option<Basis>,
    /// The log rows.
    pub(super) rows: Vec<LogRow>,
    /// The issues: the code and the sentence of each.
    pub(super) issues: Vec<(Code, String)>,
    /// When the student should be judged again.
    pub(super) judge_at: Option<Instant>,
    /// Nothing can be decided before more of CourseKey's attendance was read. Until then the mark that stands and the
    /// issues that are open stay as they are.
    pub(super) stays: bool,
}

/// Judges one student.
pub(super) fn of(entry: &Entry, student: &PersonId, sitting: Sitting<'_>) -> Verdict {
    let told = entry.told();
    let mut verdict = match told.as_slice() {
        [] if entry.missing => by_silence(entry.record(), sitting),
        [] => Verdict::default(),
        _ if dropped_before(student, sitting) && !entry.gives_time_still() => Verdict::default(),
        _ if dropped_before(student, sitting) => after_drop(student, sitting),
        _ => by_records(&told, sitting),
    };
    let hand = sitting.hand(student);
    if let (Some(first), Some(second), None) = (entry.record(), entry.second_record(), hand) {
        verdict.issues.push((Code::SecondRecord, two_records(first, second, sitting)));
    }
    if hand.is_some() {
        // Somebody set a mark by hand, so the missing check-out and better visits are not needed any more.
        verdict.issues.retain(|(code, _)| !matches!(code, Code::NeverCheckedOut | Code::VisitsDoubtful));
    }
    let answered = hand.is_some() && hand != entry.stood_before_late;
    if let Some(late) = entry.late().filter(|_| !answered) {
        verdict.issues.push((Code::LateAdjustment, too_late(late, sitting)));
    }
    verdict
}

/// The verdict about a student who is absent because there is no record, or a record that says nothing. Only classes
/// with marks have it.
fn by_silence(record: Option<&AttendanceRecord>, sitting: Sitting<'_>) -> Verdict {
    match (sitting.form, marking::decide(sitting.times, record, sitting.terms, sitting.now)) {
        (HoursType::ClassSchedule, Decision::Mark { basis, .. }) => Verdict { mark: Some(basis), ..Verdict::default() },
        _ => Verdict::default(),
    }
}

/// The verdict about a student with records. An impossible record makes an issue and nothing else; the others go on.
fn by_records(told: &[&AttendanceRecord], sitting: Sitting<'_>) -> Verdict {
    let problem = |record: &AttendanceRecord| marking::impossible(record, sitting.times.starts, sitting.now);
    let (possible, broken): (Vec<&AttendanceRecord>, Vec<&AttendanceRecord>) =
        told.iter().copied().partition(|record| problem(record).is_none());
    let mut verdict = by_possible(&possible, sitting);
    for record in broken {
        let Some((code, sentence)) = problem(record) else { continue };
        let at = when_past(code, record);
        verdict.judge_at = verdict.judge_at.into_iter().chain(at).min();
        verdict.issues.push((code, told_of(&record.student, &sentence, sitting)));
    }
    let is_absent = |basis: &Basis| basis.rule.mark() == Mark::Absent;
    if told.len() > 1 && verdict.mark.as_ref().is_some_and(is_absent) && !each_says_absent(told, sitting) {
        // DOMAIN §4 "Two records": "A contradiction never makes an Absent". The issue about the two says the rest.
        verdict.mark = None;
    }
    verdict
}

/// Whether each of the records alone means absence.
fn each_says_absent(told: &[&AttendanceRecord], sitting: Sitting<'_>) -> bool {
    told.iter().all(|record| {
        let is_possible = marking::impossible(record, sitting.times.starts, sitting.now).is_none();
        let decision = marking::decide(sitting.times, Some(record), sitting.terms, sitting.now);
        is_possible && matches!(decision, Decision::Mark { mark: Mark::Absent, .. })
    })
}

fn by_possible(records: &[&AttendanceRecord], sitting: Sitting<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let Some(whole) = marking::together(records, sitting.times) else { return verdict };
    let decision = match sitting.form {
        HoursType::ClassSchedule => marking::decide(sitting.times, Some(&whole), sitting.terms, sitting.now),
        HoursType::AttendanceLog => {
            let (rows, rest) = marking::log_rows(records, sitting.times, sitting.terms, sitting.now);
            verdict.rows = rows;
            rest
        }
    };
    if to_be_read_until(&decision, sitting).is_some_and(|until| !was_read(&whole, until, sitting)) {
        verdict.judge_at = sitting.read_again_at();
        verdict.stays = true;
        return verdict;
    }
    match decision {
        Decision::Mark { basis, .. } => verdict.mark = Some(basis),
        Decision::Wait { until } => verdict.judge_at = Some(until),
        Decision::Report { code: Code::NeverCheckedOut, sentence } => {
            let until = naming::moment(sitting.limits().check_out(), sitting.zone);
            let sentence = format!("{sentence}; CourseKey's check-out is taken until {until}");
            verdict.issues.push((Code::NeverCheckedOut, told_of(&whole.student, &sentence, sitting)));
        }
        Decision::Report { code, sentence } => {
            verdict.issues.push((code, told_of(&whole.student, &sentence, sitting)));
        }
        Decision::Nothing => {}
    }
    verdict
}

/// A sentence about a student in the class that stands alone.
fn told_of(student: &PersonId, sentence: &str, sitting: Sitting<'_>) -> String {
    format!("{}: {sentence}", sitting.named().person(student))
}

/// The moment up to which everything must have been read before the decision holds. CourseKey may have written
/// something up to that moment that changes the decision: a break checks everybody out and in again, and a check-out
/// may still arrive. None: the decision holds at once, because nothing but an adjustment can change it.
fn to_be_read_until(decision: &Decision, sitting: Sitting<'_>) -> Option<Instant> {
    match decision {
        Decision::Mark { basis, .. } if basis.left_at_end => Some(sitting.settled()),
        Decision::Mark { basis, .. } => match basis.rule {
            Rule::LeftEarly
            | Rule::CameLateAndLeftEarly
            | Rule::LeftTooEarly
            | Rule::AttendedTooLittle
            | Rule::NotThere => Some(sitting.times.ends),
            Rule::NeverCheckedOut => Some(sitting.settled()),
            _ => None,
        },
        Decision::Report { code: Code::NeverCheckedOut | Code::VisitsDoubtful, .. } => Some(sitting.settled()),
        Decision::Report { .. } | Decision::Wait { .. } | Decision::Nothing => None,
    }
}

/// Whether the record was read in its state at that moment or later.
fn was_read(record: &AttendanceRecord, until: Instant, sitting: Sitting<'_>) -> bool {
    sitting.reading.until.max(Some(record.updated_at)) >= Some(until)
}

/// The sentence about two records. They count together, but CourseKey should have a single record of a student in a
/// class.
fn two_records(first: &AttendanceRecord, second: &AttendanceRecord, sitting: Sitting<'_>) -> String {
    let told = format!("CourseKey has two records that count together, {} and {}", first.id, second.id);
    told_of(&first.student, &told, sitting)
}

/// DOMAIN §4: "Dropped student after the drop …: issue, nothing written for that record, the others go on". The issue ends
/// when the last such record has its time removed, however late.
fn after_drop(student: &PersonId, sitting: Sitting<'_>) -> Verdict {
    let sentence = told_of(student, "CourseKey has attendance after the drop", sitting);
    Verdict { issues: vec![(Code::RecordAfterDrop, sentence)], ..Verdict::default() }
}

/// Whether the student had left the course before the class: by the day on which the student stopped or, where GEGI
/// names no day, by the drop that CourseKey acknowledged before the class.
fn dropped_before(student: &PersonId, sitting: Sitting<'_>) -> bool {
    let Some(listed) = sitting.listed(student) else { return false };
    match sitting.on_its_day(listed).had_left {
        HadLeft::No => false,
        HadLeft::Yes => true,
        HadLeft::AtSomeTime => {
            let slot = sitting.ledger.and_then(|ledger| ledger.enrollments.get(student));
            slot.and_then(|slot| slot.before(sitting.times.starts)) == Some(&Enrollment { dropped: true })
        }
    }
}

/// When a record with a time in the future can be judged (DOMAIN §4: "future times are tried again").
fn when_past(code: Code, record: &AttendanceRecord) -> Option<Instant> {
    let last = record.visits.iter().map(|visit| visit.checked_out.unwrap_or(visit.checked_in)).max();
    last.filter(|_| code == Code::VisitInFuture)
}

/// The sentence about a version that came too late. It names the mark or the minutes that the version would have made,
/// so that people can enter them by hand.
fn too_late(late: &AttendanceRecord, sitting: Sitting<'_>) -> String {
    let would_be = by_records(&[late], sitting);
    let would_be = match (&would_be.mark, would_be.rows.len()) {
        (Some(basis), _) => marking::sentence(basis),
        (None, 0) => "no time".to_owned(),
        (None, _) => {
            let minutes: u32 = would_be.rows.iter().map(|row| row.minutes).sum();
            format!("{minutes} min")
        }
    };
    let written = naming::moment(late.updated_at, sitting.zone);
    let sentence = format!(
        "CourseKey's record was changed at {written}, after the follow-up days, and is not applied; it says: {would_be}"
    );
    told_of(&late.student, &sentence, sitting)
}

/// The issue about students of whom GEGI says by now that they are no students of the course, but not that they were
/// none on the class's day.
///
/// DOMAIN §4 "Derived A taken back": "Who is off the list, credit-granted or back at a stage before enrolment without a
/// date keeps the marks of the days before, A as well as P; one issue tells that they stand. So does who is enrolled anew
/// with a later `enrolled-from` after a drop that CourseKey was told of".
pub(super) fn marks_stand(book: &ClassBook, sitting: Sitting<'_>) -> Option<Issue> {
    let is_off = |student: &PersonId| {
        let Some(listed) = sitting.listed(student) else { return true };
        let left = matches!(standing(&listed.stage), Some(Standing::NotYet | Standing::Enrolled));
        let off = listed.agreement == Agreement::CreditGranted || left;
        off && sitting.on_its_day(listed).belonged.is_none()
    };
    let stands = |student: &PersonId, entry: &Entry| {
        (entry.written.is_some() && sitting.hand(student).is_none() || !entry.rows.is_empty()) && is_off(student)
    };
    let students = book.students.iter().filter(|(id, entry)| stands(id, entry)).map(|(id, _)| id.as_str());
    let students: Vec<&str> = students.collect();
    let sentence = format!(
        "{} in {}: GEGI lists no such student of the course any more and does not say that the attendance of that day is \
         wrong, so it stands",
        naming::list(students.iter().copied()),
        sitting.named()
    );
    let subject = Subject {
        course: Some(sitting.course.id.clone()),
        class: Some(sitting.class.clone()),
        person: None,
        detail: None,
    };
    (!students.is_empty()).then_some(Issue { code: Code::MarkStands, subject, sentence })
}
