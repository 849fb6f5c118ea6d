//! Attendance coming in: the poll by cursor, pushes that wait, and records that had no place when they came. All end in
//! the same books, so that the way in and the order make no difference.

use std::collections::{BTreeMap, BTreeSet};

use super::Tick;
use crate::attendance::{self, Place, Taken};
use crate::coursekey::answer::Answer;
use crate::coursekey::attendance::{Page, Unreadable, page, read_push};
use crate::issue;
use crate::marking::ClassTimes;
use crate::memory::head::Cursor;
use crate::memory::{INBOX, PUSH};
use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{CampusId, ClassId, CourseId, PersonId, RecordId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::Instant;
use crate::world::http::{Address, Kind};
use crate::world::{Change, StorageError, World};

impl<W: World> Tick<'_, W> {
    /// Reads what is new at every campus that has a course whose attendance is followed.
    pub(super) fn poll_attendance(&mut self) -> Result<(), StorageError> {
        let campuses: Vec<_> = self.settings.campuses.values().cloned().collect();
        for campus in campuses {
            let followed = self.campuses.state(&campus.id).followed > 0;
            if followed
                && self.campuses.not_before(&campus.id, Kind::Attendance).is_none()
                && self.campuses.connect(self.world, &self.settings.coursekey_url, &campus)
            {
                self.poll_campus(&Address { campus: campus.id.clone(), school: campus.school })?;
            }
        }
        Ok(())
    }

    /// Reads page after page. Each page is taken and the cursor moved before the next one is asked for, so that a page
    /// that cannot be read loses nothing.
    fn poll_campus(&mut self, address: &Address) -> Result<(), StorageError> {
        let base = self.settings.coursekey_url.clone();
        let since = self.campuses.state(&address.campus).cursor.since;
        let mut after: Option<String> = None;
        loop {
            let page = match page(self.world, &mut self.campuses, &base, address, since, after.as_deref()) {
                Some(Answer::Understood(page)) => page,
                Some(_) => return Ok(()),
                None => {
                    self.report.more_work |= after.is_some();
                    return Ok(());
                }
            };
            after.clone_from(&page.next);
            let page = self.only_news(&address.campus, page);
            self.move_cursor(&address.campus, &page);
            self.take_page(page)?;
            if after.is_none() {
                self.let_go(&address.campus);
                return Ok(());
            }
        }
    }

    /// Everything was read: courses that waited only for that are not followed any more.
    fn let_go(&mut self, campus: &CampusId) {
        let closing = std::mem::take(&mut self.closing);
        let (done, other): (Vec<_>, Vec<_>) = closing.into_iter().partition(|(of, _)| of == campus);
        self.closing = other;
        for (_, course) in done {
            let page = self.memory.syncs.edit(course.as_str());
            if std::mem::take(&mut page.followed) {
                let state = self.campuses.state(campus);
                state.followed = state.followed.saturating_sub(1);
            }
        }
    }

    /// Leaves out versions of the cursor's own moment that were read before.
    fn only_news(&mut self, campus: &CampusId, mut page: Page) -> Page {
        let cursor = &self.campuses.state(campus).cursor;
        page.records.retain(|record| {
            record.updated_at != cursor.since
                || cursor.seen.get(record.id.as_str()).is_none_or(|seen| *seen < record.version)
        });
        page
    }

    /// Moves the cursor to the newest record of the page. A record from the future does not take the cursor there: what
    /// CourseKey writes until then would be passed over.
    fn move_cursor(&mut self, campus: &CampusId, page: &Page) {
        let now = self.now;
        let cursor = &mut self.campuses.state(campus).cursor;
        for record in page.records.iter().filter(|record| record.updated_at <= now) {
            if record.updated_at > cursor.since {
                *cursor = Cursor { since: record.updated_at, seen: BTreeMap::new() };
            }
            if record.updated_at == cursor.since {
                cursor.seen.insert(record.id.to_string(), record.version);
            }
        }
    }

    /// Takes the pushes that wait in the inbox.
    pub(super) fn take_pushes(&mut self) -> Result<(), StorageError> {
        let digests = std::mem::take(&mut self.agenda.inbox);
        for digest in digests {
            let body_key = format!("{PUSH}{digest}");
            let body = self.world.get_many(std::slice::from_ref(&body_key))?.pop().flatten().unwrap_or_default();
            let page = read_push(&body).unwrap_or_else(|problem| Page {
                records: Vec::new(),
                unreadable: vec![Unreadable { id: None, problem: format!("push {digest}: {problem}") }],
                next: None,
                as_of: None,
            });
            self.take_page(page)?;
            self.changes.extend([Change::Delete(format!("{INBOX}{digest}")), Change::Delete(body_key)]);
        }
        Ok(())
    }

    fn take_page(&mut self, page: Page) -> Result<(), StorageError> {
        self.campuses.tally(Kind::Attendance).items += u32::try_from(page.records.len()).unwrap_or(u32::MAX);
        for Unreadable { id, problem } in page.unreadable {
            self.open_school_issue(unreadable(id.as_ref(), &problem))?;
        }
        for record in &page.records {
            self.resolve_school_issue(&issue::key(&unreadable(Some(&record.id), "")))?;
        }
        self.take_records(page.records)
    }

    pub(super) fn take_records(&mut self, records: Vec<AttendanceRecord>) -> Result<(), StorageError> {
        self.load_books(&records)?;
        let mut touched: BTreeSet<(ClassId, PersonId)> = BTreeSet::new();
        for record in records {
            match self.course_of(&record) {
                Ok(_) => {
                    let key = (record.class.clone(), record.student.clone());
                    if self.memory.attendance.edit(record.class.as_str()).enter(record) {
                        touched.insert(key);
                    }
                }
                Err(_) => self.keep_unplaced(record)?,
            }
        }
        touched.iter().try_for_each(|(class, student)| self.judge(class, student))
    }

    /// Loads the courses and the books of the classes that records name.
    pub(super) fn load_books(&mut self, records: &[AttendanceRecord]) -> Result<(), StorageError> {
        self.memory.classes.load(self.world, records.iter().map(|record| record.class.as_str()))?;
        let courses: BTreeSet<CourseId> =
            records.iter().filter_map(|record| self.class_course(&record.class)).collect();
        self.memory.load_courses(self.world, &courses.into_iter().collect::<Vec<_>>())?;
        self.memory.attendance.load(self.world, records.iter().map(|record| record.class.as_str()))
    }

    fn class_course(&self, class: &ClassId) -> Option<CourseId> {
        self.memory.classes.get(class.as_str()).map(|entry| entry.course.clone())
    }

    /// The course of a record, if GEGI knows its class and its student.
    pub(super) fn course_of(&self, record: &AttendanceRecord) -> Result<CourseId, Issue> {
        let unknown = |course| attendance::unplaced(record, course);
        let course = self.class_course(&record.class).ok_or_else(|| unknown(None))?;
        let held = self
            .memory
            .held(&course)
            .filter(|held| held.course.class(&record.class).is_some())
            .ok_or_else(|| unknown(None))?;
        held.course.student(&record.student).ok_or_else(|| unknown(Some(&course)))?;
        Ok(course)
    }

    /// Judges again what was to be judged by now in the courses that are due.
    pub(super) fn judge_what_waited(&mut self, courses: &[CourseId]) -> Result<(), StorageError> {
        for course in courses {
            let Some(page) = self.memory.syncs.get(course.as_str()) else { continue };
            let classes: Vec<ClassId> =
                page.judge.iter().filter(|(_, at)| **at <= self.now).map(|(class, _)| class.clone()).collect();
            self.memory.attendance.load(self.world, classes.iter().map(ClassId::as_str))?;
            self.memory.classes.load(self.world, classes.iter().map(ClassId::as_str))?;
            for class in classes {
                self.memory.syncs.edit(course.as_str()).judge.remove(&class);
                let students: Vec<PersonId> = self
                    .memory
                    .attendance
                    .get(class.as_str())
                    .into_iter()
                    .flat_map(|book| book.students.keys().cloned())
                    .collect();
                students.iter().try_for_each(|student| self.judge(&class, student))?;
            }
        }
        Ok(())
    }

    /// Judges what is known of a student in a class and writes what changed.
    fn judge(&mut self, class: &ClassId, student: &PersonId) -> Result<(), StorageError> {
        let Some(course) = self.class_course(class) else { return Ok(()) };
        let Some(held) = self.memory.held(&course).cloned() else { return Ok(()) };
        let Some(scheduled) = held.course.class(class) else { return Ok(()) };
        let times = ClassTimes { starts: scheduled.starts, ends: scheduled.ends };
        let place = Place { course: &held.course, class, times };
        let held =
            self.world.current_marks(class).into_iter().find(|mark| mark.student == *student).map(|mark| mark.mark);
        let book = self.memory.attendance.edit(class.as_str());
        let taken = book.judge(place, student, &self.settings, held, self.now);
        let Taken { operations, marks, rows, judge_at, issues } = taken;
        if !operations.is_empty() {
            // At once, so that the next judgement of the same student finds this one.
            self.world.stage(operations)?;
        }
        self.report.marks_written += marks;
        self.report.log_rows_written += rows;
        if let Some(at) = judge_at {
            self.judge_again(&course, class, at);
        }
        let mut open = std::mem::take(
            &mut self.memory.attendance.edit(class.as_str()).students.entry(student.clone()).or_default().issues,
        );
        self.exchange_issues(&mut open, &issues)?;
        self.memory.attendance.edit(class.as_str()).students.entry(student.clone()).or_default().issues = open;
        Ok(())
    }

    /// Makes sure the class is judged at a moment.
    fn judge_again(&mut self, course: &CourseId, class: &ClassId, at: Instant) {
        let page = self.memory.syncs.edit(course.as_str());
        let planned = page.judge.entry(class.clone()).or_insert(at);
        *planned = at.min(*planned);
        if page.due.is_none_or(|due| due > at) {
            self.schedule(course, Some(at));
        }
    }
}

/// A record that cannot be read. Without an id it cannot be told from others, so they are one issue.
fn unreadable(id: Option<&RecordId>, problem: &str) -> Issue {
    let subject = Subject { detail: id.map(ToString::to_string), ..Subject::default() };
    let sentence = match id {
        Some(id) => format!("attendance record {id} of CourseKey cannot be read: {problem}"),
        None => "CourseKey sends attendance that cannot be read and has no id".to_owned(),
    };
    Issue { code: Code::RecordUnreadable, subject, sentence }
}
