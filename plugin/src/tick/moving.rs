//! Records that CourseKey moves from one class to another, or whose class or student GEGI gets to know. A record has one
//! place at a time, that of its newest version. Not here: what the place makes of a record (`attendance`).
//!
//! DOMAIN §4 "A record that changes its class or its student": "one place at a time: the old place is judged anew as if
//! the record had never been there …; the end state never depends on which versions were read".

use super::places::{class_course, is_synchronized};
use super::records::{Intake, Source};
use crate::attendance::{Desk, Limits};
use crate::following;
use crate::marking::ClassTimes;
use crate::memory::entries::RecordPlace;
use crate::memory::record_id;
use crate::model::attendance::AttendanceRecord;
use crate::model::ids::{ClassId, RecordId, SchoolNumber};
use crate::model::sorted::SortedMap;
use crate::world::{StorageError, Writes};

impl<W: Writes> Intake<'_, W> {
    /// Leaves out the versions of records that a later version has moved elsewhere, takes the records that these versions
    /// move away from their old places, and notes the new places.
    pub(super) fn only_at_their_places(
        &mut self,
        source: &Source,
        mut records: Vec<AttendanceRecord>,
    ) -> Result<Vec<AttendanceRecord>, StorageError> {
        let school = source.school();
        let keys: Vec<String> = records.iter().map(|record| record_id(school, &record.id)).collect();
        self.attendance.books.records.load(self.world, keys.iter().map(String::as_str))?;
        self.load_classes(&records.iter().map(|record| record.class.clone()).collect())?;
        let mut moved: Vec<(ClassId, AttendanceRecord)> = Vec::new();
        records.retain(|record| self.note_place(school, record, &mut moved));
        for (class, record) in moved {
            self.take_away(&class, &record)?;
        }
        Ok(records)
    }

    /// Notes the place of a version, and answers whether the version still says where the record is. `moved` gets the
    /// class in which the record was before.
    fn note_place(
        &mut self,
        school: SchoolNumber,
        record: &AttendanceRecord,
        moved: &mut Vec<(ClassId, AttendanceRecord)>,
    ) -> bool {
        let key = record_id(school, &record.id);
        let held = self.attendance.books.records.get(&key);
        if let Some(held) = held {
            let is_same = held.class == record.class && held.student == record.student;
            if held.version > record.version {
                return is_same;
            }
            if !is_same {
                moved.push((held.class.clone(), record.clone()));
            }
        }
        if self.attendance.books.records.get(&key).is_none() && self.is_elsewhere(&record.class) {
            return true;
        }
        let AttendanceRecord { class, student, version, .. } = record.clone();
        self.attendance.books.records.set(&key, RecordPlace { class, student, version });
        true
    }

    /// Forgets where a record is, at whatever School ID it was read.
    pub(super) fn forget_place(&mut self, record: &AttendanceRecord) -> Result<(), StorageError> {
        let schools = self.moment.settings.campuses.values().map(|campus| campus.school);
        let keys: Vec<String> = schools.map(|school| record_id(school, &record.id)).collect();
        let places = &mut self.attendance.books.records;
        places.load(self.world, keys.iter().map(String::as_str))?;
        for key in &keys {
            places.remove(key);
        }
        Ok(())
    }

    /// Whether GEGI has the class, but in a course that is not synchronized, so that its records concern nobody.
    fn is_elsewhere(&self, class: &ClassId) -> bool {
        class_course(self.rosters, class).is_some() && !is_synchronized(self.rosters, class)
    }

    /// Takes a record away from the class in which it was, as if it had never been there.
    fn take_away(&mut self, class: &ClassId, record: &AttendanceRecord) -> Result<(), StorageError> {
        self.load_classes(&std::iter::once(class.clone()).collect())?;
        if *class != record.class {
            self.take_from_book(class, record)?;
        }
        self.take_from_unplaced(class, &record.id)
    }

    fn take_from_book(&mut self, class: &ClassId, record: &AttendanceRecord) -> Result<(), StorageError> {
        let why = format!("record {} moved to another class", record.id);
        let settings = self.moment.settings;
        let held = class_course(self.rosters, class).and_then(|course| self.rosters.held(course));
        let Some(course) = held.map(|held| &held.course) else { return Ok(()) };
        let scheduled = course.class(class).map(|class| ClassTimes { starts: class.starts, ends: class.ends });
        let Some(followed_until) = following::until(course, settings) else { return Ok(()) };
        self.attendance.ask_marks(self.world, class)?;
        let (nobody, marks) = (SortedMap::new(), &self.attendance.marks);
        let Some(book) = self.attendance.books.classes.change(class.as_str()) else { return Ok(()) };
        let Some(times) = scheduled.or(book.times) else { return Ok(()) };
        let limits = Limits::of(times.ends, settings.follow, settings.settle, followed_until);
        let marks = marks.get(class).unwrap_or(&nobody);
        let desk = Desk { course: &course.id, class, marks, read_until: None, now: self.moment.now };
        if let Some(voided) = book.give_away(&record.id, &why, limits, desk) {
            self.out.operations.extend(voided);
            self.attendance.to_judge.insert(class.clone());
        }
        Ok(())
    }

    /// Takes a record away from those of a class that have no place.
    fn take_from_unplaced(&mut self, class: &ClassId, record: &RecordId) -> Result<(), StorageError> {
        if self.attendance.unplaced == 0 {
            return Ok(());
        }
        self.attendance.books.unplaced.load(self.world, std::iter::once(class.as_str()))?;
        let Some(waiting) = self.attendance.books.unplaced.change(class.as_str()) else { return Ok(()) };
        waiting.pushed.remove(record.as_str());
        if waiting.records.remove(record.as_str()).is_none() {
            return Ok(());
        }
        self.attendance.unplaced = self.attendance.unplaced.saturating_sub(1);
        self.attendance.to_judge.insert(class.clone());
        self.tell_unplaced(class.as_str())
    }
}
