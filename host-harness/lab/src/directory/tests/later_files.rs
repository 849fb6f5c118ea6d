//! The files about the time after the start, namely changes and attendance, and the file of CourseKey's data at the
//! start.

use super::*;

#[test]
fn every_kind_of_change_is_read_and_changes_come_in_order_of_time() {
    let at = |second: u32, rest: &str| format!("{{\"at\":\"2023-09-01T00:00:{second:02}Z\",{rest}}}\n");
    let lines = [
        at(9, "\"restart\":true"),
        at(1, "\"removed\":\"C1\""),
        at(1, "\"hand-mark\":{\"class\":\"C1-1\",\"student\":\"S000001\",\"mark\":\"L\"}"),
        at(2, "\"push\":[\"a1\",\"a2\"]"),
        at(2, "\"fault\":{\"on\":\"users\",\"kind\":\"status\",\"status\":503,\"retry-after\":60,\"times\":2}"),
        at(2, "\"fault\":{\"on\":\"attendance\",\"kind\":\"lost-answer\"}"),
        at(3, "\"coursekey\":{\"rejects-user\":\"S000001\",\"code\":\"email_taken\"}"),
        at(3, "\"credentials\":\"revoked\""),
    ];
    let changes = read(&[("changes.jsonl", &lines.concat())]).unwrap().changes;
    expect![[r#"
        Change { at: 1693526401, event: Removed("C1") }
        Change { at: 1693526401, event: HandMark { class: "C1-1", student: "S000001", mark: Late } }
        Change { at: 1693526402, event: Push(["a1", "a2"]) }
        Change { at: 1693526402, event: Fault(Fault { on: "users", kind: Status, status: Some(503), retry_after: Some(60), times: 2 }) }
        Change { at: 1693526402, event: Fault(Fault { on: "attendance", kind: LostAnswer, status: None, retry_after: None, times: 1 }) }
        Change { at: 1693526403, event: RejectUser { user: "S000001", code: "email_taken" } }
        Change { at: 1693526403, event: Credentials(Revoked) }
        Change { at: 1693526409, event: Restart }
    "#]].assert_eq(
        &changes
            .iter()
            .fold(String::new(), |all, change| format!("{all}{change:?}\n")),
    );
    let course = at(0, &format!("\"course\":{COURSE},\"lost\":true"));
    let changes = read(&[("changes.jsonl", &course)]).unwrap().changes;
    assert!(matches!(&changes[..], [Change { event: Event::Course { lost: true, .. }, .. }]));
}

#[test]
fn a_change_of_settings_changes_what_it_names_and_nothing_else() {
    let line = "{\"at\":\"2023-09-01T00:00:00Z\",\"settings\":{\"weeks-after-end\":4,\"error-email\":\"\"}}";
    let directory = read(&[("changes.jsonl", line)]).unwrap();
    let Event::Settings(change) = &directory.changes[0].event else { panic!("a change of settings") };
    let mut settings = directory.settings.clone();
    settings.error_email = Some("errors@example.edu".to_owned());
    change.apply(&mut settings);
    assert_eq!(settings, SchoolSettings { weeks_after_end: 4, ..directory.settings });
}

#[test]
fn a_wrong_change_is_named_with_its_remedy() {
    let twice = "\"classes\":[{\"id\":\"C1-1\",\"starts\":\"2023-08-28T14:00:00Z\",\"ends\":\"2023-08-28T13:00:00Z\"},";
    let course = format!("\"course\":{}", COURSE.replace("\"classes\":[", twice));
    let replacements = [
        "\"decide\":{\"hold\":\"h1\"}",
        "\"lost\":true,\"removed\":\"C1\"",
        "\"restart\":true,\"removed\":\"C1\"",
        "\"restart\":false",
        "\"fault\":{\"on\":\"users\",\"kind\":\"status\"}",
        "\"fault\":{\"on\":\"marks\",\"kind\":\"cut\"}",
        "\"hand-mark\":{\"class\":\"C1-1\",\"student\":\"S000001\",\"mark\":\"E\"}",
        &course,
    ];
    let replacements = replacements.map(|new| ("\"restart\":true", new));
    let good = "{\"at\":\"2023-09-01T00:00:00Z\",\"restart\":true}";
    check_each(
        "changes.jsonl",
        good,
        &replacements,
        &expect![[r#"
            changes.jsonl line 1: decide/course: is missing; add it
            changes.jsonl line 1: decide/kind: is missing; add it
            changes.jsonl line 1: decide/verdict: is missing; add it
            changes.jsonl line 1: decide/hold: is no known key; remove or correct it (changes.schema.json lists the keys)
            changes.jsonl line 1: course: is missing; add it
            changes.jsonl line 1: says more than one thing that happens; write a line for each
            changes.jsonl line 1: restart: false means nothing here; write true or remove the key
            changes.jsonl line 1: fault/status: is missing; add it
            changes.jsonl line 1: fault/on: this is no word known here; write one of users, courses, sessions, enrollments, attendance
            changes.jsonl line 1: hand-mark/mark: this is no word known here; write one of P, A, L
            changes.jsonl line 1: course/classes/1/id: stands earlier in this course; give each class an id of its own
            changes.jsonl line 1: course/classes/0/ends: is not later than starts; write a later instant
        "#]],
    );
}

#[test]
fn what_the_simulator_reads_is_checked_before_it_does() {
    let record = r#"{"id":"a1","version":1,"class":"C1-1","student":"S000001","updated-at":"2023-08-28T16:00:00Z","visits":[{"in":"2023-08-28T13:58:00Z","out":null}],"adjustment":null}"#;
    let taken = read(&[("attendance.jsonl", record)]).unwrap();
    assert!(taken.open_coursekey_start().unwrap().is_none());
    check(
        &[("attendance.jsonl", &format!("{record}\n{record}"))],
        &expect![[r#"
            attendance.jsonl line 2: version: this version of the record stands in an earlier line; give each adjustment a higher version
        "#]],
    );
    let replacements = [
        ("13:58:00Z", "13:58"),
        ("null}]", "false}]"),
        ("\"adjustment\":null", "\"adjustment\":{\"kind\":\"erase\",\"by\":\"staff\",\"awarded-seconds\":null}"),
    ];
    check_each(
        "attendance.jsonl",
        record,
        &replacements,
        &expect![[r#"
            attendance.jsonl line 1: visits/0/in: this is not an instant; write RFC 3339 UTC, from 1970 to 9999, such as 2023-08-28T14:00:00Z
            attendance.jsonl line 1: visits/0/out: is true or false; write null or text
            attendance.jsonl line 1: adjustment/kind: this is no word known here; write one of edit, award-full, remove-all, override
        "#]],
    );
    let user = r#"{"kind":"user","school":548156,"id":null,"email":"student000001@example.edu","teacher":false}"#;
    let replacements = [("false", "false"), ("false", "false,\"dropped\":true"), ("\"user\"", "\"group\"")];
    check_each(
        "coursekey-start.jsonl",
        user,
        &replacements,
        &expect![[r#"
            taken

            coursekey-start.jsonl line 1: dropped: is no known key; remove or correct it (coursekey-start.schema.json lists the keys)
            coursekey-start.jsonl line 1: kind: this is no word known here; write one of user, course, session, enrollment
        "#]],
    );
}
