//! The catalogue of issues: what each code means, who can fix it, and how.

use crate::model::issue::{Code, Issue};

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

const fn make(code: &'static str, title: &'static str, owner: Owner, remedy: &'static str) -> Row {
    Row { code, title, owner, remedy }
}

/// The row of a code.
#[expect(clippy::too_many_lines, reason = "a table, one row for each code")]
pub const fn row(code: Code) -> Row {
    use Owner::{CourseKey, Gegi, School};
    match code {
        Code::SettingOutOfRange => {
            make("setting-out-of-range", "setting out of range", School, "Correct the value in School Settings.")
        }
        Code::SettingDoubtful => {
            make("setting-doubtful", "doubtful setting", School, "Check the value in School Settings.")
        }
        Code::ZoneUnknown => {
            make("zone-unknown", "unknown time zone", Gegi, "Ask customer care to set the campus's IANA time zone.")
        }
        Code::CampusUnknown => {
            make("campus-unknown", "unknown campus", Gegi, "Ask customer care to add the campus to the integration.")
        }
        Code::CredentialsRefused => make(
            "credentials-refused",
            "credentials refused",
            Gegi,
            "Ask customer care to renew the campus's CourseKey key.",
        ),
        Code::ConnectionMismatch => make(
            "connection-mismatch",
            "wrong CourseKey school",
            Gegi,
            "Ask customer care to compare the campus's School ID and time zone with CourseKey.",
        ),
        Code::InstructorMissing => {
            make("instructor-missing", "no instructor", School, "Add an instructor to the course.")
        }
        Code::ClassMissing => make(
            "class-missing",
            "no class",
            School,
            "Schedule a class of the course, or switch Send to CourseKey off.",
        ),
        Code::EmailMissing => make("email-missing", "no e-mail", School, "Enter the person's e-mail."),
        Code::EmailInvalid => make(
            "email-invalid",
            "invalid e-mail",
            School,
            "Correct the person's e-mail; the field takes one address and nothing else.",
        ),
        Code::EmailShared => make(
            "email-shared",
            "shared e-mail",
            School,
            "Give each person an e-mail of their own, or merge the two if they are one.",
        ),
        Code::StageUnknown => make(
            "stage-unknown",
            "unknown stage",
            Gegi,
            "Tell customer care the stage, so that the integration learns what it means.",
        ),
        Code::ClassTimesWrong => {
            make("class-times-wrong", "ends before it starts", School, "Correct the class's start and end.")
        }
        Code::AccountMismatch => make(
            "account-mismatch",
            "another account has the e-mail",
            CourseKey,
            "Compare the person with CourseKey's account of that e-mail and correct one of them.",
        ),
        Code::Rejected => make(
            "rejected",
            "refused by CourseKey",
            School,
            "Correct what CourseKey names; it is sent again when it changes, and once a day.",
        ),
        Code::CampusChanged => make(
            "campus-changed",
            "campus changed",
            School,
            "Move the course back, or close it and open a new course at the other campus.",
        ),
        Code::CourseRemoved => make(
            "course-removed",
            "course removed",
            CourseKey,
            "Close the course in CourseKey if it is not needed any more.",
        ),
        Code::ClassKept => make(
            "class-kept",
            "class kept by CourseKey",
            CourseKey,
            "Remove the class's attendance in CourseKey, then the class.",
        ),
        Code::AbortedRepeatedly => {
            make("aborted-repeatedly", "work was aborted", Gegi, "Send the course and the host's log to customer care.")
        }
        Code::RecordOfUnknownClass => make(
            "record-of-unknown-class",
            "attendance of an unknown class",
            School,
            "Schedule the class in GEGI, or remove its attendance in CourseKey.",
        ),
        Code::RecordOfUnknownStudent => make(
            "record-of-unknown-student",
            "attendance of an unknown student",
            School,
            "Add the student to the course, or remove the record in CourseKey.",
        ),
        Code::RecordUnreadable => {
            make("record-unreadable", "unreadable attendance record", Gegi, "Send the sentence to customer care.")
        }
        Code::VisitBackwards => {
            make("visit-backwards", "check-out before check-in", CourseKey, "Correct the visit in CourseKey.")
        }
        Code::VisitInFuture => make(
            "visit-in-future",
            "time in the future",
            CourseKey,
            "Correct the visit in CourseKey; it is tried again by itself.",
        ),
        Code::RecordAfterDrop => make(
            "record-after-drop",
            "attendance after the drop",
            School,
            "Check whether the student is back, or remove the record in CourseKey.",
        ),
        Code::NeverCheckedOut => make(
            "never-checked-out",
            "never checked out",
            CourseKey,
            "Enter the check-out in CourseKey, or mark the student by hand.",
        ),
        Code::LateAdjustment => {
            make("late-adjustment", "adjusted too late", School, "Enter the adjustment in GEGI by hand if it is right.")
        }
        Code::ClassNotHeld => make(
            "class-not-held",
            "nobody has a record",
            School,
            "Cancel the class if it was not held, or enter its attendance by hand.",
        ),
    }
}

/// Stable for the fact an issue is about, whatever its sentence says.
pub fn key(issue: &Issue) -> String {
    let subject = &issue.subject;
    let parts = [
        subject.course.as_ref().map(ToString::to_string),
        subject.class.as_ref().map(ToString::to_string),
        subject.person.as_ref().map(ToString::to_string),
        subject.detail.clone(),
    ];
    let code = row(issue.code).code.to_owned();
    std::iter::once(code).chain(parts.into_iter().map(Option::unwrap_or_default)).collect::<Vec<_>>().join("/")
}
