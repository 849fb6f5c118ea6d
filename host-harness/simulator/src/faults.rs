//! Faults and latency of requests. Faults are ordered for the next requests of a kind, or drawn at a rate.
//!
//! A drawn fault and a latency are computed from the seed, the request, and how often the same request has come
//! before, never from the order in which requests arrive.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;

use super::dice::Dice;
use super::kind::Kind;

/// A fault that hits the next requests of a kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The kind of the requests.
    pub on: Kind,
    /// What happens to the requests.
    pub effect: FaultEffect,
    /// The number of requests.
    pub times: u32,
}

/// What happens to a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FaultEffect {
    /// CourseKey answers with this status and does nothing.
    Status {
        /// The status, from 400 to 599.
        status: u16,
        /// The seconds of the answer's Retry-After.
        retry_after: Option<u32>,
    },
    /// CourseKey does nothing, and no answer ever comes.
    Timeout,
    /// The request takes effect; its answer ends in the middle of the body.
    Cut,
    /// The request takes effect; its answer never comes.
    LostAnswer,
}

/// The faults that are drawn, by weight.
const DRAWN: [(FaultEffect, u32); 6] = [
    (FaultEffect::Status { status: 503, retry_after: None }, 30),
    (FaultEffect::Status { status: 500, retry_after: None }, 10),
    (FaultEffect::Status { status: 429, retry_after: Some(30) }, 20),
    (FaultEffect::Timeout, 15),
    (FaultEffect::Cut, 10),
    (FaultEffect::LostAnswer, 15),
];
/// The least and the greatest latency of an answer, milliseconds.
const LATENCY_MS: (i64, i64) = (20, 60);

/// The faults that will hit requests.
pub(super) struct Faults {
    seed: u64,
    ordered: Vec<Fault>,
    per_million: u32,
    /// How often each request has come, by the hash of the request.
    attempts: BTreeMap<u64, u32>,
}

/// The fault and the latency of one request.
pub(super) struct Weather {
    pub(super) fault: Option<FaultEffect>,
    pub(super) latency: Duration,
}

impl Faults {
    /// No faults; only latency.
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, ordered: Vec::new(), per_million: 0, attempts: BTreeMap::new() }
    }

    /// Adds a fault after the faults that were ordered before.
    pub(super) fn order(&mut self, fault: Fault) {
        self.ordered.push(fault);
    }

    /// Sets how many requests in a million meet a fault.
    pub(super) fn set_rate(&mut self, per_million: u32) {
        self.per_million = per_million;
    }

    /// The fault and the latency of this request. Counts the attempt and uses up an ordered fault.
    pub(super) fn meet(&mut self, kind: Kind, request: &http::Request<Bytes>) -> Weather {
        let target = request.uri().path_and_query().map_or("", |target| target.as_str());
        let question =
            Dice::new(self.seed).and(request.method().as_str().as_bytes()).and(target.as_bytes()).and(request.body());
        let attempt = self.attempts.entry(question.number()).or_default();
        *attempt += 1;
        let dice = question.and(&attempt.to_le_bytes());
        let milliseconds = dice.between("latency", LATENCY_MS.0, LATENCY_MS.1);
        let drawn = if dice.happens("fault", self.per_million) { dice.pick("effect", &DRAWN) } else { None };
        Weather {
            fault: self.next_ordered(kind).or(drawn),
            latency: Duration::from_millis(milliseconds.unsigned_abs()),
        }
    }

    fn next_ordered(&mut self, kind: Kind) -> Option<FaultEffect> {
        self.ordered.retain(|fault| fault.times > 0);
        let fault = self.ordered.iter_mut().find(|fault| fault.on == kind)?;
        fault.times -= 1;
        Some(fault.effect)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn request(body: &'static str) -> http::Request<Bytes> {
        http::Request::put("/schools/1/users").body(Bytes::from_static(body.as_bytes())).unwrap()
    }

    #[test]
    fn an_ordered_fault_hits_the_next_requests_of_its_kind_and_no_other() {
        let mut faults = Faults::new(1);
        faults.order(Fault { on: Kind::Users, effect: FaultEffect::Timeout, times: 2 });
        faults.order(Fault { on: Kind::Users, effect: FaultEffect::Cut, times: 1 });
        let mut meet = |kind| faults.meet(kind, &request("")).fault;
        assert_eq!(meet(Kind::Courses), None);
        assert_eq!(meet(Kind::Users), Some(FaultEffect::Timeout));
        assert_eq!(meet(Kind::Users), Some(FaultEffect::Timeout));
        assert_eq!(meet(Kind::Users), Some(FaultEffect::Cut));
        assert_eq!(meet(Kind::Users), None);
    }

    #[test]
    fn drawn_faults_and_latencies_do_not_depend_on_the_order_of_arrival() {
        let bodies = ["a", "b", "a", "c", "b", "a"];
        let forecast = |order: &[&'static str]| {
            let mut faults = Faults::new(9);
            faults.set_rate(500_000);
            let mut met: BTreeMap<&str, Vec<String>> = BTreeMap::new();
            for body in order {
                let weather = faults.meet(Kind::Users, &request(body));
                met.entry(body).or_default().push(format!("{:?} {:?}", weather.fault, weather.latency));
            }
            met
        };
        let mut sorted = bodies;
        sorted.sort_unstable();
        assert_eq!(forecast(&bodies), forecast(&sorted));
    }

    #[test]
    fn the_rate_is_kept_and_a_repeated_request_gets_through_in_the_end() {
        let mut faults = Faults::new(5);
        faults.set_rate(50_000);
        let hits = (0..10_000).filter(|_| faults.meet(Kind::Users, &request("x")).fault.is_some()).count();
        assert!((400..600).contains(&hits), "{hits} of 10,000");
    }
}
