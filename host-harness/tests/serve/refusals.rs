//! Refusals: every one names the field and says what to do, and repeats nothing of the request.

use serde_json::{Value, json};

use super::bench::{Bench, OPERATOR, course};

#[test]
fn every_refusal_names_the_field_and_the_remedy() {
    let bench = Bench::new();
    let service = bench.serve();
    let refused = |path: &str, body: &Value| {
        let answer = service.with_token(OPERATOR, "PUT", path, body);
        assert!(answer.headers.contains("application/problem+json"), "{}", answer.headers);
        let problem: Value = serde_json::from_str(&answer.body).unwrap();
        assert_eq!(problem["status"], answer.status);
        let text = |key: &str| problem[key].as_str().unwrap_or_default().to_owned();
        (answer.status, text("pointer"), text("detail"))
    };
    let (status, pointer, detail) =
        refused("/v1/schools/north", &bench.school(json!({"settings": {"update-every-minutes": 0}})));
    assert_eq!((status, pointer.as_str()), (422, "/settings/update-every-minutes"));
    assert_eq!(detail, "settings.update-every-minutes 0 is out of range; write 1 or more");
    let (status, pointer, _) = refused("/v1/schools/north", &bench.school(json!({"colour": "red"})));
    assert_eq!((status, pointer.as_str()), (422, "/colour"));
    let elsewhere = bench.school(json!({"coursekey-url": "https://elsewhere.example/v1"}));
    let (status, pointer, detail) = refused("/v1/schools/north", &elsewhere);
    assert_eq!((status, pointer.as_str()), (422, "/coursekey-url"));
    assert!(detail.contains("add \"elsewhere.example:443\" to allowed-hosts under [coursekey]"), "{detail}");
    assert_eq!(refused("/v1/schools/-north", &bench.school(json!({}))).0, 422);
    let twice = json!([{"id": "main", "zone": "UTC", "coursekey-school-id": 1}, {"id": "main", "zone": "Mars", "coursekey-school-id": 1}]);
    let (status, pointer, _) = refused("/v1/schools/north", &bench.school(json!({"campuses": twice})));
    assert_eq!((status, pointer.as_str()), (422, "/campuses/1/zone"));
    assert_eq!(service.get("/v1/schools")["items"], json!([]));

    service.put("/v1/schools/north", &bench.school(json!({})));
    let (status, pointer, detail) = refused("/v1/schools/north/courses/C2", &course(1));
    assert_eq!((status, pointer.as_str()), (422, "/id"), "{detail}");
    let mut wrong = course(1);
    wrong["students"][1]["email"] = json!(5);
    let (status, pointer, detail) = refused("/v1/schools/north/courses/C1", &wrong);
    assert_eq!((status, pointer.as_str()), (422, "/students/1/email"), "{detail}");
    let keys = json!({"key": "a b"});
    assert_eq!(refused("/v1/schools/north/campuses/main/credentials", &keys).0, 422);
    assert_eq!(refused("/v1/schools/north/campuses/south/credentials", &json!({"key": "a"})).0, 404);
    assert_eq!(refused("/v1/schools/north/marks/C1-1/S000001", &json!({"mark": "X"})).0, 422);
}

#[test]
fn a_body_that_is_no_json_is_refused_whole() {
    let bench = Bench::new();
    let service = bench.serve();
    let bearer = format!("Bearer {OPERATOR}");
    let status = |body: &[u8]| service.ask("PUT", "/v1/schools/north", &[("Authorization", &bearer)], body).status;
    assert_eq!(status(b"{\"name\": "), 400);
    assert_eq!(status("[".repeat(200).as_bytes()), 400);
    assert_eq!(status(b"{\"name\": \"a\", \"name\": \"b\"}"), 400);
    assert_eq!(status(b"[]"), 422);
    assert_eq!(status(&vec![b' '; 33 << 20]), 413);
    let answer = service.with_token(OPERATOR, "GET", "/v1/schools?limit=0", &Value::Null);
    assert_eq!(answer.status, 400, "{}", answer.body);
}

#[test]
fn a_template_is_tried_before_it_is_saved() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    let place = "/v1/schools/north/email-templates/synchronization-issues";
    let (status, problem) = service.put(place, &json!({"subject": "{{ nobody }}"}));
    assert_eq!(status, 422, "{problem}");
    assert_eq!(service.get(place), json!({"subject": null, "text": null, "html": null}));
    let own = json!({"subject": "{{ school }}: news"});
    let (status, preview) = service.post(&format!("{place}/preview"), &own);
    assert_eq!((status, preview["subject"].as_str()), (200, Some("Example School: news")));
    assert_eq!(service.put(place, &own).0, 204);
    assert_eq!(service.get(place)["subject"], "{{ school }}: news");
    assert_eq!(service.put("/v1/schools/north/email-templates/welcome", &own).0, 404);
}
