//! The entry of one student in the book of a class: the versions of CourseKey's records, which of them counts, and the
//! mark or rows that were written. Not here: which mark the record means (`marking`), and what is written (`write`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::absence::CompleteRead;
use crate::marking::Basis;
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::ids::RecordId;
use crate::model::time::Instant;

/// Everything known about the attendance of one student in one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// CourseKey's records of the student in the class, the one that counts first. CourseKey should have one at most.
    records: Vec<Versions>,
    /// The student was expected and has no record that says something: the student is absent.
    pub missing: bool,
    /// The mark set by hand that stood when the content of the record last changed. The record overrules this mark.
    pub overruled: Option<Mark>,
    /// The mark set by hand that stood already when the late version came. This mark is therefore no answer to the late
    /// version, whose issue stays open.
    pub stood_before_late: Option<Mark>,
    /// The basis of the mark that the plugin wrote; none: no mark of the plugin's stands.
    pub written: Option<Basis>,
    /// The log rows that the plugin wrote, check-in and check-out by number of the visit.
    pub rows: BTreeMap<u32, (Instant, Instant)>,
    /// The record to which these log rows belong; none: there are no rows.
    pub rows_of: Option<RecordId>,
}

/// The at most two versions of one record that are kept: the version that counts, and the newest version if it came too
/// late to count.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Versions {
    /// The version that counts.
    counts: Option<AttendanceRecord>,
    /// The newest version, if that version came too late to count.
    late: Option<AttendanceRecord>,
}

/// The two limits that decide whether a version of a record counts. A version counts if CourseKey wrote it at the limit
/// or before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The limit of any version: the class's end and the follow-up days.
    pub adjustment: Instant,
    /// The limit of a first record: the last moment at which the course's attendance is followed.
    pub first: Instant,
}

impl Versions {
    /// Decides which of the held versions, and of one more if there is one, counts.
    ///
    /// DOMAIN §4 "Follow-up": "an adjustment counts when CourseKey's `updated-at` ≤ class end + N × 24 h, whenever we read
    /// it; a first record is always taken while the course is followed; later adjustments are not applied".
    ///
    /// | known versions | the version that counts |
    /// |---|---|
    /// | some up to the class's limit | the newest of these |
    /// | none up to the class's limit, some up to the course's | the oldest of these: the first record |
    /// | none up to either limit | none |
    ///
    /// The order in which versions come therefore makes no difference.
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
    /// Enters a version of a record, and answers whether the entry changed. `hand` is the mark set by hand that stands
    /// now.
    pub(super) fn enter(&mut self, record: &AttendanceRecord, limits: Limits, hand: Option<Mark>) -> bool {
        let before = self.clone();
        let known = self.records.iter().position(|versions| versions.is_of(&record.id));
        let mut versions = known.map(|place| self.records.remove(place)).unwrap_or_default();
        versions.weigh(Some(record), limits);
        self.records.push(versions);
        self.settle(&before, limits, hand)
    }

    /// Decides again which versions count, because the class, and with it the limits, may have been moved.
    pub(super) fn weigh_again(&mut self, limits: Limits, hand: Option<Mark>) {
        let before = self.clone();
        self.records.iter_mut().for_each(|versions| versions.weigh(None, limits));
        self.settle(&before, limits, hand);
    }

    /// Removes a record that turned out to be another student's.
    pub(super) fn give_away(&mut self, record: &RecordId, limits: Limits, hand: Option<Mark>) {
        let before = self.clone();
        self.records.retain(|versions| !versions.is_of(record));
        self.settle(&before, limits, hand);
    }

    /// Puts the record that counts first, notes what the change means for a mark set by hand, and answers whether the
    /// records changed.
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

    /// A second record of the student in the class that gives the student time and does not count.
    pub(super) fn second_record(&self) -> Option<&AttendanceRecord> {
        let others = self.records.iter().skip(1).filter_map(|versions| versions.counts.as_ref());
        others.max_by_key(|other| weight(other)).filter(|other| weight(other) == Weight::Time)
    }

    /// Every version that the entry holds.
    pub(super) fn versions(&self) -> impl Iterator<Item = &AttendanceRecord> {
        self.records.iter().flat_map(Versions::held)
    }

    /// Marks the student as absent without a record. Nobody can call this without the proof of a complete read.
    pub(super) fn derive_absence(&mut self, _: CompleteRead) {
        self.missing = true;
    }

    /// Takes the absence without a record back: the student was not expected in the class.
    pub(super) fn excuse(&mut self) {
        self.missing = false;
    }

    /// Whether the student has a record that counts and says something.
    pub(super) fn says_something(&self) -> bool {
        content(self.record()).is_some()
    }
}

/// How much a record says about the student, least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Weight {
    /// Nothing: the record has no visit and no adjustment.
    Nothing,
    /// Staff removed all time.
    Removed,
    /// The student was there, or staff awarded time.
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

/// Which of two records of one student in one class comes first, and therefore counts. The record that says more comes
/// first. Of two that say as much, a record written up to the class's limit comes before one written later; of two up
/// to the limit the one written last comes first, of two beyond the limit the one written first.
///
/// CourseKey should have one record, and DOMAIN does not mention two. Counting one and opening an issue about the other
/// loses nothing and guesses nothing silently.
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

/// The content of a record. None: there is no record, or the record has neither visits nor an adjustment and so says no
/// more than a missing record.
fn content(record: Option<&AttendanceRecord>) -> Option<(&[Visit], Option<&Adjustment>)> {
    let content = record.map(|record| (record.visits.as_slice(), record.adjustment.as_ref()));
    content.filter(|(visits, adjustment)| !visits.is_empty() || adjustment.is_some())
}
