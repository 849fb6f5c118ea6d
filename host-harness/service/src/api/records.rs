//! GEGI's records as rows: issues, journal, marks and the attendance log; and marks that a person sets.

use axum::Json;
use axum::extract::State;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use host::gegi::{CurrentMark, Origin};
use host::schedule::Wake;
use http::StatusCode;
use mirror::book::{Book, IssueEntry, JournalSpan, Page, PersonAct};
use mirror::lines::{JournalLine, LogLine, MarkLine, mark_of};
use serde::Deserialize;
use serde_json::Value;
use utoipa::IntoParams;

use super::request::{Asked, Body, In, Items, limit};
use crate::problem::Problem;
use crate::service::Service;

/// Which issues somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Issues {
    /// true: only those that are open; false: only those that are resolved.
    open: Option<bool>,
    /// The page begins after this place: `next` of the page before.
    after: Option<String>,
    /// At most so many entries, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
}

/// Which lines of the journal somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Journal {
    /// Only lines about this course.
    course: Option<String>,
    /// Only lines about this student or instructor.
    person: Option<String>,
    /// Only lines from this moment on, as RFC 3339.
    from: Option<DateTime<Utc>>,
    /// Only lines before this moment.
    until: Option<DateTime<Utc>>,
    /// The page begins after this place: `next` of the page before.
    after: Option<String>,
    /// At most so many entries, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
}

/// The class whose marks somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfClass {
    /// The class.
    class: String,
    /// The page begins after this place: `next` of the page before.
    after: Option<String>,
    /// At most so many entries, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
}

/// The course whose attendance log somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct OfCourse {
    /// The course.
    course: String,
    /// The page begins after this place: `next` of the page before.
    after: Option<String>,
    /// At most so many entries, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
}

fn answer<T>(page: Page<T>) -> Json<Items<T>> {
    // A place in a list holds ids and bytes that no address carries as they are.
    Json(Items { items: page.items, next: page.next.map(|place| URL_SAFE_NO_PAD.encode(place)) })
}

/// The place in a list that `next` named.
fn place(after: Option<&str>) -> Result<Option<String>, Problem> {
    let read = |after: &str| String::from_utf8(URL_SAFE_NO_PAD.decode(after).ok()?).ok();
    let bad = || Problem::bad_request("after names no place in this list; send `next` of the page before");
    after.map(|after| read(after).ok_or_else(bad)).transpose()
}

/// The issues about the school's data.
#[utoipa::path(get, path = "/v1/schools/{school}/issues", tag = "records", params(("school" = String, Path), Issues),
    responses((status = 200, description = "A page of the issues", body = Items<Value>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn issues(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(asked): Asked<Issues>,
) -> Result<Json<Items<IssueEntry>>, Problem> {
    let limit = limit(asked.limit)?;
    let school = service.school(&id).await?;
    let after = place(asked.after.as_deref())?;
    let wanted = |issue: &mirror::lines::IssueLine| asked.open.is_none_or(|open| open == issue.resolved_at.is_none());
    Ok(answer(school.book.issues_page(after.as_deref(), limit, wanted).await?))
}

/// The System Journal, in order of time.
#[utoipa::path(get, path = "/v1/schools/{school}/journal", tag = "records", params(("school" = String, Path), Journal),
    responses((status = 200, description = "A page of the journal", body = Items<Value>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn journal(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(asked): Asked<Journal>,
) -> Result<Json<Items<JournalLine>>, Problem> {
    let limit = limit(asked.limit)?;
    let school = service.school(&id).await?;
    let after = place(asked.after.as_deref())?;
    let of = |wanted: &Option<String>, held: &Option<String>| wanted.is_none() || wanted == held;
    let wanted = |line: &JournalLine| of(&asked.course, &line.course) && of(&asked.person, &line.student);
    let moment = |at: Option<DateTime<Utc>>| at.map(|at| at.timestamp());
    let span = JournalSpan { from: moment(asked.from), until: moment(asked.until) };
    Ok(answer(school.book.journal_page(span, after.as_deref(), limit, wanted).await?))
}

/// The marks of a class, by student.
#[utoipa::path(get, path = "/v1/schools/{school}/marks", tag = "records", params(("school" = String, Path), OfClass),
    responses((status = 200, description = "A page of the marks", body = Items<Value>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn marks(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(asked): Asked<OfClass>,
) -> Result<Json<Items<MarkLine>>, Problem> {
    let limit = limit(asked.limit)?;
    let school = service.school(&id).await?;
    let after = place(asked.after.as_deref())?;
    Ok(answer(school.book.marks_page(&asked.class, after.as_deref(), limit).await?))
}

/// The attendance log of a course.
#[utoipa::path(get, path = "/v1/schools/{school}/attendance-log", tag = "records", params(("school" = String, Path), OfCourse),
    responses((status = 200, description = "A page of the attendance log", body = Items<Value>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn attendance_log(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(asked): Asked<OfCourse>,
) -> Result<Json<Items<LogLine>>, Problem> {
    let limit = limit(asked.limit)?;
    let school = service.school(&id).await?;
    let after = place(asked.after.as_deref())?;
    Ok(answer(school.book.log_page(&asked.course, after.as_deref(), limit).await?))
}

/// A mark that a person sets.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandMark {
    mark: String,
}

/// Who sets or takes away a mark.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct By {
    /// Who does it, for a line of the System Journal; without it GEGI writes its own line.
    by: Option<String>,
}

/// Writes the line of the System Journal that a person's mark has, if the caller says who it was.
async fn journal_mark(book: &Book, place: (&str, &str), new: Option<&str>, by: Option<&str>) -> Result<(), Problem> {
    let Some(by) = by else { return Ok(()) };
    let (class, student) = (Some(place.0), Some(place.1));
    Ok(book.write_journal(PersonAct { what: "hand-mark", class, student, new, by }).await?)
}

/// Sets a mark by hand, as a person does in GEGI.
#[utoipa::path(put, path = "/v1/schools/{school}/marks/{class}/{student}", tag = "records",
    params(("school" = String, Path), ("class" = String, Path), ("student" = String, Path), By),
    request_body(content = ref("#/components/schemas/HandMark"), content_type = "application/json"),
    responses((status = 204, description = "The mark stands"), (status = 404, description = "There is no such school", body = Problem),
        (status = 422, description = "That is no mark", body = Problem)))]
pub(super) async fn put_mark(
    State(service): State<Service>,
    In((id, class, student)): In<(String, String, String)>,
    Asked(By { by }): Asked<By>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    let HandMark { mark: letter } = body.checked(&service.schemas().bodies.mark)?;
    let mark = mark_of(&letter).ok_or_else(|| Problem::bad_request("mark is no mark; write P, L or A"))?;
    let mark = CurrentMark { student: student.clone(), mark, origin: Origin::Hand };
    school.book.set_hand_mark(&class, &student, Some(&mark)).await?;
    journal_mark(&school.book, (&class, &student), Some(&letter), by.as_deref()).await?;
    service.wake(&school, Wake::Changed).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Takes away the mark that stands.
#[utoipa::path(delete, path = "/v1/schools/{school}/marks/{class}/{student}", tag = "records",
    params(("school" = String, Path), ("class" = String, Path), ("student" = String, Path), By),
    responses((status = 204, description = "There is no mark"), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn delete_mark(
    State(service): State<Service>,
    In((id, class, student)): In<(String, String, String)>,
    Asked(By { by }): Asked<By>,
) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    school.book.set_hand_mark(&class, &student, None).await?;
    journal_mark(&school.book, (&class, &student), None, by.as_deref()).await?;
    service.wake(&school, Wake::Changed).await;
    Ok(StatusCode::NO_CONTENT)
}
