//! The runner: makes the ticks that the schedule asks for, in real time. Which school is ticked when is decided by
//! `host::schedule`, which schools are this process's by `tenure`; here are the tasks, the waiting, and what the API shows.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use host::schedule::{Fault, First, Outcome, Scheduler, Tempo, Wake};
use host::school::{Budget, CallFailure, NextTurn, RequestKind, StepReport, TickReport};
use host::store::SchoolId;
use serde::{Deserialize, Serialize};
use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use crate::api::CourseCounts;
use crate::schools::OpenSchool;
use crate::service::Service;
use crate::tenure::id_of;

/// What one tick may do. The plugin stops at half of the seconds; a school with more work goes to the end of the line.
const BUDGET: Budget = Budget { items: 1_000, seconds: 30 };

/// The longest time for which the runner looks at nothing, so that a clock that was set is noticed.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// How long the ticks that run may take to end when the service ends.
const ENDING: Duration = Duration::from_secs(9);

/// What is known of a school's ticks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// When the latest tick ended.
    pub last_tick: Option<DateTime<Utc>>,
    /// When the next tick is due.
    pub next_tick: Option<DateTime<Utc>>,
    /// Why the latest tick failed.
    pub last_error: Option<String>,
    /// Whether the school's ticks keep failing.
    pub is_failing: bool,
}

/// What this process knows of its schools, by the names under which they are stored. Cheap to clone.
#[derive(Clone)]
pub struct Runs(Arc<Mutex<Known>>);

struct Known {
    scheduler: Scheduler,
    notes: BTreeMap<SchoolId, Note>,
    /// The counts of a school's courses, as of a commit.
    counts: BTreeMap<SchoolId, (u64, CourseCounts)>,
}

/// What the schedule does not know of a school.
#[derive(Debug, Clone, Default)]
struct Note {
    last_error: Option<String>,
    /// When attendance was read last, if the latest tick had any to read.
    read_until: Option<DateTime<Utc>>,
    /// The number of the commit after the latest tick.
    commits: Option<u64>,
    /// Whether a tick was made, or failed, since the other processes were told.
    has_news: bool,
}

impl Runs {
    /// Nothing is known yet. At most `parallel` ticks run at once.
    pub fn new(parallel: usize) -> Self {
        let scheduler = Scheduler::new(Tempo::Spread, parallel);
        Self(Arc::new(Mutex::new(Known { scheduler, notes: BTreeMap::new(), counts: BTreeMap::new() })))
    }

    /// What is known of a school's ticks; none: another process makes them.
    pub fn seen(&self, school: &SchoolId) -> Option<Seen> {
        let known = self.lock();
        let last_error = known.notes.get(school).and_then(|note| note.last_error.clone());
        let view = known.scheduler.school(school)?;
        // Three failures in a row are what the school itself is told of.
        let is_failing = view.is_failing || view.failures >= 3;
        Some(Seen { last_tick: view.ended, next_tick: view.next, last_error, is_failing })
    }

    /// Adds a school, or takes the update frequency and the pause of one that is known.
    pub fn add(&self, school: &SchoolId, every_minutes: u32, is_paused: bool, first: First, service: &Service) {
        let now = service.clock().now();
        let mut known = self.lock();
        if known.scheduler.school(school).is_none() {
            known.scheduler.add(school, every_minutes, first, now);
        }
        known.scheduler.set_update_frequency(school, every_minutes);
        if is_paused {
            known.scheduler.pause(school);
        } else {
            known.scheduler.resume(school, now);
        }
        service.metrics().schools.set(i64::try_from(known.scheduler.schools().count()).unwrap_or(i64::MAX));
        service.looks().notify_one();
    }

    /// Takes a new update frequency of a school, if it is this process's.
    pub fn change(&self, school: &SchoolId, every_minutes: u32, service: &Service) {
        self.lock().scheduler.set_update_frequency(school, every_minutes);
        service.looks().notify_one();
    }

    /// Pauses a school or lets it go on, if it is this process's.
    pub fn pause(&self, school: &SchoolId, is_paused: bool, service: &Service) {
        let mut known = self.lock();
        if is_paused {
            known.scheduler.pause(school);
        } else {
            known.scheduler.resume(school, service.clock().now());
        }
        service.looks().notify_one();
    }

    /// Has a school ticked soon, if it is this process's.
    pub fn wake(&self, school: &SchoolId, why: Wake, service: &Service) {
        self.lock().scheduler.wake(school, why, service.clock().now());
        service.looks().notify_one();
    }

    /// Another commit of the school was seen. Wakes the school, unless the commit is that of its own latest tick.
    pub fn heard_of(&self, school: &SchoolId, commits: u64, service: &Service) {
        let is_own = self.lock().notes.get(school).is_some_and(|note| note.commits == Some(commits));
        if !is_own {
            self.wake(school, Wake::Changed, service);
        }
    }

    /// The schools of this process.
    pub fn schools(&self) -> Vec<SchoolId> {
        self.lock().scheduler.schools().map(|(school, _)| school.clone()).collect()
    }

    /// When the next tick is due; for whoever moves a clock that stands.
    pub fn next_moment(&self) -> Option<DateTime<Utc>> {
        self.lock().scheduler.next_moment()
    }

    /// How many ticks run now.
    pub fn running(&self) -> usize {
        self.lock().scheduler.running()
    }

    /// What the watchdog looks at.
    pub(crate) fn views(&self) -> Vec<(SchoolId, host::schedule::SchoolView, Option<DateTime<Utc>>)> {
        let known = self.lock();
        let read = |school: &SchoolId| known.notes.get(school).and_then(|note| note.read_until);
        known.scheduler.schools().map(|(school, view)| (school.clone(), view, read(school))).collect()
    }

    /// The counts of a school's courses, if they were made after this commit.
    pub fn counts(&self, school: &SchoolId, commits: u64) -> Option<CourseCounts> {
        self.lock().counts.get(school).filter(|(of, _)| *of == commits).map(|(_, counts)| *counts)
    }

    /// Keeps the counts of a school's courses, made after this commit.
    pub fn keep_counts(&self, school: &SchoolId, commits: u64, counts: CourseCounts) {
        self.lock().counts.insert(school.clone(), (commits, counts));
    }

    /// Takes a school out of the schedule, and waits until its tick has ended.
    pub async fn end(&self, service: &Service, school: &SchoolId) {
        self.forget(school);
        let watch = host::limits::Stopwatch::start();
        while self.lock().scheduler.runs(school) && watch.elapsed() < ENDING && !service.is_ending() {
            wait(Duration::from_millis(20)).await;
        }
    }

    /// Takes all schools out of the schedule.
    pub fn forget_all(&self) {
        for school in self.schools() {
            self.forget(&school);
        }
    }

    /// At most so many schools of which no tick runs.
    pub fn idle(&self, most: usize) -> Vec<SchoolId> {
        let known = self.lock();
        let idle = known.scheduler.schools().filter(|(_, view)| !view.is_running);
        idle.map(|(school, _)| school.clone()).take(most).collect()
    }

    /// Takes a school out of the schedule.
    pub fn forget(&self, school: &SchoolId) {
        let mut known = self.lock();
        known.scheduler.remove(school);
        known.notes.remove(school);
        known.counts.remove(school);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // A panic while the lock is held cannot leave a change half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A bell for tasks that wait.
pub type Bell = Arc<Notify>;

/// Makes ticks until the service ends. Ticks that run then may take nine seconds to end; the others are aborted, and leave
/// no trace.
pub async fn run(service: Service, mut ending: watch::Receiver<bool>) {
    let mut ticks: JoinSet<(SchoolId, Outcome)> = JoinSet::new();
    loop {
        begin(&service, &mut ticks);
        let pause = pause(&service);
        tokio::select! {
            _ = ending.changed() => break,
            Some(ended) = ticks.join_next() => end(&service, ended),
            () = service.looks().notified() => {}
            () = wait(pause) => {}
        }
    }
    let _ = tokio::time::timeout(ENDING, async { while ticks.join_next().await.is_some() {} }).await;
    ticks.abort_all();
}

/// Begins the ticks that are due.
fn begin(service: &Service, ticks: &mut JoinSet<(SchoolId, Outcome)>) {
    let now = service.clock().now();
    let mut known = service.runs().lock();
    while let Some(ready) = known.scheduler.take(now) {
        let service = service.clone();
        ticks.spawn(async move {
            let school = ready.school.clone();
            // On a task of its own: a tick that panics is a tick that failed, and its school is ticked again.
            let ticked = tokio::spawn(async move { tick(&service, &school).await }).await;
            let outcome = ticked.unwrap_or_else(|error| {
                tracing::error!(school = id_of(&ready.school), %error, "a tick's task failed");
                Outcome::Failed(Fault::Own)
            });
            (ready.school, outcome)
        });
    }
    let metrics = service.metrics();
    metrics.running.set(i64::try_from(known.scheduler.running()).unwrap_or(i64::MAX));
    metrics.lag.set(known.scheduler.lag(now).as_seconds_f64());
}

/// How long nothing is due.
fn pause(service: &Service) -> Duration {
    let next = service.runs().next_moment();
    let left = next.map(|next| (next - service.clock().now()).to_std().unwrap_or_default());
    left.unwrap_or(LOOKS_EVERY).min(LOOKS_EVERY)
}

fn end(service: &Service, ended: Result<(SchoolId, Outcome), tokio::task::JoinError>) {
    match ended {
        Ok((school, outcome)) => {
            let now = service.clock().now();
            service.runs().lock().scheduler.ended(&school, outcome, now);
            tell_others(service, school);
        }
        // The task only waits for the tick's own.
        Err(error) => tracing::error!(%error, "a task that waits for a tick failed"),
    }
}

/// Tells the processes that do not tick the school how its ticks are, if it has news.
fn tell_others(service: &Service, school: SchoolId) {
    let Some(seen) = service.runs().seen(&school).filter(|_| service.is_shared()) else { return };
    let is_news = {
        let mut known = service.runs().lock();
        let note = known.notes.entry(school.clone()).or_default();
        std::mem::take(&mut note.has_news)
    };
    if is_news {
        let service = service.clone();
        tokio::spawn(async move {
            if let Err(error) = service.registry().tell(&school, &seen).await {
                tracing::warn!(%error, "how a school's ticks are was not told to the other processes");
            }
        });
    }
}

/// Makes one tick of a school, and delivers what it committed.
async fn tick(service: &Service, stored_as: &SchoolId) -> Outcome {
    let school = match service.school_if_any(id_of(stored_as)).await {
        Ok(Some(school)) if school.school.id() == stored_as => school,
        Ok(_) => {
            service.runs().forget(stored_as);
            return Outcome::Rests(NextTurn::NotBeforeAChange);
        }
        Err(error) => return told(service, stored_as, &Err(CallFailure::Storage(error)), None),
    };
    let step = school.school.step(BUDGET).await;
    let commits = school.school.standing().await.ok().map(|standing| standing.commits);
    sweep(service, &school).await;
    school.committed.notify_waiters();
    service.mailing().read_password();
    deliver_mails(school);
    told(service, stored_as, &step, commits)
}

/// Forgets what a tick left of a school that was removed, by another process, while the tick ran.
async fn sweep(service: &Service, school: &OpenSchool) {
    let id = school.school.id();
    let registered = service.registry().get(&school.id).await;
    let is_gone = registered.is_ok_and(|found| found.is_none_or(|found| found.stored_as(&school.id) != *id));
    if !is_gone {
        return;
    }
    let swept = async {
        school.book.remove().await?;
        service.store().remove(id).await.map_err(mirror::book::BookError::from)
    };
    if let Err(error) = swept.await {
        tracing::error!(school = school.id, %error, "a school was not removed whole");
    }
}

/// Notes and counts what became of a step.
fn told(service: &Service, school: &SchoolId, step: &Result<StepReport, CallFailure>, commits: Option<u64>) -> Outcome {
    let mut known = service.runs().lock();
    let note = known.notes.entry(school.clone()).or_default();
    note.commits = commits;
    match step {
        Ok(step) => {
            note.last_error = None;
            if let Some(tick) = &step.tick {
                note.has_news = true;
                note.read_until = read_until(tick, note.read_until, service.clock().now());
                service.metrics().marks.inc_by(tick.marks_written.into());
                let failed = tick.tallies.iter().map(|tally| u64::from(tally.failed_requests)).sum();
                service.metrics().failed_requests.inc_by(failed);
            }
        }
        Err(failure) => {
            tracing::error!(school = id_of(school), %failure, "a tick failed");
            note.last_error = Some(failure.to_string());
            note.has_news = true;
        }
    }
    Outcome::of(step)
}

/// Up to when attendance was read after this tick; none: the tick had none to read.
fn read_until(tick: &TickReport, before: Option<DateTime<Utc>>, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let tally = tick.tallies.iter().find(|tally| tally.kind == RequestKind::Attendance)?;
    if tally.requests == 0 && tally.failed_requests == 0 {
        return None;
    }
    // The first look begins the wait for the first success.
    if tally.failed_requests == 0 { Some(now) } else { before.or(Some(now)) }
}

/// Mails leave by a task of their own: a mail server that hangs holds up no tick.
fn deliver_mails(school: Arc<OpenSchool>) {
    tokio::spawn(async move { school.deliver_mails().await });
}

/// Waits in real time. Only tasks of the service do.
#[allow(clippy::disallowed_methods)]
pub async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}
