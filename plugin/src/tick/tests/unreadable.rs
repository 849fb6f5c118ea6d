//! Attendance records that cannot be read. No Absent is derived for a student whose record it may be, and the issue
//! about the record ends only when the record was read or is gone from CourseKey.

use expect_test::expect;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Value, json};

use super::written;
use crate::model::ids::SchoolNumber;
use crate::model::sorted::SortedSet;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, broken, nameless, push, record, synchronized, two_campuses};
use crate::world::records::Operation;

const IN: &str = "2023-08-28T13:00:00Z";
const OUT: &str = "2023-08-28T16:00:00Z";
const SETTLED: &str = "2023-08-28T17:00:00Z";
/// The moment at which somebody corrects the record.
const CORRECTED: &str = "2023-08-28T17:02:00Z";

/// A record of a student who was in the first class all the time.
fn whole(id: &str, version: u64, student: &str, updated: &str) -> Value {
    record(id, version, "C1-1", student, updated, &[(IN, Some(OUT))])
}

/// The world at the moment at which the first class's settle time is over, with these records in CourseKey.
fn settled(mut world: Fake, records: impl IntoIterator<Item = Value>) -> Fake {
    world.coursekey.records = records.into_iter().collect();
    world.now = at(IN);
    world.settle();
    world.now = at(SETTLED);
    world.settle();
    world
}

/// A newer record. With it the cursor moves on, so that the next poll does not bring earlier records.
fn passed_over() -> Value {
    whole("r1", 1, "S1", "2023-08-28T16:00:30Z")
}

/// Lets days pass in steps of six hours.
fn days(world: &mut Fake, days: u32) {
    for _ in 0..days * 4 {
        world.later(Seconds::hours(6));
    }
}

#[test]
fn an_unreadable_record_is_not_silence_however_old_it_gets() {
    let mut world = settled(
        synchronized(),
        [whole("r1", 1, "S1", "2023-08-28T16:00:10Z"), broken(whole("r2", 1, "S2", "2023-08-28T16:00:20Z"))],
    );
    assert!(written(&mut world).contains("open record-unreadable//C1-1/S2/r2"));
    // For days no newer record moves the cursor on; then one does.
    days(&mut world, 6);
    assert!(!written(&mut world).contains("record-unreadable"));
    let second = [("2023-09-04T13:00:00Z", Some("2023-09-04T16:00:00Z"))];
    world.coursekey.records.push(record("r3", 1, "C1-2", "S1", "2023-09-04T16:00:10Z", &second));
    days(&mut world, 14);
    let told = written(&mut world);
    assert!(!told.contains("record-unreadable") && !told.contains("C1-1 S2"), "{told}");
}

#[test]
fn a_record_that_was_corrected_is_read_with_the_next_poll() {
    let mut world = settled(synchronized(), [broken(whole("r2", 1, "S2", "2023-08-28T16:00:20Z"))]);
    written(&mut world);
    world.coursekey.records = vec![whole("r2", 2, "S2", CORRECTED)];
    world.later(Seconds(300));
    expect![[r#"
        C1-1 S2 -→P: Present: attended the whole class
        resolve record-unreadable//C1-1/S2/r2"#]]
    .assert_eq(&written(&mut world));
}

#[test]
fn records_without_an_id_are_each_somebodys() {
    let broken = ["S2", "S3"].map(|student| nameless(whole("", 1, student, "2023-08-28T16:00:20Z")));
    let mut world = settled(synchronized(), broken[..1].to_vec());
    expect![[r#"
        C1-1 S1 -→A: Absent: did not check in
        C1-1 S3 -→A: Absent: did not check in
        open record-unreadable//C1-1/S2/school 100"#]]
    .assert_eq(&written(&mut world));
    let mut world = settled(synchronized(), broken);
    // Of two records that cannot be told apart only their common class is known.
    expect!["open record-unreadable//C1-1//school 100"].assert_eq(&written(&mut world));
    world.coursekey.records.clear();
    days(&mut world, 2);
    assert!(written(&mut world).contains("resolve record-unreadable//C1-1//school 100"));
}

#[test]
fn a_record_of_which_nothing_can_be_read_may_be_anybodys_of_its_own_school() {
    let mut world = two_campuses();
    let nothing = json!({ "updatedAt": "2023-08-28T16:30:00Z" });
    world.coursekey.elsewhere.insert(200, vec![nothing.clone()]);
    let mut world = settled(world, [nothing]);
    expect![[r#"
        open record-unreadable////school 100
        open record-unreadable////school 200"#]]
    .assert_eq(&written(&mut world));
    world.coursekey.records.clear();
    days(&mut world, 2);
    let told = written(&mut world);
    assert!(told.contains("resolve record-unreadable////school 100") && !told.contains("school 200"), "{told}");
    assert!(told.contains("C1-1 S1 -→A") && !told.contains("C2-1"), "{told}");
}

#[test]
fn more_unreadable_records_than_are_told_apart_spare_whoever_they_may_be_of() {
    let many = (0..150).map(|number| broken(record(&format!("x{number}"), 1, "X", "S1", "2023-08-28T16:00:00Z", &[])));
    let two = ["S2", "S3"].map(|student| broken(whole(&format!("r-{student}"), 1, student, "2023-08-28T16:00:20Z")));
    let mut world = settled(synchronized(), many.chain(two));
    let told = written(&mut world);
    assert_eq!(told.matches("open record-unreadable").count(), 101, "{told}");
    assert!(told.contains("open record-unreadable////school 100") && !told.contains("→A"), "{told}");
    assert!(world.state["hot/0"].len() < 60_000, "{}", world.state["hot/0"].len());
    // A record beyond the limit has an issue of its own as soon as there is room.
    world.coursekey.records.drain(..150);
    days(&mut world, 3);
    let told = written(&mut world);
    assert!(told.contains("resolve record-unreadable////school 100"), "{told}");
    assert!(told.contains("open record-unreadable//C1-1/S2/r-S2") && told.contains("C1-1 S1 -→A"), "{told}");
}

#[test]
fn a_pass_that_was_interrupted_takes_nothing_for_gone_that_it_brought_before() {
    let records = [
        broken(whole("r2", 1, "S2", "2023-08-28T16:00:05Z")),
        whole("r1", 1, "S1", "2023-08-28T16:00:10Z"),
        whole("r3", 1, "S3", "2023-08-28T16:00:20Z"),
    ];
    let mut world = settled(synchronized(), records);
    written(&mut world);
    // The third request of the night is for the second page of the pass, which goes on behind the record.
    let so_far = world.coursekey.requests["attendance"];
    world.coursekey.breaks_at.insert(("attendance".to_owned(), so_far + 3));
    world.now = at("2023-08-29T07:00:00Z");
    world.settle();
    world.later(Seconds(900));
    world.later(Seconds(900));
    assert_eq!(world.coursekey.asked.last().unwrap(), "100 since 2023-08-29T07:15:00Z", "the pass is over");
    assert_eq!(written(&mut world), "");
}

#[test]
fn the_pass_reaches_back_to_where_a_record_may_have_been_written_if_it_does_not_say_when() {
    let mut undated = whole("r2", 1, "S2", "soon");
    undated["visits"] = json!([]);
    let listing = json!({ "records": [undated.clone()], "next": null, "asOf": "2023-09-08T12:00:00Z" }).to_string();
    let mut listed = synchronized();
    listed.coursekey.faults.insert("attendance".to_owned(), [Ok((200, &*listing.leak()))].into());
    listed.now = at("2023-09-08T12:00:00Z");
    listed.settle();
    let mut pushed = settled(synchronized(), []);
    pushed.now = at("2023-09-08T08:00:00Z");
    pushed.settle();
    pushed.now = at("2023-09-08T12:00:00Z");
    push(&mut pushed, &undated);
    pushed.settle();
    let last_pass = |world: &mut Fake| {
        world.now = at("2023-09-09T07:00:00Z");
        world.settle();
        world.coursekey.asked.last().cloned()
    };
    // A listed record is sought from where its listing began, a pushed record from where the last pass would have
    // begun.
    assert_eq!(last_pass(&mut listed).unwrap(), "100 since 2023-08-27T13:00:00Z");
    assert_eq!(last_pass(&mut pushed).unwrap(), "100 since 2023-08-31T12:00:00Z");
}

#[test]
fn a_listing_that_lags_behind_does_not_take_a_record_for_gone() {
    let mut world = settled(synchronized(), []);
    written(&mut world);
    world.now = at("2023-08-29T06:55:00Z");
    push(&mut world, &broken(whole("r2", 1, "S2", "2023-08-29T06:54:00Z")));
    let lags = r#"{"records": [], "next": null, "asOf": "2023-08-29T06:50:00Z"}"#;
    world.coursekey.faults.insert("attendance".to_owned(), [Ok((200, lags)), Ok((200, lags)), Ok((200, lags))].into());
    world.settle();
    world.later(Seconds(300));
    world.later(Seconds(300));
    expect![[r#"
        C1-1 S2 withdrawn
        open record-unreadable//C1-1/S2/r2"#]]
    .assert_eq(&written(&mut world));
    world.later(Seconds::days(1));
    expect![[r#"
        C1-1 S2 -→A: Absent: did not check in
        resolve record-unreadable//C1-1/S2/r2"#]]
    .assert_eq(&written(&mut world));
    days(&mut world, 2);
    expect![""].assert_eq(&written(&mut world));
}

#[test]
fn an_older_version_neither_resolves_nor_opens_the_issue() {
    let mut world = settled(synchronized(), [broken(whole("r2", 2, "S2", "2023-08-28T16:00:20Z")), passed_over()]);
    written(&mut world);
    push(&mut world, &whole("r2", 1, "S2", "2023-08-28T13:00:10Z"));
    world.later(Seconds(300));
    assert!(!written(&mut world).contains("record-unreadable"));
    push(&mut world, &broken(record("r2", 1, "C1-1", "S3", "2023-08-28T13:00:20Z", &[])));
    world.later(Seconds(300));
    assert!(!written(&mut world).contains("record-unreadable"));
    world.coursekey.records = vec![whole("r2", 3, "S2", "2023-08-28T17:12:00Z")];
    world.later(Seconds(300));
    assert!(written(&mut world).contains("resolve record-unreadable//C1-1/S2/r2"));
    push(&mut world, &broken(whole("r2", 2, "S2", "2023-08-28T16:00:20Z")));
    world.later(Seconds(300));
    assert_eq!(written(&mut world), "");
}

#[test]
fn whose_version_cannot_be_read_is_cleared_by_a_listing_alone() {
    let mut broken = whole("r2", 2, "S2", "2023-08-28T16:00:20Z");
    broken["version"] = "two".into();
    let mut world = settled(synchronized(), [broken, passed_over()]);
    written(&mut world);
    push(&mut world, &whole("r2", 1, "S2", "2023-08-28T13:00:10Z"));
    world.later(Seconds(300));
    assert!(!written(&mut world).contains("record-unreadable"));
    world.coursekey.records = vec![whole("r2", 3, "S2", "2023-08-28T17:07:00Z")];
    world.later(Seconds(300));
    assert!(written(&mut world).contains("resolve record-unreadable//C1-1/S2/r2"));
}

#[test]
fn a_pushed_record_is_gone_when_no_school_that_may_hold_it_lists_it() {
    let mut world = settled(two_campuses(), []);
    written(&mut world);
    world.now = at("2023-08-29T06:35:00Z");
    push(&mut world, &broken(whole("r2", 1, "S2", "2023-08-29T06:30:00Z")));
    world.coursekey.down.insert(100);
    world.settle();
    world.now = at("2023-08-29T08:00:00Z");
    world.settle();
    expect![[r#"
        C1-1 S2 withdrawn
        open record-unreadable//C1-1/S2/r2"#]]
    .assert_eq(&written(&mut world));
    world.coursekey.down.clear();
    world.later(Seconds::hours(1));
    expect!["resolve record-unreadable//C1-1/S2/r2"].assert_eq(&written(&mut world));
    days(&mut world, 2);
    expect!["C1-1 S2 -→A: Absent: did not check in"].assert_eq(&written(&mut world));
}

#[test]
fn one_id_at_two_schools_is_two_records() {
    let mut world = two_campuses();
    let other = record("r2", 1, "C2-1", "S2", "2023-08-28T16:00:20Z", &[]);
    world.coursekey.elsewhere.insert(200, vec![broken(other.clone())]);
    let mut world = settled(world, [broken(whole("r2", 1, "S2", "2023-08-28T16:00:20Z"))]);
    let told = written(&mut world);
    assert!(told.contains("open record-unreadable//C1-1/S2/r2"), "{told}");
    assert!(told.contains("open record-unreadable//C2-1/S2/r2") && !told.contains("S2 -→A"), "{told}");
    world.coursekey.records = vec![whole("r2", 2, "S2", CORRECTED)];
    world.later(Seconds(300));
    let told = written(&mut world);
    assert!(told.contains("resolve record-unreadable//C1-1/S2/r2") && !told.contains("C2-1"), "{told}");
}

#[test]
fn of_a_school_that_is_not_read_any_more_nothing_is_known_until_it_is_read_again() {
    let mut world = synchronized();
    world.coursekey.elsewhere.insert(200, Vec::new());
    let mut world = settled(world, [broken(whole("r2", 1, "S2", "2023-08-28T16:00:20Z")), passed_over()]);
    written(&mut world);
    world.settings.campuses[0].school = SchoolNumber(200);
    world.later(Seconds(300));
    assert!(written(&mut world).contains("resolve record-unreadable//C1-1/S2/r2"));
    world.settings.campuses[0].school = SchoolNumber(100);
    world.later(Seconds(300));
    let told = written(&mut world);
    assert!(told.contains("open record-unreadable//C1-1/S2/r2") && !told.contains("S2 -→A"), "{told}");
}

#[test]
fn what_cannot_be_read_at_the_end_is_looked_for_once_a_day_until_it_can() {
    let mut world = synchronized();
    world.now = at("2023-09-04T17:00:00Z");
    world.settle();
    let second = |version, updated, visits: &[_]| record("r2", version, "C1-2", "S2", updated, visits);
    world.coursekey.records = vec![broken(second(1, "2023-09-11T15:50:00Z", &[]))];
    world.now = at("2023-09-11T16:01:00Z");
    world.settle();
    days(&mut world, 2);
    world.coursekey.asked.clear();
    written(&mut world);
    days(&mut world, 4);
    assert_eq!(world.coursekey.asked.len(), 8, "what is new and the pass, once a day: {:?}", world.coursekey.asked);
    let visits = [("2023-09-04T13:00:00Z", Some("2023-09-04T16:00:00Z"))];
    world.coursekey.records = vec![second(2, "2023-09-17T18:00:00Z", &visits)];
    days(&mut world, 2);
    let told = written(&mut world);
    assert!(told.contains("resolve record-unreadable//C1-2/S2/r2"), "{told}");
    assert!(told.contains("open late-adjustment/C1/C1-2/S2/"), "nothing is lost: {told}");
    // A late change may still come for 28 days after the follow-up; then nothing is read any more.
    days(&mut world, 28);
    world.coursekey.asked.clear();
    days(&mut world, 4);
    assert_eq!(world.coursekey.asked.len(), 0, "{:?}", world.coursekey.asked);
}

/// A version of a record: which of three students, how many minutes after the start it was written, how long after that
/// it came, and whether it can be read.
type Version = (usize, u32, u32, bool);

/// Plays the class and three days. Answers the marks and the issues that are open at the end.
fn play(versions: &[Version], pushes: &[(usize, i64)]) -> (String, SortedSet<String>) {
    let mut versions = versions.to_vec();
    versions.sort_by_key(|(_, written, ..)| *written);
    let mut numbers = [0_u64; 3];
    let one = |(place, (student, written, came, readable)): (i64, &Version)| {
        numbers[*student] += 1;
        let (id, of) = (format!("r{student}"), format!("S{}", student + 1));
        let (came, written) = (at(IN) + Seconds::minutes(*came), at(IN) + Seconds::minutes(*written) + Seconds(place));
        let visits = [(&*came.to_string(), Some(OUT))];
        let record = record(&id, numbers[*student], "C1-1", &of, &written.to_string(), &visits);
        if *readable { record } else { broken(record) }
    };
    let records: Vec<Value> = (0..).zip(&versions).map(one).collect();
    let written_at = |record: &Value| at(record["updatedAt"].as_str().unwrap());
    let mut world = synchronized();
    for tick in 0..150 {
        world.now = at(IN) + Seconds(tick * 1_800);
        let by_now: Vec<&Value> = records.iter().filter(|record| written_at(record) <= world.now).collect();
        let newest =
            |one: &&&Value| !by_now.iter().any(|other| other["id"] == one["id"] && written_at(other) > written_at(one));
        world.coursekey.records = by_now.iter().filter(newest).map(|record| (*record).clone()).collect();
        for (place, _) in pushes.iter().filter(|(_, at)| *at == tick) {
            by_now.get(*place).into_iter().for_each(|record| push(&mut world, record));
        }
        world.settle();
    }
    let mut open = SortedSet::new();
    for operation in &world.operations {
        match operation {
            Operation::OpenIssue { key, .. } => _ = open.insert(key.clone()),
            Operation::ResolveIssue { key, .. } => assert!(open.remove(key), "{key}"),
            _ => {}
        }
    }
    (format!("{:?}", world.marks), open)
}

proptest! {
    #![proptest_config(Config { cases: 40, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn pushes_of_what_cannot_be_read_change_nothing_either(
        versions in prop::collection::vec((0_usize..3, 0_u32..3_000, 0_u32..30, any::<bool>()), 0..8),
        pushes in prop::collection::vec((0_usize..8, 0_i64..150), 0..15),
    ) {
        prop_assert_eq!(play(&versions, &pushes), play(&versions, &[]));
    }
}
