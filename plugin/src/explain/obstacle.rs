//! The conditions that can be missing, as a table: the word for programs, who can fulfil each, and how. Not here: which
//! of them is missing (`roster`, `attendance`, `mail`).

use crate::issue::{self, Owner};
use crate::model::issue::Code;
use crate::model::time::Instant;

/// A condition that is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// There is an issue of this code, whose remedy is the cure.
    Issue(Code),
    /// Nothing is missing: the next tick does it.
    NextTick,
    /// The integration is off.
    IntegrationOff,
    /// GEGI never told of the course.
    CourseUnknown,
    /// GEGI removed the course.
    CourseRemoved,
    /// Send to CourseKey is off.
    OptionOff,
    /// The sync window has not opened.
    WindowNotOpen,
    /// The sync window is over.
    WindowOver,
    /// Initial User Password is too weak for a new account.
    PasswordWeak,
    /// Somebody decided that the row stays as it is in CourseKey.
    Kept,
    /// Nothing can be exchanged with the campus's CourseKey school.
    CampusBlocked,
    /// The course does not list the student.
    StudentNotListed,
    /// The student's stage is none of those that study.
    StageNotEnrolled,
    /// The Enrollment Agreement lists the course as credit granted.
    CreditGranted,
    /// The course does not have the class.
    ClassNotListed,
    /// The class is not over.
    ClassRuns,
    /// Attendance may still be arriving.
    Settling,
    /// The class was decided, and its follow-up days are over.
    Decided,
    /// CourseKey's attendance was not read far enough.
    NotRead,
    /// The course keeps an attendance log, and there is no visit.
    NoVisit,
    /// The student did not belong to the course on the class's day.
    NotThatDay,
    /// GEGI's data do not say whether the student belonged to the course on the class's day.
    NotSaid,
    /// CourseKey did not know of the class before it began.
    ClassNotKnown,
    /// CourseKey did not know of the enrolment before the class began.
    NotEnrolledThen,
    /// A record that has no place may be the student's.
    MayHaveRecord,
    /// CourseKey's records say nothing that makes a mark.
    NothingSaid,
    /// No address is entered to which a mail could go.
    NoAddress,
    /// The last mail left less than the time between two mails ago.
    MailNotYet,
}

impl Condition {
    /// The condition in a word for programs.
    pub fn name(self) -> &'static str {
        self.row().0
    }

    /// Who can fulfil it; none: it follows by itself.
    pub fn owner(self) -> Option<Owner> {
        self.row().1
    }

    /// How it is fulfilled.
    pub fn remedy(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, Option<Owner>, &'static str) {
        const SCHOOL: Option<Owner> = Some(Owner::School);
        const GEGI: Option<Owner> = Some(Owner::Gegi);
        const BY_HAND: &str = "Set the mark by hand in GEGI.";
        const WAIT: &str = "Wait; it follows by itself.";
        match self {
            Self::Issue(code) => {
                let row = issue::row(code);
                (row.code, Some(row.owner), row.remedy)
            }
            Self::NextTick => ("next-tick", None, "Wait for the next synchronization."),
            Self::IntegrationOff => ("integration-off", GEGI, "Ask customer care to enable the integration."),
            Self::CourseUnknown => ("course-unknown", SCHOOL, "Save the course in GEGI once more."),
            Self::CourseRemoved => ("course-removed", SCHOOL, "Open the course in GEGI again."),
            Self::OptionOff => ("option-off", SCHOOL, "Switch Send to CourseKey on at the course."),
            Self::WindowNotOpen => {
                ("window-not-open", SCHOOL, "Wait, or let the sync window begin earlier in School Settings.")
            }
            Self::WindowOver => (
                "window-over",
                SCHOOL,
                "Correct the course's end date, or let the sync window end later in School Settings.",
            ),
            Self::PasswordWeak => {
                ("password-weak", SCHOOL, "Choose a stronger Initial User Password in School Settings.")
            }
            Self::Kept => ("kept", SCHOOL, "Change it in CourseKey by hand if it is to change after all."),
            Self::CampusBlocked => ("campus-blocked", GEGI, "Ask customer care to look at the campus's connection."),
            Self::StudentNotListed => ("student-not-listed", SCHOOL, "Add the student to the course."),
            Self::StageNotEnrolled => ("stage-not-enrolled", SCHOOL, "Correct the student's stage."),
            Self::CreditGranted => {
                ("credit-granted", SCHOOL, "Assign the course in the student's Enrollment Agreement.")
            }
            Self::ClassNotListed => ("class-not-listed", SCHOOL, "Schedule the class in GEGI."),
            Self::ClassRuns => ("class-runs", None, WAIT),
            Self::Settling => ("settling", None, WAIT),
            Self::Decided => ("decided", SCHOOL, BY_HAND),
            Self::NotRead => ("not-read", None, WAIT),
            Self::NoVisit => ("no-visit", SCHOOL, "Enter the visit in CourseKey if the student was there."),
            Self::NotThatDay => ("not-that-day", SCHOOL, "Correct the days on which the student began or stopped."),
            Self::NotSaid => (
                "not-said",
                SCHOOL,
                "Enter the day on which the student began or stopped, or set the mark by hand in GEGI.",
            ),
            Self::ClassNotKnown => ("class-not-known", SCHOOL, BY_HAND),
            Self::NotEnrolledThen => ("not-enrolled-then", SCHOOL, BY_HAND),
            Self::MayHaveRecord => (
                "may-have-record",
                SCHOOL,
                "See the issues about records without a place; until then set the mark by hand in GEGI.",
            ),
            Self::NothingSaid => ("nothing-said", SCHOOL, BY_HAND),
            Self::NoAddress => (
                "no-address",
                SCHOOL,
                "Enter Email to Send Errors About Incompatible Data Received from CourseKey in School Settings.",
            ),
            Self::MailNotYet => ("mail-not-yet", None, WAIT),
        }
    }
}

/// What is missing, of a certain thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacle {
    /// The condition.
    pub condition: Condition,
    /// What is missing, in a sentence.
    pub sentence: String,
    /// When it follows by itself; none: nobody can say, or not by itself.
    pub until: Option<Instant>,
}

impl Obstacle {
    pub(super) fn new(condition: Condition, sentence: impl Into<String>) -> Self {
        Self { condition, sentence: sentence.into(), until: None }
    }

    pub(super) fn until(self, at: Instant) -> Self {
        Self { until: Some(at), ..self }
    }
}

/// The answer to the question why something is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is there; a sentence says what.
    There(String),
    /// It is missing, and this is the first condition that fails.
    Missing(Obstacle),
}
