//! Checks of the fence: who may commit for a school that another host has taken over.

use chrono::DateTime;

use super::outbox::outbox;
use super::{Place, at, change, delete, get, put, school, standing};
use crate::store::{Breadcrumb, Commit, Lane, PushId, SchoolId, Store, StoreError, TakenPush};

/// A commit that changes everything a commit can change.
fn everything(fence: u64) -> Commit {
    Commit {
        changes: vec![put("new", "1"), delete("kept")],
        records: vec!["r".into()],
        mails: vec!["m".into()],
        clears_breadcrumb: true,
        push: Some(TakenPush { id: PushId::new([1; 32]), forget_before: DateTime::UNIX_EPOCH }),
        fence,
        ..at(9)
    }
}

async fn is_refused(store: &dyn Store, fence: u64, held: u64) {
    let failure = store.commit(&school(), everything(fence)).await.unwrap_err();
    let told = matches!(failure, StoreError::Fenced { fence: of, held: by } if (of, by) == (fence, held));
    assert!(told && !failure.is_passing(), "{failure}");
}

pub(super) async fn a_stale_commit_is_refused_and_leaves_no_trace(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("kept", "1")]).await;
    assert_eq!(standing(&*store).await.fence, 0);
    assert_eq!(store.take_over(&school()).await.unwrap(), 1);
    let note = Breadcrumb { note: "a".into(), times: 1 };
    store.leave_breadcrumb(&school(), Some(&note)).await.unwrap();
    let before = standing(&*store).await;
    assert_eq!((before.fence, before.commits, before.breadcrumb.clone()), (1, 1, Some(note)));
    is_refused(&*store, 0, 1).await;
    drop(store);
    let store = place.open();
    is_refused(&*store, 0, 1).await;
    assert_eq!(standing(&*store).await, before);
    assert_eq!((get(&*store, "kept").await, get(&*store, "new").await), (Some(b"1".to_vec()), None));
    for lane in Lane::ALL {
        assert_eq!(outbox(&*store, lane).await, []);
    }
    assert!(!store.has_push(&school(), PushId::new([1; 32])).await.unwrap());

    store.commit(&school(), everything(1)).await.unwrap();
    let after = standing(&*store).await;
    assert_eq!((after.commits, after.records, after.mails, after.breadcrumb), (2, 1, 1, None));
}

pub(super) async fn a_commit_that_was_overtaken_is_refused_and_leaves_no_trace(place: &impl Place) {
    let store = place.open();
    change(&*store, vec![put("kept", "1")]).await;
    let first = standing(&*store).await;
    store.commit(&school(), Commit { follows: Some(first.commits), ..at(0) }).await.unwrap();
    let before = standing(&*store).await;
    let late = Commit { follows: Some(first.commits), ..everything(0) };
    let failure = store.commit(&school(), late).await.unwrap_err();
    assert!(matches!(failure, StoreError::Overtaken) && failure.is_passing(), "{failure}");
    assert_eq!(standing(&*store).await, before);
    assert_eq!((get(&*store, "kept").await, get(&*store, "new").await), (Some(b"1".to_vec()), None));
    assert!(!store.has_push(&school(), PushId::new([1; 32])).await.unwrap());
}

pub(super) async fn a_fence_only_rises_and_belongs_to_one_school(place: &impl Place) {
    assert_eq!(place.open().take_over(&school()).await.unwrap(), 1);
    assert_eq!(place.open().take_over(&school()).await.unwrap(), 2);
    // A commit with a higher fence than the school's raises it: the fence must come from a takeover that this store
    // missed.
    let store = place.open();
    store.commit(&school(), Commit { fence: 7, ..at(0) }).await.unwrap();
    is_refused(&*store, 2, 7).await;
    drop(store);
    let store = place.open();
    assert_eq!(store.take_over(&school()).await.unwrap(), 8);
    let other = SchoolId::from("school-2");
    store.commit(&other, at(0)).await.unwrap();
    assert_eq!(store.standing(&other).await.unwrap().fence, 0);
}
