//! CourseKey's HTTP as `coursekey.openapi.yaml` states it: one request in, one answer out, no socket and no clock.
//!
//! This file has routes, credentials and upserts. Not here: reading lists (`listing`) and judging items (`rules`).

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderValue, Method, Request, Response, StatusCode};
use serde::Serialize;

use super::Simulator;
use super::items::{Batch, Course, Enrollment, Results, SessionItem, UserItem};
use super::kind::Kind;
use super::listing;
use super::log::{Entry, Event, Method as LoggedMethod};
use super::rules::{self, Desk, Item};

/// The most items of a batch.
pub(super) const MAX_ITEMS: usize = 100;
/// The most bytes of a body.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The school and the list that a path names.
#[derive(Clone, Copy)]
pub(super) struct Route {
    pub(super) school: u64,
    pub(super) kind: Kind,
}

impl Route {
    /// The route of `{any prefix}/schools/{number}` or `{any prefix}/schools/{number}/{list}`.
    pub(super) fn of(path: &str) -> Option<Self> {
        let (_, rest) = path.rsplit_once("/schools/")?;
        let (number, kind) = match rest.split_once('/') {
            None => (rest, Kind::Connection),
            Some((number, segment)) => (number, Kind::of_segment(segment)?),
        };
        Some(Self { school: number.parse().ok()?, kind })
    }
}

/// Why a request is refused as a whole.
pub(super) enum Problem {
    /// 400, with the part of the request that cannot be read.
    NotUnderstood(String),
    /// 401: no school has the key.
    UnknownKey,
    /// 403: another school has the key.
    KeyOfAnotherSchool,
    /// 404: no school or list has this path.
    NotFound,
    /// 405: the list does not support the method.
    MethodNotAllowed,
    /// 413: the body is too large.
    TooLarge,
    /// 500: the answer could not be made, or the change could not be written to the file.
    Internal,
}

#[derive(Serialize)]
struct ProblemBody {
    error: ProblemText,
}

#[derive(Serialize)]
struct ProblemText {
    code: &'static str,
    message: String,
}

impl Problem {
    fn response(self) -> Response<Bytes> {
        let (status, code, message) = match self {
            Self::NotUnderstood(what) => (400, "not_understood", what),
            Self::UnknownKey => (401, "unknown_key", "the auth key is missing, wrong or revoked".to_owned()),
            Self::KeyOfAnotherSchool => (403, "other_school", "the auth key is another school's".to_owned()),
            Self::NotFound => (404, "not_found", "there is no such school or list".to_owned()),
            Self::MethodNotAllowed => (405, "method_not_allowed", "this list is not written to".to_owned()),
            Self::TooLarge => (413, "too_large", format!("at most {MAX_ITEMS} items and {MAX_BODY_BYTES} bytes")),
            Self::Internal => (500, "internal", "nothing more can be stored".to_owned()),
        };
        problem(status, code, message)
    }
}

/// The answer to a body that is too large to be read to its end.
#[cfg(feature = "http")]
pub(super) fn too_large_response() -> Response<Bytes> {
    Problem::TooLarge.response()
}

/// An answer of the server itself.
#[cfg(feature = "http")]
pub(super) fn json_response(status: u16, body: Bytes) -> Response<Bytes> {
    response(StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), body)
}

/// The answer that a fault makes.
pub(super) fn fault_response(status: u16, retry_after: Option<u32>) -> Response<Bytes> {
    let mut response = problem(status, "unavailable", "try again later".to_owned());
    if let Some(seconds) = retry_after {
        response.headers_mut().insert(http::header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn problem(status: u16, code: &'static str, message: String) -> Response<Bytes> {
    let body = ProblemBody { error: ProblemText { code, message } };
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response(status, json(&body).unwrap_or_default())
}

fn response(status: StatusCode, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The value as a body.
pub(super) fn json(value: &impl Serialize) -> Result<Bytes, Problem> {
    serde_json::to_vec(value).map(Bytes::from).map_err(|_| Problem::Internal)
}

/// Answers the request, and stores the items of an upsert.
pub(super) fn respond(simulator: &mut Simulator, now: DateTime<Utc>, request: &Request<Bytes>) -> Response<Bytes> {
    match answer(simulator, now, request) {
        Ok(body) => response(StatusCode::OK, body),
        Err(problem) => problem.response(),
    }
}

fn answer(simulator: &mut Simulator, now: DateTime<Utc>, request: &Request<Bytes>) -> Result<Bytes, Problem> {
    let route = Route::of(request.uri().path()).ok_or(Problem::NotFound)?;
    let count = simulator.counts.entry(route.kind).or_default();
    match *request.method() {
        Method::GET => count.reads += 1,
        _ => count.writes += 1,
    }
    authorize(simulator, route.school, request)?;
    match (request.method(), route.kind) {
        (&Method::GET, kind) => listing::read(simulator, now, route.school, kind, request.uri()),
        (&Method::PUT, Kind::Users) => put::<UserItem>(simulator, now, route.school, request.body()),
        (&Method::PUT, Kind::Courses) => put::<Course>(simulator, now, route.school, request.body()),
        (&Method::PUT, Kind::Sessions) => put::<SessionItem>(simulator, now, route.school, request.body()),
        (&Method::PUT, Kind::Enrollments) => put::<Enrollment>(simulator, now, route.school, request.body()),
        _ => Err(Problem::MethodNotAllowed),
    }
}

/// Refuses an unknown key before looking for the school, so that such a key learns nothing about schools.
fn authorize(simulator: &Simulator, number: u64, request: &Request<Bytes>) -> Result<(), Problem> {
    let header = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let key = header.and_then(|value| value.strip_prefix("Bearer ")).ok_or(Problem::UnknownKey)?;
    if !simulator.schools.values().any(|school| school.auth_key == key) {
        return Err(Problem::UnknownKey);
    }
    let school = simulator.schools.get(&number).ok_or(Problem::NotFound)?;
    match school.auth_key == key {
        true if school.revoked => Err(Problem::UnknownKey),
        true => Ok(()),
        false => Err(Problem::KeyOfAnotherSchool),
    }
}

fn put<T: Item>(simulator: &mut Simulator, now: DateTime<Utc>, school: u64, body: &Bytes) -> Result<Bytes, Problem> {
    if body.len() > MAX_BODY_BYTES {
        return Err(Problem::TooLarge);
    }
    if simulator.log.as_ref().is_some_and(super::log::Log::has_failed) {
        return Err(Problem::Internal);
    }
    let batch: Batch<T> = serde_json::from_slice(body).map_err(|error| {
        // serde's own sentence may repeat a value, and the value may be a person's.
        Problem::NotUnderstood(format!("body, line {}, column {}", error.line(), error.column()))
    })?;
    if batch.items.len() > MAX_ITEMS {
        return Err(Problem::TooLarge);
    }
    simulator.counts.entry(T::KIND).or_default().items += batch.items.len() as u64;
    let (results, changed) = upsert(simulator, now, school, batch.items, false);
    if !changed.is_empty() {
        let body = serde_json::json!({ "items": changed });
        let path = format!("/{}", T::KIND.as_str());
        let event = Event::Request { school, method: LoggedMethod::Put, path, body };
        simulator.record(&Entry { at: now, event }).map_err(|_| Problem::Internal)?;
    }
    json(&results)
}

/// Upserts items one after the other; returns the answer, and the items that changed held data.
pub(super) fn upsert<T: Item>(
    simulator: &mut Simulator,
    now: DateTime<Utc>,
    school: u64,
    items: Vec<T>,
    replaying: bool,
) -> (Results, Vec<T>) {
    let mut results = Vec::with_capacity(items.len());
    let mut changed = Vec::new();
    if let Some(school) = simulator.schools.get_mut(&school) {
        let attendance = &simulator.attendance;
        let mut desk = Desk { school, rejects: &simulator.rejects, attendance, now, replaying };
        for item in items {
            let (result, has_changed) = rules::apply(item.clone(), &mut desk);
            results.push(result);
            changed.extend(has_changed.then_some(item));
        }
    }
    (Results { results }, changed)
}
