//! The head: what every tick reads first. Small, whatever the size of the school.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::unreadable::UnreadableRecords;
use super::{HEAD, decode};
use crate::model::ids::{CampusId, CourseId, SchoolNumber};
use crate::model::issue::{Code, Issue};
use crate::model::time::Instant;
use crate::settings::InForce;
use crate::world::StorageError;

/// The schema this version writes. A head of any other is left alone.
pub const SCHEMA: u32 = 2;

/// What every tick reads first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Number of the schema of everything that is stored.
    pub schema: u32,
    /// Fingerprint of the settings that the due index was made with.
    pub settings: String,
    /// Where the walk over all courses after a change of settings has come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reindex: Option<Walk>,
    /// The nightly comparison with GEGI's list.
    pub comparison: Comparison,
    /// What is known of each campus.
    #[serde(default)]
    pub campuses: BTreeMap<CampusId, CampusState>,
    /// What makes a mark late or absent, and since when.
    #[serde(default)]
    pub thresholds: InForce,
    /// Attendance records that cannot be read.
    #[serde(default, skip_serializing_if = "UnreadableRecords::is_empty")]
    pub unreadable: UnreadableRecords,
    /// Issues of the school as a whole, by key.
    #[serde(default)]
    pub issues: BTreeMap<String, Issue>,
    /// How many records wait for their class or student to be known.
    #[serde(default)]
    pub unplaced: u32,
    /// Mails.
    #[serde(default)]
    pub digest: DigestState,
}

impl Head {
    /// The head of a school that was never ticked.
    pub fn first(now: Instant) -> Self {
        Self {
            schema: SCHEMA,
            settings: String::new(),
            reindex: None,
            comparison: Comparison { next: now, at: None },
            campuses: BTreeMap::new(),
            thresholds: InForce::default(),
            unreadable: UnreadableRecords::default(),
            issues: BTreeMap::new(),
            unplaced: 0,
            digest: DigestState::default(),
        }
    }

    /// Reads a head, unless another version wrote it: nothing else that is stored can be read then either.
    pub fn read(bytes: &[u8]) -> Result<Self, StorageError> {
        #[derive(Deserialize)]
        struct Schema {
            schema: u32,
        }
        let head = decode::<Self>(HEAD, bytes);
        if head.as_ref().is_ok_and(|head| head.schema == SCHEMA) {
            return head;
        }
        let Schema { schema } = decode(HEAD, bytes)?;
        if schema == SCHEMA {
            return head;
        }
        let reason = format!("its schema is {schema}, this version reads {SCHEMA}");
        Err(StorageError::Unreadable { key: HEAD.to_owned(), reason })
    }
}

/// A walk over courses in order of id.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The last course that was reached; none at the start.
    pub after: Option<CourseId>,
}

/// The nightly comparison of ids and revisions with what GEGI lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// When the next one begins.
    pub next: Instant,
    /// Where the one under way has come to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Walk>,
}

/// What is known of a campus's connection, and how far its attendance was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampusState {
    /// What the campus was connected with; another value, and what is known of the connection is forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// The check of key, number and zone went well.
    #[serde(default)]
    pub connected: bool,
    /// The campus is stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// Lists of CourseKey's that failed lately, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub backoff: BTreeMap<String, Backoff>,
    /// How far attendance was read.
    #[serde(default)]
    pub cursor: Cursor,
    /// Everything CourseKey had up to this moment was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_until: Option<Instant>,
    /// The daily pass over the follow-up days; none before attendance is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
}

impl CampusState {
    /// Whatever was read was another school's: reading begins anew where it once began.
    pub fn read_anew(&mut self) {
        self.read_until = None;
        if let Some(pass) = &mut self.pass {
            pass.since = None;
            self.cursor = Cursor { since: pass.begun, seen: BTreeMap::new() };
        }
    }
}

/// The daily pass over the follow-up days, which finds what the cursor passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Where the cursor began: what CourseKey holds from before is not this integration's.
    pub begun: Instant,
    /// When the next one begins.
    pub next: Instant,
    /// From where the one under way goes on; none: there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
}

/// Everything that a campus's requests are made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// CourseKey's base URL.
    pub base: String,
    /// Generation of the credentials.
    pub generation: u64,
    /// CourseKey's number.
    pub school: SchoolNumber,
    /// The zone.
    pub zone: String,
}

/// Why a campus is stopped and when it is probed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The kind of problem.
    pub code: Code,
    /// For people.
    pub reason: String,
    /// When it is tried again.
    pub probe_at: Instant,
}

/// A list of CourseKey's that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// Ticks in a row.
    pub failures: u32,
    /// Not before this moment.
    pub not_before: Instant,
}

/// How far a campus's attendance was read: everything up to `since`, and of that very moment the versions in `seen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The highest `updatedAt` that was read.
    pub since: Instant,
    /// Versions of that moment, by record.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seen: BTreeMap<String, u64>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { since: Instant(0), seen: BTreeMap::new() }
    }
}

/// When the next mail may leave.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestState {
    /// Not before this moment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// Whether issues wait to be mailed.
    #[serde(default)]
    pub waiting: bool,
}
