//! Attendance records on their way into the books of their classes, whether they were polled or pushed. Nothing is judged
//! here: that comes when everything of the tick is in (`judge`).

use std::collections::{BTreeMap, BTreeSet};

use super::agenda::Agenda;
use super::moment::Moment;
use super::outgoing::Outgoing;
use crate::attendance::{self, Limits};
use crate::coursekey::attendance::{Page, Unreadable, read_push};
use crate::following;
use crate::marking::ClassTimes;
use crate::memory::head::Head;
use crate::memory::unreadable::{UnreadableRecord, UnreadableRecords};
use crate::memory::{Books, PUSH, Rosters};
use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::world::records::CurrentMark;
use crate::world::{Reads, StorageError};

/// Where records come from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// A push: any of these schools may hold them.
    Pushed(BTreeSet<SchoolNumber>),
    /// A school's listing from a moment on, which has every record in its newest version.
    Listed(SchoolNumber, Instant),
}

/// Attendance as this tick finds it and leaves it.
#[derive(Debug, Default)]
pub(super) struct Attendance {
    pub(super) books: Books,
    /// The marks GEGI holds, of classes that were asked for.
    pub(super) marks: BTreeMap<ClassId, BTreeMap<PersonId, CurrentMark>>,
    /// Classes to be judged when everything is in.
    pub(super) to_judge: BTreeSet<ClassId>,
    /// Records that came.
    pub(super) received: u32,
    /// Records that cannot be read.
    pub(super) unreadable: UnreadableRecords,
    /// How many records wait for their class or student to be known.
    pub(super) unplaced: u32,
}

/// Enters records into books.
pub(super) struct Intake<'t, W> {
    pub(super) world: &'t mut W,
    pub(super) moment: Moment<'t>,
    pub(super) rosters: &'t mut Rosters,
    pub(super) attendance: &'t mut Attendance,
    pub(super) out: &'t mut Outgoing,
}

impl<W: Reads> Intake<'_, W> {
    /// Takes the pushes that wait in the inbox. `schools` may have pushed them.
    pub(super) fn take_pushes(
        &mut self,
        agenda: &mut Agenda,
        schools: BTreeSet<SchoolNumber>,
    ) -> Result<(), StorageError> {
        let source = Source::Pushed(schools);
        for digest in std::mem::take(&mut agenda.inbox) {
            let body_key = format!("{PUSH}{digest}");
            let body = self.world.get_many(std::slice::from_ref(&body_key))?.pop().flatten().unwrap_or_default();
            let page = read_push(&body).unwrap_or_else(|problem| Page {
                records: Vec::new(),
                unreadable: vec![Unreadable::whole(problem)],
                next: None,
                as_of: None,
            });
            self.take_page(&source, page)?;
            agenda.clear_push(&digest, body_key);
        }
        Ok(())
    }

    /// Takes records that came together.
    pub(super) fn take_page(&mut self, source: &Source, page: Page) -> Result<(), StorageError> {
        self.attendance.received += u32::try_from(page.records.len()).unwrap_or(u32::MAX);
        for unreadable in page.unreadable {
            self.note_unreadable(source, unreadable)?;
        }
        let schools = source.schools();
        for record in &page.records {
            self.attendance.unreadable.read(&record.id, record.version, &schools, matches!(source, Source::Listed(..)));
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
            Source::Pushed(_) => self.moment.pass_from(),
            Source::Listed(_, since) => *since,
        });
        let (came, sought_at) = (self.moment.now, BTreeSet::new());
        let record = UnreadableRecord { id, version, schools, class, student, problem, listed_from, came, sought_at };
        self.attendance.unreadable.note(record);
        Ok(())
    }

    fn was_read_since(&mut self, unreadable: &Unreadable) -> Result<bool, StorageError> {
        let Some(next) = unreadable.next_version() else { return Ok(false) };
        self.attendance.books.classes.load(self.world, std::iter::once(next.class.as_str()))?;
        Ok(self.was_taken(&next))
    }

    /// Enters records into their classes' books; what has no place is kept apart.
    pub(super) fn take_records(&mut self, records: Vec<AttendanceRecord>) -> Result<(), StorageError> {
        self.load_books(&records)?;
        for record in records {
            match course_of(self.rosters, &record) {
                Ok(course) => self.enter(&course, &record),
                // What was taken before the class was cancelled, or the student taken off the list, is no news.
                Err(_) if self.was_taken(&record) => {}
                Err(_) => self.keep_unplaced(record)?,
            }
        }
        Ok(())
    }

    fn was_taken(&self, record: &AttendanceRecord) -> bool {
        self.attendance.books.classes.get(record.class.as_str()).is_some_and(|book| book.has_seen(record))
    }

    fn enter(&mut self, course: &CourseId, record: &AttendanceRecord) {
        let class = record.class.clone();
        if self.attendance.books.classes.get(class.as_str()).is_some_and(|book| book.knows(record)) {
            return;
        }
        let Some(limits) = self.limits(course, &class) else { return };
        self.attendance.ask_marks(self.world, &class);
        let (book, nobody) = (self.attendance.books.classes.edit(class.as_str()), BTreeMap::new());
        if book.enter(record, limits, self.attendance.marks.get(&class).unwrap_or(&nobody)) {
            self.attendance.to_judge.insert(class);
        }
    }

    /// The limits of a class, by the times that count for its marks.
    fn limits(&mut self, course: &CourseId, class: &ClassId) -> Option<Limits> {
        let Moment { now, settings, .. } = self.moment;
        let held = self.rosters.held(course)?;
        let followed_until = following::until(&held.course, settings)?;
        let scheduled = held.course.class(class).map(|class| ClassTimes { starts: class.starts, ends: class.ends })?;
        let book = self.attendance.books.classes.edit(class.as_str());
        let times = book.times(scheduled, settings.follow, now);
        Some(Limits::of(times.ends, settings.follow, settings.settle, followed_until))
    }

    /// Loads the courses and the books of the classes that records name.
    pub(super) fn load_books(&mut self, records: &[AttendanceRecord]) -> Result<(), StorageError> {
        let classes: BTreeSet<ClassId> = records.iter().map(|record| record.class.clone()).collect();
        self.load_classes(&classes)
    }

    /// Loads classes with their courses and books.
    pub(super) fn load_classes(&mut self, classes: &BTreeSet<ClassId>) -> Result<(), StorageError> {
        self.rosters.classes.load(self.world, classes.iter().map(ClassId::as_str))?;
        let courses: BTreeSet<CourseId> =
            classes.iter().filter_map(|class| class_course(self.rosters, class)).cloned().collect();
        self.rosters.load_courses(self.world, &courses)?;
        self.attendance.books.classes.load(self.world, classes.iter().map(ClassId::as_str))
    }
}

impl Attendance {
    /// What the head knows of attendance, and the classes that are to be judged already.
    pub(super) fn begin(head: &mut Head, to_judge: BTreeSet<ClassId>) -> Self {
        let unreadable = std::mem::take(&mut head.unreadable);
        Self { to_judge, unreadable, unplaced: head.unplaced, ..Self::default() }
    }

    /// Hands back to the head what it is to know; the books.
    pub(super) fn end(self, head: &mut Head) -> Books {
        head.unreadable = self.unreadable;
        head.unplaced = self.unplaced;
        self.books
    }

    /// Asks GEGI for the marks of a class, once a tick: a class is judged once a tick.
    pub(super) fn ask_marks(&mut self, world: &mut impl Reads, class: &ClassId) {
        if !self.marks.contains_key(class) {
            let marks = world.current_marks(class).into_iter().map(|mark| (mark.student.clone(), mark));
            self.marks.insert(class.clone(), marks.collect());
        }
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

/// The course of a class that was loaded.
pub(super) fn class_course<'a>(rosters: &'a Rosters, class: &ClassId) -> Option<&'a CourseId> {
    rosters.classes.get(class.as_str()).map(|entry| &entry.course)
}

/// The course of a record, if GEGI knows its class and its student.
pub(super) fn course_of(rosters: &Rosters, record: &AttendanceRecord) -> Result<CourseId, Issue> {
    let unknown = |course| attendance::unplaced(record, course);
    let course = class_course(rosters, &record.class).ok_or_else(|| unknown(None))?;
    let held = rosters
        .held(course)
        .filter(|held| !held.removed && held.course.class(&record.class).is_some())
        .ok_or_else(|| unknown(None))?;
    held.course.student(&record.student).ok_or_else(|| unknown(Some(course)))?;
    Ok(course.clone())
}
