//! The pages, one room for each. A page asks the API for what it shows; a form sends the API what it changes and leads back
//! to the page.

mod activity;
mod attendance;
mod course;
mod courses;
mod demo;
mod holds;
mod issues;
mod journal;
mod log;
pub(crate) mod login;
mod next;
mod schools;
mod settings;
mod student;
mod templates;
mod watch;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use http::Method;

use crate::Console;
use crate::api::{Refusal, of_school};
use crate::layout::{self, Frame};
use crate::visitor::Visitor;

/// A page, or the page that says why there is none.
type Answer = Result<Response, Refused>;

/// A refusal with the visitor who gets it.
pub(crate) struct Refused(Visitor, Refusal);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        layout::refused(&self.0, &self.1)
    }
}

/// The pages of visitors who were let in.
pub(crate) fn routes() -> Router<Console> {
    let of_school = Router::new()
        .route("/courses", get(courses::groups))
        .route("/rotations", get(courses::rotations))
        .route("/courses/{course}", get(course::show))
        .route("/courses/{course}/send-option", post(course::set_option))
        .route("/courses/{course}/resend", post(course::resend))
        .route("/attendance", get(attendance::choose))
        .route("/attendance/{course}", get(attendance::classes))
        .route("/attendance/{course}/{class}", get(attendance::class))
        .route("/attendance/{course}/{class}/{student}", get(student::show).post(student::set_mark))
        .route("/log", get(log::show))
        .route("/last-attended", get(watch::show))
        .route("/issues", get(issues::show))
        .route("/holds", get(holds::show).post(holds::decide))
        .route("/next", get(next::show).post(next::sync))
        .route("/settings", get(settings::show).post(settings::save))
        .route("/templates", get(templates::show).post(templates::send))
        .route("/journal", get(journal::show))
        .route("/activity", get(activity::show))
        .route("/state", post(schools::set_state))
        .route("/events", get(events));
    Router::new()
        .route("/console", get(schools::show))
        .route("/console/leave", post(login::leave))
        .route("/console/demo", get(demo::show).post(demo::happen))
        .route("/console/demo/clock", get(demo::clock).post(demo::set_clock))
        .nest("/console/schools/{school}", of_school)
}

impl Console {
    /// What a page of a school begins with.
    async fn frame(&self, visitor: Visitor, school: &str) -> Result<Frame, Refused> {
        if !visitor.caller.sees(school) {
            let detail = "your token is that of another school; leave, and enter with a token of this one";
            return Err(Refused(visitor, Refusal::new(http::StatusCode::FORBIDDEN, detail)));
        }
        let found = self.api.get(&visitor.caller, &of_school(school, &[])).await;
        let is_demo = self.is_demo(&visitor).await;
        match found {
            Ok(school) => Ok(Frame { visitor, school: Some(school), is_demo }),
            Err(refusal) => Err(Refused(visitor, refusal)),
        }
    }

    /// What a page of the operator begins with.
    async fn operators_frame(&self, visitor: Visitor) -> Result<Frame, Refused> {
        if !visitor.is_operator() {
            return Err(Refused(visitor, Refusal::new(http::StatusCode::FORBIDDEN, "this page is the operator's")));
        }
        let is_demo = self.is_demo(&visitor).await;
        Ok(Frame { visitor, school: None, is_demo })
    }

    async fn is_demo(&self, visitor: &Visitor) -> bool {
        visitor.is_operator() && self.api.get::<serde_json::Value>(&visitor.caller, "/demo/clock").await.is_ok()
    }
}

impl Frame {
    /// The page of a refusal.
    fn refused(&self, refusal: Refusal) -> Refused {
        Refused(self.visitor.clone(), refusal)
    }

    /// The school; the frame of a page of a school has one.
    fn of(&self) -> Result<&crate::told::School, Refused> {
        let missing = || Refusal::new(http::StatusCode::NOT_FOUND, "there is no such school");
        self.school.as_ref().ok_or_else(|| self.refused(missing()))
    }
}

/// Back to a page after its form was sent.
fn back_to(address: &str) -> Response {
    Redirect::to(address).into_response()
}

/// Tells the page of every change, so that it shows the school as it is now.
async fn events(State(console): State<Console>, visitor: Visitor, Path(school): Path<String>) -> Response {
    console.api.respond(&visitor.caller, Method::GET, &of_school(&school, &["events"]), Body::empty()).await
}
