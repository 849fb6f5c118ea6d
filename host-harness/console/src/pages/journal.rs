//! System Journal: everything that was changed, when, and on whose word.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use chrono::{DateTime, NaiveDate, NaiveTime, TimeDelta, Utc};
use maud::{Markup, html};
use serde::Deserialize;

use super::Answer;
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Page, Section, page_of};
use crate::moment;
use crate::pieces::{capital, count, nothing, panel, table};
use crate::told::{Entry, Items};
use crate::visitor::Visitor;

/// The days that are shown if nobody asks for others.
const DAYS: i64 = 7;
/// The lines that are shown at once.
const MOST: usize = 1_000;

/// Which lines somebody asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    course: String,
    #[serde(default)]
    person: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    until: String,
}

/// The page: the latest line first.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let (from, until) = days(&wanted, console.service.clock().now());
    let text =
        |day: NaiveDate| day.and_time(NaiveTime::MIN).and_utc().to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
    let (first, behind) = (text(from), text(until + TimeDelta::days(1)));
    let (mut lines, mut after) = (Vec::new(), String::new());
    loop {
        let query = [
            ("course", wanted.course.as_str()),
            ("person", &wanted.person),
            ("from", &first),
            ("until", &behind),
            ("after", &after),
            ("limit", "1000"),
        ];
        let page: Items<Entry> = console
            .api
            .get(&frame.visitor.caller, &asked(&of_school(&id, &["journal"]), &query))
            .await
            .map_err(|refusal| frame.refused(refusal))?;
        lines.extend(page.items);
        // Of a longer span only its end is shown.
        if lines.len() > MOST {
            lines.drain(..lines.len() - MOST);
        }
        match page.next {
            Some(next) => after = next,
            None => break,
        }
    }
    let zone = frame.of()?.own_zone().to_owned();
    let choice = html! { form method="get" action=(page_of(&id, &["journal"])) .bar role="search" {
        input type="search" name="course" value=(wanted.course) placeholder="Course" aria-label="Course";
        input type="search" name="person" value=(wanted.person) placeholder="Student or instructor" aria-label="Student or instructor";
        input type="date" name="from" value=(from) aria-label="From";
        input type="date" name="until" value=(until) aria-label="Until";
        button .button { "Search" }
    } };
    let body = panel(
        "Changes",
        choice,
        html! {
            @if lines.is_empty() { (nothing("Nothing was changed in these days.")) } @else {
                div .stack { (table("Changes", &["When", "What", "About", "Before and after", "Why and on whose word"], html! { @for line in lines.iter().rev() { (row(&id, line, &zone)) } })) }
            }
        },
    );
    let about = html! { (count(lines.len(), "line")) @if lines.len() == MOST { " (the latest of these days)" } };
    Ok(Page { frame: &frame, section: Section::Journal, title: "System Journal", about, body }.render().into_response())
}

/// The first and the last day that somebody asks for.
fn days(wanted: &Wanted, now: DateTime<Utc>) -> (NaiveDate, NaiveDate) {
    let until = wanted.until.parse().unwrap_or(now.date_naive());
    let from = wanted.from.parse().unwrap_or(until - TimeDelta::days(DAYS));
    (from, until)
}

fn row(school: &str, line: &Entry, zone: &str) -> Markup {
    let dash = |text: &Option<String>| text.as_deref().unwrap_or("–").to_owned();
    let place = match (&line.course, &line.class, &line.student) {
        (Some(course), Some(class), Some(student)) => Some(page_of(school, &["attendance", course, class, student])),
        (Some(course), ..) => Some(page_of(school, &["courses", course])),
        _ => None,
    };
    let words: Vec<&str> =
        [&line.student, &line.class, &line.course].into_iter().flatten().map(String::as_str).collect();
    html! { tr {
        td { (moment::when(&line.at, zone)) }
        td { (capital(&line.what)) }
        td .wide { @match place { Some(place) => { a href=(place) { (words.join(" · ")) } } None => { (words.join(" · ")) } } }
        td { (dash(&line.old)) " → " strong { (dash(&line.new)) } }
        td .wide { (line.by) }
    } }
}
