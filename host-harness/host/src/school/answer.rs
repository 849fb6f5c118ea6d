//! What an export may answer. The types of the boundary allow more than a plugin can mean: statuses of courses that nobody
//! asked for, more marks than a call can stage, moments outside of time. Such an answer is no answer, and its call leaves
//! no trace. Not here: whether an answer is right, which only the plugin knows.

use std::collections::BTreeSet;

use chrono::DateTime;

use super::{AttendanceOutcome, CourseStatus, StatusQuery, TickReport};
use crate::gegi::Instant;
use crate::limits::Limits;

/// The kinds of requests, each of which has one tally at the most.
const KINDS: usize = 6;
/// More than any tick sends or receives of a kind.
const ITEMS: u32 = 10_000_000;
/// The most statuses of one answer (the WIT promises this number).
const PAGE: u32 = 500;

type Verdict = Result<(), String>;

fn ensure(holds: bool, why: &str) -> Verdict {
    if holds { Ok(()) } else { Err(format!("it answered what cannot be: {why}")) }
}

fn is_moment(instant: Instant) -> bool {
    DateTime::from_timestamp(instant, 0).is_some()
}

pub(super) fn check_tick(report: &TickReport, limits: &Limits) -> Verdict {
    let written = [report.marks_written, report.log_rows_written, report.issues_opened, report.issues_resolved];
    let written: u64 = written.into_iter().map(u64::from).sum();
    ensure(written <= limits.storage.operations_per_call, "more operations than one call can stage")?;
    ensure(report.tallies.len() <= KINDS, "more tallies than there are kinds of requests")?;
    let kinds = || report.tallies.iter().map(|tally| tally.kind);
    let is_twice = |kind| kinds().filter(|other| *other == kind).count() > 1;
    ensure(!kinds().any(is_twice), "two tallies of one kind of requests")?;
    let counts = report.tallies.iter().flat_map(|tally| {
        [tally.requests, tally.items, tally.accepted, tally.rejected, tally.failed, tally.failed_requests]
    });
    ensure(counts.max().unwrap_or(0) <= ITEMS, "more items than a tick can send")?;
    ensure(report.next_due.is_none_or(is_moment), "a next-due outside of time")
}

pub(super) fn check_statuses(query: &StatusQuery, statuses: &[CourseStatus]) -> Verdict {
    let told: BTreeSet<&str> = statuses.iter().map(|status| status.course.as_str()).collect();
    ensure(told.len() == statuses.len(), "two statuses of one course")?;
    match query {
        StatusQuery::Ids(asked) => {
            let asked: BTreeSet<&str> = asked.iter().map(String::as_str).collect();
            ensure(told.is_subset(&asked), "the status of a course that nobody asked for")?;
        }
        StatusQuery::Page(page) => {
            let most = usize::try_from(page.limit.min(PAGE)).unwrap_or(usize::MAX);
            ensure(statuses.len() <= most, "more statuses than the page has")?;
            ensure(statuses.is_sorted_by(|one, next| one.course < next.course), "a page that is not ascending")?;
            let first = statuses.first().map(|status| &status.course);
            let is_behind = page.after.as_ref().is_none_or(|after| first.is_none_or(|first| first > after));
            ensure(is_behind, "courses of an earlier page")?;
        }
    }
    let moments = statuses.iter().flat_map(|status| {
        [Some(status.since), status.opens, status.closes, status.complete_until].into_iter().flatten()
    });
    ensure(moments.into_iter().all(is_moment), "a moment outside of time")
}

/// Every record of a push takes more than a byte of its body.
pub(super) fn check_attendance(outcome: AttendanceOutcome, body_bytes: usize) -> Verdict {
    let told = u64::from(outcome.taken) + u64::from(outcome.repeated);
    ensure(usize::try_from(told).is_ok_and(|told| told <= body_bytes), "more records than the push has room for")
}
