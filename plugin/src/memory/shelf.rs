//! One kind of entry, loaded many at a time, written back only where it changed.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{decode, encode};
use crate::world::{Change, Reads, StorageError};

/// How many keys are asked for at once.
const KEYS_AT_ONCE: usize = 5_000;

/// Entries of one kind, by id.
#[derive(Debug)]
pub struct Shelf<T> {
    prefix: &'static str,
    entries: BTreeMap<String, Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    /// As it is stored; none: it is not.
    stored: Option<Vec<u8>>,
    value: Option<T>,
    /// Whether somebody was given the value to change.
    touched: bool,
}

impl<T: Serialize + DeserializeOwned> Shelf<T> {
    /// An empty shelf for the keys that start with `prefix`.
    pub fn new(prefix: &'static str) -> Self {
        Self { prefix, entries: BTreeMap::new() }
    }

    /// Loads the entries that are not here yet.
    pub fn load<'a>(&mut self, world: &mut impl Reads, ids: impl Iterator<Item = &'a str>) -> Result<(), StorageError> {
        let mut missing: Vec<&str> = ids.filter(|id| !self.entries.contains_key(*id)).collect();
        missing.sort_unstable();
        missing.dedup();
        for ids in missing.chunks(KEYS_AT_ONCE) {
            let keys: Vec<String> = ids.iter().map(|id| format!("{}{id}", self.prefix)).collect();
            for ((id, key), stored) in ids.iter().zip(&keys).zip(world.get_many(&keys)?) {
                self.keep(id, key, stored)?;
            }
        }
        Ok(())
    }

    /// Takes an entry that was read in another way, for example by a scan.
    pub fn keep(&mut self, id: &str, key: &str, stored: Option<Vec<u8>>) -> Result<(), StorageError> {
        if !self.entries.contains_key(id) {
            let value = stored.as_deref().map(|bytes| decode(key, bytes)).transpose()?;
            self.entries.insert(id.to_owned(), Entry { stored, value, touched: false });
        }
        Ok(())
    }

    /// Forgets the entries that nobody was given to change. They can be loaded again.
    pub fn forget_untouched(&mut self) {
        self.entries.retain(|_, entry| entry.touched);
    }

    /// How many entries are here.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no entry is here.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// An entry that was loaded; none if there is none.
    pub fn get(&self, id: &str) -> Option<&T> {
        self.entries.get(id)?.value.as_ref()
    }

    /// An entry to change; none if there is none.
    pub fn change(&mut self, id: &str) -> Option<&mut T> {
        let entry = self.entries.get_mut(id).filter(|entry| entry.value.is_some())?;
        entry.touched = true;
        entry.value.as_mut()
    }

    /// An entry to change; begun with `T`'s default if there is none.
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

    /// Adds what changed to `changes`.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        for (id, entry) in self.entries.iter_mut().filter(|(_, entry)| entry.touched) {
            let key = format!("{}{id}", self.prefix);
            let now = entry.value.as_ref().map(|value| encode(&key, value)).transpose()?;
            if now != entry.stored {
                changes.push(match &now {
                    Some(bytes) => Change::Put(key, bytes.clone()),
                    None => Change::Delete(key),
                });
                entry.stored = now;
            }
            entry.touched = false;
        }
        Ok(())
    }
}
