//! Whole runs of `host-harness run` on the school that ships, through the real component: the output, that a second
//! run writes the same output, and that stops, restarts and losses in between do not change the end.
//!
//! Not here: the single rules (tested beside them) and the command line (`host-harness/tests/command_line.rs`).

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::needless_raw_string_hashes)]

#[path = "school_directory/guard.rs"]
mod guard;
#[path = "school_directory/live.rs"]
mod live;
#[path = "school_directory/mails.rs"]
mod mails;
#[path = "school_directory/play.rs"]
mod play;
#[path = "school_directory/rotation.rs"]
mod rotation;

use expect_test::expect;
use play::{Play, RECORDS, ROSTERS, lines, report, said};

#[tokio::test]
async fn the_demo_school_has_a_course_of_every_status() {
    let output = Play::demo().run().await;
    let status = |line: serde_json::Value| {
        format!("{} {} {}\n", said(&line["course"]), said(&line["status"]), said(&line["reason"]))
    };
    expect![[r#"
        anatomy synchronized -
        charting failed 1 of 3 students: no e-mail
        ethics failed no class
        first-aid disabled the sync window ended on 2023-11-03
        night-shift synchronized -
        orientation disabled Send to CourseKey is off
        pharmacology scheduled synchronization begins on 2023-11-20
        phlebotomy-lab synchronized -
    "#]]
    .assert_eq(&lines(&output, "status.jsonl").into_iter().map(status).collect::<String>());
    let mark = |line: &serde_json::Value| {
        format!("{} {} {}\n", said(&line["student"]), said(&line["mark"]), said(&line["basis"]["sentence"]))
    };
    let marks = lines(&output, "marks.jsonl");
    let of = |class: &str| marks.iter().filter(|line| line["class"] == class).map(mark).collect::<String>();
    expect![[r#"
        S000001 P Present: attended the whole class
        S000002 P Present: attended the whole class
        S000003 L Late: came 4 min after the start
        S000004 L Late: came 15 min after the start
        S000005 L Late: left 10 min before the end
        S000006 L Late: came 7 min after the start; left 8 min before the end
        S000007 A Absent: came 16 min after the start; the limit is 15 min
        S000008 P Present: attended the whole class; edited in CourseKey
        S000009 P Present: there at the start and at the end; away 16 min in between
        S000011 A Absent: did not check in
        S000012 A Absent: came 40 min after the start; the limit is 15 min
    "#]]
    .assert_eq(&of("anatomy-1"));
    expect![[r#"
        S000020 P Present: attended the whole class
        S000021 L Late: came 10 min after the start
        S000022 A Absent: left 30 min before the end; the limit is 15 min
    "#]]
    .assert_eq(&of("night-shift-1"));
    let row =
        |line: serde_json::Value| format!("{} {} {}\n", said(&line["student"]), said(&line["visit"]), line["minutes"]);
    expect![[r#"
        S000020 1 245
        S000020 2 197
        S000023 1 410
        S000024 1 238
        S000024 2 175
        S000020 1 483
        S000024 1 248
        S000024 2 184
    "#]]
    .assert_eq(&lines(&output, "attendance-log.jsonl").into_iter().map(row).collect::<String>());
    assert_eq!(std::fs::read_dir(output.path().join("mails")).unwrap().count(), 2);
}

#[tokio::test]
async fn every_record_of_coursekey_is_accounted_for() {
    let accounting = |output: &tempfile::TempDir| {
        let counts = report(output)["attendance"].clone();
        let of = |key: &str| format!("{key} {}", counts[key]);
        let keys = ["records", "by-mark", "by-log-rows", "by-issue", "by-hand", "by-journal"];
        let rest = ["saying-nothing", "waiting", "not-followed", "not-read", "unaccounted"];
        keys.into_iter().chain(rest).map(of).collect::<Vec<_>>().join(", ")
    };
    expect!["records 35, by-mark 29, by-log-rows 5, by-issue 1, by-hand 0, by-journal 0, saying-nothing 0, waiting 0, not-followed 0, not-read 0, unaccounted 0"].assert_eq(&accounting(&Play::demo().run().await));
    let students = Play::demo().without("attendance.jsonl");
    expect!["records 37, by-mark 31, by-log-rows 6, by-issue 0, by-hand 0, by-journal 0, saying-nothing 0, waiting 0, not-followed 0, not-read 0, unaccounted 0"].assert_eq(&accounting(&students.run().await));
    // The account in the middle of a class.
    expect!["records 15, by-mark 0, by-log-rows 3, by-issue 0, by-hand 0, by-journal 0, saying-nothing 0, waiting 12, not-followed 0, not-read 0, unaccounted 0"].assert_eq(&accounting(&students.until("2023-11-03T14:00:00Z").run().await));
    // A change that CourseKey makes after the last tick does not stand in GEGI.
    let store = tempfile::tempdir().unwrap();
    let weekend = Play::weekend().stored(&store);
    weekend.run().await;
    for (id, punch, other) in [("a-1-3", "T13:04", "T13:05"), ("p-1-23", "T21:10", "T21:09")] {
        let is_it = |line: &&str| line.contains(&format!("\"id\":\"{id}\""));
        let line = weekend.file("attendance.jsonl").lines().find(is_it).unwrap();
        let text = weekend.file("attendance.jsonl").replace(line, &line.replace(punch, other));
        assert_ne!(text, weekend.file("attendance.jsonl"), "{id}");
        let lost = report(&weekend.clone().with_file("attendance.jsonl", &text).run().await)["attendance"].clone();
        assert_eq!(lost["unaccounted-records"], serde_json::json!([id]));
    }
}

#[tokio::test]
async fn every_line_of_the_output_fits_its_schema() {
    let output = Play::weekend().run().await;
    for name in RECORDS.into_iter().chain(ROSTERS).chain(["requests.jsonl"]) {
        let schema = if name == "coursekey.jsonl" { "coursekey-start" } else { name.trim_end_matches(".jsonl") };
        let validator = play::schema(schema);
        let lines = lines(&output, name);
        assert!(!lines.is_empty(), "{name}");
        for line in lines {
            assert!(validator.is_valid(&line), "{name}: {line}: {}", validator.iter_errors(&line).next().unwrap());
        }
    }
    play::schema("report").validate(&report(&output)).unwrap();
}

#[tokio::test]
async fn the_same_input_and_seed_give_the_same_bytes_and_another_seed_does_not() {
    let play = Play::weekend().without("attendance.jsonl");
    let (first, second, other) = (play.run().await, play.run().await, play.with_seed(2).run().await);
    assert_eq!(play::everything(&first), play::everything(&second));
    let marks = |output| play::everything(output)["marks.jsonl"].clone();
    assert_ne!(marks(&first), marks(&other));
}

#[tokio::test]
async fn two_runs_over_adjoining_spans_are_one_run() {
    let mark = |at: &str, student: &str| {
        let mark = format!("\"class\":\"anatomy-1\",\"student\":\"{student}\",\"mark\":\"A\"");
        format!("{{\"at\":\"2023-11-04T{at}:00:00Z\",\"hand-mark\":{{{mark}}}}}")
    };
    // One mark before the end of the first span, two at its end, one after it.
    let play = [("08", "S000001"), ("09", "S000002"), ("09", "S000003"), ("10", "S000004")]
        .into_iter()
        .fold(Play::weekend(), |play, (at, student)| play.change(&mark(at, student)));
    let whole = play.run().await;
    let store = tempfile::tempdir().unwrap();
    let first = play.clone().until("2023-11-04T09:00:00Z").stored(&store).run().await;
    let second = play.stored(&store).run().await;
    play::assert_same(&whole, &second, RECORDS.into_iter().chain(ROSTERS));
    let by_hand = |output| lines(output, "marks.jsonl").iter().filter(|line| line["basis"]["rule"] == "hand").count();
    assert_eq!((by_hand(&first), by_hand(&second)), (1, 4));
}

#[tokio::test]
async fn a_second_run_over_a_finished_school_sends_nothing_and_writes_the_same() {
    let store = tempfile::tempdir().unwrap();
    let first = Play::weekend().stored(&store).run().await;
    let second = Play::weekend().stored(&store).run().await;
    assert!(!lines(&first, "requests.jsonl").is_empty());
    assert_eq!(lines(&second, "requests.jsonl"), Vec::<serde_json::Value>::new());
    play::assert_same(&first, &second, RECORDS.into_iter().chain(ROSTERS));
}

#[tokio::test]
async fn a_restart_of_the_host_changes_nothing() {
    let calm = Play::weekend().run().await;
    let restarted = Play::weekend().change("{\"at\":\"2023-11-04T13:20:00Z\",\"restart\":true}").run().await;
    play::assert_same(&calm, &restarted, RECORDS.into_iter().chain(ROSTERS));
}

#[tokio::test]
async fn faults_delay_what_is_sent_and_lose_nothing() {
    let calm = Play::weekend().run().await;
    let fault = |on: &str, kind: &str| {
        format!(
            "{{\"at\":\"2023-11-02T04:00:00Z\",\"fault\":{{\"on\":\"{on}\",\"kind\":\"{kind}\",\"status\":503,\"times\":2}}}}"
        )
    };
    let stormy = Play::weekend()
        .change(&fault("users", "lost-answer"))
        .change(&fault("courses", "status"))
        .change(&fault("sessions", "timeout"))
        .change(&fault("enrollments", "cut"))
        .change(&fault("attendance", "status"))
        .run()
        .await;
    play::assert_same(&calm, &stormy, ["marks.jsonl", "attendance-log.jsonl", "status.jsonl", "coursekey.jsonl"]);
    let failed = |output| lines(output, "requests.jsonl").iter().filter(|line| line["status"] != 200).count();
    assert_eq!((failed(&calm), failed(&stormy)), (0, 10));
}

#[tokio::test]
async fn a_course_whose_event_is_lost_is_found_within_a_day() {
    let told = Play::weekend().change(&play::charting_with_a_class("false")).run().await;
    let untold = Play::weekend().change(&play::charting_with_a_class("true")).run().await;
    play::assert_same(&told, &untold, ["status.jsonl", "coursekey.jsonl"]);
    assert!(lines(&told, "coursekey.jsonl").iter().any(|line| line["id"] == "charting-2"));
}

#[tokio::test]
async fn a_mark_written_by_hand_stays_and_is_no_longer_the_plugin_s() {
    let change = "{\"at\":\"2023-11-04T00:00:00Z\",\"hand-mark\":{\"class\":\"anatomy-1\",\"student\":\"S000007\",\"mark\":\"P\"}}";
    let output = Play::weekend().change(change).run().await;
    let marks = lines(&output, "marks.jsonl");
    let mark = marks.iter().find(|line| line["class"] == "anatomy-1" && line["student"] == "S000007").unwrap();
    expect![[r#"{"basis":{"check-in":null,"check-out":null,"rule":"hand","sentence":"written in GEGI (hand)"},"class":"anatomy-1","mark":"P","student":"S000007"}"#]].assert_eq(&mark.to_string());
}

#[tokio::test]
async fn a_push_brings_a_record_that_no_poll_could() {
    // Both records came after the poll of 16:00, and from 16:31 on no poll is answered.
    let push = "{\"at\":\"2023-11-03T16:30:00Z\",\"push\":[\"a-1-1\"]}";
    let fault = "{\"at\":\"2023-11-03T16:31:00Z\",\"fault\":{\"on\":\"attendance\",\"kind\":\"status\",\"status\":503,\"times\":100000}}";
    let output = Play::weekend().change(push).change(fault).run().await;
    let marks = lines(&output, "marks.jsonl");
    let has_mark = |student: &str| marks.iter().any(|line| line["student"] == student);
    assert_eq!((has_mark("S000001"), has_mark("S000003")), (true, false));
}

#[tokio::test]
async fn a_campus_whose_key_is_revoked_goes_on_when_it_is_restored() {
    let credentials = |at: &str, what: &str| format!("{{\"at\":\"{at}\",\"credentials\":\"{what}\"}}");
    let revoked = Play::weekend().change(&credentials("2023-11-02T04:00:00Z", "revoked"));
    let output = revoked.run().await;
    assert_eq!(lines(&output, "coursekey.jsonl"), Vec::<serde_json::Value>::new());
    let restored = revoked.change(&credentials("2023-11-03T06:00:00Z", "restored")).run().await;
    play::assert_same(&Play::weekend().run().await, &restored, ["coursekey.jsonl", "marks.jsonl"]);
}

#[tokio::test]
async fn settings_and_removals_take_effect_at_their_instant() {
    let settings = "{\"at\":\"2023-11-02T04:00:00Z\",\"settings\":{\"absent-after-start-minutes\":60}}";
    let removed = "{\"at\":\"2023-11-02T04:00:00Z\",\"removed\":\"night-shift\"}";
    let refused =
        "{\"at\":\"2023-11-02T04:00:00Z\",\"coursekey\":{\"rejects-user\":\"S000001\",\"code\":\"email_taken\"}}";
    let output = Play::weekend().change(settings).change(removed).change(refused).run().await;
    let marks = lines(&output, "marks.jsonl");
    let late = marks.iter().find(|line| line["class"] == "anatomy-1" && line["student"] == "S000007").unwrap();
    assert_eq!(late["mark"], "L");
    let held = lines(&output, "coursekey.jsonl");
    assert!(held.iter().all(|line| line["id"] != "night-shift-1" && line["id"] != "S000001"));
}

#[tokio::test]
async fn what_coursekey_holds_at_the_start_is_adopted_and_not_doubled() {
    let start = "{\"kind\":\"user\",\"school\":548156,\"id\":null,\"email\":\"student000001@example.edu\",\"teacher\":false,\"first-name\":\"Student\",\"last-name\":\"000001\"}\n";
    let output = Play::weekend().with_file("coursekey-start.jsonl", start).run().await;
    play::assert_same(&Play::weekend().run().await, &output, ["coursekey.jsonl", "marks.jsonl"]);
}
