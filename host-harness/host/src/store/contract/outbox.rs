//! Checks of the outboxes: order, ids, acknowledgements.

use super::{Place, at, school, standing};
use crate::gegi::Receipt;
use crate::store::{Acknowledgement, Commit, Lane, Load, OutboxItem, REFUSED_KEPT, Record, Refusals, SchoolId, Store};

async fn send(store: &dyn Store, records: &[&str], mails: &[&str]) {
    let records = records.iter().map(|text| (*text).into()).collect();
    let mails = mails.iter().map(|text| (*text).to_owned()).collect();
    store.commit(&school(), Commit { records, mails, ..at(0) }).await.unwrap();
}

pub(super) async fn outbox(store: &dyn Store, lane: Lane) -> Vec<OutboxItem> {
    store.outbox(&school(), lane, 0, usize::MAX).await.unwrap()
}

async fn payloads(store: &dyn Store, lane: Lane) -> Vec<(u64, String)> {
    outbox(store, lane).await.into_iter().map(|item| (item.sequence, item.payload)).collect()
}

pub(super) async fn acknowledge(store: &dyn Store, lane: Lane, sequences: &[u64], receipt: Receipt) {
    let acknowledged = |sequence: &u64| Acknowledgement { sequence: *sequence, receipt: receipt.clone() };
    let all: Vec<_> = sequences.iter().map(acknowledged).collect();
    store.acknowledge(&school(), lane, &all).await.unwrap();
}

fn numbered(items: &[(u64, &str)]) -> Vec<(u64, String)> {
    items.iter().map(|(sequence, text)| (*sequence, (*text).to_owned())).collect()
}

pub(super) async fn outboxes_keep_their_order(place: &impl Place) {
    send(&*place.open(), &["r1", "r2"], &["m1"]).await;
    send(&*place.open(), &["r3"], &[]).await;
    send(&*place.open(), &[], &["m2", "m3"]).await;
    let store = place.open();
    assert_eq!(payloads(&*store, Lane::Records).await, numbered(&[(1, "r1"), (2, "r2"), (3, "r3")]));
    assert_eq!(payloads(&*store, Lane::Mails).await, numbered(&[(1, "m1"), (2, "m2"), (3, "m3")]));
    let page = store.outbox(&school(), Lane::Records, 1, 1).await.unwrap();
    assert_eq!(page.iter().map(|item| item.sequence).collect::<Vec<_>>(), [2]);
    assert_eq!(store.outbox(&school(), Lane::Records, 3, 10).await.unwrap(), []);
    let now = standing(&*store).await;
    assert_eq!((now.records, now.mails), (3, 3));
}

pub(super) async fn sequences_are_never_given_twice(place: &impl Place) {
    send(&*place.open(), &["r1", "r2"], &["m1"]).await;
    acknowledge(&*place.open(), Lane::Records, &[1, 2], Receipt::Applied).await;
    let store = place.open();
    assert_eq!(outbox(&*store, Lane::Records).await, []);
    send(&*store, &["r3"], &["m2"]).await;
    assert_eq!(payloads(&*store, Lane::Records).await, numbered(&[(3, "r3")]));
    assert_eq!(payloads(&*store, Lane::Mails).await, numbered(&[(1, "m1"), (2, "m2")]));
}

pub(super) async fn an_id_belongs_to_one_item(place: &impl Place) {
    let mut ids = std::collections::BTreeSet::new();
    for school in ["school-1", "school-2"].map(SchoolId::from) {
        let commit = Commit { records: vec!["{}".into(); 2], mails: vec!["{}".to_owned(); 2], ..at(0) };
        place.open().commit(&school, commit).await.unwrap();
        for lane in Lane::ALL {
            let first = place.open().outbox(&school, lane, 0, 10).await.unwrap();
            let again = place.open().outbox(&school, lane, 0, 10).await.unwrap();
            assert_eq!(first, again, "ids change when the store is opened anew");
            ids.extend(first.into_iter().map(|item| item.id));
        }
    }
    assert_eq!(ids.len(), 8, "two items share an id");
}

pub(super) async fn an_acknowledgement_is_final(place: &impl Place) {
    send(&*place.open(), &["r1", "r2", "r3"], &["m1"]).await;
    let refused = Receipt::Refused("no such class".into());
    acknowledge(&*place.open(), Lane::Records, &[2], Receipt::Applied).await;
    acknowledge(&*place.open(), Lane::Records, &[2, 2], refused.clone()).await;
    acknowledge(&*place.open(), Lane::Records, &[9], refused).await;
    acknowledge(&*place.open(), Lane::Records, &[], Receipt::Applied).await;
    let store = place.open();
    assert_eq!(payloads(&*store, Lane::Records).await, numbered(&[(1, "r1"), (3, "r3")]));
    assert_eq!(payloads(&*store, Lane::Mails).await, numbered(&[(1, "m1")]));
    assert!(store.refused(&school(), Lane::Records, 0, 10).await.unwrap().is_empty());
}

pub(super) async fn the_newest_refused_items_are_kept(place: &impl Place) {
    let commit = Commit { records: vec!["{}".into(); REFUSED_KEPT + 3], mails: vec!["{}".into()], ..at(0) };
    place.open().commit(&school(), commit).await.unwrap();
    let refuse = |lane, sequences: Vec<u64>| async move {
        acknowledge(&*place.open(), lane, &sequences, Receipt::Refused("no such class".into())).await;
    };
    refuse(Lane::Mails, vec![1]).await;
    let last = u64::try_from(REFUSED_KEPT).unwrap() + 3;
    refuse(Lane::Records, (1..last).collect()).await;
    refuse(Lane::Records, vec![last]).await;
    let store = place.open();
    let kept = store.refused(&school(), Lane::Records, 0, 2 * REFUSED_KEPT).await.unwrap();
    assert_eq!((kept.len(), kept[0].item.sequence), (REFUSED_KEPT, 4));
    assert_eq!(store.refused(&school(), Lane::Mails, 0, 10).await.unwrap().len(), 1);
}

pub(super) async fn refused_items_are_kept_with_their_reason(place: &impl Place) {
    send(&*place.open(), &["r1", "r2", "r3"], &[]).await;
    let before = outbox(&*place.open(), Lane::Records).await;
    for sequence in [3, 1] {
        let reason = format!("reason {sequence}");
        acknowledge(&*place.open(), Lane::Records, &[sequence], Receipt::Refused(reason)).await;
    }
    acknowledge(&*place.open(), Lane::Records, &[1, 3], Receipt::Refused("another".into())).await;
    let store = place.open();
    let refused = store.refused(&school(), Lane::Records, 0, 10).await.unwrap();
    let items: Vec<_> = refused.iter().map(|refused| refused.item.clone()).collect();
    assert_eq!(items, [before[0].clone(), before[2].clone()]);
    assert_eq!(refused.iter().map(|refused| refused.reason.as_str()).collect::<Vec<_>>(), ["reason 1", "reason 3"]);
    assert!(store.refused(&school(), Lane::Records, 1, 1).await.unwrap() == refused[1..]);
    assert!(store.refused(&school(), Lane::Mails, 0, 10).await.unwrap().is_empty());
}

pub(super) async fn what_waits_and_what_was_refused_is_counted(place: &impl Place) {
    let counted = |lane| async move {
        let store = place.open();
        (store.load(&school(), lane).await.unwrap(), store.refusals(&school(), lane).await.unwrap())
    };
    let load = |items, bytes| Load { items, bytes };
    let refusals = |kept, latest| Refusals { kept, latest };
    assert_eq!(counted(Lane::Records).await, (load(0, 0), refusals(0, 0)));
    send(&*place.open(), &["é", "12345", "1"], &["1234"]).await;
    assert_eq!(counted(Lane::Records).await, (load(3, 8), refusals(0, 0)));
    assert_eq!(counted(Lane::Mails).await, (load(1, 4), refusals(0, 0)));
    acknowledge(&*place.open(), Lane::Records, &[2], Receipt::Refused("no such class".into())).await;
    acknowledge(&*place.open(), Lane::Records, &[1], Receipt::Applied).await;
    assert_eq!(counted(Lane::Records).await, (load(1, 1), refusals(1, 2)));
    assert_eq!(counted(Lane::Mails).await, (load(1, 4), refusals(0, 0)));
    let other = SchoolId::from("school-2");
    assert_eq!(place.open().load(&other, Lane::Records).await.unwrap(), load(0, 0));
    assert_eq!(place.open().refusals(&other, Lane::Records).await.unwrap(), refusals(0, 0));
}

pub(super) async fn what_is_about_a_subject_is_read_alone(place: &impl Place) {
    let about = |subject: &str, payload: &str| Record { payload: payload.into(), subject: Some(subject.into()) };
    let mut records = vec![about("c1", "1"), "2".into(), about("c2", "3"), about("c1", "4"), about("c11", "5")];
    records.extend((0..500).map(|_| about("c3", "more")));
    place.open().commit(&school(), Commit { records, mails: vec!["c1".into()], ..at(0) }).await.unwrap();
    place.open().commit(&school(), Commit { records: vec![about("c1", "6")], ..at(0) }).await.unwrap();
    let store = place.open();
    let read = |subject: &'static str, after, limit| {
        let store = &store;
        async move { store.outbox_about(&school(), subject, after, limit).await.unwrap() }
    };
    let all = outbox(&*store, Lane::Records).await;
    let of = |sequences: &[u64]| -> Vec<OutboxItem> {
        all.iter().filter(|item| sequences.contains(&item.sequence)).cloned().collect()
    };
    assert_eq!(read("c1", 0, 100).await, of(&[1, 4, 506]));
    assert_eq!(read("c1", 1, 1).await, of(&[4]));
    assert_eq!(read("c1", 506, 100).await, []);
    assert_eq!(read("c2", 0, 100).await, of(&[3]));
    assert_eq!(read("c4", 0, 100).await, []);
    acknowledge(&*store, Lane::Records, &[1, 2, 3, 4], Receipt::Applied).await;
    assert_eq!(read("c1", 0, 100).await, of(&[506]));
    assert_eq!(store.outbox_about(&SchoolId::from("school-2"), "c1", 0, 100).await.unwrap(), []);
}
