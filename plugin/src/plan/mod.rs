//! Desired minus ledger: the ordered list of what is to be sent for a course, each action with its reason and with what it
//! needs, and of what is not sent, each item with its reason. Pure and synchronous.
//!
//! Carrying a plan out makes no choices: `ready` says what of it can be sent once what it needs is acknowledged, `answer`
//! what CourseKey's answer makes of the ledger.

pub mod answer;
pub mod ready;
mod text;

use std::collections::{BTreeMap, BTreeSet};

use crate::desired::Desired;
use crate::ledger::{
    Account, CourseContent, CourseLedger, Enrollment, Item, Owner, PersonLedger, Refusal, Retry, Session, Slot,
};
use crate::model::ids::{AccountId, ClassId, CourseId, PersonId};
use crate::model::issue::Code;
use crate::model::time::Instant;

/// CourseKey's own order of work (DOMAIN §2): each job is done before the next begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Job {
    /// Accounts of instructors.
    Instructors,
    /// Courses.
    Courses,
    /// Classes.
    Classes,
    /// Accounts of students.
    Students,
    /// Enrolments and drops.
    Enrollments,
}

impl Job {
    /// All of them, in order.
    pub const ORDER: [Self; 5] = [Self::Instructors, Self::Courses, Self::Classes, Self::Students, Self::Enrollments];
}

/// One thing to send. A planned course names who may own it, in order of preference; a sendable one the e-mail by which
/// CourseKey knows the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action<O = Owners> {
    /// When in the order.
    pub job: Job,
    /// The course it is sent for.
    pub course: CourseId,
    /// What.
    pub write: Write<O>,
    /// GEGI's revision of what it carries.
    pub revision: u64,
    /// Why.
    pub reason: Reason,
    /// What CourseKey has to hold before.
    pub needs: Vec<Need>,
}

/// What CourseKey is asked to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write<O = Owners> {
    /// An account.
    User {
        /// Whose.
        person: PersonId,
        /// What of it.
        account: Account,
        /// The existing account that becomes this person's.
        adopt: Option<AccountId>,
    },
    /// A course.
    Course {
        /// What of it.
        content: CourseContent,
        /// Whose it is in CourseKey.
        owner: O,
    },
    /// A class.
    Session(ClassId, Session),
    /// An enrolment.
    Enrollment(PersonId, Enrollment),
}

/// Who may own a course in CourseKey, in order of preference: the first whom CourseKey knows does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owners(pub Vec<Owner>);

/// What CourseKey has to hold before something can be sent.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Need {
    /// The course.
    Course,
    /// The account of this person.
    Account(PersonId),
    /// The account of one of these people.
    OneAccountOf(BTreeSet<PersonId>),
}

/// Why something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// CourseKey does not hold it.
    New,
    /// It differs from what CourseKey holds.
    Changed,
    /// GEGI does not have it any more.
    Gone,
    /// The student stopped, or the course was taken off the agreement.
    Stopped,
    /// The student is back.
    Back,
}

/// Something of a course that is not sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// What.
    pub item: Item,
    /// Why.
    pub why: Why,
}

/// Why something is not sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// GEGI's data do not allow it; the issue of this code says what is wrong.
    Unfit(Code),
    /// Initial User Password is too weak for a new account.
    NoPassword,
    /// CourseKey refused the very same before.
    Refused(Refusal, Retry),
    /// What it needs waits itself.
    Needs(Need),
}

/// What is to be done for one course.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In job order, then by key.
    pub actions: Vec<Action>,
    /// What waits, with its reason.
    pub waiting: Vec<Waiting>,
}

/// Accounts at one CourseKey school, by person.
pub type Accounts<'a> = BTreeMap<&'a PersonId, &'a PersonLedger>;

/// What a plan is made against.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The course's page of the ledger.
    pub ledger: &'a CourseLedger,
    /// Accounts at the course's CourseKey school.
    pub accounts: &'a Accounts<'a>,
    /// Whether new accounts can be made: without a good Initial User Password they cannot.
    pub new_accounts: bool,
    /// The present moment.
    pub now: Instant,
}

/// Everything that separates what CourseKey should hold of a course from what it acknowledged.
///
/// What depends on something that waits is not planned: no course without an instructor, nothing of a course that waits
/// itself, no enrolment of a student whose account waits. Each of them waits too, and says for what.
pub fn plan(course: &CourseId, desired: &Desired, held: Held<'_>) -> Plan {
    let mut plan = Planner::new(course, desired.revision, held);
    for (person, (revision, account)) in &desired.instructors {
        plan.user(Job::Instructors, person, *revision, account.clone());
    }
    let mut content = desired.course.clone();
    content.instructors.retain(|person| knows(held.accounts, person) || !plan.waits(&Item::Instructor(person.clone())));
    if content.instructors.is_empty() {
        plan.wait(Item::Course, Why::Needs(Need::OneAccountOf(desired.course.instructors.clone())));
        plan.wait_for_course(desired);
        return plan.plan;
    }
    plan.course(content);
    if plan.waits(&Item::Course) && !held.ledger.acknowledged() {
        plan.wait_for_course(desired);
        return plan.plan;
    }
    plan.sessions(&desired.sessions);
    for (person, (revision, account)) in &desired.students {
        plan.user(Job::Students, person, *revision, account.clone());
    }
    for (person, enrollment) in &desired.enrollments {
        if plan.waits(&Item::Student(person.clone())) {
            plan.wait(Item::Enrollment(person.clone()), Why::Needs(Need::Account(person.clone())));
        } else {
            plan.enrollment(person, *enrollment);
        }
    }
    plan.plan
}

/// The removal of classes of a course that GEGI removed.
pub fn removals(course: &CourseId, revision: u64, sessions: &BTreeMap<ClassId, Session>, held: Held<'_>) -> Plan {
    let mut plan = Planner::new(course, revision, held);
    for (class, session) in sessions {
        plan.session(class, *session);
    }
    plan.plan
}

/// Whether CourseKey acknowledged a person's account.
pub fn knows(accounts: &Accounts<'_>, person: &PersonId) -> bool {
    accounts.get(person).is_some_and(|ledger| ledger.account.acknowledged.is_some())
}

struct Planner<'a> {
    course: &'a CourseId,
    revision: u64,
    held: Held<'a>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(course: &'a CourseId, revision: u64, held: Held<'a>) -> Self {
        Self { course, revision, held, plan: Plan::default() }
    }

    /// Compares one slot with what is wanted of it; the action, if there is one to do.
    fn step<T: Clone + PartialEq>(
        &mut self,
        (job, item): (Job, Item),
        slot: &Slot<T>,
        wanted: &T,
        changed: Reason,
        write: impl FnOnce() -> (Write, Vec<Need>),
    ) -> Option<&mut Action> {
        if slot.acknowledged.as_ref() == Some(wanted) {
            return None;
        }
        if let Some(parked) = slot.withheld(wanted, self.held.now) {
            self.wait(item, Why::Refused(parked.refusal.clone(), parked.retry));
            return None;
        }
        let reason = if slot.acknowledged.is_some() || changed == Reason::Gone { changed } else { Reason::New };
        let (write, needs) = write();
        let (course, revision) = (self.course.clone(), self.revision);
        self.plan.actions.push(Action { job, course, write, revision, reason, needs });
        self.plan.actions.last_mut()
    }

    /// A teacher's account stays a teacher's: accounts lose nothing, and an enrolment grants nothing.
    fn user(&mut self, job: Job, person: &PersonId, revision: u64, mut account: Account) {
        let empty = PersonLedger::default();
        let ledger = self.held.accounts.get(person).copied().unwrap_or(&empty);
        account.teacher |= ledger.teacher();
        let id = person.clone();
        let item = if job == Job::Instructors { Item::Instructor(id) } else { Item::Student(id) };
        if ledger.account.acknowledged.is_none() && !self.held.new_accounts {
            return self.wait(item, Why::NoPassword);
        }
        let adopt = ledger.adopted.clone().filter(|_| ledger.account.acknowledged.is_none());
        let write = || (Write::User { person: person.clone(), account: account.clone(), adopt }, Vec::new());
        if let Some(action) = self.step((job, item), &ledger.account, &account, Reason::Changed, write) {
            action.revision = revision;
        }
    }

    fn course(&mut self, content: CourseContent) {
        let needs = vec![Need::OneAccountOf(content.instructors.clone())];
        let owner = owners(&content);
        let slot = &self.held.ledger.course;
        self.step((Job::Courses, Item::Course), slot, &content.clone(), Reason::Changed, || {
            (Write::Course { content, owner }, needs)
        });
    }

    fn enrollment(&mut self, person: &PersonId, wanted: Enrollment) {
        let reason = if wanted.dropped { Reason::Stopped } else { Reason::Back };
        let empty = Slot::default();
        let slot = self.held.ledger.enrollments.get(person).unwrap_or(&empty);
        self.step((Job::Enrollments, Item::Enrollment(person.clone())), slot, &wanted, reason, || {
            (Write::Enrollment(person.clone(), wanted), vec![Need::Course, Need::Account(person.clone())])
        });
    }

    fn sessions(&mut self, desired: &BTreeMap<ClassId, Session>) {
        for (class, session) in desired {
            self.session(class, *session);
        }
        for (class, slot) in &self.held.ledger.sessions {
            if slot.acknowledged.is_some() && !desired.contains_key(class) {
                self.session(class, Session::Removed);
            }
        }
    }

    fn session(&mut self, class: &ClassId, wanted: Session) {
        let empty = Slot::default();
        let slot = self.held.ledger.sessions.get(class).unwrap_or(&empty);
        let reason = if wanted == Session::Removed { Reason::Gone } else { Reason::Changed };
        self.step((Job::Classes, Item::Class(class.clone())), slot, &wanted, reason, || {
            (Write::Session(class.clone(), wanted), vec![Need::Course])
        });
    }

    fn waits(&self, item: &Item) -> bool {
        self.plan.waiting.iter().any(|waiting| waiting.item == *item)
    }

    fn wait(&mut self, item: Item, why: Why) {
        self.plan.waiting.push(Waiting { item, why });
    }

    /// Everything CourseKey can hold only together with the course waits for it.
    fn wait_for_course(&mut self, desired: &Desired) {
        let classes = desired.sessions.keys().cloned().map(Item::Class);
        let students = desired.students.keys().cloned().map(Item::Student);
        let enrollments = desired.enrollments.keys().cloned().map(Item::Enrollment);
        for item in classes.chain(students).chain(enrollments) {
            self.wait(item, Why::Needs(Need::Course));
        }
    }
}

/// A new course whose first instructor CourseKey does not take belongs to the next it does.
fn owners(content: &CourseContent) -> Owners {
    let preferred = std::iter::once(content.owner.clone());
    match content.owner {
        Owner::Named(_) => Owners(preferred.collect()),
        Owner::Instructor(_) => {
            Owners(preferred.chain(content.instructors.iter().cloned().map(Owner::Instructor)).collect())
        }
    }
}
