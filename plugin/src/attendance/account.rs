//! The account of one student in one class: everything behind the mark or the log rows, and where there is none, the
//! first condition that keeps it from being written. Pure: the book is judged as the next tick would judge it, and put
//! back. Not here: the words for people (`explain`).

use super::verdict::{self, Verdict};
use super::versions::Versions;
use super::{ClassBook, Entry, RowKey, Sitting, absence};
use crate::marking::Basis;
use crate::model::attendance::{AttendanceRecord, Mark};
use crate::model::course::HoursType;
use crate::model::ids::PersonId;
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::world::records::{CurrentMark, Operation};

/// What a version of a record is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// It counts.
    Counts,
    /// CourseKey wrote it after the class's limit, so it is told and not applied.
    TooLate,
    /// Another version counts in its place.
    Replaced,
}

/// Everything behind a student's mark or rows in a class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The mark that GEGI holds; none: GEGI holds none.
    pub current: Option<CurrentMark>,
    /// The basis of the mark that the plugin wrote, or writes with the next tick; none: it writes none.
    pub basis: Option<Basis>,
    /// The mark that the next tick writes in place of what GEGI holds; none: it writes none.
    pub next: Option<Mark>,
    /// The log rows that stand after the next tick: check-in, check-out and minutes of each.
    pub rows: Vec<(RowKey, (Instant, Instant, u32))>,
    /// The mark set by hand that CourseKey's records overruled since; none: there is no such mark.
    pub overruled: Option<Mark>,
    /// The versions of CourseKey's records that are kept, and what each is good for.
    pub records: Vec<(AttendanceRecord, Use)>,
    /// The open issues about the student in the class.
    pub issues: Vec<Issue>,
    /// Why there is no mark, or no row; none: there is one.
    pub obstacle: Option<NoMark>,
}

/// Why a student has no mark in a class. Of several reasons the first in this order is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoMark {
    /// The next tick writes it.
    NextTick,
    /// The course's Hours Type is Attendance Log, and CourseKey has no visit that makes a row.
    NoVisit,
    /// The class is not over before this moment.
    ClassRuns(Instant),
    /// Something is wrong with what CourseKey has, and this issue says what.
    Issue(Issue),
    /// It is decided once attendance had time to arrive, or decided again, at this moment.
    Settles(Instant),
    /// The class was decided before, and is decided again only for a record of CourseKey that still counts.
    Decided,
    /// What CourseKey has must have been read up to the first moment, and was read up to the second.
    NotRead(Instant, Option<Instant>),
    /// The course does not list the student.
    NotListed,
    /// The student did not belong to the course on that day.
    NotThatDay,
    /// GEGI's data do not say whether the student belonged to the course on that day.
    NotSaid,
    /// CourseKey did not know of the class at this time before it began, so silence says nothing.
    ClassNotKnown,
    /// CourseKey did not know of the student's enrolment before the class began, so silence says nothing.
    NotEnrolledThen,
    /// A record that has no place, or cannot be read, may be the student's.
    MayHaveRecord,
    /// The student's records say nothing that makes a mark.
    Nothing,
}

/// The account of a student. `judged_at` is when the class is judged next if no record comes; none: not any more.
pub fn account(book: &ClassBook, student: &PersonId, sitting: Sitting<'_>, judged_at: Option<Instant>) -> Account {
    let mut after = book.clone();
    let taken = after.judge(sitting);
    let nothing = Entry::default();
    let entry = after.students.get(student).unwrap_or(&nothing);
    let is_about = |issue: &&Issue| issue.subject.person.as_ref() == Some(student);
    let issues: Vec<Issue> = taken.issues.iter().filter(is_about).cloned().collect();
    let next = taken.operations.iter().find_map(|operation| match operation {
        Operation::SetMark { student: of, mark, .. } if of == student => Some(*mark),
        _ => None,
    });
    let current = sitting.marks.get(student).cloned();
    let rows: Vec<_> = entry.rows.iter().map(|(key, row)| (key.clone(), *row)).collect();
    let had_row = book.students.get(student).is_some_and(|before| !before.rows.is_empty());
    let is_judged = judged_at.is_some_and(|at| at <= sitting.now);
    let obstacle = match (current.is_some() || had_row, next.is_some() || !rows.is_empty()) {
        (true, _) => None,
        (false, true) if is_judged => Some(NoMark::NextTick),
        (false, true) => Some(judged_at.map_or(NoMark::Decided, NoMark::Settles)),
        (false, false) => Some(no_mark(entry, student, sitting, &taken.issues, judged_at)),
    };
    Account {
        current,
        basis: entry.written.clone(),
        next: next.filter(|_| is_judged),
        rows,
        overruled: entry.overruled,
        records: entry.versions_with_use(),
        issues,
        obstacle,
    }
}

fn no_mark(
    entry: &Entry,
    student: &PersonId,
    sitting: Sitting<'_>,
    issues: &[Issue],
    judged_at: Option<Instant>,
) -> NoMark {
    let Verdict { stays, judge_at, .. } = verdict::of(entry, student, sitting);
    let concerns = |issue: &&Issue| issue.subject.person.as_ref() == Some(student);
    if sitting.now < sitting.times.ends {
        return NoMark::ClassRuns(sitting.times.ends);
    }
    if let Some(issue) = issues.iter().find(concerns) {
        return NoMark::Issue(issue.clone());
    }
    if stays {
        return NoMark::NotRead(sitting.settled(), sitting.reading.until);
    }
    if let Some(at) = judge_at {
        return NoMark::Settles(at);
    }
    match sitting.form {
        _ if entry.says_something() => NoMark::Nothing,
        HoursType::AttendanceLog => NoMark::NoVisit,
        // What GEGI says by now changes nothing of it any more.
        HoursType::ClassSchedule if judged_at.is_none() => NoMark::Decided,
        HoursType::ClassSchedule => absence::why_not(issues, student, sitting),
    }
}

impl Entry {
    fn versions_with_use(&self) -> Vec<(AttendanceRecord, Use)> {
        let of_record = |versions: &Versions| {
            let late = versions.late_change().map(|late| late.version);
            let counting = versions.counts().map(|counts| counts.version);
            let version = |record: &AttendanceRecord| match Some(record.version) {
                version if version == counting => (record.clone(), Use::Counts),
                version if version == late => (record.clone(), Use::TooLate),
                _ => (record.clone(), Use::Replaced),
            };
            versions.held().map(version).collect::<Vec<_>>()
        };
        self.records.iter().flat_map(of_record).collect()
    }
}
