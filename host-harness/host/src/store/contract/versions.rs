//! Checks of old values: what a call that is still under way reads, and what a tick's commit does about short calls
//! that committed beside it.

use super::{Place, at, change, delete, get, put, scan, school, standing};
use crate::store::{Commit, Entry, Store, StoreError};

async fn scan_as_of(store: &dyn Store, commit: u64, prefix: &str, after: Option<&str>, limit: usize) -> Vec<Entry> {
    store.scan_as_of(&school(), commit, prefix, after, limit).await.unwrap()
}

fn entries(entries: &[(&str, &str)]) -> Vec<Entry> {
    entries.iter().map(|(key, value)| ((*key).to_owned(), value.as_bytes().to_vec())).collect()
}

/// The commit of a tick that began after a commit.
fn tick(began_after: u64) -> Commit {
    Commit { tick_after: Some(began_after), ..at(0) }
}

pub(super) async fn every_state_since_a_tick_can_be_read(place: &impl Place) {
    let store = place.open();
    assert_eq!(scan_as_of(&*store, 0, "", None, 10).await, []);
    change(&*store, vec![put("a/1", "1"), put("a/2", "1"), put("b", "1")]).await;
    change(&*store, vec![put("a/1", "2"), delete("a/2"), put("a/0", "2"), put("a/0", "3")]).await;
    change(&*store, vec![put("a/2", "3"), delete("a/0"), put("a/1", "3")]).await;
    drop(store);
    let store = place.open();
    let states = [
        entries(&[]),
        entries(&[("a/1", "1"), ("a/2", "1")]),
        entries(&[("a/0", "3"), ("a/1", "2")]),
        entries(&[("a/1", "3"), ("a/2", "3")]),
    ];
    for (commit, state) in (0..).zip(states) {
        assert_eq!(scan_as_of(&*store, commit, "a/", None, 10).await, state, "as of commit {commit}");
        let first: Vec<Entry> = state.iter().take(1).cloned().collect();
        assert_eq!(scan_as_of(&*store, commit, "a/", None, 1).await, first, "a page as of commit {commit}");
        let rest: Vec<Entry> = state.iter().filter(|(key, _)| key.as_str() > "a/0").cloned().collect();
        assert_eq!(scan_as_of(&*store, commit, "a/", Some("a/0"), 10).await, rest, "as of commit {commit}");
        let keys = ["a/2", "a/0", "a/1", "missing", "a/2"].map(str::to_owned);
        let value = |key: &String| state.iter().find(|(held, _)| held == key).map(|(_, value)| value.clone());
        let expected: Vec<_> = keys.iter().map(value).collect();
        assert_eq!(store.get_many_as_of(&school(), commit, &keys).await.unwrap(), expected, "as of commit {commit}");
    }
    assert_eq!(scan(&*store, "a/", None, 10).await, entries(&[("a/1", "3"), ("a/2", "3")]));
}

pub(super) async fn a_state_before_a_tick_is_not_read_any_more(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("a", "1")]).await;
    change(&*store, vec![put("a", "2")]).await;
    store.commit(&school(), Commit { changes: vec![put("b", "1")], ..tick(2) }).await.unwrap();
    assert_eq!(standing(&*store).await.kept_from, 3);
    for commit in 0..3 {
        let scanned = store.scan_as_of(&school(), commit, "", None, 10).await.unwrap_err();
        let got = store.get_many_as_of(&school(), commit, &["a".to_owned()]).await.unwrap_err();
        assert!(matches!((&scanned, &got), (StoreError::Overtaken, StoreError::Overtaken)), "{scanned}, {got}");
    }
    change(&*store, vec![put("b", "2")]).await;
    assert_eq!(scan_as_of(&*store, 3, "", None, 10).await, entries(&[("a", "2"), ("b", "1")]));
}

pub(super) async fn a_tick_gives_way_to_short_calls(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("note/1", "1"), put("note/2", "1"), put("course", "1")]).await;
    change(&*store, vec![put("note/1", "2"), put("note/3", "1"), delete("gone")]).await;
    let before = standing(&*store).await;
    let overwrites = vec![put("course", "tick"), put("note/1", "tick"), put("gone", "tick"), delete("note/2")];
    let refused = Commit { changes: overwrites, records: vec!["r".into()], ..tick(1) };
    let failure = store.commit(&school(), refused).await.unwrap_err();
    assert!(matches!(failure, StoreError::Conflict(2)) && failure.is_passing(), "{failure}");
    assert_eq!(standing(&*store).await, before);

    let removes = vec![delete("note/1"), delete("note/2"), delete("note/3"), put("course", "tick")];
    let number = store.commit(&school(), Commit { changes: removes, records: vec!["r".into()], ..tick(1) }).await;
    assert_eq!(number.unwrap(), 3);
    assert_eq!(scan(&*store, "", None, 10).await, entries(&[("course", "tick"), ("note/1", "2"), ("note/3", "1")]));
    let now = standing(&*store).await;
    assert_eq!((now.commits, now.keys, now.bytes, now.records), (3, 3, 10 + 7 + 7, 1));
}

pub(super) async fn a_tick_that_another_tick_overtook_is_refused(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("a", "1")]).await;
    store.commit(&school(), Commit { changes: vec![put("a", "2")], ..tick(1) }).await.unwrap();
    let failure = store.commit(&school(), Commit { changes: vec![put("b", "1")], ..tick(1) }).await.unwrap_err();
    assert!(matches!(failure, StoreError::Overtaken), "{failure}");
    assert_eq!(get(&*store, "b").await, None);
    store.commit(&school(), Commit { changes: vec![put("b", "1")], ..tick(2) }).await.unwrap();
}
