//! What the pages show of a school: its courses with their heads and statuses, and what happened lately.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Json;
use axum::extract::State;
use host::gegi::{CourseKind, Status};
use host::school::{CourseStatus, StatusPage, StatusQuery};
use host::store::SchoolId;
use mirror::book::CourseHead;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{Asked, In, limit};
use super::schools::CourseCounts;
use super::statuses::{PAGE, StatusAnswer, kind_of, status_of};
use crate::problem::Problem;
use crate::recent::Lately;
use crate::schools::OpenSchool;
use crate::service::Service;

/// The requests and calls of a page whose size nobody asks for.
const LATELY: usize = 20;

/// Which courses somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Wanted {
    /// `group-course` or `clinical-rotation`.
    kind: Option<String>,
    /// `disabled`, `scheduled`, `failed` or `synchronized`.
    status: Option<String>,
    /// Only courses whose id, number, title, group or program has this text, in capitals or not.
    search: Option<String>,
    /// The page begins after this course: `next` of the page before.
    after: Option<String>,
    /// At most so many entries, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
}

/// A course as a list shows it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Row {
    /// What GEGI says of it; null: GEGI has not sent it since this service keeps it.
    #[schema(value_type = Object)]
    head: Option<CourseHead>,
    /// How it stands.
    #[serde(flatten)]
    status: StatusAnswer,
}

/// A page of courses, and how many have each status.
#[derive(Serialize, ToSchema)]
pub(super) struct Overview {
    /// Of all courses of the kind, whatever else is asked for.
    counts: CourseCounts,
    /// How many courses fit what is asked for.
    found: usize,
    /// The courses.
    items: Vec<Row>,
    /// What the next page begins after; null: there is no next page.
    next: Option<String>,
}

/// The courses as Education Group Details and Clinical Rotations list them.
#[utoipa::path(get, path = "/v1/schools/{school}/overview", tag = "overview", params(("school" = String, Path), Wanted),
    responses((status = 200, description = "A page of the courses", body = Overview), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn list(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(wanted): Asked<Wanted>,
) -> Result<Json<Overview>, Problem> {
    let (kind, status) = (kind_of(wanted.kind.as_deref())?, status_of(wanted.status.as_deref())?);
    let limit = limit(wanted.limit)?;
    let filter = Filter { kind, status, search: wanted.search.unwrap_or_default().to_lowercase() };
    let school = service.school(&id).await?;
    let all = every_course(&service, &school).await?;
    let mut counts = CourseCounts::default();
    let of_kind = all.iter().filter(|(_, head)| filter.is_of_kind(head.as_ref()));
    let found: Vec<_> =
        of_kind.inspect(|(status, _)| counts.add(status.status)).filter(|row| filter.takes(row)).collect();
    let behind = |course: &str| wanted.after.as_deref().is_none_or(|after| course > after);
    let mut rows = found.iter().filter(|(status, _)| behind(&status.course));
    let items: Vec<Row> = rows.by_ref().take(limit).map(|row| Row::from(*row)).collect();
    let next = if rows.next().is_some() { items.last().map(|row| row.status.course().to_owned()) } else { None };
    Ok(Json(Overview { counts, found: found.len(), items, next }))
}

/// Every course with its status and what lists show of it, by id.
type EveryCourse = Vec<(CourseStatus, Option<(CourseKind, CourseHead)>)>;

/// The courses of the schools that were looked at last, each as of a commit of the school and one of its book.
#[derive(Default)]
pub struct Listed(Mutex<VecDeque<Kept>>);

/// The courses of a school as of a commit of the school and one of its book.
type Kept = (SchoolId, (u64, u64), Arc<EveryCourse>);

impl Listed {
    /// The schools whose courses are kept.
    const KEPT: usize = 32;

    fn lock(&self) -> MutexGuard<'_, VecDeque<Kept>> {
        // A panic while the lock is held cannot leave a change half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn of(&self, school: &SchoolId, commits: (u64, u64)) -> Option<Arc<EveryCourse>> {
        let kept = self.lock();
        kept.iter().find(|(of, at, _)| of == school && *at == commits).map(|(.., all)| Arc::clone(all))
    }

    fn keep(&self, school: &SchoolId, commits: (u64, u64), all: Arc<EveryCourse>) {
        let mut kept = self.lock();
        kept.retain(|(of, ..)| of != school);
        kept.truncate(Self::KEPT - 1);
        kept.push_front((school.clone(), commits, all));
    }
}

/// Every course of a school, as of its latest commit: read once, whoever asks afterwards.
async fn every_course(service: &Service, school: &OpenSchool) -> Result<Arc<EveryCourse>, Problem> {
    let commits = (school.school.standing().await?.commits, school.book.commits().await?);
    if let Some(all) = service.listed().of(school.school.id(), commits) {
        return Ok(all);
    }
    let (mut all, mut after) = (EveryCourse::new(), None);
    loop {
        let page = StatusPage { after: after.take(), limit: PAGE };
        let found = school.school.statuses(StatusQuery::Page(page)).await?;
        let ids: Vec<&str> = found.iter().map(|status| status.course.as_str()).collect();
        let heads = school.book.heads(&ids).await?;
        after = found.last().filter(|_| found.len() == PAGE as usize).map(|last| last.course.clone());
        all.extend(found.into_iter().zip(heads));
        if after.is_none() {
            break;
        }
    }
    let all = Arc::new(all);
    service.listed().keep(school.school.id(), commits, Arc::clone(&all));
    Ok(all)
}

/// What a course has to be.
struct Filter {
    kind: Option<CourseKind>,
    status: Option<Status>,
    /// In small letters.
    search: String,
}

impl Filter {
    fn is_of_kind(&self, head: Option<&(CourseKind, CourseHead)>) -> bool {
        self.kind.is_none_or(|wanted| head.is_some_and(|(kind, _)| *kind == wanted))
    }

    fn takes(&self, (status, head): &(CourseStatus, Option<(CourseKind, CourseHead)>)) -> bool {
        self.status.is_none_or(|wanted| wanted == status.status) && self.is_searched(&status.course, head.as_ref())
    }

    fn is_searched(&self, id: &str, head: Option<&(CourseKind, CourseHead)>) -> bool {
        let has = |text: &str| text.to_lowercase().contains(&self.search);
        has(id)
            || head.is_some_and(|(_, head)| {
                let texts = [&head.number, &head.title, &head.group, &head.program];
                texts.into_iter().chain(&head.groups).any(|text| has(text))
            })
    }
}

impl From<&(CourseStatus, Option<(CourseKind, CourseHead)>)> for Row {
    fn from((status, head): &(CourseStatus, Option<(CourseKind, CourseHead)>)) -> Self {
        Self { head: head.as_ref().map(|(_, head)| head.clone()), status: status.clone().into() }
    }
}

/// How much of what happened somebody asks for.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HowMuch {
    /// At most so many requests and calls, from 1 to 1,000; 20 if it is missing.
    limit: Option<usize>,
}

/// The last requests and calls of a school in this process, and the requests of each of the last 24 hours.
#[utoipa::path(get, path = "/v1/schools/{school}/lately", tag = "schools", params(("school" = String, Path), HowMuch),
    responses((status = 200, description = "What happened lately", body = Lately), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn lately(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(HowMuch { limit: asked }): Asked<HowMuch>,
) -> Result<Json<Lately>, Problem> {
    let most = asked.map_or(Ok(LATELY), |asked| limit(Some(asked)))?;
    let school = service.school(&id).await?;
    Ok(Json(service.recent().lately(&school.id, most)))
}
