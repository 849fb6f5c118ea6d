//! School Settings, changed one by one by the school itself. GEGI states a whole school with `PUT /v1/schools/{school}`.

use axum::Json;
use axum::extract::State;
use host::gegi::SchoolSettings;
use host::schedule::Wake;
use mirror::book::PersonAct;
use mirror::form::SettingsChange;
use serde::Deserialize;
use utoipa::IntoParams;

use super::request::{Asked, Body, In};
use crate::problem::Problem;
use crate::service::Service;

/// Who changes settings.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct By {
    /// Who does it, for the System Journal; `the API` if it is missing.
    by: Option<String>,
}

/// Changes the settings that the body names, and no others.
#[utoipa::path(patch, path = "/v1/schools/{school}/settings", tag = "schools", params(("school" = String, Path), By),
    request_body(content = ref("#/components/schemas/Settings"), content_type = "application/json"),
    responses((status = 200, description = "The settings, without the initial user password", body = Object),
        (status = 404, description = "There is no such school", body = Problem),
        (status = 422, description = "A value does not fit", body = Problem)))]
pub(super) async fn change(
    State(service): State<Service>,
    In(id): In<String>,
    Asked(By { by }): Asked<By>,
    body: Body,
) -> Result<Json<SettingsChange>, Problem> {
    let school = service.school(&id).await?;
    let change: SettingsChange = body.checked(&service.schemas().bodies.settings)?;
    let before = school.book.settings_if_any().await?;
    let before = before.ok_or_else(|| Problem::unavailable("the school is being created"))?;
    let mut settings = before.clone();
    change.apply(&mut settings);
    if settings != before {
        let every = settings.update_every_minutes;
        let saved = SchoolSettings { saved_at: Some(service.now()), ..settings.clone() };
        school.book.put_settings(&saved).await?;
        let by = by.as_deref().unwrap_or("the API");
        let new = change.keys().join(", ");
        let act = PersonAct { what: "settings", class: None, student: None, new: Some(&new), by };
        school.book.write_journal(act).await?;
        service.runs().change(school.school.id(), every, &service);
        service.wake(&school, Wake::Changed).await;
    }
    Ok(Json(SettingsChange::of(&settings)))
}
