//! What the guard holds, over the API: shown, decided, and refused when something else is held by then.

use serde_json::json;

use super::bench::{Bench, course};

#[test]
fn an_emptied_list_is_held_until_somebody_decides_about_what_was_shown() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    service.until("/v1/schools/north/courses/C1/status", |status| status["status"] == "synchronized");
    let mut emptied = course(2);
    emptied["students"] = json!([]);
    service.put("/v1/schools/north/courses/C1", &emptied);
    let holds = service.until("/v1/schools/north/holds", |holds| holds["items"].as_array().unwrap().len() == 1);
    let hold = &holds["items"][0];
    assert_eq!((&hold["course"], &hold["kind"], &hold["held"]), (&json!("C1"), &json!("students"), &json!(2)));
    assert_eq!(hold["rows"][0], json!({"id": "S000001", "name": "Student 000001"}));
    let status = service.get("/v1/schools/north/courses/C1/status");
    assert!(status["reason"].as_str().unwrap().contains("held as a possible accident"), "{status}");

    let decision = |hash: &str| json!({"course": "C1", "kind": "students", "hash": hash, "verdict": "discard", "by": "a registrar"});
    let (refused, problem) = service.post("/v1/schools/north/decisions", &decision("another"));
    assert_eq!(refused, 409, "{problem}");
    let (refused, problem) = service.post("/v1/schools/north/decisions", &json!({"course": "C1"}));
    assert_eq!(refused, 422, "{problem}");
    let (taken, answer) = service.post("/v1/schools/north/decisions", &decision(hold["hash"].as_str().unwrap()));
    assert_eq!((taken, &answer["rows"]), (202, &json!(2)));
    service.until("/v1/schools/north/courses/C1/status", |status| status["status"] == "synchronized");
    let journal = service.get("/v1/schools/north/journal?person=S000001");
    let decided = journal["items"].as_array().unwrap().iter().find(|line| line["what"] == "decision").unwrap();
    assert_eq!((&decided["new"], &decided["by"]), (&json!("discarded"), &json!("decided under Holds by a registrar")));
    assert_eq!(service.get("/v1/schools/north/holds")["items"], json!([]));
}
