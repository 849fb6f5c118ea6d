//! The world around the core: everything that the host supplies, as three traits by what a call may do: read, write,
//! use the network. A call is given no more than it needs, so that by its type `get-status` cannot write and
//! `on-course-changed` cannot reach CourseKey.
//!
//! | call | may |
//! |---|---|
//! | `get-status` | read |
//! | `on-course-changed`, `on-attendance-received` | read, write |
//! | `on-tick` | read, write, use the network |
//!
//! A call that may only read and is to find out what a tick would do is given a `pretence`: a world that keeps to itself
//! what is written.
//!
//! In the component every method is an import of `wit/`; in native tests the world is a few maps (`testing`). Nothing
//! here decides anything.

pub mod network;
pub mod pretence;
pub mod reads;
pub mod records;
pub mod writes;

pub use self::network::Network;
pub use self::reads::Reads;
pub use self::writes::Writes;

/// What the call works on cannot be read or written: the plugin's state, or GEGI's data. The call ends with this error,
/// leaves no trace and is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The host refused to store or to read; the text says why.
    #[error("use the school's storage: {0}")]
    Refused(String),
    /// The host refused because the call reads or stages more than the host allows: it is to be made again in smaller
    /// steps. The text says what the host allows.
    #[error("use the school's storage: {0}")]
    TooMuch(String),
    /// GEGI cannot be asked at present; the text says why.
    #[error("ask GEGI: {0}")]
    GegiUnavailable(String),
    /// A stored value cannot be read by this version of the plugin.
    #[error("read {key}: {reason}; load the version that wrote it, or a newer one")]
    Unreadable {
        /// The key.
        key: String,
        /// Why the value cannot be read.
        reason: String,
    },
}

/// One change of the plugin's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets a key.
    Put(String, Vec<u8>),
    /// Removes a key.
    Delete(String),
}

/// How full the school's storage is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Usage {
    /// The bytes of all keys and values.
    pub bytes: u64,
    /// The most bytes that the school may have.
    pub most_bytes: u64,
    /// The keys.
    pub keys: u64,
    /// The most keys that the school may have.
    pub most_keys: u64,
}

/// The share of the storage, in percent, from which on nothing new is taken on, so that what runs has room.
const NOTHING_NEW: u64 = 90;

impl Usage {
    /// Whether the storage has room for what is new: another course.
    pub fn has_room(self) -> bool {
        self.percent() < NOTHING_NEW
    }

    /// The share of the storage that is used, in percent: of the bytes or of the keys, whichever is more.
    pub fn percent(self) -> u64 {
        let of = |used: u64, most: u64| used.saturating_mul(100) / most.max(1);
        of(self.bytes, self.most_bytes).max(of(self.keys, self.most_keys))
    }
}

/// The note of a tick that was aborted, and how often in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aborted {
    /// The note.
    pub note: String,
    /// How many ticks in a row were aborted while this note stood.
    pub times: u32,
}

/// Everything that a tick may do: read, write, use the network.
pub trait World: Writes + Network {}

impl<W: Writes + Network> World for W {}
