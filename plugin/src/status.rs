//! Synchronization with CourseKey Status: the four statuses, the first that holds, and its reason.

use chrono::Days;
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::option::Resolved;
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

/// A status with what the tooltip says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The status.
    pub status: Status,
    /// Why; always there with Failed.
    pub reason: Option<String>,
}

/// Some of a course's people or classes that cannot be sent, or were refused, for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trouble {
    /// What they are: `student`, `instructor`, `class`, `enrollment`, `course`.
    pub what: String,
    /// How many are stuck.
    pub stuck: usize,
    /// Of how many.
    pub of: usize,
    /// Why, in few words.
    pub why: String,
}

impl Trouble {
    /// `stuck` of `of` are stuck.
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

/// A course goes to Failed after so many ticks in a row in which something of it could not be sent (DESIGN §5).
pub const FAILED_TICKS: u32 = 3;

/// A tooltip names so many reasons and counts the others.
const REASONS_SHOWN: usize = 3;

/// What a status is made from. Issues about attendance are not among it: they never change a status.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// Send to CourseKey.
    pub option: Resolved,
    /// The integration is switched on.
    pub enabled: bool,
    /// GEGI removed the course.
    pub removed: bool,
    /// The sync window and the campus's zone; none where the campus or its zone is unknown.
    pub window: Option<(Window, Tz)>,
    /// Where the present moment lies in it.
    pub phase: Phase,
    /// How many instructors the course has.
    pub instructors: usize,
    /// How many classes the course has.
    pub classes: usize,
    /// CourseKey acknowledged the course.
    pub acknowledged: bool,
    /// Why the course's campus keeps it from being sent, if it does.
    pub campus_problem: Option<&'a str>,
    /// What is stuck.
    pub troubles: &'a [Trouble],
    /// Ticks in a row in which something of it could not be sent.
    pub failed_ticks: u32,
    /// Why, the last time.
    pub last_failure: Option<&'a str>,
}

/// DOMAIN §4 "Status, first that holds".
pub fn verdict(facts: &Facts<'_>) -> Verdict {
    let disabled = disabled(facts).map(|reason| (Status::Disabled, Some(reason)));
    let failed = || failed(facts).map(|reason| (Status::Failed, Some(reason)));
    let synchronized = || facts.acknowledged.then_some((Status::Synchronized, None));
    let (status, reason) =
        disabled.or_else(failed).or_else(synchronized).unwrap_or_else(|| (Status::Scheduled, Some(scheduled(facts))));
    Verdict { status, reason }
}

fn disabled(facts: &Facts<'_>) -> Option<String> {
    let ended = facts.window.map(|(window, zone)| format!("the sync window ended on {}", last_day(window, zone)));
    let rows = [
        (!facts.enabled, "the integration is switched off".to_owned()),
        (facts.removed, "the course was removed from GEGI".to_owned()),
        (facts.option == Resolved::Off, "Send to CourseKey is off".to_owned()),
        (facts.phase == Phase::Over, ended.unwrap_or_default()),
    ];
    rows.into_iter().find(|(holds, _)| *holds).map(|(_, reason)| reason)
}

/// Before the window nothing is tried, so nothing has failed; unless CourseKey has the course already and only its start was
/// moved.
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
    if facts.failed_ticks >= FAILED_TICKS {
        reasons.push(facts.last_failure.unwrap_or("CourseKey could not be reached").to_owned());
    }
    (!reasons.is_empty()).then(|| tooltip(&reasons))
}

/// The first reasons, and how many more there are.
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

fn last_day(window: Window, zone: Tz) -> chrono::NaiveDate {
    let next = window.closes.date_in(zone);
    next.checked_sub_days(Days::new(1)).unwrap_or(next)
}

#[cfg(test)]
mod tests;
