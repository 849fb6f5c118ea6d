//! GEGI: the traits through which an embedding program supplies GEGI's data to the host and receives the plugin's
//! records and mails, and every noun in these traits.
//!
//! The types are those of `wit/`, under short names. `Debug` of these types prints no person's name, no address and
//! no password. Nothing here stores or sends anything.

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
    /// The status in one word, as files and pages show it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Scheduled => "scheduled",
            Self::Failed => "failed",
            Self::Synchronized => "synchronized",
        }
    }
}

/// GEGI could not be read or did not answer; the call is made again later.
#[derive(Debug, thiserror::Error)]
#[error("ask GEGI: {0}")]
pub struct GegiUnavailable(pub String);

/// Supplies everything GEGI knows of one school.
#[async_trait]
pub trait SchoolSource: Send + Sync {
    /// The School Settings as they are now.
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable>;

    /// Ids and revisions of the courses GEGI holds, ascending by the bytes of the id, after the given one, at most `limit`.
    async fn courses(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, GegiUnavailable>;

    /// The course as GEGI holds it now.
    async fn course(&self, id: &str) -> Result<Option<Course>, GegiUnavailable>;

    /// The marks GEGI holds for a class, ascending by student.
    async fn current_marks(&self, class: &str) -> Result<Vec<CurrentMark>, GegiUnavailable>;
}

/// An item that left the outbox after its commit. After a crash the same item may be delivered again: the receiver
/// drops an item whose id it has seen before.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivery<T> {
    /// Ascending without repeats within a school, in the order in which the plugin staged the items.
    pub sequence: u64,
    /// The id of the item; every delivery of the item carries the same id.
    pub id: String,
    /// The operation or the message.
    pub payload: T,
}

/// The receiver's receipt for a delivery. Both receipts are final: the host does not deliver the item again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Receipt {
    /// GEGI holds the item now, or held it already.
    Applied,
    /// GEGI refused the item, for this reason.
    Refused(String),
}

/// Receives the plugin's records: marks and log rows, each with its line of the System Journal, issues, and lines of
/// the journal alone.
#[async_trait]
pub trait RecordSink: Send + Sync {
    /// Takes one operation with its line of the System Journal, or refuses both. An error leaves this operation, and
    /// every item after it, in the outbox for the next delivery.
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable>;

    /// Whether GEGI takes the operations by itself, by [`School::waiting_records`](crate::school::School::waiting_records):
    /// then none is handed over.
    fn takes_by_itself(&self) -> bool {
        false
    }

    /// Takes operations in order, each as [`RecordSink::receive`] takes it, for a receiver that writes many faster than
    /// one by one. The answer has a receipt for each operation up to the first that could not be taken now.
    async fn receive_all(&self, deliveries: &[Delivery<Operation>]) -> (Vec<Receipt>, Option<GegiUnavailable>) {
        let mut receipts = Vec::with_capacity(deliveries.len());
        for delivery in deliveries {
            match self.receive(delivery).await {
                Ok(receipt) => receipts.push(receipt),
                Err(unavailable) => return (receipts, Some(unavailable)),
            }
        }
        (receipts, None)
    }
}

/// Receives the plugin's mails.
#[async_trait]
pub trait MailSink: Send + Sync {
    /// Takes one message, which is to be written from its template. An error leaves the message in the outbox for the
    /// next delivery.
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable>;
}
