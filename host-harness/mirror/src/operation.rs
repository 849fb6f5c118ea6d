//! An operation on GEGI's records as JSON, for a GEGI that takes its operations from a feed: an object with one key, the
//! kind of the operation. Its rows are those of the output files.

use serde::{Deserialize, Serialize};

use crate::lines::{BasisLine, IssueLine, JournalLine, LogLine, letter, rfc3339};
use host::gegi::Operation;

/// One operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OperationLine {
    /// Sets a mark, if GEGI still holds the expected one.
    SetMark {
        /// The class.
        class: String,
        /// The student.
        student: String,
        /// The mark that GEGI held when the plugin decided; none: no mark.
        expected: Option<String>,
        /// P, A or L.
        mark: String,
        /// Why.
        basis: Box<BasisLine>,
        /// The line of the System Journal that is written with it.
        journal: JournalLine,
    },
    /// Takes back a mark that the plugin set.
    WithdrawMark {
        /// The class.
        class: String,
        /// The student.
        student: String,
        /// The line of the System Journal that is written with it.
        journal: JournalLine,
    },
    /// Puts a row into the attendance log, in place of an earlier row of the same record and visit.
    PutLogRow {
        /// The row.
        row: LogLine,
        /// The line of the System Journal that is written with it.
        journal: JournalLine,
    },
    /// Removes a row of the attendance log.
    VoidLogRow {
        /// CourseKey's id of the attendance record.
        record: String,
        /// The number of the visit within the record.
        visit: u32,
        /// The line of the System Journal that is written with it.
        journal: JournalLine,
    },
    /// Opens an issue, or changes its text.
    OpenIssue {
        /// The same for as long as the issue is about the same fact.
        key: String,
        /// The issue.
        issue: IssueLine,
    },
    /// Resolves an issue.
    ResolveIssue {
        /// The key under which it was opened.
        key: String,
        /// When it was found resolved.
        at: String,
    },
    /// Writes a line into the System Journal.
    Journal(JournalLine),
}

impl From<&Operation> for OperationLine {
    fn from(operation: &Operation) -> Self {
        match operation {
            Operation::SetMark(set) => Self::SetMark {
                class: set.class.clone(),
                student: set.student.clone(),
                expected: set.expected.map(|mark| letter(mark).to_owned()),
                mark: letter(set.mark).to_owned(),
                basis: Box::new(BasisLine::of_coursekey(&set.basis)),
                journal: (&set.journal).into(),
            },
            Operation::WithdrawMark(withdrawn) => Self::WithdrawMark {
                class: withdrawn.class.clone(),
                student: withdrawn.student.clone(),
                journal: (&withdrawn.journal).into(),
            },
            Operation::PutLogRow(row) => Self::PutLogRow { row: row.into(), journal: (&row.journal).into() },
            Operation::VoidLogRow(row) => Self::VoidLogRow {
                record: row.attendance_record.clone(),
                visit: row.visit,
                journal: (&row.journal).into(),
            },
            Operation::OpenIssue(open) => {
                Self::OpenIssue { key: open.key.clone(), issue: IssueLine::open(&open.issue, open.at) }
            }
            Operation::ResolveIssue(resolved) => {
                Self::ResolveIssue { key: resolved.key.clone(), at: rfc3339(resolved.at) }
            }
            Operation::Journal(entry) => Self::Journal(entry.into()),
        }
    }
}
