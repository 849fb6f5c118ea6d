//! The call `preview`: what the ticks that begin now would do to courses, with counts and names, each action with its
//! reason, and what they would not do, with the reason and what changes it. Written by nobody and sent by nobody: the
//! call is given a world that it can only read.
//!
//! Not here: what would be done (`tick::foresee`), and the words (`words`). Not foreseen: what attendance CourseKey has.

mod words;

use crate::ledger::Item;
use crate::model::ids::CourseId;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::naming;
use crate::plan::{Action, Waiting, Why};
use crate::tick::foresee::{self, Foreseen};
use crate::world::{Reads, StorageError};

/// The most courses of one answer.
pub const MOST_COURSES: usize = 100;
/// About the most rows of one answer. A course is never divided.
pub const MOST_ROWS: usize = 5_000;

/// Which courses somebody asks about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Asked {
    /// The courses that are due, behind the course `after`.
    Due {
        /// The last course of the page before.
        after: Option<CourseId>,
        /// The most courses.
        limit: u32,
    },
    /// This course.
    Course(CourseId),
}

/// What an action is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An instructor's account.
    Instructor,
    /// A student's account.
    Student,
    /// A course.
    Course,
    /// A class.
    Class,
    /// An enrolment.
    Enrollment,
}

/// What an action does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Act {
    /// CourseKey gets something that it does not have.
    Add,
    /// CourseKey has it, otherwise.
    Change,
    /// A class is removed, or a student is dropped.
    Remove,
}

/// Something that would be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// What it is about.
    pub kind: Kind,
    /// GEGI's id of the person, the course or the class.
    pub id: String,
    /// A person's name, the course's number and title, or a class's local date and time; empty: unknown.
    pub name: String,
    /// What is done.
    pub act: Act,
    /// Why.
    pub reason: String,
}

/// Something that would not be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// What it is about.
    pub kind: Kind,
    /// GEGI's id of the person, the course or the class.
    pub id: String,
    /// As in [`Planned`].
    pub name: String,
    /// Why it is not sent.
    pub reason: String,
    /// What changes that; empty: nothing has to be changed.
    pub remedy: String,
}

/// What would be done to a course.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CoursePreview {
    /// The course.
    pub course: CourseId,
    /// Its number and title.
    pub name: String,
    /// Why nothing of the course is sent; none: something may be sent.
    pub rest: Option<String>,
    /// Whether the course is sent for the first time, which locks Send to CourseKey.
    pub first: bool,
    /// What keeps everything of the course's campus from CourseKey, so that nothing is sent; none: nothing does.
    pub blocked: Option<String>,
    /// What would be sent, in CourseKey's order of work.
    pub planned: Vec<Planned>,
    /// What would not be sent.
    pub left: Vec<Left>,
}

/// What would be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// How much would be sent of all courses that were asked about, also of those on other pages. What several courses
    /// want is sent once, and counted once.
    pub counts: Vec<(Kind, Act, u32)>,
    /// How many items of these courses would not be sent.
    pub left: u32,
    /// How many of those are held as a possible accident.
    pub held: u32,
    /// The courses of this page with something to show, ascending.
    pub courses: Vec<CoursePreview>,
    /// The last course of this page; none: there are no more.
    pub next: Option<CourseId>,
}

/// Finds out what the ticks that begin now would do.
pub fn preview(world: &mut impl Reads, asked: &Asked) -> Result<Preview, StorageError> {
    let scope = match asked {
        Asked::Due { .. } => foresee::Scope::Due,
        Asked::Course(course) => foresee::Scope::Course(course),
    };
    let mut gathered = Gathered::new(asked);
    foresee::foresee(world, scope, &mut |foreseen| gathered.take(foreseen))?;
    Ok(gathered.preview())
}

/// What was foreseen so far.
struct Gathered<'q> {
    asked: &'q Asked,
    limit: usize,
    /// The keys of what is sent, by what it is: one item is sent once, whichever courses want it.
    sent: SortedMap<(Kind, Act), SortedSet<String>>,
    left: u32,
    held: u32,
    /// The first courses of the page.
    courses: SortedMap<CourseId, CoursePreview>,
    rows: usize,
    is_cut: bool,
}

impl<'q> Gathered<'q> {
    fn new(asked: &'q Asked) -> Self {
        let limit = match asked {
            Asked::Due { limit, .. } => usize::try_from(*limit).unwrap_or(usize::MAX).clamp(1, MOST_COURSES),
            Asked::Course(_) => 1,
        };
        let (sent, courses) = (SortedMap::new(), SortedMap::new());
        Self { asked, limit, sent, left: 0, held: 0, courses, rows: 0, is_cut: false }
    }

    fn take(&mut self, foreseen: &Foreseen<'_>) {
        let Foreseen { facts, look, blocked, .. } = foreseen;
        let sent = look.plan.actions.iter().filter(|_| blocked.is_none());
        let school = look.address.as_ref().map(|address| address.school.to_string()).unwrap_or_default();
        for action in sent {
            let (kind, id) = kind_and_id(&action.item(), &action.course);
            let key = match kind {
                Kind::Instructor | Kind::Student => format!("{school}\0{id}"),
                Kind::Course | Kind::Class | Kind::Enrollment => format!("{school}\0{}\0{id}", action.course),
            };
            self.sent.entry((kind, words::act(action))).or_default().insert(key);
        }
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        self.left = self.left.saturating_add(count(look.plan.waiting.len()));
        let held = look.plan.waiting.iter().filter(|waiting| waiting.why == Why::Held).count();
        self.held = self.held.saturating_add(count(held));
        let id = &facts.course.id;
        let is_wanted = match self.asked {
            Asked::Due { after, .. } => {
                let is_behind = after.as_ref().is_none_or(|after| id > after);
                is_behind && !(look.plan.actions.is_empty() && look.plan.waiting.is_empty())
            }
            Asked::Course(_) => true,
        };
        if is_wanted {
            self.keep(course_preview(foreseen));
        }
    }

    /// Keeps the first courses of the page, as many as one answer has.
    fn keep(&mut self, course: CoursePreview) {
        self.rows += course.rows();
        self.courses.insert(course.course.clone(), course);
        while self.courses.len() > self.limit || self.rows > MOST_ROWS && self.courses.len() > 1 {
            let last = self.courses.last_key_value().map(|(id, _)| id.clone());
            let Some(course) = last.and_then(|id| self.courses.remove(&id)) else { break };
            self.rows -= course.rows();
            self.is_cut = true;
        }
    }

    fn preview(self) -> Preview {
        let count = |items: &SortedSet<String>| u32::try_from(items.len()).unwrap_or(u32::MAX);
        let next = self.courses.last_key_value().map(|(id, _)| id.clone()).filter(|_| self.is_cut);
        Preview {
            counts: self.sent.iter().map(|((kind, act), items)| (*kind, *act, count(items))).collect(),
            left: self.left,
            held: self.held,
            courses: self.courses.into_values().collect(),
            next,
        }
    }
}

impl CoursePreview {
    fn rows(&self) -> usize {
        1 + self.planned.len() + self.left.len()
    }
}

fn course_preview(foreseen: &Foreseen<'_>) -> CoursePreview {
    let Foreseen { facts, look, first, blocked } = foreseen;
    let course = &facts.course.id;
    let planned = |action: &Action| {
        let item = action.item();
        let (kind, id) = kind_and_id(&item, course);
        let (name, act, reason) = (words::name(facts, &item), words::act(action), words::reason(facts, action));
        Planned { kind, id, name, act, reason }
    };
    let left = |waiting: &Waiting| {
        let (reason, remedy) = words::why(facts, &waiting.why);
        let (kind, id) = kind_and_id(&waiting.item, course);
        Left { kind, id, name: words::name(facts, &waiting.item), reason, remedy }
    };
    let planned: Vec<Planned> = look.plan.actions.iter().map(planned).collect();
    CoursePreview {
        course: course.clone(),
        name: naming::course(facts.course).to_string(),
        rest: look.rest.map(|rest| words::rest(facts, rest)),
        first: *first && !planned.is_empty(),
        blocked: blocked.map(str::to_owned),
        planned,
        left: look.plan.waiting.iter().map(left).collect(),
    }
}

/// What an item is, and GEGI's id of it.
fn kind_and_id(item: &Item, course: &CourseId) -> (Kind, String) {
    match item {
        Item::Instructor(person) => (Kind::Instructor, person.to_string()),
        Item::Student(person) => (Kind::Student, person.to_string()),
        Item::Course => (Kind::Course, course.to_string()),
        Item::Class(class) => (Kind::Class, class.to_string()),
        Item::Enrollment(person) => (Kind::Enrollment, person.to_string()),
    }
}

#[cfg(test)]
mod tests;
