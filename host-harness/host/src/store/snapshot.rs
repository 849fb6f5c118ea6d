//! Snapshots: a call sees the state as it was when the call began, whatever others commit meanwhile, in this process
//! or in another one, and no transaction stays open in the database. A snapshot is the number of a commit: the store
//! keeps the values that later commits replace (`versions`).

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;

use super::{Entry, SchoolId, Store, StoreError};

/// Keys with the value that they hold in one view of the state; none: the view does not hold the key.
pub(super) type Overlay = BTreeMap<String, Option<Vec<u8>>>;

/// The state of a school as a commit left it. Nobody has to be told when a snapshot begins or ends.
pub struct Snapshot {
    store: Arc<dyn Store>,
    school: SchoolId,
    commit: u64,
}

impl Snapshot {
    /// The state as this commit left it; 0: before the first commit.
    pub fn new(store: Arc<dyn Store>, school: SchoolId, commit: u64) -> Self {
        Self { store, school, commit }
    }

    /// The number of the commit.
    pub fn commit(&self) -> u64 {
        self.commit
    }

    /// The values of the keys, in the order of `keys`; none for an absent key.
    ///
    /// # Errors
    /// The store could not be read, or does not hold this state any more.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.store.get_many_as_of(&self.school, self.commit, keys).await
    }

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending by bytes, at most `limit`. Fewer
    /// entries than `limit` mean that there are no more.
    ///
    /// # Errors
    /// The store could not be read, or does not hold this state any more.
    pub async fn scan(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.scan_as_of(&self.school, self.commit, prefix, after, limit).await
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
            let page = self.scan(prefix, after.as_deref(), wanted).await?;
            // A page covers the keys up to its last key; the last page covers all keys that follow.
            let last = if page.len() < wanted { None } else { page.last().map(|(key, _)| key.clone()) };
            let top = range(top, prefix, after.as_deref(), last.as_deref());
            found.extend(lay_over(page.into_iter(), top).take(wanted));
            if last.is_none() {
                break;
            }
            after = last;
        }
        Ok(found)
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
pub(super) fn lay_over<'a>(
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
