//! The schema of the file: the mark of this program's files, the version of the schema, and how an older schema
//! becomes the latest.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::OpenError;

/// Marks a file as a store of this program ("gegi" in ASCII).
const APPLICATION_ID: i64 = 0x6765_6769;

/// The n-th migration brings a file from version n − 1 to version n. A released migration is never changed.
const MIGRATIONS: &[&str] = &[
    include_str!("v1.sql"),
    include_str!("v2.sql"),
    include_str!("v3.sql"),
    include_str!("v4.sql"),
    include_str!("v5.sql"),
];

/// The latest version of the schema.
const KNOWN: i64 = MIGRATIONS.len().cast_signed() as i64;

/// Makes sure that the file is a store of the latest version. An empty file is filled, an older store is migrated,
/// every other file is refused untouched.
pub(super) fn prepare(connection: &mut Connection, path: &Path) -> Result<(), OpenError> {
    let explain = |error| OpenError::new(path, &error);
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let owner = pragma("application_id").map_err(explain)?;
    let found = pragma("user_version").map_err(explain)?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0)).map_err(explain)?;
    let empty = owner == 0 && found == 0 && tables == 0;
    if !empty && owner != APPLICATION_ID {
        return Err(OpenError::Foreign(path.into()));
    }
    if found > KNOWN {
        return Err(OpenError::Newer { path: path.into(), found, known: KNOWN });
    }
    connection.pragma_update(None, "journal_mode", "WAL").map_err(explain)?;
    migrate(connection, found).map_err(explain)
}

/// Runs all migrations in one transaction, so that a crash leaves the version that was found.
fn migrate(connection: &mut Connection, found: i64) -> rusqlite::Result<()> {
    if found == KNOWN {
        return Ok(());
    }
    let transaction: Transaction<'_> = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (version, migration) in (1..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", version)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()
}
