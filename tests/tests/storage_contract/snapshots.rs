//! A snapshot, and a tick over a snapshot, against the plainest model: a copy of the whole map, made with the
//! snapshot.

use std::collections::BTreeMap;
use std::sync::Arc;

use host::store::{Change, Commit, MemoryStore, Snapshot, Store};
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::bench::school;

type Map = BTreeMap<String, Vec<u8>>;

#[derive(Debug, Clone)]
enum Deed {
    Open,
    Close(Index),
    Commit(Vec<(&'static str, Option<u8>)>),
    Get(Index, Vec<&'static str>),
    Scan { snapshot: Index, prefix: &'static str, after: Option<&'static str>, limit: usize },
}

/// Few keys, so that several actions touch the same key; one key is the prefix of others, and one is the last of all.
const KEYS: [&str; 10] = ["a", "a/", "a/1", "a/1/x", "a/2", "a/3", "b", "b/1", "é", "\u{10ffff}"];

fn deed() -> impl Strategy<Value = Deed> {
    let key = || select(&KEYS[..]);
    let changes = prop::collection::vec((key(), prop::option::of(0..3_u8)), 0..6);
    let bounds = (select(&["", "a", "a/", "a/1", "b/", "é", "z"][..]), prop::option::of(key()), 0..6_usize);
    prop_oneof![
        1 => Just(Deed::Open),
        1 => any::<Index>().prop_map(Deed::Close),
        3 => changes.prop_map(Deed::Commit),
        2 => (any::<Index>(), prop::collection::vec(key(), 0..4)).prop_map(|(snapshot, keys)| Deed::Get(snapshot, keys)),
        4 => (any::<Index>(), bounds)
            .prop_map(|(snapshot, (prefix, after, limit))| Deed::Scan { snapshot, prefix, after, limit }),
    ]
}

fn scan_model(map: &Map, prefix: &str, after: Option<&str>, limit: usize) -> Vec<(String, Vec<u8>)> {
    let wanted = |key: &str| key.starts_with(prefix) && after.is_none_or(|after| key > after);
    map.iter().filter(|(key, _)| wanted(key)).take(limit).map(|(key, value)| (key.clone(), value.clone())).collect()
}

#[derive(Default)]
struct World {
    store: Arc<MemoryStore>,
    commits: u64,
    now: Map,
    open: Vec<(Snapshot, Map)>,
}

impl World {
    async fn act(&mut self, deed: Deed) {
        match deed {
            Deed::Open => {
                let snapshot = Snapshot::new(self.store.clone(), school(), self.commits);
                self.open.push((snapshot, self.now.clone()));
            }
            Deed::Close(which) if !self.open.is_empty() => drop(self.open.remove(which.index(self.open.len()))),
            Deed::Commit(changes) => self.commit(changes).await,
            Deed::Get(which, keys) if !self.open.is_empty() => {
                let (snapshot, then) = which.get(&self.open);
                let keys: Vec<String> = keys.into_iter().map(str::to_owned).collect();
                let expected: Vec<_> = keys.iter().map(|key| then.get(key).cloned()).collect();
                assert_eq!(snapshot.get_many(&keys).await.unwrap(), expected, "{keys:?}");
            }
            Deed::Scan { snapshot, prefix, after, limit } if !self.open.is_empty() => {
                let (snapshot, then) = snapshot.get(&self.open);
                let found = snapshot.scan(prefix, after, limit).await.unwrap();
                assert_eq!(found, scan_model(then, prefix, after, limit), "{prefix:?} after {after:?}, {limit}");
            }
            Deed::Close(_) | Deed::Get(..) | Deed::Scan { .. } => {}
        }
    }

    async fn commit(&mut self, changes: Vec<(&str, Option<u8>)>) {
        let mut commit = Commit::new(chrono::DateTime::UNIX_EPOCH);
        for (key, value) in changes {
            let value = value.map(|byte| vec![byte]);
            match value.clone() {
                Some(value) => self.now.insert(key.into(), value),
                None => self.now.remove(key),
            };
            commit.changes.push(Change { key: key.into(), value });
        }
        self.commits = self.store.commit(&school(), commit).await.unwrap();
    }
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1_000) })]

    #[test]
    fn a_snapshot_reads_as_a_copy_made_when_it_was_taken(deeds in prop::collection::vec(deed(), 1..60)) {
        block_on(async {
            let mut world = World::default();
            for deed in deeds {
                world.act(deed).await;
            }
        });
    }
}
