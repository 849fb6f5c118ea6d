//! Writes a school as a school directory on disk.

use std::fmt::Write as _;
use std::path::Path;

use chrono::{DateTime, SecondsFormat};
use serde_json::{Value, json};

use tests::discretion::{ADDRESS, NAME, PASSWORD};

use super::{Change, Course, Event, Kind, NeverOut, Person, School, Send, Settings, Version};

/// Writes every file of the school directory.
pub(crate) fn write(school: &School, folder: &Path) {
    let put = |name: &str, text: String| std::fs::write(folder.join(name), text).unwrap();
    put("school.toml", school_toml(school));
    put("courses.jsonl", lines(school.courses.iter().map(|course| course_line(school, course))));
    put("changes.jsonl", lines(school.changes.iter().map(|change| change_line(school, change))));
    put("attendance.jsonl", lines(school.records.iter().map(record_line)));
}

/// An instant in the form of the files.
pub(crate) fn instant(at: i64) -> String {
    DateTime::from_timestamp(at, 0).unwrap().to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn lines(values: impl Iterator<Item = Value>) -> String {
    values.fold(String::new(), |text, value| text + &value.to_string() + "\n")
}

fn school_toml(school: &School) -> String {
    let (from, until) = (instant(school.from), instant(school.until));
    let mut text =
        format!("name = \"Simulated school {}\"\nrun = {{ from = \"{from}\", until = \"{until}\" }}\n", school.seed);
    for campus in &school.campuses {
        let (id, zone, number) = (campus.id, campus.zone, campus.number);
        write!(
            text,
            "\n[[campus]]\nid = \"{id}\"\nzone = \"{zone}\"\ncoursekey-school-id = {number}\n\
             course-owner = \"{ADDRESS}\"\n"
        )
        .unwrap();
    }
    let Settings { weeks_before, weeks_after, follow_days, settle_minutes, .. } = &school.settings;
    let every = school.step / super::MINUTE;
    write!(
        text,
        // The model knows no guard, which has simulations of its own (`review/tests/terms.rs`).
        "\n[settings]\nguard-vanished-number = 10000\nweeks-before-start = {weeks_before}\nweeks-after-end = {weeks_after}\n\
         follow-adjustments-days = {follow_days}\nsettle-minutes = {settle_minutes}\nupdate-every-minutes = {every}\n\
         error-email = \"{ADDRESS}\"\ninitial-user-password = \"{PASSWORD}\"\n"
    )
    .unwrap();
    for (key, value) in thresholds(&school.settings).as_object().unwrap() {
        writeln!(text, "{key} = {value}").unwrap();
    }
    text
}

/// The settings that change during a run.
fn thresholds(settings: &Settings) -> Value {
    json!({
        "absent-after-start-minutes": settings.late_minutes,
        "absent-before-end-minutes": settings.early_minutes,
        "longest-gap-minutes": settings.gap_minutes,
        "never-checked-out": match settings.never_out {
            NeverOut::Report => "report",
            NeverOut::Absent => "absent",
            NeverOut::LeftAtEnd => "left-at-end",
        },
        "minimum-attended-percent": settings.least_percent,
    })
}

fn course_line(school: &School, course: &Course) -> Value {
    let person = |person: &Person| {
        json!({ "id": person.id, "first-name": NAME, "last-name": format!("{NAME} {}", person.id), "email": person.email,
                "revision": person.revision })
    };
    let students = course.students.iter().map(|student| {
        let mut line = person(&student.person);
        line["stage"] = json!(student.stage);
        line["agreement"] = json!(if student.assigned { "assigned" } else { "credit-granted" });
        line["enrolled-from"] = json!(student.from);
        line["stopped-on"] = json!(student.stopped);
        line
    });
    let classes = course
        .classes
        .iter()
        .map(|class| json!({ "id": class.id, "starts": instant(class.starts), "ends": instant(class.ends) }));
    json!({
        "id": course.id, "revision": course.revision, "kind": "group-course",
        "campus": school.campuses[course.campus].id,
        "program": { "id": "P", "name": "Program" }, "group": { "id": "G", "name": "Group" },
        "number": format!("N-{}", course.id), "title": course.title,
        "start-date": course.start, "end-date": course.end, "completed-date": null,
        "hours-type": if course.log { "attendance-log" } else { "class-schedule" },
        "send-to-coursekey": word(course.send), "program-send-to-coursekey": word(course.program_send),
        "instructors": course.instructors.iter().map(person).collect::<Vec<_>>(),
        "students": students.collect::<Vec<_>>(), "classes": classes.collect::<Vec<_>>(),
    })
}

fn word(send: Send) -> &'static str {
    match send {
        Send::On => "on",
        Send::Off => "off",
        Send::Inherit => "inherit",
    }
}

fn change_line(school: &School, change: &Change) -> Value {
    let mut line = match &change.event {
        Event::Course { course, lost } => json!({ "course": course_line(school, course), "lost": lost }),
        Event::Removed(course) => json!({ "removed": course }),
        Event::Settings(settings) => json!({ "settings": thresholds(settings) }),
        Event::Hand { class, student, letter } => {
            json!({ "hand-mark": { "class": class, "student": student, "mark": letter } })
        }
        Event::Push(records) => json!({ "push": records }),
        Event::Fault { on, kind, status, retry_after, times } => {
            let mut fault = json!({ "on": on, "kind": kind, "times": times });
            if *kind == "status" {
                fault["status"] = json!(status);
                if let Some(seconds) = retry_after {
                    fault["retry-after"] = json!(seconds);
                }
            }
            json!({ "fault": fault })
        }
        Event::Rejects { user, code } => json!({ "coursekey": { "rejects-user": user, "code": code } }),
        Event::Revoked => json!({ "credentials": "revoked" }),
        Event::Restored => json!({ "credentials": "restored" }),
        Event::Restart => json!({ "restart": true }),
    };
    line["at"] = json!(instant(change.at));
    line
}

fn record_line(version: &Version) -> Value {
    let visits: Vec<Value> = version
        .content
        .visits
        .iter()
        .map(|(came, left)| json!({ "in": instant(*came), "out": left.map(instant) }))
        .collect();
    let adjustment = version.content.adjustment.map(|adjustment| {
        let kind = match adjustment.kind {
            Kind::Edit => "edit",
            Kind::AwardFull => "award-full",
            Kind::RemoveAll => "remove-all",
            Kind::Override => "override",
        };
        json!({ "kind": kind, "by": format!("{NAME} Staff"), "awarded-seconds": adjustment.awarded })
    });
    json!({ "id": version.id, "version": version.number, "class": version.class, "student": version.student,
            "updated-at": instant(version.updated), "visits": visits, "adjustment": adjustment })
}
