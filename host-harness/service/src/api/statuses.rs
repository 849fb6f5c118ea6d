//! The status of every course, with its reason.

use axum::Json;
use axum::extract::State;
use host::gegi::{CourseKind, Status};
use host::school::{CourseStatus, StatusPage, StatusQuery};
use mirror::lines::{IssueLine, rfc3339};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{Asked, In, Items, limit};
use crate::problem::Problem;
use crate::schools::OpenSchool;
use crate::service::{Service, of_course};

/// The most courses that one call of the component answers for.
pub(super) const PAGE: u32 = 500;

/// The status of a course.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct StatusAnswer {
    /// The course.
    course: String,
    /// `disabled`, `scheduled`, `failed` or `synchronized`.
    status: &'static str,
    /// The reason of the status, for the tooltip.
    reason: Option<String>,
    /// Since when the course has this status.
    since: String,
    /// When the course's synchronization begins.
    opens: Option<String>,
    /// When the course's synchronization ends.
    closes: Option<String>,
    /// Whether the course is sent to CourseKey.
    send_to_coursekey: bool,
    /// Whether Send to CourseKey cannot be switched off any more.
    locked: bool,
    /// Up to when the course's attendance was read whole; null: it was never read.
    complete_until: Option<String>,
    /// The open issues about data of the course that cannot be sent.
    #[schema(value_type = Vec<Object>)]
    issues: Vec<IssueLine>,
}

impl StatusAnswer {
    /// The course.
    pub(super) fn course(&self) -> &str {
        &self.course
    }
}

impl From<CourseStatus> for StatusAnswer {
    fn from(status: CourseStatus) -> Self {
        let since = status.since;
        Self {
            course: status.course,
            status: status.status.word(),
            reason: status.reason,
            since: rfc3339(since),
            opens: status.opens.map(rfc3339),
            closes: status.closes.map(rfc3339),
            send_to_coursekey: status.send_to_coursekey,
            locked: status.option_locked,
            complete_until: status.complete_until.map(rfc3339),
            issues: status.issues.iter().map(|issue| IssueLine::open(issue, since)).collect(),
        }
    }
}

/// Which statuses somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `group-course` or `clinical-rotation`.
    kind: Option<String>,
    /// `disabled`, `scheduled`, `failed` or `synchronized`.
    status: Option<String>,
    /// The page begins after this course: `next` of the page before.
    after: Option<String>,
    /// At most so many entries, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
}

/// The kind of course that a word names.
pub(super) fn kind_of(word: Option<&str>) -> Result<Option<CourseKind>, Problem> {
    match word {
        None => Ok(None),
        Some("group-course") => Ok(Some(CourseKind::GroupCourse)),
        Some("clinical-rotation") => Ok(Some(CourseKind::ClinicalRotation)),
        Some(_) => Err(Problem::bad_request("kind is no word known here; write group-course or clinical-rotation")),
    }
}

/// The status that a word names.
pub(super) fn status_of(word: Option<&str>) -> Result<Option<Status>, Problem> {
    let all = [Status::Disabled, Status::Scheduled, Status::Failed, Status::Synchronized];
    let Some(word) = word else { return Ok(None) };
    let found = all.into_iter().find(|status| status.word() == word);
    found.map(Some).ok_or_else(|| {
        Problem::bad_request("status is no word known here; write disabled, scheduled, failed or synchronized")
    })
}

/// The statuses of the courses.
#[utoipa::path(get, path = "/v1/schools/{school}/status", tag = "statuses", params(("school" = String, Path), Wanted),
    responses((status = 200, description = "A page of the statuses", body = Items<StatusAnswer>), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn list(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Items<StatusAnswer>>, Problem> {
    let (kind, status) = (kind_of(wanted.kind.as_deref())?, status_of(wanted.status.as_deref())?);
    let limit = limit(wanted.limit)?;
    let school = service.school(&id).await?;
    let (mut items, mut after) = (Vec::new(), wanted.after);
    loop {
        let page = StatusPage { after: after.clone(), limit: PAGE };
        let found = school.school.statuses(StatusQuery::Page(page)).await?;
        let is_last = found.len() < PAGE as usize;
        for course in found {
            if items.len() == limit {
                return Ok(Json(Items { items, next: after }));
            }
            after = Some(course.course.clone());
            if status.is_none_or(|status| status == course.status) && is_of_kind(&school, &course.course, kind).await? {
                items.push(course.into());
            }
        }
        if is_last {
            return Ok(Json(Items { items, next: None }));
        }
    }
}

async fn is_of_kind(school: &OpenSchool, course: &str, kind: Option<CourseKind>) -> Result<bool, Problem> {
    let Some(kind) = kind else { return Ok(true) };
    Ok(school.book.revision_of(course).await?.is_some_and(|(_, held)| held == kind))
}

/// The status of one course.
#[utoipa::path(get, path = "/v1/schools/{school}/courses/{course}/status", tag = "statuses",
    params(("school" = String, Path), ("course" = String, Path)),
    responses((status = 200, description = "The status", body = StatusAnswer), (status = 404, description = "There is no such school or course", body = Problem)))]
pub(super) async fn get(
    State(service): State<Service>,
    In((id, course)): In<(String, String)>,
) -> Result<Json<StatusAnswer>, Problem> {
    let school = service.school(&id).await?;
    let found = school.school.statuses(of_course(&course)).await?;
    let found = found.into_iter().next();
    found
        .map(|status| Json(status.into()))
        .ok_or_else(|| Problem::not_found("GEGI has sent no such course; send it with PUT"))
}
