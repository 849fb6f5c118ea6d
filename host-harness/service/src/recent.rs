//! What happened lately: the last requests to CourseKey, the last calls of the component, and how many requests each school
//! made in each of the last hours. Kept in the memory of this process, for the pages that people look at; nothing is
//! decided by it. A request stands here as in the request log: without query, body and header.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use host::clock::Clock;
use host::door::{Denial, RequestEntry, RequestLog};
use host::observer::{EndedCall, Observer, Step};
use serde::Serialize;
use utoipa::ToSchema;

use crate::tenure::id_of;

/// The requests, and the calls, that are kept of all schools together.
const KEPT: usize = 10_000;
/// The hours whose requests are counted.
const HOURS: usize = 24;
const HOUR: i64 = 3_600;

/// What happened lately at the schools of this process. Cheap to clone.
#[derive(Clone)]
pub struct Recent {
    kept: Arc<Mutex<Kept>>,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Kept {
    requests: VecDeque<(String, RequestEntry)>,
    calls: VecDeque<(String, CallLine)>,
    hours: BTreeMap<String, VecDeque<HourLine>>,
}

/// A call of the component that ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct CallLine {
    /// When it ended.
    at: DateTime<Utc>,
    /// The export.
    export: &'static str,
    /// How it ended: `ok`, `refused`, `trapped`, `too-long`, `no-place`, `full`, `storage` or `gegi-unavailable`.
    ending: &'static str,
    /// Milliseconds of real time, with the wait for its turn.
    took_ms: u64,
    /// Milliseconds of processor time; null: the system does not tell.
    processor_ms: Option<u64>,
    /// The most bytes of memory that the component had.
    memory_bytes: u64,
    /// Requests that left for CourseKey.
    requests: u64,
}

/// The requests of an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct HourLine {
    /// The hour's first moment.
    hour: DateTime<Utc>,
    /// The requests that left for CourseKey.
    requests: u32,
    /// How many of them brought no answer, or an error.
    failed: u32,
    /// The milliseconds of real time that all of them took.
    took_ms: u64,
}

/// A request that left for CourseKey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub struct RequestLine {
    /// When it was started.
    at: DateTime<Utc>,
    /// GEGI's id of the campus.
    campus: String,
    /// The method.
    method: String,
    /// The path, without the query.
    path: String,
    /// CourseKey's list, or `connection`.
    kind: String,
    /// The items that it carried.
    items: u32,
    /// CourseKey's status; null: no answer arrived whole.
    status: Option<u16>,
    /// Milliseconds of real time until the answer.
    took_ms: u64,
}

/// What happened lately at a school.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Lately {
    /// The last requests, latest first.
    requests: Vec<RequestLine>,
    /// The last calls, latest first.
    calls: Vec<CallLine>,
    /// The hours in which there were requests, in order of time.
    hours: Vec<HourLine>,
}

impl Recent {
    /// Nothing happened yet.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { kept: Arc::default(), clock }
    }

    /// The request log of a school.
    pub fn of_school(&self, school: &str) -> Arc<dyn RequestLog> {
        Arc::new(OfSchool { recent: self.clone(), school: school.to_owned() })
    }

    /// An observer that keeps the calls it hears of, and tells the other of everything.
    pub fn beside(&self, other: Arc<dyn Observer>) -> Arc<dyn Observer> {
        Arc::new(Beside { recent: self.clone(), other })
    }

    /// What happened lately at a school: at most so many requests and calls.
    pub fn lately(&self, school: &str, most: usize) -> Lately {
        let kept = self.lock();
        let requests = kept.requests.iter().rev().filter(|(of, _)| of == school).take(most);
        let calls = kept.calls.iter().rev().filter(|(of, _)| of == school).take(most);
        let first = self.clock.now().timestamp() - HOUR * i64::try_from(HOURS).unwrap_or(HOUR);
        let hours = kept.hours.get(school).into_iter().flatten();
        Lately {
            requests: requests.map(|(_, entry)| RequestLine::from(entry)).collect(),
            calls: calls.map(|(_, call)| call.clone()).collect(),
            hours: hours.filter(|line| line.hour.timestamp() > first).cloned().collect(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        // A panic while the lock is held cannot leave a change half made.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn request(&mut self, school: &str, entry: RequestEntry) {
        let at = entry.at.timestamp();
        let hour = DateTime::from_timestamp(at - at.rem_euclid(HOUR), 0).unwrap_or(entry.at);
        let hours = self.hours.entry(school.to_owned()).or_default();
        if hours.back().is_none_or(|last| last.hour != hour) {
            hours.push_back(HourLine { hour, requests: 0, failed: 0, took_ms: 0 });
        }
        if hours.len() > HOURS {
            hours.pop_front();
        }
        if let Some(line) = hours.back_mut() {
            line.requests += 1;
            line.failed += u32::from(entry.status.is_none_or(|status| status >= 400));
            line.took_ms += milliseconds(entry.took);
        }
        push(&mut self.requests, (school.to_owned(), entry));
    }
}

fn push<T>(kept: &mut VecDeque<T>, one: T) {
    if kept.len() == KEPT {
        kept.pop_front();
    }
    kept.push_back(one);
}

fn milliseconds(took: std::time::Duration) -> u64 {
    u64::try_from(took.as_millis()).unwrap_or(u64::MAX)
}

impl From<&RequestEntry> for RequestLine {
    fn from(entry: &RequestEntry) -> Self {
        let RequestEntry { at, campus, method, path, kind, items, status, took } = entry.clone();
        Self { at, campus, method, path, kind, items, status, took_ms: milliseconds(took) }
    }
}

/// The request log of one school.
struct OfSchool {
    recent: Recent,
    school: String,
}

impl RequestLog for OfSchool {
    fn record(&self, entry: RequestEntry) {
        self.recent.lock().request(&self.school, entry);
    }

    fn denied(&self, _: &Denial) {}
}

/// An observer beside another.
struct Beside {
    recent: Recent,
    other: Arc<dyn Observer>,
}

impl Observer for Beside {
    fn step(&self, step: Step) {
        self.other.step(step);
    }

    fn call_ended(&self, call: &EndedCall<'_>) {
        self.other.call_ended(call);
        let line = CallLine {
            at: self.recent.clock.now(),
            export: call.export.name(),
            ending: call.ending.name(),
            took_ms: milliseconds(call.took),
            processor_ms: call.cost.processor.map(milliseconds),
            memory_bytes: call.cost.memory_bytes,
            requests: call.cost.requests,
        };
        // Pages ask all the time how things are; what they ask would hide what the school did.
        if !call.export.only_reads() {
            push(&mut self.recent.lock().calls, (id_of(call.school).to_owned(), line));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;
    use host::clock::VirtualClock;
    use std::time::Duration;

    fn entry(at: DateTime<Utc>, status: Option<u16>) -> RequestEntry {
        let (campus, method, path) = ("main".to_owned(), "PUT".to_owned(), "/7/users".to_owned());
        RequestEntry {
            at,
            campus,
            method,
            path,
            kind: "users".to_owned(),
            items: 3,
            status,
            took: Duration::from_millis(5),
        }
    }

    #[test]
    fn hours_are_counted_and_a_day_is_kept() {
        let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
        let recent = Recent::new(Arc::clone(&clock) as _);
        let log = recent.of_school("a");
        for hour in 0..30 {
            let at = DateTime::UNIX_EPOCH + TimeDelta::hours(hour) + TimeDelta::minutes(7);
            clock.advance_to(at);
            log.record(entry(at, Some(200)));
            log.record(entry(at, if hour == 29 { None } else { Some(200) }));
        }
        let lately = recent.lately("a", 3);
        let failed: u32 = lately.hours.iter().map(|line| line.failed).sum();
        assert_eq!((lately.hours.len(), failed, lately.requests.len()), (24, 1, 3));
        assert!(lately.hours.iter().all(|line| (line.requests, line.took_ms) == (2, 10)));
        assert_eq!(lately.requests.first().unwrap().status, None, "the latest comes first");
        assert_eq!(recent.lately("b", 3), Lately::default(), "schools are kept apart");
    }
}
