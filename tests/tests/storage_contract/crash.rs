//! Crashes: a process that commits and delivers dies at every step in turn. Each time its file must hold every commit
//! that the store had answered, each of them whole, and the outboxes must hold exactly the items that were committed
//! and not acknowledged. A process that goes on from there must deliver the rest, under the ids that the dead process
//! used.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::sync::Arc;

use async_trait::async_trait;
use host::clock::SystemClock;
use host::gegi::{Delivery, GegiUnavailable, MailSink, Message, Operation, Receipt, RecordSink};
use host::limits::StorageLimits;
use host::observer::{NoObserver, Observer};
use host::store::{Lane, Schools, SqliteStore, Store};
use lab::run::DiesAtStep;

use crate::bench::{journal, mail, put, school};

const TEST: &str = "crash::a_process_that_dies_at_any_step_loses_nothing_it_had_promised";
/// The variable that names the child's folder; without it the test is the parent.
const FOLDER: &str = "STORAGE_CONTRACT_FOLDER";
/// The variable that names the step at which the child dies; 0: at no step.
const STEP: &str = "STORAGE_CONTRACT_STEP";

const COMMITS: u64 = 4;
const KEYS: u64 = 5;
/// The operations of each commit; a commit also has one mail.
const OPERATIONS: u64 = 2;
/// The batches of operations: the operations of two commits are delivered together.
const BATCHES: u64 = COMMITS / 2;
/// The steps of a child: a commit has two steps, and so has the delivery of a batch of operations and that of a mail. Each
/// of the [`COMMITS`] is made twice, once by a tick and once by a short call.
const STEPS: u64 = 2 * (COMMITS * 2 + BATCHES + COMMITS);

#[test]
#[allow(clippy::disallowed_methods)] // The environment tells the child that it is the child.
fn a_process_that_dies_at_any_step_loses_nothing_it_had_promised() {
    if let (Ok(folder), Ok(step)) = (std::env::var(FOLDER), std::env::var(STEP)) {
        return work(Path::new(&folder), step.parse().unwrap());
    }
    for step in 1..=STEPS {
        let folder = tempfile::tempdir().unwrap();
        let place = Place(folder.path().to_owned());
        // A test that fails ends with 101.
        assert!(!matches!(place.child(step).code(), Some(0 | 101)), "step {step}: the child did not die of it");
        place.check(&format!("dead at step {step}"));
        assert!(place.child(0).success(), "step {step}: cannot go on");
        assert_eq!(place.check(&format!("gone on after step {step}")), (COMMITS, 0));
    }
    let folder = tempfile::tempdir().unwrap();
    assert!(Place(folder.path().to_owned()).child(STEPS + 1).success(), "there are more steps than were tried");
}

/// The child: commits and delivers, beginning after the file's last commit.
#[tokio::main(flavor = "current_thread")]
async fn work(folder: &Path, step: u64) {
    let place = Place(folder.to_owned());
    let observer: Arc<dyn Observer> = if step == 0 { Arc::new(NoObserver) } else { Arc::new(DiesAtStep::new(step)) };
    let store = place.open();
    let done = latest(&*store).await;
    let schools = Schools::new(store, Arc::new(SystemClock), StorageLimits::default(), observer);
    let gate = schools.gate(&school());
    for number in done + 1..=COMMITS {
        let mut tick = gate.begin_tick().await.unwrap();
        let mut short = gate.begin_short().await.unwrap();
        short.apply(vec![put(&format!("short/{number}"), "")]).await.unwrap();
        short.commit().await.unwrap();
        tick.breadcrumb(Some(number.to_string())).await.unwrap();
        let keys = (0..KEYS).map(|key| put(&format!("commit/{number}/{key}"), "")).collect();
        tick.apply(keys).await.unwrap();
        tick.stage((0..OPERATIONS).map(|n| journal(&format!("{number}/{n}"))).collect()).unwrap();
        tick.queue(mail(&number.to_string())).unwrap();
        tick.commit().await.unwrap();
        place.write("promised", &format!("{number}\n"));
        if number % 2 == 0 {
            gate.deliver(&place, &place).await.unwrap();
        }
    }
    gate.deliver(&place, &place).await.unwrap();
}

/// The latest commit of which the store holds anything.
async fn latest(store: &dyn Store) -> u64 {
    let found = store.scan(&school(), "commit/", None, usize::MAX).await.unwrap();
    found.iter().map(|(key, _)| key.split('/').nth(1).unwrap().parse().unwrap()).max().unwrap_or(0)
}

/// The folder of a child: its store, the commits that the store answered, and the items that the child delivered.
struct Place(PathBuf);

impl Place {
    fn open(&self) -> Arc<SqliteStore> {
        Arc::new(SqliteStore::open(self.0.join("store.sqlite")).unwrap())
    }

    fn child(&self, step: u64) -> ExitStatus {
        let mut child = Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", TEST]).env(FOLDER, &self.0).env(STEP, step.to_string());
        child.output().unwrap().status
    }

    /// Appends the line in one write, which survives the process.
    fn write(&self, file: &str, line: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.0.join(file)).unwrap();
        file.write_all(line.as_bytes()).unwrap();
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.0.join(file)).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    fn deliver(&self, lane: Lane, sequence: u64, id: &str, what: &str) -> Receipt {
        self.write("delivered", &format!("{} {sequence} {id} {what}\n", lane.name()));
        Receipt::Applied
    }

    /// Checks the folder; returns the latest commit and the number of items that wait.
    #[tokio::main(flavor = "current_thread")]
    async fn check(&self, when: &str) -> (u64, usize) {
        let store = self.open();
        let latest = latest(&*store).await;
        let promised = self.lines("promised").last().map_or(0, |line| line.parse().unwrap());
        assert!(latest >= promised, "{when}: commit {promised} was promised, {latest} is the latest");

        let keys = store.scan(&school(), "commit/", None, usize::MAX).await.unwrap();
        let whole = (1..=latest).flat_map(|number| (0..KEYS).map(move |key| format!("commit/{number}/{key}")));
        assert_eq!(keys.into_iter().map(|(key, _)| key).collect::<Vec<_>>(), whole.collect::<Vec<_>>(), "{when}");

        let note = store.standing(&school()).await.unwrap().breadcrumb.map(|breadcrumb| breadcrumb.note);
        assert!(note.is_none() || note == Some((latest + 1).to_string()), "{when}: a note of {note:?}");

        let mut waiting = 0;
        for lane in Lane::ALL {
            waiting += self.check_lane(&*store, lane, latest, when).await;
        }
        (latest, waiting)
    }

    /// Checks that every item of the commits was delivered or waits, in order and under one id.
    async fn check_lane(&self, store: &dyn Store, lane: Lane, latest: u64, when: &str) -> usize {
        let items: Vec<String> = match lane {
            Lane::Records => {
                (1..=latest).flat_map(|n| (0..OPERATIONS).map(move |item| format!("{n}/{item}"))).collect()
            }
            Lane::Mails => (1..=latest).map(|number| number.to_string()).collect(),
        };
        let committed: BTreeMap<u64, String> = (1..).zip(items).collect();
        let delivered = self.delivered(lane, when);
        for (sequence, (_, what)) in &delivered {
            assert_eq!(committed.get(sequence), Some(what), "{when}: item {sequence} was never committed as delivered");
        }
        assert!(delivered.keys().copied().eq(1..=delivered.len() as u64), "{when}: an item was left out");

        let waiting = store.outbox(&school(), lane, 0, usize::MAX).await.unwrap();
        let first = waiting.first().map_or(committed.len() as u64 + 1, |item| item.sequence);
        assert!(first <= delivered.len() as u64 + 1, "{when}: an item is neither delivered nor waiting");
        let sequences = waiting.iter().map(|item| item.sequence);
        assert!(sequences.eq(first..=committed.len() as u64), "{when}: the outbox has gaps");
        for item in &waiting {
            assert!(item.payload.contains(&format!("\"{}\"", committed[&item.sequence])), "{when}: another payload");
            let id = delivered.get(&item.sequence).map_or(&item.id, |(id, _)| id);
            assert_eq!(*id, item.id, "{when}: item {} would be delivered under another id", item.sequence);
        }
        waiting.len()
    }

    /// The delivered items of a lane, each item once, with its id.
    fn delivered(&self, lane: Lane, when: &str) -> BTreeMap<u64, (String, String)> {
        let mut delivered = BTreeMap::new();
        for line in self.lines("delivered") {
            let [name, sequence, id, what] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
            if name == lane.name() {
                let this = (id.to_owned(), what.to_owned());
                let before = delivered.insert(sequence.parse().unwrap(), this.clone());
                assert!(before.is_none_or(|before| before == this), "{when}: item {sequence} came as two things");
            }
        }
        delivered
    }
}

#[async_trait]
impl RecordSink for Place {
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        let Operation::Journal(entry) = &delivery.payload else { panic!("never staged") };
        Ok(self.deliver(Lane::Records, delivery.sequence, &delivery.id, &entry.what))
    }
}

#[async_trait]
impl MailSink for Place {
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        Ok(self.deliver(Lane::Mails, delivery.sequence, &delivery.id, &delivery.payload.template))
    }
}
