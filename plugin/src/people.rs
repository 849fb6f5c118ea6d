//! One person, one GEGI id, whatever the role: which revision counts, and what keeps a person from being sent.

use email_address::EmailAddress;

use crate::model::ids::PersonId;
use crate::model::issue::Code;
use crate::model::person::Person;

/// Whether `seen` is news over `held`: the newest person revision over all courses wins.
pub fn newer(held: &Person, seen: &Person) -> bool {
    seen.revision > held.revision
}

/// What makes two addresses the same: CourseKey compares user names without regard to case.
pub fn email_key(email: &str) -> String {
    email.trim().to_lowercase()
}

/// What keeps a person from being sent, with a sentence each; nothing if the person can be sent. Names are CourseKey's to
/// judge: some people have only one.
pub fn problems(person: &Person) -> Vec<(Code, String)> {
    let id = &person.id;
    let email = person.email.as_str();
    let rows = [
        (email.trim().is_empty(), Code::EmailMissing, format!("{id} has no e-mail")),
        (
            !email.trim().is_empty() && !EmailAddress::is_valid(email),
            Code::EmailInvalid,
            format!("{id} has an e-mail that is not an address"),
        ),
    ];
    rows.into_iter().filter(|(holds, ..)| *holds).map(|(_, code, sentence)| (code, sentence)).collect()
}

/// Who of several people with one address is not sent. Whoever CourseKey holds with it already keeps it; where CourseKey
/// holds nobody, nobody is sent, because which of them is meant would be a guess.
pub fn shared_email_losers(claimants: &[(PersonId, bool)]) -> Vec<PersonId> {
    claimants.iter().filter(|(_, held)| !held).map(|(id, _)| id.clone()).collect()
}
