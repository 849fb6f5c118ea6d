//! Rare cases, each as small as possible: wrong settings that are corrected, people who change places, records that
//! come late.

use std::fmt::Write;

use expect_test::expect;

use super::written;
use crate::model::course::HoursType;
use crate::model::ids::{CampusId, CourseId, SchoolNumber};
use crate::model::settings::Campus;
use crate::model::time::Seconds;
use crate::overview::{StatusQuery, get_status};
use crate::testing::{Fake, at, course, record, synchronized};

const IN: &str = "2023-08-28T13:00:00Z";
const OUT: &str = "2023-08-28T16:00:00Z";

#[test]
fn a_school_id_typed_wrong_at_first_is_forgiven() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.zone = Some("America/Denver".to_owned()); // Whatever keeps the connection check from passing.
    world.settings.campuses[0].school = SchoolNumber(999);
    world.save(course("C1"));
    world.settle();
    world.coursekey.zone = None;
    world.settings.campuses[0].school = SchoolNumber(100);
    world.settings.campuses[0].credentials_generation = 2;
    world.later(Seconds(7_200));
    assert_eq!(world.statuses(), "C1 Synchronized");
}

#[test]
fn a_campus_changed_before_coursekey_knew_the_course_is_no_matter() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.settings.campuses.push(Campus {
        id: CampusId::from("north"),
        school: SchoolNumber(200),
        ..world.settings.campuses[0].clone()
    });
    world.coursekey.faults.insert("users".to_owned(), [Ok((503, "")), Ok((503, ""))].into());
    world.save(course("C1"));
    world.settle();
    let mut moved = course("C1");
    moved.revision = 2;
    moved.campus = CampusId::from("north");
    world.save(moved);
    world.settle();
    world.later(Seconds(7_200));
    assert_eq!(world.statuses(), "C1 Synchronized");
}

#[test]
fn a_second_record_of_a_student_does_not_double_log_rows() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut log = course("C1");
    log.hours_type = HoursType::AttendanceLog;
    world.save(log);
    world.settle();
    world.coursekey.records = vec![record(
        "r1",
        1,
        "C1-1",
        "S1",
        "2023-08-28T16:00:00Z",
        &[(IN, Some("2023-08-28T14:00:00Z")), ("2023-08-28T15:00:00Z", Some(OUT))],
    )];
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    written(&mut world);
    world.coursekey.records.push(record(
        "r2",
        1,
        "C1-1",
        "S1",
        "2023-08-28T17:00:00Z",
        &[(IN, Some("2023-08-28T15:00:00Z"))],
    ));
    world.later(Seconds(7_200));
    assert_eq!(
        written(&mut world),
        "C1-1 S1 r2 visit 1: 60 min\nopen second-record/C1/C1-1/S1/",
        "the first record has the hour before and the hour after"
    );
}

#[test]
fn what_was_adjusted_within_the_follow_up_is_read_though_the_host_was_down_at_its_end() {
    let mut world = synchronized();
    world.now = at("2023-09-11T10:00:00Z");
    world.settle();
    world.coursekey.records = vec![record(
        "r1",
        1,
        "C1-2",
        "S1",
        "2023-09-11T12:00:00Z",
        &[("2023-09-04T13:00:00Z", Some("2023-09-04T16:00:00Z"))],
    )];
    world.now = at("2023-09-11T16:10:00Z");
    world.settle();
    world.later(Seconds(300));
    assert!(written(&mut world).contains("C1-2 S1 -→P"));
}

#[test]
fn a_time_in_the_future_is_tried_again_by_itself() {
    let mut world = synchronized();
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T15:50:00Z", &[(IN, Some(OUT))])];
    world.now = at("2023-08-28T15:52:00Z");
    world.settle();
    for _ in 0..24 {
        world.later(Seconds(3_600));
    }
    let written = written(&mut world);
    assert!(written.contains("C1-1 S1 -→P") && written.contains("resolve visit-in-future"), "{written}");
}

#[test]
fn an_instructor_who_is_refused_does_not_own_the_course() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.refuses.insert("I1".to_owned(), "invalid".to_owned());
    let mut two = course("C1");
    let mut second = two.instructors[0].clone();
    second.id = "I2".into();
    second.email = "instructor2@example.edu".to_owned();
    two.instructors.push(second);
    world.save(two);
    let log = world.settle();
    assert!(log.contains("course C1 by instructor2@example.edu"), "{log}");
}

#[test]
fn a_redirect_to_a_maintenance_page_refuses_no_item() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.faults.insert("courses".to_owned(), [Ok((302, ""))].into());
    world.save(course("C1"));
    world.settle();
    world.later(Seconds(300));
    assert_eq!(world.statuses(), "C1 Synchronized");
}

#[test]
fn the_poll_is_not_blamed_on_the_course_before_it() {
    let mut world = synchronized();
    world.now = at("2023-08-28T16:05:00Z");
    world.save({
        let mut changed = course("C1");
        changed.revision = 2;
        changed
    });
    crate::tick::on_tick(&mut world, crate::tick::Budget { items: 1, seconds: 60 }).unwrap();
    assert!(world.coursekey.requests.contains_key("attendance"));
    assert_eq!(world.aborted, None, "an abort during the poll would be blamed on the course");
}

#[test]
fn a_record_that_waits_for_its_student_waits_for_its_class_once_that_is_cancelled() {
    let mut world = synchronized();
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S9", "2023-08-28T16:00:00Z", &[(IN, Some(OUT))])];
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    assert_eq!(written(&mut world), "open record-of-unknown-student/C1/C1-1/S9/");
    let mut changed = course("C1");
    changed.revision = 2;
    changed.classes.remove(0);
    world.save(changed);
    world.settle();
    assert_eq!(
        written(&mut world),
        "resolve record-of-unknown-student/C1/C1-1/S9/\nopen record-of-unknown-class//C1-1//"
    );
}

/// The form of what is stored has no names. Where this changes, an older store cannot be read: raise `head::SCHEMA`.
#[test]
fn the_form_of_what_is_stored_is_that_of_its_schema() {
    let mut world = synchronized();
    let visits = [("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))];
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:10Z", &visits)];
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    let mut text = format!("schema {}\n", crate::memory::head::SCHEMA);
    for key in
        ["class/C1-1", "listed/C1", "person/S1", "account/100/S1", "email/student1@example.edu", "attendance/C1-1"]
    {
        writeln!(text, "{key} {:02x?}", world.state[key]).unwrap();
    }
    for key in ["hot/0", "course/C1", "page/C1", "ledger/C1"] {
        writeln!(text, "{key} {} bytes", world.state[key].len()).unwrap();
    }
    expect![[r#"
        schema 6
        class/C1-1 [02, 43, 31, 01, 02, 43, 31]
        listed/C1 [04, 02, 49, 31, 02, 53, 31, 02, 53, 32, 02, 53, 33, 02, 04, 43, 31, 2d, 31, 04, 43, 31, 2d, 32, 01, 00]
        person/S1 [01, 02, 53, 31, 01, 07, 53, 74, 75, 64, 65, 6e, 74, 01, 31, 14, 73, 74, 75, 64, 65, 6e, 74, 31, 40, 65, 78, 61, 6d, 70, 6c, 65, 2e, 65, 64, 75, 01, 02, 43, 31, 01, 02, 43, 31, 01, 64, ff, ff, ff, ff, ff, ff, ff, ff, ff, 01, a0, 8f, fd, d8, 0c, 01]
        account/100/S1 [01, 07, 53, 74, 75, 64, 65, 6e, 74, 01, 31, 14, 73, 74, 75, 64, 65, 6e, 74, 31, 40, 65, 78, 61, 6d, 70, 6c, 65, 2e, 65, 64, 75, 00, 00, 00, 00, 00, 00, 00]
        email/student1@example.edu [01, 02, 53, 31]
        attendance/C1-1 [01, a0, e9, e4, ce, 0c, 88, 0e, 88, 0e, 01, b0, 54, 00, 00, 01, a0, e9, e4, ce, 0c, 80, 92, e6, ce, 0c, 01, 02, 53, 31, 01, 01, 02, 72, 31, 01, 04, 43, 31, 2d, 31, 02, 53, 31, 94, 92, e6, ce, 0c, 01, a0, e9, e4, ce, 0c, 01, 80, 92, e6, ce, 0c, 00, 01, 01, 00, 00, 00, 01, 00, a0, e9, e4, ce, 0c, 80, 92, e6, ce, 0c, a8, f7, e4, ce, 0c, f8, 83, e6, ce, 0c, 01, b0, 54, 00, 00, 01, a0, e9, e4, ce, 0c, 01, 80, 92, e6, ce, 0c, 00, 00, 01, 02, 72, 31, 01, 00, 00, 00, 01, 00]
        hot/0 219 bytes
        course/C1 308 bytes
        page/C1 53 bytes
        ledger/C1 199 bytes
    "#]].assert_eq(&text);
}

#[test]
fn a_page_of_statuses_is_as_long_as_asked_although_courses_are_gone() {
    let mut world = Fake::new("2022-08-20T12:00:00Z");
    for id in ["C1", "C2", "C3", "C4", "C5"] {
        world.save(course(id));
    }
    for gone in ["C1", "C2", "C4"] {
        world.remove(gone);
    }
    let mut page = |after: Option<&str>, limit| {
        let query = StatusQuery::Page { after: after.map(CourseId::from), limit };
        let statuses = get_status(&mut world, query).unwrap();
        statuses.iter().map(|status| status.course.to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!([page(None, 1), page(None, 2), page(Some("C3"), 2), page(None, 9)], ["C3", "C3 C5", "C5", "C3 C5"]);
}
