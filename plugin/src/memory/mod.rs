//! What the plugin remembers of a school between calls: which keys there are, what stands under each, who writes it.
//!
//! | Key | Holds | Written by |
//! |---|---|---|
//! | `hot/0` | `Head`: campuses, cursors, the school's own issues | tick |
//! | `hot/0/followed/<school>` | `Followed`: courses whose attendance is read at a School ID | tick |
//! | `hot/1/<course>` | a dirty note: the revision that arrived | on-course-changed; cleared by tick |
//! | `hot/2/<digest>` | nothing: a push waits | on-attendance-received; cleared by tick |
//! | `push/<digest>` | its raw body | on-attendance-received; cleared by tick |
//! | `hot/3/<instant>/<course>` | nothing: the course is due then | tick |
//! | `course/<id>` | `Held`: the course as GEGI sent it | on-course-changed |
//! | `fetched/<id>` | `Held`: the course as the nightly comparison found it | tick |
//! | `page/<id>` | `CoursePage`: the course's status, issues and dates | tick |
//! | `ledger/<id>` | `CourseLedger`: what CourseKey acknowledged of the course | tick |
//! | `listed/<id>` | `Listed`: people and classes of the course when it was last absorbed | tick |
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
pub mod followed;
pub mod head;
pub mod shelf;
pub mod shelves;
pub mod unreadable;
pub mod view;

use serde::de::DeserializeOwned;

use self::entries::Held;
pub use self::shelves::{Books, Notes, Rosters};
use crate::model::ids::{CourseId, PersonId, SchoolNumber};
use crate::model::time::Instant;
use crate::world::StorageError;

/// Everything a tick looks for first.
pub const HOT: &str = "hot/";
/// The head's key.
pub const HEAD: &str = "hot/0";
/// Courses whose attendance is read.
pub const FOLLOWED: &str = "hot/0/followed/";
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
/// Statuses, issues and dates by course.
pub const PAGE: &str = "page/";
/// What CourseKey acknowledged, by course.
pub const LEDGER: &str = "ledger/";
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
