//! What the API answers when it refuses: a problem in the form of RFC 9457, whose `detail` says what to do and whose
//! `pointer` names the field. No problem repeats a value of a request.

use axum::response::{IntoResponse, Response};
use host::school::{CallError, CallFailure};
use host::store::StoreError;
use http::{HeaderValue, StatusCode, header};
use mirror::book::BookError;
use mirror::form::BadInput;
use serde::Serialize;
use utoipa::ToSchema;

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Problem {
    /// The name of the status.
    title: String,
    /// The HTTP status.
    status: u16,
    /// What is wrong, and what to do.
    detail: String,
    /// The field of the request, as a JSON pointer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pointer: Option<String>,
    /// Every field that is wrong, if more than one is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldProblem>,
}

/// One field that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// The field, as a JSON pointer.
    pointer: String,
    /// What is wrong, and what to do.
    detail: String,
}

impl Problem {
    /// A refusal with this status.
    pub fn new(status: StatusCode, detail: impl Into<String>) -> Self {
        let title = status.canonical_reason().unwrap_or("Refused").to_owned();
        Self { title, status: status.as_u16(), detail: detail.into(), pointer: None, errors: Vec::new() }
    }

    /// The refusal of a field of the request.
    pub fn of_field(status: StatusCode, pointer: &str, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.to_owned()), ..Self::new(status, detail) }
    }

    /// There is nothing at this address.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, detail)
    }

    /// The request itself is no good.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, detail)
    }

    /// Something here does not work now; the same request may succeed later.
    pub fn unavailable(detail: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, format!("{detail}; repeat the request later"))
    }

    /// The status.
    pub fn status(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (self.status(), body).into_response();
        let kind = HeaderValue::from_static("application/problem+json");
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
        match self.status() {
            StatusCode::UNAUTHORIZED => {
                response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
            }
            _ => {}
        }
        response
    }
}

/// A body whose values do not fit.
impl From<BadInput> for Problem {
    fn from(bad: BadInput) -> Self {
        let field = |problem: &mirror::form::Problem| FieldProblem {
            pointer: if problem.field.is_empty() { String::new() } else { format!("/{}", problem.field) },
            detail: problem.what.clone(),
        };
        let errors: Vec<FieldProblem> = bad.problems.iter().map(field).collect();
        let Some(first) = errors.first() else {
            return Self::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "the body cannot be used; compare it with /openapi.json",
            );
        };
        let named = first.pointer.trim_start_matches('/').replace('/', ".");
        let detail =
            if named.is_empty() { format!("the body {}", first.detail) } else { format!("{named} {}", first.detail) };
        let errors = if errors.len() > 1 { errors.clone() } else { Vec::new() };
        Self { pointer: Some(first.pointer.clone()), errors, ..Self::new(StatusCode::UNPROCESSABLE_ENTITY, detail) }
    }
}

/// The storage failed.
impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::error!(%error, "a request met a storage that failed");
        if error.is_passing() { Self::unavailable("the storage does not answer") } else { internal() }
    }
}

/// The school's book failed.
impl From<BookError> for Problem {
    fn from(error: BookError) -> Self {
        match error {
            BookError::Storage(error) => error.into(),
            BookError::NoSchool => Self::not_found("there is no such school; create it with PUT /v1/schools/{school}"),
            error => {
                tracing::error!(%error, "a request met a book that cannot be read");
                internal()
            }
        }
    }
}

/// A call of the component failed and left no trace.
impl From<CallFailure> for Problem {
    fn from(failure: CallFailure) -> Self {
        let status = StatusCode::from_u16(failure.status()).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        match failure {
            CallFailure::Push(_) | CallFailure::Refused(CallError::BadInput(_)) => {
                Self::new(status, failure.to_string())
            }
            CallFailure::Storage(error) => error.into(),
            failure => {
                tracing::error!(%failure, "a call of the component failed");
                Self::unavailable("the component could not finish the call, and nothing of it was kept")
            }
        }
    }
}

fn internal() -> Problem {
    let detail = "the service cannot read what it stored; its log says what; ask whoever runs the service";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, detail)
}
