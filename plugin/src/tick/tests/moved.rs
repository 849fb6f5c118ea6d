//! Things that move: classes from course to course, a campus to other settings, a teacher to the students.

use serde_json::json;

use super::written;
use crate::model::course::{Course, HoursType};
use crate::model::ids::SchoolNumber;
use crate::model::settings::SchoolSettings;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, record};
use crate::world::network::Unheard;

fn two_courses() -> Fake {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.save(course("C2"));
    world.settle();
    world
}

/// C1 with the second class of C2, and C2 without it.
fn moved() -> (Course, Course) {
    let (mut one, mut two) = (course("C1"), course("C2"));
    (one.revision, two.revision) = (2, 2);
    one.classes.push(two.classes.pop().unwrap());
    (one, two)
}

fn of_class(log: &str) -> Vec<String> {
    log.lines().filter(|line| line.contains("class C2-2")).map(str::to_owned).collect()
}

#[test]
fn a_class_that_moves_to_another_course_is_not_removed_after_it_was_added() {
    let mut world = two_courses();
    let (one, two) = moved();
    world.save(two);
    world.save(one);
    assert_eq!(of_class(&world.settle()), ["class C2-2 2023-09-04T13:00:00Z"]);
    assert_eq!(world.later(Seconds(300)), "");
}

#[test]
fn a_class_that_moves_is_there_whichever_course_is_told_of_first() {
    let (one, two) = moved();
    let mut world = two_courses();
    world.save(one.clone());
    assert_eq!(of_class(&world.settle()), ["class C2-2 2023-09-04T13:00:00Z"]);
    world.save(two.clone());
    assert!(of_class(&world.settle()).is_empty());

    let mut world = two_courses();
    world.save(two);
    assert_eq!(of_class(&world.settle()), ["remove class C2-2"]);
    world.save(one);
    assert_eq!(of_class(&world.settle()), ["class C2-2 2023-09-04T13:00:00Z"]);
}

#[test]
fn a_class_that_moves_and_comes_back_is_sent_for_its_first_course_again() {
    let mut world = two_courses();
    let (mut one, _) = moved();
    world.save(one.clone());
    world.settle();
    one.revision = 3;
    one.classes.pop();
    world.save(one);
    assert_eq!(of_class(&world.settle()), ["class C2-2 2023-09-04T13:00:00Z"]);
}

#[test]
fn a_class_stays_when_the_course_it_moved_from_is_removed() {
    let mut world = two_courses();
    world.save(moved().0);
    world.settle();
    world.remove("C2");
    let log = world.settle();
    assert!(of_class(&log).is_empty() && log.contains("remove class C2-1"), "{log}");
}

#[test]
fn a_class_that_moves_to_a_course_that_is_not_sent_is_removed() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let (mut one, two) = moved();
    one.send = crate::model::course::SendOption::Off;
    world.save(course("C2"));
    world.settle();
    world.save(one);
    world.save(two);
    assert_eq!(of_class(&world.settle()), ["remove class C2-2"]);
}

#[test]
fn a_corrected_setting_of_a_campus_is_tried_at_once() {
    let corrections: [fn(&mut SchoolSettings); 4] = [
        |seen| seen.coursekey_url = "https://coursekey.example/v2".to_owned(),
        |seen| seen.campuses[0].school = SchoolNumber(200),
        |seen| seen.campuses[0].zone = "America/Denver".to_owned(),
        |seen| seen.campuses[0].credentials_generation = 2,
    ];
    for (number, correct) in corrections.into_iter().enumerate() {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        world.coursekey.zone = Some("America/Chicago".to_owned());
        world.save(course("C1"));
        assert_eq!(world.settle(), "");
        correct(&mut world.settings);
        world.coursekey.zone = Some(world.settings.campuses[0].zone.clone());
        let log = world.later(Seconds(300));
        assert!(log.contains("enroll S3 in C1"), "correction {number}: {log}");
    }
}

#[test]
fn a_base_url_that_nobody_answered_at_is_not_waited_for_once_it_is_corrected() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.faults.insert("100".to_owned(), vec![Err(Unheard::Unreachable); 4].into());
    world.save(course("C1"));
    for _ in 0..4 {
        assert!(!world.later(Seconds(3_600)).contains("enroll"));
    }
    world.settings.coursekey_url = "https://coursekey.example/v2".to_owned();
    assert!(world.later(Seconds(60)).contains("enroll S3 in C1"));
}

#[test]
fn other_settings_do_not_probe_a_stopped_campus() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.zone = Some("America/Chicago".to_owned());
    world.save(course("C1"));
    world.settle();
    world.settings.weeks_before_start = 4;
    world.later(Seconds(300));
    assert_eq!(world.coursekey.requests.get("100"), Some(&1));
}

/// C1, where S1 is a student, and C2, where S1 teaches. Both were sent, and then CourseKey lost the account of S1.
fn lost_teacher() -> Fake {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut two = course("C2");
    let mut both = two.students.remove(0).person;
    both.revision = 2;
    two.instructors.push(both);
    world.save(two);
    world.save(course("C1"));
    world.settle();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.students[0].stage = "LOA".to_owned();
    world.coursekey.refuses.insert("C1/S1".to_owned(), "unknown_user".to_owned());
    world.save(changed);
    world.settle();
    world.coursekey.refuses.clear();
    world
}

#[test]
fn a_lost_account_of_a_teacher_is_sent_again_as_a_teachers() {
    let mut world = lost_teacher();
    let mut back = course("C1");
    back.revision = 3;
    world.save(back);
    let log = world.settle();
    assert!(log.contains("teacher S1") && !log.contains("user S1") && log.contains("enroll S1 in C1"), "{log}");
}

#[test]
fn a_lost_account_is_sent_again_for_every_course_that_names_the_person() {
    let mut world = lost_teacher();
    // S1 is on leave in C1, which therefore wants no account of S1; C2 wants one.
    assert!(world.later(Seconds(300)).contains("teacher S1"));
}

#[test]
fn an_adopted_account_that_is_gone_makes_room_for_one_of_the_persons_own() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.refuses.insert("S1".to_owned(), "email_taken".to_owned());
    world.coursekey.accounts =
        vec![json!({ "accountId": "A9", "issuedId": null, "firstName": "Student", "lastName": "1" })];
    world.save(course("C1"));
    assert!(world.settle().contains("user S1 student1@example.edu adopting A9"));
    let mut changed = course("C1");
    changed.revision = 2;
    changed.students[0].stage = "LOA".to_owned();
    world.coursekey.refuses =
        [("C1/S1", "unknown_user"), ("S1", "unknown_user")].map(|(id, code)| (id.to_owned(), code.to_owned())).into();
    world.save(changed);
    world.settle();
    let mut back = course("C1");
    back.revision = 3;
    world.save(back);
    assert!(world.settle().contains("adopting A9: unknown_user"));
    world.coursekey.refuses.clear();
    let log = world.later(Seconds(86_400));
    assert!(log.contains("user S1 student1@example.edu") && !log.contains("adopting"), "{log}");
}

#[test]
fn hours_type_changed_is_told_where_older_classes_keep_their_form() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    world.now = at("2023-09-05T12:00:00Z");
    world.settle();
    written(&mut world);
    for (revision, hours_type) in [(2, HoursType::AttendanceLog), (3, HoursType::ClassSchedule)] {
        world.save(Course { revision, hours_type, ..course("C1") });
        world.settle();
    }
    let told = written(&mut world);
    let told: Vec<&str> = told.lines().filter(|line| line.contains("hours-type")).collect();
    assert_eq!(told, ["open hours-type-changed/C1///", "resolve hours-type-changed/C1///"]);
}

#[test]
fn the_rows_of_a_record_that_moves_are_voided_before_those_at_its_new_place_are_written() {
    // A row is keyed by its record, so a row that is voided afterwards would be the new one.
    for (from, to) in [("C1-1", "C1-2"), ("C1-2", "C1-1")] {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        let mut log = course("C1");
        log.hours_type = HoursType::AttendanceLog;
        log.classes[1].starts = log.classes[0].starts + Seconds(3_600);
        log.classes[1].ends = log.classes[0].ends + Seconds(3_600);
        world.save(log);
        world.settle();
        world.now = at("2023-08-28T18:00:00Z");
        let visits = [("2023-08-28T14:00:00Z", Some("2023-08-28T16:00:00Z"))];
        world.coursekey.records = vec![record("r1", 1, from, "S1", "2023-08-28T16:00:10Z", &visits)];
        world.settle();
        assert_eq!(written(&mut world), format!("{from} S1 r1 visit 1: 120 min"));
        world.coursekey.records = vec![record("r1", 2, to, "S1", "2023-08-28T18:00:10Z", &visits)];
        world.later(Seconds(300));
        assert_eq!(written(&mut world), format!("void r1 visit 1\n{to} S1 r1 visit 1: 120 min"));
    }
}
