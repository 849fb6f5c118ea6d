//! Moments as people read them: by the clocks of a campus.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use maud::{Markup, html};

/// The moment of an RFC 3339 text; none: it is no such text.
pub(crate) fn read(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|at| at.to_utc())
}

fn zone(name: &str) -> Tz {
    name.parse().unwrap_or(Tz::UTC)
}

/// A moment as text in the zone, in chrono's format; the text itself if it is no moment.
pub(crate) fn formatted(text: &str, zone_name: &str, format: &str) -> String {
    read(text).map_or_else(|| text.to_owned(), |at| at.with_timezone(&zone(zone_name)).format(format).to_string())
}

/// Day and time.
pub(crate) fn when(text: &str, zone_name: &str) -> Markup {
    shown(text, zone_name, "%a %-d %b %Y, %H:%M")
}

/// Day and time without the year, where the year is clear.
pub(crate) fn brief_or_dash(text: Option<&str>, zone_name: &str) -> Markup {
    text.map_or_else(dash, |text| shown(text, zone_name, "%-d %b, %H:%M"))
}

/// Time alone.
pub(crate) fn clock(text: &str, zone_name: &str) -> Markup {
    shown(text, zone_name, "%H:%M")
}

/// Time with seconds.
pub(crate) fn clock_with_seconds(text: &str, zone_name: &str) -> Markup {
    shown(text, zone_name, "%-d %b, %H:%M:%S")
}

fn shown(text: &str, zone_name: &str, format: &str) -> Markup {
    html! { time datetime=(text) title=(format!("{text} · shown by the clocks of {zone_name}")) { (formatted(text, zone_name, format)) } }
}

/// A moment or a dash.
pub(crate) fn when_or_dash(text: Option<&str>, zone_name: &str) -> Markup {
    text.map_or_else(dash, |text| when(text, zone_name))
}

fn dash() -> Markup {
    html! { span .quiet { "–" } }
}

/// A date such as 2023-05-22 as people write it.
pub(crate) fn day(text: &str) -> String {
    text.parse::<NaiveDate>().map_or_else(|_| text.to_owned(), |day| day.format("%-d %b %Y").to_string())
}

/// A length of time in the two largest units.
pub(crate) fn length(seconds: i64) -> String {
    let length = TimeDelta::seconds(seconds.max(0));
    match (length.num_days(), length.num_hours() % 24, length.num_minutes() % 60, length.num_seconds() % 60) {
        (0, 0, 0, seconds) => format!("{seconds} s"),
        (0, 0, minutes, _) => format!("{minutes} min"),
        (0, hours, 0, _) => format!("{hours} h"),
        (0, hours, minutes, _) => format!("{hours} h {minutes} min"),
        (days, 0, ..) => format!("{days} d"),
        (days, hours, ..) => format!("{days} d {hours} h"),
    }
}

/// How long before `now` a moment was.
pub(crate) fn ago(text: &str, now: DateTime<Utc>) -> String {
    read(text).map_or_else(|| text.to_owned(), |at| format!("{} ago", length((now - at).num_seconds())))
}

/// How long after `now` a moment is.
pub(crate) fn ahead(text: &str, now: DateTime<Utc>) -> String {
    let left = read(text).map(|at| (at - now).num_seconds());
    match left {
        Some(left) if left > 0 => format!("in {}", length(left)),
        Some(_) => "now".to_owned(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_those_of_the_campus() {
        let at = |zone| formatted("2023-11-05T06:30:00Z", zone, "%H:%M %Z");
        assert_eq!([at("America/New_York"), at("no/zone")], ["01:30 EST", "06:30 UTC"]);
        assert_eq!(formatted("later", "UTC", "%H"), "later");
        assert_eq!(day("2023-05-22"), "22 May 2023");
        let lengths = [5, 65, 3_600, 3_660, 86_400, 90_000].map(length);
        assert_eq!(lengths, ["5 s", "1 min", "1 h", "1 h 1 min", "1 d", "1 d 1 h"]);
        let now = read("2023-05-22T12:00:00Z").unwrap();
        assert_eq!(
            (ago("2023-05-22T11:59:30Z", now), ahead("2023-05-22T11:00:00Z", now)),
            ("30 s ago".into(), "now".into())
        );
    }
}
