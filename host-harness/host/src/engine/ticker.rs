//! The thread that advances the engine's epoch. At each advance wasmtime asks the host whether a running guest may go
//! on.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::time::Duration;

/// How late the host may notice a deadline; short beside every deadline, long beside the cost of an advance.
pub(super) const PERIOD: Duration = Duration::from_millis(10);

/// The thread, which ends when this value is dropped.
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
