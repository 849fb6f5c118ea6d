//! Applies one line of `changes.jsonl`. Every change may be applied again: a run that was killed applies the changes
//! of the instant at which it ended once more.

use super::RunError;
use super::coursekey::ToPush;
use super::driver::Driver;
use crate::directory::{Change, Credentials, Event};
use crate::twin::TwinError;
use host::gegi::{CurrentMark, Origin};
use host::school::CourseChange;

impl Driver<'_> {
    /// Applies a change. `number` tells the change from all other changes of the directory.
    pub(super) async fn apply(&mut self, number: usize, change: &Change) -> Result<(), RunError> {
        let now = self.now();
        match &change.event {
            Event::Course { course, lost } => {
                self.rig.twin.put_course(course)?;
                if !lost {
                    self.course_changed(CourseChange::Saved(course.as_ref().clone())).await?;
                }
            }
            Event::Removed(id) => {
                self.rig.twin.remove_course(id)?;
                self.course_changed(CourseChange::Removed(id.clone())).await?;
            }
            Event::Settings(settings) => self.change_settings(|held| {
                settings.apply(held);
                held.saved_at = Some(change.at);
            })?,
            Event::HandMark { class, student, mark } => {
                let id = format!("change-{}-{number}", change.at);
                let mark = CurrentMark { student: student.clone(), mark: *mark, origin: Origin::Hand };
                self.rig.twin.write_mark(&id, class, &mark)?;
            }
            Event::Push(ids) => {
                for (campus, push) in self.rig.pushes(now, ToPush::Records(ids))? {
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
                    })?;
                }
            }
            Event::Restart => self.rig.restart()?,
        }
        Ok(())
    }

    fn settings(&self) -> Result<host::gegi::SchoolSettings, TwinError> {
        self.rig.twin.settings_if_any()?.ok_or(TwinError::NoSchool)
    }

    fn change_settings(&mut self, change: impl FnOnce(&mut host::gegi::SchoolSettings)) -> Result<(), TwinError> {
        let mut settings = self.settings()?;
        change(&mut settings);
        self.rig.twin.put_settings(&settings)
    }
}
