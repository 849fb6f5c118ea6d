//! Pushes only bring records earlier: if pushes are lost, doubled or come in any order, the marks end the same as
//! without pushes.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use serde_json::{Value, json};

use crate::inbox::on_attendance_received;
use crate::memory::INBOX;
use crate::model::attendance::Mark;
use crate::model::ids::{CampusId, ClassId, PersonId};
use crate::model::sorted::SortedMap;
use crate::model::time::{Instant, Seconds};
use crate::testing::{Fake, at, course, push_from, record, synchronized, two_campuses};
use crate::world::Reads;
use crate::world::network::Kind;

/// The start of the class, from which all other times are counted in minutes.
const START: &str = "2023-08-28T13:00:00Z";
/// How many ticks of five minutes the story lasts.
const TICKS: i64 = 84;

/// A version of a record: which of three students it is about; the minutes from the class's start until the version was
/// written; the minutes from the start until the check-in; the minutes from check-in to check-out, if there is one.
type Version = (usize, u32, u32, Option<u32>);

fn minute(minutes: u32) -> String {
    (at(START) + Seconds::minutes(minutes)).to_string()
}

/// Versions of the three students' records, as CourseKey writes them in the order of time.
fn records(versions: &[Version]) -> Vec<Value> {
    let mut numbers = [0_u64; 3];
    let mut versions = versions.to_vec();
    versions.sort_by_key(|(_, written, ..)| *written);
    let one = |(place, (student, written, came, left)): (u32, &Version)| {
        numbers[*student] += 1;
        let (came, left) = (minute(*came), left.map(|left| minute(*came + left)));
        // No two versions are written at one instant.
        let written = (at(START) + Seconds::minutes(*written) + Seconds(i64::from(place))).to_string();
        let visits = [(came.as_str(), left.as_deref())];
        record(&format!("r{student}"), numbers[*student], "C1-1", &format!("S{}", student + 1), &written, &visits)
    };
    (0..).zip(&versions).map(one).collect()
}

fn written_at(record: &Value) -> Instant {
    at(record["updatedAt"].as_str().unwrap())
}

/// Plays the class. Before each tick CourseKey lists what was written by then, each record in its newest version, and the
/// pushes of that tick arrive.
fn play(records: &[Value], pushes: &SortedMap<i64, Vec<usize>>) -> SortedMap<(ClassId, PersonId), Mark> {
    let mut world = synchronized();
    for tick in 0..TICKS {
        world.now = at(START) + Seconds(tick * 300);
        let by_now: Vec<&Value> = records.iter().filter(|record| written_at(record) <= world.now).collect();
        let newest =
            |one: &&&Value| !by_now.iter().any(|other| other["id"] == one["id"] && written_at(other) > written_at(one));
        world.coursekey.records = by_now.iter().filter(newest).map(|record| (*record).clone()).collect();
        for pushed in pushes.get(&tick).into_iter().flatten() {
            push(&mut world, by_now.get(*pushed));
        }
        world.settle();
    }
    world.marks.into_iter().map(|(whose, (mark, _))| (whose, mark)).collect()
}

fn push(world: &mut Fake, record: Option<&&Value>) {
    let body = json!({ "records": record.into_iter().collect::<Vec<_>>() });
    on_attendance_received(world, &CampusId::from("main"), &serde_json::to_vec(&body).unwrap()).unwrap();
}

proptest! {
    #![proptest_config(Config { cases: 40, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn pushes_lost_doubled_and_in_any_order_end_in_the_same_marks(
        versions in prop::collection::vec((0_usize..3, 0_u32..400, 0_u32..30, prop::option::of(1_u32..200)), 0..8),
        pushes in prop::collection::vec((0..TICKS, 0_usize..8), 0..20),
    ) {
        let records = records(&versions);
        let mut by_tick: SortedMap<i64, Vec<usize>> = SortedMap::new();
        for (tick, record) in pushes {
            by_tick.entry(tick).or_default().push(record);
        }
        prop_assert_eq!(play(&records, &by_tick), play(&records, &SortedMap::new()));
    }
}

#[test]
fn a_push_to_a_school_that_is_switched_off_is_not_kept() {
    let mut world = synchronized();
    world.settings.enabled = false;
    let outcome = on_attendance_received(&mut world, &CampusId::from("main"), br#"{"records":[]}"#).unwrap();
    assert_eq!((outcome.taken, outcome.repeated), (0, 0));
    assert!(world.scan(INBOX, None, 10).unwrap().is_empty());
}

/// A record of a student who was there for the whole of the first class of a course.
fn whole_class(course: &str) -> Value {
    let visits = [("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))];
    record("r1", 1, &format!("{course}-1"), "S1", "2023-08-28T16:00:10Z", &visits)
}

/// Where S1 is present, and how many pushed records the ticks of an hour refused.
fn present_after(world: &mut Fake) -> (Vec<String>, u32) {
    let mut refused = 0;
    for _ in 0..12 {
        let report = world.tick();
        refused += report.tallies.get(&Kind::Attendance).map_or(0, |tally| tally.rejected);
        world.now = world.now + Seconds(300);
    }
    let present = |((_, student), (mark, _)): &(&(ClassId, PersonId), &(Mark, _))| {
        *student == PersonId::from("S1") && *mark == Mark::Present
    };
    let of_student = world.marks.iter().filter(present);
    (of_student.map(|((class, _), _)| class.to_string()).collect(), refused)
}

#[test]
fn a_push_signed_by_one_campus_marks_no_class_of_another() {
    for (campus, expected) in [("main", (vec![], 1)), ("other", (vec!["C2-1".to_owned()], 0))] {
        let mut world = two_campuses();
        world.now = at("2023-08-28T16:05:00Z");
        push_from(&mut world, campus, &whole_class("C2"));
        assert_eq!(present_after(&mut world), expected, "signed by {campus}");
    }
}

#[test]
fn a_push_about_a_class_that_is_not_known_yet_speaks_for_its_campus_alone() {
    for (campus, expected) in [("main", (vec![], 1)), ("other", (vec!["C3-1".to_owned()], 0))] {
        let mut world = two_campuses();
        world.now = at("2023-08-28T16:05:00Z");
        let mut late = course("C3");
        late.campus = CampusId::from("other");
        let first = late.classes.remove(0);
        world.save(late.clone());
        world.settle();
        push_from(&mut world, campus, &whole_class("C3"));
        world.settle();
        late.classes.insert(0, first);
        late.revision += 1;
        world.save(late);
        assert_eq!(present_after(&mut world), expected, "signed by {campus}");
    }
}

#[test]
fn a_push_of_a_campus_that_settings_do_not_name_is_refused() {
    let refused = on_attendance_received(&mut synchronized(), &CampusId::from("nowhere"), br#"{"records":[]}"#);
    assert_eq!(refused.unwrap_err().to_string(), "read the push: School Settings do not name its campus");
}
