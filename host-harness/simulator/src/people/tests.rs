//! Tests of `people`: what a term of made-up records looks like, and that the records do not depend on who asks.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;

use super::*;

fn occasion(session: &str, hours: i64) -> Occasion {
    let starts = "2023-08-28T14:00:00Z".parse().unwrap();
    Occasion { seed: 1, school: 1, session: session.into(), starts, ends: starts + TimeDelta::hours(hours) }
}

/// 200 sessions of this length with 25 students each, and all versions of their records.
fn term(hours: i64) -> Vec<(Occasion, Vec<Record>)> {
    let visits = (0..200).flat_map(|session| (0..25).map(move |student| (session, student)));
    visits
        .map(|(session, student)| {
            let occasion = occasion(&format!("C1-{session}"), hours);
            let records = occasion.attend(&format!("S{student:06}"));
            (occasion, records)
        })
        .collect()
}

#[test]
fn versions_count_up_and_are_listed_in_order_after_the_start() {
    for (occasion, records) in term(2).iter().chain(&term(8)) {
        let mut before = occasion.starts;
        for (index, record) in records.iter().enumerate() {
            assert_eq!(record.version as usize, index + 1);
            assert!(record.updated_at > before, "{} v{}", record.id, record.version);
            before = record.updated_at;
        }
    }
}

#[test]
fn visits_are_in_order_and_only_the_last_is_open() {
    for (_, records) in term(2).iter().chain(&term(8)) {
        for record in records {
            let punches: Vec<_> =
                record.visits.iter().flat_map(|visit| [Some(visit.checked_in), visit.checked_out]).collect();
            let closed: Vec<_> = punches.iter().flatten().collect();
            assert!(closed.is_sorted(), "{}: {:?}", record.id, record.visits);
            assert!(punches.len() - closed.len() <= 1 && punches.iter().rev().skip(1).all(Option::is_some));
        }
    }
}

#[test]
fn a_long_class_has_lunch_punches_and_a_short_one_has_none() {
    let lunches = |hours| term(hours).iter().filter(|(_, all)| all.iter().any(|r| r.visits.len() == 2)).count();
    assert_eq!(lunches(1), 0);
    assert!(lunches(8) > 3_500, "{}", lunches(8));
}

#[test]
fn a_term_shows_every_case() {
    let mut cases: BTreeMap<String, usize> = BTreeMap::new();
    for (occasion, records) in term(2) {
        let Some(last) = records.last() else {
            *cases.entry("no record".to_owned()).or_default() += 1;
            continue;
        };
        let punched = last.visits.first().zip(last.visits.last());
        let case = match (&last.adjustment, punched) {
            (Some(adjustment), _) => format!("{:?}", adjustment.kind),
            (None, None) => "nothing".to_owned(),
            (None, Some((_, end))) if end.checked_out.is_none() => "never checked out".to_owned(),
            (None, Some((start, _))) if start.checked_in > occasion.starts + TimeDelta::minutes(15) => {
                "too late".to_owned()
            }
            (None, Some((start, _))) if start.checked_in > occasion.starts => "late".to_owned(),
            (None, Some((_, end))) if end.checked_out < Some(occasion.ends) => "early".to_owned(),
            (None, Some(_)) => "whole".to_owned(),
        };
        *cases.entry(case).or_default() += 1;
    }
    let lines: Vec<String> = cases.iter().map(|(case, count)| format!("{case}: {count}\n")).collect();
    expect_test::expect![[r"
        AwardFull: 30
        Edit: 86
        Override: 9
        RemoveAll: 10
        early: 154
        late: 303
        never checked out: 24
        no record: 250
        too late: 72
        whole: 4062
    "]]
    .assert_eq(&lines.concat());
}

#[test]
fn another_seed_or_another_student_behaves_otherwise() {
    let all = |seed, student| {
        let sessions = (0..50).map(|n| Occasion { seed, ..occasion(&format!("C1-{n}"), 2) });
        sessions.map(|occasion| occasion.attend(student).len()).collect::<Vec<_>>()
    };
    assert_eq!(all(1, "S000001"), all(1, "S000001"));
    assert_ne!(all(1, "S000001"), all(2, "S000001"));
    assert_ne!(all(1, "S000001"), all(1, "S000002"));
}
