//! A whole course as GEGI sees it, with its students, instructors and classes.

use serde::{Deserialize, Serialize};

use super::ids::{CampusId, ClassId, CourseId, PersonId};
use super::person::Person;
use super::time::{Instant, LocalDate};
use crate::model::sorted::SortedMap;

/// A group's course or a clinical rotation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Course {
    /// GEGI's id.
    pub id: CourseId,
    /// Grows with every change of the course or of its lists.
    pub revision: u64,
    /// Which page of GEGI shows it.
    pub kind: CourseKind,
    /// The one campus to which the course belongs.
    pub campus: CampusId,
    /// Name of the education group that takes the course; of a clinical rotation of several groups, the first.
    pub group_name: String,
    /// Whether it is a clinical rotation of several groups, in which a student may be at several stages at once.
    pub several_groups: bool,
    /// Course number.
    pub number: String,
    /// Title.
    pub title: String,
    /// First day.
    pub start_date: LocalDate,
    /// Last day as planned.
    pub end_date: LocalDate,
    /// The day on which the course really ended; none: the course has not ended, or GEGI does not know the day.
    pub completed_date: Option<LocalDate>,
    /// How attendance is kept.
    pub hours_type: HoursType,
    /// Send to CourseKey as set on the course.
    pub send: SendOption,
    /// Send to CourseKey as set on the program's course.
    pub program_send: SendOption,
    /// Everybody who teaches the course now.
    pub instructors: Vec<Person>,
    /// Everybody on the course's list now.
    pub students: Vec<Student>,
    /// Every class scheduled now, past ones too.
    pub classes: Vec<Class>,
}

impl Course {
    /// Everybody the course names, instructors first.
    pub fn people(&self) -> impl Iterator<Item = &Person> {
        self.instructors.iter().chain(self.students.iter().map(|student| &student.person))
    }

    /// The day on which the course really ended or, while that is unknown, is planned to end.
    pub fn end(&self) -> LocalDate {
        self.completed_date.unwrap_or(self.end_date)
    }

    /// The student of this id; none: the course does not list the student.
    pub fn student(&self, id: &PersonId) -> Option<&Student> {
        self.students.iter().find(|student| student.person.id == *id)
    }

    /// The students on the course's list by id, for a caller that asks for many of them.
    pub fn roll(&self) -> SortedMap<&PersonId, &Student> {
        self.students.iter().rev().map(|student| (&student.person.id, student)).collect()
    }

    /// The class of this id; none: the course does not list the class.
    pub fn class(&self, id: &ClassId) -> Option<&Class> {
        self.classes.iter().find(|class| class.id == *id)
    }

    /// When the course's last class ends; none: the course has no class.
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

/// Send to CourseKey as set on the course or on the program's course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SendOption {
    /// The course is sent.
    On,
    /// The course is not sent.
    Off,
    /// The level above decides.
    Inherit,
}

/// A student on the list of a course.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Student {
    /// The person.
    pub person: Person,
    /// GEGI's stage of the student in this course's group, in GEGI's own words.
    pub stage: String,
    /// How the Enrollment Agreement lists this course.
    pub agreement: Agreement,
    /// The first day the student belongs to the course.
    pub enrolled_from: LocalDate,
    /// The day on which the student stopped; none: the student has not stopped, or GEGI does not know the day.
    pub stopped_on: Option<LocalDate>,
}

/// How the Enrollment Agreement lists a course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Agreement {
    /// The student takes the course.
    Assigned,
    /// The student has credit for the course and does not attend.
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
