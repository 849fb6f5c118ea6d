//! Absorbs the courses that GEGI changed: updates the people at their newest revision, who has which e-mail address,
//! and which class belongs to which course; and makes every course due that such a change concerns. Nothing is sent
//! before every changed course is absorbed, so that the order in which courses arrive makes no difference.

use super::agenda::Agenda;
use super::classes;
use super::guarding;
use super::judge;
use super::moment::{Item, Moment};
use crate::enrollment::{self, Standing};
use crate::ledger::CourseLedger;
use crate::memory::Rosters;
use crate::memory::entries::{Held, PersonEntry};
use crate::model::course::{Agreement, Class, Course, Student};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::person::Person;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::option::Resolved;
use crate::people::{self, Listing, Said};
use crate::window;
use crate::world::{Reads, StorageError, Writes};

/// The result of absorbing courses.
#[derive(Debug, Default)]
pub(super) struct Absorbed {
    /// Whether no changed course is left to absorb.
    pub(super) all: bool,
    /// The courses that were absorbed.
    pub(super) courses: Vec<CourseId>,
    /// The classes that are to be judged again because their course changed.
    pub(super) to_judge: SortedSet<ClassId>,
    /// The courses of which classes were set aside until now.
    pub(super) freed: Vec<CourseId>,
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
    let mut absorption = Absorption { rosters, concerned: SortedSet::new(), addresses: SortedSet::new() };
    while !left.is_empty() {
        let rest = left.split_off(moment.size.portion().min(left.len()));
        absorption.portion(world, moment, &left, &mut absorbed)?;
        for course in &left {
            agenda.clear_note(course);
        }
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

/// Brings a course back that was freed and that GEGI changed since. The course must be loaded.
fn revive(rosters: &mut Rosters, id: &CourseId, now: Instant) {
    if rosters.held(id).is_none() || rosters.page(id).is_none_or(|page| page.over.is_none()) {
        return;
    }
    let over = rosters.pages.edit(id.as_str()).over.take();
    if let Some(ledger) = over.and_then(|over| over.ledger(now)) {
        rosters.ledgers.set(id.as_str(), ledger);
    }
}

/// Loads everybody whom the courses name or named, and who has the addresses of these people.
fn load_people(world: &mut impl Reads, rosters: &mut Rosters, courses: &[CourseId]) -> Result<(), StorageError> {
    let mut people = SortedSet::new();
    let mut addresses = SortedSet::new();
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
    rosters.claims.load(world, addresses.iter().filter(|key| people::is_address(key)).map(String::as_str))
}

/// The keys of the addresses that a person is said to have.
fn keys(said: &[Said]) -> SortedSet<String> {
    said.iter().map(|said| people::email_key(&said.person.email)).filter(|key| people::is_address(key)).collect()
}

/// The work of absorbing courses, and the courses that the changes concern.
struct Absorption<'t> {
    rosters: &'t mut Rosters,
    concerned: SortedSet<CourseId>,
    /// The addresses of people of whom courses say something else now.
    addresses: SortedSet<String>,
}

impl Absorption<'_> {
    fn portion(
        &mut self,
        world: &mut impl Writes,
        moment: Moment<'_>,
        courses: &[CourseId],
        absorbed: &mut Absorbed,
    ) -> Result<(), StorageError> {
        if let [course] = courses {
            moment.note_work_on(world, &Item::Course(course.clone()));
        }
        self.rosters.load_courses(world, courses)?;
        for course in courses {
            revive(self.rosters, course, moment.now);
        }
        self.rosters.listed.load(world, courses.iter().map(CourseId::as_str))?;
        load_people(world, self.rosters, courses)?;
        courses.iter().try_for_each(|course| self.course(world, moment, course, absorbed))
    }

    /// The courses that the changes concern. Among them is every course that names one of several people who have an
    /// address of somebody of whom courses say something else now.
    fn concerned(mut self, world: &mut impl Reads) -> Result<SortedSet<CourseId>, StorageError> {
        let claims = self.addresses.iter().filter_map(|key| self.rosters.claims.get(key));
        let shared = claims.filter(|claim| claim.people.len() > 1);
        let claimants: SortedSet<&PersonId> = shared.flat_map(|claim| &claim.people).collect();
        self.rosters.people.load(world, claimants.iter().map(|person| person.as_str()))?;
        let entries = claimants.iter().filter_map(|person| self.rosters.people.get(person.as_str()));
        self.concerned.extend(entries.flat_map(|entry| entry.listed.keys().cloned()));
        Ok(self.concerned)
    }

    fn course(
        &mut self,
        world: &mut impl Reads,
        moment: Moment<'_>,
        id: &CourseId,
        absorbed: &mut Absorbed,
    ) -> Result<(), StorageError> {
        let to_judge = &mut absorbed.to_judge;
        self.concerned.insert(id.clone());
        let Some(held) = self.rosters.held(id).cloned() else { return Ok(()) };
        let named: Vec<Person> = if held.removed { Vec::new() } else { held.course.people().cloned().collect() };
        let now: SortedSet<PersonId> = named.iter().map(|person| person.id.clone()).collect();
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
        if self.rosters.page(id).is_some_and(|page| !page.classes_set_aside.is_empty()) {
            to_judge.extend(std::mem::take(&mut self.rosters.pages.edit(id.as_str()).classes_set_aside));
            absorbed.freed.push(id.clone());
        }
        to_judge.extend(judge::latest_classes(moment, &held.course, self.rosters.ledger(id)));
        self.notice_hours_type(moment, &held.course);
        guarding::recount(self.rosters, moment, id);
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
            self.give_up(key, person);
        }
        for key in new.difference(&old) {
            self.rosters.claims.edit(key).people.insert(person.clone());
        }
        self.addresses.extend(old.union(&new).cloned());
    }

    /// Notes that a person has an address no more. A claim that nobody has any more is gone.
    fn give_up(&mut self, key: &str, person: &PersonId) {
        let claim = self.rosters.claims.edit(key);
        claim.people.remove(person);
        if claim.people.is_empty() {
            self.rosters.claims.remove(key);
        } else if let Some(entry) = self.rosters.people.get(person.as_str()) {
            self.concerned.extend(entry.listed.keys().cloned());
        }
    }
}

/// Notes that a course names these people no more, because the course is freed. Courses that this concerns are looked at
/// soon.
pub(super) fn leave(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    agenda: &mut Agenda,
    (course, people): (&CourseId, &[PersonId]),
) -> Result<(), StorageError> {
    rosters.people.load(world, people.iter().map(PersonId::as_str))?;
    let said = people.iter().filter_map(|person| rosters.people.get(person.as_str()));
    let addresses: SortedSet<String> = said.flat_map(|entry| keys(&entry.said)).collect();
    rosters.claims.load(world, addresses.iter().map(String::as_str))?;
    let mut absorption = Absorption { rosters, concerned: SortedSet::new(), addresses: SortedSet::new() };
    for person in people {
        absorption.leave(person, course);
    }
    let mut concerned = absorption.concerned(world)?;
    concerned.remove(course);
    rosters.pages.load(world, concerned.iter().map(CourseId::as_str))?;
    for other in &concerned {
        agenda.look_by(rosters, other, moment.soon(), moment.now);
    }
    Ok(())
}

/// Notes how the courses list their people where that changed since they were absorbed because the settings did: a
/// campus got another School ID, or the weeks of the sync window changed. Answers the other courses that this concerns.
/// The people must be loaded.
pub(super) fn list_anew(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    courses: &[CourseId],
) -> Result<SortedSet<CourseId>, StorageError> {
    let mut absorption = Absorption { rosters, concerned: SortedSet::new(), addresses: SortedSet::new() };
    for course in courses {
        for (person, listing) in changed_listings(absorption.rosters, course, moment) {
            absorption.change(&person, |entry| _ = entry.listed.insert(course.clone(), listing));
        }
    }
    let mut concerned = absorption.concerned(world)?;
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
fn listings<'h>(held: &'h Held, ledger: Option<&CourseLedger>, moment: Moment<'_>) -> SortedMap<&'h PersonId, Listing> {
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
