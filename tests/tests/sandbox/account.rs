//! What is told of a call when it has ended: to the observer what it cost, and in its span of the log the same.

use std::io::Write;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use host::observer::{Cost, EndedCall, Ending, Observer};
use serde_json::Value;

use crate::harness::{Export, Playground, engine};

/// Keeps the schools, endings and costs of calls.
#[derive(Default)]
struct Kept(Mutex<Vec<(String, &'static str, Ending, Cost)>>);

impl Observer for Kept {
    fn call_ended(&self, call: &EndedCall<'_>) {
        let kept = (call.school.to_string(), call.export.name(), call.ending, call.cost);
        self.0.lock().unwrap().push(kept);
    }
}

/// A school, and what its observer keeps.
fn observed() -> (Playground, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (Playground::of(engine(|_| {}), |config| config.observer = kept.clone()), kept)
}

/// The one call that was kept.
fn the_call(kept: &Kept) -> (String, &'static str, Ending, Cost) {
    let mut calls = std::mem::take(&mut *kept.0.lock().unwrap());
    assert_eq!(calls.len(), 1);
    calls.remove(0)
}

const SEND: &str = "send GET https://api.example.com/v1/schools/548156/users gegi-campus=main";

#[tokio::test]
async fn what_a_call_cost_is_told_however_it_ends() {
    let (playground, kept) = observed();
    playground.tick("ok").await;
    let (school, export, ending, least) = the_call(&kept);
    assert_eq!((school.as_str(), export, ending), ("school-1", "on-tick", Ending::Ok));
    assert_eq!((least.requests, least.storage_operations), (0, 0));

    // A refused request does not leave, and is none.
    let denied = "send GET https://evil.example.net/ gegi-campus=main";
    playground.tick(&format!("put a 2\nread a\ncrumb a\n{SEND}\n{SEND}\n{denied}\ntrap")).await;
    let (.., ending, cost) = the_call(&kept);
    assert_eq!((ending, cost.requests, cost.storage_operations), (Ending::Trapped, 2, 3));

    // The memory of the sandbox is 128 MiB, and the guest takes all of it in steps.
    playground.tick("eat-memory").await;
    let (.., ending, cost) = the_call(&kept);
    assert_eq!(ending, Ending::Trapped);
    assert!((100 << 20..=128 << 20).contains(&cost.memory_bytes), "{}", cost.memory_bytes);
    assert!((1 << 16..8 << 20).contains(&least.memory_bytes), "{}", least.memory_bytes);
    let processor = |cost: Cost| cost.processor.unwrap();
    assert!(!processor(least).is_zero() && processor(cost) > processor(least), "{least:?} {cost:?}");

    // One that only waits costs next to nothing, one that loops costs the time for which it loops.
    playground.tick("wait").await;
    let (.., waited) = the_call(&kept);
    playground.tick("loop").await;
    let (.., ending, looped) = the_call(&kept);
    assert_eq!(ending, Ending::TooLong);
    assert!(processor(waited) < Duration::from_millis(500), "{waited:?}");
    assert!(processor(looped) > processor(waited), "{waited:?} {looped:?}");
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn every_call_has_a_span_that_says_the_same_and_a_line_when_it_has_ended() {
    let (playground, kept) = observed();
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().json().with_max_level(tracing::Level::DEBUG);
    let subscriber = subscriber.with_writer(move || writer.clone()).finish();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    tracing::subscriber::with_default(subscriber, || {
        runtime.block_on(async {
            playground.tick(&format!("put a 2\n{SEND}\nok")).await;
            for export in [Export::CourseChanged, Export::AttendanceReceived, Export::Statuses] {
                playground.play(export, "trap").await;
            }
        });
    });
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    let lines: Vec<Value> = logged.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ended: Vec<&Value> = lines.iter().filter(|line| line["fields"]["message"] == "the call ended").collect();
    let kept = kept.0.lock().unwrap();
    assert_eq!(ended.len(), 4, "{logged}");
    for (line, (school, export, ending, cost)) in ended.iter().zip(&*kept) {
        assert_eq!(line["level"], if *export == "on-tick" { "INFO" } else { "DEBUG" });
        let span = &line["span"];
        assert_eq!(
            (&span["school"], &span["export"], &span["ending"]),
            (&school.as_str().into(), &(*export).into(), &ending.name().into())
        );
        assert_eq!((&span["memory_bytes"], &span["requests"]), (&cost.memory_bytes.into(), &cost.requests.into()));
        assert_eq!(span["storage_operations"], cost.storage_operations);
        assert_eq!(span["processor_micros"], u64::try_from(cost.processor.unwrap().as_micros()).unwrap());
        assert!(span["took_micros"].as_u64() >= span["processor_micros"].as_u64(), "{span}");
    }
    // Whatever is logged meanwhile stands in the span.
    let stopped = lines.iter().filter(|line| line["fields"]["reason"].is_string());
    let exports: Vec<&str> = stopped.map(|line| line["span"]["export"].as_str().unwrap()).collect();
    assert_eq!(exports, ["on-course-changed", "on-attendance-received", "get-status"]);
}
