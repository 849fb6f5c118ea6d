//! Why a call left nothing behind, and what to do next. What CourseKey refused or could not take is no failure: it
//! stands in the call's answer.

use std::time::Duration;

use crate::bindings::exports::gegi::coursekey::integration::CallError;
use crate::engine::Broken;
use crate::gegi::GegiUnavailable;
use crate::store::StoreError;

/// A call that left no trace in the school's storage.
#[derive(Debug, thiserror::Error)]
pub enum CallFailure {
    /// The plugin could not read its state, or the host would not store.
    #[error("finish the call: the plugin says {0}")]
    Refused(CallError),
    /// The plugin did what the sandbox forbids, or gave up. The text says which, and never carries what it printed.
    #[error("finish the call: the plugin was stopped: {0}; the next tick works on one item alone")]
    Trapped(String),
    /// The plugin took longer than its deadline.
    #[error("finish the call within {0:?}; the next tick works on one item alone")]
    TooLong(Duration),
    /// GEGI did not answer the host.
    #[error(transparent)]
    Gegi(#[from] GegiUnavailable),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// A push larger than the limit, in bytes.
    #[error("take the push: it is larger than {0} bytes; ask CourseKey for smaller ones")]
    PushTooLarge(usize),
}

impl From<Broken> for CallFailure {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Refused(refused) => Self::Refused(refused),
            Broken::Trapped(reason) => Self::Trapped(reason),
            Broken::TooLong(deadline) => Self::TooLong(deadline),
            Broken::Gegi(unavailable) => Self::Gegi(unavailable),
            Broken::Storage(error) => Self::Storage(error),
        }
    }
}

/// What the caller should do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Call again at the next due time; nothing needs to be changed.
    RepeatLater,
    /// Call `tick` again soon: it works on one item alone by itself, and the item that keeps breaking it is parked.
    RepeatSoon,
    /// Calling again unchanged is useless; the failure's text says what to change.
    Mend,
}

impl CallFailure {
    /// What to do next.
    pub fn next(&self) -> Next {
        match self {
            Self::Trapped(_) | Self::TooLong(_) => Next::RepeatSoon,
            Self::Refused(CallError::Storage(_)) | Self::Gegi(_) => Next::RepeatLater,
            Self::Storage(error) if error.is_passing() => Next::RepeatLater,
            Self::Refused(CallError::BadInput(_) | CallError::UnreadableState(_))
            | Self::Storage(_)
            | Self::PushTooLarge(_) => Next::Mend,
        }
    }
}
