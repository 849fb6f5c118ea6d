//! The places where a rig stores its school: the host's part and GEGI's. Not here: what is stored, and under which name
//! (`rig`).

use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::rig::RigError;
use host::store::sqlite::OpenError;
use host::store::{MemoryStore, SqliteStore, Store};

/// The file with a school, in the folder of a stored school or in a temporary one.
const FILE: &str = "host.sqlite";
/// The file in which earlier versions kept GEGI's records.
const EARLIER_FILE: &str = "gegi.sqlite";

/// The place of a rig's school.
pub(super) enum Storage {
    /// A file in a folder that stays.
    Kept(PathBuf),
    /// A file that is removed with the rig.
    Scratch(TempDir),
    /// The host's part in memory, and GEGI's, which is larger, in a file that is removed with the rig.
    Light(Arc<MemoryStore>, TempDir),
}

/// The open stores of a rig; both may be the same.
pub(super) struct Stores {
    /// Where the host stores the school.
    pub(super) host: Arc<dyn Store>,
    /// Where the school's book lies.
    pub(super) book: Arc<dyn Store>,
}

impl Stores {
    /// Stores with nothing in them.
    pub(super) fn empty() -> Self {
        Self::both(MemoryStore::default())
    }

    fn both(store: impl Store + 'static) -> Self {
        let store = Arc::new(store);
        Self { host: Arc::clone(&store) as _, book: store }
    }
}

impl Storage {
    /// The place in this folder, which is created if it is missing; without a folder a place that ends with the rig.
    pub(super) fn new(folder: Option<&Path>, restarts: bool) -> Result<Self, RigError> {
        let fail = |folder: &Path| {
            let folder = folder.to_owned();
            move |error| RigError::Folder { folder, error }
        };
        let temporary = || tempfile::tempdir().map_err(fail(&std::env::temp_dir()));
        match folder {
            Some(folder) => {
                refuse_earlier(folder)?;
                host::private::create_folder(folder).map_err(fail(folder))?;
                Ok(Self::Kept(folder.join(FILE)))
            }
            None if restarts => Ok(Self::Scratch(temporary()?)),
            None => Ok(Self::Light(Arc::default(), temporary()?)),
        }
    }

    /// The place in this folder with its stores; none: nothing was ever stored there.
    pub(super) fn existing(folder: &Path) -> Result<Option<(Self, Stores)>, RigError> {
        refuse_earlier(folder)?;
        let file = folder.join(FILE);
        if !file.is_file() {
            return Ok(None);
        }
        let storage = Self::Kept(file);
        let stores = storage.open()?;
        Ok(Some((storage, stores)))
    }

    /// Opens the stores. Stores that were opened before must be gone.
    pub(super) fn open(&self) -> Result<Stores, OpenError> {
        match self {
            Self::Kept(file) => Ok(Stores::both(SqliteStore::open(file)?)),
            Self::Scratch(folder) => Ok(Stores::both(SqliteStore::scratch(folder.path().join(FILE))?)),
            Self::Light(host, folder) => {
                let book = SqliteStore::scratch(folder.path().join(FILE))?;
                Ok(Stores { host: Arc::clone(host) as _, book: Arc::new(book) })
            }
        }
    }
}

/// Refuses a folder in which GEGI's records lie in a file of their own: beside it the host's part would look like that of
/// a school without any.
fn refuse_earlier(folder: &Path) -> Result<(), RigError> {
    if folder.join(EARLIER_FILE).exists() { Err(RigError::Earlier(folder.to_owned())) } else { Ok(()) }
}
