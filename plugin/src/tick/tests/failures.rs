//! Failures: how each of CourseKey's answers changes the next tick (DESIGN §5, the table of answers).

use std::collections::VecDeque;

use expect_test::expect;

use crate::model::ids::CourseId;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, record, synchronized};
use crate::tick::{self, Budget};
use crate::world::network::Unheard;
use crate::world::{Aborted, StorageError};

fn with_fault(list: &str, fault: Result<(u16, &'static str), Unheard>, times: usize) -> Fake {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.faults.insert(list.to_owned(), VecDeque::from(vec![fault; times]));
    world.save(course("C1"));
    world
}

#[test]
fn a_busy_coursekey_is_tried_again_on_a_later_tick_and_failed_after_three() {
    let mut world = with_fault("courses", Ok((503, "")), 3);
    expect![[r#"
        teacher I1 instructor1@example.edu
        courses: Ok((503, ""))"#]]
    .assert_eq(&world.settle());
    expect!["C1 Scheduled (first synchronization in progress)"].assert_eq(&world.statuses());
    world.later(Seconds(300));
    world.later(Seconds(3_600));
    expect!["C1 Failed (nothing could be sent since 2023-08-20 08:00 EDT: CourseKey answered HTTP 503)"]
        .assert_eq(&world.statuses());
    assert!(world.later(Seconds(3_600)).contains("enroll S3 in C1"));
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
}

#[test]
fn an_answer_that_cannot_be_read_is_an_error_and_not_a_success() {
    for body in
        ["", "{}", r#"{"results":[]}"#, r#"{"results":[{"key":{"issuedId":"I9"},"outcome":"created"}]}"#, "not json"]
    {
        let mut world = with_fault("users", Ok((200, body)), 1);
        assert!(!world.settle().contains("course C1"), "{body}");
        assert!(world.later(Seconds(300)).contains("course C1"), "{body}");
    }
}

/// A tick reads GEGI's settings, lists its courses, fetches some, and asks for the marks of classes.
#[test]
fn a_gegi_that_does_not_answer_ends_the_call_and_is_asked_again() {
    let mut answers = 0;
    let reads_of_all = loop {
        let mut world = synchronized();
        world.gegi.insert(CourseId::from("C2"), course("C2"));
        let visits = [("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))];
        world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:10Z", &visits)];
        world.now = at("2023-08-28T16:05:00Z");
        world.gegi_answers = Some(answers);
        match tick::on_tick(&mut world, Budget { items: 10_000, seconds: 60 }) {
            Ok(report) => break (answers, report.marks_written),
            Err(error) => assert_eq!(error, StorageError::GegiUnavailable("GEGI is down".to_owned())),
        }
        answers += 1;
    };
    assert_eq!(reads_of_all, (5, 1), "settings, list, one course and the marks of two classes");
}

#[test]
fn what_was_not_heard_is_sent_again() {
    for unheard in [Unheard::TimedOut, Unheard::Cut, Unheard::TooLarge, Unheard::Unreachable] {
        let mut world = with_fault("sessions", Err(unheard), 1);
        assert!(!world.settle().contains("class C1-1"));
        assert!(world.later(Seconds(300)).contains("class C1-1"));
    }
}

#[test]
fn a_batch_that_is_refused_is_halved_until_the_culprit_is_alone() {
    let mut world = with_fault("enrollments", Ok((400, "")), 2);
    world.settle();
    // Three batches of enrolments: all three enrolments refused, the first alone refused, the other two taken.
    expect!["C1 Failed (1 of 3 enrollments: refused by CourseKey (refused))"].assert_eq(&world.statuses());
}

#[test]
fn refused_credentials_stop_the_campus_until_they_change_or_an_hour_has_passed() {
    let mut world = with_fault("users", Ok((401, "")), 1);
    world.settle();
    expect!["C1 Failed (nothing could be sent since 2023-08-20 08:00 EDT: CourseKey refused the campus's credentials (HTTP 401))"].assert_eq(&world.statuses());
    assert_eq!(world.later(Seconds(300)), "");
    world.settings.campuses[0].credentials_generation = 2;
    assert!(world.later(Seconds(300)).contains("enroll S3 in C1"));

    let mut world = with_fault("users", Ok((403, "")), 1);
    world.settle();
    assert_eq!(world.later(Seconds(1_800)), "");
    assert!(world.later(Seconds(1_800)).contains("enroll S3 in C1"));
}

#[test]
fn a_wrong_zone_stops_the_campus_before_anything_is_sent() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.zone = Some("America/Denver".to_owned());
    world.save(course("C1"));
    assert_eq!(world.settle(), "");
    expect!["C1 Failed (nothing could be sent since 2023-08-20 08:00 EDT: CourseKey's time zone is America/Denver, not America/New_York)"].assert_eq(&world.statuses());
}

#[test]
fn a_zone_under_another_of_its_names_stops_nothing() {
    for name in ["US/Eastern", "america/new_york"] {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        world.coursekey.zone = Some(name.to_owned());
        world.save(course("C1"));
        assert!(world.settle().contains("enroll S3 in C1"), "{name}");
    }
}

#[test]
fn a_zone_that_nobody_knows_is_told_as_it_was_given() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.zone = Some("Eastern Time".to_owned());
    world.save(course("C1"));
    assert_eq!(world.settle(), "");
    expect!["C1 Failed (nothing could be sent since 2023-08-20 08:00 EDT: CourseKey's time zone is “Eastern Time”, which is not an IANA time zone, and not America/New_York)"].assert_eq(&world.statuses());
}

#[test]
fn a_campus_whose_zone_is_written_differently_is_sent_nothing_anew() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    world.settings.campuses[0].zone = "US/Eastern".to_owned();
    assert_eq!(world.later(Seconds(300)), "");
    assert!(world.statuses().contains("Synchronized"));
}

#[test]
fn a_course_that_coursekey_forgot_is_sent_again_whole() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.classes[0].ends = changed.classes[0].ends + Seconds(600);
    world.coursekey.refuses.insert("C1-1".to_owned(), "unknown_course".to_owned());
    world.save(changed);
    world.settle();
    world.coursekey.refuses.clear();
    let again = world.later(Seconds(300));
    assert!(again.contains("course C1 by") && again.contains("class C1-2") && again.contains("enroll S3"), "{again}");
}

#[test]
fn an_item_is_set_aside_by_a_tick_that_does_nothing_else() {
    // A tick that goes on to the next item that aborts would undo the setting aside, for ever.
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    for id in ["C1", "C2", "C3"] {
        world.save(course(id));
    }
    for id in ["C1", "C2"] {
        world.aborted = Some(Aborted { note: format!("course/{id}"), times: 3 });
        assert!(tick::on_tick(&mut world, Budget { items: 1, seconds: 60 }).unwrap().more_work);
        assert!(world.coursekey.log.is_empty() && world.coursekey.requests.is_empty());
        world.aborted = None;
    }
    assert!(world.settle().contains("course C3"));
    assert!(!world.coursekey.log.join("\n").contains("course C1"));
}

#[test]
fn a_course_that_aborts_three_calls_is_set_aside_and_the_others_go_on() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.save(course("C2"));
    world.aborted = Some(Aborted { note: "course/C1".to_owned(), times: 3 });
    for _ in 0..10 {
        tick::on_tick(&mut world, Budget { items: 1, seconds: 60 }).unwrap();
    }
    let log = world.coursekey.log.join("\n");
    assert!(log.contains("course C2") && !log.contains("course C1"), "{log}");
    assert!(
        world.statuses().contains("C1 Failed (working on course C1 was aborted 3 times in a row)"),
        "{}",
        world.statuses()
    );
}

#[test]
fn a_refused_poll_is_left_alone_for_longer_each_time() {
    for status in [400, 410, 422] {
        let mut world = with_fault("attendance", Ok((status, "")), 100);
        world.settle();
        world.now = at("2023-08-28T13:00:00Z");
        for _ in 0..12 {
            world.later(Seconds(300));
        }
        let polls = world.coursekey.requests.get("attendance").copied().unwrap_or_default();
        assert!((2..=5).contains(&polls), "{polls} polls in an hour");
    }
}

#[test]
fn a_second_or_less_still_gets_something_done() {
    for seconds in [0, 1] {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        world.save(course("C1"));
        for _ in 0..5 {
            tick::on_tick(&mut world, Budget { items: 10_000, seconds }).unwrap();
        }
        assert_eq!(world.statuses(), "C1 Synchronized");
    }
}

#[test]
fn a_budget_of_one_item_still_gets_everything_done() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.save(course("C2"));
    for _ in 0..20 {
        tick::on_tick(&mut world, Budget { items: 1, seconds: 60 }).unwrap();
    }
    expect![[r#"
        C1 Synchronized
        C2 Synchronized"#]]
    .assert_eq(&world.statuses());
}

/// A host need not know that it should give one item after a tick that was aborted.
#[test]
fn after_an_aborted_tick_one_item_is_taken_whatever_the_budget() {
    let sent = |aborted: Option<Aborted>| {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        world.save(course("C1"));
        world.save(course("C2"));
        world.aborted = aborted;
        let report = world.tick();
        (world.state.keys().filter(|key| key.starts_with("page/")).count(), report.more_work)
    };
    let nameless = Aborted { note: String::new(), times: 3 };
    let (all, one) = (sent(None), sent(Some(nameless)));
    assert_eq!((all.0, one), (2, (1, true)), "courses that were taken on");
}
