//! An issue: a fact about data that cannot be sent or taken. What the codes mean stands in the rule room `issue`.

use serde::{Deserialize, Serialize};

use super::ids::{ClassId, CourseId, PersonId};

/// What an issue is about. All none: the whole school.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The course.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub course: Option<CourseId>,
    /// The class.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub class: Option<ClassId>,
    /// The person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<PersonId>,
    /// What else tells two issues of one code apart: a campus, a setting, an attendance record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// An issue with its sentence; its owner and remedy stand in the catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue<Code> {
    /// Which row of the catalogue.
    pub code: Code,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// What is wrong, for people.
    pub sentence: String,
}
