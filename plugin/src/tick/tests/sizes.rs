//! Sizes: what one course, class, push or value is too large for the host, or damaged, and what becomes of the rest.
//!
//! DOMAIN §4 "Sizes": "a course of 10,000 students, a class of 5,000 with 10 visits each must work … never does one
//! course, class or person stop a school". The limits of the host are made small here, so that small schools reach them.

use expect_test::expect;
use serde_json::{Value, json};

use super::written;
use crate::inbox::on_attendance_received;
use crate::model::course::{Class, Course, Student};
use crate::model::ids::{CampusId, ClassId, CourseId, PersonId};
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, push, record, synchronized};
use crate::tick::{self, Budget};
use crate::world::Aborted;

const VISIT: (&str, Option<&str>) = ("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"));

fn with_students(mut course: Course, count: u32, email: impl Fn(u32) -> String) -> Course {
    let like = course.students[0].clone();
    let student = |number: u32| {
        let mut student: Student = like.clone();
        student.person.id = PersonId(format!("{}-S{number:04}", course.id));
        student.person.email = email(number);
        student
    };
    course.students = (0..count).map(student).collect();
    course
}

fn with_classes(mut course: Course, count: u32) -> Course {
    let like = course.classes[0].clone();
    let class = |number: u32| Class { id: ClassId(format!("{}-{number:04}", course.id)), ..like.clone() };
    course.classes = (0..count).map(class).collect();
    course
}

fn synchronized_courses(world: &mut Fake) -> usize {
    world.statuses().lines().filter(|line| line.ends_with("Synchronized")).count()
}

#[test]
fn many_people_with_one_address_are_one_short_issue() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.most_value_bytes = 300 * 1_024;
    world.save(with_students(course("C1"), 335, |_| "noemail@example.edu".to_owned()));
    world.save(course("C2"));
    world.settle();
    let page = crate::memory::decode::<crate::memory::entries::CoursePage>("page/C1", &world.state["page/C1"]).unwrap();
    let longest = page.issues.values().map(|issue| issue.sentence.len()).max();
    expect!["1 issues of at most Some(214) bytes"]
        .assert_eq(&format!("{} issues of at most {longest:?} bytes", page.issues.len()));
    assert!(world.statuses().contains("C2 Synchronized"), "{}", world.statuses());
    assert_eq!(world.mails.len(), 1);
}

#[test]
fn a_first_tick_of_many_courses_and_classes_is_made_in_steps() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.most_staged = 400;
    for number in 0..40 {
        world.save(with_classes(course(&format!("C{number:02}")), 20));
    }
    let ticks = world.settle_as_host();
    assert!((5..150).contains(&ticks), "{ticks} ticks");
    assert_eq!(synchronized_courses(&mut world), 40);
}

#[test]
fn courses_that_no_single_read_gives_are_read_in_halves() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    for number in 0..20 {
        let course = course(&format!("C{number:02}"));
        world.save(with_students(course, 50, |student| format!("s{number}-{student}@example.edu")));
    }
    world.most_read_bytes = 2 * world.state["course/C00"].len();
    for _ in 0..2 {
        world.settle_as_host();
        // The nightly comparison and the walk after a change of settings read every course.
        world.now = world.now + Seconds(86_400);
        world.settings.weeks_before_start += 1;
    }
    assert_eq!(world.statuses().lines().count(), 20);
}

#[test]
fn a_course_larger_than_one_value_is_kept_in_parts() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.most_value_bytes = crate::memory::parts::PART + 3;
    world.save(with_students(course("C1"), 5_000, |number| format!("student{number}@example.edu")));
    world.settle_as_host();
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
    assert!(world.state.contains_key("part/course/C1/1"));
    world.remove("C1");
    world.settle_as_host();
}

/// Attendance of one student in many classes, as after days of a revoked key, or as written by one import at one
/// moment.
fn attendance_of_many_classes(count: u32) -> (Fake, Vec<Value>) {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(with_classes(course("C1"), count));
    world.settle();
    let one = |number: u32| {
        record(&format!("r{number}"), 1, &format!("C1-{number:04}"), "S1", "2023-08-28T16:00:10Z", &[VISIT])
    };
    (world, (0..count).map(one).collect())
}

#[test]
fn records_and_marks_beyond_what_one_call_stages_are_taken_in_steps() {
    let (mut world, records) = attendance_of_many_classes(400);
    world.coursekey.records = records;
    world.most_staged = 150;
    world.now = at("2023-08-28T16:05:00Z");
    let ticks = world.settle_as_host();
    assert!((3..100).contains(&ticks), "{ticks} ticks");
    assert_eq!(world.marks.len(), 400);
}

#[test]
fn pushes_about_unknown_classes_are_taken_class_by_class_and_told_once() {
    let mut world = synchronized();
    let body = |class: &str, from: u32| {
        let one = |number: u32| record(&format!("r{number}"), 1, class, "S1", "2023-08-28T16:00:10Z", &[VISIT]);
        json!({ "records": (from..from + 1_000).map(one).collect::<Vec<_>>() })
    };
    for (class, from) in [("X1", 0), ("X1", 1_000), ("X2", 2_000)] {
        on_attendance_received(&mut world, &CampusId::from("main"), &serde_json::to_vec(&body(class, from)).unwrap())
            .unwrap();
    }
    world.now = at("2023-08-28T16:05:00Z");
    world.reads = 0;
    world.settle();
    expect![[r#"
        open record-of-unknown-class//X1//
        open record-of-unknown-class//X2//"#]]
    .assert_eq(&written(&mut world));
    assert!(world.reads < 100, "{} reads", world.reads);
}

#[test]
fn a_push_that_does_not_fit_into_a_tick_waits_and_nobody_is_absent_meanwhile() {
    let mut world = synchronized();
    world.now = at("2023-08-28T17:05:00Z");
    let of = |student: &str| record(student, 1, "C1-1", student, "2023-08-28T16:00:10Z", &[VISIT]);
    for student in ["S1", "S2", "S3"] {
        push(&mut world, &of(student));
    }
    for _ in 0..20 {
        tick::on_tick(&mut world, Budget { items: 1, seconds: 60 }).unwrap();
    }
    let marks = written(&mut world);
    assert!(marks.lines().count() == 3 && !marks.contains("→A"), "{marks}");
}

#[test]
fn a_class_that_aborts_three_calls_is_set_aside_until_its_course_changes() {
    let mut world = synchronized();
    world.now = at("2023-08-28T17:05:00Z");
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:10Z", &[VISIT])];
    world.aborted = Some(Aborted { note: "class/C1-1".to_owned(), times: 3 });
    tick::on_tick(&mut world, Budget { items: 1, seconds: 60 }).unwrap();
    world.settle();
    expect!["open aborted-repeatedly/C1/C1-1//"].assert_eq(&written(&mut world));
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
    world.save(Course { revision: 2, ..course("C1") });
    world.settle();
    world.later(Seconds(86_400));
    expect![[r#"
        resolve aborted-repeatedly/C1/C1-1//
        C1-1 S1 -→P: Present: attended the whole class
        C1-1 S2 -→A: Absent: did not check in
        C1-1 S3 -→A: Absent: did not check in"#]]
    .assert_eq(&written(&mut world));
}

#[test]
fn a_push_that_aborts_three_calls_is_given_up_and_told_for_a_day() {
    let mut world = synchronized();
    world.now = at("2023-08-28T16:05:00Z");
    push(&mut world, &record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:10Z", &[VISIT]));
    let digest = world.state.keys().find_map(|key| key.strip_prefix("hot/2/")).unwrap().to_owned();
    world.aborted = Some(Aborted { note: format!("push/{digest}"), times: 3 });
    tick::on_tick(&mut world, Budget { items: 1, seconds: 60 }).unwrap();
    assert!(!world.state.keys().any(|key| key.starts_with("push/") || key.starts_with("hot/2/")));
    world.aborted = None;
    world.settle();
    assert!(written(&mut world).starts_with(&format!("open aborted-repeatedly////push {digest}")));
    world.later(Seconds(86_400));
    assert!(written(&mut world).contains("resolve aborted-repeatedly"));
}

#[test]
fn a_course_whose_own_id_cannot_be_taken_is_one_issue_and_stops_nothing() {
    for (id, bytes) in
        [("x".repeat(150), 150), ("x".repeat(5_000), 5_000), ("C\u{7}2".to_owned(), 3), (String::new(), 0)]
    {
        let mut world = synchronized();
        written(&mut world);
        let unfit = |id: &str| Course { id: CourseId::from(id), ..course("C2") };
        let outcome = world.save(unfit(&id));
        assert!(outcome.taken && !outcome.send && outcome.issues.len() == 1, "{outcome:?}");
        assert!(!world.save(unfit(&id)).taken, "the same revision again");
        world.settle();
        assert!(written(&mut world).starts_with("open id-unfit/"));
        let status = format!(
            "Failed (its id cannot be taken: it has {bytes} bytes; an id has 1 to 96 bytes and no control characters)"
        );
        assert!(
            world.statuses().contains(&status) && world.statuses().contains("C1 Synchronized"),
            "{}",
            world.statuses()
        );
        // The nightly comparison finds nothing new, and finds it where the event was lost.
        world.later(Seconds::days(1));
        assert_eq!(written(&mut world), "");
        world.state.retain(|key, _| !key.starts_with("unfit/"));
        world.later(Seconds::days(1));
        assert!(world.statuses().contains(&status));
        // Its remedy: another id in GEGI, which is another course.
        world.remove(&id);
        world.save(course("C2"));
        world.settle();
        assert!(written(&mut world).contains("resolve id-unfit/"));
        assert!(world.statuses().contains("C2 Synchronized") && !world.statuses().contains("Failed"));
        assert!(!world.state.keys().any(|key| key.contains('\u{1}')));
    }
}

#[test]
fn storage_that_fills_up_is_told_at_80_percent_and_stops_only_what_is_new() {
    let mut world = synchronized();
    world.most_bytes = world.bytes() * 100 / 85;
    world.later(Seconds(300));
    expect!["open storage-fills-up////"].assert_eq(&written(&mut world));
    world.most_bytes = world.bytes() * 100 / 95;
    let new = crate::change::CourseChange::Saved(Box::new(course("C2")));
    crate::change::on_course_changed(&mut world, new).unwrap_err();
    world.save(Course { revision: 2, title: "CARE II".to_owned(), ..course("C1") });
    world.settle();
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
    world.most_bytes = usize::MAX;
    world.later(Seconds(300));
    assert!(written(&mut world).contains("resolve storage-fills-up"));
    world.save(course("C2"));
}

#[test]
fn a_damaged_value_of_one_course_is_made_anew_and_stops_nothing() {
    for key in
        ["course/C1", "page/C1", "ledger/C1", "listed/C1", "person/S1", "email/student1@example.edu", "account/100/S1"]
    {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        world.save(course("C1"));
        world.save(course("C2"));
        world.settle();
        written(&mut world);
        world.state.insert(key.to_owned(), vec![0xff; 5]);
        for id in ["C1", "C2"] {
            let changed = Course { revision: 2, title: "CARE II".to_owned(), ..course(id) };
            world.save(changed);
        }
        world.settle();
        world.later(Seconds(86_400));
        world.later(Seconds(86_400));
        expect![[r#"
            C1 Synchronized
            C2 Synchronized"#]]
        .assert_eq(&world.statuses());
        let told = written(&mut world);
        assert!(key == "course/C1" || told.contains("open state-damaged"), "{key}: {told}");
        assert_eq!(told.matches("open").count(), told.matches("resolve").count(), "{key}: {told}");
        let due = world.state.keys().filter(|key| key.starts_with("hot/3/")).count();
        assert!(due <= 2, "{key}: {due} dates of two courses");
    }
}
