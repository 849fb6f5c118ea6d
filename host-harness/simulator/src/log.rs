//! The log: the file in which CourseKey survives the end of its process. Everything that took effect is one line of
//! JSON.
//!
//! A line is written with one system call before the answer is given. The file guards against a killed process, not
//! against a failing disk or a power cut. Faults and counts are not kept, and passwords never are.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::lines::LineError;

/// An event that took effect, with its time.
#[derive(Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) at: DateTime<Utc>,
    #[serde(flatten)]
    pub(super) event: Event,
}

/// An event that took effect.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Event {
    /// A batch was upserted; the body holds only the items that changed held data, without passwords.
    Request { school: u64, method: Method, path: String, body: Value },
    /// Every school's key was revoked or restored.
    Credentials { credentials: Credentials },
    /// From now on a person is always rejected.
    Rejects {
        #[serde(rename = "rejects-user")]
        user: String,
        code: String,
    },
    /// The data of the start were taken.
    Start { start: Vec<Value> },
}

/// The only method that changes anything.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Method {
    Put,
}

/// Whether the schools' keys are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Credentials {
    /// No key is accepted: every request is answered 401.
    Revoked,
    /// The keys are accepted again.
    Restored,
}

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The file system failed.
    #[error("use the simulator's file (check its folder and free space): {0}")]
    Io(#[from] std::io::Error),
    /// The simulator did not write this line, which is not the last.
    #[error("read the simulator's file (move it away to start afresh): line {line} is damaged")]
    Damaged {
        /// The number of the line, from 1.
        line: usize,
    },
    /// A line cannot take effect after the lines before it.
    #[error("replay the simulator's file (it belongs to other schools; move it away to start afresh): line {line}")]
    Unfit {
        /// The number of the line, from 1.
        line: usize,
    },
    /// The data of the start cannot be used.
    #[error("replay the simulator's file: its start does not fit: {0}")]
    Start(#[from] LineError),
}

/// An open file, positioned at its end.
pub(super) struct Log {
    file: File,
    failed: bool,
}

impl Log {
    /// Opens or creates the file and reads its entries. A torn last line belongs to a request that was never
    /// answered, so the line is cut off.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Entry>), LogError> {
        let mut options = File::options();
        options.read(true).write(true).create(true).truncate(false);
        // The file names people, so it is for nobody else.
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |last| last + 1);
        bytes.truncate(whole);
        file.set_len(whole as u64)?;
        file.seek(SeekFrom::End(0))?;
        let mut entries = Vec::new();
        for (index, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
            let entry = serde_json::from_slice(line).map_err(|_| LogError::Damaged { line: index + 1 })?;
            entries.push(entry);
        }
        Ok((Self { file, failed: false }, entries))
    }

    /// Adds an entry. After a failure the file lacks events that took effect, so no entry is ever added again.
    pub(super) fn append(&mut self, entry: &Entry) -> Result<(), LogError> {
        if self.failed {
            return Err(std::io::Error::other("an earlier write failed").into());
        }
        let written = serde_json::to_vec(entry).map_err(std::io::Error::from).and_then(|mut line| {
            line.push(b'\n');
            self.file.write_all(&line)
        });
        self.failed = written.is_err();
        Ok(written?)
    }

    /// Whether a write has failed.
    pub(super) fn has_failed(&self) -> bool {
        self.failed
    }
}
