//! Attendance: a course, its classes, and of a class the mark of every student with reason and timeline (the requirement's
//! "Requesting Data from CourseKey").

use std::collections::BTreeMap;

use axum::extract::{Path, Query, State};
use axum::response::IntoResponse as _;
use maud::{Markup, html};
use serde::Deserialize;

use super::Answer;
use crate::Console;
use crate::api::{Refusal, asked, of_school};
use crate::drawing::{Timeline, timeline};
use crate::layout::{Frame, Page, Section, page_of};
use crate::moment;
use crate::pieces::{Card, cards, count, further, mark, nothing, panel, table};
use crate::told::{Class, Course, Items, Mark, Overview, Student};
use crate::visitor::Visitor;

/// Which courses somebody asks for.
#[derive(Deserialize)]
pub(super) struct Wanted {
    #[serde(default)]
    search: String,
    #[serde(default)]
    after: String,
}

/// The choice of a course.
pub(super) async fn choose(
    State(console): State<Console>,
    visitor: Visitor,
    Path(id): Path<String>,
    Query(Wanted { search, after }): Query<Wanted>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let here = page_of(&id, &["attendance"]);
    let path = asked(&of_school(&id, &["overview"]), &[("search", &search), ("after", &after)]);
    let found: Overview =
        console.api.get(&frame.visitor.caller, &path).await.map_err(|refusal| frame.refused(refusal))?;
    let next = found.next.as_deref().map(|next| asked(&here, &[("search", &search), ("after", next)]));
    let school = frame.of()?;
    let beside = html! { form method="get" action=(here) .bar role="search" {
        input type="search" name="search" value=(search) placeholder="Number, title, group, program" aria-label="Search courses";
        button .button { "Search" }
    } };
    let body = panel(
        "Choose a course",
        beside,
        html! {
            @if found.items.is_empty() { (nothing("No course fits what you look for.")) } @else {
                div .stack { (table("Courses", &["Course", "Group", "Classes", "Complete until"], html! { @for row in &found.items {
                    @let (head, course) = (row.head.as_ref(), &row.standing.course);
                    tr {
                        td .wide { a href=(page_of(&id, &["attendance", course])) { strong { (head.map_or(course.as_str(), |head| head.title.as_str())) } }
                            span .sub { (head.map_or("", |head| head.number.as_str())) } }
                        td { (head.map_or("", |head| head.group.as_str())) }
                        td { (head.map_or(String::new(), |head| count(head.classes, "class"))) }
                        td { (moment::when_or_dash(row.standing.complete_until.as_deref(), school.zone(head.map_or("", |head| head.campus.as_str())))) }
                    }
                } })) }
            }
            (further(next.as_deref()))
        },
    );
    let about = html! { "The mark of every student, and why it is what it is" };
    Ok(Page { frame: &frame, section: Section::Attendance, title: "Attendance", about, body }.render().into_response())
}

impl Console {
    /// A course as GEGI sent it.
    pub(super) async fn course(&self, frame: &Frame, id: &str, course: &str) -> Result<Course, Refusal> {
        self.api.get(&frame.visitor.caller, &of_school(id, &["courses", course])).await
    }

    /// The marks of a class, by student.
    pub(super) async fn marks(&self, frame: &Frame, id: &str, class: &str) -> Result<BTreeMap<String, Mark>, Refusal> {
        let (mut marks, mut after) = (BTreeMap::new(), String::new());
        loop {
            let query = [("class", class), ("after", &after), ("limit", "1000")];
            let page: Items<Mark> =
                self.api.get(&frame.visitor.caller, &asked(&of_school(id, &["marks"]), &query)).await?;
            marks.extend(page.items.into_iter().map(|mark| (mark.student.clone(), mark)));
            match page.next {
                Some(next) => after = next,
                None => return Ok(marks),
            }
        }
    }
}

/// The classes of a course, each with how many students have each mark.
pub(super) async fn classes(
    State(console): State<Console>,
    visitor: Visitor,
    Path((id, course)): Path<(String, String)>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let refused = |refusal| frame.refused(refusal);
    let course = console.course(&frame, &id, &course).await.map_err(refused)?;
    let zone = frame.of()?.zone(&course.campus).to_owned();
    let mut rows = Vec::new();
    for class in &course.classes {
        rows.push((class, console.marks(&frame, &id, &class.id).await.map_err(refused)?));
    }
    rows.sort_by(|(one, _), (other, _)| other.starts.cmp(&one.starts));
    let body = panel(
        "Classes",
        html! { (count(rows.len(), "class")) },
        html! {
            @if rows.is_empty() { (nothing("GEGI names no class.")) } @else {
                (table("Classes", &["Class", "Begins", "Ends", "P", "L", "A", "No mark"], html! { @for (class, marks) in &rows {
                    @let of = |letter: &str| marks.values().filter(|mark| mark.mark == letter).count();
                    tr {
                        td { a href=(page_of(&id, &["attendance", &course.id, &class.id])) { (class.id) } }
                        td { (moment::when(&class.starts, &zone)) }
                        td { (moment::clock(&class.ends, &zone)) }
                        @for letter in ["P", "L", "A"] { td .number { (of(letter)) } }
                        td .number { (course.students.len().saturating_sub(marks.len())) }
                    }
                } }))
            }
        },
    );
    let about = html! { (course.number) " · " (course.group.name) " · " a href=(page_of(&id, &["courses", &course.id])) { "Course" } };
    Ok(Page { frame: &frame, section: Section::Attendance, title: &course.title, about, body }.render().into_response())
}

/// The marks of a class.
pub(super) async fn class(
    State(console): State<Console>,
    visitor: Visitor,
    Path((id, course, class)): Path<(String, String, String)>,
) -> Answer {
    let frame = console.frame(visitor, &id).await?;
    let refused = |refusal| frame.refused(refusal);
    let course = console.course(&frame, &id, &course).await.map_err(refused)?;
    let gone = || Refusal::new(http::StatusCode::NOT_FOUND, "the course has no such class any more");
    let class = course.classes.iter().find(|known| known.id == class).ok_or_else(|| refused(gone()))?;
    let marks = console.marks(&frame, &id, &class.id).await.map_err(refused)?;
    let zone = frame.of()?.zone(&course.campus).to_owned();
    let here = page_of(&id, &["attendance", &course.id, &class.id]);
    let body = html! {
        (counts(&course, &marks, &here))
        (students(&course, class, &marks, &here, &zone))
    };
    let title = format!("{}, {}", course.title, moment::formatted(&class.starts, &zone, "%a %-d %b"));
    let about = html! { a href=(page_of(&id, &["attendance", &course.id])) { "All classes" } " · " (moment::clock(&class.starts, &zone)) " to " (moment::clock(&class.ends, &zone)) " · " (class.id) };
    Ok(Page { frame: &frame, section: Section::Attendance, title: &title, about, body }.render().into_response())
}

fn counts(course: &Course, marks: &BTreeMap<String, Mark>, here: &str) -> Markup {
    let of = |letter: &str| marks.values().filter(|mark| mark.mark == letter).count();
    let card = |number: usize, what: &str, tone: &'static str| Card {
        number: number.to_string(),
        what: what.to_owned(),
        list: format!("{here}#students"),
        tone,
        is_shown: false,
    };
    cards(&[
        card(of("P"), "Present", "good"),
        card(of("L"), "Late", "wait"),
        card(of("A"), "Absent", "bad"),
        card(course.students.len().saturating_sub(marks.len()), "No mark", ""),
    ])
}

fn students(course: &Course, class: &Class, marks: &BTreeMap<String, Mark>, here: &str, zone: &str) -> Markup {
    let listed = course.students.iter().map(|student| (student.person.id.as_str(), Some(student)));
    let others = marks.keys().filter(|id| course.students.iter().all(|student| student.person.id != **id));
    let all: Vec<(&str, Option<&Student>)> = listed.chain(others.map(|id| (id.as_str(), None))).collect();
    let range = html! { (moment::clock(&class.starts, zone)) " to " (moment::clock(&class.ends, zone)) };
    panel(
        "Students",
        legend(),
        html! {
            div #students .stack { div .scroll tabindex="0" role="region" aria-label="Students" { table {
                thead { tr { th scope="col" { "Student" } th scope="col" { "Mark" } th scope="col" { (range) } th scope="col" { "Why" } } }
                tbody { @for (id, student) in all { (row(id, student, class, marks.get(id), here)) } }
            } } }
        },
    )
}

fn row(id: &str, student: Option<&Student>, class: &Class, held: Option<&Mark>, here: &str) -> Markup {
    let address = format!("{here}/{}", crate::api::part(id));
    html! { tr {
        td .person { a href=(address) { (student.map_or_else(|| id.to_owned(), |student| student.person.name())) } span .sub { (id) } }
        td { (mark(held.map_or("–", |held| held.mark.as_str()))) }
        td .wide { @if let Some(held) = held { (drawn(class, held)) } }
        td .wide { @match held {
            Some(held) => { (held.basis.sentence) @if let Some(adjustment) = &held.basis.adjustment { span .sub { "Adjusted in CourseKey: " (adjustment) } } }
            None => { a href=(address) { "Why is there no mark?" } }
        } }
    } }
}

/// The timeline behind a mark.
pub(super) fn drawn(class: &Class, held: &Mark) -> Markup {
    let basis = &held.basis;
    timeline(&Timeline {
        starts: &class.starts,
        ends: &class.ends,
        limits: basis.late_until.as_deref().zip(basis.early_from.as_deref()),
        visits: basis.visits.iter().map(|visit| (visit.r#in.as_str(), visit.out.as_deref())).collect(),
        awarded_seconds: basis.awarded_seconds,
        sentence: &basis.sentence,
    })
}

/// What the colours of a timeline mean.
pub(super) fn legend() -> Markup {
    html! { p .legend { span { i {} "Class" } span { i .is-visit {} "Checked in" } span { i .is-award {} "Awarded" } span { i .is-limit {} "Absent from here" } } }
}
