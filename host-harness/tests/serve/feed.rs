//! A school whose records are in GEGI: the book takes what GEGI acknowledges.

use serde_json::{Value, json};

use super::bench::{Bench, course, operation_kinds};

#[test]
fn the_book_takes_what_gegi_has_applied_and_nothing_that_it_refused() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({"records": "feed"})));
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    let marks = |items: &[Value]| operation_kinds(items).iter().filter(|kind| *kind == "set-mark").count();
    let changes = service.changes_until("north", |items| marks(items) == 2);
    let held = || service.get("/v1/schools/north/marks?class=C1-1")["items"].as_array().unwrap().clone();
    assert_eq!(held(), Vec::<Value>::new());

    let said: Vec<Value> = changes
        .iter()
        .map(|item| {
            let is_absent = item["operation"]["set-mark"]["mark"] == "A";
            let outcome = if is_absent { "refused" } else { "applied" };
            json!({"sequence": item["sequence"], "outcome": outcome, "reason": "it has another mark"})
        })
        .collect();
    for _ in 0..2 {
        let (status, _) = service.post("/v1/schools/north/changes/acknowledgements", &json!({"items": said}));
        assert_eq!(status, 204);
    }
    let students: Vec<Value> = held().iter().map(|mark| mark["student"].clone()).collect();
    assert_eq!(students, ["S000001"]);
    assert_eq!(service.get("/v1/schools/north/changes?after=0")["items"], json!([]));
}

#[test]
fn a_reader_that_waits_is_answered_when_there_is_something() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    assert_eq!(service.get("/v1/schools/north/changes?after=7"), json!({"items": [], "next": 7}));
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| service.changes_until("north", |items| !items.is_empty()));
        bench.arm(&service, "north");
        service.put("/v1/schools/north/courses/C1", &course(1));
        assert!(!reader.join().unwrap().is_empty());
    });
}

#[test]
fn what_gegi_has_not_acknowledged_stays_when_the_records_move() {
    let bench = Bench::new();
    let service = bench.serve();
    let state = |records: &str| service.put("/v1/schools/north", &bench.school(json!({"records": records})));
    let sequences = || {
        let page = service.get("/v1/schools/north/changes?after=0");
        page["items"].as_array().unwrap().iter().map(|item| item["sequence"].as_u64().unwrap()).collect::<Vec<_>>()
    };
    state("mirror");
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    let marks = |items: &[Value]| operation_kinds(items).iter().filter(|kind| *kind == "set-mark").count();
    service.changes_until("north", |items| marks(items) == 2);
    let before = sequences();
    state("feed");
    assert_eq!(sequences(), before);
    let said: Vec<Value> = before.iter().map(|sequence| json!({"sequence": sequence, "outcome": "applied"})).collect();
    assert_eq!(service.post("/v1/schools/north/changes/acknowledgements", &json!({"items": said})).0, 204);
    assert_eq!(sequences(), Vec::<u64>::new());
    // What GEGI applied is not offered again when the records move back.
    state("mirror");
    assert_eq!(sequences(), Vec::<u64>::new());
    assert_eq!(service.get("/v1/schools/north/marks?class=C1-1")["items"].as_array().unwrap().len(), 2);
}
