//! The façade for an embedding program: a [`Host`] for the process, a [`School`] for each school, and on a school the
//! four calls. One call is one fresh instance and one unit of work, committed if and only if the export returned ok.
//!
//! Not here: when to call (the embedding program), and the rules of the four calls (the plugin).

mod answer;
mod failing;
mod failure;
mod feed;
mod host;
mod report;
mod review;
mod short;
mod span;
mod trial;
mod turn;

use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument as _;

use crate::bindings::Plugin;
pub use crate::bindings::exports::gegi::coursekey::integration::{
    AttendanceOutcome, Budget, CallError, CourseChange, CourseOutcome, CourseStatus, Disposition, RequestKind,
    StatusPage, StatusQuery, Tally, TickReport,
};
use crate::door::{Denial, Door, DoorParts, Grant};
use crate::engine::{Call, CallEnd, CallStart, CallTime, Exported, Exports, NoPlace, PlaceOf};
use crate::gegi::SchoolSettings;
use crate::limits::Stopwatch;
use crate::meter::Meter;
use crate::observer::{EndedCall, Ending, Export};
use crate::outbox::{DeliveryReport, LaneReport};
use crate::push::{Push, verify};
use crate::store::{Lane, SchoolGate, SchoolId, Standing, StoreError, UnitOfWork};
pub use failure::{CallFailure, Next};
use host::Shared;
pub use host::{Gegi, Host, HostConfig};
pub use review::{
    AttendedVisit, Checked, ClassStudent, CoursePage, CoursePreview, CourseStudent, Decided, Decision, DecisionOutcome,
    ExplainedRow, Explanation, Finding, GuardedKind, HeldRow, Hold, ItemAct, ItemCount, ItemKind, MOST_HOLDS,
    MOST_WATCHED, MarkAuthor, Obstacle, PlannedItem, PreviewPage, PreviewQuery, RecordVersion, SeenStudent, Sought,
    StandingMark, UNSEEN_DAYS, VersionUse, WaitingItem, WatchPage, WatchedCourse,
};
pub use trial::{Trial, Verdict, Verdicts};
pub use turn::{ATTEMPTS, AfterStep, NextTurn, StepReport, Turn, TurnFailure};

/// What became of a push.
#[derive(Debug, Clone, PartialEq)]
pub enum PushOutcome {
    /// The plugin took the push.
    Taken(AttendanceOutcome),
    /// The same push was taken before; nothing was done.
    Repeated,
}

/// One school. Cheap to clone; clones share everything, and the gate of the school keeps their calls apart.
#[derive(Clone)]
pub struct School {
    host: Arc<Shared>,
    id: SchoolId,
    gate: SchoolGate,
    gegi: Gegi,
    rest: turn::Resting,
}

impl School {
    /// The school's id.
    pub fn id(&self) -> &SchoolId {
        &self.id
    }

    /// Runs one tick, which does the work that is due. After a tick that was stopped the budget is one item, so that
    /// the item which stops the tick is found.
    ///
    /// # Errors
    /// The call left no trace; [`CallFailure::next`] says what to do.
    pub async fn tick(&self, budget: Budget) -> Result<TickReport, CallFailure> {
        let meter = Arc::default();
        let answer = self.observed(Export::Tick, &meter, self.call_tick(budget, &meter)).await;
        if let Err(failure) = &answer {
            self.count_failed_tick(failure).await;
        }
        answer
    }

    /// Counts a failed tick. A tick that keeps failing cannot tell so itself, so the host does.
    async fn count_failed_tick(&self, failure: &CallFailure) {
        if !failure.counts() {
            return;
        }
        let counted = short::undisturbed(self.short_patience(), || async {
            let settings = self.gegi.source.settings().await?;
            let mut unit = self.gate.begin_short().await?;
            failing::count(&mut unit, failure, &settings, self.host.config.clock.now());
            Ok::<_, CallFailure>(unit.commit().await?)
        });
        if let Err(error) = counted.await {
            tracing::error!(school = %self.id, %error, "a failed tick was not counted");
        }
    }

    async fn call_tick(&self, budget: Budget, meter: &Arc<Meter>) -> Result<TickReport, CallFailure> {
        let mut unit = self.gate.begin_tick().await?;
        if unit.records_are_full() {
            return Err(CallFailure::Full);
        }
        let items = if unit.follows_aborted_tick() { 1 } else { budget.items };
        let settings = self.gegi.source.settings().await?;
        // A run in virtual time must not depend on how long it waits in real time.
        let is_virtual = self.host.config.clock.is_virtual();
        let asked = Stopwatch::start();
        let patience = Duration::from_secs(budget.seconds.into()) / 2;
        let engine = self.host.engine_now().clone();
        let place = engine.place(PlaceOf::Tick, (!is_virtual).then_some(patience)).await?;
        let waited = if is_virtual { 0 } else { u32::try_from(asked.elapsed().as_secs()).unwrap_or(u32::MAX) };
        // What the tick waited is taken from its budget, so that it plans with the seconds that it has.
        let budget = Budget { items, seconds: budget.seconds.saturating_sub(waited) };
        let deadline = Duration::from_secs(budget.seconds.into()) + self.host.engine.limits().sandbox.tick_grace;
        // Committed only if the tick returns.
        failing::end(&mut unit, &settings, self.host.config.clock.now());
        let grant = self.host.config.grant(&settings);
        let time = CallTime { engine, place, deadline, asked: Stopwatch::start() };
        let start = self.start(unit, settings, grant, time, meter);
        let check = |report: &TickReport| answer::check_tick(report, self.host.engine.limits());
        self.run(Export::Tick, start, check, move |plugin: &Plugin, store| {
            Box::pin(plugin.gegi_coursekey_integration().call_on_tick(store, budget))
        })
        .await
    }

    /// Tells the plugin that a course was saved or removed in GEGI. Safe to repeat.
    ///
    /// # Errors
    /// The call left no trace; [`CallFailure::next`] says what to do.
    pub async fn course_changed(&self, change: CourseChange) -> Result<CourseOutcome, CallFailure> {
        let meter = Arc::default();
        let call = || async {
            let (start, change) = (self.start_short(&meter).await?, change.clone());
            let check = |_: &CourseOutcome| Ok(());
            self.run(Export::CourseChanged, start, check, move |plugin: &Plugin, store| {
                Box::pin(
                    async move { plugin.gegi_coursekey_integration().call_on_course_changed(store, &change).await },
                )
            })
            .await
        };
        self.observed(Export::CourseChanged, &meter, short::undisturbed(self.short_patience(), call)).await
    }

    /// Takes a push that CourseKey sent for a campus, if one of the campus's keys signed the push within the
    /// tolerance. Safe to repeat: a push that was taken before is not taken again.
    ///
    /// # Errors
    /// The push is not to be believed, or the call left no trace. [`CallFailure::status`] is the answer for
    /// CourseKey, which sends the push again.
    pub async fn attendance_received(&self, campus: &str, push: Push) -> Result<PushOutcome, CallFailure> {
        let meter = Arc::default();
        let call = self.call_attendance_received(campus, push, &meter);
        self.observed(Export::AttendanceReceived, &meter, call).await
    }

    async fn call_attendance_received(
        &self,
        campus: &str,
        push: Push,
        meter: &Arc<Meter>,
    ) -> Result<PushOutcome, CallFailure> {
        let (keys, now) = (self.gegi.credentials.push_keys(campus), self.host.config.clock.now());
        let push = verify(push, campus, keys.as_ref(), now, &self.host.engine.limits().push)?;
        let check = |outcome: &AttendanceOutcome| answer::check_attendance(*outcome, push.body.len());
        short::undisturbed(self.short_patience(), || async {
            let mut start = self.start_short(meter).await?;
            if !start.unit.takes_push(push.id).await? {
                return Ok(PushOutcome::Repeated);
            }
            let (signer, body) = (campus.to_owned(), push.body.clone());
            let taken = self.run(Export::AttendanceReceived, start, check, move |plugin: &Plugin, store| {
                Box::pin(async move {
                    plugin.gegi_coursekey_integration().call_on_attendance_received(store, &signer, &body).await
                })
            });
            Ok(PushOutcome::Taken(taken.await?))
        })
        .await
    }

    /// The Synchronization with CourseKey Status of courses.
    ///
    /// # Errors
    /// Nothing was read; [`CallFailure::next`] says what to do.
    pub async fn statuses(&self, query: StatusQuery) -> Result<Vec<CourseStatus>, CallFailure> {
        let check = |statuses: &Vec<CourseStatus>| answer::check_statuses(&query, statuses);
        let meter = Arc::default();
        let call = || async {
            let (start, query) = (self.start_short(&meter).await?, query.clone());
            self.run(Export::Statuses, start, check, move |plugin: &Plugin, store| {
                Box::pin(async move { plugin.gegi_coursekey_integration().call_get_status(store, &query).await })
            })
            .await
        };
        self.observed(Export::Statuses, &meter, short::undisturbed(self.short_patience(), call)).await
    }

    /// Delivers everything that the calls committed: records and mails, each lane in order and beside the other, each
    /// item with its stable id.
    ///
    /// # Errors
    /// The store failed; items that were delivered and not acknowledged are delivered again, with the same ids.
    pub async fn deliver(&self) -> Result<DeliveryReport, CallFailure> {
        Ok(self.gate.deliver(self.gegi.records.as_ref(), self.gegi.mails.as_ref()).await?)
    }

    /// Delivers the lane of records alone.
    ///
    /// # Errors
    /// As [`School::deliver`].
    pub async fn deliver_records(&self) -> Result<LaneReport, CallFailure> {
        Ok(self.gate.deliver_records(self.gegi.records.as_ref()).await?)
    }

    /// Delivers the lane of mails alone.
    ///
    /// # Errors
    /// As [`School::deliver`].
    pub async fn deliver_mails(&self) -> Result<LaneReport, CallFailure> {
        Ok(self.gate.deliver_mails(self.gegi.mails.as_ref()).await?)
    }

    /// The school's standing: usage, latest commit, failed ticks.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn standing(&self) -> Result<Standing, CallFailure> {
        Ok(self.gate.standing().await?)
    }

    /// How full a lane is, in percent of what may wait.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn filled_percent(&self, lane: Lane, standing: &Standing) -> Result<u64, CallFailure> {
        Ok(self.gate.filled_percent(lane, standing).await?)
    }

    /// Takes the school over from every other host on the same storage: the store refuses the commits of those hosts'
    /// ticks from now on.
    ///
    /// # Errors
    /// The store failed.
    pub async fn take_over(&self) -> Result<u64, CallFailure> {
        Ok(self.gate.take_over().await?)
    }

    /// Holds the school with the fence of a lease, which the store has already raised (`store::lease`): ticks that
    /// begin from now on carry this fence.
    ///
    pub fn hold(&self, fence: u64) {
        self.gate.hold(fence);
    }

    /// Runs a call in a span of its own, and tells the observer and the log how it ended and what it cost.
    async fn observed<T>(
        &self,
        export: Export,
        meter: &Meter,
        call: impl Future<Output = Result<T, CallFailure>>,
    ) -> Result<T, CallFailure> {
        let span = span::begin(&self.id, export);
        let watch = Stopwatch::start();
        // On the heap, because each layer around a call would hold all of it once more.
        let answer = meter.running(Box::pin(call)).instrument(span.clone()).await;
        let ending = answer.as_ref().err().map_or(Ending::Ok, CallFailure::ending);
        let ended = EndedCall { school: &self.id, export, took: watch.elapsed(), ending, cost: meter.cost() };
        self.host.config.observer.call_ended(&ended);
        span::end(&span, &ended);
        answer
    }

    /// How long the component takes to be instantiated and dropped with nothing called. Benchmarks put the cost of a call
    /// beside this floor.
    ///
    /// # Errors
    /// GEGI or the store could not be read, or there is no place for an instance.
    pub async fn time_bare_instantiation(&self) -> Result<Duration, CallFailure> {
        let start = self.start_short(&Arc::default()).await?;
        let engine = start.time.engine.clone();
        let timed = engine.time_bare(*start).await;
        timed.map_err(|error| CallFailure::Trapped(error.root_cause().to_string()))
    }

    /// How long a short call is made again that others overtake.
    fn short_patience(&self) -> Duration {
        self.host.engine.limits().sandbox.short_call
    }

    async fn start_short(&self, meter: &Arc<Meter>) -> Result<Box<CallStart>, CallFailure> {
        // GEGI is asked before the call begins, because nobody else in this process can commit for the school while a
        // short call runs.
        let settings = self.gegi.source.settings().await?;
        let deadline = self.host.engine.limits().sandbox.short_call;
        let (asked, patience) = (Stopwatch::start(), deadline / 2);
        // First the school's turn, then a place: the calls of one school that wait for their turn take no place from
        // other schools.
        let unit = tokio::time::timeout(patience, self.gate.begin_short()).await.map_err(|_| NoPlace(patience))??;
        let left = patience.saturating_sub(asked.elapsed());
        let engine = self.host.engine_now().clone();
        let place = engine.place(PlaceOf::ShortCall, Some(left)).await.map_err(|_| NoPlace(patience))?;
        Ok(self.start(unit, settings, Err(Denial::Offline), CallTime { engine, place, deadline, asked }, meter))
    }

    /// Starts a call that looks at CourseKey because somebody asks: it runs beside ticks and short calls, sends GET alone and
    /// commits nothing.
    async fn start_look(&self, meter: &Arc<Meter>) -> Result<Box<CallStart>, CallFailure> {
        let settings = self.gegi.source.settings().await?;
        let limits = &self.host.engine.limits().sandbox;
        let unit = self.gate.begin_look().await?;
        let (engine, asked) = (self.host.engine_now().clone(), Stopwatch::start());
        let patience = limits.short_call / 2;
        let place = engine.place(PlaceOf::ShortCall, Some(patience)).await.map_err(|_| NoPlace(patience))?;
        let grant = self.host.config.grant(&settings).map(Grant::reading);
        Ok(self.start(unit, settings, grant, CallTime { engine, place, deadline: limits.look, asked }, meter))
    }

    fn start(
        &self,
        unit: UnitOfWork,
        settings: SchoolSettings,
        grant: Result<Grant, Denial>,
        time: CallTime,
        meter: &Arc<Meter>,
    ) -> Box<CallStart> {
        let config = &self.host.config;
        let parts = DoorParts {
            school: self.id.clone(),
            transport: Arc::clone(&config.transport),
            credentials: Arc::clone(&self.gegi.credentials),
            header: config.credential_header.clone(),
            log: Arc::clone(&self.gegi.request_log),
            clock: Arc::clone(&config.clock),
            observer: Arc::clone(&config.observer),
            limits: self.host.engine.limits().http.clone(),
            meter: Arc::clone(meter),
        };
        // On the heap, because it goes through several futures.
        Box::new(CallStart {
            unit,
            source: Arc::clone(&self.gegi.source),
            settings,
            door: Door::new(parts, grant),
            clock: Arc::clone(&config.clock),
            time,
            meter: Arc::clone(meter),
        })
    }

    /// Runs an export on the caller's task, and commits or discards its writes. On a runtime of many threads a caller
    /// spawns a task for each school's turn, because wasm is slow on the thread that blocks on the runtime.
    async fn run<E, T, F>(
        &self,
        export: Export,
        start: Box<CallStart>,
        check: impl FnOnce(&T) -> Result<(), String>,
        call: F,
    ) -> Result<T, CallFailure>
    where
        E: Exports,
        T: Send + 'static,
        F: for<'a> FnOnce(&'a E, &'a mut wasmtime::Store<Call>) -> Exported<'a, T> + Send + 'static,
    {
        // On the heap: a call holds all the state of its host functions.
        let engine = start.time.engine.clone();
        let CallEnd { outcome, unit } = Box::pin(engine.run(*start, call)).await;
        let checked = outcome.map_err(CallFailure::from).and_then(|answer| match check(&answer) {
            Ok(()) => Ok(answer),
            Err(why) => Err(CallFailure::Trapped(why)),
        });
        let failure = match self.host.judged(&engine, export, checked).await {
            Ok(answer) => {
                unit.commit().await?;
                return Ok(answer);
            }
            // What failed the call is that it could not read any more.
            Err(_) if unit.is_overtaken() => StoreError::Overtaken.into(),
            Err(failure) => failure,
        };
        // Nothing is committed in either case; only the note of what the call was working on may stay.
        let noted = if failure.is_abort() { unit.abort().await } else { unit.discard().await };
        if let Err(error) = noted {
            tracing::error!(school = %self.id, %error, "the note of an aborted call was not kept as it should be");
        }
        Err(failure)
    }
}
