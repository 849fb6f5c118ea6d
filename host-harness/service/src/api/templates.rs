//! Admin → Email Templates: the school's own texts, tried on sample values before they are saved.

use axum::Json;
use axum::extract::State;
use host::email::{OwnTexts, Part, Rendered, TemplateError, Templates, built_in_text, is_template};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::request::{Body, In};
use crate::problem::Problem;
use crate::service::Service;

/// The texts of a template.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Texts {
    /// The subject, one line; null: as it ships.
    subject: Option<String>,
    /// The part for people who read plain text; null: as it ships.
    text: Option<String>,
    /// The part for people who read HTML; null: as it ships.
    html: Option<String>,
}

impl Texts {
    fn of(own: &OwnTexts, template: &str) -> Self {
        let part = |wanted: Part| {
            let mut parts = own.parts().filter(|(name, part, _)| *name == template && *part == wanted);
            parts.next().map(|(_, _, text)| text.to_owned())
        };
        Self { subject: part(Part::Subject), text: part(Part::Text), html: part(Part::Html) }
    }

    /// The school's own texts with these in place of the template's.
    fn put_into(self, own: &OwnTexts, template: &str) -> OwnTexts {
        let mut changed = OwnTexts::default();
        for (name, part, text) in own.parts().filter(|(name, _, _)| *name != template) {
            changed.set(name, part, text.to_owned());
        }
        let parts = [(Part::Subject, self.subject), (Part::Text, self.text), (Part::Html, self.html)];
        for (part, text) in parts {
            if let Some(text) = text {
                changed.set(template, part, text);
            }
        }
        changed
    }
}

/// A mail as it would be written.
#[derive(Serialize, ToSchema)]
pub(super) struct Mail {
    /// The subject.
    subject: String,
    /// The part for people who read plain text.
    text: String,
    /// The part for people who read HTML.
    html: String,
}

fn known(template: &str) -> Result<(), Problem> {
    if is_template(template) {
        return Ok(());
    }
    Err(Problem::not_found("there is no such template; Admin → Email Templates has synchronization-issues"))
}

#[allow(clippy::needless_pass_by_value)] // For `map_err`.
fn refused(error: TemplateError) -> Problem {
    Problem::new(StatusCode::UNPROCESSABLE_ENTITY, error.to_string())
}

/// The school's own texts of a template.
#[utoipa::path(get, path = "/v1/schools/{school}/email-templates/{name}", tag = "e-mail templates",
    params(("school" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "The texts", body = Texts), (status = 404, description = "There is no such school or template", body = Problem)))]
pub(super) async fn get(
    State(service): State<Service>,
    In((id, name)): In<(String, String)>,
) -> Result<Json<Texts>, Problem> {
    let school = service.school(&id).await?;
    known(&name)?;
    Ok(Json(Texts::of(&school.book.email_texts().await?, &name)))
}

/// What the author of a template has to know.
#[derive(Serialize, ToSchema)]
pub(super) struct About {
    /// The texts that ship.
    ships: Texts,
    /// The variables that the texts may use.
    variables: Vec<Variable>,
    /// The cells of every row.
    columns: Vec<Variable>,
}

/// A variable of a template, or a cell of its rows.
#[derive(Serialize, ToSchema)]
pub(super) struct Variable {
    /// The name as templates write it.
    name: String,
    /// What it means.
    meaning: String,
    /// `text`, `number` or `rows`.
    kind: &'static str,
}

/// The texts of a template that ship, and its variables.
#[utoipa::path(get, path = "/v1/schools/{school}/email-templates/{name}/variables", tag = "e-mail templates",
    params(("school" = String, Path), ("name" = String, Path)),
    responses((status = 200, description = "Texts and variables", body = About), (status = 404, description = "There is no such school or template", body = Problem)))]
pub(super) async fn about(
    State(service): State<Service>,
    In((id, name)): In<(String, String)>,
) -> Result<Json<About>, Problem> {
    service.school(&id).await?;
    known(&name)?;
    let templates = Templates::built_in().map_err(refused)?;
    let documentation = templates.documentation(&name).map_err(refused)?;
    let ships = |part| built_in_text(&name, part).map(str::to_owned);
    let variables = documentation.variables.iter();
    let columns = documentation.columns.iter();
    Ok(Json(About {
        ships: Texts { subject: ships(Part::Subject), text: ships(Part::Text), html: ships(Part::Html) },
        variables: variables
            .map(|one| Variable { name: one.name.clone(), meaning: one.meaning.clone(), kind: one.kind() })
            .collect(),
        columns: columns
            .map(|one| Variable { name: one.name.clone(), meaning: one.meaning.clone(), kind: "text" })
            .collect(),
    }))
}

/// Saves the school's own texts of a template, if they can be used.
#[utoipa::path(put, path = "/v1/schools/{school}/email-templates/{name}", tag = "e-mail templates",
    params(("school" = String, Path), ("name" = String, Path)), request_body = Texts,
    responses((status = 204, description = "Mails are written with these texts"), (status = 404, description = "There is no such school or template", body = Problem),
        (status = 422, description = "The texts cannot be used", body = Problem)))]
pub(super) async fn put(
    State(service): State<Service>,
    In((id, name)): In<(String, String)>,
    body: Body,
) -> Result<StatusCode, Problem> {
    let school = service.school(&id).await?;
    known(&name)?;
    let texts: Texts = body.checked(&service.schemas().bodies.template)?;
    let own = texts.put_into(&school.book.email_texts().await?, &name);
    Templates::check(&own).map_err(refused)?;
    school.book.put_email_texts(&own).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes a mail with these texts from sample values, and saves nothing.
#[utoipa::path(post, path = "/v1/schools/{school}/email-templates/{name}/preview", tag = "e-mail templates",
    params(("school" = String, Path), ("name" = String, Path)), request_body = Texts,
    responses((status = 200, description = "The mail", body = Mail), (status = 404, description = "There is no such school or template", body = Problem),
        (status = 422, description = "The texts cannot be used", body = Problem)))]
pub(super) async fn preview(
    State(service): State<Service>,
    In((id, name)): In<(String, String)>,
    body: Body,
) -> Result<Json<Mail>, Problem> {
    let school = service.school(&id).await?;
    known(&name)?;
    let texts: Texts = body.checked(&service.schemas().bodies.template)?;
    let own = texts.put_into(&school.book.email_texts().await?, &name);
    Templates::check(&own).map_err(refused)?;
    let Rendered { subject, text, html } =
        Templates::of_school(own).and_then(|all| all.preview(&name)).map_err(refused)?;
    Ok(Json(Mail { subject, text, html }))
}
