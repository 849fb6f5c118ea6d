//! The book of a class: everything known about the attendance of one class. For each student a book holds the versions
//! of CourseKey's records that still matter, the mark or log rows that were written into GEGI, and beside them the
//! issues that are open. A book takes records in any order and any number of times, and ends the same.
//!
//! Here lives everything that surrounds one record: which version of a record counts (`entry`), which students without
//! a record are absent (`absence`), which mark, rows and issues should stand in GEGI (`verdict`), and what is written
//! because of that, given the marks that people set by hand (`write`), and the account of all of it for people
//! (`account`). Not here: which mark a record means (`marking`),
//! and where books are stored (`memory`).

mod absence;
pub mod account;
mod entry;
mod verdict;
mod versions;
mod write;

use serde::{Deserialize, Serialize};

pub use self::entry::Entry;
use self::versions::CHECK_OUT_FOR;
pub use self::versions::Limits;
use crate::enrollment::{self, OnDay};
use crate::ledger::CourseLedger;
use crate::marking::{ClassTimes, Terms};
use crate::model::attendance::{AttendanceRecord, Mark};
use crate::model::course::{Course, HoursType, Student};
use crate::model::ids::{ClassId, CourseId, PersonId, RecordId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, LocalDate, Seconds};
use crate::model::zone::Zone;
use crate::naming::{self, Named};
use crate::settings::{InForce, Thresholds};
use crate::world::records::{CurrentMark, Operation, Origin};

/// How often a class with open issues is judged again, because people can settle an issue by hand in GEGI and no record
/// arrives when they do.
const LOOK_AGAIN: Seconds = Seconds(86_400);

/// How long after a course stopped being followed its classes with open issues are still judged again: people need a
/// while for the issues that open at the very end.
const LOOK_FOR: Seconds = CHECK_OUT_FOR;

/// The book of a class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassBook {
    /// The start of the class and the thresholds in force at that moment; none: they were not noted yet.
    pub begun: Option<(Instant, Thresholds)>,
    /// The times by which the class was last judged within its follow-up days.
    pub times: Option<ClassTimes>,
    /// An entry for each student of whom something is known.
    pub students: SortedMap<PersonId, Entry>,
    /// The open issues about the class's attendance, by key.
    pub issues: SortedMap<String, Issue>,
    /// Whether the class has marks or log rows; none: it was not judged yet.
    pub form: Option<HoursType>,
}

/// The key of a log row: the record and the number of the visit within it.
pub type RowKey = (RecordId, u32);

/// Everything beside the book that counts when a class is judged.
#[derive(Debug, Clone, Copy)]
pub struct Sitting<'a> {
    /// The class's course, as GEGI has the course now.
    pub course: &'a Course,
    /// The students whom the course lists, by id.
    pub students: &'a SortedMap<&'a PersonId, &'a Student>,
    /// The class.
    pub class: &'a ClassId,
    /// Whether the class has marks or log rows.
    pub form: HoursType,
    /// The class's times that count for its marks: as GEGI schedules the class now, until its follow-up days are over.
    pub times: ClassTimes,
    /// The campus's time zone.
    pub zone: Zone,
    /// The local day on which the class starts.
    pub day: LocalDate,
    /// The present local day.
    pub today: LocalDate,
    /// What CourseKey acknowledged of the course; none: CourseKey acknowledged nothing.
    pub ledger: Option<&'a CourseLedger>,
    /// The marks that GEGI holds of the class, by student.
    pub marks: &'a SortedMap<PersonId, CurrentMark>,
    /// The settings that count for the class.
    pub terms: Terms<'a>,
    /// The follow-up days: how long adjustments are followed, from the class's end.
    pub follow: Seconds,
    /// The first moment at which the course's attendance is not read any more.
    pub followed_until: Instant,
    /// How completely the class's attendance was read.
    pub reading: &'a Reading,
    /// The present moment.
    pub now: Instant,
}

/// How completely a class's attendance was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// The moment up to which everything that CourseKey had was read; none: nothing was read.
    pub until: Option<Instant>,
    /// The students, as [folded](PersonId::folded), whose records of the class wait because the course does not list them.
    pub unplaced: SortedSet<String>,
    /// The students whose record an unreadable record may be. `None` among them: an unreadable record may be anybody's.
    pub unreadable: SortedSet<Option<PersonId>>,
    /// When CourseKey's attendance is read again.
    pub again_at: Instant,
}

/// What is to be done after a class was judged.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// The operations that are to be written into GEGI.
    pub operations: Vec<Operation>,
    /// Marks written, corrected or withdrawn.
    pub marks: u32,
    /// Log rows written, corrected or voided.
    pub rows: u32,
    /// When the class should be judged again even if no record arrives; none: only when a record arrives.
    pub judge_at: Option<Instant>,
    /// The issues about the class's attendance that are open from now on; they replace the issues that were open
    /// before.
    pub issues: Vec<Issue>,
}

impl Taken {
    /// Voids a row before any row is written, because a record, and with it the key of its rows, may go from one
    /// student to another.
    fn void_row(&mut self, row: Operation) {
        let is_voided = |operation: &&Operation| matches!(operation, Operation::VoidLogRow { .. });
        let voided = self.operations.iter().take_while(is_voided).count();
        self.operations.insert(voided, row);
    }

    fn judge_at(&mut self, at: Instant) {
        self.judge_at = Some(self.judge_at.map_or(at, |planned| planned.min(at)));
    }
}

impl ClassBook {
    /// Enters a version of a record, and answers whether the book changed. `marks` are the marks that GEGI holds of the
    /// class. The caller knows where later versions of the record belong.
    pub fn enter(
        &mut self,
        record: &AttendanceRecord,
        limits: Limits,
        marks: &SortedMap<PersonId, CurrentMark>,
    ) -> bool {
        let mut changed = false;
        for (student, entry) in self.students.iter_mut().filter(|(student, _)| **student != record.student) {
            let held = entry.versions().filter(|held| held.id == record.id).map(|held| held.version).max();
            match held {
                Some(held) if held > record.version => return false,
                // CourseKey gave the record to another student, so the first student has it no more.
                Some(_) => {
                    let why = format!("record {} was given to {}", record.id, record.student);
                    entry.give_away(&record.id, why, limits, by_hand(marks.get(student)));
                    changed = true;
                }
                None => {}
            }
        }
        let hand = by_hand(marks.get(&record.student));
        self.students.entry(record.student.clone()).or_default().enter(record, limits, hand) || changed
    }

    /// Removes a record that CourseKey moved to another class. Answers the operations that void the record's rows; none:
    /// the book did not hold the record.
    ///
    /// The rows are voided at once and not when the class is judged: the record takes the key of its rows with it, and a
    /// row that is voided after the other class was judged would be the other class's.
    pub fn give_away(
        &mut self,
        record: &RecordId,
        why: &str,
        limits: Limits,
        desk: Desk<'_>,
    ) -> Option<Vec<Operation>> {
        let holds = |entry: &Entry| entry.versions().any(|held| held.id == *record);
        let (student, entry) = self.students.iter_mut().find(|(_, entry)| holds(entry))?;
        entry.give_away(record, why.to_owned(), limits, by_hand(desk.marks.get(student)));
        Some(write::void_rows_of(entry, student, record, desk))
    }

    /// The ids of all records in the book, some of them several times.
    pub fn records(&self) -> impl Iterator<Item = &RecordId> {
        self.students.values().flat_map(Entry::versions).map(|record| &record.id)
    }

    /// Whether the book holds this very version, as the one that counts or as the one that came too late.
    pub fn knows(&self, record: &AttendanceRecord) -> bool {
        self.versions_of(record).any(|held| held == record.version)
    }

    /// Whether the book holds this version of the record or a later one.
    pub fn has_seen(&self, record: &AttendanceRecord) -> bool {
        self.versions_of(record).any(|held| held >= record.version)
    }

    /// The versions of a record that the book holds.
    fn versions_of(&self, record: &AttendanceRecord) -> impl Iterator<Item = u64> {
        let held = self.students.get(&record.student).into_iter().flat_map(Entry::versions);
        held.filter(|held| held.id == record.id).map(|held| held.version)
    }

    /// The times by which the class's marks are decided: as GEGI schedules the class, until its follow-up days are
    /// over.
    ///
    /// DOMAIN §4 "Class moved after marks": "marks inside the follow-up days are computed again". Marks beyond the
    /// follow-up days stay, so a class that is moved afterwards keeps the times by which it was judged.
    pub fn times(&mut self, scheduled: ClassTimes, follow: Seconds, now: Instant) -> ClassTimes {
        let is_over = |times: &ClassTimes| now > times.ends + follow;
        let times = self.times.filter(|judged| is_over(judged) && is_over(&scheduled)).unwrap_or(scheduled);
        self.times = Some(times);
        times
    }

    /// Whether the class has marks or log rows: as its course's Hours Type says now, until its follow-up days are over.
    ///
    /// DOMAIN §4 "Hours Type changed in mid-course": "what is inside the follow-up days is written anew in the new form, …,
    /// older classes keep theirs".
    pub fn form(&mut self, of_course: HoursType, times: ClassTimes, follow: Seconds, now: Instant) -> HoursType {
        let form = self.form.filter(|_| now > times.ends + follow).unwrap_or(of_course);
        self.form = Some(form);
        form
    }

    /// The thresholds in force when the class began or, before it begins, the thresholds in force now. None: no
    /// thresholds are known.
    pub fn thresholds(&mut self, starts: Instant, history: &InForce, now: Instant) -> Option<Thresholds> {
        if let Some((_, kept)) = self.begun.as_ref().filter(|(begun, _)| *begun == starts) {
            return Some(kept.clone());
        }
        let thresholds = history.at(starts)?.clone();
        if starts <= now {
            self.begun = Some((starts, thresholds.clone()));
        }
        Some(thresholds)
    }

    /// Judges every student of the class and answers what is to be written into GEGI. A second judgement of the same
    /// book writes nothing.
    pub fn judge(&mut self, sitting: Sitting<'_>) -> Taken {
        let mut taken = Taken::default();
        for (student, entry) in &mut self.students {
            entry.weigh_again(sitting.limits(), sitting.hand(student));
        }
        let missing = absence::missing(self, sitting);
        if let Some(at) = missing.again_at {
            taken.judge_at(at);
        }
        taken.issues.extend(missing.issue);
        for (student, read) in missing.absent {
            self.students.entry(student).or_default().derive_absence(read);
        }
        for (student, why) in missing.excused {
            self.students.entry(student).or_default().excuse(why);
        }
        for (student, entry) in &mut self.students {
            let verdict = verdict::of(entry, student, sitting);
            if let Some(at) = verdict.judge_at {
                taken.judge_at(at);
            }
            taken.issues.extend(verdict.issues.iter().map(|(code, sentence)| about(sitting, student, *code, sentence)));
            if verdict.stays {
                taken.issues.extend(self.issues.values().filter(|issue| is_open_question(issue, student)).cloned());
            }
            write::write(entry, student, verdict, sitting, &mut taken);
            entry.why = None;
        }
        taken.issues.extend(verdict::marks_stand(self, sitting));
        self.students.retain(|_, entry| *entry != Entry::default());
        if !taken.issues.is_empty() && sitting.now < sitting.followed_until + LOOK_FOR {
            taken.judge_at(sitting.now + LOOK_AGAIN);
        }
        taken
    }

    /// Takes back the marks that were derived from silence, because GEGI does not have the class any more. What
    /// CourseKey's records say of it stands. DOMAIN §4 "Derived A taken back": "when the class is cancelled".
    pub fn cancel(&mut self, desk: Desk<'_>) -> Taken {
        let mut taken = Taken::default();
        for (student, entry) in self.students.iter_mut().filter(|(_, entry)| entry.missing) {
            entry.excuse("the class was cancelled");
            write::withdraw(entry, student, desk, &mut taken);
            entry.why = None;
        }
        self.students.retain(|_, entry| *entry != Entry::default());
        taken
    }
}

/// What the lines of the journal about a class have in common.
#[derive(Debug, Clone, Copy)]
pub struct Desk<'a> {
    /// The course.
    pub course: &'a CourseId,
    /// The class.
    pub class: &'a ClassId,
    /// The marks that GEGI holds of the class, by student.
    pub marks: &'a SortedMap<PersonId, CurrentMark>,
    /// The moment up to which everything that CourseKey had was read; none: nothing was read.
    pub read_until: Option<Instant>,
    /// The present moment.
    pub now: Instant,
}

impl<'a> Sitting<'a> {
    fn desk(&self) -> Desk<'a> {
        let Self { class, marks, now, .. } = *self;
        Desk { course: &self.course.id, class, marks, read_until: self.reading.until, now }
    }

    /// When attendance is read again; none: the class is not judged again any more.
    fn read_again_at(&self) -> Option<Instant> {
        Some(self.reading.again_at).filter(|_| self.now < self.followed_until + LOOK_FOR)
    }

    fn limits(&self) -> Limits {
        Limits::of(self.times.ends, self.follow, self.terms.settle, self.followed_until)
    }

    /// When the class is over and all of its attendance should have arrived.
    fn settled(&self) -> Instant {
        self.times.ends + self.terms.settle
    }

    /// The class, as a sentence names it.
    fn named(&self) -> Named<'_> {
        naming::course(self.course).class(self.times.starts, self.zone)
    }

    /// The student of an id, if the course lists the student.
    fn listed(&self, student: &PersonId) -> Option<&Student> {
        self.students.get(student).copied()
    }

    /// Whether a student belonged to the course on the class's day.
    fn on_its_day(&self, student: &Student) -> OnDay {
        let slot = self.ledger.and_then(|ledger| ledger.enrollments.get(&student.person.id));
        let drops = slot.into_iter().flat_map(|slot| &slot.history);
        let told_of_drop = drops.into_iter().any(|(at, held)| held.dropped && *at > self.times.starts);
        enrollment::on_day(student, self.day, self.today, self.course.end(), told_of_drop)
    }

    /// The mark that GEGI holds of a student and that somebody set by hand; none: there is no such mark.
    fn hand(&self, student: &PersonId) -> Option<Mark> {
        by_hand(self.marks.get(student))
    }
}

/// The mark, if somebody set the mark by hand.
pub fn by_hand(mark: Option<&CurrentMark>) -> Option<Mark> {
    mark.filter(|mark| mark.origin == Origin::Hand).map(|mark| mark.mark)
}

/// Whether the issue is about a student whose missing check-out may still be read.
fn is_open_question(issue: &Issue, student: &PersonId) -> bool {
    matches!(issue.code, Code::NeverCheckedOut | Code::VisitsDoubtful) && issue.subject.person.as_ref() == Some(student)
}

fn about(sitting: Sitting<'_>, student: &PersonId, code: Code, sentence: &str) -> Issue {
    let subject = Subject {
        course: Some(sitting.course.id.clone()),
        class: Some(sitting.class.clone()),
        person: Some(student.clone()),
        detail: None,
    };
    Issue { code, subject, sentence: sentence.to_owned() }
}

/// The issue about a record without a place: GEGI does not know the class, or the class's course does not list the
/// student. `course` is the class's course, with the campus's time zone where the zone is known.
pub fn unplaced(record: &AttendanceRecord, course: Option<(&Course, Option<Zone>)>) -> Issue {
    let AttendanceRecord { class, student, .. } = record;
    let (code, person, sentence) = match course {
        None => {
            let sentence =
                format!("CourseKey has attendance of class {}, which GEGI does not have", naming::cut(class.as_str()));
            (Code::RecordOfUnknownClass, None, sentence)
        }
        Some((course, zone)) => {
            let named = naming::course(course).person(student);
            let named = course.class(class).map_or(named, |class| named.class(class.starts, zone));
            let sentence = format!("CourseKey has attendance of {named}, which does not list the student");
            (Code::RecordOfUnknownStudent, Some(student.clone()), sentence)
        }
    };
    let course = course.map(|(course, _)| course.id.clone());
    let subject = Subject { course, class: Some(class.clone()), person, detail: None };
    Issue { code, subject, sentence }
}

#[cfg(test)]
mod tests;
