//! Who looks at a page. A session cookie says it, or on a machine that the operator opened, the loopback address. A form
//! counts only with the token that its own page wrote into it.

use std::net::SocketAddr;

use axum::body::Bytes;
use axum::extract::{ConnectInfo, FromRequest, FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Redirect, Response};
use host::clock::{Clock as _, SystemClock};
use http::request::Parts;
use http::{HeaderMap, Method, StatusCode, header};
use service::api::{Caller, Whose};

use crate::Console;
use crate::api::Refusal;
use crate::layout;

/// The cookie of the session.
pub(crate) const COOKIE: &str = "gegi-session";
/// The cookie in which the visitor's choice of light or dark lies.
const THEME: &str = "gegi-theme";
/// The field of a form that carries its token.
const FORM_TOKEN: &str = "form-token";

/// Somebody who looks at a page.
#[derive(Clone)]
pub(crate) struct Visitor {
    /// What the visitor may do.
    pub(crate) caller: Caller,
    /// What every form carries.
    pub(crate) form_token: String,
    /// What the token of a form is made of.
    sealed: String,
    /// `light` or `dark`; none: as the visitor's system has it.
    pub(crate) theme: Option<&'static str>,
    /// Whether the visitor showed a token, and can leave.
    pub(crate) has_session: bool,
}

impl Visitor {
    fn new(console: &Console, caller: Caller, sealed: &str, theme: Option<&'static str>, has_session: bool) -> Self {
        Self { caller, form_token: console.seal.form_token(sealed), sealed: sealed.to_owned(), theme, has_session }
    }

    /// What the token of this visitor's forms is made of.
    pub(crate) fn sealed(&self) -> &str {
        &self.sealed
    }

    /// Whether the visitor may change things.
    pub(crate) fn may_change(&self) -> bool {
        !self.caller.only_reads
    }

    /// Whether the visitor is the operator.
    pub(crate) fn is_operator(&self) -> bool {
        self.caller.whose == Whose::Operator
    }

    /// Who did it, as the System Journal names the visitor.
    pub(crate) fn name(&self) -> String {
        match &self.caller.whose {
            Whose::Operator => "the operator, in the console".to_owned(),
            Whose::School(_) => "the school, in the console".to_owned(),
        }
    }
}

/// Lets a visitor in who may look, and sends others to the way in.
pub(crate) async fn admit(State(console): State<Console>, mut request: Request, next: Next) -> Response {
    match visitor(&console, &request) {
        Some(visitor) => {
            request.extensions_mut().insert(visitor);
            next.run(request).await
        }
        None if request.method() == Method::GET => {
            let from = request.uri().path_and_query().map_or("/console", |path| path.as_str());
            let query = form_urlencoded::Serializer::new(String::new()).append_pair("from", from).finish();
            Redirect::to(&format!("/console/login?{query}")).into_response()
        }
        None => Redirect::to("/console/login").into_response(),
    }
}

fn visitor(console: &Console, request: &Request) -> Option<Visitor> {
    let headers = request.headers();
    let theme = match cookie(headers, THEME) {
        Some("light") => Some("light"),
        Some("dark") => Some("dark"),
        _ => None,
    };
    if let Some(text) = cookie(headers, COOKIE) {
        let session = console.seal.session(text, machine_now());
        if let Some(session) = session.filter(|session| session.is_of(&console.service)) {
            return Some(Visitor::new(console, session.caller, text, theme, true));
        }
    }
    let is_open = console.service.config().console.open_on_loopback && is_at_this_machine(request);
    let caller = Caller { whose: Whose::Operator, only_reads: false };
    is_open.then(|| Visitor::new(console, caller, "loopback", theme, false))
}

/// The present moment by the machine's clock, whole seconds since 1970: a demo's time may be years ago.
pub(crate) fn machine_now() -> i64 {
    SystemClock.now().timestamp()
}

/// Whether the request comes from this machine itself, from a page of this machine's own name. A proxy on this machine
/// passes on what comes from elsewhere and says so; a name of elsewhere that leads here is another site's trick.
fn is_at_this_machine(request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let is_loopback = peer.is_some_and(|ConnectInfo(peer)| peer.ip().to_canonical().is_loopback());
    let headers = request.headers();
    let is_passed_on =
        ["forwarded", "x-forwarded-for", "x-real-ip", "via"].iter().any(|name| headers.contains_key(*name));
    is_loopback && !is_passed_on && names_this_machine(headers)
}

/// Whether the address that the visitor wrote names this machine itself.
pub(crate) fn names_this_machine(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let name = host.rsplit_once(':').filter(|(_, port)| port.parse::<u16>().is_ok()).map_or(host, |(name, _)| name);
    matches!(name, "localhost" | "127.0.0.1" | "[::1]")
}

/// The value of a cookie.
fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let all = headers.get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(of, _)| *of == name).map(|(_, value)| value)
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Response> {
        let visitor = parts.extensions.get::<Self>().cloned();
        visitor.ok_or_else(|| Redirect::to("/console/login").into_response())
    }
}

/// The fields of a form that its own page sent, for a visitor who may change things.
pub(crate) struct Sent {
    /// The visitor.
    pub(crate) visitor: Visitor,
    fields: Vec<(String, String)>,
}

impl Sent {
    /// The value of a field; empty: the form has none.
    pub(crate) fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(of, _)| of == name).map_or("", |(_, value)| value)
    }

    /// The values of all fields of a name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.fields.iter().filter(move |(of, _)| of == name).map(|(_, value)| value.as_str())
    }

    /// Whether the form has a field.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(of, _)| of == name)
    }
}

impl FromRequest<Console> for Sent {
    type Rejection = Response;

    async fn from_request(request: Request, console: &Console) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let visitor = Visitor::from_request_parts(&mut parts, console).await?;
        let refuse = |detail: &str| Err(layout::refused(&visitor, &Refusal::new(StatusCode::FORBIDDEN, detail)));
        let body = Bytes::from_request(Request::from_parts(parts, body), console)
            .await
            .map_err(IntoResponse::into_response)?;
        let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
        let shown = fields.iter().find(|(of, _)| of == FORM_TOKEN).map_or("", |(_, value)| value);
        if !console.seal.is_form_token(&visitor.sealed, shown) {
            return refuse(
                "this form is not of this page, or the page is old; open the page again and send it once more",
            );
        }
        if !visitor.may_change() {
            return refuse("you may look alone; ask for a token that may change things");
        }
        Ok(Self { visitor, fields })
    }
}
