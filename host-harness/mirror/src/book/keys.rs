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

use data_encoding::HEXLOWER;
use sha2::{Digest, Sha256};

/// The key of these parts.
pub(super) fn key(word: &str, parts: &[&str]) -> String {
    parts.iter().fold(format!("{word}\0"), |key, part| key + &part_of(part, longest(word)) + "\0")
}

/// The longest part that stands in a key of this word as it is, so that the parts of a key fit into it, whatever they are.
/// Parts that are longer are not in their order any more, so courses, which the host asks for in order, have most room.
fn longest(word: &str) -> usize {
    match word {
        "course" | "revision" => 490,
        "log" => 115,
        _ => 200,
    }
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
fn part_of(text: &str, longest: usize) -> String {
    if text.len() <= longest && !text.contains('\0') {
        return text.to_owned();
    }
    let hash = Sha256::digest(text.as_bytes());
    let hash = HEXLOWER.encode(hash.get(..16).unwrap_or(&hash));
    let room = longest - hash.len() - 1;
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
        let number = number(u64::MAX);
        let four = [one.as_str(), &one, &one, &one, &number];
        for (word, parts) in [
            ("log", &four[..]),
            ("mark", &four[..2]),
            ("row", &four[3..]),
            ("note", &four[..2]),
            ("revision", &four[..1]),
        ] {
            let longest = key(word, parts);
            assert!(longest.len() <= host::store::KEY_BYTES, "{word} {}", longest.len());
            assert_ne!(key(word, &[&one]), key(word, &[&other]));
            assert_ne!(key(word, &["a\0b"]), key(word, &["a\0c"]));
        }
    }

    #[test]
    fn long_ids_keep_their_order_where_the_host_asks_for_it() {
        let start = "x".repeat(150);
        let ids: Vec<String> = (0..20).map(|number| format!("{start}{number:02}")).collect();
        let keys: Vec<String> = ids.iter().map(|id| key("revision", &[id])).collect();
        assert!(keys.is_sorted());
    }

    #[test]
    fn a_prefix_takes_whole_parts_alone() {
        assert!(key("mark", &["C1", "S1"]).starts_with(&key("mark", &["C1"])));
        assert!(!key("mark", &["C10", "S1"]).starts_with(&key("mark", &["C1"])));
        assert!(key("mark", &["C1", "S2"]) < key("mark", &["C1-1", "S1"]));
        assert_eq!(number_in(&key("feed", &[&number(17)])), Some(17));
    }
}
