//! The Send to CourseKey option of a course. The first time the plugin sees a course, the option is resolved from
//! course, program course and School Settings; afterwards only the course's own value changes the option. Once a first
//! send was started, the option is locked, until CourseKey is known to hold nothing of the course. Not here: the start of a first send (`tick::send`), which locks the option.

use serde::{Deserialize, Serialize};

use crate::model::course::SendOption;

/// Why Send to CourseKey cannot be switched off. The reason claims no more than is known.
///
/// Seed, "Courses": "The Send to CourseKey option cannot be disabled if the course has already been synchronized with
/// CourseKey".
pub fn lock_reason(acknowledged: bool) -> &'static str {
    if acknowledged {
        "the course has already been synchronized with CourseKey"
    } else {
        "the course's first synchronization with CourseKey has begun, and CourseKey may hold something of it"
    }
}

/// Send to CourseKey after it was resolved, so that nothing is left to inherit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resolved {
    /// The course is sent.
    On,
    /// The course is not sent.
    Off,
}

/// What a change of the course does to the option.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The option has this value from now on.
    Now(Resolved),
    /// The change would switch the locked option off; the option stays on.
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

/// Resolves the option of a course that the plugin sees for the first time: the course's own value, else the program
/// course's value, else Allow Sending New Program Courses to CourseKey.
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

/// What a course's new value does to the option that is held so far. An option that was inherited once is kept: a later
/// change of a level above does nothing. A locked option stays on, whatever the other arguments say.
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
