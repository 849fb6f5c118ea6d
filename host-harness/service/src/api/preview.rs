//! What the ticks that begin now would do.

use axum::Json;
use axum::extract::State;
use host::school::{CoursePage, MOST_HOLDS, PreviewQuery};
use mirror::preview::PreviewForm;
use serde::Deserialize;
use utoipa::IntoParams;

use super::request::{Asked, In, limit};
use crate::problem::Problem;
use crate::service::Service;

/// Which courses somebody asks about.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// This course alone, whether it is due or not.
    course: Option<String>,
    /// The page begins after this course: `next` of the page before.
    after: Option<String>,
    /// At most so many courses, from 1 to 1,000; 100 if it is missing. A page never has more than 100.
    limit: Option<usize>,
}

/// What the next tick would send to CourseKey, and what it would not send, each with the reason. Nothing is sent.
#[utoipa::path(get, path = "/v1/schools/{school}/preview", tag = "review", params(("school" = String, Path), Wanted),
    responses((status = 200, description = "Counts over all courses that are due, and a page of courses in `items`", body = Object), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn get(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(Wanted { course, after, limit: asked }): Asked<Wanted>,
) -> Result<Json<PreviewForm>, Problem> {
    let limit = u32::try_from(limit(asked)?).unwrap_or(MOST_HOLDS).min(MOST_HOLDS);
    let query = course.map_or(PreviewQuery::Due(CoursePage { after, limit }), PreviewQuery::Course);
    let school = service.school(&id).await?;
    Ok(Json(school.school.preview(query).await?.into()))
}
