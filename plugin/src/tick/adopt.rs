//! Accounts CourseKey already has. The e-mail of a new account is taken: if the account behind it has no issued id and
//! the person's name, it becomes the person's, once and for good; otherwise nothing is guessed.
//!
//! DOMAIN §4 "Accounts already in CourseKey": "matched by issued id, else adopted once by e-mail and name, pinned,
//! journaled; a mismatch is an issue".

use super::Tick;
use crate::coursekey::answer::Answer;
use crate::coursekey::reads::{AccountFacts, accounts_with};
use crate::coursekey::upsert::{Fate, Letter, Post, upsert};
use crate::ledger::{Account, Refusal};
use crate::memory::account_id;
use crate::plan::{Action, Write};
use crate::world::World;
use crate::world::http::Address;
use crate::world::records::{JournalEntry, Operation};

impl<W: World> Tick<'_, W> {
    /// Tries to adopt the account behind an address that is taken; the fate of the action in the end.
    pub(super) fn adopt(&mut self, address: &Address, action: &Action) -> Fate {
        let Write::User { person, account, .. } = &action.write else { return Fate::Unsent };
        let base = self.settings.coursekey_url.clone();
        let found = match accounts_with(self.world, &mut self.campuses, &base, address, &account.email, self.now) {
            Some(Answer::Understood(found)) => found,
            Some(Answer::Later(failure)) => return Fate::Failed(failure),
            Some(Answer::Stop(failure) | Answer::Unknown(failure) | Answer::Refused(failure)) => {
                return Fate::Stopped(failure);
            }
            None => return Fate::Unsent,
        };
        let Some(owner) = found.first().filter(|found| found.issued_id.is_none() && same_name(found, account)) else {
            return mismatch();
        };
        let adopting = Action {
            write: Write::User {
                person: person.clone(),
                account: account.clone(),
                adopt: Some(owner.account_id.clone()),
            },
            ..action.clone()
        };
        let post = Post { base: &base, password: self.settings.initial_password.as_ref(), now: self.now };
        let fate = upsert(self.world, &mut self.campuses, post, &[Letter { address, action: &adopting }])
            .pop()
            .unwrap_or(Fate::Unsent);
        if fate == Fate::Accepted {
            self.memory.accounts.edit(&account_id(address.school, person)).adopted = Some(owner.account_id.clone());
            self.operations.push(Operation::Journal(JournalEntry {
                at: self.now,
                what: "account-adopted",
                course: Some(action.course.clone()),
                class: None,
                person: Some(person.clone()),
                old: Some(owner.account_id.to_string()),
                new: Some(person.to_string()),
                by: "CourseKey had an account with this e-mail and name".to_owned(),
            }));
        }
        fate
    }
}

fn same_name(found: &AccountFacts, account: &Account) -> bool {
    let same = |a: &str, b: &str| a.trim().to_lowercase() == b.trim().to_lowercase();
    same(&found.first_name, &account.first_name) && same(&found.last_name, &account.last_name)
}

fn mismatch() -> Fate {
    let message = "the account that has this e-mail is another person's".to_owned();
    Fate::Rejected(Refusal { code: "account_mismatch".to_owned(), field: Some("email".to_owned()), message })
}
