//! What surrounds the core, split by what may be done: reading, writing, the network. A call is given no more than it needs,
//! so that by its type a status cannot be written and a change of a course cannot reach CourseKey.
//!
//! | call | may |
//! |---|---|
//! | `get-status` | read |
//! | `on-course-changed`, `on-attendance-received` | read, write |
//! | `on-tick` | read, write, use the network |
//!
//! In the component every method is an import of `wit/`; in native tests it is a few maps. Nothing here decides.

pub mod network;
pub mod reads;
pub mod records;
pub mod writes;

pub use self::network::Network;
pub use self::reads::Reads;
pub use self::writes::Writes;

/// The host refused to store or to read. The call ends with it, leaves no trace and is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The host said no; says why.
    #[error("use the school's storage: {0}")]
    Refused(String),
    /// What is stored cannot be read by this version.
    #[error("read {key}: {reason}; load the version that wrote it, or a newer one")]
    Unreadable {
        /// The key.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
}

/// One change of the plugin's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets a key.
    Put(String, Vec<u8>),
    /// Removes a key.
    Delete(String),
}

/// How often calls that carried a note were aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aborted {
    /// The note.
    pub note: String,
    /// How many calls in a row.
    pub times: u32,
}

/// Everything at once: what a tick may do.
pub trait World: Writes + Network {}

impl<W: Writes + Network> World for W {}
