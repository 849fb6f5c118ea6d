//! A school of two campuses with simulated students; each test decides which of its pushes arrive.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use component::COMPONENT;
use host::clock::{Clock, VirtualClock};
use host::door::{CredentialSource, NoRequestLog, Secret};
use host::engine::Engine;
use host::limits::Limits;
use host::push::{Push, PushKey, PushKeys};
use host::school::{Budget, CourseChange, Gegi, Host, HostConfig, PushOutcome, School, Turn};
use host::store::{Commit, MemoryStore, Record, SchoolId, SqliteStore, Store};
use lab::InProcess;
use lab::directory::SchoolDirectory;
use mirror::book::{Book, Keeps};
use serde_json::{Value, json};
use simulator::{Pushed, SchoolConfig, Simulator, sign};
use tempfile::TempDir;

/// One engine for all tests; its compiled code is kept for the next time, where the program keeps its own when tested.
static ENGINE: LazyLock<Engine> = LazyLock::new(|| {
    tests::discretion::watch();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/gegi-coursekey");
    Engine::new(COMPONENT, Limits::default(), Some(&cache)).unwrap()
});

pub(crate) fn at(time: &str) -> DateTime<Utc> {
    format!("2023-08-28T{time}Z").parse().unwrap()
}

/// The push key with this name.
fn key(name: &str) -> Vec<u8> {
    format!("a push key of the name {name}").into_bytes()
}

fn push_key(name: &str) -> PushKey {
    PushKey::parse(&format!("whsec_{}", STANDARD.encode(key(name)))).unwrap()
}

/// Keys by campus. A campus's push key has the name of the campus until a test replaces the key.
#[derive(Default)]
pub(crate) struct KeyRing(Mutex<BTreeMap<String, PushKeys>>);

impl KeyRing {
    /// Gives a campus another push key, beside its old key or instead of it.
    pub(crate) fn replace(&self, campus: &str, current: &str, other: Option<&str>) {
        let keys = PushKeys { current: push_key(current), other: other.map(push_key) };
        self.0.lock().unwrap().insert(campus.to_owned(), keys);
    }
}

impl CredentialSource for KeyRing {
    fn key(&self, campus: &str) -> Option<Secret> {
        Some(Secret::new(format!("key-of-{campus}")))
    }

    fn push_keys(&self, campus: &str) -> Option<PushKeys> {
        self.0.lock().unwrap().get(campus).cloned()
    }
}

/// The school with everything around it.
pub(crate) struct Played {
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) school: School,
    pub(crate) keys: Arc<KeyRing>,
    /// The number of pushes that the plugin took.
    pub(crate) taken: u32,
    book: Arc<Book>,
    simulator: Arc<Mutex<Simulator>>,
    file: PathBuf,
    store: Arc<dyn Store>,
    campuses: BTreeMap<u64, String>,
    /// The newest version of each record that was pushed.
    pushed: BTreeMap<String, String>,
}

impl Played {
    /// The school at eight, when its courses have just been saved and sent.
    pub(crate) async fn new(folder: &TempDir) -> Self {
        let written = folder.path().join("school");
        std::fs::create_dir(&written).unwrap();
        write(&written);
        let directory = SchoolDirectory::read(&written).unwrap();
        let clock = Arc::new(VirtualClock::new(at("08:00:00")));
        let (keys, records) = (Arc::new(KeyRing::default()), Arc::new(MemoryStore::default()));
        let book = Arc::new(Book::new(records, SchoolId::new("school book"), clock.clone(), Keeps::Records));
        let mut settings = directory.settings.clone();
        "https://coursekey.example/v1".clone_into(&mut settings.coursekey_url);
        book.put_settings(&settings).await.unwrap();
        let mut simulator = Simulator::new(3);
        for campus in &settings.campuses {
            keys.replace(&campus.id, &campus.id, None);
            let (zone, auth_key) = (campus.zone.clone(), format!("key-of-{}", campus.id));
            let (number, push_key, owners) = (campus.coursekey_school_id, key(&campus.id), Vec::new());
            simulator.add_school(SchoolConfig { number, zone, auth_key, push_key, owners });
        }
        let simulator = Arc::new(Mutex::new(simulator));
        let file = folder.path().join("host.sqlite");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&file).unwrap());
        let school = host(&clock, store.clone(), &simulator, &book, &keys);
        let campuses = settings.campuses.into_iter().map(|campus| (campus.coursekey_school_id, campus.id)).collect();
        let (taken, pushed) = (0, BTreeMap::new());
        let mut played = Self { clock, school, keys, taken, book, simulator, file, store, campuses, pushed };
        for course in &directory.courses {
            played.book.put_course(course).await.unwrap();
            played.school.course_changed(CourseChange::Saved(course.clone())).await.unwrap();
        }
        played.tick_at(at("08:00:00")).await;
        played
    }

    /// Moves the clock to this time and runs a tick.
    pub(crate) async fn go_to(&mut self, time: &str) {
        self.tick_at(at(time)).await;
    }

    pub(crate) async fn tick_at(&mut self, moment: DateTime<Utc>) {
        self.clock.advance_to(moment);
        self.turn().await;
    }

    /// One turn of the school.
    pub(crate) async fn turn(&self) -> Turn {
        self.school.turn(Budget { items: 10_000, seconds: 120 }).await.unwrap()
    }

    /// Makes this many requests in a million fail, so that polls come late and the pushes matter.
    pub(crate) fn let_requests_fail(&self, per_million: u32) {
        self.simulator.lock().unwrap().set_fault_rate(per_million);
    }

    /// Drops the host and starts it again on its file.
    pub(crate) fn restart(&mut self) {
        let empty: Arc<dyn Store> = Arc::new(MemoryStore::default());
        self.school = host(&self.clock, empty.clone(), &self.simulator, &self.book, &self.keys);
        self.store = empty;
        self.store = Arc::new(SqliteStore::open(&self.file).unwrap());
        self.school = host(&self.clock, self.store.clone(), &self.simulator, &self.book, &self.keys);
    }

    /// The pushes with every record that CourseKey lists now, one push for each campus.
    pub(crate) fn pushed(&mut self) -> Vec<(String, Push)> {
        let ids = self.listed().into_keys().collect::<Vec<_>>();
        self.push(&ids)
    }

    /// The pushes with every record that has changed since it was last pushed, one push for each record.
    pub(crate) fn pushed_one_by_one(&mut self) -> Vec<(String, Push)> {
        let listed = self.listed();
        let changed: Vec<String> =
            listed.iter().filter(|(id, body)| self.pushed.get(*id) != Some(body)).map(|(id, _)| id.clone()).collect();
        self.pushed = listed;
        changed.into_iter().flat_map(|id| self.push(&[id])).collect()
    }

    fn push(&self, ids: &[String]) -> Vec<(String, Push)> {
        let now = self.clock.now();
        let pushes = self.simulator.lock().unwrap().push(now, ids);
        let of_campus = |(number, pushes): (u64, Vec<Pushed>)| {
            let campus = self.campuses[&number].clone();
            pushes.into_iter().map(move |pushed| (campus.clone(), arrived(pushed)))
        };
        pushes.into_iter().flat_map(of_campus).collect()
    }

    /// Every record that CourseKey lists, with its text.
    fn listed(&self) -> BTreeMap<String, String> {
        let now = self.clock.now();
        let mut records = BTreeMap::new();
        for (number, campus) in &self.campuses {
            let mut after = String::new();
            loop {
                let url = format!(
                    "https://coursekey.example/v1/schools/{number}/attendance?updatedSince=1970-01-01T00:00:00Z&limit=500{after}"
                );
                let request = http::Request::get(url).header("authorization", format!("Bearer key-of-{campus}"));
                let request = request.body(bytes::Bytes::new()).unwrap();
                let answer = self.simulator.lock().unwrap().handle(now, &request).response;
                let page: Value = serde_json::from_slice(answer.body()).unwrap();
                for record in page["records"].as_array().unwrap() {
                    records.insert(record["id"].as_str().unwrap().to_owned(), record.to_string());
                }
                let Some(next) = page["next"].as_str() else { break };
                after = format!("&after={}", next.replace(':', "%3A").replace('/', "%2F"));
            }
        }
        records
    }

    /// A signed push of any body.
    pub(crate) fn signed(&self, campus: &str, id: &str, body: &'static str) -> Push {
        arrived(sign(&key(campus), id, self.clock.now(), body))
    }

    /// Hands the pushes to the host.
    pub(crate) async fn receive(&mut self, pushes: impl IntoIterator<Item = (String, Push)>) {
        for (campus, push) in pushes {
            let outcome = self.school.attendance_received(&campus, push).await.unwrap();
            self.taken += u32::from(matches!(outcome, PushOutcome::Taken(_)));
        }
    }

    /// Everything the host has stored.
    pub(crate) async fn stored(&self) -> Vec<(String, Vec<u8>)> {
        self.store.scan(&SchoolId::new("school"), "", None, 100_000).await.unwrap()
    }

    /// Puts an operation on a mark of a class into the outbox, as a later version of the host may have left it.
    pub(crate) async fn leave_of_later_version(&self, class: &str) {
        let record = Record { payload: "9 {}".to_owned(), subject: Some(class.to_owned()) };
        let commit = Commit { records: vec![record], ..Commit::new(self.clock.now()) };
        self.store.commit(&SchoolId::new("school"), commit).await.unwrap();
    }

    /// The marks, rows and open issues that GEGI holds.
    pub(crate) async fn held(&self) -> String {
        let mut text = String::new();
        let mut add = |line: String| writeln!(text, "{line}").map_err(std::io::Error::other);
        self.book.each_mark(|line| add(serde_json::to_string(&line).unwrap())).await.unwrap();
        self.book.each_log_row(|line| add(serde_json::to_string(&line).unwrap())).await.unwrap();
        for issue in self.book.issues().await.unwrap().into_iter().filter(|issue| issue.resolved_at.is_none()) {
            add(format!("{} {:?} {:?}", issue.code, issue.class, issue.student)).unwrap();
        }
        text
    }
}

fn host(
    clock: &Arc<VirtualClock>,
    store: Arc<dyn Store>,
    simulator: &Arc<Mutex<Simulator>>,
    book: &Arc<Book>,
    keys: &Arc<KeyRing>,
) -> School {
    let transport = InProcess::new(simulator.clone(), clock.clone(), Duration::from_secs(20));
    let gegi = Gegi {
        source: book.clone(),
        records: book.clone(),
        mails: book.clone(),
        credentials: keys.clone(),
        request_log: Arc::new(NoRequestLog),
    };
    let config = HostConfig::new(clock.clone(), store, Arc::new(transport));
    Host::new(ENGINE.clone(), config).open(SchoolId::new("school"), gegi)
}

fn arrived(pushed: Pushed) -> Push {
    let Pushed { id, timestamp, signature, body } = pushed;
    Push { id, timestamp, signature, body: body.into() }
}

/// The push, signed again at a later moment.
pub(crate) fn signed_anew(campus: &str, push: &Push, now: DateTime<Utc>) -> Push {
    arrived(sign(&key(campus), &push.id, now, push.body.clone()))
}

/// The push with a check-in ten minutes earlier.
pub(crate) fn tampered(push: &Push) -> Push {
    let body = String::from_utf8(push.body.clone()).unwrap();
    let changed = body.replacen("T13:5", "T13:4", 1);
    assert_ne!(body, changed);
    Push { body: changed.into_bytes(), ..push.clone() }
}

/// Two campuses, each with a course of three days: one with marks, one with an attendance log.
fn write(folder: &Path) {
    let campus = |id: &str, number: u32| {
        format!("[[campus]]\nid = \"{id}\"\nzone = \"America/New_York\"\ncoursekey-school-id = {number}\n\n")
    };
    let toml = format!(
        "name = \"Example School\"\nrun = {{ from = \"2023-08-28T08:00:00Z\", until = \"2023-09-28T04:00:00Z\" }}\n\n{}{}",
        campus("main", 548_156),
        campus("north", 548_157)
    );
    std::fs::write(folder.join("school.toml"), toml).unwrap();
    let courses = [course("C1", "main", "class-schedule", 1), course("C2", "north", "attendance-log", 21)];
    std::fs::write(folder.join("courses.jsonl"), courses.join("\n")).unwrap();
}

fn course(id: &str, campus: &str, hours_type: &str, first_student: u32) -> String {
    let person = |id: String| json!({ "id": id, "first-name": "Person", "last-name": id, "email": format!("{id}@example.edu"), "revision": 1 });
    let students = (first_student..first_student + 12).map(|number| {
        let mut student = person(format!("S{number:06}"));
        let more =
            json!({ "stage": "ACTIVE", "agreement": "assigned", "enrolled-from": "2023-08-01", "stopped-on": null });
        student.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        student
    });
    let classes = (28..31).map(|day| {
        let (starts, ends) = (format!("2023-08-{day}T14:00:00Z"), format!("2023-08-{day}T15:50:00Z"));
        json!({ "id": format!("{id}-{day}"), "starts": starts, "ends": ends })
    });
    let course = json!({
        "id": id, "revision": 1, "kind": "group-course", "campus": campus,
        "program": { "id": "P1", "name": "Program" }, "group": { "id": "G1", "name": "Group" },
        "number": "N-1", "title": "Title", "start-date": "2023-08-28", "end-date": "2023-08-31", "completed-date": null,
        "hours-type": hours_type, "send-to-coursekey": "on", "program-send-to-coursekey": "inherit",
        "instructors": [person(format!("I{id}"))],
        "students": students.collect::<Vec<_>>(), "classes": classes.collect::<Vec<_>>(),
    });
    course.to_string()
}
