//! The sync window of a course, and the night in which a school's courses are compared with GEGI's list. The only room
//! in which local dates become instants.

use chrono_tz::Tz;

use crate::model::course::Course;
use crate::model::time::{Instant, Seconds, weeks_after, weeks_before};
use crate::settings::Settings;

/// The time in which a course is kept in step with CourseKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// The first moment of the window.
    pub opens: Instant,
    /// The first moment after the window.
    pub closes: Instant,
}

/// Where a moment lies: before, in or after a sync window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The window has not opened.
    Before,
    /// The window is open.
    Open,
    /// The window is over.
    Over,
}

impl Window {
    /// Where a moment lies. A course that was completed long before its planned start has a window that closes before
    /// it opens; such a window is over from its close on.
    pub fn phase(self, now: Instant) -> Phase {
        if now >= self.closes {
            Phase::Over
        } else if now >= self.opens {
            Phase::Open
        } else {
            Phase::Before
        }
    }
}

/// Seed, "Integration Settings": "the course will be integrated with CourseKey this number of weeks before the start
/// date"; "the course integration will be disabled after this number of weeks after the completed date".
///
/// DOMAIN §4: "opens at campus-local midnight of (start − weeks); closes at the end of the local day (completed date,
/// else the later of end date and last class) + weeks; inclusive".
pub fn sync_window(course: &Course, settings: &Settings, zone: Tz) -> Window {
    // The day of the class's last second: a class that lasts until midnight does not reach into the next day.
    let last_class = course.last_class_end().map(|ends| (ends - Seconds(1)).date_in(zone));
    let end =
        course.completed_date.unwrap_or_else(|| last_class.map_or(course.end_date, |day| day.max(course.end_date)));
    let last_day = weeks_after(end, settings.weeks_after);
    let next_day = last_day.succ_opt().unwrap_or(last_day);
    Window {
        opens: Instant::start_of(weeks_before(course.start_date, settings.weeks_before), zone),
        closes: Instant::start_of(next_day, zone),
    }
}

/// Nightly work begins three hours after midnight: at three o'clock, except in the nights in which the clocks change.
const NIGHT_HOUR: Seconds = Seconds(3 * 3_600);

/// The next moment after now at which nightly work begins. The search goes from date to date and not in steps of 24
/// hours, because a day on which the clocks change has 23 or 25 hours.
pub fn next_night(zone: Tz, now: Instant) -> Instant {
    let nights = now.date_in(zone).iter_days().map(|day| Instant::start_of(day, zone) + NIGHT_HOUR);
    nights.take(3).find(|night| *night > now).unwrap_or(now + Seconds::days(1))
}

#[cfg(test)]
mod tests;
