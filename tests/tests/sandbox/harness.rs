//! A school whose component is `guests/hostile`: the school's name, or the body of a push, is the script.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use host::clock::{Clock, VirtualClock};
use host::door::{
    Answer, CredentialSource, Denial, Outgoing, RequestEntry, RequestLog, Secret, Transport, TransportError,
};
use host::engine::Engine;
use host::gegi::{
    Campus, Course, CurrentMark, Delivery, GegiUnavailable, MailSink, Message, Operation, Receipt, RecordSink,
    SchoolSettings, SchoolSource,
};
use host::limits::Limits;
use host::push::{Push, PushKey, PushKeys};
use host::school::{Budget, CallError, CallFailure, Gegi, Host, HostConfig, School};
use host::store::MemoryStore;
use simulator::{Pushed, sign};

/// The key with which CourseKey signs the pushes of the campus `main`; below, the same key as base64.
const PUSH_KEY: &[u8] = b"push-key-000001-of-main-";
const PUSH_KEY_TEXT: &str = "cHVzaC1rZXktMDAwMDAxLW9mLW1haW4t";
/// Calls that may run at once.
pub(crate) const PLACES: u32 = 4;

/// A school that plays scripts, and everything that its scripts did.
pub(crate) struct Playground {
    pub(crate) world: Arc<World>,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) school: School,
}

/// GEGI, CourseKey and the request log in one: they record every question, item and request that reaches them.
#[derive(Default)]
pub(crate) struct World {
    script: Mutex<String>,
    pub(crate) sent: Mutex<Vec<String>>,
    pub(crate) logged: Mutex<Vec<String>>,
    pub(crate) received: Mutex<Vec<String>>,
    pub(crate) gegi_is_down: Mutex<bool>,
    pushes: AtomicU64,
}

impl Playground {
    /// A school on which nobody has called yet.
    pub(crate) fn new() -> Self {
        let world = Arc::new(World::default());
        let clock = Arc::new(VirtualClock::new(DateTime::<Utc>::UNIX_EPOCH));
        let config = HostConfig::new(clock.clone(), Arc::new(MemoryStore::default()), world.clone());
        let school = Host::new(engine(), config).open("school-1".into(), interfaces(&world));
        Self { world, clock, school }
    }

    /// Plays a script in a tick; returns everything that the guest saw, or the failure of the call.
    pub(crate) async fn tick(&self, script: &str) -> String {
        script.clone_into(&mut self.world.script.lock().unwrap());
        told(self.school.tick(Budget { items: 100, seconds: 2 }).await)
    }

    /// The entries of the request log.
    pub(crate) fn logged(&self) -> String {
        self.world.logged.lock().unwrap().join("\n")
    }

    /// Delivers, and returns the items that GEGI received.
    pub(crate) async fn delivered(&self) -> String {
        self.school.deliver().await.unwrap();
        std::mem::take(&mut *self.world.received.lock().unwrap()).join("\n")
    }

    /// Plays a script in a call without network.
    pub(crate) async fn push(&self, script: &str) -> String {
        let number = self.world.pushes.fetch_add(1, Ordering::Relaxed);
        let pushed = sign(PUSH_KEY, &format!("msg_{number}"), self.clock.now(), script.to_owned());
        let Pushed { id, timestamp, signature, body } = pushed;
        let push = Push { id, timestamp, signature, body: body.into() };
        told(self.school.attendance_received("main", push).await)
    }
}

fn told<T>(result: Result<T, CallFailure>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(CallFailure::Refused(CallError::BadInput(seen))) => seen,
        Err(failure) => format!("{failure} [{:?}]", failure.next()),
    }
}

fn interfaces(world: &Arc<World>) -> Gegi {
    Gegi {
        source: world.clone(),
        records: world.clone(),
        mails: world.clone(),
        credentials: world.clone(),
        request_log: world.clone(),
    }
}

#[async_trait]
impl SchoolSource for World {
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable> {
        if *self.gegi_is_down.lock().unwrap() {
            return Err(GegiUnavailable("it is down".to_owned()));
        }
        let campuses = vec![campus("main", 548_156), campus("keyless", 548_157)];
        let name = self.script.lock().unwrap().clone();
        let error_email = Some("errors@example.edu".to_owned());
        Ok(SchoolSettings {
            error_email,
            ..SchoolSettings::with_defaults(name, "https://api.example.com/v1", campuses)
        })
    }

    async fn courses(&self, _after: Option<&str>, _limit: usize) -> Result<Vec<(String, u64)>, GegiUnavailable> {
        Ok(Vec::new())
    }

    async fn course(&self, _id: &str) -> Result<Option<Course>, GegiUnavailable> {
        Ok(None)
    }

    async fn current_marks(&self, _class: &str) -> Result<Vec<CurrentMark>, GegiUnavailable> {
        Ok(Vec::new())
    }
}

fn campus(id: &str, number: u64) -> Campus {
    Campus::new(id, "America/New_York", number)
}

#[async_trait]
impl RecordSink for World {
    async fn receive(&self, delivery: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        let what = match &delivery.payload {
            Operation::OpenIssue(open) => format!("open: {}", open.issue.sentence),
            Operation::ResolveIssue(resolve) => format!("resolved: {}", resolve.key),
            _ => "record".to_owned(),
        };
        self.received.lock().unwrap().push(format!("{} {what}", delivery.sequence));
        Ok(Receipt::Applied)
    }
}

#[async_trait]
impl MailSink for World {
    async fn send(&self, delivery: &Delivery<Message>) -> Result<Receipt, GegiUnavailable> {
        self.received.lock().unwrap().push(format!("{} mail", delivery.sequence));
        Ok(Receipt::Applied)
    }
}

impl CredentialSource for World {
    fn key(&self, campus: &str) -> Option<Secret> {
        (campus == "main").then(|| Secret::new("key-000001"))
    }

    fn push_keys(&self, campus: &str) -> Option<PushKeys> {
        let current = PushKey::parse(&format!("whsec_{PUSH_KEY_TEXT}")).unwrap();
        (campus == "main").then_some(PushKeys { current, other: None })
    }
}

impl RequestLog for World {
    fn record(&self, entry: RequestEntry) {
        self.logged.lock().unwrap().push(serde_json::to_string(&entry).unwrap());
    }

    fn denied(&self, denial: &Denial) {
        self.logged.lock().unwrap().push(denial.to_string());
    }
}

#[async_trait]
impl Transport for World {
    /// Answers every request after seven seconds with the request's own head, so that a test sees what left. A path
    /// that ends in `/lost` is never answered.
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let request = outgoing.request;
        let head = format!("{} {} {:?} {}", request.method(), request.uri(), request.headers(), request.body().len());
        self.sent.lock().unwrap().push(head.clone());
        if request.uri().path().ends_with("/lost") {
            return Err(TransportError::TimedOut(Duration::from_secs(30)));
        }
        let response = http::Response::builder().header("set-cookie", "a=b").body(Bytes::from(head)).unwrap();
        Ok(Answer { response, latency: Duration::from_secs(7) })
    }
}

/// The hostile component, built and compiled once for the test program. A tick may take its two seconds and no more.
fn engine() -> Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let compile = || {
        tests::discretion::watch();
        let guest = tests::guests::build("hostile-guest", env!("CARGO_TARGET_TMPDIR"));
        let mut limits = Limits::default();
        limits.sandbox.tick_grace = Duration::ZERO;
        limits.sandbox.concurrent_calls = PLACES;
        Engine::new(&std::fs::read(guest).unwrap(), limits, Some(compiled_code())).unwrap()
    };
    ENGINE.get_or_init(compile).clone()
}

/// The directory in which all tests of this workspace keep compiled components, the component of the program under test
/// included: a component is compiled once for all of them.
pub(crate) fn compiled_code() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/cache/gegi-coursekey"))
}
