//! Tests of `roster_file`: the written form, the way back, and lines that cannot be used.

#![allow(clippy::unwrap_used)]

use expect_test::{Expect, expect};

use super::super::Simulator;
use super::super::tests::{at, simulator};

/// The data of CourseKey in sorted form: two schools, an account without an id, a dropped student.
const ROSTER: &str = r#"{"kind":"user","school":1,"id":null,"email":"loose@example.edu","teacher":false}
{"kind":"user","school":1,"id":"I00001","email":"instructor00001@example.edu","teacher":true}
{"kind":"user","school":1,"id":"S000001","email":"student000001@example.edu","teacher":false}
{"kind":"user","school":2,"id":"S000001","email":"student000001@example.edu","teacher":false}
{"kind":"course","school":1,"id":"C1","name":"G1 MATH-1","title":"CALCULUS I","start-date":"2023-08-28","end-date":"2023-12-20","instructors":["I00001"]}
{"kind":"course","school":1,"id":"C2","name":"G1 MATH-2","title":"","start-date":"2023-08-28","end-date":"2023-12-20","instructors":[]}
{"kind":"session","school":1,"course":"C1","id":"z","starts":"2023-08-28T14:00:00Z","ends":"2023-08-28T16:00:00Z"}
{"kind":"session","school":1,"course":"C2","id":"a","starts":"2023-08-28T14:00:00Z","ends":"2023-08-28T16:00:00Z"}
{"kind":"enrollment","school":1,"course":"C1","user":"S000001","dropped":true}
"#;

fn written(simulator: &Simulator) -> String {
    let mut out = Vec::new();
    simulator.write_roster(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn check_refused(text: &str, expect: &Expect) {
    let mut simulator = simulator();
    let error = simulator.start_with(at("07:00:00"), text.as_bytes()).unwrap_err();
    expect.assert_eq(&error.to_string());
    assert!(simulator.is_empty());
}

#[test]
fn what_is_written_can_be_taken_and_is_written_again_the_same() {
    let mut simulator = simulator();
    simulator.start_with(at("07:00:00"), ROSTER.as_bytes()).unwrap();
    assert_eq!(written(&simulator), ROSTER);
}

#[test]
fn staff_accounts_that_own_courses_and_enrollments_of_teachers_are_not_written() {
    let extra = r#"{"kind":"user","school":1,"id":null,"email":"Owner@example.edu","teacher":true}
{"kind":"enrollment","school":1,"course":"C1","user":"I00001","dropped":false}"#;
    let mut simulator = simulator();
    simulator.start_with(at("07:00:00"), format!("{ROSTER}{extra}").as_bytes()).unwrap();
    assert_eq!(written(&simulator), ROSTER);
}

#[test]
fn a_bad_line_is_named_with_its_field_and_nothing_is_taken() {
    let with = |line: &str| format!("{ROSTER}{line}");
    check_refused(r#"{"kind":"room"}"#, &expect!["read line 1, field kind: not of the type or form this field has"]);
    check_refused(
        r#"{"kind":"user","school":9,"id":null,"email":"a@b.cd","teacher":true}"#,
        &expect!["read line 1, field school: no campus has this CourseKey school id"],
    );
    check_refused(
        r#"{"kind":"user","school":1,"id":null,"email":"a@b.cd"}"#,
        &expect!["read line 1: missing field `teacher`"],
    );
    check_refused(
        r#"{"kind":"user","school":1,"id":null,"email":"a","teacher":true}"#,
        &expect!["read line 1, field email: not an e-mail address"],
    );
    check_refused(
        r#"{"kind":"user","school":1,"id":null,"email":"a@b.cd","teacher":"yes"}"#,
        &expect!["read line 1, field teacher: not of the type or form this field has"],
    );
    check_refused(
        r#"{"kind":"user","school":1,"id":null,"email":"a@b.cd","teacher":true,"age":3}"#,
        &expect![
            "read line 1, field age: unknown field `age`, expected one of `kind`, `school`, `id`, `email`, `teacher`, `first-name`, `last-name`"
        ],
    );
    check_refused(
        &with(r#"{"kind":"user","school":1,"id":null,"email":"LOOSE@example.edu","teacher":true}"#),
        &expect!["read line 10, field email: an earlier line has this address"],
    );
    check_refused(
        &with(r#"{"kind":"user","school":1,"id":"S000001","email":"a@b.cd","teacher":true}"#),
        &expect!["read line 10, field id: an earlier line has this id"],
    );
    check_refused(
        &with(
            r#"{"kind":"session","school":1,"course":"C9","id":"x","starts":"2023-08-28T14:00:00Z","ends":"2023-08-28T16:00:00Z"}"#,
        ),
        &expect!["read line 10, field course: no earlier line has a course of this id"],
    );
    check_refused(
        &with(
            r#"{"kind":"session","school":1,"course":"C1","id":"x","starts":"2023-08-28T14:00:00Z","ends":"2023-08-28T14:00:00Z"}"#,
        ),
        &expect!["read line 10, field ends: not later than starts"],
    );
    check_refused(
        &with(r#"{"kind":"enrollment","school":1,"course":"C1","user":"S000009","dropped":true}"#),
        &expect!["read line 10, field user: no earlier line has a user of this id"],
    );
    check_refused(
        &with(r#"{"kind":"enrollment","school":1,"course":"C1","user":"S000001","dropped":true}"#),
        &expect!["read line 10, field user: an earlier line enrolls this user in this course"],
    );
    check_refused("not json", &expect!["read line 1: not a JSON object (column 2)"]);
}
