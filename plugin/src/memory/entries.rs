//! The entries of the plugin's memory, but for the head.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::attendance::AttendanceRecord;
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::Issue;
use crate::model::person::Person;
use crate::model::time::Instant;
use crate::option::Resolved;
use crate::status::Trouble;

/// A course as GEGI last told of it, with what Send to CourseKey came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    /// The whole course.
    pub course: Course,
    /// Send to CourseKey, resolved.
    pub option: Resolved,
    /// When GEGI first told of the course.
    pub first_seen: Instant,
    /// GEGI removed it.
    #[serde(default)]
    pub removed: bool,
}

/// What the tick keeps of a course beside its ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoursePage {
    /// Where the course stands in the due index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Instant>,
    /// What kept part of the course from being sent when it was last looked at.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub troubles: Vec<Trouble>,
    /// Ticks in a row in which something of the course could not be sent.
    #[serde(default)]
    pub failed_ticks: u32,
    /// Why, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_failure: Option<String>,
    /// The status when it last changed, and since when it is so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Since>,
    /// Open issues, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub issues: BTreeMap<String, Issue>,
    /// Classes that ended up to this moment were judged once everything of them should have arrived; none: the course's
    /// attendance was never followed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub judged_until: Option<Instant>,
    /// Classes whose attendance is to be judged again at a moment, though nothing arrives.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub judge: BTreeMap<ClassId, Instant>,
}

/// Whom a course named and which classes it listed when it was last absorbed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listed {
    /// Everybody it named.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub people: BTreeSet<PersonId>,
    /// Its classes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub classes: BTreeSet<ClassId>,
}

/// A status and when it began.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Since {
    /// The status.
    pub status: crate::status::Status,
    /// Its reason then.
    pub reason: Option<String>,
    /// Its first moment.
    pub at: Instant,
}

/// The newest that any course said of a person.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonEntry {
    /// The person; none when nobody named them yet.
    pub person: Option<Person>,
    /// Courses that name them now.
    #[serde(default)]
    pub courses: BTreeSet<CourseId>,
}

/// Who has an e-mail address.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// One person, if all is well.
    pub people: BTreeSet<PersonId>,
}

/// Records of one class that have no place yet.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unplaced {
    /// The versions of each that were read, by id, oldest first: which one counts is not known before the class is.
    pub records: BTreeMap<String, Vec<AttendanceRecord>>,
    /// The issues that are open about them, by key.
    #[serde(default)]
    pub issues: BTreeMap<String, Issue>,
}

/// Where a class belongs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassEntry {
    /// Its course; the last one it had if none lists it now.
    pub course: CourseId,
    /// Courses that list it now, in the order in which they began to. More than one only while it moves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub listed_by: Vec<CourseId>,
}

impl ClassEntry {
    /// A class that no course lists yet.
    pub fn new(course: CourseId) -> Self {
        Self { course, listed_by: Vec::new() }
    }

    /// A course begins to list it.
    pub fn list(&mut self, course: &CourseId) {
        self.let_go(course);
        self.listed_by.push(course.clone());
        self.course.clone_from(course);
    }

    /// A course does not list it any more.
    pub fn let_go(&mut self, course: &CourseId) {
        self.listed_by.retain(|listing| listing != course);
        if let Some(last) = self.listed_by.last() {
            self.course.clone_from(last);
        }
    }
}
