//! Rosters: the items of a course that reach CourseKey, and the items that a change of the course adds.

use expect_test::expect;

use crate::memory::head::Head;
use crate::model::course::{Agreement, Class, Course, SendOption};
use crate::model::ids::ClassId;
use crate::model::sorted::SortedMap;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, student, synchronized};
use crate::world::records::Operation;

/// The sentences of the issues that are open.
pub(super) fn open_issues(world: &Fake) -> Vec<&str> {
    let mut open = SortedMap::new();
    for operation in &world.operations {
        match operation {
            Operation::OpenIssue { key, issue, .. } => _ = open.insert(key, issue.sentence.as_str()),
            Operation::ResolveIssue { key, .. } => _ = open.remove(key),
            _ => {}
        }
    }
    open.into_values().collect()
}

#[test]
fn a_course_inside_its_window_is_sent_in_coursekeys_order() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
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
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
}

#[test]
fn nothing_is_sent_before_the_window_opens() {
    let mut world = Fake::new("2023-08-01T12:00:00Z");
    world.save(course("C1"));
    assert_eq!(world.settle(), "");
    expect!["C1 Scheduled (synchronization begins on 2023-08-07)"].assert_eq(&world.statuses());
    world.now = at("2023-08-07T04:00:00Z");
    assert!(world.settle().starts_with("teacher I1"));
}

#[test]
fn the_option_is_locked_one_tick_before_the_first_request() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    assert!(world.tick().more_work);
    assert_eq!(world.coursekey.log, Vec::<String>::new());
    let outcome = world.save({
        let mut course = course("C1");
        course.revision = 2;
        course.send = SendOption::Off;
        course
    });
    assert!(outcome.refused && outcome.send && outcome.locked.is_some());
}

/// Looks at courses until there is no more work.
fn looks(world: &mut Fake) -> u32 {
    let mut looks = 0;
    loop {
        let report = world.tick();
        looks += report.looks;
        if !report.more_work {
            return looks;
        }
    }
}

#[test]
fn a_first_send_takes_two_looks_and_a_refusal_one_more() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    assert_eq!(looks(&mut world), 2, "one before the lock, one before the first request");
    let mut changed = course("C1");
    (changed.revision, changed.title) = (2, "CARE II".to_owned());
    world.save(changed.clone());
    assert_eq!(looks(&mut world), 1);
    world.coursekey.refuses.insert("C1".to_owned(), "name_blank".to_owned());
    (changed.revision, changed.title) = (3, "CARE III".to_owned());
    world.save(changed);
    assert_eq!(looks(&mut world), 2, "what is left after a refusal is looked at");
}

#[test]
fn an_unchanged_school_costs_one_read_and_no_request() {
    let mut world = synchronized();
    world.settle();
    world.reads = 0;
    world.now = world.now + Seconds(300);
    let report = world.tick();
    assert_eq!((world.reads, world.coursekey.log.len()), (1, 0));
    assert_eq!(report.tallies.len(), 0);
}

#[test]
fn a_changed_class_alone_is_sent() {
    let mut world = synchronized();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.classes[1].starts = at("2023-09-05T13:00:00Z");
    changed.classes[1].ends = at("2023-09-05T16:00:00Z");
    world.save(changed);
    expect!["class C1-2 2023-09-05T13:00:00Z"].assert_eq(&world.settle());
}

#[test]
fn a_cancelled_class_is_removed_and_kept_where_coursekey_has_attendance_of_it() {
    let mut world = synchronized();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.classes.remove(1);
    world.coursekey.refuses.insert("C1-2".to_owned(), "has_attendance".to_owned());
    world.save(changed);
    expect!["remove class C1-2: has_attendance"].assert_eq(&world.settle());
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
    assert_eq!(world.later(Seconds::hours(23)), "", "what CourseKey keeps is asked for again once a day");
    expect!["remove class C1-2: has_attendance"].assert_eq(&world.later(Seconds::days(1)));
    let sentences: Vec<&str> = open_issues(&world);
    expect!["CourseKey has attendance of the class of 2023-09-04 09:00 EDT of course NURS-C1 “CARE”, which GEGI does not have any more"]
        .assert_eq(&sentences.join("\n"));
    world.coursekey.refuses.clear();
    expect!["remove class C1-2"].assert_eq(&world.later(Seconds::days(1)));
    assert!(open_issues(&world).is_empty(), "the remedy was followed");
}

#[test]
fn an_equal_or_older_revision_changes_nothing() {
    let mut world = synchronized();
    let mut older = course("C1");
    older.title = "SOMETHING ELSE".to_owned();
    assert!(!world.save(older).taken);
    assert_eq!(world.settle(), "");
}

#[test]
fn who_stops_is_dropped_and_who_returns_is_the_same_enrollment() {
    let mut world = synchronized();
    let mut stopped = course("C1");
    stopped.revision = 2;
    stopped.students[0].stage = "LOA".to_owned();
    stopped.students[1].agreement = Agreement::CreditGranted;
    stopped.students.remove(2);
    world.save(stopped);
    expect![[r#"
        drop S1 in C1
        drop S2 in C1
        drop S3 in C1"#]]
    .assert_eq(&world.settle());
    let mut back = course("C1");
    back.revision = 3;
    world.save(back);
    expect![[r#"
        enroll S1 in C1
        enroll S2 in C1
        enroll S3 in C1"#]]
    .assert_eq(&world.settle());
}

#[test]
fn a_lost_event_is_found_by_the_nightly_comparison() {
    let mut world = synchronized();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.students.remove(0);
    world.gegi.insert(changed.id.clone(), changed);
    assert_eq!(world.settle(), "");
    expect!["drop S1 in C1"].assert_eq(&world.later(Seconds::days(1)));
}

#[test]
fn of_a_removed_course_only_its_future_classes_go() {
    let mut world = synchronized();
    world.now = at("2023-08-30T12:00:00Z");
    world.remove("C1");
    expect!["remove class C1-2"].assert_eq(&world.settle());
    expect!["C1 Disabled (the course was removed from GEGI)"].assert_eq(&world.statuses());
}

#[test]
fn a_course_without_a_class_or_an_instructor_is_failed_inside_its_window() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut empty = course("C1");
    empty.classes.clear();
    empty.instructors.clear();
    world.save(empty);
    assert_eq!(world.settle(), "");
    expect!["C1 Failed (no instructor; no class)"].assert_eq(&world.statuses());
}

#[test]
fn after_the_window_nothing_is_sent() {
    let mut world = synchronized();
    world.now = at("2024-01-15T12:00:00Z");
    world.settle();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.title = "LATER".to_owned();
    world.save(changed);
    assert_eq!(world.settle(), "");
    expect!["C1 Disabled (the sync window ended on 2023-12-29)"].assert_eq(&world.statuses());
}

#[test]
fn a_change_of_settings_dates_every_course_anew() {
    let mut world = Fake::new("2023-08-01T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    world.settings.weeks_before_start = 8;
    assert!(world.settle().starts_with("teacher I1"));
}

#[test]
fn a_start_moved_later_after_synchronization_is_sent_and_the_course_stays_synchronized() {
    let mut world = synchronized();
    let mut moved = course("C1");
    moved.revision = 2;
    moved.start_date = "2023-10-30".parse().unwrap();
    world.save(moved);
    expect![[r#"course C1 by instructor1@example.edu with ["I1"]"#]].assert_eq(&world.settle());
    expect!["C1 Synchronized"].assert_eq(&world.statuses());
}

#[test]
fn the_nightly_comparison_comes_once_a_night_also_when_the_clocks_change() {
    let mut world = Fake::new("2023-11-05T06:59:59Z");
    world.save(course("C1"));
    world.settle();
    for (now, next) in [
        ("2023-11-05T07:00:00Z", "2023-11-06T08:00:00Z"),
        ("2024-03-10T07:00:00Z", "2024-03-10T08:00:00Z"),
        ("2024-03-10T08:00:00Z", "2024-03-11T07:00:00Z"),
    ] {
        world.now = at(now);
        world.settle();
        let head = Head::read(&world.state["hot/0"]).unwrap();
        assert_eq!(head.comparison.next, at(next), "after {now}");
    }
}

#[test]
fn a_synchronized_course_that_lacks_something_goes_on() {
    type Change = fn(&mut crate::model::course::Course);
    let lacks: [(&str, Change); 4] = [
        ("no instructor", |course| course.instructors.clear()),
        ("an instructor without e-mail", |course| {
            course.instructors[0].id = "I9".into();
            course.instructors[0].email.clear();
        }),
        ("no class", |course| course.classes.clear()),
        ("dates turned round", |course| std::mem::swap(&mut course.start_date, &mut course.end_date)),
    ];
    let mut text = String::new();
    for (name, lack) in lacks {
        let mut world = synchronized();
        let mut changed = course("C1");
        changed.revision = 2;
        changed.title = "CARE II".to_owned();
        changed.students[0].stage = "DROPPED".to_owned();
        lack(&mut changed);
        world.save(changed);
        let sent = world.settle().replace('\n', ", ");
        text.extend([name, ": ", &sent, "\n    ", &world.statuses(), "\n"]);
    }
    expect![[r#"
        no instructor: course C1 by instructor1@example.edu with ["I1"], drop S1 in C1
            C1 Failed (no instructor)
        an instructor without e-mail: course C1 by instructor1@example.edu with ["I1"], drop S1 in C1
            C1 Failed (the instructor: no e-mail)
        no class: course C1 by instructor1@example.edu with ["I1"], drop S1 in C1
            C1 Failed (no class; 2 of 2 classes: held as a possible accident until somebody decides under Holds)
        dates turned round: drop S1 in C1
            C1 Failed (the course: end before start)
    "#]]
    .assert_eq(&text);
}

#[test]
fn after_a_removal_any_revision_is_taken_and_the_night_takes_a_lower_one() {
    let mut world = synchronized();
    world.save(crate::model::course::Course { revision: 7, title: "SEVEN".to_owned(), ..course("C1") });
    world.settle();
    world.remove("C1");
    world.settle();
    assert!(world.save(course("C1")).taken, "a restored backup");
    assert!(!world.settle().is_empty());
    world.save(crate::model::course::Course { revision: 500, title: "FIVE HUNDRED".to_owned(), ..course("C1") });
    world.settle();
    let again = crate::model::course::Course { title: "AGAIN".to_owned(), ..course("C1") };
    assert!(!world.save(again).taken, "of an event a lower revision is ignored");
    expect![[r#"course C1 by instructor1@example.edu with ["I1"]"#]].assert_eq(&world.later(Seconds::days(1)));
}

#[test]
fn what_is_sent_never_has_a_lower_revision_than_before() {
    let mut world = synchronized();
    let before = world.coursekey.revision;
    assert!(before > 0);
    world.now = world.now - Seconds::days(1);
    world.save(crate::model::course::Course { revision: 2, title: "X".to_owned(), ..course("C1") });
    assert!(!world.settle().is_empty());
    assert!(world.coursekey.revision >= before, "the clock went back");
}

#[test]
fn the_lock_opens_again_where_coursekey_refused_everything_for_certain() {
    for (fault, locked) in [(None, false), (Some((503, "")), true)] {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        world.coursekey.refuses.insert("I1".to_owned(), "invalid".to_owned());
        world.coursekey.faults.entry("users".to_owned()).or_default().extend(fault.map(Ok));
        world.save(course("C1"));
        world.settle();
        world.later(Seconds::hours(2));
        let mut off = course("C1");
        (off.revision, off.send) = (2, SendOption::Off);
        let outcome = world.save(off);
        assert_eq!((outcome.refused, outcome.locked.is_some()), (locked, locked));
    }
}

/// GEGI changes the course, CourseKey takes the change and its answer is lost, and GEGI changes the course again before
/// anything is sent again. Answers what is sent then.
fn after_a_lost_answer(list: &str, change: impl Fn(&mut Course), change_again: impl Fn(&mut Course)) -> String {
    let mut world = synchronized();
    let mut changed = course("C1");
    changed.revision = 2;
    change(&mut changed);
    world.coursekey.loses_answers.insert(list.to_owned(), 1);
    world.save(changed.clone());
    world.settle();
    changed.revision = 3;
    change_again(&mut changed);
    world.save(changed);
    world.later(Seconds::hours(1))
}

#[test]
fn what_coursekey_may_hold_after_a_lost_answer_is_made_right_whatever_gegi_wants_next() {
    let mail = |course: &mut Course, mail: &str, revision: u64| {
        (course.students[0].person.email, course.students[0].person.revision) = (mail.to_owned(), revision);
    };
    let hour = Seconds::hours(1);
    let sent = [
        after_a_lost_answer(
            "enrollments",
            |course| course.students.push(student("S4")),
            |course| course.students[3].agreement = Agreement::CreditGranted,
        ),
        after_a_lost_answer(
            "enrollments",
            |course| course.students.push(student("S4")),
            |course| {
                course.students.pop();
            },
        ),
        after_a_lost_answer(
            "enrollments",
            |course| course.students[0].stage = "DROPPED".to_owned(),
            |course| course.students[0].stage = "ACTIVE".to_owned(),
        ),
        after_a_lost_answer(
            "sessions",
            |course| course.classes[1].ends = course.classes[1].ends + hour,
            |course| course.classes[1].ends = course.classes[1].ends - hour,
        ),
        after_a_lost_answer(
            "sessions",
            |course| course.classes.push(Class { id: ClassId::from("C1-3"), ..course.classes[1].clone() }),
            |course| _ = course.classes.pop(),
        ),
        after_a_lost_answer("courses", |course| course.title.push('X'), |course| _ = course.title.pop()),
        after_a_lost_answer(
            "users",
            |course| mail(course, "other@example.edu", 2),
            |course| mail(course, "student1@example.edu", 3),
        ),
    ];
    expect![[r#"
        drop S4 in C1
        drop S4 in C1
        enroll S1 in C1
        class C1-2 2023-09-04T13:00:00Z
        remove class C1-3
        course C1 by instructor1@example.edu with ["I1"]
        user S1 student1@example.edu"#]]
    .assert_eq(&sent.join("\n"));
}
