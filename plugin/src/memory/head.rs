//! The head: the entry that every tick reads first. The head stays small whatever the size of the school; everything
//! that grows with courses, people or classes has entries of its own (`entries`).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::HEAD;
use super::unreadable::UnreadableRecords;
use crate::model::ids::{CampusId, CourseId, SchoolNumber};
use crate::model::issue::{Code, Issue};
use crate::model::time::Instant;
use crate::settings::InForce;
use crate::world::StorageError;

/// The schema that this version of the plugin reads and writes. A state of another schema is left alone.
pub const SCHEMA: u32 = 3;

/// What every tick has to know before anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the schema of the whole state.
    pub schema: u32,
    /// The fingerprint of the settings with which the due index was made.
    pub settings: String,
    /// How far the walk over all courses after a change of settings has come; none: no walk is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reindex: Option<Walk>,
    /// The nightly comparison with GEGI's list of courses.
    pub comparison: Comparison,
    /// The state of each campus's connection and attendance.
    #[serde(default)]
    pub campuses: BTreeMap<CampusId, CampusState>,
    /// The thresholds that make a mark late or absent, and since when each were in force.
    #[serde(default)]
    pub thresholds: InForce,
    /// The attendance records that cannot be read.
    #[serde(default, skip_serializing_if = "UnreadableRecords::is_empty")]
    pub unreadable: UnreadableRecords,
    /// The open issues of the school as a whole, by key.
    #[serde(default)]
    pub issues: BTreeMap<String, Issue>,
    /// How many records wait because GEGI does not have their class or student.
    #[serde(default)]
    pub unplaced: u32,
    /// When the next mail may leave, and whether issues wait for it.
    #[serde(default)]
    pub digest: DigestState,
}

impl Head {
    /// The head of a school that had no tick yet.
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

    /// Reads a head. The head alone is JSON, so that its schema can be read whatever else has changed. The error names the schema if another version of the plugin wrote the head; then nothing else of
    /// the state can be read either.
    pub fn read(bytes: &[u8]) -> Result<Self, StorageError> {
        #[derive(Deserialize)]
        struct Schema {
            schema: u32,
        }

        let unreadable = |reason: String| StorageError::Unreadable { key: HEAD.to_owned(), reason };
        match serde_json::from_slice::<Self>(bytes) {
            Ok(head) if head.schema == SCHEMA => Ok(head),
            read => Err(match (serde_json::from_slice(bytes), read) {
                (Ok(Schema { schema }), _) if schema != SCHEMA => {
                    unreadable(format!("its schema is {schema}, this version reads {SCHEMA}"))
                }
                (_, Err(problem)) | (Err(problem), _) => unreadable(problem.to_string()),
                (Ok(_), Ok(_)) => unreadable("it contradicts itself".to_owned()),
            }),
        }
    }

    /// Writes the head.
    pub fn write(&self) -> Result<Vec<u8>, StorageError> {
        serde_json::to_vec(self)
            .map_err(|problem| StorageError::Unreadable { key: HEAD.to_owned(), reason: problem.to_string() })
    }
}

/// How far a walk over all courses, in order of id, has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Walk {
    /// The last course that the walk reached; none: the walk has not begun.
    pub after: Option<CourseId>,
}

/// The nightly comparison of ids and revisions with what GEGI lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Comparison {
    /// When the next comparison begins.
    pub next: Instant,
    /// How far the comparison under way has come; none: no comparison is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Walk>,
}

/// The state of a campus: its connection to CourseKey, and how far its attendance was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampusState {
    /// What the campus is connected with. When this changes, everything learnt of the old connection is forgotten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection: Option<Connection>,
    /// Whether the check of key, School ID and time zone went well.
    #[serde(default)]
    pub connected: bool,
    /// Why the campus is stopped; none: the campus is not stopped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stopped: Option<Stopped>,
    /// The lists of CourseKey whose requests failed in the last tick that used them, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub backoff: BTreeMap<String, Backoff>,
    /// The cursor: how far the campus's attendance was read.
    #[serde(default)]
    pub cursor: Cursor,
    /// The moment up to which everything that CourseKey had was read; none: nothing was read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub read_until: Option<Instant>,
    /// The daily pass over the follow-up days; none: the campus's attendance was never read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pass: Option<Pass>,
}

impl CampusState {
    /// Starts reading again from where it once began, because everything read so far was of another School ID.
    pub fn read_anew(&mut self) {
        self.read_until = None;
        if let Some(pass) = &mut self.pass {
            pass.since = None;
            self.cursor = Cursor { since: pass.begun, seen: BTreeMap::new() };
        }
    }
}

/// The daily pass over the follow-up days, which finds records that the cursor passed over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pass {
    /// Where the cursor began. Records that CourseKey holds from before that moment are not this integration's.
    pub begun: Instant,
    /// When the next pass begins.
    pub next: Instant,
    /// The moment from which the pass under way goes on; none: no pass is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Instant>,
}

/// Everything with which a campus's requests are made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connection {
    /// CourseKey's base URL.
    pub base: String,
    /// The generation of the campus's credentials.
    pub generation: u64,
    /// CourseKey's number of the campus.
    pub school: SchoolNumber,
    /// The name of the campus's time zone.
    pub zone: String,
}

/// Why a campus is stopped and when the campus is probed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stopped {
    /// The code of the issue about the stop.
    pub code: Code,
    /// Why the campus is stopped, for people.
    pub reason: String,
    /// When the connection is checked again.
    pub probe_at: Instant,
}

/// How long a list of CourseKey, whose requests failed, is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// How many ticks in a row a request to the list failed.
    pub failures: u32,
    /// The first moment at which the list is used again.
    pub not_before: Instant,
}

/// The cursor: how far a campus's attendance was read. Everything before `since` was read, and of the moment `since`
/// itself the versions in `seen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The highest `updatedAt` that was read.
    pub since: Instant,
    /// The versions written at the moment `since` that were read, by the record's id.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seen: BTreeMap<String, u64>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { since: Instant(0), seen: BTreeMap::new() }
    }
}

/// When the next mail may leave, and whether issues wait for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestState {
    /// The first moment at which the next mail may leave; none: at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_before: Option<Instant>,
    /// Whether issues wait to be mailed.
    #[serde(default)]
    pub waiting: bool,
}
