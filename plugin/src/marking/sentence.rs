//! A mark's basis in one sentence for people.

use super::{Basis, Rule, longest_gap};
use crate::model::attendance::Mark;
use crate::model::time::Seconds;

/// For example "Late: came 4 min after the start; left 2 min before the end".
pub fn sentence(basis: &Basis) -> String {
    let mark = match basis.rule.mark() {
        Mark::Present => "Present",
        Mark::Late => "Late",
        Mark::Absent => "Absent",
    };
    format!("{mark}: {}", why(basis))
}

fn why(basis: &Basis) -> String {
    let limit = |limit: Seconds| format!("the limit is {}", length(limit));
    let late_limit = || limit(basis.late_until - basis.starts);
    let early_limit = || limit(basis.ends - basis.early_from);
    match basis.rule {
        Rule::Present => "attended the whole class".to_owned(),
        Rule::CameLate => came(basis),
        Rule::LeftEarly => left(basis),
        Rule::CameLateAndLeftEarly => format!("{}; {}", came(basis), left(basis)),
        Rule::LongGap => format!("was out for {} during the class", length(longest_gap(&basis.visits))),
        Rule::Skipped => "did not check in".to_owned(),
        Rule::CameTooLate => format!("{}; {}", came(basis), late_limit()),
        Rule::LeftTooEarly => format!("{}; {}", left(basis), early_limit()),
        Rule::NeverCheckedOut => "checked in and never out".to_owned(),
        Rule::AwardedFull => "CourseKey's staff awarded the full time".to_owned(),
        Rule::AllTimeRemoved => "CourseKey's staff removed all time".to_owned(),
        Rule::OverrideWhole => "the time CourseKey's staff set is the whole class".to_owned(),
        Rule::OverrideShort => "the time CourseKey's staff set misses a little of the class".to_owned(),
        Rule::OverrideTooShort => "the time CourseKey's staff set misses too much of the class".to_owned(),
    }
}

fn came(basis: &Basis) -> String {
    let late = basis.visits.first().map_or(Seconds::ZERO, |visit| visit.checked_in - basis.starts);
    format!("came {} after the start", length(late))
}

fn left(basis: &Basis) -> String {
    let out = basis.visits.iter().filter_map(|visit| visit.checked_out).max();
    format!("left {} before the end", length(out.map_or(Seconds::ZERO, |out| basis.ends - out)))
}

/// Whole minutes, rounded down, or seconds where there is not one.
fn length(time: Seconds) -> String {
    match time.whole_minutes() {
        0 => format!("{} s", time.0),
        minutes => format!("{minutes} min"),
    }
}
