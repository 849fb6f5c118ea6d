//! Rebuilds the data of CourseKey from its log: every entry takes effect again, at its instant and through the same
//! rules.

use std::path::Path;

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::codes::RejectionCode;
use super::items::{Batch, Course, Enrollment, SessionItem, UserItem};
use super::kind::Kind;
use super::lines::LineError;
use super::log::{Entry, Event, Log, LogError};
use super::rules::Item;
use super::state::School;
use super::{Simulator, http, roster_file};

/// Replays the log at `path` into the simulator, which writes this log from now on.
pub(super) fn open(simulator: &mut Simulator, path: &Path) -> Result<(), LogError> {
    let (log, entries) = Log::open(path)?;
    for (index, entry) in entries.into_iter().enumerate() {
        replay(simulator, index + 1, entry)?;
    }
    simulator.log = Some(log);
    Ok(())
}

fn replay(simulator: &mut Simulator, line: usize, entry: Entry) -> Result<(), LogError> {
    simulator.advance(entry.at);
    match entry.event {
        Event::Request { school, path, body, .. } => {
            let taken = replay_batch(simulator, entry.at, school, &path, body);
            taken.ok_or(LogError::Unfit { line })?;
        }
        Event::Credentials { credentials } => simulator.apply_credentials(credentials),
        Event::Rejects { user, code } => {
            let code = RejectionCode::parse(&code).ok_or(LogError::Unfit { line })?;
            simulator.rejects.insert(user, code);
        }
        Event::Start { start } => {
            let lines: Vec<_> = start.iter().enumerate().map(|(n, line)| (n + 1, line.to_string())).collect();
            take_start(simulator, entry.at, &lines)?;
        }
    }
    Ok(())
}

/// Takes a logged batch; none: an item did not change held data again, as every logged item must.
fn replay_batch(simulator: &mut Simulator, at: DateTime<Utc>, school: u64, path: &str, body: Value) -> Option<()> {
    match Kind::of_segment(path.strip_prefix('/')?)? {
        Kind::Users => replay_items::<UserItem>(simulator, at, school, body),
        Kind::Courses => replay_items::<Course>(simulator, at, school, body),
        Kind::Sessions => replay_items::<SessionItem>(simulator, at, school, body),
        Kind::Enrollments => replay_items::<Enrollment>(simulator, at, school, body),
        Kind::Connection | Kind::Attendance => None,
    }
}

fn replay_items<T: Item>(simulator: &mut Simulator, at: DateTime<Utc>, school: u64, body: Value) -> Option<()> {
    let batch: Batch<T> = serde_json::from_value(body).ok()?;
    let sent = batch.items.len();
    let (_, changed) = http::upsert(simulator, at, school, batch.items, true);
    (changed.len() == sent).then_some(())
}

/// Puts the lines of a start into empty schools: all of them or none.
pub(super) fn take_start(
    simulator: &mut Simulator,
    at: DateTime<Utc>,
    lines: &[(usize, String)],
) -> Result<(), LineError> {
    let schools = &mut simulator.schools;
    let taken = lines.iter().try_for_each(|(number, line)| roster_file::take_line(schools, at, *number, line));
    if taken.is_err() {
        schools.values_mut().for_each(School::clear);
    }
    taken
}
