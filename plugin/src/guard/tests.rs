//! The guard at its limits, and at simulated turns of a term and accidents.

use super::*;

const LIMITS: GuardLimits =
    GuardLimits { vanished_percent: 10, vanished_number: 5, stopped_percent: 50, stopped_number: 10 };

/// A school so large that no course of it matters.
const LARGE: Total = Total { held: 1_000_000, vanished: 100, decided: 0, holds: 0 };

fn of(held: u32, vanished: u32, stopped: u32) -> Opinion {
    opinion(Rows { held, vanished, stopped, course_removed: false }, LARGE, &LIMITS)
}

#[test]
fn rows_that_vanish_are_held_above_share_and_number() {
    assert_eq!(of(60, 6, 0).vanished, None, "exactly a tenth");
    assert_eq!(of(59, 6, 0).vanished, Some(Accident::Vanished));
    assert_eq!(of(20, 5, 0).vanished, None, "exactly five");
    assert_eq!(of(20, 6, 0).vanished, Some(Accident::Vanished));
    assert_eq!(of(20, 0, 0), Opinion::default());
}

#[test]
fn an_emptied_list_is_held_and_a_single_row_that_goes_is_not() {
    assert_eq!(of(2, 2, 0).vanished, Some(Accident::Emptied));
    assert_eq!(of(1, 1, 0).vanished, None);
    assert_eq!(of(0, 0, 0).vanished, None);
}

#[test]
fn a_few_rows_of_many_courses_are_held_all_over_the_school() {
    let rows = Rows { held: 20, vanished: 2, ..Rows::default() };
    let school = |vanished| Total { held: 100, vanished, ..Total::default() };
    assert_eq!(opinion(rows, school(10), &LIMITS).vanished, None);
    assert_eq!(opinion(rows, school(11), &LIMITS).vanished, Some(Accident::VanishedInSchool));
    let untouched = Rows { vanished: 0, ..rows };
    assert_eq!(opinion(untouched, school(11), &LIMITS), Opinion::default(), "a course that lost nothing goes on");
}

#[test]
fn a_course_that_gegi_removed_counts_for_the_school_alone() {
    let rows = Rows { held: 20, vanished: 20, course_removed: true, ..Rows::default() };
    assert_eq!(opinion(rows, LARGE, &LIMITS), Opinion::default());
    let school = Total { held: 100, vanished: 20, ..Total::default() };
    assert_eq!(opinion(rows, school, &LIMITS).vanished, Some(Accident::VanishedInSchool));
}

#[test]
fn explicit_stops_are_held_above_half_and_ten() {
    assert_eq!(of(22, 0, 11).stopped, None, "exactly half");
    assert_eq!(of(21, 0, 11).stopped, Some(Accident::Stopped));
    assert_eq!(of(10, 0, 10).stopped, None, "exactly ten");
    assert_eq!(of(21, 0, 11).vanished, None);
}

#[test]
fn a_decision_is_forgotten_with_its_row_and_an_approval_with_its_time() {
    let mut decided = Decided::default();
    decided.approved.insert("S1".to_owned(), Instant(100));
    decided.approved.insert("S2".to_owned(), Instant(200));
    decided.kept.insert("S3".to_owned());
    assert!(!decided.leaves_open("S1", Instant(99)) && decided.leaves_open("S1", Instant(100)));
    assert!(decided.leaves_open("S4", Instant(0)) && !decided.leaves_open("S3", Instant(i64::MAX)));
    decided.keep_to(|row| row != "S3", Instant(150));
    assert_eq!((decided.approved.keys().cloned().collect::<Vec<_>>(), decided.kept.len()), (vec!["S2".to_owned()], 0));
}

#[test]
fn the_school_is_the_sum_of_its_courses() {
    let counts = |held, vanished| Counts { students: Rows { held, vanished, ..Rows::default() }, ..Counts::default() };
    let mut school = School::default();
    school.recount(Counts::default(), counts(20, 0));
    school.recount(Counts::default(), counts(30, 3));
    school.recount(counts(20, 0), counts(20, 4));
    assert_eq!(school.students, Total { held: 50, vanished: 7, ..Total::default() });
    school.recount(counts(30, 3), Counts::default());
    assert_eq!(school.students, Total { held: 20, vanished: 4, ..Total::default() });
}
