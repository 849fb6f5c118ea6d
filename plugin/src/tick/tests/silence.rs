//! Silence is an error: what cannot be read or sent for three ticks and a quarter of an hour makes the courses that need
//! it Failed, is told once, and ends when it works again.

use expect_test::expect;

use super::written;
use crate::model::course::Course;
use crate::model::ids::CampusId;
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, synchronized, two_campuses};
use crate::world::network::{Kind, Unheard};

type Fault = Result<(u16, &'static str), Unheard>;

/// The next requests to a list end like this.
fn fault(world: &mut Fake, list: &str, fault: Fault, times: usize) {
    world.coursekey.faults.insert(list.to_owned(), vec![fault; times].into());
}

/// Half an hour passes, a tick every five minutes.
fn half_an_hour(world: &mut Fake) {
    (0..6).for_each(|_| _ = world.later(Seconds(300)));
}

/// The statuses, and the open issues of the school as a whole with their sentences.
fn told(world: &mut Fake) -> String {
    let head = crate::memory::head::Head::read(&world.state["hot/0"]).unwrap();
    let issues = head.issues.into_values().map(|issue| issue.sentence);
    std::iter::once(world.statuses()).chain(issues).collect::<Vec<_>>().join("\n")
}

/// A course changed, so that something waits to be sent.
fn renamed(id: &str, revision: u64) -> Course {
    Course { revision, title: format!("Title {revision}"), ..course(id) }
}

#[test]
fn attendance_that_cannot_be_read_is_told_once_and_ends() {
    let mut world = synchronized();
    world.now = at("2023-08-28T12:00:00Z");
    world.settle();
    fault(&mut world, "attendance", Ok((503, "")), 5);
    for _ in 0..2 {
        world.later(Seconds(300));
    }
    assert_eq!(world.statuses(), "C1 Synchronized", "two failed ticks");
    half_an_hour(&mut world);
    expect![[r#"
        C1 Failed (attendance has not been read since 2023-08-28 08:00 EDT: CourseKey answered HTTP 503)
        campus main gets no usable answer of CourseKey: its attendance could not be read since 2023-08-28 08:05 EDT (CourseKey answered HTTP 503)"#]].assert_eq(&told(&mut world));
    expect!["open coursekey-silent////main"].assert_eq(&written(&mut world));
    (0..4).for_each(|_| half_an_hour(&mut world));
    expect!["C1 Synchronized"].assert_eq(&told(&mut world));
    expect!["resolve coursekey-silent////main"].assert_eq(&written(&mut world));
    assert_eq!(world.mails.len(), 2, "one that it fails and one that it works");
}

#[test]
fn three_failed_ticks_in_three_minutes_are_not_told() {
    let mut world = synchronized();
    world.settings.update_every_minutes = 1;
    world.now = at("2023-08-28T12:00:00Z");
    world.settle();
    fault(&mut world, "attendance", Ok((503, "")), 4);
    (0..30).for_each(|_| _ = world.later(Seconds(60)));
    assert_eq!((world.statuses().as_str(), world.mails.len()), ("C1 Synchronized", 0));
}

#[test]
fn a_tick_is_due_when_a_silence_is_to_be_told() {
    let mut world = synchronized();
    world.settings.update_every_minutes = 1;
    world.now = at("2023-08-28T12:00:00Z");
    world.settle();
    fault(&mut world, "attendance", Ok((503, "")), 100);
    let mut due = world.now;
    while world.mails.is_empty() {
        world.now = due;
        due = world.tick().next_due.unwrap();
    }
    assert_eq!(world.now, at("2023-08-28T12:15:00Z"), "a quarter of an hour after the first failed tick");
}

#[test]
fn what_cannot_be_sent_concerns_the_courses_that_wait_for_it_alone() {
    let mut world = two_campuses();
    world.save(course("C3"));
    world.settle();
    written(&mut world);
    fault(&mut world, "courses", Err(Unheard::TimedOut), 5);
    world.save(renamed("C1", 2));
    half_an_hour(&mut world);
    expect![[r#"
        C1 Failed (nothing could be sent since 2023-08-20 08:05 EDT: CourseKey did not answer in time)
        C2 Synchronized
        C3 Synchronized
        campus main gets no usable answer of CourseKey: its courses could not be sent since 2023-08-20 08:05 EDT (CourseKey did not answer in time)"#]].assert_eq(&told(&mut world));
    // A course that begins to wait while nothing can be sent is Failed at once.
    world.save(renamed("C3", 2));
    world.later(Seconds(300));
    assert!(world.statuses().contains("C3 Failed (nothing could be sent"), "{}", world.statuses());
    (0..4).for_each(|_| half_an_hour(&mut world));
    expect![[r#"
        C1 Synchronized
        C2 Synchronized
        C3 Synchronized"#]]
    .assert_eq(&told(&mut world));
    expect![[r#"
        open coursekey-silent////main
        resolve coursekey-silent////main"#]]
    .assert_eq(&written(&mut world));
}

#[test]
fn an_issue_of_failing_lists_is_mailed_once_whatever_lists_join() {
    let mut world = synchronized();
    world.now = at("2023-08-28T12:00:00Z");
    world.settle();
    for list in ["attendance", "courses", "users"] {
        fault(&mut world, list, Err(Unheard::TimedOut), 100);
    }
    half_an_hour(&mut world);
    world.save(renamed("C1", 2));
    (0..10).for_each(|_| half_an_hour(&mut world));
    expect![[r#"
        C1 Failed (nothing could be sent since 2023-08-28 08:35 EDT: CourseKey did not answer in time; attendance has not been read since 2023-08-28 08:00 EDT: CourseKey did not answer in time)
        campus main gets no usable answer of CourseKey: its courses could not be sent since 2023-08-28 08:35 EDT (CourseKey did not answer in time), its attendance could not be read since 2023-08-28 08:05 EDT (CourseKey did not answer in time)"#]].assert_eq(&told(&mut world));
    assert_eq!(world.mails.len(), 1);
}

/// Everything that keeps a campus from being reached, in the way in which the host answers it: no key and a refused
/// address (denied), a URL or a campus's id of which no request can be made, a wrong URL, a page instead of an answer.
#[test]
fn a_campus_that_cannot_be_reached_at_all_is_told_and_the_others_go_on() {
    let unreachable: [Fault; 5] =
        [Err(Unheard::Denied), Err(Unheard::Unsendable), Err(Unheard::Unreachable), Ok((200, "<html>")), Ok((302, ""))];
    for answer in unreachable {
        let mut world = two_campuses();
        let mut third = Fake::new("2023-08-20T12:00:00Z").settings.campuses[0].clone();
        (third.id, third.school) = (CampusId::from("third"), crate::model::ids::SchoolNumber(300));
        world.settings.campuses.push(third);
        fault(&mut world, "300", answer.clone(), 100);
        world.save(Course { campus: CampusId::from("third"), ..course("C3") });
        half_an_hour(&mut world);
        let told = told(&mut world);
        assert!(told.contains("C3 Failed (nothing could be sent since 2023-08-20 08:"), "{told}");
        assert!(told.contains("C1 Synchronized\nC2 Synchronized"), "{told}");
        assert!(told.contains("campus third gets no usable answer"), "{told}");
        assert_eq!(world.mails.len(), 1, "{answer:?}");
    }
}

#[test]
fn a_refused_key_fails_the_courses_that_are_read_too_and_an_outage_does_not_end_it() {
    let mut world = synchronized();
    world.now = at("2023-08-28T12:00:00Z");
    world.settle();
    fault(&mut world, "attendance", Ok((401, "")), 1);
    fault(&mut world, "100", Ok((503, "")), 3);
    world.later(Seconds(300));
    expect![[r#"
        C1 Failed (attendance has not been read since 2023-08-28 08:00 EDT: CourseKey refused the campus's credentials (HTTP 401))
        campus main has been stopped since 2023-08-28 08:05 EDT: CourseKey refused the campus's credentials (HTTP 401)"#]].assert_eq(&told(&mut world));
    (0..5).for_each(|_| half_an_hour(&mut world));
    expect!["open credentials-refused////main"].assert_eq(&written(&mut world));
    (0..5).for_each(|_| half_an_hour(&mut world));
    expect![[r#"
        resolve credentials-refused////main
        C1-1 S1 -→A: Absent: did not check in
        C1-1 S2 -→A: Absent: did not check in
        C1-1 S3 -→A: Absent: did not check in"#]]
    .assert_eq(&written(&mut world));
    assert_eq!(world.statuses(), "C1 Synchronized");
}

#[test]
fn a_list_that_nobody_needs_any_more_is_not_complained_of_for_ever() {
    let mut world = synchronized();
    fault(&mut world, "courses", Ok((503, "")), 100);
    world.save(renamed("C1", 2));
    half_an_hour(&mut world);
    assert!(told(&mut world).contains("campus main"));
    // A change that is taken back is sent all the same: CourseKey may have taken it.
    world.save(Course { revision: 3, ..course("C1") });
    (0..6).for_each(|_| half_an_hour(&mut world));
    assert!(told(&mut world).contains("campus main"));
    // The sync window is over.
    world.now = at("2024-01-05T12:00:00Z");
    (0..6).for_each(|_| half_an_hour(&mut world));
    expect!["C1 Disabled (the sync window ended on 2023-12-29)"].assert_eq(&told(&mut world));
}

#[test]
fn a_listing_that_repeats_itself_ends_and_is_told() {
    let pages = [
        r#"{"records": [], "next": "a", "asOf": "2023-08-28T12:00:00Z"}"#,
        r#"{"records": [], "next": "b", "asOf": "2023-08-28T12:00:00Z"}"#,
    ];
    for circle in [&pages[..1], &pages[..]] {
        let mut world = synchronized();
        world.now = at("2023-08-28T12:00:00Z");
        world.settle();
        let before = world.coursekey.requests["attendance"];
        let answers = circle.iter().cycle().take(1_000).map(|page| Ok((200, *page)));
        world.coursekey.faults.insert("attendance".to_owned(), answers.collect());
        half_an_hour(&mut world);
        let requests = world.coursekey.requests["attendance"] - before;
        assert!((6..=12).contains(&requests), "{requests} requests");
        assert!(told(&mut world).contains("repeats itself"), "{}", told(&mut world));
    }
}

#[test]
fn a_tick_counts_the_requests_that_failed() {
    let mut world = synchronized();
    world.now = at("2023-08-28T12:00:00Z");
    fault(&mut world, "attendance", Err(Unheard::Cut), 1);
    let report = world.tick();
    let tally = report.tallies[&Kind::Attendance];
    assert_eq!((tally.requests, tally.failed_requests), (1, 1));
}

#[test]
fn what_is_still_unknown_after_it_was_sent_again_is_refused_and_told() {
    let enrollments = ["C1/S1", "C1/S2", "C1/S3"];
    for (refused, code) in [(&enrollments[..], "unknown_user"), (&["C1-1"][..], "unknown_course")] {
        let mut world = Fake::new("2023-08-20T12:00:00Z");
        world.coursekey.refuses.extend(refused.iter().map(|item| ((*item).to_owned(), code.to_owned())));
        world.save(course("C1"));
        (0..12).for_each(|_| half_an_hour(&mut world));
        assert!(world.statuses().contains(&format!("refused by CourseKey ({code})")), "{}", world.statuses());
        assert_eq!(written(&mut world).matches("open rejected").count(), refused.len());
        let list = if code == "unknown_user" { "enrollments" } else { "sessions" };
        let writes = world.coursekey.requests[list];
        assert!(writes <= 3, "{writes} requests in six hours");
        world.coursekey.refuses.clear();
        world.later(Seconds::days(1));
        world.later(Seconds(300));
        assert_eq!(world.statuses(), "C1 Synchronized");
    }
}
