//! What is behind a mark, and why something is not there.

use axum::Json;
use axum::extract::State;
use host::school::ClassStudent;
use mirror::explain::{ExplanationForm, FindingForm, Missed};
use serde::Deserialize;
use utoipa::IntoParams;

use super::request::{Asked, In};
use crate::problem::Problem;
use crate::service::Service;

/// Of whom, and of which class.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Of {
    /// The class.
    class: String,
    /// The student.
    student: String,
}

/// What somebody misses: with `class` and `student` a mark or log rows, with `course` and `student` an enrolment, with
/// `class` alone a class at CourseKey, with nothing a mail about issues.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// The class.
    class: Option<String>,
    /// The course.
    course: Option<String>,
    /// The student.
    student: Option<String>,
}

/// Everything behind the attendance of a student in a class: the rule, the visits, the limits in force, the versions of
/// CourseKey's records, and why there is no mark if there is none.
#[utoipa::path(get, path = "/v1/schools/{school}/explain", tag = "review", params(("school" = String, Path), Of),
    responses((status = 200, description = "The explanation", body = Object), (status = 404, description = "There is no such school, or no such class that is judged", body = Problem)))]
pub(super) async fn explain(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(Of { class, student }): Asked<Of>,
) -> Result<Json<ExplanationForm>, Problem> {
    let school = service.school(&id).await?;
    let explanation = school.school.explain(ClassStudent { class, student }).await?;
    let none = || Problem::not_found("no course that GEGI told of has this class, or it is not judged; ask why-not");
    Ok(Json(explanation.ok_or_else(none)?.into()))
}

/// Why something is not there: the first condition that fails, and its cure.
#[utoipa::path(get, path = "/v1/schools/{school}/why-not", tag = "review", params(("school" = String, Path), Wanted),
    responses((status = 200, description = "Whether it is there, and what is missing if it is not", body = Object), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn why_not(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(Wanted { class, course, student }): Asked<Wanted>,
) -> Result<Json<FindingForm>, Problem> {
    let unknown = || Problem::bad_request(format!("nobody knows what is missed; {}", Missed::REMEDY));
    let sought = Missed { class, course, student }.sought().ok_or_else(unknown)?;
    let school = service.school(&id).await?;
    Ok(Json(school.school.why_not(sought).await?.into()))
}
