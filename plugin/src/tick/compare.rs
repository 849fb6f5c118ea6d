//! The two walks over all courses. The nightly comparison with GEGI's list finds courses whose event was lost. The walk
//! after a change of settings makes every course due, so that its dates are set anew. Both walks go in steps, tick by
//! tick.

use super::agenda::Agenda;
use super::moment::Moment;
use crate::ledger::CourseLedger;
use crate::lines;
use crate::memory::entries::Held;
use crate::memory::head::{Comparison, Head, Walk};
use crate::memory::{COURSE, FETCHED, Rosters};
use crate::model::ids::CourseId;
use crate::option;
use crate::world::{Reads, StorageError};

/// How many courses one tick compares, or makes due.
const STEP: u32 = 500;

/// Begins a walk over all courses if the settings changed in a way that dates courses differently.
pub(super) fn notice_settings(head: &mut Head, moment: Moment<'_>) {
    let Moment { now, settings, .. } = moment;
    head.thresholds.notice(&settings.thresholds, settings.saved_at, now);
    let fingerprint = settings.fingerprint();
    if head.settings != fingerprint {
        let first = head.settings.is_empty();
        head.settings = fingerprint;
        head.reindex = (!first).then(Walk::default);
    }
}

/// DOMAIN §4 "Lost events": "nightly comparison of ids and revisions with what GEGI lists; what is missing or has
/// *another* revision, higher or lower, is fetched and taken: GEGI's list is the truth".
pub(super) fn with_gegi(
    world: &mut impl Reads,
    moment: Moment<'_>,
    comparison: &mut Comparison,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
) -> Result<(), StorageError> {
    if moment.now >= comparison.next {
        comparison.at = Some(Walk::default());
        comparison.next = moment.next_night();
    }
    let Some(Walk { after }) = comparison.at.clone() else { return Ok(()) };
    let listed = world.gegi_courses(after.as_ref(), STEP);
    rosters.load_courses(world, listed.iter().map(|(id, _)| id))?;
    for (id, revision) in &listed {
        let held = rosters.held(id).filter(|held| !held.removed).map(|held| held.course.revision);
        if held != Some(*revision) && lines::is_fit(id.as_str()) {
            fetch(world, moment, rosters, agenda, id);
        }
    }
    comparison.at = rest(listed.len(), listed.last().map(|(id, _)| id));
    agenda.again |= comparison.at.is_some();
    Ok(())
}

/// Fetches a course whose event was lost.
fn fetch(world: &mut impl Reads, moment: Moment<'_>, rosters: &mut Rosters, agenda: &mut Agenda, id: &CourseId) {
    let Some(course) = world.gegi_course(id) else { return };
    let held = rosters.held(id);
    let locked = rosters.ledger(id).is_some_and(CourseLedger::locks);
    let allowed = moment.settings.send_new_program_courses;
    let change = option::change(held.map(|held| held.option), locked, course.send, course.program_send, allowed);
    let fetched = Held::following(held, course, change.now(), moment.now);
    rosters.fetched.set(id.as_str(), fetched);
    if !agenda.dirty.contains(id) {
        agenda.dirty.push(id.clone());
    }
}

/// Goes on with the walk that a change of settings began.
pub(super) fn all_courses(
    world: &mut impl Reads,
    moment: Moment<'_>,
    walk: &mut Option<Walk>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
) -> Result<(), StorageError> {
    let Some(Walk { after }) = walk.clone() else { return Ok(()) };
    let mut ids = Vec::new();
    for prefix in [COURSE, FETCHED] {
        let start = after.as_ref().map(|course| format!("{prefix}{course}"));
        let entries = world.scan(prefix, start.as_deref(), STEP)?;
        ids.extend(entries.iter().filter_map(|(key, _)| key.strip_prefix(prefix)).map(CourseId::from));
    }
    ids.sort();
    ids.dedup();
    ids.truncate(usize::try_from(STEP).unwrap_or(usize::MAX));
    rosters.load_courses(world, &ids)?;
    for id in &ids {
        agenda.look_by(rosters, id, moment.now, moment.now);
    }
    *walk = rest(ids.len(), ids.last());
    agenda.again |= walk.is_some();
    Ok(())
}

/// How far a walk has come; none: the walk has come to its end.
fn rest(taken: usize, last: Option<&CourseId>) -> Option<Walk> {
    let full = taken >= usize::try_from(STEP).unwrap_or(usize::MAX);
    full.then(|| Walk { after: last.cloned() })
}
