//! What a plugin must not do, one misbehaviour a test. For each of them the error is the expected one, the call leaves
//! nothing behind, the school's next calls are none the worse for it, and neither are those of another school.

mod http;
mod lies;

use expect_test::{Expect, expect};

use crate::harness::Export::{self, AttendanceReceived, CourseChanged, Statuses, Tick};
use crate::harness::{Playground, engine};

/// What every misbehaviour does first, so that there is something which must leave no trace.
const TRACES: &str = "put trace 1\njournal 1\nmail errors@example.edu\n";
const TRACED: &str = "Ok(())\nOk(())\nOk(())\n";

async fn misbehaves(export: Export, script: &str, expected: Expect) {
    misbehaves_in(&Playground::new(), export, script, expected).await;
}

async fn misbehaves_in(playground: &Playground, export: Export, script: &str, expected: Expect) {
    let neighbour = playground.neighbour("school-2");
    let seen = playground.play(export, &format!("{TRACES}{script}")).await;
    expected.assert_eq(seen.strip_prefix(TRACED).unwrap_or(&seen));
    assert_eq!(playground.tick("read trace").await, "Ok([None])");
    assert_eq!(playground.delivered().await, "");
    for school in [playground, &neighbour] {
        for export in [Tick, CourseChanged, AttendanceReceived, Statuses] {
            assert_eq!(school.play(export, "ok").await, "ok", "{export:?}");
        }
    }
}

#[tokio::test]
async fn a_guest_that_loops_is_stopped_at_its_deadline() {
    let script = "loop";
    misbehaves(Tick, script, expect!["finish the call within 2s; the next tick works on one item alone [RepeatSoon]"])
        .await;
}

#[tokio::test]
async fn a_short_call_that_loops_is_stopped_at_its_deadline() {
    let script = "loop";
    misbehaves(
        Statuses,
        script,
        expect!["finish the call within 5s; the next tick works on one item alone [RepeatSoon]"],
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_loops_inside_of_the_host_is_stopped_at_its_deadline() {
    let script = "host-loop";
    misbehaves(Tick, script, expect!["finish the call within 2s; the next tick works on one item alone [RepeatSoon]"])
        .await;
}

#[tokio::test]
async fn a_guest_that_polls_for_ever_is_stopped_at_its_deadline() {
    let script = "poll-loop";
    misbehaves(Tick, script, expect!["finish the call within 2s; the next tick works on one item alone [RepeatSoon]"])
        .await;
}

#[tokio::test]
async fn a_guest_that_waits_for_ever_is_stopped_at_its_deadline() {
    let script = "wait";
    misbehaves(Tick, script, expect!["finish the call within 2s; the next tick works on one item alone [RepeatSoon]"])
        .await;
}

#[tokio::test]
async fn a_guest_that_eats_memory_is_stopped_at_the_limit() {
    let script = "eat-memory";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: wasm trap: wasm `unreachable` instruction executed; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_recurses_is_stopped_at_the_end_of_its_stack() {
    let script = "recurse";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: wasm trap: out of bounds memory access; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_hoards_resources_is_stopped_at_the_limit() {
    let script = "hoard 1000000";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: resource table has no free keys; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_hoards_pollables_is_stopped_at_the_limit() {
    let script = "pollables 1000000";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: resource table has no free keys; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_hands_over_too_much_at_once_is_stopped() {
    let script = "put big 40000000";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_exits_is_stopped() {
    let script = "exit";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: Exited with i32 exit status 0; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_floods_the_log_goes_on_and_the_rest_is_dropped() {
    let script = "print 10000\nitems";
    misbehaves(Tick, script, expect!["100"]).await;
}

#[tokio::test]
async fn a_guest_that_prints_for_a_terminal_goes_on() {
    let script = "escape all is well\nitems";
    misbehaves(
        Tick,
        script,
        expect![[r#"

        100"#]],
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_says_too_much_is_stopped() {
    let script = "say 40000000";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_leaves_a_flood_of_notes_is_stopped() {
    let script = "crumbs 1000000";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: it left more notes than one call may; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_guest_that_stages_too_many_operations_is_refused() {
    let script = "journal 50001";
    misbehaves(Tick, script, expect!["Err(RecordsError::TooMany(50000))"]).await;
}

#[tokio::test]
async fn a_guest_that_makes_too_many_changes_is_refused() {
    let script = "puts 100001 0";
    misbehaves(
        Tick,
        script,
        expect![[r#"Err(StateError::TooMuch("one call makes at most 100000 changes; make fewer"))"#]],
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_reads_too_much_is_refused() {
    let script = "scan 10001\nget 10001";
    misbehaves(
        Tick,
        script,
        expect![[r#"
        Err(StateError::TooMuch("one read gives at most 10000 entries; ask for fewer"))
        Err(StateError::TooMuch("one read gives at most 10000 entries; ask for fewer"))"#]],
    )
    .await;
}

#[tokio::test]
async fn a_value_or_a_key_beyond_the_limit_is_refused() {
    let script = &format!("put big 1048577\nput {} 1", "k".repeat(513));
    misbehaves(
        Tick,
        script,
        expect![[r#"
        Err(StateError::ValueTooLarge(1048576))
        Err(StateError::BadKey(512))"#]],
    )
    .await;
}

#[tokio::test]
async fn a_guest_that_floods_the_mail_is_refused() {
    let script = "mails errors@example.edu";
    misbehaves(Tick, script, expect!["59 and then Err(EmailError::QuotaExceeded)"]).await;
}

#[tokio::test]
async fn a_recipient_with_a_header_is_refused() {
    let script = &[
        "errors@example.edu\\r\\nBcc: a@example.edu",
        "a@example.edu, b@example.edu",
        "a@example.edu\\nSubject: x",
        "<a@example.edu>",
        "A <a@example.edu>",
        "a@example.edu;b@example.edu",
        "",
    ]
    .map(|to| format!("mail {to}"))
    .join("\n");
    misbehaves(
        Tick,
        script,
        expect![[r#"
        Err(EmailError::BadRecipient("Invalid email user"))
        Err(EmailError::BadRecipient("Invalid email user"))
        Err(EmailError::BadRecipient("Invalid email domain"))
        Err(EmailError::BadRecipient("Invalid email user"))
        Err(EmailError::BadRecipient("Invalid email user"))
        Err(EmailError::BadRecipient("Invalid email user"))
        Err(EmailError::BadRecipient("Missing domain or user"))"#]],
    )
    .await;
}

#[tokio::test]
async fn a_trap_in_a_tick_is_an_error() {
    let script = "trap";
    misbehaves(Tick, script, expect!["finish the call: the plugin was stopped: wasm trap: wasm `unreachable` instruction executed; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_trap_in_a_change_of_a_course_is_an_error() {
    let script = "trap";
    misbehaves(CourseChanged, script, expect!["finish the call: the plugin was stopped: wasm trap: wasm `unreachable` instruction executed; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_trap_in_a_push_is_an_error() {
    let script = "trap";
    misbehaves(AttendanceReceived, script, expect!["finish the call: the plugin was stopped: wasm trap: wasm `unreachable` instruction executed; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_trap_in_a_question_for_statuses_is_an_error() {
    let script = "trap";
    misbehaves(Statuses, script, expect!["finish the call: the plugin was stopped: wasm trap: wasm `unreachable` instruction executed; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_storage_that_is_full_refuses_bytes_and_keys() {
    let bytes = engine(|limits| limits.storage.state_bytes = 1024 * 1024);
    misbehaves_in(
        &Playground::of(bytes, |_| {}),
        Tick,
        "fill 10 10000",
        expect!["10 and then StateError::QuotaExceeded(1048576)"],
    )
    .await;
    let keys = engine(|limits| limits.storage.state_keys = 1_000);
    misbehaves_in(
        &Playground::of(keys, |_| {}),
        Tick,
        "fill 10 1",
        expect!["99 and then StateError::QuotaExceeded(536870912)"],
    )
    .await;
}

#[tokio::test]
async fn a_note_is_cut_to_its_size() {
    let playground = Playground::new();
    playground.tick("crumb-of 10000000\ntrap").await;
    let told = playground.tick("aborted").await;
    assert_eq!(told, format!("Some(Aborted {{ note: {:?}, times: 1 }})", "x".repeat(128)));
}
