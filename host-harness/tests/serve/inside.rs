//! A service in this process, on a clock, leases and a way to CourseKey that the test moves. Its tasks do not run: the test
//! calls what they call.

use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use component::COMPONENT;
use host::clock::VirtualClock;
use host::door::{Answer, Outgoing, Transport, TransportError};
use host::gegi::{Campus, SchoolSettings};
use host::limits::Limits;
use host::school::CourseChange;
use host::store::lease::{Alone, Hints, Lease, Leases, Node, NodeId, Share};
use host::store::{MemoryStore, SchoolId, Store, StoreError};
use mirror::form::CourseLine;
use service::config::Config;
use service::registry::Records;
use service::schools::OpenSchool;
use service::secrets::Secrets;
use service::serve::{Ground, Ready, prepare_on};
use service::service::Service;
use service::tenure::Tenure;
use service::trial::Components;
use tokio::sync::{Semaphore, mpsc};

use super::bench::{OPERATOR, course};

/// What several services in this process share.
pub(crate) struct Inside {
    folder: tempfile::TempDir,
    pub(crate) clock: Arc<VirtualClock>,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) leases: Arc<Tampered>,
    pub(crate) coursekey: Arc<Held>,
}

impl Inside {
    /// At a moment in the form of the files.
    pub(crate) fn at(moment: &str) -> Self {
        tests::discretion::watch();
        let folder = tempfile::tempdir().unwrap();
        let secrets = folder.path().join("secrets");
        host::private::create_folder(&secrets).unwrap();
        host::private::write(&secrets.join("operator-token"), OPERATOR.as_bytes()).unwrap();
        host::private::write(&secrets.join("north.main.key"), b"key-000001").unwrap();
        let config = "listen = \"127.0.0.1:0\"\nstore = \"sqlite:unused.sqlite\"\nsecrets = \"secrets\"\n\
            loopback-allowed = true\noperator-email = \"operator@example.edu\"\n[mail]\ntransport = \"folder\"\n\
            folder = \"mails\"\nfrom = \"GEGI <gegi@example.edu>\"\n[coursekey]\nallowed-hosts = [\"api.example.com:443\"]\n";
        std::fs::write(folder.path().join("serve.toml"), config).unwrap();
        let store: Arc<dyn Store> = Arc::new(MemoryStore::default());
        let leases = Arc::new(Tampered::new(Arc::clone(&store)));
        let clock = Arc::new(VirtualClock::new(moment.parse().unwrap()));
        Self { folder, clock, store, leases, coursekey: Arc::default() }
    }

    /// A service that is ready, as a process that starts has it.
    pub(crate) async fn ready(&self) -> Ready {
        let config = Config::read(&self.folder.path().join("serve.toml")).unwrap();
        let secrets = Secrets::open(&config.secrets, false, |_| None).unwrap();
        let ground = Ground {
            clock: self.clock.clone(),
            store: Arc::clone(&self.store),
            leases: self.leases.clone(),
            transport: self.coursekey.clone(),
        };
        let compiled = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cache/gegi-coursekey");
        let components = Components::read(&config, COMPONENT, Limits::default(), Some(compiled)).unwrap();
        prepare_on(ground, config, components, secrets).await.unwrap()
    }

    pub(crate) fn pass(&self, minutes: i64) {
        self.clock.advance(TimeDelta::minutes(minutes).to_std().unwrap());
    }

    /// Takes the mails that have left; the subject of each.
    pub(crate) fn mails(&self) -> Vec<String> {
        let Ok(folder) = std::fs::read_dir(self.folder.path().join("mails")) else { return Vec::new() };
        let mails = folder.map(|file| {
            let path = file.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap();
            std::fs::remove_file(path).unwrap();
            text.lines().find_map(|line| line.strip_prefix("Subject: ")).unwrap().to_owned()
        });
        mails.collect()
    }
}

/// Creates a school as the API does.
pub(crate) async fn create(service: &Service, id: &str, records: Records) -> Arc<OpenSchool> {
    let (registered, _) = service.registry().put(id, records).await.unwrap();
    let school = service.schools().open(id, &registered);
    let campus = Campus::new("main", "America/New_York", 548_156);
    let settings = SchoolSettings {
        update_every_minutes: 1,
        initial_user_password: "Welcome1".to_owned(),
        saved_at: Some(service.now()),
        ..SchoolSettings::with_defaults("North", "http://127.0.0.1:1/v1", vec![campus])
    };
    school.book.put_settings(&settings).await.unwrap();
    service.leases().add(school.school.id()).await.unwrap();
    school
}

/// Sends a course, so that ticks have something to send.
pub(crate) async fn send_course(school: &OpenSchool) {
    let CourseLine(course) = serde_json::from_value(course(1)).unwrap();
    school.book.save_course(&course).await.unwrap();
    school.school.course_changed(CourseChange::Saved(course)).await.unwrap();
}

/// The tenure of a process of this name.
pub(crate) fn tenure(service: &Service, name: &str) -> Tenure {
    let node = Node { id: NodeId::new(name), address: "127.0.0.1:1".to_owned() };
    Tenure::new(service.clone(), node)
}

/// When the next tick of a school is due, as this process knows it.
pub(crate) fn next_tick(service: &Service, school: &SchoolId) -> Option<DateTime<Utc>> {
    service.runs().seen(school).and_then(|seen| seen.next_tick)
}

/// A CourseKey that answers nobody until it is let go, and then fails.
pub(crate) struct Held {
    /// One permit for each request that has come.
    pub(crate) asked: Semaphore,
    /// One permit for each request that may fail.
    pub(crate) let_go: Semaphore,
}

impl Default for Held {
    fn default() -> Self {
        Self { asked: Semaphore::new(0), let_go: Semaphore::new(0) }
    }
}

#[async_trait]
impl Transport for Held {
    async fn send(&self, _: Outgoing) -> Result<Answer, TransportError> {
        self.asked.add_permits(1);
        self.let_go.acquire().await.unwrap().forget();
        Err(TransportError::Connect("it is let go".to_owned()))
    }
}

/// Leases of which answers are lost, whose listeners are cut off, and which are shared with processes that are not there.
pub(crate) struct Tampered {
    leases: Alone,
    /// Whether the answer of the next claim is lost.
    pub(crate) loses_answer: AtomicBool,
    /// How many processes there are.
    pub(crate) processes: AtomicU64,
    /// Those who listen.
    pub(crate) listeners: Mutex<Vec<mpsc::UnboundedSender<SchoolId>>>,
    /// What was given back, in order; none: everything, by a process that leaves.
    pub(crate) given: Mutex<Vec<Option<SchoolId>>>,
}

impl Tampered {
    fn new(store: Arc<dyn Store>) -> Self {
        let (loses_answer, processes) = (AtomicBool::new(false), AtomicU64::new(1));
        Self {
            leases: Alone::new(store),
            loses_answer,
            processes,
            listeners: Mutex::default(),
            given: Mutex::default(),
        }
    }

    pub(crate) fn given(&self) -> Vec<Option<SchoolId>> {
        self.given.lock().unwrap().clone()
    }
}

#[async_trait]
impl Leases for Tampered {
    async fn add(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.leases.add(school).await
    }

    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.leases.remove(school).await
    }

    async fn schools(&self) -> Result<Vec<SchoolId>, StoreError> {
        self.leases.schools().await
    }

    async fn register(&self, node: &Node) -> Result<(), StoreError> {
        self.leases.register(node).await
    }

    async fn renew(&self, node: &NodeId) -> Result<bool, StoreError> {
        self.leases.renew(node).await
    }

    async fn claim(&self, node: &NodeId, limit: usize) -> Result<Vec<Lease>, StoreError> {
        let claimed = self.leases.claim(node, limit).await?;
        let is_lost = self.loses_answer.swap(false, Ordering::SeqCst);
        if is_lost { Err(StoreError::Unavailable { reason: "the answer is lost".to_owned() }) } else { Ok(claimed) }
    }

    async fn held(&self, node: &NodeId) -> Result<Vec<Lease>, StoreError> {
        self.leases.held(node).await
    }

    async fn release(&self, node: &NodeId, schools: &[SchoolId]) -> Result<(), StoreError> {
        self.given.lock().unwrap().extend(schools.iter().cloned().map(Some));
        self.leases.release(node, schools).await
    }

    async fn leave(&self, node: &NodeId) -> Result<(), StoreError> {
        self.given.lock().unwrap().push(None);
        self.leases.leave(node).await
    }

    async fn share(&self, node: &NodeId) -> Result<Share, StoreError> {
        let share = self.leases.share(node).await?;
        Ok(Share { nodes: self.processes.load(Ordering::SeqCst), ..share })
    }

    async fn holder(&self, school: &SchoolId) -> Result<Option<Node>, StoreError> {
        self.leases.holder(school).await
    }

    async fn notify(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.listeners.lock().unwrap().retain(|listener| listener.send(school.clone()).is_ok());
        Ok(())
    }

    async fn hints(&self) -> Result<Hints, StoreError> {
        let (listener, schools) = mpsc::unbounded_channel();
        self.listeners.lock().unwrap().push(listener);
        Ok(Hints::new(schools))
    }
}
