//! The feed: the operations that the book has taken and GEGI has not acknowledged, for a GEGI that takes its operations
//! from the service. The feed keeps the latest 100,000 operations, because nobody may ever read it.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::keys::{key, number, number_in};
use super::stored::{read, write};
use super::{Book, BookError};
use crate::entries::Changes;
use crate::operation::OperationLine;
use host::gegi::{Delivery, Operation};

/// How many operations the feed keeps, the latest.
const KEPT: u64 = 100_000;

/// An operation in the feed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FeedItem {
    /// Ascending without repeats within a school.
    pub sequence: u64,
    /// The id of the operation; no other operation has it.
    pub id: String,
    /// The operation, as [`OperationLine`] writes it.
    pub operation: Value,
}

#[derive(Serialize, Deserialize)]
struct Stored {
    id: String,
    operation: Value,
}

/// Adds an operation to the feed, and lets go of the oldest.
pub(super) fn add(changes: &mut Changes, delivery: &Delivery<Operation>) -> Result<(), BookError> {
    let operation = serde_json::to_value(OperationLine::from(&delivery.payload));
    let operation = operation.map_err(|_| BookError::Form("feed".to_owned()))?;
    let text = write(&Stored { id: delivery.id.clone(), operation }, "feed")?;
    changes.insert(place(delivery.sequence), Some(text));
    changes.insert(place(delivery.sequence.saturating_sub(KEPT)), None);
    Ok(())
}

fn place(sequence: u64) -> String {
    key("feed", &[&number(sequence)])
}

impl Book {
    /// Operations of the feed with a sequence above `after`, ascending, at most `limit`.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn feed(&self, after: u64, limit: usize) -> Result<Vec<FeedItem>, BookError> {
        let found = self.entries.scan(&key("feed", &[]), Some(&place(after)), limit).await?;
        let item = |(key, text): (String, Vec<u8>)| {
            let Stored { id, operation } = read(&text, "feed")?;
            let sequence = number_in(&key).ok_or_else(|| BookError::Form("feed".to_owned()))?;
            Ok(FeedItem { sequence, id, operation })
        };
        found.into_iter().map(item).collect()
    }

    /// Takes operations out of the feed that GEGI has applied. An operation that is not there changes nothing.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn acknowledge(&self, sequences: &[u64]) -> Result<(), BookError> {
        self.change(&[], |_| (sequences.iter().map(|sequence| (place(*sequence), None)).collect(), ())).await
    }
}
