//! The way in: a token for a session. And the way out.

use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use maud::{Markup, html};
use serde::Deserialize;
use service::api::{Caller, Whose};
use service::secrets::TokenHash;

use super::back_to;
use crate::Console;
use crate::layout::{bare_document, mark, page_of};
use crate::visitor::{COOKIE, Sent, machine_now, names_this_machine};

/// Where somebody came from.
#[derive(Deserialize)]
pub(crate) struct From {
    from: Option<String>,
}

/// The form.
pub(crate) async fn show(Query(From { from }): Query<From>) -> Markup {
    form(from.as_deref().unwrap_or_default(), "", None)
}

fn form(from: &str, school: &str, wrong: Option<&str>) -> Markup {
    let body = html! {
        main .enter {
            section .panel {
                header { div .brand { (mark()) h1 { "CourseKey for GEGI" } } }
                form method="post" action="/console/login" {
                    div .fields {
                        @if let Some(wrong) = wrong { p .notice .bad role="alert" { (wrong) } }
                        input type="hidden" name="from" value=(from);
                        div .field .tall {
                            label for="school" { "School" }
                            p .help { "The school's id in GEGI; the operator leaves it empty." }
                            div .control { input #school name="school" value=(school) autocomplete="username" maxlength="64"; }
                        }
                        div .field .tall {
                            label for="token" { "Token" }
                            div .control { input #token name="token" type="password" autocomplete="current-password" required maxlength="500"; }
                        }
                        button .button .main { "Enter" }
                    }
                }
            }
        }
    };
    bare_document(None, "Enter · CourseKey", html! {}, body)
}

/// Begins a session for the holder of a token.
pub(crate) async fn enter(State(console): State<Console>, headers: HeaderMap, body: Bytes) -> Response {
    let fields: Vec<(String, String)> = form_urlencoded::parse(&body).into_owned().collect();
    let field = |name: &str| fields.iter().find(|(of, _)| of == name).map_or("", |(_, value)| value.trim());
    let (school, from) = (field("school"), field("from"));
    let token = TokenHash::of(field("token"));
    let caller = Caller::of_token(&console.service, Some(school), &token);
    let refuse = |status: StatusCode, wrong: &str| (status, form(from, school, Some(wrong))).into_response();
    match caller {
        Ok(Some(caller)) => {
            let home = match &caller.whose {
                Whose::Operator => "/console".to_owned(),
                Whose::School(school) => page_of(school, &["courses"]),
            };
            // Only an address of these pages is gone back to.
            let is_own = from.starts_with("/console") && !from.starts_with("/console/login");
            let mut response = back_to(if is_own { from } else { &home });
            // The address was typed over a name of this machine, or a proxy in front has the certificate.
            let secure = if names_this_machine(&headers) { "" } else { "; Secure" };
            let cookie = console.seal.begin(caller, &token, machine_now());
            let cookie = format!("{COOKIE}={cookie}; Path=/console; HttpOnly; SameSite=Lax; Max-Age=43200{secure}");
            if let Ok(cookie) = HeaderValue::from_str(&cookie) {
                response.headers_mut().insert(header::SET_COOKIE, cookie);
            }
            response
        }
        Ok(None) => refuse(StatusCode::UNAUTHORIZED, "This token is nobody's here. Check it, and the school's id."),
        Err(error) => {
            tracing::error!(%error, "a token could not be compared");
            refuse(StatusCode::SERVICE_UNAVAILABLE, "The service cannot read its tokens. Try again later.")
        }
    }
}

/// Ends the session in this browser.
pub(crate) async fn leave(_: Sent) -> Response {
    let mut response = back_to("/console/login");
    let gone = format!("{COOKIE}=; Path=/console; HttpOnly; SameSite=Lax; Max-Age=0");
    if let Ok(gone) = HeaderValue::from_str(&gone) {
        response.headers_mut().insert(header::SET_COOKIE, gone);
    }
    response
}
