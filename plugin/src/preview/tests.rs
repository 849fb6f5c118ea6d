//! Previews of small schools, as text.

mod turns;

use expect_test::expect;

use super::*;
use crate::model::course::Course;
use crate::testing::{Fake, course, student};

/// A preview as text.
fn text(preview: &Preview) -> String {
    let mut lines: Vec<String> =
        preview.counts.iter().map(|(kind, act, number)| format!("{act:?} {kind:?}: {number}")).collect();
    for course in &preview.courses {
        let rest = course.rest.as_ref().map(|rest| format!("; rests: {rest}")).unwrap_or_default();
        let blocked = course.blocked.as_ref().map(|blocked| format!("; blocked: {blocked}")).unwrap_or_default();
        lines.push(format!("{}{}{rest}{blocked}", course.name, if course.first { "; first send" } else { "" }));
        let planned =
            |row: &Planned| format!("  {:?} {:?} {} “{}”: {}", row.act, row.kind, row.id, row.name, row.reason);
        lines.extend(course.planned.iter().map(planned));
        let left =
            |row: &Left| format!("  not {:?} {} “{}”: {}. {}", row.kind, row.id, row.name, row.reason, row.remedy);
        lines.extend(course.left.iter().map(|row| left(row).trim_end().to_owned()));
    }
    lines.extend(preview.next.as_ref().map(|next| format!("next after {next}")));
    lines.join("\n")
}

fn due(world: &mut Fake) -> String {
    text(&preview(world, &Asked::Due { after: None, limit: 100 }).unwrap())
}

fn of(world: &mut Fake, course: &str) -> String {
    text(&preview(world, &Asked::Course(CourseId::from(course))).unwrap())
}

/// GEGI changes a course.
fn change(world: &mut Fake, id: &CourseId, change: impl FnOnce(&mut Course)) {
    let mut course = world.gegi.get(id).cloned().unwrap();
    change(&mut course);
    course.revision += 1;
    world.save(course);
}

/// A school whose course C1 CourseKey holds.
fn synchronized() -> (Fake, CourseId) {
    let mut world = Fake::new("2023-09-04T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    (world, CourseId::from("C1"))
}

#[test]
fn a_first_send_with_counts_names_and_reasons() {
    let mut world = Fake::new("2023-09-04T12:00:00Z");
    let mut course = course("C1");
    course.students[1].person.email = String::new();
    course.students.pop();
    course.classes.pop();
    world.save(course);
    expect![[r#"
        Add Instructor: 1
        Add Student: 1
        Add Course: 1
        Add Class: 1
        Add Enrollment: 1
        course NURS-C1 “CARE”; first send
          Add Instructor I1 “Instructor 1”: CourseKey does not have the account
          Add Course C1 “course NURS-C1 “CARE””: CourseKey does not have the course
          Add Class C1-1 “2023-08-28 09:00 EDT”: CourseKey does not have the class
          Add Student S1 “Student 1”: CourseKey does not have the account
          Add Enrollment S1 “Student 1”: CourseKey does not have the enrollment
          not Student S2 “Student 2”: no e-mail. Enter the person's e-mail.
          not Enrollment S2 “Student 2”: waits for the account of S2."#]]
    .assert_eq(&due(&mut world));
}

#[test]
fn each_change_says_what_differs() {
    let (mut world, id) = synchronized();
    assert_eq!(due(&mut world), "", "nothing is due");
    change(&mut world, &id, |course| {
        course.title = "CARE II".to_owned();
        course.end_date = "2023-12-22".parse().unwrap();
        course.students[0].person.email = "other@example.edu".to_owned();
        course.students[0].person.revision += 1;
        course.students[1].stage = "DROPPED".to_owned();
        course.students[1].stopped_on = Some("2023-09-01".parse().unwrap());
        course.students.push(student("S4"));
        course.classes[1].starts = crate::testing::at("2023-09-04T14:00:00Z");
    });
    expect![[r#"
        Add Student: 1
        Change Student: 1
        Change Course: 1
        Change Class: 1
        Add Enrollment: 1
        Remove Enrollment: 1
        course NURS-C1 “CARE II”
          Change Course C1 “course NURS-C1 “CARE II””: GEGI has another title and end date
          Change Class C1-2 “2023-09-04 10:00 EDT”: CourseKey has it from 2023-09-04 09:00 EDT to 2023-09-04 12:00 EDT
          Change Student S1 “Student 1”: GEGI has another e-mail
          Add Student S4 “Student 4”: CourseKey does not have the account
          Remove Enrollment S2 “Student 2”: the student's stage is DROPPED since 2023-09-01
          Add Enrollment S4 “Student 4”: CourseKey does not have the enrollment"#]]
    .assert_eq(&due(&mut world));
}

#[test]
fn what_is_held_is_not_sent_and_says_what_to_do() {
    let (mut world, id) = synchronized();
    change(&mut world, &id, |course| course.students.clear());
    expect![[r#"
        course NURS-C1 “CARE”
          not Enrollment S1 “Student 1”: held until somebody decides. If they are meant to leave, approve it under Holds; discard it for those who are to stay. If GEGI's list is wrong, correct it: the hold ends by itself.
          not Enrollment S2 “Student 2”: held until somebody decides. If they are meant to leave, approve it under Holds; discard it for those who are to stay. If GEGI's list is wrong, correct it: the hold ends by itself.
          not Enrollment S3 “Student 3”: held until somebody decides. If they are meant to leave, approve it under Holds; discard it for those who are to stay. If GEGI's list is wrong, correct it: the hold ends by itself."#]].assert_eq(&due(&mut world));
}

#[test]
fn a_course_that_is_asked_for_says_why_it_rests() {
    let (mut world, id) = synchronized();
    let mut early = course("C2");
    early.start_date = "2023-11-01".parse().unwrap();
    world.save(early);
    let mut off = course("C3");
    off.send = crate::model::course::SendOption::Off;
    world.save(off);
    let texts = ["C2", "C3", "C9", id.as_str()].map(|id| format!("[{}]", of(&mut world, id)));
    expect![[r#"
        [course NURS-C2 “CARE”; rests: the sync window opens 2023-10-11 00:00 EDT]
        [course NURS-C3 “CARE”; rests: Send to CourseKey is off]
        []
        [course NURS-C1 “CARE”]"#]]
    .assert_eq(&texts.join("\n"));
}

#[test]
fn a_stopped_campus_is_named() {
    let mut world = Fake::new("2023-09-04T12:00:00Z");
    world.coursekey.zone = Some("America/Chicago".to_owned());
    world.save(course("C1"));
    world.settle();
    let shown = of(&mut world, "C1");
    assert!(!shown.contains("Add Course: 1"), "what is not sent is not counted");
    expect!["course NURS-C1 “CARE”; blocked: campus main has been stopped since 2023-09-04 08:00 EDT: CourseKey's time zone is America/Chicago, not America/New_York; it is tried again 2023-09-04 09:00 EDT"].assert_eq(shown.lines().find(|line| line.contains("blocked")).unwrap_or_default());
}

#[test]
fn pages_are_cut_by_courses_and_counts_are_of_all() {
    let mut world = Fake::new("2023-09-04T12:00:00Z");
    for number in 1..=5 {
        world.save(course(&format!("C{number}")));
    }
    let page = |world: &mut Fake, after: Option<&str>| {
        let preview = preview(world, &Asked::Due { after: after.map(CourseId::from), limit: 2 }).unwrap();
        let ids: Vec<&str> = preview.courses.iter().map(|course| course.course.as_str()).collect();
        let students = preview.counts.iter().find(|(kind, _, _)| *kind == Kind::Student).unwrap().2;
        (ids.join(" "), students, preview.next.map(|next| next.to_string()))
    };
    assert_eq!(page(&mut world, None), ("C1 C2".to_owned(), 3, Some("C2".to_owned())));
    assert_eq!(page(&mut world, Some("C2")), ("C3 C4".to_owned(), 3, Some("C4".to_owned())));
    assert_eq!(page(&mut world, Some("C4")), ("C5".to_owned(), 3, None));
}
