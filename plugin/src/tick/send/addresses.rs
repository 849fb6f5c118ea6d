//! E-mail addresses that change hands: of the accounts that are to be sent, those that want an address which another of
//! them gives up, in the order in which they can be sent. Pure; the sending is `send`'s.
//!
//! DOMAIN §4 "Addresses that change hands": "the address that is given up is sent first, so that a chain of any length
//! is done in one tick, in any order of ids. A true circle (A ↔ B) cannot be done by upserts".

use std::collections::{BTreeMap, BTreeSet};

use crate::model::ids::PersonId;

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
pub(super) fn in_order(movers: &BTreeMap<PersonId, Mover>) -> Vec<PersonId> {
    let holders = holders(movers);
    let waits_for = |person: &PersonId| waits_for(person, movers, &holders);
    let mut depths: BTreeMap<PersonId, usize> = BTreeMap::new();
    for person in movers.keys().filter(|person| waits_for(person).is_some()) {
        // A walk in a circle ends where it has been; whoever stands on a circle is sent after the others.
        let mut walk = vec![person.clone()];
        while let Some(next) = walk.last().and_then(waits_for)
            && !walk.contains(next)
        {
            walk.push(next.clone());
        }
        for (depth, person) in walk.into_iter().rev().enumerate() {
            let held = depths.entry(person).or_default();
            *held = depth.max(*held);
        }
    }
    let mut order: Vec<(usize, PersonId)> = depths.into_iter().map(|(person, depth)| (depth, person)).collect();
    order.sort();
    order.into_iter().map(|(_, person)| person).collect()
}

/// The circle of people who wait for each other in which a person stands, by id; none: the person stands in no circle.
pub(super) fn circle(person: &PersonId, movers: &BTreeMap<PersonId, Mover>) -> Option<Vec<PersonId>> {
    let holders = holders(movers);
    let mut walked = BTreeSet::from([person]);
    let mut at = person;
    loop {
        at = waits_for(at, movers, &holders)?;
        if at == person {
            return Some(walked.into_iter().cloned().collect());
        }
        if !walked.insert(at) {
            return None;
        }
    }
}

/// Who gives up which address.
fn holders(movers: &BTreeMap<PersonId, Mover>) -> BTreeMap<&str, &PersonId> {
    let held = movers.iter().filter_map(|(person, mover)| Some((mover.held.as_deref()?, person, &mover.wanted)));
    held.filter(|(held, _, wanted)| held != wanted).map(|(held, person, _)| (held, person)).collect()
}

fn waits_for<'a>(
    person: &PersonId,
    movers: &'a BTreeMap<PersonId, Mover>,
    holders: &BTreeMap<&str, &'a PersonId>,
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
        let movers: BTreeMap<PersonId, Mover> = words
            .split_whitespace()
            .map(|word| {
                let (person, addresses) = word.split_once(':').unwrap();
                let (held, wanted) = addresses.split_once('>').unwrap();
                let held = Some(held.to_owned()).filter(|held| !held.is_empty());
                (PersonId::from(person), Mover { held, wanted: wanted.to_owned() })
            })
            .collect();
        let names = |people: &[PersonId]| people.iter().map(PersonId::as_str).collect::<Vec<_>>().join(" ");
        let circles: BTreeSet<String> =
            movers.keys().filter_map(|person| circle(person, &movers)).map(|circle| names(&circle)).collect();
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
            S1:a>b S2:b>a → S1 S2; {"S1 S2"}
            S1:a>b S2:b>c S3:c>a S4:>d → S1 S2 S3; {"S1 S2 S3"}
            S0:z>a S1:a>b S2:b>a → S1 S2 S0; {"S1 S2"}
            S1:a>a S2:>a → ; {}"#]]
        .assert_eq(&cases.map(story).join("\n"));
    }
}
