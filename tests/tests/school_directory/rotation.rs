//! A clinical rotation of two groups: CourseKey's course has the first group's name, and a student of both is listed
//! once.

use expect_test::expect;

use super::play::{Play, changed_course, lines, said};

#[tokio::test]
async fn a_rotation_of_two_groups_is_one_course_and_its_student_of_both_is_one() {
    let rotation = changed_course("night-shift")
        .replace("\"group-course\"", "\"clinical-rotation\"")
        .replace("\"number\":", "\"groups\":[{\"id\":\"NUR-2024-M\",\"name\":\"Nursing, Spring 2024\"}],\"number\":");
    let listed = rotation.split("\"students\":[").nth(1).unwrap();
    let line = format!("{}}}", listed.split('}').next().unwrap());
    let dropped =
        line.replace("\"ACTIVE\"", "\"DROPPED\"").replace("\"stopped-on\":null", "\"stopped-on\":\"2023-10-31\"");
    let twice = rotation.replace("\"students\":[", &format!("\"students\":[{dropped},"));
    assert_ne!(line, dropped);
    let change = format!("{{\"at\":\"2023-10-31T15:00:00Z\",\"course\":{twice}}}");
    let output = Play::demo().change(&change).run().await;
    let shown = |line: &serde_json::Value| match said(&line["kind"]).as_str() {
        "course" if line["id"] == "night-shift" => Some(said(&line["name"])),
        "enrollment" if line["course"] == "night-shift" => Some(format!("{} {}", said(&line["user"]), line["dropped"])),
        _ => None,
    };
    expect![[r"
        Medical Assisting, Fall 2023, Mountain MED-220-01
        S000020 false
        S000021 false
        S000022 false"]]
    .assert_eq(&lines(&output, "coursekey.jsonl").iter().filter_map(shown).collect::<Vec<_>>().join("\n"));
    assert!(lines(&output, "issues.jsonl").iter().all(|issue| issue["course"] != "night-shift"));
}
