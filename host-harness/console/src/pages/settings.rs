//! School Settings: the eight of the requirement with its own labels, and the others below. Labels, help, defaults and
//! ranges are those of the schema by which every other way into the settings is checked.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse as _, Response};
use http::Method;
use maud::{Markup, html};
use mirror::form::settings_schema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Answer, back_to};
use crate::Console;
use crate::api::{Refusal, asked, of_school};
use crate::layout::{Frame, Page, Section, page_of};
use crate::pieces::{facts, form, owner, panel};
use crate::told::{Checked, Items, School};
use crate::visitor::{Sent, Visitor};

/// The settings that the requirement names, in its order.
const NAMED: [&str; 8] = [
    "weeks-before-start",
    "weeks-after-end",
    "absent-after-start-minutes",
    "absent-before-end-minutes",
    "follow-adjustments-days",
    "error-email",
    "send-new-program-courses",
    "initial-user-password",
];
/// The settings that the requirement does not name.
const OTHERS: [&str; 10] = [
    "update-every-minutes",
    "settle-minutes",
    "longest-gap-minutes",
    "never-checked-out",
    "minimum-attended-percent",
    "digest-every-minutes",
    "guard-vanished-percent",
    "guard-vanished-number",
    "guard-stopped-percent",
    "guard-stopped-number",
];
/// The setting whose value no page shows.
const PASSWORD: &str = "initial-user-password";

/// What a setting does beyond its label, where the schema says nothing.
fn help(key: &str) -> &'static str {
    match key {
        "weeks-before-start" => "A course is sent to CourseKey from so many weeks before its first day on.",
        "weeks-after-end" => {
            "A course is Disabled when so many weeks have passed since its completed date, or its last day."
        }
        "absent-after-start-minutes" => {
            "Who checks in after the start and within these minutes is Late; later is Absent. Counts for classes that are not marked yet, and for later changes of their records."
        }
        "absent-before-end-minutes" => "Who checks out within these minutes before the end is Late; earlier is Absent.",
        "follow-adjustments-days" => {
            "For so many days after a class, adjustments made in CourseKey change its marks. CourseKey recommends 7."
        }
        "send-new-program-courses" => "New courses of programs have Send to CourseKey switched on.",
        "initial-user-password" => {
            "New CourseKey accounts begin with it. Empty: it stays as it is. Nobody sees it here."
        }
        "update-every-minutes" => "How often CourseKey is asked.",
        "settle-minutes" => "A student without a record is Absent only after this time.",
        "never-checked-out" => {
            "report: no mark, and an issue; absent: Absent; left-at-end: as if checked out at the end."
        }
        "digest-every-minutes" => "0: every change is mailed at once.",
        "guard-vanished-percent" | "guard-vanished-number" => {
            "More than both at once is held until somebody decides (Holds)."
        }
        "guard-stopped-percent" | "guard-stopped-number" => {
            "More students than both who stop at once are held until somebody decides."
        }
        _ => "",
    }
}

/// Whether somebody asks for a check of the connections.
#[derive(Deserialize)]
pub(super) struct Wanted {
    check: Option<String>,
}

/// The page.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(Wanted { check }): Query<Wanted>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let values = frame.of()?.settings.clone();
    let path = of_school(&id, &["check"]);
    let checked: Option<Items<Checked>> = match check {
        Some(_) => Some(console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?),
        None => None,
    };
    page(&frame, &id, &values, None, checked.map(|checked| checked.items))
}

fn page(
    frame: &Frame,
    id: &str,
    values: &Map<String, Value>,
    wrong: Option<&Refusal>,
    checked: Option<Vec<Checked>>,
) -> Answer {
    let broken = |_| {
        frame.refused(Refusal::new(
            http::StatusCode::INTERNAL_SERVER_ERROR,
            "the schema that ships is broken; report it",
        ))
    };
    let schema = settings_schema().map_err(broken)?;
    let properties = schema.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
    let of = |keys: &[&'static str]| -> Vec<(&str, Value)> {
        keys.iter().filter_map(|key| Some((*key, properties.get(*key)?.clone()))).collect()
    };
    let (named, others) = (of(&NAMED), of(&OTHERS));
    let draw = |(key, about): &(&str, Value)| field(key, about, values.get(*key), wrong);
    let is_fixed = !frame.visitor.may_change();
    let body = html! {
        @if let Some(wrong) = wrong { p .notice .bad role="alert" { (wrong.detail) } }
        @if values.get("error-email").and_then(Value::as_str).is_none_or(str::is_empty) {
            p .notice .wait { "No address is set for errors about incompatible data, so nobody is mailed about them." }
        }
        (fixed_or_form(frame, id, html! {
            fieldset disabled[is_fixed] .settings {
                (panel("CourseKey", html! {}, html! { div .fields { @for one in &named { (draw(one)) } } }))
                (panel("More", html! {}, html! { div .fields { @for one in &others { (draw(one)) } } }))
                @if !is_fixed { button .button .main { "Save" } }
            }
        }))
        (campuses(frame.of()?, checked.as_deref()))
    };
    let about = html! { "What counts for the whole school. A change counts from the next tick on." };
    let status = if wrong.is_some() { http::StatusCode::UNPROCESSABLE_ENTITY } else { http::StatusCode::OK };
    Ok((status, Page { frame, section: Section::Settings, title: "School Settings", about, body }.render())
        .into_response())
}

fn fixed_or_form(frame: &Frame, id: &str, fields: Markup) -> Markup {
    if frame.visitor.may_change() { form(&frame.visitor, &page_of(id, &["settings"]), fields) } else { fields }
}

fn field(key: &str, about: &Value, value: Option<&Value>, wrong: Option<&Refusal>) -> Markup {
    let text = |name: &str| about.get(name).and_then(Value::as_str).unwrap_or_default();
    let default =
        about.get("default").map(|value| if let Some(on) = value.as_bool() { on_or_off(on) } else { shown(value) });
    let default = default.unwrap_or_default();
    let held = value.map(shown).unwrap_or_default();
    let wrong = wrong.and_then(|refusal| refusal.fields.iter().find(|(field, _)| field == key)).map(|(_, why)| why);
    let range = about.get("minimum").and_then(Value::as_i64).zip(about.get("maximum").and_then(Value::as_i64));
    let (help_id, wrong_id) = (format!("{key}-help"), format!("{key}-wrong"));
    let described = if wrong.is_some() { format!("{help_id} {wrong_id}") } else { help_id.clone() };
    html! {
        div .field {
            label for=(key) { (text("title")) }
            p .help id=(help_id) {
                (help(key)) " " (text("description"))
                @if key != PASSWORD { " Default: " @if default.is_empty() { "empty" } @else { (default) } "." }
                @if let Some((least, most)) = range { " " (least) " to " (most) "." }
            }
            div .control {
                @if let Some(words) = about.get("enum").and_then(Value::as_array) {
                    select id=(key) name=(key) aria-describedby=(described) { @for word in words.iter().map(shown) { option value=(word) selected[word == held] { (word) } } }
                } @else if text("type") == "boolean" {
                    select id=(key) name=(key) aria-describedby=(described) { @for word in ["true", "false"] { option value=(word) selected[word == held] { (if word == "true" { "On" } else { "Off" }) } } }
                } @else if let Some((least, most)) = range {
                    input id=(key) name=(key) type="number" min=(least) max=(most) required value=(held) aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
                } @else if key == PASSWORD {
                    input id=(key) name=(key) type="password" autocomplete="new-password" maxlength="200" aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
                } @else {
                    input id=(key) name=(key) type="email" autocomplete="off" value=(held) aria-describedby=(described) aria-invalid=[wrong.map(|_| "true")];
                }
            }
            @if let Some(wrong) = wrong { p .wrong id=(wrong_id) { (wrong) } }
        }
    }
}

fn on_or_off(on: bool) -> String {
    if on { "On" } else { "Off" }.to_owned()
}

fn shown(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn campuses(school: &School, checked: Option<&[Checked]>) -> Markup {
    panel(
        "Campuses",
        html! { "set by customer care " a .button href=(asked(&page_of(&school.id, &["settings"]), &[("check", "now")])) { "Check the connections" } },
        html! {
            @if let Some(checked) = checked { div .body { @for one in checked {
                p .notice .good[one.well] .bad[!one.well] {
                    (one.sentence) @if let Some(remedy) = &one.remedy { " " @if let Some(word) = &one.owner { (owner(word)) " " } (remedy) }
                }
            } } }
            @for campus in &school.campuses {
                (facts(&[
                    ("Campus", html! { (campus.id) }),
                    ("Time zone", html! { (campus.zone) }),
                    ("CourseKey School ID", html! { (campus.coursekey_school_id) }),
                    ("CourseKey", html! { (school.coursekey_url) }),
                ]))
            }
        },
    )
}

/// Saves what fits, or shows the form again with what does not.
pub(super) async fn save(State(console): State<Console>, Path(id): Path<String>, sent: Sent) -> Answer {
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let held = frame.of()?.settings.clone();
    let change = change_of(&sent, &held);
    let path = asked(&of_school(&id, &["settings"]), &[("by", &sent.visitor.name())]);
    let saved = console.api.send(&sent.visitor.caller, Method::PATCH, &path, &Value::Object(change.clone())).await;
    match saved {
        Ok(_) => Ok::<Response, _>(back_to(&page_of(&id, &["settings"]))),
        Err(refusal) if refusal.status == http::StatusCode::UNPROCESSABLE_ENTITY => {
            let mut typed = held;
            typed.extend(change);
            page(&frame, &id, &typed, Some(&refusal), None)
        }
        Err(refusal) => Err(frame.refused(refusal)),
    }
}

/// The settings of a form that differ from those that are held, in the form of the schema.
fn change_of(sent: &Sent, held: &Map<String, Value>) -> Map<String, Value> {
    let keys = held.keys().map(String::as_str).chain([PASSWORD]).filter(|key| sent.has(key));
    let typed = keys.map(|key| (key.to_owned(), typed(sent.field(key).trim(), held.get(key))));
    let is_new = |key: &str, value: &Value| if key == PASSWORD { *value != "" } else { held.get(key) != Some(value) };
    typed.filter(|(key, value)| is_new(key, value)).collect()
}

/// What was typed, in the kind of the value that is held. What is no such value goes to the API as it is, which says why.
fn typed(text: &str, held: Option<&Value>) -> Value {
    match held {
        Some(Value::Number(_)) => text.parse::<i64>().map_or_else(|_| text.into(), Value::from),
        Some(Value::Bool(_)) => Value::Bool(text == "true"),
        _ => text.into(),
    }
}
