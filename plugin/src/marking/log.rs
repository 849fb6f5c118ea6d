//! Attendance Log courses: rows of time spent instead of marks.
//!
//! Seed, "Requesting Data from CourseKey": "For courses with Hours Type = Attendance Log, the records from CourseKey are
//! added in the attendance log format".

use super::{ClassTimes, Decision, impossible, in_order};
use crate::model::attendance::{AdjustmentKind, AttendanceRecord};
use crate::model::issue::Code;
use crate::model::time::{Instant, Seconds};

/// One row: one visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRow {
    /// Number of the visit within the record, from 1.
    pub visit: u32,
    /// Check-in.
    pub checked_in: Instant,
    /// Check-out.
    pub checked_out: Instant,
    /// Whole minutes between them.
    pub minutes: u32,
}

/// The rows a record makes, and what is to be done about the rest of it; none: nothing about it can be written.
///
/// DOMAIN §4: "one row per visit, keyed by (record id, number of the visit), with in, out, minutes; …; award-full makes
/// one row of the class's length; an open visit waits".
pub fn log_rows(
    record: &AttendanceRecord,
    times: ClassTimes,
    settle: Seconds,
    now: Instant,
) -> (Option<Vec<LogRow>>, Decision) {
    if let Some(report) = impossible(&in_order(&record.visits), now) {
        return (None, report);
    }
    let rows = match record.adjustment.as_ref().map(|adjustment| adjustment.kind) {
        Some(AdjustmentKind::AwardFull) => return (Some(vec![row(1, times.starts, times.ends)]), Decision::Nothing),
        Some(AdjustmentKind::RemoveAll) => return (Some(Vec::new()), Decision::Nothing),
        _ => (1..)
            .zip(&record.visits)
            .filter_map(|(number, visit)| Some(row(number, visit.checked_in, visit.checked_out?)))
            .collect(),
    };
    let open = record.visits.iter().find(|visit| visit.checked_out.is_none());
    let settled = times.ends + settle;
    let rest = match open {
        None => Decision::Nothing,
        Some(_) if now < settled => Decision::Wait { until: settled },
        Some(visit) => Decision::Report {
            code: Code::NeverCheckedOut,
            sentence: format!("checked in at {} and never out", visit.checked_in),
        },
    };
    (Some(rows), rest)
}

fn row(visit: u32, checked_in: Instant, checked_out: Instant) -> LogRow {
    let minutes = (checked_out - checked_in).whole_minutes();
    LogRow { visit, checked_in, checked_out, minutes: u32::try_from(minutes).unwrap_or(0) }
}
