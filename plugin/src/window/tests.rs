//! Sync windows and nights, each from one line of dates and settings.

use expect_test::expect;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{Phase, next_night, sync_window};
use crate::following;
use crate::model::course::{Class, Course};
use crate::model::ids::ClassId;
use crate::model::time::{Instant, LocalDate, Seconds};
use crate::model::zone::Zone;
use crate::settings::{self, Settings};
use crate::testing::{at, course};

/// A course and its settings from a line such as `start 2023-08-28; end 2023-12-20; zone America/New_York; before 3; after
/// 2`. Further words: `completed DATE`, `class INSTANT INSTANT`, `follow DAYS`, `settle MINUTES`. 3 and 2 weeks, UTC and no
/// class unless it says otherwise.
fn read(line: &str) -> (Course, Settings, Zone) {
    let mut course = Course { classes: Vec::new(), ..course("C1") };
    let mut seen = crate::testing::settings();
    let mut zone = Zone::utc();
    for word in line.split("; ") {
        let (name, value) = word.split_once(' ').unwrap();
        let date = || value.parse::<LocalDate>().unwrap();
        match name {
            "start" => course.start_date = date(),
            "end" => course.end_date = date(),
            "completed" => course.completed_date = Some(date()),
            "class" => {
                let (starts, ends) = value.split_once(' ').unwrap();
                course.classes.push(Class { id: ClassId::from(value), starts: at(starts), ends: at(ends) });
            }
            "zone" => zone = Zone::parse(value).unwrap(),
            "before" => seen.weeks_before_start = value.parse().unwrap(),
            "after" => seen.weeks_after_end = value.parse().unwrap(),
            "follow" => seen.follow_adjustments_days = value.parse().unwrap(),
            "settle" => seen.settle_minutes = value.parse().unwrap(),
            _ => panic!("{word}"),
        }
    }
    (course, settings::check(&seen).0, zone)
}

fn window(line: &str) -> String {
    let (course, settings, zone) = read(line);
    let window = sync_window(&course, &settings, zone);
    format!("{line} → {} to {}", window.opens, window.closes)
}

fn table(lines: &[&str]) -> String {
    lines.iter().map(|line| window(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn a_window_holds_whole_days_of_the_campus_the_last_one_included() {
    expect![[r"
        start 2023-08-28; end 2023-12-20; zone UTC → 2023-08-07T00:00:00Z to 2024-01-04T00:00:00Z
        start 2023-08-28; end 2023-12-20; zone America/New_York → 2023-08-07T04:00:00Z to 2024-01-04T05:00:00Z
        start 2023-08-28; end 2023-12-20; zone Pacific/Auckland → 2023-08-06T12:00:00Z to 2024-01-03T11:00:00Z
        start 2023-08-28; end 2023-12-20; zone America/New_York; before 0; after 0 → 2023-08-28T04:00:00Z to 2023-12-21T05:00:00Z"]].assert_eq(&table(&[
        "start 2023-08-28; end 2023-12-20; zone UTC",
        "start 2023-08-28; end 2023-12-20; zone America/New_York",
        "start 2023-08-28; end 2023-12-20; zone Pacific/Auckland",
        "start 2023-08-28; end 2023-12-20; zone America/New_York; before 0; after 0",
    ]));
}

#[test]
fn clock_changes_and_leap_days_move_no_day() {
    expect![[r"
        start 2023-11-20; end 2024-02-15; zone America/New_York → 2023-10-30T04:00:00Z to 2024-03-01T05:00:00Z
        start 2024-03-21; end 2024-10-20; zone Europe/Berlin; before 1; after 1 → 2024-03-13T23:00:00Z to 2024-10-27T23:00:00Z
        start 2024-03-17; end 2024-03-24; zone America/Havana; before 1; after 1 → 2024-03-10T05:00:00Z to 2024-04-01T04:00:00Z
        start 2023-04-02; end 2023-04-02; zone Asia/Beirut; before 1; after 1 → 2023-03-25T22:00:00Z to 2023-04-09T21:00:00Z
        start 2024-11-10; end 2024-11-10; zone America/Havana; before 1; after 0 → 2024-11-03T04:00:00Z to 2024-11-11T05:00:00Z
        start 2011-12-30; end 2011-12-30; zone Pacific/Apia; before 0; after 0 → 2011-12-30T10:00:00Z to 2011-12-30T10:00:00Z"]].assert_eq(&table(&[
        "start 2023-11-20; end 2024-02-15; zone America/New_York",
        "start 2024-03-21; end 2024-10-20; zone Europe/Berlin; before 1; after 1",
        // In Havana and Beirut the clock springs forward at midnight: the day begins at one.
        "start 2024-03-17; end 2024-03-24; zone America/Havana; before 1; after 1",
        "start 2023-04-02; end 2023-04-02; zone Asia/Beirut; before 1; after 1",
        // The clock falls back from one to midnight: midnight comes twice, the first one counts.
        "start 2024-11-10; end 2024-11-10; zone America/Havana; before 1; after 0",
        // Samoa had no 30 December 2011.
        "start 2011-12-30; end 2011-12-30; zone Pacific/Apia; before 0; after 0",
    ]));
}

#[test]
fn a_completed_date_ends_the_course_and_otherwise_the_later_of_end_date_and_last_class() {
    expect![[r"
        start 2023-08-28; end 2023-12-20; completed 2023-11-30; class 2023-12-10T14:00:00Z 2023-12-10T15:00:00Z → 2023-08-07T00:00:00Z to 2023-12-15T00:00:00Z
        start 2023-08-28; end 2023-12-20; completed 2024-01-10 → 2023-08-07T00:00:00Z to 2024-01-25T00:00:00Z
        start 2023-08-28; end 2023-12-20; class 2023-12-10T14:00:00Z 2023-12-10T15:00:00Z → 2023-08-07T00:00:00Z to 2024-01-04T00:00:00Z
        start 2023-08-28; end 2023-12-20; class 2023-12-22T14:00:00Z 2023-12-22T15:00:00Z → 2023-08-07T00:00:00Z to 2024-01-06T00:00:00Z"]].assert_eq(&table(&[
        "start 2023-08-28; end 2023-12-20; completed 2023-11-30; class 2023-12-10T14:00:00Z 2023-12-10T15:00:00Z",
        "start 2023-08-28; end 2023-12-20; completed 2024-01-10",
        "start 2023-08-28; end 2023-12-20; class 2023-12-10T14:00:00Z 2023-12-10T15:00:00Z",
        "start 2023-08-28; end 2023-12-20; class 2023-12-22T14:00:00Z 2023-12-22T15:00:00Z",
    ]));
}

#[test]
fn a_class_until_midnight_is_of_the_day_it_began_and_one_past_midnight_of_the_next() {
    expect![[r"
        start 2023-08-28; end 2023-12-20; zone America/New_York; class 2023-12-22T03:00:00Z 2023-12-22T05:00:00Z → 2023-08-07T04:00:00Z to 2024-01-05T05:00:00Z
        start 2023-08-28; end 2023-12-20; zone America/New_York; class 2023-12-22T03:00:00Z 2023-12-22T05:00:01Z → 2023-08-07T04:00:00Z to 2024-01-06T05:00:00Z"]].assert_eq(&table(&[
        "start 2023-08-28; end 2023-12-20; zone America/New_York; class 2023-12-22T03:00:00Z 2023-12-22T05:00:00Z",
        "start 2023-08-28; end 2023-12-20; zone America/New_York; class 2023-12-22T03:00:00Z 2023-12-22T05:00:01Z",
    ]));
}

#[test]
fn the_first_second_is_inside_and_the_closing_one_is_not() {
    let (course, settings, zone) = read("start 2023-08-28; end 2023-12-20; zone America/New_York");
    let window = sync_window(&course, &settings, zone);
    let phases = [window.opens - Seconds(1), window.opens, window.closes - Seconds(1), window.closes];
    assert_eq!(phases.map(|now| window.phase(now)), [Phase::Before, Phase::Open, Phase::Open, Phase::Over]);
}

#[test]
fn a_course_completed_long_before_it_would_have_started_is_over() {
    let (course, settings, zone) = read("start 2024-08-28; end 2024-12-20; completed 2023-10-01; zone UTC");
    let window = sync_window(&course, &settings, zone);
    let phases = ["2023-10-15T23:59:59Z", "2023-10-16T00:00:00Z", "2024-09-01T00:00:00Z"];
    assert_eq!(phases.map(|now| window.phase(at(now))), [Phase::Over; 3]);
}

#[test]
fn dates_that_are_turned_round_have_a_window_from_the_earlier_to_the_later() {
    let turned = read("start 2023-12-20; end 2023-08-28; zone UTC");
    let right = read("start 2023-08-28; end 2023-12-20; zone UTC");
    let [turned, right] = [turned, right].map(|(course, settings, zone)| sync_window(&course, &settings, zone));
    assert_eq!(turned, right);
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn no_dates_and_no_class_are_too_far_away(
        start in -96_000_000..96_000_000_i32, end in -96_000_000..96_000_000_i32, ends in any::<i64>(),
        before in any::<u32>(), after in any::<u32>(), zone in 0..chrono_tz::TZ_VARIANTS.len(),
    ) {
        let day = |days: i32| LocalDate::from_num_days_from_ce_opt(days).unwrap_or(LocalDate::MAX);
        let (mut course, mut settings, _) = read("follow 7");
        course.start_date = day(start);
        course.end_date = day(end);
        course.classes.push(Class { id: ClassId::from("C1-1"), starts: Instant(0), ends: Instant(ends) });
        (settings.weeks_before, settings.weeks_after) = (before, after);
        let window = sync_window(&course, &settings, Zone::parse(chrono_tz::TZ_VARIANTS[zone].name()).unwrap());
        prop_assert_eq!(window.phase(window.closes), Phase::Over);
        prop_assert!(following::until(&course, &settings).is_some_and(|until| until >= Instant(ends)));
    }
}

#[test]
fn the_next_night_begins_three_hours_after_midnight() {
    let night = |now| next_night(Zone::parse("America/New_York").unwrap(), at(now)).to_string();
    expect!["2023-08-20T07:00:00Z"].assert_eq(&night("2023-08-20T06:59:59Z"));
    expect!["2023-08-21T07:00:00Z"].assert_eq(&night("2023-08-20T07:00:00Z"));
    // On this night the clocks fall back at two.
    expect!["2023-11-05T07:00:00Z"].assert_eq(&night("2023-11-04T12:00:00Z"));
}
