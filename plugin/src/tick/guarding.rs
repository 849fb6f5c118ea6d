//! Asks the guard about each look, before anything of its plan is locked or sent, keeps what it holds, and carries out what
//! was decided. Not here: what is held (`guard`), and whether a decision is taken (`review::decide`).

use super::agenda::Agenda;
use super::moment::Moment;
use super::outgoing::Outgoing;
use crate::desired::{self, Cause, Leaving};
use crate::guard::{self, APPROVED_FOR, Accident, Counts, Decided, Hold, Kind, Opinion, Rows};
use crate::ledger::{CourseLedger, Session};
use crate::look::{Look, Rest};
use crate::memory::Rosters;
use crate::memory::entries::CoursePage;
use crate::model::course::Course;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::option::Resolved;
use crate::plan::{Action, Plan, Reason, Waiting, Why, Write};
use crate::review::decide::{Taken, Verdict};
use crate::review::holds;
use crate::status::Trouble;
use crate::window::{self, Phase};
use crate::world::records::{JournalEntry, Operation};
use crate::world::{Reads, StorageError};

/// What leaves a course of which CourseKey holds something and may still be sent something; none: there is no such
/// course.
fn leaving(rosters: &Rosters, moment: Moment<'_>, id: &CourseId) -> Option<Leaving> {
    let held = rosters.held(id).filter(|held| held.option == Resolved::On)?;
    let campus = moment.settings.campuses.get(&held.course.campus)?;
    let zone = campus.zone?;
    let is_here = |ledger: &&CourseLedger| ledger.acknowledged() && ledger.school == campus.school;
    let ledger = rosters.ledger(id).filter(is_here)?;
    let phase = window::sync_window(&held.course, moment.settings, zone).phase(moment.now);
    (phase != Phase::Over).then(|| desired::leaving(&held.course, held.removed, ledger, moment.now, zone))
}

/// Counts a course anew, of which something changed in GEGI or in CourseKey.
pub(super) fn recount(rosters: &mut Rosters, moment: Moment<'_>, id: &CourseId) {
    let leaving = leaving(rosters, moment, id);
    let before = rosters.page(id).map(|page| page.counts).unwrap_or_default();
    let counted = |leaving: &Leaving| Counts {
        students: rows(leaving, Kind::Students, &decided(rosters, id, Kind::Students), moment).0,
        classes: rows(leaving, Kind::Classes, &decided(rosters, id, Kind::Classes), moment).0,
    };
    let now = leaving.as_ref().map(counted).unwrap_or_default();
    if now != before {
        rosters.guarded.recount(before, now);
        rosters.pages.edit(id.as_str()).counts = now;
    }
}

fn decided(rosters: &Rosters, id: &CourseId, kind: Kind) -> Decided {
    rosters.page(id).and_then(|page| page.decided.get(&kind)).cloned().unwrap_or_default()
}

/// The rows of a kind in numbers, and those of which nothing was decided, each with what GEGI says of it.
fn rows(leaving: &Leaving, kind: Kind, decided: &Decided, moment: Moment<'_>) -> (Rows, SortedMap<String, Cause>) {
    let (all, held) = match kind {
        Kind::Students => (named(leaving.students.iter()), leaving.enrolled),
        Kind::Classes => (named(leaving.classes.iter()), leaving.scheduled),
    };
    let open: SortedMap<String, Cause> =
        all.into_iter().filter(|(row, _)| decided.leaves_open(row, moment.now)).collect();
    let count =
        |cause: Cause| u32::try_from(open.values().filter(|other| **other == cause).count()).unwrap_or(u32::MAX);
    let (vanished, stopped) = (count(Cause::Vanished), count(Cause::Stopped));
    (Rows { held, vanished, stopped, course_removed: leaving.course_removed }, open)
}

fn named<'a, T: ToString + 'a>(rows: impl Iterator<Item = (&'a T, &'a Cause)>) -> Vec<(String, Cause)> {
    rows.map(|(row, cause)| (row.to_string(), *cause)).collect()
}

/// The look with what the guard holds taken out of its plan. What is held is noted on the course's page.
pub(super) fn guarded(rosters: &mut Rosters, moment: Moment<'_>, id: &CourseId, mut look: Look) -> Look {
    let is_unreachable = matches!(look.rest, Some(Rest::CampusUnknown | Rest::ZoneUnknown | Rest::CampusChanged));
    if is_unreachable {
        // Nothing is sent as long as that lasts, and what is held, or was decided, waits for its end.
        return look;
    }
    let leaving = if look.address.is_some() { leaving(rosters, moment, id) } else { None };
    let mut holds = SortedMap::new();
    let mut kept = SortedMap::new();
    for kind in Kind::ALL {
        let Some(leaving) = &leaving else { break };
        let mut decided = decided(rosters, id, kind);
        let leaves = |row: &str| match kind {
            Kind::Students => leaving.students.keys().any(|student| student.as_str() == row),
            Kind::Classes => leaving.classes.keys().any(|class| class.as_str() == row),
        };
        decided.keep_to(leaves, moment.now);
        let before = rosters.page(id).and_then(|page| page.holds.get(&kind)).cloned();
        let hold = hold(leaving, kind, &decided, before, rosters.guarded.of(kind), moment);
        withhold(&mut look.plan, kind, hold.as_ref(), &decided);
        if let (Some(hold), Some(held)) = (&hold, rosters.held(id)) {
            tell(&mut look, &held.course, kind, hold);
        }
        holds.extend(hold.map(|hold| (kind, hold)));
        if decided != Decided::default() {
            kept.insert(kind, decided);
        }
    }
    let is_as_before = |rosters: &Rosters| {
        rosters.page(id).map_or(holds.is_empty() && kept.is_empty(), |page| page.holds == holds && page.decided == kept)
    };
    if !is_as_before(rosters) {
        let page = rosters.pages.edit(id.as_str());
        for kind in Kind::ALL {
            rosters.guarded.hold(kind, page.holds.contains_key(&kind), holds.contains_key(&kind));
        }
        (page.holds, page.decided) = (holds, kept);
    }
    look
}

/// What the guard holds of a kind. A hold lasts until its last row was decided or GEGI's list has it again; what was
/// decided meanwhile counts as if it were still open, so that the rest does not slip out.
fn hold(
    leaving: &Leaving,
    kind: Kind,
    decided: &Decided,
    before: Option<Hold>,
    school: guard::Total,
    moment: Moment<'_>,
) -> Option<Hold> {
    let (mut rows, open) = rows(leaving, kind, decided, moment);
    let count = before.as_ref().map_or(0, |before| before.decided);
    rows.held = rows.held.max(before.as_ref().map_or(0, |before| before.held));
    match before.as_ref().map(|before| before.accident) {
        Some(Accident::Stopped) => rows.stopped += count,
        Some(_) => rows.vanished += count,
        None => {}
    }
    let Opinion { vanished, stopped } = guard::opinion(rows, school, &moment.settings.guard);
    let is_held = |cause: Cause| match cause {
        Cause::Vanished => vanished.is_some(),
        Cause::Stopped => stopped.is_some(),
        Cause::Ended => false,
    };
    let held: SortedSet<String> = open.into_iter().filter(|(_, cause)| is_held(*cause)).map(|(row, _)| row).collect();
    let accident = vanished.or(stopped).filter(|_| !held.is_empty())?;
    let since = before.map_or(moment.now, |before| before.since);
    Some(Hold { since, accident, rows: held, held: rows.held, decided: count })
}

/// Takes out of a plan what is held of a kind, what was decided to stay, and while something is held what is new.
fn withhold(plan: &mut Plan, kind: Kind, hold: Option<&Hold>, decided: &Decided) {
    let why = |action: &Action| {
        let (row, leaves) = row_of(action, kind)?;
        match hold {
            _ if leaves && decided.kept.contains(&row) => Some(Why::Kept),
            Some(hold) if leaves && hold.rows.contains(&row) => Some(Why::Held),
            Some(_) if !leaves && matches!(action.reason, Reason::New | Reason::Back) => Some(Why::Held),
            _ => None,
        }
    };
    let mut waiting = Vec::new();
    plan.actions.retain(|action| {
        let why = why(action);
        waiting.extend(why.clone().map(|why| Waiting { item: action.item(), why }));
        why.is_none()
    });
    plan.waiting.extend(waiting);
}

/// The row of a kind that an action is about, and whether it makes the row leave; none: the action is about something
/// else.
fn row_of(action: &Action, kind: Kind) -> Option<(String, bool)> {
    match (&action.write, kind) {
        (Write::Enrollment(person, enrollment), Kind::Students) => Some((person.to_string(), enrollment.dropped)),
        (Write::User { person, .. }, Kind::Students) if action.job == crate::plan::Job::Students => {
            Some((person.to_string(), false))
        }
        (Write::Session(class, session), Kind::Classes) => Some((class.to_string(), *session == Session::Removed)),
        _ => None,
    }
}

/// Adds the issue and the trouble about what is held.
fn tell(look: &mut Look, course: &Course, kind: Kind, hold: &Hold) {
    let (number, of) = (hold.rows.len(), usize::try_from(hold.held).unwrap_or(usize::MAX));
    let what = match kind {
        Kind::Students => "student",
        Kind::Classes => "class",
    };
    let subject =
        Subject { course: Some(course.id.clone()), detail: Some(kind.name().to_owned()), ..Subject::default() };
    let sentence = holds::sentence(course, kind, hold);
    look.issues.push(Issue { code: Code::RemovalsHeld, subject, sentence });
    look.troubles.push(Trouble::new(
        what,
        number,
        of,
        "held as a possible accident until somebody decides under Holds",
    ));
}

/// Takes the decisions that wait. One that is not about what is held now changes nothing but the journal.
pub(super) fn take_decisions(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    out: &mut Outgoing,
) -> Result<(), StorageError> {
    let waiting = std::mem::take(&mut agenda.decided);
    rosters.load_courses(world, waiting.iter().map(|(course, _)| course))?;
    for (course, decisions) in waiting {
        let holds = rosters.page(&course).map(|page| page.holds.clone()).unwrap_or_default();
        for decision in decisions {
            let hold = holds.get(&decision.kind).filter(|hold| hold.hash(&course, decision.kind) == decision.hash);
            if hold.is_some() {
                let taken = take(rosters.pages.edit(course.as_str()), &decision, moment);
                rosters.guarded.decide(decision.kind, taken);
            }
            let entries = decision.rows.iter().map(|row| entry(&course, &decision, row, hold.is_some(), moment));
            out.operations.extend(entries.map(Operation::Journal));
        }
        agenda.clear_decided(&course);
        agenda.look_by(rosters, &course, moment.now, moment.now);
    }
    Ok(())
}

/// Takes a decision; answers about how many rows it is.
fn take(page: &mut CoursePage, decision: &Taken, moment: Moment<'_>) -> u64 {
    let Some(hold) = page.holds.get_mut(&decision.kind) else { return 0 };
    let before = hold.decided;
    let decided = page.decided.entry(decision.kind).or_default();
    for row in &decision.rows {
        if !hold.rows.remove(row) {
            continue;
        }
        hold.decided += 1;
        match decision.verdict {
            Verdict::Approve => _ = decided.approved.insert(row.clone(), moment.now + APPROVED_FOR),
            Verdict::Discard => _ = decided.kept.insert(row.clone()),
        }
    }
    u64::from(hold.decided - before)
}

/// The line of the System Journal about a row that was decided.
fn entry(course: &CourseId, decision: &Taken, row: &str, is_taken: bool, moment: Moment<'_>) -> JournalEntry {
    let verdict = match decision.verdict {
        Verdict::Approve => "approved",
        Verdict::Discard => "discarded",
    };
    let failed = if is_taken { "" } else { ", and not carried out: something else was held by then" };
    let (class, person) = match decision.kind {
        Kind::Students => (None, Some(PersonId::from(row))),
        Kind::Classes => (Some(ClassId::from(row)), None),
    };
    JournalEntry {
        at: moment.now,
        what: "decision",
        course: Some(course.clone()),
        class,
        person,
        old: None,
        new: Some(verdict.to_owned()),
        by: format!("decided under Holds by {}{failed}", decision.by),
        record: None,
    }
}
