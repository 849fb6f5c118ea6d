//! The rows of the attendance log that a record makes.

use expect_test::expect;

use super::timeline::{logged, logged_together};

fn table(lines: &[&str]) -> String {
    lines.iter().map(|line| logged(line)).collect()
}

#[test]
fn every_visit_with_a_check_out_is_a_row_at_once() {
    expect![[r"
        class 09:00-16:00; in 08:55; out 12:00; in 12:45; out 16:00:59
            rows 1: 2023-08-28T08:55:00Z to 2023-08-28T12:00:00Z, 185 min | 2: 2023-08-28T12:45:00Z to 2023-08-28T16:00:59Z, 195 min; nothing
        class 09:00-16:00; in 08:55; out 12:00; now 12:05
            rows 1: 2023-08-28T08:55:00Z to 2023-08-28T12:00:00Z, 185 min; nothing
        class 09:00-16:00; in 09:00; out 09:00:59
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T09:00:59Z, 0 min; nothing
        class 09:00-16:00; now 12:00
            rows ; nothing
    "]].assert_eq(&table(&[
        "class 09:00-16:00; in 08:55; out 12:00; in 12:45; out 16:00:59",
        "class 09:00-16:00; in 08:55; out 12:00; now 12:05",
        "class 09:00-16:00; in 09:00; out 09:00:59",
        "class 09:00-16:00; now 12:00",
    ]));
}

#[test]
fn an_open_visit_waits_keeps_its_number_and_is_reported_in_the_end() {
    expect![[r#"
        class 09:00-16:00; in 08:55; now 12:00
            rows ; wait until 2023-08-28T17:00:00Z
        class 09:00-16:00; in 08:55; in 12:45; out 16:00; now 16:30
            rows 2: 2023-08-28T12:45:00Z to 2023-08-28T16:00:00Z, 195 min; wait until 2023-08-28T17:00:00Z
        class 09:00-16:00; in 08:55; in 12:45; out 16:00; now 17:00
            rows 2: 2023-08-28T12:45:00Z to 2023-08-28T16:00:00Z, 195 min; NeverCheckedOut: checked in 5 min before the start and never out
        class 09:00-16:00; in 08:55; out 12:00; in 12:45; now 17:00
            rows 1: 2023-08-28T08:55:00Z to 2023-08-28T12:00:00Z, 185 min; NeverCheckedOut: checked in 225 min after the start and never out
    "#]].assert_eq(&table(&[
        "class 09:00-16:00; in 08:55; now 12:00",
        "class 09:00-16:00; in 08:55; in 12:45; out 16:00; now 16:30",
        "class 09:00-16:00; in 08:55; in 12:45; out 16:00; now 17:00",
        "class 09:00-16:00; in 08:55; out 12:00; in 12:45; now 17:00",
    ]));
}

#[test]
fn what_staff_do_in_coursekey() {
    expect![[r#"
        class 09:00-16:00; in 08:55; out 12:00; edit
            rows 1: 2023-08-28T08:55:00Z to 2023-08-28T12:00:00Z, 185 min; nothing
        class 09:00-16:00; in 08:55; out 12:00; award-full; now 15:59:59
            rows 1: 2023-08-28T08:55:00Z to 2023-08-28T12:00:00Z, 185 min; wait until 2023-08-28T16:00:00Z
        class 09:00-16:00; in 08:55; out 12:00; award-full; now 16:00
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T16:00:00Z, 420 min; nothing
        class 09:00-16:00; in 08:55; out 12:00; remove-all
            rows ; nothing
        class 09:00-16:00; in 08:55; out 12:00; override 200
            rows 1: 2023-08-28T08:55:00Z to 2023-08-28T12:15:00Z, 200 min; nothing
        class 09:00-16:00; in 08:55; override 200
            rows 1: 2023-08-28T08:55:00Z to 2023-08-28T12:15:00Z, 200 min; nothing
        class 09:00-16:00; override 200
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T12:20:00Z, 200 min; nothing
        class 09:00-16:00; override -5
            rows ; RecordUnreadable: record r1 is overridden without times and without awarded time
    "#]]
    .assert_eq(&table(&[
        "class 09:00-16:00; in 08:55; out 12:00; edit",
        "class 09:00-16:00; in 08:55; out 12:00; award-full; now 15:59:59",
        "class 09:00-16:00; in 08:55; out 12:00; award-full; now 16:00",
        "class 09:00-16:00; in 08:55; out 12:00; remove-all",
        "class 09:00-16:00; in 08:55; out 12:00; override 200",
        "class 09:00-16:00; in 08:55; override 200",
        "class 09:00-16:00; override 200",
        "class 09:00-16:00; override -5",
    ]));
}

#[test]
fn impossible_times_make_no_rows() {
    expect![[r#"
        class 09:00-16:00; in 09:10; out 09:05
            rows ; VisitBackwards: checked out before the check-in 10 min after the start
        class 09:00-16:00; in 09:10; out 12:00; now 11:54:59
            rows ; VisitInFuture: a punch 180 min after the start is in the future
        class 09:00-16:00; in 09:10; out 09:05; award-full
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T16:00:00Z, 420 min; nothing
    "#]]
    .assert_eq(&table(&[
        "class 09:00-16:00; in 09:10; out 09:05",
        "class 09:00-16:00; in 09:10; out 12:00; now 11:54:59",
        "class 09:00-16:00; in 09:10; out 09:05; award-full",
    ]));
}

#[test]
fn overlaps_count_once_and_minutes_add_up_to_the_time_rounded_down_once() {
    expect![[r#"
        class 09:00-12:00; in 09:00; out 11:00; in 10:00; out 12:00
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T11:00:00Z, 120 min | 2: 2023-08-28T11:00:00Z to 2023-08-28T12:00:00Z, 60 min; nothing
        class 09:00-12:00; in 09:00; out 12:00; in 10:00; out 11:00; in 09:00; out 12:00
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T12:00:00Z, 180 min; nothing
        class 09:00-12:00; in 09:00; out 09:01:30; in 10:00; out 10:01:30
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T09:01:30Z, 1 min | 2: 2023-08-28T10:00:00Z to 2023-08-28T10:01:30Z, 2 min; nothing
        class 09:00-12:00; in 09:00; out 09:01:20; in 10:00; out 10:01:20; in 11:00; out 11:01:20
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T09:01:20Z, 1 min | 2: 2023-08-28T10:00:00Z to 2023-08-28T10:01:20Z, 1 min | 3: 2023-08-28T11:00:00Z to 2023-08-28T11:01:20Z, 2 min; nothing
    "#]].assert_eq(&table(&[
        "class 09:00-12:00; in 09:00; out 11:00; in 10:00; out 12:00",
        "class 09:00-12:00; in 09:00; out 12:00; in 10:00; out 11:00; in 09:00; out 12:00",
        "class 09:00-12:00; in 09:00; out 09:01:30; in 10:00; out 10:01:30",
        "class 09:00-12:00; in 09:00; out 09:01:20; in 10:00; out 10:01:20; in 11:00; out 11:01:20",
    ]));
}

#[test]
fn a_row_ends_with_the_class_or_within_twelve_hours_of_it() {
    expect![[r#"
        class 09:00-12:00; in 09:00; out 23:59:59
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T23:59:59Z, 899 min; nothing
        class 09:00-12:00; in 09:00; out 00:00
            rows 1: 2023-08-28T09:00:00Z to 2023-08-29T00:00:00Z, 900 min; nothing
        class 09:00-12:00; in 09:00; out 00:00:01; in 09:10; out 10:00
            rows 2: 2023-08-28T09:10:00Z to 2023-08-28T10:00:00Z, 50 min; VisitTooLong: a visit ends more than 12 hours after the class
        class 09:00-12:00; left-at-end; in 09:00; out 10:00; in 10:30
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T10:00:00Z, 60 min | 2: 2023-08-28T10:30:00Z to 2023-08-28T12:00:00Z, 90 min; nothing
        class 09:00-12:00; left-at-end; in 09:00; out 10:00; in 10:30; now 12:59
            rows 1: 2023-08-28T09:00:00Z to 2023-08-28T10:00:00Z, 60 min; wait until 2023-08-28T13:00:00Z
        class 09:00-12:00; left-at-end; in 12:30
            rows ; NeverCheckedOut: checked in 210 min after the start and never out
    "#]].assert_eq(&table(&[
        "class 09:00-12:00; in 09:00; out 23:59:59",
        "class 09:00-12:00; in 09:00; out 00:00",
        "class 09:00-12:00; in 09:00; out 00:00:01; in 09:10; out 10:00",
        "class 09:00-12:00; left-at-end; in 09:00; out 10:00; in 10:30",
        "class 09:00-12:00; left-at-end; in 09:00; out 10:00; in 10:30; now 12:59",
        "class 09:00-12:00; left-at-end; in 12:30",
    ]));
}

#[test]
fn rows_are_those_of_the_record_that_gives_the_time_whichever_record_came_first() {
    expect![[r"
        in 09:00; out 16:00 & in 09:00; out 16:00
            a/1 420 min
        in 09:00; out 10:00 & in 09:30; out 11:00
            a/1 60 min | b/1 60 min
        in 09:00; override 200 & in 09:00; override 200
            a/1 200 min
        in 09:00; override 100 & in 09:00; override 200
            b/1 200 min
        in 09:00; out 16:00 & in 09:00; override 100
            b/1 100 min
    "]]
    .assert_eq(
        &[
            logged_together("in 09:00; out 16:00", "in 09:00; out 16:00"),
            logged_together("in 09:00; out 10:00", "in 09:30; out 11:00"),
            logged_together("in 09:00; override 200", "in 09:00; override 200"),
            logged_together("in 09:00; override 100", "in 09:00; override 200"),
            logged_together("in 09:00; out 16:00", "in 09:00; override 100"),
        ]
        .concat(),
    );
}
