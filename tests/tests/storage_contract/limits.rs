//! Limits on what a call may read and stage.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use host::gegi::Receipt;
use host::limits::StorageLimits;
use host::observer::NoObserver;
use host::store::{Acknowledgement, EmailError, Lane, RecordsError, Schools, StateError};

use crate::bench::{Bench, delete, journal, mail, put, scan, school};

#[tokio::test]
async fn keys_and_values_beyond_their_limits_are_refused_and_nothing_of_the_batch_is_staged() {
    let bench = Bench::with_limits(StorageLimits { value_bytes: 8, changes_per_call: 3, ..StorageLimits::default() });
    let mut tick = bench.tick().await;
    let refused = tick.apply(vec![put("a", "1"), put("", "1")]).await.unwrap_err();
    assert_eq!(refused, StateError::BadKey(512));
    assert_eq!(tick.apply(vec![put(&"k".repeat(513), "")]).await.unwrap_err(), StateError::BadKey(512));
    let refused = tick.apply(vec![put("a", "1"), put("b", "123456789")]).await.unwrap_err();
    assert_eq!(refused, StateError::ValueTooLarge(8));
    tick.apply(vec![put(&"k".repeat(512), "12345678"), delete("x")]).await.unwrap();
    let refused = tick.apply(vec![put("a", "1"), put("b", "1")]).await.unwrap_err();
    assert_eq!(refused, StateError::TooMuch("one call makes at most 3 changes; make fewer".into()));
    assert_eq!(scan(&tick, "").await.len(), 1);
}

#[tokio::test]
async fn a_school_that_is_full_may_shrink_and_replace_but_not_grow() {
    let bench = Bench::with_limits(StorageLimits { state_bytes: 10, state_keys: 3, ..StorageLimits::default() });
    bench.write(vec![put("a", "1234"), put("b", "12")]).await;
    let mut tick = bench.tick().await;
    let full = StateError::QuotaExceeded(10);
    assert_eq!(tick.apply(vec![put("c", "12")]).await.unwrap_err(), full);
    assert_eq!(tick.apply(vec![put("c", ""), put("d", "")]).await.unwrap_err(), full, "keys");
    tick.apply(vec![put("a", "123"), put("c", "12"), delete("c"), put("c", "1")]).await.unwrap();
    assert_eq!(tick.apply(vec![put("b", "1234")]).await.unwrap_err(), full, "what is staged counts");
    tick.apply(vec![delete("a")]).await.unwrap();
    tick.apply(vec![put("b", "123456")]).await.unwrap();
    tick.commit().await.unwrap();
    let now = bench.gate().standing().await.unwrap();
    assert_eq!((now.keys, now.bytes), (2, 9));
}

#[tokio::test]
async fn a_school_beyond_a_limit_that_was_lowered_may_still_shrink() {
    let bench = Bench::new();
    bench.write(vec![put("a", "1234"), put("b", "12")]).await;
    let limits = StorageLimits { state_bytes: 3, ..StorageLimits::default() };
    let schools = Schools::new(bench.store.clone(), bench.clock.clone(), limits, Arc::new(NoObserver));
    let mut tick = schools.gate(&school()).begin_tick().await.unwrap();
    tick.apply(vec![put("a", "12")]).await.unwrap();
    assert_eq!(tick.apply(vec![put("a", "123")]).await.unwrap_err(), StateError::QuotaExceeded(3));
}

#[tokio::test]
async fn reads_are_limited_in_entries_and_bytes() {
    let bench = Bench::with_limits(StorageLimits { read_entries: 300, read_bytes: 3_000, ..StorageLimits::default() });
    let key = |n: u32| format!("{n:03}");
    bench.write((0..250).map(|n| put(&key(n), "12345678")).collect()).await;
    let mut tick = bench.tick().await;
    assert_eq!(tick.scan("", None, 300).await.unwrap().len(), 250);
    let keys: Vec<String> = (0..300).map(key).collect();
    assert_eq!(tick.get_many(&keys).await.unwrap().iter().flatten().count(), 250);
    let many = StateError::TooMuch("one read gives at most 300 entries; ask for fewer".into());
    assert_eq!(tick.scan("", None, 301).await.unwrap_err(), many);
    assert_eq!(tick.get_many(&vec!["000".into(); 301]).await.unwrap_err(), many);
    tick.apply((0..250).map(|n| put(&key(n), "1234567890123")).collect()).await.unwrap();
    let large = StateError::TooMuch("one read gives at most 3000 bytes; ask for fewer entries".into());
    assert_eq!(tick.scan("", None, 300).await.unwrap_err(), large);
    assert_eq!(tick.get_many(&keys).await.unwrap_err(), large);
    assert_eq!(tick.scan("", None, 100).await.unwrap().len(), 100);
}

#[tokio::test]
async fn operations_and_mails_are_limited() {
    let limits = StorageLimits { operations_per_call: 2, mails_per_hour: 3, ..StorageLimits::default() };
    let bench = Bench::with_limits(limits);
    let mut tick = bench.tick().await;
    tick.stage(vec![journal("1")]).unwrap();
    assert_eq!(tick.stage(vec![journal("2"), journal("3")]).unwrap_err(), RecordsError::TooMany(2));
    tick.stage(vec![journal("2")]).unwrap();
    for _ in 0..2 {
        tick.queue(mail("issues")).unwrap();
    }
    tick.commit().await.unwrap();
    let mut tick = bench.tick().await;
    tick.queue(mail("issues")).unwrap();
    assert_eq!(tick.queue(mail("issues")).unwrap_err(), EmailError::QuotaExceeded);
    bench.clock.advance(std::time::Duration::from_hours(1));
    tick.queue(mail("issues")).unwrap();
    tick.commit().await.unwrap();
    let standing = bench.gate().standing().await.unwrap();
    assert_eq!((standing.records, standing.mails, standing.mails_in_hour(now(3_600))), (2, 4, 2));
}

#[tokio::test]
async fn what_may_wait_is_limited_in_items_and_bytes_and_is_counted_again_when_something_was_taken() {
    let limits = StorageLimits { records_waiting: 5, mails_waiting: 2, ..StorageLimits::default() };
    let bench = Bench::with_limits(limits);
    let filled = |lane| {
        let bench = &bench;
        async move {
            let standing = bench.gate().standing().await.unwrap();
            bench.gate().filled_percent(lane, &standing).await.unwrap()
        }
    };
    for (records, percent) in [(3, 60), (1, 80), (2, 120)] {
        let mut tick = bench.tick().await;
        assert!(!tick.records_are_full());
        tick.stage((0..records).map(|_| journal("1")).collect()).unwrap();
        tick.commit().await.unwrap();
        assert_eq!(filled(Lane::Records).await, percent);
    }
    assert!(bench.tick().await.records_are_full());
    let mut short = bench.short().await;
    short.apply(vec![put("a", "1")]).await.unwrap();
    short.stage(vec![journal("1")]).unwrap();
    short.queue(mail("issues")).unwrap();
    short.commit().await.unwrap();
    let taken = [1, 2, 3].map(|sequence| Acknowledgement { sequence, receipt: Receipt::Applied });
    bench.store.acknowledge(&school(), Lane::Records, &taken).await.unwrap();
    assert_eq!((filled(Lane::Records).await, bench.tick().await.records_are_full()), (80, false));

    let mut tick = bench.tick().await;
    tick.queue(mail("issues")).unwrap();
    assert_eq!(tick.queue(mail("issues")).unwrap_err(), EmailError::QuotaExceeded, "one waits already");
    tick.commit().await.unwrap();
    assert_eq!(bench.tick().await.queue(mail("issues")).unwrap_err(), EmailError::QuotaExceeded);

    let bench = Bench::with_limits(StorageLimits { waiting_bytes: 500, ..StorageLimits::default() });
    for full in [false, true] {
        let mut tick = bench.tick().await;
        assert_eq!(tick.records_are_full(), full);
        tick.stage(vec![journal(&"x".repeat(500))]).unwrap();
        tick.commit().await.unwrap();
    }
}

fn now(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}
