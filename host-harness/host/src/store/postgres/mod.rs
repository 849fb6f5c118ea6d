//! The PostgreSQL backend: many schools, for many processes.
//!
//! Every operation is one statement, so no transaction is ever open while this program does something else, and a
//! process that stops in the middle of anything holds no lock. What writes is a function of the database that first
//! locks the school's row: whatever it then checks (the fence, which commit follows which, what a tick has to give way
//! to) stays true until its transaction ends. A statement that PostgreSQL undid because of others is made again a few
//! times. A connection that was lost is made anew; a commit whose connection was lost before the answer may have been
//! made or not, and whoever makes the call again finds out.
//!
//! `v1.sql` has the tables and functions, `rows` the statements that read, `open` the way to the database, `failure`
//! what an error means, `tls` whose certificates are believed, `lease` who ticks which school.

mod failure;
mod lease;
mod open;
mod rows;
mod schema;
mod tls;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use deadpool_postgres::{Client, Pool};
use tokio_postgres::Row;
use tokio_postgres::types::ToSql;

use self::failure::{Remedy, explain, explain_pool, remedy};
use self::open::Address;
use self::rows::{check_kept, column, number, signed};
use super::versions::MOST_KEPT;
use super::{
    Acknowledgement, Breadcrumb, Change, Commit, Entry, Lane, Load, OutboxItem, PushId, REFUSED_KEPT, Refusals,
    RefusedItem, SchoolId, Standing, Store, StoreError,
};
pub use lease::PostgresLeases;
pub use open::OpenError;

/// The connections that a store makes at most, unless it is told otherwise.
const CONNECTIONS: usize = 16;

/// How often a statement is made that PostgreSQL undoes, or whose connection turns out to be lost.
const ATTEMPTS: u32 = 5;

/// The values of a statement.
type Values<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Schools in a PostgreSQL database, which any number of processes may have open. No pooler may stand in front that pools
/// by transaction, because prepared statements, settings and hints belong to a connection.
pub struct PostgresStore(Arc<Database>);

/// The way to the database.
struct Database {
    pool: Pool,
    address: Address,
}

/// What a statement may do to the database.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Effect {
    /// Making it twice does the same as making it once.
    Repeatable,
    /// It must not be made again when nobody knows whether it was made.
    Once,
}

impl PostgresStore {
    /// Opens the database of a URL and brings an older schema up to date. The way to another machine is secured by
    /// TLS, unless the URL says `sslmode=disable`. `sslrootcert` names a file of the authorities that are believed instead
    /// of the platform's.
    ///
    /// # Errors
    /// The URL is none, or the database is another program's, was written by a later version, or cannot be reached.
    pub async fn open(url: &str) -> Result<Self, OpenError> {
        Self::open_with(url, CONNECTIONS).await
    }

    /// The same as `open`, with this many connections at most.
    ///
    /// # Errors
    /// As `open`.
    pub async fn open_with(url: &str, connections: usize) -> Result<Self, OpenError> {
        let address = Address::read(url)?;
        let pool = address.pool(connections)?;
        let mut client = pool.get().await.map_err(|error| OpenError::from_pool(&error))?;
        schema::prepare(&mut client).await?;
        Ok(Self(Arc::new(Database { pool, address })))
    }

    /// The leases of the schools in this database. A process counts as dead after such a silence; all processes of a
    /// database have to agree on it, and [`DEAD_AFTER`](super::lease::DEAD_AFTER) is the usual one.
    pub fn leases(&self, dead_after: Duration) -> PostgresLeases {
        PostgresLeases::new(Arc::clone(&self.0), dead_after)
    }

    async fn read(&self, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        self.0.query(Effect::Repeatable, sql, values).await
    }

    /// The two counts of a statement about a lane.
    async fn two_counts(&self, sql: &str, school: &SchoolId, lane: Lane) -> Result<(u64, u64), StoreError> {
        let row = self.one(Effect::Repeatable, sql, &[&school.as_str(), &number(lane)]).await?;
        Ok((column::<i64>(&row, 0)?.cast_unsigned(), column::<i64>(&row, 1)?.cast_unsigned()))
    }

    /// The one row of a statement that always has one.
    async fn one(&self, effect: Effect, sql: &str, values: Values<'_>) -> Result<Row, StoreError> {
        self.0.query(effect, sql, values).await?.into_iter().next().ok_or(StoreError::Corrupt)
    }
}

impl Database {
    /// Makes a statement and returns its rows.
    async fn query(&self, effect: Effect, sql: &str, values: Values<'_>) -> Result<Vec<Row>, StoreError> {
        let mut attempts = 1;
        loop {
            let client = self.pool.get().await.map_err(|error| explain_pool(&error))?;
            let error = match query(&client, sql, values).await {
                Ok(rows) => return Ok(rows),
                Err(error) => error,
            };
            let again = match remedy(&error) {
                Remedy::Repeat => true,
                Remedy::Reconnect => {
                    // Nobody should get this connection again, even if it does not know yet that it is lost.
                    drop(Client::take(client));
                    effect == Effect::Repeatable
                }
                Remedy::GiveUp => false,
            };
            if !again || attempts == ATTEMPTS {
                return Err(explain(&error));
            }
            attempts += 1;
        }
    }
}

async fn query(client: &Client, sql: &str, values: Values<'_>) -> Result<Vec<Row>, tokio_postgres::Error> {
    let statement = client.prepare_cached(sql).await?;
    client.query(&statement, values).await
}

/// The key and value of each change, each key once, with its last value.
fn changes_of(commit: &Commit) -> (Vec<&[u8]>, Vec<Option<&[u8]>>) {
    let changes = commit.changes.iter().map(|Change { key, value }| (key.as_bytes(), value.as_deref()));
    changes.collect::<std::collections::BTreeMap<_, _>>().into_iter().unzip()
}

#[async_trait]
impl Store for PostgresStore {
    async fn standing(&self, school: &SchoolId) -> Result<Standing, StoreError> {
        let rows = self.read(rows::STANDING, &[&school.as_str()]).await?;
        rows.first().map_or(Ok(Standing::default()), |row| rows::standing(row, 0))
    }

    async fn standings(&self, schools: &[SchoolId]) -> Result<Vec<Standing>, StoreError> {
        let names: Vec<&str> = schools.iter().map(SchoolId::as_str).collect();
        let mut known = std::collections::BTreeMap::new();
        for row in self.read(rows::STANDINGS, &[&names]).await? {
            known.insert(column::<String>(&row, 0)?, rows::standing(&row, 1)?);
        }
        Ok(schools.iter().map(|school| known.get(school.as_str()).cloned().unwrap_or_default()).collect())
    }

    async fn get_many(&self, school: &SchoolId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        let rows = self.read(rows::GET_MANY, &[&school.as_str(), &keys]).await?;
        rows.iter().map(|row| column(row, 0)).collect()
    }

    async fn scan(
        &self,
        school: &SchoolId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let (from, below) = rows::bounds(prefix, after);
        let rows = self.read(rows::SCAN, &[&school.as_str(), &from, &below, &signed(limit)]).await?;
        rows.iter().filter_map(|row| rows::entry(row, 0).transpose()).collect()
    }

    async fn get_many_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        let keys: Vec<&[u8]> = keys.iter().map(String::as_bytes).collect();
        let rows = self.read(rows::GET_MANY_AS_OF, &[&school.as_str(), &keys, &commit.cast_signed()]).await?;
        rows.first().map_or(Ok(()), check_kept)?;
        rows.iter().map(|row| column(row, 1)).collect()
    }

    async fn scan_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        let (from, below) = rows::bounds(prefix, after);
        let values: Values<'_> = &[&school.as_str(), &from, &below, &signed(limit), &commit.cast_signed()];
        let rows = self.read(rows::SCAN_AS_OF, values).await?;
        rows.first().map_or(Ok(()), check_kept)?;
        rows.iter().filter_map(|row| rows::entry(row, 1).transpose()).collect()
    }

    async fn commit(&self, school: &SchoolId, commit: Commit) -> Result<u64, StoreError> {
        commit.check()?;
        let (keys, values) = changes_of(&commit);
        let (records, subjects): (Vec<_>, Vec<_>) = commit.payloads(Lane::Records).unzip();
        let mails: Vec<_> = commit.payloads(Lane::Mails).map(|(payload, _)| payload).collect();
        let row = self
            .one(
                Effect::Once,
                rows::COMMIT,
                &[
                    &school.as_str(),
                    &commit.at.timestamp(),
                    &commit.fence.cast_signed(),
                    &commit.follows.map(u64::cast_signed),
                    &commit.tick_after.map(u64::cast_signed),
                    &MOST_KEPT.cast_signed(),
                    &keys,
                    &values,
                    &records,
                    &subjects,
                    &mails,
                    &commit.clears_breadcrumb,
                    &commit.push.as_ref().map(|push| push.id.as_bytes()),
                    &commit.push.map(|push| push.forget_before.timestamp()),
                    &commit.failed_ticks.map(|failed| failed.since.timestamp()),
                    &commit.failed_ticks.map_or(0, |failed| i64::from(failed.ticks)),
                    &commit.failed_ticks.is_some_and(|failed| failed.told),
                ],
            )
            .await?;
        let (outcome, number): (i32, Option<i64>) = (column(&row, 0)?, column(&row, 1)?);
        let number = number.unwrap_or(0).cast_unsigned();
        match outcome {
            0 => Ok(number),
            1 => Err(StoreError::Fenced { fence: commit.fence, held: number }),
            2 => Err(StoreError::Overtaken),
            _ => Err(StoreError::Conflict(usize::try_from(number).unwrap_or(usize::MAX))),
        }
    }

    async fn take_over(&self, school: &SchoolId) -> Result<u64, StoreError> {
        // A fence that is raised once too often harms nobody.
        let row = self.one(Effect::Repeatable, "SELECT raise_fence($1)", &[&school.as_str()]).await?;
        column::<i64>(&row, 0).map(i64::cast_unsigned)
    }

    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.one(Effect::Repeatable, "SELECT remove_school($1)::text", &[&school.as_str()]).await.map(drop)
    }

    async fn has_push(&self, school: &SchoolId, push: PushId) -> Result<bool, StoreError> {
        let row = self.one(Effect::Repeatable, rows::HAS_PUSH, &[&school.as_str(), &push.as_bytes()]).await?;
        column(&row, 0)
    }

    async fn leave_breadcrumb(&self, school: &SchoolId, breadcrumb: Option<&Breadcrumb>) -> Result<(), StoreError> {
        let note = breadcrumb.map(|breadcrumb| breadcrumb.note.as_bytes());
        let times = breadcrumb.map_or(0, |breadcrumb| i64::from(breadcrumb.times));
        let values: Values<'_> = &[&school.as_str(), &note, &times];
        self.one(Effect::Repeatable, "SELECT leave_note($1, $2, $3)::text", values).await.map(drop)
    }

    async fn outbox(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let values: Values<'_> = &[&school.as_str(), &number(lane), &after.cast_signed(), &signed(limit)];
        let rows = self.read(rows::OUTBOX, values).await?;
        rows.iter().map(|row| rows::item(row, school, lane)).collect()
    }

    async fn outbox_about(
        &self,
        school: &SchoolId,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let values: Values<'_> = &[&school.as_str(), &subject, &after.cast_signed(), &signed(limit)];
        let rows = self.read(rows::OUTBOX_ABOUT, values).await?;
        rows.iter().map(|row| rows::item(row, school, Lane::Records)).collect()
    }

    async fn load(&self, school: &SchoolId, lane: Lane) -> Result<Load, StoreError> {
        let (items, bytes) = self.two_counts(rows::LOAD, school, lane).await?;
        Ok(Load { items, bytes })
    }

    async fn refusals(&self, school: &SchoolId, lane: Lane) -> Result<Refusals, StoreError> {
        let (kept, latest) = self.two_counts(rows::REFUSALS, school, lane).await?;
        Ok(Refusals { kept, latest })
    }

    async fn acknowledge(
        &self,
        school: &SchoolId,
        lane: Lane,
        acknowledgements: &[Acknowledgement],
    ) -> Result<(), StoreError> {
        let (sequences, reasons) = rows::receipts(acknowledgements);
        let values: Values<'_> = &[&school.as_str(), &number(lane), &sequences, &reasons, &signed(REFUSED_KEPT)];
        let sql = "SELECT acknowledge($1, $2, $3, $4, $5)::text";
        self.one(Effect::Repeatable, sql, values).await.map(drop)
    }

    async fn refused(
        &self,
        school: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RefusedItem>, StoreError> {
        let values: Values<'_> = &[&school.as_str(), &number(lane), &after.cast_signed(), &signed(limit)];
        let rows = self.read(rows::REFUSED, values).await?;
        rows.iter().map(|row| rows::refused(row, school, lane)).collect()
    }
}
