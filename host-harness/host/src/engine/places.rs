//! The places in which calls run: as many as the pool has memories, those of ticks apart from those of calls without
//! network. Not here: which calls of one school may run beside each other (`store::gate`).

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::Engine;
use crate::limits::SandboxLimits;

/// The free places of an engine.
pub(super) struct Places {
    ticks: Arc<Semaphore>,
    short_calls: Arc<Semaphore>,
}

/// Which calls a place is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum PlaceOf {
    Tick,
    ShortCall,
}

/// A place, free again when this value is dropped.
pub(crate) struct Place(#[expect(dead_code, reason = "held until the instance is gone")] OwnedSemaphorePermit);

/// No place became free in time. Nothing was called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NoPlace(pub(crate) Duration);

impl Places {
    pub(super) fn new(limits: &SandboxLimits) -> Self {
        let of = |count: u32| {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)))
        };
        Self { ticks: of(limits.concurrent_calls), short_calls: of(limits.short_calls) }
    }
}

impl Engine {
    /// Waits for a place; with patience no longer than that.
    pub(crate) async fn place(&self, of: PlaceOf, patience: Option<Duration>) -> Result<Place, NoPlace> {
        let places = match of {
            PlaceOf::Tick => &self.0.places.ticks,
            PlaceOf::ShortCall => &self.0.places.short_calls,
        };
        let free = Arc::clone(places).acquire_owned();
        let free = match patience {
            Some(patience) => tokio::time::timeout(patience, free).await.map_err(|_| NoPlace(patience))?,
            None => free.await,
        };
        // The semaphore is never closed.
        free.map(Place).map_err(|_| NoPlace(Duration::ZERO))
    }
}
