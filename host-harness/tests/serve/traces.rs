//! Spans of real calls at a collector on loopback, in which no person, address, key, token or password stands.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};

use serde_json::{Value, json};
use tests::discretion::assert_discreet;

use super::bench::{Bench, OPERATOR, PUSH_KEY, course, operation_kinds};

/// A collector that takes everything; returns its address, and the path and body of each request.
fn collector() -> (String, Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let (got, requests) = channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut head = String::new();
            while !head.ends_with("\r\n\r\n") && reader.read_line(&mut head).unwrap() > 0 {}
            let head = head.to_ascii_lowercase();
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
            let mut body = vec![0; length.parse().unwrap()];
            reader.read_exact(&mut body).unwrap();
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}").unwrap();
            let request = (head.lines().next().unwrap().to_owned(), String::from_utf8(body).unwrap());
            if got.send(request).is_err() {
                return;
            }
        }
    });
    (address, requests)
}

fn attribute(span: &Value, key: &str) -> String {
    let all = span["attributes"].as_array().unwrap();
    let value = &all.iter().find(|attribute| attribute["key"] == key).unwrap()["value"];
    value.as_object().unwrap().values().next().unwrap().as_str().unwrap().to_owned()
}

#[test]
fn the_span_of_a_tick_reaches_the_collector_and_names_nobody() {
    let bench = Bench::new();
    let (address, requests) = collector();
    bench.configure_telemetry(&address);
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    service.put("/v1/schools/north/courses/C1", &course(1));
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    let metrics = service.ask("GET", "/metrics", &[], b"").body;
    assert!(metrics.contains("gegi_otlp_spans_dropped_total 0\n"), "{metrics}");
    assert_eq!(service.end(), Some(0));

    let (mut spans, mut texts) = (Vec::new(), String::new());
    while let Ok((head, body)) = requests.try_recv() {
        assert_eq!(head, "post /v1/traces http/1.1");
        let request: Value = serde_json::from_str(&body).unwrap();
        spans.extend(request["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().unwrap().clone());
        texts += &body;
    }
    let of = |export: &'static str| spans.iter().filter(move |span| span["name"] == export);
    assert!(of("on-course-changed").count() == 1 && of("on-tick").count() > 1, "{texts}");
    let sent = of("on-tick").find(|span| attribute(span, "gegi.requests") != "0").unwrap();
    assert_eq!((attribute(sent, "gegi.school").as_str(), attribute(sent, "gegi.ending").as_str()), ("north", "ok"));
    for key in ["gegi.processor_micros", "gegi.memory_bytes", "gegi.storage_operations"] {
        assert!(attribute(sent, key).parse::<u64>().unwrap() > 0, "{sent}");
    }
    assert_discreet(&texts);
    let shown =
        ["S00000", "I00001", "@", OPERATOR, PUSH_KEY, &bench.key].into_iter().find(|text| texts.contains(*text));
    assert_eq!(shown, None, "{texts}");
}
