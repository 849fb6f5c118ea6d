//! Absorbs the courses that GEGI changed: updates the people at their newest revision, who has which e-mail address,
//! and which class belongs to which course; and makes every course due that such a change concerns. Nothing is sent
//! before every changed course is absorbed, so that the order in which courses arrive makes no difference.

use std::collections::{BTreeMap, BTreeSet};

use super::agenda::Agenda;
use super::classes;
use super::judge;
use super::moment::Moment;
use crate::enrollment::{self, Standing};
use crate::ledger::CourseLedger;
use crate::memory::Rosters;
use crate::memory::entries::{Held, PersonEntry};
use crate::model::course::{Agreement, Student};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::person::Person;
use crate::model::time::Instant;
use crate::option::Resolved;
use crate::people::{self, Listing, Said};
use crate::window;
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

/// Loads everybody whom the courses name or named, and everybody of whom a course says that an address of theirs is
/// this person's too.
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
    let known = people.iter().filter_map(|id| rosters.people.get(id.as_str()));
    addresses.extend(known.flat_map(|entry| keys(&entry.said)));
    rosters.claims.load(world, addresses.iter().filter(|key| people::is_address(key)).map(String::as_str))?;
    let claimants: BTreeSet<PersonId> = addresses
        .iter()
        .filter_map(|key| rosters.claims.get(key))
        .flat_map(|claim| claim.people.iter().cloned())
        .collect();
    rosters.people.load(world, claimants.iter().map(PersonId::as_str))
}

/// The keys of the addresses that a person is said to have.
fn keys(said: &[Said]) -> BTreeSet<String> {
    said.iter().map(|said| people::email_key(&said.person.email)).filter(|key| people::is_address(key)).collect()
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
        let listings = listings(&held, self.rosters.ledger(id), moment);
        for person in named {
            if let Some(listing) = listings.get(&person.id) {
                self.join(&person, id, *listing);
            }
        }
        to_judge.extend(judge::latest_classes(moment, &held.course, self.rosters.ledger(id)));
        let moved = classes::absorb(world, self.rosters, &held)?;
        self.concerned.extend(moved.concerned);
        to_judge.extend(moved.let_go);
        Ok(())
    }

    /// Notes that a course names a person, and how.
    fn join(&mut self, seen: &Person, course: &CourseId, listing: Listing) {
        self.change(&seen.id, |entry| {
            people::name(&mut entry.said, seen, course);
            entry.listed.insert(course.clone(), listing);
        });
    }

    /// Notes that a course does not name a person any more. A person whom no course names has no claim to an address.
    fn leave(&mut self, person: &PersonId, course: &CourseId) {
        self.change(person, |entry| {
            people::forget(&mut entry.said, course);
            entry.listed.remove(course);
        });
        if self.rosters.people.get(person.as_str()).is_some_and(|entry| entry.listed.is_empty()) {
            self.rosters.people.remove(person.as_str());
        }
    }

    /// Changes what courses say of a person. Every course that names the person is concerned if what they say changes,
    /// and everybody who has an address of the person's if the person's claim to it may.
    fn change(&mut self, person: &PersonId, change: impl FnOnce(&mut PersonEntry)) {
        let entry = self.rosters.people.edit(person.as_str());
        let before = entry.clone();
        change(entry);
        if *entry == before {
            return;
        }
        let said = |entry: &PersonEntry| entry.said.iter().map(|said| said.person.clone()).collect::<Vec<_>>();
        if said(entry) != said(&before) || !people::contradicting(&entry.said).is_empty() {
            self.concerned.extend(entry.listed.keys().cloned());
        }
        let (old, new) = (keys(&before.said), keys(&entry.said));
        for key in old.difference(&new) {
            self.rosters.claims.edit(key).people.remove(person);
        }
        for key in new.difference(&old) {
            self.rosters.claims.edit(key).people.insert(person.clone());
        }
        old.union(&new).for_each(|key| self.concern_claimants(key, person));
    }

    /// Makes every course concerned that names this person or others with the address, if there are others. A claim that
    /// nobody has any more is gone.
    fn concern_claimants(&mut self, key: &str, person: &PersonId) {
        let Some(claim) = self.rosters.claims.get(key) else { return };
        if claim.people.is_empty() {
            return self.rosters.claims.remove(key);
        }
        if claim.people.iter().any(|other| other != person) {
            let entries = claim.people.iter().chain([person]).filter_map(|id| self.rosters.people.get(id.as_str()));
            self.concerned.extend(entries.flat_map(|entry| entry.listed.keys().cloned()));
        }
    }
}

/// Notes how the courses list their people where that changed since they were absorbed because the settings did: a
/// campus got another School ID, or the weeks of the sync window changed. Answers the other courses that this concerns.
/// The people must be loaded.
pub(super) fn list_anew(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    courses: &[CourseId],
) -> Result<BTreeSet<CourseId>, StorageError> {
    let mut absorption = Absorption { rosters, concerned: BTreeSet::new() };
    for course in courses {
        for (person, listing) in changed_listings(absorption.rosters, course, moment) {
            absorption.change(&person, |entry| _ = entry.listed.insert(course.clone(), listing));
        }
    }
    let Absorption { mut concerned, .. } = absorption;
    concerned.retain(|course| !courses.contains(course));
    rosters.load_courses(world, &concerned)?;
    Ok(concerned)
}

fn changed_listings(rosters: &Rosters, course: &CourseId, moment: Moment<'_>) -> Vec<(PersonId, Listing)> {
    let Some(held) = rosters.held(course).filter(|held| !held.removed) else { return Vec::new() };
    let known = |person: &PersonId| rosters.people.get(person.as_str())?.listed.get(course).copied();
    let now = listings(held, rosters.ledger(course), moment).into_iter();
    now.filter(|(person, now)| known(person).is_some_and(|known| known != *now))
        .map(|(person, listing)| (person.clone(), listing))
        .collect()
}

/// How a course lists its people. A course that CourseKey holds is sent before its window opens, too: its start was
/// moved to later.
fn listings<'h>(held: &'h Held, ledger: Option<&CourseLedger>, moment: Moment<'_>) -> BTreeMap<&'h PersonId, Listing> {
    let Held { course, option, .. } = held;
    let campus = moment.settings.campuses.get(&course.campus).filter(|_| *option == Resolved::On);
    let window = campus.and_then(|campus| Some(window::sync_window(course, moment.settings, campus.zone?)));
    let acknowledged = ledger.is_some_and(CourseLedger::acknowledged);
    let listing = |wanted| Listing {
        school: campus.filter(|_| window.is_some()).map(|campus| campus.school),
        from: window.filter(|_| !acknowledged).map_or(Instant(i64::MIN), |window| window.opens),
        until: window.map_or(Instant(i64::MIN), |window| window.closes),
        wanted,
    };
    let enrolled = |student: &Student| {
        student.agreement == Agreement::Assigned && enrollment::standing(&student.stage) == Some(Standing::Enrolled)
    };
    let students = course.students.iter().map(|student| (&student.person.id, listing(enrolled(student))));
    students.chain(course.instructors.iter().map(|person| (&person.id, listing(true)))).collect()
}
