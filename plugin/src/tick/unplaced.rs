//! Unplaced records: attendance records whose class GEGI does not have, or whose student the class's course does not
//! list. They are kept as they came, by class; there is one issue for each such class or student; and they are tried
//! again when GEGI changes the class's course.

use super::agenda::Agenda;
use super::places::{NoPlace, Places};
use super::records::Intake;
use crate::look::next::KEPT;
use crate::marking::gives_time;
use crate::memory::entries::Unplaced;
use crate::memory::{UNPLACED, parts};
use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{ClassId, CourseId, SchoolNumber};
use crate::model::issue::Issue;
use crate::model::sorted::{SortedMap, SortedSet, arrange};
use crate::world::{StorageError, Writes};

/// The most versions of one unplaced record that are kept: the first version and the newest ones.
const VERSIONS: usize = 8;
/// How many classes with unplaced records are looked at at a time.
const WALKED: usize = 500;

impl<W: Writes> Intake<'_, W> {
    /// Keeps records that have no place yet. `pushed_by`: the School ID whose key signed the push that brought them.
    /// Each class's entry is loaded and told of once, however many records it gets.
    pub(super) fn keep_unplaced(
        &mut self,
        records: Vec<AttendanceRecord>,
        pushed_by: Option<SchoolNumber>,
    ) -> Result<(), StorageError> {
        let classes: SortedSet<ClassId> = records.iter().map(|record| record.class.clone()).collect();
        // A record may be of a student whose id differs by case or blanks only.
        self.attendance.to_judge.extend(classes.iter().cloned());
        self.attendance.books.unplaced.load(self.world, classes.iter().map(ClassId::as_str))?;
        let mut changed = SortedSet::new();
        for record in records {
            let class = record.class.clone();
            let waiting = self.attendance.books.unplaced.edit(class.as_str());
            let before = waiting.records.len();
            if keep(waiting, record, pushed_by) {
                changed.insert(class);
            }
            self.attendance.unplaced += u32::from(waiting.records.len() > before);
        }
        changed.iter().try_for_each(|class| self.tell_unplaced(class.as_str()))
    }

    /// Takes in what waits: records that a changed course may give a place, and pushes.
    pub(super) fn take_in(mut self, changed: &[CourseId], agenda: &mut Agenda) -> Result<(), StorageError> {
        self.retry_unplaced(changed)?;
        self.take_pushes(agenda)
    }

    /// Tries the unplaced records again of every class that the changed courses list, or have stopped to list.
    fn retry_unplaced(&mut self, courses: &[CourseId]) -> Result<(), StorageError> {
        if self.attendance.unplaced == 0 {
            return Ok(());
        }
        let held = courses.iter().filter_map(|course| self.rosters.held(course));
        let listed = held.flat_map(|held| &held.course.classes).map(|class| class.id.to_string());
        let classes: SortedSet<String> =
            listed.chain(self.attendance.to_judge.iter().map(ClassId::to_string)).collect();
        for class in classes {
            self.attendance.books.unplaced.load(self.world, std::iter::once(class.as_str()))?;
            let Some(waiting) = self.attendance.books.unplaced.get(&class).cloned() else { continue };
            let records: Vec<AttendanceRecord> = waiting.records.values().flatten().cloned().collect();
            self.load_classes(&records.iter().map(|record| record.class.clone()).collect())?;
            // The newest version of a record says whose record it is.
            let mut known = Places::new(self.rosters, self.moment.settings);
            let mut has_place = |versions: &Vec<AttendanceRecord>| {
                let newest = versions.last();
                newest.is_some_and(|newest| !matches!(known.of(newest), Err(NoPlace::Unknown(_))))
            };
            let (placed, left): (SortedMap<_, _>, SortedMap<_, _>) =
                waiting.records.into_iter().partition(|(_, versions)| has_place(versions));
            let count = u32::try_from(placed.len()).unwrap_or(u32::MAX);
            self.attendance.unplaced = self.attendance.unplaced.saturating_sub(count);
            let mut pushed = waiting.pushed;
            let mut of_sources: SortedMap<Option<SchoolNumber>, Vec<AttendanceRecord>> = SortedMap::new();
            for (id, versions) in placed {
                of_sources.entry(pushed.remove(&id)).or_default().extend(of_one_student(versions));
            }
            let entry = self.attendance.books.unplaced.edit(&class);
            (entry.records, entry.pushed) = (left, pushed);
            self.tell_unplaced(&class)?;
            of_sources.into_iter().try_for_each(|(source, records)| self.enter_records(records, source))?;
        }
        Ok(())
    }

    /// Forgets unplaced records that have given no time for half a year, and of which there is therefore no issue.
    pub(super) fn forget_unplaced(&mut self) -> Result<(), StorageError> {
        let mut after: Option<String> = None;
        while self.attendance.unplaced > 0 {
            let keys = parts::keys(self.world, UNPLACED, after.as_deref(), WALKED)?;
            let classes: Vec<&str> = keys.iter().filter_map(|key| key.strip_prefix(UNPLACED)).collect();
            for class in &classes {
                self.forget_old(class)?;
            }
            after = keys.last().cloned();
            if keys.len() < WALKED {
                break;
            }
        }
        Ok(())
    }

    fn forget_old(&mut self, class: &str) -> Result<(), StorageError> {
        let (now, books) = (self.moment.now, &mut self.attendance.books);
        books.unplaced.load(self.world, std::iter::once(class))?;
        let Some(waiting) = books.unplaced.get(class) else { return Ok(()) };
        let newest = waiting.records.values().filter_map(|versions| versions.last());
        let is_old = |record: &&AttendanceRecord| !gives_time(record) && record.updated_at < now - KEPT;
        let old: Vec<AttendanceRecord> = newest.filter(is_old).cloned().collect();
        if old.is_empty() {
            return Ok(());
        }
        for record in &old {
            let waiting = self.attendance.books.unplaced.edit(class);
            waiting.records.remove(record.id.as_str());
            waiting.pushed.remove(record.id.as_str());
            self.attendance.unplaced = self.attendance.unplaced.saturating_sub(1);
            self.forget_place(record)?;
        }
        self.tell_unplaced(class)?;
        self.attendance.books.put_away(self.world)
    }

    /// Replaces the open issues about a class's unplaced records by the present ones. An entry without records is
    /// removed.
    pub(super) fn tell_unplaced(&mut self, class: &str) -> Result<(), StorageError> {
        let books = &mut self.attendance.books;
        let Unplaced { records, mut issues, .. } = books.unplaced.get(class).cloned().unwrap_or_default();
        // DOMAIN §4: the issue is "ended when the last of them has a place, is removed or has its time removed".
        let newest = records.values().filter_map(|versions| versions.last()).filter(|record| gives_time(record));
        let mut places = Places::new(self.rosters, self.moment.settings);
        let now: Vec<Issue> = newest.filter_map(|record| places.of(record).err()?.issue()).collect();
        self.out.exchange_issues(self.world, &mut issues, &now)?;
        if records.is_empty() {
            books.unplaced.remove(class);
        } else {
            books.unplaced.edit(class).issues = issues;
        }
        Ok(())
    }
}

/// Adds a record to those that wait, and answers whether it was not among them. Of one record only what CourseKey lists
/// is kept, or only what one School ID pushed, so that nobody's push can speak for another.
fn keep(waiting: &mut Unplaced, record: AttendanceRecord, pushed_by: Option<SchoolNumber>) -> bool {
    let Unplaced { records, pushed, .. } = waiting;
    let id = record.id.to_string();
    let new = !records.contains_key(&id);
    let versions = records.entry(id.clone()).or_default();
    match pushed_by {
        Some(school) if new => _ = pushed.insert(id, school),
        Some(school) if pushed.get(&id) != Some(&school) => return false,
        None if pushed.remove(&id).is_some() => versions.clear(),
        Some(_) | None => {}
    }
    if versions.iter().any(|held| held.version == record.version) {
        return false;
    }
    versions.push(record);
    arrange(versions, |one, other| one.version.cmp(&other.version));
    if versions.len() > VERSIONS {
        versions.remove(1);
    }
    true
}

/// Those versions of a record that are of the student whom the newest version names.
fn of_one_student(mut versions: Vec<AttendanceRecord>) -> Vec<AttendanceRecord> {
    let student = versions.last().map(|newest| newest.student.clone());
    versions.retain(|held| Some(&held.student) == student.as_ref());
    versions
}
