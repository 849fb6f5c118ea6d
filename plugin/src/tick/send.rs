//! Carries out the plans of the courses that are due: job by job, in full batches over all courses, several requests in
//! flight. Makes no choices: an action is sent when what it needs is acknowledged, and what came of it is written down.

use std::collections::BTreeMap;

use super::Tick;
use super::look::{Course as Outcome, Look};
use crate::coursekey::items::kind;
use crate::coursekey::upsert::{Fate, Letter, Post, upsert};
use crate::ledger::{CourseContent, CourseLedger, Owner, PersonLedger, Refusal, Session, Slot};
use crate::memory::account_id;
use crate::model::ids::{CourseId, PersonId};
use crate::model::time::{Instant, Seconds};
use crate::plan::{Action, Job, Write};
use crate::world::http::Address;
use crate::world::{StorageError, World};

/// How many courses are loaded at once.
const LOOKS_AT_ONCE: usize = 200;
/// What CourseKey refused is tried again after this long, though nothing changed (DESIGN §5: once a day).
const RETRY_AFTER: Seconds = Seconds(86_400);
/// What CourseKey refuses for good.
const NEVER: Instant = Instant(i64::MAX);

/// A course that is being worked on.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) course: CourseId,
    pub(super) address: Address,
    pub(super) actions: Vec<Action>,
    pub(super) outcome: Outcome,
}

impl<W: World> Tick<'_, W> {
    /// Sends what the courses that are due want, within the budget.
    pub(super) fn send_what_is_due(&mut self) -> Result<(), StorageError> {
        let mut works = self.take_on()?;
        self.connect(&mut works);
        for job in Job::ORDER {
            self.do_job(job, &mut works);
        }
        for work in &works {
            self.settle(&work.course, &work.outcome)?;
        }
        self.wake_courses_of_lost_accounts()
    }

    /// With an account its enrolments are lost: both are sent again for every course that names the person, on the next
    /// tick but not at once, for CourseKey may lose them again.
    fn wake_courses_of_lost_accounts(&mut self) -> Result<(), StorageError> {
        let soon = self.now + self.settings.update_every;
        for (school, person) in std::mem::take(&mut self.lost) {
            let entry = self.memory.people.get(person.as_str());
            let courses: Vec<CourseId> = entry.into_iter().flat_map(|entry| entry.courses.iter().cloned()).collect();
            self.memory.load_courses(self.world, &courses)?;
            for course in &courses {
                let page = self.memory.syncs.edit(course.as_str());
                if let Some(ledger) = page.ledger.as_mut().filter(|ledger| ledger.school == school) {
                    ledger.enrollments.remove(&person);
                }
                if page.due.is_none_or(|due| due > soon) {
                    self.schedule(course, Some(soon));
                }
            }
        }
        Ok(())
    }

    /// Looks at courses that are due until the budget is used up.
    fn take_on(&mut self) -> Result<Vec<Work>, StorageError> {
        let due: Vec<CourseId> = self.agenda.due.iter().map(|(_, course)| course.clone()).collect();
        let step = if self.budget.items <= 1 { 1 } else { LOOKS_AT_ONCE };
        let mut left = usize::try_from(self.budget.items).unwrap_or(usize::MAX);
        let mut works = Vec::new();
        for courses in due.chunks(step) {
            if left == 0 {
                self.report.more_work = true;
                break;
            }
            self.load_for_looks(courses)?;
            self.note_what_waited(courses);
            for course in courses {
                self.note_work_on(course);
                let look = self.look(course);
                left = left.saturating_sub(look.plan.actions.len().max(1));
                works.extend(self.begin(course, look)?);
            }
        }
        Ok(works)
    }

    /// The first send of a course is begun one tick before its first request: the option is locked, and that is
    /// committed, before CourseKey can know of the course (DESIGN §3).
    fn begin(&mut self, course: &CourseId, look: Look) -> Result<Option<Work>, StorageError> {
        let page = self.memory.syncs.get(course.as_str());
        let (Some(address), false) = (look.address, look.plan.actions.is_empty()) else {
            self.settle(course, &Outcome::default())?;
            return Ok(None);
        };
        let ledger = page.and_then(|page| page.ledger.as_ref());
        if ledger.is_none_or(|ledger| ledger.school != address.school) {
            self.memory.syncs.edit(course.as_str()).ledger = Some(CourseLedger::begin(address.school, self.now));
            self.settle(course, &Outcome { unsent: true, failure: None })?;
            return Ok(None);
        }
        Ok(Some(Work { course: course.clone(), address, actions: look.plan.actions, outcome: Outcome::default() }))
    }

    /// Checks the connection of every campus that something is to be sent to; without one nothing of it is sent.
    fn connect(&mut self, works: &mut [Work]) {
        let mut open: BTreeMap<Address, bool> = BTreeMap::new();
        for work in works {
            let Some(campus) = self.settings.campuses.get(&work.address.campus) else { continue };
            let connected = *open
                .entry(work.address.clone())
                .or_insert_with(|| self.campuses.connect(self.world, &self.settings.coursekey_url, campus));
            if !connected {
                work.actions.clear();
                let reason = self
                    .campuses
                    .stopped(&work.address.campus)
                    .map_or("CourseKey cannot be reached", |stop| &stop.reason);
                work.outcome.failure = Some(reason.to_owned());
            }
        }
    }

    fn do_job(&mut self, job: Job, works: &mut [Work]) {
        let mut places = Vec::new();
        let mut ready: Vec<(Address, Action)> = Vec::new();
        for (place, work) in works.iter_mut().enumerate() {
            for action in work.actions.iter().filter(|action| action.job == job) {
                match self.ready(&work.address, action) {
                    Ready::Send(action) => {
                        places.push(place);
                        ready.push((work.address.clone(), *action));
                    }
                    Ready::Done | Ready::Waits => {}
                }
            }
        }
        let fates = self.post(&ready);
        for ((place, (address, action)), fate) in places.iter().zip(&ready).zip(fates) {
            if let Some(work) = works.get_mut(*place) {
                self.record(address, action, fate, &mut work.outcome);
            }
        }
    }

    /// Sends actions of one kind, an account that several courses want only once, and answers the fate of each.
    fn post(&mut self, ready: &[(Address, Action)]) -> Vec<Fate> {
        let mut items: BTreeMap<(&Address, String), Vec<usize>> = BTreeMap::new();
        for (place, (address, action)) in ready.iter().enumerate() {
            items.entry((address, key(action))).or_default().push(place);
        }
        let first = |places: &Vec<usize>| places.first().and_then(|place| ready.get(*place));
        let letters: Vec<Letter<'_>> =
            items.values().filter_map(first).map(|(address, action)| Letter { address, action }).collect();
        let base = self.settings.coursekey_url.clone();
        let post = Post { base: &base, password: self.settings.initial_password.as_ref(), now: self.now };
        let sent = upsert(self.world, &mut self.campuses, post, &letters);
        let mut fates = vec![Fate::Unsent; ready.len()];
        for ((places, letter), fate) in items.values().zip(&letters).zip(sent) {
            let fate = if taken_address(&fate) { self.adopt(letter.address, letter.action) } else { fate };
            self.count(letter.action, &fate);
            for place in places {
                if let Some(slot) = fates.get_mut(*place) {
                    slot.clone_from(&fate);
                }
            }
        }
        fates
    }

    fn count(&mut self, action: &Action, fate: &Fate) {
        let tally = self.campuses.tally(kind(&action.write));
        match fate {
            Fate::Accepted => tally.accepted += 1,
            Fate::Rejected(_) => tally.rejected += 1,
            Fate::Failed(_) | Fate::Stopped(_) => tally.failed += 1,
            Fate::Unsent => {}
        }
    }

    /// Whether what an action needs is acknowledged by now.
    fn ready(&self, address: &Address, action: &Action) -> Ready {
        let ledger = self.memory.syncs.get(action.course.as_str()).and_then(|page| page.ledger.as_ref());
        let course_known = ledger.is_some_and(CourseLedger::acknowledged);
        match &action.write {
            Write::User { person, account, adopt } => {
                let ledger = self.memory.accounts.get(&account_id(address.school, person));
                let mut account = account.clone();
                account.teacher |= ledger.is_some_and(PersonLedger::teacher);
                match ledger.and_then(|ledger| ledger.account.acknowledged.as_ref()) {
                    Some(held) if *held == account => Ready::Done,
                    _ => Ready::Send(Box::new(Action {
                        write: Write::User { person: person.clone(), account, adopt: adopt.clone() },
                        ..action.clone()
                    })),
                }
            }
            Write::Course { content, owner } => {
                let mut content = content.clone();
                content.instructors.retain(|person| self.account_known(address, person));
                if content.instructors.is_empty() {
                    Ready::Waits
                } else if ledger.is_some_and(|ledger| ledger.course.acknowledged.as_ref() == Some(&content)) {
                    Ready::Done
                } else {
                    let owner = self.known_owner(address, &mut content).unwrap_or_else(|| owner.clone());
                    Ready::Send(Box::new(Action { write: Write::Course { content, owner }, ..action.clone() }))
                }
            }
            Write::Session(..) if course_known => Ready::Send(Box::new(action.clone())),
            Write::Enrollment(person, _) if course_known && self.account_known(address, person) => {
                Ready::Send(Box::new(action.clone()))
            }
            Write::Session(..) | Write::Enrollment(..) => Ready::Waits,
        }
    }

    /// The address of an owner who is an instructor. A new course whose first instructor CourseKey did not take belongs to
    /// one it did.
    fn known_owner(&self, address: &Address, content: &mut CourseContent) -> Option<String> {
        let Owner::Instructor(owner) = &content.owner else { return None };
        let candidates = std::iter::once(owner).chain(&content.instructors);
        let known = |person: &PersonId| {
            let ledger = self.memory.accounts.get(&account_id(address.school, person))?;
            Some((person.clone(), ledger.account.acknowledged.as_ref()?.email.clone()))
        };
        let (person, email) = candidates.into_iter().find_map(known)?;
        content.owner = Owner::Instructor(person);
        Some(email)
    }

    fn account_known(&self, address: &Address, person: &PersonId) -> bool {
        self.memory
            .accounts
            .get(&account_id(address.school, person))
            .is_some_and(|ledger| ledger.account.acknowledged.is_some())
    }

    /// Writes down what became of an action.
    fn record(&mut self, address: &Address, action: &Action, fate: Fate, outcome: &mut Outcome) {
        match fate {
            Fate::Accepted => self.enter(address, action, Ok(())),
            Fate::Rejected(refusal) => self.enter(address, action, Err(refusal)),
            Fate::Failed(failure) | Fate::Stopped(failure) => outcome.failure = Some(failure.reason),
            Fate::Unsent => outcome.unsent = true,
        }
    }

    /// Enters an answer into the ledger.
    fn enter(&mut self, address: &Address, action: &Action, answer: Result<(), Refusal>) {
        let code = answer.as_ref().err().map(|refusal| refusal.code.clone());
        let now = self.world.now();
        match &action.write {
            Write::User { person, account, adopt } => {
                let ledger = self.memory.accounts.edit(&account_id(address.school, person));
                if adopt.is_some() && code.as_deref() == Some("unknown_user") {
                    // The account that was adopted is gone: the person gets one of their own.
                    ledger.adopted = None;
                }
                enter(&mut ledger.account, account.clone(), answer, now);
            }
            Write::Course { content, .. } => {
                if let Some(ledger) = self.ledger(&action.course) {
                    enter(&mut ledger.course, content.clone(), answer, now);
                }
            }
            Write::Session(class, session) => {
                let Some(ledger) = self.ledger(&action.course) else { return };
                if *session == Session::Removed && answer.is_ok() {
                    ledger.sessions.remove(class);
                } else if code.as_deref() == Some("unknown_course") {
                    ledger.forget();
                } else {
                    enter_dated(ledger.sessions.entry(class.clone()).or_default(), *session, answer, now);
                }
            }
            Write::Enrollment(person, enrollment) => {
                self.enter_enrollment(address, action, person, *enrollment, answer);
            }
        }
    }

    fn enter_enrollment(
        &mut self,
        address: &Address,
        action: &Action,
        person: &PersonId,
        wanted: crate::ledger::Enrollment,
        answer: Result<(), Refusal>,
    ) {
        let now = self.world.now();
        match answer.as_ref().err().map(|refusal| refusal.code.as_str()) {
            Some("unknown_user") => {
                self.memory.accounts.edit(&account_id(address.school, person)).forget();
                self.lost.insert((address.school, person.clone()));
                if let Some(ledger) = self.ledger(&action.course) {
                    ledger.enrollments.remove(person);
                }
            }
            Some("unknown_course") => {
                if let Some(ledger) = self.ledger(&action.course) {
                    ledger.forget();
                }
            }
            _ => {
                if let Some(ledger) = self.ledger(&action.course) {
                    enter_dated(ledger.enrollments.entry(person.clone()).or_default(), wanted, answer, now);
                }
            }
        }
    }

    fn ledger(&mut self, course: &CourseId) -> Option<&mut CourseLedger> {
        self.memory.syncs.edit(course.as_str()).ledger.as_mut()
    }
}

/// Whether an action can be sent now.
enum Ready {
    /// Yes, in this form.
    Send(Box<Action>),
    /// CourseKey holds it by now.
    Done,
    /// What it needs is not acknowledged.
    Waits,
}

fn enter<T: Clone + PartialEq>(slot: &mut Slot<T>, content: T, answer: Result<(), Refusal>, now: Instant) {
    match answer {
        Ok(()) => slot.acknowledge(content),
        Err(refusal) => park(slot, content, refusal, now),
    }
}

/// The same where it matters since when CourseKey knows it.
fn enter_dated<T: Clone + PartialEq>(slot: &mut Slot<T>, content: T, answer: Result<(), Refusal>, now: Instant) {
    match answer {
        Ok(()) => slot.acknowledge_at(content, now),
        Err(refusal) => park(slot, content, refusal, now),
    }
}

fn park<T: Clone + PartialEq>(slot: &mut Slot<T>, content: T, refusal: Refusal, now: Instant) {
    let retry_at = if refusal.code == "has_attendance" { NEVER } else { now + RETRY_AFTER };
    slot.park(content, refusal, retry_at);
}

fn taken_address(fate: &Fate) -> bool {
    matches!(fate, Fate::Rejected(refusal) if refusal.code == "email_taken")
}

/// What makes two actions of one job the same item of CourseKey's.
fn key(action: &Action) -> String {
    match &action.write {
        Write::User { person, .. } => person.to_string(),
        Write::Course { .. } => action.course.to_string(),
        Write::Session(class, _) => format!("{}\0{class}", action.course),
        Write::Enrollment(person, _) => format!("{}\0{person}", action.course),
    }
}
