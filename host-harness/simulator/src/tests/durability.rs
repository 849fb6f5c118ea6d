//! The data that outlives the process, and the errors about a file that cannot be used.

use std::fs;

use expect_test::expect;

use super::*;

#[test]
fn a_killed_simulator_finds_everything_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coursekey.log");
    let start = r#"{"kind":"user","school":2,"id":null,"email":"old@example.edu","teacher":true}"#;
    let late = at("23:00:00") + chrono::TimeDelta::days(10);

    let mut live = simulator();
    live.open(&path).unwrap();
    live.start_with(at("07:00:00"), start.as_bytes()).unwrap();
    live.reject_user(at("07:30:00"), "S000041", RejectionCode::EmailTaken).unwrap();
    let mut live = with_class(live);
    send(&mut live, at("17:00:00"), "PUT /sessions", &json!({"items": [session("C1-2", "18:00:00", "19:00:00")]}));
    live.set_credentials(at("17:30:00"), Credentials::Revoked).unwrap();

    let text = fs::read_to_string(&path).unwrap();
    assert!(!text.to_lowercase().contains("password") && !text.contains("Welcome1"));
    let torn = &text.lines().last().unwrap()[..20];
    fs::write(&path, format!("{text}{torn}")).unwrap();

    let mut again = simulator();
    again.open(&path).unwrap();
    assert_eq!(fs::read_to_string(&path).unwrap(), text);
    assert_eq!(roster(&again), roster(&live));
    assert_eq!(status_of(&mut again, "/schools/1", Some("Bearer key-1")).as_u16(), 401);
    assert!(matches!(again.start_with(at("17:31:00"), start.as_bytes()), Err(StartError::NotEmpty)));
    for simulator in [&mut live, &mut again] {
        simulator.set_credentials(at("17:40:00"), Credentials::Restored).unwrap();
    }
    assert_eq!(attendance(&mut again, late), attendance(&mut live, late));
    let (_, answer) = send(&mut again, late, "PUT /users", &json!({"items": [student(41)]}));
    assert_eq!(answer["results"][0]["error"]["code"], "email_taken");
}

#[test]
fn a_file_that_is_damaged_or_of_other_schools_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coursekey.log");
    let mut live = simulator();
    live.open(&path).unwrap();
    drop(with_class(live));
    let text = fs::read_to_string(&path).unwrap();
    let open = |text: &str| {
        fs::write(&path, text).unwrap();
        simulator().open(&path).unwrap_err().to_string()
    };
    expect!["read the simulator's file (move it away to start afresh): line 2 is damaged"]
        .assert_eq(&open(&text.replacen('\n', "\n{", 1)));
    expect!["replay the simulator's file (it belongs to other schools; move it away to start afresh): line 1"]
        .assert_eq(&open(&text.replace("\"school\":1", "\"school\":9")));
}

#[test]
fn what_was_taken_stays_taken_though_the_school_is_set_up_otherwise() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("coursekey.log");
    let mut live = simulator();
    live.open(&path).unwrap();
    let mut live = with_class(live);
    let removal = json!({"items": [{"externalId": "C1-1", "courseId": "C1", "removed": true, "revision": 2}]});
    send(&mut live, at("09:00:00"), "PUT /sessions", &removal);
    live.reject_user(at("09:30:00"), "S000001", RejectionCode::Invalid).unwrap();

    let mut again = simulator();
    again.add_school(SchoolConfig {
        number: 1,
        zone: "America/New_York".to_owned(),
        auth_key: "key-1".to_owned(),
        push_key: Vec::new(),
        owners: Vec::new(),
    });
    let early =
        r#"{"id":"a","version":1,"class":"C1-1","student":"S000001","updated-at":"2023-08-28T08:30:00Z","visits":[]}"#;
    again.load_attendance(early.as_bytes()).unwrap();
    again.open(&path).unwrap();
    assert_eq!(roster(&again), roster(&live));
}
