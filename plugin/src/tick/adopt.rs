//! Adopts accounts that CourseKey already has. CourseKey refused a new account because another account has the e-mail.
//! If that account has no GEGI id and bears the person's name, it becomes the person's, once and for good. Otherwise
//! the refusal stands, because anything else would be a guess.
//!
//! DOMAIN §4 "Accounts already in CourseKey": "matched by issued id, else adopted once by e-mail and name, pinned,
//! journaled; a mismatch is an issue".

use crate::coursekey::Gate;
use crate::coursekey::answer::Answer;
use crate::coursekey::reads::{AccountFacts, accounts_with};
use crate::coursekey::upsert::{Fate, Letter, Post, upsert};
use crate::ledger::{Account, Refusal, RefusalCode};
use crate::model::ids::{AccountId, CourseId, PersonId};
use crate::model::time::Instant;
use crate::people;
use crate::plan::{Action, Write};
use crate::world::Network;
use crate::world::records::{JournalEntry, Operation};

/// The result of trying to adopt an account.
pub(super) struct Adoption {
    /// The fate of the action in the end.
    pub(super) fate: Fate,
    /// The account that was adopted; none: no account was.
    pub(super) adopted: Option<Adopted>,
    /// The GEGI id that the account has which has the e-mail; none: it has none, or was not found.
    pub(super) holder: Option<PersonId>,
}

/// An account that became a person's by adoption.
pub(super) struct Adopted {
    pub(super) person: PersonId,
    pub(super) account: AccountId,
}

impl From<Fate> for Adoption {
    fn from(fate: Fate) -> Self {
        Self { fate, adopted: None, holder: None }
    }
}

impl Adopted {
    /// The line of the System Journal about the adoption.
    pub(super) fn journal(self, course: &CourseId, now: Instant) -> Operation {
        Operation::Journal(JournalEntry {
            at: now,
            what: "account-adopted",
            course: Some(course.clone()),
            class: None,
            old: Some(self.account.to_string()),
            new: Some(self.person.to_string()),
            person: Some(self.person),
            by: "CourseKey had an account with this e-mail and name".to_owned(),
            record: None,
        })
    }
}

/// Tries to adopt the account that has the e-mail of the person in `action`.
pub(super) fn adopt(
    world: &mut impl Network,
    gate: &mut dyn Gate,
    post: Post<'_>,
    Letter { address, action }: Letter<'_>,
) -> Adoption {
    let Write::User { person, account, .. } = &action.write else { return Fate::Unsent.into() };
    let found = match accounts_with(world, gate, post.base, address, &account.email, post.now) {
        Some(Answer::Understood(found)) => found,
        Some(Answer::Later(failure)) => return Fate::Failed(failure).into(),
        Some(Answer::Stop(failure) | Answer::Unknown(failure) | Answer::Refused(failure)) => {
            return Fate::Stopped(failure).into();
        }
        None => return Fate::Unsent.into(),
    };
    let Some(owner) = found.first().filter(|found| found.issued_id.is_none() && same_name(found, account)) else {
        let holder = found.first().and_then(|found| found.issued_id.as_deref()).map(PersonId::from);
        return Adoption { holder, ..mismatch().into() };
    };
    let (person, id) = (person.clone(), owner.account_id.clone());
    let write = Write::User { person: person.clone(), account: account.clone(), adopt: Some(id.clone()) };
    let adopting = Action { write, ..action.clone() };
    let fate = upsert(world, gate, post, &[Letter { address, action: &adopting }]).pop().unwrap_or(Fate::Unsent);
    let adopted = (fate == Fate::Accepted).then_some(Adopted { person, account: id });
    Adoption { fate, adopted, holder: None }
}

fn same_name(found: &AccountFacts, account: &Account) -> bool {
    let same = |a: &str, b: &str| people::name_key(a) == people::name_key(b);
    same(&found.first_name, &account.first_name) && same(&found.last_name, &account.last_name)
}

fn mismatch() -> Fate {
    let message = "the account that has this e-mail is another person's".to_owned();
    Fate::Rejected(Refusal { code: RefusalCode::AccountMismatch, field: Some("email".to_owned()), message })
}
