//! The runner: makes the ticks that the schedule asks for, in real time. Which school is ticked when is decided by
//! `host::schedule`; here are the tasks, the waiting, and what the API shows of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use host::schedule::{First, Outcome, Scheduler, Tempo, Wake};
use host::school::{Budget, CallFailure, StepReport};
use host::store::SchoolId;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::api::CourseCounts;
use crate::schools::OpenSchool;
use crate::service::Service;

/// What one tick may do. The plugin stops at half of the seconds; a school with more work goes to the end of the line.
const BUDGET: Budget = Budget { items: 1_000, seconds: 30 };

/// The longest time for which the runner looks at nothing, so that a clock that was set is noticed.
const LOOKS_EVERY: Duration = Duration::from_secs(5);

/// How long the ticks that run may take to end when the service ends.
const ENDING: Duration = Duration::from_secs(10);

/// Schools read from the registry at a time.
const PAGE: usize = 1_000;

/// Something that the API tells the runner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// A school was created or changed: its update frequency in minutes, and whether it is paused.
    Add(String, u32, bool),
    /// A school was paused, or goes on.
    Pause(String, bool),
    /// Something changed, or somebody asks for a tick.
    Wake(String, Wake),
}

/// What the runner knows of a school.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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

/// What the runner knows of the schools. Cheap to clone.
#[derive(Clone)]
pub struct Runs(Arc<Mutex<Known>>);

struct Known {
    scheduler: Scheduler,
    errors: BTreeMap<String, String>,
    /// The counts of a school's courses, as of a commit.
    counts: BTreeMap<String, (u64, CourseCounts)>,
}

impl Runs {
    /// Nothing is known yet. At most `parallel` ticks run at once.
    pub fn new(parallel: usize) -> Self {
        let scheduler = Scheduler::new(Tempo::Spread, parallel);
        Self(Arc::new(Mutex::new(Known { scheduler, errors: BTreeMap::new(), counts: BTreeMap::new() })))
    }

    /// What is known of a school.
    pub fn seen(&self, school: &str) -> Seen {
        let known = self.lock();
        let last_error = known.errors.get(school).cloned();
        let Some(view) = known.scheduler.school(&SchoolId::from(school)) else { return Seen::default() };
        // Three failures in a row are what the school itself is told of.
        let is_failing = view.is_failing || view.failures >= 3;
        Seen { last_tick: view.ended, next_tick: view.next, last_error, is_failing }
    }

    /// The counts of a school's courses, if they were made after this commit.
    pub fn counts(&self, school: &str, commits: u64) -> Option<CourseCounts> {
        self.lock().counts.get(school).filter(|(of, _)| *of == commits).map(|(_, counts)| *counts)
    }

    /// Keeps the counts of a school's courses, made after this commit.
    pub fn keep_counts(&self, school: &str, commits: u64, counts: CourseCounts) {
        self.lock().counts.insert(school.to_owned(), (commits, counts));
    }

    /// Takes a school out of the schedule, and waits until its tick has ended.
    pub async fn end(&self, service: &Service, school: &str) {
        self.forget(school);
        let id = SchoolId::from(school);
        let watch = host::limits::Stopwatch::start();
        while self.lock().scheduler.runs(&id) && watch.elapsed() < ENDING && !service.is_ending() {
            wait(Duration::from_millis(20)).await;
        }
    }

    fn forget(&self, school: &str) {
        let mut known = self.lock();
        known.scheduler.remove(&SchoolId::from(school));
        known.errors.remove(school);
        known.counts.remove(school);
    }

    fn lock(&self) -> MutexGuard<'_, Known> {
        // A panic while the lock is held cannot leave a change half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The way to the runner, and the runner's end of it.
pub fn calls() -> (UnboundedSender<Call>, UnboundedReceiver<Call>) {
    unbounded_channel()
}

/// Makes ticks until the service ends. Ticks that run then may end within ten seconds.
pub async fn run(service: Service, mut calls: UnboundedReceiver<Call>, mut ending: watch::Receiver<bool>) {
    add_all(&service).await;
    let mut ticks: JoinSet<(String, Outcome)> = JoinSet::new();
    loop {
        begin(&service, &mut ticks);
        let pause = pause(&service);
        tokio::select! {
            _ = ending.changed() => break,
            Some(call) = calls.recv() => hear(&service, call),
            Some(ended) = ticks.join_next() => end(&service, ended),
            () = wait(pause) => {}
        }
    }
    let _ = tokio::time::timeout(ENDING, async { while ticks.join_next().await.is_some() {} }).await;
    ticks.abort_all();
}

/// Begins the ticks that are due.
fn begin(service: &Service, ticks: &mut JoinSet<(String, Outcome)>) {
    let now = service.clock().now();
    let mut known = service.runs().lock();
    while let Some(ready) = known.scheduler.take(now) {
        let (service, school) = (service.clone(), ready.school.as_str().to_owned());
        ticks.spawn(async move {
            let outcome = tick(&service, &school).await;
            (school, outcome)
        });
    }
    let metrics = service.metrics();
    metrics.running.set(i64::try_from(known.scheduler.running()).unwrap_or(i64::MAX));
    metrics.lag.set(known.scheduler.lag(now).as_seconds_f64());
}

/// How long nothing is due.
fn pause(service: &Service) -> Duration {
    let next = service.runs().lock().scheduler.next_moment();
    let left = next.map(|next| (next - service.clock().now()).to_std().unwrap_or_default());
    left.unwrap_or(LOOKS_EVERY).min(LOOKS_EVERY)
}

fn hear(service: &Service, call: Call) {
    let now = service.clock().now();
    let mut known = service.runs().lock();
    match call {
        Call::Add(school, every, is_paused) => {
            let id = SchoolId::new(school);
            if known.scheduler.school(&id).is_none() {
                known.scheduler.add(&id, every, First::Changed, now);
            }
            known.scheduler.set_update_frequency(&id, every);
            if is_paused {
                known.scheduler.pause(&id);
            } else {
                known.scheduler.wake(&id, Wake::Changed, now);
            }
            service.metrics().schools.set(i64::try_from(known.scheduler.schools().count()).unwrap_or(i64::MAX));
        }
        Call::Pause(school, true) => known.scheduler.pause(&SchoolId::new(school)),
        Call::Pause(school, false) => known.scheduler.resume(&SchoolId::new(school), now),
        Call::Wake(school, wake) => _ = known.scheduler.wake(&SchoolId::new(school), wake, now),
    }
}

fn end(service: &Service, ended: Result<(String, Outcome), tokio::task::JoinError>) {
    match ended {
        Ok((school, outcome)) => {
            let now = service.clock().now();
            service.runs().lock().scheduler.ended(&SchoolId::new(school), outcome, now);
        }
        // The school's tick never ends for the schedule, so the process must not go on as if nothing had happened.
        Err(error) => {
            tracing::error!(%error, "a tick's task failed; its school rests until the service is started again")
        }
    }
}

/// Makes one tick of a school, and delivers what it committed.
async fn tick(service: &Service, id: &str) -> Outcome {
    let school = match service.school_if_any(id).await {
        Ok(Some(school)) => school,
        Ok(None) => {
            service.runs().forget(id);
            return Outcome::Rests(host::school::NextTurn::NotBeforeAChange);
        }
        Err(error) => return told(service, id, &Err(CallFailure::Storage(error))),
    };
    let step = school.school.step(BUDGET).await;
    school.committed.notify_waiters();
    service.mailing().read_password();
    deliver_mails(school);
    told(service, id, &step)
}

/// Notes and counts what became of a step.
fn told(service: &Service, id: &str, step: &Result<StepReport, CallFailure>) -> Outcome {
    let mut known = service.runs().lock();
    match step {
        Ok(step) => {
            known.errors.remove(id);
            if let Some(tick) = &step.tick {
                service.metrics().marks.inc_by(tick.marks_written.into());
                let failed = tick.tallies.iter().map(|tally| u64::from(tally.failed_requests)).sum();
                service.metrics().failed_requests.inc_by(failed);
            }
        }
        Err(failure) => {
            tracing::error!(school = id, %failure, "a tick failed");
            known.errors.insert(id.to_owned(), failure.to_string());
        }
    }
    Outcome::of(step)
}

/// Mails leave by a task of their own: a mail server that hangs holds up no tick.
fn deliver_mails(school: Arc<OpenSchool>) {
    tokio::spawn(async move { school.deliver_mails().await });
}

/// Adds every school of the registry to the schedule, each at its own update.
async fn add_all(service: &Service) {
    let mut after: Option<String> = None;
    loop {
        let page = match service.registry().list(after.as_deref(), PAGE).await {
            Ok(page) => page,
            Err(error) => {
                tracing::error!(%error, "the registry cannot be read; trying again");
                wait(LOOKS_EVERY).await;
                continue;
            }
        };
        for (id, registered) in &page {
            let settings = service.schools().open(id, registered).book.settings_if_any().await;
            let every = settings.ok().flatten().map_or(5, |settings| settings.update_every_minutes);
            let mut known = service.runs().lock();
            let school = SchoolId::from(id.as_str());
            known.scheduler.add(&school, every, First::AtUpdate, service.clock().now());
            if registered.paused {
                known.scheduler.pause(&school);
            }
            service.metrics().schools.set(i64::try_from(known.scheduler.schools().count()).unwrap_or(i64::MAX));
        }
        match page.last() {
            Some((last, _)) if page.len() == PAGE => after = Some(last.clone()),
            _ => return,
        }
    }
}

/// Waits in real time. Only the runner and the watchdog do.
#[allow(clippy::disallowed_methods)]
async fn wait(time: Duration) {
    tokio::time::sleep(time).await;
}
