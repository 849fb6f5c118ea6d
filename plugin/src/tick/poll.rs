//! Reads attendance from CourseKey's listing: the poll by cursor, which reads what is new, and the daily pass over the
//! follow-up days, which finds records that the cursor passed over. Listed records end in the same books as pushed
//! records (`records`), so that it makes no difference how and in which order records come. Not here: what a record
//! means (`attendance`, `marking`).

use super::agenda::Agenda;
use super::campus::Campuses;
use super::records::{Intake, Source};
use crate::coursekey::answer::{Answer, Failure};
use crate::coursekey::attendance::{Page, page};
use crate::coursekey::{Gate, Heard};
use crate::following;
use crate::memory::followed::Followed;
use crate::memory::head::{Cursor, Pass};
use crate::model::ids::{Address, CampusId, CourseId, RecordId, SchoolNumber};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::settings::Settings;
use crate::world::network::Kind;
use crate::world::{StorageError, World};

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

/// What a listing has brought so far.
#[derive(Debug, Default)]
struct SoFar {
    /// The pages that were named as the next.
    named: SortedSet<String>,
    /// The last record of each page.
    ends: SortedSet<Option<(RecordId, u64)>>,
    /// The moment as of which the listing is complete; none: CourseKey does not say.
    as_of: Option<Instant>,
    /// The versions, by the record's id, that were written at the moment `as_of` or later. More may be coming of then.
    late: SortedMap<String, u64>,
}

impl SoFar {
    /// Whether the listing repeats itself: it names a page again, or a page with which it goes on ends where an earlier
    /// page ended.
    fn has_had(&self, page: &Page) -> bool {
        let Some(next) = &page.next else { return false };
        self.named.contains(next) || page.unreadable.is_empty() && self.ends.contains(&Self::end(page))
    }

    fn note(&mut self, page: &Page) {
        self.named.extend(page.next.clone());
        self.ends.insert(Self::end(page));
        self.as_of = [self.as_of, page.as_of].into_iter().flatten().min();
        if let Some(as_of) = page.as_of {
            let late = page.records.iter().filter(|record| record.updated_at >= as_of);
            self.late.extend(late.map(|record| (record.id.to_string(), record.version)));
        }
    }

    fn end(page: &Page) -> Option<(RecordId, u64)> {
        page.records.last().map(|record| (record.id.clone(), record.version))
    }
}

/// The School IDs of all campuses.
fn schools(settings: &Settings) -> SortedSet<SchoolNumber> {
    settings.campuses.values().map(|campus| campus.school).collect()
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
            let follows = reads_for_courses(settings, self.followed, &campus.id, campus.school);
            if follows && !self.is_due(&campus.id, campus.school) {
                continue;
            }
            if (follows || self.intake.attendance.unreadable.may_be_at(campus.school))
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
        self.followed.closely(school, self.campuses.read_up_to(campus))
            || self.closing.iter().any(|(of, _)| *of == school)
            || pass.is_none_or(|pass| pass.since.is_some() || pass.next <= now)
            || self.campuses.peek(campus).is_none_or(|state| state.read_until.is_none())
    }

    /// Polls the new records, and answers whether all of them were read.
    fn read_news(&mut self, address: &Address) -> Result<bool, StorageError> {
        let Some(as_of) = self.read_pages(address, Way::News)? else { return Ok(false) };
        let state = self.campuses.state(&address.campus);
        state.read_until = state.read_until.max(Some(as_of));
        self.let_go(address.school, as_of)?;
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
    ///
    /// DOMAIN §4 "HTTP": "The cursor of a poll moves to CourseKey's `asOf` where it gives one."
    fn read_pages(&mut self, address: &Address, way: Way) -> Result<Option<Instant>, StorageError> {
        let base = &self.intake.moment.settings.coursekey_url;
        let since = self.place(&address.campus, way);
        let (source, now) = (Source::Listed(address.school, since), self.intake.moment.now);
        let (mut so_far, mut after): (SoFar, Option<String>) = Default::default();
        loop {
            let page = match page(self.intake.world, self.campuses, base, address, since, after.as_deref()) {
                Some(Answer::Understood(page)) => page,
                Some(_) => return Ok(None),
                None => {
                    self.agenda.again |= after.is_some();
                    return Ok(None);
                }
            };
            if so_far.has_had(&page) {
                self.complain_of_circle(address);
                return Ok(None);
            }
            so_far.note(&page);
            after.clone_from(&page.next);
            let page = self.move_place(&address.campus, way, page);
            self.intake.take_page(&source, page, way == Way::Again)?;
            // Most records of a daily pass are known already. Only books with new records are kept until they are
            // judged.
            self.intake.attendance.books.classes.forget_untouched();
            if after.is_none() {
                let as_of = so_far.as_of.map(|at| at.min(now));
                if let (Way::News, Some(as_of)) = (way, as_of) {
                    // A listing that lags behind moves the cursor back, but never to before where it began itself.
                    let cursor = Cursor { since: as_of.max(since), seen: so_far.late };
                    self.campuses.state(&address.campus).cursor = cursor;
                }
                return Ok(Some(as_of.unwrap_or(now)));
            }
            if self.intake.attendance.is_enough(self.intake.moment) {
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

    /// Removes versions from the page that were read before. Only versions written at the cursor's moment or later can
    /// have been.
    fn only_news(&mut self, campus: &CampusId, mut page: Page) -> Page {
        let cursor = &self.campuses.state(campus).cursor;
        page.records.retain(|record| cursor.seen.get(record.id.as_str()).is_none_or(|seen| *seen < record.version));
        page
    }

    /// The listing has no end. It counts as failed until CourseKey is mended.
    fn complain_of_circle(&mut self, address: &Address) {
        let reason = "CourseKey's list of attendance repeats itself and has no end".to_owned();
        let failure = Failure { reason, not_before: None, all: false };
        self.campuses.heard(address, Kind::Attendance, Heard::Later(&failure));
    }

    /// Moves the cursor to the newest record of the page. A record from the future does not move the cursor, because
    /// the cursor would pass over everything that CourseKey writes until then.
    fn move_cursor(&mut self, campus: &CampusId, page: &Page) {
        let now = self.intake.moment.now;
        let cursor = &mut self.campuses.state(campus).cursor;
        for record in page.records.iter().filter(|record| record.updated_at <= now) {
            if record.updated_at > cursor.since {
                *cursor = Cursor { since: record.updated_at, seen: SortedMap::new() };
            }
            if record.updated_at == cursor.since {
                cursor.seen.insert(record.id.to_string(), record.version);
            }
        }
    }

    /// Stops following the courses whose last moment lies at `as_of` or before, because everything of the school up to
    /// `as_of` was read. A course with a later last moment is offered again after the next look at the course.
    fn let_go(&mut self, school: SchoolNumber, as_of: Instant) -> Result<(), StorageError> {
        for (_, course) in self.closing.extract_if(.., |(of, _)| *of == school) {
            self.intake.rosters.load_courses(self.intake.world, [&course])?;
            let held = self.intake.rosters.held(&course);
            let until = held.and_then(|held| following::ends(&held.course, self.intake.moment.settings));
            if until.is_none_or(|until| as_of >= until) {
                self.followed.set(school, &course, None);
                self.intake.rosters.pages.edit(course.as_str()).needs.remove(&Kind::Attendance);
            }
        }
        Ok(())
    }
}
