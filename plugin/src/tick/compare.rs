//! The two walks over all courses. The nightly comparison with GEGI's list finds courses whose event was lost. The walk
//! after a change of settings makes every course due, so that its dates are set anew. Both walks go in steps, tick by
//! tick.

use super::agenda::Agenda;
use super::moment::{Item, Moment};
use crate::ledger::CourseLedger;
use crate::lines;
use crate::memory::entries::{Before, Held};
use crate::memory::head::{Comparison, Head, Walk};
use crate::memory::{PAGE, Rosters, newer, parts, view};
use crate::model::ids::CourseId;
use crate::model::time::Instant;
use crate::option;
use crate::unfit::{self, UnfitCourse};
use crate::world::{Reads, StorageError, Writes};

/// The most courses that one tick compares, or makes due.
const STEP: u32 = 500;

/// Compares with GEGI's list when it is night, and goes on with the walks that are under way.
pub(super) fn walk(
    world: &mut impl Writes,
    moment: Moment<'_>,
    head: &mut Head,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
) -> Result<(), StorageError> {
    notice_settings(head, moment);
    with_gegi(world, moment, &mut head.comparison, rosters, agenda)?;
    all_courses(world, moment, &mut head.reindex, rosters, agenda)
}

/// Begins a walk over all courses if the settings changed in a way that dates courses differently.
fn notice_settings(head: &mut Head, moment: Moment<'_>) {
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
fn with_gegi(
    world: &mut impl Writes,
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
    let listed = world.gegi_courses(after.as_ref(), STEP)?;
    let mut walked = 0;
    for listed in listed.chunks(moment.size.portion()) {
        let (fit, unfit): (Vec<_>, Vec<_>) = listed.iter().cloned().partition(|(id, _)| lines::is_fit(id.as_str()));
        for (id, revision) in &unfit {
            note_unfit(world, moment.now, agenda, (id, *revision))?;
        }
        let missing = missing(world, rosters, &fit)?;
        rosters.load_courses(world, &missing)?;
        for id in &missing {
            moment.note_work_on(world, &Item::Course(id.clone()));
            fetch(world, moment, rosters, agenda, id)?;
        }
        walked += listed.len();
        if moment.size.is_used_up(rosters) {
            break;
        }
    }
    let last = walked.checked_sub(1).and_then(|last| listed.get(last)).map(|(id, _)| id.clone());
    let is_over = walked == listed.len() && listed.len() < usize::try_from(STEP).unwrap_or(usize::MAX);
    comparison.at = (!is_over).then_some(Walk { after: last });
    agenda.again |= comparison.at.is_some();
    Ok(())
}

/// The courses of which GEGI lists a newer revision than the one that is held. The courses are dropped again once their
/// revisions are read, because most of them are held as they are listed.
fn missing(
    world: &mut impl Reads,
    rosters: &Rosters,
    listed: &[(CourseId, u64)],
) -> Result<Vec<CourseId>, StorageError> {
    let ids = || listed.iter().map(|(id, _)| id.as_str());
    let (sent, found) = (rosters.courses.peek(world, ids())?, rosters.fetched.peek(world, ids())?);
    let is_left = |id: &&str| !sent.contains_key(*id) && !found.contains_key(*id);
    let pages = rosters.pages.peek(world, ids().filter(is_left))?;
    let is_missing = |(id, revision): &&(CourseId, u64)| {
        let id = id.as_str();
        let sent = sent.get(id).or_else(|| rosters.courses.get(id));
        let held = newer(sent, found.get(id).or_else(|| rosters.fetched.get(id)));
        let before =
            Before::of(held, pages.get(id).or_else(|| rosters.pages.get(id)).and_then(|page| page.over.as_ref()));
        before.and_then(|before| before.revision) != Some(*revision)
    };
    Ok(listed.iter().filter(is_missing).map(|(id, _)| id.clone()).collect())
}

/// Notes a course whose id cannot be taken, if its event was lost.
fn note_unfit(
    world: &mut impl Writes,
    now: Instant,
    agenda: &mut Agenda,
    (id, revision): (&CourseId, u64),
) -> Result<(), StorageError> {
    let name = unfit::name(id);
    let before = view::read_unfit(world, &name)?;
    if before.as_ref().is_some_and(|before| before.revision == revision) {
        return Ok(());
    }
    if let Some(course) = world.gegi_course(id)? {
        world.apply(vec![view::keep_unfit(&name, &UnfitCourse::following(before.as_ref(), &course, now))?])?;
        agenda.dirty.push(name);
    }
    Ok(())
}

/// Fetches a course whose event was lost.
fn fetch(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    id: &CourseId,
) -> Result<(), StorageError> {
    let Some(course) = world.gegi_course(id)? else { return Ok(()) };
    let over = rosters.page(id).and_then(|page| page.over.as_ref());
    let before = Before::of(rosters.held(id), over);
    if before.is_none() && !world.usage().has_room() {
        return Ok(());
    }
    let locked =
        rosters.ledger(id).is_some_and(CourseLedger::locks) || over.is_some_and(|over| over.locked_at.is_some());
    let allowed = moment.settings.send_new_program_courses;
    let option = before.map(|before| before.option);
    let change = option::change(option, locked, course.send, course.program_send, allowed);
    let fetched = Held::following(before, course, change.now(), moment.now);
    rosters.fetched.set(id.as_str(), fetched);
    if !agenda.dirty.contains(id) {
        agenda.dirty.push(id.clone());
    }
    Ok(())
}

/// Goes on with the walk that a change of settings began.
fn all_courses(
    world: &mut impl Reads,
    moment: Moment<'_>,
    walk: &mut Option<Walk>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
) -> Result<(), StorageError> {
    let Some(Walk { after }) = walk.clone() else { return Ok(()) };
    let start = after.as_ref().map(|course| format!("{PAGE}{course}"));
    let most = moment.size.scale(usize::try_from(STEP).unwrap_or(usize::MAX));
    // A course without a page was not absorbed yet, and is looked at when it is.
    let keys = parts::keys(world, PAGE, start.as_deref(), most)?;
    let ids: Vec<CourseId> = keys.iter().filter_map(|key| key.strip_prefix(PAGE)).map(CourseId::from).collect();
    rosters.pages.load(world, ids.iter().map(CourseId::as_str))?;
    for id in &ids {
        if rosters.page(id).is_some_and(|page| page.over.is_none()) {
            agenda.look_by(rosters, id, moment.now, moment.now);
        }
    }
    *walk = (ids.len() >= most).then(|| Walk { after: ids.last().cloned() });
    agenda.again |= walk.is_some();
    Ok(())
}
