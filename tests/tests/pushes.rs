//! Pushes through the real component and a real host on SQLite: an unsigned push leaves no trace, a repeated push is
//! taken once, also after a restart of the host, and the marks are the same whichever pushes are lost, doubled or
//! overtaken. And what a tick makes of an operation in the outbox that it cannot read.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::needless_raw_string_hashes)]

#[path = "pushes/school.rs"]
mod school;

use chrono::{DateTime, TimeDelta};
use expect_test::expect;
use host::push::{Push, Refusal};
use host::school::{AfterStep, Budget, CallFailure, NextTurn, PushOutcome};
use school::{Played, at, signed_anew, tampered};

#[tokio::test]
async fn a_push_is_taken_once_however_often_it_comes_and_whoever_has_died_meanwhile() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    played.go_to("15:55:00").await;
    let (campus, push) = played.pushed().remove(0);
    let taken = played.school.attendance_received(&campus, push.clone()).await.unwrap();
    assert!(matches!(&taken, PushOutcome::Taken(records) if records.taken > 3), "{taken:?}");
    assert_eq!(played.school.attendance_received(&campus, push.clone()).await.unwrap(), PushOutcome::Repeated);
    played.restart();
    assert_eq!(played.school.attendance_received(&campus, push).await.unwrap(), PushOutcome::Repeated);
}

#[tokio::test]
async fn a_push_that_is_signed_anew_is_known_for_a_week() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    played.go_to("15:55:00").await;
    let (campus, push) = played.pushed().remove(0);
    let again = |days: i64| {
        let now = at("15:55:00") + TimeDelta::days(days);
        (now, signed_anew(&campus, &push, now))
    };
    let (later, much_later) = (again(6), again(8));
    assert!(matches!(played.school.attendance_received(&campus, push).await.unwrap(), PushOutcome::Taken(_)));
    played.clock.advance_to(later.0);
    assert_eq!(played.school.attendance_received(&campus, later.1).await.unwrap(), PushOutcome::Repeated);
    played.clock.advance_to(much_later.0);
    let other = played.pushed().remove(0).1;
    played.school.attendance_received(&campus, other).await.unwrap();
    // The push is forgotten by now and is taken again, but its records say nothing new.
    assert!(matches!(played.school.attendance_received(&campus, much_later.1).await.unwrap(), PushOutcome::Taken(_)));
}

#[tokio::test]
async fn a_push_that_is_not_to_be_believed_leaves_no_trace() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    played.go_to("15:55:00").await;
    let before = played.stored().await;
    let (campus, push) = played.pushed().remove(0);
    let late = Push { timestamp: (at("15:55:00").timestamp() - 301).to_string(), ..push.clone() };
    let mut said = Vec::new();
    for (campus, push) in [
        ("main", tampered(&push)),
        ("main", Push { signature: String::new(), ..push.clone() }),
        ("main", late),
        ("north", push.clone()),
        ("nowhere", push.clone()),
    ] {
        let failure = played.school.attendance_received(campus, push).await.unwrap_err();
        said.push(format!("{} {failure}", failure.status()));
        assert!(matches!(failure, CallFailure::Push(_)));
    }
    expect![[r#"
        401 take a push: no key of campus "main" signed it; compare the push key with CourseKey's
        400 take a push: its webhook-signature header is not of the form that Standard Webhooks gives it
        401 take a push: it was signed 301 s away from this host's time; correct the clock that is wrong
        401 take a push: no key of campus "north" signed it; compare the push key with CourseKey's
        401 take a push: campus "nowhere" has no push key; enter the one that CourseKey signs with"#]]
    .assert_eq(&said.join("\n"));
    assert_eq!(played.stored().await, before);
    // The push that was refused for the other campus is taken for its own.
    assert!(matches!(played.school.attendance_received(&campus, push).await.unwrap(), PushOutcome::Taken(_)));
}

#[tokio::test]
async fn a_push_that_cannot_be_read_is_refused_and_may_be_sent_again_mended() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    played.go_to("15:55:00").await;
    let (before, unreadable) = (played.stored().await, played.signed("main", "msg_1", "not JSON"));
    let failure = played.school.attendance_received("main", unreadable.clone()).await.unwrap_err();
    assert_eq!(failure.status(), 400, "{failure}");
    assert_eq!(played.stored().await, before);
    let failure = played.school.attendance_received("main", unreadable).await.unwrap_err();
    assert!(!matches!(failure, CallFailure::Push(Refusal::UnknownSignature(_))), "it was not remembered: {failure}");
}

#[tokio::test]
async fn a_key_is_replaced_without_losing_a_push() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    played.go_to("15:55:00").await;
    let (campus, push) = played.pushed().remove(0);
    played.keys.replace(&campus, "new", Some(&campus));
    assert!(matches!(played.school.attendance_received(&campus, push.clone()).await.unwrap(), PushOutcome::Taken(_)));
    played.keys.replace(&campus, "new", None);
    let failure = played.school.attendance_received(&campus, push).await.unwrap_err();
    assert!(matches!(failure, CallFailure::Push(Refusal::UnknownSignature(_))), "{failure}");
}

/// Which of the pushes arrive, each of which holds one record in the version of its moment.
#[derive(Debug, Clone, Copy)]
enum Arrival {
    Never,
    AsSent,
    EachTwice,
    /// The newest push first, so that older versions arrive after newer ones.
    Backwards,
    /// Every second push, a day late.
    HalfAndLate,
}

/// How often a day pushes arrive; a tick follows a little later.
const STEPS_PER_DAY: i32 = 8;

#[tokio::test]
async fn lost_doubled_and_overtaken_pushes_end_in_the_same_marks_as_none() {
    let mut ends = Vec::new();
    for arrival in [Arrival::Never, Arrival::AsSent, Arrival::EachTwice, Arrival::Backwards, Arrival::HalfAndLate] {
        let folder = tempfile::tempdir().unwrap();
        let mut played = Played::new(&folder).await;
        let mut sent = Vec::new();
        for step in 0..12 * STEPS_PER_DAY {
            let now = at("08:07:00") + TimeDelta::days(1) / STEPS_PER_DAY * step;
            played.clock.advance_to(now);
            played.let_requests_fail(0);
            let pushes = played.pushed_one_by_one();
            played.let_requests_fail(250_000);
            match arrival {
                Arrival::Never => {}
                Arrival::AsSent => played.receive(pushes.clone()).await,
                Arrival::EachTwice => {
                    for push in pushes.clone() {
                        played.receive([push.clone(), push]).await;
                    }
                }
                Arrival::Backwards | Arrival::HalfAndLate => sent.extend(pushes.clone()),
            }
            if step % STEPS_PER_DAY == STEPS_PER_DAY - 1 {
                let late = std::mem::take(&mut sent);
                let late = late.into_iter().map(|(campus, push)| {
                    let push = signed_anew(&campus, &push, now);
                    (campus, push)
                });
                match arrival {
                    Arrival::Backwards => played.receive(late.rev().collect::<Vec<_>>()).await,
                    Arrival::HalfAndLate => played.receive(late.step_by(2).collect::<Vec<_>>()).await,
                    _ => {}
                }
            }
            played.tick_at(now + TimeDelta::minutes(3)).await;
        }
        let (taken, held) = (played.taken, played.held().await);
        assert_eq!(taken == 0, matches!(arrival, Arrival::Never), "{arrival:?}");
        ends.push((arrival, held));
    }
    let (_, first) = &ends[0];
    assert!(first.matches("\"mark\"").count() > 20, "{first}");
    for (arrival, end) in &ends[1..] {
        assert_eq!(end, first, "{arrival:?}");
    }
}

#[tokio::test]
async fn a_school_at_rest_is_not_ticked_until_a_push_comes_or_its_time_has_come() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    played.go_to("15:55:00").await;
    let (campus, push) = played.pushed().remove(0);
    // A turn that commits nothing brings the school to rest.
    played.go_to("15:55:00").await;
    assert_eq!(played.turn().await.ticks, 0);
    played.school.attendance_received(&campus, push).await.unwrap();
    assert_eq!(played.turn().await.ticks, 1);
    played.go_to("15:55:00").await;
    let resting = played.turn().await;
    let NextTurn::At(due) = resting.next else { panic!("{resting:?}") };
    assert_eq!(resting.ticks, 0);
    played.clock.advance_to(DateTime::from_timestamp(due - 1, 0).unwrap());
    assert_eq!(played.turn().await.ticks, 0);
    played.clock.advance_to(DateTime::from_timestamp(due, 0).unwrap());
    assert!(played.turn().await.ticks > 0);
}

#[tokio::test]
async fn a_step_is_one_tick_and_a_school_at_rest_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    let step = async |played: &Played| played.school.step(Budget { items: 10_000, seconds: 120 }).await.unwrap();
    played.clock.advance_to(at("15:55:00"));
    let first = step(&played).await;
    assert!(first.tick.is_some() && first.delivered.is_whole(), "{first:?}");
    // A step that commits nothing brings the school to rest, and a turn does so for steps too.
    let mut resting = step(&played).await;
    while resting.tick.is_some() {
        resting = step(&played).await;
    }
    assert!(matches!(resting.after, AfterStep::Rests(NextTurn::At(due)) if due > at("15:55:00").timestamp()));
    let (campus, push) = played.pushed().remove(0);
    played.school.attendance_received(&campus, push).await.unwrap();
    assert!(step(&played).await.tick.is_some());
    played.go_to("15:55:00").await;
    played.go_to("15:55:00").await;
    assert!(step(&played).await.tick.is_none());
}

#[tokio::test]
async fn an_operation_of_a_later_version_keeps_its_own_class_waiting_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut played = Played::new(&folder).await;
    played.leave_of_later_version("C1-28").await;
    played.go_to("18:00:00").await;
    played.tick_at(at("18:00:00") + TimeDelta::days(1)).await;
    let held = played.held().await;
    let (marks, rows): (Vec<&str>, Vec<&str>) = held.lines().partition(|line| line.contains("\"mark\""));
    let of = |class: &str| marks.iter().filter(|line| line.contains(&format!("\"{class}\""))).count();
    assert_eq!((of("C1-28"), of("C1-29") > 5), (0, true), "{held}");
    assert!(rows.iter().any(|line| line.contains("\"C2-28\"")), "{held}");
    // What aborts three ticks is set aside, and told.
    assert!(rows.contains(&"aborted-repeatedly Some(\"C1-28\") None"), "{held}");
}
