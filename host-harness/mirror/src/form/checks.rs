//! Checks across the values of a school, such as ids that must differ. Not here: the form of a single value
//! (the schemas), and faults of the school's data such as a missing e-mail address or an unknown stage (the plugin).

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use super::problem::{Place, Problems};
use host::gegi::{Course, SchoolSettings};

/// Checks the campuses, which stand under the key `list`. `place` finds the line of a field.
pub fn campuses(settings: &SchoolSettings, list: &str, place: &dyn Fn(&str) -> Place, problems: &mut Problems) {
    let mut add = |field: String, what: String| problems.add(&place(&field), field.clone(), what);
    let mut ids = BTreeSet::new();
    let mut numbers = BTreeSet::new();
    for (index, campus) in settings.campuses.iter().enumerate() {
        if campus.zone.parse::<Tz>().is_err() {
            let what = "is not an IANA time zone; write one such as America/New_York";
            add(format!("{list}/{index}/zone"), what.to_owned());
        }
        if !ids.insert(&campus.id) {
            add(
                format!("{list}/{index}/id"),
                "stands at an earlier campus; give each campus an id of its own".to_owned(),
            );
        }
        if !numbers.insert(campus.coursekey_school_id) {
            let what = "stands at an earlier campus; each campus has a CourseKey school of its own";
            add(format!("{list}/{index}/coursekey-school-id"), what.to_owned());
        }
    }
}

/// Checks courses one after the other, and remembers the ids of earlier courses.
pub struct CourseChecks<'a> {
    campuses: BTreeSet<&'a str>,
    courses: BTreeMap<String, usize>,
    classes: BTreeMap<String, usize>,
}

impl<'a> CourseChecks<'a> {
    /// Checks that know the campuses and no course yet. If the settings could not be read, every campus is accepted.
    pub fn new(settings: Option<&'a SchoolSettings>) -> Self {
        let campuses = settings.into_iter().flat_map(|settings| &settings.campuses).map(|campus| campus.id.as_str());
        Self { campuses: campuses.collect(), courses: BTreeMap::new(), classes: BTreeMap::new() }
    }

    /// Checks a course of the start: its id and the ids of its classes must be new.
    pub fn first(&mut self, course: &Course, place: &Place, problems: &mut Problems) {
        let line = place.line.unwrap_or_default();
        if let Some(earlier) = self.courses.insert(course.id.clone(), line) {
            problems.add(place, "id", format!("stands in line {earlier} already; give each course an id of its own"));
        }
        for (index, class) in course.classes.iter().enumerate() {
            if let Some(earlier) = self.classes.insert(class.id.clone(), line) {
                let what = format!("stands in line {earlier} already; give each class an id of its own");
                problems.add(place, format!("classes/{index}/id"), what);
            }
        }
        self.any(course, "", place, problems);
    }

    /// Checks a course that changes later. Such a course is whole, so only its own ids must differ. `prefix` is its
    /// place in the line.
    pub fn changed(&self, course: &Course, prefix: &str, place: &Place, problems: &mut Problems) {
        let mut ids = BTreeSet::new();
        for (index, class) in course.classes.iter().enumerate() {
            if !ids.insert(&class.id) {
                let what = "stands earlier in this course; give each class an id of its own";
                problems.add(place, format!("{prefix}classes/{index}/id"), what);
            }
        }
        self.any(course, prefix, place, problems);
    }

    fn any(&self, course: &Course, prefix: &str, place: &Place, problems: &mut Problems) {
        if !self.campuses.is_empty() && !self.campuses.contains(course.campus.as_str()) {
            let known: Vec<&str> = self.campuses.iter().copied().collect();
            let what = format!("is no campus of the school; write one of {}", known.join(", "));
            problems.add(place, format!("{prefix}campus"), what);
        }
        for (index, class) in course.classes.iter().enumerate() {
            if class.ends <= class.starts {
                problems.add(
                    place,
                    format!("{prefix}classes/{index}/ends"),
                    "is not later than starts; write a later instant",
                );
            }
        }
    }
}
