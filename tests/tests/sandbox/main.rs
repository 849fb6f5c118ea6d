//! The sandbox: each test lets the hostile guest try something that a plugin must not do.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

mod account;
mod beside;
mod boundary;
mod harness;
mod misbehaviour;
mod network;
mod silent;
mod world;

use std::time::Duration;

use expect_test::expect;
use harness::Playground;
use host::clock::Clock;
use host::engine::Engine;
use host::limits::Limits;

#[test]
fn what_a_plugin_could_ask_for_beside_that_is_absent() {
    let judge = |function: &str| {
        let refusal = Engine::new(&importing(function), Limits::default(), None).err().unwrap().to_string();
        let absent = refusal.contains("function implementation is missing");
        format!("{} {function}\n", if absent { "-" } else { "+" })
    };
    let functions = [
        "gegi:coursekey/email@0.2.0 queue",
        "wasi:cli/environment@0.2.12 get-environment",
        "wasi:clocks/monotonic-clock@0.2.12 now",
        "wasi:clocks/wall-clock@0.2.12 now",
        "wasi:http/outgoing-handler@0.2.12 handle",
        "wasi:io/poll@0.2.12 poll",
        "wasi:clocks/timezone@0.2.12 utc-offset",
        "wasi:filesystem/preopens@0.2.12 get-directories",
        "wasi:filesystem/types@0.2.12 filesystem-error-code",
        "wasi:random/insecure@0.2.12 get-insecure-random-u64",
        "wasi:random/insecure-seed@0.2.12 insecure-seed",
        "wasi:random/random@0.2.12 get-random-u64",
        "wasi:sockets/instance-network@0.2.12 instance-network",
        "wasi:sockets/ip-name-lookup@0.2.12 resolve-addresses",
        "wasi:sockets/tcp-create-socket@0.2.12 create-tcp-socket",
        "wasi:sockets/udp-create-socket@0.2.12 create-udp-socket",
    ];
    expect![[r#"
        + gegi:coursekey/email@0.2.0 queue
        + wasi:cli/environment@0.2.12 get-environment
        + wasi:clocks/monotonic-clock@0.2.12 now
        + wasi:clocks/wall-clock@0.2.12 now
        + wasi:http/outgoing-handler@0.2.12 handle
        + wasi:io/poll@0.2.12 poll
        - wasi:clocks/timezone@0.2.12 utc-offset
        - wasi:filesystem/preopens@0.2.12 get-directories
        - wasi:filesystem/types@0.2.12 filesystem-error-code
        - wasi:random/insecure@0.2.12 get-insecure-random-u64
        - wasi:random/insecure-seed@0.2.12 insecure-seed
        - wasi:random/random@0.2.12 get-random-u64
        - wasi:sockets/instance-network@0.2.12 instance-network
        - wasi:sockets/ip-name-lookup@0.2.12 resolve-addresses
        - wasi:sockets/tcp-create-socket@0.2.12 create-tcp-socket
        - wasi:sockets/udp-create-socket@0.2.12 create-udp-socket
    "#]]
    .assert_eq(&functions.map(judge).concat());
}

/// A component in bytes that imports an interface with one function. No engine takes the component, because the
/// function's type is always wrong; the engine's reason tells whether the function exists.
fn importing(function: &str) -> Vec<u8> {
    let (interface, function) = function.split_once(' ').unwrap();
    let name = |text: &str| [&[0, u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
    let section = |id: u8, content: Vec<u8>| [vec![id, u8::try_from(content.len()).unwrap()], content].concat();
    // An instance type of two declarations: a function from (char, char) to nothing, and its export.
    let ty = [vec![1, 0x42, 2, 1, 0x40, 2, 1, b'a', 0x74, 1, b'b', 0x74, 1, 0, 4], name(function), vec![1, 0]].concat();
    let import = [vec![1], name(interface), vec![5, 0]].concat();
    [b"\0asm\x0d\0\x01\0".to_vec(), section(7, ty), section(10, import)].concat()
}

pub(crate) const SCHOOL: &str = "https://api.example.com/v1/schools/548156";

#[tokio::test]
async fn a_request_leaves_with_credentials_and_without_the_headers_for_the_host() {
    let playground = Playground::new();
    let script = format!(
        "send PUT {SCHOOL}/users?email=student000001%40example.edu gegi-campus=main gegi-items=7 \
         content-type=application/json body=100000"
    );
    expect![[r#"200 PUT https://api.example.com/v1/schools/548156/users?email=student000001%40example.edu {"content-type": "application/json", "authorization": Sensitive} 100000"#]].assert_eq(&playground.tick(&script).await);
    expect![[r#"{"at":"1970-01-01T00:00:00Z","campus":"main","method":"PUT","path":"/v1/schools/548156/users","kind":"users","items":7,"status":200}"#]].assert_eq(&playground.logged());
}

#[tokio::test]
async fn what_the_school_does_not_grant_is_denied_and_the_rule_is_written_down() {
    let playground = Playground::new();
    let script = [
        "send GET https://evil.example.net/v1/schools/548156 gegi-campus=main",
        "send GET https://api.example.com:8443/v1/schools/548156 gegi-campus=main",
        "send GET http://api.example.com/v1/schools/548156 gegi-campus=main",
        "send DELETE https://api.example.com/v1/schools/548156/users gegi-campus=main",
        "send GET https://api.example.com/v1/schools/548157/users gegi-campus=main",
        "send GET https://api.example.com/v1/schools/548157/users gegi-campus=keyless",
        "send GET https://api.example.com/v1/schools/548156/users x-forwarded-for=10.0.0.1 gegi-campus=main",
    ];
    expect![[r#"
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied"#]]
    .assert_eq(&playground.tick(&script.join("\n")).await);
    expect![[r#"
        rule host: evil.example.net is not api.example.com; the host is that of coursekey-url in School Settings
        rule port: 8443 is not 443; the port is that of coursekey-url in School Settings
        rule scheme: http is not https; the scheme is that of coursekey-url in School Settings
        rule method: DELETE is not GET or PUT; no line of configuration allows it
        rule path: /v1/schools/548157/users is not below /v1/schools/548156; the path is that of coursekey-url and of the campus's coursekey-school-id in School Settings
        rule credentials: campus "keyless" has no usable auth key; enter as the campus's credentials the key that CourseKey gave out for it
        rule header: x-forwarded-for may not be set by the plugin; no line of configuration allows it"#]].assert_eq(&playground.logged());
    assert!(playground.world.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_tick_for_which_gegi_leaves_no_room_is_not_made_and_courses_and_pushes_are_taken() {
    let playground = Playground::of(harness::engine(|limits| limits.storage.records_waiting = 10), |_| {});
    assert_eq!(playground.tick("journal 10\nok").await, "ok");
    let full = "begin the tick: as many records wait for GEGI as may; let GEGI take and acknowledge them [RepeatLater]";
    assert_eq!(playground.tick("journal 1\nok").await, full);
    assert_eq!(playground.play(harness::Export::CourseChanged, "put a 1\nok").await, "ok");
    assert_eq!(playground.push("put b 1\nok").await, "ok");
    // A turn delivers before it ticks, or it would never tick again.
    playground.world.plays("read a\nok");
    playground.school.turn(host::school::Budget { items: 1, seconds: 2 }).await.unwrap();
    assert_eq!(playground.tick("journal 1\nok").await, "ok");
}

/// Errors of the plugin, and the remedies of the catalogue, send people to the host's log.
#[tokio::test]
async fn what_was_refused_and_why_a_call_was_stopped_stands_in_the_log_by_default() {
    let playground = Playground::new();
    playground.tick("send GET https://log.example.net/v1 gegi-campus=main").await;
    let denied =
        "rule host: log.example.net is not api.example.com; the host is that of coursekey-url in School Settings";
    playground.tick("trap").await;
    let warned = tests::discretion::warned();
    assert!(warned.lines().any(|line| line.starts_with("WARN host::door") && line.contains(denied)), "{warned}");
    let stopped = |line: &str| {
        line.starts_with("WARN host::engine") && line.contains("stopped the plugin") && line.contains("reason=")
    };
    assert!(warned.lines().any(stopped), "{warned}");
}

#[tokio::test]
async fn a_guest_that_is_denied_for_ever_does_not_fill_the_log() {
    let playground = Playground::new();
    playground.tick(&vec!["send GET https://evil.example.net/ gegi-campus=main"; 200].join("\n")).await;
    assert_eq!(playground.logged().lines().count(), 100);
}

#[tokio::test]
async fn headers_that_are_the_hosts_business_cannot_be_set() {
    let playground = Playground::new();
    let lines = ["authorization", "host", "cookie", "proxy-authorization", "transfer-encoding", "connection"]
        .map(|name| format!("send GET {SCHOOL} gegi-campus=main {name}=mine"));
    expect![[r#"
        header authorization: HeaderError::Forbidden
        header host: HeaderError::Forbidden
        header cookie: HeaderError::Forbidden
        header proxy-authorization: HeaderError::Forbidden
        header transfer-encoding: HeaderError::Forbidden
        header connection: HeaderError::Forbidden"#]]
    .assert_eq(&playground.tick(&lines.join("\n")).await);
    assert!(playground.world.sent.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_call_that_is_no_tick_has_no_network() {
    let playground = Playground::new();
    expect!["ErrorCode::HttpRequestDenied"]
        .assert_eq(&playground.push(&format!("send GET {SCHOOL} gegi-campus=main")).await);
    expect!["rule network: only on-tick may send requests; no line of configuration allows it to another call"]
        .assert_eq(&playground.logged());
}

#[tokio::test]
async fn virtual_time_moves_by_the_answers_latency_and_by_the_wait_for_an_answer_that_never_comes() {
    let playground = Playground::new();
    let script = format!("send GET {SCHOOL} gegi-campus=main\nsend GET {SCHOOL}/users/lost gegi-campus=main\nitems");
    expect![[r#"
        200 GET https://api.example.com/v1/schools/548156 {"authorization": Sensitive} 0
        ErrorCode::HttpResponseTimeout
        100"#]]
    .assert_eq(&playground.tick(&script).await);
    expect![[r#"
        {"at":"1970-01-01T00:00:00Z","campus":"main","method":"GET","path":"/v1/schools/548156","kind":"connection","items":0,"status":200}
        {"at":"1970-01-01T00:00:07Z","campus":"main","method":"GET","path":"/v1/schools/548156/users/lost","kind":"users","items":0,"status":null}
        1970-01-01 00:00:37 UTC"#]].assert_eq(&format!("{}\n{}", playground.logged(), playground.clock.now()));
}

#[tokio::test]
async fn a_call_that_is_stopped_or_refused_leaves_no_trace() {
    let staging = "put a 10\njournal 1\nmail errors@example.edu\nread a";
    for end in ["trap", "loop", "", "read missing"] {
        let playground = Playground::new();
        playground.tick(&format!("{staging}\n{end}")).await;
        assert_eq!(playground.tick("read a").await, "Ok([None])", "{end}");
        assert_eq!(playground.delivered().await, "", "{end}");
    }
}

#[tokio::test]
async fn a_call_that_returns_ok_is_committed_whole_and_delivered_once() {
    let playground = Playground::new();
    assert_eq!(playground.tick("put a 2\njournal 2\nmail errors@example.edu\nok").await, "ok");
    expect!["Ok([Some([7, 7])])"].assert_eq(&playground.push("read a").await);
    expect![[r#"
        1 record
        2 record
        1 mail"#]]
    .assert_eq(&playground.delivered().await);
    assert_eq!(playground.delivered().await, "");
}

#[tokio::test]
async fn after_a_call_that_was_stopped_the_next_has_one_item_and_is_told_the_note() {
    let playground = Playground::new();
    expect![[r#"
        100
        None"#]]
    .assert_eq(&playground.tick("items\naborted").await);
    for _ in 0..2 {
        playground.tick("crumb student-000001\ntrap").await;
    }
    expect![[r#"
        1
        Some(Aborted { note: "student-000001", times: 2 })"#]]
    .assert_eq(&playground.tick("items\naborted").await);
    assert_eq!(playground.tick("ok").await, "ok");
    expect![[r#"
        100
        None"#]]
    .assert_eq(&playground.tick("items\naborted").await);
}

#[tokio::test]
async fn a_write_beyond_the_schools_limits_is_refused_and_the_call_goes_on() {
    let playground = Playground::new();
    let script = format!("put big 1048577\nput {} 1\njournal 50001\nput a 1\nread a", "k".repeat(513));
    expect![[r#"
        Err(StateError::ValueTooLarge(1048576))
        Err(StateError::BadKey(512))
        Err(RecordsError::TooMany(50000))
        Ok(())
        Ok([Some([7])])"#]]
    .assert_eq(&playground.tick(&script).await);
}

#[tokio::test]
async fn when_gegi_is_down_the_call_fails_and_is_not_held_against_the_plugin() {
    let playground = Playground::new();
    *playground.world.gegi_is_down.lock().unwrap() = true;
    expect!["ask GEGI: it is down [RepeatLater]"].assert_eq(&playground.tick("ok").await);
    *playground.world.gegi_is_down.lock().unwrap() = false;
    assert_eq!(playground.tick("items").await, "100");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_for_which_there_is_no_place_waits_for_one() {
    let schools: Vec<_> = (0..=harness::PLACES).map(|_| Playground::new()).collect();
    let calls = schools.into_iter().map(|school| tokio::spawn(async move { school.tick("wait").await }));
    for call in calls.collect::<Vec<_>>() {
        let failure = call.await.unwrap();
        assert!(failure.starts_with("finish the call within 2s"), "{failure}");
    }
}

#[tokio::test]
async fn ticks_that_keep_failing_are_told_once_and_resolved_when_one_returns() {
    let playground = Playground::new();
    let fail = async |minutes: u64| {
        playground.clock.advance(Duration::from_secs(minutes * 60));
        playground.tick("trap").await;
    };
    for minutes in [0, 1, 13] {
        fail(minutes).await;
    }
    assert_eq!(playground.delivered().await, "", "for less than a quarter of an hour");
    // GEGI knows itself that it does not answer.
    *playground.world.gegi_is_down.lock().unwrap() = true;
    fail(5).await;
    *playground.world.gegi_is_down.lock().unwrap() = false;
    assert_eq!(playground.delivered().await, "");
    for minutes in [0, 60] {
        fail(minutes).await;
    }
    expect![[r#"
        1 open: the synchronization with CourseKey stopped on 1970-01-01 00:00 UTC: GEGI's host had to stop it (wasm trap: wasm `unreachable` instruction executed)
        1 mail"#]]
    .assert_eq(&playground.delivered().await);
    playground.tick("put a 1\nok").await;
    expect![[r#"
        2 resolved: tick-fails/host
        2 mail"#]]
    .assert_eq(&playground.delivered().await);
    fail(60).await;
    assert_eq!(playground.delivered().await, "", "the count begins anew");
}
