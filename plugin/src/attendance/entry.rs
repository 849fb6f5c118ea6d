//! What is known and was written of one student in one class, and which version of CourseKey's record counts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::absence::CompleteRead;
use crate::marking::Basis;
use crate::model::attendance::{Adjustment, AttendanceRecord, Mark, Visit};
use crate::model::ids::RecordId;
use crate::model::time::Instant;

/// One student in one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The version of CourseKey's record that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<AttendanceRecord>,
    /// The newest version that came too late to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late: Option<AttendanceRecord>,
    /// CourseKey has no record, although it should: the student is absent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub missing: bool,
    /// The mark set by hand that stood when the content of the record changed for the last time; the record overrules it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overruled: Option<Mark>,
    /// The mark set by hand that stood when the late version came, which therefore does not answer to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stood_before_late: Option<Mark>,
    /// The basis of the mark that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Basis>,
    /// The log rows that were written, by number of the visit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<u32, (Instant, Instant)>,
    /// The record those rows are keyed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_of: Option<RecordId>,
}

/// The last moments at which a version of a record may have been written to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Any version: the class's end and the follow-up days.
    pub adjustment: Instant,
    /// A first record: as long as the course's attendance is followed.
    pub first: Instant,
}

impl Entry {
    /// Enters a version; whether it changes anything.
    ///
    /// DOMAIN §4 "Follow-up": "an adjustment counts when CourseKey's `updated-at` ≤ class end + N × 24 h, whenever we read
    /// it; a first record is always taken while the course is followed; later adjustments are not applied".
    ///
    /// | known versions | the one that counts |
    /// |---|---|
    /// | some up to the class's limit | the newest of these |
    /// | none of these, some up to the course's | the oldest of these: the first record |
    /// | none of either | none |
    ///
    /// So the order in which versions come makes no difference.
    pub(super) fn enter(&mut self, record: &AttendanceRecord, limits: Limits, hand: Option<Mark>) -> bool {
        let before = (self.record.take(), self.late.take());
        let known: Vec<&AttendanceRecord> = before.0.iter().chain(&before.1).chain([record]).collect();
        let up_to = |limit: Instant| -> Vec<&AttendanceRecord> {
            known.iter().copied().filter(|version| version.updated_at <= limit).collect()
        };
        let counts = newest(&up_to(limits.adjustment)).or_else(|| oldest(&up_to(limits.first)));
        self.late = newest(&known).filter(|newest| Some(*newest) != counts).cloned();
        self.record = counts.cloned();
        if content(before.0.as_ref()) != content(self.record.as_ref()) {
            self.overruled = hand;
        }
        if self.late != before.1 {
            self.stood_before_late = hand;
        }
        self.missing &= self.record.is_none();
        (&self.record, &self.late) != (&before.0, &before.1)
    }

    /// CourseKey has no record of a student who was to be there.
    pub(super) fn derive_absence(&mut self, _: CompleteRead) {
        self.missing = true;
    }

    /// The student was not to be there.
    pub(super) fn excuse(&mut self) {
        self.missing = false;
    }

    /// Whether CourseKey has a record, counted or not.
    pub(super) fn has_record(&self) -> bool {
        self.record.is_some() || self.late.is_some()
    }
}

/// What a record says of the student, if anything: one without visits and adjustment says no more than none.
fn content(record: Option<&AttendanceRecord>) -> Option<(&[Visit], Option<&Adjustment>)> {
    let content = record.map(|record| (record.visits.as_slice(), record.adjustment.as_ref()));
    content.filter(|(visits, adjustment)| !visits.is_empty() || adjustment.is_some())
}

/// Of one record the highest version, of several the one written last.
fn newest<'a>(versions: &[&'a AttendanceRecord]) -> Option<&'a AttendanceRecord> {
    let superseded = |one: &AttendanceRecord| versions.iter().any(|by| by.id == one.id && by.version > one.version);
    versions.iter().copied().filter(|one| !superseded(one)).max_by_key(|one| (one.updated_at, &one.id))
}

/// Of one record the lowest version, of several the one written first.
fn oldest<'a>(versions: &[&'a AttendanceRecord]) -> Option<&'a AttendanceRecord> {
    let supersedes = |one: &AttendanceRecord| versions.iter().any(|of| of.id == one.id && of.version < one.version);
    versions.iter().copied().filter(|one| !supersedes(one)).min_by_key(|one| (one.updated_at, &one.id))
}
