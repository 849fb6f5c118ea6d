//! The nouns of `wit/types.wit` in Rust. The bindings would generate the same types, but with a `Debug` that shows
//! names and addresses; `Debug` of these types prints a person's id alone. Linking a component fails where a type
//! differs from its WIT.
//!
//! Only types live here, under the short names that `gegi` gives them; no function of GEGI's or of the plugin's.

use std::fmt;

use crate::gegi::GegiUnavailable;
use serde::{Deserialize, Serialize};
use wasmtime::component::{ComponentType, HasData, HasSelf, Lift, Linker, Lower};

/// Why GEGI's data could not be read.
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Eq, Debug)]
#[component(variant)]
pub enum ReadError {
    /// GEGI cannot be asked at present; the text says why.
    #[component(name = "unavailable")]
    Unavailable(String),
}

impl From<GegiUnavailable> for ReadError {
    fn from(GegiUnavailable(why): GegiUnavailable) -> Self {
        Self::Unavailable(why)
    }
}

/// Why a call failed as a whole.
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Eq, Debug)]
#[component(variant)]
pub enum CallError {
    /// The stored state has a schema that this version of the plugin cannot read; the text names the key and the schema.
    #[component(name = "unreadable-state")]
    UnreadableState(String),
    /// The host refused to store or to read; the text says why.
    #[component(name = "storage")]
    Storage(String),
    /// The call would read or stage more than the host allows; the text says how much that is.
    #[component(name = "too-much")]
    TooMuch(String),
    /// The input of the call cannot be taken; the text says which part of it and why.
    #[component(name = "bad-input")]
    BadInput(String),
    /// The host answered that GEGI's data cannot be read at present; the text says why.
    #[component(name = "unavailable")]
    Unavailable(String),
}

/// A moment: whole seconds since 1970-01-01T00:00:00Z, leap seconds not counted.
pub type Instant = i64;

/// A day on the calendar of the course's campus.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Serialize, Deserialize, Debug)]
#[component(record)]
pub struct LocalDate {
    /// Year of the proleptic Gregorian calendar, for example 2023.
    pub year: u16,
    /// Month, 1 to 12.
    pub month: u8,
    /// Day of the month, 1 to 31.
    pub day: u8,
}

/// GEGI's id of a course; unique in a school.
pub type CourseId = String;
/// GEGI's id of one scheduled class; unique in a school, kept when the class is moved.
pub type ClassId = String;
/// GEGI's id of a person, student or instructor (a Student ID such as `S123456`); unique in a school.
pub type PersonId = String;
/// GEGI's id of a campus.
pub type CampusId = String;

/// Where GEGI shows the course.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[component(enum)]
#[repr(u8)]
pub enum CourseKind {
    /// A course of an education group, shown on the Education Group Details page.
    #[component(name = "group-course")]
    GroupCourse,
    /// A course at a clinical site, shown on the Clinical Rotations page.
    #[component(name = "clinical-rotation")]
    ClinicalRotation,
}

/// The course's Hours Type: how attendance of the course is kept.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[component(enum)]
#[repr(u8)]
pub enum HoursType {
    /// One P, A or L mark for each student and class.
    #[component(name = "class-schedule")]
    ClassSchedule,
    /// Rows of time spent; no marks.
    #[component(name = "attendance-log")]
    AttendanceLog,
}

/// The Send to CourseKey option, as set on a course or on the program's course.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[component(enum)]
#[repr(u8)]
pub enum SendOption {
    /// The course is sent to CourseKey.
    #[component(name = "on")]
    On,
    /// The course is not sent.
    #[component(name = "off")]
    Off,
    /// The level above decides: course → the program's course → School Settings.
    #[component(name = "inherit")]
    Inherit,
}

/// How the student's Enrollment Agreement lists a course.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[component(enum)]
#[repr(u8)]
pub enum Agreement {
    /// The student takes the course.
    #[component(name = "assigned")]
    Assigned,
    /// The student has credit for the course and does not attend.
    #[component(name = "credit-granted")]
    CreditGranted,
}

/// A program or an education group of GEGI's, with an id and a name.
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Serialize, Deserialize, Debug)]
#[component(record)]
pub struct Named {
    /// GEGI's id.
    pub id: String,
    /// The name that GEGI shows; the name may change while the id stays.
    pub name: String,
}

/// An instructor of a course.
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Serialize, Deserialize)]
#[component(record)]
pub struct Instructor {
    /// GEGI's id of the person.
    pub id: PersonId,
    /// Grows with every change of this person's own data.
    pub revision: u64,
    /// First name; may be empty.
    #[component(name = "first-name")]
    pub first_name: String,
    /// Last name; may be empty.
    #[component(name = "last-name")]
    pub last_name: String,
    /// E-mail address as typed into GEGI; may be empty or wrong.
    pub email: String,
}

/// A student on the list of a course.
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Serialize, Deserialize)]
#[component(record)]
pub struct Student {
    /// GEGI's id of the person.
    pub id: PersonId,
    /// Grows with every change of this person's own data.
    pub revision: u64,
    /// First name; may be empty.
    #[component(name = "first-name")]
    pub first_name: String,
    /// Last name; may be empty.
    #[component(name = "last-name")]
    pub last_name: String,
    /// E-mail address as typed into GEGI, the student's login; may be empty or wrong.
    pub email: String,
    /// GEGI's stage of the student in this course's group, in GEGI's own words, for example `ACTIVE`.
    pub stage: String,
    /// How the Enrollment Agreement lists this course. A student whose agreement does not list the course is not in
    /// the list.
    pub agreement: Agreement,
    /// The first day the student belongs to the course.
    #[component(name = "enrolled-from")]
    pub enrolled_from: LocalDate,
    /// The day on which the student stopped; none: the student has not stopped.
    #[component(name = "stopped-on")]
    pub stopped_on: Option<LocalDate>,
}

/// One scheduled class of a course (CourseKey: session).
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Serialize, Deserialize, Debug)]
#[component(record)]
pub struct Class {
    /// GEGI's id of the class; several classes on one day are normal.
    pub id: ClassId,
    /// When the class starts.
    pub starts: Instant,
    /// When the class ends; later than `starts`.
    pub ends: Instant,
}

/// A course of a group, or a clinical rotation, with all its lists.
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Serialize, Deserialize)]
#[component(record)]
pub struct Course {
    /// GEGI's id of the course.
    pub id: CourseId,
    /// Grows with every change of the course or of its lists.
    pub revision: u64,
    /// The page that shows the course.
    pub kind: CourseKind,
    /// The one campus to which the course belongs.
    pub campus: CampusId,
    /// The program of which the course is part.
    pub program: Named,
    /// The education group that takes the course; of a clinical rotation of several groups, the first.
    pub group: Named,
    /// The further groups of a clinical rotation; empty for a group's course.
    #[serde(default)]
    pub groups: Vec<Named>,
    /// Course number, for example `MATH-1010-03`.
    pub number: String,
    /// Title, for example `CALCULUS I`.
    pub title: String,
    /// The first day.
    #[component(name = "start-date")]
    pub start_date: LocalDate,
    /// The last day as planned.
    #[component(name = "end-date")]
    pub end_date: LocalDate,
    /// The day on which the course really ended; none: not known yet.
    #[component(name = "completed-date")]
    pub completed_date: Option<LocalDate>,
    /// How attendance of the course is kept.
    #[component(name = "hours-type")]
    pub hours_type: HoursType,
    /// The Send to CourseKey option of the course.
    #[component(name = "send-to-coursekey")]
    pub send_to_coursekey: SendOption,
    /// The Send to CourseKey option of the program's course from which the course was made.
    #[component(name = "program-send-to-coursekey")]
    pub program_send_to_coursekey: SendOption,
    /// Everybody who teaches the course now.
    pub instructors: Vec<Instructor>,
    /// Everybody on the list of the course now.
    pub students: Vec<Student>,
    /// Every class scheduled now, past classes too.
    pub classes: Vec<Class>,
}

/// GEGI's attendance mark of a student for a class.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[component(enum)]
#[repr(u8)]
pub enum Mark {
    /// P: attended the whole class.
    #[component(name = "present")]
    Present,
    /// L: came late, left early, or was away in between, within the school's limits.
    #[component(name = "late")]
    Late,
    /// A: did not come, came too late or left too early.
    #[component(name = "absent")]
    Absent,
}

/// The Synchronization with CourseKey Status of a course. There is no fifth.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[component(enum)]
#[repr(u8)]
pub enum Status {
    /// The course is not selected for CourseKey, or the sync window is over.
    #[component(name = "disabled")]
    Disabled,
    /// The course is selected and not sent yet.
    #[component(name = "scheduled")]
    Scheduled,
    /// A problem keeps the course, or part of it, from being sent; the reason names the problem.
    #[component(name = "failed")]
    Failed,
    /// CourseKey holds the course.
    #[component(name = "synchronized")]
    Synchronized,
}

/// The party that can fix an issue.
#[derive(ComponentType, Lift, Lower, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, Debug)]
#[component(enum)]
#[repr(u8)]
pub enum Owner {
    /// The school, in GEGI's data or settings.
    #[component(name = "school")]
    School,
    /// The school's staff or support, in CourseKey.
    #[component(name = "coursekey")]
    Coursekey,
    /// GEGI's customer care.
    #[component(name = "gegi")]
    Gegi,
}

/// A fact about data that cannot be sent or taken as it is. An issue is never an error: all other work goes on.
#[derive(ComponentType, Lift, Lower, Clone, PartialEq, Serialize, Deserialize)]
#[component(record)]
pub struct Issue {
    /// A code of the catalogue, for example `email-missing`; programs may switch on it.
    pub code: String,
    /// The course that the issue is about, if any.
    pub course: Option<CourseId>,
    /// The class that the issue is about, if any.
    pub class: Option<ClassId>,
    /// The person that the issue is about, if any.
    pub person: Option<PersonId>,
    /// The problem, in a sentence for people.
    pub sentence: String,
    /// The party that can fix the issue.
    pub owner: Owner,
    /// What to do about the issue, in a sentence for people.
    pub remedy: String,
}

/// Prints the id alone.
impl fmt::Debug for Instructor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, revision, .. } = self;
        f.debug_struct("Instructor").field("id", id).field("revision", revision).finish_non_exhaustive()
    }
}

/// Prints the id and the fields that are no name and no address.
impl fmt::Debug for Student {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, revision, stage, .. } = self;
        let mut shown = f.debug_struct("Student");
        shown.field("id", id).field("revision", revision).field("stage", stage).finish_non_exhaustive()
    }
}

/// Prints the course's own id, and how long its lists are.
impl fmt::Debug for Course {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = f.debug_struct("Course");
        shown.field("id", &self.id).field("revision", &self.revision).field("campus", &self.campus);
        shown.field("instructors", &self.instructors.len()).field("students", &self.students.len());
        shown.field("classes", &self.classes.len()).finish_non_exhaustive()
    }
}

/// Leaves out the sentence, which may quote text that was typed into GEGI.
impl fmt::Debug for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { code, course, class, person, .. } = self;
        let mut shown = f.debug_struct("Issue");
        shown.field("code", code).field("course", course).field("class", class);
        shown.field("person", person).finish_non_exhaustive()
    }
}

/// The interface has no functions; the generated code asks for an implementation nevertheless.
pub trait Host: Send {}

impl<T: Host + ?Sized> Host for &mut T {}

/// Like [`Host`], for functions that would use the whole store of wasmtime.
pub trait HostWithStore<T>: HasData + Send {}

impl<T, D: Host + ?Sized + 'static> HostWithStore<T> for HasSelf<D> {}

/// Tells the linker that this interface exists.
///
/// # Errors
/// The linker has the interface already.
pub fn add_to_linker<T: 'static, D: HostWithStore<T>>(
    linker: &mut Linker<T>,
    _host: fn(&mut T) -> D::Data<'_>,
) -> wasmtime::Result<()> {
    linker.instance("gegi:coursekey/types@0.2.0").map(|_| ())
}
