//! Asking the API of the same process, with the rights of whoever looks at the page.

use axum::Router;
use axum::body::Body;
use axum::response::Response;
use form_urlencoded::Serializer;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt as _;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use service::api::Caller;
use tower::ServiceExt as _;

/// The API. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Api(Router);

/// Why the API refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: StatusCode,
    /// What is wrong, and what to do.
    pub(crate) detail: String,
    /// The fields that are wrong, each by its name, with what is wrong.
    pub(crate) fields: Vec<(String, String)>,
}

impl Refusal {
    /// A refusal of the pages' own.
    pub(crate) fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        Self { status, detail: detail.into(), fields: Vec::new() }
    }
}

/// A problem as the API writes it.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    pointer: Option<String>,
    #[serde(default)]
    errors: Vec<FieldProblem>,
}

#[derive(Deserialize)]
struct FieldProblem {
    pointer: String,
    detail: String,
}

/// What stays as it is in a part of a path.
const PLAIN: AsciiSet = NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// A part of a path: an id of any characters.
pub(crate) fn part(id: &str) -> String {
    utf8_percent_encode(id, &PLAIN).to_string()
}

/// The address of a school's things in the API.
pub(crate) fn of_school(school: &str, rest: &[&str]) -> String {
    rest.iter().fold(format!("/v1/schools/{}", part(school)), |path, next| path + "/" + &part(next))
}

/// The address with a query of those pairs that have a value.
pub(crate) fn asked(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = Serializer::new(String::new());
    query.extend_pairs(pairs.iter().filter(|(_, value)| !value.is_empty()));
    let query = query.finish();
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

impl Api {
    pub(crate) fn new(router: Router) -> Self {
        Self(router)
    }

    /// What the API answers to GET.
    pub(crate) async fn get<T: DeserializeOwned>(&self, caller: &Caller, path: &str) -> Result<T, Refusal> {
        let bytes = self.ask(caller, Method::GET, path, Body::empty()).await?;
        read(&bytes)
    }

    /// What the API answers to a body.
    pub(crate) async fn send(
        &self,
        caller: &Caller,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Value, Refusal> {
        let body = if body.is_null() { Body::empty() } else { Body::from(body.to_string()) };
        let bytes = self.ask(caller, method, path, body).await?;
        if bytes.is_empty() { Ok(Value::Null) } else { read(&bytes) }
    }

    /// The API's own response, for streams.
    pub(crate) async fn respond(&self, caller: &Caller, method: Method, path: &str, body: Body) -> Response {
        let request = Request::builder().method(method).uri(path).header(header::CONTENT_TYPE, "application/json");
        let Ok(request) = request.extension(caller.clone()).body(body) else {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::BAD_REQUEST;
            return response;
        };
        match self.0.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        }
    }

    async fn ask(&self, caller: &Caller, method: Method, path: &str, body: Body) -> Result<Vec<u8>, Refusal> {
        let response = self.respond(caller, method, path, body).await;
        let status = response.status();
        let body = response.into_body().collect().await;
        let bytes = body.map(|body| body.to_bytes().to_vec());
        let bytes =
            bytes.map_err(|_| Refusal::new(StatusCode::BAD_GATEWAY, "the service's answer broke off; try again"))?;
        if status.is_success() { Ok(bytes) } else { Err(refusal(status, &bytes)) }
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(bytes).map_err(|error| {
        tracing::error!(%error, "a page cannot read what the API answers");
        Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, "this page does not understand the service; report it")
    })
}

fn refusal(status: StatusCode, bytes: &[u8]) -> Refusal {
    let Ok(problem) = serde_json::from_slice::<Problem>(bytes) else {
        return Refusal::new(status, "the service refused; its log says why");
    };
    let name = |pointer: &str| pointer.trim_start_matches('/').to_owned();
    let mut fields: Vec<(String, String)> =
        problem.errors.into_iter().map(|field| (name(&field.pointer), field.detail)).collect();
    if let Some(pointer) = problem.pointer.filter(|_| fields.is_empty()) {
        fields.push((name(&pointer), problem.detail.clone()));
    }
    Refusal { status, detail: problem.detail, fields }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_any_characters_stay_one_part_of_the_path() {
        assert_eq!(of_school("a", &["courses", "x/../é ?#"]), "/v1/schools/a/courses/x%2F..%2F%C3%A9%20%3F%23");
        assert_eq!(asked("/p", &[("a", "1 &"), ("b", "")]), "/p?a=1+%26");
        assert_eq!(asked("/p", &[("b", "")]), "/p");
    }

    #[test]
    fn a_problem_names_its_fields() {
        let read = |text: &str| refusal(StatusCode::UNPROCESSABLE_ENTITY, text.as_bytes());
        let one = read(r#"{"detail":"too large","pointer":"/weeks-before-start"}"#);
        assert_eq!(one.fields, [("weeks-before-start".to_owned(), "too large".to_owned())]);
        assert_eq!(read("nothing").detail, "the service refused; its log says why");
    }
}
