//! Edits of one course: students dropped, back, added, moved to credit granted; classes moved, cancelled, added; names.

use chrono::{Days, NaiveTime};

use super::{new_class, person, put, tick_between};
use crate::dice::Dice;
use crate::school::{Course, DAY, Event, HOUR, MINUTE, School, Student};

/// The longest time until a course whose event is lost is found.
const FOUND: i64 = 30 * HOUR;
/// The least time between an edit of classes already held and the end of their follow-up.
const IN_TIME: i64 = 34 * HOUR;

/// The stage of a student who came back; any other stage in which people study would do as well.
const BACK: &str = "DROPPED Pending";

/// Edits the course up to a handful of times. `patience` is how long the sending of an edit may take.
pub(super) fn add(school: &mut School, dice: &mut Dice, index: usize, patience: i64) {
    let mut course = school.courses[index].clone();
    let end = course.classes.iter().map(|class| class.ends).max().unwrap_or(school.from) + DAY;
    let mut times = Vec::new();
    for _ in 0..dice.pick(&[0, 2, 5, 8, 12]) {
        times.extend(tick_between(school, dice, school.from + 6 * HOUR + school.step, end));
    }
    times.sort_unstable();
    times.dedup();
    let mut found_by = 0;
    for (added, at) in (1..).zip(times) {
        // Until the course is found, nobody can say whether an edit of it is ever sent.
        if at < found_by {
            continue;
        }
        let is_lost = dice.chance(12);
        let margin = if is_lost { FOUND.max(patience) } else { patience };
        let mut edited = course.clone();
        edited.revision += 1;
        let done = edit(school, dice, &mut edited, at, added);
        let is_calm =
            is_calm(school, &course, &edited, at, margin) && !(is_lost && is_judged_unknowing(school, &course, at));
        if done && is_calm {
            put(school, at, Event::Course { course: Box::new(edited.clone()), lost: is_lost });
            course = edited;
            found_by = at + if is_lost { FOUND } else { 0 };
        }
    }
    school.until = school.until.max(super::end_of(school));
    if index > 0 && dice.chance(12) {
        remove(school, dice, index, patience);
    }
}

/// GEGI removes the course before its first class, in its present form; the course is not edited any more.
fn remove(school: &mut School, dice: &mut Dice, index: usize, patience: i64) {
    let id = school.courses[index].id.clone();
    let first = school.courses[index].classes.iter().map(|class| class.starts).min().unwrap_or(school.from);
    let Some(at) = tick_between(school, dice, school.from + 20 * HOUR, first - patience) else { return };
    if school.stormy(at - school.step, at + patience) {
        return;
    }
    school.changes.retain(|change| !matches!(&change.event, Event::Course { course, .. } if course.id == id));
    put(school, at, Event::Removed(id));
}

/// Whether the edit is not delayed, and no class starts while the edit is on its way.
fn is_calm(school: &School, before: &Course, after: &Course, at: i64, margin: i64) -> bool {
    let around = at - school.step..=at + margin;
    let mut classes = before.classes.iter().chain(&after.classes);
    !school.stormy(at - school.step, at + margin) && !classes.any(|class| around.contains(&class.starts))
}

/// Whether a class that has begun is judged while nobody knows of an edit at this moment: what GEGI says of a day counts
/// when the day is judged, so that the marks would depend on the loss of the event.
fn is_judged_unknowing(school: &School, course: &Course, at: i64) -> bool {
    let judged = school.settings.settle_minutes * MINUTE + 2 * school.step;
    course.classes.iter().any(|class| class.starts <= at && at <= class.ends + judged)
}

/// Edits the course in one way; false: this edit was not possible.
fn edit(school: &School, dice: &mut Dice, course: &mut Course, at: i64, number: i64) -> bool {
    match dice.below(15) {
        0..=2 => drop_student(school, dice, course, at),
        3..=5 => bring_back(school, dice, course, at) || drop_student(school, dice, course, at),
        6 => credit(school, dice, course, at),
        7 => add_student(school, dice, course, at, number),
        8 | 9 => move_class(school, dice, course, at),
        10 => cancel_class(school, dice, course, at),
        11 => {
            let about = at + DAY + dice.between(0, 40) * HOUR;
            course.classes.push(new_class(school, dice, format!("{}-n{number}", course.id), about));
            true
        }
        12 => forgotten_class(school, dice, course, at, number),
        13 => {
            new_address(dice, course);
            true
        }
        _ => {
            course.title = format!("{} edited", course.title);
            course.end = course.end + Days::new(1);
            course.instructors.push(person(format!("I1000{number}"), 1));
            true
        }
    }
}

/// Whether every class of the course that began after `from` and before the edit is still followed for long enough.
fn still_followed(school: &School, course: &Course, from: i64, at: i64) -> bool {
    let follow = school.settings.follow_days * DAY;
    let mut concerned = course.classes.iter().filter(|class| from <= class.starts && class.starts < at);
    concerned.all(|class| class.ends + follow > at + IN_TIME)
}

fn drop_student(school: &School, dice: &mut Dice, course: &mut Course, at: i64) -> bool {
    let today = school.date(course, at);
    let back = dice.pick(&[0, 0, 1, 2]);
    let begun = course.classes.iter().any(|class| class.starts < at);
    let followed = still_followed(school, course, at - (back + 1) * DAY, at);
    let studying: Vec<usize> = (0..course.students.len()).filter(|s| studies(&course.students[*s])).collect();
    if studying.is_empty() || !followed {
        return false;
    }
    let student = &mut course.students[dice.pick(&studying)];
    student.stage = dice.pick(&["DROPPED", "LOA", "DROPPED Transferred", "NOT STARTED", "LOA Transferred"]);
    // A stage without a date says nothing about the classes before the edit.
    student.stopped = (begun || dice.chance(70)).then(|| today - Days::new(back.unsigned_abs()));
    true
}

fn studies(student: &Student) -> bool {
    student.assigned && ["ACTIVE", "ENROLLED", "ACTIVE Pending", "LOA Pending", BACK].contains(&student.stage)
}

fn bring_back(school: &School, dice: &mut Dice, course: &mut Course, at: i64) -> bool {
    let is_gone = |student: &Student| {
        let since = student.stopped.map(|stopped| stopped.and_time(NaiveTime::MIN).and_utc().timestamp());
        let followed = still_followed(school, course, since.unwrap_or_default(), at);
        followed && (!student.assigned || (student.stopped.is_some() && !studies(student)))
    };
    let gone: Vec<usize> = (0..course.students.len()).filter(|s| is_gone(&course.students[*s])).collect();
    if gone.is_empty() {
        return false;
    }
    let student = &mut course.students[dice.pick(&gone)];
    (student.stage, student.stopped, student.assigned) = (BACK, None, true);
    true
}

fn credit(school: &School, dice: &mut Dice, course: &mut Course, at: i64) -> bool {
    // A student who came back would have two drops, and DOMAIN does not say which of them counts for the classes in
    // between.
    let stays = |student: &Student| studies(student) && student.stage != BACK;
    let studying: Vec<usize> = (0..course.students.len()).filter(|s| stays(&course.students[*s])).collect();
    if studying.is_empty() || !still_followed(school, course, 0, at) {
        return false;
    }
    course.students[dice.pick(&studying)].assigned = false;
    true
}

fn add_student(school: &School, dice: &mut Dice, course: &mut Course, at: i64, number: i64) -> bool {
    // CourseKey has records of the first three of these students before GEGI lists them.
    let id = format!("S9{:05}", number.min(3));
    let from = school.date(course, at) - Days::new(dice.between(0, 4).unsigned_abs());
    if course.students.iter().any(|student| student.person.id == id)
        || !still_followed(school, course, at - 40 * DAY, at)
    {
        return false;
    }
    course.students.push(Student { person: person(id, 1), stage: "ACTIVE", assigned: true, from, stopped: None });
    true
}

fn move_class(school: &School, dice: &mut Dice, course: &mut Course, at: i64) -> bool {
    let index = dice.below(course.classes.len());
    let class = course.classes[index].clone();
    let settled = class.ends + school.settings.settle_minutes * MINUTE;
    let last = course.classes.iter().map(|class| class.ends).max();
    if class.starts > at {
        let about = at + dice.between(12, 72) * HOUR;
        course.classes[index] = new_class(school, dice, class.id, about);
        return true;
    }
    if settled > at || Some(class.ends) == last || !still_followed(school, course, class.starts, at) {
        return false;
    }
    let by = dice.pick(&[-20, -11, -5, 5, 10, 15]) * MINUTE;
    let moved = &mut course.classes[index];
    (moved.starts, moved.ends) = (class.starts + by, class.ends + by);
    let safe = |at: i64| {
        let phase = (at - school.from).rem_euclid(school.step);
        phase > 6 * MINUTE && phase < school.step - 2 * MINUTE
    };
    safe(moved.starts) && safe(moved.ends)
}

/// Adds a class that was held, and has records, before GEGI lists the class.
fn forgotten_class(school: &School, dice: &mut Dice, course: &mut Course, at: i64, number: i64) -> bool {
    let about = at - dice.between(5, 18) * HOUR;
    let class = new_class(school, dice, format!("{}-f{number}", course.id), about);
    // CourseKey lists a record of a class that none of its schools holds at the first campus.
    let fits = school.campuses.len() == 1 && about > school.from + HOUR && class.ends + MINUTE < at;
    course.classes.push(class);
    fits && still_followed(school, course, about - school.step, at)
}

fn cancel_class(school: &School, dice: &mut Dice, course: &mut Course, at: i64) -> bool {
    let index = dice.below(course.classes.len());
    let class = course.classes[index].clone();
    let last = course.classes.iter().map(|class| class.ends).max();
    let settled = class.ends + school.settings.settle_minutes * MINUTE + 12 * HOUR;
    let is_quiet = class.starts > at || (settled < at && !school.stormy(class.starts, at));
    if course.classes.len() < 3 || Some(class.ends) == last || !is_quiet {
        return false;
    }
    course.classes.remove(index);
    true
}

fn new_address(dice: &mut Dice, course: &mut Course) {
    let index = dice.below(course.students.len());
    let student = &mut course.students[index].person;
    *student = person(student.id.clone(), student.revision + 1);
}
