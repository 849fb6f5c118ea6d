//! Entries that lie in the host's storage under a name of their own, for programs beside the plugin. A change is decided on
//! what its keys hold, and is made again when another process changed the entries meanwhile, so that no change is lost.

use std::collections::BTreeMap;
use std::sync::Arc;

use host::clock::Clock;
use host::store::{Change, Commit, Entry, SchoolId, Store, StoreError};

/// How often a change is made again that another process overtook.
const ATTEMPTS: u32 = 20;

/// Keys with the values that they hold, or get; none: the key is absent, or goes away.
pub type Changes = BTreeMap<String, Option<Vec<u8>>>;

/// The entries under one name. Cheap to clone; clones are the same entries.
#[derive(Clone)]
pub struct Entries {
    store: Arc<dyn Store>,
    name: SchoolId,
    clock: Arc<dyn Clock>,
    /// Held from the first read of a change to its commit, so that changes of this process do not overtake each other.
    turn: Arc<tokio::sync::Mutex<()>>,
}

impl Entries {
    /// The entries in a store under a name, which no school of the host's has. `clock` dates the changes.
    pub fn new(store: Arc<dyn Store>, name: SchoolId, clock: Arc<dyn Clock>) -> Self {
        Self { store, name, clock, turn: Arc::default() }
    }

    /// The value of a key.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn get(&self, key: String) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.store.get_many(&self.name, &[key]).await?.into_iter().next().flatten())
    }

    /// The values of keys, in their order.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.store.get_many(&self.name, keys).await
    }

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending by bytes, at most `limit`. Fewer than
    /// `limit` mean that there are no more.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn scan(&self, prefix: &str, after: Option<&str>, limit: usize) -> Result<Vec<Entry>, StoreError> {
        self.store.scan(&self.name, prefix, after, limit).await
    }

    /// How often the entries were changed.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn commits(&self) -> Result<u64, StoreError> {
        Ok(self.store.standing(&self.name).await?.commits)
    }

    /// Forgets all entries.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn remove(&self) -> Result<(), StoreError> {
        let _turn = self.turn.lock().await;
        self.store.remove(&self.name).await
    }

    /// Makes a change that depends on what these keys hold. `decide` may be called again, when another process changed the
    /// entries meanwhile. A change of nothing commits nothing.
    ///
    /// # Errors
    /// The storage failed, or others changed the entries again and again; nothing was changed.
    pub async fn change<T>(
        &self,
        keys: &[String],
        mut decide: impl FnMut(&Changes) -> (Changes, T),
    ) -> Result<T, StoreError> {
        let _turn = self.turn.lock().await;
        for _ in 1..ATTEMPTS {
            match self.try_change(keys, &mut decide).await {
                Err(StoreError::Overtaken) => {}
                answer => return answer,
            }
        }
        self.try_change(keys, &mut decide).await
    }

    async fn try_change<T>(
        &self,
        keys: &[String],
        decide: &mut impl FnMut(&Changes) -> (Changes, T),
    ) -> Result<T, StoreError> {
        // A change that depends on nothing need not follow the latest commit.
        let (follows, values) = if keys.is_empty() {
            (None, Vec::new())
        } else {
            let latest = self.store.standing(&self.name).await?.commits;
            (Some(latest), self.store.get_many(&self.name, keys).await?)
        };
        let held: Changes = keys.iter().cloned().zip(values).collect();
        let (changes, answer) = decide(&held);
        if changes.is_empty() {
            return Ok(answer);
        }
        let changes = changes.into_iter().map(|(key, value)| Change { key, value }).collect();
        let commit = Commit { changes, follows, ..Commit::new(self.clock.now()) };
        self.store.commit(&self.name, commit).await?;
        Ok(answer)
    }
}
