//! What the core writes into GEGI: marks, log rows, issues, journal, mails; and the marks it finds there.

use crate::marking::Basis;
use crate::model::attendance::Mark;
use crate::model::ids::{ClassId, CourseId, PersonId, RecordId};
use crate::model::issue::Issue;
use crate::model::time::Instant;

/// Who wrote a mark that stands in GEGI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A person.
    Hand,
    /// GEGI, as a default.
    Preset,
    /// This plugin.
    CourseKey,
}

/// A mark as it stands in GEGI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CurrentMark {
    /// Whose.
    pub student: PersonId,
    /// Which.
    pub mark: Mark,
    /// By whom.
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
    /// CourseKey's record.
    pub record: RecordId,
    /// Number of the visit, from 1.
    pub visit: u32,
    /// Check-in.
    pub checked_in: Instant,
    /// Check-out.
    pub checked_out: Instant,
    /// Whole minutes between them.
    pub minutes: u32,
}

/// One line of the System Journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalEntry {
    /// When.
    pub at: Instant,
    /// What was done, in a word.
    pub what: &'static str,
    /// The course.
    pub course: Option<CourseId>,
    /// The class.
    pub class: Option<ClassId>,
    /// The person.
    pub person: Option<PersonId>,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// Why and by whom, for people.
    pub by: String,
    /// CourseKey's attendance record on which it rests; none: it rests on none.
    pub record: Option<RecordId>,
}

/// One change to GEGI's records; delivered in order after the commit. Whatever changes a mark or a row carries its line of
/// the System Journal.
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
        /// What GEGI is believed to hold.
        expected: Option<Mark>,
        /// The new mark.
        mark: Mark,
        /// Why.
        basis: Box<Basis>,
        /// What the journal says of it.
        journal: JournalEntry,
    },
    /// Takes back a mark.
    WithdrawMark {
        /// The class.
        class: ClassId,
        /// The student.
        student: PersonId,
        /// What the journal says of it.
        journal: JournalEntry,
    },
    /// Writes or corrects a log row.
    PutLogRow {
        /// The row.
        row: LogRowEntry,
        /// What the journal says of it.
        journal: JournalEntry,
    },
    /// Takes back a log row.
    VoidLogRow {
        /// CourseKey's record.
        record: RecordId,
        /// Number of the visit.
        visit: u32,
        /// What the journal says of it.
        journal: JournalEntry,
    },
    /// Opens an issue or changes its text.
    OpenIssue {
        /// Stable for the fact.
        key: String,
        /// When it was first seen.
        at: Instant,
        /// The issue.
        issue: Issue,
    },
    /// Resolves an issue.
    ResolveIssue {
        /// The key it was opened with.
        key: String,
        /// When.
        at: Instant,
    },
    /// Writes a line of the journal that tells of no mark and no row.
    Journal(JournalEntry),
}

/// A variable of an e-mail template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// Text.
    Text(String),
    /// A whole number.
    Number(i64),
    /// A table: rows of (column, text).
    Rows(Vec<Vec<(String, String)>>),
}

/// A message to be written from a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The template's name.
    pub template: &'static str,
    /// One address.
    pub recipient: String,
    /// What the template may use.
    pub variables: Vec<(&'static str, Value)>,
}
