//! The engine with the component that this program was built with. Compiled code is kept in the user's cache folder, so
//! that it takes time once.

use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread;
use std::time::Duration;

use component::COMPONENT;
use host::engine::Engine;
use host::limits::Limits;

use super::{cache_folder, show};

/// A start from compiled code takes far less; whoever waits longer is told for what.
const QUIET: Duration = Duration::from_secs(2);

/// The component, compiled now or found in the cache folder.
pub(super) fn engine() -> anyhow::Result<Engine> {
    let cache = cache_folder().map(|folder| folder.join("gegi-coursekey"));
    let (ready, waiting) = sync_channel::<()>(1);
    thread::scope(|scope| {
        scope.spawn(move || {
            if waiting.recv_timeout(QUIET) == Err(RecvTimeoutError::Timeout) {
                show::progress("Compiling the component for this machine, once …");
            }
        });
        let engine = Engine::new(COMPONENT, Limits::default(), cache.as_deref());
        drop(ready);
        Ok(engine?)
    })
}
