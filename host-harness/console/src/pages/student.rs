//! A student in a class: everything behind the mark, the versions of CourseKey's record that are kept, how the mark came to
//! be, and a mark set by hand. Where there is no mark, the first condition that fails and its cure.

use axum::extract::{Path, State};
use axum::response::IntoResponse as _;
use http::Method;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::attendance::legend;
use super::{Answer, back_to};
use crate::Console;
use crate::api::{Refusal, asked, of_school};
use crate::drawing::{Timeline, timeline};
use crate::layout::{Frame, Page, Section, page_of};
use crate::moment;
use crate::pieces::{capital, facts, form, mark, nothing, owner, panel, table};
use crate::told::{Class, Entry, Explanation, Finding, Items, Obstacle, Version, Visit};
use crate::visitor::{Sent, Visitor};

/// The class, the student and the course of a page.
type Place = (String, String, String, String);

/// The page.
pub(super) async fn show(State(console): State<Console>, visitor: Visitor, Path(place): Path<Place>) -> Answer {
    let (id, course, class, student) = place;
    let frame = console.frame(visitor, &id).await?;
    let refused = |refusal| frame.refused(refusal);
    let course = console.course(&frame, &id, &course).await.map_err(refused)?;
    let gone = || Refusal::new(http::StatusCode::NOT_FOUND, "the course has no such class any more");
    let known = course.classes.iter().find(|known| known.id == class).ok_or_else(|| refused(gone()))?;
    let zone = frame.of()?.zone(&course.campus).to_owned();
    let query = [("class", class.as_str()), ("student", student.as_str())];
    let api = &console.api;
    let found: Result<Explanation, _> =
        api.get(&frame.visitor.caller, &asked(&of_school(&id, &["explain"]), &query)).await;
    let path = asked(&of_school(&id, &["journal"]), &[("person", &student), ("limit", "1000")]);
    let mut history: Items<Entry> = api.get(&frame.visitor.caller, &path).await.map_err(refused)?;
    history.items.retain(|line| line.class.as_ref() == Some(&class));
    let here = page_of(&id, &["attendance", &course.id, &class, &student]);
    let (name, body) = match found {
        Ok(explained) => {
            let body = html! { (standing(&explained, known, &zone)) (versions(&explained, known, &zone)) (changes(&history, &zone)) (by_hand(&frame, &here, &explained)) };
            (explained.student_name, body)
        }
        Err(refusal) if refusal.status == http::StatusCode::NOT_FOUND => {
            let finding: Finding =
                api.get(&frame.visitor.caller, &asked(&of_school(&id, &["why-not"]), &query)).await.map_err(refused)?;
            (
                String::new(),
                panel(
                    "Why there is no mark",
                    html! {},
                    html! { div .body {
                        p .sentence { (finding.sentence) }
                        @if !finding.there { @if let Some(missing) = &finding.missing { (cure(missing, &zone)) } }
                    } },
                ),
            )
        }
        Err(refusal) => return Err(refused(refusal)),
    };
    let title = if name.is_empty() { student.clone() } else { name };
    let about = html! {
        a href=(page_of(&id, &["attendance", &course.id, &class])) { (course.title) ", " (moment::formatted(&known.starts, &zone, "%a %-d %b %Y")) }
        " · " (moment::clock(&known.starts, &zone)) " to " (moment::clock(&known.ends, &zone)) " · " (student)
        " · " a href=(asked(&page_of(&id, &["journal"]), &[("person", &student)])) { "Journal" }
    };
    Ok(Page { frame: &frame, section: Section::Attendance, title: &title, about, body }.render().into_response())
}

fn standing(explained: &Explanation, class: &Class, zone: &str) -> Markup {
    let limits = &explained.limits;
    let counted = explained.versions.iter().find(|version| version.r#use == "counts");
    panel(
        "The mark and why",
        mark(explained.mark.as_deref().unwrap_or("–")),
        html! {
            div .body {
                p .sentence { (explained.sentence) }
                @if let Some(version) = counted { (drawn(class, Some((&limits.late_until, &limits.early_from)), version, &explained.sentence)) (legend()) }
                @if let Some(missing) = &explained.missing { (cure(missing, zone)) }
                @if let Some(next) = &explained.next { p .notice .wait { "The next tick writes " (mark(next)) " in its place." } }
                @if let Some(letter) = &explained.overruled { p .notice .wait { "A person had set " (mark(letter)) "; what CourseKey says since then overruled it." } }
                @for issue in &explained.issues { p .notice .bad { (issue) } }
            }
            (facts(&[
                ("Written by", html! { (explained.author.as_deref().map_or("–", author)) }),
                ("Rule", html! { (explained.rule.as_deref().map_or("–".to_owned(), capital)) }),
                ("Late until", moment::clock(&limits.late_until, zone)),
                ("Early from", moment::clock(&limits.early_from, zone)),
                ("Longest time away", html! { (limits.longest_gap_seconds.map_or("any".to_owned(), moment::length)) }),
                ("Least share attended", html! { (limits.minimum_attended_percent) " %" }),
                ("Silence decides from", moment::when(&limits.settled_at, zone)),
                ("Adjustments count until", moment::when(&limits.follow_until, zone)),
                ("Read from CourseKey until", moment::when_or_dash(limits.read_until.as_deref(), zone)),
                ("Hours Type", html! { (capital(&explained.hours_type)) }),
            ]))
            @if !explained.rows.is_empty() {
                (table("Attendance Log", &["Visit", "In", "Out", "Minutes"], html! { @for row in &explained.rows { tr {
                    td { (row.visit) } td { (moment::clock(&row.r#in, zone)) } td { (moment::clock(&row.out, zone)) } td .number { (row.minutes) }
                } } }))
            }
        },
    )
}

/// Who wrote a mark.
fn author(word: &str) -> &'static str {
    match word {
        "hand" => "A person, by hand",
        "preset" => "GEGI, before the class",
        _ => "This integration, from CourseKey",
    }
}

/// What is missing, who mends it and how.
fn cure(missing: &Obstacle, zone: &str) -> Markup {
    html! { p .notice .wait {
        @match &missing.owner { Some(word) => { (owner(word)) " " } None => {} }
        (missing.remedy)
        @if let Some(until) = &missing.until { " By itself at " (moment::when(until, zone)) "." }
    } }
}

fn drawn(class: &Class, limits: Option<(&str, &str)>, version: &Version, sentence: &str) -> Markup {
    let visits = version.visits.iter().map(|Visit { r#in, out }| (r#in.as_str(), out.as_deref())).collect();
    let awarded_seconds = version.awarded_seconds;
    timeline(&Timeline { starts: &class.starts, ends: &class.ends, limits, visits, awarded_seconds, sentence })
}

fn versions(explained: &Explanation, class: &Class, zone: &str) -> Markup {
    panel(
        "What CourseKey said, version by version",
        html! {},
        html! {
            @if explained.versions.is_empty() { (nothing("CourseKey has no record of the student in this class.")) } @else {
                div .versions { @for version in &explained.versions {
                    article .version .(version.r#use) {
                        h3 { "Version " (version.version) " " span .quiet { (words(&version.r#use)) } }
                        p .quiet { (moment::when(&version.updated_at, zone)) " · record " (version.id) }
                        (drawn(class, None, version, "visits of this version"))
                        @for visit in &version.visits { p { "In " (moment::clock(&visit.r#in, zone)) ", " @match &visit.out { Some(out) => { "out " (moment::clock(out, zone)) } None => "no check-out" } } }
                        @if version.visits.is_empty() { p .quiet { "No visit" } }
                        @if let Some(adjustment) = &version.adjustment { p { strong { "Adjusted: " (adjustment) } @if let Some(seconds) = version.awarded_seconds { ", " (moment::length(seconds)) " awarded" } } }
                    }
                } }
            }
        },
    )
}

/// How the mark came to be what it is, from the System Journal: every adjustment beside what stood before it.
fn changes(history: &Items<Entry>, zone: &str) -> Markup {
    let dash = |text: &Option<String>| text.as_deref().unwrap_or("–").to_owned();
    panel(
        "How it came to be",
        html! { "from the System Journal" },
        html! {
            @if history.items.is_empty() { (nothing("Nothing was changed yet.")) } @else {
                div .history { (table("How it came to be", &["When", "What", "Before", "After", "Why and on whose word"], html! {
                    @for line in history.items.iter().rev() { tr {
                        td { (moment::when(&line.at, zone)) } td { (capital(&line.what)) }
                        td { (dash(&line.old)) } td { strong { (dash(&line.new)) } } td { (line.by) }
                    } }
                })) }
            }
        },
    )
}

fn words(version_use: &str) -> &'static str {
    match version_use {
        "counts" => "counts",
        "too-late" => "came after the days in which adjustments are followed",
        _ => "replaced by a later one",
    }
}

fn by_hand(frame: &Frame, here: &str, explained: &Explanation) -> Markup {
    html! { @if explained.hours_type == "class-schedule" && frame.visitor.may_change() {
        (panel("Set the mark by hand", html! {}, html! { div .body {
            p .quiet { "A mark set by hand stays as it is, unless staff change the record in CourseKey afterwards." }
            (form(&frame.visitor, here, html! { div .bar {
                @for (letter, word) in [("P", "Present"), ("L", "Late"), ("A", "Absent")] {
                    button .button name="mark" value=(letter) { (word) }
                }
                @if explained.mark.is_some() { button .button .danger name="mark" value="" { "Take the mark away" } }
            } }))
        } }))
    } }
}

/// Sets a mark by hand, or takes it away.
pub(super) async fn set_mark(State(console): State<Console>, Path(place): Path<Place>, sent: Sent) -> Answer {
    let (id, course, class, student) = place;
    let frame = console.frame(sent.visitor.clone(), &id).await?;
    let path = asked(&of_school(&id, &["marks", &class, &student]), &[("by", &sent.visitor.name())]);
    let letter = sent.field("mark");
    let (method, body) =
        if letter.is_empty() { (Method::DELETE, Value::Null) } else { (Method::PUT, json!({ "mark": letter })) };
    let sent = console.api.send(&sent.visitor.caller, method, &path, &body).await;
    sent.map_err(|refusal| frame.refused(refusal))?;
    Ok(back_to(&page_of(&id, &["attendance", &course, &class, &student])))
}
