//! An issue: a fact about data that cannot be sent or taken. Who fixes it and how stands in the rule room `issue`.

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

/// An issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// Which row of the catalogue.
    pub code: Code,
    /// What it is about.
    #[serde(flatten)]
    pub subject: Subject,
    /// What is wrong, for people.
    pub sentence: String,
}

/// Every kind of issue there is, in the order of the catalogue. What each means, who can fix it and how stands there: in the
/// rule room `issue`, and printed in `docs/issues.md`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[expect(missing_docs, reason = "one row of the catalogue documents each")]
pub enum Code {
    SettingOutOfRange,
    SettingDoubtful,
    ZoneUnknown,
    CampusUnknown,
    CredentialsRefused,
    ConnectionMismatch,
    InstructorMissing,
    ClassMissing,
    EmailMissing,
    EmailInvalid,
    EmailShared,
    StageUnknown,
    ClassTimesWrong,
    AccountMismatch,
    Rejected,
    CampusChanged,
    CourseRemoved,
    ClassKept,
    AbortedRepeatedly,
    RecordOfUnknownClass,
    RecordOfUnknownStudent,
    RecordUnreadable,
    VisitBackwards,
    VisitInFuture,
    RecordAfterDrop,
    NeverCheckedOut,
    LateAdjustment,
    SecondRecord,
    ClassNotHeld,
}
