//! The observers of a run: one ends the process at a step, for crash tests; the other counts calls and the time
//! inside them, for the report. Not here: what must be true after a crash (the tests).

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::report::Calls;
use host::observer::{EndedCall, Ending, Export, Observer, Step};

/// Ends the process at a step, without unwinding or cleaning up, as a crash would.
#[derive(Debug)]
pub struct DiesAtStep(AtomicU64);

impl DiesAtStep {
    /// Ends the process at the `n`-th step, counted from 1.
    pub fn new(n: u64) -> Self {
        Self(AtomicU64::new(n))
    }
}

impl Observer for DiesAtStep {
    fn step(&self, _step: Step) {
        if self.0.fetch_sub(1, Ordering::SeqCst) == 1 {
            std::process::abort();
        }
    }
}

/// Counts calls and the real time inside them, and passes every step and call on to another observer.
pub(super) struct Measuring {
    beside: Arc<dyn Observer>,
    so_far: Mutex<(Calls, Duration)>,
}

impl Measuring {
    pub(super) fn beside(other: Arc<dyn Observer>) -> Self {
        Self { beside: other, so_far: Mutex::default() }
    }

    /// The calls so far, and the time inside them.
    pub(super) fn so_far(&self) -> (Calls, Duration) {
        *self.lock()
    }

    fn lock(&self) -> MutexGuard<'_, (Calls, Duration)> {
        // Adding up does not panic half way.
        self.so_far.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Observer for Measuring {
    fn step(&self, step: Step) {
        self.beside.step(step);
    }

    fn call_ended(&self, call: &EndedCall<'_>) {
        self.beside.call_ended(call);
        let (calls, time) = &mut *self.lock();
        match call.export {
            Export::Tick => calls.ticks += 1,
            Export::CourseChanged => calls.course_changes += 1,
            Export::AttendanceReceived => calls.pushes += 1,
            // Reading pages is no part of the run, and neither is what people do under `review`.
            Export::Statuses
            | Export::Holds
            | Export::Decide
            | Export::Preview
            | Export::WhyNot
            | Export::Explain
            | Export::Resend
            | Export::Watch
            | Export::Check => {
                return;
            }
        }
        *time += call.took;
        calls.aborted += u64::from(call.ending != Ending::Ok);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use host::observer::{Cost, NoObserver};

    #[test]
    fn calls_are_counted_by_export_and_the_time_inside_them_adds_up() {
        let measuring = Measuring::beside(Arc::new(NoObserver));
        for (export, ending) in [
            (Export::Tick, Ending::Ok),
            (Export::Tick, Ending::TooLong),
            (Export::CourseChanged, Ending::Ok),
            (Export::AttendanceReceived, Ending::Refused),
            (Export::Statuses, Ending::Ok),
        ] {
            let (school, cost) = (&"north".into(), Cost::default());
            measuring.call_ended(&EndedCall { school, export, took: Duration::from_secs(2), ending, cost });
        }
        let expected = Calls { ticks: 2, course_changes: 1, pushes: 1, aborted: 2 };
        assert_eq!(measuring.so_far(), (expected, Duration::from_secs(8)));
    }
}
