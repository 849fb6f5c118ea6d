//! Simulated turns of a term, of which the guard holds none, and accidents, of which it holds all: whole ticks of schools
//! that differ by a seed. `GUARD_SEEDS=0..2000` plays others than the usual forty; every fourth accident falls into the
//! turn of a term.

use super::super::holds::holds;
use crate::model::course::{Class, Course};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::time::{Instant, LocalDate, Seconds};
use crate::testing::{Dice, Fake, at, course, student};

/// The seeds that are played.
fn seeds() -> std::ops::Range<u64> {
    crate::testing::seeds("GUARD_SEEDS", 0..40)
}

fn date(text: &str) -> LocalDate {
    text.parse().unwrap()
}

/// A course with so many students and a class each week from `start` to `end`.
fn term_course(id: &str, (start, end): (&str, &str), students: usize) -> Course {
    let mut course = course(id);
    (course.start_date, course.end_date) = (date(start), date(end));
    course.students = (0..students).map(|number| student(&format!("S{id}{number:02}"))).collect();
    let weeks = (course.end_date - course.start_date).num_weeks();
    let class = |week: i64| {
        let starts = Instant(at(&format!("{start}T14:00:00Z")).0 + week * 7 * 86_400);
        Class { id: ClassId(format!("{id}-{week}")), starts, ends: starts + Seconds::hours(3) }
    };
    course.classes = (0..=weeks).map(class).collect();
    course
}

const FALL: (&str, &str) = ("2023-08-28", "2023-12-15");
const SPRING: (&str, &str) = ("2024-01-08", "2024-05-10");

/// A school in the middle of its fall term.
fn school(dice: &mut Dice) -> Fake {
    let mut world = Fake::new("2023-10-16T12:00:00Z");
    for number in 0..dice.between(3, 6) {
        let students = dice.between(6, 24);
        world.save(term_course(&format!("F{number}"), FALL, students));
    }
    world.settle();
    world
}

/// GEGI changes a course.
fn change(world: &mut Fake, id: &CourseId, change: impl FnOnce(&mut Course)) {
    let mut course = world.gegi.get(id).cloned().unwrap();
    change(&mut course);
    course.revision += 1;
    world.save(course);
}

fn courses(world: &Fake, term: char) -> Vec<CourseId> {
    world.gegi.keys().filter(|id| id.as_str().starts_with(term)).cloned().collect()
}

/// A few students leave as students do in any week, and a class is cancelled.
fn usual(dice: &mut Dice, course: &mut Course, day: LocalDate) {
    if let Some(student) = course.students.first_mut().filter(|_| dice.up_to(3) == 0) {
        student.stage = ["DROPPED", "LOA", "DROPPED Transferred"][dice.up_to(2)].to_owned();
        student.stopped_on = Some(day);
    }
    if dice.up_to(4) == 0 {
        course.classes.pop();
    }
}

/// How a course of the old term ends in GEGI.
fn ends(dice: &mut Dice, course: &mut Course) {
    match dice.up_to(4) {
        0 => course.completed_date = Some(course.end_date),
        1 => {
            // The group ends: everybody completed it, in its last days, with the date or without.
            let with_date = dice.up_to(1) == 0;
            for student in &mut course.students {
                student.stage = "GRADUATED".to_owned();
                student.stopped_on = with_date.then_some(course.end_date);
            }
        }
        2 => {
            course.completed_date = Some(course.end_date);
            course.students.clear();
        }
        3 => {
            // It was completed before its planned end, and the classes after that day are taken out.
            course.completed_date = Some(date("2023-12-08"));
            course.classes.retain(|class| class.starts < at("2023-12-08T20:00:00Z"));
        }
        _ => {}
    }
}

/// The days around the turn of a term, up to the first class of the new one. Answers how many rows leave.
fn turn(dice: &mut Dice, world: &mut Fake, until: &str) -> usize {
    let mut left = 0;
    let mut happens = |day: &str, what: &mut dyn FnMut(&mut Dice, &mut Fake, LocalDate)| {
        let now = at(&format!("{day}T12:00:00Z"));
        if now < at(until) {
            world.now = now;
            what(dice, world, date(day));
            left += removals(&world.settle());
        }
    };
    happens("2023-12-11", &mut |dice, world, day| usual_day(dice, world, 'F', day));
    happens("2023-12-16", &mut |dice, world, _| {
        for id in courses(world, 'F') {
            change(world, &id, |course| ends(dice, course));
        }
    });
    happens("2023-12-20", &mut |dice, world, _| {
        for number in 0..dice.between(3, 6) {
            let students = dice.between(6, 24);
            world.save(term_course(&format!("S{number}"), SPRING, students));
        }
    });
    happens("2023-12-28", &mut |dice, world, day| usual_day(dice, world, 'S', day));
    happens("2024-01-03", &mut |_, world, _| {
        for id in courses(world, 'S') {
            change(world, &id, |course| {
                course.students.iter_mut().take(2).for_each(|student| student.stage = "NOT STARTED".to_owned());
            });
        }
    });
    happens("2024-01-06", &mut |dice, world, day| usual_day(dice, world, 'S', day));
    happens("2024-01-09", &mut |dice, world, day| usual_day(dice, world, 'S', day));
    world.now = at(until);
    left + removals(&world.settle())
}

/// How many of the items that were sent are removals.
fn removals(sent: &str) -> usize {
    sent.lines().filter(|line| line.starts_with("drop") || line.starts_with("remove")).count()
}

fn usual_day(dice: &mut Dice, world: &mut Fake, term: char, day: LocalDate) {
    for id in courses(world, term) {
        change(world, &id, |course| usual(dice, course, day));
    }
}

#[test]
fn no_turn_of_a_term_is_held() {
    let mut left = 0;
    for seed in seeds() {
        let mut dice = Dice(seed);
        let mut world = school(&mut dice);
        left += turn(&mut dice, &mut world, "2024-01-10T12:00:00Z");
        let held = holds(&mut world, None, 10).unwrap();
        assert!(held.is_empty(), "seed {seed}: {}", held[0].sentence);
    }
    assert!(left > 0, "students and classes leave at every turn");
}

/// An accident that befalls the school; answers its name.
fn accident(dice: &mut Dice, world: &mut Fake, term: char) -> &'static str {
    let ids = courses(world, term);
    let id = &ids[dice.up_to(ids.len() - 1)];
    let today: LocalDate = world.now.to_string().get(..10).unwrap().parse().unwrap();
    match dice.up_to(4) {
        0 => {
            change(world, id, |course| course.students.clear());
            "the list is empty"
        }
        1 => {
            change(world, id, |course| {
                for (number, student) in course.students.iter_mut().enumerate() {
                    student.person.id = PersonId(format!("X{number:02}"));
                    student.person.email = format!("x{number:02}@example.edu");
                }
            });
            "the list of another term"
        }
        2 => {
            change(world, id, |course| {
                let half = course.classes.len() / 2;
                course.classes.truncate(half);
            });
            "half of the classes are gone"
        }
        3 => {
            for id in &ids {
                change(world, id, |course| {
                    let left = course.students.len() * 3 / 5;
                    course.students.truncate(left);
                });
            }
            "a join lost two of five students of each course"
        }
        _ => {
            // A click on a group of which more than ten are still enrolled.
            let large = ids.iter().find(|id| world.gegi.get(*id).is_some_and(|course| course.students.len() >= 15));
            let Some(id) = large.cloned() else {
                change(world, id, |course| course.students.clear());
                return "the list is empty";
            };
            change(world, &id, |course| {
                for student in &mut course.students {
                    (student.stage, student.stopped_on) = ("DROPPED".to_owned(), Some(today));
                }
            });
            "everybody is DROPPED by one click"
        }
    }
}

#[test]
fn every_accident_is_held() {
    for seed in seeds() {
        let mut dice = Dice(seed);
        let mut world = school(&mut dice);
        let inside = seed % 4 == 0;
        if inside {
            turn(&mut dice, &mut world, "2024-01-04T12:00:00Z");
        }
        let what = accident(&mut dice, &mut world, if inside { 'S' } else { 'F' });
        let sent = world.settle();
        assert_eq!(removals(&sent), 0, "seed {seed}: {what}: {sent}");
        assert!(!holds(&mut world, None, 10).unwrap().is_empty(), "seed {seed}: {what}");
    }
}
