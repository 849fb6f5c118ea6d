//! The records that the stand-in for GEGI holds, in the form of a run's output: the lines of `marks.jsonl`,
//! `attendance-log.jsonl`, `journal.jsonl` and `issues.jsonl`. Keys stand in the order of the structs, lines are
//! sorted by key, and the journal is sorted by time.

use chrono::{DateTime, SecondsFormat};
use rusqlite::{OptionalExtension, Row};
use serde::Serialize;

use super::{Twin, TwinError};
use host::gegi::{Basis, Course, Issue, Owner};

/// A mark as it stands in GEGI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MarkLine {
    /// The class.
    pub class: String,
    /// GEGI's id of the student.
    pub student: String,
    /// P, A or L.
    pub mark: String,
    /// Why GEGI has this mark.
    pub basis: BasisLine,
}

/// Why a mark is as it is. The basis of GEGI's own mark names only the origin of the mark.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct BasisLine {
    /// The row of the marking table that decided, or the origin of GEGI's own mark: `hand`, `preset`.
    pub rule: String,
    /// The first check-in.
    pub check_in: Option<String>,
    /// The last check-out.
    pub check_out: Option<String>,
    #[serde(flatten)]
    measures: Option<Measures>,
    /// The whole basis in one sentence.
    pub sentence: String,
}

/// The values to which the marking table was applied.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
struct Measures {
    starts: String,
    ends: String,
    late_until: String,
    early_from: String,
    longest_gap_seconds: Option<u32>,
    minimum_attended_percent: u32,
    attended_seconds: i64,
    visits: Vec<VisitLine>,
    adjustment: Option<String>,
    awarded_seconds: Option<i64>,
    attendance_record: Option<String>,
    version: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct VisitLine {
    r#in: String,
    out: Option<String>,
}

/// The mark that stands for a student, by its origin.
#[derive(Debug, Clone, PartialEq)]
pub enum StandingMark {
    /// A person wrote the mark.
    Hand,
    /// GEGI wrote the mark before the class.
    Preset,
    /// The plugin wrote the mark because of CourseKey's attendance, with this basis.
    CourseKeys(Box<Basis>),
}

/// A row of the attendance log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogLine {
    /// The course.
    pub course: String,
    /// The class.
    pub class: String,
    /// GEGI's id of the student.
    pub student: String,
    /// CourseKey's id of the attendance record.
    pub record: String,
    /// The number of the visit within the record, from 1.
    pub visit: u32,
    /// The check-in.
    pub r#in: String,
    /// The check-out.
    pub out: String,
    /// The minutes between check-in and check-out.
    pub minutes: u32,
}

/// A line of the System Journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct JournalLine {
    /// When the change was made.
    pub at: String,
    /// The kind of change: `mark`, `withdrawn`, `log-row`, ….
    pub what: String,
    /// The course, if any.
    pub course: Option<String>,
    /// The class, if any.
    pub class: Option<String>,
    /// The student or instructor, if any.
    pub student: Option<String>,
    /// The value before.
    pub old: Option<String>,
    /// The value after.
    pub new: Option<String>,
    /// Why the change was made, and by whom.
    pub by: String,
    /// CourseKey's id of the attendance record that caused the change, if any; the file does not have this field.
    #[serde(skip)]
    pub attendance_record: Option<String>,
}

/// An issue, open or resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct IssueLine {
    /// The code of the catalogue.
    pub code: String,
    /// The course that the issue is about, if any.
    pub course: Option<String>,
    /// The class that the issue is about, if any.
    pub class: Option<String>,
    /// The person that the issue is about, if any.
    pub student: Option<String>,
    /// The problem, in a sentence for people.
    pub sentence: String,
    /// The party that can fix the issue: `school`, `coursekey` or `gegi`.
    pub owner: String,
    /// What to do about the issue, in a sentence for people.
    pub remedy: String,
    /// When the issue was first seen.
    pub first_seen: String,
    /// When the issue was found resolved; none: the issue is open.
    pub resolved_at: Option<String>,
}

impl Twin {
    /// Hands every mark to `take`, by class and student.
    ///
    /// # Errors
    /// The file cannot be read, or `take` fails.
    pub fn each_mark(&self, mut take: impl FnMut(MarkLine) -> std::io::Result<()>) -> Result<(), TwinError> {
        self.each("SELECT class, student, mark, basis, origin FROM mark ORDER BY class, student", |row| {
            let basis = match row.get::<_, Option<String>>(3)? {
                Some(text) => BasisLine::new(serde_json::from_str(&text)?),
                None => BasisLine::of_gegi(&row.get::<_, String>(4)?),
            };
            Ok(take(MarkLine { class: row.get(0)?, student: row.get(1)?, mark: row.get(2)?, basis })?)
        })
    }

    /// Hands every row of the attendance log to `take`, by course, class, student, record and visit.
    ///
    /// # Errors
    /// The file cannot be read, or `take` fails.
    pub fn each_log_row(&self, mut take: impl FnMut(LogLine) -> std::io::Result<()>) -> Result<(), TwinError> {
        let sql = "SELECT course, class, student, record, visit, checked_in, checked_out, minutes FROM log_row
            ORDER BY course, class, student, record, visit";
        self.each(sql, |row| {
            Ok(take(LogLine {
                course: row.get(0)?,
                class: row.get(1)?,
                student: row.get(2)?,
                record: row.get(3)?,
                visit: row.get(4)?,
                r#in: rfc3339(row.get(5)?),
                out: rfc3339(row.get(6)?),
                minutes: row.get(7)?,
            })?)
        })
    }

    /// Hands every line of the System Journal to `take`, in order of time.
    ///
    /// # Errors
    /// The file cannot be read, or `take` fails.
    pub fn each_journal_line(&self, mut take: impl FnMut(JournalLine) -> std::io::Result<()>) -> Result<(), TwinError> {
        let sql = "SELECT at, what, course, class, person, old, new, by, record FROM journal ORDER BY at, sequence";
        self.each(sql, |row| {
            Ok(take(JournalLine {
                at: rfc3339(row.get(0)?),
                what: file_word(row.get(1)?),
                course: row.get(2)?,
                class: row.get(3)?,
                student: row.get(4)?,
                old: row.get(5)?,
                new: row.get(6)?,
                by: row.get(7)?,
                attendance_record: row.get(8)?,
            })?)
        })
    }

    /// Every issue, open or resolved, by code, course, class and student.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn issues(&self) -> Result<Vec<IssueLine>, TwinError> {
        let mut lines = Vec::new();
        self.each("SELECT issue, first_seen, resolved_at FROM issue", |row| {
            let issue: Issue = serde_json::from_str(&row.get::<_, String>(0)?)?;
            lines.push(IssueLine {
                code: issue.code,
                course: issue.course,
                class: issue.class,
                student: issue.person,
                sentence: issue.sentence,
                owner: owner_word(issue.owner).to_owned(),
                remedy: issue.remedy,
                first_seen: rfc3339(row.get(1)?),
                resolved_at: row.get::<_, Option<i64>>(2)?.map(rfc3339),
            });
            Ok(())
        })?;
        lines.sort();
        Ok(lines)
    }

    /// Hands every course to `take`.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn each_course(&self, mut take: impl FnMut(Course)) -> Result<(), TwinError> {
        self.each("SELECT body FROM course ORDER BY id", |row| {
            take(serde_json::from_str(&row.get::<_, String>(0)?)?);
            Ok(())
        })
    }

    /// The mark that stands for a student in a class.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn mark_of(&self, class: &str, student: &str) -> Result<Option<StandingMark>, TwinError> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached("SELECT basis, origin FROM mark WHERE class = ?1 AND student = ?2")?;
        let read = |row: &Row<'_>| Ok((row.get::<_, Option<String>>(0)?, row.get::<_, String>(1)?));
        Ok(match statement.query_row([class, student], read).optional()? {
            Some((Some(text), _)) => Some(StandingMark::CourseKeys(serde_json::from_str(&text)?)),
            Some((None, origin)) if origin == "preset" => Some(StandingMark::Preset),
            Some((None, _)) => Some(StandingMark::Hand),
            None => None,
        })
    }

    /// Check-in and check-out of the log rows that stand because of a CourseKey record, whole seconds since 1970.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn log_times_of(&self, record: &str) -> Result<Vec<(i64, i64)>, TwinError> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached("SELECT checked_in, checked_out FROM log_row WHERE record = ?1")?;
        let times = statement.query_map([record], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(times.collect::<Result<_, _>>()?)
    }

    fn each(&self, sql: &str, mut take: impl FnMut(&Row<'_>) -> Result<(), TwinError>) -> Result<(), TwinError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            take(row)?;
        }
        Ok(())
    }
}

impl BasisLine {
    fn new(basis: Basis) -> Self {
        let check_in = basis.visits.iter().map(|visit| visit.checked_in).min().map(rfc3339);
        // A student who checked in once more after the last check-out has not left.
        let last_in = basis.visits.iter().map(|visit| visit.checked_in).max();
        let last_out = basis.visits.iter().filter_map(|visit| visit.checked_out).max();
        let check_out = last_out.filter(|out| last_in.is_none_or(|last_in| last_in <= *out)).map(rfc3339);
        let visits = basis
            .visits
            .iter()
            .map(|visit| VisitLine { r#in: rfc3339(visit.checked_in), out: visit.checked_out.map(rfc3339) });
        let measures = Measures {
            starts: rfc3339(basis.starts),
            ends: rfc3339(basis.ends),
            late_until: rfc3339(basis.late_until),
            early_from: rfc3339(basis.early_from),
            longest_gap_seconds: basis.longest_gap_seconds,
            minimum_attended_percent: basis.minimum_attended_percent,
            attended_seconds: basis.attended_seconds,
            visits: visits.collect(),
            adjustment: basis.adjustment,
            awarded_seconds: basis.awarded_seconds,
            attendance_record: basis.attendance_record,
            version: basis.version,
        };
        Self { rule: basis.rule, check_in, check_out, measures: Some(measures), sentence: basis.sentence }
    }

    /// The basis of GEGI's own mark: `hand` or `preset`.
    fn of_gegi(origin: &str) -> Self {
        let sentence = format!("written in GEGI ({origin})");
        Self { rule: origin.to_owned(), check_in: None, check_out: None, measures: None, sentence }
    }
}

fn owner_word(owner: Owner) -> &'static str {
    match owner {
        Owner::School => "school",
        Owner::Coursekey => "coursekey",
        Owner::Gegi => "gegi",
    }
}

/// The file's word for the kind of change, where the WIT has another word.
fn file_word(what: String) -> String {
    if what == "mark-withdrawn" { "withdrawn".to_owned() } else { what }
}

/// An instant in the form of the files, for example `2023-08-28T14:00:00Z`.
pub fn rfc3339(instant: i64) -> String {
    DateTime::from_timestamp(instant, 0).unwrap_or_default().to_rfc3339_opts(SecondsFormat::Secs, true)
}
