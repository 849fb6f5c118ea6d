//! Checks of two hosts on one storage, each with a store and a gate of its own as in a process of its own.

use std::sync::Arc;

use chrono::DateTime;

use super::{Place, school};
use crate::clock::VirtualClock;
use crate::limits::StorageLimits;
use crate::observer::NoObserver;
use crate::store::{
    Aborted, Change, Commit, PushId, SchoolGate, Schools, StateChange, Store, StoreError, TakenPush, UnitOfWork,
};

struct Hosts {
    stores: [Arc<dyn Store>; 2],
    gates: [SchoolGate; 2],
}

impl Hosts {
    fn of(place: &impl Place) -> Self {
        let stores = [place.open(), place.open()];
        let gate = |store: &Arc<dyn Store>| {
            let clock = Arc::new(VirtualClock::new(DateTime::UNIX_EPOCH));
            Schools::new(Arc::clone(store), clock, StorageLimits::default(), Arc::new(NoObserver)).gate(&school())
        };
        let gates = [gate(&stores[0]), gate(&stores[1])];
        Self { stores, gates }
    }

    async fn state(&self) -> Vec<(String, String)> {
        let read = |store: &Arc<dyn Store>| {
            let store = Arc::clone(store);
            async move { texts(store.scan(&school(), "", None, 100).await.unwrap()) }
        };
        let state = read(&self.stores[0]).await;
        assert_eq!(state, read(&self.stores[1]).await, "the two stores differ");
        state
    }
}

fn texts(entries: Vec<(String, Vec<u8>)>) -> Vec<(String, String)> {
    entries.into_iter().map(|(key, value)| (key, String::from_utf8(value).unwrap())).collect()
}

fn pairs(entries: &[(&str, &str)]) -> Vec<(String, String)> {
    entries.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

fn put(key: &str, value: &str) -> StateChange {
    StateChange::Put((key.into(), value.into()))
}

fn delete(key: &str) -> StateChange {
    StateChange::Delete(key.into())
}

async fn write(gate: &SchoolGate, changes: Vec<StateChange>) {
    let mut short = gate.begin_short().await.unwrap();
    short.apply(changes).await.unwrap();
    short.commit().await.unwrap();
}

async fn seen(unit: &UnitOfWork, prefix: &str) -> Vec<(String, String)> {
    texts(unit.scan(prefix, None, 100).await.unwrap())
}

pub(super) async fn a_tick_sees_nothing_of_short_calls_at_another_host(place: &impl Place) {
    let hosts = Hosts::of(place);
    let [one, other] = &hosts.gates;
    write(one, vec![put("course/1", "old"), put("course/3", "old"), put("dirty/1", "5"), put("dirty/2", "5")]).await;
    let mut tick = one.begin_tick().await.unwrap();
    write(other, vec![put("course/1", "new"), put("course/2", "new"), delete("course/3"), put("dirty/1", "6")]).await;
    write(other, vec![put("course/1", "newer"), put("dirty/3", "1")]).await;
    assert_eq!(seen(&tick, "course/").await, pairs(&[("course/1", "old"), ("course/3", "old")]));
    let keys = ["course/1", "course/2"].map(str::to_owned);
    assert_eq!(tick.get_many(&keys).await.unwrap(), [Some(b"old".to_vec()), None]);
    tick.apply(vec![delete("dirty/1"), delete("dirty/2"), put("sync", "5")]).await.unwrap();
    tick.commit().await.unwrap();
    let expected = [("course/1", "newer"), ("course/2", "new"), ("dirty/1", "6"), ("dirty/3", "1"), ("sync", "5")];
    assert_eq!(hosts.state().await, pairs(&expected));
}

pub(super) async fn a_tick_that_would_overwrite_a_short_call_of_another_host_is_refused(place: &impl Place) {
    let hosts = Hosts::of(place);
    let [one, other] = &hosts.gates;
    let mut tick = one.begin_tick().await.unwrap();
    tick.apply(vec![put("course/1", "tick"), put("sync/1", "tick")]).await.unwrap();
    write(other, vec![put("course/1", "short")]).await;
    let refused = tick.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::Conflict(1)), "{refused}");
    assert_eq!(hosts.state().await, pairs(&[("course/1", "short")]));
}

pub(super) async fn a_short_call_that_another_host_overtakes_leaves_no_trace(place: &impl Place) {
    let hosts = Hosts::of(place);
    let [one, other] = &hosts.gates;
    let push = PushId::new([1; 32]);
    write(one, vec![put("count", "1")]).await;
    let mut short = one.begin_short().await.unwrap();
    assert!(short.takes_push(push).await.unwrap());
    write(other, vec![put("count", "2")]).await;
    assert_eq!(seen(&short, "").await, pairs(&[("count", "1")]), "a short call sees one state");
    short.apply(vec![put("count", "2, lost")]).await.unwrap();
    let refused = short.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::Overtaken) && refused.is_passing(), "{refused}");
    assert_eq!(hosts.state().await, pairs(&[("count", "2")]));
    assert!(!hosts.stores[1].has_push(&school(), push).await.unwrap());
    // A call that only reads is not overtaken.
    let reads = one.begin_short().await.unwrap();
    write(other, vec![put("count", "3")]).await;
    assert_eq!(seen(&reads, "").await, pairs(&[("count", "2")]));
    reads.commit().await.unwrap();
}

pub(super) async fn a_call_that_a_tick_of_another_host_overtakes_is_told(place: &impl Place) {
    let hosts = Hosts::of(place);
    let [one, other] = &hosts.gates;
    write(one, vec![put("a", "1")]).await;
    let reads = one.begin_short().await.unwrap();
    let mut tick = other.begin_tick().await.unwrap();
    tick.apply(vec![put("a", "2")]).await.unwrap();
    tick.commit().await.unwrap();
    assert!(reads.get_many(&["a".to_owned()]).await.is_err(), "it would see half of the tick");
    assert!(reads.is_overtaken());
    let refused = reads.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::Overtaken), "{refused}");
}

pub(super) async fn the_host_that_took_the_school_over_ticks_it_and_all_make_short_calls(place: &impl Place) {
    let hosts = Hosts::of(place);
    let [old, new] = &hosts.gates;
    old.take_over().await.unwrap();
    let mut stale = old.begin_tick().await.unwrap();
    stale.breadcrumb(Some("course 1".into())).await.unwrap();
    stale.apply(vec![put("stale", "1")]).await.unwrap();
    let mut short = old.begin_short().await.unwrap();
    short.apply(vec![put("short", "old")]).await.unwrap();
    assert_eq!(new.take_over().await.unwrap(), 2);
    // The school was taken over while the short call ran; it has no fence of its own and is made again.
    assert!(matches!(short.commit().await.unwrap_err(), StoreError::Overtaken));
    write(old, vec![put("short", "old")]).await;
    let mut tick = new.begin_tick().await.unwrap();
    assert_eq!(tick.last_aborted().map(|Aborted { note, .. }| note), Some("course 1".into()));
    write(new, vec![put("short", "new")]).await;
    tick.apply(vec![put("tick", "new")]).await.unwrap();
    tick.commit().await.unwrap();
    let refused = stale.commit().await.unwrap_err();
    assert!(matches!(refused, StoreError::Fenced { fence: 1, held: 2 }), "{refused}");
    assert_eq!(hosts.state().await, pairs(&[("short", "new"), ("tick", "new")]));
    // A lease gives a fence that the store has already.
    let fence = hosts.stores[0].take_over(&school()).await.unwrap();
    old.hold(fence);
    let mut tick = old.begin_tick().await.unwrap();
    tick.apply(vec![put("tick", "old")]).await.unwrap();
    tick.commit().await.unwrap();
    assert_eq!(hosts.state().await, pairs(&[("short", "new"), ("tick", "old")]));
}

pub(super) async fn what_both_hosts_count_is_counted_once_each(place: &impl Place) {
    const EACH: u32 = 30;
    let hosts = Hosts::of(place);
    let count = |gate: SchoolGate| async move {
        for _ in 0..EACH {
            while let Err(error) = count_one(&gate).await {
                assert!(matches!(error, StoreError::Overtaken), "{error}");
            }
        }
    };
    let [one, other] = hosts.gates.clone();
    let (one, other) = (tokio::spawn(count(one)), tokio::spawn(count(other)));
    one.await.unwrap();
    other.await.unwrap();
    assert_eq!(hosts.state().await, pairs(&[("count", &(2 * EACH).to_string())]));
    assert_eq!(hosts.stores[0].standing(&school()).await.unwrap().commits, u64::from(2 * EACH));
}

async fn count_one(gate: &SchoolGate) -> Result<(), StoreError> {
    let mut short = gate.begin_short().await?;
    let held = short.get_many(&["count".to_owned()]).await.unwrap().remove(0);
    let held: u32 = held.map_or(0, |value| String::from_utf8(value).unwrap().parse().unwrap());
    short.apply(vec![put("count", &(held + 1).to_string())]).await.unwrap();
    short.commit().await
}

pub(super) async fn one_push_is_taken_by_one_host(place: &impl Place) {
    let hosts = Hosts::of(place);
    let taken = TakenPush { id: PushId::new([7; 32]), forget_before: DateTime::UNIX_EPOCH };
    let commit = |value: &[u8]| Commit {
        changes: vec![Change { key: "push".into(), value: Some(value.to_vec()) }],
        push: Some(taken),
        follows: Some(0),
        ..Commit::new(DateTime::UNIX_EPOCH)
    };
    let [one, other] = &hosts.stores;
    let school = school();
    let (first, second) = tokio::join!(one.commit(&school, commit(b"1")), other.commit(&school, commit(b"1")));
    let outcomes = [first, second];
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 1, "{outcomes:?}");
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Err(StoreError::Overtaken))), "{outcomes:?}");
}
