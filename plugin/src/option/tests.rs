//! The Send to CourseKey option: resolved on three levels, and changed after the course was first seen.

use std::fmt::Write as _;

use expect_test::expect;

use super::{Change, Resolved, change, resolve};
use crate::model::course::SendOption::{self, Inherit, Off, On};

const LEVELS: [SendOption; 3] = [On, Off, Inherit];

#[test]
fn the_course_decides_before_its_program_and_the_program_before_school_settings() {
    let mut table = String::new();
    for course in LEVELS {
        for program in LEVELS {
            let [without, with] = [false, true].map(|allow| resolve(course, program, allow));
            writeln!(table, "{course:?} {program:?}: {without:?}; new program courses allowed: {with:?}").unwrap();
        }
    }
    expect![[r"
        On On: On; new program courses allowed: On
        On Off: On; new program courses allowed: On
        On Inherit: On; new program courses allowed: On
        Off On: Off; new program courses allowed: Off
        Off Off: Off; new program courses allowed: Off
        Off Inherit: Off; new program courses allowed: Off
        Inherit On: On; new program courses allowed: On
        Inherit Off: Off; new program courses allowed: Off
        Inherit Inherit: Off; new program courses allowed: On
    "]]
    .assert_eq(&table);
}

#[test]
fn a_course_seen_before_keeps_what_it_inherited_and_takes_what_it_says_itself() {
    for held in [Resolved::On, Resolved::Off] {
        for program in LEVELS {
            for allow in [false, true] {
                let change = |course| change(Some(held), false, course, program, allow);
                assert_eq!(change(Inherit), Change::Now(held));
                assert_eq!(change(On), Change::Now(Resolved::On));
                assert_eq!(change(Off), Change::Now(Resolved::Off));
            }
        }
    }
}

#[test]
fn a_course_seen_first_is_resolved() {
    assert_eq!(change(None, false, Inherit, On, false), Change::Now(Resolved::On));
    assert_eq!(change(None, false, Inherit, Inherit, false), Change::Now(Resolved::Off));
}

#[test]
fn a_locked_option_stays_on_and_only_switching_it_off_is_refused() {
    for program in LEVELS {
        for allow in [false, true] {
            let change = |course| change(Some(Resolved::On), true, course, program, allow);
            assert_eq!(change(Off), Change::Refused);
            assert_eq!(change(Off).now(), Resolved::On);
            assert_eq!(change(On), Change::Now(Resolved::On));
            assert_eq!(change(Inherit), Change::Now(Resolved::On));
        }
    }
}
