//! What the service counts: every metric with its name and unit, in one file. No label names a person, and no school: ten
//! thousand schools would be ten thousand series; the API says how each school is.

use std::sync::atomic::AtomicU64;

use host::observer::{EndedCall, Observer};
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
    processor: Family<Of, Counter<f64, AtomicU64>>,
    memory: Family<Of, Histogram>,
    storage_operations: Family<Of, Counter>,
    coursekey_requests: Counter,
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
    /// Spans that did not reach the collector.
    pub dropped_spans: Counter,
    requests: Family<Request, Histogram>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    export: &'static str,
    ending: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Of {
    export: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Request {
    method: String,
    route: String,
    status: u16,
}

/// Upper bounds of a duration in seconds, from half a millisecond to two minutes.
const SECONDS: [f64; 12] = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 0.5, 2.0, 10.0, 30.0, 120.0];

/// Upper bounds of a memory in bytes, from one to 128 MiB, which is the sandbox's limit.
const BYTES: [f64; 8] =
    [1_048_576.0, 2_097_152.0, 4_194_304.0, 8_388_608.0, 16_777_216.0, 33_554_432.0, 67_108_864.0, 134_217_728.0];

fn histogram() -> Histogram {
    Histogram::new(SECONDS)
}

fn histogram_of_bytes() -> Histogram {
    Histogram::new(BYTES)
}

/// What the calls of the component cost, as it is registered.
type Costs = (Family<Of, Counter<f64, AtomicU64>>, Family<Of, Histogram>, Family<Of, Counter>, Counter);

fn costs(registry: &mut Registry) -> Costs {
    let (processor, memory, storage) = (
        Family::<Of, Counter<f64, AtomicU64>>::default(),
        Family::new_with_constructor(histogram_of_bytes as fn() -> Histogram),
        Family::<Of, Counter>::default(),
    );
    let requests = Counter::default();
    let help = "Processor time of the threads that ran calls of the component, with what the host did for them";
    registry.register_with_unit("component_processor", help, Unit::Seconds, processor.clone());
    let help = "Linear memory of the component at the end of a call";
    registry.register_with_unit("component_memory", help, Unit::Bytes, memory.clone());
    let help = "Reads, staged writes and notes that the component asked of the storage";
    registry.register("component_storage_operations", help, storage.clone());
    registry.register("coursekey_requests", "Requests that left for CourseKey", requests.clone());
    (processor, memory, storage, requests)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("gegi");
        let calls = Family::new_with_constructor(histogram as fn() -> Histogram);
        let requests = Family::new_with_constructor(histogram as fn() -> Histogram);
        let (schools, running) = (Gauge::default(), Gauge::default());
        let (stuck, component_left) = (Gauge::default(), Gauge::default());
        let lag = Gauge::default();
        let (marks, failed_requests, dropped_spans) = (Counter::default(), Counter::default(), Counter::default());
        let seconds = || Unit::Seconds;
        registry.register_with_unit(
            "component_call",
            "Calls of the component, with the wait for a place",
            seconds(),
            calls.clone(),
        );
        let (processor, memory, storage_operations, coursekey_requests) = costs(&mut registry);
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
        registry.register("otlp_spans_dropped", "Spans that did not reach the collector", dropped_spans.clone());
        Self {
            registry,
            calls,
            processor,
            memory,
            storage_operations,
            coursekey_requests,
            schools,
            running,
            lag,
            marks,
            failed_requests,
            stuck,
            component_left,
            dropped_spans,
            requests,
        }
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
    fn call_ended(&self, call: &EndedCall<'_>) {
        let labels = Call { export: call.export.name(), ending: call.ending.name() };
        self.calls.get_or_create(&labels).observe(call.took.as_secs_f64());
        let of = Of { export: labels.export };
        if let Some(processor) = call.cost.processor {
            self.processor.get_or_create(&of).inc_by(processor.as_secs_f64());
        }
        // A call that got no place had no memory.
        if call.cost.memory_bytes > 0 {
            #[allow(clippy::cast_precision_loss)] // Far below the 53 bits that a number has.
            self.memory.get_or_create(&of).observe(call.cost.memory_bytes as f64);
        }
        self.storage_operations.get_or_create(&of).inc_by(call.cost.storage_operations);
        self.coursekey_requests.inc_by(call.cost.requests);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use host::observer::{Cost, Ending, Export};

    use super::*;

    #[test]
    fn what_calls_cost_is_counted_by_export_and_by_no_school() {
        let metrics = Metrics::default();
        let (school, took) = ("north.1".into(), Duration::from_secs(3));
        let processor = Some(Duration::from_millis(250));
        let cost = Cost { processor, memory_bytes: 3 << 20, requests: 7, storage_operations: 5 };
        for ending in [Ending::Ok, Ending::Trapped] {
            metrics.call_ended(&EndedCall { school: &school, export: Export::Tick, took, ending, cost });
        }
        let text = metrics.text();
        for line in [
            "gegi_component_call_seconds_count{export=\"on-tick\",ending=\"trapped\"} 1",
            "gegi_component_processor_seconds_total{export=\"on-tick\"} 0.5",
            "gegi_component_memory_bytes_bucket{le=\"2097152.0\",export=\"on-tick\"} 0",
            "gegi_component_memory_bytes_bucket{le=\"4194304.0\",export=\"on-tick\"} 2",
            "gegi_component_storage_operations_total{export=\"on-tick\"} 10",
            "gegi_coursekey_requests_total 14",
        ] {
            assert!(text.lines().any(|said| said == line), "{line} is missing: {text}");
        }
        assert!(!text.contains("north"), "{text}");
    }
}
