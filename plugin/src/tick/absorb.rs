//! Absorbs the courses that GEGI changed: updates the people at their newest revision, who has which e-mail address,
//! and which class belongs to which course; and makes every course due that such a change concerns. Nothing is sent
//! before every changed course is absorbed, so that the order in which courses arrive makes no difference.

use std::collections::BTreeSet;

use super::agenda::Agenda;
use super::classes;
use super::judge;
use super::moment::{Item, Moment};
use crate::memory::Rosters;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::person::Person;
use crate::people;
use crate::world::{Reads, StorageError, Writes};

/// The result of absorbing courses.
#[derive(Debug, Default)]
pub(super) struct Absorbed {
    /// Whether no changed course is left to absorb.
    pub(super) all: bool,
    /// The courses that were absorbed.
    pub(super) courses: Vec<CourseId>,
    /// The classes that are to be judged again because their course changed.
    pub(super) to_judge: BTreeSet<ClassId>,
}

/// Absorbs courses with a dirty note, and makes every course due that a change concerns.
pub(super) fn absorb(
    world: &mut impl Writes,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
) -> Result<Absorbed, StorageError> {
    let mut left = std::mem::take(&mut agenda.dirty);
    let mut absorbed = Absorbed::default();
    let mut absorption = Absorption { rosters, concerned: BTreeSet::new(), addresses: BTreeSet::new() };
    while !left.is_empty() {
        let rest = left.split_off(moment.size.portion().min(left.len()));
        absorption.portion(world, moment, &left, &mut absorbed.to_judge)?;
        left.iter().for_each(|course| agenda.clear_note(course));
        absorbed.courses.extend(std::mem::replace(&mut left, rest));
        if moment.size.is_used_up(absorption.rosters) {
            break;
        }
    }
    let concerned = absorption.concerned(world)?;
    rosters.pages.load(world, concerned.iter().map(CourseId::as_str))?;
    for course in &concerned {
        agenda.look_by(rosters, course, moment.now, moment.now);
    }
    agenda.again |= !left.is_empty();
    Ok(Absorbed { all: left.is_empty(), ..absorbed })
}

/// Loads everybody whom the courses name or named, and who has the addresses of these people.
fn load_people(world: &mut impl Reads, rosters: &mut Rosters, courses: &[CourseId]) -> Result<(), StorageError> {
    let mut people = BTreeSet::new();
    let mut addresses = BTreeSet::new();
    for course in courses {
        let named = rosters.held(course).into_iter().flat_map(|held| held.course.people());
        for person in named {
            people.insert(person.id.clone());
            addresses.insert(people::email_key(&person.email));
        }
        people.extend(rosters.listed.get(course.as_str()).into_iter().flat_map(|listed| listed.people.iter().cloned()));
    }
    rosters.people.load(world, people.iter().map(PersonId::as_str))?;
    let known = people.iter().filter_map(|id| rosters.people.get(id.as_str())?.person.as_ref());
    addresses.extend(known.map(|person| people::email_key(&person.email)));
    rosters.claims.load(world, addresses.iter().filter(|key| people::is_address(key)).map(String::as_str))
}

/// The work of absorbing courses, and the courses that the changes concern.
struct Absorption<'t> {
    rosters: &'t mut Rosters,
    concerned: BTreeSet<CourseId>,
    /// The addresses that somebody took or gave up.
    addresses: BTreeSet<String>,
}

impl Absorption<'_> {
    fn portion(
        &mut self,
        world: &mut impl Writes,
        moment: Moment<'_>,
        courses: &[CourseId],
        to_judge: &mut BTreeSet<ClassId>,
    ) -> Result<(), StorageError> {
        if let [course] = courses {
            moment.note_work_on(world, &Item::Course(course.clone()));
        }
        self.rosters.load_courses(world, courses)?;
        self.rosters.listed.load(world, courses.iter().map(CourseId::as_str))?;
        load_people(world, self.rosters, courses)?;
        courses.iter().try_for_each(|course| self.course(world, moment, course, to_judge))
    }

    /// The courses that the changes concern. Among them is every course that names somebody with an address that was
    /// taken or given up.
    fn concerned(mut self, world: &mut impl Reads) -> Result<BTreeSet<CourseId>, StorageError> {
        let claims = self.addresses.iter().filter_map(|key| self.rosters.claims.get(key));
        let claimants: BTreeSet<&PersonId> = claims.flat_map(|claim| &claim.people).collect();
        self.rosters.people.load(world, claimants.iter().map(|person| person.as_str()))?;
        let entries = claimants.iter().filter_map(|person| self.rosters.people.get(person.as_str()));
        self.concerned.extend(entries.flat_map(|entry| entry.courses.iter().cloned()));
        Ok(self.concerned)
    }

    fn course(
        &mut self,
        world: &mut impl Reads,
        moment: Moment<'_>,
        id: &CourseId,
        to_judge: &mut BTreeSet<ClassId>,
    ) -> Result<(), StorageError> {
        self.concerned.insert(id.clone());
        let Some(held) = self.rosters.held(id).cloned() else { return Ok(()) };
        let named: Vec<Person> = if held.removed { Vec::new() } else { held.course.people().cloned().collect() };
        let now: BTreeSet<PersonId> = named.iter().map(|person| person.id.clone()).collect();
        let before = std::mem::replace(&mut self.rosters.listed.edit(id.as_str()).people, now.clone());
        for person in before.difference(&now) {
            self.leave(person, id);
        }
        for person in named {
            self.join(&person, id);
        }
        if self.rosters.page(id).is_some_and(|page| !page.classes_set_aside.is_empty()) {
            to_judge.extend(std::mem::take(&mut self.rosters.pages.edit(id.as_str()).classes_set_aside));
        }
        to_judge.extend(judge::latest_classes(moment, &held.course, self.rosters.ledger(id)));
        let moved = classes::absorb(world, self.rosters, &held)?;
        self.concerned.extend(moved.concerned);
        to_judge.extend(moved.let_go);
        Ok(())
    }

    /// Notes that a course names a person. If the course has the newest revision of the person, this revision counts
    /// for every course that names the person.
    fn join(&mut self, seen: &Person, course: &CourseId) {
        let entry = self.rosters.people.edit(seen.id.as_str());
        let nobody_yet = entry.courses.is_empty();
        entry.courses.insert(course.clone());
        let held = entry.person.clone();
        if held.as_ref().is_some_and(|held| !people::newer(held, seen)) {
            if nobody_yet && let Some(held) = held {
                self.claim(&held.id, &held.email);
            }
            return;
        }
        entry.person = Some(seen.clone());
        self.concerned.extend(entry.courses.iter().cloned());
        if let Some(held) = held.filter(|held| people::email_key(&held.email) != people::email_key(&seen.email)) {
            self.release(&held.id, &held.email);
        }
        self.claim(&seen.id, &seen.email);
    }

    /// Notes that a course does not name a person any more. A person whom no course names has no claim to an address.
    fn leave(&mut self, person: &PersonId, course: &CourseId) {
        let entry = self.rosters.people.edit(person.as_str());
        entry.courses.remove(course);
        if entry.courses.is_empty()
            && let Some(email) = entry.person.as_ref().map(|person| person.email.clone())
        {
            self.release(person, &email);
        }
    }

    fn claim(&mut self, person: &PersonId, email: &str) {
        let key = people::email_key(email);
        if people::is_address(&key) && self.rosters.claims.edit(&key).people.insert(person.clone()) {
            self.addresses.insert(key);
        }
    }

    fn release(&mut self, person: &PersonId, email: &str) {
        let key = people::email_key(email);
        if people::is_address(&key) && self.rosters.claims.edit(&key).people.remove(person) {
            self.addresses.insert(key);
        }
    }
}
