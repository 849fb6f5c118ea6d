//! When students attended last, as the API and the command line have it.

use host::school::{SeenStudent, WatchedCourse};
use serde::Serialize;

use crate::lines::rfc3339;

/// The students of a course who study now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WatchedForm {
    /// The course.
    pub course: String,
    /// Its number and title.
    pub name: String,
    /// The students.
    pub students: Vec<SeenForm>,
}

/// When a student attended last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct SeenForm {
    /// The student.
    pub student: String,
    /// The student's name.
    pub name: String,
    /// The start of the last class that the student attended; none: none so far.
    pub last_attended: Option<String>,
    /// Whether the student attended none of the classes of so many days.
    pub unseen: bool,
}

impl From<WatchedCourse> for WatchedForm {
    fn from(WatchedCourse { course, name, students }: WatchedCourse) -> Self {
        let seen = |SeenStudent { student, name, last_attended, unseen }| SeenForm {
            student,
            name,
            last_attended: last_attended.map(rfc3339),
            unseen,
        };
        Self { course, name, students: students.into_iter().map(seen).collect() }
    }
}
