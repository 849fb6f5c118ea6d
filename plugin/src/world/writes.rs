//! What the core may write: the plugin's own state, GEGI's records, mails. The host stages every write and commits all
//! of them when the call returns ok. The breadcrumb is the exception: it survives a call that does not return.

use super::records::{Message, Operation};
use super::{Change, StorageError, reads::Reads};

/// Writing, for one call.
pub trait Writes: Reads {
    /// Stages changes of the plugin's state.
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StorageError>;
    /// Stages operations on GEGI's records.
    fn stage(&mut self, operations: Vec<Operation>) -> Result<(), StorageError>;
    /// Queues a mail. The error is the reason for which the host refuses the mail.
    fn queue(&mut self, message: Message) -> Result<(), String>;
    /// Leaves a note that survives if this call is aborted; none takes the note back.
    fn breadcrumb(&mut self, note: Option<&str>);
}
