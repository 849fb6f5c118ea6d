//! An issue: data that cannot be sent to CourseKey or taken from CourseKey as they are. Not here: who can fix an issue
//! and how; the catalogue in the rule room `issue` says so.

use serde::{Deserialize, Serialize};

use super::ids::{ClassId, CourseId, PersonId};

/// What an issue is about. Where all four fields are none, the issue is about the whole school.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subject {
    /// The course.
    pub course: Option<CourseId>,
    /// The class.
    pub class: Option<ClassId>,
    /// The person.
    pub person: Option<PersonId>,
    /// The campus, the setting or the attendance record that the issue is about, so that two issues of one code about
    /// different ones have different keys.
    pub detail: Option<String>,
}

/// One issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Issue {
    /// The row of the catalogue.
    pub code: Code,
    /// What the issue is about.
    pub subject: Subject,
    /// What is wrong, in a sentence for people.
    pub sentence: String,
}

/// Every kind of issue, in the order of the catalogue. The catalogue, in the rule room `issue` and printed in
/// `docs/issues.md`, says what each code means, who can fix the issue and how.
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
    CoursekeySilent,
    InstructorMissing,
    ClassMissing,
    EmailMissing,
    EmailInvalid,
    EmailShared,
    EmailCircle,
    DataContradict,
    ListedTwice,
    IdUnfit,
    TextTooLong,
    DatesWrong,
    StageUnknown,
    ClassTimesWrong,
    AccountMismatch,
    Rejected,
    CampusChanged,
    CourseRemoved,
    RemovalsHeld,
    ClassKept,
    AbortedRepeatedly,
    StateDamaged,
    StorageFillsUp,
    RecordOfUnknownClass,
    RecordOfUnknownStudent,
    RecordUnreadable,
    VisitBackwards,
    VisitInFuture,
    VisitsDoubtful,
    VisitTooLong,
    RecordAfterDrop,
    NeverCheckedOut,
    LateAdjustment,
    SecondRecord,
    ClassNotHeld,
    MarkStands,
    HoursTypeChanged,
}
