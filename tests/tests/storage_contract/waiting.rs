//! A GEGI that is away for a week: what waits for it costs a tick nothing. The statements and the rows that they return are
//! counted, and are the same whatever waits; the time of a tick is printed beside that of one with nothing waiting, in one
//! run (`cargo test --release -p tests --test storage_contract waiting -- --nocapture`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use chrono::DateTime;
use host::clock::VirtualClock;
use host::gegi::{JournalEntry, Operation, WithdrawMark};
use host::limits::{Stopwatch, StorageLimits};
use host::observer::NoObserver;
use host::store::{
    Acknowledgement, Breadcrumb, Commit, Entry, Lane, Load, OutboxItem, PostgresStore, PushId, Refusals, RefusedItem,
    SchoolGate, SchoolId, Schools, SqliteStore, Standing, Store, StoreError,
};
use tests::postgres::Server;

use crate::bench::put;

/// How much waits, each time at a school of its own.
const WAITING: [usize; 3] = [0, 10_000, 25_000];
/// The operations that wait about the class which the tick is about.
const OF_THE_CLASS: usize = 20;
const ROUNDS: usize = 60;

/// A store, and how many statements were made on it and how many rows they returned.
struct Counted {
    store: Arc<dyn Store>,
    statements: AtomicU64,
    rows: AtomicU64,
}

impl Counted {
    fn returned<T>(&self, rows: impl FnOnce(&T) -> usize, answer: Result<T, StoreError>) -> Result<T, StoreError> {
        self.statements.fetch_add(1, Ordering::Relaxed);
        let rows = answer.as_ref().map_or(0, rows);
        self.rows.fetch_add(u64::try_from(rows).unwrap(), Ordering::Relaxed);
        answer
    }

    fn counts(&self) -> (u64, u64) {
        (self.statements.swap(0, Ordering::Relaxed), self.rows.swap(0, Ordering::Relaxed))
    }
}

#[async_trait]
impl Store for Counted {
    async fn standing(&self, school: &SchoolId) -> Result<Standing, StoreError> {
        self.returned(|_| 1, self.store.standing(school).await)
    }

    async fn get_many(&self, school: &SchoolId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.returned(Vec::len, self.store.get_many(school, keys).await)
    }

    async fn scan(
        &self,
        id: &SchoolId,
        prefix: &str,
        from: Option<&str>,
        most: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.returned(Vec::len, self.store.scan(id, prefix, from, most).await)
    }

    async fn get_many_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.returned(Vec::len, self.store.get_many_as_of(school, commit, keys).await)
    }

    async fn scan_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.returned(Vec::len, self.store.scan_as_of(school, commit, prefix, after, limit).await)
    }

    async fn commit(&self, school: &SchoolId, commit: Commit) -> Result<u64, StoreError> {
        self.returned(|_| 1, self.store.commit(school, commit).await)
    }

    async fn take_over(&self, school: &SchoolId) -> Result<u64, StoreError> {
        self.store.take_over(school).await
    }

    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.store.remove(school).await
    }

    async fn has_push(&self, school: &SchoolId, push: PushId) -> Result<bool, StoreError> {
        self.store.has_push(school, push).await
    }

    async fn leave_breadcrumb(&self, school: &SchoolId, breadcrumb: Option<&Breadcrumb>) -> Result<(), StoreError> {
        self.returned(|()| 0, self.store.leave_breadcrumb(school, breadcrumb).await)
    }

    async fn outbox(&self, id: &SchoolId, lane: Lane, after: u64, most: usize) -> Result<Vec<OutboxItem>, StoreError> {
        self.returned(Vec::len, self.store.outbox(id, lane, after, most).await)
    }

    async fn outbox_about(
        &self,
        school: &SchoolId,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.returned(Vec::len, self.store.outbox_about(school, subject, after, limit).await)
    }

    async fn load(&self, school: &SchoolId, lane: Lane) -> Result<Load, StoreError> {
        // Counting reads everything.
        self.returned(|load| usize::try_from(load.items).unwrap(), self.store.load(school, lane).await)
    }

    async fn refusals(&self, school: &SchoolId, lane: Lane) -> Result<Refusals, StoreError> {
        self.store.refusals(school, lane).await
    }

    async fn acknowledge(&self, school: &SchoolId, lane: Lane, of: &[Acknowledgement]) -> Result<(), StoreError> {
        self.store.acknowledge(school, lane, of).await
    }

    async fn refused(
        &self,
        id: &SchoolId,
        lane: Lane,
        after: u64,
        most: usize,
    ) -> Result<Vec<RefusedItem>, StoreError> {
        self.store.refused(id, lane, after, most).await
    }
}

fn schools(store: Arc<dyn Store>) -> Schools {
    let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
    Schools::new(store, clock, StorageLimits::default(), Arc::new(NoObserver))
}

fn withdraw(class: &str, student: usize) -> Operation {
    let journal = JournalEntry {
        at: 0,
        what: "mark".to_owned(),
        course: Some("C1".to_owned()),
        class: Some(class.to_owned()),
        person: Some(format!("S{student:06}")),
        old: Some("A".to_owned()),
        new: None,
        by: "the roster".to_owned(),
        attendance_record: None,
    };
    Operation::WithdrawMark(WithdrawMark { class: class.to_owned(), student: format!("S{student:06}"), journal })
}

/// What a tick that judges a class does with its storage.
async fn tick(gate: &SchoolGate) {
    let mut unit = gate.begin_tick().await.unwrap();
    unit.get_many(&["hot/0".to_owned()]).await.unwrap();
    unit.scan("hot/", None, 100).await.unwrap();
    assert_eq!(unit.operations_under_way("c1").await.unwrap().len(), OF_THE_CLASS);
    unit.apply(vec![put("hot/0", &"x".repeat(2_000)), put("book/c1", &"x".repeat(4_000))]).await.unwrap();
    unit.stage(vec![withdraw("c2", 1)]).unwrap();
    unit.commit().await.unwrap();
}

#[allow(clippy::print_stdout)] // Figures for people.
async fn measure(name: &str, store: Arc<dyn Store>) {
    tests::discretion::watch();
    let counted = Arc::new(Counted { store, statements: AtomicU64::new(0), rows: AtomicU64::new(0) });
    let of = |waiting: usize| SchoolId::new(format!("school-{waiting}"));
    let filling = schools(counted.store.clone());
    for waiting in WAITING {
        let mut short = filling.gate(&of(waiting)).begin_short().await.unwrap();
        short.stage((0..OF_THE_CLASS).map(|student| withdraw("c1", student)).collect()).unwrap();
        short.stage((0..waiting).map(|number| withdraw(&format!("d{}", number / 30), number)).collect()).unwrap();
        short.commit().await.unwrap();
    }
    let schools = schools(counted.clone());
    let gates = WAITING.map(|waiting| schools.gate(&of(waiting)));
    let mut costs = Vec::new();
    for gate in &gates {
        // The first tick after a start counts what waits.
        tick(gate).await;
        counted.counts();
        tick(gate).await;
        costs.push(counted.counts());
    }
    assert_eq!(costs, [costs[0]; WAITING.len()], "statements and rows on {name}");
    // Turn by turn, so that what else the machine does slows all of them alike.
    let mut least = [Duration::MAX; WAITING.len()];
    for _ in 0..ROUNDS {
        for (gate, least) in gates.iter().zip(&mut least) {
            let watch = Stopwatch::start();
            tick(gate).await;
            *least = watch.elapsed().min(*least);
        }
    }
    let (statements, rows) = costs[0];
    println!("{name}: {statements} statements and {rows} rows a tick, whatever waits");
    for (waiting, took) in WAITING.into_iter().zip(least) {
        let ratio = took.as_secs_f64() / least[0].as_secs_f64();
        println!("{name}, {waiting:6} waiting: {:8.1} µs  {ratio:.2} ×", took.as_secs_f64() * 1e6);
    }
}

#[tokio::test]
async fn what_waits_for_gegi_costs_a_tick_nothing_on_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    measure("SQLite", Arc::new(SqliteStore::open(folder.path().join("schools.sqlite")).unwrap())).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_gegi_costs_a_tick_nothing_on_postgres() {
    let Some(server) = Server::shared() else { return };
    let url = server.database().await;
    measure("PostgreSQL", Arc::new(PostgresStore::open(&url).await.unwrap())).await;
}
