//! The versions of one record that matter: which of them counts, and which came too late. Not here: what several records
//! of one student say together (`marking`).

use serde::{Deserialize, Serialize};

use crate::model::attendance::{AdjustmentKind, AttendanceRecord};
use crate::model::ids::RecordId;
use crate::model::sorted::arrange;
use crate::model::time::{Instant, Seconds};

/// How long after the follow-up days a check-out that completes an open visit is still taken (DOMAIN §4 "Never checked
/// out").
pub(super) const CHECK_OUT_FOR: Seconds = Seconds(28 * 86_400);

/// The most versions of one record that are kept: the oldest that matters and the newest ones.
const KEPT: usize = 8;

/// The versions of one record that may still matter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Versions {
    /// In the order of their numbers.
    known: Vec<AttendanceRecord>,
    /// The number of the version that counts; none: none of them does.
    counting: Option<u64>,
}

/// The limits that decide whether a version of a record counts. A version counts if CourseKey wrote it at the limit or
/// before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The limit of a version that staff adjusted: the class's end and the follow-up days.
    adjustment: Instant,
    /// The limit of a version that nobody adjusted. With 0 follow-up days the settle time still counts, or what devices
    /// report at the class's end would come too late.
    report: Instant,
    /// The limit of a first record: the last moment at which the course's attendance is followed.
    first: Instant,
}

impl Limits {
    /// The limits of a class that ends at `ends`, in a course that is followed until `followed_until`.
    pub fn of(ends: Instant, follow: Seconds, settle: Seconds, followed_until: Instant) -> Self {
        let (adjustment, report) = (ends + follow, ends + follow.max(settle));
        Self { adjustment, report, first: followed_until - Seconds(1) }
    }

    /// The last moment at which a check-out is taken that completes an open visit.
    pub fn check_out(self) -> Instant {
        self.adjustment + CHECK_OUT_FOR
    }

    /// Whether the version was written up to its limit.
    pub(super) fn is_timely(self, version: &AttendanceRecord) -> bool {
        let limit = if version.adjustment.is_some() { self.adjustment } else { self.report };
        version.updated_at <= limit
    }
}

impl Versions {
    /// Decides which of the held versions, and of one more if there is one, counts.
    ///
    /// DOMAIN §4 "Follow-up": "an adjustment counts when CourseKey's `updated-at` ≤ class end + N × 24 h, whenever we read
    /// it; a first record is always taken while the course is followed; later adjustments are not applied". "Never checked
    /// out": "A check-out that completes an open visit is no adjustment: it is taken as long as the issue is open".
    ///
    /// | known versions | the version that counts |
    /// |---|---|
    /// | some up to the class's limit | the newest of these |
    /// | none up to the class's limit, some up to the course's | the oldest of these: the first record |
    /// | none up to either limit | none |
    /// | after one of these, some that complete it | the newest of these |
    ///
    /// The order in which versions come therefore makes no difference.
    pub(super) fn weigh(&mut self, one_more: Option<&AttendanceRecord>, limits: Limits) {
        if let Some(more) = one_more.filter(|more| self.known.iter().all(|held| held.version != more.version)) {
            self.known.push(more.clone());
            arrange(&mut self.known, |one, other| one.version.cmp(&other.version));
        }
        let timely = self.known.iter().rposition(|version| limits.is_timely(version));
        let first = self.known.iter().position(|version| version.updated_at <= limits.first);
        // What is older than a timely version never counts any more.
        self.known.drain(..timely.unwrap_or(0));
        let Some((base, later)) = self.known.split_at_checked(timely.map_or(first, |_| Some(0)).map_or(0, |at| at + 1))
        else {
            return;
        };
        let in_time = later.iter().filter(|version| version.updated_at <= limits.check_out());
        let counts = in_time.fold(base.last(), |counts, version| {
            let completes = counts.is_some_and(|before| completes(before, version));
            if completes { Some(version) } else { counts }
        });
        self.counting = counts.map(|counts| counts.version);
        let counting = self.counting;
        let spare = self.known.iter().skip(1).position(|version| Some(version.version) != counting);
        if let Some(spare) = spare.filter(|_| self.known.len() > KEPT) {
            self.known.remove(spare + 1);
        }
    }

    /// The version that counts.
    pub(super) fn counts(&self) -> Option<&AttendanceRecord> {
        self.known.iter().find(|version| Some(version.version) == self.counting)
    }

    /// The version that came too late to count, if it says something else than the version that counts.
    pub(super) fn late_change(&self) -> Option<&AttendanceRecord> {
        let late = self.known.last().filter(|late| Some(late.version) != self.counting);
        late.filter(|late| self.counts().is_none_or(|told| !told.same_content(late)))
    }

    /// Every version that is kept.
    pub(super) fn held(&self) -> impl Iterator<Item = &AttendanceRecord> {
        self.known.iter()
    }

    pub(super) fn is_of(&self, record: &RecordId) -> bool {
        self.held().any(|held| held.id == *record)
    }
}

/// Whether a version does nothing but add check-outs to visits that were open before.
///
/// DOMAIN §4: "An edit by staff that only adds the check-out is one; an edit that moves the check-in too is an adjustment".
fn completes(before: &AttendanceRecord, after: &AttendanceRecord) -> bool {
    let edited = |record: &AttendanceRecord| {
        record.adjustment.as_ref().is_none_or(|did| did.kind == AdjustmentKind::Edit && did.awarded.is_none())
    };
    let mut pairs = before.visits.iter().zip(&after.visits);
    before.visits.len() == after.visits.len()
        && before.visits != after.visits
        && edited(before)
        && edited(after)
        && pairs.all(|(one, other)| {
            one.checked_in == other.checked_in && (one.checked_out.is_none() || one.checked_out == other.checked_out)
        })
}
