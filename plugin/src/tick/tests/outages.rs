//! Outages: CourseKey is down when a class ends or when the follow-up days end, or GEGI's data are wrong for a while.
//! No mark is written from attendance that was read too early, and every mark that is due is written after the outage.

use expect_test::expect;

use super::written;
use crate::model::attendance::Mark;
use crate::model::course::Course;
use crate::model::settings::NeverCheckedOut;
use crate::model::time::{Instant, Seconds};
use crate::testing::{Fake, at, course, record, synchronized};
use crate::world::records::Origin;

const IN: &str = "2023-08-28T13:00:00Z";
const OUT: &str = "2023-08-28T16:00:00Z";

/// Lets time pass in steps. Answers the operations that were written, each with its moment.
fn watch(world: &mut Fake, until: Instant, step: Seconds) -> String {
    let mut seen = Vec::new();
    while world.now < until {
        world.later(step);
        let told = written(world);
        seen.extend(told.lines().map(|line| format!("{} {line}", world.now)).collect::<Vec<_>>());
    }
    seen.join("\n")
}

/// The next requests for attendance are not answered.
fn down(world: &mut Fake, times: usize) {
    world.coursekey.faults.insert("attendance".to_owned(), vec![Ok((503, "")); times].into());
}

#[test]
fn a_break_that_was_read_before_an_outage_makes_nobody_absent() {
    let mut world = synchronized();
    let morning = |student: &str| {
        record(student, 1, "C1-1", student, "2023-08-28T14:30:00Z", &[(IN, Some("2023-08-28T14:30:00Z"))])
    };
    world.coursekey.records = ["S1", "S2", "S3"].map(morning).into();
    world.now = at("2023-08-28T14:31:00Z");
    world.settle();
    let visits = [(IN, Some("2023-08-28T14:30:00Z")), ("2023-08-28T14:45:00Z", Some(OUT))];
    let whole = |student: &str| record(student, 2, "C1-1", student, OUT, &visits);
    world.coursekey.records = ["S1", "S2", "S3"].map(whole).into();
    down(&mut world, 6);
    expect![[r#"
        2023-08-28T14:51:00Z open coursekey-silent////main
        2023-08-28T17:36:00Z C1-1 S1 -→P: Present: there at the start and at the end; away 15 min in between
        2023-08-28T17:36:00Z C1-1 S2 -→P: Present: there at the start and at the end; away 15 min in between
        2023-08-28T17:36:00Z C1-1 S3 -→P: Present: there at the start and at the end; away 15 min in between
        2023-08-28T17:36:00Z resolve coursekey-silent////main"#]]
    .assert_eq(&watch(&mut world, at("2023-08-28T20:00:00Z"), Seconds(300)));
}

#[test]
fn check_outs_that_were_not_read_make_nobody_absent() {
    let mut world = synchronized();
    world.settings.never_checked_out = NeverCheckedOut::Absent;
    let came = |student: &str| record(student, 1, "C1-1", student, "2023-08-28T13:00:10Z", &[(IN, None)]);
    world.coursekey.records = ["S1", "S2", "S3"].map(came).into();
    world.now = at("2023-08-28T15:50:00Z");
    world.settle();
    let left = |student: &str| record(student, 2, "C1-1", student, "2023-08-28T16:00:10Z", &[(IN, Some(OUT))]);
    world.coursekey.records = ["S1", "S2", "S3"].map(left).into();
    down(&mut world, 8);
    expect![[r#"
        2023-08-28T16:10:00Z open coursekey-silent////main
        2023-08-28T20:45:00Z C1-1 S1 -→P: Present: attended the whole class
        2023-08-28T20:45:00Z C1-1 S2 -→P: Present: attended the whole class
        2023-08-28T20:45:00Z C1-1 S3 -→P: Present: attended the whole class
        2023-08-28T20:45:00Z resolve coursekey-silent////main"#]]
    .assert_eq(&watch(&mut world, at("2023-08-28T22:00:00Z"), Seconds(300)));
}

fn without_follow_up_days(setting: NeverCheckedOut) -> String {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.settings.follow_adjustments_days = 0;
    world.settings.never_checked_out = setting;
    world.save(course("C1"));
    world.settle();
    let came = "2023-08-28T12:58:00Z";
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T12:58:10Z", &[(came, None)])];
    world.now = at("2023-08-28T14:05:00Z");
    world.settle();
    let left = [(came, Some("2023-08-28T16:00:05Z"))];
    world.coursekey.records = vec![record("r1", 2, "C1-1", "S1", "2023-08-28T16:00:10Z", &left)];
    watch(&mut world, at("2023-08-28T19:00:00Z"), Seconds(300))
}

#[test]
fn without_follow_up_days_a_check_out_at_the_end_is_no_late_adjustment() {
    expect![[r#"
        2023-08-28T16:05:00Z C1-1 S1 -→P: Present: attended the whole class
        2023-08-28T17:00:00Z C1-1 S2 -→A: Absent: did not check in
        2023-08-28T17:00:00Z C1-1 S3 -→A: Absent: did not check in"#]]
    .assert_eq(&without_follow_up_days(NeverCheckedOut::Report));
    assert_eq!(without_follow_up_days(NeverCheckedOut::Absent), without_follow_up_days(NeverCheckedOut::Report));
}

#[test]
fn absences_of_the_last_class_are_not_forgotten_when_the_last_reading_fails() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.settings.follow_adjustments_days = 0;
    world.save(course("C1"));
    world.settle();
    world.now = at("2023-09-04T16:00:00Z");
    world.settle();
    written(&mut world);
    down(&mut world, 1);
    world.now = at("2023-09-04T17:02:00Z");
    world.settle();
    expect![[r#"
        2023-09-04T17:12:00Z C1-1 S1 -→A: Absent: did not check in
        2023-09-04T17:12:00Z C1-1 S2 -→A: Absent: did not check in
        2023-09-04T17:12:00Z C1-1 S3 -→A: Absent: did not check in
        2023-09-04T17:12:00Z C1-2 S1 -→A: Absent: did not check in
        2023-09-04T17:12:00Z C1-2 S2 -→A: Absent: did not check in
        2023-09-04T17:12:00Z C1-2 S3 -→A: Absent: did not check in"#]]
    .assert_eq(&watch(&mut world, at("2023-09-05T04:00:00Z"), Seconds(600)));
}

#[test]
fn absences_are_not_forgotten_when_the_host_was_down_until_the_very_end() {
    let mut world = synchronized();
    world.now = at("2023-09-11T16:05:00Z");
    down(&mut world, 2);
    world.settle();
    expect![[r#"
        2023-09-12T07:05:00Z C1-1 S1 -→A: Absent: did not check in
        2023-09-12T07:05:00Z C1-1 S2 -→A: Absent: did not check in
        2023-09-12T07:05:00Z C1-1 S3 -→A: Absent: did not check in
        2023-09-12T07:05:00Z C1-2 S1 -→A: Absent: did not check in
        2023-09-12T07:05:00Z C1-2 S2 -→A: Absent: did not check in
        2023-09-12T07:05:00Z C1-2 S3 -→A: Absent: did not check in"#]]
    .assert_eq(&watch(&mut world, at("2023-09-13T16:05:00Z"), Seconds(3_600)));
}

#[test]
fn an_issue_of_the_last_class_ends_when_it_is_settled_by_hand_after_the_follow_up_days() {
    let mut world = synchronized();
    let visits = [("2023-09-04T13:00:00Z", None)];
    world.coursekey.records = vec![record("r1", 1, "C1-2", "S1", "2023-09-04T13:00:10Z", &visits)];
    world.now = at("2023-09-04T17:00:00Z");
    world.settle();
    watch(&mut world, at("2023-09-20T00:00:00Z"), Seconds(43_200));
    world.marks.insert(("C1-2".into(), "S1".into()), (Mark::Present, Origin::Hand));
    expect!["2023-09-20T17:00:00Z resolve never-checked-out/C1/C1-2/S1/"].assert_eq(&watch(
        &mut world,
        at("2023-09-23T00:00:00Z"),
        Seconds(43_200),
    ));
    // After a while the class is not judged again any more.
    world.marks.insert(("C1-2".into(), "S1".into()), (Mark::Late, Origin::CourseKey));
    expect![].assert_eq(&watch(&mut world, at("2023-10-20T00:00:00Z"), Seconds(43_200)));
}

#[test]
fn an_adjustment_that_came_too_late_at_the_very_end_is_settled_by_hand() {
    let mut world = synchronized();
    let late = [("2023-09-04T13:10:00Z", Some("2023-09-04T16:00:00Z"))];
    world.coursekey.records = vec![record("r1", 1, "C1-2", "S1", "2023-09-04T16:00:10Z", &late)];
    world.now = at("2023-09-11T15:59:00Z");
    world.settle();
    let whole = [("2023-09-04T13:00:00Z", Some("2023-09-04T16:00:00Z"))];
    world.coursekey.records = vec![record("r1", 2, "C1-2", "S1", "2023-09-11T16:00:30Z", &whole)];
    written(&mut world);
    expect![[r#"
        2023-09-11T16:01:00Z C1-1 S1 -→A: Absent: did not check in
        2023-09-11T16:01:00Z C1-1 S2 -→A: Absent: did not check in
        2023-09-11T16:01:00Z C1-1 S3 -→A: Absent: did not check in
        2023-09-11T16:01:00Z open late-adjustment/C1/C1-2/S1/"#]]
    .assert_eq(&watch(&mut world, at("2023-09-11T17:00:00Z"), Seconds(120)));
    world.marks.insert(("C1-2".into(), "S1".into()), (Mark::Present, Origin::Hand));
    expect!["2023-09-12T17:01:00Z resolve late-adjustment/C1/C1-2/S1/"].assert_eq(&watch(
        &mut world,
        at("2023-09-14T00:00:00Z"),
        Seconds(43_200),
    ));
}

#[test]
fn a_zone_that_is_mistyped_for_a_day_ends_no_issue() {
    let mut world = synchronized();
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T13:00:10Z", &[(IN, None)])];
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    written(&mut world);
    let zone = std::mem::replace(&mut world.settings.campuses[0].zone, "America/Nowhere".to_owned());
    world.save(Course { revision: 2, title: "X".to_owned(), ..course("C1") });
    expect![[r#"
        2023-08-29T05:00:00Z open connection-mismatch////main
        2023-08-29T05:00:00Z open zone-unknown////main"#]]
    .assert_eq(&watch(&mut world, at("2023-08-29T17:00:00Z"), Seconds(43_200)));
    world.settings.campuses[0].zone = zone;
    expect![[r#"
        2023-08-30T05:00:00Z resolve connection-mismatch////main
        2023-08-30T05:00:00Z resolve zone-unknown////main
        2023-08-30T17:00:00Z open never-checked-out/C1/C1-1/S1/"#]]
    .assert_eq(&watch(&mut world, at("2023-08-31T17:00:00Z"), Seconds(43_200)));
}

#[test]
fn a_record_of_a_course_that_gegi_removed_is_of_an_unknown_class() {
    let mut world = synchronized();
    world.now = at("2023-08-28T15:00:00Z");
    world.settle();
    world.remove("C1");
    world.settle();
    written(&mut world);
    let visits = [("2023-08-28T13:20:00Z", Some(OUT))];
    world.coursekey.records = vec![record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:10Z", &visits)];
    expect!["2023-08-28T16:30:00Z open record-of-unknown-class//C1-1//"].assert_eq(&watch(
        &mut world,
        at("2023-08-28T18:00:00Z"),
        Seconds(1_800),
    ));
}

#[test]
fn of_a_record_that_waits_for_its_student_every_version_is_kept() {
    let mut world = synchronized();
    let whole = [(IN, Some(OUT))];
    world.coursekey.records = vec![record("r9", 1, "C1-1", "S9", "2023-08-28T16:00:10Z", &whole)];
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    let shorter = [("2023-08-28T13:20:00Z", Some(OUT))];
    world.coursekey.records = vec![record("r9", 2, "C1-1", "S9", "2023-09-05T16:00:10Z", &shorter)];
    world.now = at("2023-09-05T17:00:00Z");
    world.settle();
    let mut changed = Course { revision: 2, ..course("C1") };
    let mut student = changed.students[0].clone();
    student.person.id = "S9".into();
    student.person.email = "s9@example.edu".into();
    changed.students.push(student);
    written(&mut world);
    world.save(changed);
    world.settle();
    expect![[r#"
        resolve record-of-unknown-student/C1/C1-1/S9/
        C1-1 S9 -→P: Present: attended the whole class
        open late-adjustment/C1/C1-1/S9/"#]]
    .assert_eq(&written(&mut world));
}

#[test]
fn a_record_waits_until_the_student_of_its_newest_version_is_known() {
    let mut world = synchronized();
    let visits = [(IN, Some(OUT))];
    world.coursekey.records = vec![record("r9", 1, "C1-1", "S8", "2023-08-28T16:00:10Z", &visits)];
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    world.coursekey.records = vec![record("r9", 2, "C1-1", "S9", "2023-08-28T17:30:00Z", &visits)];
    world.now = at("2023-08-28T18:00:00Z");
    world.settle();
    written(&mut world);
    let mut changed = Course { revision: 2, ..course("C1") };
    for id in ["S8", "S9"] {
        let mut student = changed.students[0].clone();
        student.person.id = id.into();
        student.person.email = format!("{id}@example.edu");
        changed.students.push(student);
        changed.revision += 1;
        world.save(changed.clone());
        world.settle();
        let told: Vec<String> =
            written(&mut world).lines().filter(|line| line.contains("C1-1")).map(str::to_owned).collect();
        if id == "S8" {
            assert_eq!(told, [""; 0], "its newest version is another's");
        } else {
            expect![[r#"
                resolve record-of-unknown-student/C1/C1-1/S9/
                C1-1 S9 -→P: Present: attended the whole class"#]]
            .assert_eq(&told.join("\n"));
        }
    }
}

#[test]
fn what_coursekey_sends_too_large_stops_nobody_and_is_not_repeated() {
    let mut world = synchronized();
    let visits = [(IN, Some(OUT))];
    let long = "x".repeat(600);
    let mut named = record("r3", 1, "C1-1", "S3", "2023-08-28T16:00:10Z", &visits);
    named["adjustment"] = "edited by Somebody Else".into();
    let many: Vec<(&str, Option<&str>)> = vec![(IN, Some(OUT)); 101];
    world.coursekey.records = vec![
        record("r1", 1, "C1-1", "S1", "2023-08-28T16:00:10Z", &visits),
        record("r2", 1, &long, "S2", "2023-08-28T16:00:10Z", &visits),
        named,
        record("r4", 1, "C1-2", "S1", "2023-08-28T16:00:10Z", &many),
    ];
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    expect![[r#"
        C1-1 S1 -→P: Present: attended the whole class
        open record-unreadable///S2/r2
        open record-unreadable//C1-1/S3/r3
        open record-unreadable//C1-2/S1/r4"#]]
    .assert_eq(&written(&mut world));
    let mailed = format!("{:?}", world.mails.iter().map(|mail| &mail.variables).collect::<Vec<_>>());
    assert!(!mailed.contains("Somebody Else"), "{mailed}");
}
