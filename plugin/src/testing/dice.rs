//! Numbers that look random and are the same in every run, and which seeds a test plays.

use std::ops::Range;

/// A sequence of numbers that follows from its seed (splitmix64).
pub(crate) struct Dice(pub(crate) u64);

impl Dice {
    fn throw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(crate) fn up_to(&mut self, most: usize) -> usize {
        usize::try_from(self.throw() % (most as u64 + 1)).unwrap()
    }

    pub(crate) fn between(&mut self, least: usize, most: usize) -> usize {
        least + self.up_to(most - least)
    }

    /// One of several things.
    pub(crate) fn one_of<'a, T>(&mut self, things: &'a [T]) -> &'a T {
        &things[self.up_to(things.len() - 1)]
    }
}

/// The seeds to play: those that the environment names, such as `0..2000`, or the usual ones.
#[allow(clippy::disallowed_methods)] // A test may be told by its environment what to play.
pub(crate) fn seeds(variable: &str, usual: Range<u64>) -> Range<u64> {
    let Ok(wanted) = std::env::var(variable) else { return usual };
    let (from, until) = wanted.split_once("..").unwrap();
    from.parse().unwrap()..until.parse().unwrap()
}
