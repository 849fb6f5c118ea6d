//! The SQLite backend: one file for many schools. The command line uses this store.
//!
//! One connection writes, a few read. The file is in WAL mode, so readers and the writer never wait for each other.
//! With `synchronous = FULL` a commit is on the disk before the store answers. Every statement runs on the thread of
//! its caller: a read takes microseconds, and handing the read to another thread would cost more. The writer stands
//! behind an asynchronous lock, so of all calls waiting to commit only the call whose turn it is holds its thread,
//! for one synchronisation of the disk. The SQL lies in `sqlite/`.

mod open;
mod past;
mod rows;
mod schema;
#[cfg(test)]
mod tests;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, Transaction, TransactionBehavior};

use super::{
    Acknowledgement, Breadcrumb, Commit, Entry, Lane, Load, OutboxItem, PushId, Refusals, RefusedItem, SchoolId,
    Standing, Store, StoreError,
};
pub use open::OpenError;

/// How long a statement waits for another program, such as a backup or a person with a database tool.
const PATIENCE: Duration = Duration::from_secs(2);

/// Schools in an SQLite file. The store holds the file for itself until the store is dropped: its writers wait for
/// each other in memory, so a second host on the same file would wait for the disk of the first.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    writer: tokio::sync::Mutex<Connection>,
    /// A read holds one of these connections for microseconds, so four connections serve any number of calls.
    readers: [Mutex<Connection>; 4],
    /// The last field, so that the lock is released after the connections are closed.
    _lock: Lock,
}

/// The end that a commit survives.
#[derive(Debug, Clone, Copy)]
enum Survives {
    Power,
    Process,
}

/// A file that stays locked as long as this value lives.
#[derive(Debug)]
struct Lock(File);

impl Drop for Lock {
    fn drop(&mut self) {
        // An explicit unlock, because a process that is being started at this moment has a copy of the file handle,
        // and without the unlock the lock would last until that copy is closed. A failed unlock leaves the lock to
        // that moment.
        let _ = self.0.unlock();
    }
}

impl SqliteStore {
    /// Opens the file, or creates it, and brings an older schema up to date.
    ///
    /// # Errors
    /// Another host uses the file, or the file is not a store, was written by a later version, is damaged or cannot
    /// be reached.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        Self::open_to(path.into(), Survives::Power)
    }

    /// Opens or creates a file for schools that nobody needs after this process, such as a trial's: a commit does not wait
    /// for the disk, and survives the end of the store, but not of the power.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open`].
    pub fn scratch(path: impl Into<PathBuf>) -> Result<Self, OpenError> {
        Self::open_to(path.into(), Survives::Process)
    }

    fn open_to(path: PathBuf, survives: Survives) -> Result<Self, OpenError> {
        let lock = lock(&path)?;
        let explain = |error| OpenError::new(&path, &error);
        let mut writer = connect(&path, survives).map_err(explain)?;
        schema::prepare(&mut writer, &path)?;
        let reader = || connect_to_read(&path, survives).map_err(explain);
        let readers = [reader()?, reader()?, reader()?, reader()?];
        Ok(Self { writer: tokio::sync::Mutex::new(writer), readers, path, _lock: lock })
    }

    fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, StoreError> {
        work(&self.reader()).map_err(|error| self.explain(&error))
    }

    /// As `read`, for work that may refuse.
    fn read_or_refuse<T>(&self, work: impl FnOnce(&Connection) -> Result<T, Unwritten>) -> Result<T, StoreError> {
        work(&self.reader()).map_err(|unwritten| self.tell(unwritten))
    }

    fn tell(&self, unwritten: Unwritten) -> StoreError {
        match unwritten {
            Unwritten::Failed(error) => self.explain(&error),
            Unwritten::Refused(error) => error,
        }
    }

    /// The first free reader; if none is free, this function waits for the first reader.
    fn reader(&self) -> MutexGuard<'_, Connection> {
        let [first, ..] = &self.readers;
        let free = self.readers.iter().find_map(|reader| reader.try_lock().ok());
        // A panic during a read leaves a connection that can still read.
        free.unwrap_or_else(|| first.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn write<T: Send>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Unwritten> + Send,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer.lock().await;
        let transact = || {
            // `Immediate`, because a transaction that begins as a reader cannot wait for its turn to write.
            let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // An error drops the transaction without a commit, which rolls it back.
            let answer = work(&transaction)?;
            transaction.commit()?;
            Ok(answer)
        };
        transact().map_err(|unwritten| self.tell(unwritten))
    }

    /// Turns an error of SQLite into a `StoreError`, and logs the error with the name of the file for the operator.
    /// SQLite's text names tables, never their contents.
    fn explain(&self, error: &rusqlite::Error) -> StoreError {
        tracing::error!(file = %self.path.display(), %error, "the file with the schools failed");
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy,
            Some(ErrorCode::DiskFull) => StoreError::Full,
            // An error without a code is not SQLite's: a row is in a form in which this program never wrote any.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) | None => StoreError::Corrupt,
            Some(_) => StoreError::Unavailable { reason: error.to_string() },
        }
    }
}

/// Why a transaction was rolled back.
enum Unwritten {
    /// SQLite failed.
    Failed(rusqlite::Error),
    /// The commit may not be written.
    Refused(StoreError),
}

impl From<rusqlite::Error> for Unwritten {
    fn from(error: rusqlite::Error) -> Self {
        Self::Failed(error)
    }
}

impl From<StoreError> for Unwritten {
    fn from(error: StoreError) -> Self {
        Self::Refused(error)
    }
}

/// Locks a file that lies beside the store's file and stands for it. This function must not open SQLite's own file:
/// closing that file would drop the locks that SQLite holds on it in this process.
fn lock(path: &Path) -> Result<Lock, OpenError> {
    let mut name = path.as_os_str().to_owned();
    name.push(".lock");
    let unavailable = |error: std::io::Error| OpenError::Unavailable { path: path.into(), reason: error.to_string() };
    let file = File::options().create(true).truncate(false).write(true).open(name).map_err(unavailable)?;
    match file.try_lock() {
        Ok(()) => Ok(Lock(file)),
        Err(std::fs::TryLockError::WouldBlock) => Err(OpenError::InUse(path.into())),
        Err(std::fs::TryLockError::Error(error)) => Err(unavailable(error)),
    }
}

fn connect(path: &Path, survives: Survives) -> rusqlite::Result<Connection> {
    // SQLite gives the files beside the store the mode of the store.
    let _ = crate::private::touch(path);
    let connection = Connection::open(path)?;
    connection.busy_timeout(PATIENCE)?;
    let synchronous = match survives {
        Survives::Power => "FULL",
        Survives::Process => "OFF",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // Otherwise SQLite plans a statement anew for each value bound to its LIMIT, which costs more than running it.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    Ok(connection)
}

fn connect_to_read(path: &Path, survives: Survives) -> rusqlite::Result<Mutex<Connection>> {
    let connection = connect(path, survives)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(Mutex::new(connection))
}

#[async_trait]
impl Store for SqliteStore {
    async fn standing(&self, school: &SchoolId) -> Result<Standing, StoreError> {
        self.read(|connection| rows::standing(connection, school))
    }

    async fn get_many(&self, school: &SchoolId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.read(|connection| rows::get_many(connection, school, keys))
    }

    async fn scan(
        &self,
        school: &SchoolId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.read(|connection| rows::scan(connection, school, prefix, after, limit))
    }

    async fn get_many_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.read_or_refuse(|connection| past::get_many(connection, school, commit, keys))
    }

    async fn scan_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.read_or_refuse(|connection| past::scan(connection, school, commit, prefix, after, limit))
    }

    async fn commit(&self, school: &SchoolId, commit: Commit) -> Result<u64, StoreError> {
        commit.check()?;
        self.write(|transaction| rows::commit(transaction, school, &commit)).await
    }

    async fn take_over(&self, school: &SchoolId) -> Result<u64, StoreError> {
        self.write(|transaction| {
            let mut standing = rows::standing(transaction, school)?;
            let fence = standing.take_over();
            rows::put_standing(transaction, school, &standing)?;
            Ok(fence)
        })
        .await
    }

    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.write(|transaction| Ok(rows::remove(transaction, school)?)).await
    }

    async fn has_push(&self, school: &SchoolId, push: PushId) -> Result<bool, StoreError> {
        self.read(|connection| rows::has_push(connection, school, push))
    }

    async fn leave_breadcrumb(&self, school: &SchoolId, breadcrumb: Option<&Breadcrumb>) -> Result<(), StoreError> {
        self.write(|transaction| {
            let mut standing = rows::standing(transaction, school)?;
            standing.breadcrumb = breadcrumb.cloned();
            Ok(rows::put_standing(transaction, school, &standing)?)
        })
        .await
    }

    async fn outbox(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.read(|connection| rows::outbox(connection, school, lane, after, limit))
    }

    async fn outbox_about(
        &self,
        school: &SchoolId,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        self.read(|connection| rows::outbox_about(connection, school, subject, after, limit))
    }

    async fn load(&self, school: &SchoolId, lane: Lane) -> Result<Load, StoreError> {
        self.read(|connection| rows::load(connection, school, lane))
    }

    async fn refusals(&self, school: &SchoolId, lane: Lane) -> Result<Refusals, StoreError> {
        self.read(|connection| rows::refusals(connection, school, lane))
    }

    async fn acknowledge(
        &self,
        school: &SchoolId,
        lane: Lane,
        acknowledgements: &[Acknowledgement],
    ) -> Result<(), StoreError> {
        self.write(|transaction| Ok(rows::acknowledge(transaction, school, lane, acknowledgements)?)).await
    }

    async fn refused(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RefusedItem>, StoreError> {
        self.read(|connection| rows::refused(connection, school, lane, after, limit))
    }
}
