//! Stages what a tick changed: the plugin's state, and operations on GEGI's records.

use super::agenda::Agenda;
use crate::memory::followed::Followed;
use crate::memory::head::Head;
use crate::memory::{Books, HEAD, Notes, Rosters};
use crate::world::records::Operation;
use crate::world::{Change, StorageError, Writes};

/// Everything that a tick loaded, to be stored where it changed.
pub(super) struct Loaded {
    /// The head; none: the head did not change.
    pub(super) head: Option<Head>,
    pub(super) followed: Followed,
    pub(super) agenda: Agenda,
    pub(super) rosters: Rosters,
    pub(super) books: Books,
    pub(super) notes: Notes,
}

/// Stages the changes of the state and the operations on GEGI's records.
pub(super) fn store(world: &mut impl Writes, loaded: Loaded, operations: Vec<Operation>) -> Result<(), StorageError> {
    let Loaded { head, followed, agenda, mut rosters, mut books, mut notes } = loaded;
    let mut changes = Vec::new();
    rosters.collect(&mut changes)?;
    books.collect(&mut changes)?;
    notes.collect(&mut changes)?;
    followed.collect(&mut changes)?;
    changes.extend(agenda.into_changes());
    if let Some(head) = head {
        changes.push(Change::Put(HEAD.to_owned(), head.write()?));
    }
    if !changes.is_empty() {
        world.apply(changes)?;
    }
    if !operations.is_empty() {
        world.stage(operations)?;
    }
    Ok(())
}
