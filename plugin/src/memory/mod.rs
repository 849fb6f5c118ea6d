//! The memory: everything that the plugin remembers of a school between calls. The first table explains the words; the
//! second lists every key, what is stored under the key, and which call writes it.
//!
//! | Word | Means |
//! |---|---|
//! | head (`head`) | the entry that every tick reads first: campuses, cursors, the issues of the school as a whole |
//! | page of a course (`entries::CoursePage`) | what the tick keeps of a course beside its ledger: status, issues, dates |
//! | page of the ledger (`ledger`) | what CourseKey acknowledged and refused of one course, or of one person's account at one School ID |
//! | page of a listing (`coursekey::attendance`) | the attendance records of one answer or push; never stored as a page |
//! | book of a class (`attendance::ClassBook`) | everything known about the attendance of one class |
//! | dirty note | the sign that GEGI changed a course and no tick has absorbed the change yet |
//! | due index | the moments at which courses are due, in order: one moment a course |
//! | inbox | the pushes that no tick has taken yet |
//! | to absorb a course | to take a changed course into people, addresses and classes (`tick::absorb`) |
//! | sightings of a course | the course as GEGI sent it and the course as the nightly comparison found it; the later counts |
//! | shelf (`shelf`) | all entries of one kind that a call has loaded |
//!
//! | Key | Holds | Written by |
//! |---|---|---|
//! | `hot/0` | `Head`: campuses, cursors, the issues of the school as a whole | tick |
//! | `hot/0/followed/<school>` | `Followed`: the courses that are followed at a School ID | tick |
//! | `hot/1/<course>` | a dirty note: the revision that arrived | on-course-changed; cleared by tick |
//! | `hot/1-decided/<course>` | decisions about what the guard holds of the course | decide; cleared by tick |
//! | `hot/1-resend/<course>` | who asked that everything of the course is sent again | resend; cleared by tick |
//! | `hot/2/<school>-<digest>` | the School ID whose key signed the push: the push with this digest waits in the inbox | on-attendance-received; cleared by tick |
//! | `push/<school>-<digest>` | the raw body of that push | on-attendance-received; cleared by tick |
//! | `hot/3/<instant>/<course>` | an empty value: the due index has the course at this instant | tick |
//! | `course/<id>` | `Held`: the course as GEGI sent it | on-course-changed; cleared by tick |
//! | `fetched/<id>` | `Held`: the course as the nightly comparison found it | tick |
//! | `page/<id>` | `CoursePage`: the course's status, issues and dates; of a course that is long over, what is left of it | tick; cleared by on-course-changed when GEGI removes a course that is long over |
//! | `hold/<course>` | an empty value: the guard holds something of the course | tick |
//! | `ledger/<id>` | `CourseLedger`: what CourseKey acknowledged of the course | tick |
//! | `unfit/<name>` | `UnfitCourse`: a course whose id cannot be taken, by the name under which it stands | on-course-changed; tick |
//! | `listed/<id>` | `Listed`: people and classes of the course when it was last absorbed | tick |
//! | `person/<id>` | `PersonEntry`: a person at the newest revision over all courses | tick |
//! | `email/<address>` | `Claim`: who has this address | tick |
//! | `account/<school>/<person>` | `PersonLedger`: what CourseKey acknowledged of the person's account | tick |
//! | `class/<id>` | `ClassEntry`: the course to which the class belongs | tick |
//! | `attendance/<class>` | `ClassBook`: the book of the class | tick |
//! | `unplaced/<class>` | `Unplaced`: records of a class that GEGI does not have, or of students whom its course does not list | tick |
//! | `record/<school>/<record>` | `RecordPlace`: the class and the student of the newest version of a record | tick |
//! | `digest/<issue>` | `Note`: what the next mail says about an issue | tick |
//! | `part/<key>/<number>` | a further part of the value of that key (`parts`) | whoever writes the key |
//! | `told/<issue>` | an empty value: the issue was mailed as open and not yet as resolved | tick |
//!
//! Everything that a tick needs to find its work lies under `hot/`, in the order in which the tick needs it, so that an
//! idle tick reads once.

pub mod entries;
pub mod followed;
pub mod head;
pub mod parts;
pub mod shelf;
pub mod shelves;
pub mod unreadable;
pub mod view;

use serde::de::DeserializeOwned;

use self::entries::Held;
pub use self::shelves::{Books, Notes, Rosters};
use crate::model::ids::{CourseId, PersonId, RecordId, SchoolNumber};
use crate::model::time::Instant;
use crate::world::StorageError;

/// The prefix of everything that a tick needs to find its work.
pub const HOT: &str = "hot/";
/// The head's key.
pub const HEAD: &str = "hot/0";
/// The courses that are followed, by School ID.
pub const FOLLOWED: &str = "hot/0/followed/";
/// Dirty notes.
pub const DIRTY: &str = "hot/1/";
/// Decisions about what is held, by course.
pub const DECIDED: &str = "hot/1-decided/";
/// Courses that are to be sent again.
pub const RESEND: &str = "hot/1-resend/";
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
/// Courses whose id cannot be taken.
pub const UNFIT: &str = "unfit/";
/// Records that have no place yet, by class.
pub const UNPLACED: &str = "unplaced/";
/// What CourseKey acknowledged, by course.
pub const LEDGER: &str = "ledger/";
/// Who has an e-mail address, by the address.
pub const EMAIL: &str = "email/";
/// The courses of which something is held.
pub const HOLD: &str = "hold/";
/// People's pages of the ledger, by School ID and person.
pub const ACCOUNT: &str = "account/";
/// Issues that wait for the next mail.
pub const DIGEST: &str = "digest/";

/// The due index's key of a course at an instant. Instants before 1970 count as due at once.
pub fn due_key(at: Instant, course: &CourseId) -> String {
    format!("{DUE}{:012}/{course}", at.0.max(0))
}

/// The instant and the course of a key of the due index; none: the key is not one of the due index.
pub fn read_due_key(key: &str) -> Option<(Instant, CourseId)> {
    let (at, course) = key.strip_prefix(DUE)?.split_once('/')?;
    Some((Instant(at.parse().ok()?), CourseId::from(course)))
}

/// The id under which a person's page of the ledger at a CourseKey school is stored.
pub fn account_id(school: SchoolNumber, person: &PersonId) -> String {
    format!("{school}/{person}")
}

/// The id under which it is stored where a record of a CourseKey school is.
pub fn record_id(school: SchoolNumber, record: &RecordId) -> String {
    format!("{school}/{record}")
}

/// The later of a course's two sightings, whatever their revisions: the nightly comparison takes a lower revision too.
pub fn newer<'a>(sent: Option<&'a Held>, fetched: Option<&'a Held>) -> Option<&'a Held> {
    match (sent, fetched) {
        (Some(sent), Some(fetched)) if fetched.sighting > sent.sighting => Some(fetched),
        (None, fetched) => fetched,
        (sent, _) => sent,
    }
}

/// Reads one value. Values are stored in the form of postcard, a fifth of JSON's size and read four times as fast. The
/// form has no names: whoever changes a stored type raises [`head::SCHEMA`].
pub fn decode<T: DeserializeOwned>(key: &str, bytes: &[u8]) -> Result<T, StorageError> {
    postcard::from_bytes(bytes)
        .map_err(|problem| StorageError::Unreadable { key: key.to_owned(), reason: problem.to_string() })
}

/// Writes one value.
pub fn encode<T: serde::Serialize>(key: &str, value: &T) -> Result<Vec<u8>, StorageError> {
    postcard::to_allocvec(value)
        .map_err(|problem| StorageError::Unreadable { key: key.to_owned(), reason: problem.to_string() })
}
