//! Case by case, what a tick's commit does about keys that short calls have changed. The storage contract checks
//! through the gate which call waits for which.

use chrono::DateTime;

use super::{MOST_KEPT, give_way};
use crate::store::{Change, Commit, MemoryStore, SchoolId, Store, StoreError};

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

#[tokio::test]
async fn old_values_do_not_grow_without_end() {
    let (store, school) = (MemoryStore::default(), SchoolId::from("school-1"));
    let commit = || Commit {
        changes: vec![Change { key: "a".into(), value: Some(Vec::new()) }],
        ..Commit::new(DateTime::UNIX_EPOCH)
    };
    for _ in 0..MOST_KEPT {
        store.commit(&school, commit()).await.unwrap();
    }
    assert_eq!(store.scan_as_of(&school, 0, "", None, 10).await.unwrap(), []);
    store.commit(&school, commit()).await.unwrap();
    let failure = store.scan_as_of(&school, 0, "", None, 10).await.unwrap_err();
    assert!(matches!(failure, StoreError::Overtaken), "{failure}");
    assert_eq!(store.scan_as_of(&school, MOST_KEPT + 1, "", None, 10).await.unwrap().len(), 1);
}
