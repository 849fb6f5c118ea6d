//! Holds: students and classes that would leave CourseKey at once, which looks like an accident. Somebody decides.

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{Answer, back_to};
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Frame, Page, Section, page_of};
use crate::moment;
use crate::pieces::{capital, form, nothing, panel};
use crate::told::{Hold, Items};
use crate::visitor::{Sent, Visitor};

/// The page.
pub(super) async fn show(State(console): State<Console>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let path = asked(&of_school(&id, &["holds"]), &[("limit", "100")]);
    let holds: Items<Hold> =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let zone = frame.of()?.own_zone().to_owned();
    let body = html! {
        @if holds.items.is_empty() { (panel("Nothing is held", html! {}, nothing("What GEGI says is sent as it is."))) }
        @for hold in &holds.items { (held(&frame, &id, hold, &zone)) }
    };
    let about = html! { "What would leave CourseKey all at once waits here, because it looks like an accident. Everything else goes out." };
    Ok(Page { frame: &frame, section: Section::Holds, title: "Holds", about, body }.render().into_response())
}

fn held(frame: &Frame, school: &str, hold: &Hold, zone: &str) -> Markup {
    let here = page_of(school, &["holds"]);
    let title = format!("{} of {}", capital(&hold.kind), hold.course);
    panel(
        &title,
        html! { a href=(page_of(school, &["courses", &hold.course])) { "Course" } },
        html! { div .body {
            p .sentence { (hold.sentence) }
            p .quiet { "Held since " (moment::when(&hold.since, zone)) ". CourseKey held " (hold.held) " of them." }
            @if frame.visitor.may_change() {
                (form(&frame.visitor, &here, html! {
                    input type="hidden" name="course" value=(hold.course);
                    input type="hidden" name="kind" value=(hold.kind);
                    input type="hidden" name="hash" value=(hold.hash);
                    fieldset .rows {
                        legend { "Which of them" }
                        @for row in &hold.rows { label .check { input type="checkbox" name="row" value=(row.id) checked; (row.name) " " span .quiet { (row.id) } } }
                    }
                    div .bar {
                        button .button .danger name="verdict" value="approve" { "They leave CourseKey" }
                        button .button .main name="verdict" value="discard" { "They stay in CourseKey" }
                    }
                }))
            } @else { ul { @for row in &hold.rows { li { (row.name) " " span .quiet { (row.id) } } } } }
        } },
    )
}

/// Decides about what was shown.
pub(super) async fn decide(State(console): State<Console>, Path(id): Path<String>, sent: Sent) -> Answer {
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let rows: Vec<&str> = sent.all("row").collect();
    if rows.is_empty() {
        let detail = "nobody was chosen; choose whom the decision is about";
        return Err(frame.refused(crate::api::Refusal::new(http::StatusCode::UNPROCESSABLE_ENTITY, detail)));
    }
    let body: Value = json!({
        "course": sent.field("course"), "kind": sent.field("kind"), "hash": sent.field("hash"),
        "verdict": sent.field("verdict"), "rows": rows, "by": sent.visitor.name(),
    });
    let decided = console.api.send(&sent.visitor.caller, Method::POST, &of_school(&id, &["decisions"]), &body).await;
    decided.map_err(|refusal| frame.refused(refusal))?;
    Ok(back_to(&page_of(&id, &["holds"])))
}
