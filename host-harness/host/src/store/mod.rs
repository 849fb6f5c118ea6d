//! The storage: everything that a school must never lose, namely the plugin's state, the outboxes of records and
//! mails, and the standing of the school.
//!
//! [`Store`] states the promises, `memory` and `sqlite` keep them, and [`contract`] checks every backend. Above the
//! backends, once for all of them: `snapshot` (the state that a call sees), `unit` (what one call reads and stages,
//! and its limits) and `gate` (which call may run beside which other, and how a call is committed). Not here:
//! delivery after the commit (`outbox`), the meaning of what the plugin stores, and what GEGI makes of a delivery. No
//! error in this room names a file: an error of opening a backend is the backend's own type.

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
pub use crate::bindings::gegi::coursekey::state::{Aborted, Change as StateChange, StateError, Usage};
pub(crate) use gate::DeliveryTurn;
pub use gate::{SchoolGate, Schools};
pub use memory::MemoryStore;
pub use snapshot::{Snapshot, Versions};
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteStore;
pub use standing::{Breadcrumb, FailedTicks, Standing};
pub use unit::UnitOfWork;

use crate::gegi::Receipt;
use crate::outbox::form;

/// The most bytes of a key. The WIT promises this number to the plugin.
pub const KEY_BYTES: usize = 512;

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

/// A key of a school's state, with its value.
pub type Entry = (String, Vec<u8>);

/// One change of a school's state.
#[derive(Clone, PartialEq, Eq)]
pub struct Change {
    /// The key, 1 to [`KEY_BYTES`] bytes.
    pub key: String,
    /// The value that the key holds from now on; none: the key is removed.
    pub value: Option<Vec<u8>>,
}

/// Tells a push of CourseKey's from all other pushes of its school. `push` decides from which data these bytes are
/// made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PushId([u8; 32]);

impl PushId {
    /// The id of these bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// A push that a commit takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TakenPush {
    /// Which push.
    pub id: PushId,
    /// Pushes of the school that were taken before this moment are forgotten.
    pub forget_before: DateTime<Utc>,
}

/// The text of an operation or a mail to deliver, in the form of `outbox::form`. A store keeps the text unchanged.
pub type Payload = String;

/// Everything one call leaves behind. `Debug` prints only how much the commit holds, because keys and payloads name
/// people; so does the `Debug` of every type in this room that holds what a school stores.
#[derive(Clone, PartialEq, Eq)]
pub struct Commit {
    /// Changes of the state, in order: of several changes of one key the last one counts.
    pub changes: Vec<Change>,
    /// Payloads for [`Lane::Records`], in order.
    pub records: Vec<Payload>,
    /// Payloads for [`Lane::Mails`], in order.
    pub mails: Vec<Payload>,
    /// Whether this commit removes the breadcrumb, because the call that left it has returned.
    pub clears_breadcrumb: bool,
    /// The push that the call was made for; none: the call was made for no push.
    pub push: Option<TakenPush>,
    /// The ticks in a row that have failed, as the school's standing has them from now on.
    pub failed_ticks: Option<FailedTicks>,
    /// The fence with which the host took the school over; 0: no host ever took the school over. See
    /// [`Store::take_over`].
    pub fence: u64,
    /// The number of the commit on which this one was decided: if another was made since, this one is refused. None: what
    /// others committed since does not matter.
    pub follows: Option<u64>,
    /// When the call commits.
    pub at: DateTime<Utc>,
}

impl Commit {
    /// An empty commit.
    pub fn new(at: DateTime<Utc>) -> Self {
        let (changes, records, mails) = (Vec::new(), Vec::new(), Vec::new());
        let (clears_breadcrumb, push, failed_ticks, fence, follows) = (false, None, None, 0, None);
        Self { changes, records, mails, clears_breadcrumb, push, failed_ticks, fence, follows, at }
    }

    /// The payloads that this commit puts into the outbox of a lane.
    pub fn payloads(&self, lane: Lane) -> &[Payload] {
        match lane {
            Lane::Records => &self.records,
            Lane::Mails => &self.mails,
        }
    }

    /// Refuses a commit that no store may hold, before anything is written.
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

/// An outbox. The lanes of a school are independent: while a mail server is down, marks are still delivered.
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

    /// The lane's name as it stands in ids and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Mails => "mails",
        }
    }
}

/// An item of an outbox: committed, and not acknowledged yet.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Ascending from 1 without gaps or repeats within a school and lane, in the order of the commits.
    pub sequence: u64,
    /// The id of the item. Every delivery of the item carries the same id, and no other item has this id.
    pub id: String,
    /// The payload as the call committed it.
    pub payload: Payload,
}

/// The bytes of an id; its text has two characters for each byte. With this many bytes no two items of any school
/// will ever have the same id.
const ID_BYTES: usize = 16;

impl OutboxItem {
    /// Makes an item with its id. The id is computed from school, lane, sequence and payload, so no store has to keep
    /// it. The payload is part of the id because a store that is restored from a backup gives its latest sequences a
    /// second time: if another payload then had the same id, the receiver would drop that payload as a repeat.
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

/// An item, named by its sequence, with the receipt that its receiver gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The sequence of the item in its lane.
    pub sequence: u64,
    /// The receiver's receipt. The store forgets an applied item, and keeps a refused item with its reason for people
    /// to read, see [`Store::refused`].
    pub receipt: Receipt,
}

/// How many refused items of a lane a school keeps, the newest ones. A school that runs for years would else keep every
/// refusal.
pub const REFUSED_KEPT: usize = 1_000;

/// An item that its receiver refused.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedItem {
    /// The item.
    pub item: OutboxItem,
    /// Why the receiver refused the item.
    pub reason: String,
}

/// The bytes that an entry of the state counts for.
fn entry_bytes(key: &str, value: &[u8]) -> u64 {
    u64::try_from(key.len() + value.len()).unwrap_or(u64::MAX)
}

/// Why a store failed. Nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Another program holds the storage for longer than a call should wait.
    #[error("get hold of the storage: somebody else is writing to it; try again")]
    Busy,
    /// The storage has no space left.
    #[error("write to the storage: its disk is full; free some space, then try again")]
    Full,
    /// The storage holds data in a form in which this program never wrote any.
    #[error("read the storage: it is damaged; stop the host and restore the storage from a backup")]
    Corrupt,
    /// The storage refused for another reason, or cannot be reached.
    #[error("use the storage: {reason}; see that it is there and may be written to, then try again")]
    Unavailable {
        /// The text of the program that refused. The text names no value that a school stores.
        reason: String,
    },
    /// A key is empty or too long.
    #[error(
        "commit: a key is empty or longer than {KEY_BYTES} bytes; this is a fault of this program, please report it"
    )]
    BadKey,
    /// A tick would have overwritten a key that a short call wrote beside the tick; the number of such keys.
    #[error("commit the tick: a short call changed {0} of its keys meanwhile; call it again")]
    Conflict(usize),
    /// Somebody else has committed for the school since the caller read what this commit was decided on.
    #[error("commit: somebody else committed for the school meanwhile; read again and repeat")]
    Overtaken,
    /// Another host has taken the school over since the call began.
    #[error("commit: another host has taken the school over (fence {held}, this one has {fence}); stop this host")]
    Fenced {
        /// The fence of the commit.
        fence: u64,
        /// The fence of the school.
        held: u64,
    },
    /// An item of an outbox is in a form that this version cannot read.
    #[error("read item {sequence} of the outbox of {}; run the version that wrote it, or a later one", .lane.name())]
    Unreadable {
        /// The outbox of the item.
        lane: Lane,
        /// The sequence of the item.
        sequence: u64,
    },
    /// A staged operation or mail has no JSON form.
    #[error("write an operation or a mail as JSON; this is a fault of this program, please report it")]
    NotJson,
}

impl StoreError {
    /// Whether the same call may succeed when it is simply made again later. After every other error a person has to
    /// act first.
    pub fn is_passing(&self) -> bool {
        matches!(self, Self::Busy | Self::Full | Self::Unavailable { .. } | Self::Conflict(_) | Self::Overtaken)
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

    /// Writes the whole commit in one durable transaction and returns its number. Refuses a commit whose fence is
    /// lower than the school's, and one that follows another commit than the latest.
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
