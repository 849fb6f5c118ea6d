//! The service as GEGI and operators meet it: the real program with a simulated CourseKey, over HTTP, by the routes and
//! files of the contract. And what depends on time and on other processes, in this process (`inside`).

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing)]

#[path = "serve/backup.rs"]
mod backup;
#[path = "serve/bench.rs"]
mod bench;
#[path = "serve/callers.rs"]
mod callers;
#[path = "serve/canaries.rs"]
mod canaries;
#[path = "serve/commands.rs"]
mod commands;
#[path = "serve/console.rs"]
mod console;
#[path = "serve/demo.rs"]
mod demo;
#[path = "serve/feed.rs"]
mod feed;
#[path = "serve/holds.rs"]
mod holds;
#[path = "serve/inside.rs"]
mod inside;
#[path = "serve/lives.rs"]
mod lives;
#[path = "serve/pushes.rs"]
mod pushes;
#[path = "serve/refusals.rs"]
mod refusals;
#[path = "serve/review.rs"]
mod review;
#[path = "serve/shared.rs"]
mod shared;
#[path = "serve/tenure.rs"]
mod tenure;
#[path = "serve/traces.rs"]
mod traces;
#[path = "serve/trial.rs"]
mod trial;
#[path = "serve/watch.rs"]
mod watch;

use serde_json::{Value, json};

use bench::{Bench, course, operation_kinds};

#[test]
fn a_course_goes_in_and_its_marks_come_out() {
    let bench = Bench::new();
    let service = bench.serve();
    let (status, school) = service.put("/v1/schools/north", &bench.school(json!({})));
    assert_eq!((status, school["state"].as_str(), school["records"].as_str()), (201, Some("running"), Some("mirror")));
    assert_eq!(school["settings"].get("initial-user-password"), None);
    bench.arm(&service, "north");
    let (status, taken) = service.put("/v1/schools/north/courses/C1", &course(1));
    assert_eq!((status, &taken["disposition"], &taken["send-to-coursekey"]), (200, &json!("taken"), &json!(true)));

    let changes = service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    let set = changes.iter().find(|item| item["operation"]["set-mark"]["student"] == "S000001").unwrap();
    let set = &set["operation"]["set-mark"];
    assert_eq!((set["mark"].as_str(), set["basis"]["rule"].as_str()), (Some("P"), Some("present")), "{set}");

    let marks = service.get("/v1/schools/north/marks?class=C1-1");
    assert_eq!(marks["items"].as_array().unwrap().len(), 2, "{marks}");
    let status = service.get("/v1/schools/north/courses/C1/status");
    assert_eq!((status["status"].as_str(), status["locked"].as_bool()), (Some("synchronized"), Some(true)));
    assert_eq!(service.get("/v1/schools/north/status?status=failed")["items"], json!([]));
    assert_eq!(service.get("/v1/schools/north/status?kind=group-course")["items"].as_array().unwrap().len(), 1);
    let journal = service.get("/v1/schools/north/journal?person=S000001");
    assert_eq!(journal["items"][0]["what"], "mark");
    let counted = service.get("/v1/schools/north")["courses"]["synchronized"].clone();
    assert_eq!(counted, 1);

    // What is acknowledged does not come again, also after a start; a repeat changes nothing.
    let said: Vec<Value> =
        changes.iter().map(|item| json!({"sequence": item["sequence"], "outcome": "applied"})).collect();
    for _ in 0..2 {
        let (status, _) = service.post("/v1/schools/north/changes/acknowledgements", &json!({"items": said}));
        assert_eq!(status, 204);
    }
    assert_eq!(service.end(), Some(0));
    let service = bench.serve();
    assert_eq!(service.get("/v1/schools/north/changes?after=0")["items"], json!([]));
    assert_eq!(service.get("/v1/schools/north/marks?class=C1-1")["items"].as_array().unwrap().len(), 2);
}

#[test]
fn a_course_is_stale_when_a_later_one_was_taken() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    service.put("/v1/schools/north/courses/C1", &course(3));
    let (status, answer) = service.put("/v1/schools/north/courses/C1", &course(2));
    assert_eq!((status, answer["disposition"].as_str()), (200, Some("stale")));
    let courses = service.get("/v1/schools/north/courses");
    assert_eq!(courses, json!({"items": [{"id": "C1", "revision": 3}], "next": null}));
    // Many at once, in no order: the latest stays.
    std::thread::scope(|scope| {
        for revision in (4..=23).rev() {
            let service = &service;
            scope.spawn(move || service.put("/v1/schools/north/courses/C1", &course(revision)));
        }
    });
    assert_eq!(service.get("/v1/schools/north/courses")["items"][0]["revision"], 23);
    let whole = json!({"courses": [{"id": "C1", "revision": 3}, {"id": "C2", "revision": 1}]});
    let (_, difference) = service.put("/v1/schools/north/courses", &whole);
    assert_eq!(difference, json!({"missing": ["C1", "C2"], "unknown": []}));
    let (_, difference) = service.put("/v1/schools/north/courses", &json!({"courses": []}));
    assert_eq!(difference, json!({"missing": [], "unknown": ["C1"]}));
    assert_eq!(service.delete("/v1/schools/north/courses/C1"), 204);
    assert_eq!(service.get("/v1/schools/north/courses")["items"], json!([]));
}

#[test]
fn a_mark_set_by_hand_stays() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    let of = |student: &str| {
        let marks = service.get("/v1/schools/north/marks?class=C1-1");
        let marks = marks["items"].as_array().unwrap();
        let mark = marks.iter().find(|mark| mark["student"] == student).unwrap();
        (mark["mark"].as_str().unwrap().to_owned(), mark["basis"]["rule"].as_str().unwrap().to_owned())
    };
    assert_eq!(of("S000002"), ("A".to_owned(), "came-too-late".to_owned()));
    let (status, _) = service.put("/v1/schools/north/marks/C1-1/S000002", &json!({"mark": "L"}));
    assert_eq!(status, 204);
    let ticked = service.get("/v1/schools/north")["last-tick"].clone();
    service.post("/v1/schools/north/sync", &Value::Null);
    service.until("/v1/schools/north", |school| school["last-tick"] != ticked);
    assert_eq!(of("S000002"), ("L".to_owned(), "hand".to_owned()));
    assert_eq!(service.delete("/v1/schools/north/marks/C1-1/S000002"), 204);
    assert_eq!(service.get("/v1/schools/north/marks?class=C1-1")["items"].as_array().unwrap().len(), 1);
}
