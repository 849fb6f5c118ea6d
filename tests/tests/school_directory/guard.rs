//! What the guard holds, through the real component: a list that lost most of its students, and a person who decides.

use expect_test::expect;
use serde_json::Value;

use super::play::{Play, changed_course, lines, said};

/// The course `anatomy` from a moment on with its first four of twelve students alone.
fn lost_join() -> String {
    let mut course: Value = serde_json::from_str(&changed_course("anatomy")).unwrap();
    course["students"].as_array_mut().unwrap().truncate(4);
    format!("{{\"at\":\"2023-10-31T15:00:00Z\",\"course\":{course}}}")
}

fn decision(at: &str, verdict: &str, rows: &str) -> String {
    let decide =
        format!("\"course\":\"anatomy\",\"kind\":\"students\",\"verdict\":\"{verdict}\",\"by\":\"the registrar\"");
    format!("{{\"at\":\"{at}\",\"decide\":{{{decide}{rows}}}}}")
}

fn dropped(output: &tempfile::TempDir) -> String {
    let enrollment =
        |line: &Value| line["kind"] == "enrollment" && line["course"] == "anatomy" && line["dropped"] == true;
    let lines = lines(output, "coursekey.jsonl");
    lines.iter().filter(|line| enrollment(line)).map(|line| said(&line["user"])).collect::<Vec<_>>().join(" ")
}

#[tokio::test]
async fn nobody_is_dropped_by_a_lost_join_and_the_course_says_why() {
    let output = Play::demo().change(&lost_join()).run().await;
    assert_eq!(dropped(&output), "");
    let status = lines(&output, "status.jsonl").into_iter().find(|line| line["course"] == "anatomy").unwrap();
    expect!["failed 8 of 12 students: held as a possible accident until somebody decides under Holds"]
        .assert_eq(&format!("{} {}", said(&status["status"]), said(&status["reason"])));
    let issues = lines(&output, "issues.jsonl");
    assert_eq!(issues.iter().filter(|issue| issue["code"] == "removals-held").count(), 1);
}

#[tokio::test]
async fn what_somebody_decides_is_carried_out_and_stands_in_the_journal() {
    let output = Play::demo()
        .change(&lost_join())
        .change(&decision("2023-10-31T16:00:00Z", "approve", ",\"rows\":[\"S000005\",\"S000006\"]"))
        .change(&decision("2023-10-31T17:00:00Z", "discard", ""))
        .run()
        .await;
    assert_eq!(dropped(&output), "S000005 S000006");
    let status = lines(&output, "status.jsonl").into_iter().find(|line| line["course"] == "anatomy").unwrap();
    assert_eq!(status["status"], "synchronized");
    let decided = |line: &Value| format!("{} {} {}\n", said(&line["student"]), said(&line["new"]), said(&line["by"]));
    let journal = lines(&output, "journal.jsonl");
    let journal = journal.iter().filter(|line| line["what"] == "decision").map(decided);
    expect![[r#"
        S000005 approved decided under Holds by the registrar
        S000006 approved decided under Holds by the registrar
        S000007 discarded decided under Holds by the registrar
        S000008 discarded decided under Holds by the registrar
        S000009 discarded decided under Holds by the registrar
        S000010 discarded decided under Holds by the registrar
        S000011 discarded decided under Holds by the registrar
        S000012 discarded decided under Holds by the registrar
    "#]]
    .assert_eq(&journal.collect::<String>());
}
