//! The storage contract: every backend keeps the promises of `Store`, every call sees one state and commits all or
//! nothing, and a process that dies at any step keeps everything that it had promised.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)] // Allowed in the helpers of the tests, too.

#[path = "storage_contract/bench.rs"]
mod bench;
#[path = "storage_contract/breadcrumbs.rs"]
mod breadcrumbs;
#[path = "storage_contract/calls.rs"]
mod calls;
#[path = "storage_contract/crash.rs"]
mod crash;
#[path = "storage_contract/delivery.rs"]
mod delivery;
#[path = "storage_contract/fence.rs"]
mod fence;
#[cfg(unix)]
#[path = "storage_contract/leases.rs"]
mod leases;
#[path = "storage_contract/limits.rs"]
mod limits;
#[cfg(unix)]
#[path = "storage_contract/postgres.rs"]
mod postgres;
#[cfg(unix)]
#[path = "storage_contract/secured.rs"]
mod secured;
#[path = "storage_contract/snapshots.rs"]
mod snapshots;
#[cfg(unix)]
#[path = "storage_contract/torture.rs"]
mod torture;
#[cfg(unix)]
#[path = "storage_contract/waiting.rs"]
mod waiting;

use std::sync::Arc;

use host::store::{MemoryStore, SqliteStore, Store, contract};

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract::verify(|| {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        move || Arc::clone(&store)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_hosts_on_one_memory_keep_the_contract() {
    contract::verify_shared(|| {
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        move || Arc::clone(&store)
    })
    .await;
}

/// Several threads, so that readers and the writer really meet.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sqlite_keeps_the_contract() {
    contract::verify(|| {
        let folder = tempfile::tempdir().unwrap();
        move || -> Arc<dyn Store> { Arc::new(SqliteStore::open(folder.path().join("store.sqlite")).unwrap()) }
    })
    .await;
}
