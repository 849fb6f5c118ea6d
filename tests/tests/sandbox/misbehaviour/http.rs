//! Misbehaviour towards the network, in front of a CourseKey in this process. The network itself is in `network.rs`.

use expect_test::expect;

use super::misbehaves;
use crate::SCHOOL;
use crate::harness::Export::{AttendanceReceived, Tick};

#[tokio::test]
async fn a_guest_that_holds_an_answer_for_ever_is_stopped_at_its_deadline() {
    let script = &format!("hold GET {SCHOOL} gegi-campus=main\nwait");
    misbehaves(Tick, script, expect!["finish the call within 2s; the next tick works on one item alone [RepeatSoon]"])
        .await;
}

#[tokio::test]
async fn a_guest_that_sends_ten_thousand_requests_at_once_is_stopped() {
    let script = &format!("burst 10000 GET {SCHOOL}/silent gegi-campus=main");
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: resource table has no free keys; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_sends_more_requests_at_once_than_it_may_is_refused() {
    let script = &format!("burst 100 GET {SCHOOL} gegi-campus=main");
    misbehaves(Tick, script, expect!["32 × 200, 68 × ErrorCode::ConnectionLimitReached"]).await;
}

#[tokio::test]
async fn answers_that_are_never_read_are_limited_in_number() {
    let script = &vec![format!("hold GET {SCHOOL} gegi-campus=main"); 34].join("\n");
    misbehaves(
        Tick,
        script,
        expect![[r#"
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        200
        ErrorCode::ConnectionLimitReached
        ErrorCode::ConnectionLimitReached"#]],
    )
    .await;
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let script = &format!("send GET {SCHOOL}/moved gegi-campus=main");
    misbehaves(
        Tick,
        script,
        expect![[r#"302 GET https://api.example.com/v1/schools/548156/moved {"authorization": Sensitive} 0"#]],
    )
    .await;
}

#[tokio::test]
async fn an_answer_of_a_hundred_megabytes_is_not_handed_on() {
    let script = &format!("send GET {SCHOOL}/huge gegi-campus=main");
    misbehaves(Tick, script, expect!["ErrorCode::HttpResponseBodySize(Some(4194304))"]).await;
}

#[tokio::test]
async fn an_answer_with_huge_headers_is_not_handed_on() {
    let script = &format!("send GET {SCHOOL}/many-headers gegi-campus=main");
    misbehaves(Tick, script, expect!["ErrorCode::HttpResponseHeaderSectionSize(Some(16384))"]).await;
}

#[tokio::test]
async fn huge_headers_do_not_leave() {
    let script = &format!("send GET {SCHOOL} gegi-campus=main header-of=20000");
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: total size of fields exceeds limit; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn many_headers_do_not_leave() {
    let script = &format!("send GET {SCHOOL} gegi-campus=main headers=100000");
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: total size of fields exceeds limit; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_get_with_a_body_does_not_leave() {
    let script = &format!("send GET {SCHOOL} gegi-campus=main body=1");
    misbehaves(Tick, script, expect!["ErrorCode::HttpRequestDenied"]).await;
}

#[tokio::test]
async fn a_body_above_the_limit_does_not_leave() {
    let script = &format!("send PUT {SCHOOL}/users gegi-campus=main body=1048577");
    misbehaves(Tick, script, expect!["ErrorCode::HttpRequestBodySize(Some(1048576))"]).await;
}

#[tokio::test]
async fn a_forged_key_does_not_leave() {
    let script = &format!("send GET {SCHOOL} gegi-campus=main authorization=mine");
    misbehaves(Tick, script, expect!["header authorization: HeaderError::Forbidden"]).await;
}

#[tokio::test]
async fn another_place_is_not_reached() {
    let script = &[
        "http://api.example.com/v1/schools/548156",
        "https://api.example.com:8443/v1/schools/548156",
        "https://evil.example.net/",
        "https://api.example.com/v1/schools/1",
        "http://169.254.169.254/latest/meta-data",
        "http://[fd00:ec2::254]/latest/meta-data",
    ]
    .map(|url| format!("send GET {url} gegi-campus=main"))
    .join("\n");
    misbehaves(
        Tick,
        script,
        expect![[r#"
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied
        ErrorCode::HttpRequestDenied"#]],
    )
    .await;
}

#[tokio::test]
async fn a_short_call_has_no_network() {
    let script = &format!("send GET {SCHOOL} gegi-campus=main");
    misbehaves(AttendanceReceived, script, expect!["ErrorCode::HttpRequestDenied"]).await;
}
