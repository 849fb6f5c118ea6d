//! From the verdict about a student, and what was written before, to the operations on GEGI's records. A mark that a
//! person set by hand is kept or overruled here.
//!
//! DOMAIN §4 "Mark edited by hand in GEGI": "kept while the *content* of CourseKey's record (visits, adjustment) is
//! unchanged; changed content wins and the journal keeps both. A preset mark is not a hand mark".

use super::verdict::Verdict;
use super::{Desk, Entry, RowKey, Sitting, Taken};
use crate::marking::{self, Basis, LogRow};
use crate::model::attendance::{AttendanceRecord, Mark};
use crate::model::course::{Course, HoursType};
use crate::model::ids::{PersonId, RecordId};
use crate::model::sorted::SortedMap;
use crate::model::time::Instant;
use crate::world::records::{JournalEntry, LogRowEntry, Operation, Origin};

/// Writes the difference between the verdict and what was written before. A second call with the same verdict writes
/// nothing.
pub(super) fn write(entry: &mut Entry, student: &PersonId, verdict: Verdict, sitting: Sitting<'_>, taken: &mut Taken) {
    let pen = Pen { student, desk: sitting.desk() };
    // What stands in the other form stands because Hours Type was another when it was written.
    let other_form = match sitting.form {
        HoursType::ClassSchedule => !entry.rows.is_empty(),
        HoursType::AttendanceLog => entry.written.is_some(),
    };
    if other_form {
        entry.why = Some("Hours Type changed".to_owned());
    }
    let reason = verdict.issues.first().map(|(_, sentence)| sentence.clone());
    let hand = sitting.hand(student);
    match verdict.mark {
        Some(basis) => pen.set_mark(entry, basis, hand, taken),
        None if verdict.stays => {}
        None if sitting.now < sitting.times.ends && entry.why.is_none() => {
            pen.withdraw_mark(entry, Some("the class was moved"), taken);
        }
        None => pen.withdraw_mark(entry, reason.as_deref(), taken),
    }
    pen.put_rows(entry, sitting.course, &verdict.rows, taken);
}

/// Takes back the mark that the plugin wrote, for the entry's own reason.
pub(super) fn withdraw(entry: &mut Entry, student: &PersonId, desk: Desk<'_>, taken: &mut Taken) {
    Pen { student, desk }.withdraw_mark(entry, None, taken);
}

/// Voids the rows of one record.
pub(super) fn void_rows_of(entry: &mut Entry, student: &PersonId, record: &RecordId, desk: Desk<'_>) -> Vec<Operation> {
    let gone: Vec<RowKey> = entry.rows.keys().filter(|(of, _)| of == record).cloned().collect();
    gone.into_iter().filter_map(|key| Pen { student, desk }.void_row(entry, key)).collect()
}

/// Writes operations about one student in one class.
#[derive(Clone, Copy)]
struct Pen<'a> {
    student: &'a PersonId,
    desk: Desk<'a>,
}

impl Pen<'_> {
    fn set_mark(self, entry: &mut Entry, basis: Basis, hand: Option<Mark>, taken: &mut Taken) {
        if entry.written.as_ref().is_some_and(|written| written.says_the_same(&basis)) {
            return;
        }
        let held = self.desk.marks.get(self.student).map(|mark| mark.mark);
        if let Some(hand) = hand
            && entry.overruled != Some(hand)
        {
            return;
        }
        let mark = basis.rule.mark();
        let moved = |written: &Basis| (written.starts, written.ends) != (basis.starts, basis.ends);
        if entry.written.as_ref().is_some_and(moved) && entry.why.is_none() {
            entry.why = Some("the class was moved".to_owned());
        }
        let why = format!("{}: {}", self.source(entry), marking::sentence(&basis));
        let (old, new) = (held.map(|mark| mark.letter().to_owned()), Some(mark.letter().to_owned()));
        taken.operations.push(Operation::SetMark {
            class: self.desk.class.clone(),
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
        let Some(held) = self.desk.marks.get(self.student).filter(|mark| mark.origin == Origin::CourseKey) else {
            return;
        };
        let why = match (&entry.why, reason) {
            (None, None) => format!("{}: it cannot be told any more, or not yet", self.source(entry)),
            (_, Some(reason)) => format!("{}: {reason}", self.source(entry)),
            (Some(_), None) => self.source(entry),
        };
        let (class, student) = (self.desk.class.clone(), self.student.clone());
        let journal = self.journal(entry, "mark-withdrawn", Some(held.mark.letter().to_owned()), None, why);
        taken.operations.push(Operation::WithdrawMark { class, student, journal });
        taken.marks += 1;
    }

    /// Writes the rows that the records make, corrects rows that differ, and voids rows that the records do not make
    /// any more.
    fn put_rows(self, entry: &mut Entry, course: &Course, rows: &[LogRow], taken: &mut Taken) {
        let wanted: SortedMap<RowKey, &LogRow> =
            rows.iter().map(|row| ((row.record.clone(), row.visit), row)).collect();
        let gone: Vec<RowKey> = entry.rows.keys().filter(|key| !wanted.contains_key(key)).cloned().collect();
        for row in gone.into_iter().filter_map(|key| self.void_row(entry, key)) {
            taken.void_row(row);
            taken.rows += 1;
        }
        for (key, row) in wanted {
            let times = (row.checked_in, row.checked_out);
            let old = entry.rows.insert(key, (times.0, times.1, row.minutes));
            if old != Some((times.0, times.1, row.minutes)) {
                let old = old.map(|(from, to, _)| span((from, to)));
                let journal = self.journal(entry, "log-row", old, Some(span(times)), self.source(entry));
                taken.operations.push(Operation::PutLogRow { row: self.row(course, row), journal });
                taken.rows += 1;
            }
        }
    }

    fn void_row(self, entry: &mut Entry, (record, visit): RowKey) -> Option<Operation> {
        let (from, to, _) = entry.rows.remove(&(record.clone(), visit))?;
        let journal = self.journal(entry, "log-row-voided", Some(span((from, to))), None, self.source(entry));
        Some(Operation::VoidLogRow { record, visit, journal })
    }

    fn row(self, course: &Course, row: &LogRow) -> LogRowEntry {
        LogRowEntry {
            course: course.id.clone(),
            class: self.desk.class.clone(),
            student: self.student.clone(),
            record: row.record.clone(),
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
            at: self.desk.now,
            what,
            course: Some(self.desk.course.clone()),
            class: Some(self.desk.class.clone()),
            person: Some(self.student.clone()),
            old,
            new,
            by,
            record: entry.record().map(|record| record.id.clone()),
        }
    }

    /// The source of what is written, for the journal: CourseKey's record with its adjustment, or the missing record;
    /// and what changed beside it.
    fn source(self, entry: &Entry) -> String {
        let source = match (entry.record(), self.desk.read_until) {
            (Some(record), _) => told_by(record),
            (None, Some(until)) => format!("CourseKey, no record as of {until}"),
            (None, None) => "CourseKey, no record".to_owned(),
        };
        entry.why.as_ref().map_or(source.clone(), |why| format!("{source}, {why}"))
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
