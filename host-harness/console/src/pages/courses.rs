//! Education Group Details and Clinical Rotations: every course with Send to CourseKey and its status (the requirement's
//! "Synchronization with CourseKey Status").

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use maud::{Markup, html};
use serde::Deserialize;

use super::Answer;
use crate::Console;
use crate::api::{asked, of_school};
use crate::layout::{Frame, Page, Section, page_of};
use crate::pieces::{Card, capital, cards, count, explained, further, nothing, panel, status, table};
use crate::told::{Overview, Row, School, Standing};
use crate::visitor::Visitor;
use crate::{moment, pieces};

/// Which courses somebody asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    status: String,
    #[serde(default)]
    search: String,
    #[serde(default)]
    after: String,
}

/// Education Group Details.
pub(super) async fn groups(
    state: State<Console>,
    visitor: Visitor,
    path: Path<String>,
    query: Query<Wanted>,
) -> Answer {
    list(state, visitor, path, query, Section::Courses).await
}

/// Clinical Rotations.
pub(super) async fn rotations(
    state: State<Console>,
    visitor: Visitor,
    path: Path<String>,
    query: Query<Wanted>,
) -> Answer {
    list(state, visitor, path, query, Section::Rotations).await
}

async fn list(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(wanted): Query<Wanted>,
    section: Section,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let (kind, place, title) = match section {
        Section::Rotations => ("clinical-rotation", "rotations", "Clinical Rotations"),
        _ => ("group-course", "courses", "Education Group Details"),
    };
    let query = [("kind", kind), ("status", &wanted.status), ("search", &wanted.search), ("after", &wanted.after)];
    let path = asked(&of_school(&id, &["overview"]), &query);
    let overview: Overview =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let school = frame.of()?;
    let shown = Shown { frame: &frame, school, wanted: &wanted, here: page_of(&id, &[place]), section };
    let edits = console.service.config().console.edits_courses;
    let about = html! { "Synchronization with CourseKey · " (ticks(&console, school)) };
    let body = html! { (shown.counts(&overview)) (shown.courses(&overview, edits)) };
    Ok(Page { frame: &frame, section, title, about, body }.render().into_response())
}

/// When the school was looked at last, and when it is next.
fn ticks(console: &Console, school: &School) -> Markup {
    let now = console.service.clock().now();
    html! {
        @match &school.last_tick {
            Some(last) => { "last tick " span title=(last) { (moment::ago(last, now)) } }
            None => { "no tick yet" }
        }
        @if let Some(next) = &school.next_tick { " · next " span title=(next) { (moment::ahead(next, now)) } }
    }
}

/// A list and what was asked for it.
struct Shown<'a> {
    frame: &'a Frame,
    school: &'a School,
    wanted: &'a Wanted,
    here: String,
    section: Section,
}

impl Shown<'_> {
    fn address(&self, status: &str, after: &str) -> String {
        asked(&self.here, &[("status", status), ("search", &self.wanted.search), ("after", after)])
    }

    fn counts(&self, overview: &Overview) -> Markup {
        let counts = overview.counts;
        let card = |number: u64, status: &'static str, what: &str, tone: &'static str| Card {
            number: number.to_string(),
            what: what.to_owned(),
            list: self.address(if self.wanted.status == status { "" } else { status }, ""),
            tone,
            is_shown: self.wanted.status == status,
        };
        cards(&[
            card(counts.synchronized, "synchronized", "Synchronized", "good"),
            card(counts.scheduled, "scheduled", "Scheduled", "wait"),
            card(counts.failed, "failed", "Failed, need somebody", if counts.failed > 0 { "bad" } else { "" }),
            card(counts.disabled, "disabled", "Disabled", ""),
        ])
    }

    fn courses(&self, overview: &Overview, edits: bool) -> Markup {
        let Wanted { status: wanted, search, .. } = self.wanted;
        let beside = html! {
            form method="get" action=(self.here) .bar role="search" {
                @if !wanted.is_empty() { input type="hidden" name="status" value=(wanted); }
                input type="search" name="search" value=(search) placeholder="Number, title, group, program" aria-label="Search courses";
                button .button { "Search" }
            }
            span { (count(overview.found, "course")) }
        };
        let heads =
            ["Course", "Group", "Dates", "Send to CourseKey", "Synchronization with CourseKey", "Complete until"];
        let next = overview.next.as_deref().map(|next| self.address(wanted, next));
        panel(
            "Courses",
            beside,
            html! {
                @if overview.items.is_empty() {
                    (nothing(if wanted.is_empty() && search.is_empty() { "GEGI has sent no course yet." } else { "No course fits what you look for." }))
                } @else {
                    div .stack { (table("Courses", &heads, html! { @for row in &overview.items { (self.row(row, edits)) } })) }
                }
                (further(next.as_deref()))
            },
        )
    }

    fn row(&self, row: &Row, edits: bool) -> Markup {
        let Row { head, standing } = row;
        let course = page_of(&self.school.id, &["courses", &standing.course]);
        let zone = self.school.zone(head.as_ref().map_or("", |head| head.campus.as_str()));
        html! {
            tr {
                td .wide {
                    a href=(course) { strong { (head.as_ref().map_or(standing.course.as_str(), |head| head.title.as_str())) } }
                    span .sub {
                        @match head {
                            Some(head) => { (head.number) @if self.school.campuses.len() > 1 { " · " (head.campus) } " · " (count(head.students, "student")) " · " (count(head.classes, "class")) }
                            None => { (standing.course) }
                        }
                        @if head.as_ref().is_some_and(|head| head.hours_type == "attendance-log") { " · Attendance Log" }
                    }
                }
                td .wide { @if let Some(head) = head {
                    (groups_of(head, self.section)) span .sub { (head.program) }
                } }
                td .narrow { @if let Some(head) = head { (moment::day(&head.start_date)) span .sub { "to " (moment::day(&head.end_date)) } } }
                td { (send_switch(self.frame, &self.school.id, standing, edits)) }
                td { (status(standing)) }
                td { (moment::brief_or_dash(standing.complete_until.as_deref(), zone)) }
            }
        }
    }
}

/// The group of a course; a clinical rotation may belong to several.
fn groups_of(head: &crate::told::Head, section: Section) -> Markup {
    html! {
        (head.group)
        @if section == Section::Rotations { @for group in head.groups.iter().filter(|group| **group != head.group) { ", " (group) } }
    }
}

/// Send to CourseKey as a switch. Where it cannot be switched it says why.
pub(super) fn send_switch(frame: &Frame, school: &str, standing: &Standing, edits: bool) -> Markup {
    let is_on = standing.send_to_coursekey;
    let word = if is_on { "On" } else { "Off" };
    let fixed = if standing.locked && is_on {
        Some("This course was synchronized with CourseKey, so Send to CourseKey cannot be switched off any more.")
    } else if !edits {
        Some("GEGI holds this option: Education Group Details, course properties.")
    } else if !frame.visitor.may_change() {
        Some("You may look alone.")
    } else {
        None
    };
    match fixed {
        Some(why) => html! {
            (explained(&format!("option-{}", standing.course), if is_on { "ok" } else { "disabled" }, if standing.locked { "On, locked" } else { word }, why))
        },
        None => pieces::form(
            &frame.visitor,
            &page_of(school, &["courses", &standing.course, "send-option"]),
            html! {
                input type="hidden" name="option" value=(if is_on { "off" } else { "on" });
                button .switch role="switch" aria-checked=(if is_on { "true" } else { "false" }) aria-label=(format!("Send to CourseKey: {}", capital(&standing.course))) {}
            },
        ),
    }
}
