//! One call: the state on which the host's functions work while the call runs, and its run in a fresh instance under
//! limits.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use wasmtime::component::ResourceTable;
use wasmtime::{ResourceLimiter, Store, StoreLimits, StoreLimitsBuilder, UpdateDeadline};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::guest_log::GuestLog;
use super::places::Place;
use super::{Engine, wasi};
use crate::bindings::Plugin;
use crate::bindings::exports::gegi::coursekey::integration::CallError;
use crate::clock::Clock;
use crate::door::Door;
use crate::gegi::{SchoolSettings, SchoolSource};
use crate::limits::{Limits, SandboxLimits, Stopwatch};
use crate::meter::Meter;
use crate::store::{StoreError, UnitOfWork};

/// Everything a call is given.
pub(crate) struct CallStart {
    pub(crate) unit: UnitOfWork,
    pub(crate) source: Arc<dyn SchoolSource>,
    /// The settings are read once, so that the whole call sees the same settings.
    pub(crate) settings: SchoolSettings,
    pub(crate) door: Door,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) time: CallTime,
    pub(crate) meter: Arc<Meter>,
}

/// Where and how long a call may run.
pub(crate) struct CallTime {
    /// The engine of which it is a place.
    pub(crate) engine: Engine,
    /// The place in which the call runs.
    pub(crate) place: Place,
    /// The real time that the call may take.
    pub(crate) deadline: Duration,
    /// Since when that time runs.
    pub(crate) asked: Stopwatch,
}

impl CallTime {
    /// What is left of the time that the call may take.
    fn left(&self) -> Duration {
        self.deadline.saturating_sub(self.asked.elapsed())
    }
}

/// The end of a call: its answer, and its unit of work, which the caller commits or not.
pub(crate) struct CallEnd<T> {
    pub(crate) outcome: Result<T, Broken>,
    pub(crate) unit: UnitOfWork,
}

/// Why a call has no answer.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The export returned an error.
    Refused(CallError),
    /// The guest did something that the sandbox forbids, or gave up.
    Trapped(String),
    /// The guest ran longer than this.
    TooLong(Duration),
    /// The host could not read or write its storage on the guest's behalf.
    Storage(StoreError),
}

/// The state on which the host's functions work.
pub(crate) struct Call {
    pub(super) unit: UnitOfWork,
    pub(super) source: Arc<dyn SchoolSource>,
    pub(super) settings: SchoolSettings,
    /// The notes that the call may still leave.
    pub(super) notes_left: u32,
    door: Door,
    wasi: WasiCtx,
    http: WasiHttpCtx,
    resources: ResourceTable,
    memory: Memory,
    pub(super) meter: Arc<Meter>,
}

/// The interface has nouns only; the bindings ask for this implementation nevertheless.
impl crate::bindings::nouns::Host for Call {}

impl WasiView for Call {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        WasiCtxView { ctx: &mut self.wasi, table: &mut self.resources }
    }
}

impl WasiHttpView for Call {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        WasiHttpCtxView { hooks: &mut self.door, table: &mut self.resources, ctx: &mut self.http }
    }
}

/// An export that is running. The outer error is a trap or an error of the host, the inner error is the export's own.
pub(crate) type Exported<'a, T> = Pin<Box<dyn Future<Output = wasmtime::Result<Result<T, CallError>>> + Send + 'a>>;

impl Engine {
    /// Runs an export in a fresh instance. Commits nothing.
    pub(crate) async fn run<T, F>(&self, start: CallStart, export: F) -> CallEnd<T>
    where
        F: for<'a> FnOnce(&'a Plugin, &'a mut Store<Call>) -> Exported<'a, T>,
    {
        let log = GuestLog::new(self.0.limits.sandbox.log_bytes);
        let (deadline, left) = (start.time.deadline, start.time.left());
        let (mut store, place) = self.store(start, &log);
        let outcome = match tokio::time::timeout(left, self.call(&mut store, export)).await {
            Ok(Ok(Ok(answer))) => Ok(answer),
            Ok(Ok(Err(refused))) => Err(Broken::Refused(refused)),
            Ok(Err(error)) => Err(broken(error)),
            Err(_) => Err(Broken::TooLong(deadline)),
        };
        tell(&outcome);
        log.flush();
        let unit = store.into_data().unit;
        // Now that the instance is gone.
        drop(place);
        CallEnd { outcome, unit }
    }

    async fn call<T, F>(&self, store: &mut Store<Call>, export: F) -> wasmtime::Result<Result<T, CallError>>
    where
        F: for<'a> FnOnce(&'a Plugin, &'a mut Store<Call>) -> Exported<'a, T>,
    {
        let plugin = self.0.plugin.instantiate_async(&mut *store).await?;
        export(&plugin, store).await
    }

    /// How long the component takes to be instantiated and dropped, with nothing called: the least that any call costs.
    pub(crate) async fn time_bare(&self, start: CallStart) -> wasmtime::Result<Duration> {
        let log = GuestLog::new(self.0.limits.sandbox.log_bytes);
        let (mut store, _place) = self.store(start, &log);
        let watch = Stopwatch::start();
        self.0.plugin.instantiate_async(&mut store).await?;
        drop(store);
        Ok(watch.elapsed())
    }

    /// The store of a call, and its place, which has to be held until the store is gone.
    fn store(&self, start: CallStart, log: &GuestLog) -> (Store<Call>, Place) {
        let virtual_time = start.clock.is_virtual();
        let (deadline, left) = (start.time.deadline, start.time.left());
        let (call, place) = Call::new(start, log, &self.0.limits);
        let mut store = Store::new(&self.0.engine, call);
        store.limiter(|call| &mut call.memory);
        store.set_hostcall_fuel(self.0.limits.sandbox.host_call_bytes);
        let running = Stopwatch::start();
        store.set_epoch_deadline(1);
        store.epoch_deadline_callback(move |_| {
            if running.elapsed() > left {
                return Err(TooLong(deadline).into());
            }
            // Yielding lets other calls on this thread run. The moment of a yield depends on real time, and a run in
            // virtual time must not depend on real time.
            Ok(if virtual_time { UpdateDeadline::Continue(1) } else { UpdateDeadline::Yield(1) })
        });
        (store, place)
    }
}

impl Call {
    fn new(start: CallStart, log: &GuestLog, limits: &Limits) -> (Self, Place) {
        let sandbox = &limits.sandbox;
        let mut resources = ResourceTable::new();
        resources.set_max_capacity(sandbox.resources);
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(limits.http.header_bytes);
        let memory = Memory { limits: memory_limits(sandbox), meter: Arc::clone(&start.meter) };
        let call = Self {
            unit: start.unit,
            source: start.source,
            settings: start.settings,
            notes_left: sandbox.notes,
            door: start.door,
            wasi: wasi::context(&start.clock, log),
            http,
            resources,
            memory,
            meter: start.meter,
        };
        (call, start.time.place)
    }
}

/// Says what the guest's memory and tables may grow to, and tells the meter what the memory has grown to.
struct Memory {
    limits: StoreLimits,
    meter: Arc<Meter>,
}

impl ResourceLimiter for Memory {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let grows = self.limits.memory_growing(current, desired, maximum)?;
        if grows {
            self.meter.has_memory(desired);
        }
        Ok(grows)
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        self.limits.table_growing(current, desired, maximum)
    }

    fn instances(&self) -> usize {
        self.limits.instances()
    }

    fn tables(&self) -> usize {
        self.limits.tables()
    }

    fn memories(&self) -> usize {
        self.limits.memories()
    }
}

/// What the guest's memory and tables may grow to.
fn memory_limits(sandbox: &SandboxLimits) -> StoreLimits {
    let count = |count: u32| usize::try_from(count).unwrap_or(usize::MAX);
    StoreLimitsBuilder::new()
        .memory_size(sandbox.memory_bytes)
        .memories(1)
        .table_elements(sandbox.table_elements)
        .tables(count(sandbox.core_instances))
        .instances(count(sandbox.core_instances))
        .build()
}

/// Logs why a call was stopped, at the level that is on by default. When work is aborted again and again, customer
/// care is sent this log. Everything the plugin printed stands in the log beside, at debug level.
fn tell<T>(outcome: &Result<T, Broken>) {
    match outcome {
        Err(Broken::Trapped(reason)) => tracing::warn!(reason, "stopped the plugin; {AFTER_A_STOP}"),
        Err(Broken::TooLong(deadline)) => {
            tracing::warn!(?deadline, "stopped the plugin, which took longer than its deadline; {AFTER_A_STOP}");
        }
        // The failure that the caller gets says everything about these endings.
        Ok(_) | Err(Broken::Refused(_) | Broken::Storage(_)) => {}
    }
}

/// Says what follows a stopped call, and how to learn more.
const AFTER_A_STOP: &str =
    "after a tick the next works on one item alone; for what the plugin printed set the log to `host=debug`";

#[derive(Debug, thiserror::Error)]
#[error("stopped after {0:?}")]
struct TooLong(Duration);

/// Tells the errors of the host's functions and of the deadline from the traps of the guest. The text of a trap is
/// its first cause alone: wasmtime writes the names of the guest's functions around the cause, and only a person who
/// debugs the guest needs those.
fn broken(error: wasmtime::Error) -> Broken {
    tracing::debug!(error = format!("{error:#}"), "where the call was stopped");
    let told = error.downcast::<TooLong>().map(|TooLong(deadline)| Broken::TooLong(deadline));
    let told = told.or_else(|error| error.downcast().map(Broken::Storage));
    told.unwrap_or_else(|error| Broken::Trapped(error.root_cause().to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A module in bytes, whose function `grow` grows its table by as many elements as it is told:
    ///
    /// ```text
    /// (module
    ///   (table 1 funcref)
    ///   (func (export "grow") (param i32) (result i32) (table.grow 0 (ref.null func) (local.get 0))))
    /// ```
    const GROWING: &[u8] = b"\0asm\x01\0\0\0\
        \x01\x06\x01\x60\x01\x7f\x01\x7f\
        \x03\x02\x01\0\
        \x04\x04\x01\x70\0\x01\
        \x07\x08\x01\x04grow\0\0\
        \x0a\x0b\x01\x09\0\xd0\x70\x20\0\xfc\x0f\0\x0b";

    #[test]
    fn a_table_does_not_grow_beyond_its_limit() {
        let limits = SandboxLimits { concurrent_calls: 1, short_calls: 0, ..SandboxLimits::default() };
        let engine = wasmtime::Engine::new(&super::super::config(&limits, None).unwrap()).unwrap();
        let module = wasmtime::Module::new(&engine, GROWING).unwrap();
        let mut store = Store::new(&engine, memory_limits(&limits));
        store.limiter(|limits| limits);
        store.set_epoch_deadline(1);
        let instance = wasmtime::Instance::new(&mut store, &module, &[]).unwrap();
        let grow = instance.get_typed_func::<i32, i32>(&mut store, "grow").unwrap();
        let mut grown = |by| grow.call(&mut store, by).unwrap();
        assert_eq!((grown(19_999), grown(1), grown(i32::MAX)), (1, -1, -1));
    }
}
