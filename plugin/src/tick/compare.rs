//! The two walks over all courses: the nightly comparison with what GEGI lists, so that a lost event is found, and the
//! walk after a change of settings that dates every course anew. Both go in steps, within the budget.

use super::Tick;
use crate::memory::entries::Held;
use crate::memory::head::Walk;
use crate::memory::{COURSE, FETCHED};
use crate::model::ids::CourseId;
use crate::model::time::{Instant, Seconds};
use crate::option;
use crate::world::{StorageError, World};

/// How many courses one tick compares or dates anew.
const STEP: u32 = 500;
/// What is done nightly begins at three o'clock on the clocks of the school's first campus.
const NIGHT_HOUR: Seconds = Seconds(3 * 3_600);

impl<W: World> Tick<'_, W> {
    /// A change of settings dates every course anew.
    pub(super) fn notice_settings(&mut self) {
        self.head.thresholds.notice(&self.settings.thresholds, self.settings.saved_at, self.now);
        let fingerprint = self.settings.fingerprint();
        if self.head.settings != fingerprint {
            let first = self.head.settings.is_empty();
            self.head.settings = fingerprint;
            self.head.reindex = (!first).then(Walk::default);
        }
    }

    /// DOMAIN §4 "Lost events": "nightly comparison of ids and revisions with what GEGI lists; what is missing or newer
    /// is fetched".
    pub(super) fn compare_with_gegi(&mut self) -> Result<(), StorageError> {
        if self.now >= self.head.comparison.next {
            self.head.comparison.at = Some(Walk::default());
            self.head.comparison.next = self.next_night();
        }
        let Some(Walk { after }) = self.head.comparison.at.clone() else { return Ok(()) };
        let listed = self.world.gegi_courses(after.as_ref(), STEP);
        let ids: Vec<CourseId> = listed.iter().map(|(id, _)| id.clone()).collect();
        self.memory.load_courses(self.world, &ids)?;
        for (id, revision) in &listed {
            let newest = self.memory.held(id).filter(|held| !held.removed).map(|held| held.course.revision);
            if newest.is_none_or(|held| held < *revision) {
                self.fetch(id);
            }
        }
        let done = listed.len() < usize::try_from(STEP).unwrap_or(usize::MAX);
        self.head.comparison.at = (!done).then(|| Walk { after: ids.last().cloned() });
        self.report.more_work |= !done;
        Ok(())
    }

    /// Takes a course whose event was lost.
    fn fetch(&mut self, id: &CourseId) {
        let Some(course) = self.world.gegi_course(id) else { return };
        let held = self.memory.held(id);
        let locked = self.memory.syncs.get(id.as_str()).is_some_and(|page| page.ledger.is_some());
        let allowed = self.settings.send_new_program_courses;
        let change = option::change(held.map(|held| held.option), locked, course.send, course.program_send, allowed);
        let option = change.now();
        let first_seen = held.map_or(self.now, |held| held.first_seen);
        self.memory.fetched.set(id.as_str(), Held { course, option, first_seen, removed: false });
        if !self.agenda.dirty.contains(id) {
            self.agenda.dirty.push(id.clone());
        }
    }

    /// The first three o'clock after now. A day is asked for by its date: in the night the clocks change it is 23 or 25
    /// hours long.
    pub(super) fn next_night(&self) -> Instant {
        let zone = self.settings.campuses.values().find_map(|campus| campus.zone).unwrap_or(chrono_tz::UTC);
        let today = self.now.date_in(zone);
        let nights = today.iter_days().map(|day| Instant::start_of(day, zone) + NIGHT_HOUR);
        nights.take(3).find(|night| *night > self.now).unwrap_or(self.now + Seconds::days(1))
    }

    /// Goes on with the walk that a change of settings began.
    pub(super) fn walk_all_courses(&mut self) -> Result<(), StorageError> {
        let Some(Walk { after }) = self.head.reindex.clone() else { return Ok(()) };
        let mut ids = Vec::new();
        for prefix in [COURSE, FETCHED] {
            let start = after.as_ref().map(|course| format!("{prefix}{course}"));
            let entries = self.world.scan(prefix, start.as_deref(), STEP)?;
            ids.extend(entries.iter().filter_map(|(key, _)| key.strip_prefix(prefix)).map(CourseId::from));
        }
        ids.sort();
        ids.dedup();
        ids.truncate(usize::try_from(STEP).unwrap_or(usize::MAX));
        let done = ids.len() < usize::try_from(STEP).unwrap_or(usize::MAX);
        self.memory.load_courses(self.world, &ids)?;
        for id in &ids {
            self.make_due(id);
        }
        self.head.reindex = (!done).then(|| Walk { after: ids.last().cloned() });
        self.report.more_work |= !done;
        Ok(())
    }
}
