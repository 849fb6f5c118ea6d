//! Why a call left nothing behind, and what to do next. What CourseKey refused or could not take is no failure: it
//! stands in the call's answer.

use std::time::Duration;

use crate::engine::Broken;
use crate::gegi::GegiUnavailable;
use crate::observer::Ending;
use crate::push::Refusal;
use crate::school::CallError;
use crate::store::StoreError;

/// A call that left no trace in the school's storage.
#[derive(Debug, thiserror::Error)]
pub enum CallFailure {
    /// The plugin could not read its state, or the host would not store.
    #[error("finish the call: {}", what_the_plugin_says(.0))]
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
    /// A push that is not to be believed.
    #[error(transparent)]
    Push(#[from] Refusal),
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

fn what_the_plugin_says(refused: &CallError) -> String {
    match refused {
        CallError::BadInput(why) => format!("the plugin cannot take its input: {why}; correct it"),
        CallError::UnreadableState(which) => {
            format!("the plugin cannot read what is stored: {which}; load the version that wrote it, or a newer one")
        }
        CallError::Storage(why) => format!("the plugin could not store or read: {why}"),
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
    /// The HTTP status that tells CourseKey about a push of its.
    pub fn status(&self) -> u16 {
        match self {
            Self::Push(refusal) => refusal.status(),
            Self::Refused(CallError::BadInput(_)) => 400,
            // It is sent again, and may be taken then.
            Self::Refused(_) | Self::Trapped(_) | Self::TooLong(_) | Self::Gegi(_) | Self::Storage(_) => 503,
        }
    }

    /// What an observer is told of it.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Refused(_) | Self::Push(_) => Ending::Refused,
            Self::Trapped(_) => Ending::Trapped,
            Self::TooLong(_) => Ending::TooLong,
            Self::Storage(_) => Ending::Storage,
            Self::Gegi(_) => Ending::GegiUnavailable,
        }
    }

    /// What to do next.
    pub fn next(&self) -> Next {
        match self {
            Self::Trapped(_) | Self::TooLong(_) => Next::RepeatSoon,
            Self::Refused(CallError::Storage(_)) | Self::Gegi(_) => Next::RepeatLater,
            Self::Storage(error) if error.is_passing() => Next::RepeatLater,
            Self::Refused(CallError::BadInput(_) | CallError::UnreadableState(_))
            | Self::Storage(_)
            | Self::Push(_) => Next::Mend,
        }
    }
}
