//! A class's attendance book: which versions of which records are known of each student, what is to stand in GEGI because
//! of them, and what was written. Takes records in any order, any number of times.
//!
//! What a record means is `marking`'s. Here is what surrounds it: which version counts, who was to be there at all
//! (`absence`), whose word a person's is (`write`), and what is an issue.

mod absence;
mod entry;
mod verdict;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

pub use self::entry::{Entry, Limits};
use crate::enrollment::{self, OnDay};
use crate::ledger::CourseLedger;
use crate::marking::{ClassTimes, Terms};
use crate::model::attendance::{AttendanceRecord, Mark};
use crate::model::course::{Course, Student};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::{Instant, LocalDate, Seconds};
use crate::settings::{InForce, Thresholds};
use crate::world::records::{CurrentMark, Operation, Origin};

/// An issue may be settled by hand, in GEGI, without anything arriving: this often it is looked at again.
const LOOK_AGAIN: Seconds = Seconds(86_400);

/// For so long after a course's attendance was followed: what is told at the very end takes people a while.
const LOOK_FOR: Seconds = Seconds(28 * 86_400);

/// What is known and was written of one class.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClassBook {
    /// The start of the class and what was in force then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub begun: Option<(Instant, Thresholds)>,
    /// When the class was, as it was last judged within its follow-up days.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<ClassTimes>,
    /// By student.
    #[serde(default)]
    pub students: BTreeMap<PersonId, Entry>,
    /// The issues that are open, by key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub issues: BTreeMap<String, Issue>,
}

/// A class at the moment it is judged, with everything around it that counts.
#[derive(Debug, Clone, Copy)]
pub struct Sitting<'a> {
    /// Its course, as GEGI has it now.
    pub course: &'a Course,
    /// The class.
    pub class: &'a ClassId,
    /// When it is, as GEGI has it now.
    pub times: ClassTimes,
    /// The local day of its start.
    pub day: LocalDate,
    /// The local day that it is now.
    pub today: LocalDate,
    /// What CourseKey acknowledged of the course; none: nothing.
    pub ledger: Option<&'a CourseLedger>,
    /// The marks GEGI holds, by student.
    pub marks: &'a BTreeMap<PersonId, CurrentMark>,
    /// How the rules are set for it.
    pub terms: Terms<'a>,
    /// How long adjustments are followed, from its end.
    pub follow: Seconds,
    /// When the course's attendance is not read any more.
    pub followed_until: Instant,
    /// How completely its attendance was read.
    pub reading: &'a Reading,
    /// Now.
    pub now: Instant,
}

/// How completely a class's attendance was read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Everything CourseKey had up to this moment was read; none: nothing was.
    pub until: Option<Instant>,
    /// Records of the class wait until GEGI knows their students.
    pub unplaced: bool,
    /// Students of whom an unreadable record may be; with `None` among them it may be anybody's.
    pub unreadable: BTreeSet<Option<PersonId>>,
    /// When reading is tried again.
    pub again_at: Instant,
}

/// What came of judging a class.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// What is to be written into GEGI.
    pub operations: Vec<Operation>,
    /// Marks written, corrected or withdrawn.
    pub marks: u32,
    /// Log rows written, corrected or voided.
    pub rows: u32,
    /// When the class should be judged again, though nothing arrives.
    pub judge_at: Option<Instant>,
    /// What is wrong with its attendance now; replaces what was wrong before.
    pub issues: Vec<Issue>,
}

impl Taken {
    /// Takes a row back before anything is written: a row may go from one student's record to another's under the same key.
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
    /// Enters a version of a record; whether it changes anything. `marks` are those GEGI holds of the class.
    pub fn enter(
        &mut self,
        record: &AttendanceRecord,
        limits: Limits,
        marks: &BTreeMap<PersonId, CurrentMark>,
    ) -> bool {
        let mut changed = false;
        for (student, entry) in self.students.iter_mut().filter(|(student, _)| **student != record.student) {
            let held = entry.versions().filter(|held| held.id == record.id).map(|held| held.version).max();
            match held {
                Some(held) if held > record.version => return false,
                // A record that CourseKey gave to another student is not the first one's any more.
                Some(_) => {
                    entry.give_away(&record.id, limits, by_hand(marks.get(student)));
                    changed = true;
                }
                None => {}
            }
        }
        let hand = by_hand(marks.get(&record.student));
        self.students.entry(record.student.clone()).or_default().enter(record, limits, hand) || changed
    }

    /// Whether this very version counts already, or was already found too late.
    pub fn knows(&self, record: &AttendanceRecord) -> bool {
        self.versions_of(record).any(|held| held == record.version)
    }

    /// Whether this version, or a later one of the same record, came before.
    pub fn has_seen(&self, record: &AttendanceRecord) -> bool {
        self.versions_of(record).any(|held| held >= record.version)
    }

    /// The versions that are held of a record.
    fn versions_of(&self, record: &AttendanceRecord) -> impl Iterator<Item = u64> {
        let held = self.students.get(&record.student).into_iter().flat_map(Entry::versions);
        held.filter(|held| held.id == record.id).map(|held| held.version)
    }

    /// When the class is for its marks: as GEGI schedules it, until its follow-up days are over.
    ///
    /// DOMAIN §4 "Class moved after marks": "marks inside the follow-up days are computed again". Those beyond stay.
    pub fn times(&mut self, scheduled: ClassTimes, follow: Seconds, now: Instant) -> ClassTimes {
        let is_over = |times: &ClassTimes| now > times.ends + follow;
        let times = self.times.filter(|judged| is_over(judged) && is_over(&scheduled)).unwrap_or(scheduled);
        self.times = Some(times);
        times
    }

    /// What was in force when the class began; before that, what would be if it began now.
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

    /// Judges everything that is known of the class and says what is to be written. Judging twice writes nothing twice.
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
        for student in missing.excused {
            self.students.entry(student).or_default().excuse();
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
        }
        self.students.retain(|_, entry| *entry != Entry::default());
        if !taken.issues.is_empty() && sitting.now < sitting.followed_until + LOOK_FOR {
            taken.judge_at(sitting.now + LOOK_AGAIN);
        }
        taken
    }

    /// Whether CourseKey says anything of anybody in the class.
    fn says_something(&self) -> bool {
        self.students.values().any(Entry::says_something)
    }
}

impl Limits {
    /// Of a class that ends then, whose course's attendance is followed until a moment.
    pub fn of(ends: Instant, follow: Seconds, settle: Seconds, followed_until: Instant) -> Self {
        // With 0 days the settle time still counts, or whoever checks out at the end would be adjusted too late.
        Self { adjustment: ends + follow.max(settle), first: followed_until - Seconds(1) }
    }
}

impl Sitting<'_> {
    /// When reading is tried again, as long as anybody looks.
    fn read_again_at(&self) -> Option<Instant> {
        Some(self.reading.again_at).filter(|_| self.now < self.followed_until + LOOK_FOR)
    }

    fn limits(&self) -> Limits {
        Limits::of(self.times.ends, self.follow, self.terms.settle, self.followed_until)
    }

    /// When it is over and everything of it should have arrived.
    fn settled(&self) -> Instant {
        self.times.ends + self.terms.settle
    }

    /// How a student stood to the course on the class's day.
    fn on_its_day(&self, student: &Student) -> OnDay {
        enrollment::on_day(student, self.day, self.today, self.course.end())
    }

    /// The mark somebody set by hand, if such a mark stands.
    fn hand(&self, student: &PersonId) -> Option<Mark> {
        by_hand(self.marks.get(student))
    }
}

/// The mark, if somebody set it by hand.
pub fn by_hand(mark: Option<&CurrentMark>) -> Option<Mark> {
    mark.filter(|mark| mark.origin == Origin::Hand).map(|mark| mark.mark)
}

/// Whether the issue is what more reading may answer of the student.
fn is_open_question(issue: &Issue, student: &PersonId) -> bool {
    issue.code == Code::NeverCheckedOut && issue.subject.person.as_ref() == Some(student)
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

#[cfg(test)]
mod tests;
