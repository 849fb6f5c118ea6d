//! The meter of one call: what the call costs this process and what it asks for, counted while it runs, so that a call
//! which is stopped or dropped has its account as well. Not here: what anybody makes of the figures (`observer`).

use std::pin::pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::observer::Cost;

/// The meter of one call.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    processor_nanos: AtomicU64,
    memory_bytes: AtomicU64,
    requests: AtomicU64,
    storage_operations: AtomicU64,
}

impl Meter {
    /// Runs a future, and counts the processor time of whichever thread runs it, for as long as the thread runs it.
    pub(crate) async fn running<T>(&self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        std::future::poll_fn(|context| {
            let before = processor_time();
            let polled = future.as_mut().poll(context);
            let passed = processor_time().zip(before).map(|(after, before)| after.saturating_sub(before));
            let passed = passed.unwrap_or_default();
            self.processor_nanos.fetch_add(u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
            polled
        })
        .await
    }

    /// The guest's linear memory has grown to so many bytes. It never shrinks.
    pub(crate) fn has_memory(&self, bytes: usize) {
        self.memory_bytes.fetch_max(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// A request leaves.
    pub(crate) fn sends(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    /// The guest asks for an operation of the storage.
    pub(crate) fn stores(&self) {
        self.storage_operations.fetch_add(1, Ordering::Relaxed);
    }

    /// The account so far.
    pub(crate) fn cost(&self) -> Cost {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Cost {
            processor: processor_time().map(|_| Duration::from_nanos(of(&self.processor_nanos))),
            memory_bytes: of(&self.memory_bytes),
            requests: of(&self.requests),
            storage_operations: of(&self.storage_operations),
        }
    }
}

/// The processor time that this thread has used; none: this system does not tell.
fn processor_time() -> Option<Duration> {
    #[cfg(unix)]
    return Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime)).ok();
    #[cfg(not(unix))]
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_counts_and_waiting_does_not() {
        let meter = Meter::default();
        let until = |micros: u64| {
            let begun = processor_time().unwrap();
            while processor_time().unwrap().saturating_sub(begun) < Duration::from_micros(micros) {}
        };
        meter
            .running(async {
                until(2_000);
                tokio::task::yield_now().await;
                until(3_000);
            })
            .await;
        let worked = meter.cost().processor.unwrap();
        assert!(worked >= Duration::from_millis(5), "{worked:?}");
        // What the thread does between two turns of the call is not the call's.
        let (go, gone) = tokio::sync::oneshot::channel();
        let busy = async {
            until(50_000);
            let _ = go.send(());
        };
        tokio::join!(meter.running(gone), busy).0.unwrap();
        assert!(meter.cost().processor.unwrap().saturating_sub(worked) < Duration::from_millis(25));
    }
}
