//! What people use to look before they leap: the calls of the interface `review`. Short calls, like those of GEGI.

use std::sync::Arc;

use crate::bindings::review_alone::ReviewAlone;
pub use crate::bindings::review_alone::exports::gegi::coursekey::review::{
    Decision, DecisionOutcome, GuardedKind, HeldRow, Hold, Verdict as Decided,
};
use crate::observer::Export;

use super::{CallFailure, School, short};

impl GuardedKind {
    /// The word for files, addresses and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Students => "students",
            Self::Classes => "classes",
        }
    }

    /// The kind that a word names; none: no kind.
    pub fn of_word(word: &str) -> Option<Self> {
        [Self::Students, Self::Classes].into_iter().find(|kind| kind.word() == word)
    }
}

/// The most courses on one page of holds (`wit/review.wit`).
pub const MOST_HOLDS: u32 = 100;

impl School {
    /// What the guard holds, behind the course `after`, of at most `limit` courses.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn holds(&self, after: Option<String>, limit: u32) -> Result<Vec<Hold>, CallFailure> {
        let meter = Arc::default();
        let call = || async {
            let (start, after) = (self.start_short(&meter).await?, after.clone());
            self.run(
                Export::Holds,
                start,
                |_: &Vec<Hold>| Ok(()),
                move |review: &ReviewAlone, store| {
                    let review = review.gegi_coursekey_review();
                    Box::pin(async move { review.call_holds(store, after.as_ref(), limit).await })
                },
            )
            .await
        };
        self.observed(Export::Holds, &meter, short::undisturbed(call)).await
    }

    /// Takes a decision about what is held. The next tick carries it out.
    ///
    /// # Errors
    /// The call left no trace; [`CallFailure::next`] says what to do.
    pub async fn decide(&self, decision: Decision) -> Result<DecisionOutcome, CallFailure> {
        let meter = Arc::default();
        let call = || async {
            let (start, decision) = (self.start_short(&meter).await?, decision.clone());
            self.run(
                Export::Decide,
                start,
                |_: &DecisionOutcome| Ok(()),
                move |review: &ReviewAlone, store| {
                    let review = review.gegi_coursekey_review();
                    Box::pin(async move { review.call_decide(store, &decision).await })
                },
            )
            .await
        };
        self.observed(Export::Decide, &meter, short::undisturbed(call)).await
    }
}
