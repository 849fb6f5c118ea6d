//! Why a file could not be opened as a store: each error names the file and what to do. A failure after the opening
//! is a `StoreError`.

use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

/// Why the file was not opened. The file is unchanged.
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
    /// The file is something else than a store of this program.
    #[error("open {}: it is not a store of this program; name another file", .0.display())]
    Foreign(PathBuf),
    /// The file was written by a later version of this program.
    #[error("open {}: its schema is {found}, this version knows {known}; run the version that wrote it, or a later one", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version of the file's schema.
        found: i64,
        /// The latest version of the schema that this program knows.
        known: i64,
    },
    /// The operating system or SQLite refused for another reason.
    #[error("open {}: {reason}; see to the folder and its rights, then try again", .path.display())]
    Unavailable {
        /// The file.
        path: PathBuf,
        /// The text of the operating system or of SQLite.
        reason: String,
    },
}

impl OpenError {
    /// Turns an error of SQLite that came while the file was opened into an `OpenError`.
    pub(super) fn new(path: &Path, error: &rusqlite::Error) -> Self {
        let path = path.to_path_buf();
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy(path),
            Some(ErrorCode::DiskFull) => Self::Full(path),
            Some(ErrorCode::NotADatabase) => Self::Foreign(path),
            // An error without a code is not SQLite's: a row is in a form in which this program never wrote any.
            Some(ErrorCode::DatabaseCorrupt) | None => Self::Corrupt(path),
            Some(_) => Self::Unavailable { path, reason: error.to_string() },
        }
    }
}
