//! GEGI's classes, as far as the account needs them: which records may still come, and which cannot be in GEGI yet.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDate};
use chrono_tz::Tz;
use serde_json::Value;

use super::super::rig::Rig;
use super::super::statuses::StatusLine;
use host::gegi::{Course, HoursType, LocalDate};
use mirror::book::BookError;
use simulator::HeldRecord;

/// GEGI's classes.
#[derive(Default)]
pub(super) struct Classes {
    /// Classes whose records may still come: the class runs, or its settle time does, or the tick after it is not
    /// due.
    pub(super) running: BTreeSet<String>,
    /// Classes with rows of the attendance log, for which a record with all its time removed leaves nothing.
    pub(super) logs: BTreeSet<String>,
    /// Classes of courses that CourseKey does not hold.
    pub(super) foreign: BTreeSet<String>,
    /// By class, the last moment of which attendance is read.
    followed: BTreeMap<String, i64>,
    /// By class, its course.
    courses: BTreeMap<String, String>,
    /// By class, the local day on which it begins.
    days: BTreeMap<String, NaiveDate>,
    /// The courses with the students that they list, and the day on which each stopped, if GEGI names one.
    listed: BTreeMap<(String, String), Option<NaiveDate>>,
    /// By course, the moment up to which attendance was read whole, as its status says.
    read_until: BTreeMap<String, i64>,
    /// By School ID, the latest of these moments.
    school_read_until: BTreeMap<u64, i64>,
}

impl Classes {
    /// The classes at the present moment, with what the status column says of their courses.
    pub(super) async fn of(rig: &Rig, statuses: &[StatusLine]) -> Result<Self, BookError> {
        let settings = rig.settings().await?;
        let settle = i64::from(settings.settle_minutes + settings.update_every_minutes) * 60;
        let until = rig.now().timestamp() - settle;
        let follow = i64::from(settings.follow_adjustments_days) * 86_400;
        let follow = follow.max(i64::from(settings.settle_minutes) * 60);
        let schools: BTreeMap<&str, u64> =
            settings.campuses.iter().map(|campus| (campus.id.as_str(), campus.coursekey_school_id)).collect();
        let zones: BTreeMap<&str, Tz> = settings
            .campuses
            .iter()
            .filter_map(|campus| Some((campus.id.as_str(), campus.zone.parse().ok()?)))
            .collect();
        let held = held_courses(rig);
        let read_until = statuses.iter().filter_map(|line| Some((line.course.clone(), read_until(line)?))).collect();
        let mut classes = Self { read_until, ..Self::default() };
        let add = |course: Course| {
            let last = course.classes.iter().map(|class| class.ends).max().unwrap_or_default();
            let zone = zones.get(course.campus.as_str()).copied().unwrap_or(Tz::UTC);
            classes.add(&course, last + follow, until, held.contains(&course.id));
            classes.date(&course, zone);
            let school = schools.get(course.campus.as_str());
            if let Some((school, read)) = school.zip(classes.read_until.get(&course.id)) {
                let latest = classes.school_read_until.entry(*school).or_insert(*read);
                *latest = (*latest).max(*read);
            }
        };
        rig.book.each_course(add).await?;
        Ok(classes)
    }

    fn add(&mut self, course: &Course, followed: i64, until: i64, is_held: bool) {
        let ids = || course.classes.iter().map(|class| class.id.clone());
        if !is_held {
            self.foreign.extend(ids());
        }
        if course.hours_type == HoursType::AttendanceLog {
            self.logs.extend(ids());
        }
        self.followed.extend(ids().map(|id| (id, followed)));
        self.courses.extend(ids().map(|id| (id, course.id.clone())));
        let running = course.classes.iter().filter(|class| class.ends > until);
        self.running.extend(running.map(|class| class.id.clone()));
    }

    fn date(&mut self, course: &Course, zone: Tz) {
        let day = |at: i64| Some(DateTime::from_timestamp(at, 0)?.with_timezone(&zone).date_naive());
        self.days.extend(course.classes.iter().filter_map(|class| Some((class.id.clone(), day(class.starts)?))));
        let stopped = |day: LocalDate| NaiveDate::from_ymd_opt(day.year.into(), day.month.into(), day.day.into());
        self.listed.extend(
            course
                .students
                .iter()
                .map(|student| ((course.id.clone(), student.id.clone()), student.stopped_on.and_then(stopped))),
        );
    }

    /// Whether GEGI has the record's class, the class's course lists the record's student, and GEGI does not say that the
    /// student stopped before the class.
    pub(super) fn have_place_for(&self, record: &HeldRecord) -> bool {
        let course = self.courses.get(&*record.session);
        let listed = course.and_then(|course| self.listed.get(&(course.clone(), record.user.to_string())));
        let day = self.days.get(&*record.session);
        listed.is_some_and(|stopped| stopped.zip(day).is_none_or(|(stopped, day)| stopped >= *day))
    }

    /// Whether the course's attendance was followed up to a moment before the record was written.
    pub(super) fn was_followed_before(&self, record: &HeldRecord) -> bool {
        self.followed.get(&*record.session).is_some_and(|until| record.updated_at > *until)
    }

    /// Whether the record must have been read: the status of its course says so or, where GEGI does not have the class,
    /// the status of any course of its School ID.
    pub(super) fn is_read(&self, record: &HeldRecord) -> bool {
        let read = match self.courses.get(&*record.session) {
            Some(course) => self.read_until.get(course),
            None => self.school_read_until.get(&record.school),
        };
        read.is_some_and(|until| record.updated_at < *until)
    }
}

/// The moment up to which attendance was read whole, in seconds since 1970; none: it was never read.
fn read_until(line: &StatusLine) -> Option<i64> {
    Some(DateTime::parse_from_rfc3339(line.complete_until.as_deref()?).ok()?.timestamp())
}

/// The courses that CourseKey holds.
fn held_courses(rig: &Rig) -> BTreeSet<String> {
    let mut roster = Vec::new();
    // Writing to memory cannot fail.
    _ = rig.coursekey.write_roster(&mut roster);
    let lines = roster.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Value>(line).ok());
    let courses = lines.filter(|line| line.get("kind").is_some_and(|kind| kind == "course"));
    courses.filter_map(|line| line.get("id")?.as_str().map(str::to_owned)).collect()
}
