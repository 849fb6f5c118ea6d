//! Lists held to the standard library's trees.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::{SortedMap, SortedSet};

#[derive(Debug, Clone)]
enum Step {
    Insert(u8, u16),
    Remove(u8),
    Add(u8, u16),
    Extend(Vec<(u8, u16)>),
    Retain(u8),
    Extract(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        (any::<u8>(), any::<u16>()).prop_map(|(key, value)| Step::Insert(key, value)),
        any::<u8>().prop_map(Step::Remove),
        (any::<u8>(), any::<u16>()).prop_map(|(key, value)| Step::Add(key, value)),
        prop::collection::vec(any::<(u8, u16)>(), 0..40).prop_map(Step::Extend),
        any::<u8>().prop_map(Step::Retain),
        any::<u8>().prop_map(Step::Extract),
    ];
    prop::collection::vec(step, 0..40)
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(11), ..Config::default() })]

    #[test]
    fn a_list_does_what_a_tree_does(steps in steps()) {
        let (mut list, mut tree) = (SortedMap::new(), BTreeMap::new());
        let (mut members, mut branches) = (SortedSet::new(), BTreeSet::new());
        for step in steps {
            match step {
                Step::Insert(key, value) => {
                    prop_assert_eq!(list.insert(key, value), tree.insert(key, value));
                    prop_assert_eq!(members.insert(key), branches.insert(key));
                }
                Step::Remove(key) => {
                    prop_assert_eq!(list.remove(&key), tree.remove(&key));
                    prop_assert_eq!(members.remove(&key), branches.remove(&key));
                }
                Step::Add(key, value) => {
                    let sum = |held: &mut u16| *held = held.wrapping_add(value);
                    list.entry(key).and_modify(sum).or_insert(value);
                    tree.entry(key).and_modify(sum).or_insert(value);
                }
                Step::Extend(more) => {
                    members.extend(more.iter().map(|(key, _)| *key));
                    branches.extend(more.iter().map(|(key, _)| *key));
                    list.extend(more.clone());
                    tree.extend(more);
                }
                Step::Retain(below) => {
                    list.retain(|key, _| *key < below);
                    tree.retain(|key, _| *key < below);
                    members.retain(|key| *key < below);
                    branches.retain(|key| *key < below);
                }
                Step::Extract(low) => {
                    let ours: Vec<_> = list.extract_if(|key, _| *key % 7 == low % 7).collect();
                    prop_assert_eq!(ours, tree.extract_if(.., |key, _| *key % 7 == low % 7).collect::<Vec<_>>());
                    let ours: Vec<_> = members.extract_if(|key| *key % 7 == low % 7).collect();
                    prop_assert_eq!(ours, branches.extract_if(.., |key| *key % 7 == low % 7).collect::<Vec<_>>());
                }
            }
            prop_assert!(list.iter().eq(&tree));
            prop_assert!(members.iter().eq(&branches));
            prop_assert!((0..=u8::MAX).all(|key| list.get(&key) == tree.get(&key)));
            prop_assert!((0..=u8::MAX).all(|key| members.contains(&key) == branches.contains(&key)));
            prop_assert_eq!(
                (list.len(), list.is_empty(), list.first_key_value(), list.last_key_value()),
                (tree.len(), tree.is_empty(), tree.first_key_value(), tree.last_key_value())
            );
        }
        prop_assert_eq!(serde_json::to_string(&list).unwrap(), serde_json::to_string(&tree).unwrap());
        let stored = postcard::to_allocvec(&tree).unwrap();
        prop_assert_eq!(&postcard::to_allocvec(&list).unwrap(), &stored);
        prop_assert_eq!(&postcard::from_bytes::<SortedMap<u8, u16>>(&stored).unwrap(), &list);
        let stored = postcard::to_allocvec(&branches).unwrap();
        prop_assert_eq!(&postcard::to_allocvec(&members).unwrap(), &stored);
        prop_assert_eq!(postcard::from_bytes::<SortedSet<u8>>(&stored).unwrap(), members);
    }

    #[test]
    fn sets_are_compared_as_trees_are(one: BTreeSet<u8>, other: BTreeSet<u8>) {
        let [a, b] = [&one, &other].map(|tree| tree.iter().copied().collect::<SortedSet<u8>>());
        prop_assert!(a.difference(&b).eq(one.difference(&other)));
        prop_assert!(a.union(&b).eq(one.union(&other)));
        prop_assert!(a.symmetric_difference(&b).copied().collect::<BTreeSet<_>>().iter().eq(one.symmetric_difference(&other)));
        prop_assert_eq!(a.is_disjoint(&b), one.is_disjoint(&other));
        prop_assert_eq!(a.is_subset(&b), one.is_subset(&other));
        prop_assert_eq!(a.cmp(&b), one.cmp(&other));
    }
}

#[test]
fn what_is_read_out_of_order_is_sorted_and_the_last_of_equal_keys_counts() {
    let read: SortedMap<String, u8> = serde_json::from_str(r#"{"b":1,"a":2,"b":3}"#).unwrap();
    assert_eq!(format!("{read:?}"), r#"{"a": 2, "b": 3}"#);
}
