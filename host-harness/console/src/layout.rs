//! The frame of every page: navigation, heading, and the headers that keep other sites out.

use axum::extract::Request;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use crate::api::{Refusal, part};
use crate::told::School;
use crate::visitor::Visitor;

/// What a page may load and send: its own style and script, nothing inline, nothing of another host.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
     form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// Refuses forms of other sites, and gives every page its headers.
pub(crate) async fn guard(request: Request, next: Next) -> Response {
    if !request.method().is_safe() && is_of_another_site(&request) {
        return (StatusCode::FORBIDDEN, "another site sent this form").into_response();
    }
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    let fixed = [
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    // Pages show students; no cache keeps them.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

fn is_of_another_site(request: &Request) -> bool {
    let text = |name: &str| request.headers().get(name).and_then(|value| value.to_str().ok());
    match (text("sec-fetch-site"), text("origin"), text("host")) {
        (Some(site), ..) => site != "same-origin" && site != "none",
        (None, Some(origin), Some(host)) => origin.split_once("://").is_none_or(|(_, of)| of != host),
        _ => false,
    }
}

/// The pages of the navigation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Section {
    Courses,
    Rotations,
    Attendance,
    Log,
    Watch,
    Issues,
    Holds,
    NextTick,
    Settings,
    Templates,
    Journal,
    Activity,
    Schools,
    Demo,
}

impl Section {
    const SCHOOL: [(&str, &[Self]); 3] = [
        ("School", &[Self::Courses, Self::Rotations, Self::Attendance, Self::Log, Self::Watch]),
        ("To decide", &[Self::Issues, Self::Holds, Self::NextTick]),
        ("Admin", &[Self::Settings, Self::Templates, Self::Journal, Self::Activity]),
    ];

    /// The page's name.
    fn name(self) -> &'static str {
        match self {
            Self::Courses => "Education Group Details",
            Self::Rotations => "Clinical Rotations",
            Self::Attendance => "Attendance",
            Self::Log => "Attendance Log",
            Self::Watch => "Last Attended",
            Self::Issues => "Issues",
            Self::Holds => "Holds",
            Self::NextTick => "What Happens Next",
            Self::Settings => "School Settings",
            Self::Templates => "Email Templates",
            Self::Journal => "System Journal",
            Self::Activity => "Requests and Calls",
            Self::Schools => "Schools",
            Self::Demo => "Demo",
        }
    }

    /// The last part of the page's address.
    fn place(self) -> &'static str {
        match self {
            Self::Courses => "courses",
            Self::Rotations => "rotations",
            Self::Attendance => "attendance",
            Self::Log => "log",
            Self::Watch => "last-attended",
            Self::Issues => "issues",
            Self::Holds => "holds",
            Self::NextTick => "next",
            Self::Settings => "settings",
            Self::Templates => "templates",
            Self::Journal => "journal",
            Self::Activity => "activity",
            Self::Schools => "",
            Self::Demo => "demo",
        }
    }
}

/// The address of a school's page.
pub(crate) fn page_of(school: &str, rest: &[&str]) -> String {
    rest.iter().fold(format!("/console/schools/{}", part(school)), |path, next| path + "/" + &part(next))
}

/// Who looks at a page, and at which school.
pub(crate) struct Frame {
    /// Who looks.
    pub(crate) visitor: Visitor,
    /// The school that the page is about; none: it is about all.
    pub(crate) school: Option<School>,
    /// Whether this is the demo, whose clock people play with.
    pub(crate) is_demo: bool,
}

/// What a page is.
pub(crate) struct Page<'a> {
    pub(crate) frame: &'a Frame,
    pub(crate) section: Section,
    pub(crate) title: &'a str,
    /// What stands below the title.
    pub(crate) about: Markup,
    pub(crate) body: Markup,
}

impl Page<'_> {
    /// The page as a document.
    pub(crate) fn render(self) -> Markup {
        let Page { frame, section, title, about, body } = self;
        let school = frame.school.as_ref();
        let events = school.map(|school| page_of(&school.id, &["events"]));
        let of = school.map_or("CourseKey", |school| school.name.as_str());
        let body = html! {
            a .skip href="#main" { "Skip to the page" }
            (navigation(frame, section))
            main #main tabindex="-1" data-events=[events] {
                header .title { div { h1 { (title) } p .about { (about) } } }
                (body)
            }
        };
        document(&frame.visitor, &format!("{title} · {of}"), body)
    }
}

/// A document for a visitor who was let in: its forms and its script carry the visitor's token.
fn document(visitor: &Visitor, title: &str, body: Markup) -> Markup {
    bare_document(visitor.theme, title, html! { meta name="form-token" content=(visitor.form_token); }, body)
}

/// A document with its style and script.
pub(crate) fn bare_document(theme: Option<&str>, title: &str, head: Markup, body: Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" data-theme=[theme] {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                (head)
                title { (title) }
                link rel="icon" href="/console/assets/icon.svg" type="image/svg+xml";
                link rel="stylesheet" href="/console/assets/console.css";
                script src="/console/assets/console.js" defer {}
            }
            body { (body) }
        }
    }
}

fn navigation(frame: &Frame, section: Section) -> Markup {
    let (visitor, school) = (&frame.visitor, frame.school.as_ref());
    html! {
        header .side {
            div .brand { (mark()) span { (school.map_or("CourseKey", |school| school.name.as_str())) } }
            input #menu type="checkbox" .menu-box aria-label="Show the navigation";
            label .menu for="menu" { "Menu" }
            nav aria-label="Pages" {
                @if let Some(school) = school {
                    @for (group, sections) in Section::SCHOOL {
                        p .group { (group) }
                        ul { @for link in sections { li { (nav_link(&page_of(&school.id, &[link.place()]), *link, section, count_of(*link, school))) } } }
                    }
                }
                @if visitor.is_operator() {
                    p .group { "Operator" }
                    ul {
                        li { (nav_link("/console", Section::Schools, section, None)) }
                        @if frame.is_demo { li { (nav_link("/console/demo", Section::Demo, section, None)) } }
                    }
                }
            }
            div .foot {
                @if frame.is_demo && visitor.is_operator() { div #clock .clock hidden data-zone=(school.map_or("UTC", School::own_zone)) {} }
                button type="button" .theme data-theme-switch="" { "Light or dark" }
                @if visitor.has_session {
                    form method="post" action="/console/leave" {
                        input type="hidden" name="form-token" value=(visitor.form_token);
                        button .plain { "Leave" }
                    }
                }
                @if !visitor.may_change() { p .quiet { "You may look alone." } }
            }
        }
    }
}

/// The number beside a page's name.
fn count_of(link: Section, school: &School) -> Option<u64> {
    (link == Section::Courses).then_some(school.courses.failed).filter(|failed| *failed > 0)
}

fn nav_link(address: &str, link: Section, shown: Section, count: Option<u64>) -> Markup {
    html! {
        a href=(address) aria-current=[(link == shown).then_some("page")] {
            (link.name())
            @if let Some(count) = count { span .count title="courses that failed" { (count) } }
        }
    }
}

/// The product's sign.
pub(crate) fn mark() -> Markup {
    PreEscaped(
        r#"<svg class="sign" viewBox="0 0 24 24" aria-hidden="true"><rect width="24" height="24" rx="6"/><path d="M6.5 12.5l3.6 3.6 7.4-8"/></svg>"#
            .to_owned(),
    )
}

/// The page of a refusal.
pub(crate) fn refused(visitor: &Visitor, refusal: &Refusal) -> Response {
    let title = match refusal.status {
        StatusCode::NOT_FOUND => "There is nothing here",
        StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => "You may not do this",
        _ => "This did not work",
    };
    let body =
        html! { p .notice .bad role="alert" { (refusal.detail) } p { a href="/console" { "To the first page" } } };
    let frame = Frame { visitor: visitor.clone(), school: None, is_demo: false };
    let page = Page { frame: &frame, section: Section::Schools, title, about: html! {}, body };
    (refusal.status, page.render()).into_response()
}
