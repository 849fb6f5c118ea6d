//! The Send to CourseKey option: resolved once, then the course's own, and locked once a send was started. Who locks it is
//! the engine's matter.

use serde::{Deserialize, Serialize};

use crate::model::course::SendOption;

/// Seed, "Courses": "The Send to CourseKey option cannot be disabled if the course has already been synchronized with
/// CourseKey".
pub const LOCK_REASON: &str = "the course has already been synchronized with CourseKey";

/// Send to CourseKey once nothing is inherited any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolved {
    /// Sent.
    On,
    /// Not sent.
    Off,
}

/// What a change makes of the option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is this from now on.
    Now(Resolved),
    /// It was to be switched off and cannot be: it stays on.
    Refused,
}

impl Change {
    /// The option after the change.
    pub fn now(self) -> Resolved {
        match self {
            Self::Now(resolved) => resolved,
            Self::Refused => Resolved::On,
        }
    }
}

/// What the option comes to when a course is first seen: the course's own value, else the program course's, else Allow
/// Sending New Program Courses to CourseKey.
///
/// Seed, "Courses": "If it is enabled for a course when creating a new group for that program, the course in the new
/// group will have Send to CourseKey enabled by default as well." "Also, the School Settings has the Allow Sending New
/// Program Courses to CourseKey setting that enables the Send to CourseKey option by default for the new courses in
/// programs."
pub fn resolve(course: SendOption, program: SendOption, send_new_program_courses: bool) -> Resolved {
    match (course, program) {
        (SendOption::On, _) | (SendOption::Inherit, SendOption::On) => Resolved::On,
        (SendOption::Inherit, SendOption::Inherit) if send_new_program_courses => Resolved::On,
        (SendOption::Off | SendOption::Inherit, _) => Resolved::Off,
    }
}

/// What a course's new value makes of the option held so far. What was inherited once is kept: a later change of a
/// level above does nothing. A locked option is on, whatever the other arguments say.
pub fn change(
    held: Option<Resolved>,
    locked: bool,
    course: SendOption,
    program: SendOption,
    send_new_program_courses: bool,
) -> Change {
    let wanted = match (held, course) {
        (Some(held), SendOption::Inherit) => held,
        _ => resolve(course, program, send_new_program_courses),
    };
    if locked && wanted == Resolved::Off { Change::Refused } else { Change::Now(wanted) }
}

#[cfg(test)]
mod tests;
