//! The request log of a run: collects the requests that left the sandbox and writes them as `requests.jsonl`.

use std::io::{self, Write};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::Serialize;

use host::door::{Denial, RequestEntry, RequestLog};
use mirror::lines::rfc3339;

/// The requests that left, and the denials of the door.
#[derive(Default)]
pub(super) struct Requests {
    entries: Mutex<Vec<RequestEntry>>,
    denials: Mutex<Vec<String>>,
}

#[derive(Serialize)]
struct RequestLine<'a> {
    at: String,
    campus: &'a str,
    method: &'a str,
    path: &'a str,
    kind: &'a str,
    items: u32,
    status: Option<u16>,
}

impl RequestLog for Requests {
    fn record(&self, entry: RequestEntry) {
        lock(&self.entries).push(entry);
    }

    fn denied(&self, denial: &Denial) {
        let mut denials = lock(&self.denials);
        let text = denial.to_string();
        if !denials.contains(&text) {
            denials.push(text);
        }
    }
}

impl Requests {
    /// Every request, in an order that does not depend on which answer came first.
    pub(super) fn sorted(&self) -> Vec<RequestEntry> {
        let mut entries = lock(&self.entries).clone();
        entries.sort_by(|a, b| key(a).cmp(&key(b)));
        entries
    }

    /// The reasons for which the door refused requests, each reason once.
    pub(super) fn denials(&self) -> Vec<String> {
        lock(&self.denials).clone()
    }
}

fn key(entry: &RequestEntry) -> impl Ord + '_ {
    (entry.at, &entry.campus, &entry.method, &entry.path, entry.items, entry.status)
}

/// Writes `requests.jsonl`.
pub(super) fn write(entries: &[RequestEntry], out: &mut dyn Write) -> io::Result<()> {
    for entry in entries {
        let line = RequestLine {
            at: rfc3339(entry.at.timestamp()),
            campus: &entry.campus,
            method: &entry.method,
            path: &entry.path,
            kind: &entry.kind,
            items: entry.items,
            status: entry.status,
        };
        serde_json::to_writer(&mut *out, &line)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // Both lists are whole after every push, so a panic of another thread does no harm.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
