//! Requests and Calls: what went to CourseKey and what the component did of late, with volume and latency.

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use chrono::TimeDelta;
use maud::{Markup, html};

use super::Answer;
use super::course::request_table;
use crate::Console;
use crate::api::{asked, of_school};
use crate::drawing::{Bar, bars};
use crate::layout::{Page, Section};
use crate::moment;
use crate::pieces::{nothing, panel, pill, table};
use crate::told::{HourLine, Lately};
use crate::visitor::Visitor;

/// The hours that are drawn.
const HOURS: i64 = 24;

/// The page.
pub(super) async fn show(State(console): State<Console>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let path = asked(&of_school(&id, &["lately"]), &[("limit", "50")]);
    let lately: Lately =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let zone = frame.of()?.own_zone().to_owned();
    let body = html! {
        (panel("Requests to CourseKey, hour by hour", html! { "the last day, in this process" }, volume(&lately.hours, &zone)))
        (panel("Mean time of an answer, milliseconds", html! {}, latency(&lately.hours, &zone)))
        (panel("Last requests", html! { "no names, no addresses" }, html! {
            @if lately.requests.is_empty() { (nothing("This process has made no request yet.")) } @else { (request_table(&lately.requests, &zone)) }
        }))
        (panel("Last calls of the component", html! { "calls that write" }, calls(&lately, &zone)))
    };
    let about = html! { "What went to CourseKey, and what it cost" };
    Ok(Page { frame: &frame, section: Section::Activity, title: "Requests and Calls", about, body }
        .render()
        .into_response())
}

/// The last hours up to the latest one of which there is a request, those without one as well.
fn every_hour(hours: &[HourLine]) -> Vec<(String, Option<&HourLine>)> {
    let Some(last) = hours.last().and_then(|hour| moment::read(&hour.hour)) else { return Vec::new() };
    let back = (0..HOURS).rev().map(|number| last - TimeDelta::hours(number));
    let line = |at| hours.iter().find(|hour| moment::read(&hour.hour) == Some(at));
    back.map(|at| (at.to_rfc3339(), line(at))).collect()
}

fn volume(hours: &[HourLine], zone: &str) -> Markup {
    let height = |hour: &HourLine| (u64::from(hour.requests), u64::from(hour.failed));
    drawn(hours, zone, height, "Requests to CourseKey in each of the last hours")
}

fn latency(hours: &[HourLine], zone: &str) -> Markup {
    let height = |hour: &HourLine| (hour.took_ms / u64::from(hour.requests.max(1)), 0);
    drawn(hours, zone, height, "Mean time of an answer in each of the last hours, in milliseconds")
}

fn drawn(hours: &[HourLine], zone: &str, height: impl Fn(&HourLine) -> (u64, u64), what: &str) -> Markup {
    if hours.is_empty() {
        return nothing("There was no request in the last day.");
    }
    let bar = |(at, hour): (String, Option<&HourLine>)| {
        let (height, bad) = hour.map_or((0, 0), &height);
        Bar { name: moment::formatted(&at, zone, "%H:%M"), height, bad }
    };
    bars(&every_hour(hours).into_iter().map(bar).collect::<Vec<_>>(), what)
}

fn calls(lately: &Lately, zone: &str) -> Markup {
    html! {
        @if lately.calls.is_empty() { (nothing("This process has called the component of the school for nothing but pages yet.")) } @else {
            (table("Calls", &["When", "Export", "Ending", "Took", "Processor", "Memory", "Requests"], html! { @for call in &lately.calls { tr {
                td { (moment::clock_with_seconds(&call.at, zone)) }
                td { code { (call.export) } }
                td { (pill(if call.ending == "ok" { "ok" } else { "bad" }, &call.ending)) }
                td .number { (call.took_ms) " ms" }
                td .number { @match call.processor_ms { Some(ms) => { (ms) " ms" } None => "–" } }
                td .number { (call.memory_bytes / 1024 / 1024) " MiB" }
                td .number { (call.requests) }
            } } }))
        }
    }
}
