//! How a sentence for people names what it is about, so that the sentence stands alone: a course by number and title, a
//! class by its local date and time, a person by role and id. Every sentence of an issue uses this room. Not here: what
//! a sentence says about its subject, which is written where the issue is found.
//!
//! DOMAIN §4 "Issues": "every sentence stands alone: course number and title, the class's local date and time, Student
//! ID, the field; equal ones grouped".

use std::fmt;

use chrono::Timelike as _;

use crate::model::course::Course;
use crate::model::ids::PersonId;
use crate::model::time::Instant;
use crate::model::zone::Zone;

/// The most characters of one text of GEGI, such as a title, that a sentence repeats.
const TEXT_CAP: usize = 80;

/// The most things that one sentence lists by name; the rest is counted.
const LISTED: usize = 5;

/// What a sentence is about, in words: `course ANA-101 “Anatomy”`, `the class of 2023-09-05 09:00 EDT of course …`,
/// `student S1 in the class of …`, `instructor I1 of course …`.
#[derive(Debug, Clone, Copy)]
pub struct Named<'a> {
    course: &'a Course,
    class: Option<(Instant, Option<Zone>)>,
    person: Option<&'a PersonId>,
}

/// Names a course.
pub fn course(course: &Course) -> Named<'_> {
    Named { course, class: None, person: None }
}

impl<'a> Named<'a> {
    /// Names the class of the course that starts at a moment. Without the campus's zone the time is UTC.
    #[must_use]
    pub fn class(self, starts: Instant, zone: impl Into<Option<Zone>>) -> Self {
        Self { class: Some((starts, zone.into())), ..self }
    }

    /// Names a person of the course, or of the class.
    #[must_use]
    pub fn person(self, person: &'a PersonId) -> Self {
        Self { person: Some(person), ..self }
    }

    /// As what the course lists the person; nothing for whom the course does not list.
    fn role(&self, person: &PersonId) -> &'static str {
        if self.course.student(person).is_some() {
            "student "
        } else if self.course.instructors.iter().any(|listed| listed.id == *person) {
            "instructor "
        } else {
            ""
        }
    }
}

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(person) = self.person {
            write!(f, "{}{} in ", self.role(person), cut(person.as_str()))?;
        }
        if let Some((starts, zone)) = self.class {
            write!(f, "the class of {} of ", moment(starts, zone))?;
        }
        let Course { id, number, title, .. } = self.course;
        match (number.trim(), title.trim()) {
            ("", "") => write!(f, "course {}", cut(id.as_str())),
            (number, "") => write!(f, "course {}", cut(number)),
            ("", title) => write!(f, "course “{}”", cut(title)),
            (number, title) => write!(f, "course {} “{}”", cut(number), cut(title)),
        }
    }
}

/// A moment as people on the campus read it: the local date and time to the minute, with the zone.
pub fn moment(at: Instant, zone: impl Into<Option<Zone>>) -> String {
    let zone = zone.into().unwrap_or_else(Zone::utc);
    let local = at.local(zone);
    format!("{} {:02}:{:02} {}", local.date(), local.hour(), local.minute(), zone.abbreviation(at))
}

/// A text of GEGI, cut to a length that a sentence can bear. A text that was cut ends with an ellipsis.
pub fn cut(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(TEXT_CAP) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// A list of names that stays short however many there are: the first names, and how many more there are.
pub fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    let shown: Vec<String> = names.iter().take(LISTED).map(|name| cut(name)).collect();
    match (shown.as_slice(), names.len().saturating_sub(LISTED)) {
        ([], _) => "nobody".to_owned(),
        ([one], 0) => one.clone(),
        ([first @ .., last], 0) => format!("{} and {last}", first.join(", ")),
        (shown, more) => format!("{} and {more} more", shown.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::course as test_course;

    fn anatomy() -> Course {
        Course { number: "ANA-101".to_owned(), title: "Anatomy".to_owned(), ..test_course("C1") }
    }

    fn nine() -> Instant {
        Instant::parse("2023-09-05T13:00:00Z").unwrap()
    }

    #[test]
    fn a_sentence_names_course_class_by_local_time_and_person() {
        let course = anatomy();
        let (student, stranger) = (course.students[0].person.id.clone(), PersonId::from("X9"));
        let instructor = course.instructors[0].id.clone();
        let zone = Zone::parse("America/New_York").unwrap();
        for (named, text) in [
            (super::course(&course), "course ANA-101 “Anatomy”".to_owned()),
            (
                super::course(&course).class(nine(), zone),
                "the class of 2023-09-05 09:00 EDT of course ANA-101 “Anatomy”".to_owned(),
            ),
            (
                super::course(&course).class(nine(), None),
                "the class of 2023-09-05 13:00 UTC of course ANA-101 “Anatomy”".to_owned(),
            ),
            (super::course(&course).person(&student), format!("student {student} in course ANA-101 “Anatomy”")),
            (
                super::course(&course).person(&instructor),
                format!("instructor {instructor} in course ANA-101 “Anatomy”"),
            ),
            (
                super::course(&course).class(nine(), zone).person(&stranger),
                "X9 in the class of 2023-09-05 09:00 EDT of course ANA-101 “Anatomy”".to_owned(),
            ),
        ] {
            assert_eq!(named.to_string(), text);
        }
    }

    #[test]
    fn a_course_without_number_or_title_is_named_by_what_it_has() {
        for (number, title, text) in
            [("", "Anatomy", "course “Anatomy”"), ("ANA-101", " ", "course ANA-101"), ("", "", "course C1")]
        {
            let course = Course { number: number.to_owned(), title: title.to_owned(), ..anatomy() };
            assert_eq!(super::course(&course).to_string(), text);
        }
    }

    #[test]
    fn the_ends_of_the_calendar_have_a_name_too() {
        for at in [i64::MIN, i64::MAX] {
            assert!(!moment(Instant(at), Zone::parse("Pacific/Kiritimati").unwrap()).is_empty());
        }
    }

    #[test]
    fn what_a_sentence_repeats_and_lists_is_short_however_long_it_is() {
        let course = Course { title: "é".repeat(100_000), ..anatomy() };
        assert_eq!(super::course(&course).to_string(), format!("course ANA-101 “{}…”", "é".repeat(80)));
        let names: Vec<String> = (0..5_000).map(|number| format!("S{number}")).collect();
        assert_eq!(list(names.iter().map(String::as_str)), "S0, S1, S2, S3, S4 and 4995 more");
        assert_eq!(list(names.iter().take(3).map(String::as_str)), "S0, S1 and S2");
        assert_eq!(list(names.iter().take(1).map(String::as_str)), "S0");
    }
}
