//! A small school: two classes, an instructor, three students.

use crate::model::course::{Agreement, Class, Course, CourseKind, HoursType, SendOption, Student};
use crate::model::ids::{CampusId, ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::person::Person;
use crate::model::settings::{Campus, NeverCheckedOut, Password, SchoolSettings};
use crate::model::time::{Instant, LocalDate};

pub(crate) fn at(text: &str) -> Instant {
    Instant::parse(text).unwrap()
}

fn date(text: &str) -> LocalDate {
    text.parse().unwrap()
}

pub(crate) fn settings() -> SchoolSettings {
    SchoolSettings {
        name: "Example School".to_owned(),
        enabled: true,
        coursekey_url: "https://coursekey.example/v1".to_owned(),
        campuses: vec![Campus {
            id: CampusId::from("main"),
            zone: "America/New_York".to_owned(),
            school: SchoolNumber(100),
            course_owner: None,
            credentials_generation: 1,
        }],
        weeks_before_start: 3,
        weeks_after_end: 2,
        absent_after_start_minutes: 15,
        absent_before_end_minutes: 15,
        follow_adjustments_days: 7,
        error_email: Some("errors@example.edu".to_owned()),
        send_new_program_courses: false,
        initial_user_password: Password::new("Welcome1".to_owned()),
        update_every_minutes: 5,
        settle_minutes: 60,
        longest_gap_minutes: 90,
        never_checked_out: NeverCheckedOut::Report,
        minimum_attended_percent: 0,
        digest_every_minutes: 60,
        guard_vanished_percent: 10,
        guard_vanished_number: 5,
        guard_stopped_percent: 50,
        guard_stopped_number: 10,
        saved_at: None,
    }
}

fn person(id: &str) -> Person {
    let (role, number) = id.split_at(1);
    let role = if role == "I" { "Instructor" } else { "Student" };
    let email = format!("{}{number}@example.edu", role.to_lowercase());
    Person { id: PersonId::from(id), revision: 1, first_name: role.to_owned(), last_name: number.to_owned(), email }
}

pub(crate) fn student(id: &str) -> Student {
    Student {
        person: person(id),
        stage: "ACTIVE".to_owned(),
        agreement: Agreement::Assigned,
        enrolled_from: date("2023-08-28"),
        stopped_on: None,
    }
}

/// A course of four months with two classes on its first two Mondays.
pub(crate) fn course(id: &str) -> Course {
    let class = |number: u32, starts: &str, ends: &str| Class {
        id: ClassId(format!("{id}-{number}")),
        starts: at(starts),
        ends: at(ends),
    };
    Course {
        id: CourseId::from(id),
        revision: 1,
        kind: CourseKind::GroupCourse,
        campus: CampusId::from("main"),
        group_name: "NURS Fall".to_owned(),
        several_groups: false,
        number: format!("NURS-{id}"),
        title: "CARE".to_owned(),
        start_date: date("2023-08-28"),
        end_date: date("2023-12-15"),
        completed_date: None,
        hours_type: HoursType::ClassSchedule,
        send: SendOption::On,
        program_send: SendOption::Inherit,
        instructors: vec![person("I1")],
        students: vec![student("S1"), student("S2"), student("S3")],
        classes: vec![
            class(1, "2023-08-28T13:00:00Z", "2023-08-28T16:00:00Z"),
            class(2, "2023-09-04T13:00:00Z", "2023-09-04T16:00:00Z"),
        ],
    }
}
