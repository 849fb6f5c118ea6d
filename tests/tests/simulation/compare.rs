//! Compares the output of a run with the model, and returns the lines that differ.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::model::{Issue, Model, Place};
use crate::school::files::instant;
use crate::school::{Change, Event, School};

/// Codes of issues that the model predicts exactly.
const MODELLED: [&str; 16] = [
    "class-kept",
    "class-not-held",
    "email-invalid",
    "email-missing",
    "late-adjustment",
    "never-checked-out",
    "record-after-drop",
    "record-of-unknown-class",
    "record-of-unknown-student",
    "record-unreadable",
    "second-record",
    "stage-unknown",
    "visit-backwards",
    "visit-in-future",
    "visit-too-long",
    "visits-doubtful",
];
/// Codes of issues that no story may leave open.
const NEVER_LEFT: [&str; 6] = [
    "aborted-repeatedly",
    "connection-mismatch",
    "credentials-refused",
    "coursekey-silent",
    "email-shared",
    "campus-unknown",
];

/// Every difference; a line that only the model has begins with `-`, a line that only the run has begins with `+`.
pub(crate) fn differences(school: &School, model: &Model<'_>, out: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let marks = lines(out, "marks.jsonl");
    let rows = lines(out, "attendance-log.jsonl");
    let issues = lines(out, "issues.jsonl");
    let expected = model
        .marks
        .iter()
        .map(|((class, student), mark)| format!("mark {class} {student} {} by {}", mark.letter, mark.rule));
    found.extend(unequal(expected, marks.iter().map(mark_text)));
    let expected = model.rows.values().flatten().map(|row| {
        let (came, left, minutes) = (instant(row.came), instant(row.left), row.minutes);
        format!("row {} {} {} {} {came} {left} {minutes}", row.class, row.student, row.record, row.visit)
    });
    found.extend(unequal(expected, rows.iter().map(row_text)));
    found.extend(issues_left(school, model, &issues));
    found.extend(unequal(roster(school, model), lines(out, "coursekey.jsonl").iter().map(roster_text)));
    found.extend(journal_against_marks(school, &lines(out, "journal.jsonl"), &marks));
    found.extend(unaccounted(model, &marks, &rows, &issues));
    found.extend(doubled(&rows));
    found.extend(silence(school, model, &issues));
    found
}

/// "after three failed ticks, and 15 minutes at least, … one issue per campus": an outage is told, and nothing else is.
fn silence(school: &School, model: &Model<'_>, issues: &[Value]) -> Vec<String> {
    let codes = ["coursekey-silent", "credentials-refused", "connection-mismatch"];
    let told = issues.iter().any(|line| codes.contains(&said(line, "code").as_str()));
    let fails = |change: &Change| matches!(change.event, Event::Fault { .. } | Event::Revoked);
    match (told, model.outage, school.changes.iter().any(fails)) {
        (false, true, _) => vec!["- an outage of attendance is told".to_owned()],
        (true, _, false) => vec!["+ an outage is told although nothing failed".to_owned()],
        _ => Vec::new(),
    }
}

fn lines(out: &Path, file: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(out.join(file)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The text of a field; `-` for null.
fn said(line: &Value, key: &str) -> String {
    match &line[key] {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn unequal(expected: impl IntoIterator<Item = String>, actual: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut counts: BTreeMap<String, i32> = BTreeMap::new();
    expected.into_iter().for_each(|line| *counts.entry(line).or_default() -= 1);
    actual.into_iter().for_each(|line| *counts.entry(line).or_default() += 1);
    let differing = counts.into_iter().filter(|(_, count)| *count != 0);
    differing.map(|(line, count)| format!("{} {line}", if count < 0 { '-' } else { '+' })).collect()
}

fn mark_text(line: &Value) -> String {
    let rule = said(&line["basis"], "rule");
    format!("mark {} {} {} by {rule}", said(line, "class"), said(line, "student"), said(line, "mark"))
}

fn row_text(line: &Value) -> String {
    let keys = ["class", "student", "record", "visit", "in", "out", "minutes"];
    keys.iter().fold("row".to_owned(), |text, key| format!("{text} {}", said(line, key)))
}

fn issue_text(issue: &Issue) -> String {
    let (code, class, student) = issue;
    format!("{code} {} {}", class.as_deref().unwrap_or("-"), student.as_deref().unwrap_or("-"))
}

/// Records without a place have one issue for each class, and issues about people name no class.
fn issue_line(line: &Value) -> String {
    let code = said(line, "code");
    let student = if code.starts_with("record-of-") { "-".to_owned() } else { said(line, "student") };
    format!("{code} {} {student}", said(line, "class"))
}

fn issues_left(school: &School, model: &Model<'_>, issues: &[Value]) -> Vec<String> {
    let known = |line: &&Value| MODELLED.contains(&said(line, "code").as_str());
    let open = |line: &&Value| line["resolved-at"].is_null();
    let texts = |open: &dyn Fn(&&Value) -> bool| -> BTreeSet<String> {
        issues.iter().filter(known).filter(|line| open(line)).map(issue_line).collect()
    };
    let named = |name: &'static str| move |text: String| format!("{name} {text}");
    let expected = model.issues.iter().filter(|issue| MODELLED.contains(&issue.0)).map(issue_text);
    let mut found = unequal(expected.map(named("open")), texts(&open).into_iter().map(named("open")));
    if school.storms.is_empty() {
        // An impossible time may or may not be reported before the class is judged, and a record that was written before
        // attendance was read may or may not be read before GEGI has its class.
        let is_early = |text: &str| model.early.iter().any(|class| text.split(' ').any(|word| word == class));
        let certain = |text: &String| !(text.starts_with("visit") || text.starts_with("record-of-") && is_early(text));
        let ever = model.ever.iter().filter(|issue| MODELLED.contains(&issue.0)).map(issue_text);
        let seen = texts(&|_| true).into_iter().filter(certain);
        found.extend(unequal(ever.filter(certain).map(named("ever")), seen.map(named("ever"))));
    }
    let wrong = issues.iter().filter(open).filter(|line| NEVER_LEFT.contains(&said(line, "code").as_str()));
    found.extend(wrong.map(|line| format!("+ open {}", issue_line(line))));
    found
}

fn roster(school: &School, model: &Model<'_>) -> Vec<String> {
    let number = |course: &str| {
        let course = &model.roster.courses[course];
        school.campuses[course.campus].number
    };
    let users = model
        .roster
        .users
        .iter()
        .map(|((school, id), (email, teacher))| format!("user {school} {id} {email} {teacher}"));
    let courses = model.roster.courses.values().map(|course| {
        let mut teachers: Vec<&str> = course.instructors.iter().map(|person| person.id.as_str()).collect();
        teachers.sort_unstable();
        let (id, title, teachers) = (&course.id, &course.title, teachers.join(","));
        format!("course {} {id} Group N-{id} {title} {} {} {teachers}", number(id), course.start, course.end)
    });
    let sessions = model.roster.sessions.iter().map(|(id, session)| {
        let (course, starts, ends) = (&session.course, instant(session.starts), instant(session.ends));
        format!("session {} {course} {id} {starts} {ends}", number(course))
    });
    let enrollments = model.roster.enrollments.iter().map(|((course, user), enrollment)| {
        format!("enrollment {} {course} {user} {}", number(course), enrollment.dropped())
    });
    users.chain(courses).chain(sessions).chain(enrollments).collect()
}

fn roster_text(line: &Value) -> String {
    let keys: &[&str] = match line["kind"].as_str().unwrap() {
        "user" => &["kind", "school", "id", "email", "teacher"],
        "course" => &["kind", "school", "id", "name", "title", "start-date", "end-date"],
        "session" => &["kind", "school", "course", "id", "starts", "ends"],
        _ => &["kind", "school", "course", "user", "dropped"],
    };
    let mut text: Vec<String> = keys.iter().map(|key| said(line, key)).collect();
    if let Some(instructors) = line["instructors"].as_array() {
        let mut ids: Vec<&str> = instructors.iter().filter_map(Value::as_str).collect();
        ids.sort_unstable();
        text.push(ids.join(","));
    }
    text.join(" ")
}

/// Checks that every entry of the journal begins with the mark at which the entry before ended, and that the last
/// entry ends with the mark that stands. A mark by hand may lie in between, because GEGI journals such marks itself.
fn journal_against_marks(school: &School, journal: &[Value], marks: &[Value]) -> Vec<String> {
    let place = |line: &Value| -> Place { (said(line, "class"), said(line, "student")) };
    let by_hand: BTreeSet<Place> = school.changes.iter().filter_map(marked_by_hand).collect();
    let mut found = Vec::new();
    let mut replayed: BTreeMap<Place, String> = BTreeMap::new();
    for entry in journal.iter().filter(|entry| ["mark", "withdrawn"].contains(&said(entry, "what").as_str())) {
        let (place, old, new) = (place(entry), said(entry, "old"), said(entry, "new"));
        let before = replayed.insert(place.clone(), new).unwrap_or_else(|| "-".to_owned());
        if before != old && !by_hand.contains(&place) {
            found.push(format!("+ journal of {} {} goes on from {old}, it was {before}", place.0, place.1));
        }
    }
    let standing: BTreeMap<Place, &Value> = marks.iter().map(|line| (place(line), line)).collect();
    for (place, new) in &replayed {
        let mark = standing.get(place).map(|line| (said(line, "mark"), said(&line["basis"], "rule")));
        let agrees = match &mark {
            Some((letter, rule)) => rule == "hand" || letter == new,
            None => new == "-",
        };
        if !agrees {
            found.push(format!("+ journal of {} {} ends in {new}, the mark is {mark:?}", place.0, place.1));
        }
    }
    for (place, line) in standing {
        if said(&line["basis"], "rule") != "hand" && !replayed.contains_key(&place) {
            found.push(format!("- journal of {} {}", place.0, place.1));
        }
    }
    found
}

fn marked_by_hand(change: &Change) -> Option<Place> {
    match &change.event {
        Event::Hand { class, student, .. } => Some((class.clone(), student.clone())),
        _ => None,
    }
}

/// Checks that every record which CourseKey served became a mark, a row or an issue. A record with all its time
/// removed from a log becomes none of these.
fn unaccounted(model: &Model<'_>, marks: &[Value], rows: &[Value], issues: &[Value]) -> Vec<String> {
    let place = |line: &Value| (said(line, "class"), said(line, "student"));
    let mut accounted: BTreeSet<Place> = marks.iter().chain(rows).map(place).collect();
    accounted.extend(issues.iter().map(place));
    let classes: BTreeSet<String> = issues.iter().map(|line| said(line, "class")).collect();
    let missing = model.known.keys().filter(|place| !accounted.contains(*place) && !classes.contains(&place.0));
    let missing = missing.filter(|place| model.leaves_something(place));
    missing.map(|place| format!("- anything of {} {}", place.0, place.1)).collect()
}

/// Checks that no two rows of one student say the same.
fn doubled(rows: &[Value]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let text = |line: &Value| ["class", "student", "in", "out"].map(|key| said(line, key)).join(" ");
    rows.iter()
        .map(text)
        .filter(|text| !seen.insert(text.clone()))
        .map(|text| format!("+ row doubled {text}"))
        .collect()
}
