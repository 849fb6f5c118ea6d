//! The verdict about one student in one class: the mark or the log rows that should stand in GEGI, or the issues that
//! say why none can. Not here: the difference between the verdict and what GEGI holds, and whether a mark set by hand
//! is kept (`write`).

use super::{Entry, Sitting};
use crate::enrollment::HadLeft;
use crate::ledger::Enrollment;
use crate::marking::{self, Basis, Decision, LogRow, Rule};
use crate::model::attendance::AttendanceRecord;
use crate::model::course::HoursType;
use crate::model::ids::PersonId;
use crate::model::issue::Code;
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
    let mut verdict = match entry.record().filter(|_| entry.says_something()) {
        Some(record) if dropped_before(student, sitting) => after_drop(record, sitting),
        Some(record) => by_record(record, sitting),
        None if entry.missing => by_silence(entry.record(), sitting),
        None => Verdict::default(),
    };
    let hand = sitting.hand(student);
    if let (Some(first), Some(second), None) = (entry.record(), entry.second_record(), hand) {
        verdict.issues.push((Code::SecondRecord, two_records(first, second, sitting)));
    }
    if hand.is_some() {
        // Somebody set a mark by hand, so the missing check-out is not needed any more.
        verdict.issues.retain(|(code, _)| *code != Code::NeverCheckedOut);
    }
    let answered = hand.is_some() && hand != entry.stood_before_late;
    let says_something_else = |late: &&AttendanceRecord| entry.record().is_none_or(|told| !told.same_content(late));
    if let Some(late) = entry.late().filter(|_| !answered).filter(says_something_else) {
        verdict.issues.push((Code::LateAdjustment, too_late(late, sitting)));
    }
    verdict
}

/// The verdict about a student who is absent because there is no record, or a record that says nothing. Only courses of
/// Class Schedule have marks.
fn by_silence(record: Option<&AttendanceRecord>, sitting: Sitting<'_>) -> Verdict {
    match (sitting.course.hours_type, marking::decide(sitting.times, record, sitting.terms, sitting.now)) {
        (HoursType::ClassSchedule, Decision::Mark { basis, .. }) => Verdict { mark: Some(basis), ..Verdict::default() },
        _ => Verdict::default(),
    }
}

fn by_record(record: &AttendanceRecord, sitting: Sitting<'_>) -> Verdict {
    let mut verdict = Verdict::default();
    let decision = match sitting.course.hours_type {
        HoursType::ClassSchedule => marking::decide(sitting.times, Some(record), sitting.terms, sitting.now),
        HoursType::AttendanceLog => {
            let (rows, rest) = marking::log_rows(record, sitting.times, sitting.terms.settle, sitting.now);
            verdict.rows = rows;
            rest
        }
    };
    if to_be_read_until(&decision, sitting).is_some_and(|until| !was_read(record, until, sitting)) {
        verdict.judge_at = sitting.read_again_at();
        verdict.stays = true;
        return verdict;
    }
    match decision {
        Decision::Mark { basis, .. } => verdict.mark = Some(basis),
        Decision::Wait { until } => verdict.judge_at = Some(until),
        Decision::Report { code, sentence } => {
            verdict.judge_at = when_past(code, record);
            verdict.issues.push((code, format!("{}: {sentence}", sitting.named().person(&record.student))));
        }
        Decision::Nothing => {}
    }
    verdict
}

/// The moment up to which everything must have been read before the decision holds. CourseKey may have written
/// something up to that moment that changes the decision: a break checks everybody out and in again, and a check-out
/// may still arrive. None: the decision holds at once, because nothing but an adjustment can change it.
fn to_be_read_until(decision: &Decision, sitting: Sitting<'_>) -> Option<Instant> {
    match decision {
        Decision::Mark { basis, .. } => match basis.rule {
            Rule::LeftEarly | Rule::CameLateAndLeftEarly | Rule::LeftTooEarly => Some(sitting.times.ends),
            Rule::NeverCheckedOut => Some(sitting.settled()),
            _ => None,
        },
        Decision::Report { code: Code::NeverCheckedOut, .. } => Some(sitting.settled()),
        Decision::Report { .. } | Decision::Wait { .. } | Decision::Nothing => None,
    }
}

/// Whether the record was read in its state at that moment or later.
fn was_read(record: &AttendanceRecord, until: Instant, sitting: Sitting<'_>) -> bool {
    sitting.reading.until.max(Some(record.updated_at)) >= Some(until)
}

/// The sentence about two records. One of them counts, but CourseKey should have a single record of a student in a
/// class.
fn two_records(first: &AttendanceRecord, second: &AttendanceRecord, sitting: Sitting<'_>) -> String {
    let AttendanceRecord { id, student, .. } = first;
    let named = sitting.named().person(student);
    format!("CourseKey has two records of {named}: {id} counts, {} does not", second.id)
}

/// DOMAIN §4: "Dropped student after the drop …: issue, nothing written for that record, the others go on".
fn after_drop(record: &AttendanceRecord, sitting: Sitting<'_>) -> Verdict {
    let sentence = format!("CourseKey has attendance of {}, after the drop", sitting.named().person(&record.student));
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
    let would_be = by_record(late, sitting);
    let would_be = match (&would_be.mark, would_be.rows.len()) {
        (Some(basis), _) => marking::sentence(basis),
        (None, 0) => "no time".to_owned(),
        (None, _) => {
            let minutes: u32 = would_be.rows.iter().map(|row| row.minutes).sum();
            format!("{minutes} min")
        }
    };
    format!(
        "CourseKey's record of {} was written on {}, after the follow-up days, and is not applied; it says: {would_be}",
        sitting.named().person(&late.student),
        naming::moment(late.updated_at, sitting.zone)
    )
}
