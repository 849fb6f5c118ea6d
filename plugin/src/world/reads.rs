//! What the core may read: the clock, GEGI, and the plugin's own memory. Every call may.

use super::records::CurrentMark;
use super::{Aborted, StorageError};
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId};
use crate::model::settings::SchoolSettings;
use crate::model::time::Instant;

/// Reading, for one call. Nothing changes by it.
pub trait Reads {
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
    /// The note of the last call, if that was aborted.
    fn last_aborted(&mut self) -> Option<Aborted>;
}
