//! Synchronization with CourseKey Status: the four statuses, which of them a course has, and the reason for the
//! tooltip. Issues about attendance never change a status.

use chrono::Days;
use serde::{Deserialize, Serialize};

use crate::model::zone::Zone;
use crate::option::Resolved;
use crate::silence::Silence;
use crate::window::{Phase, Window};

/// Seed, "Synchronization with CourseKey Status". There is no fifth.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// "the course is not selected for the CourseKey synchronization or the defined number of weeks passed since the
    /// course end"
    Disabled,
    /// "the course was planned for synchronization with CourseKey, but the synchronization date … has not come yet"
    Scheduled,
    /// "an error occurred during CourseKey synchronization"
    Failed,
    /// "the course is successfully synchronized with CourseKey"
    Synchronized,
}

/// A status with the text of its tooltip.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The status.
    pub status: Status,
    /// Why the course has the status; never none with Failed.
    pub reason: Option<String>,
}

/// Some of a course's people, classes or enrolments that cannot be sent, or that CourseKey refused, all for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// The kind of thing that is stuck: `student`, `instructor`, `class`, `enrollment`, `course`.
    pub what: String,
    /// How many are stuck.
    pub stuck: usize,
    /// How many of the kind the course wants.
    pub of: usize,
    /// Why they are stuck, in few words.
    pub why: String,
}

impl Trouble {
    /// A trouble: `stuck` of `of` things of the kind `what` are stuck, because `why`.
    pub fn new(what: &str, stuck: usize, of: usize, why: &str) -> Self {
        Self { what: what.to_owned(), stuck, of, why: why.to_owned() }
    }

    /// For example "1 of 24 students: no e-mail".
    fn sentence(&self) -> String {
        let Self { what, stuck, of, why } = self;
        match (of, what.as_str()) {
            (1, _) => format!("the {what}: {why}"),
            (_, "class") => format!("{stuck} of {of} classes: {why}"),
            _ => format!("{stuck} of {of} {what}s: {why}"),
        }
    }
}

/// A tooltip names this many reasons and counts the others.
const REASONS_SHOWN: usize = 3;

/// Everything that decides a status.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Send to CourseKey.
    pub option: Resolved,
    /// Whether the integration is switched on.
    pub enabled: bool,
    /// Whether GEGI removed the course.
    pub removed: bool,
    /// The sync window and the campus's zone; none where the campus or its zone is unknown.
    pub window: Option<(Window, Zone)>,
    /// Where the present moment lies: before, in or after the sync window.
    pub phase: Phase,
    /// How many instructors the course has.
    pub instructors: usize,
    /// How many classes the course has.
    pub classes: usize,
    /// Whether CourseKey acknowledged the course.
    pub acknowledged: bool,
    /// Why the campus keeps the course from being sent; none: the campus does not.
    pub campus_problem: Option<&'a str>,
    /// People, classes and enrolments that are stuck.
    pub troubles: &'a [Trouble],
    /// What the course waits for in vain.
    pub silences: &'a [Silence],
    /// Why no tick works on the course; none: ticks work on the course.
    pub set_aside: Option<&'a str>,
}

/// The status of a course: DOMAIN §4 "Status, first that holds".
pub fn verdict(facts: &Facts<'_>) -> Verdict {
    let disabled = disabled(facts).map(|reason| (Status::Disabled, Some(reason)));
    let failed = || failed(facts).map(|reason| (Status::Failed, Some(reason)));
    let synchronized = || facts.acknowledged.then_some((Status::Synchronized, None));
    let (status, reason) =
        disabled.or_else(failed).or_else(synchronized).unwrap_or_else(|| (Status::Scheduled, Some(scheduled(facts))));
    Verdict { status, reason }
}

fn disabled(facts: &Facts<'_>) -> Option<String> {
    let ended = facts.window.map(|(window, zone)| {
        if window.never_opens() {
            "the course was completed before its start date".to_owned()
        } else {
            format!("the sync window ended on {}", last_day(window, zone))
        }
    });
    let rows = [
        (!facts.enabled, "the integration is switched off".to_owned()),
        (facts.removed, "the course was removed from GEGI".to_owned()),
        (facts.option == Resolved::Off, "Send to CourseKey is off".to_owned()),
        (facts.phase == Phase::Over, ended.unwrap_or_default()),
    ];
    rows.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

/// Why the course is Failed; none: it is not. Before the sync window nothing is sent, so nothing can have failed; the
/// exception is a course that CourseKey holds already and whose start was moved.
///
/// Seed, "Courses": "The course integration requires adding at least one instructor to the course and at least one class
/// scheduled." And "Synchronization with CourseKey Status": "You can view the synchronization error reason in a tooltip
/// when hovering over the Failed status".
fn failed(facts: &Facts<'_>) -> Option<String> {
    if facts.phase == Phase::Before && !facts.acknowledged {
        return None;
    }
    let missing = [(facts.instructors, "no instructor"), (facts.classes, "no class")];
    let mut reasons: Vec<String> =
        missing.into_iter().filter(|(count, _)| *count == 0).map(|(_, reason)| reason.to_owned()).collect();
    reasons.extend(facts.campus_problem.map(str::to_owned));
    reasons.extend(facts.troubles.iter().map(Trouble::sentence));
    let zone = facts.window.map(|(_, zone)| zone);
    reasons.extend(facts.silences.iter().map(|silence| silence.sentence(zone)));
    reasons.extend(facts.set_aside.map(str::to_owned));
    (!reasons.is_empty()).then(|| tooltip(&reasons))
}

/// The text of the tooltip: the first reasons, and how many more there are.
fn tooltip(reasons: &[String]) -> String {
    let shown = reasons.iter().take(REASONS_SHOWN).map(String::as_str).collect::<Vec<_>>().join("; ");
    match reasons.len().saturating_sub(REASONS_SHOWN) {
        0 => shown,
        more => format!("{shown}; and {more} more"),
    }
}

fn scheduled(facts: &Facts<'_>) -> String {
    match facts.window {
        Some((window, zone)) if facts.phase == Phase::Before => {
            format!("synchronization begins on {}", window.opens.date_in(zone))
        }
        _ => "first synchronization in progress".to_owned(),
    }
}

fn last_day(window: Window, zone: Zone) -> chrono::NaiveDate {
    let next = window.closes.date_in(zone);
    next.checked_sub_days(Days::new(1)).unwrap_or(next)
}

#[cfg(test)]
mod tests;
