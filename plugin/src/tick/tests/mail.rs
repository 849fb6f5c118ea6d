//! Which issues are mailed, and when. DOMAIN §4 "Mail": "only `on-tick` mails, only when it has no more work; the first
//! digest at once, then at most one an hour (setting); each issue once, again when it changes or comes back; nothing
//! when clean; an empty address is allowed".

mod properties;

use expect_test::expect;

use crate::inbox::on_attendance_received;
use crate::model::ids::{CampusId, PersonId};
use crate::model::time::Seconds;
use crate::testing::{Fake, at, course, record, synchronized};
use crate::tick::{self, Budget};
use crate::world::records::{Message, Value};

/// E-mails of a student: a right one, an empty one, and two that are wrong in different ways.
const RIGHT: &str = "student@example.edu";
const NONE: &str = "";
const WRONG: &str = "nobody";
const SEVERAL: &str = "a@example.edu, b@example.edu";

/// GEGI saves a student of C1 with another e-mail.
fn email(world: &mut Fake, student: &str, email: &str) {
    let mut changed = world.gegi[&"C1".into()].clone();
    changed.revision += 1;
    let student = changed.students.iter_mut().find(|one| one.person.id == PersonId::from(student)).unwrap();
    student.person.email = email.to_owned();
    student.person.revision += 1;
    world.save(changed);
}

/// The sentences in a table of a mail. Checks that the table has as many rows as the mail says.
fn sentences(mail: &Message, count: &str, table: &str) -> Vec<String> {
    let variable = |name| &mail.variables.iter().find(|(variable, _)| *variable == name).unwrap().1;
    let Value::Rows(rows) = variable(table) else { panic!("{table} is no table") };
    assert_eq!(*variable(count), Value::Number(rows.len().try_into().unwrap()));
    let sentence = |row: &Vec<(String, String)>| row.iter().find(|(column, _)| column == "sentence").unwrap().1.clone();
    rows.iter().map(sentence).map(|sentence| short(&sentence)).collect()
}

/// A sentence about a student without the name of the course, which makes no difference here.
fn short(sentence: &str) -> String {
    let named = ["C1", "C2"].map(|course| format!(" in course NURS-{course} “CARE”"));
    let [first, second] = named.map(|named| sentence.split_once(&named).map(|(who, said)| format!("{who}{said}")));
    first.or(second).map_or(sentence.to_owned(), |short| short.replace("student ", ""))
}

/// A mail in lines: `+` an issue that is open, `-` an issue that is resolved.
fn lines(mail: &Message) -> Vec<String> {
    assert_eq!((mail.template, mail.recipient.as_str()), ("synchronization-issues", "errors@example.edu"));
    let open = sentences(mail, "open-count", "issues").into_iter().map(|sentence| format!("+{sentence}"));
    let resolved = sentences(mail, "resolved-count", "resolved").into_iter().map(|sentence| format!("-{sentence}"));
    open.chain(resolved).collect()
}

/// The mails that were queued since the last call of this function.
fn mails(world: &mut Fake) -> String {
    let mails = std::mem::take(&mut world.mails);
    mails.iter().map(|mail| format!("mail: {}", lines(mail).join("; "))).collect::<Vec<_>>().join("\n")
}

/// The issues that were mailed since the last call of this function, in however many mails.
fn mailed_lines(world: &mut Fake) -> Vec<String> {
    std::mem::take(&mut world.mails).iter().flat_map(lines).collect()
}

/// The mails of a number of minutes, in which a tick runs every five minutes.
fn mails_of(world: &mut Fake, minutes: u32) -> String {
    for _ in 0..minutes / 5 {
        world.later(Seconds::minutes(5));
    }
    mails(world)
}

/// A school that was mailed about S2's e-mail a moment ago, and is mailed at most once in this number of minutes.
fn told(minutes: u32) -> Fake {
    let mut world = synchronized();
    world.settings.digest_every_minutes = minutes;
    email(&mut world, "S2", WRONG);
    world.settle();
    assert_eq!(mails(&mut world), "mail: +S2 has an e-mail that is not an address");
    world
}

fn keys(world: &Fake, prefix: &str) -> Vec<String> {
    world.state.keys().filter(|key| key.starts_with(prefix)).cloned().collect()
}

#[test]
fn a_clean_school_gets_no_mail() {
    assert_eq!(mails_of(&mut synchronized(), 2_880), "");
}

#[test]
fn the_first_mail_leaves_with_the_tick_that_finds_the_issue_and_none_follows() {
    assert_eq!(mails_of(&mut told(60), 2_880), "");
}

#[test]
fn the_next_mail_waits_for_the_set_time_and_tells_everything_that_came_meanwhile() {
    for minutes in [15, 60] {
        let mut world = told(minutes);
        let since = world.now;
        for student in ["S1", "S3"] {
            email(&mut world, student, NONE);
            world.later(Seconds(1));
        }
        world.now = since + Seconds::minutes(minutes) - Seconds(1);
        world.settle();
        assert_eq!(mails(&mut world), "", "{minutes} minutes");
        world.later(Seconds(1));
        assert_eq!(mails(&mut world), "mail: +S1 has no e-mail; +S3 has no e-mail", "{minutes} minutes");
        email(&mut world, "S2", SEVERAL);
        assert_eq!(mails_of(&mut world, minutes - 5), "", "and as long again");
        assert_eq!(mails_of(&mut world, 5), "mail: +S2 has several addresses in the e-mail field");
    }
}

#[test]
fn where_no_time_is_set_nothing_waits() {
    let mut world = told(0);
    email(&mut world, "S1", NONE);
    world.settle();
    assert_eq!(mails(&mut world), "mail: +S1 has no e-mail");
}

#[test]
fn a_shorter_time_counts_for_what_waits_already() {
    let mut world = told(10_080);
    email(&mut world, "S1", NONE);
    assert_eq!(mails_of(&mut world, 120), "");
    world.settings.digest_every_minutes = 60;
    assert_eq!(mails_of(&mut world, 65), "mail: +S1 has no e-mail");
}

#[test]
fn after_a_longer_silence_a_mail_leaves_at_once() {
    let mut world = told(60);
    world.later(Seconds::days(1));
    email(&mut world, "S1", NONE);
    world.settle();
    assert_eq!(mails(&mut world), "mail: +S1 has no e-mail");
}

#[test]
fn nothing_is_mailed_while_a_tick_has_more_work() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    for id in ["C1", "C2"] {
        let mut broken = course(id);
        broken.students[1].person.email = NONE.to_owned();
        world.save(broken);
    }
    let mut ticks = 0;
    while tick::on_tick(&mut world, Budget { items: 1, seconds: 60 }).unwrap().more_work {
        assert_eq!(mails(&mut world), "");
        ticks += 1;
    }
    assert!(ticks > 1);
    assert_eq!(mails(&mut world), "mail: +S2 has no e-mail; +S2 has no e-mail", "once for each course");
}

#[test]
fn nothing_is_mailed_while_more_pushes_wait_than_one_tick_takes() {
    let mut world = synchronized();
    for number in 0..4_100 {
        on_attendance_received(
            &mut world,
            &CampusId::from("main"),
            format!(r#"{{"records":[{{"unreadable":{number}}}]}}"#).as_bytes(),
        )
        .unwrap();
    }
    assert!(world.tick().more_work);
    assert_eq!(mails(&mut world), "");
    assert!(!world.tick().more_work);
    let mailed = mails(&mut world);
    assert!(mailed.contains("sends attendance that can neither be read nor told apart"), "{mailed}");
}

#[test]
fn an_issue_is_told_again_when_it_changes() {
    let mut world = told(60);
    email(&mut world, "S2", SEVERAL);
    assert_eq!(mails_of(&mut world, 2_880), "mail: +S2 has several addresses in the e-mail field");
}

#[test]
fn what_changed_more_than_once_is_told_as_it_is_now() {
    let mut world = told(60);
    for text in [SEVERAL, "nobody, student@example.edu"] {
        email(&mut world, "S2", text);
        world.later(Seconds::minutes(5));
    }
    assert_eq!(mails_of(&mut world, 2_880), "mail: +S2 has more than an address in the e-mail field");
}

#[test]
fn a_resolved_issue_is_told_once_and_told_again_when_it_comes_back() {
    let mut world = told(60);
    for _ in 0..2 {
        email(&mut world, "S2", RIGHT);
        assert_eq!(mails_of(&mut world, 2_880), "mail: -S2 has an e-mail that is not an address");
        email(&mut world, "S2", WRONG);
        assert_eq!(mails_of(&mut world, 2_880), "mail: +S2 has an e-mail that is not an address");
    }
}

#[test]
fn what_is_open_and_what_is_resolved_stand_apart_in_one_mail() {
    let mut world = told(60);
    email(&mut world, "S1", NONE);
    email(&mut world, "S2", RIGHT);
    expect!["mail: +S1 has no e-mail; -S2 has an e-mail that is not an address"]
        .assert_eq(&mails_of(&mut world, 2_880));
}

#[test]
fn an_issue_that_comes_back_before_its_end_could_be_told_is_told_again() {
    let mut world = told(60);
    for text in [RIGHT, WRONG] {
        email(&mut world, "S2", text);
        world.later(Seconds::minutes(5));
    }
    assert_eq!(mails_of(&mut world, 2_880), "mail: +S2 has an e-mail that is not an address");
}

#[test]
fn who_was_told_of_an_issue_is_told_its_end_whatever_became_of_it_in_between() {
    for between in [&[SEVERAL][..], &[RIGHT, WRONG], &[RIGHT, SEVERAL], &[RIGHT, WRONG, RIGHT, SEVERAL]] {
        let mut world = told(60);
        for text in between.iter().chain(&[RIGHT]) {
            email(&mut world, "S2", text);
            world.later(Seconds::minutes(5));
        }
        let mails = mails_of(&mut world, 2_880);
        assert!(mails.starts_with("mail: -S2 has ") && mails.lines().count() == 1, "{between:?}: {mails}");
        assert_eq!(keys(&world, "told/"), keys(&world, "digest/"), "and nothing of it is kept");
    }
}

#[test]
fn what_came_and_went_between_two_mails_is_not_told() {
    let mut world = told(60);
    for text in [NONE, WRONG, SEVERAL, RIGHT, NONE, RIGHT] {
        email(&mut world, "S1", text);
        world.later(Seconds::minutes(5));
    }
    assert_eq!(mails_of(&mut world, 2_880), "");
}

/// GEGI saves C1 with a number of further students who have no e-mail.
fn crowd(world: &mut Fake, students: usize) {
    let mut crowd = course("C1");
    crowd.revision = world.gegi[&crowd.id].revision + 1;
    let student = crowd.students[0].clone();
    crowd.students.extend((0..students).map(|number| {
        let mut student = student.clone();
        student.person.id = PersonId(format!("T{number:04}"));
        student.person.email = NONE.to_owned();
        student
    }));
    world.save(crowd);
}

#[test]
fn more_than_a_mail_takes_is_spread_over_mails_an_hour_apart_and_each_told_once() {
    let mut world = synchronized();
    for (students, sign) in [(1_203, '+'), (0, '-')] {
        crowd(&mut world, students);
        let mut told = Vec::new();
        for size in [500, 500, 203] {
            world.settle();
            let lines = mailed_lines(&mut world);
            assert_eq!(lines.len(), size);
            told.extend(lines);
            assert_eq!(mails_of(&mut world, 55), "");
            world.now = world.now + Seconds::minutes(5);
        }
        let everybody: Vec<String> = (0..1_203).map(|number| format!("{sign}T{number:04} has no e-mail")).collect();
        assert_eq!(told, everybody);
        assert_eq!(mails_of(&mut world, 180), "");
    }
}

#[test]
fn a_mail_that_is_just_full_is_followed_by_none() {
    let mut world = synchronized();
    crowd(&mut world, 500);
    assert_eq!(mails_of(&mut world, 2_880).lines().count(), 1);
}

#[test]
fn issues_of_the_school_its_campuses_and_its_classes_are_told_too() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.settings.weeks_before_start = 60;
    world.coursekey.zone = Some("America/Denver".to_owned());
    world.save(course("C1"));
    world.settle();
    expect![[r#"
        +campus main has been stopped since 2023-08-20 08:00 EDT: CourseKey's time zone is America/Denver, not America/New_York
        +“Number of Weeks Before Course Start to Enable Synchronization” is 60; it may be 0 to 52 weeks (usual: 3), so 52 is used"#]].assert_eq(&mailed_lines(&mut world).join("\n"));

    world.settings.weeks_before_start = 3;
    world.coursekey.zone = None;
    world.later(Seconds::hours(2));
    expect![[r#"
        -campus main has been stopped since 2023-08-20 08:00 EDT: CourseKey's time zone is America/Denver, not America/New_York
        -“Number of Weeks Before Course Start to Enable Synchronization” is 60; it may be 0 to 52 weeks (usual: 3), so 52 is used"#]].assert_eq(&mailed_lines(&mut world).join("\n"));

    let open = [("2023-08-28T13:00:00Z", None)];
    world.coursekey.records = vec![
        record("r1", 1, "C1-1", "S1", "2023-08-28T13:00:10Z", &open),
        record("r2", 1, "C1-1", "S9", "2023-08-28T13:00:10Z", &open),
    ];
    world.now = at("2023-08-28T17:00:00Z");
    world.settle();
    expect![[r#"
        +student S1 in the class of 2023-08-28 09:00 EDT of course NURS-C1 “CARE”: checked in at the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 EDT
        +CourseKey has attendance of S9 in the class of 2023-08-28 09:00 EDT of course NURS-C1 “CARE”, which does not list the student"#]]
    .assert_eq(&mailed_lines(&mut world).join("\n"));
}

#[test]
fn what_the_host_refuses_is_tried_again_with_the_next_tick_and_whole() {
    let mut world = synchronized();
    world.refuses_mails = true;
    email(&mut world, "S1", NONE);
    email(&mut world, "S2", NONE);
    let soon = world.now + Seconds::minutes(5);
    assert_eq!(world.tick().next_due, Some(soon), "and no earlier, or the host would be asked without end");
    email(&mut world, "S2", RIGHT);
    world.later(Seconds::minutes(5));
    world.refuses_mails = false;
    assert_eq!(mails_of(&mut world, 5), "mail: +S1 has no e-mail", "of S2 nobody was told");

    world.refuses_mails = true;
    email(&mut world, "S1", "student1@example.edu");
    assert_eq!(mails_of(&mut world, 120), "");
    world.refuses_mails = false;
    assert_eq!(mails_of(&mut world, 2_880), "mail: -S1 has no e-mail");
}

#[test]
fn without_an_address_that_can_be_used_what_is_open_waits_and_nothing_else_is_kept() {
    for (unusable, more) in [(None, 0), (Some(""), 0), (Some("errors.example.edu"), 1)] {
        let mut world = synchronized();
        let usable = std::mem::replace(&mut world.settings.error_email, unusable.map(str::to_owned));
        for (student, text) in [("S1", NONE), ("S2", WRONG), ("S2", SEVERAL), ("S3", NONE), ("S3", RIGHT)] {
            email(&mut world, student, text);
            world.later(Seconds::minutes(5));
        }
        assert_eq!(mails_of(&mut world, 120), "", "{unusable:?}");
        // A wrong error address is an issue too. The school need not be mailed about it: whoever corrects the address
        // knows.
        assert_eq!(keys(&world, "digest/").len(), 2 + more, "{unusable:?}");
        world.settings.error_email = usable;
        world.tick();
        expect!["mail: +S2 has several addresses in the e-mail field; +S1 has no e-mail"].assert_eq(&mails(&mut world));
        assert_eq!(mails_of(&mut world, 2_880), "", "{unusable:?}");
    }
}

#[test]
fn the_end_of_what_was_told_waits_for_an_address_too() {
    let mut world = told(60);
    let usable = world.settings.error_email.take();
    email(&mut world, "S2", RIGHT);
    assert_eq!(mails_of(&mut world, 120), "");
    world.settings.error_email = usable;
    assert_eq!(mails_of(&mut world, 2_880), "mail: -S2 has an e-mail that is not an address");
}

#[test]
fn notes_without_an_address_cost_an_idle_tick_nothing() {
    let mut world = told(60);
    world.settings.error_email = None;
    email(&mut world, "S1", NONE);
    world.later(Seconds::minutes(90));
    world.reads = 0;
    let report = world.tick();
    assert_eq!(world.reads, 1);
    assert!(report.next_due > Some(world.now), "and the host is not asked to tick without end");
}

#[test]
fn the_next_tick_is_due_when_a_mail_that_waits_may_leave() {
    let mut world = told(60);
    let due = world.now + Seconds::minutes(60);
    assert!(world.tick().next_due > Some(due), "nothing waits");
    world.now = world.now + Seconds::minutes(10);
    email(&mut world, "S1", NONE);
    assert_eq!(world.tick().next_due, Some(due));
    world.now = due;
    assert!(world.tick().next_due > Some(due), "nothing waits any more");
    assert_eq!(mails(&mut world), "mail: +S1 has no e-mail");
}
