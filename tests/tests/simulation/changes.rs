//! The story of a school: edits of courses, settings, faults, restarts; and, when its records are made, pushes and
//! marks written by hand.
//!
//! Every story has an end that DOMAIN decides. Therefore an edit whose acknowledgement matters never lies so close to
//! a class's start that a delay would decide, and nobody writes a mark by hand while a record arrives.

mod edits;

use tests::discretion::NAME;

use crate::dice::Dice;
use crate::school::generate::{new_class, off_the_tick, person};
use crate::school::{Change, Content, DAY, Event, HOUR, MINUTE, NeverOut, Person, School, Student, Version};

/// How long after a fault nobody can say at which tick something is seen.
const STORM: i64 = 18 * HOUR;

/// How many requests an outage lets fail that has to be told: three ticks of each of two campuses and more.
pub(crate) const OUTAGE: u32 = 8;

/// Adds every event that does not depend on records.
pub(crate) fn add(school: &mut School, dice: &mut Dice, crowded: bool) {
    school.until = end_of(school);
    if crowded {
        return;
    }
    storms(school, dice);
    outage(school);
    rejected_people(school, dice);
    leads(school);
    let patience = if school.rough { STORM } else { 3 * school.step };
    for index in 0..school.courses.len() {
        edits::add(school, dice, index, patience);
    }
    if school.rough {
        faults_beside_edits(school, dice);
    }
    settings(school, dice);
    for _ in 0..dice.pick(&[0, 0, 1, 3]) {
        let at = school.from + dice.between(0, school.until - school.from);
        put(school, off_the_tick(school, at), Event::Restart);
    }
}

pub(crate) fn put(school: &mut School, at: i64, event: Event) {
    school.changes.push(Change { at, event });
}

/// The end of the story: a day and some hours after the last course is followed.
pub(crate) fn end_of(school: &School) -> i64 {
    let at_start = school.courses.iter();
    let later = school.changes.iter().filter_map(|change| match &change.event {
        Event::Course { course, .. } => Some(course.as_ref()),
        _ => None,
    });
    let last = at_start.chain(later).flat_map(|course| &course.classes).map(|class| class.ends).max();
    let followed = (school.settings.follow_days * DAY).max(school.settings.settle_minutes * MINUTE);
    last.unwrap_or(school.from) + followed + 30 * HOUR
}

/// A tick between these moments, if any.
fn tick_between(school: &School, dice: &mut Dice, from: i64, until: i64) -> Option<i64> {
    let first = (from - school.from + school.step - 1).div_euclid(school.step).max(0);
    let last = (until - school.from).div_euclid(school.step);
    (first <= last).then(|| school.from + dice.between(first, last) * school.step)
}

/// Adds spans in which CourseKey is hard to reach.
fn storms(school: &mut School, dice: &mut Dice) {
    let (from, until) = (school.from, school.until);
    if dice.chance(20)
        && let Some(at) = tick_between(school, dice, from + 8 * HOUR, until - 3 * DAY)
    {
        let restored = at + dice.between(1, 12) * school.step;
        put(school, at, Event::Revoked);
        put(school, restored, Event::Restored);
        school.storms.push((at, restored + 2 * school.step));
    }
    if dice.chance(40) {
        for _ in 0..dice.between(1, 4) {
            let at = off_the_tick(school, dice.between(from, until - 2 * DAY));
            let event = fault(dice, "attendance");
            put(school, at, event);
            school.storms.push((at, at + STORM));
        }
    }
    if school.rough {
        for _ in 0..dice.between(1, 2) {
            let on = dice.pick(&["users", "courses", "sessions", "enrollments"]);
            let event = fault(dice, on);
            put(school, from, event);
        }
        school.storms.push((from, from + STORM));
    }
}

/// Adds an outage that has to be told. Its dice are its own, so that every other part of the story is as without it.
fn outage(school: &mut School) {
    let mut dice = Dice::new(school.seed.wrapping_add(1 << 32));
    if dice.chance(15) {
        let at = off_the_tick(school, dice.between(school.from, school.until - 2 * DAY));
        let (on, times) = ("attendance", OUTAGE);
        put(school, at, Event::Fault { on, kind: "status", status: 503, retry_after: None, times });
        school.storms.push((at, at + STORM));
    }
}

fn fault(dice: &mut Dice, on: &'static str) -> Event {
    let kind = dice.pick(&["status", "timeout", "cut", "lost-answer"]);
    let (status, retry_after) = dice.pick(&[(503, None), (500, None), (429, Some(60)), (408, None), (503, Some(600))]);
    let times = u32::try_from(dice.between(1, 2)).unwrap();
    Event::Fault { on, kind, status, retry_after, times }
}

fn faults_beside_edits(school: &mut School, dice: &mut Dice) {
    let edits: Vec<i64> = edit_times(school).collect();
    for at in edits {
        // A fault whose edit sends no request of the fault's kind waits for the next such request.
        school.storms.push((at, at + STORM));
        if dice.chance(60) {
            let on = dice.pick(&["users", "courses", "sessions", "enrollments"]);
            let event = fault(dice, on);
            put(school, at, event);
        }
    }
}

fn edit_times(school: &School) -> impl Iterator<Item = i64> {
    let is_edit = |change: &&Change| matches!(change.event, Event::Course { .. });
    school.changes.iter().filter(is_edit).map(|change| change.at)
}

/// Adds people whom CourseKey refuses, or who have no address from the beginning.
fn rejected_people(school: &mut School, dice: &mut Dice) {
    if dice.chance(10) {
        let students = &school.courses[0].students;
        let user = students[dice.below(students.len())].person.id.clone();
        let code = dice.pick(&["email_taken", "invalid"]);
        put(school, school.from, Event::Rejects { user, code });
    }
    for course in 0..school.courses.len() {
        if dice.chance(15) {
            let number = dice.below(school.courses[course].students.len());
            let id = school.courses[course].students[number].person.id.clone();
            let email = dice.pick(&[String::new(), String::new(), format!("{NAME} {id}")]);
            // A person has the same address in every course.
            let everywhere = school.courses.iter_mut().flat_map(|course| &mut course.students);
            everywhere.filter(|student| student.person.id == id).for_each(|student| {
                student.person.email.clone_from(&email);
            });
        }
    }
}

/// Adds people who are never sent and have the address of somebody who is. They claim nothing. Their dice are their own.
fn leads(school: &mut School) {
    let mut dice = Dice::new(school.seed.wrapping_add(3 << 32));
    for number in 0..dice.pick(&[0, 0, 1, 2]) {
        let of = dice.below(school.courses.len());
        let student = dice.pick(&school.courses[of].students);
        let course = dice.below(school.courses.len());
        let person = Person { id: format!("S80000{number}"), ..student.person };
        school.courses[course].students.push(Student {
            person,
            stage: "PENDING",
            assigned: true,
            stopped: None,
            ..student
        });
    }
}

fn settings(school: &mut School, dice: &mut Dice) {
    let mut settings = school.settings.clone();
    let mut times = Vec::new();
    for _ in 0..dice.pick(&[0, 0, 1, 2, 3]) {
        times.extend(tick_between(school, dice, school.from + school.step, school.until - 3 * DAY));
    }
    times.sort_unstable();
    times.dedup();
    for at in times {
        settings.late_minutes = dice.pick(&[0, 5, 10, 15, 20, 30]);
        settings.early_minutes = dice.pick(&[0, 5, 10, 15, 20, 30]);
        settings.gap_minutes = dice.pick(&[0, 20, 30, 45, 90]);
        settings.never_out = dice.pick(&[NeverOut::Report, NeverOut::Absent, NeverOut::LeftAtEnd]);
        settings.least_percent = dice.pick(&[0, 0, 80]);
        put(school, at, Event::Settings(settings.clone()));
    }
}

/// Adds pushes, and marks written by hand.
pub(crate) fn add_those_about_records(school: &mut School, dice: &mut Dice, crowded: bool) {
    if school.records.is_empty() {
        return;
    }
    // A crowded school tests that all pages are read, so no record may come by a push.
    if !crowded {
        for _ in 0..dice.pick(&[0, 2, 6]) {
            pushes(school, dice);
        }
        for _ in 0..dice.between(0, 8) {
            hand_mark(school, dice);
        }
    }
}

/// CourseKey pushes the records that it has just listed: some twice, some late, some never.
fn pushes(school: &mut School, dice: &mut Dice) {
    let about = school.records[dice.below(school.records.len())].updated;
    let at = off_the_tick(school, about + dice.pick(&[0, 1, 300, 4_000, DAY]));
    if school.stormy(at - school.step, at + school.step) || at >= school.until {
        return;
    }
    let recent = school.records.iter().filter(|record| record.updated <= at && at - 2 * DAY < record.updated);
    let mut ids: Vec<String> = recent.map(|record| record.id.clone()).filter(|_| dice.chance(60)).collect();
    ids.dedup();
    if dice.chance(50) {
        ids.reverse();
    }
    if ids.is_empty() {
        return;
    }
    for _ in 0..dice.pick(&[1, 1, 2]) {
        put(school, at, Event::Push(ids.clone()));
    }
}

/// A person writes a mark when everything about the class was seen long ago, and no record arrives meanwhile.
fn hand_mark(school: &mut School, dice: &mut Dice) {
    let course = dice.pick(&school.courses);
    let class = dice.pick(&course.classes);
    let student = dice.pick(&course.students).person.id;
    let settled = class.ends + school.settings.settle_minutes * MINUTE + 3 * school.step;
    let followed = class.ends + (school.settings.follow_days - 2) * DAY;
    let Some(at) = tick_between(school, dice, settled, followed) else { return };
    let around = (at - 3 * school.step, at + 3 * school.step);
    let busy = school.stormy(around.0, around.1)
        || edit_times(school).any(|edit| (around.0..=around.1).contains(&edit))
        || school
            .records
            .iter()
            .any(|record| record.class == class.id && (around.0..=around.1).contains(&record.updated));
    // DOMAIN does not say whether an empty record is news beside a mark that was written when there was no record.
    let is_empty = |content: &Content| content.visits.is_empty() && content.adjustment.is_none();
    let is_doubtful = school.records.iter().any(|record| {
        (&record.class, &record.student) == (&class.id, &student) && record.updated > at && is_empty(&record.content)
    });
    let is_taken = school.changes.iter().any(|change| match &change.event {
        Event::Course { course: edited, .. } if edited.id == course.id => !edited.classes.contains(&class),
        // A second mark by hand may equal the first, so that no change would be seen.
        Event::Hand { class: marked, student: whose, .. } => *marked == class.id && *whose == student,
        _ => false,
    });
    // DOMAIN does not say whether a record that leaves a mark by hand behind is news.
    let is_moved = school.records.iter().any(|record| {
        let is_here = |record: &Version| (&record.class, &record.student) == (&class.id, &student);
        is_here(record) && school.records.iter().any(|other| other.id == record.id && !is_here(other))
    });
    if course.log || busy || is_doubtful || is_taken || is_moved {
        return;
    }
    let letter = dice.pick(&["P", "L", "A"]);
    put(school, at, Event::Hand { class: class.id, student, letter });
}
