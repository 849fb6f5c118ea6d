//! Which pushes are believed. The signatures are those of Standard Webhooks' own examples, or were made by another
//! program's HMAC-SHA256 with the same key; the code under test made none of them.

#![allow(clippy::unwrap_used, clippy::needless_raw_string_hashes)]

use expect_test::{Expect, expect};

use super::*;

/// The example of Standard Webhooks' reference libraries.
const KEY: &str = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD";
const OTHER: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const SIGNED_AT: i64 = 1_649_367_553;

fn example() -> Push {
    Push {
        id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk".to_owned(),
        timestamp: SIGNED_AT.to_string(),
        signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=".to_owned(),
        body: br#"{"email":"test@example.com","username":"test_user"}"#.to_vec(),
    }
}

fn keys(current: &str, other: Option<&str>) -> PushKeys {
    let parse = |text| PushKey::parse(text).unwrap();
    PushKeys { current: parse(current), other: other.map(parse) }
}

fn judge(push: Push, keys: &PushKeys, seconds_later: i64) -> Result<VerifiedPush, Refusal> {
    let now = DateTime::from_timestamp(SIGNED_AT + seconds_later, 0).unwrap();
    verify(push, "main", Some(keys), now, &PushLimits::default())
}

fn check(push: Push, expect: &Expect) {
    let said = judge(push, &keys(KEY, None), 0).map_or_else(|refusal| refusal.to_string(), |_| "taken".to_owned());
    expect.assert_eq(&said);
}

#[test]
fn the_example_of_standard_webhooks_is_taken() {
    check(example(), &expect!["taken"]);
}

#[test]
fn whatever_is_changed_is_refused() {
    let unknown = expect![[r#"take a push: no key of campus "main" signed it; compare the push key with CourseKey's"#]];
    check(Push { id: "msg_another".to_owned(), ..example() }, &unknown);
    check(Push { timestamp: (SIGNED_AT + 1).to_string(), ..example() }, &unknown);
    check(Push { body: br#"{"email":"test@example.com","username":"test_usee"}"#.to_vec(), ..example() }, &unknown);
    check(Push { signature: "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kk0=".to_owned(), ..example() }, &unknown);
    check(Push { signature: "v1,".to_owned(), ..example() }, &unknown);
    check(Push { signature: example().signature.replace("v1", "v1a"), ..example() }, &unknown);
}

#[test]
fn what_is_not_of_the_form_is_named() {
    check(
        Push { timestamp: "yesterday".to_owned(), ..example() },
        &expect!["take a push: its webhook-timestamp header is not of the form that Standard Webhooks gives it"],
    );
    check(
        Push { timestamp: i64::MIN.to_string(), ..example() },
        &expect!["take a push: its webhook-timestamp header is not of the form that Standard Webhooks gives it"],
    );
    check(
        Push { id: String::new(), ..example() },
        &expect!["take a push: its webhook-id header is not of the form that Standard Webhooks gives it"],
    );
    check(
        Push { signature: "v1,".repeat(2_000), ..example() },
        &expect!["take a push: its webhook-signature header is not of the form that Standard Webhooks gives it"],
    );
    check(
        Push { body: vec![b' '; (1 << 20) + 1], ..example() },
        &expect!["take a push: it is larger than 1048576 bytes; ask CourseKey for smaller ones"],
    );
}

#[test]
fn a_request_without_a_header_is_refused_by_its_name() {
    let mut headers = HeaderMap::new();
    for name in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        assert_eq!(Push::of_request(&headers, Vec::new()), Err(Refusal::Missing(name)));
        headers.insert(name, http::HeaderValue::from_static("1"));
    }
    assert!(Push::of_request(&headers, Vec::new()).is_ok());
    headers.insert("webhook-id", http::HeaderValue::from_bytes(b"\xff").unwrap());
    assert_eq!(Push::of_request(&headers, Vec::new()), Err(Refusal::Malformed("webhook-id")));
}

#[test]
fn either_of_two_keys_will_do_and_any_of_several_signatures() {
    assert!(judge(example(), &keys(OTHER, Some(KEY)), 0).is_ok());
    assert!(judge(example(), &keys(KEY, Some(OTHER)), 0).is_ok());
    assert!(judge(example(), &keys(OTHER, None), 0).is_err());
    let signature = format!("v1a,c29tZXRoaW5n v1,bm90IGl0 {} nonsense", example().signature);
    assert!(judge(Push { signature, ..example() }, &keys(KEY, None), 0).is_ok());
}

#[test]
fn five_minutes_either_way_are_tolerated() {
    for (seconds, said) in [(300, None), (-300, None), (301, Some(301)), (-301, Some(-301))] {
        let refusal = judge(example(), &keys(KEY, None), seconds).err();
        assert_eq!(refusal, said.map(Refusal::Untimely));
    }
}

#[test]
fn a_campus_without_a_key_takes_nothing() {
    let refusal = verify(example(), "main", None, DateTime::UNIX_EPOCH, &PushLimits::default()).unwrap_err();
    assert_eq!((refusal.status(), refusal), (401, Refusal::NoKey("main".to_owned())));
}

#[test]
fn a_push_that_is_signed_again_is_the_same_and_another_body_or_campus_is_not() {
    let taken = |campus: &str, at: i64, body: &str, signature: &str| {
        let now = DateTime::from_timestamp(at, 0).unwrap();
        let (id, timestamp) = ("msg_1".to_owned(), at.to_string());
        let push = Push { id, timestamp, signature: format!("v1,{signature}"), body: body.as_bytes().to_vec() };
        verify(push, campus, Some(&keys(KEY, None)), now, &PushLimits::default()).unwrap().id
    };
    let first = taken("main", 10, "{}", "n4MLdIrkrylLSe0WK1bR5dJ3Zw5kHvoy2hAV1UNMSb0=");
    assert_eq!(first, taken("main", 7_200, "{}", "BCc5vgcWKCOi61JANIG0cU1rT7gMK07wagssUN3LkfI="));
    assert_ne!(first, taken("main", 10, "[]", "962oJvqxkVQSOUOjAJx8swV+fDcL7a93iI9yEUAjBwI="));
    assert_ne!(first, taken("north", 10, "{}", "n4MLdIrkrylLSe0WK1bR5dJ3Zw5kHvoy2hAV1UNMSb0="));
}

#[test]
fn a_key_is_read_in_coursekeys_form_and_never_prints() {
    assert!(PushKey::parse(&format!("  {KEY}\n")).is_ok());
    for bad in ["", "C2FVsBQIhrscChlQIMV+b5sSYspob7oD", "whsec_C2FVsBQI", "whsec_not base64 at all, by no means!"] {
        assert_eq!(PushKey::parse(bad), Err(BadPushKey), "{bad}");
    }
    assert_eq!(format!("{:?}", keys(KEY, Some(OTHER))), "PushKeys { current: …, other: Some(…) }");
    assert_eq!(format!("{:?}", example()), r#"Push { id: "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk", body_bytes: 51, .. }"#);
}
