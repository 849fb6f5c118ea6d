//! When a course is looked at next, if nothing changes before.

use super::Look;
use crate::following;
use crate::model::course::Course;
use crate::model::time::Instant;
use crate::plan::Why;
use crate::settings::Settings;
use crate::window;

/// What is left of a plan after a tick, and what keeps it from being sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing is left.
    Nothing,
    /// It could be sent at once: the budget, or the lock that precedes a first send, kept it.
    Unsent,
    /// Something failed, or waits for something else; the next tick tries again.
    Failed,
    /// A list of CourseKey's that it needs is left alone until then.
    Blocked(Instant),
}

/// What is known of the course's attendance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Attendance {
    /// The course is followed.
    pub followed: bool,
    /// Classes that ended up to this moment were judged once everything of them should have arrived.
    pub judged_until: Option<Instant>,
    /// When the next of its classes is to be judged again, though nothing arrives.
    pub judge: Option<Instant>,
}

/// When the course is looked at next; none: not before something changes.
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
        // What was missed is read by the next tick.
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

/// When the next class of a followed course is over and everything of it should have arrived.
fn next_to_settle(course: &Course, attendance: Attendance, settings: &Settings, now: Instant) -> Option<Instant> {
    let until = attendance.judged_until.filter(|_| attendance.followed)?;
    let ends = course.classes.iter().map(|class| class.ends).filter(|ends| *ends > until).min()?;
    // What was missed while nobody ticked comes with the next tick.
    Some((ends + settings.settle).max(now + settings.update_every))
}
