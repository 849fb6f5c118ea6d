//! The program as people and scripts use it: subcommands on a stored school, exit codes, and a crash in the middle of
//! a run.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, clippy::needless_raw_string_hashes)]

#[path = "command_line/gegi_page.rs"]
mod gegi_page;
#[path = "command_line/log.rs"]
mod log;
#[path = "command_line/mail.rs"]
mod mail;
#[path = "command_line/operating.rs"]
mod operating;
#[path = "command_line/stored.rs"]
mod stored;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use expect_test::expect;
use serde_json::Value;
use tempfile::TempDir;

/// The program, which cargo builds for this test, with its component compiled once; otherwise each of the tests that run
/// side by side would compile the component.
static PROGRAM: LazyLock<&Path> = LazyLock::new(|| {
    let program = Path::new(env!("CARGO_BIN_EXE_host-harness"));
    let folder = tempfile::tempdir().unwrap();
    let (school, store) = (school(&folder), folder.path().join("store"));
    let warm_up = command(program, &["run", &school, "--out", &school, "--store", store.to_str().unwrap()]).output();
    assert!(warm_up.unwrap().status.success(), "the program does not run");
    program
});

fn command(program: &Path, arguments: &[&str]) -> Command {
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache");
    let mut command = Command::new(program);
    command.args(arguments).env("XDG_CACHE_HOME", cache);
    command
}

/// Runs the program; returns its exit code and the texts that it printed.
fn call(arguments: &[&str]) -> (i32, String, String) {
    let output = command(&PROGRAM, arguments).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// The text that the program printed; the program must have succeeded.
fn said(arguments: &[&str]) -> String {
    let (code, out, err) = call(arguments);
    assert_eq!(code, 0, "{err}");
    out
}

fn json_lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

const COURSE: &str = r#"{"id":"C1","revision":1,"kind":"group-course","campus":"main","program":{"id":"P1","name":"Program"},"group":{"id":"G1","name":"Group"},"number":"N-1","title":"Title","start-date":"2023-08-28","end-date":"2023-12-15","completed-date":null,"hours-type":"class-schedule","send-to-coursekey":"on","program-send-to-coursekey":"inherit","instructors":[{"id":"I00001","first-name":"Instructor","last-name":"00001","email":"instructor00001@example.edu","revision":1}],"students":[{"id":"S000001","first-name":"Student","last-name":"000001","email":"student000001@example.edu","revision":1,"stage":"ACTIVE","agreement":"assigned","enrolled-from":"2023-08-28","stopped-on":null}],"classes":[{"id":"C1-1","starts":"2023-08-28T14:00:00Z","ends":"2023-08-28T15:50:00Z"}]}"#;

/// A school with one course and one day.
fn school(folder: &TempDir) -> String {
    let school = folder.path().join("school");
    std::fs::create_dir_all(&school).unwrap();
    let toml = "name = \"Example School\"\nrun = { from = \"2023-08-28T04:00:00Z\", until = \"2023-08-29T04:00:00Z\" }\n\n\
        [[campus]]\nid = \"main\"\nzone = \"America/New_York\"\ncoursekey-school-id = 548156\n\n\
        [settings]\ninitial-user-password = \"Welcome1\"\nupdate-every-minutes = 60\n";
    std::fs::write(school.join("school.toml"), toml).unwrap();
    std::fs::write(school.join("courses.jsonl"), COURSE).unwrap();
    std::fs::write(school.join("attendance.jsonl"), "{\"id\":\"a1\",\"version\":1,\"class\":\"C1-1\",\"student\":\"S000001\",\"updated-at\":\"2023-08-28T15:55:00Z\",\"visits\":[{\"in\":\"2023-08-28T14:05:00Z\",\"out\":\"2023-08-28T15:55:00Z\"}],\"adjustment\":null}\n").unwrap();
    school.to_str().unwrap().to_owned()
}

/// The folder of an output or a store.
fn below(folder: &TempDir, name: &str) -> String {
    folder.path().join(name).to_str().unwrap().to_owned()
}

#[test]
fn a_stored_school_is_looked_at_ticked_and_changed() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, store) = (school(&folder), below(&folder, "out"), below(&folder, "store"));
    let report: Value =
        serde_json::from_str(&said(&["run", &school, "--out", &out, "--store", &store, "--json"])).unwrap();
    assert_eq!((&report["statuses"]["synchronized"], &report["marks"]["L"]), (&1.into(), &1.into()));
    expect![[r#"
        {"course":"C1","status":"synchronized","reason":null,"locked":true,"complete-until":"2023-08-29T03:00:00Z"}
    "#]]
    .assert_eq(&said(&["status", "--store", &store, "--json"]));
    expect![[r#"
        {"at":"2023-08-28T16:00:00Z","what":"mark","course":"C1","class":"C1-1","student":"S000001","old":null,"new":"L","by":"CourseKey, record a1 version 1: Late: came 5 min after the start"}
    "#]].assert_eq(&said(&["journal", "--store", &store, "--json"]));
    let course = below(&folder, "course.jsonl");
    std::fs::write(
        &course,
        COURSE.replacen("\"revision\":1", "\"revision\":2", 1).replace("\"Title\"", "\"New Title\""),
    )
    .unwrap();
    let at = ["--at", "2023-08-29T05:00:00Z"];
    let put = |at: &[&str]| said(&[&["put-course", &course, "--store", &store, "--json"], at].concat());
    assert_eq!(json_lines(&put(&at))[0]["disposition"], "taken");
    assert_eq!(json_lines(&put(&at))[0]["disposition"], "stale");
    let tick = said(&[&["tick", "--store", &store, "--json"][..], &at].concat());
    expect![[r#"
        {
          "tallies": [
            {
              "kind": "courses",
              "requests": 1,
              "items": 1,
              "accepted": 1,
              "rejected": 0,
              "failed": 0,
              "failed-requests": 0
            },
            {
              "kind": "attendance",
              "requests": 1,
              "items": 0,
              "accepted": 0,
              "rejected": 0,
              "failed": 0,
              "failed-requests": 0
            }
          ],
          "marks-written": 0,
          "log-rows-written": 0,
          "issues-opened": 0,
          "issues-resolved": 0,
          "more-work": false,
          "next-due": "2023-08-29T06:00:00Z"
        }
    "#]]
    .assert_eq(&tick);
    let table = said(&["status", "C1", "--store", &store]);
    assert!(table.contains("│ C1") && table.contains("Synchronized"), "{table}");
}

#[test]
fn marks_log_and_issues_of_a_stored_school_are_shown_for_people_and_programs() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, store) = (school(&folder), below(&folder, "out"), below(&folder, "store"));
    said(&["run", &school, "--out", &out, "--store", &store]);
    let stored = |command: &str, more: &[&str]| said(&[&[command, "--store", &store], more].concat());
    for (command, file) in [("marks", "marks.jsonl"), ("log", "attendance-log.jsonl"), ("issues", "issues.jsonl")] {
        let lines = stored(command, if command == "issues" { &["--json", "--all"] } else { &["--json"] });
        assert_eq!(lines, std::fs::read_to_string(Path::new(&out).join(file)).unwrap(), "{command}");
    }
    expect![[r#"
        ┌───────┬─────────┬──────┬──────────────────────────────────┐
        │ Class ┆ Student ┆ Mark ┆ Why                              │
        ╞═══════╪═════════╪══════╪══════════════════════════════════╡
        │ C1-1  ┆ S000001 ┆ L    ┆ Late: came 5 min after the start │
        └───────┴─────────┴──────┴──────────────────────────────────┘
    "#]]
    .assert_eq(&stored("marks", &["--class", "C1-1", "--student", "S000001"]));
    assert_eq!(stored("marks", &["--student", "S000009", "--json"]), "");
}

#[test]
fn attendance_is_pushed_to_a_stored_school_once_and_marked_by_the_next_tick() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, store) = (school(&folder), below(&folder, "out"), below(&folder, "store"));
    said(&["run", &school, "--out", &out, "--store", &store]);
    let records = below(&folder, "records.jsonl");
    let corrected = std::fs::read_to_string(Path::new(&school).join("attendance.jsonl")).unwrap();
    let corrected = corrected.replace("\"version\":1", "\"version\":2").replace("14:05:00", "13:55:00");
    std::fs::write(&records, corrected).unwrap();
    let push = |more: &[&str]| call(&[&["push-attendance", "--store", &store], more].concat());
    expect![[r#"
        ┌────────┬──────────────────────┬────────────────┐
        │ Campus ┆ Push                 ┆ Outcome        │
        ╞════════╪══════════════════════╪════════════════╡
        │ main   ┆ msg_PUSH             ┆ 1 record taken │
        └────────┴──────────────────────┴────────────────┘
    "#]]
    .assert_eq(&without_id(&push(&[&records]).1));
    let again = json_lines(&push(&[&records, "--json"]).1);
    assert_eq!((&again[0]["outcome"], &again[0]["campus"]), (&"repeated".into(), &"main".into()));
    said(&["tick", "--store", &store]);
    let marks = json_lines(&said(&["marks", "--store", &store, "--json"]));
    assert_eq!((&marks[0]["mark"], &marks[0]["basis"]["version"]), (&"P".into(), &2.into()));

    let (code, _, error) = push(&[&records, "--signed-at", "2023-08-29T03:00:00Z"]);
    expect![[r#"
        2 error: failed to take a push: it was signed 3600 s away from this host's time; correct the clock that is wrong
    "#]]
    .assert_eq(&format!("{code} {error}"));
    let body = below(&folder, "body");
    std::fs::write(&body, "no JSON").unwrap();
    let (code, _, error) = push(&["--body", &format!("main={body}")]);
    expect![[r#"
        2 error: failed to finish the call: the plugin cannot take its input: it is no page of attendance records (line 1, column 2); correct it
    "#]]
    .assert_eq(&format!("{code} {error}"));
    let (code, _, error) = push(&["--body", &format!("north={body}")]);
    expect![[r#"
        2 error: failed to find campus "north": the school has none of that id; name one of school.toml
    "#]]
    .assert_eq(&format!("{code} {error}"));
    assert_eq!(push(&["--record", "a1", "--record", "a2", "--json"]).0, 0);
    assert_eq!((push(&[]).0, push(&[&below(&folder, "nowhere")]).0), (2, 1));
}

/// The table without the push's id, whose text differs but always has the same length.
fn without_id(table: &str) -> String {
    let at = table.find("msg_").unwrap();
    table.replace(&table[at..at + 20], "msg_PUSH            ")
}

#[test]
fn a_share_of_faults_is_a_percentage_and_changes_no_mark() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, calm) = (school(&folder), below(&folder, "out"), below(&folder, "calm"));
    said(&["run", &school, "--out", &calm]);
    let report: Value =
        serde_json::from_str(&said(&["run", &school, "--out", &out, "--faults", "12.5", "--json"])).unwrap();
    assert_eq!(report["faults-per-million"], 125_000);
    assert!(report["requests"]["attendance"]["failed"].as_u64() > Some(0), "{report}");
    let marks = |out: &str| std::fs::read_to_string(Path::new(out).join("marks.jsonl")).unwrap();
    assert_eq!(marks(&out), marks(&calm));
    let (code, _, error) = call(&["run", &school, "--out", &out, "--faults", "101"]);
    assert_eq!(code, 2);
    assert!(error.contains("give a percentage from 0 to 100, such as 5 or 0.5"), "{error}");
}

#[test]
fn a_run_that_dies_at_any_step_and_is_started_again_ends_in_the_same_state() {
    let folder = tempfile::tempdir().unwrap();
    let (school, whole) = (school(&folder), below(&folder, "whole"));
    let renamed = COURSE.replacen("\"revision\":1", "\"revision\":2", 1).replace("\"Title\"", "\"New Title\"");
    let changes = [
        "{\"at\":\"2023-08-28T15:00:00Z\",\"hand-mark\":{\"class\":\"C1-1\",\"student\":\"S000001\",\"mark\":\"A\"}}",
        "{\"at\":\"2023-08-28T15:00:00Z\",\"settings\":{\"absent-after-start-minutes\":20}}",
        &format!("{{\"at\":\"2023-08-28T17:00:00Z\",\"course\":{renamed}}}"),
        "{\"at\":\"2023-08-28T18:00:00Z\",\"hand-mark\":{\"class\":\"C1-1\",\"student\":\"S000001\",\"mark\":\"P\"}}",
    ];
    std::fs::write(Path::new(&school).join("changes.jsonl"), changes.join("\n")).unwrap();
    said(&["run", &school, "--out", &whole]);
    let read = |out: &str, file: &str| std::fs::read_to_string(Path::new(out).join(file)).unwrap();
    let mut deaths = 0;
    // Steps lie close together where something happens and far apart later; primes avoid the same kind of step each
    // time.
    for step in ["1", "2", "3", "5", "7", "11", "13", "17", "19", "23", "29", "37", "53", "71"] {
        let (out, store) = (below(&folder, &format!("out-{step}")), below(&folder, &format!("store-{step}")));
        let (code, _, _) = call(&["run", &school, "--out", &out, "--store", &store, "--kill-at-step", step]);
        if code == 0 {
            break;
        }
        deaths += 1;
        assert!(!Path::new(&out).join("report.json").exists(), "step {step} left a half-written output");
        said(&["run", &school, "--out", &out, "--store", &store]);
        for file in ["marks.jsonl", "journal.jsonl", "issues.jsonl", "status.jsonl", "coursekey.jsonl"] {
            assert_eq!(read(&out, file), read(&whole, file), "{file} after a death at step {step}");
        }
    }
    assert!(deaths > 10, "{deaths}");
}

#[test]
fn exit_codes_tell_whose_fault_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out) = (school(&folder), below(&folder, "out"));
    let bad = below(&folder, "bad.jsonl");
    std::fs::write(&bad, COURSE.replace("2023-12-15", "2023-13-15")).unwrap();
    std::fs::write(folder.path().join("school/changes.jsonl"), "{\"at\":\"2023-08-28T05:00:00Z\",\"restart\":false}\n")
        .unwrap();
    let (code, printed, error) = call(&["run", &school, "--out", &out]);
    assert_eq!((code, printed.as_str()), (2, ""));
    expect![[r#"
        error: failed to read the input:
          changes.jsonl line 1: restart: false means nothing here; write true or remove the key
    "#]]
    .assert_eq(&error);
    assert!(!Path::new(&out).exists(), "something was written");
    std::fs::remove_file(folder.path().join("school/changes.jsonl")).unwrap();

    let (code, _, error) = call(&["status", "--store", &below(&folder, "nowhere")]);
    expect![[r#"
        2 error: failed to find a school in the folder: there is none; play a school directory with `run --store` first
    "#]]
    .assert_eq(&format!("{code} {error}"));
    assert!(!folder.path().join("nowhere").exists(), "something was made");
    assert_eq!(call(&["run"]).0, 2);

    let blocked = below(&folder, "file");
    std::fs::write(&blocked, "").unwrap();
    assert_eq!(call(&["run", &school, "--out", &blocked]).0, 1);
    let store = below(&folder, "store");
    said(&["run", &school, "--out", &out, "--store", &store]);
    let (code, _, error) = call(&["put-course", &bad, "--store", &store]);
    expect![[r#"
        2 error: failed to read the input:
          bad.jsonl line 1: end-date: this is not a date; write a day from 1970 to 9999 such as 2023-08-28
    "#]]
    .assert_eq(&format!("{code} {error}"));
}

#[test]
fn a_run_fails_when_a_record_is_unaccounted_for() {
    let folder = tempfile::tempdir().unwrap();
    let (school, out, store) = (school(&folder), below(&folder, "out"), below(&folder, "store"));
    let run = || call(&["run", &school, "--out", &out, "--store", &store]);
    assert_eq!(run().0, 0);
    // CourseKey says something else now, without a new version that would tell the plugin.
    let attendance = folder.path().join("school/attendance.jsonl");
    let text = std::fs::read_to_string(&attendance).unwrap();
    std::fs::write(&attendance, text.replace("T14:05", "T14:04")).unwrap();
    let (code, printed, error) = run();
    expect![[r#"
        4 error: failed to account for 1 of CourseKey's attendance records: GEGI has no mark, row, issue or journal entry of them, so their attendance may be lost; report.json names the first of them; report it
    "#]]
    .assert_eq(&format!("{code} {error}"));
    assert!(printed.contains("perhaps lost"), "{printed}");
    let report = std::fs::read_to_string(Path::new(&out).join("report.json")).unwrap();
    let report: Value = serde_json::from_str(&report).unwrap();
    assert_eq!(report["attendance"]["unaccounted-records"], serde_json::json!(["a1"]));
}

#[test]
fn help_documents_the_exit_codes_and_hides_what_only_tests_use() {
    let help = said(&["--help"]);
    assert!(help.contains("Exit codes:") && help.contains("  4  "), "{help}");
    assert!(!said(&["run", "--help"]).contains("kill-at-step"));
}

#[test]
fn the_demo_shows_every_status_and_leaves_a_school_that_can_be_played_again() {
    let folder = tempfile::tempdir().unwrap();
    let out = below(&folder, "demo");
    let printed = said(&["demo", "--out", &out]);
    for text in ["Disabled", "Scheduled", "Failed", "Synchronized", "1 of 3 students: no e-mail", "came 7 min after"] {
        assert!(printed.contains(text), "{text}: {printed}");
    }
    assert!(Path::new(&out).join("school/school.toml").is_file());
    assert!(Path::new(&out).join("output/mails/001.eml").is_file());
}

/// A simulated CourseKey in a process of its own, which ends when this value is dropped.
struct Served {
    process: Child,
    base_url: String,
    key: String,
}

impl Served {
    fn start(arguments: &[&str]) -> Self {
        let mut simulate = command(&PROGRAM, &["simulate-coursekey", "--json"]);
        let mut process = simulate.args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let announced: Value = serde_json::from_str(&line).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self { process, base_url: text(&announced["base-url"]), key: text(&announced["schools"][0]["key"]) }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

#[test]
fn a_simulated_coursekey_announces_where_it_is_and_answers_there() {
    let served = Served::start(&[]);
    let address = served.base_url.strip_prefix("http://").unwrap().strip_suffix("/v1").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    let request =
        format!("GET /v1/schools/548156 HTTP/1.1\r\nhost: {address}\r\nauthorization: Bearer {}\r\n", served.key);
    write!(stream, "{request}connection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("{\"schoolId\":548156,\"timeZone\":\"America/New_York\"}"), "{answer}");
}

#[test]
fn a_school_that_names_a_server_is_sent_there_with_the_key_of_the_environment() {
    let folder = tempfile::tempdir().unwrap();
    let school = school(&folder);
    let served = Served::start(&[&school]);
    let toml = Path::new(&school).join("school.toml");
    let text = std::fs::read_to_string(&toml).unwrap();
    std::fs::write(&toml, format!("base-url = \"{}\"\n{text}", served.base_url)).unwrap();
    let run = |out: &str, key: &str| {
        let output = command(&PROGRAM, &["run", &school, "--json", "--out", &below(&folder, out)])
            .env("COURSEKEY_KEY_MAIN", key)
            .output()
            .unwrap();
        serde_json::from_slice::<Value>(&output.stdout).unwrap()["statuses"].to_string()
    };
    expect![[r#"{"disabled":0,"failed":0,"scheduled":0,"synchronized":1}"#]].assert_eq(&run("right", &served.key));
    expect![[r#"{"disabled":0,"failed":1,"scheduled":0,"synchronized":0}"#]].assert_eq(&run("wrong", "another key"));
}
