//! A course changed in GEGI. Writes the course and a dirty note, and nothing else: everything that follows is a tick's.

use crate::memory::entries::Held;
use crate::memory::view::{self, CourseView, StoredCourse};
use crate::memory::{COURSE, DIRTY, encode};
use crate::model::course::Course;
use crate::model::ids::CourseId;
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::option::{self, Change as OptionChange, LOCK_REASON, Resolved};
use crate::overview::{self, Overview};
use crate::settings::{self, Settings};
use crate::world::{Change, StorageError, Writes};

/// The most bytes of an id of GEGI's; several ids make a key of the storage.
const ID_CAP: usize = 96;

/// What happened to a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CourseChange {
    /// Created or changed; the whole course.
    Saved(Box<Course>),
    /// Removed.
    Removed(CourseId),
}

/// Why a change was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChangeError {
    /// It cannot be taken as it is.
    #[error("take the course: {0}")]
    BadInput(String),
    /// The storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseOutcome {
    /// It was news.
    pub taken: bool,
    /// Send to CourseKey as it stands.
    pub send: bool,
    /// Why the option cannot be switched off any more.
    pub locked: Option<&'static str>,
    /// The change wanted it off and was refused that.
    pub refused: bool,
    /// How the course stands.
    pub overview: Overview,
    /// What cannot be sent as it is.
    pub issues: Vec<Issue>,
}

/// Takes a change.
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
    let (settings, _) = settings::check(&world.settings());
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
        world
            .apply(vec![Change::Put(key, bytes), Change::Put(format!("{DIRTY}{id}"), note)])
            .map_err(ChangeError::Storage)?;
    }
    let view = stored.view(&course);
    Ok(view.map_or_else(CourseOutcome::unknown, |view| outcome(view, &settings, now, taken, refused)))
}

/// Whether the course is news, and whether it wanted an option that is refused.
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
    /// Of a course GEGI never told of.
    fn unknown() -> Self {
        let overview = Overview::unknown();
        Self { taken: false, send: false, locked: None, refused: false, overview, issues: Vec::new() }
    }
}

/// Refuses ids that could not be kept or told apart.
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
