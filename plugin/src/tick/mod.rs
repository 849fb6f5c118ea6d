//! One tick: find what is due, absorb what changed, send what differs, read attendance, mail what is wrong. The only
//! export that uses the network, and the only writer of everything but what GEGI's two events leave behind.
//!
//! The order is that of DESIGN §4; each step lives in a file of its own and works on the `Tick`.

mod aborted;
mod absorb;
mod adopt;
mod agenda;
mod campus;
mod classes;
mod compare;
mod issues;
mod judge;
mod look;
mod poll;
mod records;
mod schedule;
mod send;
#[cfg(test)]
mod tests;
mod unplaced;

use std::collections::{BTreeMap, BTreeSet};

use self::agenda::Agenda;
use self::campus::Campuses;
pub use self::campus::Tally;
use crate::memory::head::Head;
use crate::memory::{DIRTY, HEAD, Memory, encode};
use crate::model::ids::{CampusId, ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::issue::Issue;
use crate::model::time::{Instant, Seconds};
use crate::settings::{self, Settings};
use crate::world::http::Kind;
use crate::world::records::{CurrentMark, Operation};
use crate::world::{Change, StorageError, World};

/// What a tick may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Items to send at the most; 1 makes the tick work on one course alone.
    pub items: u32,
    /// Seconds the call may take; no request is started after half of them, or the first second.
    pub seconds: u32,
}

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// By kind of request.
    pub tallies: BTreeMap<Kind, Tally>,
    /// Marks written or corrected.
    pub marks_written: u32,
    /// Log rows written or corrected.
    pub log_rows_written: u32,
    /// Issues opened.
    pub issues_opened: u32,
    /// Issues resolved.
    pub issues_resolved: u32,
    /// Call again at once.
    pub more_work: bool,
    /// When there is something to do next.
    pub next_due: Option<Instant>,
}

/// Everything one tick works on.
struct Tick<'w, W> {
    world: &'w mut W,
    now: Instant,
    budget: Budget,
    settings: Settings,
    agenda: Agenda,
    head: Head,
    campuses: Campuses,
    memory: Memory,
    operations: Vec<Operation>,
    changes: Vec<Change>,
    report: Report,
    /// Courses whose last poll is that of this tick, if it goes well.
    closing: Vec<(CampusId, CourseId)>,
    /// People whose account a school of CourseKey's does not know any more.
    lost: BTreeSet<(SchoolNumber, PersonId)>,
    /// Classes to be judged when everything is in.
    to_judge: BTreeSet<ClassId>,
    /// The marks GEGI holds, of classes that were asked for.
    marks: BTreeMap<ClassId, BTreeMap<PersonId, CurrentMark>>,
}

/// Does what is due.
pub fn on_tick(world: &mut impl World, budget: Budget) -> Result<Report, StorageError> {
    let now = world.now();
    let (settings, setting_issues) = settings::check(&world.settings());
    if !settings.enabled {
        return Ok(Report::default());
    }
    let mut agenda = Agenda::read(world, now)?;
    let before = agenda.head.take();
    let mut head = before.clone().unwrap_or_else(|| Head::first(now));
    // Whatever the budget, something can be started: a tick that starts nothing has more work for ever.
    let deadline = now + Seconds(i64::from(budget.seconds) / 2).max(Seconds(1));
    let mut campuses = Campuses::open(std::mem::take(&mut head.campuses), now, deadline, settings.update_every);
    campuses.notice(&settings);
    let memory = Memory::default();
    let mut tick = Tick {
        world,
        now,
        budget,
        settings,
        agenda,
        head,
        campuses,
        memory,
        operations: Vec::new(),
        changes: Vec::new(),
        report: Report::default(),
        closing: Vec::new(),
        lost: BTreeSet::new(),
        to_judge: BTreeSet::new(),
        marks: BTreeMap::new(),
    };
    tick.run(setting_issues)?;
    tick.finish(before.as_ref())
}

impl<W: World> Tick<'_, W> {
    fn run(&mut self, setting_issues: Vec<Issue>) -> Result<(), StorageError> {
        self.set_aside_what_aborts()?;
        self.notice_settings();
        self.compare_with_gegi()?;
        self.walk_all_courses()?;
        let absorbed = self.absorb()?;
        self.take_pushes()?;
        if absorbed {
            self.send_what_is_due()?;
            if self.budget.items <= 1 {
                // From here on no course is worked on.
                self.world.breadcrumb(None);
            }
            self.poll_attendance()?;
        }
        self.judge_what_is_due()?;
        self.update_school_issues(setting_issues)?;
        self.mail_digest()
    }

    /// Stages everything and says when to come back.
    fn finish(mut self, before: Option<&Head>) -> Result<Report, StorageError> {
        self.memory.save(self.world)?;
        self.report.next_due = self.next_due();
        self.report.more_work |= self.agenda.more;
        self.report.tallies = std::mem::take(&mut self.campuses.tallies);
        self.head.campuses = self.campuses.close();
        if before != Some(&self.head) {
            self.changes.push(Change::Put(HEAD.to_owned(), encode(HEAD, &self.head)?));
        }
        if !self.changes.is_empty() {
            self.world.apply(self.changes)?;
        }
        if !self.operations.is_empty() {
            self.world.stage(self.operations)?;
        }
        Ok(self.report)
    }

    /// Clears the dirty note of a course that was absorbed. The host keeps a note that changed since this tick began.
    fn clear_note(&mut self, course: &str) {
        self.changes.push(Change::Delete(format!("{DIRTY}{course}")));
    }
}
