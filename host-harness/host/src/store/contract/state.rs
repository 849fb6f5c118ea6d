//! Checks of the state: what a commit changes and what reads see.

use std::sync::Arc;

use super::outbox::{acknowledge, outbox};
use super::{Place, at, change, delete, get, keys, put, scan, school, standing};
use crate::gegi::Receipt;
use crate::store::{Breadcrumb, Commit, KEY_BYTES, Lane, SchoolId, Standing, Store, StoreError};

pub(super) async fn a_school_nobody_committed_for_is_empty(place: &impl Place) {
    let store = place.open();
    assert_eq!(standing(&*store).await, Standing::default());
    assert_eq!(get(&*store, "a").await, None);
    assert_eq!(scan(&*store, "", None, 10).await, []);
    assert_eq!(outbox(&*store, Lane::Records).await, []);
    assert_eq!(store.get_many(&school(), &[]).await.unwrap(), Vec::<Option<Vec<u8>>>::new());
}

pub(super) async fn a_commit_is_there_after_opening_anew(place: &impl Place) {
    change(&*place.open(), vec![put("a", "1"), put("b", "2")]).await;
    change(&*place.open(), vec![delete("a"), put("c", "3")]).await;
    let store = place.open();
    assert_eq!(keys(&*store, "", None, 10).await, ["b", "c"]);
    assert_eq!(get(&*store, "c").await.unwrap(), b"3");
}

pub(super) async fn the_last_change_of_a_key_holds(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("a", "1"), put("a", "2"), put("b", "1"), delete("b"), delete("c"), put("c", "3")]).await;
    assert_eq!(scan(&*store, "", None, 10).await, [("a".into(), b"2".to_vec()), ("c".into(), b"3".to_vec())]);
}

pub(super) async fn values_may_be_empty_or_large(place: &impl Place) {
    let large: Vec<u8> = (0..3_000_000_u32).map(|n| n.to_be_bytes()[3]).collect();
    change(&*place.open(), vec![put("empty", ""), put("large", &large)]).await;
    let store = place.open();
    assert_eq!(get(&*store, "empty").await, Some(Vec::new()));
    assert!(get(&*store, "large").await == Some(large), "the large value came back changed");
}

pub(super) async fn values_come_in_the_order_asked_for(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("a", "1"), put("b", "2")]).await;
    let asked = ["b", "missing", "a", "b"].map(str::to_owned);
    let found = store.get_many(&school(), &asked).await.unwrap();
    let text = |value: Option<Vec<u8>>| value.map(|bytes| String::from_utf8(bytes).unwrap());
    let found: Vec<_> = found.into_iter().map(text).collect();
    assert_eq!(found, [Some("2".into()), None, Some("1".into()), Some("2".into())]);
}

/// Keys ascending by bytes. Ordered by language, by length or by UTF-16 they would stand otherwise.
const IN_ORDER: [&str; 16] = [
    "\0",
    "\0\0",
    " ",
    "A",
    "A\0",
    "AA",
    "B",
    "a",
    "a/1",
    "a/10",
    "a/2",
    "a0",
    "\u{7f}",
    "é",
    "\u{ffff}",
    "\u{10ffff}",
];

pub(super) async fn keys_are_ordered_by_bytes(place: &impl Place) {
    let store = place.open();
    change(&*store, IN_ORDER.iter().rev().map(|key| put(*key, key)).collect()).await;
    assert_eq!(keys(&*store, "", None, 100).await, IN_ORDER);
    for key in IN_ORDER {
        assert_eq!(get(&*store, key).await.unwrap(), key.as_bytes(), "value of {key:?}");
    }
}

pub(super) async fn a_prefix_takes_its_own_keys_alone(place: &impl Place) {
    let store = place.open();
    let all = ["a", "a/", "a/1", "a/1/x", "a/2", "a0", "b", "ÿ", "ÿ/1", "ÿÿ", "\u{10ffff}", "\u{10ffff}1"];
    change(&*store, all.iter().map(|key| put(*key, "")).collect()).await;
    assert_eq!(keys(&*store, "a", None, 100).await, ["a", "a/", "a/1", "a/1/x", "a/2", "a0"]);
    assert_eq!(keys(&*store, "a/", None, 100).await, ["a/", "a/1", "a/1/x", "a/2"]);
    assert_eq!(keys(&*store, "a/1", None, 100).await, ["a/1", "a/1/x"]);
    assert_eq!(keys(&*store, "ÿ", None, 100).await, ["ÿ", "ÿ/1", "ÿÿ"]);
    assert_eq!(keys(&*store, "\u{10ffff}", None, 100).await, ["\u{10ffff}", "\u{10ffff}1"]);
    assert_eq!(keys(&*store, "a/3", None, 100).await, [""; 0]);
    assert_eq!(keys(&*store, "", None, 100).await.len(), all.len());
    // `after`, the last key of the page before, may lie before the prefix, in it or behind it.
    assert_eq!(keys(&*store, "a/", Some("A"), 100).await.len(), 4);
    assert_eq!(keys(&*store, "a/", Some("a/"), 100).await, ["a/1", "a/1/x", "a/2"]);
    assert_eq!(keys(&*store, "a/", Some("a/1"), 100).await, ["a/1/x", "a/2"]);
    assert_eq!(keys(&*store, "a/", Some("b"), 100).await, [""; 0]);
}

pub(super) async fn pages_join_without_gap_or_repeat(place: &impl Place) {
    let store = place.open();
    change(&*store, IN_ORDER.iter().map(|key| put(*key, "")).collect()).await;
    assert_eq!(keys(&*store, "", None, 0).await, [""; 0]);
    for size in 1..=IN_ORDER.len() {
        let mut found: Vec<String> = Vec::new();
        loop {
            let page = keys(&*store, "", found.last().map(String::as_str), size).await;
            let is_last = page.len() < size;
            found.extend(page);
            if is_last {
                break;
            }
        }
        assert_eq!(found, IN_ORDER, "in pages of {size}");
    }
}

pub(super) async fn many_keys_fit_into_one_commit(place: &impl Place) {
    let key = |n: u32| format!("key/{n:06}");
    change(&*place.open(), (0..5_000).map(|n| put(key(n), n.to_string())).collect()).await;
    let store = place.open();
    assert_eq!(keys(&*store, "key/", None, usize::MAX).await, (0..5_000).map(key).collect::<Vec<_>>());
    assert_eq!(get(&*store, &key(4_321)).await.unwrap(), b"4321");
}

pub(super) async fn schools_are_apart(place: &impl Place) {
    let store = place.open();
    // One name is the beginning of the other, so that a query without a boundary after the name fails.
    let (one, other) = (SchoolId::from("school-1"), SchoolId::from("school-11"));
    let everything = |value: &str| Commit {
        changes: vec![put("1a", value), put("a", value)],
        records: vec![value.into()],
        ..at(60)
    };
    store.commit(&other, everything("other")).await.unwrap();
    let before = store.standing(&other).await.unwrap();
    store.commit(&one, everything("one")).await.unwrap();
    store.commit(&one, Commit { changes: vec![delete("1a"), delete("a")], ..at(70) }).await.unwrap();
    acknowledge(&*store, Lane::Records, &[1], Receipt::Applied).await;
    let note = Breadcrumb { note: "one".into(), times: 1 };
    store.leave_breadcrumb(&one, Some(&note)).await.unwrap();

    assert_eq!(store.standing(&other).await.unwrap(), before);
    let entries = store.scan(&other, "", None, 10).await.unwrap();
    assert_eq!(entries, [("1a".into(), b"other".to_vec()), ("a".into(), b"other".to_vec())]);
    let items = store.outbox(&other, Lane::Records, 0, 10).await.unwrap();
    assert_eq!(items.iter().map(|item| item.payload.as_str()).collect::<Vec<_>>(), ["other"]);
    assert_eq!(store.scan(&one, "", None, 10).await.unwrap(), []);
}

pub(super) async fn a_commit_that_fails_leaves_nothing(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("kept", "1")]).await;
    let before = standing(&*store).await;
    for bad in [String::new(), "k".repeat(KEY_BYTES + 1)] {
        let changes = vec![put("new", "1"), delete("kept"), put(bad, "")];
        let commit = Commit { changes, records: vec!["{}".into()], mails: vec!["{}".into()], ..at(9) };
        let failure = store.commit(&school(), commit).await.unwrap_err();
        assert!(matches!(failure, StoreError::BadKey), "{failure}");
    }
    change(&*store, vec![put("k".repeat(KEY_BYTES), ""), delete(&"k".repeat(KEY_BYTES))]).await;
    assert_eq!(scan(&*store, "", None, 10).await, [("kept".into(), b"1".to_vec())]);
    assert_eq!(outbox(&*store, Lane::Records).await, []);
    assert_eq!(outbox(&*store, Lane::Mails).await, []);
    assert_eq!(standing(&*store).await, Standing { commits: before.commits + 1, ..before });
}

pub(super) async fn readers_never_see_a_part_of_a_commit(place: &impl Place) {
    const COMMITS: u32 = 200;
    let store = place.open();
    let names: Vec<String> = (0..20).map(|n| format!("key/{n}")).collect();
    let write = |n: u32| names.iter().map(|key| put(key.as_str(), n.to_be_bytes())).collect::<Vec<_>>();
    change(&*store, write(0)).await;
    let readers: Vec<_> =
        (0..3).map(|_| tokio::spawn(read_until(Arc::clone(&store), names.clone(), COMMITS))).collect();
    for n in 1..=COMMITS {
        change(&*store, write(n)).await;
        tokio::task::yield_now().await;
    }
    for reader in readers {
        reader.await.unwrap();
    }
}

/// Reads until the last commit is seen.
async fn read_until(store: Arc<dyn Store>, names: Vec<String>, last: u32) {
    let mut seen = 0;
    while seen < last {
        let got = store.get_many(&school(), &names).await.unwrap();
        let scanned = scan(&*store, "key/", None, 100).await.into_iter().map(|(_, value)| Some(value)).collect();
        for values in [got, scanned] {
            let values: Vec<u32> =
                values.into_iter().map(|value| u32::from_be_bytes(value.unwrap().try_into().unwrap())).collect();
            assert!(values.iter().all(|value| *value == values[0]), "a part of a commit: {values:?}");
            assert!(values[0] >= seen, "went back from commit {seen} to {}", values[0]);
            seen = values[0];
        }
        tokio::task::yield_now().await;
    }
}
