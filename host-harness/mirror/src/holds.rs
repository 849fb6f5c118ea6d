//! What the guard holds, and decisions about it, as files, the API and the command line have them.

use host::school::{Decided, Decision, GuardedKind, Hold};
use serde::{Deserialize, Serialize};

use crate::lines::rfc3339;

/// Rows of a course that wait for a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HoldLine {
    /// The course.
    pub course: String,
    /// `students` or `classes`.
    pub kind: &'static str,
    /// What a decision has to name, so that it is about what was shown.
    pub hash: String,
    /// Since when.
    pub since: String,
    /// What looks like an accident.
    pub sentence: String,
    /// How many rows of this kind CourseKey held.
    pub held: u32,
    /// The rows.
    pub rows: Vec<RowLine>,
}

/// A student or a class that is held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowLine {
    /// GEGI's id.
    pub id: String,
    /// A student's name, or a class's date and time; empty: unknown.
    pub name: String,
}

impl From<Hold> for HoldLine {
    fn from(hold: Hold) -> Self {
        let Hold { course, kind, hash, since, sentence, held, rows } = hold;
        let rows = rows.into_iter().map(|row| RowLine { id: row.id, name: row.name }).collect();
        Self { course, kind: kind.word(), hash, since: rfc3339(since), sentence, held, rows }
    }
}

/// What somebody decides about what is held.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DecisionForm {
    /// The course.
    pub course: String,
    kind: Kind,
    verdict: Verdict,
    /// The hash of what was shown; none: whatever is held.
    pub hash: Option<String>,
    #[serde(default)]
    rows: Vec<String>,
    /// Who decides, for the System Journal.
    by: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Students,
    Classes,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Verdict {
    Approve,
    Discard,
}

impl DecisionForm {
    /// The kind of rows.
    pub fn kind(&self) -> GuardedKind {
        match self.kind {
            Kind::Students => GuardedKind::Students,
            Kind::Classes => GuardedKind::Classes,
        }
    }

    /// The decision about the hold of this hash. `somebody` decides if the form does not say who.
    pub fn about(&self, hash: &str, somebody: &str) -> Decision {
        Decision {
            course: self.course.clone(),
            kind: self.kind(),
            hash: hash.to_owned(),
            verdict: match self.verdict {
                Verdict::Approve => Decided::Approve,
                Verdict::Discard => Decided::Discard,
            },
            rows: self.rows.clone(),
            by: self.by.clone().unwrap_or_else(|| somebody.to_owned()),
        }
    }
}
