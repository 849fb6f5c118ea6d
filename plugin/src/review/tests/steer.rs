//! Courses that are sent again, and who attended last, through whole ticks.

use expect_test::expect;

use super::super::{resend, watch};
use crate::model::attendance::Mark;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, record, synchronized};
use crate::world::records::{Operation, Origin};

#[test]
fn a_course_is_sent_again_whole_once_and_stays_locked() {
    let mut world = synchronized();
    assert_eq!(resend::resend(&mut world, Some(CourseId::from("C9")), "a registrar").unwrap(), 0);
    assert_eq!(resend::resend(&mut world, Some(CourseId::from("C1")), "a registrar").unwrap(), 1);
    let statuses = world.statuses();
    expect![[r#"
        teacher I1 instructor1@example.edu
        course C1 by instructor1@example.edu with ["I1"]
        class C1-1 2023-08-28T13:00:00Z
        class C1-2 2023-09-04T13:00:00Z
        user S1 student1@example.edu
        user S2 student2@example.edu
        user S3 student3@example.edu
        enroll S1 in C1
        enroll S2 in C1
        enroll S3 in C1"#]]
    .assert_eq(&world.settle());
    assert_eq!(world.statuses(), statuses);
    assert_eq!(world.later(Seconds::hours(1)), "", "once");
    let journal = world.operations.iter().filter_map(|operation| match operation {
        Operation::Journal(entry) => Some(format!("{} {} {}", entry.what, entry.course.as_ref().unwrap(), entry.by)),
        _ => None,
    });
    assert_eq!(journal.collect::<Vec<_>>(), ["resend C1 asked for by a registrar"]);
}

#[test]
fn every_course_is_sent_again_however_many_there_are() {
    let mut world = Fake::new("2023-09-04T12:00:00Z");
    for number in 1..=40 {
        world.save(course(&format!("C{number:02}")));
    }
    world.settle();
    assert_eq!(resend::resend(&mut world, None, "a registrar").unwrap(), 40);
    let sent = world.settle();
    assert_eq!(sent.lines().filter(|line| line.starts_with("course")).count(), 40);
    assert_eq!(sent.lines().filter(|line| line.starts_with("user")).count(), 3, "an account is sent once");
}

#[test]
fn who_attended_last_when_and_who_was_not_seen() {
    let mut world = synchronized();
    let visit = [("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))];
    world.coursekey.records.push(record("R1", 1, "C1-1", "S1", "2023-08-28T16:00:00Z", &visit));
    world.now = at("2023-09-12T12:00:00Z");
    world.settle();
    world.marks.insert((ClassId::from("C1-2"), PersonId::from("S2")), (Mark::Present, Origin::Hand));
    let mut watched = |days: u32| {
        let (courses, next) = watch::watch(&mut world, None, 20, days).unwrap();
        assert_eq!(next, None);
        let line = |seen: &watch::Seen| {
            let last = seen.last.map_or("never".to_owned(), |at| at.to_string());
            format!("{} {} {last}{}", seen.student, seen.name, if seen.unseen { " unseen" } else { "" })
        };
        courses[0].students.iter().map(line).collect::<Vec<_>>().join("\n")
    };
    expect![[r#"
        S1 Student 1 2023-08-28T13:00:00Z unseen
        S2 Student 2 2023-09-04T13:00:00Z
        S3 Student 3 never unseen"#]]
    .assert_eq(&watched(14));
    expect![[r#"
        S1 Student 1 2023-08-28T13:00:00Z
        S2 Student 2 2023-09-04T13:00:00Z
        S3 Student 3 never"#]]
    .assert_eq(&watched(16));
}
