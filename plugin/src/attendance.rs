//! A class's attendance book: which version of which record is known of each student, and what was written of it.
//! Takes records in any order, any number of times; the highest version wins. What a record means is `marking`'s.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::marking::{self, Basis, ClassTimes, Decision, LogRow, Terms};
use crate::model::attendance::{AttendanceRecord, Mark};
use crate::model::course::{Course, HoursType};
use crate::model::ids::{ClassId, CourseId, PersonId, RecordId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::Instant;
use crate::settings::{Settings, Thresholds};
use crate::world::records::{JournalEntry, LogRowEntry, Operation};

/// What is known and was written of one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassBook {
    /// The thresholds in force when the class began; kept with its marks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thresholds: Option<Thresholds>,
    /// By student.
    #[serde(default)]
    pub students: BTreeMap<PersonId, Entry>,
}

/// What is known and was written of one student in one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// The newest version of CourseKey's record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<AttendanceRecord>,
    /// The basis of the mark that was written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<Basis>,
    /// The log rows that were written, by number of the visit.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<u32, (Instant, Instant)>,
    /// The record those rows are keyed by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows_of: Option<RecordId>,
    /// The issue that is open about it, by its key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub issues: BTreeMap<String, Issue>,
}

/// What came of a record.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What is to be written into GEGI.
    pub operations: Vec<Operation>,
    /// Marks written or corrected.
    pub marks: u32,
    /// Log rows written or corrected.
    pub rows: u32,
    /// When the entry should be judged again, though nothing arrives.
    pub judge_at: Option<Instant>,
    /// What is wrong with it now; replaces what was wrong before.
    pub issues: Vec<Issue>,
}

/// Where a class's attendance is written.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// Its course.
    pub course: &'a Course,
    /// The class.
    pub class: &'a ClassId,
    /// When it is, as GEGI has it now.
    pub times: ClassTimes,
}

impl ClassBook {
    /// Enters a version of a record; whether it is news. An equal or lower version of the same record is not; of two
    /// records of one student the later one counts.
    pub fn enter(&mut self, record: AttendanceRecord) -> bool {
        let entry = self.students.entry(record.student.clone()).or_default();
        let news = entry.record.as_ref().is_none_or(|held| {
            if held.id == record.id {
                record.version > held.version
            } else {
                (record.updated_at, &record.id) > (held.updated_at, &held.id)
            }
        });
        if news {
            entry.record = Some(record);
        }
        news
    }

    /// Judges what is known of a student and says what is to be written. Judging twice writes nothing twice.
    ///
    /// `held` is the mark GEGI holds now, whoever wrote it: what is written replaces that one, and the journal says so.
    pub fn judge(
        &mut self,
        place: Place<'_>,
        student: &PersonId,
        settings: &Settings,
        held: Option<Mark>,
        now: Instant,
    ) -> Taken {
        let thresholds = self.thresholds.get_or_insert_with(|| settings.thresholds.clone()).clone();
        let Some(entry) = self.students.get_mut(student) else { return Taken::default() };
        let Some(record) = entry.record.clone() else { return Taken::default() };
        match place.course.hours_type {
            HoursType::ClassSchedule => {
                let terms = Terms {
                    thresholds: &thresholds,
                    never_checked_out: settings.never_checked_out,
                    settle: settings.settle,
                };
                let decision = marking::decide(place.times, Some(&record), terms, now);
                entry.take_decision(place, student, &record, decision, held, now)
            }
            HoursType::AttendanceLog => entry.take_rows(place, student, &record, settings, now),
        }
    }
}

impl Entry {
    fn take_decision(
        &mut self,
        place: Place<'_>,
        student: &PersonId,
        record: &AttendanceRecord,
        decision: Decision,
        held: Option<Mark>,
        now: Instant,
    ) -> Taken {
        let mut taken = Taken::default();
        match decision {
            Decision::Mark { basis, .. } => {
                if self.written.as_ref().is_none_or(|written| !written.says_the_same(&basis)) {
                    taken.operations = set_mark(place, student, record, held, basis.clone(), now);
                    self.written = Some(basis);
                    taken.marks = 1;
                }
            }
            Decision::Wait { until } => taken.judge_at = Some(until),
            Decision::Report { code, sentence } => {
                taken.judge_at = when_past(code, record);
                taken.issues.push(about(place, student, code, sentence));
            }
            Decision::Nothing => {}
        }
        taken
    }

    /// Writes the rows the record makes, corrects those that differ, voids those it does not make any more.
    fn take_rows(
        &mut self,
        place: Place<'_>,
        student: &PersonId,
        record: &AttendanceRecord,
        settings: &Settings,
        now: Instant,
    ) -> Taken {
        let mut taken = Taken::default();
        let (rows, decision) = marking::log_rows(record, place.times, settings.settle, now);
        match decision {
            Decision::Wait { until } => taken.judge_at = Some(until),
            Decision::Report { code, sentence } => {
                taken.judge_at = when_past(code, record);
                taken.issues.push(about(place, student, code, sentence));
            }
            Decision::Mark { .. } | Decision::Nothing => {}
        }
        let Some(rows) = rows else { return taken };
        let wanted: BTreeMap<u32, LogRow> = rows.into_iter().map(|row| (row.visit, row)).collect();
        // Rows of another record of the student's, which counted before, are all taken back.
        let rows_of = self.rows_of.replace(record.id.clone()).unwrap_or_else(|| record.id.clone());
        let stays = |visit: &u32| rows_of == record.id && wanted.contains_key(visit);
        let gone: Vec<u32> = self.rows.keys().filter(|visit| !stays(visit)).copied().collect();
        for visit in gone {
            let old = self.rows.remove(&visit);
            taken.operations.push(Operation::VoidLogRow { record: rows_of.clone(), visit });
            taken.operations.push(row_entry(place, student, record, "log-row-voided", old, None, now));
        }
        for (visit, row) in wanted {
            let times = (row.checked_in, row.checked_out);
            let old = self.rows.insert(visit, times);
            if old != Some(times) {
                taken.operations.push(put_row(place, student, &record.id, &row));
                taken.operations.push(row_entry(place, student, record, "log-row", old, Some(times), now));
                taken.rows += 1;
            }
        }
        taken
    }
}

fn set_mark(
    place: Place<'_>,
    student: &PersonId,
    record: &AttendanceRecord,
    held: Option<Mark>,
    basis: Basis,
    now: Instant,
) -> Vec<Operation> {
    let mark = basis.rule.mark();
    let entry = JournalEntry {
        at: now,
        what: "mark",
        course: Some(place.course.id.clone()),
        class: Some(place.class.clone()),
        person: Some(student.clone()),
        old: held.map(|mark| mark.letter().to_owned()),
        new: Some(mark.letter().to_owned()),
        by: by(record, &marking::sentence(&basis)),
    };
    let (class, student) = (place.class.clone(), student.clone());
    vec![Operation::SetMark { class, student, expected: held, mark, basis: Box::new(basis) }, Operation::Journal(entry)]
}

fn put_row(place: Place<'_>, student: &PersonId, record: &RecordId, row: &LogRow) -> Operation {
    Operation::PutLogRow(LogRowEntry {
        course: place.course.id.clone(),
        class: place.class.clone(),
        student: student.clone(),
        record: record.clone(),
        visit: row.visit,
        checked_in: row.checked_in,
        checked_out: row.checked_out,
        minutes: row.minutes,
    })
}

fn row_entry(
    place: Place<'_>,
    student: &PersonId,
    record: &AttendanceRecord,
    what: &'static str,
    old: Option<(Instant, Instant)>,
    new: Option<(Instant, Instant)>,
    now: Instant,
) -> Operation {
    let text = |(from, to): (Instant, Instant)| format!("{from} – {to}");
    Operation::Journal(JournalEntry {
        at: now,
        what,
        course: Some(place.course.id.clone()),
        class: Some(place.class.clone()),
        person: Some(student.clone()),
        old: old.map(text),
        new: new.map(text),
        by: by(record, ""),
    })
}

/// When a record that names a time in the future can be judged (DOMAIN §4: "future times are tried again").
fn when_past(code: Code, record: &AttendanceRecord) -> Option<Instant> {
    let last = record.visits.iter().map(|visit| visit.checked_out.unwrap_or(visit.checked_in)).max();
    last.filter(|_| code == Code::VisitInFuture)
}

/// Why and by whom, for the journal: CourseKey's record, and what staff did to it.
fn by(record: &AttendanceRecord, sentence: &str) -> String {
    let source = format!("CourseKey, record {} version {}", record.id, record.version);
    if sentence.is_empty() { source } else { format!("{source}: {sentence}") }
}

fn about(place: Place<'_>, student: &PersonId, code: Code, sentence: String) -> Issue {
    let subject = Subject {
        course: Some(place.course.id.clone()),
        class: Some(place.class.clone()),
        person: Some(student.clone()),
        detail: None,
    };
    Issue { code, subject, sentence }
}

/// A record without a place: its class is unknown, or its course does not list the student.
pub fn unplaced(record: &AttendanceRecord, course: Option<&CourseId>) -> Issue {
    let AttendanceRecord { class, student, .. } = record;
    let (code, person, sentence) = if course.is_none() {
        let sentence = format!("CourseKey has attendance of class {class}, which GEGI does not have");
        (Code::RecordOfUnknownClass, None, sentence)
    } else {
        let sentence =
            format!("CourseKey has attendance of {student} in class {class}, whose course does not list the student");
        (Code::RecordOfUnknownStudent, Some(student.clone()), sentence)
    };
    let subject = Subject { course: course.cloned(), class: Some(class.clone()), person, detail: None };
    Issue { code, subject, sentence }
}
