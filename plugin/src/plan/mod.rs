//! The plan of a course: everything that separates what CourseKey should hold (`desired`) from what CourseKey
//! acknowledged (`ledger`). A plan lists the actions to send, in order, each with its reason and with what CourseKey
//! must hold before; and the items that wait, each with the reason why. Pure: no clock, no network.
//!
//! Whoever carries a plan out makes no choices: `ready` says which actions can be sent by now, and `answer` enters
//! CourseKey's answer into the ledger. Not here: sending (`tick::send`).

pub mod answer;
pub mod ready;
mod text;

use crate::desired::Desired;
use crate::ledger::{
    Account, CourseContent, CourseLedger, Enrollment, Item, Owner, PersonLedger, Refusal, Session, Slot,
};
use crate::model::ids::{AccountId, ClassId, CourseId, PersonId};
use crate::model::issue::Code;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;

/// The jobs of a plan, in CourseKey's own order of work (DOMAIN §2): each job is done before the next job begins.
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
    /// All jobs, in order.
    pub const ORDER: [Self; 5] = [Self::Instructors, Self::Courses, Self::Classes, Self::Students, Self::Enrollments];
}

/// One thing to send for a course. `O` says how an action names the owner of the course: a planned action by everybody
/// who may own the course, in order of preference ([`Owners`]); a sendable action by the e-mail of the one owner
/// ([`String`]).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action<O = Owners> {
    /// The job to which the action belongs.
    pub job: Job,
    /// The course for which the action is sent.
    pub course: CourseId,
    /// The item with the content that CourseKey is asked to hold.
    pub write: Write<O>,
    /// Why the item is sent.
    pub reason: Reason,
    /// What CourseKey has to hold before the action is sent.
    pub needs: Vec<Need>,
}

impl<O> Action<O> {
    /// The item that is sent.
    pub fn item(&self) -> Item {
        match &self.write {
            Write::User { person, .. } if self.job == Job::Instructors => Item::Instructor(person.clone()),
            Write::User { person, .. } => Item::Student(person.clone()),
            Write::Course { .. } => Item::Course,
            Write::Session(class, _) => Item::Class(class.clone()),
            Write::Enrollment(person, _) => Item::Enrollment(person.clone()),
        }
    }
}

/// What CourseKey is asked to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write<O = Owners> {
    /// An account.
    User {
        /// The person who has the account.
        person: PersonId,
        /// The account's content.
        account: Account,
        /// The account that CourseKey has already and that becomes this person's; none: a new account, or the person's
        /// own.
        adopt: Option<AccountId>,
    },
    /// A course.
    Course {
        /// The course's content.
        content: CourseContent,
        /// The course's owner in CourseKey.
        owner: O,
    },
    /// A class.
    Session(ClassId, Session),
    /// An enrolment.
    Enrollment(PersonId, Enrollment),
}

/// Who may own a course in CourseKey, in order of preference: the first whose account CourseKey holds becomes the
/// owner.
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
    OneAccountOf(SortedSet<PersonId>),
}

/// Why something is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// CourseKey does not hold the item.
    New,
    /// The item differs from what CourseKey holds.
    Changed,
    /// GEGI does not have the class any more.
    Gone,
    /// The student stopped, or the course was taken off the student's agreement.
    Stopped,
    /// The student is back.
    Back,
}

/// An item of a course that is not sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// The item.
    pub item: Item,
    /// Why the item is not sent now.
    pub why: Why,
}

/// Why an item is not sent now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// GEGI's data do not allow it; the issue of this code says what is wrong.
    Unfit(Code),
    /// Initial User Password is too weak for a new account.
    NoPassword,
    /// CourseKey refused the same content before.
    Refused(Refusal, Instant),
    /// The item needs something that CourseKey does not hold and that waits too.
    Needs(Need),
    /// It would leave CourseKey, or is new, while the guard holds what looks like an accident.
    Held,
    /// It would leave CourseKey, and somebody decided that it stays.
    Kept,
}

/// The plan of one course.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The actions to send, in the order of jobs and within a job by key.
    pub actions: Vec<Action>,
    /// The items that wait.
    pub waiting: Vec<Waiting>,
}

/// People's pages of the ledger at one CourseKey school, by person.
pub type Accounts<'a> = SortedMap<&'a PersonId, &'a PersonLedger>;

/// What CourseKey holds, as far as a plan has to know.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The course's page of the ledger.
    pub ledger: &'a CourseLedger,
    /// The accounts at the course's CourseKey school.
    pub accounts: &'a Accounts<'a>,
    /// Whether new accounts can be sent; they cannot while Initial User Password is too weak.
    pub new_accounts: bool,
    /// The present moment.
    pub now: Instant,
}

/// The plan that leads from what CourseKey acknowledged to what CourseKey should hold of a course.
///
/// An item that depends on a waiting item waits too and names the item it needs: a course whose instructors all wait,
/// everything of a course that waits, the enrolment of a student whose account waits.
pub fn plan(course: &CourseId, desired: &Desired, held: Held<'_>) -> Plan {
    let mut plan = Planner::new(course, held);
    for (person, account) in &desired.instructors {
        plan.user(Job::Instructors, person, account.clone());
    }
    if let Some(content) = &desired.course {
        plan.course_with_whom_it_can(content);
    }
    if plan.waits(&Item::Course) && !held.ledger.acknowledged() {
        plan.wait_for_course(desired);
        return plan.plan;
    }
    plan.sessions(&desired.sessions);
    for (person, account) in &desired.students {
        plan.user(Job::Students, person, account.clone());
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

/// The plan of a course that GEGI removed: removing its classes.
pub fn removals(course: &CourseId, sessions: &SortedMap<ClassId, Session>, held: Held<'_>) -> Plan {
    let mut plan = Planner::new(course, held);
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
    held: Held<'a>,
    plan: Plan,
}

impl<'a> Planner<'a> {
    fn new(course: &'a CourseId, held: Held<'a>) -> Self {
        Self { course, held, plan: Plan::default() }
    }

    /// Compares what CourseKey acknowledged of one item with what is wanted. Adds the action, if one is needed, or
    /// notes that the item waits.
    fn step<T: Clone + PartialEq>(
        &mut self,
        (job, item): (Job, Item),
        slot: &Slot<T>,
        wanted: &T,
        changed: Reason,
        write: impl FnOnce() -> (Write, Vec<Need>),
    ) {
        if slot.holds(wanted) {
            return;
        }
        if let Some(parked) = slot.withheld(wanted, self.held.now) {
            return self.wait(item, Why::Refused(parked.refusal.clone(), parked.retry));
        }
        let leaves = matches!(changed, Reason::Gone | Reason::Stopped);
        let reason = if slot.acknowledged.is_some() || leaves { changed } else { Reason::New };
        let (write, needs) = write();
        self.plan.actions.push(Action { job, course: self.course.clone(), write, reason, needs });
    }

    /// Plans an account. A teacher's account stays a teacher's, even for a person who is only a student now.
    fn user(&mut self, job: Job, person: &PersonId, mut account: Account) {
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
        self.step((job, item), &ledger.account, &account, Reason::Changed, write);
    }

    /// Plans the course with those of its instructors whose accounts do not wait. Where all of them wait, CourseKey keeps
    /// the instructors and the owner that it holds; if it holds none, the course waits.
    fn course_with_whom_it_can(&mut self, wanted: &CourseContent) {
        let mut content = wanted.clone();
        content
            .instructors
            .retain(|person| knows(self.held.accounts, person) || !self.waits(&Item::Instructor(person.clone())));
        if content.instructors.is_empty() {
            let Some(held) = &self.held.ledger.course.acknowledged else {
                return self.wait(Item::Course, Why::Needs(Need::OneAccountOf(wanted.instructors.clone())));
            };
            content.instructors.clone_from(&held.instructors);
            content.owner.clone_from(&held.owner);
        }
        self.course(content);
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

    fn sessions(&mut self, desired: &SortedMap<ClassId, Session>) {
        for (class, session) in desired {
            self.session(class, *session);
        }
        for (class, slot) in &self.held.ledger.sessions {
            if slot.may_exist() && !desired.contains_key(class) {
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

    /// Notes that everything CourseKey can hold only together with the course waits for the course.
    fn wait_for_course(&mut self, desired: &Desired) {
        let classes = desired.sessions.keys().cloned().map(Item::Class);
        let students = desired.students.keys().cloned().map(Item::Student);
        let enrollments = desired.enrollments.keys().cloned().map(Item::Enrollment);
        for item in classes.chain(students).chain(enrollments) {
            self.wait(item, Why::Needs(Need::Course));
        }
    }
}

/// Who may own the course: if CourseKey does not take the preferred instructor, the next instructor owns the course.
fn owners(content: &CourseContent) -> Owners {
    let preferred = std::iter::once(content.owner.clone());
    match content.owner {
        Owner::Named(_) => Owners(preferred.collect()),
        Owner::Instructor(_) => {
            Owners(preferred.chain(content.instructors.iter().cloned().map(Owner::Instructor)).collect())
        }
    }
}
