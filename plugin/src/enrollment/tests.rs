//! Every stage, every row of the enrolment table, and the days a student belongs to a course.

use std::fmt::Write as _;

use expect_test::expect;

use super::{HadLeft, OnDay, STAGES, on_day, standing, wanted};
use crate::model::course::{Agreement, Student};
use crate::model::time::LocalDate;
use crate::testing::course;

const COURSE_END: &str = "2023-12-15";

fn date(text: &str) -> LocalDate {
    text.parse().unwrap()
}

fn student(stage: &str, agreement: Agreement) -> Student {
    let listed = course("C1").students.into_iter().next().unwrap();
    Student { stage: stage.to_owned(), agreement, ..listed }
}

/// The wanted enrolment of a student in three cases: CourseKey never had the enrolment, has it, and has it as dropped.
fn wishes(stage: &str, agreement: Agreement, today: &str) -> String {
    let student = student(stage, agreement);
    let of = |acknowledged| match wanted(&student, date(COURSE_END), date(today), acknowledged) {
        (wanted, None) => format!("{wanted:?}"),
        (wanted, Some(code)) => format!("{wanted:?} ({code:?})"),
    };
    format!("{}, {}, {}", of(None), of(Some(false)), of(Some(true)))
}

#[test]
fn every_stage_has_its_meaning() {
    let mut table = "stage: meaning; never acknowledged, enrolled, dropped\n".to_owned();
    for (stage, standing) in STAGES {
        let wishes = wishes(stage, Agreement::Assigned, "2023-10-01");
        writeln!(table, "{stage}: {standing:?}; {wishes}").unwrap();
    }
    expect![[r"
        stage: meaning; never acknowledged, enrolled, dropped
        PENDING: NotYet; Absent, Dropped, Dropped
        NOT INTERESTED: NotYet; Absent, Dropped, Dropped
        NOT QUALIFIED: NotYet; Absent, Dropped, Dropped
        REGISTERING: NotYet; Absent, Dropped, Dropped
        REGISTERED: NotYet; Absent, Dropped, Dropped
        ENROLLING: NotYet; Absent, Dropped, Dropped
        ENROLLED: Enrolled; Enrolled, Enrolled, Enrolled
        ENROLLED Late start: Enrolled; Enrolled, Enrolled, Enrolled
        ACTIVE Pending: Enrolled; Enrolled, Enrolled, Enrolled
        ACTIVE: Enrolled; Enrolled, Enrolled, Enrolled
        LOA Pending: Enrolled; Enrolled, Enrolled, Enrolled
        DROPPED Pending: Enrolled; Enrolled, Enrolled, Enrolled
        NOT STARTED: Stopped; Absent, Dropped, Dropped
        DROPPED: Stopped; Absent, Dropped, Dropped
        DROPPED Transferred: Stopped; Absent, Dropped, Dropped
        LOA: Stopped; Absent, Dropped, Dropped
        LOA Transferred: Stopped; Absent, Dropped, Dropped
        COMPLETED: Finished; Absent, Dropped, Dropped
        GRADUATED: Finished; Absent, Dropped, Dropped
    "]]
    .assert_eq(&table);
}

#[test]
fn a_credit_granted_course_is_not_taken_and_dropped_if_it_was() {
    expect!["Absent, Dropped, Dropped"].assert_eq(&wishes("ACTIVE", Agreement::CreditGranted, "2023-10-01"));
}

#[test]
fn who_finished_is_dropped_before_the_courses_end_and_left_alone_from_that_day_on() {
    let mut table = String::new();
    for stage in ["COMPLETED", "GRADUATED"] {
        for today in ["2023-12-14", COURSE_END, "2023-12-16"] {
            writeln!(table, "{stage} on {today}: {}", wishes(stage, Agreement::Assigned, today)).unwrap();
        }
    }
    expect![[r"
        COMPLETED on 2023-12-14: Absent, Dropped, Dropped
        COMPLETED on 2023-12-15: AsItIs, AsItIs, AsItIs
        COMPLETED on 2023-12-16: AsItIs, AsItIs, AsItIs
        GRADUATED on 2023-12-14: Absent, Dropped, Dropped
        GRADUATED on 2023-12-15: AsItIs, AsItIs, AsItIs
        GRADUATED on 2023-12-16: AsItIs, AsItIs, AsItIs
    "]]
    .assert_eq(&table);
}

#[test]
fn an_unknown_stage_is_an_issue_and_changes_nothing() {
    let as_it_is = "AsItIs (StageUnknown), AsItIs (StageUnknown), AsItIs (StageUnknown)";
    assert_eq!(wishes("SABBATICAL", Agreement::Assigned, "2023-10-01"), as_it_is);
    assert_eq!(wishes("SABBATICAL", Agreement::CreditGranted, "2023-12-16"), as_it_is);
}

#[test]
fn case_and_blanks_around_a_stage_do_not_matter() {
    assert_eq!(standing(" active PENDING\t"), standing("ACTIVE Pending"));
    assert_eq!(standing("Enrolled Late Start"), standing("ENROLLED Late start"));
    assert_eq!(standing("ACTIVE  Pending"), None, "blanks inside belong to the name");
    assert_eq!(standing(""), None);
}

#[test]
fn how_a_student_stood_on_a_day() {
    let mut table = String::new();
    for (stage, agreement) in [
        ("ACTIVE", Agreement::Assigned),
        ("DROPPED", Agreement::Assigned),
        ("GRADUATED", Agreement::Assigned),
        ("REGISTERED", Agreement::Assigned),
        ("SABBATICAL", Agreement::Assigned),
        ("ACTIVE", Agreement::CreditGranted),
    ] {
        for stopped in [None, Some("2023-10-05")] {
            let stopped_on = stopped.map(date);
            let student = Student { stopped_on, ..student(stage, agreement) };
            // The student belongs to the course from 28 August on, and it ends in December.
            let days = ["2023-08-27", "2023-08-28", "2023-10-05", "2023-10-06"].map(|day| {
                let OnDay { belonged, had_left } =
                    on_day(&student, date(day), date("2024-01-10"), date(COURSE_END), false);
                let belonged = belonged.map_or("?", |yes| if yes { "in" } else { "out" });
                match had_left {
                    HadLeft::No => belonged.to_owned(),
                    had_left => format!("{belonged} {had_left:?}"),
                }
            });
            let stopped = stopped.map(|day| format!(", stopped on {day}")).unwrap_or_default();
            writeln!(table, "{stage} {agreement:?}{stopped}: {}", days.join(", ")).unwrap();
        }
    }
    expect![[r#"
        ACTIVE Assigned: out, in, in, in
        ACTIVE Assigned, stopped on 2023-10-05: out, in, in, in
        DROPPED Assigned: out AtSomeTime, ? AtSomeTime, ? AtSomeTime, ? AtSomeTime
        DROPPED Assigned, stopped on 2023-10-05: out, in, in, out Yes
        GRADUATED Assigned: out, in, in, in
        GRADUATED Assigned, stopped on 2023-10-05: out, in, in, out Yes
        REGISTERED Assigned: out, ?, ?, ?
        REGISTERED Assigned, stopped on 2023-10-05: out, ?, ?, out Yes
        SABBATICAL Assigned: out, ?, ?, ?
        SABBATICAL Assigned, stopped on 2023-10-05: out, ?, ?, out Yes
        ACTIVE CreditGranted: out AtSomeTime, ? AtSomeTime, ? AtSomeTime, ? AtSomeTime
        ACTIVE CreditGranted, stopped on 2023-10-05: out, ?, ?, out Yes
    "#]]
    .assert_eq(&table);
}
