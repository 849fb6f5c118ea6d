//! From the verdict about a student, and what was written before, to the operations on GEGI's records. A mark that a
//! person set by hand is kept or overruled here.
//!
//! DOMAIN §4 "Mark edited by hand in GEGI": "kept while the *content* of CourseKey's record (visits, adjustment) is
//! unchanged; changed content wins and the journal keeps both. A preset mark is not a hand mark".

use std::collections::BTreeMap;

use super::verdict::Verdict;
use super::{Entry, Sitting, Taken};
use crate::marking::{self, Basis, LogRow};
use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{PersonId, RecordId};
use crate::model::time::Instant;
use crate::world::records::{JournalEntry, LogRowEntry, Operation, Origin};

/// Writes the difference between the verdict and what was written before. A second call with the same verdict writes
/// nothing.
pub(super) fn write(entry: &mut Entry, student: &PersonId, verdict: Verdict, sitting: Sitting<'_>, taken: &mut Taken) {
    let pen = Pen { student, sitting };
    let reason = verdict.issues.first().map(|(_, sentence)| sentence.clone());
    match verdict.mark {
        Some(basis) => pen.set_mark(entry, basis, taken),
        None if verdict.stays => {}
        None => pen.withdraw_mark(entry, reason.as_deref(), taken),
    }
    pen.put_rows(entry, &verdict.rows, taken);
}

/// Writes operations about one student in one class.
#[derive(Clone, Copy)]
struct Pen<'a> {
    student: &'a PersonId,
    sitting: Sitting<'a>,
}

impl Pen<'_> {
    fn set_mark(self, entry: &mut Entry, basis: Basis, taken: &mut Taken) {
        if entry.written.as_ref().is_some_and(|written| written.says_the_same(&basis)) {
            return;
        }
        let held = self.sitting.marks.get(self.student).map(|mark| mark.mark);
        if let Some(hand) = self.sitting.hand(self.student)
            && entry.overruled != Some(hand)
        {
            return;
        }
        let mark = basis.rule.mark();
        let why = format!("{}: {}", self.source(entry), marking::sentence(&basis));
        let (old, new) = (held.map(|mark| mark.letter().to_owned()), Some(mark.letter().to_owned()));
        taken.operations.push(Operation::SetMark {
            class: self.sitting.class.clone(),
            student: self.student.clone(),
            expected: held,
            mark,
            basis: Box::new(basis.clone()),
            journal: self.journal(entry, "mark", old, new, why),
        });
        taken.marks += 1;
        entry.written = Some(basis);
        entry.overruled = None;
    }

    /// Takes back the mark that this plugin wrote. A mark that a person or GEGI itself set stays.
    fn withdraw_mark(self, entry: &mut Entry, reason: Option<&str>, taken: &mut Taken) {
        if entry.written.take().is_none() {
            return;
        }
        let Some(held) = self.sitting.marks.get(self.student).filter(|mark| mark.origin == Origin::CourseKey) else {
            return;
        };
        let reason = reason.unwrap_or(if entry.record().is_some() {
            "it cannot be told any more, or not yet"
        } else {
            "the student was not to be in the class"
        });
        let why = format!("{}: {reason}", self.source(entry));
        let (class, student) = (self.sitting.class.clone(), self.student.clone());
        let journal = self.journal(entry, "mark-withdrawn", Some(held.mark.letter().to_owned()), None, why);
        taken.operations.push(Operation::WithdrawMark { class, student, journal });
        taken.marks += 1;
    }

    /// Writes the rows that the record makes, corrects rows that differ, and voids rows that the record does not make
    /// any more.
    fn put_rows(self, entry: &mut Entry, rows: &[LogRow], taken: &mut Taken) {
        let wanted: BTreeMap<u32, &LogRow> = rows.iter().map(|row| (row.visit, row)).collect();
        let record = entry.record().map(|record| record.id.clone());
        // All rows of another record of the student, which counted before, are voided.
        let same_record = entry.rows_of == record;
        let gone: Vec<u32> =
            entry.rows.keys().filter(|visit| !same_record || !wanted.contains_key(visit)).copied().collect();
        for visit in gone {
            let Some((old, of)) = entry.rows.remove(&visit).zip(entry.rows_of.clone()) else { continue };
            let journal = self.journal(entry, "log-row-voided", Some(span(old)), None, self.source(entry));
            taken.void_row(Operation::VoidLogRow { record: of, visit, journal });
            taken.rows += 1;
        }
        for (visit, row) in wanted {
            let Some(record) = &record else { continue };
            let times = (row.checked_in, row.checked_out);
            let old = entry.rows.insert(visit, times);
            if old != Some(times) {
                let journal = self.journal(entry, "log-row", old.map(span), Some(span(times)), self.source(entry));
                taken.operations.push(Operation::PutLogRow { row: self.row(record, row), journal });
                taken.rows += 1;
            }
        }
        entry.rows_of = record.filter(|_| !entry.rows.is_empty());
    }

    fn row(self, record: &RecordId, row: &LogRow) -> LogRowEntry {
        LogRowEntry {
            course: self.sitting.course.id.clone(),
            class: self.sitting.class.clone(),
            student: self.student.clone(),
            record: record.clone(),
            visit: row.visit,
            checked_in: row.checked_in,
            checked_out: row.checked_out,
            minutes: row.minutes,
        }
    }

    fn journal(
        self,
        entry: &Entry,
        what: &'static str,
        old: Option<String>,
        new: Option<String>,
        by: String,
    ) -> JournalEntry {
        JournalEntry {
            at: self.sitting.now,
            what,
            course: Some(self.sitting.course.id.clone()),
            class: Some(self.sitting.class.clone()),
            person: Some(self.student.clone()),
            old,
            new,
            by,
            record: entry.record().map(|record| record.id.clone()),
        }
    }

    /// The source of what is written, for the journal: CourseKey's record with its adjustment, or the missing record.
    fn source(self, entry: &Entry) -> String {
        match (entry.record(), self.sitting.reading.until) {
            (Some(record), _) => told_by(record),
            (None, Some(until)) => format!("CourseKey, no record as of {until}"),
            (None, None) => "CourseKey, no record".to_owned(),
        }
    }
}

fn told_by(record: &AttendanceRecord) -> String {
    let AttendanceRecord { id, version, .. } = record;
    match &record.adjustment {
        Some(adjustment) => {
            format!("CourseKey, record {id} version {version}, {} by {}", adjustment.kind.name(), adjustment.by)
        }
        None => format!("CourseKey, record {id} version {version}"),
    }
}

fn span((from, to): (Instant, Instant)) -> String {
    format!("{from} – {to}")
}
