//! Backup and restore, by the commands of `docs/operating.md`, on both stores: nothing of the backup is lost, and what GEGI
//! took after it is never taken for something else.

use std::process::Command;

use serde_json::{Value, json};
use tests::postgres::{Server, binaries};

use super::bench::{Bench, Service, course, operation_kinds};
use super::shared::as_url;

/// The line of the page that begins so.
fn line(begin: &str) -> String {
    let page = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/operating.md")).unwrap();
    page.lines().find(|line| line.starts_with(begin)).unwrap_or_else(|| panic!("no line {begin}")).to_owned()
}

/// Runs a line of the page in a folder, as a shell does.
fn run(bench: &Bench, line: &str, variable: &str, url: &str) {
    let path = format!("{}:/usr/bin:/bin", binaries().unwrap().display());
    let mut shell = Command::new("sh");
    let shell = shell.args(["-ec", line]).current_dir(bench.path("")).env("PATH", path).env(variable, url);
    let output = shell.output().unwrap();
    assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
}

/// A course of which another person cannot be sent, so that GEGI is told of an issue.
fn without_address(revision: u64, student: usize) -> Value {
    let mut course = course(revision);
    course["students"][student]["email"] = json!("");
    course
}

fn told_of_issue(items: &[Value]) -> bool {
    operation_kinds(items).contains(&"open-issue".to_owned())
}

/// What every reader of the API sees of the school.
fn seen(service: &Service) -> Vec<Value> {
    let paths = ["courses", "courses/C1/status", "marks?class=C1-1", "journal", "issues", "changes?after=0"];
    paths.map(|path| service.get(&format!("/v1/schools/north/{path}"))).into()
}

fn acknowledge(service: &Service, items: &[Value]) {
    let said: Vec<Value> =
        items.iter().map(|item| json!({"sequence": item["sequence"], "outcome": "applied"})).collect();
    assert_eq!(service.post("/v1/schools/north/changes/acknowledgements", &json!({"items": said})).0, 204);
}

/// Backs a service up by `backup`, lets it and GEGI go on, and starts it on the other store that `backup` has filled.
fn restored(records: &str, store: &str, restored: &str, backup: impl Fn(&Bench)) {
    let bench = Bench::new();
    bench.configure(store, "");
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({"records": records})));
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    let marks = |items: &[Value]| operation_kinds(items).iter().filter(|kind| *kind == "set-mark").count();
    let waiting = service.changes_until("north", |items| marks(items) == 2);
    // Nothing changes between what is seen and the backup.
    service.post("/v1/schools/north/pause", &Value::Null);
    let before = seen(&service);
    backup(&bench);
    service.post("/v1/schools/north/resume", &Value::Null);
    acknowledge(&service, &waiting);
    service.put("/v1/schools/north/courses/C1", &without_address(2, 0));
    let later = service.changes_until("north", told_of_issue);
    acknowledge(&service, &later);
    assert_eq!(service.end(), Some(0));

    bench.configure(restored, "");
    let service = bench.serve();
    assert_eq!(seen(&service), before, "{records}: something of the backup was lost");
    service.post("/v1/schools/north/resume", &Value::Null);
    service.put("/v1/schools/north/courses/C1", &without_address(2, 1));
    let again = service.changes_until("north", told_of_issue);
    let of = |items: &[Value], sequence: &Value| items.iter().find(|item| item["sequence"] == *sequence).cloned();
    let mut reused = 0;
    for item in &again {
        let taken = of(&waiting, &item["sequence"]).or_else(|| of(&later, &item["sequence"]));
        let Some(taken) = taken else { continue };
        // What GEGI drops by its id is what GEGI has.
        assert_eq!(taken["id"] == item["id"], taken["operation"] == item["operation"], "{taken}\n{item}");
        reused += usize::from(taken["id"] != item["id"]);
    }
    assert!(reused > 0, "no sequence was given twice, so nothing was tried");
    assert_eq!(service.get("/v1/schools/north/marks?class=C1-1")["items"].as_array().unwrap().len(), marks_of(records));
    assert_eq!(service.end(), Some(0));
}

/// The marks of the class in the service's book: what GEGI acknowledged after the backup is not in it.
fn marks_of(records: &str) -> usize {
    if records == "mirror" { 2 } else { 0 }
}

#[test]
fn a_restored_file_of_sqlite_has_everything_and_gives_no_id_twice() {
    for records in ["mirror", "feed"] {
        restored(records, "sqlite:data/gegi.sqlite", "sqlite:data/restored.sqlite", |bench| {
            let statement = line("sqlite3 data/gegi.sqlite \"");
            let statement = statement.split('"').nth(1).unwrap();
            let copy = bench.path("data/restored.sqlite").display().to_string();
            let open = rusqlite::Connection::open(bench.path("data/gegi.sqlite")).unwrap();
            open.execute(&statement.replace("backup.sqlite", &copy), []).unwrap();
        });
    }
}

#[test]
fn a_restored_database_of_postgres_has_everything_and_gives_no_id_twice() {
    let Some(server) = Server::shared() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let database = || as_url(&runtime.block_on(server.database()));
    for records in ["mirror", "feed"] {
        let (store, other) = (database(), database());
        restored(records, &store, &other, |bench| {
            run(bench, &line("pg_dump "), "DATABASE", &store);
            run(bench, &line("pg_restore "), "RESTORED", &other);
        });
    }
}
