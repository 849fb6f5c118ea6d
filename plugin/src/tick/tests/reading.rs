//! How attendance is read: the new records by the cursor, and once a day all records of the follow-up days, until every
//! record that counts was read. Not here: records that cannot be read (`unreadable`).

use expect_test::expect;
use serde_json::{Value, json};

use super::written;
use crate::model::attendance::Mark;
use crate::model::course::{Class, Course};
use crate::model::ids::SchoolNumber;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, push, record, synchronized, two_campuses};
use crate::world::network::Kind;
use crate::world::records::Origin;

const IN: &str = "2023-08-28T13:00:00Z";
const OUT: &str = "2023-08-28T16:00:00Z";

/// A record of a student who was in the class all the time.
fn whole(id: &str, student: &str, updated: &str) -> Value {
    record(id, 1, "C1-1", student, updated, &[(IN, Some(OUT))])
}

/// CourseKey's answers to the next requests for attendance.
fn answers(world: &mut Fake, pages: &[Value]) {
    let body = |page: &Value| -> &'static str { Box::leak(page.to_string().into_boxed_str()) };
    let pages = pages.iter().map(|page| Ok(if page.is_null() { (503, "") } else { (200, body(page)) }));
    world.coursekey.faults.insert("attendance".to_owned(), pages.collect());
}

/// The requests for attendance since the last call of this function.
fn asked(world: &mut Fake) -> String {
    std::mem::take(&mut world.coursekey.asked).join("\n")
}

fn records_received(world: &mut Fake) -> u32 {
    world.tick().tallies.get(&Kind::Attendance).map_or(0, |tally| tally.items)
}

#[test]
fn what_was_read_of_the_cursors_own_moment_is_not_read_again_and_a_newer_version_is() {
    let mut world = synchronized();
    let (first, then) = ("2023-08-28T16:05:00Z", "2023-08-28T16:10:00Z");
    world.coursekey.records = vec![whole("r1", "S1", first), whole("r2", "S2", first)];
    world.now = at(first);
    assert_eq!(records_received(&mut world), 2);
    world.now = at(then);
    assert_eq!(records_received(&mut world), 0);
    written(&mut world);
    let late = [("2023-08-28T13:05:00Z", Some(OUT))];
    world.coursekey.records[1] = record("r2", 2, "C1-1", "S2", then, &late);
    world.later(Seconds(300));
    expect!["C1-1 S2 P→L: Late: came 5 min after the start"].assert_eq(&written(&mut world));
}

#[test]
fn a_record_from_the_future_does_not_take_the_cursor_there() {
    let mut world = synchronized();
    world.now = at("2023-08-28T16:05:00Z");
    let ahead = [whole("r9", "S3", "2023-08-28T20:00:00Z")];
    answers(&mut world, &[json!({ "records": ahead, "next": null, "asOf": "2023-08-28T16:05:00Z" })]);
    world.settle();
    world.coursekey.records = vec![whole("r1", "S1", "2023-08-28T16:06:00Z")];
    written(&mut world);
    world.later(Seconds(300));
    expect!["C1-1 S1 -→P: Present: attended the whole class"].assert_eq(&written(&mut world));
}

#[test]
fn a_listing_is_as_complete_as_its_least_complete_page() {
    let mut world = synchronized();
    world.now = at(OUT);
    world.settle();
    let page = |next: Option<&str>, as_of: &str| json!({ "records": [], "next": next, "asOf": as_of });
    let pages = [page(Some("2"), "2023-08-28T16:59:59Z"), page(None, "2023-08-28T17:00:00Z")];
    world.now = at("2023-08-28T17:00:00Z");
    answers(&mut world, &pages);
    world.settle();
    assert_eq!(written(&mut world), "");
    world.later(Seconds(300));
    assert_eq!(written(&mut world).matches("→A").count(), 3);
}

#[test]
fn what_was_read_stays_read_when_a_later_listing_lags_behind() {
    let mut world = synchronized();
    world.coursekey.records = vec![whole("r1", "S1", OUT)];
    let s2 = || ("C1-1".into(), "S2".into());
    world.marks.insert(s2(), (Mark::Present, Origin::Hand));
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    written(&mut world);
    world.marks.remove(&s2());
    let mut changed = course("C1");
    changed.revision = 2;
    world.save(changed);
    answers(&mut world, &[json!({ "records": [], "next": null, "asOf": "2023-08-28T16:30:00Z" })]);
    world.later(Seconds(300));
    expect!["C1-1 S2 -→A: Absent: did not check in"].assert_eq(&written(&mut world));
}

#[test]
fn a_listing_cut_by_the_time_there_is_goes_on_at_once_and_loses_nothing() {
    let mut world = synchronized();
    let students = ["S1", "S2", "S3"].iter().zip(1..);
    let records = students
        .map(|(student, minute)| whole(&format!("r{minute}"), student, &format!("2023-08-28T16:0{minute}:00Z")));
    world.coursekey.records = records.collect();
    world.now = at("2023-08-28T17:00:00Z");
    world.takes = Seconds(40);
    let report = world.tick();
    assert!(report.more_work, "{report:?}");
    assert!(!written(&mut world).contains("→A"));
    world.takes = Seconds::ZERO;
    world.settle();
    expect!["C1-1 S3 -→P: Present: attended the whole class"].assert_eq(&written(&mut world));
}

#[test]
fn a_listing_that_failed_is_left_alone_until_its_time_comes() {
    let mut world = synchronized();
    world.now = at("2023-08-28T16:05:00Z");
    answers(&mut world, &[Value::Null]);
    world.settle();
    asked(&mut world);
    world.later(Seconds(60));
    assert_eq!(asked(&mut world), "");
    world.later(Seconds(240));
    assert_eq!(asked(&mut world), "100 since 2023-08-27T13:00:00Z");
}

#[test]
fn the_daily_pass_reads_a_day_more_than_the_follow_up_days() {
    let mut world = synchronized();
    world.coursekey.records = vec![whole("r1", "S1", "2023-08-28T17:30:00Z")];
    world.now = at("2023-08-28T17:30:00Z");
    world.settle();
    world.now = at("2023-09-04T08:00:00Z");
    world.settle();
    // CourseKey lists the record late, with a moment that the cursor had passed and that yesterday's pass did not
    // bring.
    world.coursekey.records.insert(0, whole("r2", "S2", "2023-08-28T17:29:00Z"));
    written(&mut world);
    asked(&mut world);
    world.now = at("2023-09-05T07:00:00Z");
    world.settle();
    expect!["C1-1 S2 A→P: Present: attended the whole class"]
        .assert_eq(written(&mut world).lines().find(|line| line.contains("S2 A")).unwrap_or_default());
    expect![[r#"
        100 since 2023-09-04T08:00:00Z
        100 since 2023-08-28T07:00:00Z"#]]
    .assert_eq(&asked(&mut world));
    // The pass is over until the next night.
    world.later(Seconds(300));
    expect!["100 since 2023-09-05T07:00:00Z"].assert_eq(&asked(&mut world));
}

#[test]
fn the_daily_pass_does_not_read_what_was_before_the_first_class() {
    let mut world = synchronized();
    let old = record("r0", 1, "X", "S1", "2023-08-26T16:00:00Z", &[]);
    world.coursekey.records = vec![old, whole("r1", "S1", "2023-08-28T16:00:10Z")];
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    written(&mut world);
    asked(&mut world);
    world.now = at("2023-08-29T07:00:00Z");
    world.settle();
    assert!(asked(&mut world).ends_with("100 since 2023-08-27T13:00:00Z"));
    assert!(!written(&mut world).contains("unknown-class"));
}

/// Cuts the daily pass behind its first page, which has this record. Answers the moment from which the pass goes on.
fn goes_on_behind(updated: &str) -> String {
    let mut world = synchronized();
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    let pages = [
        json!({ "records": [], "next": null, "asOf": "2023-08-29T07:00:00Z" }),
        json!({ "records": [whole("r1", "S1", updated)], "next": "2", "asOf": null }),
        Value::Null,
    ];
    answers(&mut world, &pages);
    world.now = at("2023-08-29T07:00:00Z");
    world.settle();
    asked(&mut world);
    world.later(Seconds(900));
    asked(&mut world).lines().last().unwrap_or_default().to_owned()
}

#[test]
fn the_daily_pass_goes_on_behind_the_last_page_that_came() {
    assert_eq!(goes_on_behind("2023-08-28T16:00:10Z"), "100 since 2023-08-28T16:00:10Z");
    assert_eq!(goes_on_behind("2023-08-29T20:00:00Z"), "100 since 2023-08-27T13:00:00Z", "a record from the future");
}

#[test]
fn a_course_is_let_go_once_everything_up_to_the_end_of_its_attendance_was_read() {
    let mut world = synchronized();
    let late = [("2023-09-04T13:20:00Z", Some("2023-09-04T16:00:00Z"))];
    world.coursekey.records = vec![record("r1", 1, "C1-2", "S1", "2023-09-04T16:00:10Z", &late)];
    world.now = at("2023-09-04T17:00:00Z");
    world.settle();
    world.now = at("2023-09-11T15:00:00Z");
    world.settle();
    written(&mut world);
    let whole = [("2023-09-04T13:00:00Z", Some("2023-09-04T16:00:00Z"))];
    world.coursekey.records.push(record("r1", 2, "C1-2", "S1", "2023-09-11T16:00:00Z", &whole));
    answers(&mut world, &[json!({ "records": [], "next": null, "asOf": "2023-09-11T16:00:00Z" })]);
    world.now = at("2023-09-11T16:00:01Z");
    world.settle();
    assert_eq!(written(&mut world), "", "the listing is a second short");
    world.later(Seconds(300));
    expect!["C1-2 S1 A→P: Present: attended the whole class"].assert_eq(&written(&mut world));
    world.later(Seconds::days(28));
    world.later(Seconds(300));
    asked(&mut world);
    for _ in 0..8 {
        world.later(Seconds(43_200));
    }
    assert_eq!(asked(&mut world), "");
}

#[test]
fn a_listing_complete_up_to_the_very_end_is_the_last() {
    let mut world = synchronized();
    world.now = at("2023-09-11T16:00:00Z");
    world.settle();
    world.later(Seconds(1));
    asked(&mut world);
    world.later(Seconds(300));
    assert_eq!(asked(&mut world), "");
}

#[test]
fn a_pass_that_was_cut_does_not_go_on_at_another_school() {
    let mut world = synchronized();
    world.now = at(OUT);
    world.settle();
    let empty = json!({ "records": [], "next": null, "asOf": "2023-08-29T07:00:00Z" });
    let first = json!({ "records": [whole("r1", "S1", "2023-08-28T16:00:10Z")], "next": "2", "asOf": null });
    answers(&mut world, &[empty, first, Value::Null]);
    world.now = at("2023-08-29T07:00:00Z");
    world.settle();
    world.settings.campuses[0].school = SchoolNumber(200);
    world.save(course("C2"));
    asked(&mut world);
    world.later(Seconds(300));
    expect![[r#"
        200 since 2023-08-27T13:00:00Z
        200 since 2023-08-27T13:00:00Z"#]]
    .assert_eq(&asked(&mut world));
}

#[test]
fn a_school_number_that_no_course_is_held_under_is_not_read() {
    let mut world = synchronized();
    world.now = at(OUT);
    world.settle();
    world.settings.campuses[0].school = SchoolNumber(200);
    asked(&mut world);
    world.later(Seconds(300));
    world.later(Seconds::days(30));
    assert_eq!(asked(&mut world), "");
    assert_eq!(world.tick().next_due, Some(at("2023-09-28T07:00:00Z")), "only the nightly comparison is due");
}

#[test]
fn another_school_number_means_to_read_from_the_beginning_and_proves_nothing_of_the_old_school() {
    let mut world = synchronized();
    world.coursekey.records = vec![whole("r1", "S1", "2023-08-28T16:00:10Z")];
    world.coursekey.elsewhere.insert(200, Vec::new());
    world.now = at("2023-08-28T16:05:00Z");
    world.settle();
    written(&mut world);
    world.settings.campuses[0].school = SchoolNumber(200);
    world.save(course("C2"));
    asked(&mut world);
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    world.later(Seconds::days(1));
    expect![[r#"
        200 since 2023-08-27T13:00:00Z
        200 since 2023-08-28T17:00:00Z
        200 since 2023-08-27T13:00:00Z"#]]
    .assert_eq(&asked(&mut world));
    assert!(!written(&mut world).contains("→A"));
    // Back at the old School ID: records that were read before do not count until they were read again.
    world.settings.campuses[0].school = SchoolNumber(100);
    answers(&mut world, &[Value::Null]);
    world.later(Seconds(300));
    assert!(!written(&mut world).contains("→A"));
    world.later(Seconds::days(1));
    expect![[r#"
        C1-1 S2 -→A: Absent: did not check in
        C1-1 S3 -→A: Absent: did not check in"#]]
    .assert_eq(&written(&mut world));
}

#[test]
fn a_campus_is_read_whatever_becomes_of_another() {
    let mut world = two_campuses();
    world.coursekey.records = vec![whole("r1", "S1", "2023-08-28T16:00:10Z")];
    world.coursekey.down.insert(200);
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    expect![[r#"
        C1-1 S1 -→P: Present: attended the whole class
        C1-1 S2 -→A: Absent: did not check in
        C1-1 S3 -→A: Absent: did not check in"#]]
    .assert_eq(&written(&mut world));
}

#[test]
fn a_push_that_was_taken_leaves_nothing_behind() {
    let mut world = synchronized();
    world.now = at("2023-08-28T16:05:00Z");
    push(&mut world, &whole("r1", "S1", "2023-08-28T16:00:10Z"));
    world.settle();
    assert!(written(&mut world).contains("S1 -→P"));
    let left: Vec<&String> =
        world.state.keys().filter(|key| key.starts_with("push/") || key.starts_with("hot/2/")).collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_reading_of_more_than_one_tick_holds_goes_on_where_it_stopped() {
    let mut world = synchronized();
    let mut changed = Course { revision: 2, ..course("C1") };
    let like = changed.classes[0].clone();
    changed.classes =
        (0..300).map(|number| Class { id: format!("C1-{number:04}").as_str().into(), ..like.clone() }).collect();
    world.save(changed);
    world.settle();
    let visits = [("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))];
    // All records were written at one moment, so that no place in the listing lies between two of them.
    let one = |number: u32| {
        record(&format!("r{number:04}"), 1, &format!("C1-{number:04}"), "S1", "2023-08-28T16:00:10Z", &visits)
    };
    world.coursekey.records = (0..300).map(one).collect();
    world.most_staged = 250;
    world.now = at("2023-08-28T16:05:00Z");
    let ticks = world.settle_as_host();
    let marks = world.marks.keys().filter(|(_, student)| student.as_str() == "S1").count();
    assert!((2..30).contains(&ticks), "{ticks} ticks");
    assert_eq!(marks, 300);
}
