//! The engine: compiles the component once, links it to the imports that its world names and to nothing else, and
//! runs each call in a fresh instance. Not here: the meaning of a call, and whether its writes are committed
//! (`school.rs`).

mod call;
mod email;
mod exports;
mod guest_log;
mod places;
mod records;
mod school;
mod state;
mod ticker;
mod wasi;

use std::path::Path;
use std::sync::Arc;

use wasmtime::component::{Component, HasSelf, Linker};
use wasmtime::{Cache, CacheConfig, Config, Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

use crate::bindings::PluginPre;
use crate::bindings::review_alone::ReviewAlonePre;
use crate::limits::{Limits, SandboxLimits};
use crate::private;
pub(crate) use call::{Broken, Call, CallEnd, CallStart, CallTime};
pub(crate) use exports::{Exported, Exports};
use places::Places;
pub(crate) use places::{NoPlace, PlaceOf};
use ticker::Ticker;

/// The compiled component with everything that all its calls share. A process needs one engine; cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Compiled>);

struct Compiled {
    engine: wasmtime::Engine,
    plugin: PluginPre<Call>,
    /// The exports of `review`; none: the component fits the world `plugin` alone.
    review: Option<ReviewAlonePre<Call>>,
    component: Component,
    limits: Limits,
    places: Places,
    _ticker: Ticker,
}

/// Why the engine could not be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The machine does not support an engine with these limits.
    #[error(
        "set up the sandbox: {0:#}; lower `concurrent_calls`, `short_calls` or `memory_bytes` if address space is short"
    )]
    Setup(wasmtime::Error),
    /// The directory for compiled code cannot be used.
    #[error("use the directory for compiled code: {0:#}; name another, or none")]
    Cache(wasmtime::Error),
    /// The bytes are no component.
    #[error("compile the component: {0:#}; it must be a WebAssembly component for wasm32-wasip2")]
    Compile(wasmtime::Error),
    /// The component does not fit the world `gegi:coursekey/plugin`.
    #[error("link the component: {0:#}; it must import and export what wit/world.wit says and nothing else")]
    Link(wasmtime::Error),
}

impl Engine {
    /// Compiles and links a component. With a directory, the compiled code is kept there and used again.
    ///
    /// # Errors
    /// The component or the machine is not fit for the engine.
    pub fn new(component: &[u8], limits: Limits, compiled_code: Option<&Path>) -> Result<Self, EngineError> {
        let engine = wasmtime::Engine::new(&config(&limits.sandbox, compiled_code)?).map_err(EngineError::Setup)?;
        let component = Component::new(&engine, component).map_err(EngineError::Compile)?;
        let mut linker = Linker::new(&engine);
        wasi::add_to_linker(&mut linker).map_err(EngineError::Link)?;
        crate::bindings::Plugin::add_to_linker::<Call, HasSelf<Call>>(&mut linker, |call| call)
            .map_err(EngineError::Link)?;
        let ready = linker.instantiate_pre(&component).map_err(EngineError::Link)?;
        let review = ReviewAlonePre::new(ready.clone()).ok();
        let plugin = PluginPre::new(ready).map_err(EngineError::Link)?;
        let ticker = Ticker::start(&engine);
        let places = Places::new(&limits.sandbox);
        Ok(Self(Arc::new(Compiled { engine, plugin, review, component, limits, places, _ticker: ticker })))
    }

    /// Whether this is the other engine.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// The limits every call runs under.
    pub fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Names of the interfaces that the component imports, in the component's order.
    pub fn imports(&self) -> Vec<String> {
        let ty = self.0.component.component_type();
        ty.imports(&self.0.engine).map(|(name, _)| name.to_owned()).collect()
    }
}

fn config(limits: &SandboxLimits, compiled_code: Option<&Path>) -> Result<Config, EngineError> {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .max_wasm_stack(limits.stack_bytes)
        .async_stack_size(limits.stack_bytes + HOST_STACK_BYTES)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool(limits)));
    if let Some(directory) = compiled_code {
        // Compiled code runs outside of the sandbox, so it is loaded only from where nobody else can put it.
        let refused = |error: std::io::Error| EngineError::Cache(wasmtime::Error::msg(error));
        private::create_folder(directory).and_then(|()| private::check_folder(directory)).map_err(refused)?;
        let mut cache = CacheConfig::new();
        cache.with_directory(directory);
        config.cache(Some(Cache::new(cache).map_err(EngineError::Cache)?));
    }
    Ok(config)
}

/// Stack beside the guest's own: the host's functions use this stack when the guest calls them.
const HOST_STACK_BYTES: usize = 1024 * 1024;

fn pool(limits: &SandboxLimits) -> PoolingAllocationConfig {
    let calls = limits.concurrent_calls.saturating_add(limits.short_calls);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(limits.core_instances))
        .max_core_instances_per_component(limits.core_instances)
        .total_memories(calls)
        .max_memories_per_component(1)
        .max_memory_size(limits.memory_bytes)
        .total_tables(calls.saturating_mul(limits.core_instances))
        .max_tables_per_component(limits.core_instances)
        .table_elements(limits.table_elements)
        .total_stacks(calls)
        .linear_memory_keep_resident(limits.memory_kept_bytes)
        // Without it the pages of every table are given back after each call and come back by page faults.
        .table_keep_resident(limits.table_kept_bytes)
        .pagemap_scan(Enabled::Auto);
    pool
}
