//! Named steps between which a crash makes a difference, so that a test can die at each of them in turn. What must be
//! true after each death is the tests' business.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A step of a call or of a delivery.
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

/// Told of every step by whoever takes it. Does nothing, unless a test asked for a death. Clones count together.
#[derive(Debug, Clone, Default)]
pub struct Steps(Option<Arc<AtomicU64>>);

impl Steps {
    /// For every use but crash tests.
    pub fn none() -> Self {
        Self::default()
    }

    /// Ends the process at the `n`-th crossing, counted from 1, without unwinding or cleaning up: as a crash would.
    pub fn counting(n: u64) -> Self {
        Self(Some(Arc::new(AtomicU64::new(n))))
    }

    /// Passes a step.
    pub fn cross(&self, step: Step) {
        let Some(left) = &self.0 else { return };
        if left.fetch_sub(1, Ordering::SeqCst) == 1 {
            tracing::warn!(?step, "dying here, as told");
            std::process::abort();
        }
    }
}
