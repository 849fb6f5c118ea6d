//! What is stored of a school after the torture, and whether it fits what was answered.

use std::collections::{BTreeMap, BTreeSet};

use host::store::{Lane, SchoolId, Standing, Store};

use super::Answered;

/// A tick as it wrote itself down.
struct Tick {
    lease: u64,
    process: String,
    /// The notes that it cleared.
    cleared: Vec<String>,
}

pub(super) struct History {
    /// The keys that short calls added.
    added: BTreeSet<String>,
    count: u64,
    notes: BTreeSet<String>,
    ticks: BTreeMap<u64, Tick>,
    last_tick: u64,
    /// The operations in the outbox, in order.
    operations: Vec<String>,
    keys: u64,
    bytes: u64,
}

impl History {
    pub(super) async fn read(store: &dyn Store, school: &SchoolId) -> Self {
        let entries = store.scan(school, "", None, usize::MAX).await.unwrap();
        let bytes = entries.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum();
        let keys = entries.len() as u64;
        let state: BTreeMap<String, String> =
            entries.into_iter().map(|(key, value)| (key, String::from_utf8(value).unwrap())).collect();
        let under = |prefix: &str| -> BTreeSet<String> {
            state.keys().filter_map(|key| key.strip_prefix(prefix)).map(str::to_owned).collect()
        };
        let number = |key: &str| state.get(key).map_or(0, |value| value.parse().unwrap());
        let ticks = state.iter().filter_map(|(key, value)| {
            let mut words = value.split(' ');
            let tick = key.strip_prefix("tick/")?.parse().unwrap();
            let (lease, process) = (words.next().unwrap().parse().unwrap(), words.next().unwrap().to_owned());
            let cleared = words.filter(|word| !word.is_empty()).map(str::to_owned).collect();
            Some((tick, Tick { lease, process, cleared }))
        });
        let operations = store.outbox(school, Lane::Records, 0, usize::MAX).await.unwrap();
        Self {
            added: under("short/"),
            count: number("count"),
            notes: under("note/"),
            ticks: ticks.collect(),
            last_tick: number("ticks"),
            operations: operations.into_iter().map(|item| item.payload).collect(),
            keys,
            bytes,
        }
    }

    pub(super) fn check(&self, when: &str, standing: &Standing, answered: Vec<Answered>) {
        assert_eq!(self.added.len() as u64, self.count, "{when}: a short call was lost or counted twice");
        assert_eq!((standing.keys, standing.bytes), (self.keys, self.bytes), "{when}: the usage");
        assert!(self.ticks.keys().copied().eq(1..=self.last_tick), "{when}: the ticks have gaps");
        assert_eq!(standing.commits, self.count + self.last_tick, "{when}: the number of commits");

        let mut holders: BTreeMap<u64, &str> = BTreeMap::new();
        let (mut lease, mut cleared) = (0, BTreeSet::new());
        for (number, tick) in &self.ticks {
            assert!(tick.lease >= lease, "{when}: tick {number} is of lease {}, after one of {lease}", tick.lease);
            lease = tick.lease;
            let holder = holders.entry(lease).or_insert(&tick.process);
            assert_eq!(*holder, tick.process, "{when}: two processes had lease {lease}");
            for note in &tick.cleared {
                assert!(cleared.insert(note.clone()), "{when}: tick {number} cleared {note} once more");
            }
        }
        assert!(cleared.is_disjoint(&self.notes), "{when}: a note is there that a tick cleared");
        let known: BTreeSet<String> = cleared.union(&self.notes).cloned().collect();
        assert_eq!(known, self.added, "{when}: a note was lost");

        assert_eq!(self.operations.len() as u64, self.last_tick, "{when}: the operations of the ticks");
        for (number, operation) in (1..).zip(&self.operations) {
            assert!(operation.contains(&format!("\"what\":\"{number}\"")), "{when}: operation {number} is {operation}");
        }
        self.check_answered(when, answered);
    }

    fn check_answered(&self, when: &str, answered: Vec<Answered>) {
        let (mut shorts, mut ticks) = (0, 0);
        for answer in answered {
            match answer {
                Answered::Short { key, .. } => {
                    shorts += 1;
                    assert!(
                        self.added.contains(key.trim_start_matches("short/")),
                        "{when}: {key} was answered and lost"
                    );
                }
                Answered::Tick { tick, lease, process, .. } => {
                    ticks += 1;
                    let stored = self.ticks.get(&tick).map(|tick| (tick.lease, tick.process.as_str()));
                    assert_eq!(stored, Some((lease, &*process)), "{when}: tick {tick} was answered and is another's");
                }
            }
        }
        assert!(shorts > 0 && ticks > 0, "{when}: nothing was answered");
    }
}
