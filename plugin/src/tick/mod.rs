//! The call `on-tick`: finds the work that is due, absorbs courses that changed, carries out plans, reads attendance,
//! judges classes, mails issues. `on-tick` is the only call that uses the network, and it writes every key of the state
//! but the courses, dirty notes and pushes that the two events of GEGI and CourseKey leave behind.
//!
//! The order of the steps is that of DESIGN §4. A tick loads, sends and stores; the rooms above decide. Each step lives
//! in a file of its own, is given only what it works on, and answers its result, so that no two steps share fields.
//!
//! | Step | Loads and stores | Decided by |
//! |---|---|---|
//! | `agenda` | notes, pushes, the due index | |
//! | `aborted`, `compare`, `absorb`, `classes` | courses, people, claims | `option`, `people` |
//! | `facts`, `send`, `adopt`, `settle` | ledgers, pages of courses | `look`, `plan`, `following` |
//! | `records`, `moving`, `unplaced`, `poll`, `judge` | books of classes | `attendance` |
//! | `outgoing` | notes for the next mail | `digest` |
//! | `campus` | the state of each campus | |

mod aborted;
mod absorb;
mod adopt;
mod agenda;
mod campus;
mod classes;
mod compare;
mod facts;
mod judge;
mod moment;
mod moving;
mod outgoing;
mod poll;
mod records;
mod send;
mod settle;
#[cfg(test)]
mod tests;
mod unplaced;

use std::collections::BTreeMap;

use self::agenda::{Agenda, Known};
use self::campus::Campuses;
pub use self::campus::Tally;
use self::moment::Moment;
use self::outgoing::Outgoing;
use self::poll::Poll;
use self::records::{Attendance, Intake};
use self::send::{Sending, Sent};
use crate::memory::followed::Followed;
use crate::memory::head::Head;
use crate::memory::{Books, HEAD, Notes, Rosters};
use crate::model::time::Instant;
use crate::settings::{self, CampusSettings};
use crate::world::network::Kind;
use crate::world::records::Operation;
use crate::world::{Change, StorageError, World, Writes};

/// How much one tick may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// The most items to send. With 1 the tick works on one course alone.
    pub items: u32,
    /// The seconds that the call may take. No request is started after half of them, but within the first second
    /// requests are started whatever the budget.
    pub seconds: u32,
}

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// A tally for each kind of request that was used.
    pub tallies: BTreeMap<Kind, Tally>,
    /// How many looks at courses were made.
    pub looks: u32,
    /// Marks written, corrected or withdrawn.
    pub marks_written: u32,
    /// Log rows written, corrected or voided.
    pub log_rows_written: u32,
    /// Issues opened.
    pub issues_opened: u32,
    /// Issues resolved.
    pub issues_resolved: u32,
    /// Whether work is left, so that the host should call again at once.
    pub more_work: bool,
    /// When the next tick has something to do; none: not before something changes.
    pub next_due: Option<Instant>,
}

/// Does the work that is due.
pub fn on_tick(world: &mut impl World, budget: Budget) -> Result<Report, StorageError> {
    let (settings, setting_issues) = settings::check(&world.settings());
    if !settings.enabled {
        return Ok(Report::default());
    }
    let moment = Moment { now: world.now(), settings: &settings, budget };
    let (mut agenda, Known { head: before, mut followed }) = agenda::read(world, moment.now)?;
    let mut head = before.clone().unwrap_or_else(|| Head::first(moment.now));
    let mut campuses = Campuses::open(std::mem::take(&mut head.campuses), moment);
    let (mut rosters, mut out) = (Rosters::default(), Outgoing::new(moment.now, head.digest.waiting));

    campuses.notice(&settings);
    aborted::set_aside(world, moment, &mut rosters, &mut agenda, &mut out)?;
    compare::notice_settings(&mut head, moment);
    compare::with_gegi(world, moment, &mut head.comparison, &mut rosters, &mut agenda)?;
    compare::all_courses(world, moment, &mut head.reindex, &mut rosters, &mut agenda)?;
    let absorbed = absorb::absorb(world, moment, &mut rosters, &mut agenda)?;

    let mut attendance = Attendance::begin(&mut head, absorbed.to_judge);
    let mut intake = Intake { world, moment, rosters: &mut rosters, attendance: &mut attendance, out: &mut out };
    intake.retry_unplaced(&absorbed.courses)?;
    intake.take_pushes(&mut agenda, poll::schools_that_push(&settings, &campuses))?;
    let mut looks = 0;
    if absorbed.all {
        let sent = Sending {
            world,
            moment,
            campuses: &mut campuses,
            rosters: &mut rosters,
            agenda: &mut agenda,
            followed: &mut followed,
            out: &mut out,
            sent: Sent::default(),
        }
        .send()?;
        looks = sent.looks;
        attendance.to_judge.extend(sent.to_judge);
        if moment.is_alone() {
            // From here on the tick works on no single course that could abort the call.
            world.breadcrumb(None);
        }
        let intake = Intake { world, moment, rosters: &mut rosters, attendance: &mut attendance, out: &mut out };
        let (campuses, followed, agenda) = (&mut campuses, &mut followed, &mut agenda);
        Poll { intake, campuses, followed, agenda, closing: sent.closing }.read()?;
    }
    let intake = Intake { world, moment, rosters: &mut rosters, attendance: &mut attendance, out: &mut out };
    let written = judge::judge(intake, (&campuses, &followed), &mut agenda, &head.thresholds)?;

    if attendance.received > 0 {
        campuses.tally(Kind::Attendance).items += attendance.received;
    }
    let books = attendance.end(&mut head);
    out.tell_of_school(world, &mut head, &campuses, setting_issues)?;
    if out.waiting && !agenda.again && !agenda.more {
        out.mail(world, moment, &mut head.digest)?;
    }
    head.digest.waiting = out.waiting;
    let report = Report {
        tallies: std::mem::take(&mut campuses.tallies),
        looks,
        marks_written: written.marks,
        log_rows_written: written.rows,
        issues_opened: out.opened,
        issues_resolved: out.resolved,
        more_work: agenda.again || agenda.more,
        next_due: next_due(moment, &agenda, &campuses, &followed, &head),
    };
    head.campuses = campuses.close();
    let (notes, operations) = out.into_parts();
    let head = Some(head).filter(|head| before.as_ref() != Some(head));
    store(world, Loaded { head, followed, agenda, rosters, books, notes }, operations)?;
    Ok(report)
}

/// When the next tick has something to do: the next course in the due index, the next poll, the next nightly
/// comparison, or the next mail.
fn next_due(
    moment: Moment<'_>,
    agenda: &Agenda,
    campuses: &Campuses,
    followed: &Followed,
    head: &Head,
) -> Option<Instant> {
    let polled = moment
        .settings
        .campuses
        .values()
        .filter(|campus| poll::reads_for_courses(moment.settings, followed, &campus.id, campus.school));
    let poll =
        |campus: &CampusSettings| campuses.read_again_at(&campus.id, followed.closely(campus.school, moment.now));
    let comparison = Some(head.comparison.next);
    let digest = head.digest.not_before.filter(|_| head.digest.waiting);
    let dates = [agenda.next, polled.map(poll).min(), comparison, digest];
    dates.into_iter().flatten().min().map(|at| at.max(moment.now))
}

/// Everything that a tick loaded, to be stored where it changed.
struct Loaded {
    /// The head; none: the head did not change.
    head: Option<Head>,
    followed: Followed,
    agenda: Agenda,
    rosters: Rosters,
    books: Books,
    notes: Notes,
}

/// Stages the changes of the state and the operations on GEGI's records.
fn store(world: &mut impl Writes, loaded: Loaded, operations: Vec<Operation>) -> Result<(), StorageError> {
    let Loaded { head, followed, agenda, mut rosters, mut books, mut notes } = loaded;
    let mut changes = Vec::new();
    rosters.collect(&mut changes)?;
    books.collect(&mut changes)?;
    notes.collect(&mut changes)?;
    followed.collect(&mut changes)?;
    changes.extend(agenda.into_changes());
    if let Some(head) = head {
        changes.push(Change::Put(HEAD.to_owned(), head.write()?));
    }
    if !changes.is_empty() {
        world.apply(changes)?;
    }
    if !operations.is_empty() {
        world.stage(operations)?;
    }
    Ok(())
}
