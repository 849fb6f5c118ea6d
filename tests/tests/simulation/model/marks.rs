//! What the records of a student in a class are worth in the model: the seed's rules as the tables of DOMAIN §3 state
//! them, and staff's adjustments.

use std::cmp::Reverse;

use crate::school::{Class, Content, Kind, MINUTE, NeverOut, Settings, Version};

/// The worth of records at a moment.
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

/// The worth of a student's possible records of a class in a Class Schedule course.
pub(super) fn worth(class: &Class, settings: &Settings, settle: i64, each: &[&Version], now: i64) -> Worth {
    use Worth::{Issue, Mark, Nothing};
    if now < class.ends {
        return Nothing;
    }
    // "where one is awarded, the larger award decides", of equal awards that of the lower id.
    let awards = each.iter().filter_map(|version| Some((award(class, &version.content)?, *version)));
    if let Some((awarded, of)) = awards.max_by_key(|(awarded, version)| (*awarded, Reverse(&version.id))) {
        if of.content.adjustment.is_some_and(|by| by.kind == Kind::AwardFull) {
            return Mark("P", "awarded-full");
        }
        return enough(class, settings, awarded, by_missing_time(class, settings, awarded));
    }
    let each: Vec<&Content> = each.iter().map(|version| &version.content).collect();
    if each.iter().any(|content| content.adjustment.is_some_and(|by| by.kind == Kind::RemoveAll)) {
        return Mark("A", "all-time-removed");
    }
    let visits: Vec<Visit> = each.iter().flat_map(|content| content.visits.iter().copied()).collect();
    let settled = now >= class.ends + settle;
    let overridden = each.iter().any(|content| content.adjustment.is_some_and(|by| by.kind == Kind::Override));
    if visits.is_empty() {
        return match (settled, overridden) {
            (false, _) => Nothing,
            (true, true) => Issue("record-unreadable"),
            (true, false) => Mark("A", "skipped"),
        };
    }
    match by_table(class, settings, settled, &visits) {
        // "where the table would say A, no Absent is made of it: issue `visits doubtful`, no mark".
        Mark("A", _) if is_doubtful(class, &visits) && !settled => Nothing,
        Mark("A", _) if is_doubtful(class, &visits) => Issue("visits-doubtful"),
        worth => worth,
    }
}

/// A check-in with its check-out.
pub(super) type Visit = (i64, Option<i64>);

/// The time that staff awarded; none: the visits decide, or all time was removed.
pub(super) fn award(class: &Class, content: &Content) -> Option<i64> {
    let by = content.adjustment?;
    match by.kind {
        Kind::AwardFull => Some(class.ends - class.starts),
        Kind::RemoveAll => None,
        Kind::Edit | Kind::Override => by.awarded,
    }
}

/// "check-out before check-in, times in the future (more than 5 minutes): issue, nothing written for that record".
pub(super) fn impossible(class: &Class, content: &Content, now: i64) -> Option<&'static str> {
    let is_removed = content.adjustment.is_some_and(|by| by.kind == Kind::RemoveAll);
    if is_removed || award(class, content).is_some() {
        return None;
    }
    if content.visits.iter().any(|(came, left)| left.is_some_and(|left| left < *came)) {
        return Some("visit-backwards");
    }
    let latest = content.visits.iter().flat_map(|(came, left)| [Some(*came), *left]).flatten().max();
    latest.is_some_and(|latest| latest > now + AHEAD).then_some("visit-in-future")
}

/// "a visit under one minute followed by another check-in, or a check-in after the end without a check-out".
fn is_doubtful(class: &Class, visits: &[Visit]) -> bool {
    visits.iter().enumerate().any(|(number, (came, left))| match left {
        None => *came >= class.ends,
        Some(left) => {
            let mut others = visits.iter().enumerate().filter(|(other, _)| *other != number);
            left - came < MINUTE && others.any(|(_, other)| other.0 >= *left)
        }
    })
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

/// "a P or L whose time inside the class is a smaller share is A: attended too little".
fn enough(class: &Class, settings: &Settings, seconds: i64, worth: Worth) -> Worth {
    let is_enough = seconds * 100 >= (class.ends - class.starts) * settings.least_percent;
    if is_enough || matches!(worth, Worth::Mark("A", _)) { worth } else { Worth::Mark("A", "attended-too-little") }
}

/// Every second of the class at which a visit has the student there, counted, and the first and the last moment of the
/// visits that touch the class. Nobody saw a student leave who checks in once more, so such a visit lasts until then.
struct Days {
    first: Option<i64>,
    last: Option<i64>,
    inside: i64,
    /// The check-in during or before the class after which nobody saw the student.
    open: Option<i64>,
}

fn days(class: &Class, visits: &[Visit], left_at_end: bool) -> Days {
    let mut visits = visits.to_vec();
    visits.sort_unstable();
    let last_out = visits.iter().filter_map(|visit| visit.1).max();
    let mut spans: Vec<(i64, i64)> = Vec::new();
    let mut open = None;
    for (number, (came, left)) in visits.iter().enumerate() {
        let next = visits.get(number + 1).map(|visit| visit.0);
        match left.or(next) {
            Some(left) => spans.push((*came, left)),
            None if last_out.is_some_and(|out| out >= *came) => {}
            None if left_at_end => spans.push((*came, class.ends)),
            None => open = Some(*came).filter(|came| *came < class.ends),
        }
    }
    spans.retain(|(came, left)| (*left).min(class.ends) > (*came).max(class.starts));
    let first = spans.iter().map(|span| span.0).chain(open).min();
    let last = spans.iter().map(|span| span.1).max();
    let mut inside = 0;
    let mut until = class.starts;
    for (came, left) in spans {
        inside += (left.min(class.ends) - came.max(until)).max(0);
        until = until.max(left);
    }
    Days { first, last, inside, open }
}

/// The table of DOMAIN §3; the worst rule wins.
fn by_table(class: &Class, settings: &Settings, settled: bool, visits: &[Visit]) -> Worth {
    use Worth::{Issue, Mark, Nothing};
    let late_until = class.starts + settings.late_minutes * MINUTE;
    let early_from = class.ends - settings.early_minutes * MINUTE;
    let mut seen = days(class, visits, false);
    // "visits without at least one second inside the class … are no attendance → A: not there".
    let Some(came) = seen.first else { return Mark("A", "not-there") };
    // "> late_until | any, or none | A: came too late".
    if came > late_until && seen.open.is_some() {
        return Mark("A", "came-too-late");
    }
    if seen.open.is_some() {
        // "no mark while the class runs and the settle time after it; then …: issue `never checked out`, …, no mark
        // (setting …: `report`, default; `absent`; `left-at-end`: judged as if checked out at the class's end".
        match (settled, settings.never_out) {
            (false, _) => return Nothing,
            (true, NeverOut::Absent) => return Mark("A", "never-checked-out"),
            (true, NeverOut::Report) => return Issue("never-checked-out"),
            (true, NeverOut::LeftAtEnd) => seen = days(class, visits, true),
        }
    }
    let left = seen.last.unwrap_or(class.ends);
    let span = left.min(class.ends) - came.max(class.starts);
    let away = span - seen.inside;
    let worth = match (came > class.starts, left < class.ends) {
        _ if came > late_until => Mark("A", "came-too-late"),
        // "any | < early_from | A: left too early".
        _ if left < early_from => Mark("A", "left-too-early"),
        (true, true) => Mark("L", "came-late-and-left-early"),
        (true, false) => Mark("L", "came-late"),
        (false, true) => Mark("L", "left-early"),
        // "class time away in between, *all gaps together*, longer than *Longest Gap …* makes a P an L".
        (false, false) if settings.gap_minutes > 0 && away > settings.gap_minutes * MINUTE => Mark("L", "long-gap"),
        (false, false) => Mark("P", "present"),
    };
    enough(class, settings, seen.inside, worth)
}
