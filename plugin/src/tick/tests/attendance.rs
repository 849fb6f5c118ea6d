//! Attendance on its way from CourseKey into GEGI's records.

use expect_test::expect;
use serde_json::json;

use super::written;
use crate::inbox;
use crate::model::course::HoursType;
use crate::model::ids::CampusId;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, record, synchronized};

#[test]
fn records_become_marks_and_later_versions_correct_them() {
    let mut world = synchronized();
    world.coursekey.records = vec![
        record(
            "r1",
            1,
            "C1-1",
            "S1",
            "2023-08-28T16:00:10Z",
            &[("2023-08-28T12:58:00Z", Some("2023-08-28T16:00:00Z"))],
        ),
        record(
            "r2",
            1,
            "C1-1",
            "S2",
            "2023-08-28T16:00:10Z",
            &[("2023-08-28T13:04:00Z", Some("2023-08-28T16:00:00Z"))],
        ),
        record("r3", 1, "C1-1", "S3", "2023-08-28T16:00:20Z", &[("2023-08-28T13:20:00Z", None)]),
    ];
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    expect![[r#"
        C1-1 S1 -→P: Present: attended the whole class
        C1-1 S2 -→L: Late: came 4 min after the start
        C1-1 S3 -→A: Absent: came 20 min after the start; the limit is 15 min"#]]
    .assert_eq(&written(&mut world));
    world.coursekey.records.push(record(
        "r3",
        2,
        "C1-1",
        "S3",
        "2023-08-29T16:00:00Z",
        &[("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))],
    ));
    world.later(Seconds::days(1));
    expect!["C1-1 S3 A→P: Present: attended the whole class"].assert_eq(&written(&mut world));
    world.later(Seconds(300));
    assert_eq!(written(&mut world), "", "nothing is written twice");
}

/// Five records over three pages, four of them written at one instant; the `page`-th is not answered.
fn with_a_broken_page(page: Option<u32>) -> String {
    let mut world = synchronized();
    let visits = [("2023-08-28T12:58:00Z", Some("2023-08-28T16:00:00Z"))];
    let one = |(class, student, written): (&str, &str, &str)| {
        record(&format!("{class}/{student}"), 1, class, student, written, &visits)
    };
    world.coursekey.records = [
        ("C1-1", "S1", "2023-08-28T16:00:01Z"),
        ("C1-1", "S2", "2023-08-28T16:00:02Z"),
        ("C1-1", "S3", "2023-08-28T16:00:02Z"),
        ("C1-2", "S1", "2023-08-28T16:00:02Z"),
        ("C1-2", "S2", "2023-08-28T16:00:02Z"),
    ]
    .map(one)
    .into();
    world.now = at("2023-08-28T16:05:00Z");
    world.coursekey.breaks_at = page.map(|page| ("attendance".to_owned(), page)).into_iter().collect();
    world.settle();
    world.later(Seconds(900));
    world.now = at("2023-09-04T16:05:00Z");
    world.settle();
    let mut lines: Vec<String> = written(&mut world).lines().map(str::to_owned).collect();
    lines.sort();
    lines.join("\n")
}

#[test]
fn a_page_that_fails_loses_nothing_wherever_it_lies() {
    let whole = with_a_broken_page(None);
    assert_eq!(whole.lines().count(), 5, "{whole}");
    for page in 1..=4 {
        assert_eq!(with_a_broken_page(Some(page)), whole, "page {page}");
    }
}

#[test]
fn who_is_out_while_the_class_runs_is_judged_when_it_is_over() {
    let mut world = synchronized();
    world.coursekey.records = vec![record(
        "r1",
        1,
        "C1-1",
        "S1",
        "2023-08-28T14:00:00Z",
        &[("2023-08-28T13:00:00Z", Some("2023-08-28T14:00:00Z"))],
    )];
    world.now = at("2023-08-28T14:05:00Z");
    world.settle();
    assert_eq!(written(&mut world), "");
    world.now = at("2023-08-28T16:00:00Z");
    world.settle();
    expect!["C1-1 S1 -→A: Absent: left 120 min before the end; the limit is 15 min"].assert_eq(&written(&mut world));
}

#[test]
fn an_attendance_log_course_gets_rows_which_adjustments_correct_and_void() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut log = course("C1");
    log.hours_type = HoursType::AttendanceLog;
    world.save(log);
    world.settle();
    let visit = ("2023-08-28T13:00:00Z", Some("2023-08-28T14:30:00Z"));
    let second = ("2023-08-28T15:00:00Z", Some("2023-08-28T16:00:00Z"));
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:00Z", &[visit, second])];
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    expect![[r#"
        C1-1 S1 r1 visit 1: 90 min
        C1-1 S1 r1 visit 2: 60 min"#]]
    .assert_eq(&written(&mut world));
    world.coursekey.records.push(record("r1", 2, "C1-1", "S1", "2023-08-28T18:00:00Z", &[visit]));
    world.later(Seconds(7_200));
    expect!["void r1 visit 2"].assert_eq(&written(&mut world));
}

#[test]
fn a_record_of_an_unknown_class_waits_until_gegi_tells_of_the_class() {
    let mut world = synchronized();
    world.coursekey.records = vec![record(
        "r1",
        1,
        "C1-3",
        "S1",
        "2023-08-28T16:00:00Z",
        &[("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))],
    )];
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    expect!["open record-of-unknown-class//C1-3//"].assert_eq(&written(&mut world));
    let mut known = course("C1");
    known.revision = 2;
    known.classes[0].id = "C1-3".into();
    world.save(known);
    world.settle();
    let written = written(&mut world);
    assert!(written.contains("resolve record-of-unknown-class") && written.contains("C1-3 S1 -→P"), "{written}");
}

#[test]
fn push_and_poll_of_the_same_record_make_one_mark() {
    let mut world = synchronized();
    let both = record(
        "r1",
        1,
        "C1-1",
        "S1",
        "2023-08-28T16:00:00Z",
        &[("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))],
    );
    world.coursekey.records = vec![both.clone()];
    world.now = at("2023-08-28T16:05:00Z");
    let body = serde_json::to_vec(&json!({ "records": [both] })).unwrap();
    assert_eq!(inbox::on_attendance_received(&mut world, &CampusId::from("main"), &body).unwrap().taken, 1);
    assert_eq!(inbox::on_attendance_received(&mut world, &CampusId::from("main"), &body).unwrap().repeated, 1);
    world.settle();
    world.later(Seconds(300));
    expect!["C1-1 S1 -→P: Present: attended the whole class"].assert_eq(&written(&mut world));
}

#[test]
fn many_records_of_a_class_gegi_does_not_have_are_one_issue_and_leave_the_head_small() {
    let mut world = synchronized();
    let visits = [("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))];
    world.coursekey.records = (0..300)
        .map(|n| record(&format!("r{n}"), 1, &format!("X{}", n % 3), &format!("S{n}"), "2023-08-28T16:00:00Z", &visits))
        .collect();
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    expect![[r#"
        open record-of-unknown-class//X0//
        open record-of-unknown-class//X1//
        open record-of-unknown-class//X2//"#]]
    .assert_eq(&written(&mut world));
    assert!(world.state["hot/0"].len() < 20_000, "{}", world.state["hot/0"].len());
}
