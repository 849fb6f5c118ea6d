//! A look at one course: the facts go in; the plan, the issues and the reasons for everything that is not sent come
//! out.
//!
//! Pure: a second look at the same facts finds the same, and whoever carries the plan out has nothing left to decide.
//! Not here: gathering the facts (`tick::facts`), carrying the plan out (`tick::send`), and attendance (`attendance`).

pub mod next;
mod refused;

use std::collections::{BTreeMap, BTreeSet};

use chrono_tz::Tz;

use crate::desired::{self, Judged, View};
use crate::ledger::{CourseLedger, Item};
use crate::model::course::Course;
use crate::model::ids::{Address, PersonId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::person::Person;
use crate::model::time::Instant;
use crate::option::Resolved;
use crate::people;
use crate::plan::{self, Accounts, Need, Plan, Waiting, Why};
use crate::settings::{CampusSettings, Settings};
use crate::status::Trouble;
use crate::window::{self, Phase, Window};

/// Everything from which a look follows.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The course as GEGI sees it.
    pub course: &'a Course,
    /// Send to CourseKey, resolved.
    pub option: Resolved,
    /// Whether GEGI removed the course.
    pub removed: bool,
    /// The course's page of the ledger; none: the first send was not started.
    pub ledger: Option<&'a CourseLedger>,
    /// Everybody whom the course names, each at the newest revision over all courses.
    pub people: BTreeMap<&'a PersonId, &'a Person>,
    /// For each e-mail address that several people have and one of these people is: who has the address, by the
    /// address's key.
    pub claims: BTreeMap<String, &'a BTreeSet<PersonId>>,
    /// The accounts, at the campus's CourseKey school, of everybody in `people` and `claims`.
    pub accounts: Accounts<'a>,
    /// School Settings.
    pub settings: &'a Settings,
    /// The present moment.
    pub now: Instant,
}

/// What a look at a course finds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Look {
    /// Where the course is sent; none: the course is not sent.
    pub address: Option<Address>,
    /// Why nothing of the course is sent; none: the plan may send something.
    pub rest: Option<Rest>,
    /// The actions to send, and the items that wait.
    pub plan: Plan,
    /// The issues about everything that cannot be sent.
    pub issues: Vec<Issue>,
    /// The same problems, counted for the reason of the course's status.
    pub troubles: Vec<Trouble>,
}

/// Why nothing of a course is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rest {
    /// The school has no such campus.
    CampusUnknown,
    /// The campus's time zone is unknown.
    ZoneUnknown,
    /// The course changed its campus after it was synchronized.
    CampusChanged,
    /// Send to CourseKey is off.
    OptionOff,
    /// The sync window has not opened.
    Before(Window),
    /// The sync window is over.
    Over(Window),
    /// GEGI removed the course, and CourseKey never acknowledged it.
    Removed,
    /// The course has no instructor who can be sent, or no class.
    Incomplete,
}

impl Look {
    fn resting(rest: Rest, issues: Vec<Issue>) -> Self {
        Self { rest: Some(rest), issues, ..Self::default() }
    }

    /// This look after CourseKey took every action of the plan as planned: a second look would find the same.
    #[must_use]
    pub fn carried_out(mut self) -> Self {
        self.plan.actions.clear();
        self
    }
}

/// Looks at a course.
pub fn look(facts: &Facts<'_>) -> Look {
    let Facts { course, settings, now, .. } = *facts;
    let Some(campus) = settings.campuses.get(&course.campus) else {
        return Look::resting(Rest::CampusUnknown, vec![campus_unknown(course)]);
    };
    let Some(zone) = campus.zone else { return Look::resting(Rest::ZoneUnknown, Vec::new()) };
    let elsewhere = |ledger: &&CourseLedger| ledger.school != campus.school;
    if facts.ledger.is_some_and(|ledger| elsewhere(&ledger) && ledger.acknowledged()) {
        return Look::resting(Rest::CampusChanged, vec![campus_changed(course)]);
    }
    // A send that was started at another CourseKey school and never acknowledged there starts anew at this one.
    let ledger = facts.ledger.filter(|ledger| !elsewhere(ledger));
    if facts.removed {
        return at_removed(facts, ledger, campus.address());
    }
    let window = window::sync_window(course, settings, zone);
    let acknowledged = ledger.is_some_and(CourseLedger::acknowledged);
    match window.phase(now) {
        _ if facts.option == Resolved::Off => Look::resting(Rest::OptionOff, Vec::new()),
        Phase::Over => Look::resting(Rest::Over(window), Vec::new()),
        // CourseKey holds the course already and its start was moved to later: the move is sent like any other change.
        Phase::Before if !acknowledged => Look::resting(Rest::Before(window), Vec::new()),
        Phase::Before | Phase::Open => at_open(facts, ledger, campus, zone),
    }
}

fn at_open(facts: &Facts<'_>, ledger: Option<&CourseLedger>, campus: &CampusSettings, zone: Tz) -> Look {
    let Facts { course, settings, now, .. } = *facts;
    let people = facts.judge_people();
    let accounts = &facts.accounts;
    let wishes = desired::desire(View { course, people: &people, ledger, accounts, campus, zone, now });
    let empty = CourseLedger::begin(campus.school, now);
    let held = plan::Held {
        ledger: ledger.unwrap_or(&empty),
        accounts,
        new_accounts: settings.initial_password.is_some(),
        now,
    };
    let plan = wishes.desired.as_ref().map(|desired| plan::plan(&course.id, desired, held)).unwrap_or_default();
    let rest = wishes.desired.is_none().then_some(Rest::Incomplete);
    let mut look =
        Look { address: Some(campus.address()), rest, plan, issues: wishes.issues, troubles: wishes.troubles };
    if let Some(desired) = &wishes.desired {
        look.count_refused(&course.id, desired);
    }
    let unfit = wishes.unfit.into_iter().flat_map(|(item, code)| unfit(item, code));
    look.plan.waiting.extend(unfit);
    look
}

/// An item that cannot be sent waits; with a student's account the student's enrolment waits too.
fn unfit(item: Item, code: Code) -> impl Iterator<Item = Waiting> {
    let enrollment = match &item {
        Item::Student(person) => {
            Some(Waiting { item: Item::Enrollment(person.clone()), why: Why::Needs(Need::Account(person.clone())) })
        }
        _ => None,
    };
    std::iter::once(Waiting { item, why: Why::Unfit(code) }).chain(enrollment)
}

fn at_removed(facts: &Facts<'_>, ledger: Option<&CourseLedger>, address: Address) -> Look {
    let Facts { course, now, .. } = *facts;
    let Some(ledger) = ledger.filter(|ledger| ledger.acknowledged()) else {
        return Look::resting(Rest::Removed, Vec::new());
    };
    let held = plan::Held { ledger, accounts: &Accounts::new(), new_accounts: false, now };
    let plan = plan::removals(&course.id, course.revision, &desired::future_classes(ledger, now), held);
    let sentence =
        format!("course {} was removed from GEGI; CourseKey keeps it, without its future classes", course.number);
    let issues = vec![about(course, Code::CourseRemoved, sentence)];
    Look { address: Some(address), rest: None, plan, issues, troubles: Vec::new() }
}

/// How many of the people with one address an issue names. Each of them has such an issue, so that naming all of them
/// in each would grow with the square of their number.
const OTHERS_NAMED: usize = 3;

impl<'a> Facts<'a> {
    /// Everybody whom the course names, each with the problems that keep the person from being sent.
    fn judge_people(&self) -> BTreeMap<&'a PersonId, Judged<'a>> {
        let judge = |(id, person): (&&'a PersonId, &&'a Person)| {
            let mut problems = people::problems(person);
            problems.extend(self.shares_address(person));
            (*id, Judged { person, problems })
        };
        self.people.iter().map(judge).collect()
    }

    fn shares_address(&self, person: &Person) -> Option<(Code, String)> {
        let key = people::email_key(&person.email);
        let claim = self.claims.get(&key).filter(|claim| claim.len() > 1)?;
        let holds = |id: &PersonId| {
            let account = self.accounts.get(id).and_then(|ledger| ledger.account.acknowledged.as_ref());
            account.is_some_and(|account| people::email_key(&account.email) == key)
        };
        let mut others = claim.iter().filter(|id| **id != person.id);
        let first: Vec<&str> = others.by_ref().take(OTHERS_NAMED).map(PersonId::as_str).collect();
        let more = match others.count() {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let sentence = format!("{} has the same e-mail as {}{more}", person.id, first.join(", "));
        // Whoever else has the address: whether this person is sent does not depend on it.
        let somebody = claim.iter().find(|id| **id != person.id)?.clone();
        let loses = people::shared_email_losers(&[(person.id.clone(), holds(&person.id)), (somebody, true)]);
        (!loses.is_empty()).then_some((Code::EmailShared, sentence))
    }
}

fn campus_unknown(course: &Course) -> Issue {
    let campus = &course.campus;
    let subject = Subject { course: Some(course.id.clone()), detail: Some(campus.to_string()), ..Subject::default() };
    let sentence = format!("the course is of campus {campus}, which the school does not have");
    Issue { code: Code::CampusUnknown, subject, sentence }
}

fn campus_changed(course: &Course) -> Issue {
    let sentence = format!("course {} changed its campus after it was synchronized", course.number);
    about(course, Code::CampusChanged, sentence)
}

fn about(course: &Course, code: Code, sentence: String) -> Issue {
    let subject = Subject { course: Some(course.id.clone()), ..Subject::default() };
    Issue { code, subject, sentence }
}

#[cfg(test)]
mod tests;
