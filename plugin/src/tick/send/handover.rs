//! Sends accounts whose e-mail addresses change hands, adopts accounts, and wakes whoever waited for an address that
//! became free. Not here: the order in which addresses can change hands (`addresses`).

use super::addresses::{self, Mover};
use super::{Sending, Work, is_taken_address};
use crate::coursekey::items::kind;
use crate::coursekey::upsert::{Fate, Letter, Post, upsert};
use crate::ledger::{Refusal, RefusalCode};
use crate::memory::account_id;
use crate::model::ids::{Address, CourseId, PersonId, SchoolNumber};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::people;
use crate::plan::ready::Ready;
use crate::plan::{Action, Write};
use crate::tick::adopt;
use crate::world::{StorageError, World};

/// The accounts of which addresses change hands, and the addresses that became free.
#[derive(Debug, Default)]
pub(in crate::tick) struct Handover {
    /// The people whose accounts were sent before all jobs.
    pub(super) moved: SortedSet<(SchoolNumber, PersonId)>,
    /// The keys of addresses that CourseKey held for somebody and holds no more.
    pub(super) freed: SortedSet<(SchoolNumber, String)>,
}

/// The plan's actions about one person at one campus, each with the place of its course.
type Actions = Vec<(usize, Action<String>)>;

impl<W: World> Sending<'_, W> {
    /// Sends the accounts first whose addresses change hands, the givers before the getters, for as long as CourseKey
    /// takes one more of them. What is left is refused: as a circle, or because of an account that nobody gives up.
    pub(super) fn move_addresses(
        &mut self,
        works: &mut [Work],
        lost: &mut SortedSet<(SchoolNumber, PersonId)>,
    ) -> Result<(), StorageError> {
        let mut letters: SortedMap<(Address, PersonId), Actions> = SortedMap::new();
        for (place, work) in works.iter().enumerate() {
            for action in &work.look.plan.actions {
                if let Write::User { person, .. } = &action.write
                    && let Ready::Send(sendable) = self.ready(&work.address, action)
                {
                    letters.entry((work.address.clone(), person.clone())).or_default().push((place, *sendable));
                }
            }
        }
        let addresses: SortedSet<Address> = letters.keys().map(|(address, _)| address.clone()).collect();
        for address in addresses {
            let of = letters.iter().filter(|((to, _), _)| *to == address);
            let of: SortedMap<PersonId, &Actions> =
                of.map(|((_, person), actions)| (person.clone(), actions)).collect();
            for (person, fate) in self.move_at(&address, &of)? {
                self.handover.moved.insert((address.school, person.clone()));
                for (place, action) in of.get(&person).copied().into_iter().flatten() {
                    let Some(work) = works.get_mut(*place) else { continue };
                    lost.extend(self.hear(work, &address, action, fate.clone()));
                }
            }
        }
        Ok(())
    }

    /// Sends the accounts of one campus whose addresses change hands, and answers the fate of each.
    fn move_at(
        &mut self,
        address: &Address,
        actions: &SortedMap<PersonId, &Actions>,
    ) -> Result<Vec<(PersonId, Fate)>, StorageError> {
        let mover = |(person, actions): (&PersonId, &&Actions)| {
            let Write::User { account, .. } = &actions.first()?.1.write else { return None };
            let ledger = self.rosters.accounts.get(&account_id(address.school, person));
            let held = ledger.and_then(|ledger| ledger.account.acknowledged.as_ref());
            let held = held.map(|account| people::email_key(&account.email));
            Some((person.clone(), Mover { held, wanted: people::email_key(&account.email) }))
        };
        let mut movers: SortedMap<PersonId, Mover> = actions.iter().filter_map(mover).collect();
        let mut left = addresses::in_order(&movers);
        let mut fates = Vec::new();
        loop {
            let letters = left.iter().filter_map(|person| actions.get(person)?.first());
            let letters: Vec<Letter<'_>> = letters.map(|(_, action)| Letter { address, action }).collect();
            self.sent.posted |= !letters.is_empty();
            let post = self.letterhead();
            let sent = upsert(self.world, self.campuses, post, &letters);
            let mut taken = Vec::new();
            let before = fates.len();
            for ((person, letter), fate) in left.into_iter().zip(&letters).zip(sent) {
                if is_taken_address(&fate) {
                    taken.push(person);
                    continue;
                }
                self.campuses.tally(kind(&letter.action.write)).count(&fate);
                movers.remove(&person);
                fates.push((person, fate));
            }
            left = taken;
            let goes_on = fates.iter().skip(before).any(|(_, fate)| *fate == Fate::Accepted);
            if left.is_empty() || !goes_on {
                break;
            }
        }
        let circles = addresses::circles(&movers);
        for person in left {
            let Some((_, action)) = actions.get(&person).and_then(|actions| actions.first()) else { continue };
            let fate = if let Some(people) = circles.get(&person) {
                circle(people.clone())
            } else {
                let post = self.letterhead();
                self.adopt(post, Letter { address, action })?
            };
            self.campuses.tally(kind(&action.write)).count(&fate);
            fates.push((person, fate));
        }
        Ok(fates)
    }

    /// Tries to adopt the account that has the e-mail of the person in the letter, and notes the adoption. Where that
    /// account is of another person whom GEGI knows, the refusal says of whom.
    pub(super) fn adopt(&mut self, post: Post<'_>, letter: Letter<'_>) -> Result<Fate, StorageError> {
        let Letter { address, action } = letter;
        let adoption = adopt::adopt(self.world, self.campuses, post, letter);
        if let Some(adopted) = adoption.adopted {
            self.rosters.accounts.edit(&account_id(address.school, &adopted.person)).adopted =
                Some(adopted.account.clone());
            self.out.operations.push(adopted.journal(&action.course, self.moment.now));
        }
        if let (Some(holder), Fate::Rejected(refusal)) = (adoption.holder, &adoption.fate) {
            let account = account_id(address.school, &holder);
            self.rosters.people.load(self.world, std::iter::once(holder.as_str()))?;
            self.rosters.accounts.load(self.world, std::iter::once(account.as_str()))?;
            let is_ours = self.rosters.people.get(holder.as_str()).is_some()
                || self.rosters.accounts.get(&account).is_some_and(|ledger| ledger.account.acknowledged.is_some());
            if is_ours {
                let refusal = Refusal { code: RefusalCode::HeldBy(holder), ..refusal.clone() };
                return Ok(Fate::Rejected(refusal));
            }
        }
        Ok(adoption.fate)
    }

    /// Sends again whoever was refused an address that became free in this tick. That is left to the next regular tick.
    pub(super) fn wake_who_waits(&mut self) -> Result<(), StorageError> {
        let freed = std::mem::take(&mut self.handover.freed);
        self.rosters.claims.load(self.world, freed.iter().map(|(_, key)| key.as_str()))?;
        let mut waiting: SortedSet<(SchoolNumber, PersonId)> = SortedSet::new();
        for (school, key) in &freed {
            let people = self.rosters.claims.get(key).into_iter().flat_map(|claim| &claim.people);
            waiting.extend(people.map(|person| (*school, person.clone())));
        }
        self.rosters.people.load(self.world, waiting.iter().map(|(_, person)| person.as_str()))?;
        let accounts: Vec<String> = waiting.iter().map(|(school, person)| account_id(*school, person)).collect();
        self.rosters.accounts.load(self.world, accounts.iter().map(String::as_str))?;
        for ((_, person), account) in waiting.iter().zip(accounts) {
            let is_about_address = |code: &RefusalCode| {
                matches!(
                    code,
                    RefusalCode::EmailTaken
                        | RefusalCode::AccountMismatch
                        | RefusalCode::HeldBy(_)
                        | RefusalCode::Circle(_)
                )
            };
            let parked = self.rosters.accounts.get(&account).and_then(|ledger| ledger.account.parked.as_ref());
            if !parked.is_some_and(|parked| is_about_address(&parked.refusal.code)) {
                continue;
            }
            self.rosters.accounts.edit(&account).account.parked = None;
            let entry = self.rosters.people.get(person.as_str());
            let courses: Vec<CourseId> = entry.into_iter().flat_map(|entry| entry.listed.keys().cloned()).collect();
            self.rosters.load_courses(self.world, &courses)?;
            for course in &courses {
                self.agenda.look_by(self.rosters, course, self.moment.soon(), self.moment.now);
            }
        }
        Ok(())
    }
}

/// Whether an action's account was sent before all jobs.
pub(super) fn is_handed_over(handover: &Handover, address: &Address, action: &Action) -> bool {
    match &action.write {
        Write::User { person, .. } => handover.moved.contains(&(address.school, person.clone())),
        _ => false,
    }
}

fn circle(people: Vec<PersonId>) -> Fate {
    let message = "CourseKey holds the e-mail for another of them".to_owned();
    Fate::Rejected(Refusal { code: RefusalCode::Circle(people), field: Some("email".to_owned()), message })
}
