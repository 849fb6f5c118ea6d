//! The calls `explain` and `why-not`: everything behind a mark, and for anything that is missing the first condition that
//! fails, with its cure. Both are given a world that they can only read, and ask the steps of a tick themselves what
//! they would do, so that they never say another thing than what happens.
//!
//! | Room | Holds |
//! |---|---|
//! | `obstacle` | the conditions, each with who can fulfil it and how |
//! | `roster` | why CourseKey does not have a class or an enrolment |
//! | `attendance` | everything behind a mark; why there is none |
//! | `mail` | why no mail comes |

mod attendance;
mod mail;
mod obstacle;
mod roster;

pub use self::attendance::{Explanation, Limits};
pub use self::obstacle::{Condition, Finding, Obstacle};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::tick::foresee::{self, Seat};
use crate::world::{Reads, StorageError};

/// What somebody misses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Sought {
    /// The mark, or the log rows, of a student in a class.
    Mark(ClassId, PersonId),
    /// The enrolment of a student at CourseKey.
    Enrollment(CourseId, PersonId),
    /// A class at CourseKey.
    Class(ClassId),
    /// A mail about issues.
    Mail,
}

/// Everything behind the attendance of a student in a class; none: there is no such class, or it is not judged.
pub fn explain(
    world: &mut impl Reads,
    class: &ClassId,
    student: &PersonId,
) -> Result<Option<Explanation>, StorageError> {
    attendance::explanation(world, class, student)
}

/// Why something is not there.
pub fn why_not(world: &mut impl Reads, sought: &Sought) -> Result<Finding, StorageError> {
    match sought {
        Sought::Mark(class, student) => attendance::mark(world, class, student),
        Sought::Enrollment(course, student) => roster::enrollment(world, course, student),
        Sought::Class(class) => match course_of(world, class)? {
            Some(course) => roster::class(world, &course, class),
            None => Ok(Finding::Missing(attendance::unknown(class))),
        },
        Sought::Mail => mail::mail(world),
    }
}

fn course_of(world: &mut impl Reads, class: &ClassId) -> Result<Option<CourseId>, StorageError> {
    let mut course = None;
    foresee::seat(world, class, &mut |seat| {
        course = match seat {
            Seat::Unknown => None,
            Seat::SetAside(of) | Seat::Unseated(of, _) => Some(of.id.clone()),
            Seat::Seated(_, sitting, _) => Some(sitting.course.id.clone()),
        }
    })?;
    Ok(course)
}

#[cfg(test)]
mod tests;
