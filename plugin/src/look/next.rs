//! When a course is looked at next if nothing changes before: the one date of the course in the due index.

use super::Look;
use crate::following;
use crate::model::course::Course;
use crate::model::time::Instant;
use crate::plan::Why;
use crate::settings::Settings;
use crate::window;

/// Whether actions of a plan are left after a tick, and what keeps them from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// No action is left.
    Nothing,
    /// The actions could be sent at once: the budget was used up, or the option was locked first.
    Unsent,
    /// A request failed, or an action waits for something else; the next tick tries again.
    Failed,
    /// A list of CourseKey that the actions need is not used before this moment.
    Blocked(Instant),
}

/// What the next look has to know of the course's attendance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// Whether the course is followed.
    pub followed: bool,
    /// Every class that ended up to this moment was judged after its settle time; none: the course was never followed.
    pub judged_until: Option<Instant>,
    /// When the next class of the course is to be judged again even if no record arrives; none: no class is.
    pub judge: Option<Instant>,
}

/// When the course is looked at next; none: not before the course changes.
pub fn next(
    course: &Course,
    look: &Look,
    left: Left,
    attendance: Attendance,
    settings: &Settings,
    now: Instant,
) -> Option<Instant> {
    let zone = settings.campuses.get(&course.campus)?.zone?;
    let window = window::sync_window(course, settings, zone);
    let until = following::until(course, settings);
    let soon = now + settings.update_every;
    let dates = [
        Some(window.opens),
        Some(window.closes),
        following::from(course),
        until,
        first_retry(look),
        attendance.judge,
        next_to_settle(course, attendance, settings, now),
        // The course is followed beyond its last moment, so something was not read yet: the next tick reads it.
        Some(soon).filter(|_| attendance.followed && until.is_some_and(|until| until <= now)),
    ];
    let later = dates.into_iter().flatten().filter(|at| *at > now).min();
    let again = match left {
        Left::Nothing => return later,
        Left::Unsent => now,
        Left::Failed => soon,
        Left::Blocked(at) => at.max(soon),
    };
    Some(later.map_or(again, |later| later.min(again)))
}

fn first_retry(look: &Look) -> Option<Instant> {
    let retries = look.plan.waiting.iter().filter_map(|waiting| match &waiting.why {
        Why::Refused(_, retry) => retry.at(),
        Why::NoPassword | Why::Unfit(_) | Why::Needs(_) => None,
    });
    retries.min()
}

/// When the settle time of the next class of a followed course is over.
fn next_to_settle(course: &Course, attendance: Attendance, settings: &Settings, now: Instant) -> Option<Instant> {
    let until = attendance.judged_until.filter(|_| attendance.followed)?;
    let ends = course.classes.iter().map(|class| class.ends).filter(|ends| *ends > until).min()?;
    // A settle time that was over while no tick ran counts for the next tick.
    Some((ends + settings.settle).max(now + settings.update_every))
}
