//! What people look at before they leap, over the API: a preview of the next tick, what is behind a mark, and why
//! something is not there.

use serde_json::{Value, json};

use super::bench::{Bench, OPERATOR, course};

fn counts(preview: &Value) -> Vec<String> {
    let count = |count: &Value| {
        format!("{} {} {}", count["act"].as_str().unwrap(), count["kind"].as_str().unwrap(), count["number"])
    };
    preview["counts"].as_array().unwrap().iter().map(count).collect()
}

#[test]
fn a_course_is_previewed_then_sent_then_explained() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    service.post("/v1/schools/north/pause", &json!({}));
    bench.arm(&service, "north");
    let mut first = course(1);
    first["students"][1]["email"] = json!("");
    service.put("/v1/schools/north/courses/C1", &first);

    let preview = service.get("/v1/schools/north/preview");
    let expected =
        ["add instructor 1", "add student 1", "add course 1", "add class 2", "add enrollment 1"].map(str::to_owned);
    assert_eq!(counts(&preview), expected);
    let shown = &preview["items"][0];
    assert_eq!((&shown["course"], &shown["first-send"], &preview["next"]), (&json!("C1"), &json!(true), &Value::Null));
    assert_eq!(shown["waiting"][0]["reason"], "no e-mail");
    assert_eq!(shown["waiting"][0]["remedy"], "Enter the person's e-mail.");
    let missed = service.get("/v1/schools/north/why-not?course=C1&student=S000002");
    assert_eq!((&missed["there"], &missed["missing"]["condition"]), (&json!(false), &json!("email-missing")));
    let status = service.get("/v1/schools/north/courses/C1/status");
    assert_eq!(status["locked"], json!(false), "a preview locks nothing: {status}");

    service.post("/v1/schools/north/resume", &json!({}));
    service.until("/v1/schools/north/courses/C1/status", |status| status["locked"] == true);
    service.until("/v1/schools/north/why-not?course=C1&student=S000001", |answer| answer["there"] == true);
    let after = service.get("/v1/schools/north/preview?course=C1");
    assert_eq!((counts(&after).len(), &after["items"][0]["planned"]), (0, &json!([])));

    let explained = service.until("/v1/schools/north/explain?class=C1-1&student=S000001", |of| !of["mark"].is_null());
    assert_eq!((&explained["mark"], &explained["author"]), (&json!("P"), &json!("coursekey")));
    assert_eq!(explained["versions"][0]["use"], "counts");
    let missed = service.get("/v1/schools/north/why-not?class=C1-2&student=S000001");
    assert_eq!(missed["missing"]["condition"], "class-runs");
}

#[test]
fn a_course_is_sent_again_and_students_are_watched() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&service, "north");
    assert_eq!(service.post("/v1/schools/north/resend?course=C1", &Value::Null).0, 404);
    service.put("/v1/schools/north/courses/C1", &course(1));
    service.until("/v1/schools/north/courses/C1/status", |status| status["status"] == "synchronized");
    let (taken, answer) = service.post("/v1/schools/north/resend?by=a%20registrar", &Value::Null);
    assert_eq!((taken, &answer["courses"]), (202, &json!(1)));
    let journal = service.until("/v1/schools/north/journal?course=C1", |journal| {
        journal["items"].as_array().unwrap().iter().any(|line| line["what"] == "resend")
    });
    assert!(journal.to_string().contains("asked for by a registrar"), "{journal}");
    service.until("/v1/schools/north/explain?class=C1-1&student=S000001", |of| !of["mark"].is_null());
    let watched = service.get("/v1/schools/north/watch?days=1");
    let students = watched["items"][0]["students"].as_array().unwrap();
    let seen: Vec<bool> = students.iter().map(|student| student["last-attended"].is_string()).collect();
    assert!(seen.contains(&true), "{watched}");
}

#[test]
fn connections_are_checked_and_nothing_is_changed() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    service.post("/v1/schools/north/pause", &json!({}));
    let checked = || service.get("/v1/schools/north/check")["items"].clone();
    bench.arm(&service, "north");
    let well = checked();
    assert_eq!(
        (&well[0]["campus"], &well[0]["well"], well.as_array().unwrap().len()),
        (&json!("main"), &json!(true), 1),
        "{well}"
    );
    let wrong = json!({"key": "another-key-of-another-school"});
    assert_eq!(service.put("/v1/schools/north/campuses/main/credentials", &wrong).0, 204);
    let refused = checked();
    assert_eq!((&refused[0]["well"], &refused[0]["owner"]), (&json!(false), &json!("gegi")), "{refused}");
    assert_eq!(
        service.get("/v1/schools/north/lately")["requests"].as_array().unwrap().len(),
        2,
        "nothing but the two checks left"
    );
    assert_eq!(service.get("/v1/schools/north/issues")["items"], json!([]));
}

#[test]
fn a_question_that_nobody_understands_is_refused_with_what_to_write() {
    let bench = Bench::new();
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    let ask = |path: &str| service.with_token(OPERATOR, "GET", &format!("/v1/schools/north/{path}"), &Value::Null);
    assert_eq!(ask("why-not?student=S1").status, 400);
    assert_eq!(ask("explain?class=C9&student=S1").status, 404);
    assert_eq!(service.get("/v1/schools/north/why-not?class=C9")["missing"]["condition"], "class-not-listed");
}
