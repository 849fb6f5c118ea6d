//! Dice: chance that depends on nothing but a seed. A throw is a hash of the seed and of the question for which the
//! dice are thrown.
//!
//! The same question always has the same answer, in whatever order and however often questions are asked. The dice
//! are not for secrets.

/// A seed with the parts of a question hashed into it.
#[derive(Clone, Copy)]
pub(super) struct Dice(u64);

impl Dice {
    /// Dice that know only the seed.
    pub(super) fn new(seed: u64) -> Self {
        Self(FNV_OFFSET).and(&seed.to_le_bytes())
    }

    /// Dice with one more part of the question. The parts' lengths count, so `("ab", "c")` differs from `("a",
    /// "bc")`.
    pub(super) fn and(self, part: &[u8]) -> Self {
        let length = (part.len() as u64).to_le_bytes();
        let hash =
            length.iter().chain(part).fold(self.0, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(FNV_PRIME));
        Self(hash)
    }

    /// The question's number.
    pub(super) fn number(self) -> u64 {
        // FNV leaves short inputs correlated in the high bits; splitmix64's finish spreads them.
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A throw named `what`, from `low` to `high`, both included; `low` if the range is empty.
    pub(super) fn between(self, what: &str, low: i64, high: i64) -> i64 {
        let choices = high.saturating_sub(low).saturating_add(1).max(1).unsigned_abs();
        let offset = self.and(what.as_bytes()).number() % choices;
        low.saturating_add_unsigned(offset)
    }

    /// Whether an event that happens `per_million` times in a million happens for this question.
    pub(super) fn happens(self, what: &str, per_million: u32) -> bool {
        self.between(what, 0, 999_999) < i64::from(per_million)
    }

    /// One of the weighted rows. The weights need no particular sum; none: all weights are zero.
    pub(super) fn pick<T: Copy>(self, what: &str, rows: &[(T, u32)]) -> Option<T> {
        let total: i64 = rows.iter().map(|(_, weight)| i64::from(*weight)).sum();
        let mut left = self.between(what, 0, total - 1);
        rows.iter().find_map(|(row, weight)| {
            left -= i64::from(*weight);
            (left < 0).then_some(*row)
        })
    }
}

const FNV_OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const FNV_PRIME: u64 = 0x0000_0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_is_the_same_every_time_and_differs_by_seed_and_by_part() {
        let draw = |seed, part: &str| Dice::new(seed).and(part.as_bytes()).number();
        assert_eq!(draw(1, "a"), draw(1, "a"));
        assert_ne!(draw(1, "a"), draw(2, "a"));
        assert_ne!(draw(1, "a"), draw(1, "b"));
        let ab_c = Dice::new(1).and(b"ab").and(b"c").number();
        assert_ne!(ab_c, Dice::new(1).and(b"a").and(b"bc").number());
    }

    #[test]
    fn weighted_rows_come_up_in_proportion() {
        let rows = [("rare", 1), ("never", 0), ("common", 9)];
        let rare = (0..10_000_u32)
            .filter_map(|n| Dice::new(7).and(&n.to_le_bytes()).pick("row", &rows))
            .inspect(|row| assert_ne!(*row, "never"))
            .filter(|row| *row == "rare")
            .count();
        assert!((800..1200).contains(&rare), "{rare} of 10,000");
    }

    #[test]
    fn a_range_is_drawn_to_both_its_ends_and_an_empty_one_gives_its_low_end() {
        let drawn: std::collections::BTreeSet<i64> =
            (0..100_u32).map(|n| Dice::new(3).and(&n.to_le_bytes()).between("x", -1, 1)).collect();
        assert_eq!(drawn.into_iter().collect::<Vec<_>>(), [-1, 0, 1]);
        assert_eq!(Dice::new(3).between("x", 5, 1), 5);
    }
}
