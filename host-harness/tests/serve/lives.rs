//! Starting, ending, crashing and removal.

use serde_json::{Value, json};

use super::bench::{Bench, course, operation_kinds};

#[test]
fn a_service_that_is_told_to_end_ends_well_and_one_that_is_killed_loses_nothing() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    let (_, answer) = service.put("/v1/schools/north/courses/C1", &course(1));
    assert_eq!(answer["disposition"], "taken");
    service.kill();
    let service = bench.serve();
    assert_eq!(service.get("/v1/schools/north/courses")["items"], json!([{"id": "C1", "revision": 1}]));
    assert_eq!(service.post("/v1/schools/north/sync", &Value::Null).0, 202);
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    assert_eq!(service.end(), Some(0));
}

#[test]
fn a_paused_school_is_not_ticked_until_it_is_resumed() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    assert_eq!(service.post("/v1/schools/north/pause", &Value::Null).0, 202);
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    let paused = service.get("/v1/schools/north");
    assert_eq!((&paused["state"], &paused["next-tick"]), (&json!("paused"), &Value::Null));
    assert_eq!(service.post("/v1/schools/north/resume", &Value::Null).0, 202);
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    service.until("/v1/schools/north", |school| school["state"] == "running" && !school["last-tick"].is_null());
}

#[test]
fn a_removed_school_leaves_nothing_and_begins_anew() {
    let bench = Bench::new();
    bench.secret("north.token", "north-token-000001");
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    assert_eq!(service.delete("/v1/schools/north"), 204);
    assert_eq!(service.delete("/v1/schools/north"), 404);
    let left: Vec<_> =
        std::fs::read_dir(bench.path("secrets")).unwrap().map(|file| file.unwrap().file_name()).collect();
    assert_eq!(left, ["operator-token"]);
    let (status, school) = service.put("/v1/schools/north", &bench.school(json!({})));
    assert_eq!((status, &school["courses"]["synchronized"]), (201, &json!(0)));
    assert_eq!(service.get("/v1/schools/north/marks?class=C1-1")["items"], json!([]));
    assert_eq!(service.get("/v1/schools/north/changes?after=0")["items"], json!([]));
}

#[test]
fn a_service_that_cannot_start_says_what_to_correct() {
    let bench = Bench::new();
    bench.configure("sqlite:data/gegi.sqlite", "concurrent-ticks = 0");
    let (code, told) = bench.serve_in_vain();
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("serve.toml line 5: concurrent-ticks: 0 is out of range; write 1 or more"), "{told}");
    bench.configure("sqlite:data/gegi.sqlite", "");
    bench.set_mode("secrets", 0o755);
    let (code, told) = bench.serve_in_vain();
    assert_eq!(code, Some(2), "{told}");
    assert!(told.contains("run `chmod 700 "), "{told}");
}
