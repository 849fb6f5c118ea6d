//! Why a mark is what it is: the rule that decided and everything it was decided on, enough to explain the mark years
//! later, when settings and schedule have changed.

use serde::{Deserialize, Serialize};

use super::{ClassTimes, Decision};
use crate::model::attendance::{AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::ids::RecordId;
use crate::model::time::{Instant, Seconds};
use crate::settings::Thresholds;

/// The rule that decided a mark: the rows of DOMAIN §3, and what staff can do instead. Quotations are the seed's,
/// "Requesting Data from CourseKey".
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// P: "checked in before the class started and checked out after the class end and fully attended the class".
    Present,
    /// L: "checked in after the class start but before the time defined in the Time After Class Begins Arrive Students
    /// Considered Absent setting".
    CameLate,
    /// L: "checked out before the class end, but after the time defined in the Time Before Class End Leave Students
    /// Considered Absent setting".
    LeftEarly,
    /// L: both of these.
    CameLateAndLeftEarly,
    /// L: present, but for a gap longer than Longest Gap Within a Class.
    LongGap,
    /// A: "skipped the class (has not checked in)".
    Skipped,
    /// A: "checked in after the class start and after the time defined in the Time After Class Begins Arrive Students
    /// Considered Absent setting".
    CameTooLate,
    /// A: "checked out before the class end and before the time defined in the Time Before Class End Leave Students
    /// Considered Absent setting".
    LeftTooEarly,
    /// A: checked in and never out, where the school wants that to be absence.
    NeverCheckedOut,
    /// P: staff awarded the full time.
    AwardedFull,
    /// A: staff removed all time.
    AllTimeRemoved,
    /// P: the time staff awarded misses nothing of the class.
    OverrideWhole,
    /// L: it misses no more than both limits together.
    OverrideShort,
    /// A: it misses more.
    OverrideTooShort,
}

impl Rule {
    /// The mark the rule gives.
    pub fn mark(self) -> Mark {
        match self {
            Self::Present | Self::AwardedFull | Self::OverrideWhole => Mark::Present,
            Self::CameLate | Self::LeftEarly | Self::CameLateAndLeftEarly | Self::LongGap | Self::OverrideShort => {
                Mark::Late
            }
            Self::Skipped
            | Self::CameTooLate
            | Self::LeftTooEarly
            | Self::NeverCheckedOut
            | Self::AllTimeRemoved
            | Self::OverrideTooShort => Mark::Absent,
        }
    }

    /// The name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::CameLate => "came-late",
            Self::LeftEarly => "left-early",
            Self::CameLateAndLeftEarly => "came-late-and-left-early",
            Self::LongGap => "long-gap",
            Self::Skipped => "skipped",
            Self::CameTooLate => "came-too-late",
            Self::LeftTooEarly => "left-too-early",
            Self::NeverCheckedOut => "never-checked-out",
            Self::AwardedFull => "awarded-full",
            Self::AllTimeRemoved => "all-time-removed",
            Self::OverrideWhole => "override-whole",
            Self::OverrideShort => "override-short",
            Self::OverrideTooShort => "override-too-short",
        }
    }
}

/// Why a mark is what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The rule that decided.
    pub rule: Rule,
    /// The class's start as it was then.
    pub starts: Instant,
    /// The class's end as it was then.
    pub ends: Instant,
    /// The latest check-in that is not absence.
    pub late_until: Instant,
    /// The earliest check-out that is not absence.
    pub early_from: Instant,
    /// The longest gap between visits that does not make a student late; none: any.
    pub longest_gap: Option<Seconds>,
    /// The visits as CourseKey has them, in order of time.
    pub visits: Vec<Visit>,
    /// What staff did.
    pub adjustment: Option<AdjustmentKind>,
    /// The time staff awarded, if CourseKey says so.
    pub awarded: Option<Seconds>,
    /// CourseKey's record; none: there was none.
    pub record: Option<RecordId>,
    /// Its version; 0 without one.
    pub version: u64,
}

impl Basis {
    /// Whether another basis tells the same, though perhaps of another version of the record.
    pub fn says_the_same(&self, other: &Self) -> bool {
        Self { record: None, version: 0, ..self.clone() } == Self { record: None, version: 0, ..other.clone() }
    }

    /// Everything a rule decides on. The rule itself stands in until [`Basis::decided_by`] sets it.
    pub(super) fn undecided(times: ClassTimes, record: Option<&AttendanceRecord>, thresholds: &Thresholds) -> Self {
        let mut visits = record.map(|record| record.visits.clone()).unwrap_or_default();
        visits.sort();
        let adjustment = record.and_then(|record| record.adjustment.as_ref());
        Self {
            rule: Rule::Skipped,
            starts: times.starts,
            ends: times.ends,
            late_until: times.starts + thresholds.late,
            early_from: times.ends - thresholds.early,
            longest_gap: thresholds.longest_gap,
            visits,
            adjustment: adjustment.map(|adjustment| adjustment.kind),
            awarded: adjustment.and_then(|adjustment| adjustment.awarded),
            record: record.map(|record| record.id.clone()),
            version: record.map_or(0, |record| record.version),
        }
    }

    /// The mark of that rule.
    pub(super) fn decided_by(self, rule: Rule) -> Decision {
        Decision::Mark { mark: rule.mark(), basis: Self { rule, ..self } }
    }

    /// The longest time away between two visits, as far as it lies within the class. Overlapping visits count as their
    /// union. Where a check-out is missing nobody saw the student leave, so that visit lasts until the next check-in.
    pub(super) fn gap(&self) -> Seconds {
        let mut longest = Seconds::ZERO;
        let mut away_since: Option<Instant> = None;
        for visit in &self.visits {
            if let Some(since) = away_since {
                longest = longest.max(visit.checked_in.min(self.ends) - since.max(self.starts));
            }
            away_since = visit.checked_out.map(|out| away_since.map_or(out, |since| since.max(out)));
        }
        longest
    }

    /// Whether visits overlap, so that the union of them was taken.
    pub(super) fn overlaps(&self) -> bool {
        let mut here_until: Option<Instant> = None;
        self.visits.iter().any(|visit| {
            let overlaps = here_until.is_some_and(|until| visit.checked_in < until);
            here_until = here_until.max(visit.checked_out);
            overlaps
        })
    }

    /// How much of the class the awarded time misses; none: no time was awarded.
    pub(super) fn missing(&self) -> Option<Seconds> {
        self.awarded.map(|awarded| Seconds((self.ends - self.starts).0.saturating_sub(awarded.0)))
    }

    /// How much of the class may be missing before it is absence: both limits together.
    pub(super) fn allowed_missing(&self) -> Seconds {
        Seconds((self.late_until - self.starts).0.saturating_add((self.ends - self.early_from).0))
    }
}
