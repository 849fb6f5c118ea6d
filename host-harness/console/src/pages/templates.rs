//! Email Templates: subject and text of a mail, with the variables that it may use and how it would look.

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::Method;
use maud::{Markup, html};
use serde_json::Value;

use super::{Answer, back_to};
use crate::Console;
use crate::api::{Refusal, of_school};
use crate::layout::{Frame, Page, Section, page_of};
use crate::pieces::{form, panel, table};
use crate::told::{About, Mail, Texts};
use crate::visitor::{Sent, Visitor};

/// The template that ships.
const TEMPLATE: &str = "synchronization-issues";

fn address(id: &str, rest: &[&str]) -> String {
    of_school(id, &[&["email-templates", TEMPLATE], rest].concat())
}

/// The page.
pub(super) async fn show(State(console): State<Console>, visitor: Visitor, Path(id): Path<String>) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let texts: Texts =
        console.api.get(&frame.visitor.caller, &address(&id, &[])).await.map_err(|refusal| frame.refused(refusal))?;
    page(&console, &frame, &id, &texts, None).await
}

async fn page(console: &Console, frame: &Frame, id: &str, texts: &Texts, wrong: Option<&Refusal>) -> Answer {
    let refused = |refusal| frame.refused(refusal);
    let caller = &frame.visitor.caller;
    let about: About = console.api.get(caller, &address(id, &["variables"])).await.map_err(refused)?;
    let mail = previewed(console, frame, id, texts).await;
    let own =
        |text: &Option<String>, ships: &Option<String>| text.clone().or_else(|| ships.clone()).unwrap_or_default();
    let (subject, text, html_text) = (
        own(&texts.subject, &about.ships.subject),
        own(&texts.text, &about.ships.text),
        own(&texts.html, &about.ships.html),
    );
    let fields = html! { div .fields {
        (field("subject", "Subject", html! { input #subject name="subject" value=(subject) maxlength="500"; }))
        (field("text", "Text", html! { textarea #text name="text" { (text) } }))
        (field("html", "Text for mail programs that show HTML", html! { textarea #html name="html" { (html_text) } }))
        div .bar {
            button .button .main name="act" value="save" { "Save" }
            button .button name="act" value="preview" { "Preview" }
            button .button name="act" value="ships" { "Back to the text that ships" }
        }
    } };
    let body = html! {
        @if let Some(wrong) = wrong { p .notice .bad role="alert" { (wrong.detail) } }
        div .columns {
            (panel("Synchronization issues", html! { "mailed to the address of School Settings" }, html! {
                @if frame.visitor.may_change() { (form(&frame.visitor, &page_of(id, &["templates"]), fields)) } @else { fieldset disabled .settings { (fields) } }
            }))
            (panel("How it looks", html! { "with sample values" }, html! { div .body { @match &mail {
                Ok(mail) => { p { strong { (mail.subject) } } pre .mailed { (mail.text) } }
                Err(refusal) => { p .notice .bad { (refusal.detail) } }
            } } }))
        }
        (variables(&about))
    };
    let title = "Email Templates";
    let line = html! { "What is mailed about incompatible data" };
    let status = if wrong.is_some() { http::StatusCode::UNPROCESSABLE_ENTITY } else { http::StatusCode::OK };
    Ok((status, Page { frame, section: Section::Templates, title, about: line, body }.render()).into_response())
}

/// The mail as it would be written. A reader, who may send nothing, sees it of the text that is saved all the same.
async fn previewed(console: &Console, frame: &Frame, id: &str, texts: &Texts) -> Result<Mail, Refusal> {
    let caller = service::api::Caller { only_reads: false, ..frame.visitor.caller.clone() };
    let mail = console.api.send(&caller, Method::POST, &address(id, &["preview"]), &body_of(texts)).await?;
    serde_json::from_value(mail).map_err(|_| Refusal::new(http::StatusCode::BAD_GATEWAY, "the preview cannot be read"))
}

fn body_of(texts: &Texts) -> Value {
    let parts = [("subject", &texts.subject), ("text", &texts.text), ("html", &texts.html)];
    parts.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text.clone()?)))).collect()
}

fn field(id: &str, name: &str, control: Markup) -> Markup {
    html! { div .field .tall { label for=(id) { (name) } div .control { (control) } } }
}

fn variables(about: &About) -> Markup {
    panel(
        "Variables",
        html! { "write them in double braces" },
        table(
            "Variables",
            &["Variable", "Kind", "What it is"],
            html! {
                @for one in &about.variables { tr { td { code { "{{ " (one.name) " }}" } } td { (one.kind) } td { (one.meaning) } } }
                @for one in &about.columns { tr { td { code { "{{ row." (one.name) " }}" } } td { "in a row" } td { (one.meaning) } } }
            },
        ),
    )
}

/// Saves the texts, or shows how they would look.
pub(super) async fn send(State(console): State<Console>, Path(id): Path<String>, sent: Sent) -> Answer {
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let caller = &frame.visitor.caller;
    let about: About =
        console.api.get(caller, &address(&id, &["variables"])).await.map_err(|refusal| frame.refused(refusal))?;
    // What is as it ships is not kept, so that a later version of the text counts.
    let own = |name: &str, ships: &Option<String>| {
        let typed = sent.field(name).replace("\r\n", "\n");
        (Some(&typed) != ships.as_ref()).then_some(typed)
    };
    let texts = match sent.field("act") {
        "ships" => Texts::default(),
        _ => Texts {
            subject: own("subject", &about.ships.subject),
            text: own("text", &about.ships.text),
            html: own("html", &about.ships.html),
        },
    };
    if sent.field("act") == "preview" {
        return page(&console, &frame, &id, &texts, None).await;
    }
    match console.api.send(caller, Method::PUT, &address(&id, &[]), &body_of(&texts)).await {
        Ok(_) => Ok(back_to(&page_of(&id, &["templates"]))),
        Err(refusal) => page(&console, &frame, &id, &texts, Some(&refusal)).await,
    }
}
