//! The summer term of a small college, made by the same rules each time: twelve groups with four courses each, clinical
//! rotations of two groups, evening classes, courses that begin in the middle of the term, and what goes wrong at schools.
//! Its students come and go by the simulator's dice.

// Everything that is indexed is made here, and the test below makes all of it.
#![allow(clippy::indexing_slicing)]

use chrono::{Datelike, NaiveDate, TimeDelta, Weekday};
use serde_json::{Value, json};

/// Its id at the service.
pub(super) const ID: &str = "college";

/// `school.toml`.
pub(super) const SCHOOL: &str = r#"# The summer term of a small college, made for `host-harness serve --demo`.
name = "Small College"
run = { from = "2023-05-19T12:00:00Z", until = "2023-08-26T05:00:00Z" }

[[campus]]
id = "main"
zone = "America/Chicago"
coursekey-school-id = 548200
course-owner = "registrar@college.example.edu"

[settings]
error-email = "registrar@college.example.edu"
initial-user-password = "Welcome1"
update-every-minutes = 15
"#;

/// A program: its id, its name, its four courses, and whether its courses count hours by the attendance log.
struct Program(&'static str, &'static str, [&'static str; 4], bool);

const PROGRAMS: [Program; 6] = [
    Program("MA", "Medical Assistant", ["Anatomy", "Clinical Procedures", "Medical Coding", "Phlebotomy"], false),
    Program("DA", "Dental Assistant", ["Chairside I", "Radiography", "Dental Materials", "Infection Control"], false),
    Program("COS", "Cosmetology", ["Hair Cutting", "Color Theory", "Skin Care", "Salon Practice"], true),
    Program("HV", "Heating and Air", ["Refrigeration", "Electricity", "Sheet Metal", "Heat Pumps"], false),
    Program("CUL", "Culinary Arts", ["Knife Skills", "Baking", "Sauces", "Kitchen Management"], false),
    Program("NET", "Network Technician", ["Cabling", "Routing", "Linux", "Security"], false),
];

/// A program has a group that comes by day and one that comes in the evening.
const GROUPS: [(&str, &str); 2] = [("D", "Day"), ("E", "Evening")];
const STUDENTS_OF_A_GROUP: u32 = 14;
/// A student for whom somebody wrote the address of the student before.
const SHARES_AN_ADDRESS: u32 = 101;

fn day(month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(2023, month, day).unwrap_or_default()
}

/// Everything that GEGI holds at the beginning.
pub(super) fn courses() -> Vec<Value> {
    let groups = (0..PROGRAMS.len()).flat_map(|program| (0..GROUPS.len()).map(move |group| (program, group)));
    let of_groups = groups.flat_map(|(program, group)| (0..4).map(move |number| course(program, group, number)));
    of_groups.chain([rotation(0, 1), rotation(1, 2)]).map(wrong).collect()
}

/// What happens during the term, as lines of `changes.jsonl`.
pub(super) fn changes() -> Vec<Value> {
    let of = |id: &str, change: &dyn Fn(&mut Value)| {
        let mut course = courses().into_iter().find(|course| course["id"] == id).unwrap_or_default();
        change(&mut course);
        course
    };
    let with_email = |email: &'static str, revision: u32| {
        of("MA-D-1", &move |course| {
            course["revision"] = json!(revision);
            course["students"][3]["email"] = json!(email);
            course["students"][3]["revision"] = json!(revision);
        })
    };
    let dropped = of("CUL-D-1", &|course| {
        course["revision"] = json!(2);
        course["students"][5]["stage"] = json!("DROPPED");
        course["students"][5]["stopped-on"] = json!("2023-06-01");
        course["students"][5]["revision"] = json!(2);
    });
    let found_instructor = of("NET-D-2", &|course| {
        course["revision"] = json!(2);
        course["instructors"] = json!([instructor(5, 1)]);
    });
    vec![
        json!({"at": "2023-05-23T15:00:00Z", "course": with_email("student000004.example.edu", 2)}),
        json!({"at": "2023-05-24T14:30:00Z", "course": with_email("student000004@college.example.edu", 3)}),
        json!({"at": "2023-05-24T16:00:00Z", "fault": {"on": "attendance", "kind": "status", "status": 503, "times": 4}}),
        json!({"at": "2023-05-25T13:00:00Z", "course": found_instructor}),
        json!({"at": "2023-06-01T18:00:00Z", "course": dropped}),
    ]
}

/// A course of a group: the fourth begins in the middle of the term.
fn course(program: usize, group: usize, number: usize) -> Value {
    let Program(id, name, titles, by_log) = &PROGRAMS[program];
    let (letter, time) = GROUPS[group];
    let (from, until) = if number == 3 { (day(7, 3), day(8, 11)) } else { (day(5, 22), day(8, 11)) };
    let course = format!("{id}-{letter}-{}", number + 1);
    // By UTC: in the morning and at noon, or in the evening.
    let hour = if group == 0 { 13 + 2 * number } else { 22 + number % 2 };
    let days = if number.is_multiple_of(2) { &[Weekday::Mon, Weekday::Wed][..] } else { &[Weekday::Tue, Weekday::Thu] };
    json!({
        "id": course, "revision": 1, "kind": "group-course", "campus": "main",
        "program": {"id": id, "name": name},
        "group": {"id": format!("{id}-{letter}"), "name": format!("{name}, Summer 2023, {time}")},
        "number": format!("{id} {}", 101 + number), "title": titles[number],
        "start-date": from.to_string(), "end-date": until.to_string(), "completed-date": null,
        "hours-type": if *by_log { "attendance-log" } else { "class-schedule" },
        "send-to-coursekey": "inherit", "program-send-to-coursekey": "on",
        "instructors": [instructor(program, group)],
        "students": students(program, group), "classes": classes(&course, from, until, hour, days)
    })
}

/// A clinical rotation of both groups of a program, on Fridays.
fn rotation(program: usize, weeks: i64) -> Value {
    let mut rotation = course(program, 0, 0);
    let Program(id, name, ..) = &PROGRAMS[program];
    let (from, until) = (day(5, 22) + TimeDelta::weeks(weeks), day(8, 11));
    let course = format!("{id}-clinical");
    let named = |(letter, time): (&str, &str)| json!({"id": format!("{id}-{letter}"), "name": format!("{name}, Summer 2023, {time}")});
    rotation["kind"] = json!("clinical-rotation");
    rotation["groups"] = json!([named(GROUPS[1])]);
    rotation["number"] = json!(format!("{id} 190"));
    rotation["title"] = json!("Clinical Rotation");
    rotation["start-date"] = json!(from.to_string());
    rotation["students"].as_array_mut().into_iter().for_each(|held| held.extend(students(program, 1)));
    rotation["classes"] = json!(classes(&course, from, until, 14, &[Weekday::Fri]));
    rotation["id"] = json!(course);
    rotation
}

/// What is wrong from the beginning: a course that nobody teaches yet, and one that is switched off.
fn wrong(mut course: Value) -> Value {
    match course["id"].as_str() {
        Some("NET-D-2") => course["instructors"] = json!([]),
        Some("CUL-E-3") => course["send-to-coursekey"] = json!("off"),
        _ => {}
    }
    course
}

fn instructor(program: usize, group: usize) -> Value {
    let number = program * 2 + group + 1;
    json!({"id": format!("I{number:05}"), "first-name": "Instructor", "last-name": format!("{number:05}"),
        "email": format!("instructor{number:05}@college.example.edu"), "revision": 1})
}

fn students(program: usize, group: usize) -> Vec<Value> {
    let group = u32::try_from(program * 2 + group).unwrap_or_default();
    let first = group * STUDENTS_OF_A_GROUP + 1;
    let student = |number: u32| {
        let address = if number == SHARES_AN_ADDRESS { number - 1 } else { number };
        json!({"id": format!("S{number:06}"), "first-name": "Student", "last-name": format!("{number:06}"),
            "email": format!("student{address:06}@college.example.edu"), "revision": 1, "stage": "ACTIVE",
            "agreement": "assigned", "enrolled-from": "2023-05-08", "stopped-on": null})
    };
    (first..first + STUDENTS_OF_A_GROUP).map(student).collect()
}

/// Two hours on these days of the week, from this hour by UTC on.
fn classes(course: &str, from: NaiveDate, until: NaiveDate, hour: usize, days: &[Weekday]) -> Vec<Value> {
    let dates = from.iter_days().take_while(|date| *date <= until).filter(|date| days.contains(&date.weekday()));
    let class = |(number, date): (usize, NaiveDate)| {
        let at = |hour: usize| {
            let (date, hour) = (date + TimeDelta::days(i64::from(hour >= 24)), hour % 24);
            format!("{date}T{hour:02}:00:00Z")
        };
        json!({"id": format!("{course}-{}", number + 1), "starts": at(hour), "ends": at(hour + 2)})
    };
    dates.enumerate().map(class).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_of_fifty_courses_and_168_students() {
        let courses = courses();
        let classes: usize = courses.iter().map(|course| course["classes"].as_array().unwrap().len()).sum();
        let students: std::collections::BTreeSet<_> = courses
            .iter()
            .flat_map(|course| course["students"].as_array().unwrap())
            .map(|student| student["id"].as_str().unwrap())
            .collect();
        assert_eq!((courses.len(), students.len(), classes), (50, 168, 1029));
    }
}
