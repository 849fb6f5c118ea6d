//! Accounts, course, classes and enrolments as CourseKey should hold them for one course, and issues for what cannot be
//! sent. Of what CourseKey holds this room looks only at the acknowledged accounts, enrolments, instructors and owner.
//! Not here: the difference between what CourseKey should hold and what CourseKey acknowledged (`plan`).

mod content;
mod leaving;
mod people;

pub use self::content::{future_classes, issues_at_once};
pub use self::leaving::{Cause, Leaving, leaving};
use crate::ledger::{Account, CourseContent, CourseLedger, Enrollment, Item, PersonLedger, Session};
use crate::lines::Odd;
use crate::model::course::Course;
use crate::model::ids::{ClassId, PersonId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::person::Person;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::model::zone::Zone;
use crate::naming;
use crate::people::Problem;
use crate::settings::CampusSettings;
use crate::status::Trouble;

/// A person as the data of the person count, with the problems that keep the person from being sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged<'a> {
    /// The person's data that count.
    pub person: &'a Person,
    /// The person's problems; empty: the person can be sent.
    pub problems: Vec<Problem>,
}

/// Everything from which the wishes of a course follow.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The course as GEGI sees it.
    pub course: &'a Course,
    /// What was odd about the course as GEGI sent it.
    pub odd: &'a [Odd],
    /// Everybody whom the course names.
    pub people: &'a SortedMap<&'a PersonId, Judged<'a>>,
    /// What CourseKey acknowledged of the course; none: the first send was not started.
    pub ledger: Option<&'a CourseLedger>,
    /// The accounts, at the course's CourseKey school, of everybody whom the course names.
    pub accounts: &'a SortedMap<&'a PersonId, &'a PersonLedger>,
    /// The course's campus.
    pub campus: &'a CampusSettings,
    /// The campus's zone.
    pub zone: Zone,
    /// The present moment.
    pub now: Instant,
}

impl View<'_> {
    /// Whether CourseKey acknowledged the person's account.
    fn knows(self, person: &PersonId) -> bool {
        self.accounts.get(person).is_some_and(|ledger| ledger.account.acknowledged.is_some())
    }

    /// The course as CourseKey acknowledged it; none: CourseKey acknowledged no such course.
    fn held(&self) -> Option<&CourseContent> {
        self.ledger?.course.acknowledged.as_ref()
    }
}

/// A course as CourseKey should hold it. It is made for a course with a class and with an instructor who can be sent,
/// and for a course that CourseKey holds already, whatever that course lacks by now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Desired {
    /// The course itself; none: its own data cannot be sent, and CourseKey keeps what it holds.
    pub course: Option<CourseContent>,
    /// The instructors' accounts.
    pub instructors: SortedMap<PersonId, Account>,
    /// The students' accounts.
    pub students: SortedMap<PersonId, Account>,
    /// The course's classes.
    pub sessions: SortedMap<ClassId, Session>,
    /// The course's enrolments.
    pub enrollments: SortedMap<PersonId, Enrollment>,
}

/// What a course wants CourseKey to hold, and what of that cannot be sent, with the reasons.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wishes {
    /// The course as CourseKey should hold it; none: nothing of the course is sent.
    pub desired: Option<Desired>,
    /// The issues about what cannot be sent.
    pub issues: Vec<Issue>,
    /// The same problems, counted for the reason of the course's status.
    pub troubles: Vec<Trouble>,
    /// The items that cannot be sent, each with the code of the issue that says why.
    pub unfit: Vec<(Item, Code)>,
}

/// The wishes of a course inside its sync window.
///
/// Seed, "Courses": "The course integration requires adding at least one instructor to the course and at least one
/// class scheduled." DOMAIN §4 "A synchronized course that lacks something": "only what needs the missing thing waits.
/// Drops, moves, cancellations, new students, title and dates of an acknowledged course are always sent".
pub fn desire(view: View<'_>) -> Wishes {
    let mut wishes = Wishes::default();
    let instructors = people::instructors(view, &mut wishes);
    let sessions = content::sessions(view, &mut wishes);
    let (students, enrollments) = people::enrollments(view, &mut wishes);
    content::note_what_is_missing(view, &mut wishes);
    people::note_odd(view, &mut wishes);
    // An instructor whose account CourseKey holds goes on teaching even if the instructor's new address cannot be sent.
    let teaching = |person: &PersonId| instructors.contains_key(person) || view.knows(person);
    let teaching: SortedSet<PersonId> =
        view.course.instructors.iter().map(|person| person.id.clone()).filter(teaching).collect();
    let course = content::content(view, teaching, &mut wishes);
    if view.held().is_none() && (course.is_none() || sessions.is_empty()) {
        return wishes;
    }
    wishes.desired = Some(Desired {
        course,
        instructors: instructors.into_iter().map(|(id, person)| (id, people::account(person, true))).collect(),
        students: students.into_iter().map(|(id, person)| (id, people::account(person, false))).collect(),
        sessions,
        enrollments,
    });
    wishes
}

/// An issue about a person of a course. `said` is what the sentence says of the person.
pub fn person_issue(course: &Course, code: Code, person: &PersonId, said: &str) -> Issue {
    let subject = Subject { course: Some(course.id.clone()), person: Some(person.clone()), ..Subject::default() };
    Issue { code, subject, sentence: format!("{} {said}", naming::course(course).person(person)) }
}

/// An issue about a course itself.
pub fn course_issue(course: &Course, code: Code, said: &str) -> Issue {
    let subject = Subject { course: Some(course.id.clone()), ..Subject::default() };
    Issue { code, subject, sentence: format!("{} {said}", naming::course(course)) }
}
