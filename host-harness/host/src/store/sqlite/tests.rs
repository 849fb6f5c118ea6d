//! The errors of the SQLite backend about files that it cannot open, and that it leaves such files unchanged.

#![allow(clippy::unwrap_used, clippy::indexing_slicing)]

use std::path::{Path, PathBuf};

use super::OpenError;
use crate::store::{Change, Commit, PushId, SchoolId, SqliteStore, Store};

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self) -> PathBuf {
        self.0.path().join("store.sqlite")
    }
}

/// The text of the failure to open the file, without the folder.
fn failure(file: &Path) -> String {
    let error = SqliteStore::open(file).unwrap_err();
    error.to_string().replace(&file.display().to_string(), "FILE")
}

fn sql(file: &Path, batch: &str) {
    rusqlite::Connection::open(file).unwrap().execute_batch(batch).unwrap();
}

/// The rows that are returned are the same with the wrong plan; only the time is not.
#[test]
fn what_waits_about_one_class_is_found_without_a_look_at_the_rest() {
    let folder = Folder::new();
    drop(SqliteStore::open(folder.file()).unwrap());
    let connection = rusqlite::Connection::open(folder.file()).unwrap();
    let mut explain = connection.prepare(&format!("EXPLAIN QUERY PLAN {}", super::rows::OUTBOX_ABOUT)).unwrap();
    let plan = explain.query_map(rusqlite::params!["s", 0, "c", 0, 1], |row| row.get::<_, String>(3)).unwrap();
    let plan: Vec<String> = plan.map(Result::unwrap).collect();
    assert_eq!(plan, ["SEARCH outbox USING INDEX outbox_by_subject (school=? AND subject=? AND sequence>?)"]);
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    let folder = Folder::new();
    drop(SqliteStore::open(folder.file()).unwrap());
    sql(&folder.file(), "PRAGMA user_version = 99");
    let expected = "open FILE: its schema is 99, this version knows 5; run the version that wrote it, or a later one";
    assert_eq!(failure(&folder.file()), expected);
}

#[tokio::test]
async fn a_file_of_an_earlier_version_is_brought_up_to_date_with_what_it_holds() {
    let folder = Folder::new();
    sql(&folder.file(), include_str!("v1.sql"));
    sql(&folder.file(), "PRAGMA user_version = 1; PRAGMA application_id = 0x67656769");
    sql(&folder.file(), "INSERT INTO state VALUES ('school-1', x'6b6579', x'76616c7565')");
    sql(&folder.file(), "INSERT INTO standing VALUES ('school-1', 4, 60, 1, 8, 2, 1, 0, NULL, 0)");
    let waiting = |lane: u8, sequence: u8, payload: &str| {
        sql(&folder.file(), &format!("INSERT INTO outbox VALUES ('school-1', {lane}, {sequence}, '{payload}')"));
    };
    waiting(0, 1, r#"1 {"set-mark":{"class":"c1"}}"#);
    waiting(0, 2, r#"1 {"withdraw-mark":{"class":"c1"}}"#);
    waiting(0, 3, r#"1 {"set-mark":{"class":"c2"}}"#);
    waiting(0, 4, "no JSON");
    waiting(1, 1, r#"1 {"set-mark":{"class":"c1"}}"#);
    let (school, push) = (SchoolId::from("school-1"), PushId::new([1; 32]));
    let store = SqliteStore::open(folder.file()).unwrap();
    assert_eq!(store.get_many(&school, &["key".to_owned()]).await.unwrap(), [Some(b"value".to_vec())]);
    assert!(!store.has_push(&school, push).await.unwrap());
    let standing = store.standing(&school).await.unwrap();
    assert_eq!((standing.commits, standing.records, standing.fence), (4, 2, 0));
    assert_eq!(standing.kept_from, 4);
    let about = store.outbox_about(&school, "c1", 0, 10).await.unwrap();
    assert_eq!(about.iter().map(|item| item.sequence).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(store.take_over(&school).await.unwrap(), 1);
}

#[test]
fn somebody_elses_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    sql(&folder.file(), "CREATE TABLE theirs (x); PRAGMA user_version = 1");
    let before = std::fs::read(folder.file()).unwrap();
    let expected = "open FILE: it is not a store of this program; name another file";
    assert_eq!(failure(&folder.file()), expected);
    assert_eq!(std::fs::read(folder.file()).unwrap(), before);
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_alone() {
    let folder = Folder::new();
    std::fs::write(folder.file(), "dear diary, today I learned what a header is\n".repeat(100)).unwrap();
    let before = std::fs::read(folder.file()).unwrap();
    let expected = "open FILE: it is not a store of this program; name another file";
    assert_eq!(failure(&folder.file()), expected);
    assert_eq!(std::fs::read(folder.file()).unwrap(), before);
}

#[test]
fn a_damaged_file_says_to_restore_it() {
    let folder = Folder::new();
    drop(SqliteStore::open(folder.file()).unwrap());
    let mut bytes = std::fs::read(folder.file()).unwrap();
    bytes[100..].fill(0x5A);
    std::fs::write(folder.file(), bytes).unwrap();
    let expected = "read FILE: the file is damaged; stop the host and restore it from a backup";
    assert_eq!(failure(&folder.file()), expected);
}

#[test]
fn a_second_host_on_a_file_is_refused_until_the_first_has_gone() {
    let folder = Folder::new();
    let first = SqliteStore::open(folder.file()).unwrap();
    let expected = "open FILE: another host is running on it; stop that one, or name another file";
    assert_eq!(failure(&folder.file()), expected);
    drop(first);
    SqliteStore::open(folder.file()).unwrap();
}

#[tokio::test]
async fn a_scratch_file_is_found_again_when_it_is_opened_again() {
    let folder = Folder::new();
    let (school, now) = (SchoolId::from("school-1"), chrono::DateTime::UNIX_EPOCH);
    let scratch = SqliteStore::scratch(folder.file()).unwrap();
    let waits: i64 = scratch.reader().pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
    assert_eq!(waits, 0);
    let change = Change { key: "key".to_owned(), value: Some(b"value".to_vec()) };
    scratch.commit(&school, Commit { changes: vec![change], ..Commit::new(now) }).await.unwrap();
    drop(scratch);
    let again = SqliteStore::scratch(folder.file()).unwrap();
    assert_eq!(again.get_many(&school, &["key".to_owned()]).await.unwrap(), [Some(b"value".to_vec())]);
}

#[test]
fn a_folder_that_is_missing_is_named() {
    let folder = Folder::new();
    let error = SqliteStore::open(folder.0.path().join("missing/store.sqlite")).unwrap_err();
    assert!(matches!(error, OpenError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("missing/store.sqlite"), "{error}");
}

/// A process that is being started while the store is dropped has such a copy.
#[test]
fn a_copy_of_the_lock_that_is_still_open_holds_up_nobody() {
    let folder = Folder::new();
    let lock = super::lock(&folder.file()).unwrap();
    let copy = lock.0.try_clone().unwrap();
    assert!(super::lock(&folder.file()).is_err());
    drop(lock);
    assert!(super::lock(&folder.file()).is_ok());
    drop(copy);
}
