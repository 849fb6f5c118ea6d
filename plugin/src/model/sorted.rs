//! Maps and sets as sorted lists: what the core knows a course, a class or a person by.
//!
//! They do what the standard library's trees do, in the same order, and are stored in the same form. Trees and sorts are
//! compiled anew for every type, and those of the core's eighty pairs of types were 0.73 of the component's 1.73 MB of
//! code. The lists are 0.14 MB, because they sort places and not things. To insert or to remove moves what lies behind, so
//! whoever has many entries at hand collects or extends: that sorts once.

mod map;
mod set;

pub use map::{Entry, SortedMap};
pub use set::SortedSet;

use std::cmp::Ordering;

/// Sorts a list. Equal things stand in the order in which they stood.
pub fn arrange<T>(things: &mut Vec<T>, compare: impl Fn(&T, &T) -> Ordering) {
    in_order(things.len(), &mut List { things, compare }, false);
}

/// Sorts a list by its keys. Of things with equal keys the last is kept.
fn arrange_by_key<T>(mut things: Vec<T>, compare: impl Fn(&T, &T) -> Ordering) -> Vec<T> {
    let kept = in_order(things.len(), &mut List { things: &mut things, compare }, true);
    things.truncate(kept);
    things
}

/// What sorting needs to know of a list. All that follows is compiled once for the lists of all types.
trait Places {
    fn compare(&self, one: usize, other: usize) -> Ordering;
    fn swap(&mut self, one: usize, other: usize);
}

struct List<'a, T, C> {
    things: &'a mut [T],
    compare: C,
}

impl<T, C: Fn(&T, &T) -> Ordering> Places for List<'_, T, C> {
    fn compare(&self, one: usize, other: usize) -> Ordering {
        match (self.things.get(one), self.things.get(other)) {
            (Some(one), Some(other)) => (self.compare)(one, other),
            _ => Ordering::Equal,
        }
    }

    fn swap(&mut self, one: usize, other: usize) {
        self.things.swap(one, other);
    }
}

/// Sorts a list of so many things, and answers how many of them are kept: the first ones.
fn in_order(count: usize, list: &mut dyn Places, one_a_key: bool) -> usize {
    let is_in_order = |one: usize, next: usize| match list.compare(one, next) {
        Ordering::Less => true,
        Ordering::Equal => !one_a_key,
        Ordering::Greater => false,
    };
    if (1..count).all(|next| is_in_order(next - 1, next)) {
        return count;
    }
    let mut places: Vec<usize> = (0..count).collect();
    places.sort_by(|one, next| list.compare(*one, *next));
    let mut replaced = Vec::new();
    if one_a_key {
        places.dedup_by(|next, one| {
            let is_same = list.compare(*one, *next) == Ordering::Equal;
            if is_same {
                replaced.push(std::mem::replace(one, *next));
            }
            is_same
        });
    }
    let kept = places.len();
    places.append(&mut replaced);
    move_to(places, list);
    kept
}

/// Moves to each place what stood at the place that is named for it.
fn move_to(mut places: Vec<usize>, list: &mut dyn Places) {
    for start in 0..places.len() {
        let mut here = start;
        // Follows the circle of moves that begins here, until it closes. A place that was served names itself.
        while let Some(from) = places.get_mut(here).map(|named| std::mem::replace(named, here))
            && from != here
            && from != start
        {
            list.swap(here, from);
            here = from;
        }
    }
}

/// All that comes, in the order in which it comes. `collect` does the same with more code for every iterator.
fn gather<T>(things: impl Iterator<Item = T>) -> Vec<T> {
    let mut all = Vec::new();
    for thing in things {
        all.push(thing);
    }
    all
}

#[cfg(test)]
mod tests;
