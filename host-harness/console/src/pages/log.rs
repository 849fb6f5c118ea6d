//! Attendance Log: the rows of a course whose Hours Type is Attendance Log.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use maud::html;
use serde::Deserialize;

use super::Answer;
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Page, Section, page_of};
use crate::moment;
use crate::pieces::{further, nothing, panel, table};
use crate::told::{Course, Items, LogRow, Overview};
use crate::visitor::Visitor;

/// Which rows somebody asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    course: String,
    #[serde(default)]
    after: String,
}

/// The page.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(Wanted { course, after }): Query<Wanted>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let refused = |refusal| frame.refused(refusal);
    let here = page_of(&id, &["log"]);
    let caller = &frame.visitor.caller;
    let all: Overview =
        console.api.get(caller, &asked(&of_school(&id, &["overview"]), &[("limit", "1000")])).await.map_err(refused)?;
    let keep_log = all.items.iter().filter_map(|row| Some((&row.standing.course, row.head.as_ref()?)));
    let keep_log: Vec<_> = keep_log.filter(|(_, head)| head.hours_type == "attendance-log").collect();
    let chosen = if course.is_empty() { keep_log.first().map(|(id, _)| (*id).clone()) } else { Some(course) };
    let mut shown = None;
    if let Some(chosen) = &chosen {
        let query = [("course", chosen.as_str()), ("after", &after), ("limit", "200")];
        let rows: Items<LogRow> =
            console.api.get(caller, &asked(&of_school(&id, &["attendance-log"]), &query)).await.map_err(refused)?;
        let said: Course = console.course(&frame, &id, chosen).await.map_err(refused)?;
        shown = Some((said, rows));
    }
    let school = frame.of()?;
    let body = html! {
        @if keep_log.is_empty() { (panel("Rows", html! {}, nothing("No course of this school has Hours Type = Attendance Log."))) }
        @if let Some((said, rows)) = &shown {
            @let zone = school.zone(&said.campus);
            @let next = rows.next.as_deref().map(|next| asked(&here, &[("course", &said.id), ("after", next)]));
            @let choice = html! { form method="get" action=(here) .bar {
                select name="course" aria-label="Course" { @for (id, head) in &keep_log { option value=(id) selected[**id == said.id] { (head.number) " " (head.title) } } }
                button .button { "Show" }
            } };
            (panel(&said.title, choice, html! {
                @if rows.items.is_empty() { (nothing("There is no row yet.")) } @else {
                    (table("Rows of the attendance log", &["Student", "Class", "Check-in", "Check-out", "Minutes", "Record"], html! { @for row in &rows.items {
                        @let student = said.students.iter().find(|student| student.person.id == row.student);
                        tr {
                            td { a href=(page_of(&id, &["attendance", &said.id, &row.class, &row.student])) { (student.map_or_else(|| row.student.clone(), |student| student.person.name())) } span .sub { (row.student) } }
                            td { (row.class) }
                            td { (moment::when(&row.r#in, zone)) }
                            td { (moment::clock(&row.out, zone)) }
                            td .number { (row.minutes) }
                            td .quiet { (row.record) " · visit " (row.visit) }
                        }
                    } }))
                }
                (further(next.as_deref()))
            }))
        }
    };
    let about = html! { "Courses with Hours Type = Attendance Log" };
    Ok(Page { frame: &frame, section: Section::Log, title: "Attendance Log", about, body }.render().into_response())
}
