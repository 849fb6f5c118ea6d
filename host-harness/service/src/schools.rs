//! The schools of this process: each is opened when somebody asks for it, with its book as GEGI and its secrets for the
//! door. Which schools there are is the registry's; when they are ticked is the runner's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use host::clock::Clock;
use host::door::{CredentialSource, Denial, Secret};
use host::gegi::{
    Course, CurrentMark, Delivery, GegiUnavailable, MailSink, Operation, Receipt, RecordSink, SchoolSettings,
    SchoolSource,
};
use host::push::PushKeys;
use host::school::{CallFailure, Gegi, Host, School};
use host::store::Store;
use mirror::book::{Book, BookError, Keeps};
use tokio::sync::Notify;

use crate::recent::Recent;
use crate::registry::{Records, Registered};
use crate::secrets::{Secrets, SecretsError};

/// A school that is open in this process.
pub struct OpenSchool {
    /// The school's id.
    pub id: String,
    /// The school's entry in the registry when it was opened; `paused` may have changed since.
    pub registered: Registered,
    /// The school, on which the component is called.
    pub school: School,
    /// The school as GEGI holds it.
    pub book: Book,
    /// Notified when the school committed something that GEGI may take.
    pub committed: Notify,
    delivers_mails: AtomicBool,
}

/// Makes the sink for the mails of a school, whose book has its own texts.
pub type MailSinks = dyn Fn(&str, &Book) -> Arc<dyn MailSink> + Send + Sync;

/// Schools for which another component runs, ahead of all others.
pub struct Ahead {
    /// The host of that component.
    pub host: Host,
    /// The schools.
    pub schools: BTreeSet<String>,
}

/// What the schools use beside the component and the storage.
pub struct Outside {
    /// Their keys.
    pub secrets: Secrets,
    /// The way out for their mails.
    pub mails: Box<MailSinks>,
    /// What is kept of their requests.
    pub recent: Recent,
}

/// The schools of this process.
pub struct OpenSchools {
    host: Host,
    ahead: Option<Ahead>,
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    outside: Outside,
    open: Mutex<BTreeMap<String, Arc<OpenSchool>>>,
}

impl OpenSchools {
    /// No school is open yet.
    pub fn new(
        (host, ahead): (Host, Option<Ahead>),
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        outside: Outside,
    ) -> Self {
        Self { host, ahead, store, clock, outside, open: Mutex::default() }
    }

    /// Whether another component runs for a school, ahead of all others.
    pub fn is_ahead(&self, id: &str) -> bool {
        self.ahead_of(id).is_some()
    }

    fn ahead_of(&self, id: &str) -> Option<&Host> {
        self.ahead.as_ref().filter(|ahead| ahead.schools.contains(id)).map(|ahead| &ahead.host)
    }

    /// Whether ticks of a school with these settings may reach CourseKey at all.
    ///
    /// # Errors
    /// They may not; the denial names the rule and the setting.
    pub fn check(&self, settings: &SchoolSettings) -> Result<(), Denial> {
        self.host.config().check(settings)
    }

    /// The secrets of all schools.
    pub fn secrets(&self) -> &Secrets {
        &self.outside.secrets
    }

    /// The school with this entry in the registry. The same object as long as the entry names the same school.
    pub fn open(&self, id: &str, registered: &Registered) -> Arc<OpenSchool> {
        let mut open = self.lock();
        if let Some(school) = open.get(id).filter(|school| school.is(registered)) {
            return Arc::clone(school);
        }
        let school = Arc::new(self.make(id, registered));
        open.insert(id.to_owned(), Arc::clone(&school));
        school
    }

    /// Forgets a school with everything that is stored of it, its secrets included.
    ///
    /// # Errors
    /// The storage or the folder of secrets failed; what is left can be removed by another removal.
    pub async fn remove(&self, id: &str, registered: &Registered) -> Result<(), Removal> {
        let school = self.open(id, registered);
        school.book.remove().await?;
        self.store.remove(&registered.stored_as(id)).await.map_err(BookError::from)?;
        self.outside.secrets.forget(id)?;
        self.lock().remove(id);
        Ok(())
    }

    fn make(&self, id: &str, registered: &Registered) -> OpenSchool {
        let name = registered.book_stored_as(id);
        // What GEGI has acknowledged already needs no feed.
        let keeps = match registered.records {
            Records::Mirror => Keeps::Feed,
            Records::Feed => Keeps::Records,
        };
        let book = Book::new(Arc::clone(&self.store), name, Arc::clone(&self.clock), keeps);
        let of_school = OfSchool { id: id.to_owned(), book: book.clone(), secrets: self.outside.secrets.clone() };
        let records: Arc<dyn RecordSink> = match registered.records {
            Records::Mirror => Arc::new(book.clone()),
            Records::Feed => Arc::new(Feed),
        };
        let gegi = Gegi {
            source: Arc::new(of_school.clone()),
            records,
            mails: (self.outside.mails)(id, &book),
            credentials: Arc::new(of_school),
            request_log: self.outside.recent.of_school(id),
        };
        let host = self.ahead_of(id).unwrap_or(&self.host);
        let school = host.open(registered.stored_as(id), gegi);
        OpenSchool {
            id: id.to_owned(),
            registered: registered.clone(),
            school,
            book,
            committed: Notify::new(),
            delivers_mails: AtomicBool::new(false),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Arc<OpenSchool>>> {
        // A panic while the lock is held cannot leave a change half made.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a school was not removed whole.
#[derive(Debug, thiserror::Error)]
pub enum Removal {
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] BookError),
    /// The folder of secrets failed.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

impl OpenSchool {
    fn is(&self, registered: &Registered) -> bool {
        let same_place = self.registered.stored_as(&self.id) == registered.stored_as(&self.id);
        same_place && self.registered.records == registered.records
    }

    /// Delivers the records that the school's calls committed, and tells whoever waits for them. Mails are delivered by
    /// themselves, because a mail server that hangs may hold up no mark.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn deliver_records(&self) -> Result<(), CallFailure> {
        self.school.deliver_records().await?;
        self.committed.notify_waiters();
        Ok(())
    }

    /// Delivers the mails that wait, unless that is under way. What is committed meanwhile is delivered too.
    pub async fn deliver_mails(&self) {
        if self.delivers_mails.swap(true, Ordering::SeqCst) {
            return;
        }
        let delivered = self.school.deliver_mails().await;
        self.delivers_mails.store(false, Ordering::SeqCst);
        match delivered.map(|report| report.stop) {
            Ok(None) => {}
            Ok(Some(stop)) => tracing::warn!(school = self.id, %stop, "mails wait"),
            Err(error) => tracing::error!(school = self.id, %error, "mails could not be delivered"),
        }
    }
}

/// One school's book and secrets, as the host asks for them.
#[derive(Clone)]
struct OfSchool {
    id: String,
    book: Book,
    secrets: Secrets,
}

#[async_trait]
impl SchoolSource for OfSchool {
    async fn settings(&self) -> Result<SchoolSettings, GegiUnavailable> {
        let mut settings = self.book.settings().await?;
        for campus in &mut settings.campuses {
            campus.credentials_generation = self.secrets.generation(&self.id, &campus.id);
        }
        Ok(settings)
    }

    async fn courses(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, u64)>, GegiUnavailable> {
        self.book.courses(after, limit).await
    }

    async fn course(&self, id: &str) -> Result<Option<Course>, GegiUnavailable> {
        self.book.course(id).await
    }

    async fn current_marks(&self, class: &str) -> Result<Vec<CurrentMark>, GegiUnavailable> {
        self.book.current_marks(class).await
    }
}

impl CredentialSource for OfSchool {
    fn key(&self, campus: &str) -> Option<Secret> {
        or_none(self.secrets.key(&self.id, campus))
    }

    fn push_keys(&self, campus: &str) -> Option<PushKeys> {
        or_none(self.secrets.push_keys(&self.id, campus))
    }
}

/// A secret that cannot be read is no secret; the log says why.
fn or_none<T>(secret: Result<Option<T>, SecretsError>) -> Option<T> {
    secret.unwrap_or_else(|error| {
        tracing::error!(%error, "a secret cannot be read");
        None
    })
}

/// The sink of a school whose GEGI takes its records from the feed: nothing is handed over.
struct Feed;

#[async_trait]
impl RecordSink for Feed {
    fn takes_by_itself(&self) -> bool {
        true
    }

    async fn receive(&self, _: &Delivery<Operation>) -> Result<Receipt, GegiUnavailable> {
        Err(GegiUnavailable("it takes its records from the feed".to_owned()))
    }
}
