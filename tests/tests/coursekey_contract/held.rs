//! A simulated CourseKey whose every answer is checked against the contract, and the items that the tests send to it.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::Request;
use serde_json::{Value, json};
use simulator::{SchoolConfig, Simulator};

use crate::contract::Contract;

pub(crate) fn at(time: &str) -> DateTime<Utc> {
    format!("2023-08-28T{time}Z").parse().unwrap()
}

/// A simulated CourseKey whose every answer is checked against the contract.
pub(crate) struct Held<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) simulator: Simulator,
    pub(crate) now: DateTime<Utc>,
    pub(crate) key: &'static str,
}

impl<'a> Held<'a> {
    pub(crate) fn new(contract: &'a Contract) -> Self {
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
        Self { contract, simulator, now: at("08:00:00"), key: "key-1" }
    }

    /// Sends a request that keeps to the contract.
    pub(crate) fn send(&mut self, request: &str, body: &Value) -> (u16, Value) {
        let request = self.request(request, body);
        assert_eq!(self.contract.faults_of_request(&request), [""; 0], "{}", request.uri());
        self.exchange(&request)
    }

    /// Sends a request that breaks the contract.
    pub(crate) fn send_broken(&mut self, request: &str, body: &Value) -> (u16, Value) {
        let request = self.request(request, body);
        assert_ne!(self.contract.faults_of_request(&request), [""; 0], "{}", request.uri());
        self.exchange(&request)
    }

    fn request(&self, request: &str, body: &Value) -> Request<Bytes> {
        let (method, path) = request.split_once(' ').unwrap();
        Request::builder()
            .method(method)
            .uri(format!("https://coursekey.example/v1{path}"))
            .header("authorization", format!("Bearer {}", self.key))
            .body(if body.is_null() { Bytes::new() } else { Bytes::from(body.to_string()) })
            .unwrap()
    }

    fn exchange(&mut self, request: &Request<Bytes>) -> (u16, Value) {
        let response = self.simulator.handle(self.now, request).response;
        self.contract.assert_answer(request, &response);
        (response.status().as_u16(), serde_json::from_slice(response.body()).unwrap())
    }

    /// Upserts items; returns the outcome or the rejection code of each.
    pub(crate) fn put(&mut self, list: &str, items: &[Value]) -> Vec<String> {
        let (status, answer) = self.send(&format!("PUT /schools/1/{list}"), &json!({ "items": items }));
        assert_eq!(status, 200, "{answer}");
        outcomes(&answer)
    }

    /// School 1 with two students, an account without an issued id, and a course with a class from 14:00 to 16:00.
    pub(crate) fn with_class(mut self) -> Self {
        let start = r#"{"kind":"user","school":1,"id":null,"email":"loose@example.edu","teacher":false}"#;
        self.simulator.start_with(self.now, start.as_bytes()).unwrap();
        let created = ["created", "created"];
        assert_eq!(self.put("users", &[user(1), user(2)]), created);
        assert_eq!(self.put("courses", &[course("C1"), course("C2")]), created);
        assert_eq!(self.put("sessions", &[session("C1-1", 14), session("C1-2", 18)]), created);
        assert_eq!(self.put("enrollments", &[enrollment("S000001"), enrollment("S000002")]), created);
        self
    }
}

/// A cursor in the form in which a query carries it.
pub(crate) fn escaped(cursor: &str) -> String {
    cursor.replace(':', "%3A").replace('/', "%2F")
}

pub(crate) fn outcomes(answer: &Value) -> Vec<String> {
    let outcome = |result: &Value| {
        let said = result.pointer("/error/code").unwrap_or(&result["outcome"]);
        said.as_str().unwrap().to_owned()
    };
    answer["results"].as_array().unwrap().iter().map(outcome).collect()
}

pub(crate) fn user(number: u32) -> Value {
    json!({"issuedId": format!("S{number:06}"), "firstName": "Student", "lastName": format!("{number:06}"),
        "email": format!("student{number:06}@example.edu"), "teacher": false, "initialPassword": "Welcome1", "revision": 5})
}

pub(crate) fn course(id: &str) -> Value {
    json!({"externalId": id, "name": "G1 MATH-1", "title": "CALCULUS I", "startDate": "2023-08-28",
        "endDate": "2023-12-20", "timeZone": "America/New_York", "owner": "owner@example.edu",
        "instructors": ["S000001"], "attendanceName": "Class Schedule", "revision": 5})
}

pub(crate) fn session(id: &str, hour: u32) -> Value {
    json!({"externalId": id, "courseId": "C1", "startsAt": at(&format!("{hour}:00:00")),
        "endsAt": at(&format!("{}:00:00", hour + 2)), "revision": 5})
}

pub(crate) fn removal(id: &str) -> Value {
    json!({"externalId": id, "courseId": "C1", "removed": true, "revision": 6})
}

pub(crate) fn enrollment(user: &str) -> Value {
    json!({"courseId": "C1", "userId": user, "dropped": false, "revision": 5})
}

pub(crate) fn with(mut item: Value, key: &str, value: impl Into<Value>) -> Value {
    item[key] = value.into();
    item
}
