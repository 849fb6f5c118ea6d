//! Courses of Attendance Log: a record becomes rows of time spent instead of a mark.
//!
//! Seed, "Requesting Data from CourseKey": "For courses with Hours Type = Attendance Log, the records from CourseKey are
//! added in the attendance log format".

use super::{Attended, ClassTimes, Decision, impossible, never_out, override_without_time};
use crate::model::attendance::{AdjustmentKind, AttendanceRecord};
use crate::model::time::{Instant, Seconds};

/// One row of the attendance log. A row stands for one visit, or for the time that staff awarded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRow {
    /// Number of the visit within the record, from 1.
    pub visit: u32,
    /// Check-in.
    pub checked_in: Instant,
    /// Check-out.
    pub checked_out: Instant,
    /// Whole minutes from check-in to check-out.
    pub minutes: u32,
}

/// The rows that a record makes by now, and what is to be done about the part of the record that makes no row. A record
/// with an impossible visit makes no rows.
///
/// DOMAIN §4: "one row per visit, keyed by (record id, number of the visit), with in, out, minutes; …; award-full makes
/// one row of the class's length; an open visit waits".
///
/// | adjustment | rows |
/// |---|---|
/// | none, edit | one for each visit with a check-out, at once |
/// | override | as with none; where the last check-out is missing, one row of the awarded time from the class's start; with neither visits nor awarded time an issue |
/// | award full | one of the class's length, once the class is over; until then as with none |
/// | remove all | none |
pub fn log_rows(
    record: &AttendanceRecord,
    times: ClassTimes,
    settle: Seconds,
    now: Instant,
) -> (Vec<LogRow>, Decision) {
    if let Some((code, sentence)) = impossible(record, times.starts, now) {
        return (Vec::new(), Decision::Report { code, sentence });
    }
    let left = matches!(Attended::of(&record.visits, times.ends), Attended::Between { .. });
    let adjustment = record.adjustment.as_ref().map(|adjustment| (adjustment.kind, adjustment.awarded));
    let settled = times.ends + settle;
    let awarded = match adjustment {
        Some((AdjustmentKind::RemoveAll, _)) => return (Vec::new(), Decision::Nothing),
        Some((AdjustmentKind::AwardFull, _)) => times.ends - times.starts,
        Some((AdjustmentKind::Override, Some(time))) if !left => time.max(Seconds::ZERO),
        Some((AdjustmentKind::Override, None)) if record.visits.is_empty() => {
            let rest = if now < settled { Decision::Wait { until: settled } } else { override_without_time(record) };
            return (Vec::new(), rest);
        }
        _ => return (visits(record), open_visit(record, times.starts, settled, now)),
    };
    if now < times.ends {
        return (visits(record), Decision::Wait { until: times.ends });
    }
    (vec![row(1, times.starts, times.starts + awarded)], Decision::Nothing)
}

/// One row for each visit with a check-out. The numbers follow CourseKey's order and count visits without a check-out
/// too, so that an edit or a late check-out changes no other row's number.
fn visits(record: &AttendanceRecord) -> Vec<LogRow> {
    let numbered = (1..).zip(&record.visits);
    numbered.filter_map(|(number, visit)| Some(row(number, visit.checked_in, visit.checked_out?))).collect()
}

fn open_visit(record: &AttendanceRecord, starts: Instant, settled: Instant, now: Instant) -> Decision {
    if record.visits.iter().all(|visit| visit.checked_out.is_some()) {
        return Decision::Nothing;
    }
    if now < settled {
        return Decision::Wait { until: settled };
    }
    let (code, sentence) = never_out(&record.visits, starts);
    Decision::Report { code, sentence }
}

fn row(visit: u32, checked_in: Instant, checked_out: Instant) -> LogRow {
    let minutes = (checked_out - checked_in).whole_minutes();
    LogRow { visit, checked_in, checked_out, minutes: u32::try_from(minutes).unwrap_or(0) }
}
