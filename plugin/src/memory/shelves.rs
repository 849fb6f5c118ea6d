//! The shelves of one call, in three groups: what is known of courses and people, what is known of attendance, and what is
//! told of issues. Each step of a tick is given the groups it works on.

use super::entries::{Claim, ClassEntry, CoursePage, Held, Listed, PersonEntry, Unplaced};
use super::shelf::Shelf;
use super::{COURSE, DIGEST, FETCHED, LEDGER, PAGE, newer};
use crate::attendance::ClassBook;
use crate::digest::Note;
use crate::ledger::{CourseLedger, PersonLedger};
use crate::model::ids::CourseId;
use crate::world::{Change, Reads, StorageError};

/// Courses and people, as GEGI has them and as CourseKey acknowledged them.
#[derive(Debug)]
pub struct Rosters {
    /// Courses as GEGI sent them. Not the tick's to write.
    pub courses: Shelf<Held>,
    /// Courses as the nightly comparison found them.
    pub fetched: Shelf<Held>,
    /// Status, issues and dates by course.
    pub pages: Shelf<CoursePage>,
    /// What CourseKey acknowledged of a course; none before the first send is started.
    pub ledgers: Shelf<CourseLedger>,
    /// Whom and which classes a course listed when it was last absorbed.
    pub listed: Shelf<Listed>,
    /// People.
    pub people: Shelf<PersonEntry>,
    /// E-mail addresses and who has them.
    pub claims: Shelf<Claim>,
    /// Accounts by school and person.
    pub accounts: Shelf<PersonLedger>,
    /// Which course a class belongs to.
    pub classes: Shelf<ClassEntry>,
}

/// Attendance.
#[derive(Debug)]
pub struct Books {
    /// By class.
    pub classes: Shelf<ClassBook>,
    /// Records that have no place yet, by class.
    pub unplaced: Shelf<Unplaced>,
}

/// What is told of issues.
#[derive(Debug)]
pub struct Notes {
    /// What the next mail tells, by issue.
    pub digest: Shelf<Note>,
    /// Issues the school was told of, until it is told that they are resolved.
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
            claims: Shelf::new("email/"),
            accounts: Shelf::new("account/"),
            classes: Shelf::new("class/"),
        }
    }
}

impl Default for Books {
    fn default() -> Self {
        Self { classes: Shelf::new("attendance/"), unplaced: Shelf::new("unplaced/") }
    }
}

impl Default for Notes {
    fn default() -> Self {
        Self { digest: Shelf::new(DIGEST), told: Shelf::new("told/") }
    }
}

impl Rosters {
    /// Loads both sightings of courses, their pages and their ledgers.
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

    /// The newer of the two sightings of a course that was loaded.
    pub fn held(&self, id: &CourseId) -> Option<&Held> {
        newer(self.courses.get(id.as_str()), self.fetched.get(id.as_str()))
    }

    /// The page of a course that was loaded.
    pub fn page(&self, id: &CourseId) -> Option<&CoursePage> {
        self.pages.get(id.as_str())
    }

    /// The ledger of a course that was loaded.
    pub fn ledger(&self, id: &CourseId) -> Option<&CourseLedger> {
        self.ledgers.get(id.as_str())
    }

    /// The same, to be changed.
    pub fn ledger_mut(&mut self, id: &CourseId) -> Option<&mut CourseLedger> {
        self.ledgers.change(id.as_str())
    }

    /// Adds what changed to `changes`.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
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
    /// Adds what changed to `changes`.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        self.classes.collect(changes)?;
        self.unplaced.collect(changes)
    }
}

impl Notes {
    /// Adds what changed to `changes`.
    pub fn collect(&mut self, changes: &mut Vec<Change>) -> Result<(), StorageError> {
        self.digest.collect(changes)?;
        self.told.collect(changes)
    }
}
