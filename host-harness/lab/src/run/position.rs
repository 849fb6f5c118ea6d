//! How far a run has played a school in virtual time: a note in the school's book.

use mirror::book::{Book, BookError};

/// The name of the note.
const NOTE: &str = "position";

/// How far a run has played a school in virtual time; whole seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The time of the virtual clock.
    pub clock: i64,
    /// The instant before which every change has been applied.
    pub changes_from: i64,
}

impl Position {
    /// How far a run has played the school of this book; none: no run has.
    ///
    /// # Errors
    /// The storage failed, or a later version wrote the note.
    pub async fn of(book: &Book) -> Result<Option<Self>, BookError> {
        let read = |note: String| {
            let (clock, changes_from) = note.split_once(' ')?;
            Some(Self { clock: clock.parse().ok()?, changes_from: changes_from.parse().ok()? })
        };
        let unreadable = || BookError::Form(NOTE.to_owned());
        book.note(NOTE).await?.map(|note| read(note).ok_or_else(unreadable)).transpose()
    }

    /// Notes how far a run has played the school of this book.
    pub(super) async fn keep(self, book: &Book) -> Result<(), BookError> {
        book.put_note(NOTE, &format!("{} {}", self.clock, self.changes_from)).await
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::sync::Arc;

    use super::*;
    use host::clock::SystemClock;
    use host::store::{MemoryStore, SchoolId};
    use mirror::book::Keeps;

    #[tokio::test]
    async fn a_position_is_found_again() {
        let store = Arc::new(MemoryStore::default());
        let book = Book::new(store, SchoolId::new("school book"), Arc::new(SystemClock), Keeps::Records);
        assert_eq!(Position::of(&book).await.unwrap(), None);
        let position = Position { clock: 1_693_213_200, changes_from: i64::MIN };
        position.keep(&book).await.unwrap();
        assert_eq!(Position::of(&book).await.unwrap(), Some(position));
        book.put_note(NOTE, "later").await.unwrap();
        let error = Position::of(&book).await.unwrap_err();
        assert!(matches!(error, BookError::Form(_)), "{error}");
    }
}
