//! Last Attended: when each student attended last, and whom nobody saw for some days.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use maud::html;
use serde::Deserialize;

use super::Answer;
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Page, Section, page_of};
use crate::moment;
use crate::pieces::{further, nothing, panel, pill, table};
use crate::told::{Items, Seen, Watched};
use crate::visitor::Visitor;

/// Which students somebody asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    days: String,
    #[serde(default)]
    all: String,
    #[serde(default)]
    after: String,
}

/// The page.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(Wanted { days, all, after }): Query<Wanted>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let here = page_of(&id, &["last-attended"]);
    let days = if days.parse::<u16>().is_ok() { days } else { "14".to_owned() };
    let path = asked(&of_school(&id, &["watch"]), &[("days", &days), ("after", &after)]);
    let page: Items<Watched> =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let zone = frame.of()?.own_zone().to_owned();
    let shown = |seen: &&Seen| seen.unseen || !all.is_empty();
    let next = page.next.as_deref().map(|next| asked(&here, &[("days", &days), ("all", &all), ("after", next)]));
    let courses: Vec<_> = page.items.iter().filter(|course| course.students.iter().any(|seen| shown(&seen))).collect();
    let body = html! {
        form method="get" action=(here) .bar {
            label .bar { "Not seen for " input type="number" name="days" min="1" max="365" value=(days) aria-label="Days"; " days" }
            label .check { input type="checkbox" name="all" value="yes" checked[!all.is_empty()]; "Everybody" }
            button .button { "Show" }
        }
        @if courses.is_empty() { (panel("Students", html! {}, nothing("Everybody of these courses was seen in time."))) }
        @for course in courses {
            (panel(&course.name, html! { a href=(page_of(&id, &["attendance", &course.course])) { "Attendance" } }, table(&course.name, &["Student", "Last attended", "Seen"], html! {
                @for seen in course.students.iter().filter(shown) { tr {
                    td { (seen.name) span .sub { (seen.student) } }
                    td { (moment::when_or_dash(seen.last_attended.as_deref(), &zone)) }
                    td { @if seen.unseen { (pill("bad", "not seen")) } }
                } }
            })))
        }
        (further(next.as_deref()))
    };
    let about = html! { "The last class that each student attended, course by course" };
    Ok(Page { frame: &frame, section: Section::Watch, title: "Last Attended", about, body }.render().into_response())
}
