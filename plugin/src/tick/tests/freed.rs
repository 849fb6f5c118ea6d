//! State is freed: a school that runs for ten years holds what one year needs, and its ticks cost what they cost in the
//! first year.

use chrono::Datelike;

use super::written;
use crate::model::course::{Class, Course, SendOption};
use crate::model::ids::{ClassId, PersonId};

use crate::model::time::{Instant, LocalDate, Seconds};
use crate::model::zone::Zone;
use crate::testing::{Fake, at, course, push, record, synchronized};

const WEEK: Seconds = Seconds(7 * 86_400);
const HOUR: Seconds = Seconds(3_600);

/// A course of ten weeks that begins on the day of `from`, with three new students.
fn course_of(number: i64, from: Instant) -> Course {
    let day = |at: Instant| at.date_in(Zone::parse("America/New_York").unwrap());
    let mut course = course(&format!("C{number:03}"));
    course.start_date = day(from);
    course.end_date = day(from + Seconds(10 * WEEK.0));
    for (place, student) in course.students.iter_mut().enumerate() {
        student.person.id = PersonId(format!("S{number:03}-{place}"));
        student.person.email = format!("s{number}-{place}@example.edu");
        student.enrolled_from = course.start_date;
    }
    let class = |week: i64| {
        let starts = from + Seconds(week * WEEK.0);
        Class { id: ClassId(format!("{}-{week}", course.id)), starts, ends: starts + HOUR }
    };
    course.classes = (0..10).map(class).collect();
    course
}

/// Plays one week: the week's classes are held, everybody comes, and CourseKey tells of it.
fn play_week(world: &mut Fake, running: &[Course]) {
    let until = world.now + WEEK;
    let held = running.iter().flat_map(|course| course.classes.iter().map(move |class| (course, class)));
    let mut records: Vec<(String, serde_json::Value)> = Vec::new();
    for (course, class) in held.filter(|(_, class)| world.now <= class.starts && class.ends < until) {
        let (from, to) = (class.starts.to_string(), class.ends.to_string());
        for student in &course.students {
            let id = format!("{}-{}", class.id, student.person.id);
            let student = student.person.id.as_str();
            let record = record(&id, 1, class.id.as_str(), student, &to, &[(&from, Some(&to))]);
            records.push((to.clone(), record));
        }
    }
    records.sort_by(|one, other| one.0.cmp(&other.0));
    world.coursekey.records = records.into_iter().map(|(_, record)| record).collect();
    for _ in 0..2 {
        world.now = world.now + Seconds(WEEK.0 / 2);
        world.settle();
    }
}

#[test]
fn a_school_that_runs_ten_years_holds_what_one_year_needs() {
    let mut world = Fake::new("2015-01-05T14:00:00Z");
    let mut running: Vec<Course> = Vec::new();
    let mut of_years: Vec<(usize, u32)> = Vec::new();
    for week in 0..(10 * 52) {
        if week % 13 == 0 {
            let course = course_of(week / 13, world.now + WEEK);
            world.save(course.clone());
            running.push(course);
        }
        running.retain(|course| course.classes.iter().any(|class| class.ends > world.now - WEEK));
        play_week(&mut world, &running);
        if week % 52 == 51 {
            world.reads = 0;
            world.later(HOUR);
            of_years.push((world.bytes(), world.reads));
        }
        // The operations and mails were delivered. GEGI goes on listing every course.
        world.operations.clear();
        world.mails.clear();
        world.marks.retain(|(class, _), _| running.iter().any(|course| course.class(class).is_some()));
    }
    let (bytes, reads) = of_years[1];
    for (year, (of_year, reads_of_year)) in of_years.iter().enumerate().skip(2) {
        // A course that is over leaves less than a hundredth of what it took while it ran.
        let allowed = bytes + bytes / 50 * (year - 1);
        assert!(*of_year <= allowed && *reads_of_year <= reads + 1, "year {year}: {of_years:?}");
    }
    assert_eq!(world.now.date_in(Zone::utc()).year(), 2024);
}

/// The keys that begin with one of the prefixes.
fn keys(world: &Fake, prefixes: &[&str]) -> Vec<String> {
    let begins = |key: &&String| prefixes.iter().any(|prefix| key.starts_with(prefix));
    world.state.keys().filter(begins).cloned().collect()
}

#[test]
fn what_is_over_is_freed_and_still_known() {
    let mut world = synchronized();
    world.now = at("2023-08-28T16:05:00Z");
    let visits = [("2023-08-28T13:00:00Z", Some("2023-08-28T16:00:00Z"))];
    world.coursekey.records = ["S1", "S2", "S3"]
        .map(|student| record(&format!("r{student}"), 1, "C1-1", student, "2023-08-28T16:00:10Z", &visits))
        .into();
    world.settle();
    let kept = ["attendance/", "course/", "person/", "account/", "email/", "record/", "ledger/", "class/"];
    world.now = at("2024-06-01T16:05:00Z");
    world.settle();
    assert!(keys(&world, &kept).len() > 15, "{:?}", keys(&world, &kept));
    // 180 days after the sync window, which is the end on 2023-12-15 and two weeks.
    world.now = at("2024-06-28T16:05:00Z");
    let before = world.statuses();
    world.settle();
    assert_eq!(keys(&world, &kept), [""; 0]);
    assert_eq!(keys(&world, &["hot/3/", "listed/", "page/"]), ["page/C1"]);
    assert_eq!(world.statuses(), before);
    assert!(before.starts_with("C1 Disabled"), "{before}");

    // An old event is stale, the nightly comparison fetches nothing, and a late change of a record says nothing.
    written(&mut world);
    assert!(!world.save(course("C1")).taken);
    world.coursekey.records = vec![record("rS1", 2, "C1-1", "S1", "2024-06-28T16:05:00Z", &visits)];
    world.later(Seconds::days(1));
    assert_eq!(written(&mut world), "");
    assert_eq!(keys(&world, &kept), [""; 0]);
}

#[test]
fn a_record_of_somebody_unknown_in_an_old_class_that_is_not_freed_is_told() {
    let mut world = synchronized();
    let mut long = course("C2");
    (long.start_date, long.end_date) = (course("C1").start_date, LocalDate::from_ymd_opt(2025, 8, 30).unwrap());
    for class in &mut long.classes {
        class.id = ClassId(format!("L{}", class.id));
    }
    world.save(long);
    world.settle();
    world.now = at("2024-07-27T16:05:00Z");
    for _ in 0..3 {
        world.later(Seconds::days(1));
    }
    assert_eq!(keys(&world, &["course/"]), ["course/C2"]);
    written(&mut world);
    let visits = [("2023-08-28T13:00:00Z", Some("2023-08-28T15:00:00Z"))];
    let unknown = |id: &str, class: &str| record(id, 1, class, "S9", "2024-07-31T16:00:10Z", &visits);
    // The first is of a class that may have been freed.
    world.coursekey.records = vec![unknown("r1", "C1-1"), unknown("r2", "LC2-1")];
    push(&mut world, &unknown("r1", "C1-1"));
    push(&mut world, &unknown("r2", "LC2-1"));
    world.later(Seconds::days(1));
    assert_eq!(written(&mut world), "open record-of-unknown-student/C2/LC2-1/S9/");
}

#[test]
fn a_course_that_was_freed_comes_back_with_its_lock_and_writes_no_old_mark_again() {
    let mut world = synchronized();
    // The host was down all year: the classes are judged first.
    world.now = at("2024-07-27T16:05:00Z");
    for _ in 0..3 {
        world.later(Seconds::days(1));
    }
    assert_eq!(keys(&world, &["course/", "page/"]), ["page/C1"]);
    // Switching the option off is refused; another class brings the course back.
    let mut back = Course { revision: 2, send: SendOption::Off, ..course("C1") };
    back.end_date = LocalDate::from_ymd_opt(2024, 8, 30).unwrap();
    let class =
        |id: &str, starts: &str, ends: &str| Class { id: ClassId::from(id), starts: at(starts), ends: at(ends) };
    back.classes.push(class("C1-3", "2024-08-05T13:00:00Z", "2024-08-05T16:00:00Z"));
    let outcome = world.save(back);
    assert!(outcome.taken && outcome.refused && outcome.locked.is_some(), "{outcome:?}");
    let visit = |from, to| [(from, Some(to))];
    world.coursekey.records = vec![
        record("old", 2, "C1-1", "S1", "2024-07-30T16:00:10Z", &visit("2023-08-28T13:00:00Z", "2023-08-28T14:00:00Z")),
        record("new", 1, "C1-3", "S1", "2024-08-05T16:00:10Z", &visit("2024-08-05T13:00:00Z", "2024-08-05T16:00:00Z")),
    ];
    written(&mut world);
    world.now = at("2024-08-05T16:05:00Z");
    world.settle();
    assert!(world.statuses().starts_with("C1 Synchronized"), "{}", world.statuses());
    let said = written(&mut world);
    assert!(said.contains("C1-3") && !said.contains("C1-1"), "{said}");
}

#[test]
fn a_class_with_an_open_issue_stays_until_the_issue_is_answered() {
    let mut world = synchronized();
    world.now = at("2023-08-28T13:05:00Z");
    world.coursekey.records =
        vec![record("r1", 1, "C1-1", "S1", "2023-08-28T13:00:10Z", &[("2023-08-28T13:00:00Z", None)])];
    world.settle();
    world.now = at("2023-08-28T20:00:00Z");
    world.settle();
    assert!(written(&mut world).contains("open never-checked-out"));
    world.now = at("2024-07-28T16:05:00Z");
    for _ in 0..3 {
        world.later(Seconds::days(20));
    }
    assert_eq!(keys(&world, &["attendance/", "course/"]), ["attendance/C1-1", "course/C1"]);
    assert!(!written(&mut world).contains("resolve"));
}
