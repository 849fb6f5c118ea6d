//! The part of WASI that the component gets: the host's clock, HTTP through the door, and an empty command line,
//! because Rust's standard library asks for one. Filesystem, sockets, randomness and environment are not refused:
//! they are absent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use chrono::{DateTime, Utc};
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{HostMonotonicClock, HostWallClock, WasiClocks, WasiClocksView};
use wasmtime_wasi::p2::bindings::{cli, clocks, io};
use wasmtime_wasi::{WasiCtx, WasiView};

use super::call::Call;
use super::guest_log::GuestLog;
use crate::clock::Clock;

struct Resources;

impl HasData for Resources {
    type Data<'a> = &'a mut ResourceTable;
}

pub(super) fn add_to_linker(linker: &mut Linker<Call>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<Call, Resources>(linker, |call| call.ctx().table)?;
    io::poll::add_to_linker::<Call, Resources>(linker, |call| call.ctx().table)?;
    io::streams::add_to_linker::<Call, Resources>(linker, |call| call.ctx().table)?;
    clocks::wall_clock::add_to_linker::<Call, WasiClocks>(linker, Call::clocks)?;
    clocks::monotonic_clock::add_to_linker::<Call, WasiClocks>(linker, Call::clocks)?;
    cli::environment::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::exit::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::stdin::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::stdout::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::stderr::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::terminal_input::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::terminal_output::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::terminal_stdin::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::terminal_stdout::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    cli::terminal_stderr::add_to_linker::<Call, WasiCli>(linker, Call::cli)?;
    wasmtime_wasi_http::p2::add_only_http_to_linker_async(linker)
}

/// The WASI context of one call: the host's clock, an empty environment, output into `log`.
pub(super) fn context(clock: &Arc<dyn Clock>, log: &GuestLog) -> WasiCtx {
    WasiCtx::builder()
        .wall_clock(WallClock(Arc::clone(clock)))
        .monotonic_clock(MonotonicClock { clock: Arc::clone(clock), start: clock.now(), latest: AtomicU64::new(0) })
        .stdout(log.clone())
        .stderr(log.clone())
        .build()
}

/// The resolution that both clocks promise; the guest reckons in seconds.
const RESOLUTION: Duration = Duration::from_millis(1);

struct WallClock(Arc<dyn Clock>);

impl HostWallClock for WallClock {
    fn resolution(&self) -> Duration {
        RESOLUTION
    }

    fn now(&self) -> Duration {
        (self.0.now() - DateTime::<Utc>::UNIX_EPOCH).to_std().unwrap_or_default()
    }
}

/// Nanoseconds since the call began, by the host's clock. The count never goes back when the machine's clock is set.
struct MonotonicClock {
    clock: Arc<dyn Clock>,
    start: DateTime<Utc>,
    latest: AtomicU64,
}

impl HostMonotonicClock for MonotonicClock {
    fn resolution(&self) -> u64 {
        u64::try_from(RESOLUTION.as_nanos()).unwrap_or(u64::MAX)
    }

    fn now(&self) -> u64 {
        let passed = (self.clock.now() - self.start).to_std().unwrap_or_default();
        let passed = u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX);
        self.latest.fetch_max(passed, Ordering::Relaxed).max(passed)
    }
}
