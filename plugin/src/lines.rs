//! A course as GEGI sent it, made fit to be held: each person and each class on one line, under ids that can stand in a
//! key. What contradicts itself or cannot be held is noted, so that it becomes an issue of this course and stops nothing
//! else. Not here: which lines are sent (`desired`).
//!
//! DOMAIN §4 "A person listed twice in a course": "the enrolled line wins; lines that contradict each other are an
//! issue". DOMAIN §1: "A clinical rotation is a course … linked to one or more groups", and "a student can be in several
//! groups … at once, with different stages". DOMAIN §4 "Sizes": "the plugin turns what is beyond its limit into an issue of that course; never does one
//! course, class or person stop a school".

use serde::{Deserialize, Serialize};

use crate::enrollment::{self, Standing};
use crate::model::course::{Agreement, Class, Course, Student};
use crate::model::ids::{ClassId, PersonId};
use crate::model::person::Person;
use crate::model::sorted::{SortedMap, SortedSet};

/// The most bytes of one of GEGI's ids. A key of the state is made of several ids and has at most 512 bytes.
pub const ID_CAP: usize = 96;

/// What was odd about a course as GEGI sent it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Odd {
    /// The course lists the person twice, and the lines contradict each other.
    PersonTwice(PersonId),
    /// The course lists the class twice, at different times.
    ClassTwice(ClassId),
    /// The id of a row cannot stand in a key, so that the row is left out.
    Id {
        /// What the id is of.
        of: Row,
        /// The id's first characters.
        shown: String,
        /// The id's bytes.
        bytes: usize,
    },
}

/// The rows of a course that have an id of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Row {
    /// An instructor.
    Instructor,
    /// A student.
    Student,
    /// A class.
    Class,
}

impl Row {
    /// The word for one such row.
    pub fn name(self) -> &'static str {
        match self {
            Self::Instructor => "instructor",
            Self::Student => "student",
            Self::Class => "class",
        }
    }
}

/// Whether an id can stand in a key of the state.
pub fn is_fit(id: &str) -> bool {
    !id.is_empty() && id.len() <= ID_CAP && !id.chars().any(char::is_control)
}

/// Leaves each person and each class on one line and rows with unfit ids out. Answers what was odd, in an order that
/// does not depend on the order of the lines.
pub fn tidy(course: &mut Course) -> Vec<Odd> {
    let mut odd = SortedSet::new();
    keep_fit(&mut course.instructors, Row::Instructor, |person| person.id.as_str(), &mut odd);
    keep_fit(&mut course.students, Row::Student, |student| student.person.id.as_str(), &mut odd);
    keep_fit(&mut course.classes, Row::Class, |class| class.id.as_str(), &mut odd);
    one_person_each(course, &mut odd);
    // A student of several of a rotation's groups has a line and a stage in each: no line contradicts another.
    let once = !course.several_groups;
    course.students = best_of_each(
        &course.students,
        |line| &line.person.id,
        rank,
        |id| _ = once.then(|| odd.insert(Odd::PersonTwice(id.clone()))),
    );
    let mut listed = SortedSet::new();
    course.instructors.retain(|person| listed.insert(person.id.clone()));
    course.classes = best_of_each(
        &course.classes,
        |class| &class.id,
        |class: &Class| (class.starts, class.ends),
        |id| _ = odd.insert(Odd::ClassTwice(id.clone())),
    );
    odd.into_iter().collect()
}

fn keep_fit<T>(rows: &mut Vec<T>, of: Row, id: impl Fn(&T) -> &str, odd: &mut SortedSet<Odd>) {
    rows.retain(|row| {
        let id = id(row);
        if !is_fit(id) {
            let shown = id.chars().filter(|c| !c.is_control()).take(40).collect();
            odd.insert(Odd::Id { of, shown, bytes: id.len() });
        }
        is_fit(id)
    });
}

/// Gives every line of a person, whatever the role, the person's data of the highest revision.
fn one_person_each(course: &mut Course, odd: &mut SortedSet<Odd>) {
    let people: Vec<Person> = course.people().cloned().collect();
    let mut newest: SortedMap<&PersonId, &Person> = SortedMap::new();
    for person in &people {
        let held = newest.entry(&person.id).or_insert(person);
        if person.revision == held.revision && person != *held {
            odd.insert(Odd::PersonTwice(person.id.clone()));
        }
        if order(person) < order(held) {
            *held = person;
        }
    }
    let lines = course.instructors.iter_mut().chain(course.students.iter_mut().map(|line| &mut line.person));
    for person in lines {
        if let Some(newest) = newest.get(&person.id) {
            person.clone_from(newest);
        }
    }
}

/// The order of the data of one person: the highest revision first, then by content, so that the order in which GEGI
/// lists them makes no difference.
fn order(person: &Person) -> impl Ord + use<'_> {
    (std::cmp::Reverse(person.revision), &person.email, &person.last_name, &person.first_name)
}

/// Of several rows with one id the one that comes first by `rank`, at the place of the first. Rows that contradict each
/// other are told.
fn best_of_each<T: Clone + PartialEq, I: Ord, R: Ord>(
    rows: &[T],
    id: impl Fn(&T) -> &I,
    rank: impl Fn(&T) -> R,
    mut tell: impl FnMut(&I),
) -> Vec<T> {
    let mut places: SortedMap<&I, usize> = SortedMap::new();
    let mut best: Vec<&T> = Vec::new();
    for row in rows {
        let place = *places.entry(id(row)).or_insert(best.len());
        let Some(held) = best.get_mut(place) else {
            best.push(row);
            continue;
        };
        if *held != row {
            tell(id(row));
        }
        if rank(row) < rank(held) {
            *held = row;
        }
    }
    best.into_iter().cloned().collect()
}

/// The order of lines of one student: the enrolled line first. Lines that mean the same are ordered by their content,
/// so that the order in which GEGI lists them makes no difference.
fn rank(line: &Student) -> impl Ord + use<> {
    let meaning = match (enrollment::standing(&line.stage), line.agreement) {
        (Some(Standing::Enrolled), Agreement::Assigned) => 0,
        (Some(Standing::Finished), Agreement::Assigned) => 1,
        (Some(Standing::Stopped), Agreement::Assigned) => 2,
        (_, Agreement::Assigned) => 3,
        (_, Agreement::CreditGranted) => 4,
    };
    (meaning, line.enrolled_from, std::cmp::Reverse(line.stopped_on), line.stage.clone())
}

#[cfg(test)]
mod tests;
