//! The entry of one student in the book of a class: the versions of CourseKey's records, which of them counts, and the
//! mark or rows that were written. Not here: which mark the record means (`marking`), and what is written (`write`).

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use super::absence::CompleteRead;
use super::versions::Versions;
use super::{Limits, RowKey};
use crate::marking::{Basis, gives_time};
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::ids::RecordId;
use crate::model::sorted::{SortedMap, arrange};
use crate::model::time::Instant;

/// Everything known about the attendance of one student in one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// CourseKey's records of the student in the class, the one that says most first. CourseKey should have one at most.
    pub(super) records: Vec<Versions>,
    /// The student was expected and has no record that says something: the student is absent.
    pub missing: bool,
    /// The mark set by hand that stood when the content of the records last changed. The records overrule this mark.
    pub overruled: Option<Mark>,
    /// The mark set by hand that stood already when the late version came. This mark is therefore no answer to the late
    /// version, whose issue stays open.
    pub stood_before_late: Option<Mark>,
    /// The basis of the mark that the plugin wrote; none: no mark of the plugin's stands.
    pub written: Option<Basis>,
    /// The log rows that the plugin wrote.
    pub rows: SortedMap<RowKey, (Instant, Instant, u32)>,
    /// Why the entry changed, if no record says so, for the journal; none once the class was judged.
    pub why: Option<String>,
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

    /// Removes a record that turned out to belong elsewhere, as if it had never been there.
    pub(super) fn give_away(&mut self, record: &RecordId, why: String, limits: Limits, hand: Option<Mark>) {
        let before = self.clone();
        self.records.retain(|versions| !versions.is_of(record));
        self.why = Some(why);
        self.settle(&before, limits, hand);
    }

    /// Puts the record that says most first, notes what the change means for a mark set by hand, and answers whether
    /// the records changed.
    fn settle(&mut self, before: &Self, limits: Limits, hand: Option<Mark>) -> bool {
        arrange(&mut self.records, |one, other| before_other(one, other, limits));
        if content(&before.told()) != content(&self.told()) {
            self.overruled = hand;
        }
        if before.late() != self.late() {
            self.stood_before_late = hand;
        }
        self.missing &= !self.says_something();
        self.records != before.records
    }

    /// The record that counts first.
    pub(super) fn record(&self) -> Option<&AttendanceRecord> {
        self.records.first().and_then(Versions::counts)
    }

    /// The records that count together, the one that says most first: those that give the student time or, if none
    /// does, those that say anything.
    pub(super) fn told(&self) -> Vec<&AttendanceRecord> {
        let says = |record: &&AttendanceRecord| weight(record) > Weight::Nothing;
        let mut told: Vec<&AttendanceRecord> = self.records.iter().filter_map(Versions::counts).filter(says).collect();
        if told.iter().any(|record| gives_time(record)) {
            told.retain(|record| gives_time(record));
        }
        told
    }

    /// The newest version that came too late to count, if it says something else than the version that counts.
    pub(super) fn late(&self) -> Option<&AttendanceRecord> {
        let late = self.records.iter().filter_map(Versions::late_change);
        late.max_by_key(|late| (late.updated_at, &late.id))
    }

    /// A second record of the student in the class that gives the student time.
    pub(super) fn second_record(&self) -> Option<&AttendanceRecord> {
        self.told().into_iter().filter(|record| gives_time(record)).nth(1)
    }

    /// Every version that the entry holds.
    pub(super) fn versions(&self) -> impl Iterator<Item = &AttendanceRecord> {
        self.records.iter().flat_map(Versions::held)
    }

    /// Marks the student as absent without a record. Nobody can call this without the proof of a complete read.
    pub(super) fn derive_absence(&mut self, _: CompleteRead) {
        self.missing = true;
    }

    /// Takes the absence without a record back, and says why.
    pub(super) fn excuse(&mut self, why: &str) {
        self.missing = false;
        self.why = Some(why.to_owned());
    }

    /// Whether the student has a record that counts and says something.
    pub(super) fn says_something(&self) -> bool {
        !self.told().is_empty()
    }

    /// Whether the newest version of any record gives the student time, whether this version counts or came too late.
    pub(super) fn gives_time_still(&self) -> bool {
        self.records.iter().filter_map(|versions| versions.held().last()).any(gives_time)
    }

    /// Whether the student attended the class, as far as CourseKey's records say.
    pub fn attended(&self) -> bool {
        let is_there = |basis: &Basis| basis.rule.mark() != Mark::Absent;
        self.written.as_ref().map_or_else(|| self.has_time() || !self.rows.is_empty(), is_there)
    }

    /// Whether the student has a record that gives time.
    pub(super) fn has_time(&self) -> bool {
        self.told().first().is_some_and(|record| gives_time(record))
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
    match (removed, record.visits.is_empty() && record.adjustment.is_none()) {
        (_, true) => Weight::Nothing,
        (true, false) => Weight::Removed,
        (false, false) => Weight::Time,
    }
}

/// Which of two records of one student in one class comes first, and names the mark. The record that says more comes
/// first. Of two that say as much, a record written up to the class's limit comes before one written later; of two up
/// to the limit the one written last comes first, of two beyond the limit the one written first.
fn before_other(one: &Versions, other: &Versions, limits: Limits) -> Ordering {
    let (one, other) = match (one.counts(), other.counts()) {
        (Some(one), Some(other)) => (one, other),
        (one, other) => return one.is_none().cmp(&other.is_none()),
    };
    let timely = |record: &AttendanceRecord| limits.is_timely(record);
    let by_time = |record: &AttendanceRecord| (record.updated_at, record.id.clone());
    let less = weight(other).cmp(&weight(one)).then(timely(other).cmp(&timely(one)));
    less.then_with(|| if timely(one) { by_time(other).cmp(&by_time(one)) } else { by_time(one).cmp(&by_time(other)) })
}

/// The content of records, whatever their order and their ids.
fn content<'a>(told: &[&'a AttendanceRecord]) -> Vec<(&'a [Visit], Option<&'a Adjustment>)> {
    let mut sorted = told.to_vec();
    arrange(&mut sorted, |one, other| one.id.cmp(&other.id));
    sorted.into_iter().map(|record| (record.visits.as_slice(), record.adjustment.as_ref())).collect()
}
