//! The school directory: the files that a developer, a bug report or a test hands over, read and checked as a whole.
//!
//! A directory with a problem is not used at all. Not here: playing a directory (`run`), and serving its attendance
//! (the simulator, whose own reader opens the attendance file again).

mod change;
mod school;
mod source;

use std::collections::BTreeSet;
use std::io::{self, BufRead};
use std::path::Path;

use serde::de::DeserializeOwned;
use serde_json::Value;

pub use change::{Change, Credentials, Event, Fault, FaultKind};
pub use school::Span;
pub use source::LONGEST_LINE;

use change::ChangeLine;
use host::gegi::{Course, SchoolSettings};
use mirror::form::{
    BadInput, BrokenSchema, CourseChecks, CourseLine, Document, Place, Problems, Schema, check_campuses,
};
use school::SchoolFile;
use source::Found;

#[cfg(test)]
mod tests;

/// A school directory that passed every check.
#[derive(Debug)]
pub struct SchoolDirectory {
    /// School Settings at the start; `coursekey_url` is empty unless the directory names a CourseKey.
    pub settings: SchoolSettings,
    /// The span to play.
    pub span: Span,
    /// Every course GEGI holds at the start, in the order of the file.
    pub courses: Vec<Course>,
    /// The changes after the start, by instant, and at one instant in the order of the file.
    pub changes: Vec<Change>,
    attendance: Option<Found>,
    coursekey_start: Option<Found>,
}

/// Why a school directory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum DirectoryError {
    /// The files of the directory are wrong.
    #[error(transparent)]
    Bad(#[from] BadInput),
    /// The schemas that ship are wrong.
    #[error(transparent)]
    Schema(#[from] BrokenSchema),
}

impl SchoolDirectory {
    /// Reads and checks every file of the folder.
    ///
    /// # Errors
    /// Up to [`MOST_PROBLEMS`](mirror::form::MOST_PROBLEMS) problems of all files together.
    pub fn read(folder: &Path) -> Result<Self, DirectoryError> {
        let mut problems = Problems::default();
        let school = read_school(folder, &mut problems)?;
        let mut checks = CourseChecks::new(school.as_ref().map(|school| &school.settings));
        let courses = match source::find(folder, "courses.jsonl", true, &mut problems) {
            Some(found) => read_courses(&found, &mut checks, &mut problems)?,
            None => Vec::new(),
        };
        let changes = read_changes(folder, &checks, &mut problems)?;
        let attendance = check_attendance(folder, &mut problems)?;
        let coursekey_start = check_coursekey_start(folder, &mut problems)?;
        drop(checks);
        let School { settings, span } = problems.unless_any(school)?;
        Ok(Self { settings, span, courses, changes, attendance, coursekey_start })
    }

    /// CourseKey's attendance records, a line each; none: the simulator's students come and go by themselves.
    ///
    /// # Errors
    /// The file existed when the directory was read and no longer exists.
    pub fn open_attendance(&self) -> io::Result<Option<Box<dyn BufRead + Send>>> {
        self.attendance.as_ref().map(|found| source::open(&found.path)).transpose()
    }

    /// The data that CourseKey holds before anything is sent, a line each; none: CourseKey holds nothing.
    ///
    /// # Errors
    /// The file existed when the directory was read and no longer exists.
    pub fn open_coursekey_start(&self) -> io::Result<Option<Box<dyn BufRead + Send>>> {
        self.coursekey_start.as_ref().map(|found| source::open(&found.path)).transpose()
    }
}

/// Reads courses in the form of `courses.jsonl` from one file, for a school with these settings.
///
/// # Errors
/// Up to [`MOST_PROBLEMS`](mirror::form::MOST_PROBLEMS) problems of the file.
pub fn read_course_file(path: &Path, settings: &SchoolSettings) -> Result<Vec<Course>, DirectoryError> {
    let mut problems = Problems::default();
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let found = Found { name, path: path.to_owned() };
    let courses = read_courses(&found, &mut CourseChecks::new(Some(settings)), &mut problems)?;
    Ok(problems.unless_any(Some(courses))?)
}

struct School {
    settings: SchoolSettings,
    span: Span,
}

fn read_school(folder: &Path, problems: &mut Problems) -> Result<Option<School>, BrokenSchema> {
    const NAME: &str = "school.toml";
    let schema = Schema::named("school")?;
    let mut fail = |line, what: String| {
        problems.add(&Place { file: NAME.to_owned(), line }, "", what);
    };
    let text = match std::fs::read(folder.join(NAME)).map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => {
            fail(None, "is not UTF-8; save the file as UTF-8".to_owned());
            return Ok(None);
        }
        Err(error) => {
            fail(None, source::unreadable(&error));
            return Ok(None);
        }
    };
    let document = match Document::parse(&text) {
        Ok(document) => document,
        Err(error) => {
            fail(error.line, format!("is not TOML: {}; correct it", error.why));
            return Ok(None);
        }
    };
    let place = |field: &str| Place { file: NAME.to_owned(), line: document.line_of(field) };
    let value = document.to_json();
    if !schema.check(&value, &place, problems) {
        return Ok(None);
    }
    let Some(file): Option<SchoolFile> = take(value, &place(""), problems) else {
        return Ok(None);
    };
    let span = file.run;
    let settings = file.school_settings();
    if span.until <= span.from {
        problems.add(&place("run/until"), "run/until", "is not later than run/from; write a later instant");
    }
    check_campuses(&settings, "campus", &place, problems);
    Ok(Some(School { settings, span }))
}

fn read_courses(
    found: &Found,
    checks: &mut CourseChecks<'_>,
    problems: &mut Problems,
) -> Result<Vec<Course>, BrokenSchema> {
    let mut courses = Vec::new();
    each_value(found, &Schema::named("courses")?, problems, |CourseLine(course), place, problems| {
        checks.first(&course, place, problems);
        courses.push(course);
    });
    Ok(courses)
}

fn read_changes(
    folder: &Path,
    checks: &CourseChecks<'_>,
    problems: &mut Problems,
) -> Result<Vec<Change>, BrokenSchema> {
    let Some(found) = source::find(folder, "changes.jsonl", false, problems) else {
        return Ok(Vec::new());
    };
    let mut changes = Vec::new();
    each_value(&found, &Schema::named("changes")?, problems, |line: ChangeLine, place, problems| {
        let Some(change) = line.into_change() else { return };
        if let Event::Course { course, .. } = &change.event {
            checks.changed(course, "course/", place, problems);
        }
        changes.push(change);
    });
    changes.sort_by_key(|change| change.at);
    Ok(changes)
}

fn check_attendance(folder: &Path, problems: &mut Problems) -> Result<Option<Found>, BrokenSchema> {
    let Some(found) = source::find(folder, "attendance.jsonl", false, problems) else {
        return Ok(None);
    };
    let mut versions = BTreeSet::new();
    each_value(&found, &Schema::named("attendance")?, problems, |line: RecordLine, place, problems| {
        if !versions.insert((line.id, line.version)) {
            let what = "this version of the record stands in an earlier line; give each adjustment a higher version";
            problems.add(place, "version", what);
        }
    });
    Ok(Some(found))
}

fn check_coursekey_start(folder: &Path, problems: &mut Problems) -> Result<Option<Found>, BrokenSchema> {
    let Some(found) = source::find(folder, "coursekey-start.jsonl", false, problems) else {
        return Ok(None);
    };
    each_value(&found, &Schema::named("coursekey-start")?, problems, |_: Value, _, _| {});
    Ok(Some(found))
}

/// The fields of an attendance record that must differ from line to line; the simulator reads all other fields.
#[derive(serde::Deserialize)]
struct RecordLine {
    id: String,
    version: u64,
}

/// Hands every line that fits the schema to `then`, in its own form.
fn each_value<T: DeserializeOwned>(
    found: &Found,
    schema: &Schema,
    problems: &mut Problems,
    mut then: impl FnMut(T, &Place, &mut Problems),
) {
    source::each_line(found, problems, |place, text, problems| {
        let value: Value = match serde_json::from_str(text) {
            Ok(value) => value,
            Err(error) => {
                let what = if error.is_eof() {
                    "ends in the middle of a JSON object; write one whole object a line".to_owned()
                } else {
                    format!("is not JSON from column {} on; write one object a line", error.column())
                };
                return problems.add(place, "", what);
            }
        };
        if schema.check(&value, &|_| place.clone(), problems)
            && let Some(form) = take(value, place, problems)
        {
            then(form, place, problems);
        }
    });
}

/// Reads a value that fits its schema. Schema and form allow the same values, so a failure here is a fault of this
/// program; the problem is reported like any other and repeats nothing of the value.
fn take<T: DeserializeOwned>(value: Value, place: &Place, problems: &mut Problems) -> Option<T> {
    let form = serde_json::from_value(value).ok();
    if form.is_none() {
        problems.add(place, "", "fits its schema but cannot be taken; report it");
    }
    form
}
