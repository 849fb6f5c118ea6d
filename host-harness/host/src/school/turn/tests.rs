//! Turns over a scripted school.

#![allow(clippy::unwrap_used)]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;

use super::{ATTEMPTS, NextTurn, Turn, TurnFailure, Work, play};
use crate::gegi::GegiUnavailable;
use crate::outbox::{DeliveryReport, LaneReport};
use crate::school::{CallError, CallFailure, TickReport};

/// The answers of the ticks, one after the other, and a record of what the turn did.
struct Script {
    ticks: Mutex<VecDeque<Result<TickReport, CallFailure>>>,
    done: Mutex<String>,
}

#[async_trait]
impl Work for Script {
    async fn tick(&self) -> Result<TickReport, CallFailure> {
        self.done.lock().unwrap().push('t');
        self.ticks.lock().unwrap().pop_front().unwrap_or_else(|| ticked(true, None))
    }

    async fn deliver(&self) -> Result<DeliveryReport, CallFailure> {
        self.done.lock().unwrap().push('d');
        let is_first = self.done.lock().unwrap().len() == 2;
        let stop = is_first.then(|| GegiUnavailable("restarting".to_owned()));
        let records = LaneReport { applied: 1, stop, ..LaneReport::default() };
        Ok(DeliveryReport { records, ..DeliveryReport::default() })
    }
}

#[allow(clippy::unnecessary_wraps)] // An answer of a script, beside `stopped`.
fn ticked(more_work: bool, next_due: Option<i64>) -> Result<TickReport, CallFailure> {
    Ok(TickReport {
        tallies: Vec::new(),
        marks_written: 1,
        log_rows_written: 0,
        issues_opened: 0,
        issues_resolved: 0,
        more_work,
        next_due,
    })
}

async fn turn(ticks: Vec<Result<TickReport, CallFailure>>) -> (Result<Turn, TurnFailure>, String) {
    let script = Script { ticks: Mutex::new(ticks.into()), done: Mutex::default() };
    let turn = play(&script, 20).await;
    (turn, script.done.into_inner().unwrap())
}

fn stopped() -> Result<TickReport, CallFailure> {
    Err(CallFailure::TooLong(Duration::from_secs(1)))
}

#[tokio::test]
async fn every_tick_is_delivered_before_the_next_and_the_last_says_what_is_next() {
    let (turn, done) = turn(vec![ticked(true, None), ticked(true, Some(1)), ticked(false, Some(300))]).await;
    let turn = turn.unwrap();
    assert_eq!(done, "tdtdtd");
    assert_eq!((turn.ticks, turn.report.marks_written, turn.report.more_work), (3, 3, false));
    assert_eq!((turn.delivered.records.applied, turn.next), (3, NextTurn::At(300)));
    assert!(turn.delivered.records.stop.is_none(), "what stopped once has gone on");
}

#[tokio::test]
async fn a_school_with_nothing_to_do_waits_for_a_change_and_says_what_was_not_delivered() {
    let (turn, done) = turn(vec![ticked(false, None)]).await;
    let turn = turn.unwrap();
    assert_eq!((done.as_str(), turn.next), ("td", NextTurn::NotBeforeAChange));
    assert!(turn.delivered.records.stop.is_some());
}

#[tokio::test]
async fn a_tick_that_failed_in_a_passing_way_is_made_again_up_to_a_number() {
    let down = || Err(CallFailure::Gegi(GegiUnavailable("it is down".to_owned())));
    let (all, done) = turn(vec![stopped(), down(), ticked(true, None), stopped(), ticked(false, None)]).await;
    assert_eq!((all.unwrap().ticks, done.as_str()), (2, "tttdttd"));

    let (failed, done) = turn((0..20).map(|_| stopped()).collect()).await;
    assert!(matches!(failed, Err(TurnFailure::Call(CallFailure::TooLong(_)))));
    assert_eq!(done, "t".repeat(ATTEMPTS as usize));
}

#[tokio::test]
async fn a_tick_that_would_fail_again_ends_the_turn_at_once() {
    let mend = Err(CallFailure::Refused(CallError::UnreadableState("head".to_owned())));
    let (failed, done) = turn(vec![ticked(true, None), mend, ticked(false, None)]).await;
    assert!(matches!(failed, Err(TurnFailure::Call(CallFailure::Refused(_)))));
    assert_eq!(done, "tdt");
}

#[tokio::test]
async fn a_plugin_that_never_comes_to_rest_is_an_error() {
    let (failed, done) = turn(Vec::new()).await;
    assert!(matches!(failed, Err(TurnFailure::Restless { ticks: 20 })));
    assert_eq!(done, "td".repeat(20));
}
