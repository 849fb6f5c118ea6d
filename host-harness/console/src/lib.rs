//! The pages that schools and operators look at. They know nothing of the plugin, the storage or the runner: whatever they
//! show or change goes through the API of the same process, with the rights of whoever looks.
//!
//! Reading order: `seal` and `visitor` (who looks, and what keeps others out), `api` and `told` (asking the API, and what it
//! answers), `layout`, `pieces`, `drawing` and `moment` (what pages are made of), `pages` (one room for each), `assets`
//! (style and script).

// Markup is handed over where it is written.
#![allow(clippy::needless_pass_by_value)]

mod api;
mod assets;
mod drawing;
mod layout;
mod moment;
mod pages;
mod pieces;
mod seal;
mod told;
mod visitor;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::Redirect;
use axum::routing::get;
use service::service::Service;

use api::Api;
use seal::Seal;

/// What every page uses. Cheap to clone.
#[derive(Clone)]
struct Console {
    service: Service,
    api: Api,
    seal: Seal,
}

/// The pages below `/console`, and the API at every other address.
pub fn in_front_of(service: &Service, api: Router) -> Router {
    let seal = Seal::new(service);
    let console = Console { service: service.clone(), api: Api::new(api.clone()), seal };
    let open = Router::new()
        .route("/console/login", get(pages::login::show).post(pages::login::enter))
        .route("/console/assets/{name}", get(assets::send));
    Router::new()
        .merge(pages::routes())
        .route_layer(from_fn_with_state(console.clone(), visitor::admit))
        .merge(open)
        .layer(from_fn(layout::guard))
        .with_state(console)
        .route("/", get(|| async { Redirect::to("/console") }))
        .fallback_service(api)
}
