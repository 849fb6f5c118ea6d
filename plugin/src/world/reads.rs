//! What the core may read: the clock, GEGI's data, and the plugin's own state. Every call may read.

use super::records::CurrentMark;
use super::{Aborted, StorageError, Usage};
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId};
use crate::model::settings::SchoolSettings;
use crate::model::time::Instant;

/// Reading, for one call. No method changes anything.
pub trait Reads {
    /// The present moment, from the only clock there is.
    fn now(&self) -> Instant;
    /// School Settings.
    fn settings(&mut self) -> Result<SchoolSettings, StorageError>;
    /// Ids and revisions of GEGI's courses, ascending, behind the course `after`.
    fn gegi_courses(&mut self, after: Option<&CourseId>, limit: u32) -> Result<Vec<(CourseId, u64)>, StorageError>;
    /// A course as GEGI holds the course now; none: GEGI holds no such course.
    fn gegi_course(&mut self, id: &CourseId) -> Result<Option<Course>, StorageError>;
    /// GEGI's marks of a class.
    fn current_marks(&mut self, class: &ClassId) -> Result<Vec<CurrentMark>, StorageError>;
    /// The values of keys, in the order of the keys; none for a key that does not exist.
    fn get_many(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StorageError>;
    /// Entries whose key starts with `prefix`, ascending, behind the key `after`.
    fn scan(&mut self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, Vec<u8>)>, StorageError>;
    /// How full the school's storage is.
    fn usage(&mut self) -> Usage;
    /// The note of the last tick, empty if that tick had left none; none: that tick was not aborted.
    fn last_aborted(&mut self) -> Option<Aborted>;
}
