//! One person, one GEGI id, whatever the role: which revision counts, and what keeps a person from being sent. Accounts
//! that CourseKey has already are the engine's to adopt.

use std::collections::BTreeSet;

use crate::model::ids::PersonId;
use crate::model::issue::Code;
use crate::model::person::{Person, address};

/// Whether `seen` is news over `held`: the newest person revision over all courses wins.
pub fn newer(held: &Person, seen: &Person) -> bool {
    seen.revision > held.revision
}

/// What makes two addresses the same: CourseKey compares user names without regard to case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// Whether a key can be an address at all (RFC 5321 §4.5.3.1: 254 bytes at the most); what cannot is nobody's claim.
pub fn is_address(key: &str) -> bool {
    (3..=254).contains(&key.len())
}

/// What keeps a person from being sent, with a sentence each; nothing if the person can be sent. Names are CourseKey's to
/// judge: some people have only one.
///
/// Seed, "Sending Data to CourseKey": "All synchronized course instructors are added to CourseKey." "All synchronized
/// course students are added to CourseKey." The account's user name is the e-mail, so only that can be missing.
pub fn problems(person: &Person) -> Vec<(Code, String)> {
    field_problem(&person.email).into_iter().map(|(code, why)| (code, format!("{} has {why}", person.id))).collect()
}

/// What is wrong with an e-mail field, in words that fit after "has" and do not repeat it.
///
/// Notes beside an instructor's address are what stops other integrations (DOMAIN §2), so they are told apart from an
/// address that is wrong.
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

/// Who of several people with one address is not sent; nobody if there is only one. The flag says whether CourseKey holds
/// the address for that person. Whoever it holds with it already keeps it; where it holds nobody, nobody is sent, because
/// which of them is meant would be a guess.
pub fn shared_email_losers(claimants: &[(PersonId, bool)]) -> Vec<PersonId> {
    let people: BTreeSet<&PersonId> = claimants.iter().map(|(id, _)| id).collect();
    if people.len() < 2 {
        return Vec::new();
    }
    claimants.iter().filter(|(_, held)| !held).map(|(id, _)| id.clone()).collect()
}

#[cfg(test)]
mod tests;
