//! What the plugin remembers of a school between calls: which keys there are, what stands under each, who writes it.
//!
//! | Key | Holds | Written by |
//! |---|---|---|
//! | `hot/0` | `Head`: campuses, cursors, the school's own issues | tick |
//! | `hot/1/<course>` | a dirty note: the revision that arrived | on-course-changed; cleared by tick |
//! | `hot/2/<digest>` | nothing: a push waits | on-attendance-received; cleared by tick |
//! | `push/<digest>` | its raw body | on-attendance-received; cleared by tick |
//! | `hot/3/<instant>/<course>` | nothing: the course is due then | tick |
//! | `course/<id>` | `Held`: the course as GEGI sent it | on-course-changed |
//! | `fetched/<id>` | `Held`: the course as the nightly comparison found it | tick |
//! | `sync/<id>` | `SyncPage`: the course's ledger, status, issues | tick |
//! | `person/<id>` | `PersonEntry`: newest revision over all courses | tick |
//! | `email/<address>` | `Claim`: who has this address | tick |
//! | `account/<school>/<person>` | the account's ledger | tick |
//! | `class/<id>` | `ClassEntry`: which course | tick |
//! | `attendance/<class>` | what is known and was written of each student | tick |
//! | `unplaced/<class>` | records of an unknown class or of students it does not have | tick |
//! | `digest/<issue>` | `Note`: what the next mail tells of an issue | tick |
//! | `told/<issue>` | nothing: the issue was mailed, and that it is resolved was not | tick |
//!
//! Everything a tick needs to find its work lies under `hot/`, in the order in which it is needed, so that an idle tick
//! is one read.

pub mod entries;
pub mod head;
pub mod shelf;
pub mod unreadable;

use serde::de::DeserializeOwned;

use self::entries::{Claim, ClassEntry, Held, PersonEntry, SyncPage, Unplaced};
use self::shelf::Shelf;
use crate::attendance::ClassBook;
use crate::digest::Note;
use crate::ledger::PersonLedger;
use crate::model::ids::{CourseId, PersonId, SchoolNumber};
use crate::model::time::Instant;
use crate::world::{Change, StorageError, World};

/// Everything a tick looks for first.
pub const HOT: &str = "hot/";
/// The head's key.
pub const HEAD: &str = "hot/0";
/// Dirty notes.
pub const DIRTY: &str = "hot/1/";
/// Pushes that wait.
pub const INBOX: &str = "hot/2/";
/// Bodies of pushes that wait.
pub const PUSH: &str = "push/";
/// The due index.
pub const DUE: &str = "hot/3/";
/// Courses as GEGI sent them.
pub const COURSE: &str = "course/";
/// Courses as the nightly comparison found them.
pub const FETCHED: &str = "fetched/";
/// Ledgers, statuses and issues by course.
pub const SYNC: &str = "sync/";
/// Issues that wait for the next mail.
pub const DIGEST: &str = "digest/";

/// The due index's key of a course at an instant. Instants before 1970 count as due at once.
pub fn due_key(at: Instant, course: &CourseId) -> String {
    format!("{DUE}{:012}/{course}", at.0.max(0))
}

/// Reads a due key back.
pub fn read_due_key(key: &str) -> Option<(Instant, CourseId)> {
    let (at, course) = key.strip_prefix(DUE)?.split_once('/')?;
    Some((Instant(at.parse().ok()?), CourseId::from(course)))
}

/// The id of a person's account at a CourseKey school.
pub fn account_id(school: SchoolNumber, person: &PersonId) -> String {
    format!("{school}/{person}")
}

/// The shelves of one call.
#[derive(Debug)]
pub struct Memory {
    /// Courses as GEGI sent them.
    pub courses: Shelf<Held>,
    /// Courses as the nightly comparison found them.
    pub fetched: Shelf<Held>,
    /// Ledger, status and issues by course.
    pub syncs: Shelf<SyncPage>,
    /// People.
    pub people: Shelf<PersonEntry>,
    /// E-mail addresses and who has them.
    pub claims: Shelf<Claim>,
    /// Accounts by school and person.
    pub accounts: Shelf<PersonLedger>,
    /// Which course a class belongs to.
    pub classes: Shelf<ClassEntry>,
    /// Attendance by class.
    pub attendance: Shelf<ClassBook>,
    /// Records that have no place yet, by class.
    pub unplaced: Shelf<Unplaced>,
    /// What the next mail tells, by issue.
    pub digest: Shelf<Note>,
    /// Issues the school was told of, until it is told that they are resolved.
    pub told: Shelf<()>,
}

impl Default for Memory {
    fn default() -> Self {
        Self {
            courses: Shelf::new(COURSE),
            fetched: Shelf::new(FETCHED),
            syncs: Shelf::new(SYNC),
            people: Shelf::new("person/"),
            claims: Shelf::new("email/"),
            accounts: Shelf::new("account/"),
            classes: Shelf::new("class/"),
            attendance: Shelf::new("attendance/"),
            unplaced: Shelf::new("unplaced/"),
            digest: Shelf::new(DIGEST),
            told: Shelf::new("told/"),
        }
    }
}

impl Memory {
    /// Loads both sightings of courses, and their ledgers.
    pub fn load_courses(&mut self, world: &mut impl World, ids: &[CourseId]) -> Result<(), StorageError> {
        self.courses.load(world, ids.iter().map(CourseId::as_str))?;
        self.fetched.load(world, ids.iter().map(CourseId::as_str))?;
        self.syncs.load(world, ids.iter().map(CourseId::as_str))
    }

    /// The newer of the two sightings of a course.
    pub fn held(&self, id: &CourseId) -> Option<&Held> {
        newer(self.courses.get(id.as_str()), self.fetched.get(id.as_str()))
    }

    /// Stages the issues that wait, so that a scan finds them.
    pub fn save_digest(&mut self, world: &mut impl World) -> Result<(), StorageError> {
        let mut changes = Vec::new();
        self.digest.collect(&mut changes)?;
        if changes.is_empty() { Ok(()) } else { world.apply(changes) }
    }

    /// Stages what a tick may write and has changed. Courses as sent are not the tick's to write.
    pub fn save(&mut self, world: &mut impl World) -> Result<(), StorageError> {
        let mut changes = Vec::new();
        self.fetched.collect(&mut changes)?;
        self.syncs.collect(&mut changes)?;
        self.people.collect(&mut changes)?;
        self.claims.collect(&mut changes)?;
        self.accounts.collect(&mut changes)?;
        self.classes.collect(&mut changes)?;
        self.attendance.collect(&mut changes)?;
        self.unplaced.collect(&mut changes)?;
        self.digest.collect(&mut changes)?;
        self.told.collect(&mut changes)?;
        if changes.is_empty() { Ok(()) } else { world.apply(changes) }
    }
}

/// The newer of two sightings; the one GEGI sent if they are equally new.
pub fn newer<'a>(sent: Option<&'a Held>, fetched: Option<&'a Held>) -> Option<&'a Held> {
    match (sent, fetched) {
        (Some(sent), Some(fetched)) if fetched.course.revision > sent.course.revision => Some(fetched),
        (None, fetched) => fetched,
        (sent, _) => sent,
    }
}

/// Reads one value.
pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StorageError> {
    serde_json::from_slice(bytes)
        .map_err(|problem| StorageError::Unreadable { key: key.to_owned(), reason: problem.to_string() })
}

/// Writes one value.
pub fn encode<T: serde::Serialize>(key: &str, value: &T) -> Result<Vec<u8>, StorageError> {
    serde_json::to_vec(value)
        .map_err(|problem| StorageError::Unreadable { key: key.to_owned(), reason: problem.to_string() })
}

/// Stages one value.
pub fn put<T: serde::Serialize>(world: &mut impl World, key: &str, value: &T) -> Result<(), StorageError> {
    let bytes = encode(key, value)?;
    world.apply(vec![Change::Put(key.to_owned(), bytes)])
}
