//! Absorbs the courses that GEGI changed: updates the people at their newest revision, who has which e-mail address,
//! and which class belongs to which course; and makes every course due that such a change concerns. Nothing is sent
//! before every changed course is absorbed, so that the order in which courses arrive makes no difference.

use std::collections::BTreeSet;

use super::agenda::Agenda;
use super::classes;
use super::judge;
use super::moment::Moment;
use crate::memory::Rosters;
use crate::model::course::{Class, Course};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::person::Person;
use crate::people;
use crate::world::{Reads, StorageError, Writes};

/// How many courses one tick absorbs.
const STEP: usize = 500;

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
    let mut courses = std::mem::take(&mut agenda.dirty);
    let left = courses.split_off(moment.step(STEP).min(courses.len()));
    rosters.load_courses(world, &courses)?;
    rosters.listed.load(world, courses.iter().map(CourseId::as_str))?;
    load_people(world, rosters, &courses)?;
    let mut absorption = Absorption { rosters, concerned: BTreeSet::new() };
    let mut to_judge = BTreeSet::new();
    for course in &courses {
        moment.note_work_on(world, course);
        absorption.course(world, moment, course, &mut to_judge)?;
        agenda.clear_note(course);
    }
    let Absorption { concerned, .. } = absorption;
    rosters.load_courses(world, &concerned)?;
    for course in &concerned {
        agenda.look_by(rosters, course, moment.now, moment.now);
    }
    agenda.again |= !left.is_empty();
    Ok(Absorbed { all: left.is_empty(), courses, to_judge })
}

/// Loads everybody whom the courses name or named, and everybody who has an address of theirs.
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
    rosters.claims.load(world, addresses.iter().filter(|key| people::is_address(key)).map(String::as_str))?;
    let claimants: BTreeSet<PersonId> = addresses
        .iter()
        .filter_map(|key| rosters.claims.get(key))
        .flat_map(|claim| claim.people.iter().cloned())
        .collect();
    rosters.people.load(world, claimants.iter().map(PersonId::as_str))
}

/// The work of absorbing courses, and the courses that the changes concern.
struct Absorption<'t> {
    rosters: &'t mut Rosters,
    concerned: BTreeSet<CourseId>,
}

impl Absorption<'_> {
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
        to_judge.extend(judge::latest_classes(moment, &held.course, self.rosters.ledger(id)));
        self.notice_hours_type(moment, &held.course);
        let moved = classes::absorb(world, self.rosters, &held)?;
        self.concerned.extend(moved.concerned);
        to_judge.extend(moved.let_go);
        Ok(())
    }

    /// Notes that Hours Type changed while classes had marks or rows that stay, because their follow-up days are over.
    fn notice_hours_type(&mut self, moment: Moment<'_>, course: &Course) {
        let now = course.hours_type;
        let before = self.rosters.listed.edit(course.id.as_str()).hours_type.replace(now);
        let Some(before) = before.filter(|before| *before != now) else { return };
        let over = |class: &Class| class.ends + moment.settings.follow < moment.now;
        let is_read = self.rosters.page(&course.id).is_some_and(|page| page.judged_until.is_some());
        let page = self.rosters.pages.edit(course.id.as_str());
        page.older_form = match page.older_form {
            Some(older) if older == now => None,
            older => older.or(Some(before).filter(|_| is_read && course.classes.iter().any(over))),
        };
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
            self.concern_claimants(&key);
        }
    }

    fn release(&mut self, person: &PersonId, email: &str) {
        let key = people::email_key(email);
        if people::is_address(&key) && self.rosters.claims.edit(&key).people.remove(person) {
            self.concern_claimants(&key);
        }
    }

    /// Makes every course concerned that names somebody with this address.
    fn concern_claimants(&mut self, key: &str) {
        let people = self.rosters.claims.get(key).into_iter().flat_map(|claim| &claim.people);
        let entries = people.filter_map(|person| self.rosters.people.get(person.as_str()));
        self.concerned.extend(entries.flat_map(|entry| entry.courses.iter().cloned()));
    }
}
