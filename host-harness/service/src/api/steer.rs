//! What an administrator asks for beside decisions: that a course is sent again, who was not seen, and whether the school's
//! connections are right.

use axum::Json;
use axum::extract::State;
use host::schedule::Wake;
use host::school::{MOST_WATCHED, UNSEEN_DAYS};
use http::StatusCode;
use mirror::check::CheckedForm;
use mirror::watch::WatchedForm;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::request::{Asked, In, Items, limit};
use crate::problem::Problem;
use crate::service::Service;

/// What is to be sent again.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct What {
    /// This course alone; every course if it is missing.
    course: Option<String>,
    /// Who asks for it, for the System Journal; `the API` if it is missing.
    by: Option<String>,
}

/// What is sent again.
#[derive(Serialize, ToSchema)]
pub(super) struct Resent {
    /// How many courses.
    courses: u32,
}

/// Has everything of a course, or of every course, sent to CourseKey once more. Nothing is removed, and nothing doubled.
#[utoipa::path(post, path = "/v1/schools/{school}/resend", tag = "review", params(("school" = String, Path), What),
    responses((status = 202, description = "The next ticks carry it out", body = Resent), (status = 404, description = "There is no such school, or CourseKey does not hold the course", body = Problem)))]
pub(super) async fn resend(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(What { course, by }): Asked<What>,
) -> Result<(StatusCode, Json<Resent>), Problem> {
    let school = service.school(&id).await?;
    let is_one = course.is_some();
    let courses = school.school.resend(course, by.unwrap_or_else(|| "the API".to_owned())).await?;
    if is_one && courses == 0 {
        return Err(Problem::not_found(
            "CourseKey does not hold the course; ask why-not what keeps it from being sent",
        ));
    }
    service.wake(&school, Wake::Changed).await;
    Ok((StatusCode::ACCEPTED, Json(Resent { courses })))
}

/// Which courses, and how many days.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The page begins after this course: `next` of the page before.
    after: Option<String>,
    /// At most so many courses, from 1 to 1,000. A page never has more than 20.
    limit: Option<usize>,
    /// Who attended no class of so many days is `unseen`; 14 if it is missing.
    days: Option<u32>,
}

/// When each student attended last, course by course, and who was not seen for some days.
#[utoipa::path(get, path = "/v1/schools/{school}/watch", tag = "review", params(("school" = String, Path), Wanted),
    responses((status = 200, description = "A page of courses whose sync window is open", body = Items<Value>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn watch(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(Wanted { after, limit: asked, days }): Asked<Wanted>,
) -> Result<Json<Items<WatchedForm>>, Problem> {
    let limit = u32::try_from(limit(asked)?).unwrap_or(MOST_WATCHED).min(MOST_WATCHED);
    let school = service.school(&id).await?;
    let page = school.school.watch(after, limit, days.unwrap_or(UNSEEN_DAYS)).await?;
    Ok(Json(Items { items: page.courses.into_iter().map(WatchedForm::from).collect(), next: page.next }))
}

/// Checks School Settings, and of each campus the key, the School ID and the time zone. CourseKey is asked, and nothing is
/// changed.
#[utoipa::path(get, path = "/v1/schools/{school}/check", tag = "review", params(("school" = String, Path)),
    responses((status = 200, description = "What was found", body = Items<Value>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn check(
    State(service): State<Service>,
    In(id): In<String>,
) -> Result<Json<Items<CheckedForm>>, Problem> {
    let school = service.school(&id).await?;
    let found = school.school.check().await?;
    Ok(Json(Items { items: found.into_iter().map(CheckedForm::from).collect(), next: None }))
}
