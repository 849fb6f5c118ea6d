//! A school that goes live in the middle of a term, and a course that is switched on after its class: CourseKey holds
//! attendance from before.

use super::play::{Play, changed_course, lines, report, said};

/// The marks that attendance led to, whenever they were written.
fn marks(output: &tempfile::TempDir) -> Vec<String> {
    let by_record = |mark: &serde_json::Value| !["skipped", "hand"].contains(&said(&mark["basis"]["rule"]).as_str());
    let marks = lines(output, "marks.jsonl").into_iter().filter(by_record);
    marks.map(|mark| format!("{} {} {}", said(&mark["class"]), said(&mark["student"]), said(&mark["mark"]))).collect()
}

#[tokio::test]
async fn going_live_in_mid_term_loses_nothing() {
    let on = changed_course("orientation").replace("\"send-to-coursekey\":\"off\"", "\"send-to-coursekey\":\"on\"");
    let record = r#"{"id":"o-1-1","version":1,"class":"orientation-1","student":"S000001","updated-at":"2023-11-01T19:05:00Z","visits":[{"in":"2023-11-01T17:00:00Z","out":"2023-11-01T19:05:00Z"}],"adjustment":null}"#;
    let attendance = format!("{}{record}\n", Play::demo().file("attendance.jsonl"));
    let demo = Play::demo()
        .with_file("attendance.jsonl", &attendance)
        .change(&format!("{{\"at\":\"2023-11-12T15:00:00Z\",\"course\":{on}}}"));
    let from_the_start = marks(&demo.run().await);
    assert!(from_the_start.contains(&"orientation-1 S000001 P".to_owned()), "{from_the_start:?}");
    // Before all classes, between two of them, after most of them, and after all of them.
    for from in ["2023-11-01T12:00:00Z", "2023-11-06T05:00:00Z", "2023-11-09T05:00:00Z", "2023-11-12T05:00:00Z"] {
        let output = demo.clone().live_from(from).run().await;
        assert_eq!(marks(&output), from_the_start, "live from {from}");
        assert_eq!(report(&output)["attendance"]["unaccounted"], 0, "live from {from}");
    }
}
