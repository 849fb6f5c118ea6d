//! Schools: created, changed, paused and removed while the service runs.

use axum::Json;
use axum::extract::State;
use host::gegi::SchoolSettings;
use host::schedule::Wake;
use host::school::{StatusPage, StatusQuery};
use http::StatusCode;
use mirror::form::{CampusForm, Place, Problems, SchoolForm, SettingsChange, check_campuses};
use mirror::lines::rfc3339;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::request::{Asked, Body, In, Items, Listing};
use crate::problem::Problem;
use crate::registry::{Records, Registry};
use crate::runner::Seen;
use crate::schools::OpenSchool;
use crate::service::Service;

/// A school as GEGI states it.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct SchoolRequest {
    name: String,
    #[serde(default = "yes")]
    enabled: bool,
    coursekey_url: String,
    campuses: Vec<CampusForm>,
    #[serde(default)]
    settings: SettingsChange,
    #[serde(default)]
    records: Records,
}

fn yes() -> bool {
    true
}

/// A school as the service holds it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
pub(super) struct SchoolAnswer {
    /// The school's id.
    id: String,
    /// The school's name.
    name: String,
    /// Whether customer care has switched the integration on.
    enabled: bool,
    /// Origin and path prefix of CourseKey's API.
    coursekey_url: String,
    /// The campuses.
    #[schema(value_type = Vec<Object>)]
    campuses: Vec<CampusForm>,
    /// The settings, without the initial user password.
    #[schema(value_type = Object)]
    settings: SettingsChange,
    /// Where GEGI's records are kept.
    records: Records,
    /// `running`, `paused` or `failing`.
    state: &'static str,
    /// When the last tick ended.
    last_tick: Option<String>,
    /// When the next tick is due, if nothing happens before.
    next_tick: Option<String>,
    /// Why the last tick failed, or which stage is stuck.
    last_error: Option<String>,
    /// How many courses have each status.
    courses: CourseCounts,
}

/// How many courses have each status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct CourseCounts {
    disabled: u64,
    scheduled: u64,
    failed: u64,
    synchronized: u64,
}

impl CourseCounts {
    pub(super) fn add(&mut self, status: host::gegi::Status) {
        use host::gegi::Status;
        *match status {
            Status::Disabled => &mut self.disabled,
            Status::Scheduled => &mut self.scheduled,
            Status::Failed => &mut self.failed,
            Status::Synchronized => &mut self.synchronized,
        } += 1;
    }
}

/// The schools, by id.
#[utoipa::path(get, path = "/v1/schools", tag = "schools", params(Listing),
    responses((status = 200, description = "A page of the schools", body = Items<SchoolAnswer>)))]
pub(super) async fn list(
    State(service): State<Service>,
    Asked(listing): Asked<Listing>,
) -> Result<Json<Items<SchoolAnswer>>, Problem> {
    let limit = listing.limit()?;
    let found = service.registry().list(listing.after.as_deref(), limit).await?;
    let next = if found.len() == limit { found.last().map(|(id, _)| id.clone()) } else { None };
    let mut items = Vec::with_capacity(found.len());
    for (id, registered) in found {
        let school = service.schools().open(&id, &registered);
        items.push(answer(&service, &school, registered.paused).await?);
    }
    Ok(Json(Items { items, next }))
}

/// A school.
#[utoipa::path(get, path = "/v1/schools/{school}", tag = "schools", params(("school" = String, Path)),
    responses((status = 200, description = "The school", body = SchoolAnswer), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn get(State(service): State<Service>, In(id): In<String>) -> Result<Json<SchoolAnswer>, Problem> {
    let school = service.school(&id).await?;
    let paused = service.registry().get(&id).await?.is_some_and(|registered| registered.paused);
    Ok(Json(answer(&service, &school, paused).await?))
}

/// Creates a school, or changes it.
#[utoipa::path(put, path = "/v1/schools/{school}", tag = "schools", params(("school" = String, Path)),
    request_body(content = ref("#/components/schemas/SchoolRequest"), content_type = "application/json"),
    responses((status = 201, description = "The school was created", body = SchoolAnswer),
        (status = 200, description = "The school was changed", body = SchoolAnswer),
        (status = 422, description = "A value does not fit", body = Problem)))]
pub(super) async fn put(
    State(service): State<Service>,
    In(id): In<String>,
    body: Body,
) -> Result<(StatusCode, Json<SchoolAnswer>), Problem> {
    if !Registry::is_id(&id) {
        let detail =
            "the school's id is not fit; use 1 to 64 letters, digits, `-` and `_`, beginning with a letter or digit";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail));
    }
    let request: SchoolRequest = body.checked(&service.schemas().school)?;
    let records = request.records;
    let settings = settings_of(&service, request)?;
    let (registered, created) = service.registry().put(&id, records).await?;
    let school = service.schools().open(&id, &registered);
    let before = school.book.settings_if_any().await?;
    let saved = SchoolSettings { saved_at: Some(service.now()), ..settings };
    let same = before.is_some_and(|before| before == SchoolSettings { saved_at: before.saved_at, ..saved.clone() });
    if !same {
        school.book.put_settings(&saved).await?;
    }
    service.leases().add(school.school.id()).await?;
    service.claims().notify_one();
    if !created {
        let every = saved.update_every_minutes;
        service.runs().change(school.school.id(), every, &service);
        service.wake(&school, Wake::Changed).await;
    }
    let status = if created { StatusCode::CREATED } else { StatusCode::OK };
    Ok((status, Json(answer(&service, &school, registered.paused).await?)))
}

/// The settings of a request, if they fit and lie within the operator's ceiling.
fn settings_of(service: &Service, request: SchoolRequest) -> Result<SchoolSettings, Problem> {
    let SchoolRequest { name, enabled, coursekey_url, campuses, settings, records: _ } = request;
    let form = SchoolForm { name, enabled, coursekey_url: Some(coursekey_url), campuses, settings };
    let settings = form.into_settings();
    let mut problems = Problems::default();
    let place = Place::file("the body");
    check_campuses(&settings, "campuses", &|_| place.clone(), &mut problems);
    if let Err(denial) = service.schools().check(&settings) {
        problems.add(&place, "coursekey-url", format!("is refused by {denial}"));
    }
    Ok(problems.unless_any(Some(settings))?)
}

/// Removes a school with everything that is stored of it.
#[utoipa::path(delete, path = "/v1/schools/{school}", tag = "schools", params(("school" = String, Path)),
    responses((status = 204, description = "Nothing of the school is stored any more"), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn delete(State(service): State<Service>, In(id): In<String>) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    // First nobody ticks the school and nobody finds it any more, then its rows go.
    service.registry().remove(&id, school.school.id()).await?;
    service.leases().remove(school.school.id()).await?;
    service.runs().end(&service, school.school.id()).await;
    service.schools().remove(&id, &school.registered).await.map_err(|error| {
        tracing::error!(school = id, %error, "a school was not removed whole");
        Problem::unavailable("the school is gone, but not all of its rows; create and remove it again")
    })?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pauses a school: nothing is sent and nothing is fetched until it is resumed.
#[utoipa::path(post, path = "/v1/schools/{school}/pause", tag = "schools", params(("school" = String, Path)),
    responses((status = 202, description = "The school pauses"), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn pause(State(service): State<Service>, In(id): In<String>) -> Result<StatusCode, Problem> {
    set_paused(&service, &id, true).await
}

/// Lets a paused school go on.
#[utoipa::path(post, path = "/v1/schools/{school}/resume", tag = "schools", params(("school" = String, Path)),
    responses((status = 202, description = "The school goes on"), (status = 404, description = "There is no such school", body = Problem)))]
pub(super) async fn resume(State(service): State<Service>, In(id): In<String>) -> Result<StatusCode, Problem> {
    set_paused(&service, &id, false).await
}

async fn set_paused(service: &Service, id: &str, paused: bool) -> Result<StatusCode, Problem> {
    let school = service.school(id).await?;
    service.registry().pause(id, paused).await?;
    service.runs().pause(school.school.id(), paused, service);
    service.wake(&school, Wake::Changed).await;
    Ok(StatusCode::ACCEPTED)
}

/// Which course somebody asks to have synchronized.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Sync {
    /// The course; the tick takes whatever is due, this course included.
    course: Option<String>,
}

/// Ticks now.
#[utoipa::path(post, path = "/v1/schools/{school}/sync", tag = "schools", params(("school" = String, Path), Sync),
    responses((status = 202, description = "The school is ticked"), (status = 404, description = "There is no such school or course", body = Problem)))]
pub(super) async fn sync(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(sync): Asked<Sync>,
) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    if let Some(course) = sync.course
        && school.book.revision_of(&course).await?.is_none()
    {
        return Err(Problem::not_found("GEGI has sent no such course; send it with PUT"));
    }
    service.wake(&school, Wake::Asked).await;
    Ok(StatusCode::ACCEPTED)
}

/// The credentials of a campus.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Credentials {
    key: String,
    #[serde(default)]
    push_keys: Vec<String>,
}

/// Replaces the credentials of a campus, which are never read back and count at once.
#[utoipa::path(put, path = "/v1/schools/{school}/campuses/{campus}/credentials", tag = "schools",
    params(("school" = String, Path), ("campus" = String, Path)),
    request_body(content = ref("#/components/schemas/Credentials"), content_type = "application/json"),
    responses((status = 204, description = "The credentials count from now on"),
        (status = 404, description = "There is no such school or campus", body = Problem),
        (status = 422, description = "A key does not have its form", body = Problem)))]
pub(super) async fn put_credentials(
    State(service): State<Service>,
    In((id, campus)): In<(String, String)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    let settings = school.book.settings_if_any().await?;
    if !settings.is_some_and(|settings| settings.campuses.iter().any(|known| known.id == campus)) {
        return Err(Problem::not_found("the school has no such campus; name it in PUT /v1/schools/{school}"));
    }
    let Credentials { key, push_keys } = body.checked(&service.schemas().bodies.credentials)?;
    if !key.chars().all(|c| c.is_ascii_graphic()) {
        let detail = "key has a character that no header may carry; write printable characters without blanks";
        return Err(Problem::of_field(StatusCode::UNPROCESSABLE_ENTITY, "/key", detail));
    }
    let put = service.schools().secrets().put_credentials(&id, &campus, &key, &push_keys);
    put.map_err(|error| match error {
        crate::secrets::SecretsError::BadPushKeys(_) => {
            let detail = "push-keys are not of their form; write whsec_ and the base64 of 24 to 64 bytes, at most two";
            Problem::of_field(StatusCode::UNPROCESSABLE_ENTITY, "/push-keys", detail)
        }
        error => {
            tracing::error!(school = id, %error, "credentials could not be stored");
            Problem::unavailable("the service cannot store credentials")
        }
    })?;
    service.wake(&school, Wake::Changed).await;
    Ok(StatusCode::NO_CONTENT)
}

async fn answer(service: &Service, school: &OpenSchool, paused: bool) -> Result<SchoolAnswer, Problem> {
    let settings = school.book.settings_if_any().await?;
    let settings = settings.ok_or_else(|| Problem::unavailable("the school is being created"))?;
    let Seen { last_tick, next_tick, last_error, is_failing } = service.seen(school).await?;
    let stuck = service.registry().alarms(school.school.id()).await?.sentence();
    let state = match (paused, is_failing || stuck.is_some()) {
        (true, _) => "paused",
        (false, true) => "failing",
        (false, false) => "running",
    };
    Ok(SchoolAnswer {
        id: school.id.clone(),
        name: settings.name.clone(),
        enabled: settings.enabled,
        coursekey_url: settings.coursekey_url.clone(),
        campuses: settings.campuses.iter().map(CampusForm::from).collect(),
        settings: SettingsChange::of(&settings),
        records: school.registered.records,
        state,
        last_tick: last_tick.map(|at| rfc3339(at.timestamp())),
        next_tick: next_tick.filter(|_| !paused).map(|at| rfc3339(at.timestamp())),
        last_error: stuck.or(last_error),
        courses: counts(service, school).await?,
    })
}

/// How many courses have each status, as of the school's latest commit.
async fn counts(service: &Service, school: &OpenSchool) -> Result<CourseCounts, Problem> {
    let commits = school.school.standing().await?.commits;
    if let Some(counts) = service.runs().counts(school.school.id(), commits) {
        return Ok(counts);
    }
    let (mut counts, mut after) = (CourseCounts::default(), None);
    loop {
        let page = StatusPage { after: after.clone(), limit: super::statuses::PAGE };
        let found = school.school.statuses(StatusQuery::Page(page)).await?;
        for status in &found {
            counts.add(status.status);
        }
        match found.last().filter(|_| found.len() == super::statuses::PAGE as usize) {
            Some(last) => after = Some(last.course.clone()),
            None => break,
        }
    }
    service.runs().keep_counts(school.school.id(), commits, counts);
    Ok(counts)
}
