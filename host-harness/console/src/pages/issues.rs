//! Issues: what is wrong with the data, who mends it, how and where.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use maud::{Markup, html};
use serde::Deserialize;

use super::Answer;
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Page, Section, page_of};
use crate::moment;
use crate::pieces::{further, nothing, owner, panel, table};
use crate::told::{Issue, Items};
use crate::visitor::Visitor;

/// Which issues somebody asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    owner: String,
    #[serde(default)]
    resolved: String,
    #[serde(default)]
    after: String,
}

/// The page.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let here = page_of(&id, &["issues"]);
    let open = if wanted.resolved.is_empty() { "true" } else { "false" };
    let path = asked(&of_school(&id, &["issues"]), &[("open", open), ("after", &wanted.after), ("limit", "200")]);
    let page: Items<Issue> =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let zone = frame.of()?.own_zone().to_owned();
    let shown: Vec<&Issue> =
        page.items.iter().filter(|issue| wanted.owner.is_empty() || issue.owner == wanted.owner).collect();
    let next = page.next.as_deref();
    let next =
        next.map(|next| asked(&here, &[("owner", &wanted.owner), ("resolved", &wanted.resolved), ("after", next)]));
    let choice = html! { form method="get" action=(here) .bar {
        select name="owner" aria-label="Who mends it" {
            @for (value, word) in [("", "Everybody's"), ("school", "The school's"), ("coursekey", "CourseKey's"), ("gegi", "GEGI's")] {
                option value=(value) selected[value == wanted.owner] { (word) }
            }
        }
        label .check { input type="checkbox" name="resolved" value="yes" checked[!wanted.resolved.is_empty()]; "Resolved" }
        button .button { "Show" }
    } };
    let body = panel(
        if open == "true" { "Open issues" } else { "Resolved issues" },
        choice,
        html! {
            @if shown.is_empty() { (nothing("There is no such issue.")) } @else {
                div .stack { (table("Issues", &["What is wrong", "Who mends it", "About", "Since"], html! { @for issue in shown { (row(&id, issue, &zone)) } })) }
            }
            (further(next.as_deref()))
        },
    );
    let about = html! { "What is wrong with the data, and what to do about it" };
    Ok(Page { frame: &frame, section: Section::Issues, title: "Issues", about, body }.render().into_response())
}

fn row(school: &str, issue: &Issue, zone: &str) -> Markup {
    html! { tr {
        td .wide .said { (issue.sentence) span .sub { strong { "What to do: " } (issue.remedy) } }
        td { (owner(&issue.owner)) }
        td .wide { (about(school, issue)) span .sub { (issue.code) } }
        td { (moment::when(&issue.first_seen, zone)) @if let Some(at) = &issue.resolved_at { span .sub { "resolved " (moment::when(at, zone)) } } }
    } }
}

/// The page that shows what the issue is about.
fn about(school: &str, issue: &Issue) -> Markup {
    let place = match (&issue.course, &issue.class, &issue.student) {
        (Some(course), Some(class), Some(student)) => Some(page_of(school, &["attendance", course, class, student])),
        (Some(course), Some(class), None) => Some(page_of(school, &["attendance", course, class])),
        (Some(course), None, _) => Some(page_of(school, &["courses", course])),
        _ => None,
    };
    let words: Vec<&str> =
        [&issue.student, &issue.class, &issue.course].into_iter().flatten().map(String::as_str).collect();
    html! { @match place {
        Some(place) => { a href=(place) { (words.join(" · ")) } }
        None if issue.code.contains("credential") || issue.code.contains("campus") || issue.code.contains("setting") =>
            { a href=(page_of(school, &["settings"])) { "School Settings" } }
        None => { (words.join(" · ")) }
    } }
}
