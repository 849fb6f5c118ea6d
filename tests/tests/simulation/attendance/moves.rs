//! Records that staff give to another student, or move to another class, after they were listed.
//!
//! DOMAIN §4 "A record that changes its class or its student": "one place at a time: the old place is judged anew as if the
//! record had never been there".

use crate::dice::Dice;
use crate::school::generate::off_the_tick;
use crate::school::{Class, Content, Course, DAY, HOUR, School, Version};

/// Moves a few records of some schools. The dice are the moves' own, so that every other part of the story is as without
/// them.
pub(super) fn add(school: &mut School) {
    let mut dice = Dice::new(school.seed.wrapping_add(2 << 32));
    if school.records.is_empty() || !dice.chance(40) {
        return;
    }
    for _ in 0..dice.between(1, 4) {
        let last = school.records[dice.below(school.records.len())].clone();
        if let Some(moved) = moved(school, &mut dice, &last) {
            school.records.push(moved);
        }
    }
}

/// Another version of the record at another place; none: nobody could say what comes of it.
fn moved(school: &School, dice: &mut Dice, last: &Version) -> Option<Version> {
    let is_newest = school.records.iter().all(|other| other.id != last.id || other.number <= last.number);
    let course = school.courses.iter().find(|course| course.classes.iter().any(|class| class.id == last.class))?;
    let story = super::story(school, course);
    let stays = |class: &&Class| story.iter().all(|course| course.classes.contains(class));
    let studies = |course: &Course, id: &str| {
        course.students.iter().any(|student| student.person.id == id && student.assigned && student.stage == "ACTIVE")
    };
    let classes: Vec<&Class> = course.classes.iter().filter(stays).collect();
    let from = *classes.iter().find(|class| class.id == last.class)?;
    let (class, student) = if dice.chance(50) {
        let others = course.students.iter().map(|student| &student.person.id).filter(|id| **id != last.student);
        let others: Vec<&String> = others.filter(|id| story.iter().all(|course| studies(course, id))).collect();
        (from, others.get(dice.below(others.len().max(1))).copied()?.clone())
    } else {
        let others: Vec<&Class> = classes.into_iter().filter(|class| class.id != last.class).collect();
        (others.get(dice.below(others.len().max(1))).copied()?, last.student.clone())
    };
    let follow = school.settings.follow_days * DAY;
    let earliest = last.updated.max(class.ends) + HOUR;
    let latest = from.ends.min(class.ends) + follow - 2 * school.step - 2 * HOUR;
    if !is_newest || latest <= earliest {
        return None;
    }
    let updated = off_the_tick(school, dice.between(earliest, latest));
    let is_calm = !school.stormy(last.updated - school.step, updated + school.step);
    let by = class.starts - from.starts;
    let shifted = last.content.visits.iter().map(|(came, left)| (came + by, left.map(|left| left + by)));
    let content = Content { visits: shifted.collect(), adjustment: last.content.adjustment };
    let id = last.id.clone();
    is_calm.then_some(Version { id, number: last.number + 1, class: class.id.clone(), student, updated, content })
}
