//! Which courses are followed, from when until when.

use expect_test::expect;

use super::*;
use crate::ledger::{CourseContent, Owner};
use crate::model::course::HoursType;
use crate::model::ids::SchoolNumber;
use crate::model::sorted::SortedSet;
use crate::testing::{at, course};

fn settings(follow_days: u32, settle_minutes: u32) -> Settings {
    let mut seen = crate::testing::settings();
    (seen.follow_adjustments_days, seen.settle_minutes) = (follow_days, settle_minutes);
    crate::settings::check(&seen).0
}

fn ledger(acknowledged: bool) -> CourseLedger {
    let mut ledger = CourseLedger::begin(SchoolNumber(100), at("2023-08-20T12:00:00Z"));
    if acknowledged {
        let course = course("C1");
        ledger.course.acknowledge(CourseContent {
            name: "NURS".to_owned(),
            title: course.title,
            start_date: course.start_date,
            end_date: course.end_date,
            zone: "America/New_York".to_owned(),
            owner: Owner::Named("owner@example.edu".to_owned()),
            instructors: SortedSet::new(),
            hours_type: HoursType::ClassSchedule,
        });
    }
    ledger
}

/// The course of the tests has classes on 2023-08-28 and, until 16:00, on 2023-09-04.
fn on(now: &str, acknowledged: bool, followed: bool, ever: bool) -> Following {
    following(&course("C1"), &ledger(acknowledged), SoFar { followed, ever }, &settings(7, 60), at(now))
}

#[test]
fn a_course_is_followed_from_the_day_before_its_first_class_until_everything_was_read() {
    let (before, begun) = ("2023-08-27T12:59:59Z", "2023-08-27T13:00:00Z");
    // 28 days after the follow-up days.
    let (last, over) = ("2023-10-09T16:00:00Z", "2023-10-09T16:00:01Z");
    for (now, acknowledged, followed, ever, wanted) in [
        (before, true, false, false, Following::No),
        (begun, false, false, false, Following::No),
        (begun, true, false, false, Following::Yes),
        (last, true, true, true, Following::Yes),
        (over, true, true, true, Following::LastTime),
        (over, true, false, true, Following::No),
        (over, true, false, false, Following::Yes),
        (over, false, true, true, Following::No),
        // The first class was moved.
        (before, true, true, true, Following::No),
    ] {
        assert_eq!(on(now, acknowledged, followed, ever), wanted, "{now} {acknowledged} {followed} {ever}");
    }
}

#[test]
fn attendance_is_followed_for_whole_days_after_the_last_class_the_last_second_included() {
    let last = |follow, settle| until(&course("C1"), &settings(follow, settle)).unwrap().to_string();
    expect!["2023-09-11T16:00:01Z"].assert_eq(&last(7, 60));
    expect!["2023-09-04T17:00:01Z"].assert_eq(&last(0, 60));
    let mut without = course("C1");
    without.classes.clear();
    assert_eq!((from(&without), until(&without, &settings(7, 60))), (None, None));
}
