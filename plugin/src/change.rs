//! The call `on-course-changed`: a course changed in GEGI. The call writes the course and a dirty note and nothing
//! else; the next tick finds the note and does all the work that follows from the change.

use crate::memory::entries::Held;
use crate::memory::view::{self, CourseView, StoredCourse};
use crate::memory::{COURSE, DIRTY, encode, parts};
use crate::model::course::Course;
use crate::model::ids::CourseId;
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::option::{self, Change as OptionChange, LOCK_REASON, Resolved};
use crate::overview::{self, Overview};
use crate::settings::{self, Settings};
use crate::world::{Change, StorageError, Writes};

/// The most bytes of one of GEGI's ids. A key of the state is made of several ids and has at most 512 bytes.
const ID_CAP: usize = 96;

/// A change of one course in GEGI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourseChange {
    /// The course was created or changed; the whole course.
    Saved(Box<Course>),
    /// The course was removed.
    Removed(CourseId),
}

/// Why a change was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// The course cannot be taken as it is.
    #[error("take the course: {0}")]
    BadInput(String),
    /// The state could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
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
/// DOMAIN §4 "Revisions": "equal or lower than the one held: ignored, reported as such".
pub fn on_course_changed(world: &mut impl Writes, change: CourseChange) -> Result<CourseOutcome, ChangeError> {
    let id = match &change {
        CourseChange::Saved(course) => {
            check_ids(course)?;
            course.id.clone()
        }
        CourseChange::Removed(id) => id.clone(),
    };
    let (settings, _) = settings::check(&world.settings()?);
    let now = world.now();
    let mut stored = view::read(world, std::slice::from_ref(&id))?;
    let Some(mut course) = stored.take_courses().pop() else { return Ok(CourseOutcome::unknown()) };
    let (taken, refused) = match change {
        CourseChange::Saved(saved) => save(&mut course, *saved, &settings, now),
        CourseChange::Removed(_) => (remove(&mut course), false),
    };
    if taken && let Some(held) = &course.held {
        let key = format!("{COURSE}{id}");
        let note = held.course.revision.to_string().into_bytes();
        let bytes = encode(&key, held)?;
        let mut changes = vec![Change::Put(format!("{DIRTY}{id}"), note)];
        parts::store(&mut changes, &key, course.sent.as_deref(), Some(&bytes));
        world.apply(changes)?;
    }
    let view = stored.view(&course);
    Ok(view.map_or_else(CourseOutcome::unknown, |view| outcome(view, &settings, now, taken, refused)))
}

/// Stores the course in `stored` if its revision is new. Answers whether it was, and whether the course wanted to
/// switch a locked option off.
fn save(stored: &mut StoredCourse, course: Course, settings: &Settings, now: Instant) -> (bool, bool) {
    let held = stored.held.as_ref();
    let stale = held.is_some_and(|held| {
        course.revision < held.course.revision || (course.revision == held.course.revision && !held.removed)
    });
    if stale {
        return (false, false);
    }
    let (before, locked) = (held.map(|held| held.option), stored.ledger.is_some());
    let allowed = settings.send_new_program_courses;
    let change = option::change(before, locked, course.send, course.program_send, allowed);
    let first_seen = held.map_or(now, |held| held.first_seen);
    stored.held = Some(Held { course, option: change.now(), first_seen, removed: false });
    (true, change == OptionChange::Refused)
}

fn remove(stored: &mut StoredCourse) -> bool {
    let Some(held) = stored.held.as_mut().filter(|held| !held.removed) else { return false };
    held.removed = true;
    true
}

fn outcome(view: CourseView<'_>, settings: &Settings, now: Instant, taken: bool, refused: bool) -> CourseOutcome {
    CourseOutcome {
        taken,
        send: view.held.option == Resolved::On,
        locked: view.ledger.is_some().then_some(LOCK_REASON),
        refused,
        overview: overview::overview(view, settings, now),
        issues: overview::issues_in_sight(view),
    }
}

impl CourseOutcome {
    /// The answer about a course that GEGI never told of.
    fn unknown() -> Self {
        let overview = Overview::unknown();
        Self { taken: false, send: false, locked: None, refused: false, overview, issues: Vec::new() }
    }
}

/// Refuses a course with ids that cannot be part of a key, or with a class that is listed twice.
fn check_ids(course: &Course) -> Result<(), ChangeError> {
    let classes = course.classes.iter().map(|class| ("class", class.id.as_str()));
    let people = course.people().map(|person| ("person", person.id.as_str()));
    let all =
        [("course", course.id.as_str()), ("campus", course.campus.as_str())].into_iter().chain(classes).chain(people);
    for (what, id) in all {
        if id.is_empty() || id.len() > ID_CAP || id.chars().any(char::is_control) {
            let problem = format!(
                "course {}: a {what} id is empty, longer than {ID_CAP} bytes or has control characters; correct it in GEGI",
                course.number
            );
            return Err(ChangeError::BadInput(problem));
        }
    }
    let mut classes: Vec<_> = course.classes.iter().map(|class| &class.id).collect();
    classes.sort();
    if let Some([twice, _]) = classes
        .windows(2)
        .find(|pair| pair.first() == pair.last())
        .and_then(|pair| <[_; 2]>::try_from(pair.to_vec()).ok())
    {
        return Err(ChangeError::BadInput(format!(
            "course {}: class {twice} is listed twice; list each class once",
            course.number
        )));
    }
    Ok(())
}
