//! The sync window of a course, and the night in which a school's courses are compared with GEGI's list. The only room
//! in which local dates become instants.

use serde::{Deserialize, Serialize};

use crate::model::course::Course;
use crate::model::time::{Instant, Seconds, weeks_after, weeks_before};
use crate::model::zone::Zone;
use crate::settings::Settings;

/// The time in which a course is kept in step with CourseKey.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Whether the window never opens, because the course was completed before its start.
    pub fn never_opens(self) -> bool {
        self.closes <= self.opens
    }

    /// Where a moment lies. A window that never opens is over.
    pub fn phase(self, now: Instant) -> Phase {
        if now >= self.closes || self.never_opens() {
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
/// else the later of end date and last class) + weeks; inclusive". And "Dates": "With dates turned round the window runs
/// from the earlier to the later"; "Completed before the start: Disabled, the window is over".
pub fn sync_window(course: &Course, settings: &Settings, zone: Zone) -> Window {
    // The day of the class's last second: a class that lasts until midnight does not reach into the next day.
    let last_class = course.last_class_end().map(|ends| (ends - Seconds(1)).date_in(zone));
    let first = course.start_date.min(course.end_date);
    let planned = course.start_date.max(course.end_date);
    let end = course.completed_date.unwrap_or_else(|| last_class.map_or(planned, |day| day.max(planned)));
    let last_day = weeks_after(end, settings.weeks_after);
    let next_day = last_day.succ_opt().unwrap_or(last_day);
    let closes = Instant::start_of(next_day, zone);
    let opens = Instant::start_of(weeks_before(first, settings.weeks_before), zone);
    // With its dates turned round a course has no start of which anything could be said.
    let is_over_before = course.completed_date.is_some_and(|completed| completed < first);
    Window { opens: if is_over_before { opens.max(closes) } else { opens }, closes }
}

/// Nightly work begins three hours after midnight: at three o'clock, except in the nights in which the clocks change.
const NIGHT_HOUR: Seconds = Seconds(3 * 3_600);

/// The next moment after now at which nightly work begins. The search goes from date to date and not in steps of 24
/// hours, because a day on which the clocks change has 23 or 25 hours.
pub fn next_night(zone: Zone, now: Instant) -> Instant {
    let nights = now.date_in(zone).iter_days().map(|day| Instant::start_of(day, zone) + NIGHT_HOUR);
    nights.take(3).find(|night| *night > now).unwrap_or(now + Seconds::days(1))
}

#[cfg(test)]
mod tests;
