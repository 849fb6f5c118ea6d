//! The API: `SERVICE.md`'s routes on axum. Each room has the handlers of one kind of thing; what every handler needs is in
//! `request` (paths, lists, bodies) and `caller` (who may do what). The description at `/openapi.json` is made from the
//! handlers and the schemas of a school directory.

mod caller;
mod changes;
mod courses;
mod description;
mod events;
mod explain;
mod holds;
mod overview;
mod preview;
mod probes;
mod records;
mod request;
mod schools;
mod settings;
mod statuses;
mod steer;
mod templates;
mod webhooks;

pub use caller::{Caller, Whose};
pub use overview::Listed;
pub use schools::CourseCounts;

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::middleware;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::problem::Problem;
use crate::service::Service;

/// Bytes of a request's body: a course of 50,000 students fits.
const BODY_BYTES: usize = 32 << 20;

/// How long a request may take, beside the time that a reader of the feed asks to wait.
const PATIENCE: Duration = Duration::from_mins(1);

/// Every route of the service, and those of `more`, which have the same callers and the same limits.
pub fn router(service: Service, more: Router<Service>) -> Router {
    let (router, description) = OpenApiRouter::with_openapi(description::beginning())
        .routes(routes!(schools::list))
        .routes(routes!(schools::put, schools::get, schools::delete))
        .routes(routes!(schools::pause))
        .routes(routes!(schools::resume))
        .routes(routes!(schools::sync))
        .routes(routes!(schools::put_credentials))
        .routes(routes!(settings::change))
        .routes(routes!(courses::list, courses::compare))
        .routes(routes!(courses::get, courses::put, courses::delete))
        .routes(routes!(statuses::list))
        .routes(routes!(statuses::get))
        .routes(routes!(overview::list))
        .routes(routes!(overview::lately))
        .routes(routes!(events::follow))
        .routes(routes!(records::issues))
        .routes(routes!(records::journal))
        .routes(routes!(records::marks))
        .routes(routes!(records::attendance_log))
        .routes(routes!(records::put_mark, records::delete_mark))
        .routes(routes!(holds::list))
        .routes(routes!(holds::decide))
        .routes(routes!(preview::get))
        .routes(routes!(explain::explain))
        .routes(routes!(explain::why_not))
        .routes(routes!(steer::resend))
        .routes(routes!(steer::watch))
        .routes(routes!(steer::check))
        .routes(routes!(changes::list))
        .routes(routes!(changes::acknowledge))
        .routes(routes!(templates::get, templates::put))
        .routes(routes!(templates::about))
        .routes(routes!(templates::preview))
        .routes(routes!(webhooks::receive))
        .routes(routes!(probes::healthz))
        .routes(routes!(probes::readyz))
        .routes(routes!(probes::metrics))
        .split_for_parts();
    let described = description::finish(description);
    router
        .merge(more)
        .route("/openapi.json", axum::routing::get(|| async { description::answer(described) }))
        .fallback(|| async {
            Problem::not_found("there is nothing at this address; /openapi.json lists what there is")
        })
        .method_not_allowed_fallback(|| async {
            Problem::new(StatusCode::METHOD_NOT_ALLOWED, "this address takes other methods; /openapi.json lists them")
        })
        .layer(middleware::from_fn(request::in_time))
        .layer(middleware::from_fn_with_state(service.clone(), caller::check))
        .layer(middleware::from_fn_with_state(service.clone(), request::measure))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(CatchPanicLayer::custom(|_| {
            axum::response::IntoResponse::into_response(Problem::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the service failed in this request; its log says where; report it",
            ))
        }))
        .with_state(service)
}
