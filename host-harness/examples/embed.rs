//! A GEGI that embeds the host: supplies what the component asks for, receives what it writes, shows one status.
//!
//! `cargo run --example embed`. CourseKey is simulated in this process and time is virtual; a real GEGI takes
//! `SystemClock`, `SqliteStore` and `Sender` for the three and keeps everything else.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use component::COMPONENT;
use host::clock::VirtualClock;
use host::door::{CredentialSource, NoRequestLog, Secret};
use host::engine::Engine;
use host::gegi::{
    Agreement, Campus, Class, Course, CourseKind, CurrentMark, Delivery, GegiUnavailable, HoursType, Instructor,
    LocalDate, MailSink, Message, Named, NeverCheckedOut, Operation, Receipt, RecordSink, SchoolSettings, SchoolSource,
    SendOption, Student,
};
use host::limits::Limits;
use host::school::{Budget, CourseChange, Gegi, Host, HostConfig, StatusQuery};
use host::store::{MemoryStore, SchoolId};
use lab::InProcess;
use lab::run::status_word;
use simulator::{SchoolConfig, Simulator};

/// GEGI: one course, and the marks it has received.
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

/// The keys of the campuses, which the component never sees.
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

    // CourseKey, simulated: its students come and go by the seed.
    let mut coursekey = Simulator::new(1);
    let (zone, auth_key) = ("America/New_York".to_owned(), "key-000001".to_owned());
    let (push_key, owners) = (b"push-key-000001-of-main".to_vec(), Vec::new());
    coursekey.add_school(SchoolConfig { number: 548_156, zone, auth_key, push_key, owners });
    let transport = InProcess::new(Arc::new(Mutex::new(coursekey)), clock.clone(), Duration::from_secs(30));

    // One host for the process, one school for each of GEGI's schools.
    let compiled_code = std::env::temp_dir().join("gegi-coursekey-embed");
    let engine = Engine::new(COMPONENT, Limits::default(), Some(&compiled_code))?;
    let host = Host::new(engine, HostConfig::new(clock.clone(), Arc::new(MemoryStore::default()), Arc::new(transport)));
    let erp = Arc::new(Erp { course: course(monday.timestamp()), marks: Mutex::default() });
    let gegi = Gegi {
        source: erp.clone(),
        records: erp.clone(),
        mails: erp.clone(),
        credentials: Arc::new(KeyRing),
        request_log: Arc::new(NoRequestLog),
    };
    let school = host.open(SchoolId::new("example-school"), gegi);

    // A course was saved: tell the component, then let it work until it has nothing more to do.
    school.course_changed(CourseChange::Saved(erp.course.clone())).await?;
    school.tick_until_idle(Budget { items: 1_000, seconds: 60 }).await?;
    for status in school.statuses(StatusQuery::Ids(vec![erp.course.id.clone()])).await? {
        println!("{} is {}", status.course, status_word(status.status));
    }

    // The evening after the class: the next tick reads attendance, and what it wrote is delivered.
    clock.advance(Duration::from_hours(8));
    school.tick_until_idle(Budget { items: 1_000, seconds: 60 }).await?;
    school.deliver().await?;
    for line in erp.marks.lock().map_err(|_| anyhow::anyhow!("the list of marks is broken"))?.iter() {
        println!("{line}");
    }
    Ok(())
}

/// School Settings, as a school's page in GEGI has them.
fn settings() -> SchoolSettings {
    let campus = Campus {
        id: "main".to_owned(),
        zone: "America/New_York".to_owned(),
        coursekey_school_id: 548_156,
        course_owner: None,
        credentials_generation: 1,
    };
    SchoolSettings {
        name: "Example School".to_owned(),
        enabled: true,
        coursekey_url: "https://coursekey.example/v1".to_owned(),
        campuses: vec![campus],
        weeks_before_start: 3,
        weeks_after_end: 2,
        absent_after_start_minutes: 15,
        absent_before_end_minutes: 15,
        follow_adjustments_days: 7,
        error_email: None,
        send_new_program_courses: false,
        initial_user_password: "Welcome1".to_owned(),
        update_every_minutes: 5,
        settle_minutes: 60,
        longest_gap_minutes: 90,
        never_checked_out: NeverCheckedOut::Report,
        digest_every_minutes: 60,
        saved_at: None,
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
