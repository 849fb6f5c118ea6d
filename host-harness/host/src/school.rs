//! What an embedding program works with: a [`Host`] for the process, a [`School`] for each school, and on it the four
//! calls. One call is one fresh instance and one unit of work, committed if and only if the export returned ok.
//!
//! When to call is the scheduler's business, what the calls do the plugin's.

mod failure;
mod report;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use crate::bindings::Plugin;
pub use crate::bindings::exports::gegi::coursekey::integration::{
    AttendanceOutcome, Budget, CallError, CourseChange, CourseOutcome, CourseStatus, Disposition, RequestKind,
    StatusPage, StatusQuery, Tally, TickReport,
};
use crate::clock::Clock;
use crate::door::{CredentialHeader, CredentialSource, Denial, Door, DoorParts, Grant, RequestLog, Transport};
use crate::engine::{Call, CallEnd, CallStart, Engine, Exported};
use crate::gegi::{MailSink, RecordSink, SchoolSettings, SchoolSource};
use crate::limits::Stopwatch;
use crate::observer::{EndedCall, Ending, Export, NoObserver, Observer};
use crate::outbox::DeliveryReport;
use crate::push::{Push, verify};
use crate::store::{SchoolGate, SchoolId, Schools, Store, UnitOfWork};
pub use failure::{CallFailure, Next};
pub use turn::{ATTEMPTS, NextTurn, Turn, TurnFailure};

/// What schools share beside the engine.
#[derive(Clone)]
pub struct HostConfig {
    /// The clock of host and plugin.
    pub clock: Arc<dyn Clock>,
    /// Where schools are stored.
    pub store: Arc<dyn Store>,
    /// What carries requests to CourseKey.
    pub transport: Arc<dyn Transport>,
    /// Hears of every step that a crash could separate from the next, and of every call.
    pub observer: Arc<dyn Observer>,
    /// Where on a request CourseKey expects the key.
    pub credential_header: CredentialHeader,
    /// Whether schools may be configured to reach this machine itself; for development.
    pub loopback_allowed: bool,
}

impl HostConfig {
    /// The given clock, storage and transport; everything else as in production.
    pub fn new(clock: Arc<dyn Clock>, store: Arc<dyn Store>, transport: Arc<dyn Transport>) -> Self {
        Self {
            clock,
            store,
            transport,
            observer: Arc::new(NoObserver),
            credential_header: CredentialHeader::default(),
            loopback_allowed: false,
        }
    }
}

/// What one school's GEGI supplies and receives.
#[derive(Clone)]
pub struct Gegi {
    /// What GEGI knows.
    pub source: Arc<dyn SchoolSource>,
    /// Where the plugin's records go.
    pub records: Arc<dyn RecordSink>,
    /// Where the plugin's mails go.
    pub mails: Arc<dyn MailSink>,
    /// The keys of its campuses.
    pub credentials: Arc<dyn CredentialSource>,
    /// Where its requests are written down.
    pub request_log: Arc<dyn RequestLog>,
}

/// The engine and everything schools share. Cheap to clone.
#[derive(Clone)]
pub struct Host(Arc<Shared>);

struct Shared {
    engine: Engine,
    config: HostConfig,
    schools: Schools,
}

impl Host {
    /// A host for schools. Hosts may share an engine, never a store: each believes to be alone with its schools.
    pub fn new(engine: Engine, config: HostConfig) -> Self {
        let (store, clock) = (Arc::clone(&config.store), Arc::clone(&config.clock));
        let schools = Schools::new(store, clock, engine.limits().storage.clone(), Arc::clone(&config.observer));
        Self(Arc::new(Shared { engine, config, schools }))
    }

    /// A school. Reads and writes nothing yet.
    pub fn open(&self, id: SchoolId, gegi: Gegi) -> School {
        let gate = self.0.schools.gate(&id);
        School { host: Arc::clone(&self.0), id, gate, gegi }
    }
}

/// What became of a push.
#[derive(Debug, Clone, PartialEq)]
pub enum PushOutcome {
    /// The plugin has it.
    Taken(AttendanceOutcome),
    /// It came before; nothing was done.
    Repeated,
}

/// One school. Cheap to clone; clones share everything, and storage keeps their calls apart.
#[derive(Clone)]
pub struct School {
    host: Arc<Shared>,
    id: SchoolId,
    gate: SchoolGate,
    gegi: Gegi,
}

impl School {
    /// The school's id.
    pub fn id(&self) -> &SchoolId {
        &self.id
    }

    /// Does what is due. After a call that was stopped the budget is one item, so that the item that breaks it is found.
    ///
    /// # Errors
    /// The call left no trace; [`CallFailure::next`] says what to do.
    pub async fn tick(&self, budget: Budget) -> Result<TickReport, CallFailure> {
        self.observed(Export::Tick, self.call_tick(budget)).await
    }

    async fn call_tick(&self, budget: Budget) -> Result<TickReport, CallFailure> {
        let unit = self.gate.begin_tick().await?;
        let items = if unit.follows_aborted_tick() { 1 } else { budget.items };
        let budget = Budget { items, ..budget };
        let deadline = Duration::from_secs(budget.seconds.into()) + self.host.engine.limits().sandbox.tick_grace;
        let settings = self.gegi.source.settings().await?;
        let grant = Grant::new(&settings, self.host.config.loopback_allowed);
        let start = self.start(unit, settings, grant, deadline);
        self.run(start, move |plugin, store| Box::pin(plugin.gegi_coursekey_integration().call_on_tick(store, budget)))
            .await
    }

    /// Tells the plugin that a course was saved or removed in GEGI. Safe to repeat.
    ///
    /// # Errors
    /// The call left no trace; [`CallFailure::next`] says what to do.
    pub async fn course_changed(&self, change: CourseChange) -> Result<CourseOutcome, CallFailure> {
        self.observed(Export::CourseChanged, async {
            let start = self.start_short().await?;
            self.run(start, move |plugin, store| {
                Box::pin(
                    async move { plugin.gegi_coursekey_integration().call_on_course_changed(store, &change).await },
                )
            })
            .await
        })
        .await
    }

    /// Takes a push that CourseKey sent for a campus: one of the campus's keys signed it, a moment ago, and it did not
    /// come before. Safe to repeat.
    ///
    /// # Errors
    /// It is not to be believed, or the call left no trace. [`CallFailure::status`] is what to answer CourseKey, which
    /// sends it again.
    pub async fn attendance_received(&self, campus: &str, push: Push) -> Result<PushOutcome, CallFailure> {
        self.observed(Export::AttendanceReceived, self.call_attendance_received(campus, push)).await
    }

    async fn call_attendance_received(&self, campus: &str, push: Push) -> Result<PushOutcome, CallFailure> {
        let (keys, now) = (self.gegi.credentials.push_keys(campus), self.host.config.clock.now());
        let push = verify(push, campus, keys.as_ref(), now, &self.host.engine.limits().push)?;
        let mut start = self.start_short().await?;
        if !start.unit.takes_push(push.id).await? {
            return Ok(PushOutcome::Repeated);
        }
        let taken = self.run(start, move |plugin, store| {
            Box::pin(
                async move { plugin.gegi_coursekey_integration().call_on_attendance_received(store, &push.body).await },
            )
        });
        Ok(PushOutcome::Taken(taken.await?))
    }

    /// Synchronization with CourseKey Status of courses.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn statuses(&self, query: StatusQuery) -> Result<Vec<CourseStatus>, CallFailure> {
        self.observed(Export::Statuses, async {
            let start = self.start_short().await?;
            self.run(start, move |plugin, store| {
                Box::pin(async move { plugin.gegi_coursekey_integration().call_get_status(store, &query).await })
            })
            .await
        })
        .await
    }

    /// Hands over what the calls committed: records and mails, in order, each with its stable id.
    ///
    /// # Errors
    /// The store failed; what was handed over and not acknowledged is handed over again, with the same ids.
    pub async fn deliver(&self) -> Result<DeliveryReport, CallFailure> {
        Ok(self.gate.deliver(self.gegi.records.as_ref(), self.gegi.mails.as_ref()).await?)
    }

    /// Takes the school over from every other host on the same storage: what those commit is refused from now on.
    ///
    /// # Errors
    /// The store failed.
    pub async fn take_over(&self) -> Result<u64, CallFailure> {
        Ok(self.gate.take_over().await?)
    }

    /// Tells the observer how a call ended, and how long it took.
    async fn observed<T>(
        &self,
        export: Export,
        call: impl Future<Output = Result<T, CallFailure>>,
    ) -> Result<T, CallFailure> {
        let watch = Stopwatch::start();
        let answer = call.await;
        let ending = answer.as_ref().err().map_or(Ending::Ok, CallFailure::ending);
        self.host.config.observer.call_ended(&EndedCall { export, took: watch.elapsed(), ending });
        answer
    }

    async fn start_short(&self) -> Result<CallStart, CallFailure> {
        // GEGI is asked first: while a short call is under way nothing else of the school is committed.
        let settings = self.gegi.source.settings().await?;
        let unit = self.gate.begin_short().await?;
        Ok(self.start(unit, settings, Err(Denial::Offline), self.host.engine.limits().sandbox.short_call))
    }

    fn start(
        &self,
        unit: UnitOfWork,
        settings: SchoolSettings,
        grant: Result<Grant, Denial>,
        deadline: Duration,
    ) -> CallStart {
        let config = &self.host.config;
        let parts = DoorParts {
            transport: Arc::clone(&config.transport),
            credentials: Arc::clone(&self.gegi.credentials),
            header: config.credential_header.clone(),
            log: Arc::clone(&self.gegi.request_log),
            clock: Arc::clone(&config.clock),
            observer: Arc::clone(&config.observer),
            limits: self.host.engine.limits().http.clone(),
        };
        CallStart {
            school: self.id.to_string(),
            unit,
            source: Arc::clone(&self.gegi.source),
            settings,
            door: Door::new(parts, grant),
            clock: Arc::clone(&config.clock),
            deadline,
        }
    }

    /// Runs an export on the caller's task and decides about its writes. On a runtime of many threads a caller spawns a task
    /// for each school's turn, because wasm is slow on the thread that blocks on the runtime.
    async fn run<T, F>(&self, start: CallStart, export: F) -> Result<T, CallFailure>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a Plugin, &'a mut wasmtime::Store<Call>) -> Exported<'a, T> + Send + 'static,
    {
        let CallEnd { outcome, unit } = self.host.engine.run(start, export).await;
        let failure = match outcome {
            Ok(answer) => {
                unit.commit().await?;
                return Ok(answer);
            }
            Err(broken) => CallFailure::from(broken),
        };
        // Nothing was committed either way; what remains is the note of what the call was working on.
        let stopped = matches!(failure, CallFailure::Trapped(_) | CallFailure::TooLong(_));
        let noted = if stopped { unit.abort().await } else { unit.discard().await };
        if let Err(error) = noted {
            tracing::error!(school = %self.id, %error, "the note of an aborted call was not kept as it should be");
        }
        Err(failure)
    }
}
