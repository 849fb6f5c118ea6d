//! Every name that chrono-tz knows, and every change of its clocks, held to chrono-tz itself.

use chrono::{DateTime, NaiveDateTime, Offset, TimeZone};
use chrono_tz::{TZ_VARIANTS, Tz};

use super::{Zone, tables};
use crate::model::time::Instant;

const HOUR: i64 = 3_600;
/// Shorter than any state of a zone, and no part of a day, a year or a round.
const GRID: i64 = 157 * HOUR + 1;

fn clocks(at: i64) -> NaiveDateTime {
    DateTime::from_timestamp(at, 0).unwrap().naive_utc()
}

fn theirs(zone: Tz, at: i64) -> (i64, String) {
    let offset = zone.offset_from_utc_datetime(&clocks(at));
    (i64::from(offset.fix().local_minus_utc()), offset.to_string())
}

fn ours(zone: Zone, at: i64) -> (i64, String) {
    (zone.ahead(Instant(at)).0, zone.abbreviation(Instant(at)).to_owned())
}

/// The seconds at which the clocks of a zone are changed, as chrono-tz has them.
fn changes(zone: Tz) -> Vec<i64> {
    let mut found = Vec::new();
    for from in (0..tables::END - GRID).step_by(usize::try_from(GRID).unwrap()) {
        let (mut low, mut high) = (from, from + GRID);
        let before = theirs(zone, low);
        if before == theirs(zone, high) {
            continue;
        }
        while high - low > 1 {
            let middle = low.midpoint(high);
            if theirs(zone, middle) == before { low = middle } else { high = middle }
        }
        found.push(high);
    }
    found
}

#[test]
fn every_zone_of_chrono_tz_is_known_and_shows_the_same_from_1970_to_2100() {
    let mut changed = 0;
    for tz in TZ_VARIANTS {
        let zone = Zone::parse(tz.name()).unwrap_or_else(|| panic!("{tz} is lost"));
        assert_eq!(zone.name(), tz.name());
        for at in (0..tables::END).step_by(usize::try_from(GRID).unwrap()) {
            assert_eq!(zone.ahead(Instant(at)).0, theirs(tz, at).0, "{tz} at {at}");
        }
        for change in changes(tz) {
            changed += 1;
            for at in [change - 1, change] {
                assert_eq!(ours(zone, at), theirs(tz, at), "{tz} at {at}");
            }
            for hours in -26..=26 {
                let local = change + hours * HOUR;
                let first = tz.from_local_datetime(&clocks(local)).earliest().map(|at| Instant(at.timestamp()));
                assert_eq!(zone.first_moment(local), first, "{tz}, local {local}");
            }
        }
    }
    // A test that finds no changes compares nothing.
    assert!(changed > 50_000, "{changed}");
}

#[test]
fn names_are_read_in_capital_and_small_letters_and_no_name_is_guessed() {
    let name = |given: &str| Zone::parse(given).map(Zone::name);
    assert_eq!(name("america/new_york"), Some("America/New_York"));
    assert_eq!(name("GB-EIRE"), Some("GB-Eire"));
    for unknown in ["", "America/New York", "America/Nowhere", "New_York", "EDT", "UTC+1"] {
        assert_eq!(name(unknown), None);
    }
}

#[test]
fn names_mean_the_same_where_the_clocks_do() {
    let same = |one: &str, other: &str| Zone::parse(one).unwrap().same_clocks(Zone::parse(other).unwrap());
    for (one, other) in [
        ("US/Eastern", "America/New_York"),
        ("Asia/Calcutta", "Asia/Kolkata"),
        ("GMT", "UTC"),
        ("Etc/GMT+7", "MST"),
        ("Europe/Berlin", "Europe/Berlin"),
    ] {
        assert!(same(one, other), "{one} and {other}");
    }
    for (one, other) in [
        ("America/New_York", "America/Chicago"),
        ("America/New_York", "America/Detroit"),
        ("America/Denver", "America/Phoenix"),
        ("Europe/London", "UTC"),
        ("Africa/Casablanca", "Africa/El_Aaiun"),
    ] {
        assert!(!same(one, other), "{one} and {other}");
    }
}

#[test]
fn before_1970_and_after_2100_clocks_show_something() {
    for tz in TZ_VARIANTS {
        let zone = Zone::parse(tz.name()).unwrap();
        for at in [i64::MIN, -1, 0] {
            assert_eq!(ours(zone, at), theirs(tz, 0), "{tz}");
        }
        assert!(ours(zone, i64::MAX).0.abs() < 24 * HOUR);
    }
}
