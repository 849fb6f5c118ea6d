//! Moves a school's files to another time of the year, so that schools of different terms can be played together.

use chrono::{DateTime, NaiveDate, SecondsFormat, TimeDelta, Utc};

/// When the clocks went back in the United States in 2023: a class after it begins an hour later by UTC.
const WINTER_TIME: &str = "2023-11-05T06:00:00Z";

/// The text with every date and every instant that stands in quotes so many days earlier, at the same time of day. What the
/// files state is in winter time after the clocks went back, and in summer time so many days earlier.
pub(super) fn days_earlier(text: &str, days: i64) -> String {
    let back = TimeDelta::days(days);
    let winter: Option<DateTime<Utc>> = WINTER_TIME.parse().ok();
    let moved = |word: &str| {
        if let Ok(at) = word.parse::<DateTime<Utc>>() {
            let hour = if winter.is_some_and(|winter| at >= winter) { TimeDelta::hours(1) } else { TimeDelta::zero() };
            return Some((at - back - hour).to_rfc3339_opts(SecondsFormat::Secs, true));
        }
        let date: NaiveDate = word.parse().ok()?;
        Some((date - back).to_string())
    };
    let words = text.split('"').map(|word| moved(word).unwrap_or_else(|| word.to_owned()));
    words.collect::<Vec<_>>().join("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_and_instants_move_and_nothing_else() {
        let text =
            r#"{"start-date":"2023-10-30","at":"2023-10-30T13:00:00Z","then":"2023-11-06T14:00:00Z","id":"a-2023"}"#;
        let moved =
            r#"{"start-date":"2023-05-22","at":"2023-05-22T13:00:00Z","then":"2023-05-29T13:00:00Z","id":"a-2023"}"#;
        assert_eq!(days_earlier(text, 161), moved);
    }
}
