//! Small directories with one fault each, and the problems that are reported.

#![allow(clippy::unwrap_used, clippy::panic, clippy::needless_raw_string_hashes)]

use std::io::Write;

use expect_test::{Expect, expect};

use super::*;
use mirror::form::MOST_PROBLEMS;

mod later_files;

const SCHOOL: &str = r#"name = "Example School"
run = { from = "2023-08-01T04:00:00Z", until = "2023-12-31T05:00:00Z" }

[[campus]]
id = "main"
zone = "America/New_York"
coursekey-school-id = 548156

[settings]
initial-user-password = "Welcome1"
"#;

const COURSE: &str = r#"{"id":"C1","revision":1,"kind":"group-course","campus":"main","program":{"id":"P1","name":"Program"},"group":{"id":"G1","name":"Group"},"groups":[],"number":"N-1","title":"Title","start-date":"2023-08-28","end-date":"2023-12-15","completed-date":null,"hours-type":"class-schedule","send-to-coursekey":"on","program-send-to-coursekey":"inherit","instructors":[{"id":"I00001","first-name":"Instructor","last-name":"00001","email":"instructor00001@example.edu","revision":1}],"students":[{"id":"S000001","first-name":"Student","last-name":"000001","email":"student000001@example.edu","revision":1,"stage":"ACTIVE","agreement":"assigned","enrolled-from":"2023-08-28","stopped-on":null}],"classes":[{"id":"C1-1","starts":"2023-08-28T14:00:00Z","ends":"2023-08-28T15:50:00Z"}]}"#;

fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn read(files: &[(&str, &str)]) -> Result<SchoolDirectory, DirectoryError> {
    let mut all: Vec<(&str, &[u8])> = vec![("school.toml", SCHOOL.as_bytes()), ("courses.jsonl", COURSE.as_bytes())];
    for (name, text) in files {
        all.retain(|(other, _)| other != name);
        all.push((*name, text.as_bytes()));
    }
    SchoolDirectory::read(folder(&all).path())
}

/// The problems of a directory with these files, without the heading.
fn said(files: &[(&str, &str)]) -> String {
    let said = read(files).map_or_else(|error| error.to_string(), |_| "taken\n".to_owned());
    said.replace("read the input:\n  ", "").replace("\n  ", "\n") + "\n"
}

fn check(files: &[(&str, &str)], expect: &Expect) {
    expect.assert_eq(&said(files));
}

/// The problems of a file after each of the replacements in its good text.
fn check_each(file: &str, good: &str, replacements: &[(&str, &str)], expect: &Expect) {
    let mut all = String::new();
    for (old, new) in replacements {
        assert!(good.contains(old), "{old}");
        all += &said(&[(file, &good.replace(old, new))]);
    }
    expect.assert_eq(&all);
}

#[test]
fn every_schema_compiles() {
    for name in ["types", "school", "courses", "changes", "attendance", "coursekey-start"] {
        Schema::named(name).unwrap();
    }
}

#[test]
fn a_school_without_settings_has_the_defaults() {
    let school = SCHOOL.split("[settings]").next().unwrap();
    let settings = read(&[("school.toml", school)]).unwrap().settings;
    expect![[r#"{"name":"Example School","enabled":true,"coursekey_url":"","campuses":[{"id":"main","zone":"America/New_York","coursekey_school_id":548156,"course_owner":null,"credentials_generation":1}],"weeks_before_start":3,"weeks_after_end":2,"absent_after_start_minutes":15,"absent_before_end_minutes":15,"follow_adjustments_days":7,"error_email":null,"send_new_program_courses":false,"initial_user_password":"Welcome1","update_every_minutes":5,"settle_minutes":60,"longest_gap_minutes":90,"never_checked_out":"Report","minimum_attended_percent":0,"digest_every_minutes":60,"guard_vanished_percent":10,"guard_vanished_number":5,"guard_stopped_percent":50,"guard_stopped_number":10,"saved_at":null}"#]].assert_eq(&serde_json::to_string(&settings).unwrap());
}

#[test]
fn a_course_is_taken_as_it_stands() {
    let directory = read(&[]).unwrap();
    expect![[r#"[{"id":"C1","revision":1,"kind":"GroupCourse","campus":"main","program":{"id":"P1","name":"Program"},"group":{"id":"G1","name":"Group"},"groups":[],"number":"N-1","title":"Title","start_date":{"year":2023,"month":8,"day":28},"end_date":{"year":2023,"month":12,"day":15},"completed_date":null,"hours_type":"ClassSchedule","send_to_coursekey":"On","program_send_to_coursekey":"Inherit","instructors":[{"id":"I00001","revision":1,"first_name":"Instructor","last_name":"00001","email":"instructor00001@example.edu"}],"students":[{"id":"S000001","revision":1,"first_name":"Student","last_name":"000001","email":"student000001@example.edu","stage":"ACTIVE","agreement":"Assigned","enrolled_from":{"year":2023,"month":8,"day":28},"stopped_on":null}],"classes":[{"id":"C1-1","starts":1693231200,"ends":1693237800}]}]"#]].assert_eq(&serde_json::to_string(&directory.courses).unwrap());
}

#[test]
fn a_gzipped_file_is_read_like_a_plain_one_and_both_at_once_are_refused() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(COURSE.as_bytes()).unwrap();
    let packed = packed.finish().unwrap();
    let only = folder(&[("school.toml", SCHOOL.as_bytes()), ("courses.jsonl.gz", &packed)]);
    assert_eq!(SchoolDirectory::read(only.path()).unwrap().courses.len(), 1);
    std::fs::write(only.path().join("courses.jsonl"), COURSE).unwrap();
    expect![[r#"
        read the input:
          courses.jsonl: there is a courses.jsonl.gz as well; remove one of the two"#]]
    .assert_eq(&SchoolDirectory::read(only.path()).unwrap_err().to_string());
    let half = packed.get(..packed.len() / 2).unwrap();
    let cut = folder(&[("school.toml", SCHOOL.as_bytes()), ("courses.jsonl.gz", half)]);
    expect![[r#"
        read the input:
          courses.jsonl.gz line 1: cannot be read: incomplete deflate stream; check that the file is whole and readable"#]].assert_eq(&SchoolDirectory::read(cut.path()).unwrap_err().to_string());
}

#[test]
fn a_wrong_field_of_a_course_is_named_with_its_remedy() {
    let end = "2023-08-28T15:50:00Z";
    let replacements = [
        (end, "2023-13-01T15:50:00Z"),
        (end, "2023-08-28T15:50:00+02:00"),
        (end, "12023-08-28T15:50:00Z"),
        (end, "1969-12-31T23:59:59Z"),
        (end, "2023-08-28T14:00:00Z"),
        ("\"2023-12-15\"", "\"2023-02-29\""),
        ("\"2023-12-15\"", "20231215"),
        ("\"campus\":\"main\"", "\"campus\":\"moon\""),
        ("\"revision\":1,\"kind\"", "\"revision\":-1,\"kind\""),
        ("group-course", "lecture"),
        ("\"number\":\"N-1\",", ""),
        ("\"number\":\"N-1\",", "\"number\":\"N-1\",\"room\":\"7\",\"wing\":\"B\","),
        ("\"id\":\"C1-1\"", "\"id\":\"\""),
    ];
    check_each(
        "courses.jsonl",
        COURSE,
        &replacements,
        &expect![[r#"
            courses.jsonl line 1: classes/0/ends: this is not an instant; write RFC 3339 UTC, from 1970 to 9999, such as 2023-08-28T14:00:00Z
            courses.jsonl line 1: classes/0/ends: this is not an instant; write RFC 3339 UTC, from 1970 to 9999, such as 2023-08-28T14:00:00Z
            courses.jsonl line 1: classes/0/ends: this is not an instant; write RFC 3339 UTC, from 1970 to 9999, such as 2023-08-28T14:00:00Z
            courses.jsonl line 1: classes/0/ends: this is not an instant; write RFC 3339 UTC, from 1970 to 9999, such as 2023-08-28T14:00:00Z
            courses.jsonl line 1: classes/0/ends: is not later than starts; write a later instant
            courses.jsonl line 1: end-date: this is not a date; write a day from 1970 to 9999 such as 2023-08-28
            courses.jsonl line 1: end-date: is a number; write text
            courses.jsonl line 1: campus: is no campus of the school; write one of main
            courses.jsonl line 1: revision: -1 is out of range; write 0 or more
            courses.jsonl line 1: kind: this is no word known here; write one of group-course, clinical-rotation
            courses.jsonl line 1: number: is missing; add it
            courses.jsonl line 1: room: is no known key; remove or correct it (courses.schema.json lists the keys)
            courses.jsonl line 1: wing: is no known key; remove or correct it (courses.schema.json lists the keys)
            courses.jsonl line 1: classes/0/id: is empty; write something
        "#]],
    );
}

#[test]
fn a_message_repeats_no_name_address_or_password() {
    let long_name = format!("\"last-name\":\"{}\"", "x".repeat(1001));
    let people = [
        ("\"student000001@example.edu\"", "{\"at\":\"student000001@example.edu\"}"),
        ("\"last-name\":\"000001\"", long_name.as_str()),
    ];
    check_each(
        "courses.jsonl",
        COURSE,
        &people,
        &expect![[r#"
        courses.jsonl line 1: students/0/email: is an object; write text
        courses.jsonl line 1: students/0/last-name: is longer than 1000 characters; shorten it
    "#]],
    );
    let school = [("\"Welcome1\"", "[\"Welcome1\"]"), ("[settings]", "[settings]\nerror-email = \"not an address\"")];
    check_each(
        "school.toml",
        SCHOOL,
        &school,
        &expect![[r#"
        school.toml line 10: settings/initial-user-password: is a list; write text
        school.toml line 10: settings/error-email: this is not an e-mail address; write one such as registrar@example.edu
    "#]],
    );
}

#[test]
fn a_wrong_school_is_named_with_line_and_remedy() {
    let second_campus = "[[campus]]\nid = \"main\"\nzone = \"UTC\"\ncoursekey-school-id = 548156\n[settings]";
    let replacements = [
        ("America/New_York", "America/Old_York"),
        ("until = \"2023-12-31T05:00:00Z\"", "until = 2023-08-01T04:00:00Z"),
        ("[settings]", "[settings]\nsettle-minutes = 100000000000000000000"),
        ("[settings]", "[settings]\nsettle-minutes = 9999"),
        ("[settings]", "[settings]\nsettle-minutes = \"60\""),
        ("[settings]", "[settings]\nsettle-hours = 1"),
        ("[settings]", "[settings"),
        ("[settings]", second_campus),
    ];
    check_each(
        "school.toml",
        SCHOOL,
        &replacements,
        &expect![[r#"
            school.toml line 6: campus/0/zone: is not an IANA time zone; write one such as America/New_York
            school.toml line 2: run/until: is not later than run/from; write a later instant
            school.toml line 10: settings/settle-minutes: 1.7976931348623157e+308 is out of range; write 2880 or less
            school.toml line 10: settings/settle-minutes: 9999 is out of range; write 2880 or less
            school.toml line 10: settings/settle-minutes: is text; write a whole number
            school.toml line 10: settings/settle-hours: is no known key; remove or correct it (school.schema.json lists the keys)
            school.toml line 9: is not TOML: unclosed table, expected `]`; correct it
            school.toml line 10: campus/1/id: stands at an earlier campus; give each campus an id of its own
            school.toml line 12: campus/1/coursekey-school-id: stands at an earlier campus; each campus has a CourseKey school of its own
        "#]],
    );
}

#[test]
fn a_line_that_is_no_object_does_not_hide_the_others() {
    let big = format!("{{\"id\":\"{}\"}}", "x".repeat(33 << 20));
    let lines = [COURSE, "{\"id\":", "[]", COURSE, &big, "", &COURSE.replace("\"C1\"", "\"C2\"")].join("\n");
    check(
        &[("courses.jsonl", &lines)],
        &expect![[r#"
        courses.jsonl line 2: ends in the middle of a JSON object; write one whole object a line
        courses.jsonl line 3: is a list; write an object
        courses.jsonl line 4: id: stands in line 1 already; give each course an id of its own
        courses.jsonl line 4: classes/0/id: stands in line 1 already; give each class an id of its own
        courses.jsonl line 5: is longer than 33554432 bytes; write one object a line
        courses.jsonl line 7: classes/0/id: stands in line 4 already; give each class an id of its own
    "#]],
    );
    let not_utf8 = folder(&[("school.toml", SCHOOL.as_bytes()), ("courses.jsonl", b"{\"id\":\"\xff\"}")]);
    expect![[r#"
        read the input:
          courses.jsonl line 1: is not UTF-8; save the file as UTF-8"#]]
    .assert_eq(&SchoolDirectory::read(not_utf8.path()).unwrap_err().to_string());
}

#[test]
fn the_problems_of_all_files_come_together_and_end_after_twenty() {
    let changes = "{\"at\":\"2023-09-01T00:00:00Z\"}\n{\"at\":\"now\",\"restart\":true}";
    check(
        &[("school.toml", "name = 1"), ("courses.jsonl", "x"), ("changes.jsonl", changes)],
        &expect![[r#"
            school.toml: run: is missing; add it
            school.toml: campus: is missing; add it
            school.toml line 1: name: is a number; write text
            courses.jsonl line 1: is not JSON from column 1 on; write one object a line
            changes.jsonl line 1: says nothing that happens; add one of course, removed, settings, hand-mark, push, fault, coursekey, credentials, restart
            changes.jsonl line 2: at: this is not an instant; write RFC 3339 UTC, from 1970 to 9999, such as 2023-08-28T14:00:00Z
        "#]],
    );
    let DirectoryError::Bad(bad) = read(&[("courses.jsonl", &"x\n".repeat(21))]).unwrap_err() else {
        panic!("the schemas are fine");
    };
    assert_eq!(bad.problems.len(), MOST_PROBLEMS);
    assert!(bad.to_string().ends_with("reading stopped after 20 problems"));
    expect![[r#"
        read the input:
          school.toml: cannot be read: No such file or directory (os error 2); check that the file is whole and readable
          courses.jsonl: is missing; add it, empty if there is nothing to say"#]]
    .assert_eq(&SchoolDirectory::read(folder(&[]).path()).unwrap_err().to_string());
}
