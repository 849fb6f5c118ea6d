//! Calls through the gate: what each call sees of the others, and which of its writes are committed.

use std::collections::BTreeMap;

use host::store::{Lane, SchoolId, StateChange, StoreError};
use proptest::prelude::*;
use proptest::sample::select;

use crate::bench::{Bench, delete, journal, mail, pairs, put, scan, school, texts};

#[tokio::test]
async fn a_call_sees_its_own_writes_and_nobody_else_does() {
    let bench = Bench::new();
    bench.write(vec![put("a", "1"), put("b", "1"), put("d", "1")]).await;
    let mut tick = bench.tick().await;
    tick.apply(vec![put("c", "2"), put("a", "2"), delete("b"), put("e", "2"), delete("e")]).await.unwrap();
    assert_eq!(scan(&tick, "").await, pairs(&[("a", "2"), ("c", "2"), ("d", "1")]));
    let page = tick.scan("", Some("a"), 1).await.unwrap();
    assert_eq!(texts(page), pairs(&[("c", "2")]));
    let keys = ["b", "c", "a"].map(str::to_owned);
    assert_eq!(tick.get_many(&keys).await.unwrap(), [None, Some(b"2".to_vec()), Some(b"2".to_vec())]);
    assert_eq!(scan(&bench.short().await, "").await, pairs(&[("a", "1"), ("b", "1"), ("d", "1")]));
    tick.commit().await.unwrap();
    assert_eq!(bench.state().await, pairs(&[("a", "2"), ("c", "2"), ("d", "1")]));
}

#[tokio::test]
async fn a_call_that_is_dropped_discarded_or_aborted_leaves_no_trace() {
    let bench = Bench::new();
    for end in 0..3 {
        let mut tick = bench.tick().await;
        tick.apply(vec![put("a", "1")]).await.unwrap();
        tick.stage(vec![journal("mark")]).unwrap();
        tick.queue(mail("synchronization-issues")).unwrap();
        match end {
            0 => drop(tick),
            1 => tick.discard().await.unwrap(),
            _ => tick.abort().await.unwrap(),
        }
        assert_eq!(bench.state().await, []);
        for lane in Lane::ALL {
            assert_eq!(bench.store.outbox(&school(), lane, 0, 10).await.unwrap(), []);
        }
        assert_eq!(bench.gate().standing().await.unwrap().commits, 0);
    }
}

#[tokio::test]
async fn a_call_that_wrote_nothing_commits_nothing() {
    let bench = Bench::new();
    bench.tick().await.commit().await.unwrap();
    bench.short().await.commit().await.unwrap();
    assert_eq!(bench.gate().standing().await.unwrap().commits, 0);
}

#[tokio::test]
async fn a_tick_goes_on_seeing_what_was_there_when_it_began() {
    let bench = Bench::new();
    bench.write(vec![put("course/1", "old"), put("course/3", "old")]).await;
    let tick = bench.tick().await;
    bench.write(vec![put("course/1", "new"), put("course/2", "new"), delete("course/3")]).await;
    assert_eq!(scan(&tick, "course/").await, pairs(&[("course/1", "old"), ("course/3", "old")]));
    drop(tick);
    assert_eq!(scan(&bench.tick().await, "course/").await, pairs(&[("course/1", "new"), ("course/2", "new")]));
}

#[tokio::test]
async fn a_note_that_changed_while_the_tick_ran_stays_for_the_next_one() {
    let bench = Bench::new();
    bench.write(vec![put("dirty/1", "5"), put("dirty/2", "5")]).await;
    let mut tick = bench.tick().await;
    bench.write(vec![put("dirty/1", "6"), put("dirty/3", "1")]).await;
    tick.apply(vec![delete("dirty/1"), delete("dirty/2"), put("sync/1", "5")]).await.unwrap();
    tick.commit().await.unwrap();
    assert_eq!(bench.state().await, pairs(&[("dirty/1", "6"), ("dirty/3", "1"), ("sync/1", "5")]));
}

#[tokio::test]
async fn a_tick_that_would_overwrite_a_short_call_is_refused_whole() {
    let bench = Bench::new();
    let mut tick = bench.tick().await;
    tick.apply(vec![put("course/1", "tick"), put("sync/1", "tick")]).await.unwrap();
    bench.write(vec![put("course/1", "short")]).await;
    let refused = tick.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(1)) && refused.is_passing(), "{refused}");
    assert_eq!(bench.state().await, pairs(&[("course/1", "short")]));
}

#[tokio::test]
async fn ticks_of_a_school_run_one_at_a_time_and_short_calls_beside_them() {
    let bench = Bench::new();
    let (gate, other) = (bench.gate(), bench.schools.gate(&SchoolId::from("school-2")));
    let tick = gate.begin_tick().await.unwrap();
    assert!(is_waiting(gate.begin_tick()).await, "a second tick of the school");
    assert!(!is_waiting(other.begin_tick()).await, "a tick of another school");
    let mut short = gate.begin_short().await.unwrap();
    short.apply(vec![put("a", "1")]).await.unwrap();
    assert!(is_waiting(gate.begin_short()).await, "a second short call of the school");
    assert!(!is_waiting(other.begin_short()).await, "a short call of another school");
    drop(tick);
    assert!(is_waiting(gate.begin_tick()).await, "a tick that would see half a short call");
    short.commit().await.unwrap();
    assert!(!is_waiting(gate.begin_tick()).await, "a tick with nobody beside it");
}

#[tokio::test]
async fn a_tick_commits_between_short_calls() {
    let bench = Bench::new();
    let mut tick = bench.tick().await;
    tick.apply(vec![put("sync/1", "1")]).await.unwrap();
    let short = bench.short().await;
    let mut commit = Box::pin(tick.commit());
    assert!(is_waiting(&mut commit).await, "a commit in the middle of a short call");
    drop(short);
    commit.await.unwrap();
}

/// Whether the future has to wait for another call. The future is then not done, whether the test drops it or keeps
/// it.
async fn is_waiting<T>(future: impl Future<Output = T>) -> bool {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|context| std::task::Poll::Ready(future.as_mut().poll(context).is_pending())).await
}

/// An action of a tick or of a short call beside it, on a few keys.
#[derive(Debug, Clone)]
enum Deed {
    Tick(Vec<(&'static str, Option<u8>)>),
    Short(Vec<(&'static str, Option<u8>)>),
    Scan { prefix: &'static str, after: Option<&'static str>, limit: u32 },
}

/// Ticks write under `t`, short calls under `s`, as the plugin does.
fn deed() -> impl Strategy<Value = Deed> {
    let changes =
        |keys: &'static [&'static str]| prop::collection::vec((select(keys), prop::option::of(0..3_u8)), 0..5);
    let after = prop::option::of(select(&["s", "s/1", "s/2", "t/", "t/1", "t/2"][..]));
    prop_oneof![
        changes(&["t/", "t/1", "t/2", "t"]).prop_map(Deed::Tick),
        changes(&["s", "s/1", "s/2", "s/1/x"]).prop_map(Deed::Short),
        (select(&["", "s", "s/", "t/", "t/1"][..]), after, 0..6_u32).prop_map(|(prefix, after, limit)| Deed::Scan {
            prefix,
            after,
            limit
        }),
    ]
}

type Map = BTreeMap<String, Vec<u8>>;

fn change_map(map: &mut Map, changes: &[(&str, Option<u8>)]) {
    for (key, value) in changes {
        match value {
            Some(byte) => map.insert((*key).into(), vec![*byte]),
            None => map.remove(*key),
        };
    }
}

fn changes(changes: &[(&str, Option<u8>)]) -> Vec<StateChange> {
    let change = |(key, value): &(&str, Option<u8>)| match value {
        Some(byte) => StateChange::Put(((*key).into(), vec![*byte])),
        None => delete(key),
    };
    changes.iter().map(change).collect()
}

async fn run(deeds: Vec<Deed>, notes: Vec<&'static str>) {
    let bench = Bench::new();
    let first = [("s", Some(9)), ("s/1", Some(9)), ("s/2", Some(9)), ("t/1", Some(9))];
    bench.write(changes(&first)).await;
    let mut committed = Map::new();
    change_map(&mut committed, &first);
    let (mut seen, begun, mut written) = (committed.clone(), committed.clone(), Vec::new());
    let mut touched = std::collections::BTreeSet::new();
    let mut tick = bench.tick().await;
    for deed in deeds {
        match deed {
            Deed::Tick(these) => {
                tick.apply(changes(&these)).await.unwrap();
                change_map(&mut seen, &these);
                written.extend(these);
            }
            Deed::Short(these) => {
                bench.write(changes(&these)).await;
                change_map(&mut committed, &these);
                touched.extend(these.into_iter().map(|(key, _)| key));
            }
            Deed::Scan { prefix, after, limit } => {
                let wanted = |key: &String| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after);
                let model = seen.iter().filter(|(key, _)| wanted(key)).take(limit.try_into().unwrap());
                let model: Vec<_> = model.map(|(key, value)| (key.clone(), value.clone())).collect();
                assert_eq!(tick.scan(prefix, after, limit).await.unwrap(), model, "{prefix:?} {after:?} {limit}");
            }
        }
    }
    // The tick clears the notes that existed when it began; a note that a short call has changed since must stay.
    let notes: Vec<_> = notes.into_iter().filter(|note| begun.contains_key(*note)).map(|note| (note, None)).collect();
    tick.apply(changes(&notes)).await.unwrap();
    tick.commit().await.unwrap();
    change_map(&mut committed, &written);
    let cleared: Vec<_> = notes.into_iter().filter(|(note, _)| !touched.contains(note)).collect();
    change_map(&mut committed, &cleared);
    let stored = bench.store.scan(&school(), "", None, 100).await.unwrap();
    assert_eq!(stored, committed.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>());
    let bytes = committed.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
    let standing = bench.gate().standing().await.unwrap();
    assert_eq!((standing.keys, standing.bytes), (committed.len() as u64, bytes as u64));
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

    #[test]
    fn a_tick_and_short_calls_beside_it_lose_nothing_of_each_other(
        deeds in prop::collection::vec(deed(), 0..40),
        notes in prop::collection::vec(select(&["s", "s/1", "s/2"][..]), 0..3),
    ) {
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(run(deeds, notes));
    }
}
