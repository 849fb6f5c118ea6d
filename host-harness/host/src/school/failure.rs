//! Why a call left no trace, and what the caller should do next. A request that CourseKey refused or could not take
//! is no failure of the call: the call's answer reports it.

use std::time::Duration;

use crate::engine::{Broken, NoPlace};
use crate::gegi::GegiUnavailable;
use crate::observer::Ending;
use crate::push::Refusal;
use crate::school::CallError;
use crate::store::StoreError;
use crate::visible::visible;

/// Why a call left no trace in the school's storage.
#[derive(Debug, thiserror::Error)]
pub enum CallFailure {
    /// The plugin returned an error: it could not read its state, or the host refused to store.
    #[error("finish the call: {}", what_the_plugin_says(.0))]
    Refused(CallError),
    /// The plugin did something that the sandbox forbids, or gave up. The text says which, and never contains
    /// anything that the plugin printed.
    #[error("finish the call: the plugin was stopped: {0}; the next tick works on one item alone")]
    Trapped(String),
    /// The plugin ran longer than this, its deadline.
    #[error("finish the call within {0:?}; the next tick works on one item alone")]
    TooLong(Duration),
    /// For this long the turn of the school or all places in which calls run were taken; nothing was called.
    #[error(
        "begin the call within {0:?}: other calls of the school or of this process are in the way; call again later"
    )]
    NoPlace(Duration),
    /// As many records wait for GEGI as may; no tick was made, so that nothing is lost.
    #[error("begin the tick: as many records wait for GEGI as may; let GEGI take and acknowledge them")]
    Full,
    /// GEGI did not answer the host.
    #[error(transparent)]
    Gegi(#[from] GegiUnavailable),
    /// The storage failed.
    #[error(transparent)]
    Storage(#[from] StoreError),
    /// The push is not to be believed.
    #[error(transparent)]
    Push(#[from] Refusal),
}

impl From<NoPlace> for CallFailure {
    fn from(NoPlace(waited): NoPlace) -> Self {
        Self::NoPlace(waited)
    }
}

impl From<Broken> for CallFailure {
    fn from(broken: Broken) -> Self {
        match broken {
            // The plugin passes on what the host answered for GEGI.
            Broken::Refused(CallError::Unavailable(why)) => Self::Gegi(GegiUnavailable(why)),
            Broken::Refused(refused) => Self::Refused(refused),
            Broken::Trapped(reason) => Self::Trapped(reason),
            Broken::TooLong(deadline) => Self::TooLong(deadline),
            Broken::Storage(error) => Self::Storage(error),
        }
    }
}

/// The most characters that an error shows of what the plugin says.
const SAID: usize = 2_000;

/// The plugin's text may come from anywhere, and goes to logs, terminals and pages.
fn what_the_plugin_says(refused: &CallError) -> String {
    let shown = |why: &String| visible(&why.chars().take(SAID).collect::<String>());
    match refused {
        CallError::BadInput(why) => format!("the plugin cannot take its input: {}; correct it", shown(why)),
        CallError::UnreadableState(which) => {
            format!(
                "the plugin cannot read what is stored: {}; load the version that wrote it, or a newer one",
                shown(which)
            )
        }
        CallError::TooMuch(why) => {
            format!("the call is larger than the host allows: {}; the next tick takes smaller steps", shown(why))
        }
        CallError::Storage(why) => format!("the plugin could not store or read: {}", shown(why)),
        CallError::Unavailable(why) => format!("GEGI cannot be asked: {}", shown(why)),
    }
}

/// What the caller should do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// Call again at the next due time; nothing needs to be changed.
    RepeatLater,
    /// Call `tick` again soon: that tick works on one item alone, and the plugin parks an item that keeps stopping
    /// ticks.
    RepeatSoon,
    /// The same call would fail again; the failure's text says what to change.
    Mend,
}

impl CallFailure {
    /// The HTTP status that answers CourseKey's push.
    pub fn status(&self) -> u16 {
        match self {
            Self::Push(refusal) => refusal.status(),
            Self::Refused(CallError::BadInput(_)) => 400,
            // CourseKey sends the push again, and the plugin may take it then.
            Self::Refused(_)
            | Self::Trapped(_)
            | Self::TooLong(_)
            | Self::NoPlace(_)
            | Self::Full
            | Self::Gegi(_)
            | Self::Storage(_) => 503,
        }
    }

    /// Whether what the call was working on may have ended it, so that the next tick should work on one item alone: the
    /// call was stopped, wanted more than the host allows, or asked for the marks of a class of which an operation waits
    /// that this version cannot read.
    pub(super) fn is_abort(&self) -> bool {
        matches!(
            self,
            Self::Trapped(_)
                | Self::TooLong(_)
                | Self::Refused(CallError::TooMuch(_))
                | Self::Storage(StoreError::Unreadable { .. })
        )
    }

    /// Whether it counts among the ticks in a row that failed: GEGI knows itself that it did not answer, a host that was
    /// fenced off has nothing to say, and a tick without a place did not begin.
    pub(super) fn counts(&self) -> bool {
        !matches!(self, Self::Gegi(_) | Self::Push(_) | Self::NoPlace(_) | Self::Storage(StoreError::Fenced { .. }))
    }

    /// The ending that the observer hears.
    pub(super) fn ending(&self) -> Ending {
        match self {
            Self::Refused(_) | Self::Push(_) => Ending::Refused,
            Self::Trapped(_) => Ending::Trapped,
            Self::TooLong(_) => Ending::TooLong,
            Self::NoPlace(_) => Ending::NoPlace,
            Self::Full => Ending::Full,
            Self::Storage(_) => Ending::Storage,
            Self::Gegi(_) => Ending::GegiUnavailable,
        }
    }

    /// What to do next.
    pub fn next(&self) -> Next {
        match self {
            _ if self.is_abort() => Next::RepeatSoon,
            Self::Refused(CallError::Storage(_) | CallError::Unavailable(_))
            | Self::Gegi(_)
            | Self::NoPlace(_)
            | Self::Full => Next::RepeatLater,
            Self::Storage(error) if error.is_passing() => Next::RepeatLater,
            Self::Refused(_) | Self::Trapped(_) | Self::TooLong(_) | Self::Storage(_) | Self::Push(_) => Next::Mend,
        }
    }
}
