//! Case by case, what a tick's commit does about keys that short calls have changed. The storage contract checks
//! through the gate which call waits for which.

use super::give_way;
use crate::store::{Change, StoreError};

/// The changes that are committed of a tick that sets `set` and removes `removed` while short calls changed
/// `changed`.
fn committed(set: &[&str], removed: &[&str], changed: &[&str]) -> Result<Vec<String>, usize> {
    let set = set.iter().map(|key| Change { key: (*key).to_owned(), value: Some(Vec::new()) });
    let removed = removed.iter().map(|key| Change { key: (*key).to_owned(), value: None });
    match give_way(set.chain(removed).collect(), |key| changed.contains(&key)) {
        Ok(kept) => {
            let sign = |is_set| if is_set { '+' } else { '-' };
            Ok(kept.into_iter().map(|change| format!("{}{}", sign(change.value.is_some()), change.key)).collect())
        }
        Err(StoreError::Conflict(keys)) => Err(keys),
        Err(_) => Err(usize::MAX),
    }
}

#[test]
fn a_removal_gives_way_and_a_put_is_a_conflict() {
    let of = |changes: &[&str]| Ok(changes.iter().map(|change| (*change).to_owned()).collect());
    assert_eq!(committed(&["a"], &["b"], &[]), of(&["+a", "-b"]));
    assert_eq!(committed(&["a"], &["b", "c"], &["b"]), of(&["+a", "-c"]));
    assert_eq!(committed(&["a"], &["b"], &["c"]), of(&["+a", "-b"]));
    assert_eq!(committed(&["a"], &["b"], &["a"]), Err(1));
    assert_eq!(committed(&["a", "c"], &["b"], &["a", "b", "c"]), Err(2));
    assert_eq!(committed(&[], &[], &["a"]), of(&[]));
}
