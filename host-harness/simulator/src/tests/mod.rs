//! The whole simulated CourseKey through its HTTP: credentials, bodies, paging, faults; attendance and durability in
//! rooms beside.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic)]

use ::http::StatusCode;
use serde_json::{Value, json};

use super::*;

mod attendance;
mod durability;

/// An instant on the 28th of August 2023, a Monday.
pub(super) fn at(time: &str) -> DateTime<Utc> {
    format!("2023-08-28T{time}Z").parse().unwrap()
}

/// A simulator with school 1 (key `key-1`, owner `owner@example.edu`) and school 2 (key `key-2`).
pub(super) fn simulator() -> Simulator {
    let mut simulator = Simulator::new(1);
    for number in [1, 2] {
        simulator.add_school(SchoolConfig {
            number,
            zone: "America/New_York".to_owned(),
            auth_key: format!("key-{number}"),
            push_key: format!("push-key-{number}").into_bytes(),
            owners: vec!["owner@example.edu".to_owned()],
        });
    }
    simulator
}

/// Sends a request to school 1 at the instant; returns status and body.
pub(super) fn send(simulator: &mut Simulator, now: DateTime<Utc>, request: &str, body: &Value) -> (u16, Value) {
    send_to(1, simulator, now, request, body)
}

fn send_to(school: u64, simulator: &mut Simulator, now: DateTime<Utc>, request: &str, body: &Value) -> (u16, Value) {
    let (method, path) = request.split_once(' ').unwrap();
    let request = Request::builder()
        .method(method)
        .uri(format!("https://coursekey.example/v1/schools/{school}{path}"))
        .header("authorization", format!("Bearer key-{school}"))
        .body(if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) })
        .unwrap();
    let response = simulator.handle(now, &request).response;
    (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap_or_default())
}

pub(super) fn student(number: u32) -> Value {
    json!({"issuedId": format!("S{number:06}"), "firstName": "Student", "lastName": format!("{number:06}"),
        "email": format!("student{number:06}@example.edu"), "teacher": false, "initialPassword": "Welcome1", "revision": 1})
}

pub(super) fn course(id: &str) -> Value {
    json!({"externalId": id, "name": "G1 MATH-1", "title": "CALCULUS I", "startDate": "2023-08-28",
        "endDate": "2023-12-20", "timeZone": "America/New_York", "owner": "owner@example.edu", "instructors": [],
        "attendanceName": "Class Schedule", "revision": 1})
}

pub(super) fn session(id: &str, starts: &str, ends: &str) -> Value {
    json!({"externalId": id, "courseId": "C1", "startsAt": at(starts), "endsAt": at(ends), "revision": 1})
}

/// Course C1 with 40 students and a class from 14:00 to 16:00, at school 1.
fn with_class(simulator: Simulator) -> Simulator {
    with_class_at(1, simulator)
}

fn with_class_at(school: u64, mut simulator: Simulator) -> Simulator {
    let now = at("08:00:00");
    let students: Vec<Value> = (1..=40).map(student).collect();
    let enroll = |n: u32| json!({"courseId": "C1", "userId": format!("S{n:06}"), "dropped": n == 40, "revision": 1});
    let enrollments: Vec<Value> = (1..=40).map(enroll).collect();
    for (request, items) in [
        ("PUT /users", students),
        ("PUT /courses", vec![course("C1")]),
        ("PUT /sessions", vec![session("C1-1", "14:00:00", "16:00:00")]),
        ("PUT /enrollments", enrollments),
    ] {
        let (status, answer) = send_to(school, &mut simulator, now, request, &json!({ "items": items }));
        assert_eq!(status, 200, "{answer}");
        assert!(answer["results"].as_array().unwrap().iter().all(|result| result["outcome"] == "created"));
    }
    simulator
}

fn roster(simulator: &Simulator) -> String {
    let mut out = Vec::new();
    simulator.write_roster(&mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// Every record that is listed at the instant, as the lines of the answer.
fn attendance(simulator: &mut Simulator, now: DateTime<Utc>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut path = "GET /attendance?updatedSince=2023-08-01T00:00:00Z&limit=7".to_owned();
    loop {
        let (status, answer) = send(simulator, now, &path, &Value::Null);
        assert_eq!(status, 200, "{answer}");
        lines.extend(answer["records"].as_array().unwrap().iter().map(Value::to_string));
        let Some(next) = answer["next"].as_str() else {
            return lines;
        };
        path = format!("GET /attendance?updatedSince=2023-08-01T00:00:00Z&limit=7&after={next}");
    }
}

fn status_of(simulator: &mut Simulator, uri: &str, key: Option<&str>) -> StatusCode {
    let mut request = Request::get(uri);
    if let Some(key) = key {
        request = request.header("authorization", key);
    }
    simulator.handle(at("08:00:00"), &request.body(Bytes::new()).unwrap()).response.status()
}

#[test]
fn a_key_opens_its_own_school_and_nothing_else() {
    let mut simulator = simulator();
    let mut status = |uri, key| status_of(&mut simulator, uri, key).as_u16();
    assert_eq!(status("/v1/schools/1", Some("Bearer key-1")), 200);
    assert_eq!(status("/schools/1/users", Some("Bearer key-1")), 200);
    assert_eq!(status("/schools/1", None), 401);
    assert_eq!(status("/schools/1", Some("key-1")), 401);
    assert_eq!(status("/schools/1", Some("Bearer nonsense")), 401);
    assert_eq!(status("/schools/3", Some("Bearer nonsense")), 401);
    assert_eq!(status("/schools/3", Some("Bearer key-1")), 404);
    assert_eq!(status("/schools/1", Some("Bearer key-2")), 403);
    assert_eq!(status("/schools/1/teachers", Some("Bearer key-1")), 404);
    simulator.set_credentials(at("08:00:00"), Credentials::Revoked).unwrap();
    assert_eq!(status_of(&mut simulator, "/schools/1", Some("Bearer key-1")).as_u16(), 401);
    simulator.set_credentials(at("08:00:00"), Credentials::Restored).unwrap();
    assert_eq!(status_of(&mut simulator, "/schools/1", Some("Bearer key-1")).as_u16(), 200);
}

#[test]
fn a_body_that_is_not_understood_is_refused_whole_and_repeats_no_value() {
    let mut simulator = simulator();
    let mut unknown_key = student(1);
    unknown_key["nickname"] = json!("Stu");
    let mut wrong_type = student(1);
    wrong_type["teacher"] = json!("private@example.edu");
    for item in [unknown_key, wrong_type, json!({})] {
        let (status, answer) =
            send(&mut simulator, at("08:00:00"), "PUT /users", &json!({"items": [student(2), item]}));
        assert_eq!(status, 400);
        assert!(!answer.to_string().contains("private"), "{answer}");
    }
    for query in ["?limit=0", "?limit=501", "?limit=x", "?after=1", "?page=2"] {
        let (status, answer) = send(&mut simulator, at("08:00:00"), &format!("GET /enrollments{query}"), &Value::Null);
        assert_eq!(status, 400, "{query}: {answer}");
    }
    assert!(simulator.is_empty());
}

#[test]
fn more_than_a_hundred_items_or_a_megabyte_are_refused_whole() {
    let mut simulator = simulator();
    let items: Vec<Value> = (1..=101).map(student).collect();
    let now = at("08:00:00");
    assert_eq!(send(&mut simulator, now, "PUT /users", &json!({ "items": items })).0, 413);
    assert!(simulator.is_empty());
    assert_eq!(send(&mut simulator, now, "PUT /users", &json!({ "items": items[1..] })).0, 200);
    let padded = " ".repeat(1024 * 1024) + &json!({"items": []}).to_string();
    let request = Request::put("/schools/1/users").header("authorization", "Bearer key-1");
    let handled = simulator.handle(now, &request.body(Bytes::from(padded)).unwrap());
    assert_eq!(handled.response.status().as_u16(), 413);
}

#[test]
fn pages_follow_one_another_without_gap_or_repetition() {
    let mut simulator = with_class(simulator());
    let now = at("08:00:00");
    send(&mut simulator, now, "PUT /courses", &json!({"items": [course("C2")]}));
    let enroll = |n: u32| json!({"courseId": "C2", "userId": format!("S{n:06}"), "dropped": false, "revision": 1});
    let second: Vec<Value> = (1..=20).map(enroll).collect();
    send(&mut simulator, now, "PUT /enrollments", &json!({ "items": second }));
    for (list, keys, count) in [
        ("users", ["accountId", "accountId"], 40),
        ("courses", ["externalId", "externalId"], 2),
        ("sessions", ["courseId", "externalId"], 1),
        ("enrollments", ["courseId", "userId"], 60),
    ] {
        let mut seen = Vec::new();
        let mut after = String::new();
        loop {
            let (_, page) = send(&mut simulator, at("08:00:00"), &format!("GET /{list}?limit=9{after}"), &Value::Null);
            let items = page["items"].as_array().unwrap();
            seen.extend(items.iter().map(|item| keys.map(|key| item[key].as_str().unwrap().to_owned())));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={next}");
        }
        assert_eq!(seen.len(), count, "{list}");
        assert!(seen.is_sorted_by(|a, b| a < b), "{list}: {seen:?}");
    }
    let (_, found) = send(&mut simulator, at("08:00:00"), "GET /users?email=STUDENT000007@example.edu", &Value::Null);
    assert_eq!(found["items"][0]["issuedId"], "S000007");
    assert_eq!(found["items"][0].get("initialPassword"), None);
}

#[test]
fn the_order_of_parallel_requests_and_whom_a_fault_hits_do_not_change_the_end() {
    let batches: Vec<Value> =
        (0..6).map(|batch| json!({"items": (batch * 10..batch * 10 + 10).map(student).collect::<Vec<_>>()})).collect();
    let end = |order: &[usize]| {
        let mut simulator = simulator();
        for effect in [FaultEffect::LostAnswer, FaultEffect::Timeout] {
            simulator.order_fault(Fault { on: Kind::Users, effect, times: 1 });
        }
        for batch in order.iter().chain(order) {
            send(&mut simulator, at("08:00:00"), "PUT /users", &batches[*batch]);
        }
        let (_, users) = send(&mut simulator, at("08:00:00"), "GET /users?limit=500", &Value::Null);
        users.to_string()
    };
    let forwards = end(&[0, 1, 2, 3, 4, 5]);
    assert_eq!(forwards, end(&[5, 3, 1, 0, 2, 4]));
    assert!(forwards.contains("S000059"), "{forwards}");
}

#[test]
fn faults_do_or_do_not_take_effect_as_their_kind_says() {
    for (effect, delivery, status, takes_effect) in [
        (FaultEffect::Status { status: 503, retry_after: Some(7) }, Delivery::Whole, 503, false),
        (FaultEffect::Timeout, Delivery::Never, 200, false),
        (FaultEffect::Cut, Delivery::Cut, 200, true),
        (FaultEffect::LostAnswer, Delivery::Never, 200, true),
    ] {
        let mut simulator = simulator();
        simulator.order_fault(Fault { on: Kind::Users, effect, times: 1 });
        let request = Request::put("/schools/1/users")
            .header("authorization", "Bearer key-1")
            .body(Bytes::from(json!({"items": [student(1)]}).to_string()))
            .unwrap();
        let handled = simulator.handle(at("08:00:00"), &request);
        assert_eq!((handled.delivery, handled.response.status().as_u16()), (delivery, status), "{effect:?}");
        assert_eq!(!simulator.is_empty(), takes_effect, "{effect:?}");
        let retry_after = handled.response.headers().get("retry-after").map(|value| value.to_str().unwrap());
        assert_eq!(retry_after, (status == 503).then_some("7"));
        assert_eq!(simulator.handle(at("08:00:01"), &request).delivery, Delivery::Whole);
    }
}

#[test]
fn requests_and_items_are_counted_by_kind() {
    let mut simulator = with_class(simulator());
    send(&mut simulator, at("08:00:00"), "GET /users?limit=5", &Value::Null);
    let counts = simulator.counts();
    assert_eq!(counts[&Kind::Users], Count { reads: 1, writes: 1, items: 45 });
    assert_eq!(counts[&Kind::Courses], Count { reads: 0, writes: 1, items: 1 });
    assert_eq!(counts.get(&Kind::Attendance), None);
}
