//! Frees what is kept of a course that has been over for half a year: books of classes, places of records, people whom
//! no other course names, their accounts, its ledger and its lists. A school that runs for ten years holds what one year
//! needs.
//!
//! What stays of a course is small (`entries::Over`, in its page): enough for its status, for telling an old event from a new one, for
//! the lock of its option, and for leaving attendance alone that was settled. A course with an open issue about its
//! attendance stays whole until somebody answers the issue.

use super::absorb;
use super::agenda::Agenda;
use super::records::Intake;
use crate::memory::entries::{CoursePage, Held};
use crate::memory::view::CourseView;
use crate::memory::{account_id, record_id};
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::overview;
use crate::world::{StorageError, Writes};

/// When a course with open issues is tried again.
const TRIED_AGAIN: Seconds = Seconds(30 * 86_400);
/// The most entries that one tick frees.
const FREED: usize = 5_000;
/// How many people are freed at a time.
const PEOPLE: usize = 200;

/// Frees courses.
pub(super) struct Freeing<'t, W> {
    pub(super) intake: Intake<'t, W>,
    pub(super) agenda: &'t mut Agenda,
}

impl<W: Writes> Freeing<'_, W> {
    /// Frees what is long over as far as one tick may. What is left is freed by the next ticks. Once a night records that
    /// have no place and give no time are freed, too.
    pub(super) fn free(mut self, is_night: bool) -> Result<(), StorageError> {
        if is_night {
            self.intake.forget_unplaced()?;
        }
        let courses = std::mem::take(&mut self.agenda.over);
        let mut room = self.intake.moment.size.scale(FREED);
        for id in &courses {
            self.intake.rosters.load_courses(self.intake.world, [id])?;
            self.intake.rosters.listed.load(self.intake.world, std::iter::once(id.as_str()))?;
            let Some(held) = self.intake.rosters.held(id).cloned() else { continue };
            let Some(stays) = self.free_classes(&held, &mut room)? else {
                self.later(id, self.intake.moment.now);
                return Ok(());
            };
            if stays {
                self.later(id, self.intake.moment.now + TRIED_AGAIN);
                continue;
            }
            if !self.free_people(&held.course, &mut room)? {
                self.later(id, self.intake.moment.now);
                return Ok(());
            }
            self.free_course(&held)?;
        }
        Ok(())
    }

    /// Goes on with a course at another moment.
    fn later(&mut self, id: &CourseId, at: Instant) {
        self.agenda.again |= at <= self.intake.moment.now;
        self.intake.rosters.pages.edit(id.as_str()).look = None;
        self.agenda.look_by(self.intake.rosters, id, at, self.intake.moment.now);
    }

    /// Frees the classes of a course, and answers whether a class with open issues stays; none: not every class was
    /// reached.
    fn free_classes(&mut self, held: &Held, room: &mut usize) -> Result<Option<bool>, StorageError> {
        let id = &held.course.id;
        let ledger = self.intake.rosters.ledger(id);
        let school = ledger.map(|ledger| ledger.school);
        let listed = self.intake.rosters.listed.get(id.as_str()).into_iter().flat_map(|listed| &listed.classes);
        let known = ledger.into_iter().flat_map(|ledger| ledger.sessions.keys());
        let classes: SortedSet<ClassId> = listed.chain(known).cloned().collect();
        self.intake.rosters.classes.load(self.intake.world, classes.iter().map(ClassId::as_str))?;
        let settled = held.course.last_class_end();
        let page = self.intake.rosters.pages.edit(id.as_str());
        page.settled_until = page.settled_until.max(settled);
        self.intake.attendance.freed_until = self.intake.attendance.freed_until.max(settled);
        let mut stays = false;
        for class in &classes {
            if *room == 0 {
                return Ok(None);
            }
            let Some(entries) = self.free_book(class, school)? else {
                stays = true;
                continue;
            };
            *room = room.saturating_sub(entries);
            if self.intake.rosters.classes.get(class.as_str()).is_some_and(|entry| entry.course == *id) {
                self.intake.rosters.classes.remove(class.as_str());
            }
            self.intake.rosters.listed.edit(id.as_str()).classes.remove(class);
            if let Some(ledger) = self.intake.rosters.ledger_mut(id) {
                ledger.sessions.remove(class);
            }
        }
        Ok(Some(stays))
    }

    /// Frees the book of a class with the places of its records, and answers how many entries that were; none: the book
    /// has open issues and stays.
    fn free_book(&mut self, class: &ClassId, school: Option<SchoolNumber>) -> Result<Option<usize>, StorageError> {
        self.intake.attendance.books.classes.load(self.intake.world, std::iter::once(class.as_str()))?;
        let Some(book) = self.intake.attendance.books.classes.get(class.as_str()) else { return Ok(Some(1)) };
        if !book.issues.is_empty() {
            return Ok(None);
        }
        let key = |record| school.map(|school| record_id(school, record));
        let records: Vec<String> = book.records().filter_map(key).collect();
        self.intake.attendance.books.classes.remove(class.as_str());
        self.intake.attendance.books.records.load(self.intake.world, records.iter().map(String::as_str))?;
        for record in &records {
            self.intake.attendance.books.records.remove(record);
        }
        self.intake.attendance.books.put_away(self.intake.world)?;
        Ok(Some(records.len() + 2))
    }

    /// Frees the people of a course whom no other course names, with their accounts and addresses, and answers whether
    /// everybody was reached.
    fn free_people(&mut self, course: &Course, room: &mut usize) -> Result<bool, StorageError> {
        let id = &course.id;
        let listed = self.intake.rosters.listed.get(id.as_str()).into_iter().flat_map(|listed| &listed.people);
        let enrolled = self.intake.rosters.ledger(id).into_iter().flat_map(|ledger| ledger.enrollments.keys());
        let people: Vec<PersonId> = listed.chain(enrolled).cloned().collect::<SortedSet<_>>().into_iter().collect();
        let mut schools: Vec<SchoolNumber> =
            self.intake.moment.settings.campuses.values().map(|campus| campus.school).collect();
        schools.extend(self.intake.rosters.ledger(id).map(|ledger| ledger.school));
        for people in people.chunks(PEOPLE) {
            if *room == 0 {
                return Ok(false);
            }
            *room = room.saturating_sub(3 * people.len());
            absorb::leave(self.intake.world, self.intake.moment, self.intake.rosters, self.agenda, (id, people))?;
            let mut accounts = Vec::new();
            for person in people.iter().filter(|person| self.intake.rosters.people.get(person.as_str()).is_none()) {
                accounts.extend(schools.iter().map(|school| account_id(*school, person)));
            }
            self.intake.rosters.accounts.load(self.intake.world, accounts.iter().map(String::as_str))?;
            for account in &accounts {
                self.intake.rosters.accounts.remove(account);
            }
            for person in people {
                self.intake.rosters.listed.edit(id.as_str()).people.remove(person);
                if let Some(ledger) = self.intake.rosters.ledger_mut(id) {
                    ledger.enrollments.remove(person);
                }
            }
        }
        Ok(true)
    }

    /// Replaces a course by what stays of it. Of a course that GEGI removed nothing stays.
    fn free_course(&mut self, held: &Held) -> Result<(), StorageError> {
        let (id, settings) = (&held.course.id, self.intake.moment.settings);
        let campuses = SortedMap::new();
        let (page, ledger) = (self.intake.rosters.page(id), self.intake.rosters.ledger(id));
        let view = CourseView { held, page, ledger, campuses: &campuses };
        let over = overview::left_of(view, settings, self.intake.moment.now);
        let page = self.intake.rosters.pages.edit(id.as_str());
        self.agenda.schedule(id, page, None, self.intake.moment.now);
        self.intake.out.exchange_issues(self.intake.world, &mut page.issues, &[])?;
        let CoursePage { judged_until, settled_until, .. } = *page;
        let rosters = &mut *self.intake.rosters;
        match over.filter(|_| !held.removed) {
            Some(over) => {
                let left = CoursePage { judged_until, settled_until, over: Some(over), ..CoursePage::default() };
                rosters.pages.set(id.as_str(), left);
            }
            None => rosters.pages.remove(id.as_str()),
        }
        rosters.courses.remove(id.as_str());
        rosters.fetched.remove(id.as_str());
        rosters.ledgers.remove(id.as_str());
        rosters.listed.remove(id.as_str());
        Ok(())
    }
}
