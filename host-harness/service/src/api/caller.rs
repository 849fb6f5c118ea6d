//! Who calls, and what the caller may do: the operator everything, a school its own things but not its creation, its
//! removal and its credentials, a reader nothing but look. Every token is compared by its hash, in constant time.

use std::net::SocketAddr;

use axum::extract::{ConnectInfo, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{Method, StatusCode, header};

use crate::problem::Problem;
use crate::registry::Registry;
use crate::secrets::{Secrets, SecretsError, TokenHash};
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
    /// The operator's token; the school that the path names, if it names one.
    Operator(Option<&'a str>),
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
                if is_operators { Self::Operator(Some(school)) } else { Self::School(school) }
            }
            _ => Self::Operator(None),
        }
    }
}

/// Whose token somebody showed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whose {
    /// The operator's, who may do everything.
    Operator,
    /// That of the school with this id.
    School(String),
}

/// Somebody who was let in, and what that caller may do. A request that a page of this program makes carries it among its
/// extensions, where nothing from outside can put one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// Whose token the caller showed.
    pub whose: Whose,
    /// Whether the caller may look alone.
    pub only_reads: bool,
}

impl Caller {
    /// The caller who shows this token, as the operator or for this school; none: the token is nobody's there.
    ///
    /// # Errors
    /// The tokens cannot be read.
    pub fn of_token(service: &Service, school: Option<&str>, shown: &TokenHash) -> Result<Option<Self>, SecretsError> {
        let secrets = service.schools().secrets();
        // Every token costs the same comparison, whether it exists or not.
        let is = |token: Option<TokenHash>| token.unwrap_or_else(|| TokenHash::of("")).is(shown) && token.is_some();
        let operator = (is(secrets.operator_token()?), is(secrets.operator_reader_token()?));
        let school = school.filter(|school| Registry::is_id(school));
        let of_school = |read: fn(&Secrets, &str) -> Result<Option<TokenHash>, SecretsError>| match school {
            Some(school) => read(secrets, school).map(is),
            None => Ok(is(None)),
        };
        let own = (of_school(Secrets::school_token)?, of_school(Secrets::school_reader_token)?);
        let of = |whose, only_reads| Some(Self { whose, only_reads });
        let its = || Whose::School(school.unwrap_or_default().to_owned());
        Ok(match (operator, own) {
            ((true, _), _) => of(Whose::Operator, false),
            (_, (true, _)) => of(its(), false),
            ((_, true), _) => of(Whose::Operator, true),
            (_, (_, true)) => of(its(), true),
            _ => None,
        })
    }

    /// Whether the caller may see this school.
    pub fn sees(&self, school: &str) -> bool {
        match &self.whose {
            Whose::Operator => true,
            Whose::School(own) => own == school,
        }
    }

    fn may(&self, needed: &Needed<'_>, method: &Method) -> Result<(), Problem> {
        let forbidden = |detail: &str| Err(Problem::new(StatusCode::FORBIDDEN, detail));
        match (&self.whose, needed) {
            (_, Needed::Nothing) | (Whose::Operator, _) => {}
            (Whose::School(own), Needed::School(school)) if own == school => {}
            // A token of the school in the path is known there; elsewhere it is nobody's.
            (Whose::School(own), Needed::Operator(Some(school))) if own == school => {
                return forbidden("this token is the school's own; only the operator's token may do this");
            }
            (Whose::School(_), _) => return Err(unknown()),
        }
        // A preview of a text or of settings is asked with POST and changes nothing, but a reader has nothing to save.
        if self.only_reads && method != Method::GET {
            return forbidden("this token may look alone; show one that may change things");
        }
        Ok(())
    }
}

fn allow(service: &Service, request: &Request) -> Result<(), Problem> {
    let path = request.uri().path();
    let needed = Needed::of(request.method(), path);
    match needed {
        Needed::Nothing => return Ok(()),
        Needed::ProbeRights if service.config().public_probes || is_of_this_machine(request) => return Ok(()),
        _ => {}
    }
    if let Some(caller) = request.extensions().get::<Caller>() {
        return caller.may(&needed, request.method());
    }
    let shown = token_of(request).ok_or_else(unknown)?;
    let school = match needed {
        Needed::School(school) | Needed::Operator(Some(school)) => Some(school),
        _ => None,
    };
    let caller = Caller::of_token(service, school, &shown).map_err(|error| {
        tracing::error!(%error, "a token could not be compared");
        Problem::unavailable("the service cannot read its tokens")
    })?;
    caller.ok_or_else(unknown)?.may(&needed, request.method())
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
            Needed::Operator(_) => "operator".to_owned(),
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
