//! Takes in what GEGI told: who the people are at their newest revision, who shares an e-mail address, which class
//! belongs to which course; and makes every course due that it concerns. Nothing is sent before everything is absorbed,
//! so that the order in which courses arrive changes nothing.

use std::collections::BTreeSet;

use super::Tick;
use crate::model::ids::{CourseId, PersonId};
use crate::model::person::Person;
use crate::people;
use crate::world::{StorageError, World};

/// How many courses one tick absorbs.
const STEP: usize = 500;

impl<W: World> Tick<'_, W> {
    /// Absorbs what is new; whether nothing is left to absorb.
    pub(super) fn absorb(&mut self) -> Result<bool, StorageError> {
        let step = if self.budget.items <= 1 { 1 } else { STEP };
        let mut dirty = std::mem::take(&mut self.agenda.dirty);
        let left = dirty.split_off(step.min(dirty.len()));
        self.memory.load_courses(self.world, &dirty)?;
        self.load_people(&dirty)?;
        let mut concerned = BTreeSet::new();
        for course in &dirty {
            self.note_work_on(course);
            self.absorb_course(course, &mut concerned)?;
            self.clear_note(course.as_str());
        }
        let concerned: Vec<CourseId> = concerned.into_iter().collect();
        self.memory.load_courses(self.world, &concerned)?;
        for course in &concerned {
            self.make_due(course);
        }
        self.retry_unplaced(&dirty)?;
        self.report.more_work |= !left.is_empty();
        Ok(left.is_empty())
    }

    /// Loads everybody the courses name or named, and whoever has their addresses.
    fn load_people(&mut self, courses: &[CourseId]) -> Result<(), StorageError> {
        let mut people = BTreeSet::new();
        let mut addresses = BTreeSet::new();
        for course in courses {
            let named = self.memory.held(course).into_iter().flat_map(|held| held.course.people());
            for person in named {
                people.insert(person.id.clone());
                addresses.insert(people::email_key(&person.email));
            }
            people.extend(
                self.memory.syncs.get(course.as_str()).into_iter().flat_map(|page| page.people.iter().cloned()),
            );
        }
        self.memory.people.load(self.world, people.iter().map(PersonId::as_str))?;
        let known = people.iter().filter_map(|id| self.memory.people.get(id.as_str())?.person.as_ref());
        addresses.extend(known.map(|person| people::email_key(&person.email)));
        self.memory.claims.load(self.world, addresses.iter().filter(|key| is_address(key)).map(String::as_str))?;
        let claimants: BTreeSet<PersonId> = addresses
            .iter()
            .filter_map(|key| self.memory.claims.get(key))
            .flat_map(|claim| claim.people.iter().cloned())
            .collect();
        self.memory.people.load(self.world, claimants.iter().map(PersonId::as_str))
    }

    fn absorb_course(&mut self, id: &CourseId, concerned: &mut BTreeSet<CourseId>) -> Result<(), StorageError> {
        concerned.insert(id.clone());
        let Some(held) = self.memory.held(id).cloned() else { return Ok(()) };
        let named: Vec<Person> = if held.removed { Vec::new() } else { held.course.people().cloned().collect() };
        let now: BTreeSet<PersonId> = named.iter().map(|person| person.id.clone()).collect();
        let before = std::mem::replace(&mut self.memory.syncs.edit(id.as_str()).people, now.clone());
        for person in before.difference(&now) {
            self.leave(person, id, concerned);
        }
        for person in named {
            self.join(&person, id, concerned);
        }
        self.note_latest_classes(&held);
        self.absorb_classes(&held, concerned)
    }

    /// A course names a person: the newest revision counts, for every course that names the person.
    fn join(&mut self, seen: &Person, course: &CourseId, concerned: &mut BTreeSet<CourseId>) {
        let entry = self.memory.people.edit(seen.id.as_str());
        let nobody_yet = entry.courses.is_empty();
        entry.courses.insert(course.clone());
        let held = entry.person.clone();
        if held.as_ref().is_some_and(|held| !people::newer(held, seen)) {
            if nobody_yet && let Some(held) = held {
                self.claim(&held.id, &held.email, concerned);
            }
            return;
        }
        entry.person = Some(seen.clone());
        concerned.extend(entry.courses.iter().cloned());
        if let Some(held) = held.filter(|held| people::email_key(&held.email) != people::email_key(&seen.email)) {
            self.release(&held.id, &held.email, concerned);
        }
        self.claim(&seen.id, &seen.email, concerned);
    }

    /// A course does not name a person any more. Whom no course names has no claim to an address.
    fn leave(&mut self, person: &PersonId, course: &CourseId, concerned: &mut BTreeSet<CourseId>) {
        let entry = self.memory.people.edit(person.as_str());
        entry.courses.remove(course);
        if entry.courses.is_empty()
            && let Some(email) = entry.person.as_ref().map(|person| person.email.clone())
        {
            self.release(person, &email, concerned);
        }
    }

    fn claim(&mut self, person: &PersonId, email: &str, concerned: &mut BTreeSet<CourseId>) {
        let key = people::email_key(email);
        if is_address(&key) && self.memory.claims.edit(&key).people.insert(person.clone()) {
            self.concern_claimants(&key, concerned);
        }
    }

    fn release(&mut self, person: &PersonId, email: &str, concerned: &mut BTreeSet<CourseId>) {
        let key = people::email_key(email);
        if is_address(&key) && self.memory.claims.edit(&key).people.remove(person) {
            self.concern_claimants(&key, concerned);
        }
    }

    /// Courses of everybody who has an address.
    fn concern_claimants(&mut self, key: &str, concerned: &mut BTreeSet<CourseId>) {
        let people = self.memory.claims.get(key).into_iter().flat_map(|claim| &claim.people);
        let entries = people.filter_map(|person| self.memory.people.get(person.as_str()));
        concerned.extend(entries.flat_map(|entry| entry.courses.iter().cloned()));
    }
}

/// Whether a key can be an address at all (RFC 5321 §4.5.3.1: 254 bytes at the most); what cannot is nobody's claim.
fn is_address(key: &str) -> bool {
    (3..=254).contains(&key.len())
}
