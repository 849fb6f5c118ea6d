//! A course changed in GEGI. Writes the course and a dirty note, and nothing else: everything that follows is a tick's.

use crate::memory::entries::{Held, SyncPage};
use crate::memory::{COURSE, DIRTY, FETCHED, SYNC, decode, encode, newer};
use crate::model::course::Course;
use crate::model::ids::CourseId;
use crate::model::issue::Issue;
use crate::option::{self, Change as OptionChange, LOCK_REASON, Resolved};
use crate::overview::{self, Overview};
use crate::settings;
use crate::world::{Change, StorageError, World};

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
pub struct Outcome {
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
pub fn on_course_changed(world: &mut impl World, change: CourseChange) -> Result<Outcome, ChangeError> {
    let id = match &change {
        CourseChange::Saved(course) => {
            check_ids(course)?;
            course.id.clone()
        }
        CourseChange::Removed(id) => id.clone(),
    };
    let mut stored = read(world, &id)?;
    let (taken, refused) = match change {
        CourseChange::Saved(course) => stored.save(world, *course),
        CourseChange::Removed(_) => (stored.remove(), false),
    };
    if taken && let Some(held) = &stored.held {
        let key = format!("{COURSE}{id}");
        let note = held.course.revision.to_string().into_bytes();
        let bytes = encode(&key, held)?;
        world
            .apply(vec![Change::Put(key, bytes), Change::Put(format!("{DIRTY}{id}"), note)])
            .map_err(ChangeError::Storage)?;
    }
    Ok(stored.outcome(world, taken, refused))
}

struct Stored {
    held: Option<Held>,
    page: Option<SyncPage>,
}

fn read(world: &mut impl World, id: &CourseId) -> Result<Stored, StorageError> {
    let keys = [format!("{COURSE}{id}"), format!("{FETCHED}{id}"), format!("{SYNC}{id}")];
    let mut values = world.get_many(&keys)?.into_iter();
    let [course, fetched, sync] = &keys;
    let mut next = || values.next().flatten();
    let sent: Option<Held> = next().map(|bytes| decode(course, &bytes)).transpose()?;
    let fetched: Option<Held> = next().map(|bytes| decode(fetched, &bytes)).transpose()?;
    let page: Option<SyncPage> = next().map(|bytes| decode(sync, &bytes)).transpose()?;
    Ok(Stored { held: newer(sent.as_ref(), fetched.as_ref()).cloned(), page })
}

impl Stored {
    fn locked(&self) -> bool {
        self.page.as_ref().is_some_and(|page| page.ledger.is_some())
    }

    /// Whether the course is news, and whether it wanted an option that is refused.
    fn save(&mut self, world: &mut impl World, course: Course) -> (bool, bool) {
        let stale = self.held.as_ref().is_some_and(|held| {
            course.revision < held.course.revision || (course.revision == held.course.revision && !held.removed)
        });
        if stale {
            return (false, false);
        }
        let allowed = world.settings().send_new_program_courses;
        let before = self.held.as_ref().map(|held| held.option);
        let change = option::change(before, self.locked(), course.send, course.program_send, allowed);
        let first_seen = self.held.as_ref().map_or_else(|| world.now(), |held| held.first_seen);
        self.held = Some(Held { course, option: change.now(), first_seen, removed: false });
        (true, change == OptionChange::Refused)
    }

    fn remove(&mut self) -> bool {
        let Some(held) = self.held.as_mut().filter(|held| !held.removed) else { return false };
        held.removed = true;
        true
    }

    fn outcome(&self, world: &mut impl World, taken: bool, refused: bool) -> Outcome {
        let (settings, _) = settings::check(&world.settings());
        let now = world.now();
        let locked = self.locked();
        let overview = self
            .held
            .as_ref()
            .map_or_else(Overview::unknown, |held| overview::overview(held, self.page.as_ref(), &settings, None, now));
        Outcome {
            taken,
            send: self.held.as_ref().is_some_and(|held| held.option == Resolved::On),
            locked: locked.then_some(LOCK_REASON),
            refused,
            issues: self
                .held
                .as_ref()
                .map(|held| overview::issues_in_sight(held, self.page.as_ref()))
                .unwrap_or_default(),
            overview,
        }
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
