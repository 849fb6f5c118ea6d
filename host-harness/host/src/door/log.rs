//! What is written down of every request: enough to count and to find one again, nothing of its content. No query,
//! for it may carry an e-mail address; no body; no header.

use chrono::{DateTime, Utc};

use super::gate::Denial;

/// One request that left the sandbox.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RequestEntry {
    /// When it was started.
    pub at: DateTime<Utc>,
    /// GEGI's id of the campus.
    pub campus: String,
    /// Method.
    pub method: String,
    /// Path without the query.
    pub path: String,
    /// CourseKey's list it was about, or `connection`.
    pub kind: String,
    /// Items it carried.
    pub items: u32,
    /// CourseKey's status; none: no whole answer came.
    pub status: Option<u16>,
}

/// Where the entries go. Must not block: it is called while a tick is waiting.
pub trait RequestLog: Send + Sync {
    /// A request came to its end, answered or not.
    fn record(&self, entry: RequestEntry);

    /// A request was refused at the door.
    fn denied(&self, denial: &Denial);
}

/// Keeps nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoRequestLog;

impl RequestLog for NoRequestLog {
    fn record(&self, _entry: RequestEntry) {}

    fn denied(&self, _denial: &Denial) {}
}
