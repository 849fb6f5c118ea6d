//! The schema of the database: numbered files of SQL, each run once, forward only. Not here: the statements of the
//! store (`rows`).

use deadpool_postgres::ClientWrapper;

use super::OpenError;

/// The n-th migration brings a database from version n − 1 to version n. A released migration is never changed.
const MIGRATIONS: &[&str] = &[include_str!("v1.sql")];

/// The latest version of the schema.
const KNOWN: i64 = MIGRATIONS.len().cast_signed() as i64;

/// The number of the lock under which migrations run, so that processes that start at once migrate one after another
/// ("gegi" in ASCII).
const LOCK: i64 = 0x6765_6769;

/// Brings the database to the latest version, in one transaction.
pub(super) async fn prepare(client: &mut ClientWrapper) -> Result<(), OpenError> {
    let encoding: String = client.query_one("SHOW server_encoding", &[]).await?.try_get(0)?;
    if encoding != "UTF8" {
        return Err(OpenError::Encoding(encoding));
    }
    let transaction = client.transaction().await?;
    transaction.execute("SELECT pg_advisory_xact_lock($1)", &[&LOCK]).await?;
    let exists: bool =
        transaction.query_one("SELECT to_regclass('schema_version') IS NOT NULL", &[]).await?.try_get(0)?;
    if !exists {
        let taken = "SELECT to_regclass('standing') IS NOT NULL OR to_regclass('state') IS NOT NULL";
        if transaction.query_one(taken, &[]).await?.try_get(0)? {
            return Err(OpenError::Foreign);
        }
        let create = "CREATE TABLE schema_version (version bigint NOT NULL); INSERT INTO schema_version VALUES (0)";
        transaction.batch_execute(create).await?;
    }
    let found: i64 = transaction.query_one("SELECT max(version) FROM schema_version", &[]).await?.try_get(0)?;
    if found > KNOWN {
        return Err(OpenError::Newer { found, known: KNOWN });
    }
    for (version, migration) in (1_i64..).zip(MIGRATIONS).filter(|(version, _)| *version > found) {
        transaction.batch_execute(migration).await?;
        transaction.execute("UPDATE schema_version SET version = $1", &[&version]).await?;
    }
    transaction.commit().await?;
    Ok(())
}
