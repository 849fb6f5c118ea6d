//! The demo of the service: two schools, virtual time, and an end from which it goes on.

use serde_json::{Value, json};

use super::bench::Service;

/// The demo in a folder, with the operator's token from there.
pub(super) struct Demo {
    pub(super) service: Service,
    token: String,
}

impl Demo {
    pub(super) fn start(folder: &std::path::Path) -> Self {
        let service = Service::demo(folder);
        Self { service, token: std::fs::read_to_string(folder.join("secrets/operator-token")).unwrap() }
    }

    pub(super) fn ask(&self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.service.with_token(&self.token, method, path, body);
        assert!(answer.status < 300, "{method} {path}: {} {}", answer.status, answer.body);
        if answer.body.is_empty() { Value::Null } else { serde_json::from_str(&answer.body).unwrap() }
    }

    /// A demo that goes faster: of its two schools the large one stands from now on.
    pub(super) fn without_college(self) -> Self {
        self.service.until_created("/v1/schools/college/courses/MA-D-1", &self.token);
        self.ask("POST", "/v1/schools/college/pause", &Value::Null);
        self
    }

    /// Goes to a moment and stands there.
    pub(super) fn go_to(&self, moment: &str) {
        self.ask("PUT", "/demo/clock", &json!({"playing": false, "to": moment}));
        loop {
            let clock = self.ask("GET", "/demo/clock?wait=60", &Value::Null);
            if clock["towards"].is_null() {
                assert!(clock["now"].as_str().unwrap() >= moment, "{clock}");
                return;
            }
        }
    }

    fn marks(&self) -> Vec<Value> {
        let marks = self.ask("GET", "/v1/schools/demo/marks?class=anatomy-1", &Value::Null);
        marks["items"].as_array().unwrap().clone()
    }

    fn status(&self, course: &str) -> Value {
        self.ask("GET", &format!("/v1/schools/college/courses/{course}/status"), &Value::Null)["status"].clone()
    }

    fn counts(&self, school: &str) -> Value {
        self.ask("GET", &format!("/v1/schools/{school}"), &Value::Null)["courses"].clone()
    }
}

#[test]
fn the_demo_plays_two_schools_and_goes_on_where_it_was_killed() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    demo.go_to("2023-05-22T12:00:00Z");
    let counts = json!({"disabled": 1, "scheduled": 12, "failed": 4, "synchronized": 33});
    assert_eq!(demo.counts("college"), counts);
    demo.go_to("2023-05-24T12:00:00Z");
    assert_eq!(demo.status("MA-D-1"), "failed", "an address broke the day before");
    let clock = demo.ask("GET", "/demo/clock", &Value::Null);
    demo.service.kill();
    let again = Demo::start(folder.path());
    let later = again.ask("GET", "/demo/clock", &Value::Null);
    assert!(later["now"].as_str() >= clock["now"].as_str(), "{clock} {later}");
    assert_eq!(again.status("MA-D-1"), "failed");
    again.go_to("2023-05-24T15:00:00Z");
    assert_eq!(again.status("MA-D-1"), "synchronized", "the address was mended");
    again.go_to("2023-05-26T12:00:00Z");
    assert!(again.marks().is_empty());
    again.go_to("2023-05-26T23:00:00Z");
    assert_eq!(again.marks().len(), 11, "one student never checked out");
    assert_eq!(again.service.end(), Some(0));
}

#[test]
fn time_goes_only_as_the_operator_says() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(folder.path());
    let refused = demo.service.with_token("somebody", "PUT", "/demo/clock", &json!({"playing": false}));
    assert_eq!(refused.status, 401);
    let back = demo.service.with_token(&demo.token, "PUT", "/demo/clock", &json!({"to": "2023-05-01T00:00:00Z"}));
    assert!(back.status == 422 && back.body.contains("goes forward only"), "{}", back.body);
}
