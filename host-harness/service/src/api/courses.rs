//! Courses: GEGI sends each whenever it is saved, and compares the whole list when it likes.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::State;
use host::gegi::Course;
use host::schedule::Wake;
use host::school::{CourseChange, Disposition};
use http::StatusCode;
use mirror::form::{CourseChecks, CourseLine, Place, Problems};
use mirror::lines::IssueLine;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{Asked, Body, In, Items, Listing};
use crate::problem::Problem;
use crate::schools::OpenSchool;
use crate::service::Service;

/// Courses read from the book at a time.
const PAGE: usize = 1_000;

/// What became of a course that GEGI sent.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct CourseAnswer {
    /// `taken`, or `stale`: a later revision was taken before.
    disposition: &'static str,
    /// Whether the course is sent to CourseKey.
    send_to_coursekey: bool,
    /// Why Send to CourseKey cannot be switched off; null: it can.
    option_locked: Option<String>,
    /// Whether GEGI switched the option off although it is locked.
    option_refused: bool,
    /// `disabled`, `scheduled`, `failed` or `synchronized`.
    status: &'static str,
    /// The reason of the status.
    reason: Option<String>,
    /// The open issues about the course's data.
    #[schema(value_type = Vec<Object>)]
    issues: Vec<IssueLine>,
}

/// A course's id and revision.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Revision {
    /// GEGI's id of the course.
    id: String,
    /// The course's revision.
    revision: u64,
}

/// All courses that GEGI holds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    courses: Vec<Revision>,
}

/// How the service's courses differ from GEGI's.
#[derive(Serialize, ToSchema)]
pub(super) struct Difference {
    /// What GEGI must send again: courses that the service does not have in GEGI's revision.
    missing: Vec<String>,
    /// What GEGI no longer has: GEGI must remove it.
    unknown: Vec<String>,
}

/// Takes a course as GEGI holds it now.
#[utoipa::path(put, path = "/v1/schools/{school}/courses/{course}", tag = "courses",
    params(("school" = String, Path), ("course" = String, Path)),
    request_body(content = ref("#/components/schemas/Course"), content_type = "application/json"),
    responses((status = 200, description = "The course was taken, or is stale", body = CourseAnswer),
        (status = 404, description = "There is no such school", body = Problem),
        (status = 422, description = "A value does not fit", body = Problem)))]
pub(super) async fn put(
    State(service): State<Service>,
    In((id, course_id)): In<(String, String)>,
    body: Body,
) -> Result<Json<CourseAnswer>, Problem> {
    let school = service.school(&id).await?;
    let CourseLine(course) = body.checked(&service.schemas().course)?;
    check(&school, &course, &course_id).await?;
    // The book comes first: a tick that hears of the change reads the course there.
    school.book.save_course(&course).await?;
    let outcome = school.school.course_changed(CourseChange::Saved(course)).await?;
    school.deliver_records().await?;
    service.wake(&school, Wake::Changed).await;
    let now = service.now();
    Ok(Json(CourseAnswer {
        disposition: match outcome.disposition {
            Disposition::Taken => "taken",
            Disposition::Stale => "stale",
        },
        send_to_coursekey: outcome.send_to_coursekey,
        option_locked: outcome.option_locked,
        option_refused: outcome.option_refused,
        status: outcome.status.word(),
        reason: outcome.reason,
        issues: outcome.issues.iter().map(|issue| IssueLine::open(issue, now)).collect(),
    }))
}

/// Checks across the values of a course.
async fn check(school: &OpenSchool, course: &Course, id: &str) -> Result<(), Problem> {
    if course.id != id {
        let detail = "id is not that of the address; send the course to its own address";
        return Err(Problem::of_field(StatusCode::UNPROCESSABLE_ENTITY, "/id", detail));
    }
    let settings = school.book.settings_if_any().await?;
    let mut problems = Problems::default();
    CourseChecks::new(settings.as_ref()).changed(course, "", &Place::file("the body"), &mut problems);
    Ok(problems.unless_any(Some(()))?)
}

/// A course as GEGI sent it last.
#[utoipa::path(get, path = "/v1/schools/{school}/courses/{course}", tag = "courses",
    params(("school" = String, Path), ("course" = String, Path)),
    responses((status = 200, description = "The course, as GEGI sent it", body = Object), (status = 404, description = "There is no such school or course", body = Problem)))]
pub(super) async fn get(
    State(service): State<Service>,
    In((id, course)): In<(String, String)>,
) -> Result<Json<CourseLine>, Problem> {
    let school = service.school(&id).await?;
    let found = school.book.course_of(&course).await?;
    found
        .map(|course| Json(CourseLine(course)))
        .ok_or_else(|| Problem::not_found("GEGI has sent no such course; send it with PUT"))
}

/// Takes away a course that GEGI no longer holds.
#[utoipa::path(delete, path = "/v1/schools/{school}/courses/{course}", tag = "courses",
    params(("school" = String, Path), ("course" = String, Path)),
    responses((status = 204, description = "The course is gone"), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn delete(
    State(service): State<Service>,
    In((id, course)): In<(String, String)>,
) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    school.book.remove_course(&course).await?;
    school.school.course_changed(CourseChange::Removed(course)).await?;
    school.deliver_records().await?;
    service.wake(&school, Wake::Changed).await;
    Ok(StatusCode::NO_CONTENT)
}

/// Ids and revisions of the courses that the service holds.
#[utoipa::path(get, path = "/v1/schools/{school}/courses", tag = "courses", params(("school" = String, Path), Listing),
    responses((status = 200, description = "A page of the courses", body = Items<Revision>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn list(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Items<Revision>>, Problem> {
    let limit = listing.limit()?;
    let school = service.school(&id).await?;
    let found = school.book.revisions(listing.after.as_deref(), limit).await?;
    let next = if found.len() == limit { found.last().map(|(id, _)| id.clone()) } else { None };
    let items = found.into_iter().map(|(id, revision)| Revision { id, revision }).collect();
    Ok(Json(Items { items, next }))
}

/// Compares GEGI's whole list with the service's.
#[utoipa::path(put, path = "/v1/schools/{school}/courses", tag = "courses", params(("school" = String, Path)),
    request_body(content = ref("#/components/schemas/CourseList"), content_type = "application/json"),
    responses((status = 200, description = "What GEGI must send again, and what it no longer has", body = Difference),
        (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn compare(
    State(service): State<Service>,
    In(id): In<String>,
    body: Body,
) -> Result<Json<Difference>, Problem> {
    let school = service.school(&id).await?;
    let Whole { courses } = body.checked(&service.schemas().bodies.courses)?;
    let mut held: BTreeMap<String, u64> = BTreeMap::new();
    loop {
        let page = school.book.revisions(held.last_key_value().map(|(id, _)| id.as_str()), PAGE).await?;
        let is_last = page.len() < PAGE;
        held.extend(page);
        if is_last {
            break;
        }
    }
    let mut missing = Vec::new();
    for Revision { id, revision } in courses {
        if held.remove(&id) != Some(revision) {
            missing.push(id);
        }
    }
    Ok(Json(Difference { missing, unknown: held.into_keys().collect() }))
}
