//! Every rule, one change at a time: `check` upserts into a small school and compares the item's result.

#![allow(clippy::unwrap_used)]

use expect_test::expect;
use serde_json::{Value, json};

use super::super::tests::{at, course, send, session, simulator, student};
use super::super::{RejectionCode, Simulator};
use super::is_email;

/// School 1 with students 1 and 2, an account without an issued id, course C1 with session C1-1 and student 1 in it.
fn small_school() -> Simulator {
    let mut simulator = simulator();
    let start = r#"{"kind":"user","school":1,"id":null,"email":"loose@example.edu","teacher":false,"first-name":"Student","last-name":"000009"}"#;
    simulator.start_with(at("07:00:00"), start.as_bytes()).unwrap();
    put(&mut simulator, "users", &json!([student(1), student(2)]));
    put(&mut simulator, "courses", &json!([course("C1")]));
    put(&mut simulator, "sessions", &json!([session("C1-1", "14:00:00", "16:00:00")]));
    put(&mut simulator, "enrollments", &json!([enrollment("C1", "S000001")]));
    simulator
}

fn enrollment(course: &str, user: &str) -> Value {
    json!({"courseId": course, "userId": user, "dropped": false, "revision": 1})
}

fn put(simulator: &mut Simulator, list: &str, items: &Value) -> String {
    let (status, answer) = send(simulator, at("08:00:00"), &format!("PUT /{list}"), &json!({ "items": items }));
    let Some(results) = answer.get("results").and_then(Value::as_array) else {
        return status.to_string();
    };
    let lines: Vec<String> = results.iter().map(line).collect();
    lines.join(", ")
}

fn line(result: &Value) -> String {
    let text = |pointer| result.pointer(pointer).and_then(Value::as_str);
    let outcome = text("/outcome").unwrap();
    match (text("/error/code"), text("/error/field")) {
        (Some(code), Some(field)) => format!("{code} ({field})"),
        _ => outcome.to_owned(),
    }
}

/// Merges its change into each item, and upserts each item into a small school of its own.
fn check(list: &str, cases: &[(Value, Value, &str)]) {
    for (item, change, expected) in cases {
        let met = put(&mut small_school(), list, &json!([merged(item, change)]));
        assert_eq!(met, *expected, "{list}: {change}");
    }
}

fn merged(item: &Value, change: &Value) -> Value {
    let mut item = item.clone();
    if let (Value::Object(item), Value::Object(change)) = (&mut item, change.clone()) {
        item.extend(change);
        item.retain(|_, value| !value.is_null());
    }
    item
}

#[test]
fn a_user_is_created_updated_or_left() {
    check(
        "users",
        &[
            (student(3), json!({}), "created"),
            (student(1), json!({}), "unchanged"),
            (student(1), json!({"revision": 2}), "unchanged"),
            (student(1), json!({"lastName": "000011"}), "updated"),
            (student(1), json!({"email": "new@example.edu"}), "updated"),
            (student(1), json!({"email": "STUDENT000001@example.edu"}), "updated"),
            (student(1), json!({"teacher": true}), "updated"),
            (student(1), json!({"initialPassword": "weak"}), "unchanged"),
        ],
    );
}

#[test]
fn a_user_is_rejected_for_its_address_its_password_or_its_revision() {
    let long = "x".repeat(101);
    check(
        "users",
        &[
            (student(3), json!({"email": "no address"}), "email_invalid (email)"),
            (student(3), json!({"email": "STUDENT000001@example.edu"}), "email_taken (email)"),
            (student(1), json!({"email": "student000002@example.edu"}), "email_taken (email)"),
            (student(3), json!({"email": "loose@example.edu"}), "email_taken (email)"),
            (student(3), json!({"initialPassword": "Wel1"}), "password_weak (initialPassword)"),
            (student(3), json!({"initialPassword": "welcome1"}), "password_weak (initialPassword)"),
            (student(3), json!({"initialPassword": "WELCOME1"}), "password_weak (initialPassword)"),
            (student(3), json!({"initialPassword": "Welcome"}), "password_weak (initialPassword)"),
            (student(3), json!({"initialPassword": null}), "password_weak (initialPassword)"),
            (student(1), json!({"revision": 0}), "stale_revision (revision)"),
            (student(3), json!({"issuedId": ""}), "invalid (issuedId)"),
            (student(3), json!({"firstName": long}), "invalid (firstName)"),
            (student(3), json!({"lastName": long}), "invalid (lastName)"),
        ],
    );
}

#[test]
fn an_address_that_was_given_up_is_free_again() {
    let mut simulator = small_school();
    let moved = merged(&student(1), &json!({"email": "new@example.edu"}));
    let heir = merged(&student(3), &json!({"email": "student000001@example.edu"}));
    expect!["updated, created"].assert_eq(&put(&mut simulator, "users", &json!([moved, heir])));
}

#[test]
fn an_account_without_an_issued_id_is_adopted_once() {
    let mut simulator = small_school();
    let (_, found) = send(&mut simulator, at("08:00:00"), "GET /users?email=loose@example.edu", &Value::Null);
    let account = found.pointer("/items/0/accountId").unwrap().clone();
    let mut adopt = |number: u32, account: &Value| {
        let item = json!({"email": "loose@example.edu", "accountId": account, "initialPassword": null});
        put(&mut simulator, "users", &json!([merged(&student(number), &item)]))
    };
    expect!["unknown_user (accountId)"].assert_eq(&adopt(9, &json!("u-none")));
    expect!["account_mismatch (accountId)"].assert_eq(&adopt(1, &account));
    expect!["updated"].assert_eq(&adopt(9, &account));
    expect!["unchanged"].assert_eq(&adopt(9, &account));
    expect!["account_mismatch (accountId)"].assert_eq(&adopt(10, &account));
}

#[test]
fn a_person_can_be_refused_by_order() {
    let mut simulator = small_school();
    simulator.reject_user(at("08:00:00"), "S000001", RejectionCode::Invalid).unwrap();
    expect!["invalid (issuedId), unchanged"].assert_eq(&put(&mut simulator, "users", &json!([student(1), student(2)])));
}

#[test]
fn a_course_needs_a_known_owner_and_known_instructors() {
    check(
        "courses",
        &[
            (course("C2"), json!({}), "created"),
            (course("C1"), json!({}), "unchanged"),
            (course("C1"), json!({"title": "CALCULUS II"}), "updated"),
            (course("C1"), json!({"instructors": ["S000002"]}), "updated"),
            (course("C1"), json!({"owner": "Student000002@example.edu"}), "updated"),
            (course("C1"), json!({"owner": "nobody@example.edu"}), "unknown_owner (owner)"),
            (course("C1"), json!({"owner": ""}), "unknown_owner (owner)"),
            (course("C1"), json!({"instructors": ["S000001", "S9"]}), "unknown_user (instructors)"),
            (course("C1"), json!({"revision": 0}), "stale_revision (revision)"),
            (course("C1"), json!({"timeZone": "EST/Nowhere"}), "invalid (timeZone)"),
            (course("C1"), json!({"endDate": "2023-08-27"}), "invalid (endDate)"),
            (course("C1"), json!({"name": ""}), "invalid (name)"),
            (course("C1"), json!({"title": "x".repeat(251)}), "invalid (title)"),
            (course(""), json!({}), "invalid (externalId)"),
            (course("C1"), json!({"instructors": vec!["S000001"; 101]}), "invalid (instructors)"),
            (course("C1"), json!({"attendanceName": "Punches"}), "400"),
        ],
    );
}

#[test]
fn a_session_needs_a_known_course_and_a_length() {
    let item = |id| session(id, "14:00:00", "16:00:00");
    let gone = json!({"startsAt": null, "endsAt": null, "removed": true});
    check(
        "sessions",
        &[
            (item("C1-2"), json!({}), "created"),
            (item("C1-1"), json!({"startsAt": at("15:00:00")}), "updated"),
            (item("C1-1"), json!({"courseId": "C9"}), "unknown_course (courseId)"),
            (item("C1-1"), json!({"endsAt": at("14:00:00")}), "invalid (endsAt)"),
            (item("C1-1"), json!({"revision": 0}), "stale_revision (revision)"),
            (item(""), json!({}), "invalid (externalId)"),
            (item("C1-1"), gone.clone(), "updated"),
            (item("C1-9"), gone, "unchanged"),
            (item("C1-1"), json!({"removed": true}), "400"),
            (item("C1-1"), json!({"startsAt": null, "endsAt": null, "removed": false}), "400"),
            (item("C1-1"), json!({"endsAt": null}), "400"),
        ],
    );
}

#[test]
fn a_session_with_attendance_stays() {
    let mut simulator = small_school();
    put(&mut simulator, "enrollments", &json!([enrollment("C1", "S000002")]));
    let gone = json!({"items": [{"externalId": "C1-1", "courseId": "C1", "removed": true, "revision": 2}]});
    let (_, answer) = send(&mut simulator, at("16:30:00"), "PUT /sessions", &gone);
    expect!["has_attendance (removed)"].assert_eq(&line(answer.pointer("/results/0").unwrap()));
}

#[test]
fn an_enrollment_needs_its_course_and_its_user() {
    check(
        "enrollments",
        &[
            (enrollment("C1", "S000002"), json!({}), "created"),
            (enrollment("C1", "S000001"), json!({}), "unchanged"),
            (enrollment("C1", "S000001"), json!({"dropped": true}), "updated"),
            (enrollment("C1", "S000001"), json!({"revision": 0}), "stale_revision (revision)"),
            (enrollment("C9", "S000001"), json!({}), "unknown_course (courseId)"),
            (enrollment("C1", "S000009"), json!({}), "unknown_user (userId)"),
        ],
    );
}

#[test]
fn an_address_is_plain_and_whole() {
    for good in ["a@b.cd", "first.last+tag@mail.example.edu", "o'x@example.edu"] {
        assert!(is_email(good), "{good}");
    }
    let long = format!("{}@example.edu", "x".repeat(250));
    for bad in [
        "",
        "a",
        "@b.cd",
        "a@",
        "a@b",
        "a@.cd",
        "a@b.",
        "a b@c.de",
        "a@b.cd (home)",
        "a@b@c.de",
        "a@b.cd; x@y.zz",
        &long,
    ] {
        assert!(!is_email(bad), "{bad}");
    }
}
