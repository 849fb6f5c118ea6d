//! The sync window of a course, and the night in which a school is compared. The only room where local dates become instants.

use chrono_tz::Tz;

use crate::model::course::Course;
use crate::model::time::{Instant, Seconds, weeks_after, weeks_before};
use crate::settings::Settings;

/// When a course is kept in step with CourseKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub opens: Instant,
    /// The first moment after it.
    pub closes: Instant,
}

/// Where a moment lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// The window has not opened.
    Before,
    /// It is open.
    Open,
    /// It is over.
    Over,
}

impl Window {
    /// Where a moment lies. The window of a course that was completed long before its start was due may close before it
    /// would open: then it is over from its close on.
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
    // The last second of the class: one that lasts until midnight does not reach into the next day.
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

/// What is done nightly begins three hours after midnight: at three o'clock on all nights but those of a clock change.
const NIGHT_HOUR: Seconds = Seconds(3 * 3_600);

/// The next night after now. A day is asked for by its date: in the night the clocks change it is 23 or 25 hours
/// long.
pub fn next_night(zone: Tz, now: Instant) -> Instant {
    let nights = now.date_in(zone).iter_days().map(|day| Instant::start_of(day, zone) + NIGHT_HOUR);
    nights.take(3).find(|night| *night > now).unwrap_or(now + Seconds::days(1))
}

#[cfg(test)]
mod tests;
