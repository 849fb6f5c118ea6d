//! `Debug` and `Display` of types that hold people, keys and passwords show none of them; and the check of the log
//! finds a leak.
//!
//! Not held: a `Value` or a `JournalEntry` that is printed by itself shows its texts, because the bindings generate
//! their `Debug`, and so does an `Operation` that is an entry. The host prints neither; `tests::discretion` checks
//! this for every line of the log in every test that runs the host.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use host::door::{Answer, CredentialHeader, Denial, Outgoing, RequestEntry, Secret, TransportError};
use host::gegi::{
    Agreement, Campus, Course, CourseKind, Delivery, GegiUnavailable, HoursType, Instructor, Issue, LocalDate, Message,
    Named, OpenIssue, Operation, Owner, SchoolSettings, SendOption, Student, Value,
};
use host::push::{BadPushKey, Push, PushKey, PushKeys, Refusal};
use host::school::{CallError, CallFailure, CourseChange};
use lab::run::Keys;
use tests::discretion::{ADDRESS, KEY, NAME, PASSWORD, PUSH_KEY, Watch, assert_discreet, leak};
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::Registry;

const DAY: LocalDate = LocalDate { year: 2023, month: 8, day: 28 };

fn instructor() -> Instructor {
    let (id, revision) = ("I00001".to_owned(), 1);
    Instructor { id, revision, first_name: NAME.to_owned(), last_name: NAME.to_owned(), email: ADDRESS.to_owned() }
}

fn student() -> Student {
    Student {
        id: "S000001".to_owned(),
        revision: 1,
        first_name: NAME.to_owned(),
        last_name: NAME.to_owned(),
        email: ADDRESS.to_owned(),
        stage: "ACTIVE".to_owned(),
        agreement: Agreement::Assigned,
        enrolled_from: DAY,
        stopped_on: None,
    }
}

fn course() -> Course {
    let named = || Named { id: "N1".to_owned(), name: "Nursing".to_owned() };
    Course {
        id: "C1".to_owned(),
        revision: 1,
        kind: CourseKind::GroupCourse,
        campus: "main".to_owned(),
        program: named(),
        group: named(),
        groups: Vec::new(),
        number: "N-1".to_owned(),
        title: "Title".to_owned(),
        start_date: DAY,
        end_date: DAY,
        completed_date: None,
        hours_type: HoursType::ClassSchedule,
        send_to_coursekey: SendOption::On,
        program_send_to_coursekey: SendOption::Inherit,
        instructors: vec![instructor()],
        students: vec![student()],
        classes: Vec::new(),
    }
}

fn settings() -> SchoolSettings {
    let main = Campus::new("main", "America/New_York", 548_156);
    let url = format!("https://{NAME}:{PASSWORD}@api.example.com/v1");
    let campuses = vec![Campus { course_owner: Some(ADDRESS.to_owned()), ..main }];
    SchoolSettings {
        error_email: Some(ADDRESS.to_owned()),
        initial_user_password: PASSWORD.to_owned(),
        ..SchoolSettings::with_defaults("Example School", url, campuses)
    }
}

fn message() -> Message {
    let variables = vec![
        ("issues".to_owned(), Value::Rows(vec![vec![("who".to_owned(), NAME.to_owned())]])),
        ("school".to_owned(), Value::Text(ADDRESS.to_owned())),
    ];
    Message { template: "synchronization-issues".to_owned(), recipient: ADDRESS.to_owned(), variables }
}

fn issue() -> Issue {
    Issue {
        code: "email-wrong".to_owned(),
        course: Some("C1".to_owned()),
        class: None,
        person: Some("S000001".to_owned()),
        sentence: format!("{NAME} has {ADDRESS}"),
        owner: Owner::School,
        remedy: format!("Write to {ADDRESS}"),
    }
}

fn delivery<T>(payload: T) -> Delivery<T> {
    Delivery { sequence: 1, id: "school-1/records/1".to_owned(), payload }
}

fn outgoing() -> Outgoing {
    let credentials = CredentialHeader::default().value(&Secret::new(KEY)).unwrap();
    let request = http::Request::get(format!("https://api.example.com/v1/schools/548156/users?email={ADDRESS}"))
        .header("authorization", credentials)
        .body(Bytes::from(format!("{NAME} {PASSWORD}")));
    Outgoing { request: request.unwrap(), school: "school-1".into(), campus: "main".to_owned() }
}

fn answer() -> Answer {
    let body = Bytes::from(format!("{{\"firstName\":\"{NAME}\",\"email\":\"{ADDRESS}\"}}"));
    let response = http::Response::builder().header("x-user", ADDRESS).body(body).unwrap();
    Answer { response, latency: Duration::from_millis(7) }
}

fn push() -> Push {
    let (id, timestamp, signature) = ("msg_1".to_owned(), "0".to_owned(), format!("v1,{NAME}"));
    Push { id, timestamp, signature, body: format!("{NAME} {ADDRESS}").into_bytes() }
}

fn keys() -> Keys {
    let mut keys = Keys::default();
    keys.requests.insert("main".to_owned(), Secret::new(KEY));
    keys.pushes.insert("main".to_owned(), push_keys());
    keys
}

fn push_keys() -> PushKeys {
    PushKeys { current: PushKey::new(PUSH_KEY.to_vec()), other: Some(PushKey::new(PUSH_KEY.to_vec())) }
}

#[test]
fn nothing_that_holds_people_or_keys_prints_them() {
    let opened = OpenIssue { key: "email-wrong/S000001".to_owned(), at: 0, issue: issue() };
    let table: Vec<(&str, Box<dyn Debug>)> = vec![
        ("Instructor", Box::new(instructor())),
        ("Student", Box::new(student())),
        ("Course", Box::new(course())),
        ("CourseChange", Box::new(CourseChange::Saved(course()))),
        ("SchoolSettings", Box::new(settings())),
        ("Message", Box::new(message())),
        ("Delivery<Message>", Box::new(delivery(message()))),
        ("Issue", Box::new(issue())),
        ("Delivery<Operation>", Box::new(delivery(Operation::OpenIssue(opened)))),
        ("Outgoing", Box::new(outgoing())),
        ("Answer", Box::new(answer())),
        ("Push", Box::new(push())),
        ("PushKeys", Box::new(push_keys())),
        ("Secret", Box::new(Secret::new(KEY))),
        ("Keys", Box::new(keys())),
    ];
    for (what, held) in table {
        for printed in [format!("{held:?}"), format!("{held:#?}")] {
            assert_eq!(leak(&printed), None, "{what} prints {printed}");
        }
    }
}

#[test]
fn errors_say_what_and_never_who() {
    let text = PushKey::parse(&format!("whsec_{KEY}")).unwrap_err();
    assert_eq!(text, BadPushKey);
    let with_user =
        Denial::Host { asked: "an address without host, or with a user".to_owned(), granted: "b".to_owned() };
    let errors: Vec<Box<dyn std::error::Error>> = vec![
        Box::new(text),
        Box::new(with_user),
        Box::new(host::door::Grant::new(&settings(), false).unwrap_err()),
        Box::new(TransportError::AddressRefused("10.0.0.1".parse().unwrap())),
        Box::new(Refusal::UnknownSignature("main".to_owned())),
        Box::new(CallFailure::Refused(CallError::Storage("the host's storage failed; its log says why".to_owned()))),
        Box::new(CallFailure::Trapped("wasm trap: wasm `unreachable` instruction executed".to_owned())),
        Box::new(GegiUnavailable("it is down".to_owned())),
    ];
    for error in errors {
        assert_discreet(&format!("{error} {error:?} {error:#?}"));
    }
}

#[test]
fn a_request_is_written_down_without_its_query() {
    let entry = RequestEntry {
        at: chrono::DateTime::UNIX_EPOCH,
        campus: "main".to_owned(),
        method: "GET".to_owned(),
        path: outgoing().request.uri().path().to_owned(),
        kind: "users".to_owned(),
        items: 0,
        status: None,
        took: std::time::Duration::ZERO,
    };
    assert_discreet(&format!("{entry:?} {}", serde_json::to_string(&entry).unwrap()));
}

/// The leaks that the check finds in the lines that `log` writes.
fn said(log: impl FnOnce()) -> Vec<String> {
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let keep = Arc::clone(&said);
    let watch = Watch { leaked: move |what: &str, _: &str| keep.lock().unwrap().push(what.to_owned()) };
    tracing::subscriber::with_default(Registry::default().with(watch), log);
    std::mem::take(&mut said.lock().unwrap())
}

#[test]
fn the_watch_sees_a_leak_in_every_field_at_every_level_of_ours() {
    let leaks = said(|| {
        tracing::trace!(target: "host::door", url = %outgoing().request.uri(), "sending");
        tracing::debug!(target: "lab::run", "adopting {NAME}");
        tracing::info!(target: "host", key = KEY, "using");
        tracing::debug!(target: "host", body = ?PUSH_KEY, "signing");
        tracing::warn!(target: "hyper", "GET /users?email=a%40example.edu");
        let _span = tracing::error_span!(target: "host", "call", password = PASSWORD).entered();
    });
    assert_eq!(leaks.len(), 6, "{leaks:?}");
}

#[test]
fn the_watch_is_quiet_about_ids_and_about_lines_of_others_below_the_default_level() {
    let leaks = said(|| {
        tracing::warn!(target: "host", school = "school-1", person = "S000001", "rule host: a@b is not api.example.com");
        tracing::debug!(target: "hyper", "GET /users?email={ADDRESS}");
    });
    assert_eq!(leaks, Vec::<String>::new());
}

#[test]
fn a_secret_is_found_in_whatever_form_it_is_printed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;
    let push_key = lab::run::simulated_push_key("one");
    for before in ["", "a", "ab", "abc"] {
        for secret in [NAME.as_bytes(), KEY.as_bytes(), PUSH_KEY, &push_key] {
            let bytes = [before.as_bytes(), secret, b"z"].concat();
            let in_hex = data_encoding::HEXLOWER.encode(&bytes);
            for text in [format!("{bytes:?}"), in_hex, STANDARD.encode(&bytes)] {
                assert!(leak(&text).is_some(), "{text}");
            }
        }
    }
    assert_eq!(leak("school-1 has 3 items of 67 and 97, in 7d7d9a1e"), None);
}
