//! The thread that advances the engine's epoch, so that a running guest is asked every ten milliseconds whether it may
//! go on.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How late a deadline may be noticed; short beside any deadline, long beside the cost of a tick.
pub(super) const PERIOD: Duration = Duration::from_millis(10);

/// Ends its thread when it is dropped.
pub(super) struct Ticker {
    _alive: Sender<()>,
}

impl Ticker {
    pub(super) fn start(engine: &wasmtime::Engine) -> Self {
        let engine = engine.weak();
        let (alive, ended) = channel::<()>();
        std::thread::spawn(move || {
            while ended.recv_timeout(PERIOD) == Err(RecvTimeoutError::Timeout) {
                let Some(engine) = engine.upgrade() else {
                    break;
                };
                engine.increment_epoch();
            }
        });
        Self { _alive: alive }
    }
}
