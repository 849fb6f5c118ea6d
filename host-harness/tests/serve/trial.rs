//! New components: one that is stopped in each of its first calls is left by itself, one that works once stays, and one that
//! is unfit or older than what is stored keeps the service from starting.

use std::path::PathBuf;
use std::sync::LazyLock;

use host::limits::Stopwatch;
use rusqlite::Connection;
use serde_json::{Value, json};

use super::bench::{Bench, Service, call, course, operation_kinds};

/// The hostile guest: a tick does what the school's name says, a question what the course's id says.
static HOSTILE: LazyLock<PathBuf> =
    LazyLock::new(|| tests::guests::build("hostile-guest", env!("CARGO_TARGET_TMPDIR")));

const STORE: &str = "sqlite:data/gegi.sqlite";

/// Asks ten times, each time for what stops the hostile guest.
fn stop_ten_times(service: &Service) {
    for _ in 0..10 {
        assert_eq!(ask(service), 503);
    }
}

fn ask(service: &Service) -> u16 {
    service.with_token(super::bench::OPERATOR, "GET", "/v1/schools/north/courses/trap/status", &Value::Null).status
}

fn ready(service: &Service) -> String {
    service.ask("GET", "/readyz", &[], b"").body
}

fn metrics(service: &Service) -> String {
    service.ask("GET", "/metrics", &[], b"").body
}

/// The mails to the operator about a component that was left.
fn mails(bench: &Bench) -> usize {
    let Ok(folder) = std::fs::read_dir(bench.path("mails")) else { return 0 };
    let texts = folder.map(|mail| std::fs::read_to_string(mail.unwrap().path()).unwrap());
    texts.filter(|text| text.contains("Subject: A new component was left")).count()
}

#[test]
fn a_component_that_is_stopped_in_its_first_ten_calls_is_left_and_not_run_again() {
    let bench = Bench::new();
    bench.configure(STORE, &format!("component = {:?}\noperator-email = \"operator@example.edu\"", *HOSTILE));
    let service = bench.serve();
    // The school is created, and what the guest says of its courses cannot be used.
    assert_eq!(service.put("/v1/schools/north", &bench.school(json!({"name": "trap"}))).0, 400);
    // Ticks are stopped as well; they wait longer after each.
    let stopped = (0..10).take_while(|_| ask(&service) == 503).count();
    assert!((5..=10).contains(&stopped), "{stopped}");
    let told = ready(&service);
    assert!(told.starts_with("ready\nthe component ") && told.contains("; the program's own component runs"), "{told}");
    bench.arm(&service, "north");
    assert_eq!(service.put("/v1/schools/north/courses/C1", &course(1)).1["disposition"], "taken");
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    assert!(metrics(&service).contains("gegi_component_left 1\n"));
    assert_eq!(service.end(), Some(0));
    assert_eq!(mails(&bench), 1);

    let service = bench.serve();
    assert_eq!(ready(&service), told);
    let ticked = service.get("/v1/schools/north")["last-tick"].clone();
    service.post("/v1/schools/north/sync", &Value::Null);
    service.until("/v1/schools/north", |school| school["last-tick"] != ticked);
    let counted = metrics(&service);
    assert!(counted.contains("gegi_component_left 1\n") && !counted.contains("ending=\"trapped\""), "{counted}");
    assert_eq!(service.end(), Some(0));
    assert_eq!(mails(&bench), 1);
    let (code, findings, _) = call(&["doctor", "--config", bench.path("serve.toml").to_str().unwrap(), "--json"]);
    assert!(code == 10 && findings.contains("was stopped in each of its first calls"), "{code} {findings}");

    // Another file is another component.
    let mut other = std::fs::read(&*HOSTILE).unwrap();
    other.extend(b"\0\x05\x04note");
    std::fs::write(bench.path("other.wasm"), other).unwrap();
    bench.configure(STORE, "component = \"other.wasm\"");
    let service = bench.serve();
    assert_eq!((ready(&service).as_str(), ask(&service)), ("ready\n", 503));
}

#[test]
fn a_component_of_which_a_call_was_kept_is_not_left() {
    let bench = Bench::new();
    bench.configure(STORE, &format!("component = {:?}", *HOSTILE));
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({"name": "ok"})));
    let watch = Stopwatch::start();
    while !metrics(&service).contains("{export=\"on-tick\",ending=\"ok\"}") {
        assert!(watch.elapsed().as_secs() < 60, "no tick was made");
    }
    stop_ten_times(&service);
    assert_eq!((ready(&service).as_str(), ask(&service)), ("ready\n", 503));
    assert_eq!(service.end(), Some(0));
    let service = bench.serve();
    stop_ten_times(&service);
    assert_eq!((ready(&service).as_str(), ask(&service)), ("ready\n", 503));
}

#[test]
fn a_component_that_cannot_run_or_is_older_than_what_is_stored_keeps_the_service_from_starting() {
    let bench = Bench::new();
    for (component, wrong) in [("nothing.wasm", "No such file"), ("serve.toml", "must be a WebAssembly component")] {
        bench.configure(STORE, &format!("component = {component:?}"));
        let (code, told) = bench.serve_in_vain();
        assert!(code == Some(2) && told.contains(component) && told.contains(wrong), "{code:?} {told}");
    }
    bench.configure(STORE, "");
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    service.put("/v1/schools/north/courses/C1", &course(1));
    assert_eq!(service.end(), Some(0));
    let later: &[u8] = b"{\"schema\":999}\n";
    let file = Connection::open(bench.path("data/gegi.sqlite")).unwrap();
    let changed = file.execute("UPDATE state SET value = ?1 WHERE key = CAST('hot/0' AS BLOB)", [later]).unwrap();
    assert_eq!(changed, 1);
    drop(file);
    bench.configure(STORE, &format!("component-before = {:?}", *HOSTILE));
    let (code, told) = bench.serve_in_vain();
    assert!(
        code == Some(2) && told.contains("of school north") && told.contains("its schema is 999"),
        "{code:?} {told}"
    );
}

#[test]
fn a_component_that_is_ahead_runs_for_its_schools_alone() {
    let bench = Bench::new();
    let ahead = format!("component-ahead = {:?}\nschools-ahead = [\"south\", \"nowhere\"]", *HOSTILE);
    bench.configure(STORE, &ahead);
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    service.put("/v1/schools/south", &bench.school(json!({"name": "trap"})));
    let of_south = "/v1/schools/south/courses/trap/status";
    for _ in 0..12 {
        assert_eq!(service.with_token(super::bench::OPERATOR, "GET", of_south, &Value::Null).status, 503);
    }
    assert_eq!(service.put("/v1/schools/north/courses/C1", &course(1)).1["disposition"], "taken");
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    assert_eq!(ready(&service), "ready\n", "nothing was left");
    assert_eq!(service.end(), Some(0));
    let (_, findings, _) = call(&["doctor", "--config", bench.path("serve.toml").to_str().unwrap(), "--json"]);
    assert!(findings.contains("it runs for 2 schools") && findings.contains("there is no such school"), "{findings}");

    bench.configure(STORE, "component-ahead = \"absent.wasm\"");
    let (code, told) = bench.serve_in_vain();
    assert!(
        code == Some(2) && told.contains("runs for no school; name the schools at schools-ahead"),
        "{code:?} {told}"
    );
}
