//! An example of a GEGI that embeds the host: it supplies GEGI's data, receives the plugin's records, and prints one
//! status.
//!
//! `cargo run --example embed`. The example uses the host and the component's bytes, and no other crate of the
//! workspace. CourseKey is a few lines at the end of this file, and time is virtual. A real GEGI uses `Sender`,
//! `SystemClock` and `SqliteStore` for CourseKey, clock and storage, and keeps everything else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use component::COMPONENT;
use host::clock::{Clock, VirtualClock};
use host::door::{Answer, CredentialSource, NoRequestLog, Outgoing, Secret, Transport, TransportError};
use host::engine::Engine;
use host::gegi::{
    Agreement, Campus, Class, Course, CourseKind, CurrentMark, Delivery, GegiUnavailable, HoursType, Instructor,
    LocalDate, MailSink, Message, Named, Operation, Receipt, RecordSink, SchoolSettings, SchoolSource, SendOption,
    Student,
};
use host::limits::Limits;
use host::school::{Budget, CourseChange, Gegi, Host, HostConfig, StatusQuery};
use host::store::{MemoryStore, SchoolId};
use serde_json::{Value, json};

/// GEGI: one course, and the marks that GEGI has received.
struct Erp {
    course: Course,
    marks: Mutex<Vec<String>>,
}

#[async_trait]
impl SchoolSource for Erp {
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable> {
        Ok(settings())
    }

    async fn courses(&self, after: Option<&str>, _limit: usize) -> Result<Vec<(String, u64)>, GegiUnavailable> {
        let is_next = after.is_none_or(|after| after < self.course.id.as_str());
        Ok(is_next.then(|| (self.course.id.clone(), self.course.revision)).into_iter().collect())
    }

    async fn course(&self, id: &str) -> Result<Option<Course>, GegiUnavailable> {
        Ok((id == self.course.id).then(|| self.course.clone()))
    }

    async fn current_marks(&self, _class: &str) -> Result<Vec<CurrentMark>, GegiUnavailable> {
        Ok(Vec::new()) // A real GEGI answers its own attendance page, marks written by hand included.
    }
}

#[async_trait]
impl RecordSink for Erp {
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        if let Operation::SetMark(set) = &delivery.payload {
            let line = format!("{} in {}: {}", set.student, set.class, set.basis.sentence);
            self.marks.lock().map_err(|_| GegiUnavailable("the list of marks is broken".to_owned()))?.push(line);
        }
        Ok(Receipt::Applied) // A real GEGI drops a delivery whose id it has seen, in the same transaction.
    }
}

#[async_trait]
impl MailSink for Erp {
    async fn send(&self, _delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        Ok(Receipt::Applied)
    }
}

/// The keys of the campuses; the component never sees a key.
struct KeyRing;

impl CredentialSource for KeyRing {
    fn key(&self, campus: &str) -> Option<Secret> {
        (campus == "main").then(|| Secret::new("key-000001"))
    }
}

#[tokio::main(flavor = "current_thread")]
#[allow(clippy::print_stdout)]
async fn main() -> anyhow::Result<()> {
    let monday: DateTime<Utc> = "2023-08-28T12:00:00Z".parse()?;
    let clock = Arc::new(VirtualClock::new(monday));

    let coursekey = Arc::new(CourseKey { clock: clock.clone() });

    // A process has one host, and one school for each of GEGI's schools.
    let compiled_code = std::env::current_exe()?.with_file_name("compiled-code");
    let engine = Engine::new(COMPONENT, Limits::default(), Some(&compiled_code))?;
    let host = Host::new(engine, HostConfig::new(clock.clone(), Arc::new(MemoryStore::default()), coursekey));
    let erp = Arc::new(Erp { course: course(monday.timestamp()), marks: Mutex::default() });
    let gegi = Gegi {
        source: erp.clone(),
        records: erp.clone(),
        mails: erp.clone(),
        credentials: Arc::new(KeyRing),
        request_log: Arc::new(NoRequestLog),
    };
    let school = host.open(SchoolId::new("example-school"), gegi);

    // A course was saved: tell the component, then run turns until the component has nothing more to do.
    school.course_changed(CourseChange::Saved(erp.course.clone())).await?;
    school.turn(Budget { items: 1_000, seconds: 60 }).await?;
    for status in school.statuses(StatusQuery::Ids(vec![erp.course.id.clone()])).await? {
        println!("{} is {}", status.course, status.status.word());
    }

    // On the evening after the class the next turn reads attendance, and the marks that it wrote are delivered.
    clock.advance(Duration::from_hours(8));
    school.turn(Budget { items: 1_000, seconds: 60 }).await?;
    for line in erp.marks.lock().map_err(|_| anyhow::anyhow!("the list of marks is broken"))?.iter() {
        println!("{line}");
    }
    Ok(())
}

/// School Settings, as a school enters them on their page in GEGI.
fn settings() -> SchoolSettings {
    let campus = Campus::new("main", "America/New_York", 548_156);
    SchoolSettings {
        initial_user_password: "Welcome1".to_owned(),
        ..SchoolSettings::with_defaults("Example School", "https://coursekey.example/v1", vec![campus])
    }
}

/// A course with one class, two hours after `now`.
fn course(now: i64) -> Course {
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    let student = |number: u32| Student {
        id: format!("S{number:06}"),
        revision: 1,
        first_name: "Student".to_owned(),
        last_name: format!("{number:06}"),
        email: format!("student{number:06}@example.edu"),
        stage: "ACTIVE".to_owned(),
        agreement: Agreement::Assigned,
        enrolled_from: LocalDate { year: 2023, month: 8, day: 28 },
        stopped_on: None,
    };
    let instructor = Instructor {
        id: "I00001".to_owned(),
        revision: 1,
        first_name: "Instructor".to_owned(),
        last_name: "00001".to_owned(),
        email: "instructor00001@example.edu".to_owned(),
    };
    Course {
        id: "anatomy".to_owned(),
        revision: 1,
        kind: CourseKind::GroupCourse,
        campus: "main".to_owned(),
        program: named("NUR", "Practical Nursing"),
        group: named("NUR-2023", "Practical Nursing, Fall 2023"),
        groups: Vec::new(),
        number: "NUR-110-01".to_owned(),
        title: "ANATOMY".to_owned(),
        start_date: LocalDate { year: 2023, month: 8, day: 28 },
        end_date: LocalDate { year: 2023, month: 12, day: 15 },
        completed_date: None,
        hours_type: HoursType::ClassSchedule,
        send_to_coursekey: SendOption::On,
        program_send_to_coursekey: SendOption::Inherit,
        instructors: vec![instructor],
        students: (1..=5).map(student).collect(),
        classes: vec![Class { id: "anatomy-1".to_owned(), starts: now + 7_200, ends: now + 14_400 }],
    }
}

/// CourseKey, as far as this example needs it: takes every item, and lists attendance once the class is over.
struct CourseKey {
    clock: Arc<VirtualClock>,
}

#[async_trait]
impl Transport for CourseKey {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let request = outgoing.request;
        let list = request.uri().path().rsplit('/').next().unwrap_or_default();
        let body = match (request.method().as_str(), list) {
            ("PUT", _) => results(request.body()),
            (_, "548156") => json!({"schoolId": 548_156, "timeZone": "America/New_York"}),
            (_, "attendance") => attendance(self.clock.now()),
            _ => json!({"items": [], "next": null}),
        };
        let response = http::Response::builder().header("content-type", "application/json");
        let response = response.body(Bytes::from(body.to_string()));
        let response = response.map_err(|error| TransportError::Protocol(error.to_string()))?;
        Ok(Answer { response, latency: Duration::from_millis(40) })
    }
}

/// One result for each item of a batch, under the item's own key.
fn results(batch: &[u8]) -> Value {
    let batch: Value = serde_json::from_slice(batch).unwrap_or_default();
    let items = batch.get("items").and_then(Value::as_array).into_iter().flatten();
    let results = items.map(|item| json!({"key": key_of(item), "outcome": "created"}));
    json!({"results": results.collect::<Vec<_>>()})
}

/// The key of an item: a person has one id, a course or class another, an enrolment two.
fn key_of(item: &Value) -> Option<Value> {
    let of = |names: &[&str]| -> Option<Value> {
        names.iter().map(|name| Some(((*name).to_owned(), item.get(name)?.clone()))).collect()
    };
    of(&["issuedId"]).or_else(|| of(&["externalId"])).or_else(|| of(&["courseId", "userId"]))
}

/// The attendance that CourseKey knows at this moment of the class from 14:00 to 16:00: all students were there
/// throughout.
fn attendance(now: DateTime<Utc>) -> Value {
    let at = |time: &str| format!("2023-08-28T{time}Z");
    let record = |number: u32| {
        let visits = json!([{"in": at("14:00:00"), "out": at("16:00:00")}]);
        json!({"id": format!("R{number}"), "version": 1, "sessionId": "anatomy-1", "userId": format!("S{number:06}"),
            "updatedAt": at("16:00:00"), "visits": visits, "adjustment": null})
    };
    let as_of = now.format("%Y-%m-%dT%H:%M:%SZ").to_string();
    let records: Vec<Value> = if as_of > at("16:00:00") { (1..=5).map(record).collect() } else { Vec::new() };
    json!({"records": records, "next": null, "asOf": as_of})
}
