//! Every key under which the book of a school is stored. A key is a word and parts, each ended by a zero byte, so that keys
//! are ordered by their parts and a prefix takes whole parts alone.
//!
//! | Key | Value |
//! |---|---|
//! | `settings` | the School Settings |
//! | `course`, id | a course |
//! | `revision`, id | the course's id, revision and kind, for lists that need no more |
//! | `mark`, class, student | a mark with its origin and basis |
//! | `log`, course, class, student, record, visit | a row of the attendance log |
//! | `row`, record, visit | the key of that row |
//! | `issue`, key | an issue, open or resolved |
//! | `journal`, instant, number | a line of the System Journal |
//! | `mail`, number | a mail that was delivered |
//! | `text`, template, part | a text of Admin → Email Templates |
//! | `taken`, number | the id and the receipt of a delivery |
//! | `feed`, number | an operation that GEGI has not acknowledged |
//! | `note`, name | what the book's owner wants to remember |

use sha2::{Digest, Sha256};

/// The longest part that stands in a key as it is. Five parts fit into a key, whatever they are.
const LONGEST_PART: usize = 90;

/// The key of these parts.
pub(super) fn key(word: &str, parts: &[&str]) -> String {
    parts.iter().fold(format!("{word}\0"), |key, part| key + &part_of(part) + "\0")
}

/// A number as a part, so that keys are ordered by the number.
pub(super) fn number(number: u64) -> String {
    format!("{number:020}")
}

/// The number that the last part of a key is.
pub(super) fn number_in(key: &str) -> Option<u64> {
    key.trim_end_matches('\0').rsplit('\0').next()?.parse().ok()
}

/// The part that a text becomes. A text that is long, or holds a byte that ends a part, gets the hash of the whole behind
/// its beginning.
fn part_of(text: &str) -> String {
    if text.len() <= LONGEST_PART && !text.contains('\0') {
        return text.to_owned();
    }
    let hash = Sha256::digest(text.as_bytes());
    let hash: String = hash.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let room = LONGEST_PART - hash.len() - 1;
    let begins = |(at, c): &(usize, char)| *c != '\0' && at + c.len_utf8() <= room;
    let start: String = text.char_indices().take_while(begins).map(|(_, c)| c).collect();
    format!("{start}\u{1}{hash}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_ids_fit_and_stay_apart() {
        let (one, other) = ("é".repeat(200), "é".repeat(199) + "e");
        let longest = key("log", &[&one, &one, &one, &one, &number(u64::MAX)]);
        assert!(longest.len() <= host::store::KEY_BYTES, "{}", longest.len());
        assert_ne!(part_of(&one), part_of(&other));
        assert_ne!(part_of("a\0b"), part_of("a\0c"));
    }

    #[test]
    fn a_prefix_takes_whole_parts_alone() {
        assert!(key("mark", &["C1", "S1"]).starts_with(&key("mark", &["C1"])));
        assert!(!key("mark", &["C10", "S1"]).starts_with(&key("mark", &["C1"])));
        assert!(key("mark", &["C1", "S2"]) < key("mark", &["C1-1", "S1"]));
        assert_eq!(number_in(&key("feed", &[&number(17)])), Some(17));
    }
}
