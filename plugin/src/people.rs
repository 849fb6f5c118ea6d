//! People: which data of a person count, what keeps a person from being sent, and who competes for an e-mail address
//! that several people have. Not here: the adoption of accounts that CourseKey has already (`tick::adopt`).

use serde::{Deserialize, Serialize};
use unicode_normalization::char::{canonical_combining_class, decompose_canonical};

use crate::model::ids::{CourseId, PersonId, SchoolNumber};
use crate::model::issue::Code;
use crate::model::person::{Person, address};
use crate::model::sorted::{SortedMap, SortedSet, arrange};
use crate::model::time::Instant;

/// A person's data, and the courses that name the person with these very data now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// The person.
    pub person: Person,
    /// The courses.
    pub courses: SortedSet<CourseId>,
}

/// A problem that keeps a person from being sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The row of the catalogue.
    pub code: Code,
    /// What the sentence says of the person, for example "has no e-mail".
    pub said: String,
}

/// The most characters of a first or last name that CourseKey takes (`coursekey.openapi.yaml`).
const NAME_CAP: usize = 100;

/// The data of a person that count: those of the highest revision among the courses that name the person now. Where
/// these contradict each other at one revision, those that CourseKey holds (`is_held`), else those of the course with
/// the lowest id. None: no course names the person.
///
/// DOMAIN §4 "People": "equal revisions with different data: what CourseKey holds stays if one of them names it (else
/// the course with the lowest id decides)"; "a value that no course names any more counts for nothing".
pub fn counted(said: &[Said], is_held: impl Fn(&Person) -> bool) -> Option<&Person> {
    let newest = newest(said);
    let held = newest.iter().find(|said| is_held(&said.person));
    let lowest = || newest.iter().min_by_key(|said| said.courses.first());
    held.or_else(lowest).map(|said| &said.person)
}

/// What several courses say of a person at one revision, if it differs; empty: nothing contradicts anything.
pub fn contradicting(said: &[Said]) -> Vec<&Said> {
    let newest = newest(said);
    if newest.iter().any(|other| newest.iter().any(|said| !fields_that_differ(&said.person, &other.person).is_empty()))
    {
        newest
    } else {
        Vec::new()
    }
}

fn newest(said: &[Said]) -> Vec<&Said> {
    let highest = said.iter().map(|said| said.person.revision).max();
    said.iter().filter(|said| Some(said.person.revision) == highest).collect()
}

/// The fields in which two sets of data of a person differ, in words for people.
pub fn fields_that_differ(one: &Person, other: &Person) -> Vec<&'static str> {
    let pairs = [
        ("first name", &one.first_name, &other.first_name),
        ("last name", &one.last_name, &other.last_name),
        ("e-mail", &one.email, &other.email),
    ];
    pairs.into_iter().filter(|(_, one, other)| one.trim() != other.trim()).map(|(field, ..)| field).collect()
}

/// Notes that a course names a person with these data.
pub fn name(said: &mut Vec<Said>, person: &Person, course: &CourseId) {
    forget(said, course);
    match said.iter_mut().find(|said| said.person == *person) {
        Some(same) => _ = same.courses.insert(course.clone()),
        None => said.push(Said { person: person.clone(), courses: SortedSet::from([course.clone()]) }),
    }
    arrange(said, |a, b| (a.person.revision, a.courses.first()).cmp(&(b.person.revision, b.courses.first())));
}

/// Notes that a course does not name a person any more.
pub fn forget(said: &mut Vec<Said>, course: &CourseId) {
    for said in said.iter_mut() {
        said.courses.remove(course);
    }
    said.retain(|said| !said.courses.is_empty());
}

/// How a course lists a person, as far as it gives the person a claim to an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Listing {
    /// CourseKey's number of the course's campus; none: the course is off, or removed, or its campus is unknown.
    pub school: Option<SchoolNumber>,
    /// From this moment on the course is sent.
    pub from: Instant,
    /// From this moment on the course is not sent any more.
    pub until: Instant,
    /// Whether the course wants the person sent: an instructor, or a student who is assigned and enrolled.
    pub wanted: bool,
}

impl Listing {
    /// Whether the course is sent to a School ID at a moment.
    pub fn is_sent(&self, school: SchoolNumber, now: Instant) -> bool {
        self.school == Some(school) && self.from <= now && now < self.until
    }
}

/// Whether a person competes for an e-mail address at a CourseKey school. `known`: CourseKey acknowledged an account of
/// the person there.
///
/// DOMAIN §4 "One e-mail, two people": "only people who are sent, or are about to be, to the *same* CourseKey school
/// compete for an address: course on, window open or course acknowledged, stage enrolled or account acknowledged. Leads,
/// credit-granted, courses that are off or over, and other campuses' people claim nothing".
pub fn competes(listed: &SortedMap<CourseId, Listing>, school: SchoolNumber, known: bool, now: Instant) -> bool {
    listed.values().any(|listing| listing.is_sent(school, now) && (listing.wanted || known))
}

/// The key by which two addresses are compared: CourseKey compares user names without regard to case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// The key by which two names are compared.
///
/// DOMAIN §4 "Names and zones compared": "names by NFC, case and blanks folded". Two names have the same NFC if and only
/// if they have the same canonical decomposition, which is shorter to make.
pub fn name_key(name: &str) -> String {
    let lower: String = decomposed(name).chars().flat_map(char::to_lowercase).collect();
    decomposed(&lower).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The canonical decomposition (NFD) of a text: of the marks behind a letter those of the lower class come first. The
/// crate's own iterator brings the tables of the compatible decomposition with it, 60 KB that no name needs.
fn decomposed(text: &str) -> String {
    let mut letters: Vec<(usize, u8, char)> = Vec::new();
    let mut begun = 0;
    for letter in text.chars() {
        decompose_canonical(letter, |part| {
            let class = canonical_combining_class(part);
            begun += usize::from(class == 0);
            letters.push((begun, class, part));
        });
    }
    arrange(&mut letters, |one, next| (one.0, one.1).cmp(&(next.0, next.1)));
    letters.into_iter().map(|(.., part)| part).collect()
}

/// Whether a key can be an address at all (RFC 5321 §4.5.3.1: 254 bytes at the most). Nobody has a claim to a key that
/// cannot be an address.
pub fn is_address(key: &str) -> bool {
    (3..=254).contains(&key.len())
}

/// The problems that keep a person from being sent; empty: the person can be sent. A missing name is no problem here,
/// because some people have only one name; CourseKey judges the names.
///
/// Seed, "Sending Data to CourseKey": "All synchronized course instructors are added to CourseKey." "All synchronized
/// course students are added to CourseKey." The account's user name is the e-mail, so only that can be missing.
pub fn problems(person: &Person) -> Vec<Problem> {
    let email = field_problem(&person.email).map(|(code, why)| Problem { code, said: format!("has {why}") });
    let names = [("first name", &person.first_name), ("last name", &person.last_name)];
    let too_long = names.into_iter().filter_map(|(field, name)| {
        let length = name.chars().count();
        let said = format!("has a {field} of {length} characters; CourseKey takes {NAME_CAP}");
        (length > NAME_CAP).then_some(Problem { code: Code::TextTooLong, said })
    });
    email.into_iter().chain(too_long).collect()
}

/// What is wrong with an e-mail field, in words that fit after "has" and do not repeat the field's text.
///
/// Notes beside an instructor's address stop other integrations (DOMAIN §2). The sentence therefore names such notes,
/// and does not call the address wrong.
fn field_problem(email: &str) -> Option<(Code, &'static str)> {
    if address(email).is_some() {
        return None;
    }
    if email.trim().is_empty() {
        return Some((Code::EmailMissing, "no e-mail"));
    }
    let between = |c: char| c.is_whitespace() || "<>()[],;:/\"".contains(c);
    let instead = match email.split(between).filter(|word| address(word).is_some()).count() {
        0 => "an e-mail that is not an address",
        1 => "more than an address in the e-mail field",
        _ => "several addresses in the e-mail field",
    };
    Some((Code::EmailInvalid, instead))
}

/// Which of several people with one address are not sent; empty: only one person has the address.
///
/// The flag beside a person says whether CourseKey holds an account of that person with the address. Such a person
/// keeps the address. Where CourseKey holds none of the people with the address, none of them is sent, because choosing
/// one would be a guess.
pub fn shared_email_losers<'a>(claimants: &SortedMap<&'a PersonId, bool>) -> SortedSet<&'a PersonId> {
    if claimants.len() < 2 {
        return SortedSet::new();
    }
    claimants.iter().filter(|(_, held)| !**held).map(|(id, _)| *id).collect()
}

#[cfg(test)]
mod tests;
