//! Who calls, and what the caller may do: the operator everything, a school its own things but not its creation, its
//! removal and its credentials. Every token is compared by its hash, in constant time.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};

use crate::problem::Problem;
use crate::registry::Registry;
use crate::secrets::{SecretsError, TokenHash};
use crate::service::Service;

/// Lets a request through whose caller may make it.
pub(super) async fn check(State(service): State<Service>, request: Request, next: Next) -> Response {
    match allow(&service, &request) {
        Ok(()) => next.run(request).await,
        Err(refusal) => refusal.into_response(),
    }
}

/// What a path needs.
enum Needed<'a> {
    /// Nothing: CourseKey signs its pushes, and anybody may ask whether the service lives.
    Nothing,
    /// A token, unless the probe is public or comes from this machine.
    ProbeRights,
    /// The operator's token.
    Operator,
    /// The operator's token, or that of this school.
    School(&'a str),
}

impl<'a> Needed<'a> {
    fn of(method: &Method, path: &'a str) -> Self {
        let mut parts = path.trim_start_matches('/').split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some("healthz" | "readyz" | "metrics" | "openapi.json"), None, None) => Self::ProbeRights,
            (Some("v1"), Some("webhooks"), _) => Self::Nothing,
            (Some("v1"), Some("schools"), Some(school)) => {
                let rest: Vec<&str> = parts.collect();
                let is_read = method == Method::GET;
                let is_arming = matches!(rest.as_slice(), ["campuses", _, "credentials"]);
                let is_operators = rest.is_empty() && !is_read || is_arming;
                if is_operators { Self::Operator } else { Self::School(school) }
            }
            _ => Self::Operator,
        }
    }
}

fn allow(service: &Service, request: &Request) -> Result<(), Problem> {
    let needed = Needed::of(request.method(), request.uri().path());
    let school = match needed {
        Needed::Nothing => return Ok(()),
        Needed::ProbeRights if service.config().public_probes || is_of_this_machine(request) => return Ok(()),
        Needed::School(school) => Some(school).filter(|school| Registry::is_id(school)),
        Needed::ProbeRights | Needed::Operator => None,
    };
    let shown = token_of(request).ok_or_else(unknown)?;
    let secrets = service.schools().secrets();
    let unreadable = |error: SecretsError| {
        tracing::error!(%error, "a token could not be compared");
        Problem::unavailable("the service cannot read its tokens")
    };
    let operator = secrets.operator_token().map_err(unreadable)?;
    // A school without a token costs the same comparison.
    let own = school.map(|school| secrets.school_token(school)).transpose().map_err(unreadable)?.flatten();
    let is_operator = operator.is_some_and(|operator| operator.is(&shown));
    let is_school = own.unwrap_or_else(|| TokenHash::of("")).is(&shown) && own.is_some();
    if is_operator || is_school {
        return Ok(());
    }
    if is_of_path(service, request, &shown) {
        let detail = "this token is the school's own; only the operator's token may do this";
        return Err(Problem::new(StatusCode::FORBIDDEN, detail));
    }
    Err(unknown())
}

/// Whether the token is that of the school in the path, for what only the operator may do.
fn is_of_path(service: &Service, request: &Request, shown: &TokenHash) -> bool {
    let school = request.uri().path().trim_start_matches('/').split('/').nth(2);
    let own = school.filter(|school| Registry::is_id(school));
    let own = own.and_then(|school| service.schools().secrets().school_token(school).ok().flatten());
    own.is_some_and(|own| own.is(shown))
}

fn unknown() -> Problem {
    let detail = "send the operator's token, or the school's own, as `Authorization: Bearer TOKEN`";
    Problem::new(StatusCode::UNAUTHORIZED, detail)
}

/// The hash of the token that the request shows.
fn token_of(request: &Request) -> Option<TokenHash> {
    let value = request.headers().get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = value.split_once(' ')?;
    (scheme.eq_ignore_ascii_case("bearer") && !token.trim().is_empty()).then(|| TokenHash::of(token.trim()))
}

fn is_of_this_machine(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_school_may_not_create_remove_or_arm_itself() {
        let needed = |method: Method, path: &str| match Needed::of(&method, path) {
            Needed::Nothing => "nothing".to_owned(),
            Needed::ProbeRights => "probe".to_owned(),
            Needed::Operator => "operator".to_owned(),
            Needed::School(school) => school.to_owned(),
        };
        let expected = [
            (Method::GET, "/v1/schools", "operator"),
            (Method::PUT, "/v1/schools/a", "operator"),
            (Method::DELETE, "/v1/schools/a", "operator"),
            (Method::GET, "/v1/schools/a", "a"),
            (Method::PUT, "/v1/schools/a/campuses/main/credentials", "operator"),
            (Method::PUT, "/v1/schools/a/courses/credentials", "a"),
            (Method::POST, "/v1/schools/a/sync", "a"),
            (Method::POST, "/v1/webhooks/a/main", "nothing"),
            (Method::GET, "/metrics", "probe"),
            (Method::GET, "/anything", "operator"),
        ];
        for (method, path, who) in expected {
            assert_eq!(needed(method.clone(), path), who, "{method} {path}");
        }
    }
}
