//! What handlers need of a request: ids in the path, the place in a list, and a body that was checked against its schema.

use std::collections::BTreeMap;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::{BytesRejection, PathRejection, QueryRejection};
use axum::extract::{FromRequest, FromRequestParts, MatchedPath, Path, Query, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use host::limits::Stopwatch;
use http::StatusCode;
use http::request::Parts;
use mirror::form::{Place, Problems, Schema};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::PATIENCE;
use crate::problem::Problem;
use crate::service::Service;

/// The most entries of one page of a list.
const MOST: usize = 1_000;
/// The entries of a page whose size nobody asks for.
const USUAL: usize = 100;
/// How deep a body may be nested. A course is five deep.
const DEPTH: u32 = 32;

/// The parts of the path, as the handler names them.
pub(super) struct In<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for In<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read: Result<Path<T>, PathRejection> = Path::from_request_parts(parts, state).await;
        read.map(|Path(path)| Self(path)).map_err(|_| Problem::bad_request("the address is not UTF-8; encode it so"))
    }
}

/// The query of the address, as the handler names it.
pub(super) struct Asked<T>(pub(super) T);

impl<S: Send + Sync, T: DeserializeOwned + Send> FromRequestParts<S> for Asked<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read: Result<Query<T>, QueryRejection> = Query::from_request_parts(parts, state).await;
        let bad = |rejection: QueryRejection| {
            // Serde's text names the parameter and the kind of value, and no value of the request's.
            Problem::bad_request(format!("{}; /openapi.json lists the parameters", rejection.body_text()))
        };
        read.map(|Query(query)| Self(query)).map_err(bad)
    }
}

/// The place in a list.
#[derive(serde::Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct Listing {
    /// The page begins after this entry: `next` of the page before.
    pub(super) after: Option<String>,
    /// At most so many entries, from 1 to 1,000; 100 if it is missing.
    limit: Option<usize>,
}

impl Listing {
    pub(super) fn limit(&self) -> Result<usize, Problem> {
        limit(self.limit)
    }
}

/// The size of a page.
pub(super) fn limit(asked: Option<usize>) -> Result<usize, Problem> {
    match asked {
        None => Ok(USUAL),
        Some(limit) if (1..=MOST).contains(&limit) => Ok(limit),
        Some(_) => Err(Problem::bad_request(format!("limit is out of range; write 1 to {MOST}"))),
    }
}

/// A page of a list.
#[derive(Serialize, ToSchema)]
pub(super) struct Items<T> {
    /// The entries.
    pub(super) items: Vec<T>,
    /// What the next page begins after; null: there is no next page.
    pub(super) next: Option<String>,
}

/// The body of a request, byte for byte.
pub(super) struct Body(Bytes);

impl<S: Send + Sync> FromRequest<S> for Body {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        let read: Result<Bytes, BytesRejection> = Bytes::from_request(request, state).await;
        read.map(Self).map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => {
                Problem::new(StatusCode::PAYLOAD_TOO_LARGE, "the body is larger than the service takes; send less")
            }
            _ => Problem::bad_request("the body did not arrive whole; send it again"),
        })
    }
}

impl Body {
    /// The bytes, if there are at most so many.
    pub(super) fn at_most(self, bytes: usize) -> Result<Bytes, Problem> {
        if self.0.len() <= bytes {
            return Ok(self.0);
        }
        let detail = format!("the body is larger than {bytes} bytes; send less");
        Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail))
    }

    /// The body as JSON, checked against the schema, in its own form.
    pub(super) fn checked<T: DeserializeOwned>(self, schema: &Schema) -> Result<T, Problem> {
        let value = self.value()?;
        let mut problems = Problems::default();
        let place = Place::file("the body");
        let fits = schema.check(&value, &|_| place.clone(), &mut problems);
        let form = if fits { serde_json::from_value(value).ok() } else { None };
        if fits && form.is_none() {
            problems.add(&place, "", "fits its schema but cannot be taken; report it");
        }
        Ok(problems.unless_any(form)?)
    }

    fn value(&self) -> Result<Value, Problem> {
        let depth = deepest(&self.0);
        if depth > DEPTH {
            return Err(Problem::bad_request(format!("the body is nested deeper than {DEPTH}; send plainer JSON")));
        }
        let value: Value = serde_json::from_slice(&self.0).map_err(|error| {
            let place = format!("line {} column {}", error.line(), error.column());
            Problem::bad_request(format!("the body is not JSON from {place} on; send one JSON object"))
        })?;
        match repeated_key(&self.0) {
            Some(()) => Err(Problem::bad_request("the body has a key twice in one object; send each key once")),
            None => Ok(value),
        }
    }
}

/// How deep brackets are nested, outside of texts.
fn deepest(bytes: &[u8]) -> u32 {
    let (mut depth, mut most, mut in_text, mut escaped) = (0_u32, 0, false, false);
    for byte in bytes {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_text => escaped = true,
            b'"' => in_text = !in_text,
            b'{' | b'[' if !in_text => {
                depth += 1;
                most = most.max(depth);
            }
            b'}' | b']' if !in_text => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    most
}

/// Whether an object of the body has a key twice. Of two values of one key serde would take the last one silently.
fn repeated_key(bytes: &[u8]) -> Option<()> {
    serde_json::from_slice::<Unique>(bytes).is_err().then_some(())
}

/// JSON whose objects have each key once.
struct Unique;

impl<'de> serde::Deserialize<'de> for Unique {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> serde::de::Visitor<'de> for Any {
            type Value = Unique;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("JSON")
            }

            fn visit_bool<E>(self, _: bool) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_i64<E>(self, _: i64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_u64<E>(self, _: u64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_f64<E>(self, _: f64) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_str<E>(self, _: &str) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_unit<E>(self) -> Result<Unique, E> {
                Ok(Unique)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut list: A) -> Result<Unique, A::Error> {
                while list.next_element::<Unique>()?.is_some() {}
                Ok(Unique)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut object: A) -> Result<Unique, A::Error> {
                let mut keys = BTreeMap::new();
                while let Some((key, Unique)) = object.next_entry::<String, Unique>()? {
                    if keys.insert(key, ()).is_some() {
                        return Err(serde::de::Error::custom("a key twice"));
                    }
                }
                Ok(Unique)
            }
        }
        from.deserialize_any(Any)
    }
}

/// How long a reader of the feed asks to wait, in seconds, read before the handler so that the time-out can grow by it.
#[derive(serde::Deserialize)]
struct Waits {
    wait: Option<u64>,
}

/// Ends a request that takes too long. What it changed until then is durable or not there at all.
pub(super) async fn in_time(request: Request, next: Next) -> Response {
    let waits = Query::<Waits>::try_from_uri(request.uri()).ok().and_then(|Query(waits)| waits.wait).unwrap_or(0);
    let patience = PATIENCE + Duration::from_secs(waits.min(super::changes::LONGEST_WAIT));
    match tokio::time::timeout(patience, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Problem::unavailable("the request took too long").into_response(),
    }
}

/// Counts a request and its time, by the pattern of its address: ids would be a series each.
pub(super) async fn measure(State(service): State<Service>, request: Request, next: Next) -> Response {
    let watch = Stopwatch::start();
    let method = request.method().to_string();
    let pattern = request.extensions().get::<MatchedPath>().map_or("none", MatchedPath::as_str).to_owned();
    let response = next.run(request).await;
    service.metrics().request(&method, &pattern, response.status().as_u16(), watch.elapsed().as_secs_f64());
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brackets_in_texts_do_not_nest() {
        assert_eq!((deepest(br#"{"a":[1,{"b":"[[[\"[["}]}"#), deepest(b"[[[")), (3, 3));
    }

    #[test]
    fn a_key_may_not_come_twice() {
        assert!(repeated_key(br#"{"a":1,"b":{"a":1}}"#).is_none());
        assert!(repeated_key(br#"[{"a":1,"\u0061":2}]"#).is_some());
    }
}
