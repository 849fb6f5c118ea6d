//! Requests and Calls: what went to CourseKey and what the component did of late, with volume and latency.

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
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

fn volume(hours: &[HourLine], zone: &str) -> Markup {
    let bar = |hour: &HourLine| Bar { name: name(hour, zone), height: hour.requests.into(), bad: hour.failed.into() };
    drawn(hours, bar, "Requests to CourseKey in each of the last hours")
}

fn latency(hours: &[HourLine], zone: &str) -> Markup {
    let mean = |hour: &HourLine| hour.took_ms / u64::from(hour.requests.max(1));
    let bar = |hour: &HourLine| Bar { name: name(hour, zone), height: mean(hour), bad: 0 };
    drawn(hours, bar, "Mean time of an answer in each of the last hours, in milliseconds")
}

fn name(hour: &HourLine, zone: &str) -> String {
    moment::formatted(&hour.hour, zone, "%H:%M")
}

fn drawn(hours: &[HourLine], bar: impl Fn(&HourLine) -> Bar, what: &str) -> Markup {
    if hours.is_empty() {
        return nothing("There was no request in the last day.");
    }
    bars(&hours.iter().map(bar).collect::<Vec<_>>(), what)
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
