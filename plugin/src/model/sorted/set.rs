//! The set: a map of keys to nothing.

use std::borrow::Borrow;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A set, in order.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct SortedSet<T> {
    members: Vec<T>,
}

impl<T> SortedSet<T> {
    /// A set of nothing.
    pub const fn new() -> Self {
        Self { members: Vec::new() }
    }

    /// How many members there are.
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is no member.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The members, in order.
    pub fn iter(&self) -> std::slice::Iter<'_, T> {
        self.members.iter()
    }

    /// The lowest member.
    pub fn first(&self) -> Option<&T> {
        self.members.first()
    }

    /// The highest member.
    pub fn last(&self) -> Option<&T> {
        self.members.last()
    }

    /// Keeps the members that the rule wants.
    pub fn retain(&mut self, wanted: impl FnMut(&T) -> bool) {
        self.members.retain(wanted);
    }

    /// Takes out, in order, the members that the rule wants.
    pub fn extract_if(&mut self, mut wanted: impl FnMut(&T) -> bool) -> impl Iterator<Item = T> {
        self.members.extract_if(.., move |member| wanted(member))
    }

    /// Takes everything out.
    pub fn clear(&mut self) {
        self.members.clear();
    }
}

impl<T: Ord> SortedSet<T> {
    fn of(members: Vec<T>) -> Self {
        Self { members: super::arrange_by_key(members, T::cmp) }
    }

    /// Brings what was put behind the first `held` to its places: few one by one, many by sorting once.
    fn settle(&mut self, held: usize) {
        if self.members.len() - held > held / 16 + 1 {
            *self = Self::of(std::mem::take(&mut self.members));
            return;
        }
        for member in self.members.split_off(held) {
            self.insert(member);
        }
    }

    fn place<Q: Ord + ?Sized>(&self, member: &Q) -> Result<usize, usize>
    where
        T: Borrow<Q>,
    {
        self.members.binary_search_by(|known| known.borrow().cmp(member))
    }

    /// Whether this is a member.
    pub fn contains<Q: Ord + ?Sized>(&self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        self.place(member).is_ok()
    }

    /// Takes a member in; false if it was one.
    pub fn insert(&mut self, member: T) -> bool {
        // What comes in order belongs at the end.
        if self.members.last().is_none_or(|last| *last < member) {
            self.members.push(member);
            return true;
        }
        let place = self.place(&member);
        if let Err(place) = place {
            self.members.insert(place, member);
        }
        place.is_err()
    }

    /// Takes a member out; false if it was none.
    pub fn remove<Q: Ord + ?Sized>(&mut self, member: &Q) -> bool
    where
        T: Borrow<Q>,
    {
        let place = self.place(member);
        if let Ok(place) = place {
            self.members.remove(place);
        }
        place.is_ok()
    }

    /// The members that the other set has not, in order.
    pub fn difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        self.members.iter().filter(|member| !other.contains(*member))
    }

    /// The members that one of the sets has and the other has not, in order.
    pub fn symmetric_difference<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        SortedSet::of(super::gather(self.difference(other).chain(other.difference(self)))).into_iter()
    }

    /// The members of both sets together, each once.
    pub fn union<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = &'a T> {
        SortedSet::of(super::gather(self.iter().chain(other))).into_iter()
    }

    /// Whether the sets have no member in common.
    pub fn is_disjoint(&self, other: &Self) -> bool {
        !self.members.iter().any(|member| other.contains(member))
    }

    /// Whether the other set has all members of this set.
    pub fn is_subset(&self, other: &Self) -> bool {
        self.members.iter().all(|member| other.contains(member))
    }
}

impl<'a, T> IntoIterator for &'a SortedSet<T> {
    type Item = &'a T;
    type IntoIter = std::slice::Iter<'a, T>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<T> IntoIterator for SortedSet<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.members.into_iter()
    }
}

impl<T: Ord> FromIterator<T> for SortedSet<T> {
    fn from_iter<I: IntoIterator<Item = T>>(members: I) -> Self {
        Self::of(super::gather(members.into_iter()))
    }
}

impl<T: Ord> Extend<T> for SortedSet<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, members: I) {
        let held = self.members.len();
        for member in members {
            self.members.push(member);
        }
        self.settle(held);
    }
}

impl<T: Ord, const N: usize> From<[T; N]> for SortedSet<T> {
    fn from(members: [T; N]) -> Self {
        members.into_iter().collect()
    }
}

impl<T> Default for SortedSet<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for SortedSet<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
    }
}

impl<T: Serialize> Serialize for SortedSet<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.members.serialize(serializer)
    }
}

impl<'de, T: Ord + Deserialize<'de>> Deserialize<'de> for SortedSet<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self::of)
    }
}
