//! Checks of the removal of a school.

use chrono::DateTime;

use super::outbox::outbox;
use super::{Place, at, get, keys, put, school, standing};
use crate::gegi::Receipt;
use crate::store::{Acknowledgement, Breadcrumb, Commit, Lane, PushId, SchoolId, Standing, Store, TakenPush};

/// Commits something of every kind that a school stores.
async fn fill(store: &dyn Store, school: &SchoolId) {
    let commit = Commit {
        changes: vec![put("key", "1")],
        records: vec!["r1".into(), "r2".into()],
        mails: vec!["m".into()],
        push: Some(TakenPush { id: PushId::new([1; 32]), forget_before: DateTime::UNIX_EPOCH }),
        ..at(9)
    };
    store.commit(school, commit).await.unwrap();
    let refused = Acknowledgement { sequence: 1, receipt: Receipt::Refused("no".into()) };
    store.acknowledge(school, Lane::Records, &[refused]).await.unwrap();
    store.leave_breadcrumb(school, Some(&Breadcrumb { note: "a".into(), times: 1 })).await.unwrap();
}

pub(super) async fn a_removed_school_is_like_one_without_a_commit(place: &impl Place) {
    let store = place.open();
    store.remove(&school()).await.unwrap();
    fill(&*store, &school()).await;
    store.take_over(&school()).await.unwrap();
    store.remove(&school()).await.unwrap();
    drop(store);
    let store = place.open();
    assert_eq!(standing(&*store).await, Standing::default());
    assert_eq!((get(&*store, "key").await, keys(&*store, "", None, 10).await), (None, Vec::new()));
    for lane in Lane::ALL {
        assert_eq!(outbox(&*store, lane).await, []);
        assert_eq!(store.refused(&school(), lane, 0, 10).await.unwrap().len(), 0);
    }
    assert!(!store.has_push(&school(), PushId::new([1; 32])).await.unwrap());
    fill(&*store, &school()).await;
    assert_eq!(standing(&*store).await.commits, 1);
}

pub(super) async fn a_removal_leaves_the_other_schools(place: &impl Place) {
    let (store, other) = (place.open(), SchoolId::from("school-2"));
    fill(&*store, &school()).await;
    fill(&*store, &other).await;
    let before = store.standing(&other).await.unwrap();
    store.remove(&school()).await.unwrap();
    assert_eq!(store.standing(&other).await.unwrap(), before);
    assert_eq!(store.get_many(&other, &["key".to_owned()]).await.unwrap(), [Some(b"1".to_vec())]);
    assert_eq!(store.refused(&other, Lane::Records, 0, 10).await.unwrap().len(), 1);
}
