//! What the service counts: every metric with its name and unit, in one file. No label names a person, and no school: ten
//! thousand schools would be ten thousand series; the API says how each school is.

use std::sync::atomic::AtomicU64;

use host::observer::{EndedCall, Ending, Export, Observer};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::{Registry, Unit};

/// What is counted.
pub struct Metrics {
    registry: Registry,
    calls: Family<Call, Histogram>,
    /// Schools that the runner knows.
    pub schools: Gauge,
    /// Ticks that run now.
    pub running: Gauge,
    /// How long the school that waits longest has been due.
    pub lag: Gauge<f64, AtomicU64>,
    /// Marks that were written.
    pub marks: Counter,
    /// Requests to CourseKey that failed.
    pub failed_requests: Counter,
    /// Schools of which a stage is stuck.
    pub stuck: Gauge,
    /// Whether the component of the configuration was left.
    pub component_left: Gauge,
    requests: Family<Request, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    export: &'static str,
    ending: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

/// Upper bounds of a duration in seconds, from half a millisecond to two minutes.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0, 30.0, 120.0];

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("gegi");
        let calls = Family::new_with_constructor(histogram as fn() -> Histogram);
        let requests = Family::new_with_constructor(histogram as fn() -> Histogram);
        let (schools, running) = (Gauge::default(), Gauge::default());
        let (stuck, component_left) = (Gauge::default(), Gauge::default());
        let lag = Gauge::default();
        let (marks, failed_requests) = (Counter::default(), Counter::default());
        let seconds = || Unit::Seconds;
        registry.register_with_unit(
            "component_call",
            "Calls of the component, with the wait for a place",
            seconds(),
            calls.clone(),
        );
        registry.register_with_unit("api_request", "Requests to the API", seconds(), requests.clone());
        registry.register("schools", "Schools that this process ticks", schools.clone());
        registry.register("schools_stuck", "Schools of which a stage is stuck", stuck.clone());
        let about = "Whether the component of the configuration was left for the one before: 1, or 0";
        registry.register("component_left", about, component_left.clone());
        registry.register("ticks_running", "Ticks that run now", running.clone());
        registry.register_with_unit(
            "scheduler_lag",
            "How long the school that waits longest has been due",
            seconds(),
            lag.clone(),
        );
        registry.register("marks_written", "Marks that ticks wrote", marks.clone());
        registry.register("coursekey_requests_failed", "Requests to CourseKey that failed", failed_requests.clone());
        Self { registry, calls, schools, running, lag, marks, failed_requests, stuck, component_left, requests }
    }
}

impl Metrics {
    /// Everything in the text form of `OpenMetrics`.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }

    /// Counts a request to the API.
    pub fn request(&self, method: &str, route: &str, status: u16, seconds: f64) {
        let request = Request { method: method.to_owned(), route: route.to_owned(), status };
        self.requests.get_or_create(&request).observe(seconds);
    }
}

impl Observer for Metrics {
    fn call_ended(&self, call: &EndedCall) {
        let labels = Call { export: export(call.export), ending: ending(call.ending) };
        self.calls.get_or_create(&labels).observe(call.took.as_secs_f64());
    }
}

fn export(export: Export) -> &'static str {
    match export {
        Export::Tick => "on-tick",
        Export::CourseChanged => "on-course-changed",
        Export::AttendanceReceived => "on-attendance-received",
        Export::Statuses => "get-status",
    }
}

fn ending(ending: Ending) -> &'static str {
    match ending {
        Ending::Ok => "ok",
        Ending::Refused => "refused",
        Ending::Trapped => "trapped",
        Ending::TooLong => "too-long",
        Ending::NoPlace => "no-place",
        Ending::Full => "full",
        Ending::Storage => "storage",
        Ending::GegiUnavailable => "gegi-unavailable",
    }
}
