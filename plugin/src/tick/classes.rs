//! Which course a class belongs to. CourseKey knows a class by its id alone, so a class that moves to another course is
//! sent for that course and not removed for the one it left. Not here: what is sent of a class.

use std::collections::BTreeSet;

use super::Tick;
use crate::memory::entries::{ClassEntry, Held};
use crate::model::ids::{ClassId, CourseId};
use crate::world::{StorageError, World};

impl<W: World> Tick<'_, W> {
    /// Takes in which classes a course, whose page is loaded, lists now. A class belongs to the course that began to
    /// list it last; if that one lets it go, to the one before that still lists it.
    pub(super) fn absorb_classes(
        &mut self,
        held: &Held,
        concerned: &mut BTreeSet<CourseId>,
    ) -> Result<(), StorageError> {
        let course = &held.course.id;
        let now: BTreeSet<ClassId> = held.course.classes.iter().map(|class| class.id.clone()).collect();
        let now = if held.removed { BTreeSet::new() } else { now };
        let before = std::mem::replace(&mut self.memory.syncs.edit(course.as_str()).classes, now.clone());
        let changed: Vec<&ClassId> = before.symmetric_difference(&now).collect();
        self.memory.classes.load(self.world, changed.iter().map(|class| class.as_str()))?;
        for class in changed {
            let known = self.memory.classes.get(class.as_str()).cloned();
            let mut entry = known.clone().unwrap_or_else(|| ClassEntry::new(course.clone()));
            if now.contains(class) {
                entry.list(course);
            } else {
                entry.let_go(course);
                self.to_judge.insert(class.clone());
            }
            if let Some(known) = known.filter(|known| known.course != entry.course) {
                concerned.extend([known.course, entry.course.clone()]);
                self.send_class_anew(&entry.course, class)?;
            }
            self.memory.classes.set(class.as_str(), entry);
        }
        Ok(())
    }

    /// Whatever CourseKey acknowledged of a class for the course that has it now, it has since heard otherwise.
    fn send_class_anew(&mut self, course: &CourseId, class: &ClassId) -> Result<(), StorageError> {
        self.memory.load_courses(self.world, std::slice::from_ref(course))?;
        if let Some(ledger) = &mut self.memory.syncs.edit(course.as_str()).ledger {
            ledger.sessions.remove(class);
        }
        Ok(())
    }

    /// Drops from the courses' ledgers the classes they let go that another course has sent to the same school, or will.
    pub(super) fn drop_moved_classes(&mut self, courses: &[CourseId]) -> Result<(), StorageError> {
        let gone: Vec<(&CourseId, ClassId)> =
            courses.iter().flat_map(|course| self.let_go_by(course).into_iter().map(move |id| (course, id))).collect();
        self.memory.classes.load(self.world, gone.iter().map(|(_, class)| class.as_str()))?;
        let owners: Vec<CourseId> = gone
            .iter()
            .filter_map(|(_, class)| self.memory.classes.get(class.as_str()))
            .map(|entry| entry.course.clone())
            .collect();
        self.memory.load_courses(self.world, &owners)?;
        for (course, class) in gone {
            if self.is_sent_by_another(course, &class)
                && let Some(ledger) = &mut self.memory.syncs.edit(course.as_str()).ledger
            {
                ledger.sessions.remove(&class);
            }
        }
        Ok(())
    }

    /// Classes of a course's ledger that the course does not list any more.
    fn let_go_by(&self, course: &CourseId) -> Vec<ClassId> {
        let page = self.memory.syncs.get(course.as_str());
        let Some((page, ledger)) = page.and_then(|page| Some((page, page.ledger.as_ref()?))) else { return Vec::new() };
        ledger.sessions.keys().filter(|class| !page.classes.contains(*class)).cloned().collect()
    }

    fn is_sent_by_another(&self, course: &CourseId, class: &ClassId) -> bool {
        let school = |course: &CourseId| Some(self.memory.syncs.get(course.as_str())?.ledger.as_ref()?.school);
        let owner = self.memory.classes.get(class.as_str()).map(|entry| &entry.course);
        owner.is_some_and(|owner| owner != course && school(owner).is_some() && school(owner) == school(course))
    }
}
