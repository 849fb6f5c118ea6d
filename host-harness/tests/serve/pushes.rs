//! CourseKey's pushes: answered 202 when they are durable, and a repeat alike.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::bench::{Bench, PUSH_KEY, Service, course, in_minutes, operation_kinds};
use host::clock::{Clock as _, SystemClock};

/// Pushes a body as CourseKey signs it.
fn push(service: &Service, path: &str, id: &str, at: i64, body: &str) -> u16 {
    let key = STANDARD.decode(PUSH_KEY.strip_prefix("whsec_").unwrap()).unwrap();
    let mac = Hmac::<Sha256>::new_from_slice(&key).unwrap().chain_update(format!("{id}.{at}.{body}"));
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let headers =
        [("webhook-id", id), ("webhook-timestamp", &at.to_string()), ("webhook-signature", signature.as_str())];
    service.ask("POST", path, &headers, body.as_bytes()).status
}

#[test]
fn a_push_that_a_key_of_the_campus_signed_is_taken_once() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    let record = json!({
        "id": "a2", "version": 2, "sessionId": "C1-1", "userId": "S000002", "updatedAt": in_minutes(0),
        "visits": [{"in": in_minutes(-300), "out": in_minutes(-180)}],
        "adjustment": {"kind": "edit", "by": "Staff 000001", "awardedSeconds": null}
    });
    let body = json!({"records": [record]}).to_string();
    let at = SystemClock.now().timestamp();
    let place = "/v1/webhooks/north/main";
    assert_eq!(service.ask("POST", place, &[], body.as_bytes()).status, 401);
    assert_eq!(push(&service, place, "p1", at - 3_600, &body), 401);
    assert_eq!(push(&service, "/v1/webhooks/north/south", "p1", at, &body), 401);
    assert_eq!(push(&service, "/v1/webhooks/nowhere/main", "p1", at, &body), 401);
    assert_eq!(push(&service, place, "p1", at, &" ".repeat(2 << 20)), 413);
    for _ in 0..2 {
        assert_eq!(push(&service, place, "p1", at, &body), 202);
    }
    let is_present = |mark: &Value| mark["student"] == "S000002" && mark["mark"] == "P";
    service
        .until("/v1/schools/north/marks?class=C1-1", |marks| marks["items"].as_array().unwrap().iter().any(is_present));
}
