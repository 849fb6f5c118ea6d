//! What one call leaves behind: changes of the state, payloads for the outboxes, and what the store checks before it
//! writes them. Not here: who may commit beside whom (`gate`), and how a backend writes (`memory`, `sqlite`).

use std::fmt;

use chrono::{DateTime, Utc};

use super::standing::FailedTicks;
use super::{Lane, Payload, StoreError};

/// The most bytes of a key. The WIT promises this number to the plugin.
pub const KEY_BYTES: usize = 512;

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

/// A payload for [`Lane::Records`].
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// The payload.
    pub payload: Payload,
    /// The class whose marks the operation changes; none: it changes no mark. A tick that asks for the marks of a class
    /// reads the waiting operations of that class alone.
    pub subject: Option<String>,
}

impl From<String> for Record {
    fn from(payload: String) -> Self {
        Self { payload, subject: None }
    }
}

impl From<&str> for Record {
    fn from(payload: &str) -> Self {
        payload.to_owned().into()
    }
}

/// Everything one call leaves behind. `Debug` prints only how much the commit holds, because keys and payloads name
/// people; so does the `Debug` of every type in this room that holds what a school stores.
#[derive(Clone, PartialEq, Eq)]
pub struct Commit {
    /// Changes of the state, in order: of several changes of one key the last one counts.
    pub changes: Vec<Change>,
    /// Records for [`Lane::Records`], in order.
    pub records: Vec<Record>,
    /// Payloads for [`Lane::Mails`], in order.
    pub mails: Vec<Payload>,
    /// Whether this commit removes the breadcrumb, because the call that left it has returned.
    pub clears_breadcrumb: bool,
    /// The push that the call was made for; none: the call was made for no push.
    pub push: Option<TakenPush>,
    /// The ticks in a row that have failed, as the school's standing has them from now on.
    pub failed_ticks: Option<FailedTicks>,
    /// The fence with which the host took the school over; 0: no host ever took the school over. See
    /// [`Store::take_over`](super::Store::take_over).
    pub fence: u64,
    /// The number of the commit on which this one was decided: if another was made since, this one is refused. None: what
    /// others committed since does not matter.
    pub follows: Option<u64>,
    /// The commit after which a tick began that this commit ends; none: this is the commit of a short call. A tick's
    /// commit gives way to the short calls that committed since: a key that one of them changed is not removed, and
    /// setting it is a [`StoreError::Conflict`]. If another tick committed since, this commit is refused as overtaken.
    pub tick_after: Option<u64>,
    /// When the call commits.
    pub at: DateTime<Utc>,
}

impl Commit {
    /// An empty commit.
    pub fn new(at: DateTime<Utc>) -> Self {
        let (changes, records, mails) = (Vec::new(), Vec::new(), Vec::new());
        let (clears_breadcrumb, push, failed_ticks, fence) = (false, None, None, 0);
        let (follows, tick_after) = (None, None);
        Self { changes, records, mails, clears_breadcrumb, push, failed_ticks, fence, follows, tick_after, at }
    }

    /// What this commit puts into the outbox of a lane: payloads, each with its subject.
    pub fn payloads(&self, lane: Lane) -> impl Iterator<Item = (&Payload, Option<&str>)> {
        let (records, mails) = match lane {
            Lane::Records => (self.records.as_slice(), [].as_slice()),
            Lane::Mails => ([].as_slice(), self.mails.as_slice()),
        };
        let records = records.iter().map(|record| (&record.payload, record.subject.as_deref()));
        records.chain(mails.iter().map(|mail| (mail, None)))
    }

    /// Refuses a commit that no store may hold, before anything is written.
    pub(super) fn check(&self) -> Result<(), StoreError> {
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

/// The bytes that an entry of the state counts for.
pub(crate) fn entry_bytes(key: &str, value: &[u8]) -> u64 {
    u64::try_from(key.len() + value.len()).unwrap_or(u64::MAX)
}
