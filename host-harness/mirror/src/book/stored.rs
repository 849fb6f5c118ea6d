//! The form of every value in the book: JSON in the words of a school directory, so that a change of `wit/` changes nothing
//! that is stored.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::BookError;
use crate::form::{CampusForm, CourseLine, SchoolForm, SettingsChange, day_text};
use crate::lines::{BasisLine, MarkLine, letter, mark_of, origin_word};
use host::gegi::{Campus, Course, CourseKind, CurrentMark, HoursType, Mark, Message, Origin, Receipt, SchoolSettings};

/// The text of a value.
pub(super) fn write(value: &impl Serialize, kind: &str) -> Result<Vec<u8>, BookError> {
    serde_json::to_vec(value).map_err(|_| BookError::Form(kind.to_owned()))
}

/// The value of a text. The error does not say what is wrong with the text, because that would quote it.
pub(super) fn read<T: DeserializeOwned>(text: &[u8], kind: &str) -> Result<T, BookError> {
    serde_json::from_slice(text).map_err(|_| BookError::Form(kind.to_owned()))
}

/// Gives a stored type the functions to write and read it.
macro_rules! kept_as {
    ($($stored:ty: $kind:literal),*) => {$(
        impl $stored {
            pub(super) fn text(&self) -> Result<Vec<u8>, BookError> {
                write(self, $kind)
            }

            pub(super) fn read(text: &[u8]) -> Result<Self, BookError> {
                read(text, $kind)
            }
        }
    )*};
}

kept_as!(StoredSettings: "settings", StoredCourse: "course", StoredMark: "mark", StoredMail: "mail", Taken: "delivery");

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StoredSettings {
    name: String,
    enabled: bool,
    coursekey_url: String,
    campuses: Vec<StoredCampus>,
    settings: SettingsChange,
    /// Apart from the settings, whose JSON never shows it.
    initial_user_password: String,
    saved_at: Option<i64>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct StoredCampus {
    campus: CampusForm,
    credentials_generation: u64,
}

impl StoredSettings {
    pub(super) fn of(settings: &SchoolSettings) -> Self {
        let stored = |campus: &Campus| StoredCampus {
            campus: campus.into(),
            credentials_generation: campus.credentials_generation,
        };
        Self {
            name: settings.name.clone(),
            enabled: settings.enabled,
            coursekey_url: settings.coursekey_url.clone(),
            campuses: settings.campuses.iter().map(stored).collect(),
            settings: SettingsChange::of(settings),
            initial_user_password: settings.initial_user_password.clone(),
            saved_at: settings.saved_at,
        }
    }

    pub(super) fn into_settings(self) -> SchoolSettings {
        let Self { name, enabled, coursekey_url, campuses, settings, initial_user_password, saved_at } = self;
        let (campuses, generations): (Vec<CampusForm>, Vec<u64>) =
            campuses.into_iter().map(|stored| (stored.campus, stored.credentials_generation)).unzip();
        let form = SchoolForm { name, enabled, coursekey_url: Some(coursekey_url), campuses, settings };
        let mut settings = SchoolSettings { initial_user_password, saved_at, ..form.into_settings() };
        for (campus, generation) in settings.campuses.iter_mut().zip(generations) {
            campus.credentials_generation = generation;
        }
        settings
    }
}

/// A course in the form of a line of `courses.jsonl`.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredCourse(CourseLine);

impl StoredCourse {
    pub(super) fn of(course: Course) -> Self {
        Self(CourseLine(course))
    }

    pub(super) fn into_course(self) -> Course {
        self.0.0
    }
}

/// What lists say of a course.
#[derive(Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) id: String,
    pub(super) revision: u64,
    kind: String,
    /// None: a version that kept no head wrote the entry.
    #[serde(default)]
    pub(super) head: Option<CourseHead>,
}

impl Listed {
    pub(super) fn of(course: &Course) -> Self {
        let Course { id, revision, kind, .. } = course;
        let head = Some(CourseHead::of(course));
        Self { id: id.clone(), revision: *revision, kind: kind_word(*kind).to_owned(), head }
    }

    pub(super) fn kind(&self) -> CourseKind {
        if self.kind == kind_word(CourseKind::ClinicalRotation) {
            CourseKind::ClinicalRotation
        } else {
            CourseKind::GroupCourse
        }
    }
}

/// What a list of courses shows of one, so that nobody has to read all its students and classes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct CourseHead {
    /// The number.
    pub number: String,
    /// The title.
    pub title: String,
    /// GEGI's id of the campus.
    pub campus: String,
    /// The group's name.
    pub group: String,
    /// The names of further groups, which a clinical rotation may have.
    pub groups: Vec<String>,
    /// The program's name.
    pub program: String,
    /// The first day.
    pub start_date: String,
    /// The last day.
    pub end_date: String,
    /// `class-schedule` or `attendance-log`.
    pub hours_type: String,
    /// How many instructors GEGI names.
    pub instructors: usize,
    /// How many students GEGI names.
    pub students: usize,
    /// How many classes GEGI names.
    pub classes: usize,
}

impl CourseHead {
    fn of(course: &Course) -> Self {
        Self {
            number: course.number.clone(),
            title: course.title.clone(),
            campus: course.campus.clone(),
            group: course.group.name.clone(),
            groups: course.groups.iter().map(|group| group.name.clone()).collect(),
            program: course.program.name.clone(),
            start_date: day_text(course.start_date),
            end_date: day_text(course.end_date),
            hours_type: match course.hours_type {
                HoursType::ClassSchedule => "class-schedule",
                HoursType::AttendanceLog => "attendance-log",
            }
            .to_owned(),
            instructors: course.instructors.len(),
            students: course.students.len(),
            classes: course.classes.len(),
        }
    }
}

/// The word of a school directory for a kind of course.
fn kind_word(kind: CourseKind) -> &'static str {
    match kind {
        CourseKind::GroupCourse => "group-course",
        CourseKind::ClinicalRotation => "clinical-rotation",
    }
}

/// A mark. The basis is that of a mark that the plugin set.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredMark {
    class: String,
    student: String,
    mark: String,
    origin: String,
    basis: BasisLine,
}

impl StoredMark {
    pub(super) fn of_gegi(class: &str, mark: &CurrentMark) -> Self {
        Self::new(class, &mark.student, mark.mark, mark.origin, BasisLine::of_gegi(mark.origin))
    }

    pub(super) fn new(class: &str, student: &str, mark: Mark, origin: Origin, basis: BasisLine) -> Self {
        Self {
            class: class.to_owned(),
            student: student.to_owned(),
            mark: letter(mark).to_owned(),
            origin: origin_word(origin).to_owned(),
            basis,
        }
    }

    pub(super) fn letter(&self) -> &str {
        &self.mark
    }

    pub(super) fn origin(&self) -> Origin {
        origin_of(&self.origin)
    }

    pub(super) fn into_line(self) -> MarkLine {
        let Self { class, student, mark, origin: _, basis } = self;
        MarkLine { class, student, mark, basis }
    }
}

/// A mark without its basis, which is most of it.
#[derive(Deserialize)]
pub(super) struct BriefMark {
    student: String,
    mark: String,
    origin: String,
}

impl BriefMark {
    pub(super) fn current(self) -> Result<CurrentMark, BookError> {
        let mark = mark_of(&self.mark).ok_or_else(|| BookError::Form("mark".to_owned()))?;
        Ok(CurrentMark { student: self.student, mark, origin: origin_of(&self.origin) })
    }
}

fn origin_of(word: &str) -> Origin {
    let all = [Origin::Coursekey, Origin::Preset];
    all.into_iter().find(|origin| origin_word(*origin) == word).unwrap_or(Origin::Hand)
}

/// A mail as the host delivered it.
#[derive(Serialize, Deserialize)]
pub(super) struct StoredMail {
    pub(super) id: String,
    pub(super) at: i64,
    pub(super) message: Message,
}

/// A delivery that was taken: its id, and why it was refused, if it was.
#[derive(Serialize, Deserialize)]
pub(super) struct Taken {
    pub(super) id: String,
    refused: Option<String>,
}

impl Taken {
    pub(super) fn new(id: &str, receipt: &Receipt) -> Self {
        let refused = if let Receipt::Refused(reason) = receipt { Some(reason.clone()) } else { None };
        Self { id: id.to_owned(), refused }
    }

    pub(super) fn receipt(self) -> Receipt {
        self.refused.map_or(Receipt::Applied, Receipt::Refused)
    }
}
