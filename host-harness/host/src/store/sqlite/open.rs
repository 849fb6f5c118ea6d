//! Why a file could not be opened as a store: the file by name, and what to do. What goes wrong later is a `StoreError`.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why there is no store. The file is as it was.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process has the file open as its store.
    #[error("open {}: another host is running on it; stop that one, or name another file", .0.display())]
    InUse(PathBuf),
    /// Another program holds the file for longer than an opening should wait.
    #[error("open {}: another program is writing to it; try again", .0.display())]
    Busy(PathBuf),
    /// The disk is full.
    #[error("write to {}: the disk is full; free some space, then try again", .0.display())]
    Full(PathBuf),
    /// The file is damaged.
    #[error("read {}: the file is damaged; stop the host and restore it from a backup", .0.display())]
    Corrupt(PathBuf),
    /// The file is something else.
    #[error("open {}: it is not a store of this program; name another file", .0.display())]
    Foreign(PathBuf),
    /// The file was written by a later version of this program.
    #[error("open {}: its schema is {found}, this version knows {known}; run the version that wrote it, or a later one", .path.display())]
    Newer {
        /// Which file.
        path: PathBuf,
        /// Its schema.
        found: i64,
        /// The latest schema this version knows.
        known: i64,
    },
    /// The operating system or SQLite refused for another reason.
    #[error("open {}: {reason}; see to the folder and its rights, then try again", .path.display())]
    Unavailable {
        /// Which file.
        path: PathBuf,
        /// In the words of whoever refused.
        reason: String,
    },
}

impl OpenError {
    /// What a failure of SQLite's means for whoever opens the file.
    pub(super) fn new(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path),
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::NotADatabase) => Self::Foreign(path),
            // Without a code SQLite is content, but a row is not of the form it was written in.
            Some(ErrorCode::DatabaseCorrupt) | None => Self::Corrupt(path),
            Some(_) => Self::Unavailable { path, reason: error.to_string() },
        }
    }
}
