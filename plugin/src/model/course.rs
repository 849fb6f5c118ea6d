//! A course as GEGI sees it, whole: its students, instructors and classes.

use serde::{Deserialize, Serialize};

use super::ids::{CampusId, ClassId, CourseId, PersonId};
use super::person::Person;
use super::time::{Instant, LocalDate};

/// A group's course or a clinical rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// GEGI's id.
    pub id: CourseId,
    /// Grows with every change of the course or of its lists.
    pub revision: u64,
    /// Which page of GEGI shows it.
    pub kind: CourseKind,
    /// Its one campus.
    pub campus: CampusId,
    /// Name of the education group that takes it.
    pub group_name: String,
    /// Course number.
    pub number: String,
    /// Title.
    pub title: String,
    /// First day.
    pub start_date: LocalDate,
    /// Last day as planned.
    pub end_date: LocalDate,
    /// The day it really ended, once known.
    pub completed_date: Option<LocalDate>,
    /// How attendance is kept.
    pub hours_type: HoursType,
    /// Send to CourseKey, on the course.
    pub send: SendOption,
    /// Send to CourseKey, on the program's course.
    pub program_send: SendOption,
    /// Everybody who teaches it now.
    pub instructors: Vec<Person>,
    /// Everybody on its list now.
    pub students: Vec<Student>,
    /// Every class scheduled now, past ones too.
    pub classes: Vec<Class>,
}

impl Course {
    /// Everybody the course names, instructors first.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.instructors.iter().chain(self.students.iter().map(|student| &student.person))
    }

    /// The day on which it really ended, or is to end.
    pub fn end(&self) -> LocalDate {
        self.completed_date.unwrap_or(self.end_date)
    }

    /// The student of that id.
    pub fn student(&self, id: &PersonId) -> Option<&Student> {
        self.students.iter().find(|student| student.person.id == *id)
    }

    /// The class of that id.
    pub fn class(&self, id: &ClassId) -> Option<&Class> {
        self.classes.iter().find(|class| class.id == *id)
    }

    /// When its last class ends.
    pub fn last_class_end(&self) -> Option<Instant> {
        self.classes.iter().map(|class| class.ends).max()
    }
}

/// Which page of GEGI shows a course. Both are sent alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CourseKind {
    /// Education Group Details.
    GroupCourse,
    /// Clinical Rotations.
    ClinicalRotation,
}

/// GEGI's Hours Type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HoursType {
    /// One P, A or L mark for each student and class.
    ClassSchedule,
    /// Rows of time spent.
    AttendanceLog,
}

/// Send to CourseKey as set on one level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendOption {
    /// Sent.
    On,
    /// Not sent.
    Off,
    /// As the level above says.
    Inherit,
}

/// A student on the list of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Student {
    /// Who.
    pub person: Person,
    /// GEGI's stage in this course's group, in GEGI's words.
    pub stage: String,
    /// What the Enrollment Agreement says of this course.
    pub agreement: Agreement,
    /// The first day the student belongs to the course.
    pub enrolled_from: LocalDate,
    /// The day the student stopped, if any.
    pub stopped_on: Option<LocalDate>,
}

/// How the Enrollment Agreement lists a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The student takes it.
    Assigned,
    /// The student has credit for it.
    CreditGranted,
}

/// One scheduled class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Class {
    /// GEGI's id.
    pub id: ClassId,
    /// When it starts.
    pub starts: Instant,
    /// When it ends.
    pub ends: Instant,
}
