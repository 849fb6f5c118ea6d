//! What is to stand in GEGI of one student in one class, by what is known: a mark or log rows, or an issue why not.
//! What stands there already, and whose word it is, does not matter here.

use super::{Entry, Sitting};
use crate::enrollment::HadLeft;
use crate::ledger::Enrollment;
use crate::marking::{self, Basis, Decision, LogRow, Rule};
use crate::model::attendance::AttendanceRecord;
use crate::model::course::HoursType;
use crate::model::ids::PersonId;
use crate::model::issue::Code;
use crate::model::time::Instant;

/// What is to stand in GEGI.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// The mark.
    pub(super) mark: Option<Basis>,
    /// The log rows.
    pub(super) rows: Vec<LogRow>,
    /// What is wrong.
    pub(super) issues: Vec<(Code, String)>,
    /// When it can be told, or told better.
    pub(super) judge_at: Option<Instant>,
    /// It cannot be told before more was read: what stands and what is told stays until then.
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
        // Somebody has said what the missing check-out would have told.
        verdict.issues.retain(|(code, _)| *code != Code::NeverCheckedOut);
    }
    let answered = hand.is_some() && hand != entry.stood_before_late;
    let says_something_else = |late: &&AttendanceRecord| entry.record().is_none_or(|told| !told.same_content(late));
    if let Some(late) = entry.late().filter(|_| !answered).filter(says_something_else) {
        verdict.issues.push((Code::LateAdjustment, too_late(late, sitting)));
    }
    verdict
}

/// Of a student whom silence, or a record that says nothing, shows to be absent. Only Class Schedule has marks.
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
            let AttendanceRecord { class, student, .. } = record;
            verdict.issues.push((code, format!("{student} in class {class} of {}: {sentence}", sitting.day)));
        }
        Decision::Nothing => {}
    }
    verdict
}

/// Until when everything must have been read for the decision to hold, because what CourseKey wrote up to then may mend it: a
/// break checks everybody out and in again, and a check-out may still arrive. None: nothing but an adjustment can.
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

/// Whether what is known of the record is as it was at that moment or later.
fn was_read(record: &AttendanceRecord, until: Instant, sitting: Sitting<'_>) -> bool {
    sitting.reading.until.max(Some(record.updated_at)) >= Some(until)
}

/// The one counts, and somebody has to look: CourseKey has one record of a student in a class.
fn two_records(first: &AttendanceRecord, second: &AttendanceRecord, sitting: Sitting<'_>) -> String {
    let AttendanceRecord { id, class, student, .. } = first;
    format!(
        "CourseKey has two records of {student} in class {class} of {}: {id} counts, {} does not",
        sitting.day, second.id
    )
}

/// DOMAIN §4: "Dropped student after the drop …: issue, nothing written for that record, the others go on".
fn after_drop(record: &AttendanceRecord, sitting: Sitting<'_>) -> Verdict {
    let sentence = format!(
        "CourseKey has attendance of {} in class {} of {}, after the drop",
        record.student, sitting.class, sitting.day
    );
    Verdict { issues: vec![(Code::RecordAfterDrop, sentence)], ..Verdict::default() }
}

/// Whether the student had left the course before the class: by the day on which they stopped or, where GEGI names none, by
/// the drop CourseKey acknowledged.
fn dropped_before(student: &PersonId, sitting: Sitting<'_>) -> bool {
    let Some(listed) = sitting.course.student(student) else { return false };
    match sitting.on_its_day(listed).had_left {
        HadLeft::No => false,
        HadLeft::Yes => true,
        HadLeft::AtSomeTime => {
            let slot = sitting.ledger.and_then(|ledger| ledger.enrollments.get(student));
            slot.and_then(|slot| slot.before(sitting.times.starts)) == Some(&Enrollment { dropped: true })
        }
    }
}

/// When a record that names a time in the future can be judged (DOMAIN §4: "future times are tried again").
fn when_past(code: Code, record: &AttendanceRecord) -> Option<Instant> {
    let last = record.visits.iter().map(|visit| visit.checked_out.unwrap_or(visit.checked_in)).max();
    last.filter(|_| code == Code::VisitInFuture)
}

/// Says what the version that came too late would have made, so that it can be entered by hand.
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
        "CourseKey's record of {} in class {} was written at {}, after the follow-up days, and is not applied; it says: {would_be}",
        late.student, sitting.class, late.updated_at
    )
}
