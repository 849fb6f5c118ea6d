//! The catalogue of issues: what each code means, who can fix it, and how. And the key an issue is known by.
//!
//! Seed, "Synchronization Error Notifications": "If GEGI data validation errors occur during GEGI and CourseKey
//! synchronization, a notification is sent". The sentence of one issue is written where it is found; when it is mailed is
//! the digest's matter.

use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::{Code, Issue, Subject};

/// Who can fix an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// The school, in GEGI's data or settings.
    School,
    /// The school's staff or support, in CourseKey.
    CourseKey,
    /// GEGI's customer care.
    Gegi,
}

impl Owner {
    /// For people and programs.
    pub fn name(self) -> &'static str {
        match self {
            Self::School => "school",
            Self::CourseKey => "coursekey",
            Self::Gegi => "gegi",
        }
    }
}

/// One row of the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    /// The code for programs.
    pub code: &'static str,
    /// What it is, in few words; fits after "1 of 24 students: ".
    pub title: &'static str,
    /// Who can fix it.
    pub owner: Owner,
    /// How.
    pub remedy: &'static str,
}

/// Makes of one table a list to walk and a match that cannot miss a row or have one twice.
macro_rules! catalogue {
    ($($kind:ident $code:literal $title:literal $owner:ident $remedy:literal;)*) => {
        /// Every kind of issue.
        pub const CATALOGUE: &[(Code, Row)] = &[$((Code::$kind, row(Code::$kind))),*];

        /// The row of a code.
        pub const fn row(code: Code) -> Row {
            match code {
                $(Code::$kind => Row { code: $code, title: $title, owner: Owner::$owner, remedy: $remedy },)*
            }
        }
    };
}

catalogue! {
    SettingOutOfRange "setting-out-of-range" "setting out of range" School
        "Correct the value in School Settings.";
    SettingDoubtful "setting-doubtful" "doubtful setting" School
        "Check the value in School Settings.";
    ZoneUnknown "zone-unknown" "unknown time zone" Gegi
        "Ask customer care to set the campus's IANA time zone.";
    CampusUnknown "campus-unknown" "unknown campus" Gegi
        "Ask customer care to add the campus to the integration.";
    CredentialsRefused "credentials-refused" "credentials refused" Gegi
        "Ask customer care to renew the campus's CourseKey key.";
    ConnectionMismatch "connection-mismatch" "wrong CourseKey school" Gegi
        "Ask customer care to compare the campus's School ID and time zone with CourseKey.";
    InstructorMissing "instructor-missing" "no instructor" School
        "Add an instructor to the course.";
    ClassMissing "class-missing" "no class" School
        "Schedule a class of the course, or switch Send to CourseKey off.";
    EmailMissing "email-missing" "no e-mail" School
        "Enter the person's e-mail.";
    EmailInvalid "email-invalid" "invalid e-mail" School
        "Correct the person's e-mail; the field takes one address and nothing else.";
    EmailShared "email-shared" "shared e-mail" School
        "Give each person an e-mail of their own, or merge the two if they are one.";
    StageUnknown "stage-unknown" "unknown stage" Gegi
        "Tell customer care the stage, so that the integration learns what it means.";
    ClassTimesWrong "class-times-wrong" "end before start" School
        "Correct the class's start and end.";
    AccountMismatch "account-mismatch" "another account has the e-mail" CourseKey
        "Compare the person with CourseKey's account of that e-mail and correct one of them.";
    Rejected "rejected" "refused by CourseKey" School
        "Correct what CourseKey names; it is sent again when it changes, and once a day.";
    CampusChanged "campus-changed" "campus changed" School
        "Move the course back, or close it and open a new course at the other campus.";
    CourseRemoved "course-removed" "course removed" CourseKey
        "Close the course in CourseKey if it is not needed any more.";
    ClassKept "class-kept" "class kept by CourseKey" CourseKey
        "Remove the class's attendance in CourseKey, then the class.";
    AbortedRepeatedly "aborted-repeatedly" "work was aborted" Gegi
        "Send the course and the host's log to customer care.";
    RecordOfUnknownClass "record-of-unknown-class" "attendance of an unknown class" School
        "Schedule the class in GEGI, or remove its attendance in CourseKey.";
    RecordOfUnknownStudent "record-of-unknown-student" "attendance of an unknown student" School
        "Add the student to the course, or remove the record in CourseKey.";
    RecordUnreadable "record-unreadable" "unreadable attendance record" Gegi
        "Send the sentence to customer care.";
    VisitBackwards "visit-backwards" "check-out before check-in" CourseKey
        "Correct the visit in CourseKey.";
    VisitInFuture "visit-in-future" "time in the future" CourseKey
        "Correct the visit in CourseKey; it is tried again by itself.";
    RecordAfterDrop "record-after-drop" "attendance after the drop" School
        "Check whether the student is back, or remove the record in CourseKey.";
    NeverCheckedOut "never-checked-out" "never checked out" CourseKey
        "Enter the check-out in CourseKey, or mark the student by hand.";
    LateAdjustment "late-adjustment" "adjusted too late" School
        "Enter the adjustment in GEGI by hand if it is right.";
    ClassNotHeld "class-not-held" "nobody has a record" School
        "Cancel the class if it was not held, or enter its attendance by hand.";
}

/// Stable for the fact an issue is about, whatever its sentence says. A slash inside an id is escaped, so that no two facts
/// share a key.
pub fn key(issue: &Issue) -> String {
    let Subject { course, class, person, detail } = &issue.subject;
    let parts = [
        course.as_ref().map(CourseId::as_str),
        class.as_ref().map(ClassId::as_str),
        person.as_ref().map(PersonId::as_str),
        detail.as_deref(),
    ];
    let escaped = parts.map(|part| part.unwrap_or_default().replace('%', "%25").replace('/', "%2F"));
    format!("{}/{}", row(issue.code).code, escaped.join("/"))
}

#[cfg(test)]
mod tests;
