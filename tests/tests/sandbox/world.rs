//! The world around the schools of the sandbox: GEGI, CourseKey and the request log.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use host::door::{
    Answer, CredentialSource, Denial, Outgoing, RequestEntry, RequestLog, Secret, Transport, TransportError,
};
use host::gegi::{
    Campus, Course, CurrentMark, Delivery, GegiUnavailable, MailSink, Message, Operation, Receipt, RecordSink,
    SchoolSettings, SchoolSource,
};
use host::push::{PushKey, PushKeys};
use host::school::Gegi;
use tokio::sync::Semaphore;

/// The key with which CourseKey signs the pushes of the campus `main`; below, the same key as base64.
pub(crate) const PUSH_KEY: &[u8] = b"push-key-000001-of-main-";
const PUSH_KEY_TEXT: &str = "cHVzaC1rZXktMDAwMDAxLW9mLW1haW4t";
/// GEGI, CourseKey and the request log in one: they record every question, item and request that reaches them.
pub(crate) struct World {
    script: Mutex<String>,
    pub(crate) sent: Mutex<Vec<String>>,
    pub(crate) logged: Mutex<Vec<String>>,
    pub(crate) received: Mutex<Vec<String>>,
    pub(crate) gegi_is_down: Mutex<bool>,
    /// The school's `coursekey-url`, if it is not the usual one.
    pub(crate) url: Mutex<Option<String>>,
    /// A permit for each request that is never answered.
    pub(crate) unanswered: Semaphore,
    pub(crate) pushes: AtomicU64,
}

impl Default for World {
    fn default() -> Self {
        Self {
            script: Mutex::default(),
            sent: Mutex::default(),
            logged: Mutex::default(),
            received: Mutex::default(),
            gegi_is_down: Mutex::default(),
            url: Mutex::default(),
            unanswered: Semaphore::new(0),
            pushes: AtomicU64::default(),
        }
    }
}

impl World {
    /// The next call of the school plays this script.
    pub(crate) fn plays(&self, script: &str) {
        script.clone_into(&mut self.script.lock().unwrap());
    }
}

pub(crate) fn interfaces(world: &Arc<World>) -> Gegi {
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
        let url = self.url.lock().unwrap().clone().unwrap_or_else(|| "https://api.example.com/v1".to_owned());
        Ok(SchoolSettings { error_email, ..SchoolSettings::with_defaults(name, url, campuses) })
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
    /// Answers every request after seven seconds with the request's own head, so that a test sees what left. The end of
    /// a path orders another answer.
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let request = outgoing.request;
        let head = format!("{} {} {:?} {}", request.method(), request.uri(), request.headers(), request.body().len());
        self.sent.lock().unwrap().push(head.clone());
        let mut response = http::Response::builder().header("set-cookie", "a=b");
        let mut body = Bytes::from(head);
        match request.uri().path().rsplit('/').next().unwrap() {
            "lost" => return Err(TransportError::TimedOut(Duration::from_secs(30))),
            "silent" => {
                self.unanswered.add_permits(1);
                return std::future::pending().await;
            }
            "moved" => response = response.status(302).header("location", "http://169.254.169.254/"),
            "huge" => body = Bytes::from(vec![b'x'; 100 * 1024 * 1024]),
            "many-headers" => response = response.header("x-much", "x".repeat(1024 * 1024)),
            _ => {}
        }
        Ok(Answer { response: response.body(body).unwrap(), latency: Duration::from_secs(7) })
    }
}
