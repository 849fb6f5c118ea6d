//! Which actions of a plan can be sent by now. The answer follows from what each action needs and from what CourseKey
//! has acknowledged since the plan was made. Nothing is decided here that the plan has not decided.

use super::{Action, Need, Owners, Write};
use crate::ledger::{Account, CourseContent, CourseLedger, Owner, PersonLedger};
use crate::model::ids::PersonId;
use crate::model::sorted::SortedSet;

/// What CourseKey has acknowledged by now of a course and of people's accounts.
#[derive(Clone, Copy)]
pub struct ByNow<'a> {
    /// The course's page of the ledger.
    pub ledger: Option<&'a CourseLedger>,
    /// Finds a person's page of the ledger at the course's CourseKey school.
    pub account: &'a dyn Fn(&PersonId) -> Option<&'a PersonLedger>,
}

/// Whether an action can be sent now.
#[derive(Debug, PartialEq, Eq)]
pub enum Ready {
    /// The action can be sent, in this form.
    Send(Box<Action<String>>),
    /// CourseKey holds the item by now, because the same tick has sent it for another course.
    Done,
    /// CourseKey has not acknowledged something that the action needs.
    Waits,
}

impl Action {
    /// Whether the action can be sent, and in which form.
    pub fn by_now(&self, by_now: ByNow<'_>) -> Ready {
        if !self.needs.iter().all(|need| by_now.meets(need)) {
            return Ready::Waits;
        }
        let write = match &self.write {
            Write::User { person, account, adopt } => by_now.user(person, account).map(|account| {
                let (person, adopt) = (person.clone(), adopt.clone());
                Write::User { person, account, adopt }
            }),
            Write::Course { content, owner } => by_now.course(content, owner),
            Write::Session(class, session) => Some(Write::Session(class.clone(), *session)),
            Write::Enrollment(person, enrollment) => Some(Write::Enrollment(person.clone(), *enrollment)),
        };
        let Self { job, course, reason, needs, .. } = self;
        write.map_or(Ready::Done, |write| {
            let (course, needs) = (course.clone(), needs.clone());
            Ready::Send(Box::new(Action { job: *job, course, write, reason: *reason, needs }))
        })
    }
}

impl Action<String> {
    /// The key of the item in CourseKey. Two actions of one job with one key are about the same item.
    pub fn item_key(&self) -> String {
        match &self.write {
            Write::User { person, .. } => person.to_string(),
            Write::Course { .. } => self.course.to_string(),
            Write::Session(class, _) => format!("{}\0{class}", self.course),
            Write::Enrollment(person, _) => format!("{}\0{person}", self.course),
        }
    }
}

impl<'a> ByNow<'a> {
    fn meets(self, need: &Need) -> bool {
        match need {
            Need::Course => self.ledger.is_some_and(CourseLedger::acknowledged),
            Need::Account(person) => self.known(person).is_some(),
            Need::OneAccountOf(people) => people.iter().any(|person| self.known(person).is_some()),
        }
    }

    /// Whether CourseKey holds the account of the person in this form for certain.
    fn holds(self, person: &PersonId, account: &Account) -> bool {
        (self.account)(person).is_some_and(|ledger| ledger.account.holds(account))
    }

    /// The account of the person that CourseKey acknowledged; none: CourseKey acknowledged none.
    fn known(self, person: &PersonId) -> Option<&'a Account> {
        (self.account)(person)?.account.acknowledged.as_ref()
    }

    /// The account as it is to be sent; none: CourseKey holds the account in this form. A teacher's account stays a
    /// teacher's.
    fn user(self, person: &PersonId, wanted: &Account) -> Option<Account> {
        let mut account = wanted.clone();
        account.teacher |= (self.account)(person).is_some_and(PersonLedger::teacher);
        (!self.holds(person, &account)).then_some(account)
    }

    /// The course as it is to be sent, with those instructors and the first owner whose accounts CourseKey holds; none:
    /// CourseKey holds the course in this form.
    fn course(self, wanted: &CourseContent, owners: &Owners) -> Option<Write<String>> {
        let known = |person: &&PersonId| self.known(person).is_some();
        let instructors: SortedSet<PersonId> = wanted.instructors.iter().filter(known).cloned().collect();
        let mut content = CourseContent { instructors, ..wanted.clone() };
        if self.ledger.is_some_and(|ledger| ledger.course.holds(&content)) {
            return None;
        }
        let address = |owner: &Owner| match owner {
            Owner::Named(address) => Some(address.clone()),
            Owner::Instructor(person) => self.known(person).map(|account| account.email.clone()),
        };
        let (owner, address) = owners.0.iter().find_map(|owner| Some((owner.clone(), address(owner)?)))?;
        content.owner = owner;
        Some(Write::Course { content, owner: address })
    }
}
