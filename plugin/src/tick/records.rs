//! Attendance records on their way into the books of their classes, whether they were polled or pushed. Nothing is judged
//! here: that comes when everything of the tick is in (`judge`).

use std::collections::{BTreeMap, BTreeSet};

use super::Tick;
use crate::attendance::{self, Limits};
use crate::coursekey::attendance::{Page, Unreadable, read_push};
use crate::marking::ClassTimes;
use crate::memory::unreadable::UnreadableRecord;
use crate::memory::{INBOX, PUSH};
use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::window;
use crate::world::http::Kind;
use crate::world::records::CurrentMark;
use crate::world::{Change, StorageError, World};

/// Where records come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A push: any of these schools may hold them.
    Pushed(BTreeSet<SchoolNumber>),
    /// A school's listing from a moment on, which has every record in its newest version.
    Listed(SchoolNumber, Instant),
}

impl<W: World> Tick<'_, W> {
    /// Takes the pushes that wait in the inbox.
    pub(super) fn take_pushes(&mut self) -> Result<(), StorageError> {
        let digests = std::mem::take(&mut self.agenda.inbox);
        let source = Source::Pushed(self.schools_that_push());
        for digest in digests {
            let body_key = format!("{PUSH}{digest}");
            let body = self.world.get_many(std::slice::from_ref(&body_key))?.pop().flatten().unwrap_or_default();
            let page = read_push(&body).unwrap_or_else(|problem| Page {
                records: Vec::new(),
                unreadable: vec![Unreadable::whole(problem)],
                next: None,
                as_of: None,
            });
            self.take_page(&source, page)?;
            self.changes.extend([Change::Delete(format!("{INBOX}{digest}")), Change::Delete(body_key)]);
        }
        Ok(())
    }

    /// Takes records that came together.
    pub(super) fn take_page(&mut self, source: &Source, page: Page) -> Result<(), StorageError> {
        self.campuses.tally(Kind::Attendance).items += u32::try_from(page.records.len()).unwrap_or(u32::MAX);
        for unreadable in page.unreadable {
            self.note_unreadable(source, unreadable)?;
        }
        let schools = source.schools();
        for record in &page.records {
            self.head.unreadable.read(&record.id, record.version, &schools, matches!(source, Source::Listed(..)));
        }
        self.take_records(page.records)
    }

    /// Notes a record that cannot be read, unless a later version of it could.
    fn note_unreadable(&mut self, source: &Source, unreadable: Unreadable) -> Result<(), StorageError> {
        let schools = source.schools();
        if schools.is_empty() || self.was_read_since(&unreadable)? {
            return Ok(());
        }
        let Unreadable { id, version, class, student, updated_at, problem } = unreadable;
        let listed_from = updated_at.unwrap_or(match source {
            Source::Pushed(_) => self.pass_from(),
            Source::Listed(_, since) => *since,
        });
        let (came, sought_at) = (self.now, BTreeSet::new());
        let record = UnreadableRecord { id, version, schools, class, student, problem, listed_from, came, sought_at };
        self.head.unreadable.note(record);
        Ok(())
    }

    fn was_read_since(&mut self, unreadable: &Unreadable) -> Result<bool, StorageError> {
        let Some(next) = unreadable.next_version() else { return Ok(false) };
        self.memory.attendance.load(self.world, std::iter::once(next.class.as_str()))?;
        Ok(self.was_taken(&next))
    }

    /// Enters records into their classes' books; what has no place is kept apart.
    pub(super) fn take_records(&mut self, records: Vec<AttendanceRecord>) -> Result<(), StorageError> {
        self.load_books(&records)?;
        for record in records {
            match self.course_of(&record) {
                Ok(course) => self.enter_record(&course, &record),
                // What was taken before the class was cancelled, or the student taken off the list, is no news.
                Err(_) if self.was_taken(&record) => {}
                Err(_) => self.keep_unplaced(record)?,
            }
        }
        Ok(())
    }

    fn was_taken(&self, record: &AttendanceRecord) -> bool {
        self.memory.attendance.get(record.class.as_str()).is_some_and(|book| book.has_seen(record))
    }

    fn enter_record(&mut self, course: &CourseId, record: &AttendanceRecord) {
        let class = record.class.clone();
        if self.memory.attendance.get(class.as_str()).is_some_and(|book| book.knows(record)) {
            return;
        }
        let Some(limits) = self.limits(course, &class) else { return };
        self.marks_of(&class);
        let (book, nobody) = (self.memory.attendance.edit(class.as_str()), BTreeMap::new());
        if book.enter(record, limits, self.marks.get(&class).unwrap_or(&nobody)) {
            self.to_judge.insert(class);
        }
    }

    /// The limits of a class, by the times that count for its marks.
    fn limits(&mut self, course: &CourseId, class: &ClassId) -> Option<Limits> {
        let held = self.memory.held(course)?;
        let followed_until = window::attendance_until(&held.course, &self.settings)?;
        let scheduled = held.course.class(class).map(|class| ClassTimes { starts: class.starts, ends: class.ends })?;
        let times = self.memory.attendance.edit(class.as_str()).times(scheduled, self.settings.follow, self.now);
        Some(Limits::of(times.ends, self.settings.follow, self.settings.settle, followed_until))
    }

    /// The marks GEGI holds of a class, asked for once a tick: a class is judged once a tick.
    pub(super) fn marks_of(&mut self, class: &ClassId) -> &BTreeMap<PersonId, CurrentMark> {
        self.marks.entry(class.clone()).or_insert_with(|| {
            self.world.current_marks(class).into_iter().map(|mark| (mark.student.clone(), mark)).collect()
        })
    }

    /// Loads the courses and the books of the classes that records name.
    pub(super) fn load_books(&mut self, records: &[AttendanceRecord]) -> Result<(), StorageError> {
        let classes: BTreeSet<ClassId> = records.iter().map(|record| record.class.clone()).collect();
        self.load_classes(&classes)
    }

    /// Loads classes with their courses and books.
    pub(super) fn load_classes(&mut self, classes: &BTreeSet<ClassId>) -> Result<(), StorageError> {
        self.memory.classes.load(self.world, classes.iter().map(ClassId::as_str))?;
        let courses: BTreeSet<CourseId> = classes.iter().filter_map(|class| self.class_course(class)).collect();
        self.memory.load_courses(self.world, &courses.into_iter().collect::<Vec<_>>())?;
        self.memory.attendance.load(self.world, classes.iter().map(ClassId::as_str))
    }

    pub(super) fn class_course(&self, class: &ClassId) -> Option<CourseId> {
        self.memory.classes.get(class.as_str()).map(|entry| entry.course.clone())
    }

    /// The course of a record, if GEGI knows its class and its student.
    pub(super) fn course_of(&self, record: &AttendanceRecord) -> Result<CourseId, Issue> {
        let unknown = |course| attendance::unplaced(record, course);
        let course = self.class_course(&record.class).ok_or_else(|| unknown(None))?;
        let held = self
            .memory
            .held(&course)
            .filter(|held| !held.removed && held.course.class(&record.class).is_some())
            .ok_or_else(|| unknown(None))?;
        held.course.student(&record.student).ok_or_else(|| unknown(Some(&course)))?;
        Ok(course)
    }
}

impl Source {
    /// The schools that may hold the records.
    fn schools(&self) -> BTreeSet<SchoolNumber> {
        match self {
            Self::Pushed(schools) => schools.clone(),
            Self::Listed(school, _) => BTreeSet::from([*school]),
        }
    }
}
