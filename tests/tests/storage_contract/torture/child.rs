//! A process of the torture: claims schools, ticks those it holds, and makes short calls of all, until its input ends.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use host::clock::SystemClock;
use host::limits::StorageLimits;
use host::observer::NoObserver;
use host::store::lease::{Leases, Node, NodeId};
use host::store::{PostgresStore, SchoolGate, SchoolId, Schools, StateError, StoreError, UnitOfWork};

use super::{Answered, DEAD_AFTER, SCHOOLS};
use crate::bench::{delete, journal, put};

pub(super) fn serve(database: &str) {
    let stop = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&stop);
    std::thread::spawn(move || {
        let _ = std::io::stdin().read(&mut [0]);
        told.store(true, Ordering::SeqCst);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let store = loop {
            // The server may be down at this moment.
            if let Ok(store) = PostgresStore::open_with(database, 4).await {
                break Arc::new(store);
            }
        };
        let leases = Box::new(store.leases(DEAD_AFTER));
        let schools = Schools::new(store, Arc::new(SystemClock), StorageLimits::default(), Arc::new(NoObserver));
        let name = format!("process-{}", std::process::id());
        let mut worker = Worker { name, leases, schools, held: BTreeMap::new(), calls: 0 };
        while !stop.load(Ordering::SeqCst) {
            worker.round().await;
        }
        let _ = worker.leases.leave(&NodeId::new(&*worker.name)).await;
    });
}

struct Worker {
    name: String,
    leases: Box<dyn Leases>,
    schools: Schools,
    held: BTreeMap<SchoolId, u64>,
    calls: usize,
}

/// Why a call was not answered.
#[derive(Debug)]
enum Unanswered {
    Store(StoreError),
    /// A read failed, for a reason that stands in the log.
    Read,
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<StateError> for Unanswered {
    fn from(_: StateError) -> Self {
        Self::Read
    }
}

/// Says that a call was answered, in one write.
fn tell(answered: &Answered) {
    let mut output = std::io::stdout().lock();
    output.write_all(format!("{}\n", answered.line()).as_bytes()).unwrap();
    output.flush().unwrap();
}

impl Worker {
    async fn round(&mut self) {
        self.calls += 1;
        // In between, a process that lost its leases while it was stopped does not know, and goes on to tick.
        if (self.calls % 8 == 1 || self.held.is_empty()) && self.lead().await.is_err() {
            return;
        }
        for (school, lease) in self.held.clone() {
            let gate = self.schools.gate(&school);
            gate.hold(lease);
            match tick(&gate, lease, &self.name).await {
                Ok(tick) => {
                    let (school, process) = (school.to_string(), self.name.clone());
                    tell(&Answered::Tick { school, tick, lease, process });
                }
                Err(Unanswered::Store(StoreError::Fenced { .. })) => drop(self.held.remove(&school)),
                Err(_) => {}
            }
        }
        let school = SchoolId::from(SCHOOLS[self.calls % SCHOOLS.len()]);
        let key = format!("{}/{:06}", self.name, self.calls);
        // One that was overtaken left no trace and is made again; of any other failure nobody knows.
        let made = loop {
            match short(&self.schools.gate(&school), &key).await {
                Err(Unanswered::Store(StoreError::Overtaken)) => {}
                made => break made,
            }
        };
        if made.is_ok() {
            tell(&Answered::Short { school: school.to_string(), key: format!("short/{key}") });
        }
    }

    /// Says that the process lives, gives up what is beyond its share and claims what is free.
    async fn lead(&mut self) -> Result<(), StoreError> {
        let id = NodeId::new(&*self.name);
        if !self.leases.renew(&id).await? {
            self.leases.register(&Node { id: id.clone(), address: String::new() }).await?;
            let held = self.leases.held(&id).await?;
            self.held = held.into_iter().map(|lease| (lease.school, lease.number)).collect();
        }
        let surplus = usize::try_from(self.leases.share(&id).await?.surplus()).unwrap();
        let given: Vec<SchoolId> = self.held.keys().take(surplus).cloned().collect();
        self.held.retain(|school, _| !given.contains(school));
        self.leases.release(&id, &given).await?;
        for lease in self.leases.claim(&id, 100).await? {
            self.held.insert(lease.school, lease.number);
        }
        // A claim whose answer was lost.
        if self.calls % 32 == 1 {
            let held = self.leases.held(&id).await?;
            self.held = held.into_iter().map(|lease| (lease.school, lease.number)).collect();
        }
        Ok(())
    }
}

async fn number(unit: &UnitOfWork, key: &str) -> Result<u64, StateError> {
    let value = unit.get_many(&[key.to_owned()]).await?.remove(0);
    Ok(value.map_or(0, |value| String::from_utf8(value).unwrap().parse().unwrap()))
}

async fn keys(unit: &UnitOfWork, prefix: &str) -> Result<Vec<String>, StateError> {
    let mut keys: Vec<String> = Vec::new();
    loop {
        let page = unit.scan(prefix, keys.last().map(String::as_str), 500).await?;
        let is_last = page.len() < 500;
        keys.extend(page.into_iter().map(|(key, _)| key));
        if is_last {
            return Ok(keys);
        }
    }
}

async fn short(gate: &SchoolGate, key: &str) -> Result<(), Unanswered> {
    let mut short = gate.begin_short().await?;
    let made = async {
        let count = number(&short, "count").await?;
        let count = put("count", &(count + 1).to_string());
        short.apply(vec![put(&format!("short/{key}"), ""), put(&format!("note/{key}"), ""), count]).await
    };
    let made = made.await;
    if short.is_overtaken() {
        return Err(StoreError::Overtaken.into());
    }
    made?;
    Ok(short.commit().await?)
}

async fn tick(gate: &SchoolGate, lease: u64, name: &str) -> Result<u64, Unanswered> {
    let mut tick = gate.begin_tick().await?;
    tick.breadcrumb(Some(name.to_owned())).await?;
    let notes = keys(&tick, "note/").await?;
    let last = number(&tick, "ticks").await?;
    // What short calls add together is seen together, at every moment of the tick.
    for _ in 0..3 {
        tokio::task::yield_now().await;
        let (added, count) = (keys(&tick, "short/").await?.len(), number(&tick, "count").await?);
        assert_eq!(added as u64, count, "a tick that began after tick {last} sees a part of a short call");
        assert_eq!(keys(&tick, "note/").await?, notes, "the notes changed while the tick ran");
    }
    let mut changes: Vec<_> = notes.iter().map(|note| delete(note)).collect();
    let cleared: Vec<&str> = notes.iter().map(|note| note.trim_start_matches("note/")).collect();
    changes.push(put(&format!("tick/{:06}", last + 1), &format!("{lease} {name} {}", cleared.join(" "))));
    changes.push(put("ticks", &(last + 1).to_string()));
    tick.apply(changes).await?;
    tick.stage(vec![journal(&(last + 1).to_string())]).unwrap();
    tick.commit().await?;
    Ok(last + 1)
}
