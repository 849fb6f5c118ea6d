//! Two services on one PostgreSQL: either takes any request, and when the one that ticks a school dies the other goes on.

use serde_json::{Value, json};
use tests::postgres::Server;

use super::bench::{Bench, Service, course, operation_kinds};

/// The settings of a connection as the URL of a configuration.
pub(crate) fn as_url(settings: &str) -> String {
    let of =
        |key: &str| settings.split(' ').find_map(|part| part.strip_prefix(key)).map(|value| value.trim_matches('\''));
    let password = of("password=").map(|password| format!(":{password}")).unwrap_or_default();
    let port = of("port=").map(|port| format!(":{port}")).unwrap_or_default();
    let (user, host, name) = (of("user=").unwrap(), of("host=").unwrap().replace('/', "%2F"), of("dbname=").unwrap());
    format!("postgres://{user}{password}@{host}{port}/{name}")
}

#[test]
fn either_of_two_services_takes_any_request_and_one_goes_on_when_the_other_dies() {
    let Some(server) = Server::shared() else { return };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let settings = runtime.block_on(server.database());
    let bench = Bench::new();
    bench.configure(&as_url(&settings), "");
    let (one, other) = (bench.serve(), bench.serve());
    one.put("/v1/schools/north", &bench.school(json!({})));
    bench.arm(&other, "north");
    assert_eq!(other.put("/v1/schools/north/courses/C1", &course(1)).1["disposition"], "taken");
    let marks = |items: &[Value]| operation_kinds(items).iter().filter(|kind| *kind == "set-mark").count();
    let items = one.changes_until("north", |items| marks(items) == 2);
    assert_eq!(other.changes_until("north", |items| marks(items) == 2).len(), items.len());
    assert_eq!(other.get("/v1/schools/north/marks?class=C1-1")["items"].as_array().unwrap().len(), 2);

    // One of them ticks the school, and both know when.
    let ticks = |service: &Service| service.ask("GET", "/metrics", &[], b"").body.contains("gegi_schools 1\n");
    let (holder, heir) = if ticks(&one) { (one, other) } else { (other, one) };
    assert!(ticks(&holder) && !ticks(&heir));
    let before = heir.until("/v1/schools/north", |school| !school["last-tick"].is_null())["last-tick"].clone();
    holder.kill();
    assert_eq!(heir.put("/v1/schools/north/courses/C1", &course(2)).1["disposition"], "taken");
    heir.until("/v1/schools/north", |school| school["last-tick"] != before);
    assert!(ticks(&heir));
    assert_eq!(heir.get("/v1/schools/north/marks?class=C1-1")["items"].as_array().unwrap().len(), 2);
    assert_eq!(heir.end(), Some(0));
}
