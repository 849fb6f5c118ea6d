//! The queue that never blocks and the collector that answers, refuses or is not there, on loopback.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use host::clock::SystemClock;
use host::observer::{Cost, Export};
use host::store::SchoolId;

use super::*;

fn call(school: &SchoolId) -> EndedCall<'_> {
    let cost =
        Cost { processor: Some(Duration::from_micros(7)), memory_bytes: 1 << 20, requests: 3, storage_operations: 5 };
    EndedCall { school, export: Export::Tick, took: Duration::from_secs(2), ending: Ending::Trapped, cost }
}

fn tell(spans: &Spans, times: usize) {
    let school = "north.1".into();
    (0..times).for_each(|_| spans.call_ended(&call(&school)));
}

fn way(endpoint: &str) -> (Spans, Exporter, Arc<Metrics>) {
    let metrics = Arc::new(Metrics::default());
    let (spans, exporter) = way_to(endpoint, Arc::new(SystemClock), Arc::clone(&metrics)).unwrap();
    (spans, exporter, metrics)
}

/// A collector that answers so; returns its address and the bodies that it gets.
async fn collector(status: u16, answer: &'static str) -> (String, mpsc::UnboundedReceiver<Value>) {
    let (got, bodies) = mpsc::unbounded_channel();
    let take = move |State(got): State<mpsc::UnboundedSender<Value>>, body: Bytes| async move {
        got.send(serde_json::from_slice(&body).unwrap()).unwrap();
        (StatusCode::from_u16(status).unwrap(), answer)
    };
    let app = Router::new().route("/v1/traces", post(take)).with_state(got);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    (address, bodies)
}

fn spans_of(body: &Value) -> &[Value] {
    body["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap()
}

#[test]
fn a_span_is_of_the_form_that_opentelemetry_describes() {
    let (school, ended) = ("north.1".into(), DateTime::from_timestamp(1_700_000_000, 5).unwrap());
    let ids: Vec<u8> = (0..32).collect();
    let body = request(&[span(&call(&school), ended, &ids)]);
    let text = |key: &str, value: &str| json!({"key": key, "value": {"stringValue": value}});
    let number = |key: &str, value: &str| json!({"key": key, "value": {"intValue": value}});
    let expected = json!({"resourceSpans": [{
        "resource": {"attributes": [
            text("service.name", "gegi-coursekey"), text("service.version", env!("CARGO_PKG_VERSION"))
        ]},
        "scopeSpans": [{"scope": {"name": "host"}, "spans": [{
            "traceId": "000102030405060708090a0b0c0d0e0f", "spanId": "1011121314151617", "name": "on-tick", "kind": 1,
            "startTimeUnixNano": "1699999998000000005", "endTimeUnixNano": "1700000000000000005",
            "attributes": [
                text("gegi.school", "north"), text("gegi.export", "on-tick"), text("gegi.ending", "trapped"),
                number("gegi.memory_bytes", "1048576"), number("gegi.requests", "3"),
                number("gegi.storage_operations", "5"), number("gegi.processor_micros", "7")
            ],
            "status": {"code": 2}
        }]}]
    }]});
    assert_eq!(body, expected);
}

#[test]
fn what_does_not_fit_is_dropped_and_counted_and_nothing_waits() {
    let (spans, _exporter, metrics) = way("http://127.0.0.1:4318");
    tell(&spans, WAITING + 7);
    assert_eq!(metrics.dropped_spans.get(), 7);
    assert!(
        metrics.text().contains("gegi_component_call_seconds_count{export=\"on-tick\",ending=\"trapped\"} 10007\n")
    );
}

#[tokio::test]
async fn spans_leave_in_batches_with_ids_of_their_own_and_the_last_at_the_end() {
    let (address, mut bodies) = collector(200, "").await;
    let (spans, exporter, metrics) = way(&address);
    let (end, ending) = watch::channel(false);
    tell(&spans, BATCH + 3);
    let exporting = tokio::spawn(exporter.keep(ending));
    let first = bodies.recv().await.unwrap();
    assert_eq!(spans_of(&first).len(), BATCH);
    end.send(true).unwrap();
    exporting.await.unwrap();
    let last = bodies.try_recv().unwrap();
    assert_eq!(spans_of(&last).len(), 3);
    let both = spans_of(&first).iter().chain(spans_of(&last));
    let ids: std::collections::BTreeSet<&str> = both.map(|span| span["spanId"].as_str().unwrap()).collect();
    assert_eq!((ids.len(), metrics.dropped_spans.get()), (BATCH + 3, 0));
    // Whatever ends after the end is counted as well.
    tell(&spans, 1);
    assert_eq!(metrics.dropped_spans.get(), 1);
}

#[tokio::test]
async fn what_a_collector_does_not_take_is_counted() {
    for (status, answer, dropped) in [
        (200, r#"{"partialSuccess":{"rejectedSpans":"2"}}"#, 2),
        (200, r#"{"partialSuccess":{"rejectedSpans":2}}"#, 2),
        (200, r#"{"partialSuccess":{}}"#, 0),
        (503, "", 5),
        (307, "", 5),
    ] {
        let (address, _bodies) = collector(status, answer).await;
        let (spans, mut exporter, metrics) = way(&address);
        tell(&spans, 5);
        let mut batch = Vec::new();
        exporter.waiting.recv_many(&mut batch, BATCH).await;
        assert_eq!(exporter.send(batch).await, status == 200);
        assert_eq!(metrics.dropped_spans.get(), dropped, "{status} {answer}");
    }
}

#[tokio::test]
async fn a_collector_that_is_not_there_delays_nothing() {
    // Nobody listens at a port that was let go.
    let port = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    let (spans, exporter, metrics) = way(&format!("http://127.0.0.1:{port}"));
    let (end, ending) = watch::channel(false);
    tell(&spans, BATCH);
    let exporting = tokio::spawn(exporter.keep(ending));
    while metrics.dropped_spans.get() < 500 {
        tokio::task::yield_now().await;
    }
    tell(&spans, 2);
    end.send(true).unwrap();
    exporting.await.unwrap();
    assert_eq!(metrics.dropped_spans.get(), 502);
}
