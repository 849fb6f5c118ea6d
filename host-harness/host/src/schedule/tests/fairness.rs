//! Schools that want more than others, schools that fail, and what a caller asks for: none of it holds up the others.

use super::super::{Fault, HOUR, MINUTE, SECOND, Wake};
use super::*;

#[test]
fn a_first_synchronization_does_not_hold_up_others() {
    let mut play = Play::with_schools(1, 100, First::AtUpdate);
    let large = SchoolId::new("large");
    play.scheduler.add(&large, 5, First::Changed, play.now());
    play.play(
        HOUR,
        |school, now| {
            if *school == large { (10 * SECOND, Outcome::MoreWork) } else { (100, rests(now, 300)) }
        },
    );
    let lags = play.begun.iter().filter(|begun| begun.school != large).map(|begun| begun.at - begun.due);
    let worst = lags.max().unwrap();
    println!("the longest wait of a school beside one with ticks of 10 s, one tick at a time: {worst} ms");
    // The tick that runs, and those who were due before.
    assert!(worst <= 10 * SECOND + 100 * 100, "{worst}");
    // All others together need 100 ticks of 0.1 s in each five minutes; the large one has nearly everything else.
    assert!(play.ticks_of(&large, START) > 330, "{}", play.ticks_of(&large, START));
}

#[test]
fn schools_with_more_work_take_turns() {
    let mut play = Play::with_schools(4, 50, First::Changed);
    play.play(HOUR, |_, _| (SECOND, Outcome::MoreWork));
    let ticks: Vec<_> = (0..50).map(|number| play.ticks_of(&school(number), START)).collect();
    let (least, most) = (ticks.iter().min().unwrap(), ticks.iter().max().unwrap());
    assert!(most - least <= 1, "{least} {most}");
}

#[test]
fn a_school_that_always_traps_ends_at_a_slow_rate_and_comes_back() {
    let mut play = Play::with_schools(4, 2, First::AtUpdate);
    let (bad, good) = (school(0), school(1));
    let trap =
        |school: &SchoolId, now| (SECOND, if *school == bad { Outcome::Failed(Fault::Own) } else { rests(now, 300) });
    play.play(HOUR, trap);
    let view = play.scheduler.school(&bad).unwrap();
    assert!(view.is_failing && view.failures >= 10 && view.failing_since.is_some());
    let first_hour = play.ticks_of(&bad, START);
    let half = play.now;
    play.play(24 * HOUR, trap);
    let probes = play.ticks_of(&bad, half);
    println!("a school that always traps: {first_hour} ticks in its first hour, {probes} in the 24 hours after it");
    assert!((24..=32).contains(&probes) && first_hour <= 12, "{probes} {first_hour}");
    assert_eq!(play.ticks_of(&good, START), 12 * 25);

    // A change does not tick it, somebody who asks does; then it is as any other.
    assert!(play.scheduler.wake(&bad, Wake::Changed, play.now()));
    assert!(play.scheduler.school(&bad).unwrap().next.unwrap() > play.now());
    assert!(play.scheduler.wake(&bad, Wake::Asked, play.now()));
    let mended = play.now;
    play.play(HOUR, |_, now| (SECOND, rests(now, 300)));
    assert!((12..=14).contains(&play.ticks_of(&bad, mended)));
    let view = play.scheduler.school(&bad).unwrap();
    assert!(!view.is_failing && view.failures == 0 && view.failing_since.is_none());
}

#[test]
fn after_an_outage_of_the_storage_all_schools_go_on_within_an_update() {
    let mut play = Play::with_schools(32, 1_000, First::AtUpdate);
    play.play(2 * HOUR, |_, _| (TICK, Outcome::Failed(Fault::Surroundings)));
    let mended = play.now;
    play.play(5 * MINUTE, |_, now| (TICK, rests(now, 300)));
    let after = play.begun.iter().filter(|begun| begun.at >= mended);
    let schools: std::collections::BTreeSet<_> = after.map(|begun| &begun.school).collect();
    assert_eq!(schools.len(), 1_000);
    assert!(play.scheduler.schools().all(|(_, view)| !view.is_failing));
}

const TICK: Millis = 50;

#[test]
fn wakes_before_and_during_a_tick_are_one_tick_each() {
    let mut play = Play::with_schools(1, 1, First::Due(NextTurn::NotBeforeAChange));
    let one = school(0);
    assert_eq!(play.scheduler.next_moment(), None);
    for _ in 0..100 {
        assert!(play.scheduler.wake(&one, Wake::Changed, play.now()));
    }
    let ready = play.scheduler.take(play.now()).unwrap();
    assert_eq!((ready.school, ready.due), (one.clone(), play.now()));
    assert_eq!(play.scheduler.take(play.now()), None);
    for _ in 0..100 {
        assert!(play.scheduler.wake(&one, Wake::Changed, play.now()));
    }
    play.scheduler.ended(&one, Outcome::Rests(NextTurn::NotBeforeAChange), play.now());
    play.play(HOUR, |_, _| (TICK, Outcome::Rests(NextTurn::NotBeforeAChange)));
    assert_eq!(play.begun.len(), 1);
    assert!(play.begun[0].at - START <= 2 * SECOND);
    assert!(!play.scheduler.wake(&school(1), Wake::Asked, play.now()), "a school that is not known");
}

#[test]
fn a_paused_school_is_not_ticked_and_a_resumed_one_at_once() {
    let mut play = Play::with_schools(4, 2, First::AtUpdate);
    let one = school(0);
    play.play(HOUR, |_, now| (TICK, rests(now, 300)));
    play.scheduler.pause(&one);
    let paused = play.now;
    assert!(play.scheduler.wake(&one, Wake::Asked, play.now()));
    play.play(HOUR, |_, now| (TICK, rests(now, 300)));
    assert_eq!((play.ticks_of(&one, paused), play.ticks_of(&school(1), paused)), (0, 12));
    assert!(play.scheduler.school(&one).unwrap().is_paused);
    let resumed = play.now;
    play.scheduler.resume(&one, play.now());
    play.play(SECOND, |_, now| (TICK, rests(now, 300)));
    assert_eq!(play.ticks_of(&one, resumed), 1);

    // Paused while its tick runs: the tick ends, and no other begins.
    assert!(play.scheduler.wake(&one, Wake::Asked, play.now()));
    let taken = play.scheduler.take(play.now()).unwrap();
    play.scheduler.pause(&one);
    play.scheduler.ended(&taken.school, Outcome::MoreWork, play.now());
    assert_eq!(play.scheduler.take(play.now()), None);
    play.scheduler.resume(&one, play.now());
    assert_eq!(play.scheduler.take(play.now()).unwrap().school, one);
}

#[test]
fn a_held_school_is_not_ticked_before_for_a_change() {
    let mut play = Play::with_schools(4, 1, First::Changed);
    let (one, until) = (school(0), START + 20 * MINUTE);
    play.play(MINUTE, |_, _| (TICK, Outcome::Held(moment(until))));
    assert!(play.scheduler.wake(&one, Wake::Changed, play.now()));
    assert_eq!(play.scheduler.next_moment(), Some(moment(until)));
    assert!(play.scheduler.wake(&one, Wake::Asked, play.now()));
    assert_eq!(play.scheduler.next_moment(), Some(play.now()));
}

#[test]
fn a_school_that_is_removed_while_its_tick_runs_leaves_no_trace() {
    let mut play = Play::with_schools(1, 2, First::Changed);
    let taken = play.scheduler.take(play.now()).unwrap();
    play.scheduler.remove(&taken.school);
    assert_eq!((play.scheduler.running(), play.scheduler.take(play.now())), (1, None));
    // It comes back before its old tick has ended, and is not ticked twice at once.
    play.scheduler.add(&taken.school, 5, First::AtUpdate, play.now());
    play.scheduler.set_parallel(2);
    assert_eq!(play.scheduler.take(play.now()).unwrap().school, school(1));
    play.scheduler.ended(&taken.school, Outcome::Rests(NextTurn::NotBeforeAChange), play.now());
    assert!(play.scheduler.school(&taken.school).unwrap().next.is_some());
    play.scheduler.remove(&taken.school);
    assert_eq!((play.scheduler.school(&taken.school), play.scheduler.next_moment()), (None, None));
}
