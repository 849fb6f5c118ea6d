//! The rig: a school with everything around it, namely the host and its storage, the book that is GEGI here, CourseKey's
//! side, and the clock that all of them share. A rig is made for a school directory, or for a school that an earlier run
//! has stored.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::coursekey::{CourseKey, CourseKeyError, Keys, SIMULATED_URL, ToPush, simulator};
use super::position::Position;
use super::requests::Requests;
use super::storage::{Storage, Stores};
use crate::directory::{Event, SchoolDirectory};
use host::clock::Clock;
use host::engine::Engine;
use host::gegi::SchoolSettings;
use host::observer::Observer;
use host::push::Push;
use host::school::{Gegi, Host, HostConfig, School};
use host::store::sqlite::OpenError;
use host::store::{SchoolId, Store};
use mirror::book::{Book, BookError, Keeps};

/// The name under which the one school of a rig is stored.
const SCHOOL: &str = "school";
/// The name under which the school's book is stored.
const BOOK: &str = "school book";

/// Everything of a rig beside its school.
pub struct Around {
    /// The component.
    pub engine: Engine,
    /// The clock that all parts of the rig share.
    pub clock: Arc<dyn Clock>,
    /// The folder in which host, book and simulator store their data; none: their data ends with the rig.
    pub folder: Option<PathBuf>,
    /// The seed of the simulator's dice.
    pub seed: u64,
    /// The keys of the campuses, for a CourseKey outside of this process.
    pub keys: Keys,
    /// The observer, which hears every step that a crash could separate from the next step, and every call.
    pub observer: Arc<dyn Observer>,
}

/// Why the rig could not be made.
#[derive(Debug, thiserror::Error)]
pub enum RigError {
    /// The folder cannot be made or used.
    #[error("use the folder {}: {error}; check it and its free space, or name another", .folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
    /// The host's storage cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The folder holds no school.
    #[error("find a school in the folder: there is none; play a school directory with `run --store` first")]
    NoSchool,
    /// The folder holds a school in the form of an earlier version.
    #[error(
        "use the folder {}: an earlier version kept the school there (gegi.sqlite); play the school directory into \
         another folder",
        .0.display()
    )]
    Earlier(PathBuf),
    /// The school's book failed.
    #[error(transparent)]
    Book(#[from] BookError),
    /// CourseKey's side failed.
    #[error(transparent)]
    CourseKey(#[from] CourseKeyError),
}

/// A school with everything around it.
pub struct Rig {
    around: Around,
    pub(super) book: Book,
    pub(super) coursekey: CourseKey,
    pub(super) requests: Arc<Requests>,
    school: School,
    /// After what uses it, because files that are open cannot be removed everywhere.
    storage: Storage,
}

impl Rig {
    /// Makes a rig for a school directory. A folder that holds the school already is used as it is.
    ///
    /// # Errors
    /// A file cannot be opened, or the simulator does not accept the directory's files.
    pub async fn for_directory(directory: &SchoolDirectory, around: Around) -> Result<Self, RigError> {
        let restarts = directory.changes.iter().any(|change| change.event == Event::Restart);
        let storage = Storage::new(around.folder.as_deref(), restarts)?;
        let stores = storage.open()?;
        let book = book_in(Arc::clone(&stores.book), Arc::clone(&around.clock));
        if book.settings_if_any().await?.is_none() {
            book.put_settings(&with_url(directory.settings.clone())).await?;
        }
        let settings = settings_of(&book).await?;
        Self::assemble(around, storage, (stores.host, book), &settings, Some(directory))
    }

    /// Makes a rig for a school that an earlier run stored in this folder. From here on its students come and go by
    /// the seed.
    ///
    /// # Errors
    /// The folder holds no school, or a file cannot be opened.
    pub async fn stored(folder: &Path, around: Around) -> Result<Self, RigError> {
        let (storage, stores) = Storage::existing(folder)?.ok_or(RigError::NoSchool)?;
        let around = Around { folder: Some(folder.to_owned()), ..around };
        let book = book_in(stores.book, Arc::clone(&around.clock));
        let settings = book.settings_if_any().await?.ok_or(RigError::NoSchool)?;
        Self::assemble(around, storage, (stores.host, book), &settings, None)
    }

    /// The book alone of a school that an earlier run stored in this folder, which nobody else can use meanwhile.
    ///
    /// # Errors
    /// The folder holds no school, or its file cannot be opened.
    pub async fn stored_book(folder: &Path, clock: Arc<dyn Clock>) -> Result<Book, RigError> {
        let (_, stores) = Storage::existing(folder)?.ok_or(RigError::NoSchool)?;
        let book = book_in(stores.book, clock);
        if book.settings_if_any().await?.is_some() { Ok(book) } else { Err(RigError::NoSchool) }
    }

    fn assemble(
        around: Around,
        storage: Storage,
        (store, book): (Arc<dyn Store>, Book),
        settings: &SchoolSettings,
        directory: Option<&SchoolDirectory>,
    ) -> Result<Self, RigError> {
        let coursekey = if settings.coursekey_url == SIMULATED_URL {
            let log = around.folder.as_ref().map(|folder| folder.join("simulator.jsonl"));
            let now = around.clock.now();
            let simulator = simulator(&settings.campuses, directory, log.as_deref(), around.seed, now)?;
            CourseKey::simulated(&settings.campuses, simulator, Arc::clone(&around.clock))
        } else {
            CourseKey::outside(around.keys.clone())
        };
        let requests = Arc::new(Requests::default());
        let school = host_school(&around, store, &book, &coursekey, &requests);
        Ok(Self { around, book, coursekey, requests, school, storage })
    }

    /// The school, on which callers call the component.
    pub fn school(&self) -> &School {
        &self.school
    }

    /// The school as GEGI holds it.
    pub fn book(&self) -> &Book {
        &self.book
    }

    /// The school's settings.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn settings(&self) -> Result<SchoolSettings, BookError> {
        settings_of(&self.book).await
    }

    /// The present moment of the rig's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.around.clock.now()
    }

    /// The pushes that the simulated CourseKey sends for `what` at `now`, each with its campus.
    ///
    /// # Errors
    /// CourseKey is not simulated here, or cannot push that.
    pub async fn pushes(&self, now: DateTime<Utc>, what: ToPush<'_>) -> Result<Vec<(String, Push)>, RigError> {
        let settings = self.settings().await?;
        Ok(self.coursekey.push(now, &settings.campuses, what)?)
    }

    /// Notes that the run left the school at the present moment.
    ///
    /// # Errors
    /// The storage failed.
    pub async fn leave(&self) -> Result<(), BookError> {
        let now = self.now().timestamp();
        let position = Position::of(&self.book).await?.unwrap_or(Position { clock: now, changes_from: i64::MIN });
        Position { clock: position.clock.max(now), ..position }.keep(&self.book).await
    }

    /// Whether the school is there after the rig, so that a later run may continue it.
    pub(super) fn is_kept(&self) -> bool {
        self.around.folder.is_some()
    }

    /// The seed of the simulator's dice; none: a CourseKey outside of this process answers.
    pub(super) fn seed(&self) -> Option<u64> {
        self.coursekey.is_simulated().then_some(self.around.seed)
    }

    /// Drops the host as a crash would and starts it again on its storage, where GEGI's records lie too. CourseKey goes
    /// on.
    pub(super) fn restart(&mut self) -> Result<(), RigError> {
        // A store cannot be opened twice, so whoever has the old store lets go of it first.
        self.use_stores(Stores::empty());
        self.use_stores(self.storage.open()?);
        Ok(())
    }

    fn use_stores(&mut self, stores: Stores) {
        self.book = book_in(stores.book, Arc::clone(&self.around.clock));
        self.school = host_school(&self.around, stores.host, &self.book, &self.coursekey, &self.requests);
    }
}

/// The directory's settings; without a base URL in them, the simulator's base URL is added.
fn with_url(settings: SchoolSettings) -> SchoolSettings {
    if settings.coursekey_url.is_empty() {
        SchoolSettings { coursekey_url: SIMULATED_URL.to_owned(), ..settings }
    } else {
        settings
    }
}

fn book_in(store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> Book {
    Book::new(store, SchoolId::new(BOOK), clock, Keeps::Records)
}

async fn settings_of(book: &Book) -> Result<SchoolSettings, BookError> {
    book.settings_if_any().await?.ok_or(BookError::NoSchool)
}

fn host_school(
    around: &Around,
    store: Arc<dyn Store>,
    book: &Book,
    coursekey: &CourseKey,
    requests: &Arc<Requests>,
) -> School {
    let config = HostConfig {
        observer: Arc::clone(&around.observer),
        loopback_allowed: !coursekey.is_simulated(),
        ..HostConfig::new(Arc::clone(&around.clock), store, Arc::clone(&coursekey.transport))
    };
    let book = Arc::new(book.clone());
    let gegi = Gegi {
        source: Arc::clone(&book) as _,
        records: Arc::clone(&book) as _,
        mails: book as _,
        credentials: Arc::clone(&coursekey.keys) as _,
        request_log: Arc::clone(requests) as _,
    };
    Host::new(around.engine.clone(), config).open(SchoolId::new(SCHOOL), gegi)
}
