//! What there is to do: dirty notes, pushes, and courses that are due. Found without walking the school: an idle tick
//! reads once.

use std::collections::BTreeSet;

use crate::memory::head::Head;
use crate::memory::{DIRTY, HEAD, HOT, INBOX, decode, read_due_key};
use crate::model::ids::CourseId;
use crate::model::time::Instant;
use crate::world::{StorageError, World};

/// The one read of an idle tick brings this many entries.
const FIRST_READ: u32 = 32;
/// Where there is work, reading goes on in steps of this size.
const NEXT_READ: u32 = 1_000;
/// The most entries one tick takes on.
const MOST: usize = 4_000;

/// What there is to do.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    /// The head; none before the first tick.
    pub head: Option<Head>,
    /// Courses with a dirty note.
    pub dirty: Vec<CourseId>,
    /// Pushes that wait, by their digest.
    pub inbox: Vec<String>,
    /// Courses that are due, the longest overdue first.
    pub due: BTreeSet<(Instant, CourseId)>,
    /// When the next course is due that is not due yet.
    pub next: Option<Instant>,
    /// There is more than one tick takes on.
    pub more: bool,
}

impl Agenda {
    /// Reads what there is to do at `now`.
    pub(super) fn read(world: &mut impl World, now: Instant) -> Result<Self, StorageError> {
        let mut agenda = Self::default();
        let mut after: Option<String> = None;
        let mut limit = FIRST_READ;
        let mut taken = 0;
        loop {
            let entries = world.scan(HOT, after.as_deref(), limit)?;
            let full = entries.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
            after = entries.last().map(|(key, _)| key.clone());
            taken += entries.len();
            for (key, value) in entries {
                agenda.take(&key, &value, now)?;
            }
            if !full || agenda.next.is_some() {
                return Ok(agenda);
            }
            if taken >= MOST {
                agenda.more = true;
                return Ok(agenda);
            }
            limit = NEXT_READ;
        }
    }

    fn take(&mut self, key: &str, value: &[u8], now: Instant) -> Result<(), StorageError> {
        if key == HEAD {
            self.head = Some(decode::<Head>(HEAD, value)?.check_schema()?);
        } else if let Some(course) = key.strip_prefix(DIRTY) {
            self.dirty.push(CourseId::from(course));
        } else if let Some(digest) = key.strip_prefix(INBOX) {
            self.inbox.push(digest.to_owned());
        } else if let Some((at, course)) = read_due_key(key) {
            if at <= now {
                self.due.insert((at, course));
            } else {
                self.next = Some(self.next.map_or(at, |next| next.min(at)));
            }
        }
        Ok(())
    }
}
