//! The observer: the one way to watch the host. Crash tests end the process between two steps, measurements count
//! calls and their time. An observer hears what happens and changes nothing. Nothing here prints or counts.

use std::time::Duration;

use crate::store::SchoolId;

/// A step of a call or of a delivery. A crash before a step has other consequences than a crash after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// The call has returned; nothing is written yet.
    BeforeCommit,
    /// The commit is durable; no caller knows of it yet.
    AfterCommit,
    /// An item of an outbox is about to be handed over.
    BeforeDelivery,
    /// The receiver has given its receipt; the item is not acknowledged yet.
    AfterDelivery,
    /// A request is about to leave for CourseKey.
    BeforeRequest,
    /// CourseKey has answered; the plugin does not have the answer yet.
    AfterRequest,
}

/// An export of the component, named after the method of [`School`](crate::school::School) that calls the export.
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
    /// `holds` of `review`.
    Holds,
    /// `decide` of `review`.
    Decide,
    /// `preview` of `review`.
    Preview,
    /// `why-not` of `review`.
    WhyNot,
    /// `explain` of `review`.
    Explain,
    /// `resend` of `review`.
    Resend,
    /// `watch` of `review`.
    Watch,
    /// `check` of `review`.
    Check,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// The call returned an answer; its writes are committed.
    Ok,
    /// The plugin refused its input or its stored state, or the host refused a push.
    Refused,
    /// The plugin did something that the sandbox forbids, or gave up.
    Trapped,
    /// The plugin ran longer than its deadline.
    TooLong,
    /// No place became free for the call in time.
    NoPlace,
    /// As many records wait for GEGI as may.
    Full,
    /// The host's storage failed.
    Storage,
    /// GEGI did not answer the host.
    GegiUnavailable,
}

impl Export {
    /// The export's name in the WIT.
    pub fn name(self) -> &'static str {
        match self {
            Self::Tick => "on-tick",
            Self::CourseChanged => "on-course-changed",
            Self::AttendanceReceived => "on-attendance-received",
            Self::Statuses => "get-status",
            Self::Holds => "holds",
            Self::Decide => "decide",
            Self::Preview => "preview",
            Self::WhyNot => "why-not",
            Self::Explain => "explain",
            Self::Resend => "resend",
            Self::Watch => "watch",
            Self::Check => "check",
        }
    }

    /// Whether the export writes nothing.
    pub fn only_reads(self) -> bool {
        matches!(
            self,
            Self::Statuses | Self::Holds | Self::Preview | Self::WhyNot | Self::Explain | Self::Watch | Self::Check
        )
    }
}

impl Ending {
    /// The ending in a word, for logs, metrics and traces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Trapped => "trapped",
            Self::TooLong => "too-long",
            Self::NoPlace => "no-place",
            Self::Full => "full",
            Self::Storage => "storage",
            Self::GegiUnavailable => "gegi-unavailable",
        }
    }
}

/// What a call cost. A short call that was made again because others overtook it cost all of its attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cost {
    /// Processor time of the threads that ran the call, while they ran it: the guest's, the host's functions' and the
    /// commit's. What other threads do for the call is not in it, such as a database's work. None: this system does not
    /// tell.
    pub processor: Option<Duration>,
    /// The most bytes of linear memory that the guest had.
    pub memory_bytes: u64,
    /// Requests that left for CourseKey, answered or not.
    pub requests: u64,
    /// Operations of the storage that the guest asked for: reads, staged writes and notes.
    pub storage_operations: u64,
}

/// A call that ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedCall<'a> {
    /// The school.
    pub school: &'a SchoolId,
    /// Which export was called.
    pub export: Export,
    /// Real time from the call of the host to its answer, with the wait for the turn and with the commit.
    pub took: Duration,
    /// How the call ended.
    pub ending: Ending,
    /// What the call cost.
    pub cost: Cost,
}

/// Hears every step and every call of all schools of a host. Its methods are called while a call runs and must not
/// block.
pub trait Observer: Send + Sync {
    /// A call or a delivery reached this step.
    fn step(&self, step: Step) {
        let _ = step;
    }

    /// A call ended. A call whose future was dropped is not reported.
    fn call_ended(&self, call: &EndedCall<'_>) {
        let _ = call;
    }
}

/// An observer that ignores everything.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl Observer for NoObserver {}
