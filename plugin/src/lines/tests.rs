//! Courses with lines that stand twice, contradict each other, or have ids that cannot be held.

use expect_test::expect;

use super::{Odd, tidy};
use crate::model::course::Course;
use crate::model::ids::{ClassId, PersonId};
use crate::testing::course;

/// The student's lines of a course, from a text such as `S1 ACTIVE | S1 DROPPED`, and what was odd.
fn story(lines: &str) -> String {
    let mut course = listed(lines);
    let odd = tidy(&mut course);
    let students: Vec<String> = course
        .students
        .iter()
        .map(|line| format!("{} {} r{}", line.person.id, line.stage, line.person.revision))
        .collect();
    format!("{lines} → {}; {odd:?}", students.join(" | "))
}

fn listed(lines: &str) -> Course {
    let mut course = course("C1");
    let line = |text: &str| {
        let mut line = course.students[0].clone();
        let mut words = text.trim().split(' ');
        line.person.id = PersonId::from(words.next().unwrap());
        line.stage = words.next().unwrap().to_owned();
        line.person.revision = words.next().map_or(1, |revision| revision.parse().unwrap());
        line.person.email = words.next().unwrap_or("s@example.edu").to_owned();
        line
    };
    course.students = lines.split('|').map(line).collect();
    course
}

#[test]
fn the_enrolled_line_of_a_student_counts_whatever_the_order() {
    let cases = [
        "S1 ACTIVE | S1 DROPPED | S2 ACTIVE",
        "S1 DROPPED | S1 ACTIVE | S2 ACTIVE",
        "S1 PENDING | S1 LOA",
        "S1 LOA | S1 PENDING",
        "S1 ACTIVE | S1 ACTIVE",
        "S1 ACTIVE 1 | S1 ACTIVE 2 new@example.edu",
        "S1 ACTIVE 2 a@example.edu | S1 ACTIVE 2 b@example.edu",
        "S1 ACTIVE 2 b@example.edu | S1 ACTIVE 2 a@example.edu",
    ];
    expect![[r#"
        S1 ACTIVE | S1 DROPPED | S2 ACTIVE → S1 ACTIVE r1 | S2 ACTIVE r1; [PersonTwice(PersonId("S1"))]
        S1 DROPPED | S1 ACTIVE | S2 ACTIVE → S1 ACTIVE r1 | S2 ACTIVE r1; [PersonTwice(PersonId("S1"))]
        S1 PENDING | S1 LOA → S1 LOA r1; [PersonTwice(PersonId("S1"))]
        S1 LOA | S1 PENDING → S1 LOA r1; [PersonTwice(PersonId("S1"))]
        S1 ACTIVE | S1 ACTIVE → S1 ACTIVE r1; []
        S1 ACTIVE 1 | S1 ACTIVE 2 new@example.edu → S1 ACTIVE r2; []
        S1 ACTIVE 2 a@example.edu | S1 ACTIVE 2 b@example.edu → S1 ACTIVE r2; [PersonTwice(PersonId("S1"))]
        S1 ACTIVE 2 b@example.edu | S1 ACTIVE 2 a@example.edu → S1 ACTIVE r2; [PersonTwice(PersonId("S1"))]"#]]
    .assert_eq(&cases.map(story).join("\n"));
}

#[test]
fn a_student_of_two_groups_of_a_rotation_is_listed_once() {
    let story = |lines: &str| {
        let mut course = Course { several_groups: true, ..listed(lines) };
        let odd = tidy(&mut course);
        let students: Vec<String> =
            course.students.iter().map(|line| format!("{} {}", line.person.id, line.stage)).collect();
        format!("{lines} → {}; {odd:?}", students.join(" | "))
    };
    let cases = ["S1 DROPPED | S1 ACTIVE", "S1 ACTIVE 2 a@example.edu | S1 ACTIVE 2 b@example.edu"];
    expect![[r#"
        S1 DROPPED | S1 ACTIVE → S1 ACTIVE; []
        S1 ACTIVE 2 a@example.edu | S1 ACTIVE 2 b@example.edu → S1 ACTIVE; [PersonTwice(PersonId("S1"))]"#]]
    .assert_eq(&cases.map(story).join("\n"));
}

#[test]
fn the_order_of_contradicting_lines_makes_no_difference() {
    let lines = ["S1 ACTIVE 2 a@example.edu", "S1 DROPPED 2 b@example.edu", "S1 LOA 1 c@example.edu"];
    let [a, b, c] = lines;
    let mut courses: Vec<(Course, Vec<Odd>)> = Vec::new();
    for order in [[a, b, c], [c, b, a], [b, a, c], [b, c, a]] {
        let mut course = listed(&order.join("|"));
        let odd = tidy(&mut course);
        courses.push((course, odd));
    }
    assert!(courses.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(courses[0].0.students[0].person.email, "a@example.edu");
}

#[test]
fn an_instructor_who_is_a_student_too_is_one_person() {
    let mut course = course("C1");
    course.students[0].person = course.instructors[0].clone();
    course.students[0].person.revision = 5;
    course.students[0].person.email = "new@example.edu".to_owned();
    course.instructors.push(course.instructors[0].clone());
    assert_eq!(tidy(&mut course), []);
    assert_eq!(course.instructors.len(), 1);
    assert_eq!(course.instructors[0].email, "new@example.edu");
}

#[test]
fn a_row_whose_id_cannot_stand_in_a_key_is_left_out_and_told() {
    let mut course = course("C1");
    course.students[0].person.id = PersonId("L".repeat(97));
    course.students[1].person.id = PersonId("L".repeat(96));
    course.classes[0].id = ClassId("tab\t".to_owned());
    course.instructors[0].id = PersonId::from("");
    let odd: Vec<String> = tidy(&mut course).iter().map(|odd| format!("{odd:?}")).collect();
    assert_eq!((course.students.len(), course.classes.len(), course.instructors.len()), (2, 1, 0));
    expect![[r#"
        Id { of: Instructor, shown: "", bytes: 0 }
        Id { of: Student, shown: "LLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLLL", bytes: 97 }
        Id { of: Class, shown: "tab", bytes: 4 }"#]]
    .assert_eq(&odd.join("\n"));
}

#[test]
fn of_a_class_listed_twice_the_earlier_time_counts() {
    let mut course = course("C1");
    let mut twice = course.classes[0].clone();
    twice.starts = twice.ends;
    course.classes.insert(0, twice);
    let first = course.classes[1].clone();
    assert_eq!(tidy(&mut course), [Odd::ClassTwice(first.id.clone())]);
    assert_eq!((course.classes[0].clone(), course.classes.len()), (first, 2));
}
