//! The call `resend`: everything of a course, or of every course, is sent to CourseKey once more. The call leaves a note for
//! each course, which the next tick carries out (`tick::resending`).

use crate::ledger::CourseLedger;
use crate::memory::{LEDGER, RESEND, encode, parts, view};
use crate::model::ids::CourseId;
use crate::naming;
use crate::world::{Change, StorageError, Writes};

/// Notes that a course, or every course that CourseKey may hold, is to be sent again. Answers how many courses.
pub fn resend(world: &mut impl Writes, course: Option<CourseId>, by: &str) -> Result<u32, StorageError> {
    let courses = match course {
        Some(course) => {
            let stored = view::read(world, std::slice::from_ref(&course))?;
            let ledger = stored.courses().find_map(|course| course.ledger.as_ref());
            ledger.filter(|ledger| CourseLedger::acknowledged(ledger)).map(|_| course).into_iter().collect()
        }
        None => every_course(world)?,
    };
    let by = encode(RESEND, &naming::cut(by))?;
    let note = |course: &CourseId| Change::Put(format!("{RESEND}{course}"), by.clone());
    let notes: Vec<Change> = courses.iter().map(note).collect();
    if !notes.is_empty() {
        world.apply(notes)?;
    }
    Ok(u32::try_from(courses.len()).unwrap_or(u32::MAX))
}

/// Every course of which a send was started.
fn every_course(world: &mut impl Writes) -> Result<Vec<CourseId>, StorageError> {
    let keys = parts::keys(world, LEDGER, None, usize::MAX)?;
    Ok(keys.iter().filter_map(|key| key.strip_prefix(LEDGER)).map(CourseId::from).collect())
}
