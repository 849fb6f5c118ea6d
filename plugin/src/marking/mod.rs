//! From CourseKey's record of one student in one class to GEGI's P, A or L mark, with its basis.
//!
//! Pure: what is known, the limits and the present moment go in, a decision comes out. When a student without a record
//! may be called absent is not decided here.

mod log;
mod sentence;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

pub use self::log::{LogRow, log_rows};
pub use self::sentence::sentence;
use crate::model::attendance::{AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::ids::RecordId;
use crate::model::issue::Code;
use crate::model::settings::NeverCheckedOut;
use crate::model::time::{Instant, Seconds};
use crate::settings::Thresholds;

/// A time this far ahead of now is a time in the future (DOMAIN §4).
const AHEAD: Seconds = Seconds(300);

/// When a class is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClassTimes {
    /// Its start.
    pub starts: Instant,
    /// Its end.
    pub ends: Instant,
}

/// The rule that decided a mark: the rows of DOMAIN §3, and what staff can do instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// P. Seed: "checked in before the class started and checked out after the class end and fully attended the class".
    Present,
    /// L. Seed: "checked in after the class start but before the time defined in the Time After Class Begins Arrive
    /// Students Considered Absent setting".
    CameLate,
    /// L. Seed: "checked out before the class end, but after the time defined in the Time Before Class End Leave Students
    /// Considered Absent setting".
    LeftEarly,
    /// L: both of these.
    CameLateAndLeftEarly,
    /// L: present, but for a gap longer than Longest Gap Within a Class.
    LongGap,
    /// A. Seed: "skipped the class (has not checked in)".
    Skipped,
    /// A. Seed: "checked in after the class start and after the time defined in the Time After Class Begins Arrive
    /// Students Considered Absent setting".
    CameTooLate,
    /// A. Seed: "checked out before the class end and before the time defined in the Time Before Class End Leave Students
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
    /// The visits, in order of time.
    pub visits: Vec<Visit>,
    /// What staff did.
    pub adjustment: Option<AdjustmentKind>,
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
}

/// What is to be done about a student in a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// Set this mark.
    Mark {
        /// P, A or L.
        mark: Mark,
        /// Why.
        basis: Basis,
    },
    /// It cannot be told yet.
    Wait {
        /// When it can.
        until: Instant,
    },
    /// It cannot be told: an issue, no mark.
    Report {
        /// Which.
        code: Code,
        /// What is wrong.
        sentence: String,
    },
    /// There is nothing to do.
    Nothing,
}

/// How the rules are set for a class.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// Late, early and gap limits.
    pub thresholds: &'a Thresholds,
    /// What to do about a student who never checked out.
    pub never_checked_out: NeverCheckedOut,
    /// How long attendance may still be arriving after the class.
    pub settle: Seconds,
}

/// Decides about a student in a class. No record means that a complete read of the class, which is over, brought none.
pub fn decide(times: ClassTimes, record: Option<&AttendanceRecord>, terms: Terms<'_>, now: Instant) -> Decision {
    let Some(record) = record else { return mark(Rule::Skipped, times, None, terms.thresholds, Vec::new()) };
    let visits = in_order(&record.visits);
    if let Some(report) = impossible(&visits, now) {
        return report;
    }
    let rule = match record.adjustment.as_ref().map(|adjustment| adjustment.kind) {
        Some(AdjustmentKind::AwardFull) => Ok(Rule::AwardedFull),
        Some(AdjustmentKind::RemoveAll) => Ok(Rule::AllTimeRemoved),
        Some(AdjustmentKind::Override) if !whole(&visits) => awarded(times, record, terms.thresholds),
        _ => by_visits(times, &visits, terms, now),
    };
    rule.map_or_else(|decision| decision, |rule| mark(rule, times, Some(record), terms.thresholds, visits))
}

fn mark(
    rule: Rule,
    times: ClassTimes,
    record: Option<&AttendanceRecord>,
    thresholds: &Thresholds,
    visits: Vec<Visit>,
) -> Decision {
    let basis = Basis {
        rule,
        starts: times.starts,
        ends: times.ends,
        late_until: times.starts + thresholds.late,
        early_from: times.ends - thresholds.early,
        visits,
        adjustment: record.and_then(|record| record.adjustment.as_ref()).map(|adjustment| adjustment.kind),
        record: record.map(|record| record.id.clone()),
        version: record.map_or(0, |record| record.version),
    };
    Decision::Mark { mark: rule.mark(), basis }
}

fn in_order(visits: &[Visit]) -> Vec<Visit> {
    let mut visits = visits.to_vec();
    visits.sort();
    visits
}

fn whole(visits: &[Visit]) -> bool {
    visits.last().is_some_and(|visit| visit.checked_out.is_some())
}

/// DOMAIN §4: "check-out before check-in, times in the future (more than 5 minutes): issue, nothing written for that
/// record".
fn impossible(visits: &[Visit], now: Instant) -> Option<Decision> {
    let backwards = visits.iter().find(|visit| visit.checked_out.is_some_and(|out| out < visit.checked_in));
    let latest = visits.iter().flat_map(|visit| [Some(visit.checked_in), visit.checked_out]).flatten().max();
    let ahead = latest.filter(|at| *at > now + AHEAD);
    backwards
        .map(|visit| Decision::Report {
            code: Code::VisitBackwards,
            sentence: format!("the visit of {} ends before it begins", visit.checked_in),
        })
        .or_else(|| {
            ahead.map(|at| Decision::Report {
                code: Code::VisitInFuture,
                sentence: format!("the record names {at}, which is in the future"),
            })
        })
}

/// The table of DOMAIN §3, worst row first. Exactly on a boundary is in the student's favour.
fn by_visits(times: ClassTimes, visits: &[Visit], terms: Terms<'_>, now: Instant) -> Result<Rule, Decision> {
    let ClassTimes { starts, ends } = times;
    let settled = ends + terms.settle;
    let (Some(first), Some(last)) = (visits.first(), visits.last()) else {
        return if now < settled { Err(Decision::Wait { until: settled }) } else { Ok(Rule::Skipped) };
    };
    if first.checked_in > starts + terms.thresholds.late {
        return Ok(Rule::CameTooLate);
    }
    let Some(out) = visits.iter().filter_map(|visit| visit.checked_out).max().filter(|_| last.checked_out.is_some())
    else {
        return never_checked_out(first.checked_in, terms.never_checked_out, settled, now);
    };
    if out < ends && now < ends {
        // Who is out may come back while the class runs.
        return Err(Decision::Wait { until: ends });
    }
    let late = first.checked_in > starts;
    let early = out < ends;
    Ok(if out < ends - terms.thresholds.early {
        Rule::LeftTooEarly
    } else if late && early {
        Rule::CameLateAndLeftEarly
    } else if late {
        Rule::CameLate
    } else if early {
        Rule::LeftEarly
    } else if terms.thresholds.longest_gap.is_some_and(|most| longest_gap(visits) > most) {
        Rule::LongGap
    } else {
        Rule::Present
    })
}

/// DOMAIN §4: "no mark while the class runs and the settle time after it; then … issue `never checked out`, mailed, no
/// mark (setting `report`, default, or `absent`)".
fn never_checked_out(
    checked_in: Instant,
    setting: NeverCheckedOut,
    settled: Instant,
    now: Instant,
) -> Result<Rule, Decision> {
    if now < settled {
        return Err(Decision::Wait { until: settled });
    }
    match setting {
        NeverCheckedOut::Absent => Ok(Rule::NeverCheckedOut),
        NeverCheckedOut::Report => Err(Decision::Report {
            code: Code::NeverCheckedOut,
            sentence: format!("checked in at {checked_in} and never out"),
        }),
    }
}

/// DOMAIN §4: an override without in and out times, "by missing time: none → P; ≤ late + early minutes → L; more → A".
fn awarded(times: ClassTimes, record: &AttendanceRecord, thresholds: &Thresholds) -> Result<Rule, Decision> {
    let Some(awarded) = record.adjustment.as_ref().and_then(|adjustment| adjustment.awarded) else {
        let sentence = format!("record {} is overridden without times and without awarded time", record.id);
        return Err(Decision::Report { code: Code::RecordUnreadable, sentence });
    };
    let missing = (times.ends - times.starts).0 - awarded.0;
    Ok(if missing <= 0 {
        Rule::OverrideWhole
    } else if missing <= thresholds.late.0 + thresholds.early.0 {
        Rule::OverrideShort
    } else {
        Rule::OverrideTooShort
    })
}

/// The longest time between visits during which the student was out. Overlapping visits count as their union.
pub(crate) fn longest_gap(visits: &[Visit]) -> Seconds {
    let mut until = None;
    let mut longest = Seconds::ZERO;
    for visit in visits {
        if let Some(until) = until {
            longest = longest.max(visit.checked_in - until);
        }
        // Where a check-out is missing, how long the student stayed is not known, so the gap is not either.
        until = visit.checked_out.map(|out| until.map_or(out, |until: Instant| until.max(out)));
    }
    longest
}
