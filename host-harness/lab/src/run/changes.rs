//! Applies one line of `changes.jsonl`. Every change may be applied again: a run that was killed applies the changes
//! of the instant at which it ended once more.

use super::RunError;
use super::coursekey::ToPush;
use super::driver::Driver;
use crate::directory::{Change, Credentials, Event};
use host::gegi::{CurrentMark, Origin, SchoolSettings};
use host::school::{CallFailure, CourseChange, Hold, MOST_HOLDS, School};
use mirror::book::BookError;
use mirror::holds::DecisionForm;

impl Driver<'_> {
    /// Applies a change. `number` tells the change from all other changes of the directory.
    pub(super) async fn apply(&mut self, number: usize, change: &Change) -> Result<(), RunError> {
        let now = self.now();
        match &change.event {
            Event::Course { course, lost } => {
                self.rig.book.put_course(course).await?;
                if !lost {
                    self.course_changed(CourseChange::Saved(course.as_ref().clone())).await?;
                }
            }
            Event::Removed(id) => {
                self.rig.book.remove_course(id).await?;
                self.course_changed(CourseChange::Removed(id.clone())).await?;
            }
            Event::Settings(settings) => {
                self.change_settings(|held| {
                    settings.apply(held);
                    held.saved_at = Some(change.at);
                })
                .await?;
            }
            Event::HandMark { class, student, mark } => {
                let id = format!("change-{}-{number}", change.at);
                let mark = CurrentMark { student: student.clone(), mark: *mark, origin: Origin::Hand };
                self.rig.book.write_mark(&id, class, &mark).await?;
            }
            Event::Push(ids) => {
                for (campus, push) in self.rig.pushes(now, ToPush::Records(ids)).await? {
                    self.attendance_received(&campus, &push).await?;
                }
            }
            Event::Fault(fault) => self.rig.coursekey.order_fault(fault)?,
            Event::RejectUser { user, code } => self.rig.coursekey.reject_user(now, user, code)?,
            Event::Credentials(credentials) => {
                self.rig.coursekey.set_credentials(now, *credentials)?;
                if *credentials == Credentials::Restored {
                    // Instants grow, as a generation must, and stay the same when the change is applied again.
                    let generation = change.at.unsigned_abs();
                    self.change_settings(|held| {
                        held.campuses.iter_mut().for_each(|campus| campus.credentials_generation = generation);
                    })
                    .await?;
                }
            }
            Event::Restart => self.rig.restart()?,
            Event::Decide(decision) => self.decide(decision).await?,
        }
        Ok(())
    }

    /// Decides about what is held by now. Where nothing is held nothing is decided.
    async fn decide(&mut self, form: &DecisionForm) -> Result<(), RunError> {
        if let Some(hold) = hold_of(self.rig.school(), form).await? {
            self.rig.school().decide(form.about(&hold.hash, "somebody")).await?;
            self.deliver().await?;
        }
        Ok(())
    }

    async fn change_settings(&mut self, change: impl FnOnce(&mut SchoolSettings)) -> Result<(), BookError> {
        let mut settings = self.rig.settings().await?;
        change(&mut settings);
        self.rig.book.put_settings(&settings).await
    }
}

/// What is held of the course and the kind that a decision names; none: nothing is.
async fn hold_of(school: &School, form: &DecisionForm) -> Result<Option<Hold>, CallFailure> {
    let mut holds = holds_of(school).await?.into_iter();
    Ok(holds.find(|hold| hold.course == form.course && hold.kind == form.kind()))
}

/// Everything that is held of a school.
///
/// # Errors
/// The component could not be asked.
pub async fn holds_of(school: &School) -> Result<Vec<Hold>, CallFailure> {
    let mut holds: Vec<Hold> = Vec::new();
    loop {
        let after = holds.last().map(|hold| hold.course.clone());
        let page = school.holds(after, MOST_HOLDS).await?;
        if page.is_empty() {
            return Ok(holds);
        }
        holds.extend(page);
    }
}
