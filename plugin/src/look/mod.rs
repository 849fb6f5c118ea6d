//! A look at one course: the facts go in; the plan, the issues and the reasons for everything that is not sent come
//! out.
//!
//! Pure: a second look at the same facts finds the same, and whoever carries the plan out has nothing left to decide.
//! Not here: gathering the facts (`tick::facts`), carrying the plan out (`tick::send`), and attendance (`attendance`).

pub mod next;
pub mod refused;

use crate::desired::{self, Judged, View};
use crate::ledger::{CourseLedger, Item};
use crate::lines::Odd;
use crate::model::course::Course;
use crate::model::ids::{Address, PersonId};
use crate::model::issue::{Code, Issue};
use crate::model::person::Person;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::model::zone::Zone;
use crate::naming;
use crate::option::Resolved;
use crate::people::{self, Problem};
use crate::plan::{self, Accounts, Need, Plan, Waiting, Why};
use crate::settings::{CampusSettings, Settings};
use crate::status::Trouble;
use crate::window::{self, Phase, Window};

/// Up to this many people with one address are named to each other.
const FEW: usize = 5;

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
    /// What was odd about the course as GEGI sent it.
    pub odd: &'a [Odd],
    /// Everybody whom the course names, with the data of each that count.
    pub people: SortedMap<&'a PersonId, &'a Person>,
    /// For each e-mail address for which several people compete at the course's CourseKey school, one of `people` among
    /// them: who competes and, for each, whether CourseKey holds an account of the person with the address. By the
    /// address's key.
    pub claims: SortedMap<String, SortedMap<&'a PersonId, bool>>,
    /// What courses say against each other of one of `people`, where this course is the one to tell of it.
    pub contradictions: Vec<Contradiction<'a>>,
    /// The accounts, at the campus's CourseKey school, of everybody in `people` and of everybody whom the ledger names.
    pub accounts: Accounts<'a>,
    /// School Settings.
    pub settings: &'a Settings,
    /// The present moment.
    pub now: Instant,
}

/// What courses say against each other of one person, at one revision of the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction<'a> {
    /// The person.
    pub person: &'a PersonId,
    /// The fields in which the data differ, in words for people.
    pub fields: Vec<&'static str>,
    /// The other courses.
    pub others: Vec<&'a Course>,
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
    let window = window::sync_window(course, settings, zone);
    let phase = window.phase(now);
    if facts.ledger.is_some_and(|ledger| elsewhere(&ledger) && ledger.acknowledged())
        && !facts.removed
        && phase != Phase::Over
    {
        let said = "changed its campus after it was synchronized; nothing of it is sent";
        return Look::resting(Rest::CampusChanged, vec![desired::course_issue(course, Code::CampusChanged, said)]);
    }
    // A send that was started at another CourseKey school and never acknowledged there starts anew at this one.
    let ledger = facts.ledger.filter(|ledger| !elsewhere(ledger));
    if facts.removed {
        return at_removed(facts, ledger, campus.address(), phase);
    }
    let acknowledged = ledger.is_some_and(CourseLedger::acknowledged);
    match phase {
        _ if facts.option == Resolved::Off => Look::resting(Rest::OptionOff, Vec::new()),
        Phase::Over => Look::resting(Rest::Over(window), Vec::new()),
        // CourseKey holds the course already and its start was moved to later: the move is sent like any other change.
        Phase::Before if !acknowledged => Look::resting(Rest::Before(window), desired::issues_at_once(course)),
        Phase::Before | Phase::Open => at_open(facts, ledger, campus, zone),
    }
}

fn at_open(facts: &Facts<'_>, ledger: Option<&CourseLedger>, campus: &CampusSettings, zone: Zone) -> Look {
    let Facts { course, settings, now, .. } = *facts;
    let people = facts.judge_people();
    let accounts = &facts.accounts;
    let wishes = desired::desire(View { course, odd: facts.odd, people: &people, ledger, accounts, campus, zone, now });
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
    look.issues.extend(facts.contradictions.iter().map(|contradiction| contradiction.issue(course)));
    if let Some(desired) = &wishes.desired {
        look.count_refused(course, desired, held.ledger, zone);
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

/// The issue that GEGI removed the course ends with the sync window: nothing is left to be done by then.
fn at_removed(facts: &Facts<'_>, ledger: Option<&CourseLedger>, address: Address, phase: Phase) -> Look {
    let Facts { course, now, .. } = *facts;
    let Some(ledger) = ledger.filter(|ledger| ledger.acknowledged() && phase != Phase::Over) else {
        return Look::resting(Rest::Removed, Vec::new());
    };
    let held = plan::Held { ledger, accounts: &Accounts::new(), new_accounts: false, now };
    let plan = plan::removals(&course.id, &desired::future_classes(ledger, now), held);
    let said = "was removed from GEGI; CourseKey keeps it, without its future classes";
    let issues = vec![desired::course_issue(course, Code::CourseRemoved, said)];
    Look { address: Some(address), rest: None, plan, issues, troubles: Vec::new() }
}

impl<'a> Facts<'a> {
    /// Everybody whom the course names, each with the problems that keep the person from being sent.
    fn judge_people(&self) -> SortedMap<&'a PersonId, Judged<'a>> {
        let losers: SortedMap<&String, SortedSet<&PersonId>> =
            self.claims.iter().map(|(key, claim)| (key, people::shared_email_losers(claim))).collect();
        let judge = |(id, person): (&&'a PersonId, &&'a Person)| {
            let mut problems = people::problems(person);
            let key = people::email_key(&person.email);
            let gives_way = losers.get(&key).is_some_and(|losers| losers.contains(id));
            problems.extend(self.claims.get(&key).filter(|_| gives_way).map(|claim| shares_address(id, claim)));
            (*id, Judged { person, problems })
        };
        self.people.iter().map(judge).collect()
    }
}

/// The problem of a person who has to leave an address to others. Where many have one address, the sentence is the same
/// for all of them.
fn shares_address(person: &PersonId, claim: &SortedMap<&PersonId, bool>) -> Problem {
    let (number, few) = (claim.len(), claim.len() <= FEW);
    let others = claim.keys().filter(|id| !few || **id != person).map(|id| id.as_str());
    let others = naming::list(others);
    let said = if few {
        format!("has the same e-mail as {others}")
    } else {
        format!("has an e-mail that {number} people have: {others}")
    };
    Problem { code: Code::EmailShared, said }
}

impl Contradiction<'_> {
    fn issue(&self, course: &Course) -> Issue {
        let others: Vec<String> = self.others.iter().map(|other| naming::course(other).to_string()).collect();
        let others = naming::list(others.iter().map(String::as_str));
        let said = format!("has another {} in {others}, at the same revision of the person", self.fields.join(", "));
        desired::person_issue(course, Code::DataContradict, self.person, &said)
    }
}

fn campus_unknown(course: &Course) -> Issue {
    let campus = &course.campus;
    let said = format!("is of campus {}, which the school does not have", naming::cut(campus.as_str()));
    let mut issue = desired::course_issue(course, Code::CampusUnknown, &said);
    issue.subject.detail = Some(naming::cut(campus.as_str()));
    issue
}

#[cfg(test)]
mod tests;
