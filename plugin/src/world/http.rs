//! HTTP as the host carries it: requests and answers, before anybody has understood them.

use crate::model::ids::{CampusId, SchoolNumber};
use crate::model::time::Instant;

/// The most requests in flight at once.
pub const IN_FLIGHT: usize = 16;

/// Which of CourseKey's lists a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The check of key, school id and zone.
    Connection,
    /// Accounts.
    Users,
    /// Courses.
    Courses,
    /// Classes.
    Sessions,
    /// Who takes which course.
    Enrollments,
    /// Attendance records.
    Attendance,
}

impl Kind {
    /// CourseKey's word for it.
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

/// Where a campus is reached.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// GEGI's campus, by which the host picks the credentials.
    pub campus: CampusId,
    /// CourseKey's school.
    pub school: SchoolNumber,
}

/// A request, ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Request {
    /// Where to.
    pub address: Address,
    /// About what.
    pub kind: Kind,
    /// Reading or writing.
    pub method: Method,
    /// The whole URL.
    pub url: String,
    /// How many items it carries.
    pub items: u32,
    /// JSON; empty when reading.
    pub body: Vec<u8>,
}

/// The two methods the contract uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// Writes; repeating is safe.
    Put,
}

/// An answer of whatever status.
#[derive(Clone, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Retry-After, in seconds or as a date, as it came.
    pub retry_after: Option<String>,
    /// The whole body.
    pub body: Vec<u8>,
}

/// There is no whole answer. CourseKey may or may not have acted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unheard {
    /// It did not come in time.
    #[error("CourseKey did not answer in time")]
    TimedOut,
    /// It ended early.
    #[error("CourseKey's answer was cut short")]
    Cut,
    /// It is larger than the host allows.
    #[error("CourseKey's answer is too large")]
    TooLarge,
    /// No connection.
    #[error("CourseKey cannot be reached")]
    Unreachable,
    /// The host's door did not let the request out.
    #[error("the host refused the request; see the host's log for the rule and its remedy")]
    Denied,
    /// It could not be made, so the host's door never saw it and its log has nothing.
    #[error("no request can be made of coursekey-url and the campus's id; correct them in School Settings")]
    Unsendable,
}

/// What becomes of requests while they are under way.
pub trait Exchange {
    /// Whether a request may be started now, at this moment.
    fn may_start(&mut self, request: &Request, now: Instant) -> bool;
    /// Takes an answer; `place` is the request's place in the list.
    fn take(&mut self, place: usize, answer: Result<Reply, Unheard>);
}
