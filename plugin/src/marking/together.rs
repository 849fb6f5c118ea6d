//! Several records of one student in one class, told together. CourseKey should have one record of each student in each
//! class, but devices and staff make second ones.
//!
//! DOMAIN §4 "Two records of one student in one class": "the union of their visits decides, minutes counted once; where one
//! is awarded, the larger award decides; `remove all` beside a record that gives time counts for nothing; issue `second
//! record` stays. A contradiction never makes an Absent".

use std::cmp::Reverse;

use super::ClassTimes;
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord};
use crate::model::time::Seconds;

/// Whether a record gives the student time: it has a visit, or staff awarded time.
pub fn gives_time(record: &AttendanceRecord) -> bool {
    match &record.adjustment {
        Some(adjustment) => adjustment.kind != AdjustmentKind::RemoveAll,
        None => !record.visits.is_empty(),
    }
}

/// One record that says what several say together; none: there are no records. Its id and version are those of the
/// first, and it is as old as the oldest.
pub fn together(records: &[&AttendanceRecord], times: ClassTimes) -> Option<AttendanceRecord> {
    let giving: Vec<&AttendanceRecord> = records.iter().copied().filter(|record| gives_time(record)).collect();
    let told = if giving.is_empty() { records } else { &giving };
    let [first, others @ ..] = told else { return None };
    let mut whole = (*first).clone();
    for other in others {
        whole.visits.extend(&other.visits);
        whole.updated_at = whole.updated_at.min(other.updated_at);
    }
    whole.adjustment = deciding(told, times).and_then(|record| record.adjustment.clone());
    Some(whole)
}

/// The record whose adjustment decides; none: staff adjusted none of them. Of equal adjustments that of the lowest id
/// decides, so that it makes no difference which record was written or read first.
pub(super) fn deciding<'a>(records: &[&'a AttendanceRecord], times: ClassTimes) -> Option<&'a AttendanceRecord> {
    let adjusted = records.iter().filter_map(|record| Some((record.adjustment.as_ref()?, *record)));
    let decides = adjusted.max_by_key(|(adjustment, record)| (weight(adjustment, times), Reverse(&record.id)));
    decides.map(|(_, record)| record)
}

/// How much an adjustment decides: an award before none, and of two awards the larger.
fn weight(adjustment: &Adjustment, times: ClassTimes) -> Option<Seconds> {
    match (adjustment.kind, adjustment.awarded) {
        (AdjustmentKind::AwardFull, _) => Some(times.ends - times.starts),
        (AdjustmentKind::RemoveAll, _) => None,
        (AdjustmentKind::Edit | AdjustmentKind::Override, awarded) => awarded,
    }
}
