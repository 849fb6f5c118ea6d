//! The call `decide`: somebody approves or discards what the guard holds, whole or row by row. The call checks that the
//! decision is about what is held now and leaves it for the next tick, which carries it out and writes it into the
//! journal (`tick::guarding`).

use serde::{Deserialize, Serialize};

use crate::guard::Kind;
use crate::memory::{DECIDED, decode, encode, view};
use crate::model::ids::CourseId;
use crate::model::sorted::SortedSet;
use crate::model::time::Instant;
use crate::naming;
use crate::world::{Change, StorageError, Writes};

/// What somebody decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The rows may leave CourseKey.
    Approve,
    /// The rows stay in CourseKey for as long as GEGI goes on to leave them out.
    Discard,
}

/// A decision about rows that are held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    /// The course.
    pub course: CourseId,
    /// The kind of rows.
    pub kind: Kind,
    /// The hash of what was shown.
    pub hash: String,
    /// What was decided.
    pub verdict: Verdict,
    /// The rows; empty: all that were shown.
    pub rows: Vec<String>,
    /// Who decided, for the journal.
    pub by: String,
}

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// The next tick carries it out; it is about so many rows.
    Taken(u32),
    /// Something else is held by now than what was shown. Nothing was taken.
    Changed,
    /// Nothing of this kind is held of the course. Nothing was taken.
    NothingHeld,
}

/// A decision that waits for the next tick.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taken {
    /// The kind of rows.
    pub kind: Kind,
    /// The hash of what was held when the decision was taken.
    pub hash: String,
    /// What was decided.
    pub verdict: Verdict,
    /// The rows.
    pub rows: SortedSet<String>,
    /// Who decided.
    pub by: String,
    /// When.
    pub at: Instant,
}

/// Takes a decision.
pub fn decide(world: &mut impl Writes, decision: Decision) -> Result<Outcome, StorageError> {
    let Decision { course, kind, hash, verdict, rows, by } = decision;
    let stored = view::read(world, std::slice::from_ref(&course))?;
    let page = stored.courses().next().and_then(|course| course.page.as_ref());
    let Some(hold) = page.and_then(|page| page.holds.get(&kind)) else { return Ok(Outcome::NothingHeld) };
    let key = format!("{DECIDED}{course}");
    let mut waiting = read(&key, world.get_many(std::slice::from_ref(&key))?.pop().flatten().as_deref());
    let of_kind = waiting.iter().filter(|taken| taken.kind == kind && taken.hash == hash);
    let decided: SortedSet<&String> = of_kind.flat_map(|taken| &taken.rows).collect();
    let is_open = |row: &String| hold.rows.contains(row) && !decided.contains(&row);
    let rows: SortedSet<String> = if rows.is_empty() {
        hold.rows.iter().filter(|row| is_open(row)).cloned().collect()
    } else {
        rows.into_iter().collect()
    };
    if hold.hash(&course, kind) != hash || rows.is_empty() || !rows.iter().all(is_open) {
        return Ok(Outcome::Changed);
    }
    let number = u32::try_from(rows.len()).unwrap_or(u32::MAX);
    waiting.push(Taken { kind, hash, verdict, rows, by: naming::cut(&by), at: world.now() });
    let bytes = encode(&key, &waiting)?;
    world.apply(vec![Change::Put(key, bytes)])?;
    Ok(Outcome::Taken(number))
}

/// The decisions under a key. What cannot be read counts as not taken: the rows stay held.
pub fn read(key: &str, bytes: Option<&[u8]>) -> Vec<Taken> {
    bytes.and_then(|bytes| decode(key, bytes).ok()).unwrap_or_default()
}
