//! The call `on-course-changed`: a course changed in GEGI. The call writes the course and a dirty note and nothing
//! else; the next tick finds the note and does all the work that follows from the change.

use crate::ledger::CourseLedger;
use crate::lines;
use crate::memory::entries::{Before, Held, Over};
use crate::memory::view::{self, CourseView, StoredCourse};
use crate::memory::{COURSE, DIRTY, PAGE, UNFIT, encode, parts};
use crate::model::course::Course;
use crate::model::ids::CourseId;
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::option::{self, Change as OptionChange, Resolved};
use crate::overview::{self, Overview};
use crate::settings::{self, Settings};
use crate::unfit::{self, UnfitCourse};
use crate::world::{Change, StorageError, Writes};

/// A change of one course in GEGI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourseChange {
    /// The course was created or changed; the whole course.
    Saved(Box<Course>),
    /// The course was removed.
    Removed(CourseId),
}

/// The answer to a change of a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseOutcome {
    /// Whether the change was taken; otherwise the plugin holds this revision or a higher one already.
    pub taken: bool,
    /// Send to CourseKey after the change, resolved.
    pub send: bool,
    /// Why Send to CourseKey cannot be switched off any more; none: it can.
    pub locked: Option<&'static str>,
    /// Whether the change would have switched the locked option off. The option stays on, the rest of the change
    /// counts.
    pub refused: bool,
    /// The course's status and window.
    pub overview: Overview,
    /// The open issues about the course's roster, and those that the course's data show already.
    pub issues: Vec<Issue>,
}

/// Takes a change of a course.
///
/// DOMAIN §4 "Revisions": "of an event, equal or lower than the one held: ignored, reported as such; after a removal any
/// revision is taken".
pub fn on_course_changed(world: &mut impl Writes, change: CourseChange) -> Result<CourseOutcome, StorageError> {
    let id = match &change {
        CourseChange::Saved(course) => course.id.clone(),
        CourseChange::Removed(id) => id.clone(),
    };
    if !lines::is_fit(id.as_str()) {
        return note_unfit(world, &id, change);
    }
    let (settings, _) = settings::check(&world.settings()?);
    let now = world.now();
    let mut stored = view::read(world, std::slice::from_ref(&id))?;
    let Some(mut course) = stored.take_courses().pop() else { return Ok(CourseOutcome::unknown()) };
    if course.held.is_none() && course.over().is_none() && !world.usage().has_room() {
        return Err(StorageError::Refused(
            "it is so full that no new course is taken on; ask customer care for more".to_owned(),
        ));
    }
    let (taken, refused) = match change {
        CourseChange::Saved(saved) => save(&mut course, *saved, &settings, now),
        CourseChange::Removed(_) if course.held.is_none() && course.over().is_some() => {
            world.apply(vec![Change::Delete(format!("{PAGE}{id}"))])?;
            return Ok(CourseOutcome { taken: true, ..CourseOutcome::unknown() });
        }
        CourseChange::Removed(_) => (remove(&mut course), false),
    };
    if taken && let Some(held) = &course.held {
        let key = format!("{COURSE}{id}");
        let note = held.sighting.to_string().into_bytes();
        let bytes = encode(&key, held)?;
        let mut changes = vec![Change::Put(format!("{DIRTY}{id}"), note)];
        parts::store(&mut changes, &key, course.sent.as_deref(), Some(&bytes));
        world.apply(changes)?;
    }
    Ok(match (stored.view(&course), course.over()) {
        (Some(view), _) => outcome(view, &settings, now, taken, refused),
        (None, Some(over)) => stale_over(over, &settings),
        (None, None) => CourseOutcome::unknown(),
    })
}

/// Stores the course in `stored` if its revision is new. Answers whether it was, and whether the course wanted to
/// switch a locked option off.
fn save(stored: &mut StoredCourse, course: Course, settings: &Settings, now: Instant) -> (bool, bool) {
    let before = Before::of(stored.held.as_ref(), stored.over());
    if before.and_then(|before| before.revision).is_some_and(|revision| course.revision <= revision) {
        return (false, false);
    }
    // A course that was long over comes back with its lock.
    let ledger = stored.ledger.take().or_else(|| stored.over().and_then(|over| over.ledger(now)));
    let locked = ledger.as_ref().is_some_and(CourseLedger::locks);
    let allowed = settings.send_new_program_courses;
    let option = before.map(|before| before.option);
    let change = option::change(option, locked, course.send, course.program_send, allowed);
    stored.ledger = ledger;
    stored.held = Some(Held::following(before, course, change.now(), now));
    (true, change == OptionChange::Refused)
}

fn remove(stored: &mut StoredCourse) -> bool {
    let Some(held) = stored.held.as_mut().filter(|held| !held.removed) else { return false };
    held.removed = true;
    held.sighting = held.sighting.saturating_add(1);
    true
}

fn outcome(view: CourseView<'_>, settings: &Settings, now: Instant, taken: bool, refused: bool) -> CourseOutcome {
    CourseOutcome {
        taken,
        send: view.held.option == Resolved::On,
        locked: view.ledger.filter(|ledger| ledger.locks()).map(|ledger| option::lock_reason(ledger.acknowledged())),
        refused,
        overview: overview::overview(view, settings, now),
        issues: overview::issues_in_sight(view),
    }
}

/// The answer to an old event of a course that is long over.
fn stale_over(over: &Over, settings: &Settings) -> CourseOutcome {
    CourseOutcome {
        taken: false,
        send: over.option == Resolved::On,
        locked: over.locked_at.map(|_| option::lock_reason(false)),
        refused: false,
        overview: overview::over(over, settings),
        issues: Vec::new(),
    }
}

impl CourseOutcome {
    /// The answer about a course that GEGI never told of.
    fn unknown() -> Self {
        let overview = Overview::unknown();
        Self { taken: false, send: false, locked: None, refused: false, overview, issues: Vec::new() }
    }
}

/// Notes a course under whose id nothing can be stored, or forgets it. The next tick tells of it. Rows with such ids are left
/// out of their course (`lines`).
fn note_unfit(world: &mut impl Writes, id: &CourseId, change: CourseChange) -> Result<CourseOutcome, StorageError> {
    let name = unfit::name(id);
    let before = view::read_unfit(world, &name)?;
    let note = Change::Put(format!("{DIRTY}{name}"), Vec::new());
    let CourseChange::Saved(course) = change else {
        let taken = before.is_some();
        if taken {
            world.apply(vec![Change::Delete(format!("{UNFIT}{name}")), note])?;
        }
        return Ok(CourseOutcome { taken, ..CourseOutcome::unknown() });
    };
    let taken = before.as_ref().is_none_or(|before| course.revision > before.revision);
    let kept = match before {
        Some(before) if !taken => before,
        before => {
            let kept = UnfitCourse::following(before.as_ref(), &course, world.now());
            world.apply(vec![view::keep_unfit(&name, &kept)?, note])?;
            kept
        }
    };
    let (overview, issues) = (Overview::of_unfit(&kept), vec![kept.issue()]);
    Ok(CourseOutcome { taken, overview, issues, ..CourseOutcome::unknown() })
}
