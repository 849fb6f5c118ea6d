//! A mark's basis in one sentence for people.

use super::presence::{Attended, overlap};
use super::{Basis, Rule};
use crate::model::attendance::{AdjustmentKind, Mark};
use crate::model::time::{Instant, Seconds};

/// The basis in words, for example "Late: came 4 min after the start; left 2 min before the end".
pub fn sentence(basis: &Basis) -> String {
    let mark = match basis.rule.mark() {
        Mark::Present => "Present",
        Mark::Late => "Late",
        Mark::Absent => "Absent",
    };
    format!("{mark}: {}{}", why(basis), share(basis))
}

/// The attended share of the class, where the share matters.
fn share(basis: &Basis) -> String {
    let (percent, least) = (basis.percent(), basis.least_percent);
    match basis.rule {
        Rule::Skipped | Rule::AllTimeRemoved => String::new(),
        Rule::AttendedTooLittle => format!("; attended {percent} % of the class; the minimum is {least} %"),
        _ if least > 0 => format!("; attended {percent} % of the class"),
        _ => String::new(),
    }
}

fn why(basis: &Basis) -> String {
    match basis.rule {
        Rule::Skipped => "did not check in".to_owned(),
        Rule::AwardedFull => "full time awarded in CourseKey".to_owned(),
        Rule::AllTimeRemoved => "all time removed in CourseKey".to_owned(),
        Rule::OverrideWhole => "the whole class awarded in CourseKey".to_owned(),
        Rule::OverrideShort | Rule::OverrideTooShort => {
            let (missing, allowed) = (basis.missing().unwrap_or(Seconds::ZERO), basis.allowed_missing());
            format!("{} of the class not awarded in CourseKey{}", length(missing), beyond(missing, allowed))
        }
        Rule::AttendedTooLittle if basis.awarded.is_some() => {
            let missing = basis.missing().unwrap_or(Seconds::ZERO);
            format!("{} of the class not awarded in CourseKey", length(missing))
        }
        Rule::Present
        | Rule::CameLate
        | Rule::LeftEarly
        | Rule::CameLateAndLeftEarly
        | Rule::LongGap
        | Rule::NotThere
        | Rule::AttendedTooLittle
        | Rule::CameTooLate
        | Rule::LeftTooEarly
        | Rule::NeverCheckedOut => by_visits(basis).join("; "),
    }
}

/// Everything about the visits, one clause each, including what did not decide the mark.
fn by_visits(basis: &Basis) -> Vec<String> {
    let presence = basis.presence();
    let (came, left) = match presence.attended {
        Attended::Never | Attended::Elsewhere => (None, None),
        Attended::Still { came } => (Some(came), None),
        Attended::Between { came, left } => (Some(came), Some(left)),
    };
    let mut clauses: Vec<String> = came.and_then(|came| arrival(basis, came)).into_iter().collect();
    clauses.extend(left.and_then(|left| departure(basis, left)));
    if basis.rule == Rule::NeverCheckedOut {
        clauses.push("never checked out".to_owned());
    }
    if basis.rule == Rule::NotThere {
        clauses.push("no visit touches the class".to_owned());
    }
    let gap = presence.away;
    if clauses.is_empty() {
        let whole = gap == Seconds::ZERO;
        clauses.push(if whole { "attended the whole class" } else { "there at the start and at the end" }.to_owned());
    }
    if gap > Seconds::ZERO {
        let limit = basis.longest_gap.map(|most| beyond(gap, most)).unwrap_or_default();
        clauses.push(format!("away {} in between{limit}", length(gap)));
    }
    if basis.left_at_end {
        clauses.push("never checked out, counted as there until the end".to_owned());
    }
    if overlap(&basis.visits) {
        clauses.push("overlapping visits count as one".to_owned());
    }
    clauses.extend(match basis.adjustment {
        Some(AdjustmentKind::Edit) => Some("edited in CourseKey".to_owned()),
        Some(AdjustmentKind::Override) => Some("overridden in CourseKey".to_owned()),
        Some(AdjustmentKind::AwardFull | AdjustmentKind::RemoveAll) | None => None,
    });
    clauses
}

fn arrival(basis: &Basis, came: Instant) -> Option<String> {
    let late = came - basis.starts;
    let limit = beyond(late, basis.late_until - basis.starts);
    (late > Seconds::ZERO).then(|| format!("came {} after the start{limit}", length(late)))
}

fn departure(basis: &Basis, left: Instant) -> Option<String> {
    let early = basis.ends - left;
    let limit = beyond(early, basis.ends - basis.early_from);
    (early > Seconds::ZERO).then(|| format!("left {} before the end{limit}", length(early)))
}

/// A moment for people, counted from the class's start. Such a sentence needs no time zone.
pub(super) fn from_start(at: Instant, starts: Instant) -> String {
    match at - starts {
        Seconds::ZERO => "at the start".to_owned(),
        late if late > Seconds::ZERO => format!("{} after the start", length(late)),
        _ => format!("{} before the start", length(starts - at)),
    }
}

/// A clause that names the limit, if a length is beyond the limit.
fn beyond(length_of: Seconds, limit: Seconds) -> String {
    if length_of > limit { format!("; the limit is {}", length(limit)) } else { String::new() }
}

/// A length of time to the second, because one second can decide a mark: "4 min", "15 min 1 s", "30 s".
fn length(time: Seconds) -> String {
    match (time.whole_minutes(), time.0.rem_euclid(60)) {
        (0, seconds) => format!("{seconds} s"),
        (minutes, 0) => format!("{minutes} min"),
        (minutes, seconds) => format!("{minutes} min {seconds} s"),
    }
}
