//! Holds and decisions through whole ticks: change one thing, and see what is sent and what is held.

mod steer;
mod terms;

use expect_test::expect;

use super::decide::{Decision, Outcome, Verdict, decide};
use super::holds::{Held, holds};
use crate::guard::Kind;
use crate::model::course::Course;
use crate::model::ids::CourseId;
use crate::model::time::Seconds;
use crate::testing::{Fake, course, student};
use crate::world::records::Operation;

/// A synchronized course of 24 students.
fn school() -> Fake {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut course = course("C1");
    course.students = (1..=24).map(|number| student(&format!("S{number:02}"))).collect();
    world.save(course);
    world.settle();
    world.operations.clear();
    world
}

/// GEGI changes course C1; answers what is sent.
fn change(world: &mut Fake, change: impl FnOnce(&mut Course)) -> String {
    let mut course = world.gegi.get(&CourseId::from("C1")).cloned().unwrap();
    change(&mut course);
    course.revision += 1;
    world.save(course);
    world.settle()
}

fn held(world: &mut Fake) -> Vec<Held> {
    holds(world, None, 10).unwrap()
}

fn decided(world: &mut Fake, verdict: Verdict, rows: &[&str]) -> Outcome {
    let shown = held(world).into_iter().next().unwrap();
    let rows = rows.iter().map(|row| (*row).to_owned()).collect();
    let Held { course, kind, hash, .. } = shown;
    decide(world, Decision { course, kind, hash, verdict, rows, by: "an administrator".to_owned() }).unwrap()
}

fn journal(world: &Fake) -> Vec<String> {
    let entries = world.operations.iter().filter_map(|operation| match operation {
        Operation::Journal(entry) => {
            let row = entry.person.as_ref().map_or("-", |person| person.as_str());
            Some(format!("{row} {}: {}", entry.new.as_deref().unwrap_or_default(), entry.by))
        }
        _ => None,
    });
    entries.collect()
}

#[test]
fn a_lost_join_is_held_and_everything_else_goes_out() {
    let mut world = school();
    let sent = change(&mut world, |course| {
        course.students.truncate(12);
        course.students.push(student("S99"));
        course.students[0].stage = "DROPPED".to_owned();
        course.title = "CARE II".to_owned();
    });
    expect![[r#"
        course C1 by instructor1@example.edu with ["I1"]
        drop S01 in C1"#]]
    .assert_eq(&sent);
    expect!["C1 Failed (12 of 24 students: held as a possible accident until somebody decides under Holds)"]
        .assert_eq(&world.statuses());
    let shown = held(&mut world);
    let Held { kind, sentence, of, rows, .. } = &shown[0];
    assert_eq!((shown.len(), *kind, *of, rows.len()), (1, Kind::Students, 24, 12));
    expect!["12 of the 24 students of course NURS-C1 “CARE II” are not in GEGI's list any more; they are not dropped in CourseKey until somebody decides"]
        .assert_eq(sentence);
    assert_eq!(rows[0], ("S13".to_owned(), "Student 13".to_owned()));
    assert_eq!(world.later(Seconds::days(2)), "", "a hold does not wear off");
}

#[test]
fn what_is_approved_leaves_and_what_waited_with_it_goes_out() {
    let mut world = school();
    change(&mut world, |course| {
        course.students.truncate(17);
        course.students.push(student("S99"));
    });
    assert_eq!(decided(&mut world, Verdict::Approve, &[]), Outcome::Taken(7));
    let sent = world.settle();
    assert_eq!(sent.lines().filter(|line| line.starts_with("drop")).count(), 7, "{sent}");
    assert!(sent.contains("user S99") && sent.contains("enroll S99"), "{sent}");
    assert!(held(&mut world).is_empty());
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
    let journal = journal(&world);
    assert_eq!(journal.len(), 7);
    assert_eq!(journal[0], "S18 approved: decided under Holds by an administrator");
}

#[test]
fn what_is_discarded_stays_until_gegi_lists_it_again() {
    let mut world = school();
    change(&mut world, |course| course.students.truncate(17));
    assert_eq!(decided(&mut world, Verdict::Discard, &[]), Outcome::Taken(7));
    assert_eq!(world.settle(), "");
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
    assert_eq!(world.later(Seconds::days(30)), "", "nothing that was discarded leaves later");
    change(&mut world, |course| course.students.push(student("S18")));
    assert_eq!(change(&mut world, |course| _ = course.students.pop()), "drop S18 in C1", "one student who leaves anew");
}

#[test]
fn it_is_decided_row_by_row_and_the_rest_does_not_slip_out() {
    let mut world = school();
    change(&mut world, |course| course.students.truncate(18));
    assert_eq!(decided(&mut world, Verdict::Approve, &["S19", "S20", "S21"]), Outcome::Taken(3));
    assert_eq!(world.settle(), "drop S19 in C1\ndrop S20 in C1\ndrop S21 in C1");
    assert_eq!(held(&mut world)[0].rows.len(), 3, "three of six would not be held by themselves");
    assert_eq!(decided(&mut world, Verdict::Discard, &["S22"]), Outcome::Taken(1));
    assert_eq!(world.settle(), "");
    assert_eq!(held(&mut world)[0].rows.len(), 2);
    expect!["C1 Failed (2 of 24 students: held as a possible accident until somebody decides under Holds)"]
        .assert_eq(&world.statuses());
}

#[test]
fn a_decision_is_about_what_was_shown() {
    let mut world = school();
    change(&mut world, |course| course.students.truncate(17));
    let shown = held(&mut world).remove(0);
    let decision = |hash: &str, rows: &[&str]| Decision {
        course: CourseId::from("C1"),
        kind: Kind::Students,
        hash: hash.to_owned(),
        verdict: Verdict::Approve,
        rows: rows.iter().map(|row| (*row).to_owned()).collect(),
        by: "an administrator".to_owned(),
    };
    let nothing = decide(&mut world, Decision { kind: Kind::Classes, ..decision(&shown.hash, &[]) }).unwrap();
    assert_eq!(nothing, Outcome::NothingHeld);
    assert_eq!(decide(&mut world, decision(&shown.hash, &["S01"])).unwrap(), Outcome::Changed, "S01 is not held");
    change(&mut world, |course| course.students.truncate(16));
    assert_eq!(decide(&mut world, decision(&shown.hash, &[])).unwrap(), Outcome::Changed);
    // GEGI changes the list after the decision, and before the tick.
    let shown = held(&mut world).remove(0);
    assert_eq!(decide(&mut world, decision(&shown.hash, &[])).unwrap(), Outcome::Taken(8));
    assert_eq!(decide(&mut world, decision(&shown.hash, &[])).unwrap(), Outcome::Changed, "it was decided already");
    let sent = change(&mut world, |course| course.students.truncate(15));
    assert!(!sent.contains("drop S16"), "S16 was not among what was shown: {sent}");
    assert_eq!(sent.lines().count(), 8, "{sent}");
}

#[test]
fn a_corrected_list_ends_the_hold_by_itself() {
    let mut world = school();
    change(&mut world, |course| course.students.clear());
    expect!["the list of students of course NURS-C1 “CARE” is empty in GEGI; they are not dropped in CourseKey until somebody decides"]
        .assert_eq(&held(&mut world)[0].sentence);
    let sent = change(&mut world, |course| {
        course.students = (1..=23).map(|number| student(&format!("S{number:02}"))).collect();
    });
    assert_eq!(sent, "drop S24 in C1");
    assert!(held(&mut world).is_empty());
}

#[test]
fn an_approval_that_coursekey_does_not_take_is_asked_for_again() {
    let mut world = school();
    change(&mut world, |course| course.students.truncate(17));
    let busy = (0..1_000).map(|_| Ok((503, "")));
    world.coursekey.faults.insert("enrollments".to_owned(), busy.collect());
    assert_eq!(decided(&mut world, Verdict::Approve, &[]), Outcome::Taken(7));
    world.settle();
    world.later(Seconds::days(4));
    world.coursekey.faults.clear();
    assert_eq!(world.later(Seconds::hours(2)), "");
    assert_eq!(held(&mut world)[0].rows.len(), 7);
}

#[test]
fn a_few_rows_of_each_course_are_held_all_over_the_school() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let courses: Vec<String> = (1..=10).map(|number| format!("C{number}")).collect();
    for id in &courses {
        let mut course = course(id);
        course.students = (1..=10).map(|number| student(&format!("S{number:02}"))).collect();
        world.save(course);
    }
    world.settle();
    for id in &courses {
        let mut course = world.gegi.get(&CourseId::from(id.as_str())).cloned().unwrap();
        course.students.truncate(8);
        course.revision += 1;
        world.save(course);
    }
    assert_eq!(world.settle(), "", "two of ten students of each of ten courses");
    assert_eq!(held(&mut world).len(), 10);
    // The list is right again in all courses but two.
    for id in &courses[2..] {
        let mut course = world.gegi.get(&CourseId::from(id.as_str())).cloned().unwrap();
        course.students = (1..=10).map(|number| student(&format!("S{number:02}"))).collect();
        course.revision += 1;
        world.save(course);
    }
    world.settle();
    let sent = world.later(Seconds::hours(2));
    assert_eq!(sent.lines().count(), 4, "four of a hundred leave: {sent}");
    assert!(held(&mut world).is_empty());
}

#[test]
fn what_is_decided_in_some_courses_does_not_let_the_others_slip_out() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let courses: Vec<String> = (1..=10).map(|number| format!("C{number}")).collect();
    let list = |id: &str, students: usize| {
        let mut course = course(id);
        course.students = (1..=students).map(|number| student(&format!("S{number:02}"))).collect();
        course
    };
    for id in &courses {
        world.save(list(id, 10));
    }
    world.settle();
    for id in &courses {
        world.save(Course { revision: 2, ..list(id, 8) });
    }
    world.settle();
    for _ in 0..6 {
        assert_eq!(decided(&mut world, Verdict::Approve, &[]), Outcome::Taken(2));
        assert_eq!(world.settle().lines().count(), 2);
    }
    assert_eq!(world.later(Seconds::hours(2)), "", "eight of the hundred would not be held by themselves");
    assert_eq!(held(&mut world).len(), 4);
    for _ in 0..4 {
        decided(&mut world, Verdict::Discard, &[]);
        world.settle();
    }
    assert!(held(&mut world).is_empty());
    // With the last hold its decisions are history.
    let mut one = list("C1", 7);
    one.revision = 3;
    world.save(one);
    assert_eq!(world.settle(), "drop S08 in C1");
}

#[test]
fn what_was_decided_outlasts_a_campus_that_is_unknown_for_a_while() {
    let mut world = school();
    change(&mut world, |course| course.students.truncate(18));
    decided(&mut world, Verdict::Discard, &["S19", "S20", "S21"]);
    world.settle();
    let zone = std::mem::replace(&mut world.settings.campuses[0].zone, "Mars/Olympus".to_owned());
    world.later(Seconds::hours(2));
    world.settings.campuses[0].zone = zone;
    assert_eq!(world.later(Seconds::hours(2)), "", "three of 24 would not be held by themselves");
    assert_eq!(held(&mut world)[0].rows.len(), 3);
}
