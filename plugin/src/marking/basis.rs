//! The basis of a mark: the rule that decided the mark and everything that the rule looked at, so that the mark can be
//! explained years later, when settings and schedule have changed.

use serde::{Deserialize, Serialize};

use super::presence::Presence;
use super::{ClassTimes, Decision};
use crate::model::attendance::{AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::ids::RecordId;
use crate::model::sorted::arrange;
use crate::model::time::{Instant, Seconds};
use crate::settings::Thresholds;

/// The rule that decided a mark: a row of DOMAIN §3, or an adjustment by staff. The quotations are from the seed,
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
    /// L: came late and left early, each within its limit.
    CameLateAndLeftEarly,
    /// L: there at the start and at the end, and away in between, all gaps together, for longer than Longest Gap Within a
    /// Class.
    LongGap,
    /// A: "skipped the class (has not checked in)".
    Skipped,
    /// A: no visit has a second inside the class (DOMAIN §3: "visits without at least one second inside the class … are
    /// no attendance").
    NotThere,
    /// A: a P or an L, but of a smaller share of the class than Minimum Share of a Class Attended.
    AttendedTooLittle,
    /// A: "checked in after the class start and after the time defined in the Time After Class Begins Arrive Students
    /// Considered Absent setting".
    CameTooLate,
    /// A: "checked out before the class end and before the time defined in the Time Before Class End Leave Students
    /// Considered Absent setting".
    LeftTooEarly,
    /// A: checked in and never out, in a school whose setting makes that absence.
    NeverCheckedOut,
    /// P: staff awarded the full time.
    AwardedFull,
    /// A: staff removed all time.
    AllTimeRemoved,
    /// P: the time that staff awarded is the whole class or more.
    OverrideWhole,
    /// L: the time that staff awarded is shorter than the class, by no more than both limits together.
    OverrideShort,
    /// A: the time that staff awarded is shorter than the class by more than both limits together.
    OverrideTooShort,
}

impl Rule {
    /// The mark that the rule gives.
    pub fn mark(self) -> Mark {
        match self {
            Self::Present | Self::AwardedFull | Self::OverrideWhole => Mark::Present,
            Self::CameLate | Self::LeftEarly | Self::CameLateAndLeftEarly | Self::LongGap | Self::OverrideShort => {
                Mark::Late
            }
            Self::Skipped
            | Self::NotThere
            | Self::AttendedTooLittle
            | Self::CameTooLate
            | Self::LeftTooEarly
            | Self::NeverCheckedOut
            | Self::AllTimeRemoved
            | Self::OverrideTooShort => Mark::Absent,
        }
    }

    /// The rule's name for programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::CameLate => "came-late",
            Self::LeftEarly => "left-early",
            Self::CameLateAndLeftEarly => "came-late-and-left-early",
            Self::LongGap => "long-gap",
            Self::Skipped => "skipped",
            Self::NotThere => "not-there",
            Self::AttendedTooLittle => "attended-too-little",
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

/// Why a student has a mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Basis {
    /// The rule that decided.
    pub rule: Rule,
    /// The start of the class when the mark was decided.
    pub starts: Instant,
    /// The end of the class when the mark was decided.
    pub ends: Instant,
    /// The latest check-in that is late; a later check-in is absence.
    pub late_until: Instant,
    /// The earliest check-out that is early; an earlier check-out is absence.
    pub early_from: Instant,
    /// The longest time away between visits, all gaps together, that does not make a P an L; none: gaps are ignored.
    pub longest_gap: Option<Seconds>,
    /// The least share of the class, in percent, that a P or an L needs; 0: the share does not matter.
    pub least_percent: u32,
    /// The student never checked out and counts as there until the end of the class.
    pub left_at_end: bool,
    /// The visits as CourseKey has them, in order of time.
    pub visits: Vec<Visit>,
    /// The adjustment that staff made; none: staff made no adjustment.
    pub adjustment: Option<AdjustmentKind>,
    /// The time that staff awarded; none: CourseKey names no time.
    pub awarded: Option<Seconds>,
    /// CourseKey's attendance record; none: CourseKey had no record.
    pub record: Option<RecordId>,
    /// The version of the record; 0 without a record.
    pub version: u64,
}

impl Basis {
    /// Whether two bases differ in nothing but the record and its version.
    pub fn says_the_same(&self, other: &Self) -> bool {
        Self { record: None, version: 0, ..self.clone() } == Self { record: None, version: 0, ..other.clone() }
    }

    /// A basis with everything that a rule looks at, before a rule has decided. Its rule is a placeholder until
    /// [`Basis::decided_by`] sets the real one.
    pub(super) fn undecided(times: ClassTimes, record: Option<&AttendanceRecord>, thresholds: &Thresholds) -> Self {
        let mut visits = record.map(|record| record.visits.clone()).unwrap_or_default();
        arrange(&mut visits, Visit::cmp);
        let adjustment = record.and_then(|record| record.adjustment.as_ref());
        Self {
            rule: Rule::Skipped,
            starts: times.starts,
            ends: times.ends,
            late_until: times.starts + thresholds.late,
            early_from: times.ends - thresholds.early,
            longest_gap: thresholds.longest_gap,
            least_percent: thresholds.least_percent,
            left_at_end: false,
            visits,
            adjustment: adjustment.map(|adjustment| adjustment.kind),
            awarded: adjustment.and_then(|adjustment| adjustment.awarded),
            record: record.map(|record| record.id.clone()),
            version: record.map_or(0, |record| record.version),
        }
    }

    /// The decision for the rule's mark, with this basis.
    pub(super) fn decided_by(self, rule: Rule) -> Decision {
        Decision::Mark { mark: rule.mark(), basis: Self { rule, ..self } }
    }

    /// Where the student was.
    pub(super) fn presence(&self) -> Presence {
        let times = ClassTimes { starts: self.starts, ends: self.ends };
        Presence::of(&self.visits, times, self.left_at_end.then_some(self.ends))
    }

    /// The time of the class that the student attended: what staff awarded or, where they awarded nothing, what the
    /// visits cover, overlapping visits counted once.
    pub fn attended(&self) -> Seconds {
        let length = self.ends - self.starts;
        match (self.adjustment, self.awarded) {
            (Some(AdjustmentKind::AwardFull), _) => length,
            (Some(AdjustmentKind::RemoveAll), _) => Seconds::ZERO,
            (_, Some(awarded)) => awarded.clamp(Seconds::ZERO, length.max(Seconds::ZERO)),
            (_, None) => self.presence().inside,
        }
    }

    /// The rule, or absence if the rule gives P or L and the attended share of the class is too small.
    ///
    /// DOMAIN §4 "Minimum share": "a P or L whose time inside the class is a smaller share is A: attended too little".
    pub(super) fn enough(&self, rule: Rule) -> Rule {
        let of_class = i128::from((self.ends - self.starts).0) * i128::from(self.least_percent);
        let too_little = i128::from(self.attended().0) * 100 < of_class;
        if too_little && rule.mark() != Mark::Absent { Rule::AttendedTooLittle } else { rule }
    }

    /// The attended share of the class in percent, rounded down.
    pub(super) fn percent(&self) -> i64 {
        let length = i128::from((self.ends - self.starts).0).max(1);
        i64::try_from(i128::from(self.attended().0) * 100 / length).unwrap_or(100)
    }

    /// By how much the awarded time is shorter than the class; none: no time was awarded.
    pub(super) fn missing(&self) -> Option<Seconds> {
        self.awarded.map(|awarded| Seconds((self.ends - self.starts).0.saturating_sub(awarded.0)))
    }

    /// By how much the awarded time may be shorter than the class before that is absence: both limits together.
    pub(super) fn allowed_missing(&self) -> Seconds {
        Seconds((self.late_until - self.starts).0.saturating_add((self.ends - self.early_from).0))
    }
}
