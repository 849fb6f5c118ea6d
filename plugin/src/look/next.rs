//! When a course is looked at next, and when the next of its classes is judged, if nothing changes before.

use super::Look;
use crate::following;
use crate::model::course::Course;
use crate::model::issue::Code;
use crate::model::time::{Instant, Seconds};
use crate::plan::Why;
use crate::settings::Settings;
use crate::window;

/// How long a course is kept whole after its sync window, and after the last day on which its attendance is read. What
/// is older than this is settled everywhere.
pub const KEPT: Seconds = Seconds(180 * 86_400);

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

/// When the course is looked at next; none: not before the course changes. `followed`: whether the course's attendance is
/// read.
pub fn look_at(
    course: &Course,
    look: &Look,
    left: Left,
    followed: bool,
    settings: &Settings,
    now: Instant,
) -> Option<Instant> {
    let zone = settings.campuses.get(&course.campus)?.zone?;
    let window = window::sync_window(course, settings, zone);
    let (until, ends) = (following::until(course, settings), following::ends(course, settings));
    let soon = now + settings.update_every;
    let dates = [
        Some(window.opens),
        Some(window.closes),
        following::from(course),
        until,
        ends,
        frees_at(course, settings),
        first_retry(look, now),
        // The course is followed beyond its last moment, so something was not read yet: the next tick reads it.
        Some(soon).filter(|_| followed && ends.is_some_and(|ends| ends <= now)),
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

/// Whether a course has been over for so long that what is kept of it is freed, up to a few facts.
pub fn is_long_over(course: &Course, settings: &Settings, now: Instant) -> bool {
    frees_at(course, settings).is_some_and(|at| at <= now)
}

/// The first moment at which a course may be freed; none: its campus's time zone is not known.
fn frees_at(course: &Course, settings: &Settings) -> Option<Instant> {
    let zone = settings.campuses.get(&course.campus)?.zone?;
    let closes = window::sync_window(course, settings, zone).closes;
    Some(following::ends(course, settings).map_or(closes, |ends| ends.max(closes)) + KEPT)
}

/// When the settle time of the next class of a followed course is over; none: there is no such class. Every class that
/// ended up to `judged_until` was judged after its settle time.
pub fn settles_at(course: &Course, judged_until: Instant, settings: &Settings, now: Instant) -> Option<Instant> {
    let ends = course.classes.iter().map(|class| class.ends).filter(|ends| *ends > judged_until).min()?;
    // A settle time that was over while no tick ran counts for the next tick.
    Some((ends + settings.settle).max(now + settings.update_every))
}

fn first_retry(look: &Look, now: Instant) -> Option<Instant> {
    let retries = look.plan.waiting.iter().filter_map(|waiting| match &waiting.why {
        Why::Refused(_, retry) => Some(*retry),
        // Who competes for an address changes with the windows of other courses.
        Why::Unfit(Code::EmailShared) => Some(now + Seconds::days(1)),
        // What vanished all over the school may have come back in other courses.
        Why::Held => Some(now + Seconds::hours(1)),
        Why::NoPassword | Why::Unfit(_) | Why::Needs(_) | Why::Kept => None,
    });
    retries.min()
}
