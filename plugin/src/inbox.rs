//! The call `on-attendance-received`: a push of attendance records arrived from CourseKey. The call puts the push's raw
//! body into the inbox and does nothing else; the next tick works on it (`tick::records`).

use crate::coursekey::attendance::read_push;
use crate::memory::{INBOX, PUSH, encode, parts};
use crate::model::fingerprint::fingerprint;
use crate::model::ids::CampusId;
use crate::world::{Change, StorageError, Writes};

/// The most bytes of a push.
const BODY_CAP: usize = 1 << 20;

/// Why a push was not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The push cannot be read. CourseKey should send it again; otherwise the next poll brings its records.
    #[error("read the push: {0}")]
    BadInput(String),
    /// The state could not be read or written.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The answer to a push.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushOutcome {
    /// Records put into the inbox.
    pub taken: u32,
    /// Records of a push that was waiting in the inbox already.
    pub repeated: u32,
}

/// Takes the raw body of a push that a key of `campus` signed, as the host has verified.
pub fn on_attendance_received(
    world: &mut impl Writes,
    campus: &CampusId,
    body: &[u8],
) -> Result<PushOutcome, PushError> {
    if body.len() > BODY_CAP {
        return Err(PushError::BadInput(format!("it is larger than {BODY_CAP} bytes")));
    }
    let page = read_push(body).map_err(PushError::BadInput)?;
    let settings = world.settings()?;
    let campus = settings.campuses.iter().find(|known| known.id == *campus);
    let school = campus.ok_or_else(|| PushError::BadInput("School Settings do not name its campus".to_owned()))?.school;
    if !settings.enabled {
        // No tick works while the integration is off. Once it is on, the poll brings the push's records.
        return Ok(PushOutcome { taken: 0, repeated: 0 });
    }
    let records = u32::try_from(page.records.len() + page.unreadable.len()).unwrap_or(u32::MAX);
    // The same body from two campuses is two pushes. The poll brings the records that a push with the fingerprint of
    // another would hide.
    let digest = format!("{school}-{}", fingerprint(body));
    let note = format!("{INBOX}{digest}");
    if world.get_many(std::slice::from_ref(&note))?.pop().flatten().is_some() {
        return Ok(PushOutcome { taken: 0, repeated: records });
    }
    let mut changes = vec![Change::Put(note.clone(), encode(&note, &school)?)];
    parts::store(&mut changes, &format!("{PUSH}{digest}"), None, Some(body));
    world.apply(changes)?;
    Ok(PushOutcome { taken: records, repeated: 0 })
}
