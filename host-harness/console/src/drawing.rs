//! Drawings as SVG: the timeline of a student in a class, and bars over hours. Numbers in, markup out; colours are classes
//! of the style sheet, so that they follow light and dark. Elements of SVG are written with their end: in a page, one without
//! would take the next ones into itself.

use chrono::{DateTime, Utc};
use maud::{Markup, html};

use crate::moment::read;

/// The width of a timeline in its own units.
const WIDTH: f64 = 320.0;
/// The seconds that are shown before and after a class.
const MARGIN: i64 = 15 * 60;

/// What a timeline shows.
pub(crate) struct Timeline<'a> {
    /// The class.
    pub(crate) starts: &'a str,
    pub(crate) ends: &'a str,
    /// The latest check-in that is late, and the earliest check-out that is early.
    pub(crate) limits: Option<(&'a str, &'a str)>,
    /// Check-ins and check-outs.
    pub(crate) visits: Vec<(&'a str, Option<&'a str>)>,
    /// The seconds that staff awarded.
    pub(crate) awarded_seconds: Option<i64>,
    /// The whole of it in a sentence, for who does not see it.
    pub(crate) sentence: &'a str,
}

/// The timeline of a student in a class.
pub(crate) fn timeline(shown: &Timeline<'_>) -> Markup {
    let (Some(starts), Some(ends)) = (read(shown.starts), read(shown.ends)) else { return html! {} };
    let scale = Scale { from: starts.timestamp() - MARGIN, until: ends.timestamp() + MARGIN };
    let (left, right) = (scale.x(starts), scale.x(ends));
    let visits = shown.visits.iter().filter_map(|(came, left)| {
        let came = read(came)?;
        let out = left.and_then(read);
        Some((scale.x(came), scale.x(out.unwrap_or(ends)).max(scale.x(came) + 2.0), out.is_some()))
    });
    let award = shown.awarded_seconds.filter(|seconds| *seconds > 0);
    html! {
        svg .timeline viewBox=(format!("0 0 {WIDTH} 26")) role="img" aria-label=(shown.sentence) preserveAspectRatio="none" {
            rect .lesson x=(at(left)) y="7" width=(at(right - left)) height="12" rx="2" {}
            @for (from, until, is_whole) in visits {
                rect .visit .open[!is_whole] x=(at(from)) y="9.5" width=(at(until - from)) height="7" rx="2" {}
            }
            @if let Some(seconds) = award {
                rect .award x=(at(left)) y="20.5" width=(at((right - left) * share(seconds, ends - starts))) height="3" rx="1.5" {}
            }
            @if let Some((late, early)) = shown.limits {
                @for limit in [late, early].into_iter().filter_map(read) {
                    line .limit x1=(at(scale.x(limit))) x2=(at(scale.x(limit))) y1="3" y2="23" {}
                }
            }
        }
    }
}

/// From moments to the places of a drawing.
struct Scale {
    from: i64,
    until: i64,
}

impl Scale {
    fn x(&self, moment: DateTime<Utc>) -> f64 {
        let moment = moment.timestamp().clamp(self.from, self.until);
        ratio(moment - self.from, self.until - self.from) * WIDTH
    }
}

#[allow(clippy::cast_precision_loss)] // A drawing has a few hundred places.
fn ratio(part: i64, whole: i64) -> f64 {
    if whole <= 0 { 0.0 } else { part as f64 / whole as f64 }
}

fn share(seconds: i64, class: chrono::TimeDelta) -> f64 {
    ratio(seconds, class.num_seconds()).min(1.0)
}

fn at(place: f64) -> String {
    format!("{place:.1}")
}

/// A bar: what it is called, its height, and how much of it is bad.
pub(crate) struct Bar {
    pub(crate) name: String,
    pub(crate) height: u64,
    pub(crate) bad: u64,
}

/// Bars side by side, with a scale.
pub(crate) fn bars(bars: &[Bar], what: &str) -> Markup {
    let most = bars.iter().map(|bar| bar.height).max().unwrap_or(0).max(1);
    let step = step_of(most);
    let top = most.div_ceil(step) * step;
    let y = |value: u64| 140.0 - share_of(value, top) * 128.0;
    let width = 860.0 / share_count(bars.len());
    html! {
        svg .bars viewBox="0 0 920 168" role="img" aria-label=(what) {
            @for line in (0..=top / step).map(|number| number * step) {
                line .grid x1="44" x2="912" y1=(at(y(line))) y2=(at(y(line))) {}
                text .scale x="36" y=(at(y(line) + 4.0)) text-anchor="end" { (line) }
            }
            @for (number, bar) in bars.iter().enumerate() {
                @let left = 48.0 + share_count(number) * width;
                g {
                    title { (bar.name) ": " (bar.height) @if bar.bad > 0 { ", failed " (bar.bad) } }
                    rect .bar x=(at(left)) y=(at(y(bar.height))) width=(at(width * 0.72)) height=(at(140.0 - y(bar.height))) rx="2" {}
                    @if bar.bad > 0 {
                        rect .bar .bad x=(at(left)) y=(at(y(bar.bad))) width=(at(width * 0.72)) height=(at(140.0 - y(bar.bad))) rx="2" {}
                    }
                    @if number % 4 == 0 { text .scale x=(at(left + width * 0.36)) y="160" text-anchor="middle" { (bar.name) } }
                }
            }
        }
    }
}

/// The distance of the lines of a scale: 1, 2 or 5 and zeros, at most five of them.
fn step_of(most: u64) -> u64 {
    let mut step = 1;
    loop {
        for factor in [1, 2, 5] {
            if most <= step * factor * 5 {
                return step * factor;
            }
        }
        step *= 10;
    }
}

#[allow(clippy::cast_precision_loss)] // A drawing has a few hundred places.
fn share_of(value: u64, whole: u64) -> f64 {
    value as f64 / whole as f64
}

#[allow(clippy::cast_precision_loss)] // A drawing has a few hundred places.
fn share_count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_visit_lies_where_it_was() {
        let shown = Timeline {
            starts: "2023-05-22T12:00:00Z",
            ends: "2023-05-22T13:30:00Z",
            limits: Some(("2023-05-22T12:15:00Z", "2023-05-22T13:15:00Z")),
            visits: vec![("2023-05-22T12:15:00Z", Some("2023-05-22T12:45:00Z")), ("2023-05-22T13:00:00Z", None)],
            awarded_seconds: Some(2_700),
            sentence: "came <late>",
        };
        let drawn = timeline(&shown).into_string();
        // Two hours are 320 wide: a quarter of an hour is 40.
        assert!(drawn.contains(r#"class="lesson" x="40.0" y="7" width="240.0""#), "{drawn}");
        assert!(drawn.contains(r#"class="visit" x="80.0" y="9.5" width="80.0""#), "{drawn}");
        assert!(drawn.contains(r#"class="visit open" x="200.0" y="9.5" width="80.0""#), "{drawn}");
        assert!(drawn.contains(r#"class="award" x="40.0" y="20.5" width="120.0""#), "{drawn}");
        assert!(drawn.contains("came &lt;late&gt;"), "{drawn}");
    }

    #[test]
    fn scales_have_round_steps() {
        assert_eq!([1, 5, 6, 11, 26, 60, 251].map(step_of), [1, 1, 2, 5, 10, 20, 100]);
    }
}
