//! What is known and was written of one student in one class, and which version of CourseKey's record counts.

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::absence::CompleteRead;
use crate::marking::Basis;
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::ids::RecordId;
use crate::model::time::Instant;

/// One student in one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// CourseKey's records of the student in the class, the one that counts first. There is one, if all is well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    records: Vec<Versions>,
    /// CourseKey says nothing of the student, although it should: the student is absent.
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

/// What matters of the versions of one record.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Versions {
    /// The one that counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    counts: Option<AttendanceRecord>,
    /// The newest, if it came too late to count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    late: Option<AttendanceRecord>,
}

/// The last moments at which a version of a record may have been written to count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Any version: the class's end and the follow-up days.
    pub adjustment: Instant,
    /// A first record: as long as the course's attendance is followed.
    pub first: Instant,
}

impl Versions {
    /// Weighs the versions that are held and perhaps one more.
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
    fn weigh(&mut self, one_more: Option<&AttendanceRecord>, limits: Limits) {
        let known: Vec<AttendanceRecord> =
            self.counts.take().into_iter().chain(self.late.take()).chain(one_more.cloned()).collect();
        let up_to = |limit: Instant| known.iter().filter(move |version| version.updated_at <= limit);
        let newest = |version: &&AttendanceRecord| version.version;
        let counts = up_to(limits.adjustment).max_by_key(newest);
        let counts = counts.or_else(|| up_to(limits.first).min_by_key(newest));
        let late = known.iter().max_by_key(newest).filter(|late| Some(*late) != counts);
        (self.counts, self.late) = (counts.cloned(), late.cloned());
    }

    fn held(&self) -> impl Iterator<Item = &AttendanceRecord> {
        self.counts.iter().chain(&self.late)
    }

    fn is_of(&self, record: &RecordId) -> bool {
        self.held().any(|held| held.id == *record)
    }
}

impl Entry {
    /// Enters a version; whether it changes anything. `hand` is the mark set by hand that stands now.
    pub(super) fn enter(&mut self, record: &AttendanceRecord, limits: Limits, hand: Option<Mark>) -> bool {
        let before = self.clone();
        let known = self.records.iter().position(|versions| versions.is_of(&record.id));
        let mut versions = known.map(|place| self.records.remove(place)).unwrap_or_default();
        versions.weigh(Some(record), limits);
        self.records.push(versions);
        self.settle(&before, limits, hand)
    }

    /// Weighs all versions again: the class may have been moved, and with it the limits.
    pub(super) fn weigh_again(&mut self, limits: Limits, hand: Option<Mark>) {
        let before = self.clone();
        self.records.iter_mut().for_each(|versions| versions.weigh(None, limits));
        self.settle(&before, limits, hand);
    }

    /// A record turned out to be another student's.
    pub(super) fn give_away(&mut self, record: &RecordId, limits: Limits, hand: Option<Mark>) {
        let before = self.clone();
        self.records.retain(|versions| !versions.is_of(record));
        self.settle(&before, limits, hand);
    }

    /// Puts the record that counts first, and notes what the change means for marks set by hand; whether there is one.
    fn settle(&mut self, before: &Self, limits: Limits, hand: Option<Mark>) -> bool {
        self.records.sort_by(|one, other| before_other(one, other, limits));
        if content(before.record()) != content(self.record()) {
            self.overruled = hand;
        }
        if before.late() != self.late() {
            self.stood_before_late = hand;
        }
        self.missing &= !self.says_something();
        self.records != before.records
    }

    /// The version of CourseKey's record that counts.
    pub(super) fn record(&self) -> Option<&AttendanceRecord> {
        self.records.first().and_then(|versions| versions.counts.as_ref())
    }

    /// The newest version that came too late to count.
    pub(super) fn late(&self) -> Option<&AttendanceRecord> {
        self.records.iter().filter_map(|versions| versions.late.as_ref()).max_by_key(|late| (late.updated_at, &late.id))
    }

    /// A second record that gives the student time and does not count.
    pub(super) fn second_record(&self) -> Option<&AttendanceRecord> {
        let others = self.records.iter().skip(1).filter_map(|versions| versions.counts.as_ref());
        others.max_by_key(|other| weight(other)).filter(|other| weight(other) == Weight::Time)
    }

    /// Every version that is held.
    pub(super) fn versions(&self) -> impl Iterator<Item = &AttendanceRecord> {
        self.records.iter().flat_map(Versions::held)
    }

    /// CourseKey says nothing of a student who was to be there.
    pub(super) fn derive_absence(&mut self, _: CompleteRead) {
        self.missing = true;
    }

    /// The student was not to be there.
    pub(super) fn excuse(&mut self) {
        self.missing = false;
    }

    /// Whether a record that counts says anything of the student.
    pub(super) fn says_something(&self) -> bool {
        content(self.record()).is_some()
    }
}

/// How much a record says, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// No more than none: no visit, and staff did nothing.
    Nothing,
    /// That staff took all time away.
    Removed,
    /// That the student was there, or is to count so.
    Time,
}

fn weight(record: &AttendanceRecord) -> Weight {
    let removed = record.adjustment.as_ref().is_some_and(|did| did.kind == AdjustmentKind::RemoveAll);
    match content(Some(record)) {
        None => Weight::Nothing,
        Some(_) if removed => Weight::Removed,
        Some(_) => Weight::Time,
    }
}

/// Which of two records of one student in one class counts, for CourseKey should have one: the one that says more; of those
/// up to the class's limit the one written last, beyond it the one written first.
///
/// DOMAIN does not know of two. Counting the one and telling of the other loses nothing and guesses nothing silently.
fn before_other(one: &Versions, other: &Versions, limits: Limits) -> Ordering {
    let (one, other) = match (&one.counts, &other.counts) {
        (Some(one), Some(other)) => (one, other),
        (one, other) => return one.is_none().cmp(&other.is_none()),
    };
    let timely = |record: &AttendanceRecord| record.updated_at <= limits.adjustment;
    let by_time = |record: &AttendanceRecord| (record.updated_at, record.id.clone());
    let less = weight(other).cmp(&weight(one)).then(timely(other).cmp(&timely(one)));
    less.then_with(|| if timely(one) { by_time(other).cmp(&by_time(one)) } else { by_time(one).cmp(&by_time(other)) })
}

/// What a record says of the student, if anything: one without visits and adjustment says no more than none.
fn content(record: Option<&AttendanceRecord>) -> Option<(&[Visit], Option<&Adjustment>)> {
    let content = record.map(|record| (record.visits.as_slice(), record.adjustment.as_ref()));
    content.filter(|(visits, adjustment)| !visits.is_empty() || adjustment.is_some())
}
