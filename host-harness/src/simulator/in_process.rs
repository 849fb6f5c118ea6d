//! The simulator behind the door of this very process: what virtual time runs on.
//!
//! The only file of this room that knows the host: it speaks the door's [`Transport`] and reads the host's clock.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use super::{Delivery, Simulator};
use crate::clock::Clock;
use crate::door::{Answer, Outgoing, Transport, TransportError};

/// Carries requests to a simulator without a network.
pub struct InProcess {
    simulator: Arc<Mutex<Simulator>>,
    clock: Arc<dyn Clock>,
    time_out: Duration,
}

impl InProcess {
    /// A transport that says after `time_out` that no answer came; it does not wait that long.
    pub fn new(
        simulator: Arc<Mutex<Simulator>>,
        clock: Arc<dyn Clock>,
        time_out: Duration,
    ) -> Self {
        Self {
            simulator,
            clock,
            time_out,
        }
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let now = self.clock.now();
        let handled = self
            .simulator
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .handle(now, &outgoing.request);
        match handled.delivery {
            Delivery::Whole => Ok(Answer {
                response: handled.response,
                latency: handled.latency,
            }),
            Delivery::Cut => Err(TransportError::Cut),
            Delivery::Never => Err(TransportError::TimedOut(self.time_out)),
        }
    }
}
