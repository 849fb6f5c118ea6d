//! What a school must never lose: the plugin's state, the outboxes of records and mails, and what is known of its calls.
//!
//! [`Store`] is the promise, `memory` and `sqlite` keep it, [`contract`] holds every backend to it. Above the backends,
//! once for all of them: `snapshot` (what a call sees), `unit` (what one call reads and stages, and its limits), `gate` (who
//! may run beside whom, and how a call is committed). What leaves after the commit is `outbox`'s business. Nothing here
//! knows what the plugin stores or what GEGI makes of a delivery, and no error names a file: what can go wrong when a
//! backend is opened is the backend's own type.

pub mod contract;
mod gate;
mod memory;
mod snapshot;
#[cfg(feature = "sqlite")]
pub mod sqlite;
mod standing;
mod unit;

use std::fmt::{self, Write as _};

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

pub use crate::bindings::gegi::coursekey::email::EmailError;
pub use crate::bindings::gegi::coursekey::records::RecordsError;
pub use crate::bindings::gegi::coursekey::state::{Aborted, Change as StateChange, StateError};
pub(crate) use gate::DeliveryTurn;
pub use gate::{SchoolGate, Schools};
pub use memory::MemoryStore;
pub use snapshot::{Snapshot, Versions};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use standing::{Breadcrumb, Standing};
pub use unit::UnitOfWork;

use crate::gegi::Receipt;
use crate::outbox::form;

/// The longest key in bytes; the WIT promises this number to the plugin.
pub const KEY_BYTES: usize = 512;

/// The name under which a school is stored. Schools never see each other.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SchoolId(String);

impl SchoolId {
    /// The school of this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// Its name.
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

/// A key of a school's state with its value.
pub type Entry = (String, Vec<u8>);

/// One change of a school's state.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// 1 to [`KEY_BYTES`] bytes.
    pub key: String,
    /// What the key holds from now on; none removes it.
    pub value: Option<Vec<u8>>,
}

/// Tells a push of CourseKey's from all others of its school. What it is made of is `push`'s matter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PushId([u8; 32]);

impl PushId {
    /// The push that these bytes stand for.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A push that a commit takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenPush {
    /// Which.
    pub id: PushId,
    /// Pushes of the school that were taken before this moment are forgotten.
    pub forget_before: DateTime<Utc>,
}

/// JSON text of something to deliver. A store keeps it as it is.
pub type Payload = String;

/// Everything one call leaves behind. Like everything here that holds what a school stores it can be printed only as to
/// how much it is: keys and payloads name people.
#[derive(Clone, PartialEq, Eq)]
pub struct Commit {
    /// In order: of several changes to a key the last one holds.
    pub changes: Vec<Change>,
    /// For [`Lane::Records`], in order.
    pub records: Vec<Payload>,
    /// For [`Lane::Mails`], in order.
    pub mails: Vec<Payload>,
    /// Whether the breadcrumb goes in the same transaction: the call that left it has returned.
    pub clears_breadcrumb: bool,
    /// The push whose call this is.
    pub push: Option<TakenPush>,
    /// What the host took the school over with; 0: nobody ever took it over. See [`Store::take_over`].
    pub fence: u64,
    /// When.
    pub at: DateTime<Utc>,
}

impl Commit {
    /// An empty commit.
    pub fn new(at: DateTime<Utc>) -> Self {
        let (changes, records, mails) = (Vec::new(), Vec::new(), Vec::new());
        Self { changes, records, mails, clears_breadcrumb: false, push: None, fence: 0, at }
    }

    /// What goes into an outbox.
    pub fn payloads(&self, lane: Lane) -> &[Payload] {
        match lane {
            Lane::Records => &self.records,
            Lane::Mails => &self.mails,
        }
    }

    /// Refuses what no store may hold, before anything is written.
    fn check(&self) -> Result<(), StoreError> {
        let bad = |change: &Change| change.key.is_empty() || change.key.len() > KEY_BYTES;
        if self.changes.iter().any(bad) { Err(StoreError::BadKey) } else { Ok(()) }
    }
}

impl fmt::Debug for Commit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Commit")
            .field("changes", &self.changes.len())
            .field("records", &self.records.len())
            .field("mails", &self.mails.len())
            .finish_non_exhaustive()
    }
}

/// An outbox. The lanes of a school are independent: a mail server that is down holds up no marks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Operations on GEGI's records.
    Records,
    /// Mails.
    Mails,
}

impl Lane {
    /// Every lane, in the order of delivery.
    pub const ALL: [Self; 2] = [Self::Records, Self::Mails];

    /// Its name, as in ids.
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Mails => "mails",
        }
    }
}

/// Something committed that has not been acknowledged.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Ascending from 1 without gaps or repeats within a school and lane, in the order of commits.
    pub sequence: u64,
    /// The same on every delivery, and of no other item.
    pub id: String,
    /// As it was committed.
    pub payload: Payload,
}

/// Bytes of an id, of which its text has two characters each: no two items of any school will ever share so many.
const ID_BYTES: usize = 16;

impl OutboxItem {
    /// The id follows from what it names, so no store has to keep it. The payload is part of it because a store that is
    /// restored from a backup gives its latest sequences away a second time: were the id the same for another payload,
    /// the receiver would drop that as a repeat.
    pub(crate) fn new(school: &SchoolId, lane: Lane, sequence: u64, payload: Payload) -> Self {
        let mut hash = Sha256::new();
        for part in [school.as_str(), lane.name(), form::content(&payload)] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.update(sequence.to_be_bytes());
        let id = hash.finalize().iter().take(ID_BYTES).fold(String::new(), |mut id, byte| {
            let _ = write!(id, "{byte:02x}"); // Writing to a string cannot fail.
            id
        });
        Self { sequence, id, payload }
    }
}

impl fmt::Debug for OutboxItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, id, payload } = self;
        f.debug_struct("OutboxItem")
            .field("sequence", sequence)
            .field("id", id)
            .field("payload_bytes", &payload.len())
            .finish()
    }
}

/// An item with what the receiver made of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// Which item of the lane.
    pub sequence: u64,
    /// What became of it. What was applied the store forgets; what was refused it keeps for people with the reason, see
    /// [`Store::refused`].
    pub receipt: Receipt,
}

/// An item its receiver refused.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedItem {
    /// The item.
    pub item: OutboxItem,
    /// Why.
    pub reason: String,
}

/// Bytes that an entry counts for.
fn entry_bytes(key: &str, value: &[u8]) -> u64 {
    u64::try_from(key.len() + value.len()).unwrap_or(u64::MAX)
}

/// Why a store did not do what it was asked. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds the storage for longer than a call should wait.
    #[error("get hold of the storage: somebody else is writing to it; try again")]
    Busy,
    /// There is no space left.
    #[error("write to the storage: its disk is full; free some space, then try again")]
    Full,
    /// What the storage holds is not in a form it could have been written in.
    #[error("read the storage: it is damaged; stop the host and restore the storage from a backup")]
    Corrupt,
    /// The storage refused for another reason, or cannot be reached.
    #[error("use the storage: {reason}; see that it is there and may be written to, then try again")]
    Unavailable {
        /// In the words of whoever refused. They name no value that a school stores.
        reason: String,
    },
    /// A key is empty or too long.
    #[error(
        "commit: a key is empty or longer than {KEY_BYTES} bytes; this is a fault of this program, please report it"
    )]
    BadKey,
    /// A tick would have overwritten what a short call wrote beside it.
    #[error("commit the tick: a short call changed {0} of its keys meanwhile; call it again")]
    Conflict(usize),
    /// Another host has taken the school over since this one began.
    #[error("commit: another host has taken the school over (fence {held}, this one has {fence}); stop this host")]
    Fenced {
        /// The commit's.
        fence: u64,
        /// The school's.
        held: u64,
    },
    /// An item of an outbox is not of a form this version knows.
    #[error("read item {sequence} of the outbox of {}; run the version that wrote it, or a later one", .lane.name())]
    Unreadable {
        /// Which outbox.
        lane: Lane,
        /// Which item.
        sequence: u64,
    },
    /// Something staged has no JSON form.
    #[error("write an operation or a mail as JSON; this is a fault of this program, please report it")]
    NotJson,
}

impl StoreError {
    /// Whether the same call may succeed when it is simply made again later. Everything else needs a person first.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::Unavailable { .. } | Self::Conflict(_))
    }
}

/// Storage for many schools.
///
/// What every backend promises:
/// - **A commit is whole or not at all**, and once it is answered it survives the end of the process and of the power.
///   The number it answers grows by one with each commit of the school. A commit that fails left nothing.
/// - **Reads see what is committed**, never a part of a commit, and wait for no writer. Each call is consistent in
///   itself; two calls may see different states. Who wants one state for many reads takes a [`Snapshot`].
/// - **Keys are ordered by their bytes.**
/// - **Schools are apart**: no call on one reads or changes anything of another.
/// - **Outboxes keep their order.** Sequences are never given twice, not even after everything was acknowledged and the
///   store was opened anew; an id belongs to one item for ever. An acknowledgement is final: repeating it, or
///   acknowledging what was never there, changes nothing.
/// - **A fence holds for ever.** A commit that carries a lower fence than the school has is refused, inside its transaction;
///   one that carries a higher fence raises the school's. Breadcrumbs and acknowledgements carry none: the one costs a tick
///   of one item, the other says what the receiver has.
/// - **A push is remembered by the commit that takes it**, and not by one that fails.
/// - **A breadcrumb is durable at once**, outside every commit.
/// - Usage is exact after each commit and costs no count.
///
/// Calls are short (microseconds for a read, one synchronisation of the disk for a write) and may block their thread for
/// that long. "Not found" is none or an empty list, never an error.
#[async_trait]
pub trait Store: Send + Sync {
    /// What is known of the school besides its state.
    async fn standing(&self, school: &SchoolId) -> Result<Standing, StoreError>;

    /// The values of the keys, in the order asked for; none for an absent key.
    async fn get_many(&self, school: &SchoolId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError>;

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending by bytes, at most `limit`. Fewer
    /// than asked for means the end.
    async fn scan(
        &self,
        school: &SchoolId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Writes all of it in one durable transaction and answers its number, unless its fence is lower than the school's.
    async fn commit(&self, school: &SchoolId, commit: Commit) -> Result<u64, StoreError>;

    /// Raises the school's fence by one, durable at once, and answers it: commits that carry a lower one are refused from
    /// now on. Whoever is to be the school's only host calls this first.
    async fn take_over(&self, school: &SchoolId) -> Result<u64, StoreError>;

    /// Whether a commit of the school took this push, and it was not forgotten since.
    async fn has_push(&self, school: &SchoolId, push: PushId) -> Result<bool, StoreError>;

    /// Sets or removes the breadcrumb, durable at once.
    async fn leave_breadcrumb(&self, school: &SchoolId, breadcrumb: Option<&Breadcrumb>) -> Result<(), StoreError>;

    /// Items of the lane that are not acknowledged, with a sequence above `after`, ascending, at most `limit`.
    async fn outbox(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError>;

    /// Takes the items out of the outbox, all in one durable transaction.
    async fn acknowledge(
        &self,
        school: &SchoolId,
        lane: Lane,
        acknowledgements: &[Acknowledgement],
    ) -> Result<(), StoreError>;

    /// Items of the lane that were refused, with a sequence above `after`, ascending, at most `limit`.
    async fn refused(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RefusedItem>, StoreError>;
}
