//! Explanations and obstacles as text.

mod cures;

use expect_test::expect;

use super::*;
use crate::model::course::{Course, SendOption};
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, record, synchronized};
use crate::world::records::Origin;

fn finding(finding: &Finding) -> String {
    match finding {
        Finding::There(sentence) => format!("there: {sentence}"),
        Finding::Missing(obstacle) => {
            let Obstacle { condition, sentence, until } = obstacle;
            let until = until.map(|until| format!(" (until {until})")).unwrap_or_default();
            let owner = condition.owner().map_or("nobody", |owner| owner.name());
            format!("{}: {sentence}{until} | {owner}: {}", condition.name(), condition.remedy())
        }
    }
}

fn ask(world: &mut Fake, sought: &Sought) -> String {
    finding(&why_not(world, sought).unwrap())
}

fn enrollment(course: &str, student: &str) -> Sought {
    Sought::Enrollment(CourseId::from(course), PersonId::from(student))
}

fn mark(class: &str, student: &str) -> Sought {
    Sought::Mark(ClassId::from(class), PersonId::from(student))
}

fn text(world: &mut Fake, class: &str, student: &str) -> String {
    let Some(of) = explain(world, &ClassId::from(class), &PersonId::from(student)).unwrap() else {
        return "not judged".to_owned();
    };
    let mut lines = vec![format!("{} in {}, {}: {}", of.student_name, of.course_name, of.class_name, of.sentence)];
    let mark = |mark: &crate::world::records::CurrentMark| format!("{:?} by {:?}", mark.mark, mark.origin);
    lines.push(format!("now {:?}, next {:?}", of.current.as_ref().map(mark), of.next));
    lines.push(format!("rule {:?}", of.basis.as_ref().map(|basis| basis.rule.name())));
    let limits = of.limits;
    lines.push(format!(
        "late until {}, early from {}, decided {}, followed until {}, read until {:?}",
        limits.late_until, limits.early_from, limits.settled_at, limits.follow_until, limits.read_until
    ));
    let version = |(record, of_use): &(crate::model::attendance::AttendanceRecord, _)| {
        format!(
            "record {} version {} of {}: {of_use:?}, {} visits",
            record.id,
            record.version,
            record.updated_at,
            record.visits.len()
        )
    };
    lines.extend(of.records.iter().map(version));
    lines.extend(of.issues.iter().map(|issue| issue.sentence.clone()));
    lines.join("\n")
}

fn change(world: &mut Fake, id: &str, change: impl FnOnce(&mut Course)) {
    let mut course = world.gegi.get(&CourseId::from(id)).cloned().unwrap();
    change(&mut course);
    course.revision += 1;
    world.save(course);
}

#[test]
fn why_an_enrollment_is_missing() {
    let mut world = Fake::new("2023-09-04T12:00:00Z");
    let mut texts = vec![ask(&mut world, &enrollment("C1", "S1"))];
    let mut first = course("C1");
    first.send = SendOption::Off;
    first.instructors.clear();
    first.students[0].person.email = "nobody".to_owned();
    first.students[1].stage = "REGISTERED".to_owned();
    world.save(first);
    texts.push(ask(&mut world, &enrollment("C1", "S1")));
    change(&mut world, "C1", |course| course.send = SendOption::On);
    texts.push(ask(&mut world, &enrollment("C1", "S1")));
    change(&mut world, "C1", |changed| changed.instructors = course("C1").instructors);
    texts.push(ask(&mut world, &enrollment("C1", "S1")));
    texts.push(ask(&mut world, &enrollment("C1", "S2")));
    texts.push(ask(&mut world, &enrollment("C1", "S3")));
    texts.push(ask(&mut world, &enrollment("C1", "S4")));
    world.settle();
    texts.push(ask(&mut world, &enrollment("C1", "S3")));
    world.settings.enabled = false;
    texts.push(ask(&mut world, &enrollment("C1", "S1")));
    expect![[r#"
        course-unknown: GEGI never told of course C1 | school: Save the course in GEGI once more.
        option-off: Send to CourseKey of course NURS-C1 “CARE” is off | school: Switch Send to CourseKey on at the course.
        email-invalid: student S1 in course NURS-C1 “CARE” has an e-mail that is not an address | school: Correct the person's e-mail; the field takes one address and nothing else.
        email-invalid: invalid e-mail | school: Correct the person's e-mail; the field takes one address and nothing else.
        stage-not-enrolled: the student's stage is REGISTERED | school: Correct the student's stage.
        next-tick: the next synchronization sends it | nobody: Wait for the next synchronization.
        student-not-listed: course NURS-C1 “CARE” does not list S4 | school: Add the student to the course.
        there: CourseKey has the enrollment of S3
        integration-off: the integration with CourseKey is off | gegi: Ask customer care to enable the integration."#]].assert_eq(&texts.join("\n"));
}

#[test]
fn why_a_mark_is_missing_while_time_passes() {
    let mut world = synchronized();
    let mut texts = Vec::new();
    let mut at_moment = |world: &mut Fake, moment: &str| {
        world.now = at(moment);
        world.settle();
        texts.push(format!("{moment} {}", ask(world, &mark("C1-1", "S1"))));
    };
    at_moment(&mut world, "2023-08-28T14:00:00Z");
    at_moment(&mut world, "2023-08-28T16:30:00Z");
    at_moment(&mut world, "2023-08-28T17:10:00Z");
    expect![[r#"
        2023-08-28T14:00:00Z class-runs: the class is not over before 2023-08-28 12:00 EDT (until 2023-08-28T16:00:00Z) | nobody: Wait; it follows by itself.
        2023-08-28T16:30:00Z settling: attendance may still be arriving; it is decided 2023-08-28 13:00 EDT (until 2023-08-28T17:00:00Z) | nobody: Wait; it follows by itself.
        2023-08-28T17:10:00Z there: Absent: did not check in"#]].assert_eq(&texts.join("\n"));
    assert_eq!(
        ask(&mut world, &mark("C9-1", "S1")),
        finding(&Finding::Missing(attendance::unknown(&ClassId::from("C9-1"))))
    );
}

#[test]
fn everything_behind_a_mark() {
    let mut world = synchronized();
    let visit = [("2023-08-28T13:04:00Z", Some("2023-08-28T16:00:00Z"))];
    world.coursekey.records.push(record("R1", 1, "C1-1", "S1", "2023-08-28T16:00:00Z", &visit));
    world.now = at("2023-08-28T17:10:00Z");
    world.settle();
    expect![[r#"
        Student 1 in course NURS-C1 “CARE”, 2023-08-28 09:00 EDT to 2023-08-28 12:00 EDT: Late: came 4 min after the start
        now Some("Late by CourseKey"), next None
        rule Some("came-late")
        late until 2023-08-28T13:15:00Z, early from 2023-08-28T15:45:00Z, decided 2023-08-28T17:00:00Z, followed until 2023-09-04T16:00:00Z, read until Some(Instant(1693242600))
        record R1 version 1 of 2023-08-28T16:00:00Z: Counts, 1 visits"#]].assert_eq(&text(&mut world, "C1-1", "S1"));
    world
        .marks
        .insert((ClassId::from("C1-1"), PersonId::from("S1")), (crate::model::attendance::Mark::Present, Origin::Hand));
    expect![
        "Student 1 in course NURS-C1 “CARE”, 2023-08-28 09:00 EDT to 2023-08-28 12:00 EDT: P was set by hand in GEGI"
    ]
    .assert_eq(text(&mut world, "C1-1", "S1").lines().next().unwrap());
    assert_eq!(text(&mut world, "C9-1", "S1"), "not judged");
}

#[test]
fn why_no_mail_comes() {
    let mut world = Fake::new("2023-09-04T12:00:00Z");
    let mut texts = vec![ask(&mut world, &Sought::Mail)];
    world.settle();
    texts.push(ask(&mut world, &Sought::Mail));
    let mut first = course("C1");
    first.students[0].person.email = "nobody".to_owned();
    world.save(first);
    world.settings.error_email = None;
    world.settle();
    texts.push(ask(&mut world, &Sought::Mail));
    world.settings.error_email = Some("errors@example.edu".to_owned());
    texts.push(ask(&mut world, &Sought::Mail));
    world.later(Seconds(300));
    change(&mut world, "C1", |course| course.students[1].person.email = "nobody".to_owned());
    world.later(Seconds(300));
    texts.push(ask(&mut world, &Sought::Mail));
    expect![[r#"
        next-tick: no synchronization has been made yet | nobody: Wait for the next synchronization.
        there: there is nothing to tell that was not told in a mail
        no-address: there is something to tell, and no e-mail address to which it could go | school: Enter Email to Send Errors About Incompatible Data Received from CourseKey in School Settings.
        next-tick: the next synchronization that has no more work sends it | nobody: Wait for the next synchronization.
        mail-not-yet: the next mail leaves 2023-09-04 09:05 EDT at the earliest (until 2023-09-04T13:05:00Z) | nobody: Wait; it follows by itself."#]].assert_eq(&texts.join("\n"));
}
