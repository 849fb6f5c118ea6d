//! The demo's own page: what the simulated CourseKey holds, and something that goes wrong by a click and heals.

use std::collections::BTreeMap;

use axum::body::{Body, Bytes};
use axum::extract::{Query, State};
use axum::response::{IntoResponse as _, Response};
use http::{HeaderMap, Method, StatusCode};
use maud::{Markup, html};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{Answer, back_to};
use crate::Console;
use crate::api::{Refusal, asked, of_school, part};
use crate::layout::{Frame, Page, Section, page_of};
use crate::pieces::{Card, capital, cards, form, nothing, panel, table};
use crate::told::{Items, Overview, School};
use crate::visitor::{Sent, Visitor};

/// Which school somebody looks at.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    school: String,
}

/// What the simulated CourseKey holds.
#[derive(Deserialize)]
struct Held {
    counts: BTreeMap<String, usize>,
    first: Vec<Value>,
}

/// What can go wrong by a click: its name in the form, what the button says, and what follows.
const TROUBLES: [(&str, &str, &str); 5] = [
    (
        "down",
        "CourseKey is down",
        "Its next 40 answers are errors. Nothing is lost: the items are sent again, later and later, and it heals.",
    ),
    (
        "lost",
        "An answer is lost",
        "CourseKey does what it is asked and its answer never comes. The item is sent again, and nothing is doubled.",
    ),
    (
        "email",
        "A student loses the e-mail address",
        "The course becomes Failed with a reason, an issue is opened and mailed.",
    ),
    ("mend", "The e-mail address comes back", "The student is sent, the issue is resolved, the course recovers."),
    (
        "accident",
        "A list arrives empty",
        "GEGI sends the course without its students. The guard holds them: see Holds.",
    ),
];

/// CourseKey's lists.
const LISTS: [&str; 5] = ["users", "courses", "sessions", "enrollments", "attendance"];

/// The page.
pub(super) async fn show(State(console): State<Console>, visitor: Visitor, Query(wanted): Query<Wanted>) -> Answer {
    let frame = console.operators_frame(visitor).await?;
    let refused = |refusal| frame.refused(refusal);
    if !frame.is_demo {
        return Err(refused(Refusal::new(StatusCode::NOT_FOUND, "this is no demo")));
    }
    let caller = &frame.visitor.caller;
    let schools: Items<School> = console.api.get(caller, "/v1/schools").await.map_err(refused)?;
    let chosen = schools.items.iter().find(|school| school.id == wanted.school).or_else(|| schools.items.first());
    let Some(school) = chosen else {
        return Err(refused(Refusal::new(StatusCode::NOT_FOUND, "the demo is being created")));
    };
    let held: Held = console.api.get(caller, &coursekey(&school.id)).await.map_err(refused)?;
    let path = asked(&of_school(&school.id, &["overview"]), &[("limit", "100")]);
    let courses: Overview = console.api.get(caller, &path).await.map_err(refused)?;
    let body = html! {
        form method="get" action="/console/demo" .bar {
            select name="school" aria-label="School" { @for known in &schools.items { option value=(known.id) selected[known.id == school.id] { (known.name) } } }
            button .button { "Show" }
        }
        (counts(&held))
        (troubles(&frame, school, &courses))
        (holds(&held))
    };
    let about = html! { "The clock of the demo is at the foot of the navigation" };
    Ok(Page { frame: &frame, section: Section::Demo, title: "Demo", about, body }.render().into_response())
}

fn coursekey(school: &str) -> String {
    format!("/demo/coursekey/{}", part(school))
}

fn counts(held: &Held) -> Markup {
    let card = |kind: &str, what: &str| Card {
        number: held.counts.get(kind).copied().unwrap_or_default().to_string(),
        what: what.to_owned(),
        list: "#held".to_owned(),
        tone: "",
        is_shown: false,
    };
    cards(&[
        card("user", "accounts"),
        card("course", "courses"),
        card("session", "classes"),
        card("enrollment", "enrolments"),
    ])
}

fn troubles(frame: &Frame, school: &School, courses: &Overview) -> Markup {
    panel(
        "Make something go wrong",
        html! { a href=(page_of(&school.id, &["courses"])) { "Watch it in " (school.name) } },
        html! { div .body {
            (form(&frame.visitor, "/console/demo", html! {
                input type="hidden" name="school" value=(school.id);
                label .bar { "Course " select name="course" { @for row in &courses.items {
                    option value=(row.standing.course) { (row.head.as_ref().map_or(row.standing.course.as_str(), |head| head.title.as_str())) }
                } } }
                (table("What can go wrong", &["What", "What follows"], html! { @for (trouble, word, follows) in TROUBLES { tr {
                    td { button .button name="trouble" value=(trouble) { (word) } } td { (follows) }
                } } }))
            }))
        } },
    )
}

fn holds(held: &Held) -> Markup {
    let text = |value: &Value, key: &str| {
        value.get(key).map_or_else(String::new, |value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
    };
    panel(
        "What CourseKey holds",
        html! { "its first accounts and courses" },
        html! { div #held {
            @if held.first.is_empty() { (nothing("CourseKey holds nothing yet: the window of no course has opened.")) } @else {
                (table("What CourseKey holds", &["Kind", "Id", "What"], html! { @for one in &held.first { tr {
                    td { (capital(&text(one, "kind"))) }
                    td { code { (text(one, "id")) } }
                    td { (text(one, "email")) (text(one, "title")) @if one.get("teacher") == Some(&Value::Bool(true)) { " · instructor" } }
                } } }))
            }
        } },
    )
}

/// Makes it go wrong.
pub(super) async fn happen(State(console): State<Console>, sent: Sent) -> Answer {
    let frame = console.operators_frame(sent.visitor.clone()).await?;
    let (school, course) = (sent.field("school"), sent.field("course"));
    let made = match sent.field("trouble") {
        "down" => console.order(&frame, school, &LISTS, "status", 40).await,
        "lost" => console.order(&frame, school, &["enrollments"], "lost-answer", 1).await,
        "email" => console.change_course(&frame, school, course, |said| set_email(said, |_| String::new())).await,
        "mend" => console.change_course(&frame, school, course, |said| set_email(said, address)).await,
        "accident" => console.change_course(&frame, school, course, empty).await,
        _ => Ok(()),
    };
    made.map_err(|refusal| frame.refused(refusal))?;
    Ok(back_to(&asked("/console/demo", &[("school", school)])))
}

impl Console {
    /// Orders faults of the simulated CourseKey.
    async fn order(&self, frame: &Frame, school: &str, lists: &[&str], kind: &str, times: u32) -> Result<(), Refusal> {
        for on in lists {
            let fault = json!({ "on": on, "kind": kind, "status": 503, "times": times });
            self.api.send(&frame.visitor.caller, Method::POST, &coursekey(school), &fault).await?;
        }
        Ok(())
    }
}

/// A list arrives without its students.
fn empty(course: &mut Map<String, Value>) {
    course.insert("students".to_owned(), json!([]));
}

/// The address of a student with this id.
fn address(id: &str) -> String {
    format!("{id}@demo.example.edu")
}

/// Gives the first student of a course the address that `email` makes of the student's id. The student's own revision rises
/// with it.
fn set_email(course: &mut Map<String, Value>, email: impl Fn(&str) -> String) {
    let students = course.get_mut("students").and_then(Value::as_array_mut);
    let Some(student) = students.and_then(|all| all.first_mut()).and_then(Value::as_object_mut) else { return };
    let id = student.get("id").and_then(Value::as_str).unwrap_or_default().to_lowercase();
    let revision = student.get("revision").and_then(Value::as_u64).unwrap_or_default();
    student.insert("revision".to_owned(), (revision + 1).into());
    student.insert("email".to_owned(), email(&id).into());
}

/// The demo's clock.
pub(super) async fn clock(State(console): State<Console>, visitor: Visitor) -> Response {
    console.api.respond(&visitor.caller, Method::GET, "/demo/clock", Body::empty()).await
}

/// Changes how the demo's time goes.
pub(super) async fn set_clock(
    State(console): State<Console>,
    visitor: Visitor,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let shown = headers.get("x-form-token").and_then(|token| token.to_str().ok()).unwrap_or_default();
    if !console.seal.is_form_token(visitor.sealed(), shown) {
        return (StatusCode::FORBIDDEN, "this page is old; open it again").into_response();
    }
    console.api.respond(&visitor.caller, Method::PUT, "/demo/clock", Body::from(body)).await
}
