//! Properties of the marks of every class and every record.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::timeline::{Timeline, read};
use crate::marking::{Decision, Rule};
use crate::model::attendance::{Mark, Visit};
use crate::model::time::{Instant, Seconds};

/// A class of three hours with visits as seconds from its start.
fn timeline(visits: &[(i64, Option<i64>)]) -> Timeline {
    let mut timeline = read("class 09:00-12:00");
    let starts = timeline.times.starts;
    let after = |seconds| starts + Seconds(seconds);
    timeline.record.as_mut().unwrap().visits = visits
        .iter()
        .map(|(checked_in, stay)| Visit {
            checked_in: after(*checked_in),
            checked_out: stay.map(|stay| after(checked_in + stay)),
        })
        .collect();
    timeline
}

fn rule(timeline: &Timeline) -> Option<Rule> {
    match timeline.decide() {
        Decision::Mark { basis, .. } => Some(basis.rule),
        _ => None,
    }
}

/// How bad a mark is for the student, least first.
fn harm(timeline: &Timeline) -> u8 {
    match timeline.decide() {
        Decision::Mark { mark: Mark::Present, .. } => 0,
        Decision::Mark { mark: Mark::Late, .. } => 1,
        Decision::Mark { mark: Mark::Absent, .. } => 2,
        other => panic!("{other:?}"),
    }
}

fn visits() -> impl Strategy<Value = Vec<(i64, Option<i64>)>> {
    prop::collection::vec((-4_000..12_000_i64, prop::option::weighted(0.8, 0..12_000_i64)), 0..5)
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_order_of_the_visits_does_not_matter(visits in visits().prop_shuffle(), rotation in 0..5_usize) {
        let mut turned = visits.clone();
        turned.rotate_left(rotation.min(visits.len()));
        prop_assert_eq!(rule(&timeline(&visits)), rule(&timeline(&turned)));
    }

    #[test]
    fn coming_earlier_or_leaving_later_is_never_worse(
        came in -4_000..12_000_i64, stay in 0..12_000_i64, earlier in 0..4_000_i64, longer in 0..4_000_i64,
    ) {
        let before = harm(&timeline(&[(came, Some(stay))]));
        prop_assert!(harm(&timeline(&[(came - earlier, Some(stay + earlier))])) <= before);
        prop_assert!(harm(&timeline(&[(came, Some(stay + longer))])) <= before);
    }

    #[test]
    fn there_is_no_mark_before_the_end_of_the_class(visits in visits(), early in 1..10_800_i64) {
        let mut timeline = timeline(&visits);
        timeline.now = timeline.times.ends - Seconds(early);
        prop_assert_eq!(rule(&timeline), None);
    }

    #[test]
    fn a_wait_ends_in_something_else_than_the_same_wait(visits in visits(), late in -10_800..10_800_i64) {
        let mut timeline = timeline(&visits);
        timeline.now = timeline.times.ends + Seconds(late);
        if let Decision::Wait { until } = timeline.decide() {
            prop_assert!(until > timeline.now);
            timeline.now = until;
            prop_assert_ne!(timeline.decide(), Decision::Wait { until });
        }
    }

    #[test]
    fn no_instant_is_too_far_away(
        starts in any::<i64>(), ends in any::<i64>(), came in any::<i64>(), left in any::<Option<i64>>(), now in any::<i64>(),
    ) {
        let mut timeline = timeline(&[]);
        timeline.times.starts = Instant(starts);
        timeline.times.ends = Instant(ends);
        timeline.now = Instant(now);
        let visit = Visit { checked_in: Instant(came), checked_out: left.map(Instant) };
        timeline.record.as_mut().unwrap().visits = vec![visit];
        if let Decision::Mark { basis, .. } = timeline.decide() {
            prop_assert!(!crate::marking::sentence(&basis).is_empty());
        }
    }
}
