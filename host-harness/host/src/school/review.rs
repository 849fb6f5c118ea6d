//! What people use to look before they leap: the calls of the interface `review`. Short calls, like those of GEGI.

use std::sync::Arc;

use wasmtime::Store;

use crate::bindings::review_alone::ReviewAlone;
pub use crate::bindings::review_alone::exports::gegi::coursekey::review::{
    AttendedVisit, Checked, ClassStudent, CoursePage, CoursePreview, CourseStudent, Decision, DecisionOutcome,
    ExplainedRow, Explanation, Finding, GuardedKind, HeldRow, Hold, ItemAct, ItemCount, ItemKind, MarkAuthor, Obstacle,
    PlannedItem, PreviewPage, PreviewQuery, RecordVersion, SeenStudent, Sought, StandingMark, Verdict as Decided,
    VersionUse, WaitingItem, WatchPage, WatchedCourse,
};
use crate::engine::{Call, Exported};
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

impl ItemKind {
    /// The word for files, addresses and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Instructor => "instructor",
            Self::Student => "student",
            Self::Course => "course",
            Self::Class => "class",
            Self::Enrollment => "enrollment",
        }
    }
}

impl ItemAct {
    /// The word for files, addresses and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Remove => "remove",
        }
    }
}

impl MarkAuthor {
    /// The word for files, addresses and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Preset => "preset",
            Self::Coursekey => "coursekey",
        }
    }
}

impl VersionUse {
    /// The word for files, addresses and pages.
    pub fn word(self) -> &'static str {
        match self {
            Self::Counts => "counts",
            Self::TooLate => "too-late",
            Self::Replaced => "replaced",
        }
    }
}

/// The most courses on one page of `watch` (`wit/review.wit`).
pub const MOST_WATCHED: u32 = 20;

/// The days after which somebody who was not seen is told of, if nobody asks for another number.
pub const UNSEEN_DAYS: u32 = 14;

/// The most courses on one page of holds, or of a preview (`wit/review.wit`).
pub const MOST_HOLDS: u32 = 100;

impl School {
    /// What the guard holds, behind the course `after`, of at most `limit` courses.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn holds(&self, after: Option<String>, limit: u32) -> Result<Vec<Hold>, CallFailure> {
        self.review(Export::Holds, move |review, store| {
            let after = after.clone();
            Box::pin(async move { review.gegi_coursekey_review().call_holds(store, after.as_ref(), limit).await })
        })
        .await
    }

    /// Takes a decision about what is held. The next tick carries it out.
    ///
    /// # Errors
    /// The call left no trace; [`CallFailure::next`] says what to do.
    pub async fn decide(&self, decision: Decision) -> Result<DecisionOutcome, CallFailure> {
        self.review(Export::Decide, move |review, store| {
            let decision = decision.clone();
            Box::pin(async move { review.gegi_coursekey_review().call_decide(store, &decision).await })
        })
        .await
    }

    /// What the ticks that begin now would send to CourseKey, and what they would not send.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn preview(&self, query: PreviewQuery) -> Result<PreviewPage, CallFailure> {
        self.review(Export::Preview, move |review, store| {
            let query = query.clone();
            Box::pin(async move { review.gegi_coursekey_review().call_preview(store, &query).await })
        })
        .await
    }

    /// Why something is not there: the first condition that fails, and its cure.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn why_not(&self, sought: Sought) -> Result<Finding, CallFailure> {
        self.review(Export::WhyNot, move |review, store| {
            let sought = sought.clone();
            Box::pin(async move { review.gegi_coursekey_review().call_why_not(store, &sought).await })
        })
        .await
    }

    /// Everything behind the attendance of a student in a class; none: there is no such class, or it is not judged.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn explain(&self, of: ClassStudent) -> Result<Option<Explanation>, CallFailure> {
        self.review(Export::Explain, move |review, store| {
            let of = of.clone();
            Box::pin(async move { review.gegi_coursekey_review().call_explain(store, &of).await })
        })
        .await
    }

    /// Has everything of a course sent to CourseKey once more; none: of every course. Answers how many courses.
    ///
    /// # Errors
    /// The call left no trace; [`CallFailure::next`] says what to do.
    pub async fn resend(&self, course: Option<String>, by: String) -> Result<u32, CallFailure> {
        self.review(Export::Resend, move |review, store| {
            let (course, by) = (course.clone(), by.clone());
            Box::pin(async move { review.gegi_coursekey_review().call_resend(store, course.as_ref(), &by).await })
        })
        .await
    }

    /// When each student attended last, and whom nobody saw for `days` days, behind the course `after`, of at most `limit`
    /// courses.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn watch(&self, after: Option<String>, limit: u32, days: u32) -> Result<WatchPage, CallFailure> {
        self.review(Export::Watch, move |review, store| {
            let after = after.clone();
            Box::pin(async move { review.gegi_coursekey_review().call_watch(store, after.as_ref(), limit, days).await })
        })
        .await
    }

    /// Checks School Settings, and of each campus the key, the School ID and the time zone. Nothing is changed, here or there.
    ///
    /// # Errors
    /// Nothing was checked; [`CallFailure::next`] says what to do.
    pub async fn check(&self) -> Result<Vec<Checked>, CallFailure> {
        let meter = Arc::default();
        let made = async {
            let start = self.start_look(&meter).await?;
            self.run(
                Export::Check,
                start,
                |_: &Vec<Checked>| Ok(()),
                |review: &ReviewAlone, store| Box::pin(review.gegi_coursekey_review().call_check(store)),
            )
            .await
        };
        self.observed(Export::Check, &meter, made).await
    }

    /// Makes a short call of `review`.
    async fn review<T, F>(&self, export: Export, call: F) -> Result<T, CallFailure>
    where
        T: Send + 'static,
        F: for<'a> Fn(&'a ReviewAlone, &'a mut Store<Call>) -> Exported<'a, T> + Clone + Send + Sync + 'static,
    {
        let meter = Arc::default();
        let made = || async {
            let (start, call) = (self.start_short(&meter).await?, call.clone());
            self.run(export, start, |_: &T| Ok(()), call).await
        };
        self.observed(export, &meter, short::undisturbed(self.short_patience(), made)).await
    }
}
