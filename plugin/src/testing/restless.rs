//! A school that never rests: courses that share students and instructors, and what happens to them, by dice.

use super::{Dice, Fake, at, course, student};
use crate::model::course::{Agreement, Class, Course, SendOption};
use crate::model::ids::{ClassId, CourseId};
use crate::model::time::Seconds;

/// A school whose courses share students and instructors.
pub(crate) fn school(dice: &mut Dice) -> Fake {
    let mut world = Fake::new("2023-09-06T12:00:00Z");
    for number in 1..=dice.between(2, 5) {
        let mut course = course(&format!("C{number}"));
        course.students = (0..dice.between(4, 12)).map(|_| student(&format!("S{}", dice.up_to(30)))).collect();
        course.students.sort_by(|one, other| one.person.id.cmp(&other.person.id));
        course.students.dedup_by(|one, other| one.person.id == other.person.id);
        course.classes.extend((1..6).map(|week| class(&course.id, week)));
        world.save(course);
    }
    world
}

/// The class of a course in a week.
pub(crate) fn class(course: &CourseId, week: i64) -> Class {
    let starts = at("2023-09-11T13:00:00Z") + Seconds(week * 7 * 86_400);
    Class { id: ClassId(format!("{course}-w{week}")), starts, ends: starts + Seconds::hours(3) }
}

/// Something that happens to a course in GEGI.
pub(crate) fn change(dice: &mut Dice, course: &mut Course) {
    let number = dice.up_to(course.students.len().max(1) - 1);
    let someone = course.students.get_mut(number);
    match (dice.up_to(13), someone) {
        (0, _) => course.students.push(student(&format!("N{}", dice.up_to(20)))),
        (1, Some(student)) => {
            student.stage = (*dice.one_of(&["DROPPED", "LOA", "ACTIVE"])).to_owned();
            let days = ["2023-09-10", "2023-09-24"].map(|day| Some(day.parse().unwrap()));
            student.stopped_on = *dice.one_of(&[None, days[0], days[1]]);
        }
        (2, Some(student)) => student.agreement = Agreement::CreditGranted,
        (3, Some(student)) => {
            student.person.email = format!("mail{}@example.edu", dice.up_to(6));
            student.person.revision += 1;
        }
        (4, Some(student)) => student.person.email.clear(),
        (5, _) => _ = course.students.pop(),
        (6, _) => _ = course.classes.pop(),
        (7, _) => {
            let week = dice.between(1, 9);
            course.classes.retain(|class| !class.id.as_str().ends_with(&format!("-w{week}")));
            course.classes.push(self::class(&course.id, i64::try_from(week).unwrap()));
        }
        (8, _) => course.classes.iter_mut().for_each(|class| class.ends = class.ends + Seconds(600)),
        (9, _) => course.title = format!("CARE {}", dice.up_to(9)),
        (10, _) => course.send = *dice.one_of(&[SendOption::Off, SendOption::On]),
        (11, _) => course.students.clear(),
        (12, _) => course.instructors.push(student(&format!("S{}", dice.up_to(30))).person),
        _ => course.instructors.truncate(1),
    }
    course.students.sort_by(|one, other| one.person.id.cmp(&other.person.id));
    course.students.dedup_by(|one, other| one.person.id == other.person.id);
}
