//! Packs the time zones for the plugin: every name of chrono-tz, and chrono-tz's changes of clocks from 1970 to 2100, in
//! a form of about a tenth of chrono-tz's size. `src/model/zone.rs` says how the tables are read.
//!
//! Three things make the tables small. Names whose clocks change alike share one row. A change is four bytes: the day of
//! UTC, and the numbers of the time of that day and of the state that begins. And where the changes of a zone repeat, only the first round is kept: from
//! 1901 to 2099 the calendar has the same weekdays every 28 years, so a rule such as "the second Sunday of March" falls
//! on the same days again.

use std::collections::BTreeMap;
use std::env;
use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chrono::{DateTime, Offset as _, TimeZone as _};
use chrono_tz::{TZ_VARIANTS, Tz};

type Anything<T> = Result<T, Box<dyn Error>>;

/// What the clocks of a zone show for a while: seconds ahead of UTC, and the abbreviation.
type State = (i32, String);

/// The states of a zone, each with the second since 1970 at which it begins; the first has always been.
type Changes = Vec<(i64, State)>;

/// The beginning of the year 2100, at which chrono-tz's own tables end.
const END: i64 = 4_102_444_800;
/// 28 years.
const ROUND: i64 = 10_227 * DAY;
/// Less than any state of a zone has lasted since 1970; the shortest was almost a week.
const STEP: i64 = 3 * DAY;
const DAY: i64 = 86_400;

fn main() -> Anything<()> {
    println!("cargo:rerun-if-changed=build.rs");
    let mut names = Vec::new();
    let mut rows: BTreeMap<Changes, usize> = BTreeMap::new();
    for zone in TZ_VARIANTS {
        let fresh = rows.len();
        names.push((zone.name(), *rows.entry(changes(zone)?).or_insert(fresh)));
    }
    names.sort_by_key(|(name, _)| name.to_ascii_lowercase());
    let mut rows: Vec<(usize, Changes)> = rows.into_iter().map(|(changes, row)| (row, changes)).collect();
    rows.sort_unstable();
    #[allow(clippy::disallowed_methods)] // Cargo speaks to a build script through its environment.
    let out = env::var("OUT_DIR")?;
    fs::write(Path::new(&out).join("zones.rs"), tables(&names, &rows)?)?;
    Ok(())
}

fn state(zone: Tz, at: i64) -> Anything<State> {
    let utc = DateTime::from_timestamp(at, 0).ok_or("chrono has no such moment")?.naive_utc();
    let offset = zone.offset_from_utc_datetime(&utc);
    Ok((offset.fix().local_minus_utc(), offset.to_string()))
}

fn changes(zone: Tz) -> Anything<Changes> {
    let mut found = vec![(0, state(zone, 0)?)];
    let mut before = found.first().map(|(_, state)| state.clone()).unwrap_or_default();
    for step in 0..END / STEP {
        let (mut low, mut high) = (step * STEP, (step + 1) * STEP);
        let after = state(zone, high)?;
        if after == before {
            continue;
        }
        // The change lies behind `low` and not behind `high`.
        while high - low > 1 {
            let middle = low.midpoint(high);
            if state(zone, middle)? == before { low = middle } else { high = middle }
        }
        found.push((high, after.clone()));
        before = after;
    }
    Ok(found)
}

fn state_at(changes: &Changes, at: i64) -> Option<&State> {
    changes.iter().rev().find(|(begins, _)| *begins <= at).map(|(_, state)| state)
}

/// The moment from which the changes repeat every 28 years, as far as the tables reach.
fn repeats_from(changes: &Changes) -> i64 {
    let last = END - ROUND;
    let mut moments: Vec<i64> = changes.iter().flat_map(|(at, _)| [*at, *at - ROUND]).collect();
    moments.retain(|at| (0..last).contains(at));
    moments.sort_unstable();
    match moments.iter().rposition(|at| state_at(changes, *at) != state_at(changes, *at + ROUND)) {
        None => 0,
        Some(place) => moments.get(place + 1).copied().unwrap_or(last),
    }
}

fn tables(names: &[(&str, usize)], rows: &[(usize, Changes)]) -> Anything<String> {
    let mut states: Vec<&State> = rows.iter().flat_map(|(_, changes)| changes.iter().map(|(_, state)| state)).collect();
    states.sort_unstable();
    states.dedup();
    let place = |state: &State| u8::try_from(states.binary_search(&state).unwrap_or(usize::MAX));
    let mut times: Vec<i64> = rows.iter().flat_map(|(_, changes)| changes.iter().map(|(at, _)| at % DAY)).collect();
    times.sort_unstable();
    times.dedup();
    let time = |at: i64| u8::try_from(times.binary_search(&(at % DAY)).unwrap_or(usize::MAX));
    let mut text = String::new();
    writeln!(text, "pub(super) const ROUND: i64 = {ROUND};\npub(super) const END: i64 = {END};")?;
    writeln!(text, "pub(super) static STATES: [(i32, &str); {}] = {states:?};", states.len())?;
    writeln!(text, "pub(super) static TIMES: [u32; {}] = {times:?};", times.len())?;
    writeln!(text, "static CLOCKS: [Clock; {}] = [", rows.len())?;
    for (_, changes) in rows {
        let repeats = repeats_from(changes);
        let kept = || changes.iter().filter(|(at, _)| *at < repeats + ROUND);
        let changes = kept().map(|(at, state)| Ok((u16::try_from(at / DAY)?, time(*at)?, place(state)?)));
        let changes = changes.collect::<Anything<Vec<_>>>()?;
        writeln!(text, "Clock {{ repeats: {repeats}, changes: &{changes:?} }},")?;
    }
    writeln!(text, "];\npub(super) static ZONES: [Row; {}] = [", names.len())?;
    for (name, row) in names {
        writeln!(text, "({name:?}, &CLOCKS[{row}]),")?;
    }
    let utc = names.iter().position(|(name, _)| *name == "UTC").ok_or("chrono-tz has no UTC")?;
    writeln!(text, "];\npub(super) static UTC: &Row = &ZONES[{utc}];")?;
    Ok(text)
}
