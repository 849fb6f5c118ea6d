//! Why a store failed, in words that mean the same for every backend: no text names a file or quotes what a school
//! stores. Not here: why a store could not be opened, which is the backend's own type.

use super::{KEY_BYTES, Lane};

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
    /// Somebody else has committed for the school since the caller read what this commit was decided on, or since the
    /// caller began to read.
    #[error("finish the call: somebody else committed for the school meanwhile; make the call again")]
    Overtaken,
    /// A call that may only look wanted to commit something; nothing of it was.
    #[error("commit what a call staged that may only look; run a component that keeps to its interface")]
    LookWrites,
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
