//! CourseKey's records in the simulation: students come and go exactly on every boundary, and staff correct records
//! later.
//!
//! Not here: what a version of a record is worth (`model`).

mod moves;
mod visits;

use std::collections::BTreeMap;

use crate::dice::Dice;
use crate::school::generate::off_the_tick;
use crate::school::{
    Adjustment, Change, Class, Content, Course, DAY, Event, HOUR, Kind, MINUTE, School, Send, Settings, Version,
};

/// One class with everything that decides about its records.
pub(crate) struct Occasion<'a> {
    school: &'a School,
    class: &'a Class,
    log: bool,
    /// All settings that are ever in force.
    settings: Vec<Settings>,
    /// The last moment at which a record of the course is certainly read.
    read_until: i64,
}

/// Makes every record of the school.
pub(crate) fn add(school: &mut School, dice: &mut Dice, crowded: bool) {
    let mut settings = vec![school.settings.clone()];
    settings.extend(school.changes.iter().filter_map(|change| match &change.event {
        Event::Settings(settings) => Some(settings.clone()),
        _ => None,
    }));
    let mut records = Vec::new();
    // CourseKey has no records of a course that was never sent.
    let is_sent = |course: &&Course| {
        let option = if course.send == Send::Inherit { course.program_send } else { course.send };
        let is_removed = |change: &Change| matches!(&change.event, Event::Removed(id) if *id == course.id);
        option == Send::On && !school.changes.iter().any(is_removed)
    };
    for course in school.courses.iter().filter(is_sent) {
        let story = story(school, course);
        let last = story.last().unwrap().classes.iter().map(|class| class.ends).max().unwrap_or_default();
        for class in classes(&story) {
            let read_until = last + school.settings.follow_days * DAY - 2 * school.step;
            let occasion = Occasion { school, class, log: course.log, settings: settings.clone(), read_until };
            occasion.hold(dice, &students(&story), crowded, &mut records);
        }
    }
    school.records = only_decidable(school, records);
    if !crowded {
        moves::add(school);
    }
}

/// The course as it is at the start and after every edit.
fn story<'a>(school: &'a School, course: &'a Course) -> Vec<&'a Course> {
    let later = school.changes.iter().filter_map(|change| match &change.event {
        Event::Course { course: edited, .. } if edited.id == course.id => Some(edited.as_ref()),
        _ => None,
    });
    std::iter::once(course).chain(later).collect()
}

/// Every class that the course ever has, in its last form.
fn classes<'a>(story: &[&'a Course]) -> impl Iterator<Item = &'a Class> + use<'a> {
    let mut all = BTreeMap::new();
    for class in story.iter().flat_map(|course| &course.classes) {
        all.insert(&class.id, class);
    }
    all.into_values()
}

/// Every student who is ever in the course, and one student whom GEGI does not know there or lists later.
fn students(story: &[&Course]) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for student in story.iter().flat_map(|course| &course.students) {
        if !all.contains(&student.person.id) {
            all.push(student.person.id.clone());
        }
    }
    if !all.iter().any(|id| id.starts_with("S9")) {
        all.push("S999999".to_owned());
    }
    all
}

impl Occasion<'_> {
    fn hold(&self, dice: &mut Dice, students: &[String], crowded: bool, records: &mut Vec<Version>) {
        // Some classes nobody attends, and some hardly anybody.
        let comes = if crowded { 97 } else { dice.pick(&[0, 0, 15, 80, 90, 90, 90, 90, 90]) };
        for student in students {
            let is_stranger = student == "S999999";
            if !dice.chance(if is_stranger { comes / 20 } else { comes }) {
                continue;
            }
            let id = format!("{}/{student}", self.class.id);
            if crowded {
                let content = visits::of(self, dice);
                records.push(self.version(&id, student, 1, self.class.ends + 9 * MINUTE, content));
                continue;
            }
            self.attend(dice, &id, student, records);
            if dice.chance(4) {
                self.attend(dice, &format!("{id}/again"), student, records);
            }
        }
    }

    fn version(&self, id: &str, student: &str, number: u32, updated: i64, content: Content) -> Version {
        let (id, student) = (id.to_owned(), student.to_owned());
        Version { id, number, class: self.class.id.clone(), student, updated, content }
    }

    /// Every version of one record.
    fn attend(&self, dice: &mut Dice, id: &str, student: &str, records: &mut Vec<Version>) {
        let mut versions: Vec<Version> = Vec::new();
        let mut add = |updated: i64, content: Content, exact: bool| {
            let updated = if exact { updated } else { off_the_tick(self.school, updated) };
            let follows = versions.last().is_none_or(|last: &Version| last.updated < updated);
            if follows && updated < self.read_until {
                let number = u32::try_from(versions.len() + 1).unwrap();
                versions.push(self.version(id, student, number, updated, content));
            }
        };
        let content = visits::of(self, dice);
        let punches = content.visits.iter().flat_map(|(came, left)| [Some(*came), *left]).flatten();
        let seen = punches.filter(|at| *at < self.class.ends + DAY).max().unwrap_or(self.class.ends);
        let limit = self.class.ends + self.school.settings.follow_days * DAY;
        match dice.below(12) {
            // CourseKey lists each punch at once.
            0..=3 => {
                if let Some((came, _)) = content.visits.first().copied() {
                    add(came + 9, Content { visits: vec![(came, None)], adjustment: None }, false);
                }
                add(seen + 20, content.clone(), false);
            }
            // CourseKey lists all punches in one version, at the same moment as other records.
            4..=7 => add(self.class.ends.max(seen) + 9 * MINUTE, content.clone(), false),
            8 => add(self.class.ends + dice.between(1, 30) * HOUR, content.clone(), false),
            9 => add(limit + dice.between(-1, 1), content.clone(), true),
            10 => add(limit + dice.between(1, 30) * HOUR, content.clone(), false),
            _ => add(seen + dice.between(10, 7_000), content.clone(), false),
        }
        if dice.chance(35) {
            for _ in 0..dice.between(1, 2) {
                let corrected = visits::corrected(self, dice, &content);
                let hours = dice.between(1, 20) * HOUR;
                match dice.below(6) {
                    0 => add(limit + dice.between(-1, 1), corrected, true),
                    1 => add(limit + hours, corrected, false),
                    2 => add(limit - hours, corrected, false),
                    _ => add(self.class.ends + hours, corrected, false),
                }
            }
        }
        records.extend(versions);
    }
}

/// Leaves out every version for which nobody can say whether the version before was ever seen.
fn only_decidable(school: &School, records: Vec<Version>) -> Vec<Version> {
    let mut kept: Vec<Version> = Vec::new();
    for record in records {
        let before = kept.last().filter(|before| before.id == record.id);
        let gap = before.map_or(0, |before| i64::from(record.number) - i64::from(before.number));
        let decidable = before.is_none_or(|before| {
            let mut ticks = school.ticks().skip_while(|at| *at < before.updated).take_while(|at| *at < record.updated);
            let first = ticks.next();
            first.is_none() || first.into_iter().chain(ticks).any(|at| !school.stormy(at, at))
        });
        if decidable && gap <= 1 && (before.is_some() || record.number == 1) {
            kept.push(record);
        }
    }
    kept
}
