//! Spans of calls for a collector that speaks OTLP: HTTP with JSON, as OpenTelemetry describes it. A span says what
//! `host::observer` says of a call, all of it names of our own and numbers, so that nobody's data can stand in it.
//!
//! Nothing waits for a collector: spans lie in a queue of fixed length, what does not fit or is not taken is dropped and
//! counted. Not here: the span of the log (`host`), and what is counted (`telemetry`).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use host::clock::Clock;
use host::observer::{EndedCall, Ending, Observer};
use http_body_util::{BodyExt as _, Full, Limited};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use tokio::sync::{mpsc, watch};

use crate::client::{HttpsClient, https_client};
use crate::telemetry::Metrics;
use crate::tenure::id_of;

/// Spans that wait for the collector at most: those of a minute in which many schools are ticked.
const WAITING: usize = 10_000;
/// Spans of one request at most, some 600 bytes each.
const BATCH: usize = 500;
/// How long spans are collected before they leave together.
const COLLECTED: Duration = Duration::from_secs(2);
/// How long the collector may take for a request. It delays the end of the service by no more than this.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most that is read of the collector's answer.
const ANSWER_BYTES: usize = 64 * 1024;

/// Takes spans of calls and counts the calls, and waits for nothing.
pub struct Spans {
    queue: mpsc::Sender<Value>,
    clock: Arc<dyn Clock>,
    metrics: Arc<Metrics>,
    /// What tells this process from every other, of which its ids are made.
    process: String,
    made: AtomicU64,
}

/// Carries spans to the collector.
pub struct Exporter {
    waiting: mpsc::Receiver<Value>,
    endpoint: String,
    client: HttpsClient,
    metrics: Arc<Metrics>,
    /// Whether the collector took nothing of the last batch.
    is_away: bool,
}

/// The two ends of the way to a collector at this address.
///
/// # Errors
/// The platform's certificates cannot be used.
pub fn way_to(endpoint: &str, clock: Arc<dyn Clock>, metrics: Arc<Metrics>) -> std::io::Result<(Spans, Exporter)> {
    let (queue, waiting) = mpsc::channel(WAITING);
    let process = format!("{} {}", std::process::id(), clock.now().timestamp_micros());
    let spans = Spans { queue, clock, metrics: Arc::clone(&metrics), process, made: AtomicU64::default() };
    let endpoint = format!("{}/v1/traces", endpoint.trim_end_matches('/'));
    Ok((spans, Exporter { waiting, endpoint, client: https_client()?, metrics, is_away: false }))
}

impl Observer for Spans {
    fn call_ended(&self, call: &EndedCall<'_>) {
        self.metrics.call_ended(call);
        let number = self.made.fetch_add(1, Ordering::Relaxed);
        let ids = Sha256::digest(format!("{} {number}", self.process));
        if self.queue.try_send(span(call, self.clock.now(), &ids)).is_err() {
            self.metrics.dropped_spans.inc();
        }
    }
}

/// A span in OTLP's JSON, in which 64-bit numbers are texts.
fn span(call: &EndedCall<'_>, ended: DateTime<Utc>, ids: &[u8]) -> Value {
    let nanos = |at: DateTime<Utc>| at.timestamp_nanos_opt().unwrap_or_default().to_string();
    let of = |bytes: std::ops::Range<usize>| HEXLOWER.encode(ids.get(bytes).unwrap_or_default());
    let text = |key: &str, value: &str| json!({ "key": key, "value": { "stringValue": value } });
    let number = |key: &str, value: u64| json!({ "key": key, "value": { "intValue": value.to_string() } });
    let mut attributes = vec![
        text("gegi.school", id_of(call.school)),
        text("gegi.export", call.export.name()),
        text("gegi.ending", call.ending.name()),
        number("gegi.memory_bytes", call.cost.memory_bytes),
        number("gegi.requests", call.cost.requests),
        number("gegi.storage_operations", call.cost.storage_operations),
    ];
    if let Some(processor) = call.cost.processor {
        attributes.push(number("gegi.processor_micros", u64::try_from(processor.as_micros()).unwrap_or(u64::MAX)));
    }
    // 1 is "ok", 2 is "error".
    let code = if call.ending == Ending::Ok { 1 } else { 2 };
    json!({
        "traceId": of(0..16), "spanId": of(16..24), "name": call.export.name(), "kind": 1,
        "startTimeUnixNano": nanos(ended - call.took), "endTimeUnixNano": nanos(ended),
        "attributes": attributes, "status": { "code": code },
    })
}

/// A request with these spans.
fn request(spans: &[Value]) -> Value {
    let service = json!({ "key": "service.name", "value": { "stringValue": "gegi-coursekey" } });
    let version = json!({ "key": "service.version", "value": { "stringValue": env!("CARGO_PKG_VERSION") } });
    json!({ "resourceSpans": [{
        "resource": { "attributes": [service, version] },
        "scopeSpans": [{ "scope": { "name": "host" }, "spans": spans }],
    }] })
}

impl Exporter {
    /// Carries spans until the service ends, and then those that still wait.
    pub async fn keep(mut self, mut ending: watch::Receiver<bool>) {
        let mut batch = Vec::new();
        loop {
            let ends = tokio::select! {
                taken = self.waiting.recv_many(&mut batch, BATCH) => taken == 0,
                () = ended(&mut ending) => true,
            };
            if ends {
                break;
            }
            tokio::select! {
                () = self.fill(&mut batch) => {}
                () = crate::runner::wait(COLLECTED) => {}
                () = ended(&mut ending) => {}
            }
            self.send(std::mem::take(&mut batch)).await;
        }
        self.waiting.close();
        while self.waiting.recv_many(&mut batch, BATCH).await > 0 {
            // One that does not take them now is not asked again and again while the service ends.
            if !self.send(std::mem::take(&mut batch)).await {
                break;
            }
        }
    }

    /// Adds spans until the batch is full.
    async fn fill(&mut self, batch: &mut Vec<Value>) {
        while batch.len() < BATCH {
            let room = BATCH - batch.len();
            if self.waiting.recv_many(batch, room).await == 0 {
                return;
            }
        }
    }

    /// Sends a batch, once; false: the collector took nothing.
    async fn send(&mut self, batch: Vec<Value>) -> bool {
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        let asked = tokio::time::timeout(PATIENCE, self.ask(&request(&batch))).await;
        let taken = asked.unwrap_or(Err("it does not answer in time"));
        if let Err(why) = taken
            && !self.is_away
        {
            // Once, until it takes spans again: thousands of schools are ticked meanwhile.
            tracing::warn!(why, "spans do not reach the collector; they are dropped and counted");
        }
        self.is_away = taken.is_err();
        self.metrics.dropped_spans.inc_by(taken.unwrap_or(count).min(count));
        taken.is_ok()
    }

    /// How many spans the collector did not take.
    async fn ask(&self, body: &Value) -> Result<u64, &'static str> {
        let request = http::Request::post(&self.endpoint).header(http::header::CONTENT_TYPE, "application/json");
        let request = request.body(Full::new(Bytes::from(body.to_string()))).map_err(|_| "its address is none")?;
        let response = self.client.request(request).await.map_err(|_| "it cannot be reached")?;
        if !response.status().is_success() {
            return Err("it refuses them");
        }
        let answer =
            Limited::new(response.into_body(), ANSWER_BYTES).collect().await.map_err(|_| "its answer broke off")?;
        let answer: Value = serde_json::from_slice(&answer.to_bytes()).unwrap_or_default();
        // A 64-bit number is a text; some write a number.
        let rejected = answer.pointer("/partialSuccess/rejectedSpans");
        let rejected = rejected.and_then(|count| count.as_u64().or_else(|| count.as_str()?.parse().ok()));
        Ok(rejected.unwrap_or(0))
    }
}

/// Waits until the service ends, however often it is asked.
async fn ended(ending: &mut watch::Receiver<bool>) {
    // Nobody who could end the service is left: it has ended.
    let _ = ending.wait_for(|ends| *ends).await;
}

#[cfg(test)]
mod tests;
