//! Which course a class belongs to. CourseKey knows a class by its id alone. A class that moves to another course is
//! therefore sent for the new course and not removed for the course that it left. Not here: which classes are sent
//! (`desired`, `plan`).

use crate::memory::Rosters;
use crate::memory::entries::{ClassEntry, Held};
use crate::model::ids::{ClassId, CourseId};
use crate::model::sorted::SortedSet;
use crate::world::{Reads, StorageError};

/// The classes that came to a course or left it.
#[derive(Debug, Default)]
pub(super) struct Moved {
    /// The courses to which a class came, or which a class left.
    pub(super) concerned: SortedSet<CourseId>,
    /// Classes that the course does not list any more.
    pub(super) let_go: SortedSet<ClassId>,
}

/// Notes which classes a course lists now. A class belongs to the course that was the last to begin listing it. If that
/// course stops listing the class, the class belongs to the last one of the courses that still list it.
pub(super) fn absorb(world: &mut impl Reads, rosters: &mut Rosters, held: &Held) -> Result<Moved, StorageError> {
    let mut moved = Moved::default();
    let course = &held.course.id;
    let now: SortedSet<ClassId> = held.course.classes.iter().map(|class| class.id.clone()).collect();
    let now = if held.removed { SortedSet::new() } else { now };
    let before = std::mem::replace(&mut rosters.listed.edit(course.as_str()).classes, now.clone());
    let changed: Vec<&ClassId> = before.symmetric_difference(&now).collect();
    rosters.classes.load(world, changed.iter().map(|class| class.as_str()))?;
    for class in changed {
        let known = rosters.classes.get(class.as_str()).cloned();
        let mut entry = known.clone().unwrap_or_else(|| ClassEntry::new(course.clone()));
        if now.contains(class) {
            entry.list(course);
        } else {
            entry.let_go(course);
            moved.let_go.insert(class.clone());
        }
        if let Some(known) = known.filter(|known| known.course != entry.course) {
            moved.concerned.extend([known.course, entry.course.clone()]);
            send_anew(world, rosters, &entry.course, class)?;
        }
        rosters.classes.set(class.as_str(), entry);
    }
    Ok(moved)
}

/// Forgets what CourseKey acknowledged of a class for the course to which the class belongs now, because CourseKey was
/// since sent the class for another course.
fn send_anew(
    world: &mut impl Reads,
    rosters: &mut Rosters,
    course: &CourseId,
    class: &ClassId,
) -> Result<(), StorageError> {
    rosters.load_courses(world, [course])?;
    if let Some(ledger) = rosters.ledger_mut(course) {
        ledger.sessions.remove(class);
    }
    Ok(())
}

/// Drops from the courses' ledgers those classes that the courses do not list any more and that belong to another
/// course at the same School ID, so that no plan removes them.
pub(super) fn drop_moved(
    world: &mut impl Reads,
    rosters: &mut Rosters,
    courses: &[CourseId],
) -> Result<(), StorageError> {
    rosters.listed.load(world, courses.iter().map(CourseId::as_str))?;
    let gone: Vec<(&CourseId, ClassId)> =
        courses.iter().flat_map(|course| let_go_by(rosters, course).into_iter().map(move |id| (course, id))).collect();
    rosters.classes.load(world, gone.iter().map(|(_, class)| class.as_str()))?;
    let owners: Vec<CourseId> = gone
        .iter()
        .filter_map(|(_, class)| rosters.classes.get(class.as_str()))
        .map(|entry| entry.course.clone())
        .collect();
    rosters.load_courses(world, &owners)?;
    for (course, class) in gone {
        if is_sent_by_another(rosters, course, &class)
            && let Some(ledger) = rosters.ledger_mut(course)
        {
            ledger.sessions.remove(&class);
        }
    }
    Ok(())
}

/// The classes in a course's page of the ledger that the course does not list any more.
fn let_go_by(rosters: &Rosters, course: &CourseId) -> Vec<ClassId> {
    let listed = rosters.listed.get(course.as_str()).map(|listed| &listed.classes);
    let is_listed = |class: &ClassId| listed.is_some_and(|listed| listed.contains(class));
    let known = rosters.ledger(course).into_iter().flat_map(|ledger| ledger.sessions.keys());
    known.filter(|class| !is_listed(class)).cloned().collect()
}

fn is_sent_by_another(rosters: &Rosters, course: &CourseId, class: &ClassId) -> bool {
    let school = |course: &CourseId| rosters.ledger(course).map(|ledger| ledger.school);
    let owner = rosters.classes.get(class.as_str()).map(|entry| &entry.course);
    owner.is_some_and(|owner| owner != course && school(owner).is_some() && school(owner) == school(course))
}
