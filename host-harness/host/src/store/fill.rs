//! How full a lane is. Counting reads everything that waits, so it is done when the lane may be at its limit; until then it
//! is enough to know that it cannot be: what was counted last, with all that was committed since. Not here: what happens at
//! the limit (`school`), and who is told before (`watchdog`).

use std::sync::{Mutex, PoisonError};

use super::gate::{SchoolGate, Shared};
use super::{Lane, Load, SchoolId, Standing, StoreError};
use crate::limits::StorageLimits;

/// What is known of a lane's load.
#[derive(Default)]
pub(super) struct Fill(Mutex<Option<Counted>>);

#[derive(Clone, Copy)]
struct Counted {
    /// How many items the lane had ever had.
    committed: u64,
    load: Load,
}

impl Fill {
    /// At most so much waits. It is counted if it may be this share of the limit.
    pub(super) async fn load(
        &self,
        shared: &Shared,
        school: &SchoolId,
        lane: Lane,
        committed: u64,
        percent: u64,
    ) -> Result<Load, StoreError> {
        let known = *self.lock();
        let known = known.map(|Counted { committed: then, load }| Load {
            items: load.items.saturating_add(committed.saturating_sub(then)),
            bytes: load.bytes,
        });
        if let Some(load) = known.filter(|load| shared.limits.filled_percent(lane, *load) < percent) {
            return Ok(load);
        }
        let load = shared.store.load(school, lane).await?;
        *self.lock() = Some(Counted { committed, load });
        Ok(load)
    }

    /// This process has committed so many bytes.
    pub(super) fn add(&self, bytes: usize) {
        if let Some(counted) = self.lock().as_mut() {
            counted.load.bytes = counted.load.bytes.saturating_add(u64::try_from(bytes).unwrap_or(u64::MAX));
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Counted>> {
        // Every change is one assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SchoolGate {
    /// How full a lane is, in percent of its limit, and exactly from 80 % on.
    ///
    /// # Errors
    /// The store failed.
    pub async fn filled_percent(&self, lane: Lane, standing: &Standing) -> Result<u64, StoreError> {
        let load = self.load(lane, standing, StorageLimits::TOLD_PERCENT).await?;
        Ok(self.limits().filled_percent(lane, load))
    }
}
