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
//! | `guarding` | what is held of a course, and what was decided | `guard` |
//! | `resending` | what somebody wants to be sent again | |
//! | `facts`, `send`, `adopt`, `settle` | ledgers, pages of courses | `look`, `plan`, `following` |
//! | `records`, `moving`, `unplaced`, `poll`, `judge` | books of classes | `attendance` |
//! | `free` | whatever is kept of a course that is long over | |
//! | `outgoing` | notes for the next mail | `digest` |
//! | `campus` | the state of each campus | |
//!
//! `foresee` is no step: it finds out for `preview` what the steps up to the guard would do, and stores nothing.

mod aborted;
mod absorb;
mod adopt;
mod agenda;
mod campus;
mod classes;
mod compare;
mod facts;
pub mod foresee;
mod free;
mod guarding;
mod judge;
mod moment;
mod moving;
mod outgoing;
mod places;
mod poll;
mod records;
mod resending;
mod send;
mod settle;
mod size;
mod store;
#[cfg(test)]
mod tests;
mod unplaced;

use self::agenda::{Agenda, Known};
use self::campus::Campuses;
pub use self::campus::Tally;
use self::free::Freeing;
use self::moment::Moment;
use self::outgoing::Outgoing;
use self::poll::Poll;
use self::records::{Attendance, Intake};
use self::send::{Handover, Sending, Sent};
use self::size::Size;
use self::store::{Loaded, store};
use crate::memory::followed::Followed;
use crate::memory::head::Head;
use crate::memory::{Books, EMAIL, Rosters};
use crate::model::fingerprint::fingerprint;
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::SortedMap;
use crate::model::time::Instant;
use crate::settings::{self, CampusSettings};
use crate::world::network::Kind;
use crate::world::{Reads, StorageError, World};

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
    pub tallies: SortedMap<Kind, Tally>,
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
    let (settings, mut setting_issues) = settings::check(&world.settings()?);
    if !settings.enabled {
        return Ok(Report::default());
    }
    let (budget, now) = (after_abort(world, budget), world.now());
    let (mut agenda, Known { head: before, mut followed }) = agenda::read(world, now)?;
    let mut head = before.clone().unwrap_or_else(|| Head::first(now));
    let size = Size::of(budget, head.caution);
    let moment = Moment { now, settings: &settings, budget, size };
    let mut campuses = Campuses::open(std::mem::take(&mut head.campuses), moment);
    let is_night = now >= head.comparison.next;
    let (mut rosters, mut out) = (Rosters::guarded(head.guarded), Outgoing::new(moment.now, head.digest.waiting));

    campuses.notice(&settings);
    if aborted::set_aside(world, moment, &mut head, &mut rosters, &mut agenda, &mut out)? {
        let report = Report { more_work: true, ..counted(judge::Written::default(), &out) };
        (head.campuses, head.digest.waiting) = (campuses.into_states(), out.waiting);
        let (head, books, (notes, operations)) = (Some(head), Books::default(), out.into_parts());
        store(world, Loaded { head, followed, agenda, rosters, books, notes }, operations)?;
        return Ok(report);
    }
    guarding::take_decisions(world, moment, &mut rosters, &mut agenda, &mut out)?;
    resending::take(world, moment, &mut rosters, &mut agenda, &mut out)?;
    compare::walk(world, moment, &mut head, &mut rosters, &mut agenda)?;
    let absorbed = absorb::absorb(world, moment, &mut rosters, &mut agenda)?;
    aborted::read_freed(moment, &mut campuses, &rosters, &absorbed.freed);

    let mut attendance = Attendance::begin(&mut head, absorbed.to_judge);
    let intake = Intake { world, moment, rosters: &mut rosters, attendance: &mut attendance, out: &mut out };
    intake.take_in(&absorbed.courses, &mut agenda)?;
    let (mut looks, revision) = (0, revision(&head, now));
    if absorbed.all {
        let sent = Sending {
            world,
            moment,
            campuses: &mut campuses,
            rosters: &mut rosters,
            agenda: &mut agenda,
            followed: &mut followed,
            out: &mut out,
            revision,
            handover: Handover::default(),
            sent: Sent::default(),
        }
        .send()?;
        looks = sent.looks;
        head.sent_as = if sent.posted { revision } else { head.sent_as };
        attendance.to_judge.extend(sent.to_judge);
        moment.note_nothing(world);
        let intake = Intake { world, moment, rosters: &mut rosters, attendance: &mut attendance, out: &mut out };
        let (campuses, followed, agenda) = (&mut campuses, &mut followed, &mut agenda);
        Poll { intake, campuses, followed, agenda, closing: sent.closing }.read()?;
    }
    let intake = Intake { world, moment, rosters: &mut rosters, attendance: &mut attendance, out: &mut out };
    let written = judge::judge(intake, (&campuses, &followed), &mut agenda, &head.thresholds)?;
    let intake = Intake { world, moment, rosters: &mut rosters, attendance: &mut attendance, out: &mut out };
    Freeing { intake, agenda: &mut agenda }.free(is_night)?;

    count_records(&mut campuses, &attendance);
    tell_of_damage(&mut head, rosters.take_damaged().into_iter().chain(attendance.books.take_damaged()), now);
    let (books, is_done) = (attendance.end(&mut head), !agenda.again && !agenda.more);
    campuses.close(absorbed.all && is_done);
    setting_issues.extend(campuses.issues(&settings));
    tell_school(world, moment, &mut head, &mut out, setting_issues, is_done)?;
    let next_due = next_due(moment, &agenda, &campuses, &followed, &head);
    let tallies = std::mem::take(&mut campuses.tallies);
    let report = Report { looks, tallies, more_work: agenda.again || agenda.more, next_due, ..counted(written, &out) };
    (head.campuses, head.guarded) = (campuses.into_states(), rosters.guarded);
    head.caution = size.caution_after(head.caution, report.more_work);
    let (notes, operations) = out.into_parts();
    let head = Some(head).filter(|head| before.as_ref() != Some(head));
    store(world, Loaded { head, followed, agenda, rosters, books, notes }, operations)?;
    Ok(report)
}

/// The revision of everything that this tick sends. CourseKey refuses a lower one than it has. GEGI's may become lower, and
/// so may the clock.
fn revision(head: &Head, now: Instant) -> u64 {
    u64::try_from(now.0).unwrap_or_default().max(head.sent_as)
}

/// Tells of the school as a whole, and mails once nothing is left to do.
fn tell_school(
    world: &mut impl World,
    moment: Moment<'_>,
    head: &mut Head,
    out: &mut Outgoing,
    mut issues: Vec<Issue>,
    is_done: bool,
) -> Result<(), StorageError> {
    issues.extend(storage_issue(world, head));
    out.tell_of_school(world, head, issues)?;
    if out.waiting && is_done {
        out.mail(world, moment, &mut head.digest)?;
    }
    head.digest.waiting = out.waiting;
    Ok(())
}

/// The budget of this tick. After an aborted tick one item is taken, whatever the host's budget says, so that the item
/// that aborts is found.
fn after_abort(world: &mut impl World, budget: Budget) -> Budget {
    let items = if world.last_aborted().is_some() { 1 } else { budget.items };
    Budget { items, ..budget }
}

fn count_records(campuses: &mut Campuses, attendance: &Attendance) {
    if attendance.received > 0 || attendance.foreign > 0 {
        let tally = campuses.tally(Kind::Attendance);
        tally.items += attendance.received;
        tally.rejected += attendance.foreign;
    }
}

/// The part of a report that counts what is written into GEGI.
fn counted(written: judge::Written, out: &Outgoing) -> Report {
    Report {
        marks_written: written.marks,
        log_rows_written: written.rows,
        issues_opened: out.opened,
        issues_resolved: out.resolved,
        ..Report::default()
    }
}

/// When the next tick has something to do: the next course in the due index, the next poll, the next list to be told
/// of, the next nightly comparison, or the next mail.
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
    let poll = |campus: &CampusSettings| {
        let closely = followed.closely(campus.school, campuses.read_up_to(&campus.id));
        campuses.read_again_at(&campus.id, closely)
    };
    let comparison = Some(head.comparison.next);
    let digest = head.digest.not_before.filter(|_| head.digest.waiting);
    let dates = [agenda.next, polled.map(poll).min(), campuses.next_silence(), comparison, digest];
    dates.into_iter().flatten().min().map(|at| at.max(moment.now))
}

/// Tells the school which stored values could not be read. What they held is made anew.
fn tell_of_damage(head: &mut Head, keys: impl Iterator<Item = String>, now: Instant) {
    for key in keys {
        // The key of an address is the address itself, which is nobody's business here.
        let named = if key.starts_with(EMAIL) { "an e-mail address" } else { &key };
        let sentence = format!("what was stored of {named} could not be read and is made anew");
        head.tell_for_a_day(Code::StateDamaged, fingerprint(key.as_bytes()), sentence, now);
    }
}

/// From which share of the storage on, in percent, the school is told that it fills up, and from which share down it is
/// told that it does no more.
const FILLS_UP: (u64, u64) = (80, 75);

/// The issue that the school's storage fills up; none: it does not.
fn storage_issue(world: &mut impl Reads, head: &Head) -> Option<Issue> {
    let is_told = head.issues.values().any(|issue| issue.code == Code::StorageFillsUp);
    let most = if is_told { FILLS_UP.1 } else { FILLS_UP.0 };
    let usage = world.usage();
    let takes_no_more = if usage.has_room() { "" } else { "; no new course is taken on" };
    let sentence = format!("{} % of the school's storage is used{takes_no_more}", usage.percent() / 5 * 5);
    (usage.percent() >= most).then(|| Issue { code: Code::StorageFillsUp, subject: Subject::default(), sentence })
}
