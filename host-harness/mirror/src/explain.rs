//! What is behind a mark, and why something is missing, as the API and the command line have it.

use host::gegi::Instant;
use host::school::{
    AttendedVisit, ClassStudent, CourseStudent, ExplainedRow, Explanation, Finding, Obstacle, RecordVersion, Sought,
};
use serde::Serialize;

use crate::lines::{letter, rfc3339};

/// What somebody misses, as requests and arguments name it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missed {
    /// The class.
    pub class: Option<String>,
    /// The course.
    pub course: Option<String>,
    /// The student.
    pub student: Option<String>,
}

impl Missed {
    /// What to write where nobody knows what is missed.
    pub const REMEDY: &str =
        "write class and student for a mark, course and student for an enrolment, class alone, or nothing for a mail";

    /// What is sought; none: nobody knows.
    pub fn sought(self) -> Option<Sought> {
        match (self.class, self.course, self.student) {
            (Some(class), None, Some(student)) => Some(Sought::Mark(ClassStudent { class, student })),
            (None, Some(course), Some(student)) => Some(Sought::Enrollment(CourseStudent { course, student })),
            (Some(class), None, None) => Some(Sought::Class(class)),
            (None, None, None) => Some(Sought::Mail),
            _ => None,
        }
    }
}

/// The answer to the question why something is not there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FindingForm {
    /// Whether it is there.
    pub there: bool,
    /// What is there, or what is missing.
    pub sentence: String,
    /// The first condition that fails; none: it is there.
    pub missing: Option<ObstacleForm>,
}

/// What is missing for something to be there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ObstacleForm {
    /// The condition, in a word for programs.
    pub condition: String,
    /// What fulfils it.
    pub remedy: String,
    /// Who can do that: `school`, `coursekey` or `gegi`; none: it follows by itself.
    pub owner: Option<String>,
    /// When it follows by itself; none: nobody can say, or not by itself.
    pub until: Option<String>,
}

/// Everything behind the attendance of a student in a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ExplanationForm {
    /// The course.
    pub course: String,
    /// Its number and title.
    pub course_name: String,
    /// The class's time by the campus's clocks.
    pub class_name: String,
    /// The student's name; empty: the course does not list the student.
    pub student_name: String,
    /// `class-schedule` or `attendance-log`.
    pub hours_type: &'static str,
    /// The class's start that counts.
    pub starts: String,
    /// Its end.
    pub ends: String,
    /// The limits in force for the class.
    pub limits: LimitsForm,
    /// What stands and why, or why nothing stands.
    pub sentence: String,
    /// P, A or L as it stands in GEGI; none: no mark.
    pub mark: Option<&'static str>,
    /// Who wrote it: `hand`, `preset` or `coursekey`.
    pub author: Option<&'static str>,
    /// The mark that the next tick writes in its place; none: it writes none.
    pub next: Option<&'static str>,
    /// The rule that decided; none: the plugin writes no mark.
    pub rule: Option<String>,
    /// A mark set by hand that CourseKey's records overruled since.
    pub overruled: Option<&'static str>,
    /// The versions of CourseKey's records that are kept.
    pub versions: Vec<VersionForm>,
    /// The log rows.
    pub rows: Vec<RowForm>,
    /// The open issues about the student in the class.
    pub issues: Vec<String>,
    /// Why there is no mark or row; none: there is.
    pub missing: Option<ObstacleForm>,
}

/// The limits in force for a class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct LimitsForm {
    /// The latest check-in that is late.
    pub late_until: String,
    /// The earliest check-out that is early.
    pub early_from: String,
    /// The longest time away in seconds; none: it does not matter.
    pub longest_gap_seconds: Option<i64>,
    /// The least share of the class in percent; 0: it does not matter.
    pub minimum_attended_percent: u32,
    /// From when on silence decides.
    pub settled_at: String,
    /// Up to when adjustments count.
    pub follow_until: String,
    /// Up to when CourseKey's attendance was read whole; none: it was not read.
    pub read_until: Option<String>,
}

/// A version of CourseKey's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct VersionForm {
    /// CourseKey's id of the record.
    pub id: String,
    /// The version.
    pub version: u64,
    /// When CourseKey wrote it.
    pub updated_at: String,
    /// Check-ins and check-outs.
    pub visits: Vec<VisitForm>,
    /// The adjustment that staff made.
    pub adjustment: Option<String>,
    /// The seconds that staff awarded.
    pub awarded_seconds: Option<i64>,
    /// `counts`, `too-late` or `replaced`.
    pub r#use: &'static str,
}

/// A check-in with its check-out, if any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VisitForm {
    /// Check-in.
    pub r#in: String,
    /// Check-out; none: CourseKey knows none.
    pub out: Option<String>,
}

/// A row of the attendance log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RowForm {
    /// CourseKey's id of the record.
    pub id: String,
    /// Number of the visit within the record, from 1.
    pub visit: u32,
    /// Check-in.
    pub r#in: String,
    /// Check-out.
    pub out: String,
    /// Whole minutes.
    pub minutes: u32,
}

impl From<Finding> for FindingForm {
    fn from(finding: Finding) -> Self {
        match finding {
            Finding::There(sentence) => Self { there: true, sentence, missing: None },
            Finding::Missing(obstacle) => {
                Self { there: false, sentence: obstacle.sentence.clone(), missing: Some(obstacle.into()) }
            }
        }
    }
}

impl From<Obstacle> for ObstacleForm {
    fn from(Obstacle { condition, remedy, owner, until, .. }: Obstacle) -> Self {
        Self { condition, remedy, owner, until: until.map(rfc3339) }
    }
}

impl From<Explanation> for ExplanationForm {
    fn from(from: Explanation) -> Self {
        Self {
            course: from.course,
            course_name: from.course_name,
            class_name: from.class_name,
            student_name: from.student_name,
            hours_type: if from.keeps_log { "attendance-log" } else { "class-schedule" },
            starts: rfc3339(from.starts),
            ends: rfc3339(from.ends),
            limits: LimitsForm {
                late_until: rfc3339(from.late_until),
                early_from: rfc3339(from.early_from),
                longest_gap_seconds: from.longest_gap_seconds,
                minimum_attended_percent: from.least_percent,
                settled_at: rfc3339(from.settled_at),
                follow_until: rfc3339(from.follow_until),
                read_until: from.read_until.map(rfc3339),
            },
            sentence: from.sentence,
            mark: from.current.as_ref().map(|current| letter(current.mark)),
            author: from.current.as_ref().map(|current| current.author.word()),
            next: from.next.map(letter),
            rule: from.rule,
            overruled: from.overruled.map(letter),
            versions: from.versions.into_iter().map(VersionForm::from).collect(),
            rows: from.rows.into_iter().map(RowForm::from).collect(),
            issues: from.issues,
            missing: from.obstacle.map(ObstacleForm::from),
        }
    }
}

impl From<RecordVersion> for VersionForm {
    fn from(from: RecordVersion) -> Self {
        let time = |at: Option<Instant>| at.map(rfc3339);
        let visit = |visit: AttendedVisit| VisitForm { r#in: rfc3339(visit.checked_in), out: time(visit.checked_out) };
        Self {
            id: from.id,
            version: from.version,
            updated_at: rfc3339(from.updated_at),
            visits: from.visits.into_iter().map(visit).collect(),
            adjustment: from.adjustment,
            awarded_seconds: from.awarded_seconds,
            r#use: from.use_of_it.word(),
        }
    }
}

impl From<ExplainedRow> for RowForm {
    fn from(from: ExplainedRow) -> Self {
        let ExplainedRow { id, visit, checked_in, checked_out, minutes } = from;
        Self { id, visit, r#in: rfc3339(checked_in), out: rfc3339(checked_out), minutes }
    }
}
