//! E-mail addresses that change hands: of the accounts that are to be sent, those that want an address which another of
//! them gives up, in the order in which they can be sent. Pure; the sending is `send`'s.
//!
//! DOMAIN §4 "Addresses that change hands": "the address that is given up is sent first, so that a chain of any length
//! is done in one tick, in any order of ids. A true circle (A ↔ B) cannot be done by upserts".

use crate::model::ids::PersonId;
use crate::model::sorted::{SortedMap, SortedSet, arrange};

/// A person whose account is to be sent to one CourseKey school, with the keys of two addresses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mover {
    /// The address that CourseKey holds for the person; none: CourseKey knows no account of the person.
    pub(super) held: Option<String>,
    /// The address that the person is to have.
    pub(super) wanted: String,
}

/// The people who wait for an address that another of them gives up, and those whom they wait for, the givers first.
/// Empty: nobody waits for anybody.
pub(super) fn in_order(movers: &SortedMap<PersonId, Mover>) -> Vec<PersonId> {
    let holders = holders(movers);
    let waits_for = |person: &PersonId| waits_for(person, movers, &holders);
    let mut depths: SortedMap<&PersonId, usize> = SortedMap::new();
    for person in movers.keys().filter(|person| waits_for(person).is_some()) {
        // Everybody is walked over once, however long a chain is. A walk in a circle ends where it has been; whoever
        // waits for somebody on a circle is sent after the circle.
        let (mut walk, mut walked) = (Vec::new(), SortedSet::new());
        let mut next = Some(person);
        while let Some(at) = next.filter(|at| !depths.contains_key(*at))
            && walked.insert(at)
        {
            walk.push(at);
            next = waits_for(at);
        }
        let behind = next.and_then(|known| depths.get(known)).map_or(0, |depth| depth + 1);
        depths.extend(walk.into_iter().rev().zip(behind..));
    }
    let mut order: Vec<(usize, &PersonId)> = depths.into_iter().map(|(person, depth)| (depth, person)).collect();
    arrange(&mut order, Ord::cmp);
    order.into_iter().map(|(_, person)| person.clone()).collect()
}

/// How many people of a circle are named. Each of them has the list, so that naming all would grow with the square of
/// their number.
const NAMED: usize = 20;

/// Everybody who stands in a circle of people who wait for each other, with the first people of the circle by id.
pub(super) fn circles(movers: &SortedMap<PersonId, Mover>) -> SortedMap<PersonId, Vec<PersonId>> {
    let holders = holders(movers);
    let (mut walked, mut found) = (SortedSet::new(), SortedMap::new());
    for person in movers.keys() {
        let (mut walk, mut next) = (Vec::new(), Some(person));
        while let Some(at) = next.filter(|at| walked.insert(*at)) {
            walk.push(at);
            next = waits_for(at, movers, &holders);
        }
        // A walk that comes back to somebody it has met has found a circle.
        let Some(start) = walk.iter().position(|met| Some(*met) == next) else { continue };
        let circle: SortedSet<&PersonId> = walk.split_off(start).into_iter().collect();
        let named: Vec<PersonId> = circle.iter().take(NAMED).copied().cloned().collect();
        found.extend(circle.into_iter().map(|person| (person.clone(), named.clone())));
    }
    found
}

/// Who gives up which address.
fn holders(movers: &SortedMap<PersonId, Mover>) -> SortedMap<&str, &PersonId> {
    let held = movers.iter().filter_map(|(person, mover)| Some((mover.held.as_deref()?, person, &mover.wanted)));
    held.filter(|(held, _, wanted)| held != wanted).map(|(held, person, _)| (held, person)).collect()
}

fn waits_for<'a>(
    person: &PersonId,
    movers: &'a SortedMap<PersonId, Mover>,
    holders: &SortedMap<&str, &'a PersonId>,
) -> Option<&'a PersonId> {
    let wanted = movers.get(person)?.wanted.as_str();
    holders.get(wanted).copied().filter(|holder| *holder != person)
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;

    /// From words such as `S1:a>b` (holds a, wants b) and `S2:>a` (no account yet): the order, and each circle.
    fn story(words: &str) -> String {
        let movers: SortedMap<PersonId, Mover> = words
            .split_whitespace()
            .map(|word| {
                let (person, addresses) = word.split_once(':').unwrap();
                let (held, wanted) = addresses.split_once('>').unwrap();
                let held = Some(held.to_owned()).filter(|held| !held.is_empty());
                (PersonId::from(person), Mover { held, wanted: wanted.to_owned() })
            })
            .collect();
        let names = |people: &[PersonId]| people.iter().map(PersonId::as_str).collect::<Vec<_>>().join(" ");
        let circles: SortedSet<String> = circles(&movers).values().map(|circle| names(circle)).collect();
        format!("{words} → {}; {circles:?}", names(&in_order(&movers)))
    }

    #[test]
    fn who_gives_an_address_up_comes_before_who_gets_it() {
        let cases = [
            "S1:a>b S2:c>d",
            "S1:a>b S2:b>c",
            "S2:a>b S1:b>c",
            "I1:a>b S1:b>c S2:c>d S3:d>e",
            "S1:>b S2:b>c",
            "S1:a>b S2:b>a",
            "S1:a>b S2:b>c S3:c>a S4:>d",
            "S0:z>a S1:a>b S2:b>a",
            "S1:a>a S2:>a",
        ];
        expect![[r#"
            S1:a>b S2:c>d → ; {}
            S1:a>b S2:b>c → S2 S1; {}
            S2:a>b S1:b>c → S1 S2; {}
            I1:a>b S1:b>c S2:c>d S3:d>e → S3 S2 S1 I1; {}
            S1:>b S2:b>c → S2 S1; {}
            S1:a>b S2:b>a → S2 S1; {"S1 S2"}
            S1:a>b S2:b>c S3:c>a S4:>d → S3 S2 S1; {"S1 S2 S3"}
            S0:z>a S1:a>b S2:b>a → S2 S1 S0; {"S1 S2"}
            S1:a>a S2:>a → ; {}"#]]
        .assert_eq(&cases.map(story).join("\n"));
    }

    #[test]
    fn a_whole_school_whose_addresses_slipped_by_a_line_is_ordered_in_one_walk() {
        const PEOPLE: usize = 50_000;
        let id = |number: usize| PersonId::from(format!("S{number:05}").as_str());
        let mover = |number: usize| Mover { held: Some(number.to_string()), wanted: (number + 1).to_string() };
        let movers: SortedMap<PersonId, Mover> = (0..PEOPLE).map(|number| (id(number), mover(number))).collect();
        let order: Vec<PersonId> = (0..PEOPLE).rev().map(id).collect();
        assert!(in_order(&movers) == order, "the last gives an address up that nobody else wants");
    }
}
