//! The way in for CourseKey's pushes. CourseKey signs them, so they need no token.

use axum::extract::State;
use host::push::Push;
use host::schedule::Wake;
use host::school::CallFailure;
use host::watchdog::Stage;
use http::{HeaderMap, StatusCode};

use super::request::{Body, In};
use crate::problem::Problem;
use crate::service::Service;

/// Takes a push in the manner of Standard Webhooks. The answer follows the durable write; a repeat is answered alike.
#[utoipa::path(post, path = "/v1/webhooks/{school}/{campus}", tag = "webhooks",
    params(("school" = String, Path), ("campus" = String, Path)),
    request_body(content = String, content_type = "application/json", description = "Attendance records as CourseKey pushes them"),
    responses((status = 202, description = "The push is stored"), (status = 400, description = "The push is malformed", body = Problem),
        (status = 401, description = "The push is unsigned or stale", body = Problem), (status = 413, description = "The push is too large", body = Problem)))]
pub(super) async fn receive(
    State(service): State<Service>,
    In((id, campus)): In<(String, String)>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let most = service.engine().limits().push.body_bytes;
    let body = body.at_most(most)?;
    let unsigned =
        ["webhook-id", "webhook-timestamp", "webhook-signature"].iter().any(|name| !headers.contains_key(*name));
    if unsigned {
        return Err(unknown());
    }
    let push = Push::of_request(&headers, body).map_err(|refusal| {
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
        Problem::new(status, refusal.to_string())
    })?;
    let school = service.school_if_any(&id).await?.ok_or_else(unknown)?;
    school.school.attendance_received(&campus, push).await.map_err(|failure| match failure {
        CallFailure::Push(refusal) if refusal.status() == StatusCode::UNAUTHORIZED.as_u16() => {
            tracing::info!(school = id, %refusal, "a push was not believed");
            service.repeating().failed(school.school.id(), Stage::Pushes, service.clock().now());
            unknown()
        }
        failure => failure.into(),
    })?;
    service.repeating().worked(school.school.id(), Stage::Pushes);
    service.wake(&school, Wake::Changed).await;
    Ok(StatusCode::ACCEPTED)
}

/// Whoever cannot sign learns nothing of which schools there are, or which of them have keys.
fn unknown() -> Problem {
    let detail =
        "no key of this school and campus signed the push within five minutes; compare the push keys and both clocks";
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}
