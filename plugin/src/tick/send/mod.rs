//! Carries out the plans of the courses that are due: job by job, in full batches over all courses, several requests in
//! flight. Makes no choices: `plan::ready` says which actions can be sent, and `plan::answer` enters CourseKey's
//! answers into the ledger. Not here: what is noted about a course afterwards (`settle`).

mod addresses;
mod handover;

pub(super) use self::handover::Handover;
use self::handover::is_handed_over;
use super::agenda::Agenda;
use super::campus::Campuses;
use super::moment::{Item, Moment};
use super::outgoing::Outgoing;
use super::settle::{Attempt, Settling};
use super::{absorb, facts, guarding, judge};
use crate::coursekey::items::kind;
use crate::coursekey::upsert::{Fate, Letter, Post, upsert};
use crate::ledger::{CourseLedger, PersonLedger, RefusalCode};
use crate::look::{Look, look};
use crate::memory::followed::Followed;
use crate::memory::{Rosters, account_id};
use crate::model::ids::{Address, ClassId, CourseId, PersonId, SchoolNumber};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::people;
use crate::plan::answer::{self, Answer, When};
use crate::plan::ready::{ByNow, Ready};
use crate::plan::{Action, Job, Write};
use crate::world::{StorageError, World};

/// What the step leaves for the steps that follow.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Classes whose moment to be judged has come.
    pub(super) to_judge: SortedSet<ClassId>,
    /// Courses whose attendance is read for the last time.
    pub(super) closing: Vec<(SchoolNumber, CourseId)>,
    /// How many looks at courses were made.
    pub(super) looks: u32,
    /// Whether anything was sent.
    pub(super) posted: bool,
}

/// A course whose plan is being carried out.
struct Work {
    course: CourseId,
    address: Address,
    look: Look,
    attempt: Attempt,
}

/// Carries out the plans of the courses that are due, within the budget.
pub(super) struct Sending<'t, W> {
    pub(super) world: &'t mut W,
    pub(super) moment: Moment<'t>,
    pub(super) campuses: &'t mut Campuses,
    pub(super) rosters: &'t mut Rosters,
    pub(super) agenda: &'t mut Agenda,
    pub(super) followed: &'t mut Followed,
    pub(super) out: &'t mut Outgoing,
    /// The revision of everything that this tick sends.
    pub(super) revision: u64,
    pub(super) handover: Handover,
    pub(super) sent: Sent,
}

impl<'t, W: World> Sending<'t, W> {
    /// Looks at each course that is due, sends the plan's actions, and looks again where the plan was not carried out
    /// as planned.
    pub(super) fn send(mut self) -> Result<Sent, StorageError> {
        let mut works = self.take_on()?;
        self.connect(&mut works);
        let mut lost = SortedSet::new();
        self.move_addresses(&mut works, &mut lost)?;
        for job in Job::ORDER {
            self.do_job(job, &mut works, &mut lost)?;
        }
        for work in works {
            // If CourseKey lost an account, it may have lost more than its answers say.
            let look = if work.attempt.as_planned && lost.is_empty() {
                work.look.carried_out()
            } else {
                self.look(&work.course)
            };
            self.settle(&work.course, &look, &work.attempt)?;
        }
        self.wake_courses_of(lost)?;
        self.wake_who_waits()?;
        Ok(self.sent)
    }

    fn look(&mut self, course: &CourseId) -> Look {
        self.sent.looks += 1;
        let look = facts::facts(self.rosters, self.moment, course).map(|facts| look(&facts)).unwrap_or_default();
        guarding::guarded(self.rosters, self.moment, course, look)
    }

    fn settle(&mut self, course: &CourseId, look: &Look, attempt: &Attempt) -> Result<(), StorageError> {
        let (world, mut settling) = self.settling();
        let closing = settling.settle(world, course, look, attempt)?;
        self.sent.closing.extend(closing);
        Ok(())
    }

    fn settling(&mut self) -> (&mut W, Settling<'_>) {
        let settling = Settling {
            moment: self.moment,
            campuses: self.campuses,
            rosters: self.rosters,
            agenda: self.agenda,
            followed: self.followed,
            out: self.out,
        };
        (self.world, settling)
    }

    /// Works on the courses that are due until the budget is used up, and answers those that have something to send. A
    /// course of which only classes are to be judged is not looked at.
    fn take_on(&mut self) -> Result<Vec<Work>, StorageError> {
        let due: Vec<CourseId> = self.agenda.due.iter().map(|(_, course)| course.clone()).collect();
        let mut left = usize::try_from(self.moment.budget.items).unwrap_or(usize::MAX);
        let mut works = Vec::new();
        for (number, courses) in due.chunks(self.moment.size.portion()).enumerate() {
            if left == 0 || number > 0 && self.moment.size.is_used_up(self.rosters) {
                self.agenda.again = true;
                break;
            }
            self.rosters.load_courses(self.world, courses)?;
            self.sent.to_judge.extend(judge::what_waited(self.moment, self.rosters, courses));
            let (looked, judged): (Vec<CourseId>, Vec<CourseId>) =
                courses.iter().cloned().partition(|course| self.is_looked_at(course));
            facts::load(self.world, self.moment, self.rosters, &looked)?;
            for course in absorb::list_anew(self.world, self.moment, self.rosters, &looked)? {
                self.agenda.look_by(self.rosters, &course, self.moment.soon(), self.moment.now);
            }
            for course in &judged {
                self.settling().1.date(course);
                left = left.saturating_sub(1);
            }
            for course in &looked {
                self.moment.note_work_on(self.world, &Item::Course(course.clone()));
                let look = self.look(course);
                left = left.saturating_sub(look.plan.actions.len().max(1));
                works.extend(self.begin(course, look)?);
            }
        }
        Ok(works)
    }

    fn is_looked_at(&self, course: &CourseId) -> bool {
        self.rosters.page(course).and_then(|page| page.look).is_some_and(|at| at <= self.moment.now)
    }

    /// Begins to work on a course; none: nothing of the course is sent in this tick.
    ///
    /// The first send of a course is started one tick before its first request: the lock of the option is committed
    /// before CourseKey can know of the course (DESIGN §3).
    fn begin(&mut self, course: &CourseId, look: Look) -> Result<Option<Work>, StorageError> {
        let (Some(address), false) = (look.address.clone(), look.plan.actions.is_empty()) else {
            self.settle(course, &look, &Attempt::default())?;
            return Ok(None);
        };
        if self.rosters.ledger(course).is_none_or(|ledger| ledger.school != address.school) {
            self.rosters.ledgers.set(course.as_str(), CourseLedger::begin(address.school, self.moment.now));
            self.settle(course, &look, &Attempt { unsent: true, ..Attempt::default() })?;
            return Ok(None);
        }
        let attempt = Attempt { as_planned: true, ..Attempt::default() };
        Ok(Some(Work { course: course.clone(), address, look, attempt }))
    }

    /// Checks the connection of every campus to which something is to be sent. Nothing is sent to a campus without a
    /// connection.
    fn connect(&mut self, works: &mut [Work]) {
        let settings = self.moment.settings;
        let mut open: SortedMap<Address, bool> = SortedMap::new();
        for work in works {
            let Some(campus) = settings.campuses.get(&work.address.campus) else { continue };
            let connected = *open
                .entry(work.address.clone())
                .or_insert_with(|| self.campuses.connect(self.world, &settings.coursekey_url, campus));
            if !connected {
                work.attempt = Attempt { failed: true, ..Attempt::default() };
                work.look.plan.actions.clear();
            }
        }
    }

    fn do_job(
        &mut self,
        job: Job,
        works: &mut [Work],
        lost: &mut SortedSet<(SchoolNumber, PersonId)>,
    ) -> Result<(), StorageError> {
        let mut places = Vec::new();
        let mut ready: Vec<(Address, Action<String>)> = Vec::new();
        for (place, work) in works.iter_mut().enumerate() {
            let handover = &self.handover;
            let is_left = |action: &&Action| action.job == job && !is_handed_over(handover, &work.address, action);
            for action in work.look.plan.actions.iter().filter(is_left) {
                match self.ready(&work.address, action) {
                    Ready::Send(sendable) => {
                        work.attempt.as_planned &= is_as_planned(action, &sendable);
                        places.push(place);
                        ready.push((work.address.clone(), *sendable));
                    }
                    Ready::Done => {}
                    Ready::Waits => work.attempt.as_planned = false,
                }
            }
        }
        let fates = self.post(&ready)?;
        for ((place, (address, action)), fate) in places.iter().zip(&ready).zip(fates) {
            let Some(work) = works.get_mut(*place) else { continue };
            lost.extend(self.hear(work, address, action, fate));
        }
        Ok(())
    }

    /// Notes the fate of an action. Answers the person whose account CourseKey does not know any more, if the answer
    /// says so.
    fn hear(
        &mut self,
        work: &mut Work,
        address: &Address,
        action: &Action<String>,
        fate: Fate,
    ) -> Option<(SchoolNumber, PersonId)> {
        work.attempt.hear(&fate);
        // An account that CourseKey took is a person's, and no part of the course.
        let account_taken = matches!((&fate, &action.write), (Fate::Accepted, Write::User { .. }));
        let refused = fate.refused_for_certain().filter(|_| !account_taken);
        if let (Some(ledger), Some(refused)) = (self.rosters.ledger_mut(&work.course), refused) {
            ledger.hear(refused);
        }
        let answer = match fate {
            Fate::Accepted => Ok(()),
            Fate::Rejected(refusal) => Err(refusal),
            Fate::Failed(_) => {
                self.note_missing(address, action);
                return None;
            }
            Fate::Stopped(_) | Fate::Unsent => return None,
        };
        self.enter(address, action, answer).map(|person| (address.school, person))
    }

    /// Whether an action can be sent by now.
    fn ready(&self, address: &Address, action: &Action) -> Ready {
        let rosters = &*self.rosters;
        let account = |person: &PersonId| rosters.accounts.get(&account_id(address.school, person));
        action.by_now(ByNow { ledger: rosters.ledger(&action.course), account: &account })
    }

    /// Sends actions of one kind, and answers the fate of each. An item that several courses want is sent once.
    fn post(&mut self, ready: &[(Address, Action<String>)]) -> Result<Vec<Fate>, StorageError> {
        let mut items: SortedMap<(&Address, String), Vec<usize>> = SortedMap::new();
        for (place, (address, action)) in ready.iter().enumerate() {
            items.entry((address, action.item_key())).or_default().push(place);
        }
        let first = |places: &Vec<usize>| places.first().and_then(|place| ready.get(*place));
        let letters: Vec<Letter<'_>> =
            items.values().filter_map(first).map(|(address, action)| Letter { address, action }).collect();
        let post = self.letterhead();
        self.sent.posted |= !letters.is_empty();
        let sent = upsert(self.world, self.campuses, post, &letters);
        let mut fates = vec![Fate::Unsent; ready.len()];
        for ((places, letter), fate) in items.values().zip(&letters).zip(sent) {
            let fate = if is_taken_address(&fate) { self.adopt(post, *letter)? } else { fate };
            self.campuses.tally(kind(&letter.action.write)).count(&fate);
            for place in places {
                if let Some(slot) = fates.get_mut(*place) {
                    slot.clone_from(&fate);
                }
            }
        }
        Ok(fates)
    }

    /// What all requests of this tick have in common.
    fn letterhead(&self) -> Post<'t> {
        let Moment { now, settings, .. } = self.moment;
        let password = settings.initial_password.as_ref();
        Post { base: &settings.coursekey_url, password, revision: self.revision, now }
    }

    /// Notes that the answer to an action is missing, so that CourseKey may hold what it was asked to hold.
    fn note_missing(&mut self, address: &Address, action: &Action<String>) {
        if let Write::User { person, .. } = &action.write {
            answer::missing_of_account(self.rosters.accounts.edit(&account_id(address.school, person)));
        } else if let Some(ledger) = self.rosters.ledger_mut(&action.course) {
            answer::missing(ledger, action);
        }
    }

    /// Enters an answer into the ledger. Answers the person whose account CourseKey does not know any more, if the
    /// answer says so.
    fn enter(&mut self, address: &Address, action: &Action<String>, answer: Answer) -> Option<PersonId> {
        let now = self.world.now();
        if let Write::User { person, .. } = &action.write {
            let ledger = self.rosters.accounts.edit(&account_id(address.school, person));
            let key = |ledger: &PersonLedger| {
                ledger.account.acknowledged.as_ref().map(|account| people::email_key(&account.email))
            };
            let before = key(ledger);
            answer::to_account(ledger, action, answer, now);
            let freed = before.filter(|before| key(ledger).as_ref() != Some(before));
            self.handover.freed.extend(freed.map(|key| (address.school, key)));
            return None;
        }
        let lost_at = match &action.write {
            Write::Enrollment(person, _) => self.rosters.accounts.get(&account_id(address.school, person)),
            _ => None,
        };
        let lost_at = lost_at.and_then(|account| account.lost_at);
        let lost = answer::to_course(
            self.rosters.ledger_mut(&action.course)?,
            action,
            answer,
            lost_at,
            When { began: self.moment.now, now },
        )?;
        self.rosters.accounts.edit(&account_id(address.school, &lost)).forget(now);
        Some(lost)
    }

    /// Makes the courses due of people whose accounts CourseKey lost. With an account CourseKey lost the account's
    /// enrolments, so both are sent again for every course that names the person. That is left to the next regular tick
    /// and not done at once, because CourseKey may lose them again.
    fn wake_courses_of(&mut self, lost: SortedSet<(SchoolNumber, PersonId)>) -> Result<(), StorageError> {
        for (school, person) in lost {
            let entry = self.rosters.people.get(person.as_str());
            let courses: Vec<CourseId> = entry.into_iter().flat_map(|entry| entry.listed.keys().cloned()).collect();
            self.rosters.load_courses(self.world, &courses)?;
            for course in &courses {
                if let Some(ledger) = self.rosters.ledger_mut(course).filter(|ledger| ledger.school == school) {
                    ledger.enrollments.remove(&person);
                }
                self.agenda.look_by(self.rosters, course, self.moment.soon(), self.moment.now);
            }
        }
        Ok(())
    }
}

/// Whether an action is sent as it was planned, so that nothing of it is left once CourseKey takes it.
fn is_as_planned(action: &Action, sendable: &Action<String>) -> bool {
    match (&action.write, &sendable.write) {
        (Write::Course { content: planned, .. }, Write::Course { content, .. }) => planned == content,
        _ => true,
    }
}

fn is_taken_address(fate: &Fate) -> bool {
    matches!(fate, Fate::Rejected(refusal) if refusal.code == RefusalCode::EmailTaken)
}
