//! A store, in memory unless a test names another, with a clock that stands still, and short functions for the calls of a school.

use std::sync::Arc;

use chrono::DateTime;
use host::clock::VirtualClock;
use host::gegi::{JournalEntry, Message, Operation};
use host::limits::StorageLimits;
use host::observer::NoObserver;
use host::store::{MemoryStore, SchoolGate, SchoolId, Schools, StateChange, Store, UnitOfWork};

pub(crate) struct Bench {
    pub(crate) store: Arc<dyn Store>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) schools: Schools,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::with_limits(StorageLimits::default())
    }

    pub(crate) fn with_limits(limits: StorageLimits) -> Self {
        Self::on(Arc::new(MemoryStore::default()), limits)
    }

    pub(crate) fn on(store: Arc<dyn Store>, limits: StorageLimits) -> Self {
        tests::discretion::watch();
        let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
        let schools = Schools::new(store.clone(), clock.clone(), limits, Arc::new(NoObserver));
        Self { store, clock, schools }
    }

    /// Another host on the same storage.
    pub(crate) fn another_host(&self) -> Self {
        let (store, clock) = (self.store.clone(), self.clock.clone());
        let schools = Schools::new(store.clone(), clock.clone(), StorageLimits::default(), Arc::new(NoObserver));
        Self { store, clock, schools }
    }

    pub(crate) fn gate(&self) -> SchoolGate {
        self.schools.gate(&school())
    }

    pub(crate) async fn tick(&self) -> UnitOfWork {
        self.gate().begin_tick().await.unwrap()
    }

    pub(crate) async fn short(&self) -> UnitOfWork {
        self.gate().begin_short().await.unwrap()
    }

    /// A short call that makes the changes and returns.
    pub(crate) async fn write(&self, changes: Vec<StateChange>) {
        let mut short = self.short().await;
        short.apply(changes).await.unwrap();
        short.commit().await.unwrap();
    }

    pub(crate) async fn state(&self) -> Vec<(String, String)> {
        texts(self.store.scan(&school(), "", None, 1_000).await.unwrap())
    }
}

pub(crate) fn school() -> SchoolId {
    SchoolId::from("school-1")
}

pub(crate) fn texts(entries: Vec<(String, Vec<u8>)>) -> Vec<(String, String)> {
    entries.into_iter().map(|(key, value)| (key, String::from_utf8(value).unwrap())).collect()
}

pub(crate) fn pairs(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

pub(crate) fn put(key: &str, value: &str) -> StateChange {
    StateChange::Put((key.into(), value.into()))
}

pub(crate) fn delete(key: &str) -> StateChange {
    StateChange::Delete(key.into())
}

pub(crate) async fn scan(unit: &UnitOfWork, prefix: &str) -> Vec<(String, String)> {
    texts(unit.scan(prefix, None, 10_000).await.unwrap())
}

pub(crate) fn journal(what: &str) -> Operation {
    Operation::Journal(JournalEntry {
        at: 0,
        what: what.to_owned(),
        course: None,
        class: None,
        person: None,
        old: None,
        new: None,
        by: "Student 000001".to_owned(),
        attendance_record: None,
    })
}

pub(crate) fn mail(template: &str) -> Message {
    Message { template: template.into(), recipient: "student000001@example.edu".into(), variables: Vec::new() }
}
