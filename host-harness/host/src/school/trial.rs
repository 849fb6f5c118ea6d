//! The trial of a new component. Until one of its calls returned something to keep, it can be left without a trace: then ten
//! calls that were stopped bring the component before back. From the first call that is kept on, what is stored may be what
//! only the new one reads, and there is no way back but a backup. Not here: where verdicts are kept, and who is told.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;

use super::CallFailure;
use super::host::Shared;
use crate::engine::Engine;
use crate::observer::Export;
use crate::store::StoreError;

/// How many calls are stopped before a component is left.
const STOPPED: u32 = 10;

/// How a trial ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// A call returned, and what it wrote is kept: the component stays, whatever its later calls do.
    Works,
    /// Call after call was stopped, and nothing was kept: the component before runs.
    Left,
}

/// Keeps the verdict on a component, for all processes that run it on one storage.
#[async_trait]
pub trait Verdicts: Send + Sync {
    /// Gives the verdict, durable at once. If one was given before, by whichever process, that one stands and is returned.
    async fn give(&self, verdict: Verdict) -> Result<Verdict, StoreError>;
}

/// A component on trial, with the one before.
pub struct Trial {
    before: Engine,
    verdicts: Arc<dyn Verdicts>,
    stopped: AtomicU32,
    verdict: OnceLock<Verdict>,
}

impl Trial {
    /// The trial of the component of a host's engine, with the engine of the component before.
    pub fn new(before: Engine, verdicts: Arc<dyn Verdicts>) -> Self {
        Self { before, verdicts, stopped: AtomicU32::new(0), verdict: OnceLock::new() }
    }

    async fn settle(&self, verdict: Verdict) -> Result<Verdict, StoreError> {
        if let Some(verdict) = self.verdict.get() {
            return Ok(*verdict);
        }
        let stands = self.verdicts.give(verdict).await?;
        Ok(*self.verdict.get_or_init(|| stands))
    }
}

impl Shared {
    /// The engine of the component that calls beginning now run.
    pub(super) fn engine_now(&self) -> &Engine {
        let left = self.config.trial.as_ref().filter(|trial| trial.verdict.get() == Some(&Verdict::Left));
        left.map_or(&self.engine, |trial| &trial.before)
    }

    /// What becomes of an answer of a component that may be on trial, before anything of it is kept. The verdict comes
    /// first, so that no process leaves a component of which another keeps something.
    pub(super) async fn judged<T>(
        &self,
        engine: &Engine,
        export: Export,
        answer: Result<T, CallFailure>,
    ) -> Result<T, CallFailure> {
        let trial = self.config.trial.as_ref().filter(|_| engine.is(&self.engine));
        let Some(trial) = trial.filter(|trial| trial.verdict.get() != Some(&Verdict::Works)) else { return answer };
        match &answer {
            // A call that only reads keeps nothing.
            Ok(_) if !export.only_reads() && trial.settle(Verdict::Works).await? == Verdict::Left => {
                Err(CallFailure::Trapped("its component was left while it ran".to_owned()))
            }
            Err(CallFailure::Trapped(_)) if trial.stopped.fetch_add(1, Ordering::Relaxed) + 1 >= STOPPED => {
                // The call has failed already; the next one that is stopped asks again.
                if let Err(error) = trial.settle(Verdict::Left).await {
                    tracing::error!(%error, "the verdict on a component could not be kept");
                }
                answer
            }
            _ => answer,
        }
    }
}
