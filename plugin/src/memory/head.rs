//! The head: the entry that every tick reads first. The head stays small whatever the size of the school; everything
//! that grows with courses, people or classes has entries of its own (`entries`).

use serde::{Deserialize, Serialize};

use super::HEAD;
use super::unreadable::UnreadableRecords;
use crate::guard;
use crate::model::ids::{CampusId, CourseId, SchoolNumber};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::settings::InForce;
use crate::silence::{Failing, Silence, What};
use crate::world::StorageError;
use crate::world::network::Kind;

/// The schema that this version of the plugin reads and writes. A state of another schema is left alone.
pub const SCHEMA: u32 = 6;

/// What every tick has to know before anything else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The fingerprint of the settings with which the due index was made.
    pub settings: String,
    /// How far the walk over all courses after a change of settings has come; none: no walk is under way.
    pub reindex: Option<Walk>,
    /// The nightly comparison with GEGI's list of courses.
    pub comparison: Comparison,
    /// The state of each campus's connection and attendance.
    pub campuses: SortedMap<CampusId, CampusState>,
    /// The thresholds that make a mark late or absent, and since when each were in force.
    pub thresholds: InForce,
    /// The attendance records that cannot be read.
    pub unreadable: UnreadableRecords,
    /// The open issues of the school as a whole, by key.
    pub issues: SortedMap<String, Issue>,
    /// How many records wait because GEGI does not have their class or student.
    pub unplaced: u32,
    /// The end of the latest class of which everything was freed; none: nothing was ever freed.
    pub freed_until: Option<Instant>,
    /// The revision under which was sent last. CourseKey refuses a lower one.
    pub sent_as: u64,
    /// When the next mail may leave, and whether issues wait for it.
    pub digest: DigestState,
    /// What the school is told for a day.
    pub told_for_a_day: Vec<ToldForADay>,
    /// How often the sizes of a tick are halved, because larger ticks were refused or stopped.
    pub caution: u32,
    /// How many rows of the school CourseKey holds, and how many of them would leave.
    pub guarded: guard::School,
}

/// Something that happened once, and that no later tick would find again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldForADay {
    /// The issue about it.
    pub issue: Issue,
    /// The first moment at which it is not told any more.
    pub until: Instant,
}

/// How many things the school is told for a day. The head must stay small.
const TOLD_FOR_A_DAY: usize = 20;
/// How long such a thing is told.
const A_DAY: Seconds = Seconds(86_400);

impl Head {
    /// The head of a school that had no tick yet.
    pub fn first(now: Instant) -> Self {
        Self {
            settings: String::new(),
            reindex: None,
            comparison: Comparison { next: now, at: None },
            campuses: SortedMap::new(),
            thresholds: InForce::default(),
            unreadable: UnreadableRecords::default(),
            issues: SortedMap::new(),
            unplaced: 0,
            freed_until: None,
            sent_as: 0,
            digest: DigestState::default(),
            told_for_a_day: Vec::new(),
            caution: 0,
            guarded: guard::School::default(),
        }
    }

    /// Tells the school something that happened once and that no later tick would find again.
    pub fn tell_for_a_day(&mut self, code: Code, detail: String, sentence: String, now: Instant) {
        if self.told_for_a_day.len() < TOLD_FOR_A_DAY {
            let subject = Subject { detail: Some(detail), ..Subject::default() };
            self.told_for_a_day.push(ToldForADay { issue: Issue { code, subject, sentence }, until: now + A_DAY });
        }
    }

    /// The issues about what the school is told for a day. What was told long enough is forgotten.
    pub fn issues_of_the_day(&mut self, now: Instant) -> Vec<Issue> {
        self.told_for_a_day.retain(|told| now < told.until);
        self.told_for_a_day.iter().map(|told| told.issue.clone()).collect()
    }

    /// Reads a head. Its first line is JSON, so that the schema can be read whatever else has changed. The error names
    /// the schema if another version of the plugin wrote the head; then nothing else of the state can be read either.
    pub fn read(bytes: &[u8]) -> Result<Self, StorageError> {
        let unreadable = |reason: String| StorageError::Unreadable { key: HEAD.to_owned(), reason };
        // The problem's own words may repeat what is stored, which may name people.
        let damaged = || unreadable("it is damaged".to_owned());
        let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
        let schema = parts.next().and_then(|line| serde_json::from_slice(line).ok());
        match schema {
            Some(Schema { schema: SCHEMA }) => {
                super::decode(HEAD, parts.next().unwrap_or_default()).map_err(|_| damaged())
            }
            Some(Schema { schema }) => Err(unreadable(format!("its schema is {schema}, this version reads {SCHEMA}"))),
            None => Err(damaged()),
        }
    }

    /// Writes the head.
    pub fn write(&self) -> Result<Vec<u8>, StorageError> {
        let mut bytes = format!("{{\"schema\":{SCHEMA}}}\n").into_bytes();
        bytes.extend(super::encode(HEAD, self)?);
        Ok(bytes)
    }
}

/// The first line of a head.
#[derive(Deserialize)]
struct Schema {
    /// The number of the schema of the whole state.
    schema: u32,
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
    pub at: Option<Walk>,
}

/// The state of a campus: its connection to CourseKey, and how far its attendance was read.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampusState {
    /// What the campus is connected with. When this changes, everything learnt of the old connection is forgotten.
    pub connection: Option<Connection>,
    /// Whether the check of key, School ID and time zone went well.
    pub connected: bool,
    /// Why the campus is stopped; none: the campus is not stopped.
    pub stopped: Option<Stopped>,
    /// The lists of CourseKey whose requests failed in the last tick that used them.
    pub backoff: SortedMap<Kind, Backoff>,
    /// The cursor: how far the campus's attendance was read.
    pub cursor: Cursor,
    /// The moment up to which everything that CourseKey had was read; none: nothing was read.
    pub read_until: Option<Instant>,
    /// The daily pass over the follow-up days; none: the campus's attendance was never read.
    pub pass: Option<Pass>,
}

impl CampusState {
    /// What a course that needs these lists waits for in vain, for so long that it is told of.
    pub fn silences(&self, needs: &SortedSet<Kind>, now: Instant) -> Vec<Silence> {
        let (reading, sending): (Vec<Kind>, Vec<Kind>) = needs.iter().partition(|kind| **kind == Kind::Attendance);
        let mut silences: Vec<Silence> = self.silence(What::Sending, &sending, now).into_iter().collect();
        silences.extend(self.silence(What::Reading, &reading, now).map(|silence| {
            // Before the first request failed, attendance was read up to this moment.
            Silence { since: self.read_until.map_or(silence.since, |until| until.min(silence.since)), ..silence }
        }));
        silences
    }

    /// As long as the campus is stopped or its connection cannot be checked, no list can be used.
    fn silence(&self, what: What, lists: &[Kind], now: Instant) -> Option<Silence> {
        lists.first()?;
        if let Some(Stopped { since, reason, .. }) = &self.stopped {
            return Some(Silence { what, since: *since, told_from: *since, reason: reason.clone() });
        }
        let failing = self.failing(now).filter(|(kind, _)| *kind == Kind::Connection || lists.contains(kind));
        let (_, failing) = failing.min_by_key(|(_, failing)| failing.since)?;
        let (since, told_from, reason) = (failing.since, failing.told_from()?, failing.reason.clone());
        Some(Silence { what, since, told_from, reason })
    }

    /// The lists that have been failing for so long that it is told of.
    pub fn failing(&self, now: Instant) -> impl Iterator<Item = (Kind, &Failing)> {
        let lists = self.backoff.iter().map(|(kind, backoff)| (*kind, &backoff.failing));
        lists.filter(move |(_, failing)| failing.is_told(now))
    }

    /// Forgets the stop and the waiting times, because the campus is reached in another way now.
    pub fn connect_anew(&mut self, connection: Option<Connection>) {
        self.connection = connection;
        self.connected = false;
        self.stopped = None;
        self.backoff.clear();
    }

    /// Forgets the lists that could have been used since this moment or longer and were not: no course needs them any
    /// more, so that nobody will learn whether they work again. The same with a stop.
    pub fn forget_unneeded(&mut self, since: Instant) {
        self.backoff.retain(|_, backoff| backoff.not_before > since);
        self.stopped = self.stopped.take().filter(|stopped| stopped.probe_at > since);
    }

    /// Starts reading again from where it once began, because everything read so far was of another School ID.
    pub fn read_anew(&mut self) {
        self.read_until = None;
        if let Some(pass) = &mut self.pass {
            pass.since = None;
            self.cursor = Cursor { since: pass.begun, seen: SortedMap::new() };
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
    /// Since when the campus is stopped.
    pub since: Instant,
    /// When the connection is checked again.
    pub probe_at: Instant,
}

/// How long a list of CourseKey, whose requests failed, is left alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Backoff {
    /// For how long the list has been failing, and why.
    pub failing: Failing,
    /// The first moment at which the list is used again.
    pub not_before: Instant,
}

/// The cursor: how far a campus's attendance was read. Everything before `since` was read, and of that moment and later
/// the versions in `seen`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The moment as of which a listing was read to its end, or the highest `updatedAt` that was read.
    pub since: Instant,
    /// The versions written at the moment `since` or later that were read, by the record's id.
    pub seen: SortedMap<String, u64>,
}

impl Default for Cursor {
    fn default() -> Self {
        Self { since: Instant(0), seen: SortedMap::new() }
    }
}

/// When the next mail may leave, and whether issues wait for it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DigestState {
    /// The first moment at which the next mail may leave; none: at once.
    pub not_before: Option<Instant>,
    /// Whether issues wait to be mailed.
    pub waiting: bool,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_of_another_schema_is_named_and_a_damaged_one_is_not_quoted() {
        let head = Head::first(Instant(0));
        let written = head.write().unwrap();
        assert_eq!(Head::read(&written).unwrap(), head);
        let refused = |bytes: &[u8]| Head::read(bytes).unwrap_err().to_string();
        for other in ["{\"schema\":3,\"settings\":\"\"}", "{\"schema\":3}\nwhatever"] {
            assert!(refused(other.as_bytes()).contains("its schema is 3, this version reads"), "{other}");
        }
        let cut = &written[..written.len() - 1];
        for damaged in [&b""[..], b"\xff", b"{\"schema\":\"Ada\"}", cut] {
            let told = refused(damaged);
            assert!(told.contains("it is damaged") && !told.contains("Ada"), "{told}");
        }
    }
}
