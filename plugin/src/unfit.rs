//! Courses whose own id cannot be taken: it is longer than a key of the state allows, is empty or has control characters.
//! Nothing of such a course is held or sent; what is kept is enough for its status and its issue. It stands under another
//! name, which no other course can have.
//!
//! DOMAIN §4 "Sizes": "the plugin turns what is beyond its limit into an issue of that course; never does one course, class
//! or person stop a school".

use serde::{Deserialize, Serialize};

use crate::lines::ID_CAP;
use crate::model::course::Course;
use crate::model::fingerprint::fingerprint;
use crate::model::ids::CourseId;
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::Instant;
use crate::naming;

/// The names under which such courses stand begin with this character, which no id has that can be taken.
const MARK: char = '\u{1}';

/// The most bytes of such an id that are kept: an id may be of any length.
const KEPT: usize = 4_096;

/// A course whose id cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfitCourse {
    /// GEGI's id of the course, as far as it is kept.
    pub id: CourseId,
    /// How many bytes the whole id has.
    bytes: usize,
    /// The revision that GEGI had.
    pub revision: u64,
    /// The course as sentences name it.
    named: String,
    /// When GEGI first told of the course.
    pub since: Instant,
}

/// The name under which the course of an id stands that cannot be taken.
pub fn name(id: &CourseId) -> CourseId {
    CourseId(format!("{MARK}{}", fingerprint(kept(id).as_bytes())))
}

/// The part of an id that is kept, by which the course is known.
fn kept(id: &CourseId) -> &str {
    id.as_str().get(..id.as_str().floor_char_boundary(KEPT)).unwrap_or_default()
}

/// Whether a course stands under this name because its id cannot be taken.
pub fn is_name(id: &CourseId) -> bool {
    id.as_str().starts_with(MARK)
}

impl UnfitCourse {
    /// The course as GEGI sent it now. `before` is what was kept of it.
    pub fn following(before: Option<&Self>, course: &Course, now: Instant) -> Self {
        Self {
            id: CourseId::from(kept(&course.id)),
            bytes: course.id.as_str().len(),
            revision: course.revision,
            named: naming::course(course).to_string(),
            since: before.map_or(now, |before| before.since),
        }
    }

    /// Why the course is Failed.
    pub fn reason(&self) -> String {
        format!(
            "its id cannot be taken: it has {} bytes; an id has 1 to {ID_CAP} bytes and no control characters",
            self.bytes
        )
    }

    /// The issue about the course.
    pub fn issue(&self) -> Issue {
        let subject = Subject { course: Some(self.id.clone()), ..Subject::default() };
        Issue { code: Code::IdUnfit, subject, sentence: format!("{}: {}", self.named, self.reason()) }
    }
}
