//! What one record is worth in the model: the seed's rules as the tables of DOMAIN §3 state them, and staff's
//! adjustments.

use crate::school::{Class, Content, Kind, MINUTE, Settings};

/// The worth of a record at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Worth {
    /// A mark, with the rule that decides.
    Mark(&'static str, &'static str),
    /// No mark yet: the class or its settle time runs.
    Nothing,
    /// No mark, and an issue with this code.
    Issue(&'static str),
}

/// A time that lies further ahead than this is in the future.
const AHEAD: i64 = 5 * MINUTE;

/// The worth of a record of a class in a Class Schedule course.
pub(super) fn worth(class: &Class, settings: &Settings, settle: i64, content: &Content, now: i64) -> Worth {
    use Worth::{Issue, Mark, Nothing};
    if now < class.ends {
        return Nothing;
    }
    let missing = content.adjustment.filter(|adjustment| adjustment.kind == Kind::Override);
    match content.adjustment.map(|adjustment| adjustment.kind) {
        // "Award full time / remove all time / override | P / A / by its in and out times, else by missing time".
        Some(Kind::AwardFull) => return Mark("P", "awarded-full"),
        Some(Kind::RemoveAll) => return Mark("A", "all-time-removed"),
        Some(Kind::Override)
            if missing.is_some_and(|adjustment| adjustment.awarded.is_none()) && content.visits.is_empty() =>
        {
            return Issue("record-unreadable");
        }
        _ => {}
    }
    if let Some(issue) = impossible(content, now) {
        return Issue(issue);
    }
    match missing.and_then(|adjustment| adjustment.awarded) {
        Some(awarded) if last_out(class, content).is_none() => by_missing_time(class, settings, awarded),
        _ => by_table(class, settings, settle, content, now),
    }
}

/// "check-out before check-in, times in the future (more than 5 minutes): issue, nothing written for that record".
pub(super) fn impossible(content: &Content, now: i64) -> Option<&'static str> {
    if content.visits.iter().any(|(came, left)| left.is_some_and(|left| left < *came)) {
        return Some("visit-backwards");
    }
    let latest = content.visits.iter().flat_map(|(came, left)| [Some(*came), *left]).flatten().max();
    latest.is_some_and(|latest| latest > now + AHEAD).then_some("visit-in-future")
}

/// The last check-out, unless the student checked in once more after it while the class ran.
pub(super) fn last_out(class: &Class, content: &Content) -> Option<i64> {
    let last = content.visits.iter().filter_map(|visit| visit.1).max()?;
    let open = content.visits.iter().filter(|visit| visit.1.is_none()).map(|visit| visit.0);
    let still_there = open.filter(|came| *came < class.ends).any(|came| came > last);
    (!still_there).then_some(last)
}

/// "none → P; ≤ late + early minutes → L; more → A".
fn by_missing_time(class: &Class, settings: &Settings, awarded: i64) -> Worth {
    match class.ends - class.starts - awarded {
        ..=0 => Worth::Mark("P", "override-whole"),
        missing if missing <= (settings.late_minutes + settings.early_minutes) * MINUTE => {
            Worth::Mark("L", "override-short")
        }
        _ => Worth::Mark("A", "override-too-short"),
    }
}

/// The table of DOMAIN §3; the worst rule wins.
fn by_table(class: &Class, settings: &Settings, settle: i64, content: &Content, now: i64) -> Worth {
    use Worth::{Issue, Mark, Nothing};
    let late_until = class.starts + settings.late_minutes * MINUTE;
    let early_from = class.ends - settings.early_minutes * MINUTE;
    let settled = now >= class.ends + settle;
    let Some(came) = content.visits.iter().map(|visit| visit.0).min() else {
        // "none (class over, complete read) | – | A: skipped".
        return if settled { Mark("A", "skipped") } else { Nothing };
    };
    // "> late_until | any, or none | A: came too late".
    if came > late_until && came > class.starts {
        return Mark("A", "came-too-late");
    }
    let Some(left) = last_out(class, content) else {
        // "no mark while the class runs and the settle time after it; then …: issue `never checked out`, …, no mark
        // (setting `report`, default, or `absent`)".
        return match (settled, settings.absent_without_check_out) {
            (false, _) => Nothing,
            (true, true) => Mark("A", "never-checked-out"),
            (true, false) => Issue("never-checked-out"),
        };
    };
    match (came > class.starts, left < class.ends) {
        // "any | < early_from | A: left too early".
        _ if left < early_from && left < class.ends => Mark("A", "left-too-early"),
        (true, true) => Mark("L", "came-late-and-left-early"),
        (true, false) => Mark("L", "came-late"),
        (false, true) => Mark("L", "left-early"),
        // "a gap longer than Longest Gap Within a Class, minutes (default 90, 0 = ignore) makes a P an L".
        (false, false) if has_long_gap(class, settings, content) => Mark("L", "long-gap"),
        (false, false) => Mark("P", "present"),
    }
}

fn has_long_gap(class: &Class, settings: &Settings, content: &Content) -> bool {
    let mut visits = content.visits.clone();
    visits.sort_unstable();
    let mut there_until = class.starts;
    let mut longest = 0;
    for (came, left) in visits {
        longest = longest.max(came - there_until);
        there_until = there_until.max(left.unwrap_or(there_until));
    }
    settings.gap_minutes > 0 && longest > settings.gap_minutes * MINUTE
}
