//! Statuses, each from one line of facts.

use expect_test::expect;

use super::{Facts, Trouble, verdict};
use crate::model::zone::Zone;
use crate::option::Resolved;
use crate::silence::{Silence, What};
use crate::testing::at;
use crate::window::Window;

/// The status of a course. The course is inside its sync window, has one instructor and one class, and CourseKey does
/// not hold it, unless the line says otherwise, for example `acknowledged; student 1 of 24: no e-mail`.
fn check(line: &str) -> String {
    let window = Window { opens: at("2023-08-07T04:00:00Z"), closes: at("2024-01-04T05:00:00Z") };
    let mut now = at("2023-09-01T12:00:00Z");
    let (mut troubles, mut silences): (Vec<Trouble>, Vec<Silence>) = Default::default();
    let mut facts = Facts {
        option: Resolved::On,
        enabled: true,
        removed: false,
        window: Some((window, Zone::parse("America/New_York").unwrap())),
        phase: window.phase(now),
        instructors: 1,
        classes: 1,
        acknowledged: false,
        campus_problem: None,
        troubles: &[],
        silences: &[],
        set_aside: None,
    };
    for word in line.split("; ").filter(|word| !word.is_empty()) {
        match word.split_once(' ').unwrap_or((word, "")) {
            ("off", _) => facts.option = Resolved::Off,
            ("integration-off", _) => facts.enabled = false,
            ("removed", _) => facts.removed = true,
            ("before", _) => now = at("2023-08-07T03:59:59Z"),
            ("over", _) => now = window.closes,
            ("instructors", count) => facts.instructors = count.parse().unwrap(),
            ("classes", count) => facts.classes = count.parse().unwrap(),
            ("acknowledged", _) => facts.acknowledged = true,
            ("campus", problem) => facts.campus_problem = Some(problem),
            ("set-aside", reason) => facts.set_aside = Some(reason),
            ("unsent" | "unread", reason) => {
                let what = if line.contains("unread") { What::Reading } else { What::Sending };
                let since = at("2023-08-31T12:00:00Z");
                silences.push(Silence { what, since, told_from: since, reason: reason.to_owned() });
            }
            (what, rest) => {
                let (counts, why) = rest.split_once(": ").unwrap();
                let (stuck, of) = counts.split_once(" of ").unwrap();
                troubles.push(Trouble::new(what, stuck.parse().unwrap(), of.parse().unwrap(), why));
            }
        }
    }
    facts.phase = window.phase(now);
    facts.troubles = &troubles;
    facts.silences = &silences;
    let verdict = verdict(&facts);
    format!("{line} → {:?}: {}", verdict.status, verdict.reason.as_deref().unwrap_or("-"))
}

fn table(lines: &[&str]) -> String {
    lines.iter().map(|line| check(line)).collect::<Vec<_>>().join("\n")
}

#[test]
fn disabled_holds_before_everything_else() {
    expect![[r"
        off → Disabled: Send to CourseKey is off
        integration-off → Disabled: the integration is switched off
        over → Disabled: the sync window ended on 2024-01-03
        removed; acknowledged → Disabled: the course was removed from GEGI
        off; instructors 0; student 1 of 24: no e-mail → Disabled: Send to CourseKey is off
        over; acknowledged; unread no answer → Disabled: the sync window ended on 2024-01-03"]]
    .assert_eq(&table(&[
        "off",
        "integration-off",
        "over",
        "removed; acknowledged",
        "off; instructors 0; student 1 of 24: no e-mail",
        "over; acknowledged; unread no answer",
    ]));
}

#[test]
fn failed_inside_the_window_names_everything_that_is_stuck() {
    expect![[r"
        instructors 0 → Failed: no instructor
        classes 0 → Failed: no class
        instructors 0; classes 0 → Failed: no instructor; no class
        acknowledged; instructors 0 → Failed: no instructor
        acknowledged; student 1 of 24: no e-mail → Failed: 1 of 24 students: no e-mail
        class 2 of 3: end before start → Failed: 2 of 3 classes: end before start
        instructor 1 of 1: invalid e-mail → Failed: the instructor: invalid e-mail
        course 1 of 1: refused by CourseKey (unknown_owner) → Failed: the course: refused by CourseKey (unknown_owner)
        campus the time zone is unknown → Failed: the time zone is unknown
        instructors 0; campus the key is refused; student 1 of 24: no e-mail → Failed: no instructor; the key is refused; 1 of 24 students: no e-mail
        student 1 of 9: a; student 1 of 9: b; student 1 of 9: c; student 1 of 9: d; class 1 of 2: e → Failed: 1 of 9 students: a; 1 of 9 students: b; 1 of 9 students: c; and 2 more"]].assert_eq(&table(&[
        "instructors 0",
        "classes 0",
        "instructors 0; classes 0",
        "acknowledged; instructors 0",
        "acknowledged; student 1 of 24: no e-mail",
        "class 2 of 3: end before start",
        "instructor 1 of 1: invalid e-mail",
        "course 1 of 1: refused by CourseKey (unknown_owner)",
        "campus the time zone is unknown",
        "instructors 0; campus the key is refused; student 1 of 24: no e-mail",
        "student 1 of 9: a; student 1 of 9: b; student 1 of 9: c; student 1 of 9: d; class 1 of 2: e",
    ]));
}

#[test]
fn silence_is_an_error_that_says_since_when() {
    expect![[r#"
        unsent no answer → Failed: nothing could be sent since 2023-08-31 08:00 EDT: no answer
        acknowledged; unsent HTTP 503 → Failed: nothing could be sent since 2023-08-31 08:00 EDT: HTTP 503
        acknowledged; unread HTTP 503; student 1 of 24: no e-mail → Failed: 1 of 24 students: no e-mail; attendance has not been read since 2023-08-31 08:00 EDT: HTTP 503
        before; unsent no answer → Scheduled: synchronization begins on 2023-08-07
        acknowledged; set-aside work was aborted → Failed: work was aborted"#]].assert_eq(&table(&[
        "unsent no answer",
        "acknowledged; unsent HTTP 503",
        "acknowledged; unread HTTP 503; student 1 of 24: no e-mail",
        "before; unsent no answer",
        "acknowledged; set-aside work was aborted",
    ]));
}

#[test]
fn what_cannot_be_sent_does_not_matter_before_the_window_opens() {
    expect![[r"
        before → Scheduled: synchronization begins on 2023-08-07
        before; instructors 0; classes 0 → Scheduled: synchronization begins on 2023-08-07
        before; campus the key is refused; student 1 of 24: no e-mail → Scheduled: synchronization begins on 2023-08-07"]].assert_eq(&table(&[
        "before",
        "before; instructors 0; classes 0",
        "before; campus the key is refused; student 1 of 24: no e-mail",
    ]));
}

#[test]
fn a_course_whose_start_was_moved_later_stays_synchronized_and_can_fail() {
    expect![[r"
        before; acknowledged → Synchronized: -
        before; acknowledged; classes 0 → Failed: no class"]]
    .assert_eq(&table(&["before; acknowledged", "before; acknowledged; classes 0"]));
}

#[test]
fn inside_the_window_a_course_is_scheduled_until_coursekey_has_it() {
    expect![[r"
        classes 1 → Scheduled: first synchronization in progress
        acknowledged → Synchronized: -"]]
    .assert_eq(&table(&["classes 1", "acknowledged"]));
}
