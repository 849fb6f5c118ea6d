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

/// Every kind of issue there is, in the order of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Code {
    /// A setting is outside its range; the nearest value inside is used.
    SettingOutOfRange,
    /// A setting is allowed but probably not meant.
    SettingDoubtful,
    /// A campus's time zone is not an IANA zone; nothing of the campus is sent.
    ZoneUnknown,
    /// The course names a campus the school does not have.
    CampusUnknown,
    /// CourseKey refused a campus's key.
    CredentialsRefused,
    /// CourseKey's school is not the campus's: another number or zone.
    ConnectionMismatch,
    /// The course has no instructor.
    InstructorMissing,
    /// The course has no class.
    ClassMissing,
    /// A person has no e-mail.
    EmailMissing,
    /// A person's e-mail is not an address.
    EmailInvalid,
    /// Two people have one e-mail.
    EmailShared,
    /// A stage that is not in the table.
    StageUnknown,
    /// A class ends before it starts, or a date is impossible.
    ClassTimesWrong,
    /// An account that CourseKey already has does not match the person.
    AccountMismatch,
    /// CourseKey refused an item.
    Rejected,
    /// A course changed its campus after it was synchronized.
    CampusChanged,
    /// A course was removed from GEGI after it was synchronized.
    CourseRemoved,
    /// A class that GEGI no longer has stays in CourseKey, which holds attendance of it.
    ClassKept,
    /// Work on an item was aborted three times in a row.
    AbortedRepeatedly,
    /// An attendance record of a class GEGI does not have.
    RecordOfUnknownClass,
    /// An attendance record of a student the class does not have.
    RecordOfUnknownStudent,
    /// A record that cannot be read.
    RecordUnreadable,
    /// A check-out before its check-in.
    VisitBackwards,
    /// A time in the future.
    VisitInFuture,
    /// A record of a student after the drop.
    RecordAfterDrop,
    /// A student who checked in and never out.
    NeverCheckedOut,
    /// An adjustment after the follow-up days; not applied.
    LateAdjustment,
    /// Nobody in a class has a record; it was probably not held.
    ClassNotHeld,
}
