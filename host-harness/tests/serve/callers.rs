//! Who may do what, by which token.

use serde_json::{Value, json};

use super::bench::{Bench, OPERATOR};

#[test]
fn a_token_opens_what_is_its_own() {
    let bench = Bench::new();
    bench.secret("north.token", "north-token-000001");
    let service = bench.serve();
    service.put("/v1/schools/north", &bench.school(json!({})));
    service.put("/v1/schools/south", &bench.school(json!({})));
    let status = |token: &str, method: &str, path: &str| service.with_token(token, method, path, &Value::Null).status;
    let own = "north-token-000001";
    let expected = [
        (OPERATOR, "GET", "/v1/schools", 200),
        (own, "GET", "/v1/schools/north", 200),
        (own, "GET", "/v1/schools/north/courses", 200),
        (own, "POST", "/v1/schools/north/sync", 202),
        (own, "DELETE", "/v1/schools/north", 403),
        (own, "PUT", "/v1/schools/north/campuses/main/credentials", 403),
        (own, "GET", "/v1/schools/south", 401),
        (own, "GET", "/v1/schools", 401),
        ("another", "GET", "/v1/schools/north", 401),
        ("", "GET", "/v1/schools/north", 401),
        ("another", "GET", "/v1/schools/nowhere", 401),
        (OPERATOR, "GET", "/v1/schools/nowhere", 404),
        (OPERATOR, "GET", "/v1/nothing", 404),
        (OPERATOR, "POST", "/v1/schools", 405),
    ];
    for (token, method, path, wanted) in expected {
        assert_eq!(status(token, method, path), wanted, "{method} {path} with {token:?}");
    }
    for probe in ["/healthz", "/readyz", "/metrics", "/openapi.json"] {
        assert_eq!(service.ask("GET", probe, &[], b"").status, 200, "{probe}");
    }
    // A new token counts at once.
    bench.secret("north.token", "north-token-000002");
    assert_eq!(
        (status(own, "GET", "/v1/schools/north"), status("north-token-000002", "GET", "/v1/schools/north")),
        (401, 200)
    );
}
