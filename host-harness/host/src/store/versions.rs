//! Old values: what a commit does for the calls of any process that are still under way. Every backend uses these
//! rules.
//!
//! The state of a school is numbered by its commits, and a call reads the state as the commit left it that was the
//! latest when the call began. Therefore the commit of a short call keeps the values that it replaces, each with the
//! number of the commit that replaced it. The commit of a tick drops all of them: only a tick runs for long, and the
//! one that ends is the only one. A call that began before and still reads is told that it was overtaken, and is made
//! again. Beginning a call writes nothing, so nothing has to be cleared after a process that died.
//!
//! Not here: how a backend stores old values, and which call may run beside which other in one process (`gate`).

#[cfg(test)]
mod tests;

use super::{Change, StoreError};

/// After this many commits of short calls without a tick's commit the old values are dropped, because they would else
/// grow without end while a school's ticks fail. A tick during which this many short calls commit is made again.
pub(super) const MOST_KEPT: u64 = 10_000;

/// The changes that are committed of the changes of a tick. `is_changed` names the keys that short calls have changed
/// since the tick began.
///
/// A key that a tick removes and a short call has changed since stays: the key is a note of newer work (a course's
/// dirty note with a later revision), and the next tick does that work. All other keys are written either by ticks or
/// by short calls. A tick that sets a key which a short call has changed is refused, because one of the two writes
/// would be lost.
pub(super) fn give_way(staged: Vec<Change>, is_changed: impl Fn(&str) -> bool) -> Result<Vec<Change>, StoreError> {
    let (changed, kept): (Vec<Change>, Vec<Change>) = staged.into_iter().partition(|change| is_changed(&change.key));
    let mut conflicts: Vec<&str> =
        changed.iter().filter(|change| change.value.is_some()).map(|change| change.key.as_str()).collect();
    conflicts.sort_unstable();
    conflicts.dedup();
    if conflicts.is_empty() { Ok(kept) } else { Err(StoreError::Conflict(conflicts.len())) }
}
