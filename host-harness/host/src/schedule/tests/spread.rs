//! Ten thousand schools: they are spread over their update frequency and stay so.

use super::super::{HOUR, MINUTE, SECOND, Wake};
use super::*;

const SCHOOLS: u32 = 10_000;
const TICK: Millis = 50;

fn twice(mean: f64) -> usize {
    format!("{:.0}", (mean * 2.0).floor()).parse().unwrap()
}

#[test]
fn ten_thousand_schools_are_spread_evenly_and_stay_on_their_phase() {
    let mut play = Play::with_schools(32, SCHOOLS, First::AtUpdate);
    play.play(HOUR, |_, now| (TICK, rests(now, 300)));
    let moments = || play.begun.iter().map(|begun| begun.at);
    let (most, mean) = most_and_mean(moments(), (START, START + HOUR), SECOND);
    println!("ticks a second: {most} at the most, {mean:.1} on the average");
    assert!(most <= twice(mean), "{most} {mean}");
    assert_eq!(play.begun.len(), 12 * SCHOOLS as usize);

    let mut phases: BTreeMap<&SchoolId, Millis> = BTreeMap::new();
    for begun in &play.begun {
        let phase = begun.due % (5 * MINUTE);
        assert_eq!(*phases.entry(&begun.school).or_insert(phase), phase, "{}", begun.school);
    }
    let lag = play.begun.iter().map(|begun| begun.at - begun.due).max().unwrap();
    assert!(lag <= SECOND, "{lag}");
}

#[test]
fn schools_whose_classes_end_on_the_hour_are_spread_over_a_minute() {
    let mut play = Play::with_schools(100, SCHOOLS, First::Due(NextTurn::At((START + HOUR) / 1_000)));
    play.play(2 * HOUR, |_, _| (TICK, Outcome::Rests(NextTurn::NotBeforeAChange)));
    let moments = || play.begun.iter().map(|begun| begun.at);
    assert!(moments().all(|at| (START + HOUR..START + HOUR + MINUTE + SECOND).contains(&at)));
    let (most, mean) = most_and_mean(moments(), (START + HOUR, START + HOUR + MINUTE), SECOND);
    println!("ticks a second on the hour: {most} at the most, {mean:.1} on the average");
    assert!(most <= twice(mean), "{most} {mean}");
}

#[test]
fn a_change_between_two_updates_costs_one_tick_and_leaves_the_phase() {
    let mut play = Play::with_schools(1, 1, First::AtUpdate);
    let one = school(0);
    play.play(30 * MINUTE, |_, now| (TICK, rests(now, 300)));
    let phase = play.begun[0].due % (5 * MINUTE);
    let before = play.begun.len();
    play.now = play.scheduler.school(&one).unwrap().next.unwrap().timestamp_millis() - 2 * MINUTE;
    assert!(play.scheduler.wake(&one, Wake::Changed, play.now()));
    let woken = play.now;
    play.play(30 * MINUTE, |_, now| (TICK, rests(now, 300)));
    let after: Vec<_> = play.begun[before..].iter().map(|begun| begun.due).collect();
    assert_eq!(after[0], woken, "at once");
    assert!(after[1..].iter().all(|due| due % (5 * MINUTE) == phase));
    assert_eq!(after[1], woken + 2 * MINUTE);
}

#[test]
fn schools_of_every_update_frequency_are_spread() {
    let mut play = Play::new(32);
    for number in 0..6_000 {
        let every = [1, 5, 15][usize::try_from(number).unwrap() % 3];
        play.scheduler.add(&school(number), every, First::AtUpdate, play.now());
    }
    play.play(HOUR, |school, now| {
        let number: i64 = school.as_str()["school-".len()..].parse().unwrap();
        (TICK, rests(now, [60, 300, 900][usize::try_from(number).unwrap() % 3]))
    });
    let (most, mean) = most_and_mean(play.begun.iter().map(|begun| begun.at), (START, START + HOUR), SECOND);
    assert!(most <= twice(mean), "{most} {mean}");
    assert_eq!(play.begun.len(), 2_000 * (60 + 12 + 4));
}
