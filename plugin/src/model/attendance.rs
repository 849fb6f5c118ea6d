//! What CourseKey says of a student in a class, and what GEGI keeps of it.

use serde::{Deserialize, Serialize};

use super::ids::{ClassId, PersonId, RecordId};
use super::time::{Instant, Seconds};

/// One version of CourseKey's record of one student in one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendanceRecord {
    /// CourseKey's id.
    pub id: RecordId,
    /// Grows with every change.
    pub version: u64,
    /// The class, in GEGI's id (CourseKey: session).
    pub class: ClassId,
    /// The student, in GEGI's id (CourseKey: user).
    pub student: PersonId,
    /// When CourseKey wrote this version.
    pub updated_at: Instant,
    /// Check-ins with their check-outs, in CourseKey's order.
    pub visits: Vec<Visit>,
    /// What staff did to it, if anything.
    pub adjustment: Option<Adjustment>,
}

impl AttendanceRecord {
    /// Whether two versions say the same of the student: visits and adjustment.
    pub fn same_content(&self, other: &Self) -> bool {
        (&self.visits, &self.adjustment) == (&other.visits, &other.adjustment)
    }
}

/// A check-in with its check-out, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Visit {
    /// Check-in.
    pub checked_in: Instant,
    /// Check-out; none while the student has not checked out.
    pub checked_out: Option<Instant>,
}

/// A later adjustment by CourseKey's staff.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// What was done.
    pub kind: AdjustmentKind,
    /// By whom, in CourseKey's word.
    pub by: String,
    /// Time awarded, if CourseKey says so.
    pub awarded: Option<Seconds>,
}

/// What staff can do to a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdjustmentKind {
    /// Check-in or check-out edited: the visits decide.
    Edit,
    /// Full time awarded.
    AwardFull,
    /// All time removed.
    RemoveAll,
    /// Awarded time overridden.
    Override,
}

impl AdjustmentKind {
    /// CourseKey's word for it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::AwardFull => "award-full",
            Self::RemoveAll => "remove-all",
            Self::Override => "override",
        }
    }
}

/// GEGI's attendance mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mark {
    /// Present.
    #[serde(rename = "P")]
    Present,
    /// Late.
    #[serde(rename = "L")]
    Late,
    /// Absent.
    #[serde(rename = "A")]
    Absent,
}

impl Mark {
    /// GEGI's letter.
    pub fn letter(self) -> &'static str {
        match self {
            Self::Present => "P",
            Self::Late => "L",
            Self::Absent => "A",
        }
    }
}
