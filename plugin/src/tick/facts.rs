//! Gathers the facts for looks at many courses at once. Decides nothing.

use std::collections::BTreeMap;

use super::classes;
use super::moment::Moment;
use crate::look::Facts;
use crate::memory::{Rosters, account_id};
use crate::model::ids::{CourseId, PersonId, SchoolNumber};
use crate::model::person::Person;
use crate::people;
use crate::world::{Reads, StorageError};

/// Loads everything that looks at the courses need: the courses' people, everybody who shares an address with them, and
/// the accounts of all of these.
pub(super) fn load(
    world: &mut impl Reads,
    moment: Moment<'_>,
    rosters: &mut Rosters,
    courses: &[CourseId],
) -> Result<(), StorageError> {
    rosters.load_courses(world, courses)?;
    classes::drop_moved(world, rosters, courses)?;
    let mut people: Vec<PersonId> = courses.iter().flat_map(|course| people_of(rosters, course)).collect();
    rosters.people.load(world, people.iter().map(PersonId::as_str))?;
    let addresses: Vec<String> = people.iter().filter_map(|id| email_of(rosters, id)).collect();
    rosters.claims.load(world, addresses.iter().map(String::as_str))?;
    let shared = addresses.iter().filter_map(|key| rosters.claims.get(key)).filter(|claim| claim.people.len() > 1);
    people.extend(shared.flat_map(|claim| claim.people.iter().cloned()));
    let schools: Vec<SchoolNumber> = moment.settings.campuses.values().map(|campus| campus.school).collect();
    let accounts: Vec<String> =
        schools.iter().flat_map(|school| people.iter().map(|person| account_id(*school, person))).collect();
    rosters.accounts.load(world, accounts.iter().map(String::as_str))
}

/// Everybody whom a course names, and everybody who has an enrolment in the course's page of the ledger.
fn people_of(rosters: &Rosters, course: &CourseId) -> Vec<PersonId> {
    let named = rosters.held(course).into_iter().flat_map(|held| held.course.people().map(|person| &person.id));
    let told = rosters.ledger(course).into_iter().flat_map(|ledger| ledger.enrollments.keys());
    named.chain(told).cloned().collect()
}

fn email_of(rosters: &Rosters, person: &PersonId) -> Option<String> {
    let person = rosters.people.get(person.as_str())?.person.as_ref()?;
    Some(people::email_key(&person.email)).filter(|key| !key.is_empty() && key.len() <= 254)
}

/// The facts of a course that was loaded; none: GEGI never told of the course.
pub(super) fn facts<'a>(rosters: &'a Rosters, moment: Moment<'a>, id: &CourseId) -> Option<Facts<'a>> {
    let held = rosters.held(id)?;
    let course = &held.course;
    let school = moment.settings.campuses.get(&course.campus).map(|campus| campus.school);
    let newest = |listed: &'a Person| {
        let known = rosters.people.get(listed.id.as_str()).and_then(|entry| entry.person.as_ref());
        (&listed.id, known.unwrap_or(listed))
    };
    let people: BTreeMap<_, _> = course.people().map(newest).collect();
    let claim = |person: &&Person| {
        let key = people::email_key(&person.email);
        let claim = rosters.claims.get(&key).filter(|claim| claim.people.len() > 1)?;
        Some((key, &claim.people))
    };
    let claims: BTreeMap<_, _> = people.values().filter_map(claim).collect();
    let everybody = people.keys().copied().chain(claims.values().copied().flatten());
    let account = |id: &'a PersonId| Some((id, rosters.accounts.get(&account_id(school?, id))?));
    Some(Facts {
        course,
        option: held.option,
        removed: held.removed,
        ledger: rosters.ledger(id),
        accounts: everybody.filter_map(account).collect(),
        people,
        claims,
        settings: moment.settings,
        now: moment.now,
    })
}
