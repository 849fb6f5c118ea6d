//! What the core may do on the network: requests and answers as the host carries them. Not here: what a request or an
//! answer means (`coursekey`).

use serde::{Deserialize, Serialize};

use super::reads::Reads;
use crate::model::ids::Address;
use crate::model::time::Instant;

/// Requests to CourseKey. Of GEGI's four calls only `on-tick` is given this trait.
pub trait Network: Reads {
    /// Sends requests, several in flight. Each request is started only if `exchange` agrees, and `exchange` is handed
    /// the answers as they arrive. A request that was not started has no answer.
    fn exchange(&mut self, requests: &[Request], exchange: &mut dyn Exchange);
}

/// The most requests in flight at once.
pub const IN_FLIGHT: usize = 16;

/// Which list of CourseKey a request reads or writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// The check of key, school id and zone.
    Connection,
    /// Accounts.
    Users,
    /// Courses.
    Courses,
    /// Classes (CourseKey: sessions).
    Sessions,
    /// Enrolments.
    Enrollments,
    /// Attendance records.
    Attendance,
}

impl Kind {
    /// CourseKey's word for the list.
    pub fn name(self) -> &'static str {
        match self {
            Self::Connection => "connection",
            Self::Users => "users",
            Self::Courses => "courses",
            Self::Sessions => "sessions",
            Self::Enrollments => "enrollments",
            Self::Attendance => "attendance",
        }
    }
}

/// A request, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// The campus and the School ID to which the request goes.
    pub address: Address,
    /// The list that the request is about.
    pub kind: Kind,
    /// Whether the request reads or writes.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// How many items the request carries.
    pub items: u32,
    /// The JSON body; empty for a request that reads.
    pub body: Vec<u8>,
}

/// The two HTTP methods of CourseKey's contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes; repeating is safe.
    Put,
}

/// CourseKey's whole answer, of whatever status.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The header Retry-After as CourseKey sent it: seconds or a date. None: there was no such header.
    pub retry_after: Option<String>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// Why there is no whole answer to a request. CourseKey may or may not have done what the request asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// The answer did not come in time.
    #[error("CourseKey did not answer in time")]
    TimedOut,
    /// The answer ended early.
    #[error("CourseKey's answer was cut short")]
    Cut,
    /// The answer is larger than the host allows.
    #[error("CourseKey's answer is too large")]
    TooLarge,
    /// No connection could be made.
    #[error("CourseKey cannot be reached")]
    Unreachable,
    /// The host's door did not let the request out.
    #[error("the host refused the request; see the host's log for the rule and its remedy")]
    Denied,
    /// It could not be made, so the host's door never saw it and its log has nothing.
    #[error("no request can be made of coursekey-url and the campus's id; correct them in School Settings")]
    Unsendable,
}

/// Agrees to requests before they are started, and takes their answers.
pub trait Exchange {
    /// Whether a request may be started at this moment.
    fn may_start(&mut self, request: &Request, now: Instant) -> bool;
    /// Takes the answer to a request; `place` is the request's place in the list that was sent.
    fn take(&mut self, place: usize, answer: Result<Reply, Unheard>);
}
