//! The language of these tests: a story of one class, an event a line.
//!
//! | Words | Mean |
//! |---|---|
//! | `class 09:00-12:00` | the class, known to CourseKey since the day before; again: it is moved in GEGI and at once in CourseKey |
//! | `students 3` | S1 to S3, enrolled, known to CourseKey since the day before; 2 where nothing is said |
//! | `log`, `schedule` | Hours Type of the course: Attendance Log, Class Schedule |
//! | `cancel 13:00` | GEGI takes the class out of the calendar |
//! | `S1 away R` | CourseKey moves the record R to another class |
//! | `least 80`, `never left-at-end` | the minimum share; what becomes of who never checked out |
//! | `ends 2023-08-28` | the course's completed date |
//! | `S1 v1@12:05 09:00-12:00 13:00-` | a version of S1's record, written at 12:05, with its visits; `edit`, `award-full`, `remove-all`, `override`, `override=170` for what staff did; `r2v1@…` for another record, `S1 of R v1@…` for the record R |
//! | `S1 hand A`, `S1 preset P`, `S1 unmarked` | GEGI's mark of S1 is written or taken away |
//! | `S1 stopped 2023-08-27`, `S1 from 2023-08-29`, `S1 stage DROPPED`, `S1 credit`, `S1 unlisted` | GEGI's data of S1 from now on |
//! | `S1 acked 09:30`, `S1 dropped 09:30`, `class acked 09:30` | CourseKey acknowledged the enrolment, the drop, the class only then |
//! | `unread 12:30`, `unplaced s1`, `unreadable S1`, `unreadable` | read only up to then; a record of the student s1 waits; an unreadable record, of S1 or of anybody |
//! | `late 5 from 09:30` | the late limit changes to 5 minutes then |
//! | `judge 13:00` | the class is judged; what is written stands in the answer |
//!
//! A time is of the class's day, 2023-08-28 in UTC, or some days later: `10:00+8d`. Everything else as in a new school: late
//! and early 15 minutes, gap 90, settle 60, follow-up 7 days.

use crate::attendance::{ClassBook, Desk, Limits, Reading, Sitting, Taken};
use crate::following;
use crate::issue;
use crate::ledger::{CourseLedger, Enrollment, Session, Slot};
use crate::marking::{ClassTimes, Terms, sentence};
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Mark, Visit};
use crate::model::course::{Agreement, Class, Course, HoursType, Student};
use crate::model::ids::{ClassId, PersonId, RecordId, SchoolNumber};
use crate::model::settings::NeverCheckedOut;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::model::zone::Zone;
use crate::settings::{InForce, Settings, check};
use crate::testing::{at, course, settings};
use crate::world::records::{CurrentMark, Operation, Origin};

const CLASS: &str = "C1-1";

/// Plays the lines of a story. Answers the operations that were written, judgement by judgement.
pub(super) fn told(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [(*line).to_owned(), "\n".to_owned(), Story::default().play(line)]).collect()
}

struct Story {
    course: Course,
    ledger: CourseLedger,
    marks: SortedMap<PersonId, CurrentMark>,
    book: ClassBook,
    history: InForce,
    settings: Settings,
    reading: Reading,
    unread: bool,
    /// The rows of records that moved away, which are voided before the class is judged.
    voided: Vec<Operation>,
}

impl Default for Story {
    fn default() -> Self {
        let (settings, mut history, mut course) = (check(&settings()).0, InForce::default(), course("C1"));
        history.notice(&settings.thresholds, None, time("00:00"));
        course.classes.clear();
        course.students.truncate(2);
        Self {
            course,
            ledger: CourseLedger::begin(SchoolNumber(100), day_before()),
            marks: SortedMap::new(),
            book: ClassBook::default(),
            history,
            settings,
            reading: Reading {
                until: None,
                unplaced: SortedSet::new(),
                unreadable: SortedSet::new(),
                again_at: time("23:59"),
            },
            unread: false,
            voided: Vec::new(),
        }
    }
}

fn day_before() -> Instant {
    at("2023-08-27T12:00:00Z")
}

/// Reads a time: `09:00`, `09:00:30`, `09:00+8d`.
fn time(text: &str) -> Instant {
    let (clock, days) = text.split_once('+').unwrap_or((text, "0d"));
    let clock = if clock.len() == 5 { format!("{clock}:00") } else { clock.to_owned() };
    at(&format!("2023-08-28T{clock}Z")) + Seconds::days(days.trim_end_matches('d').parse().unwrap())
}

fn acknowledged<T: Clone + PartialEq>(content: T, when: Instant) -> Slot<T> {
    let mut slot = Slot::default();
    slot.acknowledge_at(content, when);
    slot
}

impl Story {
    fn play(mut self, line: &str) -> String {
        self.enroll(2);
        line.split("; ").map(|event| self.happen(event)).collect()
    }

    fn happen(&mut self, event: &str) -> String {
        let words: Vec<&str> = event.split(' ').collect();
        match words.as_slice() {
            ["class", "acked", when] => {
                let session = self.ledger.sessions[&ClassId::from(CLASS)].acknowledged.unwrap();
                self.ledger.sessions.insert(CLASS.into(), acknowledged(session, time(when)));
            }
            ["class", times] => self.schedule(times),
            ["students", count] => self.enroll(count.parse().unwrap()),
            ["ends", date] => self.course.completed_date = Some(date.parse().unwrap()),
            ["log"] => self.course.hours_type = HoursType::AttendanceLog,
            ["schedule"] => self.course.hours_type = HoursType::ClassSchedule,
            ["cancel", when] => return self.cancel(time(when)),
            ["least", percent] => self.settings.thresholds.least_percent = percent.parse().unwrap(),
            ["never", "absent"] => self.settings.thresholds.never_checked_out = NeverCheckedOut::Absent,
            ["never", _] => self.settings.thresholds.never_checked_out = NeverCheckedOut::LeftAtEnd,
            ["unread", until] => (self.unread, self.reading.until) = (true, Some(time(until))),
            ["unplaced", student] => _ = self.reading.unplaced.insert(PersonId::from(*student).folded()),
            ["unreadable"] => _ = self.reading.unreadable.insert(None),
            ["unreadable", student] => _ = self.reading.unreadable.insert(Some(PersonId::from(*student))),
            ["late", minutes, "from", when] => {
                self.settings.thresholds.late = Seconds::minutes(minutes.parse().unwrap());
                self.history.notice(&self.settings.thresholds, None, time(when));
            }
            ["judge", when] => return self.judge(time(when)),
            [student, "stage", stage @ ..] => self.student(&PersonId::from(*student)).stage = stage.join(" "),
            [student, rest @ ..] => self.of_student(&PersonId::from(*student), rest),
            [] => {}
        }
        String::new()
    }

    fn schedule(&mut self, times: &str) {
        let (starts, ends) = times.split_once('-').unwrap();
        let (starts, ends) = (time(starts), time(ends));
        self.course.classes = vec![Class { id: CLASS.into(), starts, ends }];
        let slot = self.ledger.sessions.entry(CLASS.into()).or_default();
        slot.acknowledge_at(Session::At { starts, ends }, day_before());
    }

    fn enroll(&mut self, count: usize) {
        let like = self.course.students[0].clone();
        self.course.students.clear();
        self.ledger.enrollments.clear();
        for number in 1..=count {
            let mut student = like.clone();
            student.person.id = PersonId(format!("S{number}"));
            let slot = acknowledged(Enrollment { dropped: false }, day_before());
            self.ledger.enrollments.insert(student.person.id.clone(), slot);
            self.course.students.push(student);
        }
    }

    fn of_student(&mut self, id: &PersonId, words: &[&str]) {
        match words {
            ["hand", letter] => self.mark(id, letter, Origin::Hand),
            ["preset", letter] => self.mark(id, letter, Origin::Preset),
            ["unmarked"] => _ = self.marks.remove(id),
            ["unlisted"] => self.course.students.retain(|student| student.person.id != *id),
            ["stopped", date] => self.student(id).stopped_on = Some(date.parse().unwrap()),
            ["from", date] => self.student(id).enrolled_from = date.parse().unwrap(),
            ["away", name] => {
                let limits = self.limits();
                let (course, class) = (self.course.id.clone(), ClassId::from(CLASS));
                let (marks, now) = (&self.marks, Instant(0));
                let desk = Desk { course: &course, class: &class, marks, read_until: None, now };
                let record = RecordId((*name).to_owned());
                self.voided = self.book.give_away(&record, "record moved to another class", limits, desk).unwrap();
            }
            ["credit"] => self.student(id).agreement = Agreement::CreditGranted,
            ["acked", when] => {
                let slot = acknowledged(Enrollment { dropped: false }, time(when));
                self.ledger.enrollments.insert(id.clone(), slot);
            }
            ["dropped", when] => {
                let slot = self.ledger.enrollments.get_mut(id).unwrap();
                slot.acknowledge_at(Enrollment { dropped: true }, time(when));
            }
            ["of", name, version, content @ ..] => {
                let record = AttendanceRecord { id: RecordId((*name).to_owned()), ..record(id, version, content) };
                self.enter(&record);
            }
            [version, content @ ..] => self.enter(&record(id, version, content)),
            [] => {}
        }
    }

    fn student(&mut self, id: &PersonId) -> &mut Student {
        self.course.students.iter_mut().find(|student| student.person.id == *id).unwrap()
    }

    fn mark(&mut self, student: &PersonId, letter: &str, origin: Origin) {
        let mark = match letter {
            "P" => Mark::Present,
            "L" => Mark::Late,
            _ => Mark::Absent,
        };
        self.marks.insert(student.clone(), CurrentMark { student: student.clone(), mark, origin });
    }

    fn enter(&mut self, record: &AttendanceRecord) {
        let limits = self.limits();
        self.book.enter(record, limits, &self.marks);
    }

    fn limits(&self) -> Limits {
        Limits::of(self.course.classes[0].ends, self.settings.follow, self.settings.settle, self.followed_until())
    }

    fn cancel(&mut self, now: Instant) -> String {
        let (course, class) = (self.course.id.clone(), ClassId::from(CLASS));
        let marks = self.marks.clone();
        let taken = self.book.cancel(Desk { course: &course, class: &class, marks: &marks, read_until: None, now });
        self.told(&taken)
    }

    /// The course has another class a week later.
    fn followed_until(&self) -> Instant {
        following::until(&self.course, &self.settings).unwrap() + Seconds::days(7)
    }

    fn judge(&mut self, now: Instant) -> String {
        if !self.unread {
            self.reading.until = Some(now);
        }
        let class = &self.course.classes[0];
        let times = ClassTimes { starts: class.starts, ends: class.ends };
        let times = self.book.times(times, self.settings.follow, now);
        let thresholds = self.book.thresholds(times.starts, &self.history, now).unwrap();
        let form = self.book.form(self.course.hours_type, times, self.settings.follow, now);
        let mut taken = self.book.judge(Sitting {
            course: &self.course,
            students: &self.course.roll(),
            class: &class.id,
            form,
            times,
            zone: Zone::utc(),
            day: times.starts.date_in(Zone::utc()),
            today: now.date_in(Zone::utc()),
            ledger: Some(&self.ledger),
            marks: &self.marks,
            terms: Terms { thresholds: &thresholds, settle: self.settings.settle },
            follow: self.settings.follow,
            followed_until: self.followed_until(),
            reading: &self.reading,
            now,
        });
        self.book.issues = taken.issues.iter().map(|issue| (issue::key(issue), issue.clone())).collect();
        taken.operations.splice(0..0, std::mem::take(&mut self.voided));
        self.told(&taken)
    }

    fn told(&mut self, taken: &Taken) -> String {
        let mut words: Vec<String> = taken.operations.iter().filter_map(|operation| self.stand(operation)).collect();
        words.extend(taken.issues.iter().map(|issue| format!("! {:?}: {}", issue.code, issue.sentence)));
        words.extend(taken.judge_at.map(|when| format!("again at {when}")));
        let lines = if words.is_empty() { "nothing".to_owned() } else { words.join("\n        ") };
        format!("    {lines}\n")
    }

    /// Lets GEGI hold the marks that an operation writes, and puts the operation in words.
    fn stand(&mut self, operation: &Operation) -> Option<String> {
        match operation {
            Operation::SetMark { student, expected, mark, basis, .. } => {
                assert_eq!(*expected, self.marks.get(student).map(|mark| mark.mark), "what is replaced is what stands");
                self.mark(student, mark.letter(), Origin::CourseKey);
                let old = expected.map(|mark| format!("{}→", mark.letter())).unwrap_or_default();
                Some(format!("{student} {old}{}: {}", mark.letter(), sentence(basis)))
            }
            Operation::WithdrawMark { student, journal, .. } => {
                let old = self.marks.remove(student).unwrap();
                Some(format!("{student} {} withdrawn ({})", old.mark.letter(), journal.by))
            }
            Operation::PutLogRow { row, .. } => {
                Some(format!("{} {} row {}: {} min", row.student, row.record, row.visit, row.minutes))
            }
            Operation::VoidLogRow { record, visit, .. } => Some(format!("{record} row {visit} void")),
            Operation::Journal(_) | Operation::OpenIssue { .. } | Operation::ResolveIssue { .. } => None,
        }
    }
}

/// Reads a version: `v1@12:05 09:00-12:00 13:00- edit`.
fn record(student: &PersonId, version: &str, content: &[&str]) -> AttendanceRecord {
    let (name, updated) = version.split_once('@').unwrap();
    let (id, number) = name.split_once('v').unwrap();
    let id = if id.is_empty() { "r1" } else { id };
    let (mut visits, mut adjustment) = (Vec::new(), None);
    for word in content {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        let kind = match name {
            "edit" => AdjustmentKind::Edit,
            "award-full" => AdjustmentKind::AwardFull,
            "remove-all" => AdjustmentKind::RemoveAll,
            "override" => AdjustmentKind::Override,
            visit => {
                let (checked_in, out) = visit.split_once('-').unwrap();
                let checked_out = Some(out).filter(|out| !out.is_empty()).map(time);
                visits.push(Visit { checked_in: time(checked_in), checked_out });
                continue;
            }
        };
        let awarded = value.parse().ok().map(Seconds::minutes);
        adjustment = Some(Adjustment { kind, by: "staff".to_owned(), awarded });
    }
    AttendanceRecord {
        id: RecordId(format!("{id}-{student}")),
        version: number.parse().unwrap(),
        class: CLASS.into(),
        student: student.clone(),
        updated_at: time(updated),
        visits,
        adjustment,
    }
}
