//! People: how students come and go if no file says how. Their records are a pure function of the seed, the session
//! and the student.
//!
//! Every version of a record is made at once, with the instant from which CourseKey lists the version. Therefore it
//! does not matter when, how often or in which order requests read records.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::attendance::{Adjustment, AdjustmentKind, Record, Visit};
use super::dice::Dice;

#[cfg(test)]
mod tests;

// The proportions. All are guesses at an ordinary school, chosen so that one term shows every case.

/// The conduct of a student in a session, by weight.
const CONDUCT: [(Conduct, u32); 6] = [
    (Conduct::Whole, 830),
    (Conduct::LateWithinMinutes, 60),
    (Conduct::TooLate, 15),
    (Conduct::LeavesEarly, 30),
    (Conduct::Absent, 50),
    (Conduct::ForgetsToCheckOut, 15),
];
/// Sessions that nobody attends because they are not held, per million.
const NOT_HELD: u32 = 5_000;
/// Sessions of at least [`BREAK_FROM`] with a break that checks everybody out, per million.
const BREAK: u32 = 100_000;
const BREAK_FROM: TimeDelta = TimeDelta::minutes(100);
/// Sessions of at least this length have a lunch, at which every student punches out and in.
const LUNCH_FROM: TimeDelta = TimeDelta::hours(5);
/// Students who punch neither at lunch, per million.
const LUNCH_UNPUNCHED: u32 = 100_000;
/// Records that staff correct, by conduct, per million. An absent student gets a first record by such a correction.
const CORRECTED: u32 = 15_000;
const CORRECTED_ABSENT: u32 = 40_000;
const CORRECTED_FORGOTTEN: u32 = 600_000;
/// The ways of staff's corrections, by weight.
const CORRECTION: [(AdjustmentKind, u32); 4] = [
    (AdjustmentKind::Edit, 50),
    (AdjustmentKind::AwardFull, 25),
    (AdjustmentKind::RemoveAll, 10),
    (AdjustmentKind::Override, 15),
];
/// Hours from the session's end to staff's correction: mostly within the week that CourseKey recommends to follow,
/// sometimes later.
const CORRECTION_HOURS: (i64, i64) = (2, 180);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Conduct {
    Whole,
    LateWithinMinutes,
    TooLate,
    LeavesEarly,
    Absent,
    ForgetsToCheckOut,
}

/// A session that has begun.
pub(super) struct Occasion {
    pub(super) seed: u64,
    pub(super) school: u64,
    pub(super) session: Arc<str>,
    pub(super) starts: DateTime<Utc>,
    pub(super) ends: DateTime<Utc>,
}

impl Occasion {
    /// Every version of the student's record, ascending; empty: the student never has a record. No version is listed
    /// before the session has started, though students punch in earlier: CourseKey opens a session's attendance with
    /// the session.
    pub(super) fn attend(&self, student: &str) -> Vec<Record> {
        let class = Dice::new(self.seed).and(self.session.as_bytes());
        let dice = class.and(student.as_bytes());
        if class.happens("not held", NOT_HELD) {
            return Vec::new();
        }
        let conduct = dice.pick("conduct", &CONDUCT).unwrap_or(Conduct::Whole);
        let punches = self.punches(conduct, class, dice);
        let mut records: Vec<Record> = Vec::new();
        for (index, punch) in punches.iter().enumerate() {
            // CourseKey lists a punch some seconds later, and never two punches at one instant.
            let listed = *punch + seconds(dice.between("listing", 1, 20));
            let previous = records.last().map_or(self.starts, |record| record.updated_at);
            let told = punches.get(..=index).unwrap_or_default();
            records.push(self.record(student, index + 1, listed.max(previous + seconds(1)), visits(told)));
        }
        let correction = self.correction(conduct, dice, student, records.last());
        records.extend(correction);
        records
    }

    /// The instants at which the student checks in, out, in, …, ascending.
    fn punches(&self, conduct: Conduct, class: Dice, dice: Dice) -> Vec<DateTime<Utc>> {
        let third = (self.ends - self.starts).num_seconds() / 3;
        let minutes = |what: &str, low: i64, high: i64| {
            // Nobody is later than a third of a short class.
            seconds(dice.between(what, low * 60, (high * 60).min(third)).min(third))
        };
        let arrives = match conduct {
            Conduct::Absent => return Vec::new(),
            Conduct::LateWithinMinutes => self.starts + minutes("late", 1, 14),
            Conduct::TooLate => self.starts + minutes("too late", 16, 45),
            Conduct::Whole | Conduct::LeavesEarly | Conduct::ForgetsToCheckOut => {
                self.starts - minutes("arrival", 0, 10)
            }
        };
        let leaves = match conduct {
            Conduct::ForgetsToCheckOut => None,
            Conduct::LeavesEarly => Some(self.ends - minutes("early", 1, 40)),
            _ => Some(self.ends + minutes("departure", 0, 6)),
        };
        let mut punches = vec![arrives];
        for (out, back) in self.pauses(class, dice) {
            if arrives < out && leaves.is_none_or(|leaves| back < leaves) {
                punches.extend([out, back]);
            }
        }
        punches.extend(leaves);
        punches
    }

    /// The pauses in which the student is out, ascending.
    fn pauses(&self, class: Dice, dice: Dice) -> Vec<(DateTime<Utc>, DateTime<Utc>)> {
        let length = self.ends - self.starts;
        let mut pauses = Vec::new();
        if length >= BREAK_FROM && class.happens("break", BREAK) {
            // The instructor ends everybody's visit at once; each student checks in again alone.
            let out = self.starts + length / 4;
            pauses.push((out, out + seconds(dice.between("back", 5 * 60, 12 * 60))));
        }
        if length >= LUNCH_FROM && !dice.happens("lunch unpunched", LUNCH_UNPUNCHED) {
            let out = self.starts + length / 2 + seconds(dice.between("to lunch", -300, 300));
            pauses.push((out, out + seconds(dice.between("from lunch", 30 * 60, 45 * 60))));
        }
        pauses
    }

    /// The version that staff's correction makes days later, if any.
    fn correction(&self, conduct: Conduct, dice: Dice, student: &str, last: Option<&Record>) -> Option<Record> {
        let chance = match conduct {
            Conduct::Absent => CORRECTED_ABSENT,
            Conduct::ForgetsToCheckOut => CORRECTED_FORGOTTEN,
            _ => CORRECTED,
        };
        if !dice.happens("corrected", chance) {
            return None;
        }
        let kind = match conduct {
            Conduct::Absent => AdjustmentKind::AwardFull,
            Conduct::ForgetsToCheckOut => AdjustmentKind::Edit,
            _ => dice.pick("correction", &CORRECTION)?,
        };
        let length = (self.ends - self.starts).num_seconds();
        let awarded = match kind {
            AdjustmentKind::Edit => None,
            AdjustmentKind::AwardFull => Some(length),
            AdjustmentKind::RemoveAll => Some(0),
            AdjustmentKind::Override => Some(dice.between("awarded", length / 2, length)),
        };
        let hours = dice.between("hours", CORRECTION_HOURS.0, CORRECTION_HOURS.1);
        let updated_at = self.ends + TimeDelta::hours(hours) + seconds(dice.between("second", 0, 3599));
        let version = last.map_or(1, |record| record.version as usize + 1);
        let visits = match kind {
            AdjustmentKind::Edit => Box::from([Visit { checked_in: self.starts, checked_out: Some(self.ends) }]),
            _ => last.map(|record| record.visits.clone()).unwrap_or_default(),
        };
        let mut record = self.record(student, version, updated_at, visits);
        record.adjustment = Some(Arc::new(Adjustment {
            kind,
            by: "staff".to_owned(),
            awarded_seconds: awarded.and_then(|seconds| u32::try_from(seconds).ok()),
        }));
        Some(record)
    }

    fn record(&self, student: &str, version: usize, updated_at: DateTime<Utc>, visits: Box<[Visit]>) -> Record {
        Record {
            id: format!("{}/{student}", self.session).into(),
            version: u32::try_from(version).unwrap_or(u32::MAX),
            school: Some(self.school),
            session: self.session.clone(),
            user: student.into(),
            updated_at,
            visits,
            adjustment: None,
        }
    }
}

/// Pairs of check-in and check-out; the last pair may have no check-out.
fn visits(punches: &[DateTime<Utc>]) -> Box<[Visit]> {
    let visit = |pair: &[DateTime<Utc>]| {
        pair.first().map(|checked_in| Visit { checked_in: *checked_in, checked_out: pair.get(1).copied() })
    };
    punches.chunks(2).filter_map(visit).collect()
}

fn seconds(seconds: i64) -> TimeDelta {
    TimeDelta::seconds(seconds)
}
