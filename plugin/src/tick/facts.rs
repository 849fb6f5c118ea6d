//! Gathers the facts for looks at many courses at once. Decides nothing.

use super::classes;
use super::moment::Moment;
use crate::look::{Contradiction, Facts};
use crate::memory::entries::PersonEntry;
use crate::memory::{Rosters, account_id};
use crate::model::course::Course;
use crate::model::ids::{CourseId, PersonId, SchoolNumber};
use crate::model::person::Person;
use crate::model::sorted::{SortedMap, SortedSet, arrange};
use crate::people;
use crate::world::{Reads, StorageError};

/// Loads everything that looks at the courses need: the courses' people, everybody of whom a course says that they share
/// an address with them, the accounts of all of these, and the courses that contradict each other about them.
pub(super) fn load(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    courses: &[CourseId],
) -> Result<(), StorageError> {
    rosters.load_courses(world, courses)?;
    classes::drop_moved(world, rosters, courses)?;
    let mut people: SortedSet<PersonId> = courses.iter().flat_map(|course| people_of(rosters, course)).collect();
    rosters.people.load(world, people.iter().map(PersonId::as_str))?;
    let addresses: SortedSet<String> = people.iter().flat_map(|id| addresses_of(rosters, id)).collect();
    rosters.claims.load(world, addresses.iter().map(String::as_str))?;
    let shared = addresses.iter().filter_map(|key| rosters.claims.get(key)).filter(|claim| claim.people.len() > 1);
    let claimants: SortedSet<PersonId> = shared.flat_map(|claim| claim.people.iter().cloned()).collect();
    rosters.people.load(world, claimants.iter().map(PersonId::as_str))?;
    let contradicting: SortedSet<CourseId> = people
        .iter()
        .filter_map(|id| rosters.people.get(id.as_str()))
        .flat_map(|entry| people::contradicting(&entry.said))
        .flat_map(|said| said.courses.iter().cloned())
        .collect();
    rosters.load_courses(world, &contradicting)?;
    people.extend(claimants);
    let schools: SortedSet<SchoolNumber> = moment.settings.campuses.values().map(|campus| campus.school).collect();
    let accounts: Vec<String> =
        schools.iter().flat_map(|school| people.iter().map(|person| account_id(*school, person))).collect();
    rosters.accounts.load(world, accounts.iter().map(String::as_str))
}

/// Everybody whom a course names, and everybody whom the course's page of the ledger names.
fn people_of(rosters: &Rosters, course: &CourseId) -> Vec<PersonId> {
    let named = rosters.held(course).into_iter().flat_map(|held| held.course.people().map(|person| &person.id));
    named.chain(told_of(rosters, course)).cloned().collect()
}

/// Everybody whom a course's page of the ledger names: with an enrolment, or as an instructor.
fn told_of<'a>(rosters: &'a Rosters, course: &CourseId) -> impl Iterator<Item = &'a PersonId> {
    rosters.ledger(course).into_iter().flat_map(|ledger| {
        let teaching = ledger.course.acknowledged.iter().flat_map(|course| &course.instructors);
        ledger.enrollments.keys().chain(teaching)
    })
}

fn addresses_of(rosters: &Rosters, person: &PersonId) -> Vec<String> {
    let said = rosters.people.get(person.as_str()).into_iter().flat_map(|entry| &entry.said);
    said.map(|said| people::email_key(&said.person.email)).filter(|key| people::is_address(key)).collect()
}

/// The facts of a course that was loaded; none: GEGI never told of the course.
pub(super) fn facts<'a>(rosters: &'a Rosters, moment: Moment<'a>, id: &CourseId) -> Option<Facts<'a>> {
    let held = rosters.held(id)?;
    let course = &held.course;
    let school = moment.settings.campuses.get(&course.campus).map(|campus| campus.school);
    let here = Here { rosters, moment, school };
    let people: SortedMap<_, _> =
        course.people().map(|listed| (&listed.id, here.counted(&listed.id).unwrap_or(listed))).collect();
    let keys: SortedSet<String> = people.values().map(|person| people::email_key(&person.email)).collect();
    let claims = keys.into_iter().map(|key| (here.claim(&key), key)).filter(|(claim, _)| claim.len() > 1);
    let everybody = people.keys().copied().chain(told_of(rosters, id));
    Some(Facts {
        course,
        odd: &held.odd,
        option: held.option,
        removed: held.removed,
        ledger: rosters.ledger(id),
        accounts: everybody.filter_map(|id| Some((id, here.account(id)?))).collect(),
        claims: claims.map(|(claim, key)| (key, claim)).collect(),
        contradictions: people.keys().filter_map(|person| here.contradiction(person, course)).collect(),
        people,
        settings: moment.settings,
        now: moment.now,
    })
}

/// What was loaded, as seen from one CourseKey school.
struct Here<'a> {
    rosters: &'a Rosters,
    moment: Moment<'a>,
    school: Option<SchoolNumber>,
}

impl<'a> Here<'a> {
    fn entry(&self, person: &PersonId) -> Option<&'a PersonEntry> {
        self.rosters.people.get(person.as_str())
    }

    fn account(&self, person: &PersonId) -> Option<&'a crate::ledger::PersonLedger> {
        self.rosters.accounts.get(&account_id(self.school?, person))
    }

    /// The data of a person that count at this CourseKey school.
    fn counted(&self, person: &PersonId) -> Option<&'a Person> {
        let account = self.account(person).and_then(|ledger| ledger.account.acknowledged.as_ref());
        people::counted(&self.entry(person)?.said, |person| account.is_some_and(|account| account.is_of(person)))
    }

    /// Who competes for an address at this CourseKey school and, for each, whether CourseKey holds the person's account
    /// with this address.
    fn claim(&self, key: &str) -> SortedMap<&'a PersonId, bool> {
        let Some(school) = self.school else { return SortedMap::new() };
        let claimants = self.rosters.claims.get(key).filter(|claim| claim.people.len() > 1);
        let claim = |person: &'a PersonId| {
            let has_it = self.counted(person).is_some_and(|person| people::email_key(&person.email) == key);
            let account = self.account(person).and_then(|ledger| ledger.account.acknowledged.as_ref());
            let competes =
                people::competes(&self.entry(person)?.listed, school, account.is_some(), self.moment.now) && has_it;
            let holds = account.is_some_and(|account| people::email_key(&account.email) == key);
            competes.then_some((person, holds))
        };
        claimants.into_iter().flat_map(|claimants| &claimants.people).filter_map(claim).collect()
    }

    /// What courses say against each other of a person, if this course is the one to tell of it: of the courses that
    /// are sent, the one with the lowest id.
    fn contradiction(&self, person: &'a PersonId, course: &Course) -> Option<Contradiction<'a>> {
        let entry = self.entry(person)?;
        let said = people::contradicting(&entry.said);
        let mut courses: Vec<&CourseId> = said.iter().flat_map(|said| &said.courses).collect();
        arrange(&mut courses, Ord::cmp);
        let is_sent = |course: &&&CourseId| {
            let listing = entry.listed.get(**course);
            listing.is_some_and(|listing| listing.school.is_some_and(|school| listing.is_sent(school, self.moment.now)))
        };
        if courses.iter().find(is_sent).is_none_or(|first| **first != course.id) {
            return None;
        }
        let own = said.iter().find(|said| said.courses.contains(&course.id))?;
        let against = said.iter().filter(|said| !said.courses.contains(&course.id));
        let fields = against.clone().flat_map(|said| people::fields_that_differ(&own.person, &said.person));
        let fields: SortedSet<&str> = fields.collect();
        let others = against.flat_map(|said| &said.courses).filter_map(|course| self.rosters.held(course));
        Some(Contradiction {
            person,
            fields: fields.into_iter().collect(),
            others: others.map(|held| &held.course).collect(),
        })
    }
}
