//! What the next tick would do, with the reason of each act, and what it would not do.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;

use super::{Answer, back_to};
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Page, Section, page_of};
use crate::pieces::{Card, act, capital, cards, count, further, nothing, panel, pill, table};
use crate::told::{CoursePreview, Preview};
use crate::visitor::{Sent, Visitor};

/// The items of a course that are shown at once.
const MOST: usize = 200;

/// Where the page begins.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    after: String,
}

/// The page.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(Wanted { after }): Query<Wanted>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let here = page_of(&id, &["next"]);
    let path = asked(&of_school(&id, &["preview"]), &[("after", &after), ("limit", "50")]);
    let preview: Preview =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let courses: Vec<&CoursePreview> = preview.items.iter().filter(|course| course.says_something()).collect();
    let next = preview.next.as_deref().map(|next| asked(&here, &[("after", next)]));
    let body = html! {
        (counts(&preview, &here, &page_of(&id, &["holds"])))
        div .bar { (act(&frame.visitor, &here, "Tick now", "main")) }
        @if courses.is_empty() { (panel("Courses", html! {}, nothing("Nothing would be sent: CourseKey has everything that GEGI said."))) }
        @for course in courses {
            (panel(&course.name, html! { a href=(page_of(&id, &["courses", &course.course])) { "Course" } }, html! {
                @for why in course.rest.iter().chain(&course.blocked) { div .body { p .notice { (why) } } }
                @if course.first_send { div .body { p .notice .wait { "It is sent for the first time, which locks Send to CourseKey." } } }
                (lists(course))
            }))
        }
        (further(next.as_deref()))
    };
    let about = html! { "Nothing of this has happened. A tick that begins now does exactly this." };
    Ok(Page { frame: &frame, section: Section::NextTick, title: "What Happens Next", about, body }
        .render()
        .into_response())
}

fn counts(preview: &Preview, here: &str, holds: &str) -> Markup {
    let of = |act: &str| preview.counts.iter().filter(|count| count.act == act).map(|count| count.number).sum::<u32>();
    let kinds = |act: &str| {
        let of_act = preview.counts.iter().filter(|count| count.act == act && count.number > 0);
        of_act
            .map(|one| count(usize::try_from(one.number).unwrap_or_default(), &one.kind))
            .collect::<Vec<_>>()
            .join(", ")
    };
    let card = |number: u32, what: String, tone: &'static str, list: &str| Card {
        number: number.to_string(),
        what,
        list: list.to_owned(),
        tone,
        is_shown: false,
    };
    let named = |word: &str, act: &str| {
        let kinds = kinds(act);
        if kinds.is_empty() { word.to_owned() } else { format!("{word}: {kinds}") }
    };
    cards(&[
        card(of("add"), named("added", "add"), "good", here),
        card(of("change"), named("changed", "change"), "", here),
        card(of("remove"), named("leave CourseKey", "remove"), "", here),
        card(preview.waiting, "not sent".to_owned(), "wait", here),
        card(preview.held, "held, to be decided".to_owned(), if preview.held > 0 { "bad" } else { "" }, holds),
    ])
}

/// What would be sent of a course, and what not.
pub(super) fn lists(course: &CoursePreview) -> Markup {
    html! {
        @if !course.planned.is_empty() {
            (table("What would be sent", &["Act", "What", "Why"], html! { @for item in course.planned.iter().take(MOST) { tr {
                td { (pill(tone(&item.act), &capital(&item.act))) }
                td { (named(&item.name, &item.id)) span .sub { (capital(&item.kind)) } }
                td { (item.reason) }
            } } }))
        }
        @if !course.waiting.is_empty() {
            (table("What would not be sent", &["Not sent", "Why not", "What changes that"], html! { @for item in course.waiting.iter().take(MOST) { tr {
                td { (named(&item.name, &item.id)) span .sub { (capital(&item.kind)) } }
                td { (item.reason) }
                td { @if item.remedy.is_empty() { span .quiet { "It follows by itself." } } @else { (item.remedy) } }
            } } }))
        }
        @if course.planned.len().max(course.waiting.len()) > MOST { p .nothing { "Only the first " (MOST) " of each are shown." } }
    }
}

fn tone(act: &str) -> &'static str {
    match act {
        "add" => "good",
        "remove" => "bad",
        _ => "wait",
    }
}

fn named(name: &str, id: &str) -> Markup {
    html! { @if name.is_empty() { (id) } @else { (name) } }
}

/// Ticks now.
pub(super) async fn sync(State(console): State<Console>, Path(id): Path<String>, sent: Sent) -> Answer {
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let asked = console.api.send(&sent.visitor.caller, Method::POST, &of_school(&id, &["sync"]), &Value::Null).await;
    asked.map_err(|refusal| frame.refused(refusal))?;
    Ok(back_to(&page_of(&id, &["next"])))
}
