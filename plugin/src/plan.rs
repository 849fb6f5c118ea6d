//! Desired minus ledger: the ordered list of what is to be sent for a course, each action with its reason, and of what
//! is withheld. Pure and synchronous; carrying it out makes no choices.

use std::collections::BTreeMap;
use std::fmt;

use crate::desired::Desired;
use crate::ledger::{
    Account, CourseContent, CourseLedger, Enrollment, Owner, Parked, PersonLedger, Refusal, Session, Slot,
};
use crate::model::ids::{AccountId, ClassId, CourseId, PersonId};
use crate::model::time::Instant;

/// The code under which new accounts wait for a better Initial User Password; CourseKey's own would be the same.
pub const PASSWORD_WEAK: &str = "password_weak";

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

/// One thing to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Action {
    /// When in the order.
    pub job: Job,
    /// The course it is sent for.
    pub course: CourseId,
    /// What.
    pub write: Write,
    /// GEGI's revision of what it carries.
    pub revision: u64,
    /// Why.
    pub reason: Reason,
}

/// What CourseKey is asked to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Write {
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
        /// The owner's e-mail, by which CourseKey knows the account.
        owner: String,
    },
    /// A class.
    Session(ClassId, Session),
    /// An enrolment.
    Enrollment(PersonId, Enrollment),
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

/// Something that is not sent, because CourseKey refused the very same before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Withheld {
    /// What.
    pub what: Subject,
    /// CourseKey's refusal.
    pub refusal: Refusal,
    /// When it is tried again even so.
    pub retry_at: Instant,
}

/// What a withheld item is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// An instructor's account.
    Instructor(PersonId),
    /// A student's account.
    Student(PersonId),
    /// The course itself.
    Course,
    /// A class.
    Class(ClassId),
    /// An enrolment.
    Enrollment(PersonId),
}

/// What is to be done for one course.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// In job order, then by key.
    pub actions: Vec<Action>,
    /// What waits with its reason.
    pub withheld: Vec<Withheld>,
}

/// What a plan is made against.
#[derive(Debug, Clone, Copy)]
pub struct Held<'a> {
    /// The course's page of the ledger.
    pub ledger: &'a CourseLedger,
    /// Accounts at the course's CourseKey school, by person.
    pub accounts: &'a BTreeMap<PersonId, PersonLedger>,
    /// Whether new accounts can be made: without a good Initial User Password they cannot.
    pub new_accounts: bool,
    /// The present moment.
    pub now: Instant,
}

/// Everything that separates what CourseKey should hold of a course from what it acknowledged.
///
/// What depends on something withheld is not planned: no course without an instructor, nothing of a course that is
/// withheld itself, no enrolment of a student who is.
pub fn plan(course: &CourseId, desired: &Desired, held: Held<'_>) -> Plan {
    let Held { new_accounts, now, .. } = held;
    let mut plan = Planner { course, revision: desired.revision, new_accounts, now, plan: Plan::default() };
    for (person, (revision, account)) in &desired.instructors {
        plan.user(Job::Instructors, person, *revision, account.clone(), held.accounts.get(person));
    }
    let mut content = desired.course.clone();
    content
        .instructors
        .retain(|person| held.account(person).is_some() || !plan.withholds(&Subject::Instructor(person.clone())));
    if content.instructors.is_empty() {
        return plan.plan;
    }
    plan.step(Job::Courses, &held.ledger.course, &content, Subject::Course, Reason::Changed, || Write::Course {
        content: content.clone(),
        owner: owner_address(&content.owner, desired, held),
    });
    if plan.withholds(&Subject::Course) && !held.ledger.acknowledged() {
        return plan.plan;
    }
    plan.sessions(&desired.sessions, held.ledger);
    for (person, (revision, account)) in &desired.students {
        plan.user(Job::Students, person, *revision, account.clone(), held.accounts.get(person));
    }
    for (person, enrollment) in &desired.enrollments {
        if !plan.withholds(&Subject::Student(person.clone())) {
            plan.enrollment(person, *enrollment, held.ledger);
        }
    }
    plan.plan
}

/// The address CourseKey knows the owner by; where it does not know the owner yet, the one it is about to learn.
fn owner_address(owner: &Owner, desired: &Desired, held: Held<'_>) -> String {
    match owner {
        Owner::Named(address) => address.clone(),
        Owner::Instructor(person) => {
            let wanted = desired.instructors.get(person).map(|(_, account)| account);
            held.account(person).or(wanted).map(|account| account.email.clone()).unwrap_or_default()
        }
    }
}

impl<'a> Held<'a> {
    /// The account CourseKey acknowledged.
    fn account(self, person: &PersonId) -> Option<&'a Account> {
        self.accounts.get(person)?.account.acknowledged.as_ref()
    }
}

/// The removal of classes of a course that GEGI removed.
pub fn removals(course: &CourseId, revision: u64, sessions: &BTreeMap<ClassId, Session>, held: Held<'_>) -> Plan {
    let Held { new_accounts, now, .. } = held;
    let mut plan = Planner { course, revision, new_accounts, now, plan: Plan::default() };
    for (class, session) in sessions {
        plan.session(class, *session, held.ledger);
    }
    plan.plan
}

struct Planner<'a> {
    course: &'a CourseId,
    revision: u64,
    new_accounts: bool,
    now: Instant,
    plan: Plan,
}

impl Planner<'_> {
    /// Compares one slot with what is wanted of it; the action, if there is one to do.
    fn step<T: Clone + PartialEq>(
        &mut self,
        job: Job,
        slot: &Slot<T>,
        wanted: &T,
        subject: Subject,
        changed: Reason,
        write: impl FnOnce() -> Write,
    ) -> Option<&mut Action> {
        if slot.acknowledged.as_ref() == Some(wanted) {
            return None;
        }
        if let Some(Parked { refusal, retry_at, .. }) = slot.withheld(wanted, self.now) {
            self.plan.withheld.push(Withheld { what: subject, refusal: refusal.clone(), retry_at: *retry_at });
            return None;
        }
        let reason = if slot.acknowledged.is_some() || changed == Reason::Gone { changed } else { Reason::New };
        self.plan.actions.push(Action {
            job,
            course: self.course.clone(),
            write: write(),
            revision: self.revision,
            reason,
        });
        self.plan.actions.last_mut()
    }

    /// A teacher's account stays a teacher's: accounts lose nothing, and an enrolment grants nothing.
    fn user(
        &mut self,
        job: Job,
        person: &PersonId,
        revision: u64,
        mut account: Account,
        ledger: Option<&PersonLedger>,
    ) {
        let empty = PersonLedger::default();
        let ledger = ledger.unwrap_or(&empty);
        account.teacher |= ledger.teacher();
        let subject = if job == Job::Instructors {
            Subject::Instructor(person.clone())
        } else {
            Subject::Student(person.clone())
        };
        if ledger.account.acknowledged.is_none() && !self.new_accounts {
            let message = "Initial User Password is too weak".to_owned();
            let refusal = Refusal { code: PASSWORD_WEAK.to_owned(), field: None, message };
            self.plan.withheld.push(Withheld { what: subject, refusal, retry_at: Instant(i64::MAX) });
            return;
        }
        let adopt = ledger.adopted.clone().filter(|_| ledger.account.acknowledged.is_none());
        let write = || Write::User { person: person.clone(), account: account.clone(), adopt };
        if let Some(action) = self.step(job, &ledger.account, &account, subject, Reason::Changed, write) {
            action.revision = revision;
        }
    }

    fn withholds(&self, subject: &Subject) -> bool {
        self.plan.withheld.iter().any(|item| item.what == *subject)
    }

    fn enrollment(&mut self, person: &PersonId, wanted: Enrollment, ledger: &CourseLedger) {
        let reason = if wanted.dropped { Reason::Stopped } else { Reason::Back };
        let empty = Slot::default();
        let slot = ledger.enrollments.get(person).unwrap_or(&empty);
        self.step(Job::Enrollments, slot, &wanted, Subject::Enrollment(person.clone()), reason, || {
            Write::Enrollment(person.clone(), wanted)
        });
    }

    fn sessions(&mut self, desired: &BTreeMap<ClassId, Session>, ledger: &CourseLedger) {
        for (class, session) in desired {
            self.session(class, *session, ledger);
        }
        for (class, slot) in &ledger.sessions {
            if slot.acknowledged.is_some() && !desired.contains_key(class) {
                self.session(class, Session::Removed, ledger);
            }
        }
    }

    fn session(&mut self, class: &ClassId, wanted: Session, ledger: &CourseLedger) {
        let empty = Slot::default();
        let slot = ledger.sessions.get(class).unwrap_or(&empty);
        let reason = if wanted == Session::Removed { Reason::Gone } else { Reason::Changed };
        self.step(Job::Classes, slot, &wanted, Subject::Class(class.clone()), reason, || {
            Write::Session(class.clone(), wanted)
        });
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Gone => "gone from GEGI",
            Self::Stopped => "stopped",
            Self::Back => "back",
        })
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let course = &self.course;
        match &self.write {
            Write::User { person, account, adopt } => {
                write!(f, "{} {person}", if account.teacher { "teacher" } else { "user" })?;
                adopt.as_ref().map_or(Ok(()), |account| write!(f, " adopting {account}"))?;
            }
            Write::Course { content, .. } => {
                write!(f, "course {course} “{}”, {} – {}", content.name, content.start_date, content.end_date)?;
            }
            Write::Session(class, Session::At { starts, ends }) => write!(f, "class {class} {starts} – {ends}")?,
            Write::Session(class, Session::Removed) => write!(f, "remove class {class}")?,
            Write::Enrollment(person, enrollment) => {
                write!(f, "{} {person} in {course}", if enrollment.dropped { "drop" } else { "enroll" })?;
            }
        }
        write!(f, ": {}", self.reason)
    }
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.actions.iter().try_for_each(|action| writeln!(f, "{action}"))?;
        self.withheld.iter().try_for_each(|item| writeln!(f, "withheld {:?}: {}", item.what, item.refusal.code))
    }
}
