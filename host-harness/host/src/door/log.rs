//! The request log: an entry for each request, with enough to count requests and to find one again, and with nothing
//! of their content. An entry has no query, because a query may carry an e-mail address, no body and no header.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::denial::Denial;

/// The entry of one request that left the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RequestEntry {
    /// When the request was started.
    pub at: DateTime<Utc>,
    /// GEGI's id of the campus.
    pub campus: String,
    /// The method.
    pub method: String,
    /// The path without the query.
    pub path: String,
    /// CourseKey's list that the request was about, or `connection`.
    pub kind: String,
    /// The number of items that the request carried.
    pub items: u32,
    /// CourseKey's status; none: CourseKey's answer did not arrive whole.
    pub status: Option<u16>,
    /// How long the answer took, by the transport. Not written to logs: two equal runs shall have equal logs.
    #[serde(skip)]
    pub took: Duration,
}

/// Receives the entries. Its methods must not block, because a tick is waiting when they are called.
pub trait RequestLog: Send + Sync {
    /// Writes the entry of a request that is over, with or without an answer.
    fn record(&self, entry: RequestEntry);

    /// Writes that the door refused a request.
    fn denied(&self, denial: &Denial);
}

/// A request log that keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRequestLog;

impl RequestLog for NoRequestLog {
    fn record(&self, _entry: RequestEntry) {}

    fn denied(&self, _denial: &Denial) {}
}
