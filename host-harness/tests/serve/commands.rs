//! What an operator types: the schools of a service that runs, and the examination of what it needs.

use serde_json::{Value, json};

use super::bench::{Bench, call};

#[test]
fn an_operator_manages_schools_by_command() {
    let bench = Bench::new();
    let service = bench.serve();
    let config = bench.path("serve.toml");
    let (config, url) = (config.to_str().unwrap(), service.url());
    let school =
        |arguments: &[&str]| call(&[&["school", "--config", config, "--url", &url, "--json"], arguments].concat());
    let file = bench.path("north.json");
    std::fs::write(&file, bench.school(json!({})).to_string()).unwrap();
    let (code, shown, told) = school(&["put", "north", file.to_str().unwrap()]);
    assert_eq!(code, 0, "{told}");
    assert_eq!(serde_json::from_str::<Value>(&shown).unwrap()["id"], "north");
    assert_eq!(school(&["pause", "north"]).0, 0);
    let (_, listed, _) = school(&["list"]);
    assert_eq!(serde_json::from_str::<Value>(&listed).unwrap()[0]["state"], "paused");
    assert_eq!(school(&["resume", "north"]).0, 0);
    assert_eq!(school(&["sync", "north"]).0, 0);

    let (_, token, _) = school(&["token", "north"]);
    let answer = service.with_token(token.trim(), "GET", "/v1/schools/north", &Value::Null);
    assert_eq!(answer.status, 200, "{}", answer.body);

    let (code, _, told) = school(&["remove", "north", "--confirm", "south"]);
    assert!(code != 0 && told.contains("--confirm has another id"), "{told}");
    assert_eq!(school(&["remove", "north", "--confirm", "north"]).0, 0);
    let (code, _, told) = school(&["show", "north"]);
    assert!(code == 1 && told.contains("there is no such school; create it with PUT"), "{code} {told}");
    std::fs::write(&file, bench.school(json!({"settings": {"update-every-minutes": 0}})).to_string()).unwrap();
    let (code, _, told) = school(&["put", "north", file.to_str().unwrap()]);
    assert!(code == 1 && told.contains("update-every-minutes 0 is out of range; write 1 or more"), "{code} {told}");
}

#[test]
fn a_service_that_does_not_run_is_said_to_be_unreachable() {
    let bench = Bench::new();
    let config = bench.path("serve.toml");
    let (code, _, told) =
        call(&["school", "--config", config.to_str().unwrap(), "--url", "http://127.0.0.1:9", "list"]);
    assert_eq!(code, 1);
    assert!(told.contains("reach the service at http://127.0.0.1:9"), "{told}");
}

#[test]
fn the_doctor_says_of_each_campus_what_is_wrong_and_what_to_do() {
    let bench = Bench::new();
    let config = bench.path("serve.toml");
    let examine = || {
        let (code, findings, told) = call(&["doctor", "--config", config.to_str().unwrap(), "--json"]);
        let findings: Vec<Value> = serde_json::from_str(&findings).unwrap_or_else(|_| panic!("{told}"));
        let of = |what: &str| findings.iter().find(|finding| finding["what"] == what).cloned();
        (code, of("storage").unwrap(), of("north, campus main"))
    };
    let (code, storage, campus) = examine();
    assert_eq!((code, storage["verdict"].as_str(), campus), (0, Some("well"), None));

    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    let (_, storage, _) = examine();
    assert_eq!(storage["diagnosis"], "a service that runs uses it");
    service.end();
    let (code, _, campus) = examine();
    assert_eq!((code, campus.unwrap()["diagnosis"].as_str()), (11, Some("it has no key")));

    let service = bench.serve();
    bench.arm(&service, "north");
    service.end();
    let (code, _, campus) = examine();
    let diagnosis = campus.unwrap()["diagnosis"].clone();
    assert_eq!((code, diagnosis.as_str()), (0, Some("CourseKey knows the school and takes its key")));
    bench.secret("north.main.key", "another-key");
    let (code, _, campus) = examine();
    assert_eq!((code, campus.unwrap()["diagnosis"].as_str()), (11, Some("CourseKey refuses its key")));
}
