//! What the demo's page can do to CourseKey, and what CourseKey holds: for people who want to see something go wrong and
//! heal.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::Path;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use http::StatusCode;
use lab::directory::Fault;
use lab::run::CourseKey;
use serde::Serialize;
use serde_json::Value;
use service::problem::Problem;
use service::service::Service;

/// The most accounts and courses that are shown.
const MOST: usize = 100;

/// The simulated CourseKey of each school.
pub(super) type Simulated = Arc<BTreeMap<String, Arc<CourseKey>>>;

/// What a simulated CourseKey holds.
#[derive(Serialize)]
struct Held {
    /// How many of each kind: `user`, `course`, `session`, `enrollment`.
    counts: BTreeMap<String, usize>,
    /// The first accounts and courses, as the simulator writes them.
    first: Vec<Value>,
}

/// The address under which CourseKey is looked at, and told what goes wrong from now on.
pub(super) fn routes(simulated: Simulated) -> Router<Service> {
    Router::new().route("/demo/coursekey/{school}", get(show).post(order)).layer(Extension(simulated))
}

async fn show(Extension(simulated): Extension<Simulated>, Path(school): Path<String>) -> Response {
    let Some(coursekey) = simulated.get(&school) else { return unknown() };
    let mut roster = Vec::new();
    if let Err(error) = coursekey.write_roster(&mut roster) {
        return Problem::unavailable(error).into_response();
    }
    let lines = roster.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let (mut counts, mut first) = (BTreeMap::new(), Vec::new());
    for line in lines {
        let kind = line.get("kind").and_then(Value::as_str).unwrap_or_default().to_owned();
        let count: &mut usize = counts.entry(kind.clone()).or_default();
        *count += 1;
        if *count <= MOST && (kind == "user" || kind == "course") {
            first.push(line);
        }
    }
    Json(Held { counts, first }).into_response()
}

async fn order(
    Extension(simulated): Extension<Simulated>,
    Path(school): Path<String>,
    body: axum::body::Bytes,
) -> Response {
    let Some(coursekey) = simulated.get(&school) else { return unknown() };
    let fault: Fault = match serde_json::from_slice(&body) {
        Ok(fault) => fault,
        Err(error) => return Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    };
    match coursekey.order_fault(&fault) {
        Ok(()) => StatusCode::NO_CONTENT.into_response(),
        Err(error) => Problem::unavailable(error).into_response(),
    }
}

fn unknown() -> Response {
    Problem::not_found("the demo has no such school").into_response()
}
