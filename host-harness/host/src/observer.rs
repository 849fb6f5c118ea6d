//! The one seam for whoever watches the host: crash tests die between two steps, measurements count calls and their time.
//! An observer hears what happens and changes nothing. Nothing here prints or counts.

use std::time::Duration;

/// A step of a call or of a delivery. Between two of them a crash makes a difference.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The call has returned; nothing is written yet.
    BeforeCommit,
    /// The commit is durable; nobody has heard of it yet.
    AfterCommit,
    /// An item of an outbox is about to be handed over.
    BeforeDelivery,
    /// The receiver has answered; the item is not acknowledged yet.
    AfterDelivery,
    /// A request is about to leave for CourseKey.
    BeforeRequest,
    /// CourseKey has answered; the plugin has not heard of it yet.
    AfterRequest,
}

/// An export of the component, by the method of [`School`](crate::school::School) that calls it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Export {
    /// `on-tick`.
    Tick,
    /// `on-course-changed`.
    CourseChanged,
    /// `on-attendance-received`.
    AttendanceReceived,
    /// `get-status`.
    Statuses,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// With an answer; what the call wrote is committed.
    Ok,
    /// The plugin refused its input or what is stored, or the host refused a push.
    Refused,
    /// The plugin did what the sandbox forbids, or gave up.
    Trapped,
    /// The plugin ran longer than it may.
    TooLong,
    /// The host's storage failed.
    Storage,
    /// GEGI did not answer the host.
    GegiUnavailable,
}

/// A call that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedCall {
    /// Which export was called.
    pub export: Export,
    /// Real time from the call of the host to its answer: waiting for a turn and the commit are part of it.
    pub took: Duration,
    /// How it ended.
    pub ending: Ending,
}

/// Hears of every step and every call of all schools of a host. Is called while a call is under way and must not block.
pub trait Observer: Send + Sync {
    /// Somebody is at this step.
    fn step(&self, step: Step) {
        let _ = step;
    }

    /// A call ended. A call whose future was dropped has no end.
    fn call_ended(&self, call: &EndedCall) {
        let _ = call;
    }
}

/// Watches nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {}
