//! From CourseKey's record of one student in one class to GEGI's P, A or L mark, with its basis.
//!
//! Pure: the record, the class's times, the limits and the present moment go in, and a decision comes out. Not here:
//! when a student without a record may be marked absent, and what becomes of late adjustments and of marks set by hand
//! (all three `attendance`).

mod basis;
mod log;
mod presence;
mod sentence;
mod together;

use serde::{Deserialize, Serialize};

pub use self::basis::{Basis, Rule};
pub use self::log::{LogRow, log_rows};
use self::presence::Attended;
use self::sentence::from_start;
pub use self::sentence::sentence;
pub use self::together::{gives_time, together};
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::issue::Code;
use crate::model::settings::NeverCheckedOut;
use crate::model::time::{Instant, Seconds};
use crate::settings::Thresholds;

/// A time further ahead of now than this counts as a time in the future (DOMAIN §4). A time less far ahead does not,
/// because clocks differ.
const AHEAD: Seconds = Seconds(300);

/// The start and the end of a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassTimes {
    /// The class's start.
    pub starts: Instant,
    /// The class's end.
    pub ends: Instant,
}

/// What is to be written into GEGI about a student in a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// A mark.
    Mark {
        /// P, A or L.
        mark: Mark,
        /// Why the student gets this mark.
        basis: Basis,
    },
    /// Nothing yet: the mark cannot be decided before a moment.
    Wait {
        /// The first moment at which the mark can be decided.
        until: Instant,
    },
    /// An issue and no mark.
    Report {
        /// The issue's code.
        code: Code,
        /// What is wrong, in a sentence for people.
        sentence: String,
    },
    /// Nothing, for good.
    Nothing,
}

/// The settings that count for one class.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The thresholds in force when the class began.
    pub thresholds: &'a Thresholds,
    /// The settle time: how long attendance may still be arriving after the class.
    pub settle: Seconds,
}

/// Decides the mark of a student in a class. `record` is none if a complete read of the class brought no record; it must
/// be a possible one ([`impossible`]).
///
/// There is no mark while the class runs, because until the class's end every student may still come or leave. A
/// check-in or check-out exactly on a boundary, to the second, counts in the student's favour.
pub fn decide(times: ClassTimes, record: Option<&AttendanceRecord>, terms: Terms<'_>, now: Instant) -> Decision {
    let settled = times.ends + terms.settle;
    let class = Basis::undecided(times, record, terms.thresholds);
    let Some(record) = record else {
        return if now < settled { Decision::Wait { until: settled } } else { class.decided_by(Rule::Skipped) };
    };
    if now < times.ends {
        return Decision::Wait { until: times.ends };
    }
    if let Some(rule) = awarded(&class) {
        let rule = class.enough(rule);
        return class.decided_by(rule);
    }
    let decision = by_visits(class, terms, now);
    match &decision {
        Decision::Mark { mark: Mark::Absent, .. } if presence::doubtful(&record.visits, times.ends) => {
            if now < settled {
                return Decision::Wait { until: settled };
            }
            let sentence = "the visits contradict themselves, so that no Absent is made of them".to_owned();
            Decision::Report { code: Code::VisitsDoubtful, sentence }
        }
        _ => decision,
    }
}

/// The decision of the visits, where staff decided nothing.
fn by_visits(class: Basis, terms: Terms<'_>, now: Instant) -> Decision {
    let settled = class.ends + terms.settle;
    match class.presence().attended {
        Attended::Between { came, left } => {
            let rule = table(&class, came, left);
            let rule = class.enough(rule);
            class.decided_by(rule)
        }
        Attended::Elsewhere => class.decided_by(Rule::NotThere),
        // The check-in alone means absence, whatever check-out may still arrive.
        Attended::Still { came } if came > class.late_until => class.decided_by(Rule::CameTooLate),
        _ if now < settled => Decision::Wait { until: settled },
        Attended::Never if class.adjustment == Some(AdjustmentKind::Override) => override_without_time(&class),
        Attended::Never => class.decided_by(Rule::Skipped),
        Attended::Still { came } => never_left(class, came, terms.thresholds.never_checked_out),
    }
}

/// The table of DOMAIN §3, worst row first. The seed's words for each row stand with its [`Rule`].
///
/// | check-in | check-out | rule |
/// |---|---|---|
/// | > late until | any | came too late |
/// | any | < early from | left too early |
/// | > start | < end | came late and left early |
/// | > start | ≥ end | came late |
/// | ≤ start | < end | left early |
/// | ≤ start | ≥ end, away in between longer than the longest gap | long gap |
/// | ≤ start | ≥ end | present |
fn table(class: &Basis, came: Instant, left: Instant) -> Rule {
    match (came > class.starts, left < class.ends) {
        _ if came > class.late_until => Rule::CameTooLate,
        _ if left < class.early_from => Rule::LeftTooEarly,
        (true, true) => Rule::CameLateAndLeftEarly,
        (true, false) => Rule::CameLate,
        (false, true) => Rule::LeftEarly,
        (false, false) if class.longest_gap.is_some_and(|most| class.presence().away > most) => Rule::LongGap,
        (false, false) => Rule::Present,
    }
}

/// The rule that staff's award decides; none: the visits decide, whether staff edited them or not.
///
/// Seed: "The Absent (A) grades can be edited in CourseKey and the modifications will be synchronized with GEGI." DOMAIN §4:
/// "Award full time / remove all time | P / A", and "**the awarded time decides wherever CourseKey gives one** …: missing
/// = class length − awarded; none → P; ≤ late + early minutes → L; more → A".
fn awarded(class: &Basis) -> Option<Rule> {
    match class.adjustment? {
        AdjustmentKind::AwardFull => Some(Rule::AwardedFull),
        AdjustmentKind::RemoveAll => Some(Rule::AllTimeRemoved),
        AdjustmentKind::Edit | AdjustmentKind::Override => class.missing().map(|missing| {
            if missing <= Seconds::ZERO {
                Rule::OverrideWhole
            } else if missing <= class.allowed_missing() {
                Rule::OverrideShort
            } else {
                Rule::OverrideTooShort
            }
        }),
    }
}

/// DOMAIN §4: "no mark while the class runs and the settle time after it; then, unless the check-in alone means A: issue
/// `never checked out`, mailed, no mark (setting *Students Who Never Checked Out*: `report`, default; `absent`;
/// `left-at-end`: judged as if checked out at the class's end, the basis says so". Here the settle time is over and the
/// check-in does not mean A.
fn never_left(class: Basis, came: Instant, setting: NeverCheckedOut) -> Decision {
    match setting {
        NeverCheckedOut::Absent => class.decided_by(Rule::NeverCheckedOut),
        NeverCheckedOut::LeftAtEnd => {
            let class = Basis { left_at_end: true, ..class };
            let rule = table(&class, came, class.ends);
            let rule = class.enough(rule);
            class.decided_by(rule)
        }
        NeverCheckedOut::Report => {
            let (code, sentence) = never_out(&class.visits, class.starts);
            Decision::Report { code, sentence }
        }
    }
}

/// The issue about a record that staff overrode without giving times or awarded time.
fn override_without_time(class: &Basis) -> Decision {
    let record = class.record.as_ref().map(|record| format!("record {record}")).unwrap_or_default();
    Decision::Report {
        code: Code::RecordUnreadable,
        sentence: format!("{record} is overridden without times and without awarded time"),
    }
}

/// The issue about a student who never checked out. Its sentence names the last check-in that has no check-out.
fn never_out(visits: &[Visit], starts: Instant) -> (Code, String) {
    let open = visits.iter().filter(|visit| visit.checked_out.is_none()).map(|visit| visit.checked_in).max();
    let at = open.map(|open| format!(" {}", from_start(open, starts))).unwrap_or_default();
    (Code::NeverCheckedOut, format!("checked in{at} and never out"))
}

/// DOMAIN §4: "check-out before check-in, times in the future (more than 5 minutes): issue, nothing written for that
/// record". Where staff awarded or removed time, the visits decide nothing, so an impossible visit is no issue.
pub fn impossible(record: &AttendanceRecord, starts: Instant, now: Instant) -> Option<(Code, String)> {
    let decided = |adjustment: &Adjustment| {
        adjustment.awarded.is_some() || matches!(adjustment.kind, AdjustmentKind::AwardFull | AdjustmentKind::RemoveAll)
    };
    if record.adjustment.as_ref().is_some_and(decided) {
        return None;
    }
    record.visits.iter().find_map(|visit| {
        let last = visit.checked_out.unwrap_or(visit.checked_in);
        if last < visit.checked_in {
            Some((
                Code::VisitBackwards,
                format!("checked out before the check-in {}", from_start(visit.checked_in, starts)),
            ))
        } else if last > now + AHEAD {
            Some((Code::VisitInFuture, format!("a punch {} is in the future", from_start(last, starts))))
        } else {
            None
        }
    })
}

#[cfg(test)]
mod tests;
