//! The listing of attendance, which does not depend on when and how often requests read it.

use expect_test::expect;

use super::*;

#[test]
fn students_come_and_go_the_same_however_often_anybody_looks() {
    let late = at("23:00:00") + chrono::TimeDelta::days(10);
    let mut unwatched = with_class(simulator());
    let expected = attendance(&mut unwatched, late);
    assert!(expected.len() > 30, "{}", expected.len());
    assert!(!expected.iter().any(|line| line.contains("S000040")), "a dropped student came");

    let mut watched = with_class(simulator());
    let mut now = at("13:50:00");
    while now < at("17:00:00") {
        let _ = attendance(&mut watched, now);
        now += chrono::TimeDelta::seconds(97);
    }
    assert_eq!(attendance(&mut watched, late), expected);
}

#[test]
fn what_arrives_at_the_instant_of_a_start_counts_whoever_asks_first() {
    let enrolled_at_the_start = |polled: bool| {
        let mut simulator = with_class(simulator());
        if polled {
            let _ = attendance(&mut simulator, at("14:00:00"));
        }
        let item = json!({"courseId": "C1", "userId": "S000040", "dropped": false, "revision": 2});
        let (_, answer) = send(&mut simulator, at("14:00:00"), "PUT /enrollments", &json!({"items": [item]}));
        assert_eq!(answer["results"][0]["outcome"], "updated");
        attendance(&mut simulator, at("23:00:00"))
    };
    assert_eq!(enrolled_at_the_start(true), enrolled_at_the_start(false));
    assert!(enrolled_at_the_start(true).iter().any(|line| line.contains("S000040")));
}

#[test]
fn polling_from_the_last_instant_answered_misses_nothing() {
    let mut simulator = with_class(simulator());
    let mut seen = std::collections::BTreeSet::new();
    let mut since = at("13:00:00").to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let mut now = at("13:50:00");
    while now < at("17:00:00") {
        let path = format!("GET /attendance?updatedSince={since}&limit=500");
        let (_, answer) = send(&mut simulator, now, &path, &Value::Null);
        seen.extend(answer["records"].as_array().unwrap().iter().map(Value::to_string));
        since = answer["asOf"].as_str().unwrap().to_owned();
        now += chrono::TimeDelta::milliseconds(151_300);
    }
    for record in attendance(&mut simulator, now) {
        assert!(seen.contains(&record), "missed {record}");
    }
}

#[test]
fn records_of_a_file_are_served_instead_and_go_to_the_school_that_holds_the_session() {
    let mut simulator = simulator();
    let line = |id: &str, version: u32, class: &str, time: &str| {
        json!({"id": id, "version": version, "class": class, "student": "S000001", "updated-at": at(time),
            "visits": [{"in": at("13:58:00"), "out": null}], "adjustment": {"kind": "award-full", "by": "staff",
            "awarded-seconds": 7200}})
        .to_string()
    };
    let file =
        [line("a", 1, "C1-1", "14:00:00"), line("a", 2, "C1-1", "16:05:00"), line("b", 1, "elsewhere", "14:00:00")];
    simulator.load_attendance(file.join("\n").as_bytes()).unwrap();
    let mut simulator = with_class(simulator);
    assert_eq!(attendance(&mut simulator, at("13:59:59")), [""; 0]);
    let before = attendance(&mut simulator, at("14:00:00"));
    expect![[r#"{"adjustment":{"awardedSeconds":7200,"by":"staff","kind":"award-full"},"id":"a","sessionId":"C1-1","updatedAt":"2023-08-28T14:00:00Z","userId":"S000001","version":1,"visits":[{"in":"2023-08-28T13:58:00Z","out":null}]}"#]]
        .assert_eq(&before[0]);
    assert_eq!(before.len(), 2, "a session nobody holds is served where its student is");
    let after = attendance(&mut simulator, at("16:05:00"));
    assert!(after[1].contains(r#""version":2"#), "{after:?}");
    assert_eq!(after.len(), 2);
    let held = json!({"items": [{"externalId": "C1-1", "courseId": "C1", "removed": true, "revision": 2}]});
    let (_, answer) = send(&mut simulator, at("16:06:00"), "PUT /sessions", &held);
    assert_eq!(answer["results"][0]["error"]["code"], "has_attendance");
}

#[test]
fn a_session_begins_once_and_at_the_start_it_has_then() {
    let moved = |now: &str, starts: &str, ends: &str| {
        let mut simulator = with_class(simulator());
        let mut item = session("C1-1", starts, ends);
        item["revision"] = json!(2);
        send(&mut simulator, at(now), "PUT /sessions", &json!({"items": [item]}));
        attendance(&mut simulator, at("23:59:00"))
    };
    let unmoved = attendance(&mut with_class(simulator()), at("23:59:00"));
    let moved_ahead = moved("13:00:00", "18:00:00", "20:00:00");
    assert_eq!(moved_ahead.len(), unmoved.len());
    assert!(!moved_ahead.iter().any(|line| line.contains("T14:") || line.contains("T15:")));
    assert_eq!(moved("14:30:00", "17:00:00", "23:00:00"), unmoved, "moved while it was held");
    assert_eq!(moved("13:00:00", "10:00:00", "12:00:00"), [""; 0], "moved to a time that is past");
}

#[test]
fn a_school_is_given_no_other_schools_attendance() {
    let mut simulator = with_class(simulator());
    let request = Request::get("/schools/2/attendance?updatedSince=2023-08-01T00:00:00Z")
        .header("authorization", "Bearer key-2")
        .body(Bytes::new())
        .unwrap();
    let handled = simulator.handle(at("23:00:00"), &request);
    let answer: Value = serde_json::from_slice(handled.response.body()).unwrap();
    assert_eq!(answer["records"], json!([]));
}

#[test]
fn a_record_of_a_session_that_was_removed_stays_the_schools() {
    let mut simulator = simulator();
    let line = json!({"id": "a", "version": 1, "class": "C1-1", "student": "S999999", "updated-at": at("14:30:00"),
        "visits": [{"in": at("13:58:00"), "out": at("14:25:00")}], "adjustment": null});
    simulator.load_attendance(line.to_string().as_bytes()).unwrap();
    // Without the session the record is the first school's.
    let mut simulator = with_class_at(2, simulator);
    let removal = json!({"items": [{"externalId": "C1-1", "courseId": "C1", "removed": true, "revision": 2}]});
    send_to(2, &mut simulator, at("10:00:00"), "PUT /sessions", &removal);
    let path = "GET /attendance?updatedSince=2023-08-01T00:00:00Z";
    let (_, answer) = send_to(2, &mut simulator, at("23:00:00"), path, &Value::Null);
    assert_eq!(answer["records"].as_array().unwrap().len(), 1);
}
