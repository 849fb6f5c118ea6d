//! Short calls beside those of other processes: one that was overtaken left no trace and is made again. Not here: what
//! overtakes a call (`store::versions`).

use super::CallFailure;
use crate::store::StoreError;

/// How often a short call is made that others overtake. Whoever overtakes has committed, so of several processes that
/// make short calls of one school one always goes on, and a call that loses this often is answered as not made.
const ATTEMPTS: u32 = 50;

/// Makes a short call until nobody overtakes it.
pub(super) async fn undisturbed<T, F>(call: impl Fn() -> F) -> Result<T, CallFailure>
where
    F: Future<Output = Result<T, CallFailure>>,
{
    let mut attempts = 1;
    loop {
        match call().await {
            Err(CallFailure::Storage(StoreError::Overtaken)) if attempts < ATTEMPTS => attempts += 1,
            answer => return answer,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// How often a call is made of which the first ones are overtaken, and its answer.
    async fn made(overtaken: u32, error: fn() -> StoreError) -> (u32, bool) {
        let made = Cell::new(0);
        let answer = undisturbed(|| {
            made.set(made.get() + 1);
            let answer = if made.get() > overtaken { Ok(()) } else { Err(error().into()) };
            async move { answer }
        });
        let is_ok = answer.await.is_ok();
        (made.get(), is_ok)
    }

    #[tokio::test]
    async fn a_call_that_was_overtaken_is_made_again_and_no_other_one() {
        assert_eq!(made(0, || StoreError::Overtaken).await, (1, true));
        assert_eq!(made(3, || StoreError::Overtaken).await, (4, true));
        assert_eq!(made(u32::MAX, || StoreError::Overtaken).await, (ATTEMPTS, false));
        assert_eq!(made(u32::MAX, || StoreError::Busy).await, (1, false));
    }
}
