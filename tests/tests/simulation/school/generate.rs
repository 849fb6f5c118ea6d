//! Makes a school from a seed: campuses, settings, courses with their people and classes, and the spans in which
//! CourseKey is hard to reach. Not here: the story of the school (`changes`) and its records (`attendance`).
//!
//! Within minutes after a tick nothing happens but ticks and changes. Otherwise the delay of an answer would decide
//! what a tick sees, and the model could not say what is right.

use chrono::{Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;

use super::{Campus, Class, Course, DAY, HOUR, MINUTE, NeverOut, Person, School, Send, Settings, Student, local_date};
use crate::dice::Dice;
use crate::{attendance, changes};

/// For so many seconds after a tick nothing happens but ticks and changes; answers may take that long.
const AFTER_A_TICK: i64 = 6 * MINUTE;
/// Of so many seeds one makes a school with more records at one moment than a page of CourseKey's listing holds.
const CROWD_EVERY: u64 = 50;
const CROWD: usize = 270;

/// The school of a seed.
pub(crate) fn school(seed: u64) -> School {
    let mut dice = Dice::new(seed);
    let crowded = seed % CROWD_EVERY == 7;
    let step = if crowded { 120 } else { dice.pick(&[60, 90, 120, 120, 120]) } * MINUTE;
    let first_day = dice.pick(&[
        date(2023, 10, 30),
        date(2024, 2, 26),
        date(2024, 3, 4),
        date(2023, 6, 5),
        date(2024, 10, 28),
        date(2023, 12, 27),
    ]);
    let from = first_day.and_time(NaiveTime::MIN).and_utc().timestamp() + 4 * HOUR;
    let zones = [Tz::America__New_York, Tz::America__Los_Angeles, Tz::Europe__Berlin, Tz::America__Phoenix];
    let mut campuses = vec![Campus { id: "one", zone: dice.pick(&zones), number: 548_156 }];
    if !crowded && dice.chance(35) {
        campuses.push(Campus { id: "two", zone: dice.pick(&zones), number: 548_157 });
    }
    let settings = Settings {
        weeks_before: dice.between(1, 3),
        weeks_after: dice.between(1, 3),
        late_minutes: dice.pick(&[0, 5, 10, 15, 15, 20]),
        early_minutes: dice.pick(&[0, 5, 10, 15, 15, 20]),
        gap_minutes: dice.pick(&[0, 20, 30, 45, 90]),
        never_out: dice.pick(&[NeverOut::Report, NeverOut::Report, NeverOut::Absent, NeverOut::LeftAtEnd]),
        least_percent: dice.pick(&[0, 0, 0, 75, 90]),
        follow_days: dice.pick(&[1, 2, 3, 4, 5, 7]),
        settle_minutes: dice.pick(&[30, 60, 60, 120, 240]),
    };
    let mut school = School {
        seed,
        campuses,
        settings,
        from,
        until: from,
        step,
        courses: Vec::new(),
        changes: Vec::new(),
        records: Vec::new(),
        rough: !crowded && dice.chance(35),
        storms: Vec::new(),
    };
    if crowded {
        crowd(&mut school);
    } else {
        let people = dice.between(1, 9);
        for number in 1..=dice.between(1, 3) {
            let course = course(&school, &mut dice, number, people);
            school.courses.push(course);
        }
    }
    changes::add(&mut school, &mut dice, crowded);
    attendance::add(&mut school, &mut dice, crowded);
    changes::add_those_about_records(&mut school, &mut dice, crowded);
    school.changes.sort_by_key(|change| change.at);
    school
}

fn date(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap()
}

/// Two classes of very many students at one time.
fn crowd(school: &mut School) {
    let mut dice = Dice::new(school.seed);
    let mut course = course(school, &mut dice, 1, 9);
    let names = (1..=CROWD).map(|number| format!("S{number:06}"));
    let template = Student { stage: "ACTIVE", assigned: true, stopped: None, ..course.students[0].clone() };
    course.students = names.map(|id| Student { person: person(id, 1), ..template.clone() }).collect();
    (course.log, course.send) = (false, Send::On);
    course.classes.truncate(2);
    if let [first, second] = &mut course.classes[..] {
        second.starts = first.starts + 11 * MINUTE;
        second.ends = first.ends;
    }
    school.courses.push(course);
}

fn course(school: &School, dice: &mut Dice, number: i64, people: i64) -> Course {
    let campus = dice.below(school.campuses.len());
    let zone = school.campuses[campus].zone;
    let first_day = local_date(zone, school.from + DAY);
    let (send, program_send) = dice.pick(&[
        (Send::On, Send::Inherit),
        (Send::On, Send::Off),
        (Send::On, Send::Inherit),
        (Send::Inherit, Send::On),
        (Send::Inherit, Send::Inherit),
        (Send::Off, Send::On),
    ]);
    // The first course of a school is always sent, so that the run has something to compare.
    let (send, program_send) = if number == 1 { (Send::On, Send::Inherit) } else { (send, program_send) };
    // The window of a course that begins later opens during the run.
    let later = if dice.chance(25) && number > 1 { school.settings.weeks_before * 7 + 1 } else { 0 };
    let start = first_day + Days::new(later.unsigned_abs()) - Days::new(dice.between(1, 3).unsigned_abs());
    let mut course = Course {
        id: format!("C{number}"),
        revision: 1,
        campus,
        title: format!("Title {number}"),
        start,
        end: start + Days::new(14),
        log: dice.chance(30),
        send,
        program_send,
        instructors: vec![person(format!("I0000{number}"), 1)],
        students: Vec::new(),
        classes: Vec::new(),
    };
    let count = dice.between(1, people);
    for student in 1..=count {
        let student = new_student(dice, format!("S00000{student}"), course.start);
        course.students.push(student);
    }
    let first = dice.between(i64::from(school.rough), 1);
    let mut day = school.from + (later + first) * DAY + dice.between(8, 16) * HOUR;
    for class in 1..=dice.between(2, 7) {
        course.classes.push(new_class(school, dice, format!("C{number}-{class}"), day));
        day += dice.pick(&[0, 20, 24, 24, 27, 48]) * HOUR;
    }
    course
}

/// A person as GEGI holds the person at first.
pub(crate) fn person(id: String, revision: u64) -> Person {
    let email = format!("{}.{revision}@example.edu", id.to_lowercase());
    Person { id, email, revision }
}

fn new_student(dice: &mut Dice, id: String, start: NaiveDate) -> Student {
    let stage = dice.pick(&["ACTIVE", "ACTIVE", "ENROLLED", "ACTIVE Pending", "LOA Pending", "ENROLLED Late start"]);
    let mut student =
        Student { person: person(id, 1), stage, assigned: true, from: start - Days::new(10), stopped: None };
    match dice.below(24) {
        0 => student.stage = "REGISTERED",
        1 => student.assigned = false,
        2 => student.from = start + Days::new(3),
        3 => {
            student.stage = "DROPPED";
            student.stopped = Some(start - Days::new(2));
        }
        4 => student.stage = "SOMETHING ELSE",
        _ => {}
    }
    student
}

/// A class that begins near `about`, at least a tick and some minutes away from every other moment that counts.
pub(crate) fn new_class(school: &School, dice: &mut Dice, id: String, about: i64) -> Class {
    loop {
        let base = about - (about - school.from).rem_euclid(school.step);
        let starts = base + dice.between(7, school.step / MINUTE - 3) * MINUTE;
        let minutes = dice.pick(&[25, 45, 60, 90, 120, 150, 180, 240]) + dice.pick(&[0, 0, 5]);
        let ends = starts + minutes * MINUTE;
        let phase = (ends - school.from).rem_euclid(school.step);
        if phase > AFTER_A_TICK && phase < school.step - 2 * MINUTE {
            return Class { id, starts, ends };
        }
    }
}

/// The same instant, or a little later if the delay of an answer could decide about it.
pub(crate) fn off_the_tick(school: &School, at: i64) -> i64 {
    let phase = (at - school.from).rem_euclid(school.step);
    if phase > 0 && phase < AFTER_A_TICK { at - phase + AFTER_A_TICK } else { at }
}
