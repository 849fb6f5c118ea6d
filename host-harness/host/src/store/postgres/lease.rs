//! Leases in the database, for the processes that share it. Only the database's clock counts.
//!
//! A process has one row in `node`, which it renews; a school has one in `lease` with the process that ticks it. The
//! statement that claims looks up the living processes once and compares each school's process with them: with a join
//! or `NOT EXISTS`, a school that somebody claims at this moment would be checked again against the processes of
//! before, and be handed out twice.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::rows::{column, signed};
use super::{Database, Effect, Values, explain};
use crate::store::lease::{Hints, Lease, Leases, Node, NodeId, Share};
use crate::store::{SchoolId, StoreError};

/// The channel on which schools are told.
const CHANNEL: &str = "gegi_school";

/// `$2` is after how many seconds a process counts as dead.
const CLAIM: &str = "WITH live AS MATERIALIZED (
        SELECT id FROM node WHERE seen_at > now() - make_interval(secs => $2)
    ), room AS (
        SELECT ceil((SELECT count(*) FROM lease) / greatest((SELECT count(*) FROM live), 1)::numeric)
            - (SELECT count(*) FROM lease WHERE node = $1) AS schools
    ), free AS (
        SELECT school FROM lease
        WHERE (node IS NULL OR node <> ALL (ARRAY(SELECT id FROM live))) AND $1 = ANY (ARRAY(SELECT id FROM live))
        LIMIT (SELECT greatest(0, least(schools, $3::bigint))::bigint FROM room)
        FOR UPDATE SKIP LOCKED
    ), claimed AS (
        UPDATE lease l SET node = $1 FROM free f WHERE l.school = f.school RETURNING l.school
    )
    SELECT school, raise_fence(school) FROM claimed";

const SHARE: &str = "SELECT (SELECT count(*) FROM lease),
    (SELECT count(*) FROM node WHERE seen_at > now() - make_interval(secs => $2)),
    (SELECT count(*) FROM lease WHERE node = $1)";

const HOLDER: &str = "SELECT n.id, n.address FROM lease l JOIN node n ON n.id = l.node
    WHERE l.school = $1 AND n.seen_at > now() - make_interval(secs => $2)";

const HELD: &str = "SELECT l.school, s.fence FROM lease l JOIN standing s ON s.school = l.school
    WHERE l.node = $1 ORDER BY l.school";

const REGISTER: &str = "WITH forgotten AS (DELETE FROM node WHERE seen_at < now() - interval '1 day' AND id <> $1)
    INSERT INTO node VALUES ($1, $2, now())
    ON CONFLICT (id) DO UPDATE SET address = excluded.address, seen_at = excluded.seen_at";

const RENEW: &str = "UPDATE node SET seen_at = now()
    WHERE id = $1 AND seen_at > now() - make_interval(secs => $2) RETURNING id";

const LEAVE: &str = "WITH gone AS (DELETE FROM node WHERE id = $1) UPDATE lease SET node = NULL WHERE node = $1";

/// The leases of a database. [`PostgresStore::leases`](super::PostgresStore::leases) makes them.
pub struct PostgresLeases {
    database: Arc<Database>,
    dead_after: Duration,
}

impl PostgresLeases {
    pub(super) fn new(database: Arc<Database>, dead_after: Duration) -> Self {
        Self { database, dead_after }
    }

    async fn make(&self, sql: &str, values: Values<'_>) -> Result<Vec<tokio_postgres::Row>, StoreError> {
        self.database.query(Effect::Repeatable, sql, values).await
    }

    fn patience(&self) -> f64 {
        self.dead_after.as_secs_f64()
    }
}

fn leases(rows: &[tokio_postgres::Row]) -> Result<Vec<Lease>, StoreError> {
    let lease = |row| -> Result<Lease, StoreError> {
        let school = SchoolId::new(column::<String>(row, 0)?);
        Ok(Lease { school, number: column::<i64>(row, 1)?.cast_unsigned() })
    };
    rows.iter().map(lease).collect()
}

#[async_trait]
impl Leases for PostgresLeases {
    async fn add(&self, school: &SchoolId) -> Result<(), StoreError> {
        let sql = "INSERT INTO lease VALUES ($1) ON CONFLICT DO NOTHING";
        self.make(sql, &[&school.as_str()]).await.map(drop)
    }

    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError> {
        // The fence is raised, so that a tick under way commits nothing after this.
        let sql = "WITH gone AS (DELETE FROM lease WHERE school = $1 RETURNING school)
                   SELECT raise_fence(school) FROM gone";
        self.make(sql, &[&school.as_str()]).await.map(drop)
    }

    async fn schools(&self) -> Result<Vec<SchoolId>, StoreError> {
        let rows = self.make("SELECT school FROM lease ORDER BY school", &[]).await?;
        rows.iter().map(|row| column::<String>(row, 0).map(SchoolId::new)).collect()
    }

    async fn register(&self, node: &Node) -> Result<(), StoreError> {
        self.make(REGISTER, &[&node.id.as_str(), &node.address]).await.map(drop)
    }

    async fn renew(&self, node: &NodeId) -> Result<bool, StoreError> {
        Ok(!self.make(RENEW, &[&node.as_str(), &self.patience()]).await?.is_empty())
    }

    async fn claim(&self, node: &NodeId, limit: usize) -> Result<Vec<Lease>, StoreError> {
        // A claim whose answer was lost is found by `held`; made again it would claim others.
        let values: Values<'_> = &[&node.as_str(), &self.patience(), &signed(limit)];
        let rows = self.database.query(Effect::Once, CLAIM, values).await?;
        let mut claimed = leases(&rows)?;
        claimed.sort();
        Ok(claimed)
    }

    async fn held(&self, node: &NodeId) -> Result<Vec<Lease>, StoreError> {
        leases(&self.make(HELD, &[&node.as_str()]).await?)
    }

    async fn release(&self, node: &NodeId, schools: &[SchoolId]) -> Result<(), StoreError> {
        let schools: Vec<&str> = schools.iter().map(SchoolId::as_str).collect();
        let sql = "UPDATE lease SET node = NULL WHERE node = $1 AND school = ANY ($2)";
        self.make(sql, &[&node.as_str(), &schools]).await.map(drop)
    }

    async fn leave(&self, node: &NodeId) -> Result<(), StoreError> {
        self.make(LEAVE, &[&node.as_str()]).await.map(drop)
    }

    async fn share(&self, node: &NodeId) -> Result<Share, StoreError> {
        let rows = self.make(SHARE, &[&node.as_str(), &self.patience()]).await?;
        let row = rows.first().ok_or(StoreError::Corrupt)?;
        let count = |at| column::<i64>(row, at).map(i64::cast_unsigned);
        Ok(Share { schools: count(0)?, nodes: count(1)?, held: count(2)? })
    }

    async fn holder(&self, school: &SchoolId) -> Result<Option<Node>, StoreError> {
        let rows = self.make(HOLDER, &[&school.as_str(), &self.patience()]).await?;
        let node = |row| -> Result<Node, StoreError> {
            Ok(Node { id: NodeId::new(column::<String>(row, 0)?), address: column(row, 1)? })
        };
        rows.first().map(node).transpose()
    }

    async fn notify(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.make("SELECT pg_notify($1, $2)::text", &[&CHANNEL, &school.as_str()]).await.map(drop)
    }

    async fn hints(&self) -> Result<Hints, StoreError> {
        let connected = self.database.address.connect().await;
        let (client, mut notifications) = connected.map_err(|error| explain(&error))?;
        client.batch_execute(&format!("LISTEN {CHANNEL}")).await.map_err(|error| explain(&error))?;
        let (sender, schools) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Some(notification) = notifications.recv().await {
                if sender.send(SchoolId::new(notification.payload())).is_err() {
                    break;
                }
            }
        });
        Ok(Hints { schools, _source: Some(Box::new(client)) })
    }
}
