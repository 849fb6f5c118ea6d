//! What lies in an outbox: the lanes, the items with their ids, and what their receiver said. Not here: the form of a
//! payload (`outbox::form`), and delivery (`outbox`).

use std::fmt;

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

use super::SchoolId;
use crate::gegi::Receipt;
use crate::outbox::form;

/// The text of an operation or a mail to deliver, in the form of `outbox::form`. A store keeps the text unchanged.
pub type Payload = String;

/// An outbox. The lanes of a school are independent: while a mail server is down, marks are still delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lane {
    /// Operations on GEGI's records.
    Records,
    /// Mails.
    Mails,
}

impl Lane {
    /// Every lane, in the order of delivery.
    pub const ALL: [Self; 2] = [Self::Records, Self::Mails];

    /// The lane's name as it stands in ids and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Records => "records",
            Self::Mails => "mails",
        }
    }
}

/// An item of an outbox: committed, and not acknowledged yet.
#[derive(Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// Ascending from 1 without gaps or repeats within a school and lane, in the order of the commits.
    pub sequence: u64,
    /// The id of the item. Every delivery of the item carries the same id, and no other item has this id.
    pub id: String,
    /// The payload as the call committed it.
    pub payload: Payload,
}

/// The bytes of an id; its text has two characters for each byte. With this many bytes no two items of any school
/// will ever have the same id.
const ID_BYTES: usize = 16;

impl OutboxItem {
    /// Makes an item with its id. The id is computed from school, lane, sequence and payload, so no store has to keep
    /// it. The payload is part of the id because a store that is restored from a backup gives its latest sequences a
    /// second time: if another payload then had the same id, the receiver would drop that payload as a repeat.
    pub(crate) fn new(school: &SchoolId, lane: Lane, sequence: u64, payload: Payload) -> Self {
        let mut hash = Sha256::new();
        for part in [school.as_str(), lane.name(), form::content(&payload)] {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hash.update(sequence.to_be_bytes());
        let hash = hash.finalize();
        let id = HEXLOWER.encode(hash.get(..ID_BYTES).unwrap_or(&hash));
        Self { sequence, id, payload }
    }
}

impl fmt::Debug for OutboxItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sequence, id, payload } = self;
        f.debug_struct("OutboxItem")
            .field("sequence", sequence)
            .field("id", id)
            .field("payload_bytes", &payload.len())
            .finish()
    }
}

/// An item, named by its sequence, with the receipt that its receiver gave.
#[derive(Clone, PartialEq, Eq)]
pub struct Acknowledgement {
    /// The sequence of the item in its lane.
    pub sequence: u64,
    /// The receiver's receipt. The store forgets an applied item, and keeps a refused item with its reason for people
    /// to read, see [`Store::refused`](super::Store::refused).
    pub receipt: Receipt,
}

/// What waits in a lane.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Load {
    /// The items.
    pub items: u64,
    /// The bytes of their payloads.
    pub bytes: u64,
}

/// The refused items of a lane that are kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refusals {
    /// How many there are.
    pub kept: u64,
    /// The highest sequence among them; 0: there is none.
    pub latest: u64,
}

/// How many refused items of a lane a school keeps, the newest ones. A school that runs for years would else keep every
/// refusal.
pub const REFUSED_KEPT: usize = 1_000;

/// An item that its receiver refused.
#[derive(Clone, PartialEq, Eq)]
pub struct RefusedItem {
    /// The item.
    pub item: OutboxItem,
    /// Why the receiver refused the item.
    pub reason: String,
}
