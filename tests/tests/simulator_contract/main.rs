//! Holds the simulated CourseKey to `plugin/coursekey.openapi.yaml`: every request the tests make and every answer it
//! gives is validated, and every status and rejection code the contract documents is really produced.
//!
//! What the rules do item by item is tested in the simulator's own room.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic
)]

mod contract;

use std::collections::BTreeSet;

use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use contract::Contract;
use host_harness::simulator::{Fault, FaultEffect, Kind, RejectionCode, SchoolConfig, Simulator};
use http::Request;
use serde_json::{Value, json};

fn at(time: &str) -> DateTime<Utc> {
    format!("2023-08-28T{time}Z").parse().unwrap()
}

/// A simulated CourseKey whose every answer is held to the contract.
struct Held<'a> {
    contract: &'a Contract,
    simulator: Simulator,
    now: DateTime<Utc>,
    key: &'static str,
}

impl<'a> Held<'a> {
    fn new(contract: &'a Contract) -> Self {
        let mut simulator = Simulator::new(1);
        for number in [1, 2] {
            simulator.add_school(SchoolConfig {
                number,
                zone: "America/New_York".to_owned(),
                auth_key: format!("key-{number}"),
                owners: vec!["owner@example.edu".to_owned()],
            });
        }
        Self {
            contract,
            simulator,
            now: at("08:00:00"),
            key: "key-1",
        }
    }

    /// Sends a request that keeps to the contract.
    fn send(&mut self, request: &str, body: &Value) -> (u16, Value) {
        let request = self.request(request, body);
        assert_eq!(
            self.contract.faults_of_request(&request),
            [""; 0],
            "{}",
            request.uri()
        );
        self.exchange(&request)
    }

    /// Sends a request that breaks it.
    fn send_broken(&mut self, request: &str, body: &Value) -> (u16, Value) {
        let request = self.request(request, body);
        assert_ne!(
            self.contract.faults_of_request(&request),
            [""; 0],
            "{}",
            request.uri()
        );
        self.exchange(&request)
    }

    fn request(&self, request: &str, body: &Value) -> Request<Bytes> {
        let (method, path) = request.split_once(' ').unwrap();
        Request::builder()
            .method(method)
            .uri(format!("https://coursekey.example/v1{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .body(if body.is_null() {
                Bytes::new()
            } else {
                Bytes::from(body.to_string())
            })
            .unwrap()
    }

    fn exchange(&mut self, request: &Request<Bytes>) -> (u16, Value) {
        let response = self.simulator.handle(self.now, request).response;
        self.contract.assert_answer(request, &response);
        (
            response.status().as_u16(),
            serde_json::from_slice(response.body()).unwrap(),
        )
    }

    /// Upserts items; gives the outcome or the rejection code of each.
    fn put(&mut self, list: &str, items: &[Value]) -> Vec<String> {
        let (status, answer) = self.send(
            &format!("PUT /schools/1/{list}"),
            &json!({ "items": items }),
        );
        assert_eq!(status, 200, "{answer}");
        outcomes(&answer)
    }

    /// School 1 with two students, an account without an issued id, and a course with a class from 14:00 to 16:00.
    fn with_class(mut self) -> Self {
        let start =
            r#"{"kind":"user","school":1,"id":null,"email":"loose@example.edu","teacher":false}"#;
        self.simulator
            .start_with(self.now, start.as_bytes())
            .unwrap();
        let created = ["created", "created"];
        assert_eq!(self.put("users", &[user(1), user(2)]), created);
        assert_eq!(self.put("courses", &[course("C1"), course("C2")]), created);
        assert_eq!(
            self.put("sessions", &[session("C1-1", 14), session("C1-2", 18)]),
            created
        );
        assert_eq!(
            self.put(
                "enrollments",
                &[enrollment("S000001"), enrollment("S000002")]
            ),
            created
        );
        self
    }
}

fn outcomes(answer: &Value) -> Vec<String> {
    let outcome = |result: &Value| {
        let said = result.pointer("/error/code").unwrap_or(&result["outcome"]);
        said.as_str().unwrap().to_owned()
    };
    answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(outcome)
        .collect()
}

fn user(number: u32) -> Value {
    json!({"issuedId": format!("S{number:06}"), "firstName": "Student", "lastName": format!("{number:06}"),
        "email": format!("student{number:06}@example.edu"), "teacher": false, "initialPassword": "Welcome1", "revision": 5})
}

fn course(id: &str) -> Value {
    json!({"externalId": id, "name": "G1 MATH-1", "title": "CALCULUS I", "startDate": "2023-08-28",
        "endDate": "2023-12-20", "timeZone": "America/New_York", "owner": "owner@example.edu",
        "instructors": ["S000001"], "attendanceName": "Class Schedule", "revision": 5})
}

fn session(id: &str, hour: u32) -> Value {
    json!({"externalId": id, "courseId": "C1", "startsAt": at(&format!("{hour}:00:00")),
        "endsAt": at(&format!("{}:00:00", hour + 2)), "revision": 5})
}

fn removal(id: &str) -> Value {
    json!({"externalId": id, "courseId": "C1", "removed": true, "revision": 6})
}

fn enrollment(user: &str) -> Value {
    json!({"courseId": "C1", "userId": user, "dropped": false, "revision": 5})
}

fn with(mut item: Value, key: &str, value: impl Into<Value>) -> Value {
    item[key] = value.into();
    item
}

#[test]
fn every_item_of_the_contract_is_described_and_says_whether_it_is_a_fact() {
    let contract = Contract::read();
    let kinds = [
        "schemas",
        "parameters",
        "headers",
        "responses",
        "securitySchemes",
    ];
    let components = kinds.iter().flat_map(|kind| {
        let items = contract.document["components"][kind].as_object().unwrap();
        items
            .iter()
            .map(move |(name, item)| (format!("{kind}/{name}"), item, "description"))
    });
    let operations = contract
        .operations()
        .map(|(path, method, item)| (format!("{method} {path}"), item, "summary"));
    for (name, item, text) in components.chain(operations) {
        let says = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        assert!(
            matches!(says("x-source"), "fact" | "assumption"),
            "{name}: x-source"
        );
        assert!(says("x-source-note").len() > 10, "{name}: x-source-note");
        assert!(says(text).len() > 5, "{name}: {text}");
    }
}

#[test]
fn requests_allow_no_key_that_is_not_described() {
    fn assert_closed(contract: &Contract, schema: &Value, name: &str) {
        let schema = contract.resolve(schema);
        if schema["type"] == "object" {
            assert_eq!(schema["additionalProperties"], false, "{name}");
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        properties.for_each(|(name, property)| assert_closed(contract, property, name));
        schema["oneOf"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(|form| assert_closed(contract, form, name));
        if let Some(items) = schema.get("items") {
            assert_closed(contract, items, name);
        }
    }
    let contract = Contract::read();
    let writes = contract
        .operations()
        .filter(|(_, _, operation)| operation.get("requestBody").is_some());
    let mut count = 0;
    for (path, _, operation) in writes {
        count += 1;
        assert_closed(
            &contract,
            &operation["requestBody"]["content"]["application/json"]["schema"],
            path,
        );
    }
    assert_eq!(count, 4);
}

#[test]
fn every_documented_answer_is_really_given() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    let lists = [
        (Kind::Connection, "", Value::Null),
        (Kind::Users, "/users", user(3)),
        (Kind::Courses, "/courses", course("C3")),
        (Kind::Sessions, "/sessions", session("C1-3", 20)),
        (Kind::Enrollments, "/enrollments", enrollment("S000003")),
        (
            Kind::Attendance,
            "/attendance?updatedSince=2023-08-28T00:00:00Z",
            Value::Null,
        ),
    ];
    for (kind, path, item) in &lists {
        let mut requests = vec![("GET", Value::Null)];
        if !item.is_null() {
            requests.push(("PUT", json!({ "items": [item] })));
            let put = format!("PUT /schools/1{path}");
            let (status, _) = held.send_broken(&put, &json!({ "items": vec![item; 101] }));
            assert_eq!(status, 413);
            assert_eq!(
                held.send_broken(&put, &json!({ "items": [with(item.clone(), "extra", 1)] }))
                    .0,
                400
            );
            assert_eq!(held.send_broken(&put, &json!({ "items": item })).0, 400);
        }
        let broken = path.split('?').next().unwrap();
        assert_eq!(
            held.send_broken(&format!("GET /schools/1{broken}?limit=0"), &Value::Null)
                .0,
            400
        );
        for (method, body) in &requests {
            let mut status = |school: u32, key: &'static str| {
                held.key = key;
                held.send(&format!("{method} /schools/{school}{path}"), body)
                    .0
            };
            assert_eq!(status(1, "key-1"), 200);
            assert_eq!(status(1, "key-9"), 401);
            assert_eq!(status(1, "key-2"), 403);
            assert_eq!(status(9, "key-1"), 404);
            for (fault, retry_after) in [(429, Some(30)), (500, None), (503, Some(5))] {
                let effect = FaultEffect::Status {
                    status: fault,
                    retry_after,
                };
                held.simulator.order_fault(Fault {
                    on: *kind,
                    effect,
                    times: 1,
                });
                held.key = "key-1";
                assert_eq!(
                    held.send(&format!("{method} /schools/1{path}"), body).0,
                    fault
                );
            }
        }
    }
    let missing: Vec<_> = contract
        .documented()
        .difference(&contract.seen.borrow())
        .cloned()
        .collect();
    assert_eq!(missing, []);
}

#[test]
fn every_documented_rejection_code_is_really_given() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    let (_, loose) = held.send(
        "GET /schools/1/users?email=loose%40example.edu",
        &Value::Null,
    );
    let loose = loose["items"][0]["accountId"].clone();
    held.now = at("17:00:00");
    let mut given = BTreeSet::new();
    for (list, item, code) in [
        ("users", with(user(3), "email", "3 (home)"), "email_invalid"),
        (
            "users",
            with(user(3), "email", "Student000001@example.edu"),
            "email_taken",
        ),
        (
            "users",
            with(user(3), "initialPassword", "welcome"),
            "password_weak",
        ),
        (
            "courses",
            with(course("C1"), "owner", "nobody@example.edu"),
            "unknown_owner",
        ),
        (
            "courses",
            with(course("C1"), "instructors", vec!["S000009"]),
            "unknown_user",
        ),
        ("enrollments", enrollment("S000009"), "unknown_user"),
        (
            "enrollments",
            with(enrollment("S000001"), "courseId", "C9"),
            "unknown_course",
        ),
        (
            "sessions",
            with(session("C1-1", 14), "courseId", "C9"),
            "unknown_course",
        ),
        ("sessions", removal("C1-1"), "has_attendance"),
        ("users", with(user(1), "revision", 4), "stale_revision"),
        (
            "users",
            with(user(1), "accountId", loose),
            "account_mismatch",
        ),
        (
            "courses",
            with(course("C1"), "endDate", "2023-08-27"),
            "invalid",
        ),
    ] {
        assert_eq!(held.put(list, &[item]), [code]);
        given.insert(code);
    }
    let documented = contract.document["components"]["schemas"]["RejectionCode"]["enum"]
        .as_array()
        .unwrap();
    let documented: BTreeSet<&str> = documented.iter().filter_map(Value::as_str).collect();
    assert_eq!(given, documented);
    assert_eq!(
        RejectionCode::ALL
            .map(RejectionCode::as_str)
            .into_iter()
            .collect::<BTreeSet<_>>(),
        documented
    );
}

#[test]
fn items_that_break_a_limit_are_rejected_alone() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    for (list, good, bad) in [
        ("users", user(1), with(user(3), "issuedId", "")),
        ("users", user(1), with(user(3), "lastName", "x".repeat(101))),
        ("courses", course("C1"), with(course("C3"), "name", "")),
        (
            "courses",
            course("C1"),
            with(course("C3"), "title", "x".repeat(251)),
        ),
        (
            "courses",
            course("C1"),
            with(course("C3"), "instructors", vec!["S000001"; 101]),
        ),
        (
            "sessions",
            session("C1-1", 14),
            with(session("C1-3", 14), "externalId", "x".repeat(101)),
        ),
    ] {
        let body = json!({ "items": [bad, good] });
        let (status, answer) = held.send_broken(&format!("PUT /schools/1/{list}"), &body);
        assert_eq!(
            (status, outcomes(&answer)),
            (200, vec!["invalid".to_owned(), "unchanged".to_owned()])
        );
    }
}

#[test]
fn ten_days_of_use_keep_to_the_contract() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    let people: Vec<Value> = (3..=90).map(user).collect();
    held.put("users", &people);
    held.put(
        "enrollments",
        &people
            .iter()
            .map(|p| enrollment(p["issuedId"].as_str().unwrap()))
            .collect::<Vec<_>>(),
    );
    assert_eq!(
        held.put("sessions", &[removal("C1-9"), session("C1-3", 20)]),
        ["unchanged", "created"]
    );
    assert_eq!(held.put("sessions", &[removal("C1-3")]), ["updated"]);
    for list in ["users", "courses", "sessions", "enrollments"] {
        let (_, page) = held.send(&format!("GET /schools/1/{list}?limit=1"), &Value::Null);
        let next = page["next"].as_str().unwrap().replace(':', "%3A");
        let (_, page) = held.send(
            &format!("GET /schools/1/{list}?limit=500&after={next}"),
            &Value::Null,
        );
        assert!(
            !page["items"].as_array().unwrap().is_empty() && page["next"].is_null(),
            "{list}"
        );
    }
    let mut seen = BTreeSet::new();
    for hours in [7, 9, 12, 24, 100, 240] {
        held.now = at("08:00:00") + TimeDelta::hours(hours);
        let mut after = String::new();
        loop {
            let path = format!(
                "GET /schools/1/attendance?updatedSince=2023-08-28T00:00:00Z&limit=50{after}"
            );
            let (_, page) = held.send(&path, &Value::Null);
            seen.extend(
                page["records"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(Value::to_string),
            );
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={}", next.replace(':', "%3A"));
        }
    }
    for case in [r#""out":null"#, r#""kind":"edit""#, r#""version":3"#] {
        assert!(
            seen.iter().any(|record| record.contains(case)),
            "no record with {case} in ten days"
        );
    }
}
