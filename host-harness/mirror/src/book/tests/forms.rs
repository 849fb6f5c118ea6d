//! What is written as JSON and read again is the same, in every field.

use super::*;
use crate::form::CourseLine;
use host::email::{OwnTexts, Part};
use host::gegi::{
    Agreement, Campus, Class, CourseKind, HoursType, Instructor, LocalDate, Named, NeverCheckedOut, SendOption, Student,
};

/// A course without people and classes.
pub(super) fn course(id: &str, revision: u64) -> Course {
    let named = || Named { id: "N1".to_owned(), name: "Name".to_owned() };
    let date = LocalDate { year: 2023, month: 8, day: 28 };
    Course {
        id: id.to_owned(),
        revision,
        kind: CourseKind::GroupCourse,
        campus: "main".to_owned(),
        program: named(),
        group: named(),
        groups: Vec::new(),
        number: format!("revision {revision}"),
        title: String::new(),
        start_date: date,
        end_date: date,
        completed_date: None,
        hours_type: HoursType::ClassSchedule,
        send_to_coursekey: SendOption::On,
        program_send_to_coursekey: SendOption::On,
        instructors: Vec::new(),
        students: Vec::new(),
        classes: Vec::new(),
    }
}

/// A course in which no field is as in [`course`].
fn full() -> Course {
    let named = |id: &str, name: &str| Named { id: id.to_owned(), name: name.to_owned() };
    let student = |id: &str, agreement, stopped_on| Student {
        id: id.to_owned(),
        revision: 5,
        first_name: "Zoë \"Z\"".to_owned(),
        last_name: "O’Neil".to_owned(),
        email: String::new(),
        stage: "ACTIVE".to_owned(),
        agreement,
        enrolled_from: LocalDate { year: 1970, month: 1, day: 1 },
        stopped_on,
    };
    let last_day = LocalDate { year: 9999, month: 12, day: 31 };
    Course {
        id: "C/1 \u{1F393}".to_owned(),
        revision: u64::MAX,
        kind: CourseKind::ClinicalRotation,
        campus: "north".to_owned(),
        program: named("P1", "Program"),
        group: named("G1", "Group"),
        groups: vec![named("G2", "Second"), named("G3", "Third")],
        number: "N-1".to_owned(),
        title: "Title\nof two lines".to_owned(),
        start_date: LocalDate { year: 2024, month: 2, day: 29 },
        end_date: last_day,
        completed_date: Some(LocalDate { year: 2024, month: 3, day: 1 }),
        hours_type: HoursType::AttendanceLog,
        send_to_coursekey: SendOption::Inherit,
        program_send_to_coursekey: SendOption::Off,
        instructors: vec![Instructor {
            id: "I1".to_owned(),
            revision: 3,
            first_name: "First".to_owned(),
            last_name: "Last".to_owned(),
            email: "first@example.edu".to_owned(),
        }],
        students: vec![
            student("S1", Agreement::Assigned, None),
            student("S2", Agreement::CreditGranted, Some(last_day)),
        ],
        classes: vec![
            Class { id: "1".to_owned(), starts: 0, ends: 1 },
            Class { id: "2".to_owned(), starts: NINE, ends: 253_402_300_799 },
        ],
    }
}

#[tokio::test]
async fn a_course_is_read_as_it_was_written() {
    let book = book(&Arc::default());
    let on_and_off = [SendOption::On, SendOption::Off, SendOption::Inherit].map(|option| Course {
        send_to_coursekey: option,
        program_send_to_coursekey: option,
        ..course("C2", 1)
    });
    for written in [full(), course("C1", 0)].into_iter().chain(on_and_off) {
        let text = serde_json::to_string(&CourseLine(written.clone())).unwrap();
        assert_eq!(serde_json::from_str::<CourseLine>(&text).unwrap().0, written);
        book.put_course(&written).await.unwrap();
        assert_eq!(book.course(&written.id).await.unwrap(), Some(written));
    }
}

#[tokio::test]
async fn settings_are_read_as_they_were_written() {
    let main = || Campus::new("main", "America/New_York", 5);
    let owned = Campus { course_owner: Some("owner@example.edu".to_owned()), credentials_generation: 7, ..main() };
    let plain = || SchoolSettings::with_defaults("School", "https://api.example.com/v1", vec![main()]);
    let changed = SchoolSettings {
        name: "Another".to_owned(),
        enabled: false,
        coursekey_url: "https://api.example.com/v2".to_owned(),
        campuses: vec![owned, Campus { credentials_generation: u64::MAX, ..main() }],
        weeks_before_start: 1,
        weeks_after_end: 4,
        absent_after_start_minutes: 5,
        absent_before_end_minutes: 6,
        follow_adjustments_days: 8,
        error_email: Some("errors@example.edu".to_owned()),
        send_new_program_courses: true,
        initial_user_password: "Another1".to_owned(),
        update_every_minutes: 9,
        settle_minutes: 10,
        longest_gap_minutes: 0,
        never_checked_out: NeverCheckedOut::Absent,
        minimum_attended_percent: 80,
        digest_every_minutes: 11,
        guard_vanished_percent: 12,
        guard_vanished_number: 13,
        guard_stopped_percent: 14,
        guard_stopped_number: 15,
        saved_at: Some(NINE),
    };
    let left = SchoolSettings { never_checked_out: NeverCheckedOut::LeftAtEnd, ..plain() };
    let out_of_range = SchoolSettings { update_every_minutes: u32::MAX, minimum_attended_percent: 101, ..plain() };
    let without_campus = SchoolSettings { campuses: Vec::new(), saved_at: Some(-1), ..plain() };
    let book = book(&Arc::default());
    for written in [plain(), changed, left, out_of_range, without_campus, plain()] {
        book.put_settings(&written).await.unwrap();
        assert_eq!(book.settings().await.unwrap(), written);
    }
}

#[tokio::test]
async fn notes_and_own_texts_are_read_as_they_were_written() {
    let book = book(&Arc::default());
    assert_eq!(book.note("position").await.unwrap(), None);
    for note in ["", "7 8"] {
        book.put_note("position", note).await.unwrap();
        assert_eq!(book.note("position").await.unwrap().as_deref(), Some(note));
    }
    let mut own = OwnTexts::default();
    own.set("synchronization-issues", Part::Subject, "Bitte prüfen".to_owned());
    for written in [own, OwnTexts::default()] {
        book.put_email_texts(&written).await.unwrap();
        let read = book.email_texts().await.unwrap();
        assert!(read.parts().eq(written.parts()));
    }
}
