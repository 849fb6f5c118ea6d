//! The watchdog: from outside of the tick, whether a school's work goes on, and if not, at which stage it is stuck. What
//! is known of the school goes in, `now` is an argument; nothing here reads a clock, asks a store or sends a mail.
//!
//! | Stage | It is stuck when |
//! |---|---|
//! | `failing-ticks` | several ticks in a row failed, for some time |
//! | `ticks` | a tick is due and is not made, does not end, or no tick was made for more than a day |
//! | `attendance` | ticks are made, and attendance is not read all the same |
//! | `outbox` | records lie there that GEGI does not take |
//! | `mails` | mails wait that do not leave |
//!
//! Not here: the alarms, each of which is told once (`alarms`), and the issue that the school itself is told of
//! (`school/failing`).

mod alarms;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use alarms::{Alarm, AlarmEvent, Alarms};

/// Something that waits to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Since when the oldest of it waits.
    pub since: DateTime<Utc>,
    /// How much waits.
    pub items: u64,
}

/// The ticks in a row that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Failed {
    /// When the first of them failed.
    pub since: DateTime<Utc>,
    /// How many there were.
    pub ticks: u32,
}

/// What is known of a school.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// Since when this school is looked at without a break: the start of the service, or the latest end of a pause. What
    /// waited before was not the service's fault, and gets the usual time from here on.
    pub watched_since: DateTime<Utc>,
    /// Whether the school is paused or switched off.
    pub is_paused: bool,
    /// The school's update frequency.
    pub update_every: TimeDelta,
    /// Since when a tick is due, or will be; none: the schedule waits for a change.
    pub due: Option<DateTime<Utc>>,
    /// When the latest tick began; none: none was made.
    pub begun: Option<DateTime<Utc>>,
    /// When the latest tick that ended did so; none: none has ended.
    pub ended: Option<DateTime<Utc>>,
    /// The ticks in a row that failed; none: the latest returned.
    pub failed: Option<Failed>,
    /// Up to when attendance was read, of the campus of which it was read least; none: no course is followed so closely
    /// that its attendance is read with every update.
    pub read_until: Option<DateTime<Utc>>,
    /// The records that GEGI has not taken; none: it has taken all.
    pub outbox: Option<Waiting>,
    /// The mails that have not left; none: all have.
    pub mails: Option<Waiting>,
    /// Whether the service is configured to send mails. Without that, mails wait and nothing is stuck.
    pub sends_mails: bool,
}

/// A stage of a school's work. Stored by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The ticks that are made return.
    FailingTicks,
    /// Ticks are made.
    Ticks,
    /// Attendance is read.
    Attendance,
    /// GEGI takes records.
    Outbox,
    /// Mails leave.
    Mails,
}

impl Stage {
    /// All stages; one that is stuck may be why a later one is.
    pub const ALL: [Self; 5] = [Self::FailingTicks, Self::Ticks, Self::Attendance, Self::Outbox, Self::Mails];

    /// The stage's name, as metrics and pages show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FailingTicks => "failing-ticks",
            Self::Ticks => "ticks",
            Self::Attendance => "attendance",
            Self::Outbox => "outbox",
            Self::Mails => "mails",
        }
    }
}

/// How a school is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Health {
    /// Its work goes on.
    Healthy,
    /// It is stuck.
    Failing(Alarm),
}

/// How long a stage may stand still before it is stuck.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// Updates without attendance, or without a tick that is due. "for longer than max(3 intervals, 15 min)".
    pub updates: i32,
    /// … and time at the least, for attendance, ticks and failing ticks.
    pub at_least: TimeDelta,
    /// Failed ticks in a row, beside that time.
    pub failed_ticks: u32,
    /// How long a tick may take: more than any deadline.
    pub tick: TimeDelta,
    /// How long no tick may be made at all, whatever the schedule says: a comparison with GEGI is due each night.
    pub day: TimeDelta,
    /// How long GEGI may leave a record: it may be restarted or backed up in that time.
    pub outbox: TimeDelta,
    /// How long a mail may wait: servers put off the mail of a sender they do not know by up to half an hour.
    pub mails: TimeDelta,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            updates: 3,
            at_least: TimeDelta::minutes(15),
            failed_ticks: 3,
            tick: TimeDelta::minutes(15),
            day: TimeDelta::hours(26),
            outbox: TimeDelta::minutes(30),
            mails: TimeDelta::hours(1),
        }
    }
}

/// Says how a school is. Of several stages that are stuck it names the first, which may be why the others are.
pub fn judge(seen: &Seen, patience: &Patience, now: DateTime<Utc>) -> Health {
    let first = Stage::ALL.into_iter().find_map(|stage| Alarm::of(stage, seen, patience, now));
    first.map_or(Health::Healthy, Health::Failing)
}

/// Since when a stage stands still, if it does so for too long.
fn stuck(stage: Stage, seen: &Seen, patience: &Patience, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if seen.is_paused {
        return None;
    }
    let quiet = patience.quiet(seen);
    let too_long = |since: &DateTime<Utc>, at_most: TimeDelta| now - (*since).max(seen.watched_since) > at_most;
    match stage {
        Stage::FailingTicks => {
            let failed = seen.failed.filter(|failed| failed.ticks >= patience.failed_ticks);
            failed.map(|failed| failed.since).filter(|since| too_long(since, patience.at_least))
        }
        Stage::Ticks => {
            let running = seen.begun.filter(|begun| seen.ended.is_none_or(|ended| ended < *begun));
            let overdue = seen.due.filter(|due| too_long(due, quiet));
            let latest = seen.ended.or(seen.begun).unwrap_or(seen.watched_since);
            let unread = seen.read_until.filter(|until| too_long(until, quiet));
            // Attendance that is not read because no tick is made is told as what it is.
            let idle = if unread.is_some() { too_long(&latest, quiet) } else { too_long(&latest, patience.day) };
            let endless = running.filter(|begun| too_long(begun, patience.tick));
            endless.or(overdue.filter(|_| running.is_none())).or((idle && running.is_none()).then_some(latest))
        }
        Stage::Attendance => seen.read_until.filter(|until| too_long(until, quiet)),
        Stage::Outbox => seen.outbox.map(|waits| waits.since).filter(|since| too_long(since, patience.outbox)),
        Stage::Mails => {
            let waits = seen.mails.filter(|_| seen.sends_mails);
            waits.map(|waits| waits.since).filter(|since| too_long(since, patience.mails))
        }
    }
}

impl Patience {
    /// How long no tick and no attendance is no reason to worry.
    fn quiet(&self, seen: &Seen) -> TimeDelta {
        (seen.update_every * self.updates).max(self.at_least)
    }

    /// After how long somebody who begins to watch a stage that stands still knows that it does.
    fn known_after(&self, stage: Stage, seen: &Seen) -> TimeDelta {
        match stage {
            Stage::FailingTicks => self.at_least,
            Stage::Ticks => seen.update_every + self.quiet(seen).max(self.tick),
            Stage::Attendance => seen.update_every + self.quiet(seen),
            Stage::Outbox => self.outbox,
            Stage::Mails => self.mails,
        }
    }
}
