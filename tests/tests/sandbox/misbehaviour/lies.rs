//! Answers that no plugin can mean: they are no answers, and their calls leave no trace.

use expect_test::expect;

use super::misbehaves;
use crate::harness::Export::{AttendanceReceived, Statuses, Tick};

#[tokio::test]
async fn a_tick_that_tells_more_marks_than_it_can_stage_leaves_no_trace() {
    misbehaves(Tick, "lie marks", expect!["finish the call: the plugin was stopped: it answered what cannot be: more operations than one call can stage; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_tick_that_tells_four_billion_items_leaves_no_trace() {
    misbehaves(Tick, "lie items", expect!["finish the call: the plugin was stopped: it answered what cannot be: more items than a tick can send; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_tick_with_a_hundred_thousand_tallies_leaves_no_trace() {
    misbehaves(Tick, "lie tallies", expect!["finish the call: the plugin was stopped: it answered what cannot be: more tallies than there are kinds of requests; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_tick_with_two_tallies_of_a_kind_leaves_no_trace() {
    misbehaves(Tick, "lie twice", expect!["finish the call: the plugin was stopped: it answered what cannot be: two tallies of one kind of requests; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_tick_that_is_next_due_outside_of_time_leaves_no_trace() {
    misbehaves(Tick, "lie next-due", expect!["finish the call: the plugin was stopped: it answered what cannot be: a next-due outside of time; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_tick_whose_text_is_none_leaves_no_trace() {
    misbehaves(Tick, "lie text", expect!["finish the call: the plugin was stopped: invalid utf-8 sequence of 1 bytes from index 0; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_push_of_which_more_is_taken_than_was_in_it_leaves_no_trace() {
    misbehaves(AttendanceReceived, "lie taken", expect!["finish the call: the plugin was stopped: it answered what cannot be: more records than the push has room for; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_status_that_nobody_asked_for_leaves_no_trace() {
    misbehaves(Statuses, "lie unknown", expect!["finish the call: the plugin was stopped: it answered what cannot be: the status of a course that nobody asked for; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn two_statuses_of_one_course_leaves_no_trace() {
    misbehaves(Statuses, "lie twice", expect!["finish the call: the plugin was stopped: it answered what cannot be: two statuses of one course; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_status_since_a_moment_outside_of_time_leaves_no_trace() {
    misbehaves(Statuses, "lie moment", expect!["finish the call: the plugin was stopped: it answered what cannot be: a moment outside of time; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_status_whose_text_is_none_leaves_no_trace() {
    misbehaves(Statuses, "lie text", expect!["finish the call: the plugin was stopped: invalid utf-8 sequence of 1 bytes from index 0; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn a_status_of_a_hundred_megabytes_leaves_no_trace() {
    misbehaves(Statuses, "lie much", expect!["finish the call: the plugin was stopped: too much data is being copied between the host and the guest: fuel allocated for hostcalls has been exhausted; the next tick works on one item alone [RepeatSoon]"]).await;
}

#[tokio::test]
async fn ten_thousand_statuses_for_one_question_leaves_no_trace() {
    misbehaves(Statuses, "lie many", expect!["finish the call: the plugin was stopped: it answered what cannot be: the status of a course that nobody asked for; the next tick works on one item alone [RepeatSoon]"]).await;
}
