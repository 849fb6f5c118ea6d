//! People: which revision of a person counts, what keeps a person from being sent, and who keeps an e-mail address that
//! two people have. Not here: the adoption of accounts that CourseKey has already (`tick::adopt`).

use std::collections::BTreeSet;

use crate::model::ids::PersonId;
use crate::model::issue::Code;
use crate::model::person::{Person, address};

/// Whether `seen` replaces `held`: of the revisions of a person in all courses the highest counts.
pub fn newer(held: &Person, seen: &Person) -> bool {
    seen.revision > held.revision
}

/// The key by which two addresses are compared: CourseKey compares user names without regard to case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether a key can be an address at all (RFC 5321 §4.5.3.1: 254 bytes at the most). Nobody has a claim to a key that
/// cannot be an address.
pub fn is_address(key: &str) -> bool {
    (3..=254).contains(&key.len())
}

/// The problems that keep a person from being sent, each with a sentence; empty: the person can be sent. A missing name
/// is no problem here, because some people have only one name; CourseKey judges the names.
///
/// Seed, "Sending Data to CourseKey": "All synchronized course instructors are added to CourseKey." "All synchronized
/// course students are added to CourseKey." The account's user name is the e-mail, so only that can be missing.
pub fn problems(person: &Person) -> Vec<(Code, String)> {
    field_problem(&person.email).into_iter().map(|(code, why)| (code, format!("{} has {why}", person.id))).collect()
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
pub fn shared_email_losers(claimants: &[(PersonId, bool)]) -> Vec<PersonId> {
    let people: BTreeSet<&PersonId> = claimants.iter().map(|(id, _)| id).collect();
    if people.len() < 2 {
        return Vec::new();
    }
    claimants.iter().filter(|(_, held)| !held).map(|(id, _)| id.clone()).collect()
}

#[cfg(test)]
mod tests;
