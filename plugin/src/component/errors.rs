//! Converts the errors of the host's imports into the core's, and the core's into those of GEGI's calls.

use super::bindings::gegi::coursekey::{state, types};
use crate::inbox;
use crate::world::StorageError;

pub(super) fn storage_error(error: StorageError) -> types::CallError {
    match error {
        StorageError::Refused(reason) => types::CallError::Storage(reason),
        StorageError::TooMuch(reason) => types::CallError::TooMuch(reason),
        StorageError::GegiUnavailable(reason) => types::CallError::Unavailable(reason),
        StorageError::Unreadable { .. } => types::CallError::UnreadableState(error.to_string()),
    }
}

pub(super) fn push_error(error: inbox::PushError) -> types::CallError {
    match error {
        inbox::PushError::BadInput(reason) => types::CallError::BadInput(reason),
        inbox::PushError::Storage(error) => storage_error(error),
    }
}

pub(super) fn refused(error: &state::StateError) -> StorageError {
    match error {
        state::StateError::QuotaExceeded(bytes) => {
            StorageError::TooMuch(format!("the school's storage of {bytes} bytes is full"))
        }
        state::StateError::ValueTooLarge(bytes) => {
            StorageError::TooMuch(format!("a value is larger than {bytes} bytes"))
        }
        state::StateError::BadKey(bytes) => {
            StorageError::TooMuch(format!("a key is empty or longer than {bytes} bytes"))
        }
        state::StateError::TooMuch(reason) => StorageError::TooMuch(reason.clone()),
        state::StateError::Unavailable(reason) => StorageError::Refused(reason.clone()),
    }
}

pub(super) fn unavailable(error: types::ReadError) -> StorageError {
    let types::ReadError::Unavailable(reason) = error;
    StorageError::GegiUnavailable(reason)
}
