//! A look at one course: what it wants, what separates that from what CourseKey acknowledged, and, after sending, what
//! is left: its status, its issues, and when it is looked at next. Looking twice changes nothing.

use std::collections::BTreeMap;

use super::Tick;
use crate::desired::{self, Judged, View};
use crate::ledger::{CourseLedger, PersonLedger};
use crate::memory::account_id;
use crate::memory::entries::{Held, Since, SyncPage};
use crate::memory::head::{Cursor, Pass};
use crate::model::ids::{CourseId, PersonId, SchoolNumber};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::{Instant, Seconds};
use crate::option::Resolved;
use crate::overview::overview;
use crate::people;
use crate::plan::{self, Plan};
use crate::settings::CampusSettings;
use crate::status::Trouble;
use crate::window::{self, Phase};
use crate::world::http::{Address, Kind};
use crate::world::{StorageError, World};

/// Attendance is polled from this long before a course's first class.
const POLL_BEFORE: Seconds = Seconds(86_400);

/// What a look found.
#[derive(Debug, Default)]
pub(super) struct Look {
    /// Where the course is sent; none: nowhere.
    pub(super) address: Option<Address>,
    /// What is to be sent.
    pub(super) plan: Plan,
    /// What cannot be sent.
    pub(super) issues: Vec<Issue>,
    /// The same, counted, for the status.
    pub(super) troubles: Vec<Trouble>,
}

/// What became of a course's actions in this tick.
#[derive(Debug, Clone, Default)]
pub(super) struct Course {
    /// Why something failed, if something did.
    pub(super) failure: Option<String>,
    /// Something of it was not sent although it could have been.
    pub(super) unsent: bool,
}

impl<W: World> Tick<'_, W> {
    /// Loads what looking at the courses takes: their people, whoever shares an address with them, their accounts.
    pub(super) fn load_for_looks(&mut self, courses: &[CourseId]) -> Result<(), StorageError> {
        self.memory.load_courses(self.world, courses)?;
        self.drop_moved_classes(courses)?;
        let mut people: Vec<PersonId> = courses.iter().flat_map(|course| self.people_of(course)).collect();
        self.memory.people.load(self.world, people.iter().map(PersonId::as_str))?;
        let addresses: Vec<String> = people.iter().filter_map(|id| self.email_of(id)).collect();
        self.memory.claims.load(self.world, addresses.iter().map(String::as_str))?;
        people.extend(
            addresses
                .iter()
                .filter_map(|key| self.memory.claims.get(key))
                .filter(|claim| claim.people.len() > 1)
                .flat_map(|claim| claim.people.iter().cloned()),
        );
        let schools: Vec<SchoolNumber> = self.settings.campuses.values().map(|campus| campus.school).collect();
        let accounts: Vec<String> =
            schools.iter().flat_map(|school| people.iter().map(|person| account_id(*school, person))).collect();
        self.memory.accounts.load(self.world, accounts.iter().map(String::as_str))
    }

    /// Everybody a course names, and everybody CourseKey was ever told of for it.
    fn people_of(&self, course: &CourseId) -> Vec<PersonId> {
        let named = self.memory.held(course).into_iter().flat_map(|held| held.course.people().map(|person| &person.id));
        let ledger = self.memory.syncs.get(course.as_str()).and_then(|page| page.ledger.as_ref());
        named.chain(ledger.into_iter().flat_map(|ledger| ledger.enrollments.keys())).cloned().collect()
    }

    fn email_of(&self, person: &PersonId) -> Option<String> {
        let entry = self.memory.people.get(person.as_str())?;
        entry
            .person
            .as_ref()
            .map(|person| people::email_key(&person.email))
            .filter(|key| !key.is_empty() && key.len() <= 254)
    }

    /// Looks at a course whose people and accounts are loaded.
    pub(super) fn look(&self, id: &CourseId) -> Look {
        let (Some(held), Some(page)) = (self.memory.held(id), self.memory.syncs.get(id.as_str())) else {
            return Look::default();
        };
        let campus = match self.campus_of(held) {
            Ok(campus) => campus,
            Err(issue) => return Look { issues: vec![issue], ..Look::default() },
        };
        let Some(zone) = campus.zone else { return Look::default() };
        let address = Address { campus: campus.id.clone(), school: campus.school };
        let elsewhere = |ledger: &CourseLedger| ledger.school != campus.school;
        if page.ledger.as_ref().is_some_and(|ledger| elsewhere(ledger) && ledger.acknowledged()) {
            return Look { issues: vec![campus_changed(held)], ..Look::default() };
        }
        // What was begun at another school and never acknowledged there is begun anew.
        let ledger = page.ledger.as_ref().filter(|ledger| !elsewhere(ledger));
        if held.removed {
            return self.look_at_removed(held, ledger, address);
        }
        let phase = window::sync_window(&held.course, &self.settings, zone).phase(self.now);
        let acknowledged = ledger.is_some_and(CourseLedger::acknowledged);
        // A start moved later after synchronization is sent like any other change.
        let open = phase == Phase::Open || (phase == Phase::Before && acknowledged);
        if held.option == Resolved::Off || !open {
            return Look::default();
        }
        let people = self.judge_people(held, campus.school);
        let accounts = self.accounts(campus.school, people.keys());
        let course = &held.course;
        let view = View { course, people: &people, ledger, accounts: &accounts, campus, zone, now: self.now };
        self.look_at_open(view, address)
    }

    fn look_at_open(&self, view: View<'_>, address: Address) -> Look {
        let wishes = desired::desire(view);
        let id = &view.course.id;
        let empty = CourseLedger::begin(address.school, self.now);
        let new_accounts = self.settings.initial_password.is_some();
        let ledger = view.ledger.unwrap_or(&empty);
        let held = plan::Held { ledger, accounts: view.accounts, new_accounts, now: self.now };
        let plan = wishes.desired.as_ref().map(|desired| plan::plan(id, desired, held)).unwrap_or_default();
        let mut look = Look { address: Some(address), plan, issues: wishes.issues, troubles: wishes.troubles };
        look.count_withheld(id, wishes.desired.as_ref());
        look
    }

    fn look_at_removed(&self, held: &Held, ledger: Option<&CourseLedger>, address: Address) -> Look {
        let Some(ledger) = ledger.filter(|ledger| ledger.acknowledged()) else { return Look::default() };
        let sessions = desired::future_classes(ledger, self.now);
        let accounts = BTreeMap::new();
        let plan = plan::removals(
            &held.course.id,
            held.course.revision,
            &sessions,
            plan::Held { ledger, accounts: &accounts, new_accounts: false, now: self.now },
        );
        let subject = Subject { course: Some(held.course.id.clone()), ..Subject::default() };
        let sentence = format!(
            "course {} was removed from GEGI; CourseKey keeps it, without its future classes",
            held.course.number
        );
        Look {
            address: Some(address),
            plan,
            issues: vec![Issue { code: Code::CourseRemoved, subject, sentence }],
            troubles: Vec::new(),
        }
    }

    fn campus_of(&self, held: &Held) -> Result<&CampusSettings, Issue> {
        let campus = &held.course.campus;
        let subject =
            Subject { course: Some(held.course.id.clone()), detail: Some(campus.to_string()), ..Subject::default() };
        let sentence = format!("the course is of campus {campus}, which the school does not have");
        self.settings.campuses.get(campus).ok_or(Issue { code: Code::CampusUnknown, subject, sentence })
    }

    /// Everybody a course names, at the newest revision, with what is wrong with them.
    fn judge_people(&self, held: &Held, school: SchoolNumber) -> BTreeMap<PersonId, Judged> {
        let judge = |listed: &crate::model::person::Person| {
            let newest =
                self.memory.people.get(listed.id.as_str()).and_then(|entry| entry.person.as_ref()).unwrap_or(listed);
            let mut problems = people::problems(newest);
            problems.extend(self.shares_address(newest, school));
            (listed.id.clone(), Judged { person: newest.clone(), problems })
        };
        held.course.people().map(judge).collect()
    }

    fn shares_address(&self, person: &crate::model::person::Person, school: SchoolNumber) -> Option<(Code, String)> {
        let key = people::email_key(&person.email);
        let claim = self.memory.claims.get(&key).filter(|claim| claim.people.len() > 1)?;
        let holds = |id: &PersonId| {
            let account = self
                .memory
                .accounts
                .get(&account_id(school, id))
                .and_then(|ledger| ledger.account.acknowledged.as_ref());
            account.is_some_and(|account| people::email_key(&account.email) == key)
        };
        let claimants: Vec<(PersonId, bool)> = claim.people.iter().map(|id| (id.clone(), holds(id))).collect();
        let others: Vec<&str> = claim.people.iter().filter(|id| **id != person.id).map(PersonId::as_str).collect();
        let loses = people::shared_email_losers(&claimants).contains(&person.id);
        loses.then(|| (Code::EmailShared, format!("{} has the same e-mail as {}", person.id, others.join(", "))))
    }

    fn accounts<'a>(
        &self,
        school: SchoolNumber,
        people: impl Iterator<Item = &'a PersonId>,
    ) -> BTreeMap<PersonId, PersonLedger> {
        people.filter_map(|id| Some((id.clone(), self.memory.accounts.get(&account_id(school, id))?.clone()))).collect()
    }

    /// After sending: looks once more, and writes down what is left.
    pub(super) fn settle(&mut self, id: &CourseId, outcome: &Course) -> Result<(), StorageError> {
        let look = self.look(id);
        let Some(held) = self.memory.held(id).cloned() else {
            self.schedule(id, None);
            return Ok(());
        };
        let page = self.memory.syncs.edit(id.as_str());
        page.troubles.clone_from(&look.troubles);
        if held.option == Resolved::Off && page.ledger.as_ref().is_some_and(|ledger| !ledger.acknowledged()) {
            // It was switched off between the lock and the first request, which was therefore never made.
            page.ledger = None;
        }
        match &outcome.failure {
            Some(reason) => {
                page.failed_ticks = page.failed_ticks.saturating_add(1);
                page.last_failure = Some(reason.clone());
            }
            None if look.plan.actions.is_empty() => {
                page.failed_ticks = 0;
                page.last_failure = None;
            }
            None => {}
        }
        self.follow(id, &held);
        self.update_course_issues(id, &look.issues)?;
        self.note_status(id, &held);
        let due = self.next_look(&held, &look, outcome);
        self.report.more_work |= due.is_some_and(|at| at <= self.now);
        self.schedule(id, due);
        Ok(())
    }

    /// Counts a course among those whose attendance is polled, at the campus CourseKey knows it of, or does not any more.
    fn follow(&mut self, id: &CourseId, held: &Held) {
        let (from, until) = polled(held, &self.settings);
        let page = self.memory.syncs.edit(id.as_str());
        let Some(ledger) = page.ledger.as_ref() else { return };
        let Some(campus) = self.settings.campuses.values().find(|campus| campus.school == ledger.school) else {
            return;
        };
        // The last poll that counts is one after the last moment that counts, and it has to have gone well: a course that
        // is followed is let go by the poll itself.
        let ended = until.is_none_or(|until| self.now >= until);
        if ended && page.followed && ledger.acknowledged() {
            self.closing.push((campus.id.clone(), id.clone()));
            return;
        }
        // A course of which nothing was ever read is read once, however late.
        let open = !ended || page.judged_until.is_none();
        let follow = ledger.acknowledged() && from.is_some_and(|from| from <= self.now) && open;
        if follow == page.followed {
            return;
        }
        page.followed = follow;
        // A class that was over when the first send began is none of which CourseKey could know.
        page.judged_until.get_or_insert(ledger.started);
        let night = self.next_night();
        let state = self.campuses.state(&campus.id);
        state.followed = if follow { state.followed + 1 } else { state.followed.saturating_sub(1) };
        if state.cursor == Cursor::default() {
            // What CourseKey holds from before the first class is not this integration's.
            state.cursor.since = from.unwrap_or(self.now);
            state.pass = Some(Pass { begun: state.cursor.since, next: night, since: None });
        }
    }

    fn note_status(&mut self, id: &CourseId, held: &Held) {
        let Some(page) = self.memory.syncs.get(id.as_str()) else { return };
        let stopped = self.campuses.stopped(&held.course.campus).map(|stop| stop.reason.as_str());
        let verdict = overview(held, Some(page), &self.settings, stopped, self.now);
        let page = self.memory.syncs.edit(id.as_str());
        if page.since.as_ref().is_none_or(|since| since.status != verdict.status) {
            page.since = Some(Since { status: verdict.status, reason: verdict.reason, at: self.now });
        } else if let Some(since) = &mut page.since {
            since.reason = verdict.reason;
        }
    }

    /// When the next class of a followed course is over and everything of it should have arrived.
    fn next_to_settle(&self, held: &Held, page: &SyncPage) -> Option<Instant> {
        let until = page.judged_until.filter(|_| page.followed)?;
        let ends = held.course.classes.iter().map(|class| class.ends).filter(|ends| *ends > until).min()?;
        // What was missed while nobody ticked comes with the next tick.
        Some((ends + self.settings.settle).max(self.now + self.settings.update_every))
    }

    /// When the course is looked at next, if nothing changes before.
    fn next_look(&self, held: &Held, look: &Look, outcome: &Course) -> Option<Instant> {
        let campus = self.settings.campuses.get(&held.course.campus)?;
        let zone = campus.zone?;
        let window = window::sync_window(&held.course, &self.settings, zone);
        let (from, until) = polled(held, &self.settings);
        let retry = look.plan.withheld.iter().map(|item| item.retry_at).min();
        let page = self.memory.syncs.get(held.course.id.as_str());
        let judge = page.and_then(|page| page.judge.values().min().copied());
        let settles = page.and_then(|page| self.next_to_settle(held, page));
        let dates = [Some(window.opens), Some(window.closes), from, until, retry, judge, settles];
        let read_once_more = page.is_some_and(|page| page.followed) && until.is_some_and(|until| until <= self.now);
        let dates = dates.into_iter().chain([read_once_more.then_some(self.now + self.settings.update_every)]);
        let later = dates.flatten().filter(|at| *at > self.now && *at < Instant(i64::MAX)).min();
        if look.plan.actions.is_empty() {
            return later;
        }
        let kinds = look.plan.actions.iter().map(|action| crate::coursekey::items::kind(&action.write));
        let blocked =
            kinds.chain([Kind::Connection]).filter_map(|kind| self.campuses.not_before(&campus.id, kind)).max();
        let soon = self.now + self.settings.update_every;
        let again = match blocked {
            Some(at) => at.max(soon),
            None if outcome.failure.is_some() => soon,
            None if outcome.unsent => self.now,
            None => soon,
        };
        Some(later.map_or(again, |later| later.min(again)))
    }
}

/// From when until when a course's attendance is polled, once CourseKey acknowledged the course.
fn polled(held: &Held, settings: &crate::settings::Settings) -> (Option<Instant>, Option<Instant>) {
    let first = held.course.classes.iter().map(|class| class.starts).min();
    (first.map(|starts| starts - POLL_BEFORE), window::attendance_until(&held.course, settings))
}

fn campus_changed(held: &Held) -> Issue {
    let subject = Subject { course: Some(held.course.id.clone()), ..Subject::default() };
    Issue {
        code: Code::CampusChanged,
        subject,
        sentence: format!("course {} changed its campus after it was synchronized", held.course.number),
    }
}

impl Look {
    /// Adds what CourseKey refused to the troubles and the issues.
    fn count_withheld(&mut self, course: &CourseId, desired: Option<&desired::Desired>) {
        let Some(desired) = desired else { return };
        let mut groups: BTreeMap<(&'static str, usize, &str), usize> = BTreeMap::new();
        for item in &self.plan.withheld {
            let (what, of, class, person) = match &item.what {
                plan::Subject::Instructor(person) => ("instructor", desired.instructors.len(), None, Some(person)),
                plan::Subject::Student(person) => ("student", desired.students.len(), None, Some(person)),
                plan::Subject::Course => ("course", 1, None, None),
                plan::Subject::Class(class) => ("class", desired.sessions.len(), Some(class), None),
                plan::Subject::Enrollment(person) => ("enrollment", desired.enrollments.len(), None, Some(person)),
            };
            let subject =
                Subject { course: Some(course.clone()), class: class.cloned(), person: person.cloned(), detail: None };
            let (code, sentence) = match item.refusal.code.as_str() {
                "has_attendance" => {
                    (Code::ClassKept, "CourseKey has attendance of a class that GEGI does not have any more".to_owned())
                }
                "account_mismatch" => {
                    (Code::AccountMismatch, "CourseKey has another account with this e-mail".to_owned())
                }
                code => (Code::Rejected, format!("CourseKey refused the {what}: {} ({code})", item.refusal.message)),
            };
            if item.refusal.code != plan::PASSWORD_WEAK {
                self.issues.push(Issue { code, subject, sentence });
            }
            if code != Code::ClassKept {
                *groups.entry((what, of, &item.refusal.code)).or_default() += 1;
            }
        }
        self.troubles.extend(groups.into_iter().map(|((what, of, code), stuck)| {
            let why = match code {
                plan::PASSWORD_WEAK => "Initial User Password is too weak".to_owned(),
                code => format!("refused by CourseKey ({code})"),
            };
            Trouble::new(what, stuck, of.max(stuck), &why)
        }));
    }
}
