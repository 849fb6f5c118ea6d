//! Visits on every boundary, and staff's corrections of visits.

use super::{Adjustment, Content, DAY, HOUR, Kind, MINUTE, Occasion};
use crate::dice::Dice;

/// The first content of a student's record of the class.
pub(super) fn of(occasion: &Occasion<'_>, dice: &mut Dice) -> Content {
    let (starts, ends) = (occasion.class.starts, occasion.class.ends);
    let came = arrival(occasion, dice);
    let left = departure(occasion, dice);
    if left <= came {
        return plain(vec![(starts, Some(ends))]);
    }
    let visits = match dice.below(24) {
        0 => Vec::new(),
        1 => vec![(came, Some(came - 30 * MINUTE))],
        2 => vec![(came, Some(ends + dice.pick(&[8 * HOUR, 20 * HOUR, 90 * DAY])))],
        3..=5 => vec![(came, None)],
        6..=9 => pause(occasion, dice, came, left),
        10 => overlapping(occasion, came, left),
        11 => left_and_came_back(occasion, came),
        _ => vec![(came, Some(left))],
    };
    plain(visits)
}

fn plain(visits: Vec<(i64, Option<i64>)>) -> Content {
    Content { visits, adjustment: None }
}

/// An arrival, most of the time exactly on a boundary or a second beside it.
fn arrival(occasion: &Occasion<'_>, dice: &mut Dice) -> i64 {
    let (starts, ends) = (occasion.class.starts, occasion.class.ends);
    let late = dice.pick(&occasion.settings).late_minutes * MINUTE;
    let beside = beside(occasion, dice);
    match dice.below(10) {
        0..=3 => starts - dice.between(0, 10) * MINUTE,
        4 | 5 => starts + beside,
        6 | 7 => (starts + late + beside).min(ends - 5 * MINUTE),
        8 => (starts + late + MINUTE).min(ends - 5 * MINUTE),
        _ => starts + dice.between(0, (ends - starts) / MINUTE - 6) * MINUTE,
    }
}

fn departure(occasion: &Occasion<'_>, dice: &mut Dice) -> i64 {
    let (starts, ends) = (occasion.class.starts, occasion.class.ends);
    let early = dice.pick(&occasion.settings).early_minutes * MINUTE;
    let beside = beside(occasion, dice);
    match dice.below(10) {
        0..=3 => ends + dice.between(0, 10) * MINUTE,
        4 | 5 => ends + beside,
        6 | 7 => ends - early + beside,
        8 => ends - early - MINUTE,
        _ => starts + dice.between(6, (ends - starts) / MINUTE) * MINUTE,
    }
}

/// A second before, on or after the moment; the grain is a minute where rows of the log count whole minutes.
fn beside(occasion: &Occasion<'_>, dice: &mut Dice) -> i64 {
    dice.between(-1, 1) * if occasion.log { MINUTE } else { 1 }
}

/// A check-out and a check-in within the class, for as long as the settings allow or a second longer.
fn pause(occasion: &Occasion<'_>, dice: &mut Dice, came: i64, left: i64) -> Vec<(i64, Option<i64>)> {
    let allowed = dice.pick(&occasion.settings).gap_minutes * MINUTE;
    let beside = beside(occasion, dice);
    let length = dice.pick(&[allowed + beside, allowed, 7 * MINUTE]);
    let out = came.max(occasion.class.starts) + 5 * MINUTE;
    if length <= 0 || out + length + MINUTE > left.min(occasion.class.ends) {
        return vec![(came, Some(left))];
    }
    vec![(came, Some(out)), (out + length, Some(left))]
}

fn overlapping(occasion: &Occasion<'_>, came: i64, left: i64) -> Vec<(i64, Option<i64>)> {
    let middle = came + (left - came) / 2 / MINUTE * MINUTE;
    if occasion.log || middle - came < 5 * MINUTE || left - middle < 5 * MINUTE {
        return vec![(came, Some(left))];
    }
    vec![(came, Some(middle + 2 * MINUTE)), (middle - 2 * MINUTE, Some(left))]
}

/// A student who checks in once more and never out again.
fn left_and_came_back(occasion: &Occasion<'_>, came: i64) -> Vec<(i64, Option<i64>)> {
    let out = came + 3 * MINUTE;
    if out + 2 * MINUTE > occasion.class.ends {
        return vec![(came, None)];
    }
    vec![(came, Some(out)), (out + 2 * MINUTE, None)]
}

/// The record's content after a correction by staff.
pub(super) fn corrected(occasion: &Occasion<'_>, dice: &mut Dice, before: &Content) -> Content {
    let length = occasion.class.ends - occasion.class.starts;
    let settings = dice.pick(&occasion.settings);
    let limits = (settings.late_minutes + settings.early_minutes) * MINUTE;
    let by = |kind, awarded, visits| Content { visits, adjustment: Some(Adjustment { kind, awarded }) };
    let closed = |content: Content| {
        let is_closed = !content.visits.is_empty() && content.visits.iter().all(|visit| visit.1.is_some());
        if is_closed { content.visits } else { Vec::new() }
    };
    match dice.below(12) {
        // The same content once more, in a higher version.
        0 | 1 => before.clone(),
        2..=4 => by(Kind::Edit, None, vec![(occasion.class.starts, Some(occasion.class.ends))]),
        5 => by(Kind::Edit, None, of(occasion, dice).visits),
        6 => by(Kind::AwardFull, Some(length), before.visits.clone()),
        7 => by(Kind::RemoveAll, Some(0), before.visits.clone()),
        8 => by(Kind::Override, Some(dice.between(1, length / MINUTE) * MINUTE), closed(of(occasion, dice))),
        9 => by(Kind::Override, None, Vec::new()),
        _ => {
            let minutes = if occasion.log { MINUTE } else { 1 };
            let missing = dice.pick(&[0, limits, limits + minutes, minutes, length - MINUTE]).min(length - MINUTE);
            by(Kind::Override, Some(length - missing), Vec::new())
        }
    }
}
