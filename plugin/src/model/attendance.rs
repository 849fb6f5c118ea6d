//! CourseKey's attendance record of a student in a class, and GEGI's mark. Not here: how a record becomes a mark
//! (`marking`).

use serde::{Deserialize, Serialize};

use super::ids::{ClassId, PersonId, RecordId};
use super::time::{Instant, Seconds};

/// One version of CourseKey's record of one student in one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttendanceRecord {
    /// CourseKey's id.
    pub id: RecordId,
    /// Grows with every change of the record.
    pub version: u64,
    /// The class, in GEGI's id (CourseKey: session).
    pub class: ClassId,
    /// The student, in GEGI's id (CourseKey: user).
    pub student: PersonId,
    /// When CourseKey wrote this version.
    pub updated_at: Instant,
    /// Check-ins with their check-outs, in CourseKey's order.
    pub visits: Vec<Visit>,
    /// The adjustment that staff made; none: staff made no adjustment.
    pub adjustment: Option<Adjustment>,
}

impl AttendanceRecord {
    /// Whether two versions have the same content: the same visits and the same adjustment.
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

/// A change that staff made to an attendance record in CourseKey.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Adjustment {
    /// The kind of change.
    pub kind: AdjustmentKind,
    /// Who made the change, as CourseKey names them.
    pub by: String,
    /// The time that staff awarded; none: CourseKey names no time.
    pub awarded: Option<Seconds>,
}

/// The kinds of adjustment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AdjustmentKind {
    /// A check-in or a check-out was edited; the visits still decide the mark.
    Edit,
    /// Full time awarded.
    AwardFull,
    /// All time removed.
    RemoveAll,
    /// Awarded time overridden.
    Override,
}

impl AdjustmentKind {
    /// CourseKey's word for the adjustment.
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
