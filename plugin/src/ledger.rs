//! What CourseKey acknowledged, and what it refused: the plugin's only idea of what CourseKey holds.
//!
//! Decides nothing; `plan` compares it with `desired`. CourseKey's own words for refusals are known in `coursekey/codes` alone.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::model::course::HoursType;
use crate::model::ids::{AccountId, ClassId, PersonId, SchoolNumber};
use crate::model::time::{Instant, LocalDate};

/// One thing CourseKey may hold: what was acknowledged of it, and what of it was refused since.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot<T> {
    /// What CourseKey acknowledged last.
    #[serde(rename = "ok", skip_serializing_if = "Option::is_none", default = "none")]
    pub acknowledged: Option<T>,
    /// What CourseKey refused since then.
    #[serde(skip_serializing_if = "Option::is_none", default = "none")]
    pub parked: Option<Parked<T>>,
    /// What CourseKey acknowledged since when, ascending; kept of classes and enrolments, because an absence is concluded
    /// only from what CourseKey knew in time.
    #[serde(rename = "since", skip_serializing_if = "Vec::is_empty", default = "Vec::new")]
    pub history: Vec<(Instant, T)>,
}

/// How many changes of a class or an enrolment are remembered.
const REMEMBERED: usize = 8;

fn none<T>() -> Option<T> {
    None
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self { acknowledged: None, parked: None, history: Vec::new() }
    }
}

/// Something CourseKey refused. It is sent again when GEGI's data differ from what was refused, or when its time comes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parked<T> {
    /// What was refused.
    pub content: T,
    /// CourseKey's code and words.
    pub refusal: Refusal,
    /// When it is tried again even so.
    pub retry: Retry,
}

/// When something that was refused is tried again though GEGI's data are the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Retry {
    /// At this moment.
    At(Instant),
    /// Only when GEGI's data, or the settings, are other ones.
    WhenChanged,
}

impl Retry {
    /// The moment, if there is one.
    pub fn at(self) -> Option<Instant> {
        match self {
            Self::At(at) => Some(at),
            Self::WhenChanged => None,
        }
    }
}

/// CourseKey's codes of refusals. The named ones decide what comes next; of the others only the word is kept.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalCode {
    /// Another account has the e-mail.
    EmailTaken,
    /// The account that has the e-mail is another person's.
    AccountMismatch,
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
    /// Any other, in CourseKey's word.
    Other(String),
}

/// Why CourseKey refused an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// CourseKey's code.
    pub code: RefusalCode,
    /// The field it is about, if CourseKey names one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
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

/// Names and addresses never reach a log.
impl std::fmt::Debug for Account {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Account").field("teacher", &self.teacher).finish_non_exhaustive()
    }
}

/// What the ledger says of a person at one CourseKey school.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonLedger {
    /// The account.
    #[serde(flatten)]
    pub account: Slot<Account>,
    /// The account CourseKey had before GEGI sent the person, once it is found; pinned for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopted: Option<AccountId>,
    /// An account that CourseKey lost was a teacher's.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub taught: bool,
}

impl PersonLedger {
    /// Whether the account is a teacher's, or was before CourseKey lost it. A teacher's account stays one.
    pub fn teacher(&self) -> bool {
        self.taught || self.account.acknowledged.as_ref().is_some_and(|account| account.teacher)
    }

    /// CourseKey does not know the account any more: it is sent again, as what it was.
    pub fn forget(&mut self) {
        self.taught = self.teacher();
        self.account = Slot::default();
    }
}

/// Whose course it is in CourseKey. An instructor is named by id, so that a new address is not a new owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Owner {
    /// The account the campus names, by its e-mail.
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
    /// Whose course it is in CourseKey.
    pub owner: Owner,
    /// Who teaches it.
    pub instructors: BTreeSet<PersonId>,
    /// How attendance is kept.
    pub hours_type: HoursType,
}

/// A class as CourseKey should hold it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Session {
    /// Scheduled.
    At {
        /// When it starts.
        starts: Instant,
        /// When it ends.
        ends: Instant,
    },
    /// Not at all.
    Removed,
}

/// Whether a student takes a course. Enrolments have no removal: who stops is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Enrollment {
    /// CourseKey's "is dropped".
    pub dropped: bool,
}

/// One thing CourseKey may hold of a course.
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

/// A course's page of the ledger. Everything on it belongs to one CourseKey school.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CourseLedger {
    /// CourseKey's number of the campus it was sent to.
    pub school: SchoolNumber,
    /// When its first send was started; from then on Send to CourseKey cannot be switched off.
    pub started: Instant,
    /// The course itself.
    #[serde(default)]
    pub course: Slot<CourseContent>,
    /// Its classes.
    #[serde(default)]
    pub sessions: BTreeMap<ClassId, Slot<Session>>,
    /// Its students.
    #[serde(default)]
    pub enrollments: BTreeMap<PersonId, Slot<Enrollment>>,
}

impl CourseLedger {
    /// An empty page, begun now.
    pub fn begin(school: SchoolNumber, now: Instant) -> Self {
        Self { school, started: now, course: Slot::default(), sessions: BTreeMap::new(), enrollments: BTreeMap::new() }
    }

    /// Whether CourseKey acknowledged the course.
    pub fn acknowledged(&self) -> bool {
        self.course.acknowledged.is_some()
    }

    /// CourseKey does not know the course any more: what was acknowledged of it is forgotten, so that it is sent again.
    pub fn forget(&mut self) {
        *self = Self::begin(self.school, self.started);
    }
}

impl<T: Clone + PartialEq> Slot<T> {
    /// CourseKey took the content.
    pub fn acknowledge(&mut self, content: T) {
        self.acknowledged = Some(content);
        self.parked = None;
    }

    /// CourseKey took the content; the moment is remembered.
    pub fn acknowledge_at(&mut self, content: T, now: Instant) {
        if self.acknowledged.as_ref() != Some(&content) {
            self.history.push((now, content.clone()));
            if self.history.len() > REMEMBERED {
                self.history.remove(0);
            }
        }
        self.acknowledge(content);
    }

    /// What CourseKey held right before a moment.
    pub fn before(&self, moment: Instant) -> Option<&T> {
        self.history.iter().rev().find(|(since, _)| *since < moment).map(|(_, content)| content)
    }

    /// Since when what CourseKey holds is so; none: it is not.
    pub fn since(&self, so: impl Fn(&T) -> bool) -> Option<Instant> {
        self.history.iter().rev().take_while(|(_, content)| so(content)).last().map(|(since, _)| *since)
    }

    /// CourseKey refused the content.
    pub fn park(&mut self, content: T, refusal: Refusal, retry: Retry) {
        self.parked = Some(Parked { content, refusal, retry });
    }

    /// Why this content is not to be sent now although it is not acknowledged, if so.
    pub fn withheld(&self, wanted: &T, now: Instant) -> Option<&Parked<T>> {
        let is_time = |retry: Retry| retry.at().is_some_and(|at| now >= at);
        self.parked.as_ref().filter(|parked| parked.content == *wanted && !is_time(parked.retry))
    }
}
