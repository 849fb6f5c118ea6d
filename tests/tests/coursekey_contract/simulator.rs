//! The simulator's side: every request that these tests make, and every answer, is checked against the contract, and
//! every status and rejection code that the contract documents is really produced.
//!
//! Not here: the rules, item by item (the simulator's own room).

use std::collections::BTreeSet;

use chrono::TimeDelta;
use serde_json::{Value, json};
use simulator::{Fault, FaultEffect, Kind, RejectionCode};

use crate::contract::Contract;
use crate::held::{Held, at, course, enrollment, escaped, outcomes, removal, session, user, with};

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
        (Kind::Attendance, "/attendance?updatedSince=2023-08-28T00%3A00%3A00Z", Value::Null),
    ];
    for (kind, path, item) in &lists {
        let mut requests = vec![("GET", Value::Null)];
        if !item.is_null() {
            requests.push(("PUT", json!({ "items": [item] })));
            let put = format!("PUT /schools/1{path}");
            let (status, _) = held.send_broken(&put, &json!({ "items": vec![item; 101] }));
            assert_eq!(status, 413);
            assert_eq!(held.send_broken(&put, &json!({ "items": [with(item.clone(), "extra", 1)] })).0, 400);
            assert_eq!(held.send_broken(&put, &json!({ "items": item })).0, 400);
        }
        let broken = path.split('?').next().unwrap();
        assert_eq!(held.send_broken(&format!("GET /schools/1{broken}?limit=0"), &Value::Null).0, 400);
        for (method, body) in &requests {
            let mut status = |school: u32, key: &'static str| {
                held.key = key;
                held.send(&format!("{method} /schools/{school}{path}"), body).0
            };
            assert_eq!(status(1, "key-1"), 200);
            assert_eq!(status(1, "key-9"), 401);
            assert_eq!(status(1, "key-2"), 403);
            assert_eq!(status(9, "key-1"), 404);
            for (fault, retry_after) in [(429, Some(30)), (500, None), (503, Some(5))] {
                let effect = FaultEffect::Status { status: fault, retry_after };
                held.simulator.order_fault(Fault { on: *kind, effect, times: 1 });
                held.key = "key-1";
                assert_eq!(held.send(&format!("{method} /schools/1{path}"), body).0, fault);
            }
        }
    }
    let missing: Vec<_> = contract.documented().difference(&contract.seen.borrow()).cloned().collect();
    assert_eq!(missing, []);
}

#[test]
fn every_documented_rejection_code_is_really_given() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    let (_, loose) = held.send("GET /schools/1/users?email=loose%40example.edu", &Value::Null);
    let loose = loose["items"][0]["accountId"].clone();
    held.now = at("17:00:00");
    let mut given = BTreeSet::new();
    for (list, item, code) in [
        ("users", with(user(3), "email", "3 (home)"), "email_invalid"),
        ("users", with(user(3), "email", "Student000001@example.edu"), "email_taken"),
        ("users", with(user(3), "initialPassword", "welcome"), "password_weak"),
        ("courses", with(course("C1"), "owner", "nobody@example.edu"), "unknown_owner"),
        ("courses", with(course("C1"), "instructors", vec!["S000009"]), "unknown_user"),
        ("enrollments", enrollment("S000009"), "unknown_user"),
        ("enrollments", with(enrollment("S000001"), "courseId", "C9"), "unknown_course"),
        ("sessions", with(session("C1-1", 14), "courseId", "C9"), "unknown_course"),
        ("sessions", removal("C1-1"), "has_attendance"),
        ("users", with(user(1), "revision", 4), "stale_revision"),
        ("users", with(user(1), "accountId", loose), "account_mismatch"),
        ("courses", with(course("C1"), "endDate", "2023-08-27"), "invalid"),
    ] {
        assert_eq!(held.put(list, &[item]), [code]);
        given.insert(code);
    }
    let documented = contract.document["components"]["schemas"]["RejectionCode"]["enum"].as_array().unwrap();
    let documented: BTreeSet<&str> = documented.iter().filter_map(Value::as_str).collect();
    assert_eq!(given, documented);
    assert_eq!(RejectionCode::ALL.map(RejectionCode::as_str).into_iter().collect::<BTreeSet<_>>(), documented);
}

#[test]
fn items_that_break_a_limit_are_rejected_alone() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    for (list, good, bad) in [
        ("users", user(1), with(user(3), "issuedId", "")),
        ("users", user(1), with(user(3), "lastName", "x".repeat(101))),
        ("courses", course("C1"), with(course("C3"), "name", "")),
        ("courses", course("C1"), with(course("C3"), "title", "x".repeat(251))),
        ("courses", course("C1"), with(course("C3"), "instructors", vec!["S000001"; 101])),
        ("sessions", session("C1-1", 14), with(session("C1-3", 14), "externalId", "x".repeat(101))),
    ] {
        let body = json!({ "items": [bad, good] });
        let (status, answer) = held.send_broken(&format!("PUT /schools/1/{list}"), &body);
        assert_eq!((status, outcomes(&answer)), (200, vec!["invalid".to_owned(), "unchanged".to_owned()]));
    }
}

#[test]
fn pushes_keep_to_the_contract() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    let now = at("08:00:00") + TimeDelta::days(3);
    held.now = now;
    let (_, page) = held.send("GET /schools/1/attendance?updatedSince=2023-08-28T00%3A00%3A00Z", &Value::Null);
    let ids = page["records"].as_array().unwrap().iter().map(|record| record["id"].as_str().unwrap().to_owned());
    let ids: Vec<String> = ids.chain(["nobody knows it".to_owned()]).collect();
    let pushes = held.simulator.push(now, &ids);
    let [(1, pushes)] = &pushes[..] else { panic!("one school has records") };
    assert_eq!(pushes.iter().flat_map(|pushed| contract.faults_of_push(pushed)).collect::<Vec<_>>(), [""; 0]);
    let records = serde_json::from_slice::<Value>(&pushes[0].body).unwrap()["records"].take();
    assert_eq!(records, page["records"], "the records of the listing");
    assert!(held.simulator.push(now, &[]).is_empty());
}

#[test]
fn ten_days_of_use_keep_to_the_contract() {
    let contract = Contract::read();
    let mut held = Held::new(&contract).with_class();
    let people: Vec<Value> = (3..=90).map(user).collect();
    held.put("users", &people);
    held.put("enrollments", &people.iter().map(|p| enrollment(p["issuedId"].as_str().unwrap())).collect::<Vec<_>>());
    assert_eq!(held.put("sessions", &[removal("C1-9"), session("C1-3", 20)]), ["unchanged", "created"]);
    assert_eq!(held.put("sessions", &[removal("C1-3")]), ["updated"]);
    for list in ["users", "courses", "sessions", "enrollments"] {
        let (_, page) = held.send(&format!("GET /schools/1/{list}?limit=1"), &Value::Null);
        let next = escaped(page["next"].as_str().unwrap());
        let (_, page) = held.send(&format!("GET /schools/1/{list}?limit=500&after={next}"), &Value::Null);
        assert!(!page["items"].as_array().unwrap().is_empty() && page["next"].is_null(), "{list}");
    }
    let mut seen = BTreeSet::new();
    for hours in [7, 9, 12, 24, 100, 240] {
        held.now = at("08:00:00") + TimeDelta::hours(hours);
        let mut after = String::new();
        loop {
            let path = format!("GET /schools/1/attendance?updatedSince=2023-08-28T00%3A00%3A00Z&limit=50{after}");
            let (_, page) = held.send(&path, &Value::Null);
            seen.extend(page["records"].as_array().unwrap().iter().map(Value::to_string));
            let Some(next) = page["next"].as_str() else {
                break;
            };
            after = format!("&after={}", escaped(next));
        }
    }
    for case in [r#""out":null"#, r#""kind":"edit""#, r#""version":3"#] {
        assert!(seen.iter().any(|record| record.contains(case)), "no record with {case} in ten days");
    }
}
