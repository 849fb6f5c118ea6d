//! Reads attendance from CourseKey's listing: the poll by cursor, which reads what is new, and the daily pass over the
//! follow-up days, which finds records that the cursor passed over. Listed records end in the same books as pushed
//! records (`records`), so that it makes no difference how and in which order records come. Not here: what a record
//! means (`attendance`, `marking`).

use std::collections::{BTreeMap, BTreeSet};

use super::agenda::Agenda;
use super::campus::Campuses;
use super::records::{Intake, Source};
use crate::coursekey::answer::Answer;
use crate::coursekey::attendance::{Page, page};
use crate::following;
use crate::memory::followed::Followed;
use crate::memory::head::{Cursor, Pass};
use crate::model::ids::{Address, CampusId, CourseId, SchoolNumber};
use crate::model::time::Instant;
use crate::settings::Settings;
use crate::world::{StorageError, World};

/// The most books with new records that one tick holds. A day of a large school has some hundred, the first poll after
/// a long outage many thousand. The next tick goes on where this tick stopped.
const BOOKS: usize = 1_000;

/// For what a listing is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    /// The poll: records that are new since the cursor.
    News,
    /// The daily pass: all records of the follow-up days.
    Again,
}

/// Reads attendance from CourseKey's listing.
pub(super) struct Poll<'t, W> {
    pub(super) intake: Intake<'t, W>,
    pub(super) campuses: &'t mut Campuses,
    pub(super) followed: &'t mut Followed,
    pub(super) agenda: &'t mut Agenda,
    /// Courses whose attendance is read for the last time.
    pub(super) closing: Vec<(SchoolNumber, CourseId)>,
}

/// The School IDs of all campuses.
pub(super) fn schools(settings: &Settings) -> BTreeSet<SchoolNumber> {
    settings.campuses.values().map(|campus| campus.school).collect()
}

/// The School IDs that may have pushed records: those whose attendance was read or, as long as none was, all of them.
pub(super) fn schools_that_push(settings: &Settings, campuses: &Campuses) -> BTreeSet<SchoolNumber> {
    let was_read = |campus: &CampusId| campuses.peek(campus).is_some_and(|state| state.pass.is_some());
    let read = settings.campuses.values().filter(|campus| was_read(&campus.id));
    let read: BTreeSet<SchoolNumber> = read.map(|campus| campus.school).collect();
    if read.is_empty() { schools(settings) } else { read }
}

/// Whether a campus is read because courses of its School ID are followed. A School ID that two campuses have is read
/// through the first of them.
pub(super) fn reads_for_courses(
    settings: &Settings,
    followed: &Followed,
    campus: &CampusId,
    school: SchoolNumber,
) -> bool {
    followed.any(school) && settings.campus_of(school).is_some_and(|reader| reader.id == *campus)
}

impl<W: World> Poll<'_, W> {
    /// Reads the new records of every campus that has a course that is followed, and once a day all records of the
    /// follow-up days.
    ///
    /// A campus without such a course has its daily pass as long as it may hold an unreadable record. Otherwise the
    /// issue about this record would stay open for ever after somebody corrected the record, and the record would be
    /// lost.
    pub(super) fn read(mut self) -> Result<(), StorageError> {
        let settings = self.intake.moment.settings;
        self.intake.attendance.unreadable.keep_only(&schools(settings));
        for campus in settings.campuses.values() {
            let was_read = self.campuses.state(&campus.id).pass.is_some();
            let follows = reads_for_courses(settings, self.followed, &campus.id, campus.school);
            if follows && !self.is_due(&campus.id, campus.school) {
                continue;
            }
            if (follows || was_read && self.intake.attendance.unreadable.may_be_at(campus.school))
                && self.campuses.connect(self.intake.world, &settings.coursekey_url, campus)
            {
                let address = campus.address();
                if !follows || self.read_news(&address)? {
                    self.read_again(&address)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a campus is read in this tick: with every tick, or once a day, or for the last time.
    fn is_due(&self, campus: &CampusId, school: SchoolNumber) -> bool {
        let now = self.intake.moment.now;
        let pass = self.campuses.peek(campus).and_then(|state| state.pass.as_ref());
        self.followed.closely(school, now)
            || self.closing.iter().any(|(of, _)| *of == school)
            || pass.is_none_or(|pass| pass.since.is_some() || pass.next <= now)
            || self.campuses.peek(campus).is_none_or(|state| state.read_until.is_none())
    }

    /// Polls the new records, and answers whether all of them were read.
    fn read_news(&mut self, address: &Address) -> Result<bool, StorageError> {
        let Some(as_of) = self.read_pages(address, Way::News)? else { return Ok(false) };
        let state = self.campuses.state(&address.campus);
        state.read_until = state.read_until.max(Some(as_of));
        self.let_go(address.school, as_of);
        Ok(true)
    }

    /// Goes on with the daily pass, or begins one when its time has come.
    ///
    /// The issue about an unreadable record ends when CourseKey does not list the record any more. Only a pass that
    /// would have brought the record can show this, so the pass reaches back to the oldest unreadable record.
    fn read_again(&mut self, address: &Address) -> Result<(), StorageError> {
        let moment = self.intake.moment;
        let (now, from) = (moment.now, moment.pass_from());
        let Some(pass) = self.campuses.state(&address.campus).pass.as_mut() else { return Ok(()) };
        if pass.since.is_none() {
            if now < pass.next {
                return Ok(());
            }
            let oldest = self.intake.attendance.unreadable.seek(address.school).unwrap_or(from);
            pass.since = Some(from.min(oldest).max(pass.begun));
        }
        let Some(as_of) = self.read_pages(address, Way::Again)? else { return Ok(()) };
        self.intake.attendance.unreadable.sought(address.school, as_of);
        let next = moment.next_night();
        if let Some(pass) = self.campuses.state(&address.campus).pass.as_mut() {
            *pass = Pass { next, since: None, ..*pass };
        }
        Ok(())
    }

    /// Reads page after page, and answers the moment up to which everything was read; none: not everything was read.
    /// Each page is taken and the place behind it is kept before the next page is asked for, so that a page that cannot
    /// be read loses nothing.
    fn read_pages(&mut self, address: &Address, way: Way) -> Result<Option<Instant>, StorageError> {
        let base = &self.intake.moment.settings.coursekey_url;
        let since = self.place(&address.campus, way);
        let source = Source::Listed(address.school, since);
        let mut after: Option<String> = None;
        let mut as_of = self.intake.moment.now;
        let mut told = true;
        loop {
            let page = match page(self.intake.world, self.campuses, base, address, since, after.as_deref()) {
                Some(Answer::Understood(page)) => page,
                Some(_) => return Ok(None),
                None => {
                    self.agenda.again |= after.is_some();
                    return Ok(None);
                }
            };
            as_of = as_of.min(page.as_of.unwrap_or(as_of));
            told &= page.as_of.is_some();
            after.clone_from(&page.next);
            let page = self.move_place(&address.campus, way, page);
            self.intake.take_page(&source, page, way == Way::Again)?;
            // Most records of a daily pass are known already. Only books with new records are kept until they are
            // judged.
            let books = &mut self.intake.attendance.books.classes;
            books.forget_untouched();
            if after.is_none() {
                if told && way == Way::News {
                    self.move_cursor_to(&address.campus, as_of);
                }
                return Ok(Some(as_of));
            }
            if books.len() >= BOOKS {
                self.agenda.again = true;
                return Ok(None);
            }
        }
    }

    fn place(&mut self, campus: &CampusId, way: Way) -> Instant {
        let state = self.campuses.state(campus);
        let again = state.pass.as_ref().and_then(|pass| pass.since);
        match way {
            Way::News => state.cursor.since,
            Way::Again => again.unwrap_or(state.cursor.since),
        }
    }

    /// Moves the place behind the page, and removes records from the page that were read before.
    fn move_place(&mut self, campus: &CampusId, way: Way, page: Page) -> Page {
        if way == Way::News {
            let page = self.only_news(campus, page);
            self.move_cursor(campus, &page);
            return page;
        }
        let now = self.intake.moment.now;
        if let Some(pass) = self.campuses.state(campus).pass.as_mut() {
            let newest = page.records.iter().map(|record| record.updated_at).filter(|at| *at <= now).max();
            pass.since = pass.since.max(newest);
        }
        page
    }

    /// Removes versions from the page that were written at the cursor's own moment and were read before.
    fn only_news(&mut self, campus: &CampusId, mut page: Page) -> Page {
        let cursor = &self.campuses.state(campus).cursor;
        page.records.retain(|record| {
            record.updated_at != cursor.since
                || cursor.seen.get(record.id.as_str()).is_none_or(|seen| *seen < record.version)
        });
        page
    }

    /// Moves the cursor to the newest record of the page. A record from the future does not move the cursor, because
    /// the cursor would pass over everything that CourseKey writes until then.
    fn move_cursor(&mut self, campus: &CampusId, page: &Page) {
        let now = self.intake.moment.now;
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

    /// Moves the cursor to the moment of which CourseKey says that it listed everything up to it, so that what is
    /// behind is not listed again.
    ///
    /// DOMAIN §4 "HTTP": "The cursor of a poll moves to CourseKey's `asOf` where it gives one".
    fn move_cursor_to(&mut self, campus: &CampusId, as_of: Instant) {
        let cursor = &mut self.campuses.state(campus).cursor;
        if as_of > cursor.since {
            *cursor = Cursor { since: as_of, seen: BTreeMap::new() };
        }
    }

    /// Stops following the courses whose last moment lies at `as_of` or before, because everything of the school up to
    /// `as_of` was read. A course with a later last moment is offered again after the next look at the course.
    fn let_go(&mut self, school: SchoolNumber, as_of: Instant) {
        for (_, course) in self.closing.extract_if(.., |(of, _)| *of == school) {
            let held = self.intake.rosters.held(&course);
            let until = held.and_then(|held| following::ends(&held.course, self.intake.moment.settings));
            if until.is_none_or(|until| as_of >= until) {
                self.followed.set(school, &course, None);
            }
        }
    }
}
