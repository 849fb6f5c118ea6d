//! A shelf: all entries of one kind that a call has loaded. A shelf loads many entries at a time and writes back only
//! those that changed. Not here: which shelves there are (`shelves`), and how a large value is stored (`parts`).
//!
//! A value that cannot be read counts as absent, so that one damaged value stops neither its course nor the school: what
//! is lost is made anew of GEGI's data and CourseKey's. The shelf remembers the key, for an issue.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{decode, encode, parts};
use crate::model::sorted::{SortedMap, arrange};
use crate::world::{Change, Reads, StorageError};

/// Entries of one kind, by id.
#[derive(Debug)]
pub struct Shelf<T> {
    prefix: &'static str,
    entries: SortedMap<String, Entry<T>>,
    /// The bytes that the entries have in the state.
    bytes: usize,
    /// The keys whose values could not be read.
    damaged: Vec<String>,
}

#[derive(Debug)]
struct Entry<T> {
    /// The bytes that the state holds; none: the state has no such entry.
    stored: Option<Vec<u8>>,
    value: Option<T>,
    /// Whether the value may have been changed since it was loaded or collected.
    touched: bool,
}

/// An entry's id and key, and what the state holds of it.
type Stored = (String, String, Option<Vec<u8>>);

/// Reads what is stored of entries. Apart from the shelves, so that it is compiled once for
/// all of them.
fn read_stored(world: &mut impl Reads, prefix: &str, mut ids: Vec<&str>) -> Result<Vec<Stored>, StorageError> {
    arrange(&mut ids, Ord::cmp);
    ids.dedup();
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<String> = ids.iter().map(|id| format!("{prefix}{id}")).collect();
    let stored = parts::get_many(world, &keys)?;
    Ok(ids
        .iter()
        .map(|id| (*id).to_owned())
        .zip(keys)
        .zip(stored)
        .map(|((id, key), stored)| (id, key, stored))
        .collect())
}

impl<T: Serialize + DeserializeOwned> Shelf<T> {
    /// An empty shelf for the keys that start with `prefix`.
    pub fn new(prefix: &'static str) -> Self {
        Self { prefix, entries: SortedMap::new(), bytes: 0, damaged: Vec::new() }
    }

    /// Loads those of the entries that are not on the shelf yet.
    pub fn load<'a>(&mut self, world: &mut impl Reads, ids: impl Iterator<Item = &'a str>) -> Result<(), StorageError> {
        self.load_missing(world, ids.filter(|id| !self.entries.contains_key(*id)).collect())
    }

    /// Apart from `load`, so that it is compiled once for all iterators.
    fn load_missing(&mut self, world: &mut impl Reads, missing: Vec<&str>) -> Result<(), StorageError> {
        let stored = read_stored(world, self.prefix, missing)?;
        let loaded: Vec<_> = stored.into_iter().map(|(id, key, stored)| (id, self.read(&key, stored))).collect();
        self.entries.extend(loaded);
        Ok(())
    }

    /// Reads those of the entries that are not on the shelf, and puts none of them on the shelf.
    pub fn peek<'a>(
        &self,
        world: &mut impl Reads,
        ids: impl Iterator<Item = &'a str>,
    ) -> Result<SortedMap<String, T>, StorageError> {
        self.peek_missing(world, ids.filter(|id| !self.entries.contains_key(*id)).collect())
    }

    fn peek_missing(&self, world: &mut impl Reads, missing: Vec<&str>) -> Result<SortedMap<String, T>, StorageError> {
        let stored = read_stored(world, self.prefix, missing)?;
        Ok(stored.into_iter().filter_map(|(id, key, stored)| Some((id, decode(&key, &stored?).ok()?))).collect())
    }

    /// Puts an entry on the shelf that was read in another way, for example by a scan.
    pub fn keep(&mut self, id: &str, key: &str, stored: Option<Vec<u8>>) {
        if !self.entries.contains_key(id) {
            let entry = self.read(key, stored);
            self.entries.insert(id.to_owned(), entry);
        }
    }

    fn read(&mut self, key: &str, stored: Option<Vec<u8>>) -> Entry<T> {
        self.bytes += stored.as_ref().map_or(0, Vec::len);
        let value = stored.as_deref().map(|bytes| decode(key, bytes)).transpose();
        let touched = value.is_err();
        if touched {
            self.damaged.push(key.to_owned());
        }
        Entry { stored, value: value.unwrap_or_default(), touched }
    }

    /// Forgets the entries that cannot have changed. They can be loaded again.
    pub fn forget_untouched(&mut self) {
        self.entries.retain(|_, entry| entry.touched);
        self.bytes = self.entries.values().filter_map(|entry| entry.stored.as_ref()).map(Vec::len).sum();
    }

    /// How many bytes the entries on the shelf have in the state: a measure of the memory that the shelf takes.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// How many entries on the shelf may have changed.
    pub fn touched(&self) -> usize {
        self.entries.values().filter(|entry| entry.touched).count()
    }

    /// The keys whose values could not be read since the last call of this function.
    pub fn take_damaged(&mut self) -> Vec<String> {
        std::mem::take(&mut self.damaged)
    }

    /// An entry that was loaded; none: the entry does not exist, or was not loaded.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.entries.get(id)?.value.as_ref()
    }

    /// An entry that was loaded, to be changed; none: the entry does not exist, or was not loaded.
    pub fn change(&mut self, id: &str) -> Option<&mut T> {
        let entry = self.entries.get_mut(id).filter(|entry| entry.value.is_some())?;
        entry.touched = true;
        entry.value.as_mut()
    }

    /// An entry that was loaded, to be changed; an entry that does not exist begins with `T`'s default.
    pub fn edit(&mut self, id: &str) -> &mut T
    where
        T: Default,
    {
        let entry = self.touch(id);
        entry.value.get_or_insert_with(T::default)
    }

    /// Sets an entry.
    pub fn set(&mut self, id: &str, value: T) {
        self.touch(id).value = Some(value);
    }

    /// Removes an entry.
    pub fn remove(&mut self, id: &str) {
        self.touch(id).value = None;
    }

    fn touch(&mut self, id: &str) -> &mut Entry<T> {
        let entry = self.entries.entry(id.to_owned()).or_insert(Entry { stored: None, value: None, touched: true });
        entry.touched = true;
        entry
    }

    /// Adds to `changes` a change of the state for every entry whose bytes differ from those that the state holds.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        for (id, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.touched) {
            let key = format!("{}{id}", self.prefix);
            let now = entry.value.as_ref().map(|value| encode(&key, value)).transpose()?;
            if now != entry.stored {
                parts::store(changes, &key, entry.stored.as_deref(), now.as_deref());
                entry.stored = now;
            }
            entry.touched = false;
        }
        Ok(())
    }
}
