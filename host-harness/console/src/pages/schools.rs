//! The operator's first page: every school with its state, its ticks and what is wrong with it. A school that looks at this
//! address is led to its own courses.

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use http::Method;
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::Value;
use service::api::Whose;

use super::{Answer, back_to};
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Frame, Page, Section, page_of};
use crate::moment;
use crate::pieces::{Card, capital, cards, explained, further, nothing, panel, pill, table};
use crate::told::{Items, School};
use crate::visitor::{Sent, Visitor};

/// Where the page begins.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    after: String,
    #[serde(default)]
    state: String,
}

/// The page.
pub(super) async fn show(State(console): State<Console>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Answer {
    if let Whose::School(own) = &visitor.caller.whose {
        return Ok(back_to(&page_of(own, &["courses"])));
    }
    let frame = console.operators_frame(visitor).await?;
    let path = asked("/v1/schools", &[("after", &wanted.after), ("limit", "100")]);
    let page: Items<School> =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let now = console.service.clock().now();
    let shown: Vec<&School> =
        page.items.iter().filter(|school| wanted.state.is_empty() || school.state == wanted.state).collect();
    let next = page.next.as_deref().map(|next| asked("/console", &[("state", &wanted.state), ("after", next)]));
    let body = html! {
        (counts(&page.items, &wanted.state))
        (panel("Schools", html! { (shown.len()) " shown" }, html! {
            @if shown.is_empty() { (nothing("There is no such school. GEGI creates schools with PUT /v1/schools/{school}.")) } @else {
                div .stack { (table("Schools", &["School", "State", "Courses", "Last tick", "Next tick", "Act"], html! { @for school in shown { (row(&frame, school, now)) } })) }
            }
            (further(next.as_deref()))
        }))
    };
    let about = html! { "Every school has a sandbox of its own" };
    Ok(Page { frame: &frame, section: Section::Schools, title: "Schools", about, body }.render().into_response())
}

fn counts(schools: &[School], shown: &str) -> Markup {
    let card = |state: &'static str, what: &str, tone: &'static str| {
        let number = schools.iter().filter(|school| school.state == state).count();
        let is_shown = shown == state;
        let list = asked("/console", &[("state", if is_shown { "" } else { state })]);
        Card {
            number: number.to_string(),
            what: what.to_owned(),
            list,
            tone: if number > 0 { tone } else { "" },
            is_shown,
        }
    };
    cards(&[card("running", "running", "good"), card("failing", "failing", "bad"), card("paused", "paused", "wait")])
}

fn row(frame: &Frame, school: &School, now: chrono::DateTime<chrono::Utc>) -> Markup {
    let courses = page_of(&school.id, &["courses"]);
    let counts = school.courses;
    let of = |status: &str, number: u64, tone: &str| {
        html! {
            @if number > 0 { a href=(asked(&courses, &[("status", status)])) { (pill(tone, &format!("{number} {status}"))) } " " }
        }
    };
    let state = match (&school.last_error, school.enabled) {
        (Some(why), _) => explained(&format!("state-{}", school.id), &school.state, &capital(&school.state), why),
        (None, false) => pill("disabled", "Switched off"),
        (None, true) => pill(if school.state == "running" { "ok" } else { "wait" }, &capital(&school.state)),
    };
    let (word, then) = if school.state == "paused" { ("Resume", "resume") } else { ("Pause", "pause") };
    let pause = page_of(&school.id, &["state"]);
    html! { tr {
        td .wide { a href=(courses) { strong { (school.name) } } span .sub { (school.id) " · " (school.coursekey_url) " · records: " (school.records) } }
        td { (state) }
        td .wide { (of("failed", counts.failed, "failed")) (of("synchronized", counts.synchronized, "synchronized")) (of("scheduled", counts.scheduled, "scheduled")) (of("disabled", counts.disabled, "disabled")) }
        td { (school.last_tick.as_deref().map_or("–".to_owned(), |at| moment::ago(at, now))) }
        td { (school.next_tick.as_deref().map_or("–".to_owned(), |at| moment::ahead(at, now))) }
        td { (crate::pieces::form(&frame.visitor, &pause, html! { input type="hidden" name="to" value=(then); button .button { (word) } })) }
    } }
}

/// Pauses a school, or lets it go on.
pub(super) async fn set_state(State(console): State<Console>, Path(id): Path<String>, sent: Sent) -> Answer {
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let to = if sent.field("to") == "pause" { "pause" } else { "resume" };
    let answer = console.api.send(&sent.visitor.caller, Method::POST, &of_school(&id, &[to]), &Value::Null).await;
    answer.map_err(|refusal| frame.refused(refusal))?;
    Ok(back_to("/console"))
}
