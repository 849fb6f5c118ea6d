//! The shelves of one call, in three groups: rosters (courses and people), books (attendance of classes) and notes
//! (issues for the next mail). Each step of a tick is given only the groups on which it works.

use super::entries::{Claim, ClassEntry, CoursePage, Held, Listed, PersonEntry, RecordPlace, Unplaced};
use super::shelf::Shelf;
use super::{ACCOUNT, COURSE, DIGEST, EMAIL, FETCHED, LEDGER, PAGE, UNPLACED, newer};
use crate::attendance::ClassBook;
use crate::digest::Note;
use crate::guard;
use crate::ledger::{CourseLedger, PersonLedger};
use crate::model::ids::CourseId;
use crate::world::{Change, Reads, StorageError, Writes};

/// Courses and people, as GEGI has them and as CourseKey acknowledged them.
#[derive(Debug)]
pub struct Rosters {
    /// Courses as GEGI sent them. Only `on-course-changed` writes these; the tick reads them.
    pub courses: Shelf<Held>,
    /// Courses as the nightly comparison found them.
    pub fetched: Shelf<Held>,
    /// Status, issues and dates by course.
    pub pages: Shelf<CoursePage>,
    /// The courses' pages of the ledger. A course has none before its first send is started.
    pub ledgers: Shelf<CourseLedger>,
    /// The people and the classes that each course listed when it was last absorbed.
    pub listed: Shelf<Listed>,
    /// People at their newest revision over all courses.
    pub people: Shelf<PersonEntry>,
    /// E-mail addresses and who has them.
    pub claims: Shelf<Claim>,
    /// People's pages of the ledger, by School ID and person.
    pub accounts: Shelf<PersonLedger>,
    /// Which course a class belongs to.
    pub classes: Shelf<ClassEntry>,
    /// How many rows of the school CourseKey holds, and how many of them would leave. The head keeps it.
    pub guarded: guard::School,
}

/// Attendance of classes.
#[derive(Debug)]
pub struct Books {
    /// The books of classes.
    pub classes: Shelf<ClassBook>,
    /// Records that have no place yet, by class.
    pub unplaced: Shelf<Unplaced>,
    /// Where each record was read last, by School ID and record.
    pub records: Shelf<RecordPlace>,
}

/// Notes about issues for the next mail.
#[derive(Debug)]
pub struct Notes {
    /// What the next mail says, by issue.
    pub digest: Shelf<Note>,
    /// Issues that were mailed as open and not yet as resolved.
    pub told: Shelf<()>,
}

impl Default for Rosters {
    fn default() -> Self {
        Self {
            courses: Shelf::new(COURSE),
            fetched: Shelf::new(FETCHED),
            pages: Shelf::new(PAGE),
            ledgers: Shelf::new(LEDGER),
            listed: Shelf::new("listed/"),
            people: Shelf::new("person/"),
            claims: Shelf::new(EMAIL),
            accounts: Shelf::new(ACCOUNT),
            classes: Shelf::new("class/"),
            guarded: guard::School::default(),
        }
    }
}

impl Default for Books {
    fn default() -> Self {
        Self { classes: Shelf::new("attendance/"), unplaced: Shelf::new(UNPLACED), records: Shelf::new("record/") }
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self { digest: Shelf::new(DIGEST), told: Shelf::new("told/") }
    }
}

impl Rosters {
    /// Nothing is loaded; `guarded` is what the school's courses add up to.
    pub fn guarded(guarded: guard::School) -> Self {
        Self { guarded, ..Self::default() }
    }

    /// Loads both sightings of courses, the courses' pages and their pages of the ledger.
    pub fn load_courses<'a>(
        &mut self,
        world: &mut impl Reads,
        ids: impl IntoIterator<Item = &'a CourseId>,
    ) -> Result<(), StorageError> {
        let ids: Vec<&str> = ids.into_iter().map(CourseId::as_str).collect();
        self.courses.load(world, ids.iter().copied())?;
        self.fetched.load(world, ids.iter().copied())?;
        self.pages.load(world, ids.iter().copied())?;
        self.ledgers.load(world, ids.iter().copied())
    }

    /// How many bytes the loaded entries have in the state.
    pub fn bytes(&self) -> usize {
        let courses = self.courses.bytes() + self.fetched.bytes() + self.pages.bytes() + self.ledgers.bytes();
        let people = self.people.bytes() + self.claims.bytes() + self.accounts.bytes();
        courses + people + self.listed.bytes() + self.classes.bytes()
    }

    /// How many entries may have changed.
    pub fn touched(&self) -> usize {
        let courses = self.fetched.touched() + self.pages.touched() + self.ledgers.touched();
        let people = self.people.touched() + self.claims.touched() + self.accounts.touched();
        courses + people + self.listed.touched() + self.classes.touched()
    }

    /// Forgets the entries that cannot have changed. They can be loaded again.
    pub fn forget_untouched(&mut self) {
        self.courses.forget_untouched();
        self.fetched.forget_untouched();
        self.pages.forget_untouched();
        self.ledgers.forget_untouched();
        self.listed.forget_untouched();
        self.people.forget_untouched();
        self.claims.forget_untouched();
        self.accounts.forget_untouched();
        self.classes.forget_untouched();
    }

    /// The keys of courses and people whose values could not be read.
    pub fn take_damaged(&mut self) -> Vec<String> {
        let mut damaged = self.courses.take_damaged();
        damaged.extend(self.fetched.take_damaged());
        damaged.extend(self.pages.take_damaged());
        damaged.extend(self.ledgers.take_damaged());
        damaged.extend(self.listed.take_damaged());
        damaged.extend(self.people.take_damaged());
        damaged.extend(self.claims.take_damaged());
        damaged.extend(self.accounts.take_damaged());
        damaged.extend(self.classes.take_damaged());
        damaged
    }

    /// The newer of the two sightings of a course that was loaded.
    pub fn held(&self, id: &CourseId) -> Option<&Held> {
        newer(self.courses.get(id.as_str()), self.fetched.get(id.as_str()))
    }

    /// The page of a course that was loaded.
    pub fn page(&self, id: &CourseId) -> Option<&CoursePage> {
        self.pages.get(id.as_str())
    }

    /// The page of the ledger of a course that was loaded.
    pub fn ledger(&self, id: &CourseId) -> Option<&CourseLedger> {
        self.ledgers.get(id.as_str())
    }

    /// The page of the ledger of a course that was loaded, to be changed.
    pub fn ledger_mut(&mut self, id: &CourseId) -> Option<&mut CourseLedger> {
        self.ledgers.change(id.as_str())
    }

    /// Adds to `changes` a change of the state for every entry that changed. A course as GEGI sent it is not the tick's to
    /// write, but one that is over is removed: a removal gives way to what GEGI sends meanwhile.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        self.courses.collect(changes)?;
        self.fetched.collect(changes)?;
        self.pages.collect(changes)?;
        self.ledgers.collect(changes)?;
        self.listed.collect(changes)?;
        self.people.collect(changes)?;
        self.claims.collect(changes)?;
        self.accounts.collect(changes)?;
        self.classes.collect(changes)
    }
}

impl Books {
    /// Stages what changed and forgets it, so that the memory is free for other books. They can be loaded again.
    pub fn put_away(&mut self, world: &mut impl Writes) -> Result<(), StorageError> {
        let mut changes = Vec::new();
        self.collect(&mut changes)?;
        if !changes.is_empty() {
            world.apply(changes)?;
        }
        self.classes.forget_untouched();
        self.unplaced.forget_untouched();
        self.records.forget_untouched();
        Ok(())
    }

    /// The keys of books whose values could not be read.
    pub fn take_damaged(&mut self) -> Vec<String> {
        let mut damaged = self.classes.take_damaged();
        damaged.extend(self.unplaced.take_damaged());
        damaged.extend(self.records.take_damaged());
        damaged
    }

    /// Adds to `changes` a change of the state for every entry that changed.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        self.classes.collect(changes)?;
        self.unplaced.collect(changes)?;
        self.records.collect(changes)
    }
}

impl Notes {
    /// Adds to `changes` a change of the state for every entry that changed.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        self.digest.collect(changes)?;
        self.told.collect(changes)
    }
}
