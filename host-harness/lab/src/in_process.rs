//! The simulated CourseKey behind the host's door, in this process and without a network; runs in virtual time use
//! this transport. It joins two crates that do not know each other: the host's [`Transport`] and the [`Simulator`].

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;

use host::clock::Clock;
use host::door::{Answer, Outgoing, Transport, TransportError};
use simulator::{Delivery, Simulator};

/// Carries requests to a simulator without a network.
pub struct InProcess {
    simulator: Arc<Mutex<Simulator>>,
    clock: Arc<dyn Clock>,
    time_out: Duration,
}

impl InProcess {
    /// A transport that reports after `time_out` of virtual time that no answer came, without waiting that long.
    pub fn new(simulator: Arc<Mutex<Simulator>>, clock: Arc<dyn Clock>, time_out: Duration) -> Self {
        Self { simulator, clock, time_out }
    }
}

#[async_trait]
impl Transport for InProcess {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let now = self.clock.now();
        let handled = self.simulator.lock().unwrap_or_else(PoisonError::into_inner).handle(now, &outgoing.request);
        match handled.delivery {
            Delivery::Whole => Ok(Answer { response: handled.response, latency: handled.latency }),
            Delivery::Cut => Err(TransportError::Cut),
            Delivery::Never => Err(TransportError::TimedOut(self.time_out)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use host::clock::VirtualClock;
    use simulator::{Fault, FaultEffect, Kind, SchoolConfig};

    /// A simulator with one school, number 1, whose key is `key-1`.
    fn simulator() -> Simulator {
        let mut simulator = Simulator::new(1);
        let (zone, auth_key) = ("America/New_York".to_owned(), "key-1".to_owned());
        simulator.add_school(SchoolConfig { number: 1, zone, auth_key, push_key: Vec::new(), owners: Vec::new() });
        simulator
    }

    fn request() -> Outgoing {
        let request = http::Request::get("https://coursekey.example/v1/schools/1/users")
            .header("authorization", "Bearer key-1")
            .body(bytes::Bytes::new());
        Outgoing { request: request.unwrap(), school: "school-1".into(), campus: "main".to_owned() }
    }

    #[tokio::test]
    async fn faults_are_the_transport_errors_a_network_would_give() {
        let time_out = Duration::from_secs(30);
        for (effect, error) in [
            (FaultEffect::Timeout, TransportError::TimedOut(time_out)),
            (FaultEffect::Cut, TransportError::Cut),
            (FaultEffect::LostAnswer, TransportError::TimedOut(time_out)),
        ] {
            let mut simulator = simulator();
            simulator.order_fault(Fault { on: Kind::Users, effect, times: 1 });
            let clock = Arc::new(VirtualClock::new("2023-08-28T08:00:00Z".parse().unwrap()));
            let transport = InProcess::new(Arc::new(Mutex::new(simulator)), clock, time_out);
            assert_eq!(transport.send(request()).await.unwrap_err(), error);
            let answer = transport.send(request()).await.unwrap();
            assert_eq!(answer.response.status(), 200);
            assert!((20..=60).contains(&answer.latency.as_millis()), "{:?}", answer.latency);
        }
    }
}
