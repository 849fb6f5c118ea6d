//! Short calls beside those of other processes: one that was overtaken left no trace and is made again. Not here: what
//! overtakes a call (`store::versions`).

use std::time::Duration;

use super::CallFailure;
use crate::limits::Stopwatch;
use crate::store::StoreError;

/// How often a short call is made that others overtake. Whoever overtakes has committed, so of several processes that
/// make short calls of one school one always goes on, and a call that loses this often is answered as not made.
const ATTEMPTS: u32 = 50;

/// Makes a short call until nobody overtakes it, but no attempt begins after `patience`: a call that is as long as the time
/// between two commits of a busy school would be overtaken for ever.
pub(super) async fn undisturbed<T, F>(patience: Duration, call: impl Fn() -> F) -> Result<T, CallFailure>
where
    F: Future<Output = Result<T, CallFailure>>,
{
    let (mut attempts, watch) = (1, Stopwatch::start());
    loop {
        match call().await {
            Err(CallFailure::Storage(StoreError::Overtaken)) if attempts < ATTEMPTS && watch.elapsed() < patience => {
                attempts += 1;
            }
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often a call is made of which the first ones are overtaken, and its answer.
    async fn made(overtaken: u32, patience: Duration, error: fn() -> StoreError) -> (u32, bool) {
        let made = Cell::new(0);
        let answer = undisturbed(patience, || {
            made.set(made.get() + 1);
            let answer = if made.get() > overtaken { Ok(()) } else { Err(error().into()) };
            async move { answer }
        });
        let is_ok = answer.await.is_ok();
        (made.get(), is_ok)
    }

    #[tokio::test]
    async fn a_call_that_was_overtaken_is_made_again_and_no_other_one() {
        let long = Duration::from_hours(1);
        assert_eq!(made(0, long, || StoreError::Overtaken).await, (1, true));
        assert_eq!(made(3, long, || StoreError::Overtaken).await, (4, true));
        assert_eq!(made(u32::MAX, long, || StoreError::Overtaken).await, (ATTEMPTS, false));
        assert_eq!(made(u32::MAX, long, || StoreError::Busy).await, (1, false));
        assert_eq!(made(u32::MAX, Duration::ZERO, || StoreError::Overtaken).await, (1, false), "its patience is over");
    }
}
