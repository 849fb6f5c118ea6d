//! The Absent that is derived from a missing record, and the daily pass, in whole ticks.

use expect_test::expect;

use super::written;
use crate::model::attendance::Mark;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, record, synchronized};
use crate::world::records::Origin;

const IN: &str = "2023-08-28T13:00:00Z";
const OUT: &str = "2023-08-28T16:00:00Z";

/// CourseKey has S1's record of the first class, and nobody else's.
fn one_came() -> Fake {
    let mut world = synchronized();
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:10Z", &[(IN, Some(OUT))])];
    world
}

#[test]
fn who_has_no_record_is_absent_once_everything_was_read() {
    let mut world = one_came();
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    expect!["C1-1 S1 -→P: Present: attended the whole class"].assert_eq(&written(&mut world));
    // The listing fails when the settle time is over: no Absent is derived from records that were not read.
    world.coursekey.faults.insert("attendance".to_owned(), [Ok((503, "")), Ok((200, "{"))].into());
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    world.later(Seconds(300));
    assert_eq!(written(&mut world), "");
    world.later(Seconds(900));
    world.later(Seconds(900));
    expect![[r"
        C1-1 S2 -→A: Absent: did not check in
        C1-1 S3 -→A: Absent: did not check in"]]
    .assert_eq(&written(&mut world));
    world.later(Seconds(300));
    assert_eq!(written(&mut world), "", "nothing is written twice");
}

#[test]
fn a_page_that_cannot_be_read_keeps_everybody_from_being_absent() {
    let mut world = one_came();
    let more = ["S2", "S3"]
        .map(|student| record(&format!("r-{student}"), 1, "C1-1", student, "2023-08-28T16:00:20Z", &[(IN, Some(OUT))]));
    world.coursekey.records.extend(more);
    world.now = at("2023-08-28T17:00:00Z");
    let first_page_only = [Ok((200, r#"{"records": [], "next": "2", "asOf": "2023-08-28T17:00:00Z"}"#)), Ok((503, ""))];
    world.coursekey.faults.insert("attendance".to_owned(), first_page_only.into());
    world.settle();
    assert_eq!(written(&mut world), "");
    world.later(Seconds(900));
    expect![[r"
        C1-1 S1 -→P: Present: attended the whole class
        C1-1 S2 -→P: Present: attended the whole class
        C1-1 S3 -→P: Present: attended the whole class"]]
    .assert_eq(&written(&mut world));
}

#[test]
fn a_listing_that_is_complete_only_up_to_an_earlier_moment_does_not_prove_absence() {
    let mut world = one_came();
    let stale = r#"{"records": [], "next": null, "asOf": "2023-08-28T16:59:59Z"}"#;
    world.coursekey.faults.insert("attendance".to_owned(), [Ok((200, stale))].into());
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    assert_eq!(written(&mut world), "");
    world.later(Seconds(300));
    assert!(written(&mut world).contains("C1-1 S2 -→A"));
}

#[test]
fn classes_of_a_time_when_nobody_ticked_are_judged_afterwards() {
    let mut world = one_came();
    world.now = at("2023-10-20T12:00:00Z");
    world.settle();
    world.later(Seconds(300));
    world.later(Seconds(300));
    let written = written(&mut world);
    assert!(written.contains("C1-1 S1 -→P") && written.contains("C1-1 S2 -→A"), "{written}");
    assert!(written.contains("C1-2 S1 -→A"), "{written}");
}

#[test]
fn an_unreadable_record_of_a_student_is_not_silence() {
    let mut world = one_came();
    let mut broken = record("r2", 1, "C1-1", "S2", "2023-08-28T16:00:20Z", &[(IN, Some(OUT))]);
    broken["visits"] = "none".into();
    world.coursekey.records.push(broken);
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    expect![[r"
        C1-1 S1 -→P: Present: attended the whole class
        C1-1 S3 -→A: Absent: did not check in
        open record-unreadable//C1-1/S2/r2"]]
    .assert_eq(&written(&mut world));
    // CourseKey takes the record back: the daily pass does not bring it again.
    world.coursekey.records.pop();
    world.later(Seconds::days(1));
    world.later(Seconds::days(1));
    expect![[r#"
        C1-1 S2 -→A: Absent: did not check in
        resolve record-unreadable//C1-1/S2/r2"#]]
    .assert_eq(&written(&mut world));
}

#[test]
fn a_student_who_had_stopped_is_excused_when_gegi_says_so() {
    let mut world = one_came();
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    written(&mut world);
    let mut changed = course("C1");
    changed.revision = 2;
    changed.students[1].stage = "DROPPED".to_owned();
    changed.students[1].stopped_on = "2023-08-27".parse().ok();
    world.save(changed);
    world.settle();
    expect!["C1-1 S2 withdrawn"].assert_eq(&written(&mut world));
}

#[test]
fn a_class_nobody_came_to_is_one_issue_which_ends_when_it_is_cancelled() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut full = course("C1");
    let like = full.students[0].clone();
    full.students.extend((4..=6).map(|number| {
        let mut student = like.clone();
        student.person.id = crate::model::ids::PersonId(format!("S{number}"));
        student.person.email = format!("student{number}@example.edu");
        student
    }));
    world.save(full.clone());
    world.settle();
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    world.later(Seconds(300));
    expect!["open class-not-held/C1/C1-1//"].assert_eq(&written(&mut world));
    full.revision = 2;
    full.classes.remove(0);
    world.save(full);
    world.settle();
    expect!["resolve class-not-held/C1/C1-1//"].assert_eq(&written(&mut world));
}

#[test]
fn the_daily_pass_finds_what_the_cursor_passed_over() {
    let mut world = one_came();
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    written(&mut world);
    // CourseKey lists the record late, with a moment that the cursor had passed.
    let late = record("r2", 1, "C1-1", "S2", "2023-08-28T15:59:00Z", &[(IN, Some(OUT))]);
    world.coursekey.records.insert(0, late);
    world.later(Seconds(300));
    assert_eq!(written(&mut world), "");
    world.now = at("2023-08-29T07:00:00Z");
    world.settle();
    expect!["C1-1 S2 A→P: Present: attended the whole class"].assert_eq(&written(&mut world));
}

#[test]
fn the_daily_pass_goes_on_where_it_was_interrupted() {
    let mut world = synchronized();
    let students = ["S1", "S2", "S3"];
    world.coursekey.records = students
        .iter()
        .zip(1..)
        .map(|(student, minute)| {
            let updated = format!("2023-08-28T16:0{minute}:00Z");
            record(&format!("r-{student}"), 1, "C1-1", student, &updated, &[(IN, Some(OUT))])
        })
        .collect();
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    written(&mut world);
    let empty = r#"{"records": [], "next": null, "asOf": "2023-08-29T07:00:00Z"}"#;
    // The poll brings the new records; the daily pass is cut after its first page.
    let faults = [Ok((200, empty)), Ok((200, r#"{"records": [], "next": "2", "asOf": null}"#)), Ok((503, ""))];
    world.coursekey.faults.insert("attendance".to_owned(), faults.into());
    for held in &mut world.coursekey.records {
        held["version"] = 2.into();
        held["visits"][0]["in"] = "2023-08-28T13:05:00Z".into();
    }
    world.now = at("2023-08-29T07:00:00Z");
    world.settle();
    assert_eq!(written(&mut world), "");
    world.later(Seconds(900));
    assert_eq!(written(&mut world).lines().filter(|line| line.contains("P→L")).count(), 3);
}

#[test]
fn what_is_marked_by_hand_before_it_settles_is_left_alone() {
    let mut world = one_came();
    world.marks.insert(("C1-1".into(), "S2".into()), (Mark::Present, Origin::Hand));
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    let written = written(&mut world);
    assert!(!written.contains("S2") && written.contains("C1-1 S3 -→A"), "{written}");
}

#[test]
fn what_was_taken_before_its_class_was_cancelled_is_no_news() {
    let mut world = one_came();
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.classes.remove(0);
    world.save(changed);
    world.settle();
    written(&mut world);
    // The daily pass brings the record again.
    world.now = at("2023-08-29T07:00:00Z");
    world.settle();
    assert_eq!(written(&mut world), "");
    let mut later = record("r1", 2, "C1-1", "S1", "2023-08-29T08:00:00Z", &[(IN, None)]);
    later["adjustment"] = serde_json::json!({ "kind": "edit", "by": "staff" });
    world.coursekey.records.push(later);
    // The day before the next class attendance is read again.
    world.now = at("2023-09-03T13:05:00Z");
    world.settle();
    world.later(Seconds(300));
    expect!["open record-of-unknown-class//C1-1//"].assert_eq(&written(&mut world));
}
