//! The storage: everything that a school must never lose, namely the plugin's state, the outboxes of records and
//! mails, and the standing of the school.
//!
//! [`Store`] states the promises, `memory`, `sqlite` and `postgres` keep them, and [`contract`] checks every backend.
//! `standing` and `versions` are the rules that all of them use. Above the backends, once for all of them: `snapshot`
//! (the state that a call sees), `unit` (what one call reads and stages, and its limits) and `gate` (which call may run
//! beside which other, and how a call is committed). Beside them: `lease` (which process ticks which school). Not here:
//! delivery after the commit (`outbox`), the meaning of what the plugin stores, and what GEGI makes of a delivery. No
//! error in this room names a file: an error of opening a backend is the backend's own type.

mod commit;
pub mod contract;
mod error;
mod fill;
mod gate;
mod item;
pub mod lease;
mod memory;
#[cfg(feature = "postgres")]
pub mod postgres;
mod snapshot;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod standing;
mod unit;
mod versions;

use std::fmt;

use async_trait::async_trait;

pub use crate::bindings::gegi::coursekey::email::EmailError;
pub use crate::bindings::gegi::coursekey::records::RecordsError;
pub use crate::bindings::gegi::coursekey::state::{Aborted, Change as StateChange, StateError, Usage};
pub(crate) use commit::entry_bytes;
pub use commit::{Change, Commit, Entry, KEY_BYTES, PushId, Record, TakenPush};
pub use error::StoreError;
pub(crate) use gate::DeliveryTurn;
pub use gate::{SchoolGate, Schools};
pub use item::{Acknowledgement, Lane, Load, OutboxItem, Payload, REFUSED_KEPT, Refusals, RefusedItem};
pub use memory::MemoryStore;
#[cfg(feature = "postgres")]
pub use postgres::PostgresStore;
pub use snapshot::Snapshot;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use standing::{Breadcrumb, FailedTicks, Standing};
pub use unit::UnitOfWork;

/// The name under which a school is stored. No school sees the storage of another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchoolId(String);

impl SchoolId {
    /// The id of the school with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SchoolId {
    fn from(name: &str) -> Self {
        Self::new(name)
    }
}

impl fmt::Display for SchoolId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Storage for many schools.
///
/// Every backend promises:
/// - **A commit is whole or not at all**, and once the store has answered, the commit survives the end of the process
///   and of the power. The answer is the commit's number, which grows by one with each commit of the school. A commit
///   that fails leaves nothing.
/// - **Reads see what is committed**, never a part of a commit, and wait for no writer. Each read is consistent in
///   itself; two reads may see different states. A [`Snapshot`] shows many reads the same state.
/// - **All of this holds for everybody who has the same storage open**, as far as a backend lets several processes
///   open it.
/// - **Keys are ordered by their bytes.**
/// - **Schools are apart**: no operation on one school reads or changes anything of another school.
/// - **Outboxes keep their order.** A sequence is never given twice, not even after every item was acknowledged and
///   the store was opened anew; an id belongs to one item for ever. An acknowledgement is final: a repeated
///   acknowledgement, or one of an item that never existed, changes nothing.
/// - **A fence holds for ever.** A commit with a lower fence than the school's is refused inside its transaction, and
///   a commit with a higher fence raises the school's. Breadcrumbs and acknowledgements carry no fence: a wrong
///   breadcrumb costs a tick of one item, and an acknowledgement only says what the receiver has.
/// - **A push is remembered by the commit that takes it**, and not by a commit that fails.
/// - **A breadcrumb is durable at once**, outside every commit.
/// - **Usage is exact** after each commit, and asking for the usage counts nothing.
///
/// Operations are short (microseconds for a read, one synchronisation of the disk for a write) and may block their
/// thread for that long. "Not found" is none or an empty list, never an error.
#[async_trait]
pub trait Store: Send + Sync {
    /// The school's standing: everything known about the school besides its state.
    async fn standing(&self, school: &SchoolId) -> Result<Standing, StoreError>;

    /// The standings of schools, in the order of `schools`. A backend that answers over a network asks once for all of
    /// them.
    async fn standings(&self, schools: &[SchoolId]) -> Result<Vec<Standing>, StoreError> {
        let mut standings = Vec::with_capacity(schools.len());
        for school in schools {
            standings.push(self.standing(school).await?);
        }
        Ok(standings)
    }

    /// The values of the keys, in the order of `keys`; none for an absent key.
    async fn get_many(&self, school: &SchoolId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending by bytes, at most `limit`. Fewer
    /// entries than `limit` mean that there are no more.
    async fn scan(
        &self,
        school: &SchoolId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// The same as `get_many`, of the state as the commit of this number left it.
    ///
    /// Like `scan_as_of`, this reads every state from the latest commit of a tick on, and is refused as
    /// [`StoreError::Overtaken`] for an older one.
    async fn get_many_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// The same as `scan`, of the state as the commit of this number left it.
    async fn scan_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Writes the whole commit in one durable transaction and returns its number. Refuses a commit whose fence is
    /// lower than the school's, one that follows another commit than the latest, and one of a tick that does not fit
    /// what others committed since ([`Commit::tick_after`]).
    async fn commit(&self, school: &SchoolId, commit: Commit) -> Result<u64, StoreError>;

    /// Raises the school's fence by one, durable at once, and returns the new fence: commits with a lower fence are
    /// refused from now on. A process that is to be the school's only host calls this first.
    async fn take_over(&self, school: &SchoolId) -> Result<u64, StoreError>;

    /// Forgets the school with everything of it, in one durable transaction: afterwards it is like a school without a
    /// commit. Nobody may have a call of the school under way.
    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError>;

    /// Whether a commit of the school took this push and the push was not forgotten since.
    async fn has_push(&self, school: &SchoolId, push: PushId) -> Result<bool, StoreError>;

    /// Sets the breadcrumb, or with none removes it; durable at once.
    async fn leave_breadcrumb(&self, school: &SchoolId, breadcrumb: Option<&Breadcrumb>) -> Result<(), StoreError>;

    /// Items of the lane that are not acknowledged and have a sequence above `after`, ascending, at most `limit`.
    async fn outbox(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError>;

    /// Items of [`Lane::Records`] as `outbox` gives them, those alone that have this subject ([`Record::subject`]).
    async fn outbox_about(
        &self,
        school: &SchoolId,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError>;

    /// What waits in the lane. This reads all of it.
    async fn load(&self, school: &SchoolId, lane: Lane) -> Result<Load, StoreError>;

    /// The refused items of the lane that are kept.
    async fn refusals(&self, school: &SchoolId, lane: Lane) -> Result<Refusals, StoreError>;

    /// Takes the acknowledged items out of the outbox, all in one durable transaction. Of the refused items of the lane the
    /// newest [`REFUSED_KEPT`] are kept.
    async fn acknowledge(
        &self,
        school: &SchoolId,
        lane: Lane,
        acknowledgements: &[Acknowledgement],
    ) -> Result<(), StoreError>;

    /// Items of the lane that their receiver refused, with a sequence above `after`, ascending, at most `limit`.
    async fn refused(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RefusedItem>, StoreError>;
}
