//! A course under glass: what GEGI said, how it stands, what the next tick would send and what not, what is held, its
//! issues, and the last requests of its campus, in one page.

use axum::extract::{Path, State};
use axum::response::{IntoResponse as _, Response};
use http::{Method, StatusCode};
use maud::{Markup, html};
use serde_json::{Map, Value};

use super::courses::send_switch;
use super::{Answer, back_to};
use crate::Console;
use crate::api::{Refusal, asked, of_school};
use crate::layout::{Frame, Page, Section, page_of};
use crate::moment;
use crate::pieces::{act, capital, count, facts, nothing, owner, panel, pill, status, table};
use crate::told::{Course, CoursePreview, Hold, Items, Lately, Preview, School, Standing};
use crate::visitor::{Sent, Visitor};

/// The requests of the campus that are shown.
const REQUESTS: usize = 10;

/// Everything that the page shows.
struct Glass {
    course: Course,
    standing: Standing,
    /// None: the next tick does nothing. A large school that was never looked at has no preview in time.
    preview: Result<Option<CoursePreview>, Refusal>,
    holds: Vec<Hold>,
    lately: Lately,
}

async fn load(console: &Console, frame: &Frame, id: &str, course: &str) -> Result<Glass, Refusal> {
    let (caller, api) = (&frame.visitor.caller, &console.api);
    let of_course = |rest: &[&str]| of_school(id, &[&["courses", course], rest].concat());
    let path = asked(&of_school(id, &["preview"]), &[("course", course)]);
    let preview: Result<Preview, Refusal> = api.get(caller, &path).await;
    let says_something = |preview: Preview| preview.items.into_iter().find(CoursePreview::says_something);
    let holds: Items<Hold> = api.get(caller, &asked(&of_school(id, &["holds"]), &[("limit", "100")])).await?;
    let course: Course = api.get(caller, &of_course(&[])).await?;
    let mut lately: Lately = api.get(caller, &asked(&of_school(id, &["lately"]), &[("limit", "200")])).await?;
    lately.requests.retain(|request| request.campus == course.campus);
    lately.requests.truncate(REQUESTS);
    Ok(Glass {
        standing: api.get(caller, &of_course(&["status"])).await?,
        preview: preview.map(says_something),
        holds: holds.items.into_iter().filter(|hold| hold.course == course.id).collect(),
        lately,
        course,
    })
}

/// The page.
pub(super) async fn show(
    State(console): State<Console>,
    visitor: Visitor,
    Path((id, course)): Path<(String, String)>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let glass = load(&console, &frame, &id, &course).await.map_err(|refusal| frame.refused(refusal))?;
    let school = frame.of()?;
    let Glass { course, standing, preview, holds, lately } = &glass;
    let zone = school.zone(&course.campus);
    let here = page_of(&id, &["courses", &course.id]);
    let edits = console.service.config().console.edits_courses;
    let body = html! {
        (now(&frame, school, course, standing, edits))
        div .columns {
            (planned(school, preview, holds))
            (issues(&id, standing, zone))
        }
        div .columns { (classes(&id, course, zone)) (students(course)) }
        (said(course))
        (requests(lately, zone))
        @if standing.send_to_coursekey {
            (panel("Send it again", html! {}, html! { div .body {
                p .quiet { "Everything of the course is sent to CourseKey once more. Nothing is removed, and nothing doubled." }
                (act(&frame.visitor, &format!("{here}/resend"), "Send again", ""))
            } }))
        }
    };
    let section = if course.kind == "clinical-rotation" { Section::Rotations } else { Section::Courses };
    let about = html! { (course.number) " · " (course.group.name) " · " (course.program.name) };
    Ok(Page { frame: &frame, section, title: &course.title, about, body }.render().into_response())
}

fn now(frame: &Frame, school: &School, course: &Course, standing: &Standing, edits: bool) -> Markup {
    let zone = school.zone(&course.campus);
    let is_failed = standing.status == "failed";
    panel(
        "Synchronization with CourseKey",
        status(standing),
        html! {
            @if let Some(reason) = &standing.reason { div .body { p .notice .bad[is_failed] { (reason) } } }
            (facts(&[
                ("Since", moment::when(&standing.since, zone)),
                ("Send to CourseKey", send_switch(frame, &school.id, standing, edits)),
                ("Window opens", moment::when_or_dash(standing.opens.as_deref(), zone)),
                ("Window closes", moment::when_or_dash(standing.closes.as_deref(), zone)),
                ("Attendance complete until", moment::when_or_dash(standing.complete_until.as_deref(), zone)),
                ("Campus", html! { (course.campus) " " span .quiet { (zone) } }),
            ]))
        },
    )
}

fn planned(school: &School, preview: &Result<Option<CoursePreview>, Refusal>, holds: &[Hold]) -> Markup {
    panel(
        "What the next tick does",
        html! { a href=(page_of(&school.id, &["next"])) { "Whole school" } },
        html! {
            @for hold in holds {
                div .body { p .notice .wait { (hold.sentence) " " a href=(page_of(&school.id, &["holds"])) { "Decide" } } }
            }
            @match preview {
                Err(refusal) => (nothing(&format!("There is no preview now: {}", refusal.detail))),
            Ok(None) => (nothing("Nothing: CourseKey has everything that GEGI said.")),
                Ok(Some(preview)) => {
                    @for why in preview.rest.iter().chain(&preview.blocked) { div .body { p .notice { (why) } } }
                    (super::next::lists(preview))
                }
            }
        },
    )
}

fn issues(school: &str, standing: &Standing, zone: &str) -> Markup {
    panel(
        "Issues",
        html! { a href=(page_of(school, &["issues"])) { "All issues" } },
        html! {
            @if standing.issues.is_empty() { (nothing("No open issue about the data of this course.")) } @else {
                div .body { ul .list { @for issue in &standing.issues {
                    li { (owner(&issue.owner)) " " (issue.sentence) span .sub .quiet { " " (issue.remedy) " Since " (moment::when(&issue.first_seen, zone)) } }
                } } }
            }
        },
    )
}

fn classes(school: &str, course: &Course, zone: &str) -> Markup {
    panel(
        "Classes",
        html! { (count(course.classes.len(), "class")) },
        html! {
            @if course.classes.is_empty() { (nothing("GEGI names no class.")) } @else {
                (table("Classes", &["Class", "Begins", "Ends"], html! { @for class in &course.classes { tr {
                    td { a href=(page_of(school, &["attendance", &course.id, &class.id])) { (class.id) } }
                    td { (moment::when(&class.starts, zone)) }
                    td { (moment::clock(&class.ends, zone)) }
                } } }))
            }
        },
    )
}

fn students(course: &Course) -> Markup {
    panel(
        "Students and instructors",
        html! { (count(course.students.len(), "student")) },
        html! {
            (table("Students and instructors", &["Name", "E-mail", "Standing"], html! {
                @for instructor in &course.instructors { tr {
                    td .person { (instructor.name()) span .sub { (instructor.id) } } td { (instructor.email) } td { "Instructor" }
                } }
                @for student in &course.students { tr {
                    td .person { (student.person.name()) span .sub { (student.person.id) } }
                    td { @if student.person.email.is_empty() { span .quiet { "none" } } @else { (student.person.email) } }
                    td { (student.stage) @if let Some(day) = &student.stopped_on { span .sub { "stopped " (moment::day(day)) } }
                        @if student.agreement == "credit-granted" { span .sub { "credit granted" } } }
                } }
            }))
        },
    )
}

fn said(course: &Course) -> Markup {
    panel(
        "What GEGI says",
        html! { code { (course.id) } },
        facts(&[
            ("Number and title", html! { (course.number) " " (course.title) }),
            ("Dates", html! { (moment::day(&course.start_date)) " to " (moment::day(&course.end_date)) }),
            ("Completed", html! { (course.completed_date.as_deref().map_or("–".to_owned(), moment::day)) }),
            ("Hours Type", html! { (capital(&course.hours_type)) }),
            ("Send to CourseKey", html! { (capital(&course.send_to_coursekey)) }),
            ("Groups", html! { (course.group.name) @for group in &course.groups { ", " (group.name) } }),
        ]),
    )
}

fn requests(lately: &Lately, zone: &str) -> Markup {
    panel(
        "Last requests of this campus",
        html! {},
        html! {
            @if lately.requests.is_empty() { (nothing("This process has made no request for the campus yet.")) } @else {
                (request_table(&lately.requests, zone))
            }
        },
    )
}

/// Requests as rows; none names a person.
pub(super) fn request_table(requests: &[crate::told::RequestLine], zone: &str) -> Markup {
    table(
        "Requests",
        &["When", "Request", "Items", "Answer", "Took"],
        html! { @for request in requests { tr {
            td { (moment::clock_with_seconds(&request.at, zone)) }
            td { code { (request.method) " " (request.path) } }
            td .number { (request.items) }
            td { @match request.status {
                Some(status) if status < 400 => (pill("ok", &status.to_string())),
                Some(status) => (pill("bad", &status.to_string())),
                None => (pill("bad", "no answer")),
            } }
            td .number { (request.took_ms) " ms" }
        } } },
    )
}

/// Switches Send to CourseKey, where no ERP states it.
pub(super) async fn set_option(
    State(console): State<Console>,
    Path((id, course)): Path<(String, String)>,
    sent: Sent,
) -> Answer {
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let changed = switch(&console, &frame, &id, &course, sent.field("option")).await;
    changed.map_err(|refusal| frame.refused(refusal))?;
    Ok(back_to(&page_of(&id, &["courses", &course])))
}

async fn switch(console: &Console, frame: &Frame, id: &str, course: &str, option: &str) -> Result<(), Refusal> {
    if !console.service.config().console.edits_courses {
        return Err(Refusal::new(StatusCode::FORBIDDEN, "GEGI holds this option; change it there"));
    }
    let option = if option == "on" { "on" } else { "off" };
    console
        .change_course(frame, id, course, |said| {
            said.insert("send-to-coursekey".to_owned(), option.into());
        })
        .await
}

impl Console {
    /// Changes what GEGI says of a course and sends it as GEGI would, as the next revision.
    pub(super) async fn change_course(
        &self,
        frame: &Frame,
        id: &str,
        course: &str,
        change: impl FnOnce(&mut Map<String, Value>),
    ) -> Result<(), Refusal> {
        let path = of_school(id, &["courses", course]);
        let mut said: Value = self.api.get(&frame.visitor.caller, &path).await?;
        let Some(fields) = said.as_object_mut() else { return Ok(()) };
        let revision = fields.get("revision").and_then(Value::as_u64).unwrap_or_default();
        fields.insert("revision".to_owned(), (revision + 1).into());
        change(fields);
        self.api.send(&frame.visitor.caller, Method::PUT, &path, &said).await.map(|_| ())
    }
}

/// Has a course sent again.
pub(super) async fn resend(
    State(console): State<Console>,
    Path((id, course)): Path<(String, String)>,
    sent: Sent,
) -> Answer {
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let path = asked(&of_school(&id, &["resend"]), &[("course", &course), ("by", &sent.visitor.name())]);
    let asked = console.api.send(&sent.visitor.caller, Method::POST, &path, &Value::Null).await;
    asked.map_err(|refusal| frame.refused(refusal))?;
    Ok::<Response, _>(back_to(&page_of(&id, &["courses", &course])))
}
