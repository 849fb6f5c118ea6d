//! A school with two campuses that makes the plugin do everything it can do at CourseKey, and the requests and
//! answers of that.

use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use chrono::{DateTime, Utc};
use component::COMPONENT;
use host::clock::{Clock, VirtualClock};
use host::door::{CredentialSource, NoRequestLog, Secret};
use host::engine::Engine;
use host::gegi::{
    Agreement, Campus, Class, Course, CourseKind, HoursType, Instructor, LocalDate, Named, SchoolSettings, SendOption,
    Student,
};
use host::limits::Limits;
use host::school::{Budget, CourseChange, Gegi, Host, HostConfig, School};
use host::store::{MemoryStore, SchoolId};
use lab::InProcess;
use mirror::book::{Book, Keeps};
use simulator::{Fault, SchoolConfig, Simulator};

use crate::held::at;
use crate::recorder::{Exchange, Recorder};

/// CourseKey's base URL; the name is never resolved.
pub(crate) const URL: &str = "https://coursekey.example/v1";
/// Each campus with CourseKey's number for it.
pub(crate) const CAMPUSES: [(&str, u64); 2] = [("east", 548_156), ("north", 548_157)];
const ZONE: &str = "America/New_York";
/// More students than fit in a batch.
const STUDENTS: u32 = 170;
/// People whom CourseKey holds already, without an issued id: the first student, and a person with the second
/// student's address. An address with a `+` must not be written into a query as it is.
const START: &str = r#"{"kind":"user","school":548156,"id":null,"email":"student000001+old@example.edu","teacher":false,"first-name":"Student","last-name":"000001"}
{"kind":"user","school":548156,"id":null,"email":"student000002@example.edu","teacher":false,"first-name":"Somebody","last-name":"Else"}"#;

/// One engine for all tests; its compiled code is kept for the next time, where the program keeps its own when tested.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    tests::discretion::watch();
    let compiled = Some(Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/cache/gegi-coursekey")));
    Engine::new(COMPONENT, Limits::default(), compiled).unwrap()
});
/// A day on which nothing goes wrong.
pub(crate) static CALM: LazyLock<Vec<Exchange>> = LazyLock::new(|| finished(calm_day()));

/// Twelve days after which every fault has struck.
pub(crate) fn storm(faults: impl IntoIterator<Item = Fault>) -> Vec<Exchange> {
    finished(stormy_days(faults.into_iter().collect()))
}

fn finished<T>(days: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(days)
}

/// The key of a campus.
pub(crate) fn key(campus: &str) -> String {
    format!("key-of-{campus}")
}

/// The courses are sent; an hour later a student has stopped, one class is moved and one cancelled; then the student
/// is back; in the evening attendance is read.
async fn calm_day() -> Vec<Exchange> {
    let mut played = Played::new(Vec::new()).await;
    let course = anatomy();
    played.save(&course).await;
    played.save(&ethics()).await;
    played.tick_at(at("08:00:00")).await;
    let mut changed = Course { revision: 2, ..course.clone() };
    changed.students[3] = Student { stage: "DROPPED".to_owned(), revision: 2, ..course.students[3].clone() };
    changed.classes.remove(4);
    changed.classes[3].ends += 600;
    played.save(&changed).await;
    played.tick_at(at("09:00:00")).await;
    changed.revision = 3;
    changed.students[3] = Student { revision: 3, ..course.students[3].clone() };
    played.save(&changed).await;
    played.tick_at(at("10:00:00")).await;
    played.tick_at(at("20:00:00")).await;
    played.recorder.passed()
}

async fn stormy_days(faults: Vec<Fault>) -> Vec<Exchange> {
    let mut played = Played::new(faults).await;
    played.save(&anatomy()).await;
    for hours in 0..12 * 24 {
        played.tick_at(at("08:00:00") + Duration::from_hours(hours)).await;
    }
    played.recorder.passed()
}

/// The school with everything around it.
struct Played {
    clock: Arc<VirtualClock>,
    book: Arc<Book>,
    recorder: Arc<Recorder<InProcess>>,
    school: School,
}

impl Played {
    async fn new(faults: Vec<Fault>) -> Self {
        let clock = Arc::new(VirtualClock::new(at("08:00:00")));
        let mut simulator = Simulator::new(1);
        for (campus, number) in CAMPUSES {
            let (zone, owners) = (ZONE.to_owned(), vec!["owner@example.edu".to_owned()]);
            let (auth_key, push_key) = (key(campus), key(campus).into_bytes());
            simulator.add_school(SchoolConfig { number, zone, auth_key, push_key, owners });
        }
        simulator.start_with(clock.now(), START.as_bytes()).unwrap();
        for fault in faults {
            simulator.order_fault(fault);
        }
        let patience = Limits::default().http.first_byte;
        let carrier = InProcess::new(Arc::new(Mutex::new(simulator)), clock.clone(), patience);
        let recorder = Arc::new(Recorder::new(carrier));
        let store = Arc::new(MemoryStore::default());
        let book = Arc::new(Book::new(store.clone(), SchoolId::new("school book"), clock.clone(), Keeps::Records));
        book.put_settings(&settings()).await.unwrap();
        let config = HostConfig::new(clock.clone(), store, recorder.clone());
        let gegi = Gegi {
            source: book.clone(),
            records: book.clone(),
            mails: book.clone(),
            credentials: Arc::new(Keys),
            request_log: Arc::new(NoRequestLog),
        };
        let school = Host::new(ENGINE.clone(), config).open(SchoolId::new("school"), gegi);
        Self { clock, book, recorder, school }
    }

    async fn save(&mut self, course: &Course) {
        self.book.put_course(course).await.unwrap();
        self.school.course_changed(CourseChange::Saved(course.clone())).await.unwrap();
    }

    async fn tick_at(&mut self, moment: DateTime<Utc>) {
        self.clock.advance_to(moment);
        self.school.turn(Budget { items: 10_000, seconds: 120 }).await.unwrap();
    }
}

/// The keys of the campuses; the component never sees a key.
struct Keys;

impl CredentialSource for Keys {
    fn key(&self, campus: &str) -> Option<Secret> {
        Some(Secret::new(key(campus)))
    }
}

fn settings() -> SchoolSettings {
    let campus = |(id, number): (&str, u64)| Campus {
        course_owner: Some("owner@example.edu".to_owned()),
        ..Campus::new(id, ZONE, number)
    };
    SchoolSettings {
        follow_adjustments_days: 30,
        initial_user_password: "Welcome1".to_owned(),
        ..SchoolSettings::with_defaults("Example School", URL, CAMPUSES.map(campus).to_vec())
    }
}

/// A course of the one campus: more students than fit in a batch, and more attendance by the evening than on a page.
fn anatomy() -> Course {
    let class = |(number, time): (u32, &str)| {
        let starts = at(time).timestamp();
        Class { id: format!("anatomy-{number}"), starts, ends: starts + 2_700 }
    };
    let mut students: Vec<Student> = (1..=STUDENTS).map(student).collect();
    students[0] = Student { email: "student000001+old@example.edu".to_owned(), ..student(1) };
    Course {
        students,
        classes: (1..).zip(["14:00:00", "15:00:00", "16:00:00", "17:00:00", "19:00:00"]).map(class).collect(),
        ..course("anatomy", "east", HoursType::ClassSchedule)
    }
}

/// A course of the other campus, in which CourseKey keeps time instead of marks, with the same instructor.
fn ethics() -> Course {
    let starts = at("21:00:00").timestamp();
    Course {
        students: vec![student(1_001)],
        classes: vec![Class { id: "ethics-1".to_owned(), starts, ends: starts + 2_700 }],
        ..course("ethics", "north", HoursType::AttendanceLog)
    }
}

fn course(id: &str, campus: &str, hours_type: HoursType) -> Course {
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    let instructor = Instructor {
        id: "I00001".to_owned(),
        revision: 1,
        first_name: "Instructor".to_owned(),
        last_name: "00001".to_owned(),
        email: "instructor00001@example.edu".to_owned(),
    };
    Course {
        id: id.to_owned(),
        revision: 1,
        kind: CourseKind::GroupCourse,
        campus: campus.to_owned(),
        program: named("NUR", "Practical Nursing"),
        group: named("NUR-2023", "Practical Nursing, Fall 2023"),
        groups: Vec::new(),
        number: "NUR-110-01".to_owned(),
        title: "ANATOMY".to_owned(),
        start_date: LocalDate { year: 2023, month: 8, day: 28 },
        end_date: LocalDate { year: 2023, month: 12, day: 15 },
        completed_date: None,
        hours_type,
        send_to_coursekey: SendOption::On,
        program_send_to_coursekey: SendOption::Inherit,
        instructors: vec![instructor],
        students: Vec::new(),
        classes: Vec::new(),
    }
}

fn student(number: u32) -> Student {
    Student {
        id: format!("S{number:06}"),
        revision: 1,
        first_name: "Student".to_owned(),
        last_name: format!("{number:06}"),
        email: format!("student{number:06}@example.edu"),
        stage: "ACTIVE".to_owned(),
        agreement: Agreement::Assigned,
        enrolled_from: LocalDate { year: 2023, month: 8, day: 28 },
        stopped_on: None,
    }
}
