//! What surrounds the core: the one trait through which it reads GEGI, remembers, talks to CourseKey and tells the time.
//!
//! In the component every method is an import of `wit/`; in native tests it is a few maps. Nothing here decides.

pub mod http;
pub mod records;

use self::http::{Exchange, Request};
use self::records::{CurrentMark, Message, Operation};
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId};
use crate::model::settings::SchoolSettings;
use crate::model::time::Instant;

/// The host refused to store or to read. The call ends with it, leaves no trace and is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StorageError {
    /// The host said no; says why.
    #[error("use the school's storage: {0}")]
    Refused(String),
    /// What is stored cannot be read by this version.
    #[error("read {key}: {reason}; load the version that wrote it, or a newer one")]
    Unreadable {
        /// The key.
        key: String,
        /// What is wrong with its value.
        reason: String,
    },
}

/// One change of the plugin's memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Sets a key.
    Put(String, Vec<u8>),
    /// Removes a key.
    Delete(String),
}

/// How often calls that carried a note were aborted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Aborted {
    /// The note.
    pub note: String,
    /// How many calls in a row.
    pub times: u32,
}

/// What the host supplies, for one call.
pub trait World {
    /// The present moment, from the only clock there is.
    fn now(&self) -> Instant;
    /// School Settings.
    fn settings(&mut self) -> SchoolSettings;
    /// Ids and revisions of GEGI's courses, ascending, after the given one.
    fn gegi_courses(&mut self, after: Option<&CourseId>, limit: u32) -> Vec<(CourseId, u64)>;
    /// A course as GEGI holds it now.
    fn gegi_course(&mut self, id: &CourseId) -> Option<Course>;
    /// GEGI's marks of a class.
    fn current_marks(&mut self, class: &ClassId) -> Vec<CurrentMark>;
    /// Values of keys, in the order asked for.
    fn get_many(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StorageError>;
    /// Entries under a prefix, ascending, after a key.
    fn scan(&mut self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, Vec<u8>)>, StorageError>;
    /// Stages changes of the memory.
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StorageError>;
    /// Stages changes of GEGI's records.
    fn stage(&mut self, operations: Vec<Operation>) -> Result<(), StorageError>;
    /// Queues a mail; the reason if the host refuses it.
    fn queue(&mut self, message: Message) -> Result<(), String>;
    /// Leaves a note that survives if this call is aborted.
    fn breadcrumb(&mut self, note: Option<&str>);
    /// The note of the last call, if that was aborted.
    fn last_aborted(&mut self) -> Option<Aborted>;
    /// Sends requests, several in flight, each started only while `exchange` agrees, and hands it the answers as they
    /// arrive. What was never started is not handed over.
    fn exchange(&mut self, requests: &[Request], exchange: &mut dyn Exchange);
}
