//! What the core may write: the plugin's own memory, GEGI's records, mails. All of it is staged, and committed when the call
//! returns ok; but for the breadcrumb, which is there to survive a call that does not return.

use super::records::{Message, Operation};
use super::{Change, StorageError, reads::Reads};

/// Writing, for one call.
pub trait Writes: Reads {
    /// Stages changes of the memory.
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StorageError>;
    /// Stages changes of GEGI's records.
    fn stage(&mut self, operations: Vec<Operation>) -> Result<(), StorageError>;
    /// Queues a mail; the reason if the host refuses it.
    fn queue(&mut self, message: Message) -> Result<(), String>;
    /// Leaves a note that survives if this call is aborted.
    fn breadcrumb(&mut self, note: Option<&str>);
}
