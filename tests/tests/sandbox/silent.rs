//! The plugin in front of a CourseKey that never answers, in a host without time-outs of its own: the plugin gives up by
//! itself, keeps what it has and goes on with the next tick.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use component::COMPONENT;
use expect_test::expect;
use host::clock::{Clock, VirtualClock};
use host::door::{Answer, CredentialSource, NoRequestLog, Outgoing, Secret, Transport, TransportError};
use host::engine::Engine;
use host::limits::Limits;
use host::push::PushKeys;
use host::school::{Budget, CourseChange, Gegi, Host, HostConfig, School, TickReport};
use host::store::MemoryStore;
use lab::InProcess;
use lab::directory::SchoolDirectory;
use mirror::book::{Book, Keeps};
use serde_json::{Value, json};
use simulator::{SchoolConfig, Simulator};

use crate::harness::compiled_code;

const STUDENTS: usize = 150;

/// As long as it is silent it answers the list of instructors at once, the first list of students after ten minutes and the
/// second never.
struct Silent {
    coursekey: InProcess,
    quiet: AtomicBool,
    lists: AtomicUsize,
}

#[async_trait]
impl Transport for Silent {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let is_list = outgoing.request.uri().path().ends_with("/users") && outgoing.request.method() == "PUT";
        if !is_list || !self.quiet.load(Ordering::Relaxed) {
            return self.coursekey.send(outgoing).await;
        }
        let latency = match self.lists.fetch_add(1, Ordering::Relaxed) {
            0 => Duration::ZERO,
            1 => Duration::from_mins(10),
            _ => return std::future::pending().await,
        };
        let Answer { response, .. } = self.coursekey.send(outgoing).await?;
        Ok(Answer { response, latency })
    }
}

struct OneKey;

impl CredentialSource for OneKey {
    fn key(&self, _: &str) -> Option<Secret> {
        Some(Secret::new("key-000001"))
    }

    fn push_keys(&self, _: &str) -> Option<PushKeys> {
        None
    }
}

fn person(id: &str) -> Value {
    json!({ "id": id, "first-name": "Person", "last-name": id, "email": format!("{id}@example.edu"), "revision": 1 })
}

fn course() -> String {
    let student = |number| {
        let mut student = person(&format!("S{number:06}"));
        student["stage"] = json!("ACTIVE");
        student["agreement"] = json!("assigned");
        student["enrolled-from"] = json!("2023-08-01");
        student["stopped-on"] = Value::Null;
        student
    };
    let course = json!({
        "id": "C1", "revision": 1, "kind": "group-course", "campus": "main",
        "program": { "id": "P1", "name": "Program" }, "group": { "id": "G1", "name": "Group" },
        "number": "N-1", "title": "Title", "start-date": "2023-08-28", "end-date": "2023-08-31", "completed-date": null,
        "hours-type": "class-schedule", "send-to-coursekey": "on", "program-send-to-coursekey": "inherit",
        "instructors": [person("I1")], "students": (0..STUDENTS).map(student).collect::<Vec<_>>(),
        "classes": [{ "id": "C1-1", "starts": "2023-08-30T14:00:00Z", "ends": "2023-08-30T15:50:00Z" }],
    });
    course.to_string()
}

fn directory() -> SchoolDirectory {
    let folder = tempfile::tempdir().unwrap();
    let toml = "name = \"Example School\"\nrun = { from = \"2023-08-28T08:00:00Z\", until = \"2023-09-28T04:00:00Z\" }\n\n\
                [[campus]]\nid = \"main\"\nzone = \"America/New_York\"\ncoursekey-school-id = 548156\n";
    std::fs::write(folder.path().join("school.toml"), toml).unwrap();
    std::fs::write(folder.path().join("courses.jsonl"), course()).unwrap();
    SchoolDirectory::read(folder.path()).unwrap()
}

/// A school whose one course was saved and is not sent yet. The host stops a tick after the two seconds of its budget.
async fn school(clock: &Arc<VirtualClock>, transport: Arc<Silent>) -> School {
    let directory = directory();
    let store = Arc::new(MemoryStore::default());
    let book = Arc::new(Book::new(store.clone(), "school-1 book".into(), clock.clone(), Keeps::Records));
    let mut settings = directory.settings.clone();
    "https://coursekey.example/v1".clone_into(&mut settings.coursekey_url);
    book.put_settings(&settings).await.unwrap();
    let gegi = Gegi {
        source: book.clone(),
        records: book.clone(),
        mails: book.clone(),
        credentials: Arc::new(OneKey),
        request_log: Arc::new(NoRequestLog),
    };
    let mut limits = Limits::default();
    limits.sandbox.tick_grace = Duration::ZERO;
    let engine = Engine::new(COMPONENT, limits, Some(Path::new(compiled_code()))).unwrap();
    let config = HostConfig::new(clock.clone(), store, transport);
    let school = Host::new(engine, config).open("school-1".into(), gegi);
    for course in &directory.courses {
        book.put_course(course).await.unwrap();
        school.course_changed(CourseChange::Saved(course.clone())).await.unwrap();
    }
    school
}

fn told(report: &TickReport) -> String {
    let tallies = report.tallies.iter().map(|tally| {
        format!("{:?}: {} of {} accepted, {} failed\n", tally.kind, tally.accepted, tally.items, tally.failed)
    });
    tallies.chain([format!("more work: {}, next due: {:?}", report.more_work, report.next_due)]).collect()
}

#[tokio::test]
async fn what_is_never_answered_is_given_up_and_what_was_answered_is_kept() {
    tests::discretion::watch();
    let start: DateTime<Utc> = "2023-08-28T08:00:00Z".parse().unwrap();
    let clock = Arc::new(VirtualClock::new(start));
    let mut simulator = Simulator::new(3);
    simulator.add_school(SchoolConfig {
        number: 548_156,
        zone: "America/New_York".to_owned(),
        auth_key: "key-000001".to_owned(),
        push_key: Vec::new(),
        owners: Vec::new(),
    });
    let coursekey = InProcess::new(Arc::new(Mutex::new(simulator)), clock.clone(), Duration::from_secs(20));
    let transport = Arc::new(Silent { coursekey, quiet: AtomicBool::new(true), lists: AtomicUsize::new(0) });
    let school = school(&clock, transport.clone()).await;
    let budget = Budget { items: 1_000, seconds: 2 };
    let mut reports = Vec::new();
    while transport.lists.load(Ordering::Relaxed) == 0 {
        reports.push(school.tick(budget).await.unwrap());
    }
    expect![[r#"
        RequestKind::Connection: 0 of 0 accepted, 0 failed
        RequestKind::Users: 101 of 151 accepted, 50 failed
        RequestKind::Courses: 1 of 1 accepted, 0 failed
        RequestKind::Sessions: 1 of 1 accepted, 0 failed
        RequestKind::Enrollments: 0 of 0 accepted, 0 failed
        more work: false, next due: Some(1693209900)"#]]
    .assert_eq(&told(reports.last().unwrap()));
    assert!(clock.now() < start + Duration::from_secs(620));
    transport.quiet.store(false, Ordering::Relaxed);
    clock.advance(Duration::from_hours(1));
    let report = school.turn(budget).await.unwrap().report;
    expect![[r#"
        RequestKind::Users: 50 of 50 accepted, 0 failed
        RequestKind::Enrollments: 150 of 150 accepted, 0 failed
        more work: false, next due: Some(1693292400)"#]]
    .assert_eq(&told(&report));
}
