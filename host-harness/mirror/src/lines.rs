//! GEGI's records as files, the API and the book hold them: the lines of `marks.jsonl`, `attendance-log.jsonl`,
//! `journal.jsonl` and `issues.jsonl`. Keys stand in the order of the structs; `schemas/` describes every line.

use chrono::{DateTime, SecondsFormat};
use serde::{Deserialize, Serialize};

use host::gegi::{Basis, Issue, JournalEntry, LogRow, Mark, Origin, Owner};

/// A mark as it stands in GEGI.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct VisitLine {
    r#in: String,
    out: Option<String>,
}

/// A row of the attendance log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
}

/// An issue, open or resolved.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

impl BasisLine {
    /// The basis of a mark that the plugin set.
    pub fn of_coursekey(basis: &Basis) -> Self {
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
            adjustment: basis.adjustment.clone(),
            awarded_seconds: basis.awarded_seconds,
            attendance_record: basis.attendance_record.clone(),
            version: basis.version,
        };
        let (rule, sentence) = (basis.rule.clone(), basis.sentence.clone());
        Self { rule, check_in, check_out, measures: Some(measures), sentence }
    }

    /// The basis of GEGI's own mark, which a person wrote or GEGI before the class.
    pub fn of_gegi(origin: Origin) -> Self {
        let rule = origin_word(origin).to_owned();
        let sentence = format!("written in GEGI ({rule})");
        Self { rule, check_in: None, check_out: None, measures: None, sentence }
    }

    /// The visits to which the marking table was applied, check-in and check-out; GEGI's own mark has none.
    pub fn visits(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let visits = self.measures.as_ref().map_or(&[][..], |measures| &measures.visits);
        visits.iter().map(|visit| (visit.r#in.as_str(), visit.out.as_deref()))
    }

    /// What staff changed in the record, in CourseKey's word.
    pub fn adjustment(&self) -> Option<&str> {
        self.measures.as_ref()?.adjustment.as_deref()
    }

    /// The seconds that staff awarded.
    pub fn awarded_seconds(&self) -> Option<i64> {
        self.measures.as_ref()?.awarded_seconds
    }

    /// CourseKey's id of the record on which the mark rests.
    pub fn attendance_record(&self) -> Option<&str> {
        self.measures.as_ref()?.attendance_record.as_deref()
    }
}

impl From<&LogRow> for LogLine {
    fn from(row: &LogRow) -> Self {
        Self {
            course: row.course.clone(),
            class: row.class.clone(),
            student: row.student.clone(),
            record: row.attendance_record.clone(),
            visit: row.visit,
            r#in: rfc3339(row.checked_in),
            out: rfc3339(row.checked_out),
            minutes: row.minutes,
        }
    }
}

impl From<&JournalEntry> for JournalLine {
    fn from(entry: &JournalEntry) -> Self {
        let JournalEntry { at, what, course, class, person, old, new, by, attendance_record: _ } = entry.clone();
        Self { at: rfc3339(at), what: file_word(what), course, class, student: person, old, new, by }
    }
}

impl IssueLine {
    /// An issue that was first seen at this instant and is open.
    pub fn open(issue: &Issue, first_seen: i64) -> Self {
        let Issue { code, course, class, person, sentence, owner, remedy } = issue.clone();
        Self {
            code,
            course,
            class,
            student: person,
            sentence,
            owner: owner_word(owner).to_owned(),
            remedy,
            first_seen: rfc3339(first_seen),
            resolved_at: None,
        }
    }
}

/// The letter that GEGI shows for a mark.
pub fn letter(mark: Mark) -> &'static str {
    match mark {
        Mark::Present => "P",
        Mark::Late => "L",
        Mark::Absent => "A",
    }
}

/// The mark of a letter.
pub fn mark_of(letter: &str) -> Option<Mark> {
    [Mark::Present, Mark::Late, Mark::Absent].into_iter().find(|mark| self::letter(*mark) == letter)
}

/// The word for the origin of a mark.
pub fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::Hand => "hand",
        Origin::Preset => "preset",
        Origin::Coursekey => "coursekey",
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
