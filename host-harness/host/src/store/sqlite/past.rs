//! The SQL statements about old values: reading the state as a commit left it, and keeping what a commit replaces.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension, params};

use super::Unwritten;
use super::rows::{bounds, signed, standing, text};
use crate::store::versions::give_way;
use crate::store::{Change, Commit, Entry, SchoolId, Standing};

pub(super) fn get_many(
    connection: &Connection,
    school: &SchoolId,
    commit: u64,
    keys: &[String],
) -> Result<Vec<Option<Vec<u8>>>, Unwritten> {
    let transaction = connection.unchecked_transaction()?;
    standing(&transaction, school)?.check_kept(commit)?;
    let old = "SELECT value FROM past WHERE school = ?1 AND key = ?2 AND until > ?3 ORDER BY until LIMIT 1";
    let mut old = transaction.prepare_cached(old)?;
    let mut now = transaction.prepare_cached("SELECT value FROM state WHERE school = ?1 AND key = ?2")?;
    let mut values = Vec::with_capacity(keys.len());
    for key in keys {
        let key = key.as_bytes();
        let replaced: Option<Option<Vec<u8>>> =
            old.query_row(params![school.as_str(), key, commit.cast_signed()], |row| row.get(0)).optional()?;
        values.push(match replaced {
            Some(value) => value,
            None => now.query_row(params![school.as_str(), key], |row| row.get(0)).optional()?,
        });
    }
    Ok(values)
}

pub(super) fn scan(
    connection: &Connection,
    school: &SchoolId,
    commit: u64,
    prefix: &str,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Entry>, Unwritten> {
    let sql = "SELECT key, value FROM state WHERE school = ?1 AND key >= ?2 AND key < ?3
                 AND NOT EXISTS (SELECT 1 FROM past WHERE school = ?1 AND key = state.key AND until > ?5)
               UNION ALL
               SELECT key, value FROM past AS old WHERE school = ?1 AND key >= ?2 AND key < ?3 AND value IS NOT NULL
                 AND until = (SELECT min(until) FROM past WHERE school = ?1 AND key = old.key AND until > ?5)
               ORDER BY 1 LIMIT ?4";
    let (from, below) = bounds(prefix, after);
    let entries: Vec<Entry> = connection
        .prepare_cached(sql)?
        .query_map(params![school.as_str(), from, below, signed(limit), commit.cast_signed()], |row| {
            Ok((text(row, 0)?, row.get(1)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    // What is still kept after the entries were read was kept when they were read.
    standing(connection, school)?.check_kept(commit)?;
    Ok(entries)
}

/// The changes that a commit makes, of those that were staged.
pub(super) fn give_way_to_others(
    connection: &Connection,
    school: &SchoolId,
    commit: &Commit,
) -> Result<Vec<Change>, Unwritten> {
    let staged = commit.changes.clone();
    let Some(seen) = commit.tick_after else { return Ok(staged) };
    let mut select = connection.prepare_cached("SELECT DISTINCT key FROM past WHERE school = ?1 AND until > ?2")?;
    let changed = select.query_map(params![school.as_str(), seen.cast_signed()], |row| text(row, 0))?;
    let changed: BTreeSet<String> = changed.collect::<rusqlite::Result<_>>()?;
    Ok(give_way(staged, |key| changed.contains(key))?)
}

/// Keeps the values that the latest commit is about to replace, or drops everything that is kept.
pub(super) fn keep(
    connection: &Connection,
    school: &SchoolId,
    standing: &Standing,
    changes: &[Change],
) -> rusqlite::Result<()> {
    if standing.drops_old_values() {
        connection.prepare_cached("DELETE FROM past WHERE school = ?1")?.execute([school.as_str()])?;
        return Ok(());
    }
    let sql = "INSERT OR IGNORE INTO past
               VALUES (?1, ?2, ?3, (SELECT value FROM state WHERE school = ?1 AND key = ?2))";
    let mut insert = connection.prepare_cached(sql)?;
    for change in changes {
        insert.execute(params![school.as_str(), change.key.as_bytes(), standing.commits.cast_signed()])?;
    }
    Ok(())
}
