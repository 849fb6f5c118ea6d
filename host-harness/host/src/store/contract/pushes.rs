//! Checks of taken pushes: which are remembered, and which are forgotten.

use chrono::DateTime;

use super::{Place, at, put, school};
use crate::store::{Change, Commit, PushId, SchoolId, Store, TakenPush};

fn push(number: u8) -> PushId {
    PushId::new([number; 32])
}

async fn take(store: &dyn Store, number: u8, second: i64, forget_before: i64) {
    let forget_before = DateTime::from_timestamp(forget_before, 0).unwrap();
    let commit = Commit { push: Some(TakenPush { id: push(number), forget_before }), ..at(second) };
    store.commit(&school(), commit).await.unwrap();
}

async fn known(store: &dyn Store) -> Vec<u8> {
    let mut known = Vec::new();
    for number in 0..6 {
        if store.has_push(&school(), push(number)).await.unwrap() {
            known.push(number);
        }
    }
    known
}

pub(super) async fn a_push_is_remembered_by_the_commit_that_takes_it(place: &impl Place) {
    let store = place.open();
    assert_eq!(known(&*store).await, [0; 0]);
    let taken = TakenPush { id: push(1), forget_before: DateTime::UNIX_EPOCH };
    let fails = Commit { changes: vec![Change { key: String::new(), ..put("k", "v") }], push: Some(taken), ..at(10) };
    assert!(store.commit(&school(), fails).await.is_err());
    assert_eq!(known(&*store).await, [0; 0]);
    drop(store);
    take(&*place.open(), 1, 10, 0).await;
    let store = place.open();
    assert_eq!(known(&*store).await, [1]);
    assert!(!store.has_push(&SchoolId::from("school-2"), push(1)).await.unwrap());
}

pub(super) async fn pushes_are_forgotten_when_a_later_one_says_so(place: &impl Place) {
    let store = place.open();
    for (number, second) in [(1, 10), (2, 20), (3, 30)] {
        take(&*store, number, second, 0).await;
    }
    // A push that is taken again counts from the later moment.
    take(&*store, 1, 40, 20).await;
    assert_eq!(known(&*store).await, [1, 2, 3]);
    take(&*store, 4, 50, 21).await;
    assert_eq!(known(&*store).await, [1, 3, 4]);
    store.commit(&school(), at(1_000)).await.unwrap();
    assert_eq!(known(&*store).await, [1, 3, 4]);
}
