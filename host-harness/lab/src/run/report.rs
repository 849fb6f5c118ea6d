//! The report of a run: `report.json`. Everything but `measured` follows from the input and the seed.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Serialize;

use super::accounting::{Accounting, Unaccounted};
use super::statuses::StatusLine;
use host::door::RequestEntry;

/// The most items of one writing request.
const FULL_BATCH: u64 = 100;

/// The contents of `report.json`.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Report {
    /// The school's name.
    pub school: String,
    /// The first moment of the span.
    pub from: String,
    /// The first moment after the span.
    pub until: String,
    /// The seed of the simulator's dice; none: a CourseKey outside of this process answered.
    pub seed: Option<u64>,
    /// How many requests in a million were to meet a fault.
    pub faults_per_million: u32,
    /// The number of courses by status.
    pub statuses: BTreeMap<&'static str, u64>,
    /// The number of marks by letter.
    pub marks: BTreeMap<String, u64>,
    /// The number of marks by the rule that decided.
    pub marks_by_rule: BTreeMap<String, u64>,
    /// The number of rows of the attendance log.
    pub log_rows: u64,
    /// The number of lines of the System Journal.
    pub journal_lines: u64,
    /// The number of open issues.
    pub open_issues: u64,
    /// The number of resolved issues.
    pub resolved_issues: u64,
    /// The number of mails.
    pub mails: u64,
    /// The account of CourseKey's attendance records; none: a CourseKey outside of this process holds the records.
    pub attendance: Option<Accounting>,
    /// Requests to CourseKey, by kind.
    pub requests: BTreeMap<String, RequestCount>,
    /// The number of requests that wrote.
    pub writing_requests: u64,
    /// The fewest requests that could have carried the same items: full batches of each kind to each campus.
    pub full_batches: u64,
    /// `writing_requests` divided by `full_batches`; none: nothing was written.
    pub writing_ratio: Option<f64>,
    /// The reasons for which the door refused requests, each reason once.
    pub denials: Vec<String>,
    /// The calls that the driver made.
    pub calls: Calls,
    /// The measurements, which depend on the machine.
    pub measured: Measured,
}

/// The number of requests of one kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct RequestCount {
    /// The requests that read.
    pub reads: u64,
    /// The requests that wrote.
    pub writes: u64,
    /// The items that were written.
    pub items: u64,
    /// The requests without a whole answer, or with an answer that is no success.
    pub failed: u64,
}

/// The number of calls of the component by export, and of calls that left no trace.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Calls {
    /// `on-tick`.
    pub ticks: u64,
    /// `on-course-changed`.
    pub course_changes: u64,
    /// `on-attendance-received`.
    pub pushes: u64,
    /// Calls of any kind that were aborted.
    pub aborted: u64,
}

/// The measurements, which depend on the machine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Measured {
    /// Seconds inside calls of the component, with their commits and the simulator's answers.
    pub guest_seconds: f64,
    /// All other seconds: reading, delivering, writing.
    pub host_seconds: f64,
    /// The most bytes of memory that the process ever held; none where the system does not say.
    pub peak_memory_bytes: Option<u64>,
}

impl Measured {
    /// Makes the measurements from the time of the whole run and the time inside calls.
    pub(super) fn new(whole: Duration, calls: Duration) -> Self {
        let milliseconds = |time: Duration| (time.as_secs_f64() * 1_000.0).round() / 1_000.0;
        Self {
            guest_seconds: milliseconds(calls),
            host_seconds: milliseconds(whole.saturating_sub(calls)),
            peak_memory_bytes: peak_memory_bytes(),
        }
    }
}

/// Linux keeps the high-water mark of resident memory in a line such as `VmHWM:   123456 kB`.
fn peak_memory_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kilobytes * 1_024)
}

impl Report {
    /// Checks that no record of CourseKey's is unaccounted for.
    ///
    /// # Errors
    /// GEGI does not say what became of some records.
    pub fn all_accounted(&self) -> Result<(), Unaccounted> {
        match self.attendance.as_ref().map_or(0, |attendance| attendance.unaccounted) {
            0 => Ok(()),
            unaccounted => Err(Unaccounted(unaccounted)),
        }
    }

    /// Counts courses by status; a status without courses is listed with zero.
    pub(super) fn count_statuses(&mut self, lines: &[StatusLine]) {
        self.statuses = ["disabled", "scheduled", "failed", "synchronized"].map(|status| (status, 0)).into();
        for line in lines {
            *self.statuses.entry(line.status).or_default() += 1;
        }
    }

    /// Counts requests by kind, and the requests that full batches would have needed.
    pub(super) fn count_requests(&mut self, entries: &[RequestEntry]) {
        for entry in entries {
            let count = self.requests.entry(entry.kind.clone()).or_default();
            if writes(entry) {
                count.writes += 1;
                count.items += u64::from(entry.items);
            } else {
                count.reads += 1;
            }
            count.failed += u64::from(!entry.status.is_some_and(|status| (200..300).contains(&status)));
        }
        self.writing_requests = self.requests.values().map(|count| count.writes).sum();
        self.full_batches = full_batches(entries);
        self.writing_ratio = ratio(self.writing_requests, self.full_batches);
    }
}

/// The fewest requests that could have carried the written items.
fn full_batches(entries: &[RequestEntry]) -> u64 {
    let mut items: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for entry in entries.iter().filter(|entry| writes(entry)) {
        *items.entry((&entry.campus, &entry.kind)).or_default() += u64::from(entry.items);
    }
    items.into_values().map(|items| items.div_ceil(FULL_BATCH)).sum()
}

fn writes(entry: &RequestEntry) -> bool {
    entry.method != "GET"
}

/// One number divided by another, to three decimals; none: the divisor is zero.
fn ratio(number: u64, by: u64) -> Option<f64> {
    let thousandths = (number * 1_000 + by / 2).checked_div(by)?;
    // Requests are counted in thousands, far below the numbers that a float cannot hold exactly.
    u32::try_from(thousandths).ok().map(|thousandths| f64::from(thousandths) / 1_000.0)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::indexing_slicing)]

    use super::*;

    fn entry(campus: &str, method: &str, kind: &str, items: u32, status: Option<u16>) -> RequestEntry {
        RequestEntry {
            at: chrono::DateTime::UNIX_EPOCH,
            campus: campus.to_owned(),
            method: method.to_owned(),
            path: String::new(),
            kind: kind.to_owned(),
            items,
            status,
            took: std::time::Duration::ZERO,
        }
    }

    #[test]
    fn full_batches_are_counted_for_each_kind_and_campus() {
        let entries = [
            entry("a", "PUT", "users", 60, Some(200)),
            entry("a", "PUT", "users", 60, Some(200)),
            entry("a", "PUT", "courses", 1, Some(200)),
            entry("b", "PUT", "users", 100, None),
            entry("b", "GET", "users", 500, Some(200)),
        ];
        let mut report = Report::default();
        report.count_requests(&entries);
        assert_eq!(report.requests["users"], RequestCount { reads: 1, writes: 3, items: 220, failed: 1 });
        assert_eq!((report.writing_requests, report.full_batches), (4, 4));
        assert_eq!(report.writing_ratio, Some(1.0));
        assert_eq!(ratio(4, 3), Some(1.333));
        assert_eq!(ratio(0, 0), None);
    }

    #[test]
    fn linux_tells_the_peak_of_memory() {
        let peak = peak_memory_bytes();
        assert!(!cfg!(target_os = "linux") || peak.unwrap() > 1 << 20, "{peak:?}");
    }
}
