//! The rig: a school with everything around it, namely the host and its storage, the stand-in for GEGI, CourseKey's
//! side, and the clock that all of them share. A rig is made for a school directory, or for a school that an earlier
//! run has stored.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::coursekey::{CourseKey, CourseKeyError, Keys, SIMULATED_URL, ToPush, simulator};
use super::requests::Requests;
use crate::directory::{Event, SchoolDirectory};
use crate::twin::{Position, Twin, TwinError};
use host::clock::Clock;
use host::engine::Engine;
use host::gegi::SchoolSettings;
use host::observer::Observer;
use host::push::Push;
use host::school::{Gegi, Host, HostConfig, School};
use host::store::sqlite::OpenError;
use host::store::{MemoryStore, SchoolId, SqliteStore, Store};

/// The name under which the one school of a rig is stored.
const SCHOOL: &str = "school";

/// Everything of a rig beside its school.
pub struct Around {
    /// The component.
    pub engine: Engine,
    /// The clock that all parts of the rig share.
    pub clock: Arc<dyn Clock>,
    /// The folder in which host, stand-in and simulator store their data; none: their data ends with the rig.
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
    /// The stand-in for GEGI failed.
    #[error(transparent)]
    Twin(#[from] TwinError),
    /// CourseKey's side failed.
    #[error(transparent)]
    CourseKey(#[from] CourseKeyError),
}

/// A school with everything around it.
pub struct Rig {
    around: Around,
    pub(super) twin: Arc<Twin>,
    pub(super) coursekey: CourseKey,
    pub(super) requests: Arc<Requests>,
    storage: Storage,
    school: School,
}

/// The place where the host stores the school.
enum Storage {
    Memory(Arc<MemoryStore>),
    File(PathBuf),
    /// A file that is removed with the rig.
    Temporary(tempfile::TempDir),
}

impl Rig {
    /// The file of the stand-in for GEGI in the folder of a stored school.
    pub const TWIN_FILE: &str = "gegi.sqlite";

    /// Makes a rig for a school directory. A folder that holds the school already is used as it is.
    ///
    /// # Errors
    /// A file cannot be opened, or the simulator does not accept the directory's files.
    pub fn for_directory(directory: &SchoolDirectory, around: Around) -> Result<Self, RigError> {
        let restarts = directory.changes.iter().any(|change| change.event == Event::Restart);
        let storage = Storage::new(around.folder.as_deref(), restarts)?;
        let path = around.folder.as_ref().map(|folder| folder.join(Self::TWIN_FILE));
        let twin = Twin::open(path.as_deref(), Arc::clone(&around.clock))?;
        if twin.settings_if_any()?.is_none() {
            twin.put_settings(&with_url(directory.settings.clone()))?;
        }
        let settings = twin.settings_if_any()?.ok_or(TwinError::NoSchool)?;
        Self::assemble(around, storage, twin, &settings, Some(directory))
    }

    /// Makes a rig for a school that an earlier run stored in this folder. From here on its students come and go by
    /// the seed.
    ///
    /// # Errors
    /// The folder holds no school, or a file cannot be opened.
    pub fn stored(folder: &Path, around: Around) -> Result<Self, RigError> {
        let twin = Twin::open_existing(&folder.join(Self::TWIN_FILE), Arc::clone(&around.clock))?;
        let settings = twin.settings_if_any()?.ok_or(TwinError::NoSchool)?;
        let around = Around { folder: Some(folder.to_owned()), ..around };
        let storage = Storage::new(Some(folder), false)?;
        Self::assemble(around, storage, twin, &settings, None)
    }

    fn assemble(
        around: Around,
        storage: Storage,
        twin: Twin,
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
        let twin = Arc::new(twin);
        let requests = Arc::new(Requests::default());
        let school = open_school(&around, &storage, &twin, &coursekey, &requests)?;
        Ok(Self { around, twin, coursekey, requests, storage, school })
    }

    /// The school, on which callers call the component.
    pub fn school(&self) -> &School {
        &self.school
    }

    /// The stand-in for GEGI.
    pub fn twin(&self) -> &Twin {
        &self.twin
    }

    /// The present moment of the rig's clock.
    pub fn now(&self) -> DateTime<Utc> {
        self.around.clock.now()
    }

    /// The pushes that the simulated CourseKey sends for `what` at `now`, each with its campus.
    ///
    /// # Errors
    /// CourseKey is not simulated here, or cannot push that.
    pub fn pushes(&self, now: DateTime<Utc>, what: ToPush<'_>) -> Result<Vec<(String, Push)>, RigError> {
        let settings = self.twin.settings_if_any()?.ok_or(TwinError::NoSchool)?;
        Ok(self.coursekey.push(now, &settings.campuses, what)?)
    }

    /// Notes that the run left the school at the present moment.
    ///
    /// # Errors
    /// The stand-in's file cannot be used.
    pub fn leave(&self) -> Result<(), TwinError> {
        let now = self.now().timestamp();
        let position = self.twin.position()?.unwrap_or(Position { clock: now, changes_from: i64::MIN });
        self.twin.set_position(Position { clock: position.clock.max(now), ..position })
    }

    /// The seed of the simulator's dice; none: a CourseKey outside of this process answers.
    pub(super) fn seed(&self) -> Option<u64> {
        self.coursekey.is_simulated().then_some(self.around.seed)
    }

    /// Drops the host as a crash would and starts it again on its storage. GEGI and CourseKey go on.
    pub(super) fn restart(&mut self) -> Result<(), RigError> {
        // A store cannot be opened twice, so the old store is dropped first.
        let empty: Arc<dyn Store> = Arc::new(MemoryStore::default());
        self.school = host_school(&self.around, empty, &self.twin, &self.coursekey, &self.requests);
        self.school = open_school(&self.around, &self.storage, &self.twin, &self.coursekey, &self.requests)?;
        Ok(())
    }
}

impl Storage {
    fn new(folder: Option<&Path>, restarts: bool) -> Result<Self, RigError> {
        let fail = |folder: &Path| {
            let folder = folder.to_owned();
            move |error| RigError::Folder { folder, error }
        };
        match folder {
            Some(folder) => {
                host::private::create_folder(folder).map_err(fail(folder))?;
                Ok(Self::File(folder.join("host.sqlite")))
            }
            None if restarts => Ok(Self::Temporary(tempfile::tempdir().map_err(fail(&std::env::temp_dir()))?)),
            None => Ok(Self::Memory(Arc::default())),
        }
    }

    fn open(&self) -> Result<Arc<dyn Store>, OpenError> {
        match self {
            Self::Memory(store) => Ok(Arc::clone(store) as Arc<dyn Store>),
            Self::File(path) => Ok(Arc::new(SqliteStore::open(path)?)),
            Self::Temporary(folder) => Ok(Arc::new(SqliteStore::open(folder.path().join("host.sqlite"))?)),
        }
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

fn open_school(
    around: &Around,
    storage: &Storage,
    twin: &Arc<Twin>,
    coursekey: &CourseKey,
    requests: &Arc<Requests>,
) -> Result<School, OpenError> {
    Ok(host_school(around, storage.open()?, twin, coursekey, requests))
}

fn host_school(
    around: &Around,
    store: Arc<dyn Store>,
    twin: &Arc<Twin>,
    coursekey: &CourseKey,
    requests: &Arc<Requests>,
) -> School {
    let config = HostConfig {
        observer: Arc::clone(&around.observer),
        loopback_allowed: !coursekey.is_simulated(),
        ..HostConfig::new(Arc::clone(&around.clock), store, Arc::clone(&coursekey.transport))
    };
    let gegi = Gegi {
        source: Arc::clone(twin) as _,
        records: Arc::clone(twin) as _,
        mails: Arc::clone(twin) as _,
        credentials: Arc::clone(&coursekey.keys) as _,
        request_log: Arc::clone(requests) as _,
    };
    Host::new(around.engine.clone(), config).open(SchoolId::new(SCHOOL), gegi)
}
