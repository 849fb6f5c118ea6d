//! Snapshots: a call sees the state as it was when the call began, whatever others commit meanwhile, and no
//! transaction stays open in the database. Snapshots work over every backend.
//!
//! A snapshot costs nothing until somebody else commits while the snapshot is open. Then the old values of the
//! changed keys go into the snapshot's own map, before anybody can see the new values. A read asks the store first
//! and the map last, and a value in the map counts more than the store's. Short calls change a handful of keys, so
//! the maps stay small.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Change, Commit, Entry, SchoolId, Store, StoreError};

/// Keys with the value that they hold in one view of the state; none: the view does not hold the key.
pub(super) type Overlay = BTreeMap<String, Option<Vec<u8>>>;

/// The committed state of one school, and the open snapshots of it. A process has one object of this type for a
/// school and makes every commit of the school through it. Nobody may take a snapshot or commit while another commit
/// runs: `gate` sees to that.
pub struct Versions {
    store: Arc<dyn Store>,
    school: SchoolId,
    open: Mutex<Open>,
}

#[derive(Default)]
struct Open {
    taken: u64,
    /// For each open snapshot, by its number: the keys that were changed since, with the values from when it was
    /// taken.
    before: BTreeMap<u64, Overlay>,
}

/// The state of a school as it was at one moment.
pub struct Snapshot {
    versions: Arc<Versions>,
    number: u64,
}

impl Versions {
    /// The state of a school in a store.
    pub fn new(store: Arc<dyn Store>, school: SchoolId) -> Self {
        Self { store, school, open: Mutex::default() }
    }

    /// Takes a snapshot of the state as it is now.
    pub fn snapshot(self: &Arc<Self>) -> Snapshot {
        let mut open = self.open();
        open.taken += 1;
        let number = open.taken;
        open.before.insert(number, Overlay::new());
        Snapshot { versions: Arc::clone(self), number }
    }

    /// Commits and returns the commit's number. Open snapshots keep seeing the old values.
    ///
    /// # Errors
    /// Nothing was written.
    pub async fn commit(&self, commit: Commit) -> Result<u64, StoreError> {
        self.keep_old_values(&commit.changes).await?;
        self.store.commit(&self.school, commit).await
    }

    /// Puts the old values of the changed keys into the maps of the open snapshots. This happens before the commit,
    /// because a reader who sees a new value must find the old value in its map afterwards. If the commit fails, the
    /// map holds the same value as the store, which harms nobody.
    async fn keep_old_values(&self, changes: &[Change]) -> Result<(), StoreError> {
        if self.open().before.is_empty() {
            return Ok(());
        }
        let keys: Vec<String> = changes.iter().map(|change| change.key.clone()).collect();
        let values = self.store.get_many(&self.school, &keys).await?;
        for overlay in self.open().before.values_mut() {
            for (key, value) in keys.iter().zip(&values) {
                overlay.entry(key.clone()).or_insert_with(|| value.clone());
            }
        }
        Ok(())
    }

    fn open(&self) -> MutexGuard<'_, Open> {
        // A panic while this lock is held cannot leave a change half made.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshot {
    /// The values of the keys, in the order of `keys`; none for an absent key.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let mut values = self.versions.store.get_many(&self.versions.school, keys).await?;
        self.with_old_values(|before| {
            for (key, value) in keys.iter().zip(&mut values) {
                if let Some(old) = before.get(key) {
                    value.clone_from(old);
                }
            }
        });
        Ok(values)
    }

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending by bytes, at most `limit`. Fewer
    /// entries than `limit` mean that there are no more.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn scan(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.scan_under(&Overlay::new(), prefix, after, limit).await
    }

    /// Does the same as `scan` with the map `top` laid over the snapshot: a key in `top` counts more than the
    /// snapshot's.
    pub(super) async fn scan_under(
        &self,
        top: &Overlay,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut found = Vec::new();
        let mut after = after.map(str::to_owned);
        while found.len() < limit {
            let wanted = limit - found.len();
            let page = self.versions.store.scan(&self.versions.school, prefix, after.as_deref(), wanted).await?;
            // A page covers the keys up to its last key; the last page covers all keys that follow.
            let last = if page.len() < wanted { None } else { page.last().map(|(key, _)| key.clone()) };
            self.with_old_values(|before| {
                let then = range(before, prefix, after.as_deref(), last.as_deref());
                let top = range(top, prefix, after.as_deref(), last.as_deref());
                found.extend(lay_over(lay_over(page.into_iter(), then), top).take(wanted));
            });
            if last.is_none() {
                break;
            }
            after = last;
        }
        Ok(found)
    }

    /// Whether somebody else has committed a change of the key since the snapshot was taken.
    pub fn is_outdated(&self, key: &str) -> bool {
        self.with_old_values(|before| before.contains_key(key))
    }

    fn with_old_values<T>(&self, work: impl FnOnce(&Overlay) -> T) -> T {
        // The map exists as long as the snapshot does.
        work(self.versions.open().before.entry(self.number).or_default())
    }
}

impl Drop for Snapshot {
    fn drop(&mut self) {
        self.versions.open().before.remove(&self.number);
    }
}

/// Entries of a map whose key starts with `prefix`, is greater than `after` and at most `last`, ascending by bytes.
pub(super) fn range<'a, V>(
    map: &'a BTreeMap<String, V>,
    prefix: &'a str,
    after: Option<&'a str>,
    last: Option<&'a str>,
) -> impl Iterator<Item = (&'a String, &'a V)> {
    let from = match after {
        Some(after) if after >= prefix => Bound::Excluded(after),
        _ => Bound::Included(prefix),
    };
    let inside = move |key: &str| key.starts_with(prefix) && last.is_none_or(|last| key <= last);
    map.range::<str, _>((from, Bound::Unbounded)).take_while(move |(key, _)| inside(key))
}

/// Merges two ascending runs of entries. Where both runs have a key, `top` counts; where `top` holds none for a key,
/// the merged run does not have the key.
fn lay_over<'a>(
    base: impl Iterator<Item = Entry>,
    top: impl Iterator<Item = (&'a String, &'a Option<Vec<u8>>)>,
) -> impl Iterator<Item = Entry> {
    let (mut base, mut top) = (base.peekable(), top.peekable());
    std::iter::from_fn(move || {
        loop {
            let Some((key, _)) = top.peek() else { return base.next() };
            if let Some(below) = base.next_if(|(below, _)| below < *key) {
                return Some(below);
            }
            // `top` has the same key, so the entry of `base` is dropped.
            base.next_if(|(same, _)| same == *key);
            if let (key, Some(value)) = top.next()? {
                return Some((key.clone(), value.clone()));
            }
        }
    })
}
