//! Which courses are followed, that is, have their attendance read from CourseKey, and from when until when.
//!
//! The answer follows from the course and from the course's page of the ledger; nothing is counted by hand. Not here:
//! the stored list of the courses that are followed at the moment (`memory::followed`), and the reading itself
//! (`tick::poll`).

use crate::ledger::CourseLedger;
use crate::model::course::Course;
use crate::model::time::{Instant, Seconds};
use crate::settings::Settings;

/// Attendance is read from this long before a course's first class.
const READ_BEFORE: Seconds = Seconds(86_400);

/// How long a course's attendance is read once a day after its follow-up days.
///
/// DOMAIN §4 "Follow-up": "later adjustments are not applied and become an issue `late adjustment`, also of a course's last
/// class: after its follow-up a campus is read once a day for 28 more days".
const READ_AFTER: Seconds = Seconds(28 * 86_400);

/// Whether a course's attendance is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Following {
    /// The attendance is not read.
    No,
    /// The attendance is read.
    Yes,
    /// The last moment of the course's attendance has passed: the attendance is read until everything up to that moment
    /// was read, and then not any more.
    LastTime,
}

/// Whether a course was followed so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SoFar {
    /// The course is followed at the moment.
    pub followed: bool,
    /// The course is or was followed at some time.
    pub ever: bool,
}

/// The first moment at which a course's attendance is read, provided that CourseKey acknowledged the course. None: the
/// course has no class.
pub fn from(course: &Course) -> Option<Instant> {
    course.classes.iter().map(|class| class.starts).min().map(|starts| starts - READ_BEFORE)
}

/// The first moment at which a course's attendance is not read with every tick any more: after its last class and the
/// follow-up days. None: the course has no class.
///
/// Seed, "Requesting Data from CourseKey": "The Number of Days to Follow Attendance Adjustments school setting allows
/// defining the number of days when GEGI requests and updates attendance from CourseKey."
///
/// With 0 follow-up days the settle time still counts, or the last class would never get its marks. The last second of
/// the follow-up days counts too; a record that CourseKey writes in that second is seen only by a read as of the next
/// one.
pub fn until(course: &Course, settings: &Settings) -> Option<Instant> {
    course.last_class_end().map(|ends| ends + settings.follow.max(settings.settle) + Seconds(1))
}

/// The first moment at which a course's attendance is not read any more at all. None: the course has no class.
pub fn ends(course: &Course, settings: &Settings) -> Option<Instant> {
    until(course, settings).map(|until| until + READ_AFTER)
}

/// Whether the course's attendance is read now.
///
/// | the course | was followed so far | following |
/// |---|---|---|
/// | not acknowledged, or its first class is more than a day away | – | no |
/// | its last moment has not come | – | yes |
/// | its last moment has passed | yes | the last time |
/// | its last moment has passed | never | yes: attendance that nobody ever read is read once, however late |
/// | its last moment has passed | not any more | no |
pub fn following(
    course: &Course,
    ledger: &CourseLedger,
    so_far: SoFar,
    settings: &Settings,
    now: Instant,
) -> Following {
    let ended = ends(course, settings).is_none_or(|ends| now >= ends);
    let begun = from(course).is_some_and(|from| from <= now);
    match ended {
        true if so_far.followed && ledger.acknowledged() => Following::LastTime,
        true if so_far.ever => Following::No,
        _ if begun && ledger.acknowledged() => Following::Yes,
        _ => Following::No,
    }
}

#[cfg(test)]
mod tests;
