//! Rows of the attendance log: "one row per visit, keyed by (record id, number of the visit), with in, out, minutes".

use std::cmp::Reverse;

use super::marks::{Worth, award};
use crate::school::{Class, HOUR, Kind, MINUTE, NeverOut, Settings, Version};

/// A net row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) class: String,
    pub(crate) student: String,
    pub(crate) record: String,
    pub(crate) visit: u32,
    pub(crate) came: i64,
    pub(crate) left: i64,
    pub(crate) minutes: i64,
}

/// The rows of a student's possible records at a moment, and the issue of the records, if any.
pub(super) fn rows(class: &Class, settings: &Settings, settle: i64, each: &[&Version], now: i64) -> (Vec<Row>, Worth) {
    let row = |of: &Version, visit: u32, came: i64, left: i64, minutes: i64| Row {
        class: class.id.clone(),
        student: of.student.clone(),
        record: of.id.clone(),
        visit,
        came,
        left,
        minutes,
    };
    let is = |kind: Kind| each.iter().any(|version| version.content.adjustment.is_some_and(|by| by.kind == kind));
    // "one row of the awarded minutes from the first check-in, else the class's start", "award-full makes one row of the
    // class's length".
    // A row is keyed by its record: that which gives the award, of equal awards the lower id.
    let awards = each.iter().filter_map(|version| Some((award(class, &version.content)?, *version)));
    let awarded = awards.max_by_key(|(awarded, version)| (*awarded, Reverse(&version.id)));
    if let Some((awarded, first)) = awarded.filter(|_| now >= class.ends) {
        let came = each.iter().flat_map(|version| &version.content.visits).map(|visit| visit.0).min();
        let came = came.filter(|_| !is(Kind::AwardFull)).unwrap_or(class.starts);
        return (vec![row(first, 1, came, came + awarded, awarded / MINUTE)], Worth::Nothing);
    }
    // "removal voids it".
    if is(Kind::RemoveAll) {
        return (Vec::new(), Worth::Nothing);
    }
    let settled = now >= class.ends + settle;
    let mut visits: Vec<(i64, Option<i64>, &Version, u32)> = Vec::new();
    for version in each {
        let numbered = (1..).zip(&version.content.visits);
        visits.extend(numbered.map(|(number, visit)| (visit.0, visit.1, *version, number)));
    }
    if visits.is_empty() && is(Kind::Override) {
        return (Vec::new(), if settled { Worth::Issue("record-unreadable") } else { Worth::Nothing });
    }
    visits.sort_by_key(|visit| (visit.0, visit.1, &visit.2.id));
    let open = visits.iter().any(|visit| visit.1.is_none());
    let too_long = visits.iter().any(|visit| visit.1.is_some_and(|left| left > class.ends + 12 * HOUR));
    let last_out = visits.iter().filter_map(|visit| visit.1).max();
    let mut rows = Vec::new();
    let (mut covered, mut seconds, mut told) = (i64::MIN, 0, 0);
    for (place, (came, left, of, number)) in visits.iter().enumerate() {
        let counts_to_end = settled && settings.never_out == NeverOut::LeftAtEnd;
        let next = visits.get(place + 1).map(|visit| visit.0);
        // Whoever was seen leaving at that check-in or later was not there until the end, as with marks.
        let to_the_end = Some(class.ends).filter(|_| last_out.is_none_or(|out| out < *came));
        let left = left.or_else(|| next.or(to_the_end).filter(|_| counts_to_end));
        // "A visit that ends more than 12 hours after the class is an issue, no row".
        let Some(left) = left.filter(|left| *left <= class.ends + 12 * HOUR) else { continue };
        // "Overlaps count once."
        let from = covered.max(*came);
        if left <= from {
            continue;
        }
        covered = left;
        // "The minutes of a student's rows in a class add up to the time rounded down once, not visit by visit."
        seconds += left - from;
        rows.push(row(of, *number, from, left, seconds / MINUTE - told));
        told = seconds / MINUTE;
    }
    let after = |came: i64| came >= class.ends && last_out.is_none_or(|out| out < came);
    let worth = match settings.never_out {
        _ if awarded.is_some() => Worth::Nothing,
        _ if too_long => Worth::Issue("visit-too-long"),
        // "an open visit waits as above".
        NeverOut::LeftAtEnd if settled && !visits.last().is_some_and(|visit| visit.1.is_none() && after(visit.0)) => {
            Worth::Nothing
        }
        _ if open && settled => Worth::Issue("never-checked-out"),
        _ => Worth::Nothing,
    };
    (rows, worth)
}
