//! Instants, lengths of time and local dates. The rules compare instants; a local date becomes an instant in the room
//! `window`.

use std::fmt;
use std::ops::{Add, Sub};

use chrono::{DateTime, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use super::zone::Zone;

/// A day on a campus's calendar.
pub type LocalDate = NaiveDate;

/// A moment in whole seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Instant(pub i64);

/// A length of time in whole seconds; never negative where it is a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seconds(pub i64);

impl Seconds {
    /// No time at all.
    pub const ZERO: Self = Self(0);

    /// A length in minutes.
    pub fn minutes(minutes: u32) -> Self {
        Self(i64::from(minutes) * 60)
    }

    /// A length in hours.
    pub fn hours(hours: u32) -> Self {
        Self(i64::from(hours) * 3_600)
    }

    /// A length in days of 24 hours.
    pub fn days(days: u32) -> Self {
        Self(i64::from(days) * 86_400)
    }

    /// Whole minutes, rounded down.
    pub fn whole_minutes(self) -> i64 {
        self.0.div_euclid(60)
    }
}

impl Instant {
    /// Reads RFC 3339 with any offset; fractions of a second are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text).ok().map(|at| Self(at.timestamp()))
    }

    /// The first moment of `date` in `zone`. Where a clock change skips midnight, the first moment that exists.
    pub fn start_of(date: LocalDate, zone: Zone) -> Self {
        let midnight = date.and_time(NaiveTime::MIN).and_utc().timestamp();
        // A gap is at most a day long (Samoa, 2011), so looking ahead quarter by quarter of an hour ends.
        (0..=96).find_map(|quarters| zone.first_moment(midnight + 900 * quarters)).unwrap_or(Self(midnight))
    }

    /// The day of this moment on the calendar of `zone`.
    pub fn date_in(self, zone: Zone) -> LocalDate {
        self.local(zone).date()
    }

    /// The date and time that the clocks of `zone` show at this moment.
    pub fn local(self, zone: Zone) -> NaiveDateTime {
        (self + zone.ahead(self)).utc().naive_utc()
    }

    fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp(self.0, 0).unwrap_or(if self.0 < 0 {
            DateTime::<Utc>::MIN_UTC
        } else {
            DateTime::<Utc>::MAX_UTC
        })
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}Z", self.utc().naive_utc())
    }
}

impl Add<Seconds> for Instant {
    type Output = Self;
    fn add(self, seconds: Seconds) -> Self {
        Self(self.0.saturating_add(seconds.0))
    }
}

impl Sub<Seconds> for Instant {
    type Output = Self;
    fn sub(self, seconds: Seconds) -> Self {
        Self(self.0.saturating_sub(seconds.0))
    }
}

impl Sub for Instant {
    type Output = Seconds;
    fn sub(self, earlier: Self) -> Seconds {
        Seconds(self.0.saturating_sub(earlier.0))
    }
}

/// The day `weeks` before a date, or the calendar's first day where the calendar does not reach that far.
pub fn weeks_before(date: LocalDate, weeks: u32) -> LocalDate {
    date.checked_sub_days(Days::new(7 * u64::from(weeks))).unwrap_or(LocalDate::MIN)
}

/// The day `weeks` after a date, or the calendar's last day where the calendar does not reach that far.
pub fn weeks_after(date: LocalDate, weeks: u32) -> LocalDate {
    date.checked_add_days(Days::new(7 * u64::from(weeks))).unwrap_or(LocalDate::MAX)
}
