//! A world made of maps: GEGI, the state and CourseKey in memory. Writes count at once; there is no transaction here.

use std::collections::BTreeMap;

use super::coursekey::CourseKey;
use crate::change::{self, CourseChange};
use crate::model::attendance::Mark;
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::settings::SchoolSettings;
use crate::model::time::{Instant, Seconds};
use crate::overview::{self, StatusQuery};
use crate::tick::{self, Budget, Report};
use crate::world::network::{Exchange, Request};
use crate::world::records::{CurrentMark, Message, Operation, Origin};
use crate::world::{Aborted, Change, Network, Reads, StorageError, Writes};

/// Everything around the core, and everything that the core wrote.
pub(crate) struct Fake {
    pub(crate) now: Instant,
    pub(crate) settings: SchoolSettings,
    pub(crate) gegi: BTreeMap<CourseId, Course>,
    pub(crate) state: BTreeMap<String, Vec<u8>>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) marks: BTreeMap<(ClassId, PersonId), (Mark, Origin)>,
    pub(crate) mails: Vec<Message>,
    /// Whether the host refuses mails, as it does when the school's mails of the hour are used up.
    pub(crate) refuses_mails: bool,
    /// The number of the next reads of GEGI's data that GEGI answers; none: GEGI answers all.
    pub(crate) gegi_answers: Option<u32>,
    pub(crate) coursekey: CourseKey,
    pub(crate) reads: u32,
    pub(crate) aborted: Option<Aborted>,
    /// How long a request takes.
    pub(crate) takes: Seconds,
}

impl Fake {
    pub(crate) fn new(now: &str) -> Self {
        Self {
            now: super::at(now),
            settings: super::settings(),
            gegi: BTreeMap::new(),
            state: BTreeMap::new(),
            operations: Vec::new(),
            marks: BTreeMap::new(),
            mails: Vec::new(),
            refuses_mails: false,
            gegi_answers: None,
            coursekey: CourseKey::default(),
            reads: 0,
            aborted: None,
            takes: Seconds::ZERO,
        }
    }

    /// GEGI answers a read, or is down.
    fn ask_gegi(&mut self) -> Result<(), StorageError> {
        match &mut self.gegi_answers {
            Some(0) => return Err(StorageError::GegiUnavailable("GEGI is down".to_owned())),
            Some(left) => *left -= 1,
            None => {}
        }
        Ok(())
    }

    /// GEGI saves a course and tells of it.
    pub(crate) fn save(&mut self, course: Course) -> change::CourseOutcome {
        self.gegi.insert(course.id.clone(), course.clone());
        change::on_course_changed(self, CourseChange::Saved(Box::new(course))).unwrap()
    }

    /// GEGI removes a course and tells of it.
    pub(crate) fn remove(&mut self, course: &str) {
        let id = CourseId::from(course);
        self.gegi.remove(&id);
        change::on_course_changed(self, CourseChange::Removed(id)).unwrap();
    }

    /// One tick.
    pub(crate) fn tick(&mut self) -> Report {
        tick::on_tick(self, Budget { items: 10_000, seconds: 60 }).unwrap()
    }

    /// Ticks until there is no more work. Answers the items that were written to CourseKey, one a line.
    pub(crate) fn settle(&mut self) -> String {
        self.coursekey.log.clear();
        for _ in 0..50 {
            if !self.tick().more_work {
                return self.coursekey.log.join("\n");
            }
        }
        panic!("a tick always has more work: {}", self.coursekey.log.join("\n"));
    }

    /// Lets time pass, then ticks until there is no more work.
    pub(crate) fn later(&mut self, by: Seconds) -> String {
        self.now = self.now + by;
        self.settle()
    }

    /// The status of every course, one a line: `course status (reason)`.
    pub(crate) fn statuses(&mut self) -> String {
        let statuses = overview::get_status(self, StatusQuery::Page { after: None, limit: 500 }).unwrap();
        let line = |status: &overview::CourseStatus| {
            let reason = status.overview.reason.as_deref().map(|reason| format!(" ({reason})")).unwrap_or_default();
            format!("{} {:?}{reason}", status.course, status.overview.status)
        };
        statuses.iter().map(line).collect::<Vec<_>>().join("\n")
    }
}

impl Reads for Fake {
    fn now(&self) -> Instant {
        self.now
    }

    fn settings(&mut self) -> Result<SchoolSettings, StorageError> {
        self.ask_gegi()?;
        Ok(self.settings.clone())
    }

    fn gegi_courses(&mut self, after: Option<&CourseId>, limit: u32) -> Result<Vec<(CourseId, u64)>, StorageError> {
        self.ask_gegi()?;
        let rest = self.gegi.iter().filter(|(id, _)| after.is_none_or(|after| *id > after));
        Ok(rest.take(limit as usize).map(|(id, course)| (id.clone(), course.revision)).collect())
    }

    fn gegi_course(&mut self, id: &CourseId) -> Result<Option<Course>, StorageError> {
        self.ask_gegi()?;
        Ok(self.gegi.get(id).cloned())
    }

    fn current_marks(&mut self, class: &ClassId) -> Result<Vec<CurrentMark>, StorageError> {
        self.ask_gegi()?;
        let marks = self.marks.iter().filter(|((of, _), _)| of == class);
        let mark = |((_, student), (mark, origin)): (&(ClassId, PersonId), &(Mark, Origin))| CurrentMark {
            student: student.clone(),
            mark: *mark,
            origin: *origin,
        };
        Ok(marks.map(mark).collect())
    }

    fn get_many(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StorageError> {
        self.reads += 1;
        Ok(keys.iter().map(|key| self.state.get(key).cloned()).collect())
    }

    fn scan(&mut self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        self.reads += 1;
        let rest = self
            .state
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after));
        Ok(rest.take(limit as usize).map(|(key, value)| (key.clone(), value.clone())).collect())
    }

    fn last_aborted(&mut self) -> Option<Aborted> {
        self.aborted.clone()
    }
}

impl Writes for Fake {
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StorageError> {
        for change in changes {
            match change {
                Change::Put(key, value) => _ = self.state.insert(key, value),
                Change::Delete(key) => _ = self.state.remove(&key),
            }
        }
        Ok(())
    }

    fn stage(&mut self, operations: Vec<Operation>) -> Result<(), StorageError> {
        for operation in &operations {
            match operation {
                Operation::SetMark { class, student, mark, .. } => {
                    self.marks.insert((class.clone(), student.clone()), (*mark, Origin::CourseKey));
                }
                Operation::WithdrawMark { class, student, .. } => {
                    self.marks.remove(&(class.clone(), student.clone()));
                }
                _ => {}
            }
        }
        self.operations.extend(operations);
        Ok(())
    }

    fn queue(&mut self, message: Message) -> Result<(), String> {
        if self.refuses_mails {
            return Err("QuotaExceeded".to_owned());
        }
        self.mails.push(message);
        Ok(())
    }

    fn breadcrumb(&mut self, note: Option<&str>) {
        self.aborted = note.map(|note| Aborted { note: note.to_owned(), times: 0 });
    }
}

impl Network for Fake {
    fn exchange(&mut self, requests: &[Request], exchange: &mut dyn Exchange) {
        for (place, request) in requests.iter().enumerate() {
            if exchange.may_start(request, self.now) {
                exchange.take(place, self.coursekey.answer(request, self.now));
                self.now = self.now + self.takes;
            }
        }
    }
}
