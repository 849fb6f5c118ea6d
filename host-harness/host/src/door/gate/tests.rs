//! The gate as a table: on each line a request, and whether the gate lets it through.

use expect_test::{Expect, expect};
use http::Request;

use super::*;
use crate::gegi::Campus;

fn settings(url: &str) -> SchoolSettings {
    let campus = |id, number| Campus::new(id, "America/New_York", number);
    SchoolSettings::with_defaults("Example School", url, vec![campus("main", 548_156), campus("north", 548_157)])
}

/// Checks requests, each written `METHOD URL [header: value]…`, against a school at `https://api.example.com/v1`.
fn check(requests: &[&str], expected: &Expect) {
    let grant = Grant::new(&settings("https://api.example.com/v1"), false).unwrap();
    let judge = |line: &&str| {
        let mut words = line.split(' ');
        let mut request = Request::builder().method(words.next().unwrap()).uri(words.next().unwrap());
        for header in words {
            let (name, value) = header.split_once('=').unwrap();
            request = request.header(name, value);
        }
        let verdict = match grant.check(&request.body(()).unwrap().into_parts().0) {
            Ok(pass) => format!("{} {} {} {:?}", pass.campus, pass.kind, pass.items, pass.headers),
            Err(denial) => denial.to_string(),
        };
        format!("{line}\n    {verdict}\n")
    };
    expected.assert_eq(&requests.iter().map(judge).collect::<String>());
}

#[test]
fn what_a_campus_needs_passes_without_the_headers_that_are_for_the_host() {
    check(
        &[
            "GET https://api.example.com/v1/schools/548156 gegi-campus=main",
            "PUT https://api.example.com/v1/schools/548156/users gegi-campus=main gegi-items=100 content-type=application/json",
            "GET https://API.example.com:443/v1/schools/548157/users?email=student000001%40example.edu gegi-campus=north host=elsewhere",
        ],
        &expect![[r#"
            GET https://api.example.com/v1/schools/548156 gegi-campus=main
                main connection 0 {}
            PUT https://api.example.com/v1/schools/548156/users gegi-campus=main gegi-items=100 content-type=application/json
                main users 100 {"content-type": "application/json"}
            GET https://API.example.com:443/v1/schools/548157/users?email=student000001%40example.edu gegi-campus=north host=elsewhere
                north users 0 {}
        "#]],
    );
}

#[test]
fn everything_else_is_refused_with_the_rule_and_the_remedy() {
    check(
        &[
            "GET https://api.example.com/v1/schools/548156/users",
            "GET https://api.example.com/v1/schools/548156/users gegi-campus=west",
            "GET http://api.example.com/v1/schools/548156/users gegi-campus=main",
            "GET https://evil.example.net/v1/schools/548156/users gegi-campus=main",
            "GET https://api.example.com.evil.example.net/v1/schools/548156 gegi-campus=main",
            "GET https://api.example.com:8443/v1/schools/548156/users gegi-campus=main",
            "GET https://api.example.com@evil.example.net/v1/schools/548156 gegi-campus=main",
            "DELETE https://api.example.com/v1/schools/548156/users gegi-campus=main",
            "GET https://api.example.com/v1/schools/548157/users gegi-campus=main",
            "GET https://api.example.com/v1/schools/5481567 gegi-campus=main",
            "GET https://api.example.com/v2/schools/548156 gegi-campus=main",
            "GET https://api.example.com/v1/schools/548156/../548157/users gegi-campus=main",
            "GET https://api.example.com/v1/schools/548156/%2e%2e/548157 gegi-campus=main",
            "GET https://api.example.com/v1/schools/548156//users gegi-campus=main",
            "GET https://api.example.com/v1/schools/548156/users gegi-campus=main authorization=mine",
            "GET https://api.example.com/v1/schools/548156/users gegi-campus=main x-forwarded-for=10.0.0.1",
        ],
        &expect![[r#"
            GET https://api.example.com/v1/schools/548156/users
                rule campus: "" is no campus of the school; add it with its coursekey-school-id to School Settings
            GET https://api.example.com/v1/schools/548156/users gegi-campus=west
                rule campus: "west" is no campus of the school; add it with its coursekey-school-id to School Settings
            GET http://api.example.com/v1/schools/548156/users gegi-campus=main
                rule scheme: http is not https; the scheme is that of coursekey-url in School Settings
            GET https://evil.example.net/v1/schools/548156/users gegi-campus=main
                rule host: evil.example.net is not api.example.com; the host is that of coursekey-url in School Settings
            GET https://api.example.com.evil.example.net/v1/schools/548156 gegi-campus=main
                rule host: api.example.com.evil.example.net is not api.example.com; the host is that of coursekey-url in School Settings
            GET https://api.example.com:8443/v1/schools/548156/users gegi-campus=main
                rule port: 8443 is not 443; the port is that of coursekey-url in School Settings
            GET https://api.example.com@evil.example.net/v1/schools/548156 gegi-campus=main
                rule host: an address without host, or with a user is not api.example.com; the host is that of coursekey-url in School Settings
            DELETE https://api.example.com/v1/schools/548156/users gegi-campus=main
                rule method: DELETE is not GET or PUT; no line of configuration allows it
            GET https://api.example.com/v1/schools/548157/users gegi-campus=main
                rule path: /v1/schools/548157/users is not below /v1/schools/548156; the path is that of coursekey-url and of the campus's coursekey-school-id in School Settings
            GET https://api.example.com/v1/schools/5481567 gegi-campus=main
                rule path: /v1/schools/5481567 is not below /v1/schools/548156; the path is that of coursekey-url and of the campus's coursekey-school-id in School Settings
            GET https://api.example.com/v2/schools/548156 gegi-campus=main
                rule path: /v2/schools/548156 is not below /v1/schools/548156; the path is that of coursekey-url and of the campus's coursekey-school-id in School Settings
            GET https://api.example.com/v1/schools/548156/../548157/users gegi-campus=main
                rule path: /v1/schools/548156/../548157/users is not below /v1/schools/548156; the path is that of coursekey-url and of the campus's coursekey-school-id in School Settings
            GET https://api.example.com/v1/schools/548156/%2e%2e/548157 gegi-campus=main
                rule path: /v1/schools/548156/%2e%2e/548157 is not below /v1/schools/548156; the path is that of coursekey-url and of the campus's coursekey-school-id in School Settings
            GET https://api.example.com/v1/schools/548156//users gegi-campus=main
                rule path: /v1/schools/548156//users is not below /v1/schools/548156; the path is that of coursekey-url and of the campus's coursekey-school-id in School Settings
            GET https://api.example.com/v1/schools/548156/users gegi-campus=main authorization=mine
                rule header: authorization may not be set by the plugin; no line of configuration allows it
            GET https://api.example.com/v1/schools/548156/users gegi-campus=main x-forwarded-for=10.0.0.1
                rule header: x-forwarded-for may not be set by the plugin; no line of configuration allows it
        "#]],
    );
}

#[test]
fn a_base_url_is_https_unless_this_machine_is_allowed() {
    let judge = |(url, loopback_allowed): (&str, bool)| {
        let verdict = Grant::new(&settings(url), loopback_allowed)
            .map_or_else(|denial| denial.to_string(), |_| "granted".to_owned());
        format!("{url}: {verdict}\n")
    };
    let cases = [
        ("https://api.example.com", false),
        ("http://api.example.com/v1", true),
        ("http://127.0.0.1:4010/v1", false),
        ("https://localhost", false),
        ("http://127.0.0.1:4010/v1", true),
        ("http://[::1]:4010", true),
        ("https://user:word@api.example.com", true),
        ("https://api.example.com/?x=1", true),
        ("ftp://api.example.com", true),
        ("/v1", true),
    ];
    expect![[r#"
        https://api.example.com: granted
        http://api.example.com/v1: rule loopback: http://api.example.com is plain HTTP or this machine; for development start the host with loopback-allowed = true, otherwise write an https URL as coursekey-url in School Settings
        http://127.0.0.1:4010/v1: rule loopback: http://127.0.0.1 is plain HTTP or this machine; for development start the host with loopback-allowed = true, otherwise write an https URL as coursekey-url in School Settings
        https://localhost: rule loopback: https://localhost is plain HTTP or this machine; for development start the host with loopback-allowed = true, otherwise write an https URL as coursekey-url in School Settings
        http://127.0.0.1:4010/v1: granted
        http://[::1]:4010: granted
        https://user:word@api.example.com: rule base-url: coursekey-url in School Settings is not an https URL without user and query; change it to one, such as coursekey-url = "https://api.example.com/v1"
        https://api.example.com/?x=1: rule base-url: coursekey-url in School Settings is not an https URL without user and query; change it to one, such as coursekey-url = "https://api.example.com/v1"
        ftp://api.example.com: rule base-url: coursekey-url in School Settings is not an https URL without user and query; change it to one, such as coursekey-url = "https://api.example.com/v1"
        /v1: rule base-url: coursekey-url in School Settings is not an https URL without user and query; change it to one, such as coursekey-url = "https://api.example.com/v1"
    "#]].assert_eq(&cases.into_iter().map(judge).collect::<String>());
}

#[test]
fn a_base_url_lies_within_what_the_operator_allows() {
    let allowed = AllowedHosts::parse(["api.example.com:443"]).unwrap();
    let judge = |url: &str| {
        let verdict = Grant::new(&settings(url), true).and_then(|grant| grant.within(&allowed));
        format!("{url}: {}\n", verdict.map_or_else(|denial| denial.to_string(), |_| "granted".to_owned()))
    };
    let cases = [
        "https://API.example.com/v1",
        "https://api.example.com:443",
        "http://127.0.0.1:4010",
        "https://api.example.com:8443",
        "https://evil.example.net/v1",
        "https://api.example.com.evil.example.net",
        "https://10.0.0.1",
    ];
    expect![[r#"
        https://API.example.com/v1: granted
        https://api.example.com:443: granted
        http://127.0.0.1:4010: granted
        https://api.example.com:8443: rule allowed-hosts: coursekey-url in School Settings leads to api.example.com:8443, which the operator does not allow; add "api.example.com:8443" to allowed-hosts under [coursekey], or correct coursekey-url
        https://evil.example.net/v1: rule allowed-hosts: coursekey-url in School Settings leads to evil.example.net:443, which the operator does not allow; add "evil.example.net:443" to allowed-hosts under [coursekey], or correct coursekey-url
        https://api.example.com.evil.example.net: rule allowed-hosts: coursekey-url in School Settings leads to api.example.com.evil.example.net:443, which the operator does not allow; add "api.example.com.evil.example.net:443" to allowed-hosts under [coursekey], or correct coursekey-url
        https://10.0.0.1: rule allowed-hosts: coursekey-url in School Settings leads to 10.0.0.1:443, which the operator does not allow; add "10.0.0.1:443" to allowed-hosts under [coursekey], or correct coursekey-url
    "#]].assert_eq(&cases.into_iter().map(judge).collect::<String>());
}

#[test]
fn a_look_may_read_and_change_nothing() {
    let grant = Grant::new(&settings("https://api.example.com/v1"), false).unwrap().reading();
    let answer = |method: &str| {
        let uri = "https://api.example.com/v1/schools/548156/users";
        let request = Request::builder().method(method).uri(uri).header("gegi-campus", "main").body(()).unwrap();
        grant.check(&request.into_parts().0).map(|pass| pass.kind).map_err(|denial| denial.to_string())
    };
    let denied = "rule look: PUT could change something, and the call may only look; run a component that keeps to its interface";
    assert_eq!((answer("GET"), answer("PUT")), (Ok("users".to_owned()), Err(denied.to_owned())));
}
