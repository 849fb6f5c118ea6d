//! A school of the simulation: the data that GEGI and CourseKey hold at the start, and the story that follows.
//!
//! `generate` makes a school from a seed, `files` writes it as a school directory. Not here: what a run must end with
//! (`model`).

pub(crate) mod files;
pub(crate) mod generate;

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;

pub(crate) const MINUTE: i64 = 60;
pub(crate) const HOUR: i64 = 3_600;
pub(crate) const DAY: i64 = 86_400;

/// A school, its story and its records.
pub(crate) struct School {
    pub(crate) seed: u64,
    pub(crate) campuses: Vec<Campus>,
    pub(crate) settings: Settings,
    pub(crate) from: i64,
    pub(crate) until: i64,
    /// Seconds between two ticks.
    pub(crate) step: i64,
    pub(crate) courses: Vec<Course>,
    pub(crate) changes: Vec<Change>,
    pub(crate) records: Vec<Version>,
    /// Whether sending fails as well, so that CourseKey may learn late what GEGI holds.
    pub(crate) rough: bool,
    /// Spans in which requests may fail, so that nobody can say at which tick something is seen.
    pub(crate) storms: Vec<(i64, i64)>,
}

#[derive(Clone)]
pub(crate) struct Campus {
    pub(crate) id: &'static str,
    pub(crate) zone: Tz,
    pub(crate) number: u64,
}

/// The School Settings that decide something in the simulation; units as in their labels.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Settings {
    pub(crate) weeks_before: i64,
    pub(crate) weeks_after: i64,
    pub(crate) late_minutes: i64,
    pub(crate) early_minutes: i64,
    pub(crate) gap_minutes: i64,
    pub(crate) never_out: NeverOut,
    pub(crate) least_percent: i64,
    pub(crate) follow_days: i64,
    pub(crate) settle_minutes: i64,
}

/// What becomes of a student who never checked out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NeverOut {
    Report,
    Absent,
    LeftAtEnd,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Send {
    On,
    Off,
    Inherit,
}

#[derive(Debug, Clone)]
pub(crate) struct Course {
    pub(crate) id: String,
    pub(crate) revision: u64,
    pub(crate) campus: usize,
    pub(crate) title: String,
    pub(crate) start: NaiveDate,
    pub(crate) end: NaiveDate,
    /// Whether the hours type is Attendance Log.
    pub(crate) log: bool,
    pub(crate) send: Send,
    pub(crate) program_send: Send,
    pub(crate) instructors: Vec<Person>,
    pub(crate) students: Vec<Student>,
    pub(crate) classes: Vec<Class>,
}

#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) revision: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Student {
    pub(crate) person: Person,
    pub(crate) stage: &'static str,
    pub(crate) assigned: bool,
    pub(crate) from: NaiveDate,
    pub(crate) stopped: Option<NaiveDate>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Class {
    pub(crate) id: String,
    pub(crate) starts: i64,
    pub(crate) ends: i64,
}

#[derive(Debug, Clone)]
pub(crate) struct Change {
    pub(crate) at: i64,
    pub(crate) event: Event,
}

#[derive(Debug, Clone)]
pub(crate) enum Event {
    Course {
        course: Box<Course>,
        lost: bool,
    },
    Removed(String),
    /// All settings; the file names only those that can change.
    Settings(Settings),
    Hand {
        class: String,
        student: String,
        letter: &'static str,
    },
    Push(Vec<String>),
    Fault {
        on: &'static str,
        kind: &'static str,
        status: u16,
        retry_after: Option<u32>,
        times: u32,
    },
    Rejects {
        user: String,
        code: &'static str,
    },
    Revoked,
    Restored,
    Restart,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Version {
    pub(crate) id: String,
    pub(crate) number: u32,
    pub(crate) class: String,
    pub(crate) student: String,
    pub(crate) updated: i64,
    pub(crate) content: Content,
}

/// The content of a version: two versions with equal content are the same to a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Content {
    pub(crate) visits: Vec<(i64, Option<i64>)>,
    pub(crate) adjustment: Option<Adjustment>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Adjustment {
    pub(crate) kind: Kind,
    pub(crate) awarded: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Edit,
    AwardFull,
    RemoveAll,
    Override,
}

impl School {
    /// The day at the course's campus.
    pub(crate) fn date(&self, course: &Course, at: i64) -> NaiveDate {
        local_date(self.campuses[course.campus].zone, at)
    }

    /// The ticks of the span.
    pub(crate) fn ticks(&self) -> impl Iterator<Item = i64> + use<> {
        let (from, until, step) = (self.from, self.until, self.step);
        (0..).map(move |number| from + number * step).take_while(move |at| *at < until)
    }

    /// Whether requests may fail somewhere in this span.
    pub(crate) fn stormy(&self, from: i64, until: i64) -> bool {
        self.storms.iter().any(|storm| storm.0 <= until && from <= storm.1)
    }
}

/// The day of the calendar on which an instant lies.
pub(crate) fn local_date(zone: Tz, at: i64) -> NaiveDate {
    DateTime::from_timestamp(at, 0).unwrap().with_timezone(&zone).date_naive()
}
