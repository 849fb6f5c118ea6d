//! The nouns of what the core writes for GEGI: operations on marks, log rows, issues and the journal; mails; and the
//! marks that the core finds in GEGI.

use crate::marking::Basis;
use crate::model::attendance::Mark;
use crate::model::ids::{ClassId, CourseId, PersonId, RecordId};
use crate::model::issue::Issue;
use crate::model::time::Instant;

/// Who wrote a mark that stands in GEGI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A person, by hand.
    Hand,
    /// GEGI itself, as a default before the class.
    Preset,
    /// This plugin.
    CourseKey,
}

/// A mark as it stands in GEGI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentMark {
    /// The student who has the mark.
    pub student: PersonId,
    /// The mark.
    pub mark: Mark,
    /// Who wrote the mark.
    pub origin: Origin,
}

/// One row of the attendance log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRowEntry {
    /// The course.
    pub course: CourseId,
    /// The class.
    pub class: ClassId,
    /// The student.
    pub student: PersonId,
    /// CourseKey's attendance record.
    pub record: RecordId,
    /// Number of the visit within the record, from 1.
    pub visit: u32,
    /// Check-in.
    pub checked_in: Instant,
    /// Check-out.
    pub checked_out: Instant,
    /// Whole minutes from check-in to check-out.
    pub minutes: u32,
}

/// One line of the System Journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// When the change was made.
    pub at: Instant,
    /// The kind of change, in one word for programs.
    pub what: &'static str,
    /// The course that the change concerns.
    pub course: Option<CourseId>,
    /// The class that the change concerns.
    pub class: Option<ClassId>,
    /// The person whom the change concerns.
    pub person: Option<PersonId>,
    /// The value before the change; none: there was no value.
    pub old: Option<String>,
    /// The value after the change; none: there is no value any more.
    pub new: Option<String>,
    /// Why the change was made and on whose word, for people.
    pub by: String,
    /// CourseKey's attendance record from which the change follows; none: it follows from no record.
    pub record: Option<RecordId>,
}

/// One operation on GEGI's records. The host delivers operations in order after the commit. An operation on a mark or a
/// row carries its line of the System Journal.
///
/// Seed, "Requesting Data from CourseKey": "All attendance added from CourseKey is logged into the System Journal."
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// Sets a mark.
    SetMark {
        /// The class.
        class: ClassId,
        /// The student.
        student: PersonId,
        /// The mark that GEGI held when the plugin decided; none: no mark.
        expected: Option<Mark>,
        /// The new mark.
        mark: Mark,
        /// Why the student gets the new mark.
        basis: Box<Basis>,
        /// The line of the System Journal about this operation.
        journal: JournalEntry,
    },
    /// Takes back a mark.
    WithdrawMark {
        /// The class.
        class: ClassId,
        /// The student.
        student: PersonId,
        /// The line of the System Journal about this operation.
        journal: JournalEntry,
    },
    /// Writes or corrects a log row.
    PutLogRow {
        /// The row.
        row: LogRowEntry,
        /// The line of the System Journal about this operation.
        journal: JournalEntry,
    },
    /// Takes back a log row.
    VoidLogRow {
        /// CourseKey's attendance record.
        record: RecordId,
        /// Number of the visit within the record, from 1.
        visit: u32,
        /// The line of the System Journal about this operation.
        journal: JournalEntry,
    },
    /// Opens an issue or changes its text.
    OpenIssue {
        /// The issue's key: the same for as long as the issue is about the same fact.
        key: String,
        /// When the plugin found the issue.
        at: Instant,
        /// The issue.
        issue: Issue,
    },
    /// Resolves an issue.
    ResolveIssue {
        /// The key with which the issue was opened.
        key: String,
        /// When the plugin found the issue resolved.
        at: Instant,
    },
    /// Writes a line of the System Journal that belongs to no mark and no row.
    Journal(JournalEntry),
}

/// The value of a variable of an e-mail template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A table: rows of (column, text).
    Rows(Vec<Vec<(String, String)>>),
}

/// A mail that the host writes from a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The template's name.
    pub template: &'static str,
    /// One e-mail address.
    pub recipient: String,
    /// The variables that the template may use, each by its name.
    pub variables: Vec<(&'static str, Value)>,
}
