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

/// A course whose id cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnfitCourse {
    /// GEGI's id of the course.
    pub id: CourseId,
    /// The revision that GEGI had.
    pub revision: u64,
    /// The course as sentences name it.
    named: String,
    /// When GEGI first told of the course.
    pub since: Instant,
}

/// The name under which the course of an id stands that cannot be taken.
pub fn name(id: &CourseId) -> CourseId {
    CourseId(format!("{MARK}{}", fingerprint(id.as_str().as_bytes())))
}

/// Whether a course stands under this name because its id cannot be taken.
pub fn is_name(id: &CourseId) -> bool {
    id.as_str().starts_with(MARK)
}

impl UnfitCourse {
    /// The course as GEGI sent it now.
    pub fn new(course: &Course, now: Instant) -> Self {
        let named = naming::course(course).to_string();
        Self { id: course.id.clone(), revision: course.revision, named, since: now }
    }

    /// Why the course is Failed.
    pub fn reason(&self) -> String {
        let bytes = self.id.as_str().len();
        format!("its id cannot be taken: it has {bytes} bytes; an id has 1 to {ID_CAP} bytes and no control characters")
    }

    /// The issue about the course.
    pub fn issue(&self) -> Issue {
        let subject = Subject { course: Some(self.id.clone()), ..Subject::default() };
        Issue { code: Code::IdUnfit, subject, sentence: format!("{}: {}", self.named, self.reason()) }
    }
}
