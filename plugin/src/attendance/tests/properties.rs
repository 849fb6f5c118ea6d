//! Properties of every set of versions: the book ends the same in whatever order the versions come and however often.

use proptest::prelude::*;
use proptest::sample::{Index, subsequence};
use proptest::test_runner::{Config, RngSeed};

use crate::attendance::{Entry, Limits};
use crate::model::attendance::{Adjustment, AdjustmentKind, AttendanceRecord, Visit};
use crate::model::ids::{ClassId, PersonId, RecordId};
use crate::model::time::{Instant, Seconds};

/// A version counts up to 100, a first one up to 200, and a check-out for 28 days more.
fn limits() -> Limits {
    Limits::of(Instant(100), Seconds::ZERO, Seconds::ZERO, Instant(201))
}

/// Up to six versions of up to two records, each version later than the one before. Some versions have the same
/// content, and some have no content.
fn versions() -> impl Strategy<Value = Vec<AttendanceRecord>> {
    prop::collection::vec((0_u8..2, 0_i64..60, 0_i64..4, prop::option::of(5_i64..7)), 1..6).prop_map(|steps| {
        let mut at = 0;
        let one = |(number, (record, pause, minute, out)): (u64, (u8, i64, i64, Option<i64>))| {
            at += pause + 1;
            let visits = (minute > 0).then_some(Visit { checked_in: Instant(minute), checked_out: out.map(Instant) });
            let removed = Adjustment { kind: AdjustmentKind::RemoveAll, by: String::new(), awarded: None };
            AttendanceRecord {
                id: RecordId(format!("r{record}")),
                version: number,
                class: ClassId::from("C1-1"),
                student: PersonId::from("S1"),
                updated_at: Instant(at),
                visits: visits.into_iter().collect(),
                adjustment: (minute == 3).then_some(removed),
            }
        };
        (1..).zip(steps).map(one).collect()
    })
}

fn entered<'a>(versions: impl IntoIterator<Item = &'a AttendanceRecord>) -> Entry {
    let mut entry = Entry::default();
    for version in versions {
        entry.enter(version, limits(), None);
    }
    entry
}

/// The rule written a second time, over all versions at once: of each record the last timely version counts or else the
/// first version, and of two records the one that says more.
fn counts(versions: &[AttendanceRecord]) -> Option<&AttendanceRecord> {
    let timely = |version: &&AttendanceRecord| version.updated_at <= Instant(100);
    let of_each = ["r0", "r1"].into_iter().filter_map(|id| {
        let own: Vec<&AttendanceRecord> = versions.iter().filter(|version| version.id.as_str() == id).collect();
        let last = own.iter().copied().rfind(timely);
        let base = last.or_else(|| own.iter().copied().find(|version| version.updated_at <= Instant(200)))?;
        // A check-out that was missing is no adjustment.
        let checked_out = |before: &AttendanceRecord, after: &AttendanceRecord| {
            let (one, other) = (before.visits.first()?, after.visits.first()?);
            let adds = one.checked_in == other.checked_in && one.checked_out.is_none() && other.checked_out.is_some();
            (adds && before.adjustment.is_none() && after.adjustment.is_none()).then_some(())
        };
        let later = own.iter().copied().filter(|version| version.version > base.version);
        Some(later.fold(base, |counts, version| if checked_out(counts, version).is_some() { version } else { counts }))
    });
    let of_each: Vec<&AttendanceRecord> = of_each.collect();
    let says = |version: &&AttendanceRecord| match (version.visits.is_empty(), &version.adjustment) {
        (_, Some(_)) => 1,
        (true, None) => 0,
        (false, None) => 2,
    };
    let most = of_each.iter().map(says).max()?;
    let best: Vec<&AttendanceRecord> = of_each.into_iter().filter(|version| says(version) == most).collect();
    let last = best.iter().copied().filter(timely).max_by_key(|version| version.updated_at);
    last.or_else(|| best.into_iter().min_by_key(|version| version.updated_at))
}

proptest! {
    #![proptest_config(Config { cases: 2_000, rng_seed: RngSeed::Fixed(1), failure_persistence: None, ..Config::default() })]

    #[test]
    fn the_order_in_which_versions_come_makes_no_difference(versions in versions(), picks in prop::collection::vec(any::<Index>(), 0..12)) {
        let told = entered(&versions);
        prop_assert_eq!(told.record(), counts(&versions));
        // Any order, with repeats, in which each version comes at least once.
        let repeats = picks.iter().map(|pick| pick.get(&versions));
        let shuffled: Vec<&AttendanceRecord> = repeats.chain(versions.iter().rev()).collect();
        prop_assert_eq!(entered(shuffled), told);
    }

    #[test]
    fn entering_what_is_known_is_no_news(versions in versions(), again in subsequence((0..5).collect::<Vec<usize>>(), 0..5)) {
        let mut entry = entered(&versions);
        for version in again.iter().filter_map(|place| versions.get(*place)) {
            prop_assert!(!entry.enter(version, limits(), None));
        }
    }
}
