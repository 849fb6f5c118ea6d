//! What machines ask: whether the service lives, whether it can work, and what it has counted.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::header;

use crate::problem::Problem;
use crate::service::Service;

/// Whether the process lives.
#[utoipa::path(get, path = "/healthz", tag = "probes", responses((status = 200, description = "The process lives", body = String)))]
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// Whether the service can work: its storage answers and it is not ending. A second line says so if it left its component.
#[utoipa::path(get, path = "/readyz", tag = "probes", responses((status = 200, description = "The service can work", body = String),
    (status = 503, description = "It cannot work now", body = Problem)))]
pub(super) async fn readyz(State(service): State<Service>) -> Result<String, Problem> {
    if service.is_ending() {
        return Err(Problem::unavailable("the service is ending"));
    }
    service.registry().list(None, 1).await?;
    let left = crate::trial::sentence(service.left_component());
    Ok(left.map_or_else(|| "ready\n".to_owned(), |left| format!("ready\n{left}\n")))
}

/// What the service has counted, in the text form of `OpenMetrics`.
#[utoipa::path(get, path = "/metrics", tag = "probes", responses((status = 200, description = "The metrics", body = String)))]
pub(super) async fn metrics(State(service): State<Service>) -> Response {
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    ([(header::CONTENT_TYPE, kind)], service.metrics().text()).into_response()
}
