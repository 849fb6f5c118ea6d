//! The line before an origin: its rate, and who leaves next.

use super::super::{Asked, Heard, Origin, Origins, Pass, SECOND};
use super::*;

/// Lets everything leave that waits, and notes when each school's requests left.
fn drain(origin: &mut Origin, mut waiting: BTreeMap<super::super::Ticket, SchoolId>) -> Vec<(Millis, SchoolId)> {
    let mut left = Vec::new();
    while let Some(at) = origin.next_moment() {
        while let Some(released) = origin.release(at) {
            assert_eq!(released.pass, Pass::Go);
            left.push((at.timestamp_millis(), waiting.remove(&released.ticket).unwrap()));
        }
    }
    assert!(waiting.is_empty() && origin.waiting() == 0);
    left
}

fn ask(origin: &mut Origin, school: &SchoolId, weight: u32) -> Option<super::super::Ticket> {
    match origin.ask(school, weight, moment(START)) {
        Asked::Waits(ticket) => Some(ticket),
        Asked::Passes(pass) => {
            assert_eq!(pass, Pass::Go);
            None
        }
    }
}

#[test]
fn requests_leave_at_the_rate_and_not_faster() {
    let mut origin = Origin::new(20);
    let one = school(0);
    assert_eq!(ask(&mut origin, &one, 1), None, "the first leaves at once");
    let waiting = (0..100).map(|_| (ask(&mut origin, &one, 1).unwrap(), one.clone())).collect();
    let left = drain(&mut origin, waiting);
    for (number, (at, _)) in left.iter().enumerate() {
        assert_eq!(*at, START + 50 * (i64::try_from(number).unwrap() + 1));
    }
    // Nothing is saved up for later.
    let later = moment(START + 3_600 * SECOND);
    assert_eq!(origin.ask(&one, 1, later), Asked::Passes(Pass::Go));
    assert!(matches!(origin.ask(&one, 1, later), Asked::Waits(_)));
}

#[test]
fn a_school_with_many_requests_does_not_hold_up_one_with_few() {
    let mut origin = Origin::new(20);
    let (many, few) = (school(0), school(1));
    ask(&mut origin, &many, 1);
    let mut waiting: BTreeMap<_, _> = (0..100).map(|_| (ask(&mut origin, &many, 1).unwrap(), many.clone())).collect();
    waiting.extend((0..3).map(|_| (ask(&mut origin, &few, 1).unwrap(), few.clone())));
    let left = drain(&mut origin, waiting);
    let places: Vec<_> = left.iter().enumerate().filter(|(_, (_, school))| *school == few).map(|(at, _)| at).collect();
    assert_eq!(places, [1, 3, 5], "in turn, though it came last");
}

#[test]
fn the_rate_is_shared_by_weight() {
    let mut origin = Origin::new(20);
    ask(&mut origin, &school(9), 1);
    let mut waiting = BTreeMap::new();
    for _ in 0..60 {
        for (number, weight) in [(0, 1), (1, 2), (2, 3)] {
            waiting.insert(ask(&mut origin, &school(number), weight).unwrap(), school(number));
        }
    }
    let left = drain(&mut origin, waiting);
    for (number, share) in [(0, 10_usize), (1, 20), (2, 30)] {
        let among = left[..60].iter().filter(|(_, of)| *of == school(number)).count();
        assert!(share.abs_diff(among) <= 1, "{number} {among}");
    }
}

#[test]
fn a_request_that_is_given_up_leaves_its_place_to_others() {
    let mut origin = Origin::new(1);
    ask(&mut origin, &school(0), 1);
    let given_up = ask(&mut origin, &school(0), 1).unwrap();
    let waits = ask(&mut origin, &school(1), 1).unwrap();
    origin.give_up(given_up);
    origin.give_up(given_up);
    let left = drain(&mut origin, BTreeMap::from([(waits, school(1))]));
    assert_eq!(left, [(START + SECOND, school(1))]);
}

#[test]
fn who_waits_when_the_circuit_opens_is_told_to_come_back() {
    let mut origins = Origins::new(1);
    let origin = origins.origin("https://api.example.com:443");
    ask(origin, &school(0), 1);
    let waits = ask(origin, &school(0), 1).unwrap();
    for number in 0..5 {
        origin.heard(&school(number), Heard::silence(), moment(START));
    }
    assert!(origin.is_open() && origin.holds(&school(0), moment(START)).is_some());
    assert!(origins.next_moment().unwrap() <= moment(START), "at once");
    let (name, released) = origins.release(moment(START)).unwrap();
    assert_eq!((name, released.ticket), ("https://api.example.com:443", waits));
    assert!(matches!(released.pass, Pass::ComeBack(at) if at > moment(START)));
    // Another origin works on.
    assert_eq!(
        origins.origin("https://other.example.com:443").ask(&school(0), 1, moment(START)),
        Asked::Passes(Pass::Go)
    );
    origins.set_rate(2);
    assert_eq!(origins.next_moment(), None);
}

#[test]
fn after_an_outage_requests_leave_at_half_as_much_again_as_usual_for_a_while() {
    let mut origin = Origin::new(100);
    let mut now = START;
    for _ in 0..5 * 60 * 10 {
        assert_eq!(origin.ask(&school(0), 1, moment(now)), Asked::Passes(Pass::Go));
        now += SECOND / 10;
    }
    for number in 0..5 {
        origin.heard(&school(number), Heard::silence(), moment(now));
    }
    now += 60 * SECOND;
    assert_eq!(origin.ask(&school(0), 1, moment(now)), Asked::Passes(Pass::Go), "a probe");
    origin.heard(&school(0), Heard::Well, moment(now));
    assert!(!origin.is_open());
    for later in [0, 600 * SECOND] {
        let from = moment(now + later);
        let waiting = |origin: &mut Origin| match origin.ask(&school(1), 1, from) {
            Asked::Waits(ticket) => Some((ticket, school(1))),
            Asked::Passes(_) => None,
        };
        let waiting: BTreeMap<_, _> = (0..301).filter_map(|_| waiting(&mut origin)).collect();
        let left = drain(&mut origin, waiting);
        let took = left.last().unwrap().0 - from.timestamp_millis();
        let expected = if later == 0 { 18_000..22_000 } else { 2_900..3_100 };
        assert!(expected.contains(&took), "300 requests in {took} ms");
    }
}
