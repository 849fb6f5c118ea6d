//! The ledger: what CourseKey acknowledged and what CourseKey refused. The plugin knows of what CourseKey holds only
//! through the ledger. A course has one page of the ledger, and so has a person's account at one CourseKey school.
//!
//! Nothing here decides; `plan` compares the ledger with `desired`. Not here: CourseKey's own words for refusals
//! (`coursekey::codes`).

use serde::{Deserialize, Serialize};

use crate::model::course::HoursType;
use crate::model::ids::{AccountId, ClassId, PersonId, SchoolNumber};
use crate::model::person::Person;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, LocalDate};

/// The ledger of one thing that CourseKey may hold: an account, a course, a class or an enrolment. A slot keeps the
/// content that CourseKey acknowledged last, and the content that CourseKey refused since then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot<T> {
    /// The content that CourseKey acknowledged last; none: CourseKey acknowledged nothing.
    pub acknowledged: Option<T>,
    /// The content that CourseKey refused since then; none: CourseKey refused nothing.
    pub parked: Option<Parked<T>>,
    /// The acknowledged contents, each with the moment at which CourseKey acknowledged it, ascending. Only classes and
    /// enrolments have a history: an Absent without a record is derived only from what CourseKey knew before the class.
    pub history: Vec<(Instant, T)>,
    /// Whether an answer about the item is missing, so that CourseKey may hold something else than it acknowledged, or hold
    /// the item although it acknowledged nothing.
    pub unheard: bool,
}

/// The most contents in the history of a class or an enrolment.
const REMEMBERED: usize = 8;

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { acknowledged: None, parked: None, history: Vec::new(), unheard: false }
    }
}

/// A content that CourseKey refused. It is not sent again before GEGI's data differ from it or its time to retry comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked<T> {
    /// The content that was refused.
    pub content: T,
    /// Why CourseKey refused the content.
    pub refusal: Refusal,
    /// When the same content is sent again although GEGI's data are the same.
    pub retry: Instant,
}

/// CourseKey's codes of refusals. The named codes decide what the plugin does next; of any other code only CourseKey's
/// word is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// Another account has the e-mail.
    EmailTaken,
    /// The account that has the e-mail is nobody's whom GEGI knows, and does not match the person.
    AccountMismatch,
    /// The account that has the e-mail is this person's, whom GEGI knows.
    HeldBy(PersonId),
    /// These people each want the e-mail that CourseKey holds for another of them, so that none can be sent first.
    Circle(Vec<PersonId>),
    /// CourseKey does not know the account.
    UnknownUser,
    /// CourseKey does not know the course.
    UnknownCourse,
    /// CourseKey holds attendance of the class.
    HasAttendance,
    /// Initial User Password is too weak.
    PasswordWeak,
    /// The request that carried the item, and nothing else, was refused as a whole.
    RequestRefused,
    /// Any other code, in CourseKey's word.
    Other(String),
}

/// Why CourseKey refused an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// CourseKey's code.
    pub code: RefusalCode,
    /// The field that the refusal is about; none: CourseKey names no field.
    pub field: Option<String>,
    /// CourseKey's words, shortened.
    pub message: String,
}

/// An account as CourseKey should hold it. Accounts have no removal.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// E-mail address: the user name.
    pub email: String,
    /// Whether the account may teach.
    pub teacher: bool,
}

impl Account {
    /// First and last name, as people read them; empty: CourseKey has neither.
    pub fn name(&self) -> String {
        format!("{} {}", self.first_name, self.last_name).trim().to_owned()
    }

    /// Whether the account has a person's data.
    pub fn is_of(&self, person: &Person) -> bool {
        let ours = (&self.first_name, &self.last_name, self.email.as_str());
        ours == (&person.first_name, &person.last_name, person.email.trim())
    }
}

/// Prints no name and no address, because neither may reach a log.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("teacher", &self.teacher).finish_non_exhaustive()
    }
}

/// A person's page of the ledger at one CourseKey school.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLedger {
    /// The account.
    pub account: Slot<Account>,
    /// The account that CourseKey had before GEGI sent the person and that was adopted for this person; none: no
    /// account was adopted.
    pub adopted: Option<AccountId>,
    /// Whether an account of this person that CourseKey lost was a teacher's.
    pub taught: bool,
    /// When CourseKey last said that it does not know the account, so that the account was sent again.
    pub lost_at: Option<Instant>,
}

impl PersonLedger {
    /// Whether the account is a teacher's, or was a teacher's before CourseKey lost the account. A teacher's account
    /// stays a teacher's.
    pub fn teacher(&self) -> bool {
        self.taught || self.account.acknowledged.as_ref().is_some_and(|account| account.teacher)
    }

    /// Forgets the account, which CourseKey does not know any more, so that the account is sent again. Whether the
    /// account was a teacher's is remembered.
    pub fn forget(&mut self, now: Instant) {
        self.taught = self.teacher();
        self.account = Slot::default();
        self.lost_at = Some(now);
    }
}

/// The owner of a course in CourseKey. An instructor is named by id, so that a new address of the instructor is not a
/// new owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The account that the campus's settings name, by its e-mail.
    Named(String),
    /// An instructor.
    Instructor(PersonId),
}

/// A course as CourseKey should hold it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseContent {
    /// Group name and course number.
    pub name: String,
    /// Title.
    pub title: String,
    /// First day.
    pub start_date: LocalDate,
    /// Last day.
    pub end_date: LocalDate,
    /// IANA zone.
    pub zone: String,
    /// The course's owner in CourseKey.
    pub owner: Owner,
    /// The instructors of the course.
    pub instructors: SortedSet<PersonId>,
    /// How attendance is kept.
    pub hours_type: HoursType,
}

/// A class as CourseKey should hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Session {
    /// The class is scheduled.
    At {
        /// When it starts.
        starts: Instant,
        /// When it ends.
        ends: Instant,
    },
    /// The class was removed.
    Removed,
}

/// A student's enrolment in a course. An enrolment is never removed: a student who stops is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// CourseKey's "is dropped".
    pub dropped: bool,
}

/// The name of one thing that CourseKey may hold of a course.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Item {
    /// An instructor's account.
    Instructor(PersonId),
    /// A student's account.
    Student(PersonId),
    /// The course itself.
    Course,
    /// A class.
    Class(ClassId),
    /// An enrolment.
    Enrollment(PersonId),
}

/// What is known of the requests about a course that were made so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// No answer to any of them was noted.
    Open,
    /// CourseKey refused every one of them for certain.
    Refused,
    /// CourseKey took one of them, or it is not known whether it did.
    Taken,
}

/// A course's page of the ledger. Everything on the page belongs to one CourseKey school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseLedger {
    /// CourseKey's number of the campus at which the course is held.
    pub school: SchoolNumber,
    /// When the first send of the course was started.
    pub started: Instant,
    /// What is known of the requests about the course.
    pub outcome: Outcome,
    /// The course itself.
    pub course: Slot<CourseContent>,
    /// The course's classes.
    pub sessions: SortedMap<ClassId, Slot<Session>>,
    /// The enrolments of the course's students.
    pub enrollments: SortedMap<PersonId, Slot<Enrollment>>,
    /// When CourseKey last said that it does not know the course, so that the course was sent again.
    pub lost_at: Option<Instant>,
}

impl CourseLedger {
    /// An empty page of a course whose first send starts now.
    pub fn begin(school: SchoolNumber, now: Instant) -> Self {
        let (sessions, enrollments) = (SortedMap::new(), SortedMap::new());
        let outcome = Outcome::Open;
        Self { school, started: now, outcome, course: Slot::default(), sessions, enrollments, lost_at: None }
    }

    /// Whether CourseKey acknowledged the course.
    pub fn acknowledged(&self) -> bool {
        self.course.acknowledged.is_some()
    }

    /// Whether Send to CourseKey cannot be switched off any more: CourseKey holds something of the course, or may.
    ///
    /// DOMAIN §4 "Option switched off": "Where CourseKey has acknowledged nothing and every request about the course had
    /// a definite refusal, the lock opens again."
    pub fn locks(&self) -> bool {
        self.acknowledged() || self.outcome != Outcome::Refused
    }

    /// Notes the outcome of a request about the course. `refused`: CourseKey refused it for certain.
    pub fn hear(&mut self, refused: bool) {
        self.outcome = if refused && self.outcome != Outcome::Taken { Outcome::Refused } else { Outcome::Taken };
    }

    /// Notes that nothing that CourseKey acknowledged of the course is certain any more, so that it is sent again.
    pub fn doubt(&mut self) {
        self.course.doubt();
        self.sessions.values_mut().for_each(Slot::doubt);
        self.enrollments.values_mut().for_each(Slot::doubt);
    }

    /// Forgets everything that CourseKey acknowledged of the course, which CourseKey does not know any more, so that
    /// the whole course is sent again.
    pub fn forget(&mut self, now: Instant) {
        *self = Self { outcome: Outcome::Taken, lost_at: Some(now), ..Self::begin(self.school, self.started) };
    }
}

impl<T: Clone + PartialEq> Slot<T> {
    /// Notes that CourseKey took the content.
    pub fn acknowledge(&mut self, content: T) {
        self.acknowledged = Some(content);
        self.parked = None;
        self.unheard = false;
    }

    /// Notes that what CourseKey acknowledged is not certain any more, if it acknowledged anything.
    pub fn doubt(&mut self) {
        self.unheard |= self.acknowledged.is_some();
    }

    /// Whether CourseKey holds this content for certain.
    pub fn holds(&self, wanted: &T) -> bool {
        !self.unheard && self.acknowledged.as_ref() == Some(wanted)
    }

    /// Whether CourseKey holds the item in any form, or may.
    pub fn may_exist(&self) -> bool {
        self.unheard || self.acknowledged.is_some()
    }

    /// Notes that CourseKey took the content, and when.
    pub fn acknowledge_at(&mut self, content: T, now: Instant) {
        if self.acknowledged.as_ref() != Some(&content) {
            self.history.push((now, content.clone()));
            if self.history.len() > REMEMBERED {
                self.history.remove(0);
            }
        }
        self.acknowledge(content);
    }

    /// The content that CourseKey held right before a moment; none: CourseKey held none, or the history does not reach
    /// back that far.
    pub fn before(&self, moment: Instant) -> Option<&T> {
        self.history.iter().rev().find(|(since, _)| *since < moment).map(|(_, content)| content)
    }

    /// Since when the content that CourseKey holds fulfils `so`; none: the present content does not fulfil it.
    pub fn since(&self, so: impl Fn(&T) -> bool) -> Option<Instant> {
        self.history.iter().rev().take_while(|(_, content)| so(content)).last().map(|(since, _)| *since)
    }

    /// Notes that CourseKey refused the content.
    pub fn park(&mut self, content: T, refusal: Refusal, retry: Instant) {
        self.parked = Some(Parked { content, refusal, retry });
    }

    /// The refusal because of which this content is not sent now; none: nothing keeps the content from being sent.
    pub fn withheld(&self, wanted: &T, now: Instant) -> Option<&Parked<T>> {
        self.parked.as_ref().filter(|parked| parked.content == *wanted && now < parked.retry)
    }
}
