//! The price of an idle school, beside its floor in the same run: `cargo bench` prints microseconds, the least of several
//! rounds, and each figure's ratio to the bare instantiation (an empty store, no call) of `tests/guests/empty`, a component
//! of the same world that does nothing.
//!
//! "at rest" is what a scheduler pays for a school that has nothing to do: [`School::turn`] of a school that rests. "idle
//! tick" is a tick that runs all the same and finds nothing to do.

#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use host::clock::{Clock, VirtualClock};
use host::door::{Answer, CredentialSource, NoRequestLog, Outgoing, Secret, Transport, TransportError};
use host::engine::Engine;
use host::gegi::{
    Campus, Course, CurrentMark, Delivery, GegiUnavailable, MailSink, Message, Operation, Receipt, RecordSink,
    SchoolSettings, SchoolSource,
};
use host::limits::{Limits, Stopwatch};
use host::push::PushKeys;
use host::school::{Budget, Gegi, Host, HostConfig, School};
use host::store::{MemoryStore, SqliteStore, Store};

const SCHOOLS: usize = 1_000;
const ROUNDS: usize = 11;
const BUDGET: Budget = Budget { items: 1_000, seconds: 60 };

/// A GEGI without courses.
struct Quiet(SchoolSettings);

#[async_trait]
impl SchoolSource for Quiet {
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable> {
        Ok(self.0.clone())
    }

    async fn courses(&self, _: Option<&str>, _: usize) -> Result<Vec<(String, u64)>, GegiUnavailable> {
        Ok(Vec::new())
    }

    async fn course(&self, _: &str) -> Result<Option<Course>, GegiUnavailable> {
        Ok(None)
    }

    async fn current_marks(&self, _: &str) -> Result<Vec<CurrentMark>, GegiUnavailable> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl RecordSink for Quiet {
    async fn receive(&self, _: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        Ok(Receipt::Applied)
    }
}

#[async_trait]
impl MailSink for Quiet {
    async fn send(&self, _: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        Ok(Receipt::Applied)
    }
}

impl CredentialSource for Quiet {
    fn key(&self, _: &str) -> Option<Secret> {
        None
    }

    fn push_keys(&self, _: &str) -> Option<PushKeys> {
        None
    }
}

/// An idle school sends nothing.
struct Nowhere;

#[async_trait]
impl Transport for Nowhere {
    async fn send(&self, _: Outgoing) -> Result<Answer, TransportError> {
        Err(TransportError::Cut)
    }
}

fn settings() -> SchoolSettings {
    let campus = Campus::new("main", "America/New_York", 100);
    SchoolSettings::with_defaults("Example School", "https://coursekey.example/v1", vec![campus])
}

/// Schools that were ticked once and have nothing to do.
async fn schools(engine: &Engine, store: Arc<dyn Store>) -> Vec<School> {
    let clock = Arc::new(VirtualClock::new(DateTime::<Utc>::UNIX_EPOCH + TimeDelta::days(19_600)));
    let host = Host::new(engine.clone(), HostConfig::new(clock as Arc<dyn Clock>, store, Arc::new(Nowhere)));
    let quiet = Arc::new(Quiet(settings()));
    let gegi = Gegi {
        source: Arc::clone(&quiet) as _,
        records: Arc::clone(&quiet) as _,
        mails: Arc::clone(&quiet) as _,
        credentials: quiet,
        request_log: Arc::new(NoRequestLog),
    };
    let schools: Vec<School> =
        (0..SCHOOLS).map(|n| host.open(format!("school-{n}").as_str().into(), gegi.clone())).collect();
    for school in &schools {
        for _ in 0..2 {
            school.turn(BUDGET).await.unwrap();
        }
    }
    schools
}

/// Microseconds for each of `count`, the least of all rounds.
fn least(mut rounds: Vec<Duration>, count: usize) -> f64 {
    rounds.sort_unstable();
    rounds.first().map_or(0.0, |least| least.as_secs_f64() * 1e6 / f64::from(u32::try_from(count).unwrap()))
}

async fn bare(schools: &[School]) -> f64 {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Duration::ZERO;
        for school in schools {
            round += school.time_bare_instantiation().await.unwrap();
        }
        rounds.push(round);
    }
    least(rounds, schools.len())
}

async fn ticks(schools: &[School]) -> f64 {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        for school in schools {
            school.tick(BUDGET).await.unwrap();
        }
        rounds.push(watch.elapsed());
    }
    least(rounds, schools.len())
}

async fn turns(schools: &[School]) -> f64 {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let watch = Stopwatch::start();
        for school in schools {
            assert_eq!(school.turn(BUDGET).await.unwrap().ticks, 0, "the school does not rest");
        }
        rounds.push(watch.elapsed());
    }
    least(rounds, schools.len())
}

async fn measure() {
    let folder = tempfile::tempdir().unwrap();
    let compile = |component: &[u8]| Engine::new(component, Limits::default(), None::<&Path>).unwrap();
    let engine = compile(component::COMPONENT);
    let empty = compile(&std::fs::read(tests::guests::build("empty-guest", env!("CARGO_TARGET_TMPDIR"))).unwrap());
    let empty = schools(&empty, Arc::new(MemoryStore::default())).await;
    let floor = bare(&empty).await;
    let row = |what: &str, figure: f64| println!("{what:34} {figure:7.1} µs   {:5.2} × empty", figure / floor);
    row("bare instantiation, empty", floor);
    row("a tick of the empty one, memory", ticks(&empty).await);
    row("bare instantiation, plugin", bare(&schools(&engine, Arc::new(MemoryStore::default())).await).await);
    let stores: [(&str, Arc<dyn Store>); 2] = [
        ("memory", Arc::new(MemoryStore::default())),
        ("SQLite", Arc::new(SqliteStore::open(folder.path().join("schools.sqlite")).unwrap())),
    ];
    for (name, store) in stores {
        let schools = schools(&engine, store).await;
        row(&format!("a school at rest, {name}"), turns(&schools).await);
        row(&format!("an idle tick, {name}"), ticks(&schools).await);
    }
}

fn main() {
    // `cargo test --benches` runs this file too, where there is nothing to measure.
    if std::env::args().any(|argument| argument == "--bench") {
        tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(measure());
    }
}
