//! A world made of maps: GEGI, the state and CourseKey in memory. Writes count at once; there is no transaction here.

use super::coursekey::CourseKey;
use crate::change::{self, CourseChange};
use crate::model::attendance::Mark;
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::settings::SchoolSettings;
use crate::model::sorted::SortedMap;
use crate::model::time::{Instant, Seconds};
use crate::overview::{self, StatusQuery};
use crate::tick::{self, Budget, Report};
use crate::world::network::{Exchange, Request};
use crate::world::records::{CurrentMark, Message, Operation, Origin};
use crate::world::{Aborted, Change, Network, Reads, StorageError, Usage, Writes};

/// Everything around the core, and everything that the core wrote.
pub(crate) struct Fake {
    pub(crate) now: Instant,
    pub(crate) settings: SchoolSettings,
    pub(crate) gegi: SortedMap<CourseId, Course>,
    pub(crate) state: SortedMap<String, Vec<u8>>,
    pub(crate) operations: Vec<Operation>,
    pub(crate) marks: SortedMap<(ClassId, PersonId), (Mark, Origin)>,
    pub(crate) mails: Vec<Message>,
    /// Whether the host refuses mails, as it does when the school's mails of the hour are used up.
    pub(crate) refuses_mails: bool,
    /// The number of the next reads of GEGI's data that GEGI answers; none: GEGI answers all.
    pub(crate) gegi_answers: Option<u32>,
    pub(crate) coursekey: CourseKey,
    pub(crate) reads: u32,
    pub(crate) aborted: Option<Aborted>,
    /// The most bytes of the values that one read gives.
    pub(crate) most_read_bytes: usize,
    /// The most bytes of one value.
    pub(crate) most_value_bytes: usize,
    /// The most changes, and the most operations, that one call stages.
    pub(crate) most_staged: usize,
    /// The most bytes of the whole state.
    pub(crate) most_bytes: usize,
    /// How many changes, and how many operations, the present call has staged.
    staged: (usize, usize),
    /// How long a request takes.
    pub(crate) takes: Seconds,
}

impl Fake {
    pub(crate) fn new(now: &str) -> Self {
        Self {
            now: super::at(now),
            settings: super::settings(),
            gegi: SortedMap::new(),
            state: SortedMap::new(),
            operations: Vec::new(),
            marks: SortedMap::new(),
            mails: Vec::new(),
            refuses_mails: false,
            gegi_answers: None,
            coursekey: CourseKey::default(),
            reads: 0,
            aborted: None,
            most_read_bytes: usize::MAX,
            most_value_bytes: usize::MAX,
            most_staged: usize::MAX,
            most_bytes: usize::MAX,
            staged: (0, 0),
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

    /// One tick as a host makes it: a tick that is refused because it is too large leaves no trace but its note. Answers
    /// whether there is more to do.
    pub(crate) fn tick_of_host(&mut self) -> bool {
        let before = (self.state.clone(), self.operations.len(), self.marks.clone(), self.mails.len());
        let aborted = self.aborted.clone();
        self.staged = (0, 0);
        match tick::on_tick(self, Budget { items: 10_000, seconds: 60 }) {
            Ok(report) => {
                self.aborted = None;
                report.more_work
            }
            Err(StorageError::TooMuch(_)) => {
                (self.state, self.marks) = (before.0, before.2);
                self.operations.truncate(before.1);
                self.mails.truncate(before.3);
                let note = self.aborted.take().map(|left| left.note).unwrap_or_default();
                let times = aborted.filter(|aborted| aborted.note == note).map_or(0, |aborted| aborted.times) + 1;
                self.aborted = Some(Aborted { note, times });
                true
            }
            Err(other) => panic!("{other}"),
        }
    }

    /// Ticks as a host does until nothing is left to do; answers the number of ticks.
    pub(crate) fn settle_as_host(&mut self) -> u32 {
        let ticks = (1..=2_000).find(|_| !self.tick_of_host());
        ticks.unwrap_or_else(|| panic!("a tick always has more work; the last note is {:?}", self.aborted))
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

    /// The bytes of the whole state.
    pub(crate) fn bytes(&self) -> usize {
        self.state.iter().map(|(key, value)| key.len() + value.len()).sum()
    }

    fn check_read<'a>(&self, values: impl Iterator<Item = &'a Vec<u8>>) -> Result<(), StorageError> {
        let read: usize = values.map(Vec::len).sum();
        if read <= self.most_read_bytes {
            return Ok(());
        }
        Err(StorageError::TooMuch(format!("one read gives at most {} bytes", self.most_read_bytes)))
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
        let values: Vec<Option<Vec<u8>>> = keys.iter().map(|key| self.state.get(key).cloned()).collect();
        self.check_read(values.iter().flatten())?;
        Ok(values)
    }

    fn scan(&mut self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<(String, Vec<u8>)>, StorageError> {
        self.reads += 1;
        let rest = self
            .state
            .iter()
            .filter(|(key, _)| key.starts_with(prefix) && after.is_none_or(|after| key.as_str() > after));
        let entries: Vec<_> = rest.take(limit as usize).map(|(key, value)| (key.clone(), value.clone())).collect();
        self.check_read(entries.iter().map(|(_, value)| value))?;
        Ok(entries)
    }

    fn usage(&mut self) -> Usage {
        let bytes = |bytes: usize| u64::try_from(bytes).unwrap_or(u64::MAX);
        Usage { bytes: bytes(self.bytes()), most_bytes: bytes(self.most_bytes), keys: 0, most_keys: 1 }
    }

    fn last_aborted(&mut self) -> Option<Aborted> {
        self.aborted.clone()
    }
}

impl Writes for Fake {
    fn apply(&mut self, changes: Vec<Change>) -> Result<(), StorageError> {
        self.staged.0 += changes.len();
        let sizes = |change: &Change| if let Change::Put(_, value) = change { value.len() } else { 0 };
        if self.staged.0 > self.most_staged {
            return Err(StorageError::TooMuch(format!("one call makes at most {} changes", self.most_staged)));
        }
        if changes.iter().map(sizes).any(|bytes| bytes > self.most_value_bytes) {
            return Err(StorageError::TooMuch(format!("a value is larger than {} bytes", self.most_value_bytes)));
        }
        if changes.iter().any(|change| matches!(change, Change::Put(key, _) | Change::Delete(key) if key.len() > 512)) {
            return Err(StorageError::TooMuch("a key is longer than 512 bytes".to_owned()));
        }
        for change in changes {
            match change {
                Change::Put(key, value) => _ = self.state.insert(key, value),
                Change::Delete(key) => _ = self.state.remove(&key),
            }
        }
        Ok(())
    }

    fn stage(&mut self, operations: Vec<Operation>) -> Result<(), StorageError> {
        self.staged.1 += operations.len();
        if self.staged.1 > self.most_staged {
            return Err(StorageError::TooMuch(format!("more than {} operations in one call", self.most_staged)));
        }
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
