//! A school that misbehaves, or whose CourseKey does, beside one that does not.

use std::sync::Arc;
use std::time::Duration;

use expect_test::expect;
use host::clock::SystemClock;
use host::limits::{Limits, Stopwatch};
use host::school::Budget;

use crate::SCHOOL;
use crate::harness::Export::{AttendanceReceived, CourseChanged, Statuses, Tick};
use crate::harness::{Playground, engine};

/// A playground whose clock is the machine's.
fn in_real_time(change: impl FnOnce(&mut Limits)) -> Playground {
    Playground::of(engine(change), |config| config.clock = Arc::new(SystemClock))
}

#[tokio::test]
async fn no_key_leads_to_the_state_of_another_school() {
    let playground = Playground::new();
    let neighbour = playground.neighbour("school-2");
    assert_eq!(neighbour.tick("put-odd\nok").await, "ok");
    expect!["Ok(0) Ok(0)"].assert_eq(&playground.tick("read-odd").await);
    assert_eq!(playground.tick("put-odd\nok").await, "ok");
    assert_eq!(playground.tick("put secret 2\nok").await, "ok");
    expect!["Ok(10) Ok(10)"].assert_eq(&neighbour.tick("read-odd").await);
    assert_eq!(neighbour.tick("read secret").await, "Ok([Some([7])])");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ticks_whose_coursekey_never_answers_do_not_delay_a_short_call() {
    const TICKS: u32 = 32;
    let playground = in_real_time(|limits| limits.sandbox.concurrent_calls = TICKS);
    let budget = Budget { items: 100, seconds: 60 };
    // More than there are places, so that the last ones wait for one.
    let ticks: Vec<_> = (0..TICKS + 3)
        .map(|school| {
            let school = playground.neighbour(&format!("hanging-{school}"));
            let script = format!("send GET {SCHOOL}/silent gegi-campus=main");
            tokio::spawn(async move { school.tick_of(&script, budget).await })
        })
        .collect();
    drop(playground.world.unanswered.acquire_many(TICKS).await.unwrap());
    let watch = Stopwatch::start();
    for export in [Statuses, CourseChanged, AttendanceReceived] {
        assert_eq!(playground.play(export, "ok").await, "ok", "{export:?}");
    }
    assert!(watch.elapsed() < Duration::from_secs(5), "{:?}", watch.elapsed());
    assert!(ticks.iter().all(|tick| !tick.is_finished()));
    ticks.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_tick_that_finds_no_place_for_half_of_its_time_is_not_begun() {
    let playground = in_real_time(|limits| limits.sandbox.concurrent_calls = 1);
    let hanging = playground.neighbour("hanging");
    let script = format!("send GET {SCHOOL}/silent gegi-campus=main");
    let tick = tokio::spawn(async move { hanging.tick_of(&script, Budget { items: 100, seconds: 60 }).await });
    drop(playground.world.unanswered.acquire().await.unwrap());
    expect!["begin the call within 1s: other calls of the school or of this process are in the way; call again later [RepeatLater]"].assert_eq(&playground.tick("crumb a\ntrap").await);
    tick.abort();
    assert!(tick.await.unwrap_err().is_cancelled());
    // It was not begun, so nobody is to blame for it.
    expect!["None"].assert_eq(&playground.tick_of("aborted", Budget { items: 1, seconds: 60 }).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn waiting_for_a_turn_counts_towards_the_time_of_a_short_call() {
    let playground = in_real_time(|limits| limits.sandbox.short_call = Duration::from_secs(2));
    let (first, second) = tokio::join!(playground.play(Statuses, "loop"), playground.play(Statuses, "ok"));
    expect!["finish the call within 2s; the next tick works on one item alone [RepeatSoon]"].assert_eq(&first);
    expect!["begin the call within 1s: other calls of the school or of this process are in the way; call again later [RepeatLater]"].assert_eq(&second);
}

/// What the school does that misbehaves, again and again.
const MISBEHAVIOURS: [&str; 8] = [
    "loop",
    "host-loop",
    "eat-memory",
    "recurse",
    "trap",
    "hoard 1000000",
    "print 100000\nputs 10000 1000\ntrap",
    "burst 10000 GET https://evil.example.net/ gegi-campus=main",
];

/// The calls of a school that does not misbehave, for as long as `goes_on`; the slowest of a hundred.
async fn slowest_of_a_hundred(school: &Playground, goes_on: impl Fn(usize) -> bool) -> (Duration, usize) {
    let mut took = Vec::new();
    while goes_on(took.len()) {
        let export = [Statuses, Tick, AttendanceReceived, CourseChanged][took.len() % 4];
        let watch = Stopwatch::start();
        assert_eq!(school.play(export, "ok").await, "ok", "{export:?}");
        took.push(watch.elapsed());
    }
    took.sort_unstable();
    (took[took.len() * 99 / 100], took.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_calls_of_a_school_go_on_beside_one_that_misbehaves_all_the_time() {
    let hostile = in_real_time(|limits| limits.sandbox.concurrent_calls = 2);
    let school = hostile.neighbour("school-2");
    let (alone, _) = slowest_of_a_hundred(&school, |calls| calls < 200).await;
    let misbehaving = tokio::spawn(async move {
        for script in MISBEHAVIOURS {
            let seen = hostile.tick_of(script, Budget { items: 100, seconds: 1 }).await;
            assert_ne!(seen, "ok", "{script}");
        }
    });
    let (beside, calls) = slowest_of_a_hundred(&school, |_| !misbehaving.is_finished()).await;
    misbehaving.await.unwrap();
    let ratio = beside.as_secs_f64() / alone.as_secs_f64().max(f64::EPSILON);
    println!("p99 alone {alone:?}, of {calls} calls beside misbehaviours {beside:?}: {ratio:.1} times");
    // Builds may share the cores: a bound for calls that hang, not for calls that are slow.
    assert!(calls > 20 && beside < Duration::from_secs(2), "{calls} calls, {beside:?}");
}
