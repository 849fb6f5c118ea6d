//! Who takes a course: what the Enrollment Agreement and the student's stage mean for the enrolment in CourseKey, and
//! whether a student belonged to a course on a day.
//!
//! Seed, "Enrollment and Drop": "The synchronized students are automatically added to the synchronized courses in
//! CourseKey according to the course lists from the Enrollment Agreement of the students. The students who stopped their
//! study are automatically set as “is dropped” in CourseKey."

use crate::model::course::{Agreement, Student};
use crate::model::issue::Code;
use crate::model::time::LocalDate;

/// What a stage means for the enrolment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// Not a student yet.
    NotYet,
    /// Studies. A pending leave or drop counts as studying, because the school can still deny the request.
    Enrolled,
    /// Stopped studying.
    Stopped,
    /// Finished studying.
    Finished,
}

/// GEGI's stages of pipeline (DOMAIN §1).
pub const STAGES: [(&str, Standing); 19] = [
    ("PENDING", Standing::NotYet),
    ("NOT INTERESTED", Standing::NotYet),
    ("NOT QUALIFIED", Standing::NotYet),
    ("REGISTERING", Standing::NotYet),
    ("REGISTERED", Standing::NotYet),
    ("ENROLLING", Standing::NotYet),
    ("ENROLLED", Standing::Enrolled),
    ("ENROLLED Late start", Standing::Enrolled),
    ("ACTIVE Pending", Standing::Enrolled),
    ("ACTIVE", Standing::Enrolled),
    ("LOA Pending", Standing::Enrolled),
    ("DROPPED Pending", Standing::Enrolled),
    ("NOT STARTED", Standing::Stopped),
    ("DROPPED", Standing::Stopped),
    ("DROPPED Transferred", Standing::Stopped),
    ("LOA", Standing::Stopped),
    ("LOA Transferred", Standing::Stopped),
    ("COMPLETED", Standing::Finished),
    ("GRADUATED", Standing::Finished),
];

/// What a stage means; none: the stage is not in the table. Case and surrounding blanks do not matter.
pub fn standing(stage: &str) -> Option<Standing> {
    STAGES.iter().find(|(name, _)| name.eq_ignore_ascii_case(stage.trim())).map(|(_, standing)| *standing)
}

/// What a student's stage means on the day `today` in a course that ends on the day `course_end`; none: the stage is
/// not in the table.
///
/// DOMAIN §1, of COMPLETED and GRADUATED: "before the course's end: as stopped; on or after it the enrolment stays as it is".
pub fn standing_on(today: LocalDate, student: &Student, course_end: LocalDate) -> Option<Standing> {
    match standing(&student.stage)? {
        Standing::Finished if today < course_end => Some(Standing::Stopped),
        standing => Some(standing),
    }
}

/// The enrolment that CourseKey should hold of a student in a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Enrolled; an enrolment that was dropped is un-dropped.
    Enrolled,
    /// Dropped.
    Dropped,
    /// Whatever CourseKey holds, which may be no enrolment at all.
    AsItIs,
    /// None: CourseKey never had the enrolment, so it is not sent.
    Absent,
}

/// The enrolment that CourseKey should hold of a student. `acknowledged` says whether CourseKey acknowledged the
/// enrolment as dropped; none: CourseKey never acknowledged the enrolment.
///
/// | stage | agreement | acknowledged | wanted |
/// |---|---|---|---|
/// | not in the table | – | – | as it is, and an issue |
/// | finished, on or after the course's end | – | – | as it is: adjustments are still followed |
/// | enrolled | assigned | – | enrolled: a dropped enrolment is un-dropped, there is never a second one |
/// | everything else | | yes | dropped, from this course only |
/// | everything else | | no | absent |
///
/// "Everything else" includes a stage that went back to "not yet", because an enrolment needs an enrolled stage.
pub fn wanted(
    student: &Student,
    course_end: LocalDate,
    today: LocalDate,
    acknowledged: Option<bool>,
) -> (Wanted, Option<Code>) {
    match (standing_on(today, student, course_end), student.agreement) {
        (None, _) => (Wanted::AsItIs, Some(Code::StageUnknown)),
        (Some(Standing::Finished), _) => (Wanted::AsItIs, None),
        (Some(Standing::Enrolled), Agreement::Assigned) => (Wanted::Enrolled, None),
        _ if acknowledged.is_some() => (Wanted::Dropped, None),
        _ => (Wanted::Absent, None),
    }
}

/// Whether a student belonged to a course on a day, as far as GEGI's present data say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OnDay {
    /// Whether the student belonged to the course; none: GEGI's data do not say.
    pub belonged: Option<bool>,
    /// Whether the student had left the course before that day.
    pub had_left: HadLeft,
}

/// Whether a student had left a course before a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HadLeft {
    /// The student had not left.
    No,
    /// The student had left.
    Yes,
    /// The student left on a day that GEGI does not name. Whether CourseKey had acknowledged the drop before the class
    /// decides instead.
    AtSomeTime,
}

/// Whether a student belonged to a course on a day. Every rule that asks uses this one function: who is absent without
/// a record, whose Absent is taken back, whose record comes after a drop. `told_of_drop`: CourseKey was told after that
/// day that the student dropped.
///
/// DOMAIN §4: "An enrolled stage with an old `stopped-on` is enrolled", and "Who is off the list, credit-granted or back
/// at a stage before enrolment without a date keeps the marks of the days before …. So does who is enrolled anew with a
/// later `enrolled-from` after a drop that CourseKey was told of".
///
/// | agreement | stage (`today`) | `enrolled-from` | `stopped-on` | belonged | had left |
/// |---|---|---|---|---|---|
/// | assigned | enrolled | up to the day | – | yes | no |
/// | – | all others | – | before the day | no | yes |
/// | – | – | after the day | none, the day or later | no, but GEGI does not tell if CourseKey was told of a drop | as below |
/// | credit granted | – | up to the day | none | GEGI does not tell | at some time |
/// | credit granted | – | up to the day | the day or later | GEGI does not tell | no |
/// | assigned | stopped | up to the day | none | GEGI does not tell | at some time |
/// | assigned | stopped | up to the day | the day or later | yes | no |
/// | assigned | not yet, or not in the table | up to the day | none, the day or later | GEGI does not tell | no |
/// | assigned | finished | up to the day | none, the day or later | yes | no |
pub fn on_day(student: &Student, day: LocalDate, today: LocalDate, course_end: LocalDate, told_of_drop: bool) -> OnDay {
    let standing = standing_on(today, student, course_end);
    let assigned = student.agreement == Agreement::Assigned;
    let studies = assigned && standing == Some(Standing::Enrolled);
    let left = !assigned || standing == Some(Standing::Stopped);
    let stopped_before = !studies && student.stopped_on.is_some_and(|stopped| stopped < day);
    let had_left = match student.stopped_on {
        Some(_) if stopped_before => HadLeft::Yes,
        None if left => HadLeft::AtSomeTime,
        Some(_) | None => HadLeft::No,
    };
    let belonged = match standing {
        _ if stopped_before => Some(false),
        _ if student.enrolled_from > day => Some(false).filter(|_| !told_of_drop),
        _ if !assigned => None,
        Some(Standing::Enrolled | Standing::Finished) => Some(true),
        Some(Standing::Stopped) => student.stopped_on.map(|_| true),
        Some(Standing::NotYet) | None => None,
    };
    OnDay { belonged, had_left }
}

#[cfg(test)]
mod tests;
