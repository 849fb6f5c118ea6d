//! Canaries through the whole service: every field of people, every key, token and password is a word that can be found
//! again, and none is found in the log, the metrics, the problems, the doctor's findings and the mails of others.

use serde_json::{Value, json};
use tests::discretion::{ADDRESS, NAME};

use super::bench::{Bench, OPERATOR, PUSH_KEY, Service, call, course, operation_kinds};

/// Not the one that ships, which stands in the description of the API.
const PASSWORD: &str = "Initial-password-000001";
const TOKEN: &str = "north-token-000001";
const SMTP_PASSWORD: &str = "smtp-password-000001";
/// The log of our crates at every level, and of the others at the level that is on by default.
const EVERYTHING: &str = "warn,host=trace,service=trace,mirror=trace,host_harness=trace";

/// The secrets of a service, and what every personal canary contains.
struct Canaries(Vec<String>);

impl Canaries {
    fn of(bench: &Bench) -> Self {
        let push_key = PUSH_KEY.trim_start_matches("whsec_");
        let secrets = [NAME, PASSWORD, OPERATOR, TOKEN, SMTP_PASSWORD, push_key, &bench.key];
        Self(secrets.map(str::to_lowercase).into())
    }

    #[track_caller]
    fn assert_none_in(&self, what: &str, text: &str) {
        let lower = text.to_lowercase();
        let found = self.0.iter().find(|canary| lower.contains(*canary));
        assert!(found.is_none(), "{what} shows {found:?}: {text}");
    }
}

/// The course of the bench with canaries in every field of its people, and one who has no usable address.
fn course_with_canaries() -> Value {
    let mut course = course(1);
    for list in ["instructors", "students"] {
        for (number, person) in course[list].as_array_mut().unwrap().iter_mut().enumerate() {
            person["first-name"] = json!(NAME);
            person["last-name"] = json!(format!("{NAME} {number}"));
            person["email"] = json!(format!("{list}{number}.{ADDRESS}"));
        }
    }
    let mut nobody = course["students"][0].clone();
    nobody["id"] = json!("S000003");
    nobody["email"] = json!(format!("{NAME} has none"));
    course["students"].as_array_mut().unwrap().push(nobody);
    course
}

fn school(bench: &Bench) -> Value {
    let settings = json!({
        "update-every-minutes": 1, "settle-minutes": 0, "digest-every-minutes": 0, "error-email": ADDRESS,
        "initial-user-password": PASSWORD
    });
    bench.school(json!({ "settings": settings }))
}

/// The places of all values in a body that hold no values themselves.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(key, part)| (key.clone(), part)).collect(),
        Value::Array(items) => items.iter().enumerate().map(|(index, part)| (index.to_string(), part)).collect(),
        _ => return found.push(at.to_owned()),
    };
    for (key, part) in parts {
        leaves(part, &format!("{at}/{key}"), found);
    }
}

/// The body with a canary in place of each of its values, in forms that fit hardly anywhere.
fn spoilt(body: &Value) -> Vec<Value> {
    let mut places = Vec::new();
    leaves(body, "", &mut places);
    let mut spoilt = Vec::new();
    for place in &places {
        let text = json!(format!("{NAME}\u{7} <{ADDRESS}>, {PASSWORD}"));
        let mut forms = vec![json!(NAME.repeat(5_000)), json!([text]), json!({ "x": text })];
        // An id that fits is an id, and may be named.
        if !place.ends_with("/id") {
            forms.push(text);
        }
        for form in forms {
            let mut body = body.clone();
            *body.pointer_mut(place).unwrap() = form;
            spoilt.push(body);
        }
    }
    spoilt
}

/// Everything that may be refused; returns how many answers were.
fn refusals(bench: &Bench, service: &Service, canaries: &Canaries) -> usize {
    let mut refused = 0;
    let mut check = |what: &str, answer: super::bench::Answer| {
        if answer.status >= 400 {
            refused += 1;
            canaries.assert_none_in(what, &answer.headers);
            canaries.assert_none_in(what, &answer.body);
        }
    };
    let credentials = json!({"key": bench.key, "push-keys": [PUSH_KEY]});
    let bodies = [
        ("PUT", "/v1/schools/north", school(bench)),
        ("PUT", "/v1/schools/south", school(bench)),
        ("PUT", "/v1/schools/north/courses/C1", course_with_canaries()),
        ("PUT", "/v1/schools/north/courses", json!({"courses": [{"id": "C1", "revision": 1}]})),
        ("PUT", "/v1/schools/north/campuses/main/credentials", credentials),
        ("PUT", "/v1/schools/north/marks/C1-1/S000001", json!({"mark": "L"})),
        ("PUT", "/v1/schools/north/email-templates/synchronization-issues", json!({"subject": "{{ school }}"})),
        ("POST", "/v1/schools/north/email-templates/synchronization-issues/preview", json!({"text": "{{ school }}"})),
        (
            "POST",
            "/v1/schools/north/changes/acknowledgements",
            json!({"items": [{"sequence": 1, "outcome": "applied"}]}),
        ),
    ];
    let bearer = format!("Bearer {OPERATOR}");
    for (method, path, body) in &bodies {
        for body in spoilt(body) {
            check(path, service.with_token(OPERATOR, method, path, &body));
        }
        // What is no JSON from a canary on.
        for broken in [format!("{{\"email\": \"{ADDRESS}\", {NAME}"), format!("\"{NAME}\""), format!("[{{\"{NAME}")] {
            check(path, service.ask(method, path, &[("Authorization", &bearer)], broken.as_bytes()));
        }
        let token = format!("{NAME}.{PASSWORD}");
        check(path, service.with_token(&token, method, path, body));
    }
    let path = ADDRESS.replace('@', "%40");
    for address in [
        format!("/v1/schools/{path}"),
        format!("/v1/{path}"),
        format!("/v1/schools/north/{path}"),
        format!("/v1/schools/north/courses/{path}/status"),
        format!("/v1/schools/north/marks?class={path}&limit={NAME}"),
        format!("/v1/schools/north/journal?person={path}&after={NAME}"),
        format!("/v1/schools/north/changes?after={NAME}&wait={NAME}"),
        format!("/v1/schools/north/status?kind={NAME}&status={path}"),
        format!("/v1/schools?after={path}&limit={NAME}"),
        format!("/v1/schools/north/email-templates/{NAME}"),
    ] {
        for method in ["GET", "PUT", "POST", "DELETE"] {
            check(&address, service.with_token(OPERATOR, method, &address, &school(bench)));
        }
    }
    let signature = format!("v1,{NAME}");
    let headers = [("webhook-id", ADDRESS), ("webhook-timestamp", NAME), ("webhook-signature", signature.as_str())];
    for headers in [&headers[..], &headers[..1], &[("webhook-id", NAME), ("webhook-timestamp", "1"), headers[2]]] {
        check("a push", service.ask("POST", "/v1/webhooks/north/main", headers, NAME.as_bytes()));
    }
    refused
}

/// The mails of the folder: those to the school, and the texts of all others.
fn mails(bench: &Bench) -> (usize, Vec<String>) {
    let files = std::fs::read_dir(bench.path("mails")).into_iter().flatten();
    let texts = files.map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap());
    let (schools, others): (Vec<_>, Vec<_>) = texts.partition(|text| text.contains(&format!("To: {ADDRESS}\r\n")));
    let shown = schools.iter().find(|text| [PASSWORD, OPERATOR, TOKEN].iter().any(|secret| text.contains(secret)));
    assert_eq!(shown, None);
    (schools.len(), others)
}

fn play(mail: &str, mails_leave: bool) {
    let bench = Bench::new();
    bench.secret("north.token", TOKEN);
    bench.secret("smtp-password", SMTP_PASSWORD);
    bench.configure_mail("operator-email = \"operator@example.edu\"", mail);
    let canaries = Canaries::of(&bench);
    let service = bench.serve_telling(EVERYTHING);
    assert_eq!(service.put("/v1/schools/north", &school(&bench)).0, 201);
    bench.arm(&service, "north");
    assert_eq!(service.put("/v1/schools/north/courses/C1", &course_with_canaries()).0, 200);
    service.changes_until("north", |items| operation_kinds(items).contains(&"set-mark".to_owned()));
    service.until("/v1/schools/north/issues", |issues| issues.to_string().contains("S000003"));
    let refused = refusals(&bench, &service, &canaries);
    assert!(refused > 300, "only {refused}");
    assert_eq!(service.with_token(TOKEN, "POST", "/v1/schools/north/sync", &Value::Null).status, 202);

    for probe in ["/metrics", "/healthz", "/readyz", "/openapi.json"] {
        let answer = service.ask("GET", probe, &[], b"");
        assert!(answer.status == 200 && !answer.body.is_empty(), "{probe}");
        canaries.assert_none_in(probe, &answer.body);
    }
    let metrics = service.ask("GET", "/metrics", &[], b"").body;
    let personal = ["S00000", "I00001", "C1", "north"].into_iter().find(|id| metrics.contains(id));
    assert_eq!(personal, None, "{metrics}");
    let (code, log) = service.end_and_tell();
    assert_eq!(code, Some(0));
    assert!(log.contains("export=\"on-tick\"") && log.contains("the call ended"), "{log}");
    canaries.assert_none_in("the log", &log);
    let (_, found, told) = call(&["doctor", "--config", bench.path("serve.toml").to_str().unwrap()]);
    assert!(found.contains("north"), "{found} {told}");
    canaries.assert_none_in("the doctor", &(found + &told));
    let (to_school, others) = mails(&bench);
    assert_eq!(to_school > 0, mails_leave);
    for mail in others {
        canaries.assert_none_in("a mail to others", &mail);
    }
}

#[test]
fn no_canary_is_found_where_it_is_not_for() {
    play("transport = \"folder\"\nfolder = \"mails\"\nfrom = \"GEGI <gegi@example.edu>\"", true);
}

#[test]
fn no_canary_is_found_when_no_mail_leaves() {
    let user = format!("user = \"{ADDRESS}\"\nfrom = \"{NAME} <{ADDRESS}>\"");
    play(&format!("transport = \"smtp\"\nhost = \"127.0.0.1\"\nport = 1\ntls = \"none\"\n{user}"), false);
}
