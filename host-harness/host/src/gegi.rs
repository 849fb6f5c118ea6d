//! What GEGI supplies to the host and receives from it: the traits an embedding program implements.
//!
//! The types are those of `wit/`, under short names. None of them prints a person's name, an address or a password with
//! `Debug`. Nothing here stores or sends anything.

mod message;
mod settings;

use async_trait::async_trait;

pub use crate::bindings::gegi::coursekey::records::{
    Basis, CurrentMark, JournalEntry, LogRow, OpenIssue, Operation, Origin, ResolveIssue, SetMark, Visit, VoidLogRow,
    WithdrawMark,
};
pub use crate::bindings::nouns::{
    Agreement, CampusId, Class, ClassId, Course, CourseId, CourseKind, HoursType, Instant, Instructor, Issue,
    LocalDate, Mark, Named, Owner, PersonId, SendOption, Status, Student,
};
pub use message::{Cell, Message, Value};
pub use settings::{Campus, NeverCheckedOut, SchoolSettings};

impl Status {
    /// The status in one word, as files and pages have it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Scheduled => "scheduled",
            Self::Failed => "failed",
            Self::Synchronized => "synchronized",
        }
    }
}

/// GEGI could not be read or did not answer; the call is tried again later.
#[derive(Debug, thiserror::Error)]
#[error("ask GEGI: {0}")]
pub struct GegiUnavailable(pub String);

/// What GEGI knows of one school.
#[async_trait]
pub trait SchoolSource: Send + Sync {
    /// School Settings as they are now.
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable>;

    /// Ids and revisions of the courses GEGI holds, ascending by the bytes of the id, after the given one, at most `limit`.
    async fn courses(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, GegiUnavailable>;

    /// The course as GEGI holds it now.
    async fn course(&self, id: &str) -> Result<Option<Course>, GegiUnavailable>;

    /// The marks GEGI holds for a class, ascending by student.
    async fn current_marks(&self, class: &str) -> Result<Vec<CurrentMark>, GegiUnavailable>;
}

/// Something that left the outbox after its commit. May arrive again after a crash: drop an id that was seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery<T> {
    /// Ascending without repeats within a school, in the order in which the plugin staged.
    pub sequence: u64,
    /// The same on every delivery of the same thing.
    pub id: String,
    /// The thing itself.
    pub payload: T,
}

/// What the receiver made of a delivery. Both are final: the host does not deliver it again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// It stands in GEGI now, or stood there already.
    Applied,
    /// GEGI refused it, with the reason.
    Refused(String),
}

/// Where the plugin's records go: marks and log rows, each with its line of the System Journal, issues, and lines of the
/// journal alone.
#[async_trait]
pub trait RecordSink: Send + Sync {
    /// Takes one operation, with its line of the System Journal, or refuses both. An error leaves it in the outbox, and everything after it, for the next delivery.
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable>;
}

/// Where the plugin's mails go.
#[async_trait]
pub trait MailSink: Send + Sync {
    /// Takes one message to be written from its template. An error leaves it in the outbox for the next delivery.
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable>;
}
