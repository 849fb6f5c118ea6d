//! What the guard holds, and decisions about it.

use axum::Json;
use axum::extract::State;
use host::schedule::Wake;
use host::school::{DecisionOutcome, MOST_HOLDS};
use http::StatusCode;
use mirror::holds::{DecisionForm, HoldLine};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::request::{Asked, Body, In, Items, limit};
use crate::problem::Problem;
use crate::service::Service;

/// Which holds somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The page begins after this course: `next` of the page before.
    after: Option<String>,
    /// At most so many courses, from 1 to 1,000; 100 if it is missing. A page never has more than 100.
    limit: Option<usize>,
}

/// What became of a decision.
#[derive(Serialize, ToSchema)]
pub(super) struct Decided {
    /// How many rows it is about. The next tick carries it out.
    rows: u32,
}

/// Students and classes that would leave CourseKey at once, which looks like an accident. They wait for a decision.
#[utoipa::path(get, path = "/v1/schools/{school}/holds", tag = "review", params(("school" = String, Path), Wanted),
    responses((status = 200, description = "A page of what is held", body = Items<Value>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn list(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(asked): Asked<Wanted>,
) -> Result<Json<Items<HoldLine>>, Problem> {
    let limit = u32::try_from(limit(asked.limit)?).unwrap_or(MOST_HOLDS).min(MOST_HOLDS);
    let school = service.school(&id).await?;
    let holds = school.school.holds(asked.after, limit).await?;
    let mut courses: Vec<&String> = holds.iter().map(|hold| &hold.course).collect();
    courses.dedup();
    let is_full = courses.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
    let next = courses.last().filter(|_| is_full).map(|course| (*course).clone());
    Ok(Json(Items { items: holds.into_iter().map(HoldLine::from).collect(), next }))
}

/// Decides about what is held: it may leave CourseKey, or it stays.
#[utoipa::path(post, path = "/v1/schools/{school}/decisions", tag = "review", params(("school" = String, Path)),
    request_body(content = Object, content_type = "application/json", description = "The decision, about what was shown"),
    responses((status = 202, description = "The next tick carries it out", body = Decided), (status = 404, description = "There is no such school", body = Problem),
        (status = 409, description = "Something else is held by now, or nothing", body = Problem)))]
pub(super) async fn decide(
    State(service): State<Service>,
    In(id): In<String>,
    body: Body,
) -> Result<(StatusCode, Json<Decided>), Problem> {
    let school = service.school(&id).await?;
    let form: DecisionForm = body.checked(&service.schemas().bodies.decision)?;
    // The schema asks for a hash.
    let decision = form.about(form.hash.as_deref().unwrap_or_default(), "the API");
    let conflict = |detail: &str| Err(Problem::new(StatusCode::CONFLICT, detail));
    match school.school.decide(decision).await? {
        DecisionOutcome::Taken(rows) => {
            service.wake(&school, Wake::Changed).await;
            Ok((StatusCode::ACCEPTED, Json(Decided { rows })))
        }
        DecisionOutcome::Changed => {
            conflict("something else is held by now than what was shown; read the holds again and decide about those")
        }
        DecisionOutcome::NothingHeld => conflict("nothing of this kind is held of the course; read the holds again"),
    }
}
