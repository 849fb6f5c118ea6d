//! Who gets in, and what keeps others out.

use serde_json::json;

use super::super::bench::{Answer, Bench, OPERATOR, Service, course};

/// A service with one school, a token of it, and tokens for people who may look alone.
fn service(bench: &Bench) -> Service {
    bench.secret("north.token", "north-token-000001");
    bench.secret("north.reader-token", "north-reader-000001");
    bench.secret("operator-reader-token", "operator-reader-000001");
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    service.put("/v1/schools/south", &bench.school(json!({})));
    service.put("/v1/schools/north/courses/C1", &course(1));
    service
}

/// A browser without a window: it keeps the session's cookie.
struct Visitor<'a> {
    service: &'a Service,
    cookie: String,
}

impl Visitor<'_> {
    fn get(&self, path: &str) -> Answer {
        self.service.ask("GET", path, &[("Cookie", &self.cookie)], b"")
    }

    fn post(&self, path: &str, more: &[(&str, &str)], form: &str) -> Answer {
        let mut headers = vec![("Cookie", self.cookie.as_str()), ("Content-Type", "application/x-www-form-urlencoded")];
        headers.extend(more);
        self.service.ask("POST", path, &headers, form.as_bytes())
    }

    /// The token that the forms of a page carry.
    fn form_token(&self, path: &str) -> String {
        let page = self.get(path).body;
        let found = page.split_once("name=\"form-token\" content=\"").map(|(_, rest)| rest.split('"').next().unwrap());
        found.unwrap_or_else(|| panic!("no token in {page}")).to_owned()
    }
}

/// Enters with a token.
fn enter<'a>(service: &'a Service, school: &str, token: &str) -> Visitor<'a> {
    let anonymous = Visitor { service, cookie: String::new() };
    let answer = anonymous.post("/console/login", &[], &format!("school={school}&token={token}&from="));
    assert_eq!(answer.status, 303, "{}", answer.body);
    let line = answer.headers.lines().find(|line| line.starts_with("set-cookie:")).unwrap().to_owned();
    assert!(line.contains("httponly") && line.contains("samesite=lax") && !line.contains("secure"), "{line}");
    // The headers are in small letters; a cookie is not.
    let cookie = answer.cookie.unwrap();
    Visitor { service, cookie }
}

#[test]
fn nobody_gets_in_without_a_token() {
    let bench = Bench::new();
    let service = service(&bench);
    let anonymous = Visitor { service: &service, cookie: String::new() };
    for page in ["/console", "/console/schools/north/courses", "/console/schools/north/events", "/console/demo"] {
        let answer = anonymous.get(page);
        assert!(
            answer.status == 303 && answer.headers.contains("location: /console/login?from="),
            "{page} {}",
            answer.status
        );
    }
    let wrong = anonymous.post("/console/login", &[], "school=north&token=wrong&from=");
    assert!(wrong.status == 401 && wrong.body.contains("nobody"), "{} {}", wrong.status, wrong.body);
    let answer = anonymous.get("/console/login");
    for header in [
        "content-security-policy: default-src 'none'; script-src 'self'",
        "x-frame-options: deny",
        "cache-control: no-store",
        "x-content-type-options: nosniff",
    ] {
        assert!(answer.headers.contains(header), "{header} is not among {}", answer.headers);
    }
    assert!(
        !answer.body.contains("<script>") && !answer.body.contains("style=") && !answer.body.contains("onclick"),
        "{}",
        answer.body
    );
    let forged =
        Visitor { service: &service, cookie: "gegi-session=Y2hhbmdlcwoKOTk5OTk5OTk5OTkKc2hhMjU2OjAw.00".to_owned() };
    assert_eq!(forged.get("/console").status, 303);
}

#[test]
fn a_token_opens_its_own_pages_alone() {
    let bench = Bench::new();
    let service = service(&bench);
    let school = enter(&service, "north", "north-token-000001");
    assert_eq!(school.get("/console/schools/north/courses").status, 200);
    assert_eq!(school.get("/console/schools/south/courses").status, 403);
    assert!(school.get("/console").headers.contains("location: /console/schools/north/courses"));
    assert_eq!(school.get("/console/demo").status, 403);
    let operator = enter(&service, "", OPERATOR);
    assert_eq!([operator.get("/console").status, operator.get("/console/schools/south/courses").status], [200, 200]);
    // The way back leads to a page of these, and to no other site.
    let answer = Visitor { service: &service, cookie: String::new() }.post(
        "/console/login",
        &[],
        "school=north&token=north-token-000001&from=https%3A%2F%2Fexample.com%2F",
    );
    assert!(answer.headers.contains("location: /console/schools/north/courses"), "{}", answer.headers);
    // A token that is replaced ends its sessions.
    bench.secret("north.token", "north-token-000002");
    assert_eq!(school.get("/console/schools/north/courses").status, 303);
    assert_eq!(operator.get("/console").status, 200);
}

#[test]
fn a_form_counts_from_its_own_page_alone() {
    let bench = Bench::new();
    let service = service(&bench);
    let school = enter(&service, "north", "north-token-000001");
    let settings = "/console/schools/north/settings";
    let token = school.form_token(settings);
    let form = format!("form-token={token}&weeks-before-start=5");
    let weeks = || service.get("/v1/schools/north")["settings"]["weeks-before-start"].as_u64().unwrap();
    assert_eq!(school.post(settings, &[], "weeks-before-start=5").status, 403, "no token");
    let other = enter(&service, "", OPERATOR).form_token("/console");
    assert_eq!(school.post(settings, &[], &form.replace(&token, &other)).status, 403, "another session's token");
    for site in [("Sec-Fetch-Site", "cross-site"), ("Origin", "https://example.com")] {
        assert_eq!(school.post(settings, &[site], &form).status, 403, "{site:?}");
    }
    assert_eq!(weeks(), 3);
    assert_eq!(school.post(settings, &[("Sec-Fetch-Site", "same-origin")], &form).status, 303);
    assert_eq!(weeks(), 5);
    let journal = service.get("/v1/schools/north/journal")["items"].clone();
    let line = journal.as_array().unwrap().iter().find(|line| line["what"] == "settings").unwrap();
    assert_eq!((&line["new"], &line["by"]), (&json!("weeks-before-start"), &json!("the school, in the console")));
    // What does not fit is said beside its field, and what was typed stays.
    let wrong = school.post(settings, &[], &format!("form-token={token}&weeks-before-start=99&settle-minutes=7"));
    assert_eq!((wrong.status, weeks()), (422, 5));
    assert!(
        wrong.body.contains("value=\"99\"")
            && wrong.body.contains("value=\"7\"")
            && wrong.body.contains("aria-invalid=\"true\""),
        "{}",
        wrong.body
    );
}

#[test]
fn who_may_look_alone_changes_nothing() {
    let bench = Bench::new();
    let service = service(&bench);
    let reader = enter(&service, "north", "north-reader-000001");
    let settings = "/console/schools/north/settings";
    let page = reader.get(settings).body;
    assert!(
        page.contains("You may look alone.") && !page.contains("method=\"post\" action=\"/console/schools"),
        "{page}"
    );
    let token = reader.form_token(settings);
    assert_eq!(reader.post(settings, &[], &format!("form-token={token}&weeks-before-start=5")).status, 403);
    let told = |token: &str, method: &str, path: &str| service.with_token(token, method, path, &json!({})).status;
    assert_eq!(told("north-reader-000001", "GET", "/v1/schools/north"), 200);
    assert_eq!(told("north-reader-000001", "POST", "/v1/schools/north/sync"), 403);
    assert_eq!(told("operator-reader-000001", "GET", "/v1/schools"), 200);
    assert_eq!(told("operator-reader-000001", "DELETE", "/v1/schools/north"), 403);
    assert_eq!(service.get("/v1/schools/north")["settings"]["weeks-before-start"], 3);
}

#[test]
fn this_machine_needs_no_token_only_where_the_operator_says_so() {
    let bench = Bench::new();
    bench.configure_console("open-on-loopback = true");
    let service = service(&bench);
    let status = |headers: &[(&str, &str)]| service.ask("GET", "/console", headers, b"").status;
    assert_eq!(status(&[]), 200);
    assert_eq!(status(&[("X-Forwarded-For", "203.0.113.9")]), 303, "a proxy passes on what comes from elsewhere");
    assert_eq!(
        service.ask_as("rebound.example.com", "GET", "/console").status,
        303,
        "a name of elsewhere that leads here"
    );
    assert_eq!(service.ask("POST", "/console/schools/north/next", &[], b"").status, 403, "no form of the page");
}
