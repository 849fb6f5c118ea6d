//! The watchdog: from outside of the tick, whether a school's work goes on, and if not, at which stage it is stuck. What
//! is known of the school goes in, `now` is an argument; nothing here reads a clock, asks a store or sends a mail.
//!
//! | Stage | It is stuck when |
//! |---|---|
//! | `failing-ticks` | several ticks in a row failed, for some time |
//! | `ticks` | a tick is due and is not made, does not end, or no tick was made for more than a day |
//! | `attendance` | ticks are made, and attendance is not read all the same |
//! | `settings` | the school's settings cannot be read, so that no tick can begin |
//! | `outbox` | records lie there that GEGI does not take, or nearly as many wait as may |
//! | `mails` | mails wait that do not leave, or nearly as many wait as may |
//! | `refusals` | GEGI refuses records again and again, or nearly as many refused ones are kept as may |
//! | `refused-mails` | one mail after the other is refused for good |
//! | `pushes` | CourseKey's pushes are not believed, one after the other |
//! | `storage` | the service cannot read its storage |
//! | `leases` | the process loses its schools again and again |
//!
//! Not here: the alarms, each of which is told once (`alarms`), and the issue that the school itself is told of
//! (`school/failing`).

mod alarms;
#[cfg(test)]
mod tests;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::limits::StorageLimits;
pub use alarms::{Alarm, AlarmEvent, Alarms};

/// Something that waits to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// Since when the oldest of it waits.
    pub since: DateTime<Utc>,
    /// How much waits.
    pub items: u64,
    /// How much that is of what may wait, in percent.
    pub percent: u64,
}

/// A failure that came again and again, without a success in between and without a long pause.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Repeated {
    /// When it came first.
    pub since: DateTime<Utc>,
    /// When it came last.
    pub latest: DateTime<Utc>,
    /// How often it came.
    pub times: u32,
}

impl Repeated {
    /// What is known of a failure by somebody who begins to watch and finds its alarm: that it had come again often enough,
    /// and did not end before `now`.
    pub fn told(since: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self { since, latest: now, times: Patience::default().repeats }
    }
}

/// The failures that came again and again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repeats {
    /// The settings could not be read.
    pub settings: Option<Repeated>,
    /// GEGI refused records.
    pub refusals: Option<Repeated>,
    /// How many refused records are kept, in percent of what is kept at most.
    pub refused_percent: u64,
    /// Mails were refused for good.
    pub refused_mails: Option<Repeated>,
    /// Pushes were not believed.
    pub pushes: Option<Repeated>,
    /// The storage could not be read.
    pub storage: Option<Repeated>,
    /// Schools were lost.
    pub leases: Option<Repeated>,
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
    /// What failed again and again.
    pub repeats: Repeats,
}

impl Seen {
    /// What is seen of a school that another process ticks, or of the service itself: what failed again and again here.
    pub fn of_repeats(repeats: Repeats, now: DateTime<Utc>) -> Self {
        Self {
            watched_since: now,
            is_paused: false,
            update_every: TimeDelta::minutes(1),
            due: None,
            begun: None,
            ended: None,
            failed: None,
            read_until: None,
            outbox: None,
            mails: None,
            sends_mails: false,
            repeats,
        }
    }
}

/// A stage of a school's work, each before those that it may be the cause of. Stored by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// The storage can be read.
    Storage,
    /// The process keeps its schools.
    Leases,
    /// The school's settings can be read.
    Settings,
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
    /// GEGI does not refuse what it is given.
    Refusals,
    /// Nobody's mails are refused for good.
    RefusedMails,
    /// CourseKey's pushes are believed.
    Pushes,
}

impl Stage {
    /// The stages of which what fails again and again is seen.
    pub const REPEATING: [Self; 6] =
        [Self::Storage, Self::Leases, Self::Settings, Self::Refusals, Self::RefusedMails, Self::Pushes];

    /// All stages; one that is stuck may be why a later one is.
    pub const ALL: [Self; 11] = [
        Self::Storage,
        Self::Leases,
        Self::Settings,
        Self::FailingTicks,
        Self::Ticks,
        Self::Attendance,
        Self::Outbox,
        Self::Mails,
        Self::Refusals,
        Self::RefusedMails,
        Self::Pushes,
    ];

    /// The stage's name, as metrics and pages show it.
    pub fn name(self) -> &'static str {
        match self {
            Self::FailingTicks => "failing-ticks",
            Self::Ticks => "ticks",
            Self::Attendance => "attendance",
            Self::Outbox => "outbox",
            Self::Mails => "mails",
            Self::Settings => "settings",
            Self::Refusals => "refusals",
            Self::RefusedMails => "refused-mails",
            Self::Pushes => "pushes",
            Self::Storage => "storage",
            Self::Leases => "leases",
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
    /// How often a failure comes again before it is told.
    pub repeats: u32,
    /// … and over how long, at the least. A key that is replaced, or a class that was removed, is over by then.
    pub repeated_for: TimeDelta,
    /// The share of a limit at which it is told, in percent.
    pub told_percent: u64,
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
            repeats: 3,
            repeated_for: TimeDelta::minutes(30),
            told_percent: StorageLimits::TOLD_PERCENT,
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
    let lane = |waits: Option<Waiting>, at_most| {
        let waits = waits.filter(|waits| too_long(&waits.since, at_most) || waits.percent >= patience.told_percent);
        waits.map(|waits| waits.since)
    };
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
        Stage::Outbox => lane(seen.outbox, patience.outbox),
        Stage::Mails => lane(seen.mails.filter(|_| seen.sends_mails), patience.mails),
        Stage::Refusals => {
            let is_full = seen.repeats.refused_percent >= patience.told_percent;
            repeated(seen.repeats.refusals, patience).or(seen.repeats.refusals.filter(|_| is_full).map(|of| of.since))
        }
        Stage::RefusedMails => repeated(seen.repeats.refused_mails, patience),
        Stage::Pushes => repeated(seen.repeats.pushes, patience),
        Stage::Settings => repeated(seen.repeats.settings, patience),
        Stage::Storage => repeated(seen.repeats.storage, patience),
        Stage::Leases => repeated(seen.repeats.leases, patience),
    }
}

/// Since when something fails again and again, if it does so for too long.
fn repeated(of: Option<Repeated>, patience: &Patience) -> Option<DateTime<Utc>> {
    let of = of.filter(|of| of.times >= patience.repeats && of.latest - of.since >= patience.repeated_for);
    of.map(|of| of.since)
}

impl Patience {
    /// How long no tick and no attendance is no reason to worry.
    fn quiet(&self, seen: &Seen) -> TimeDelta {
        (seen.update_every * self.updates).max(self.at_least)
    }

    /// After how long somebody who begins to watch a stage that stands still knows that it does. What fails again and
    /// again is known at once, because whoever begins takes over what was told of it: see [`Repeated::told`].
    fn known_after(&self, stage: Stage, seen: &Seen) -> Option<TimeDelta> {
        match stage {
            Stage::FailingTicks => Some(self.at_least),
            Stage::Ticks => Some(seen.update_every + self.quiet(seen).max(self.tick)),
            Stage::Attendance => Some(seen.update_every + self.quiet(seen)),
            Stage::Outbox => Some(self.outbox),
            Stage::Mails => Some(self.mails),
            Stage::Settings
            | Stage::Refusals
            | Stage::RefusedMails
            | Stage::Pushes
            | Stage::Storage
            | Stage::Leases => None,
        }
    }
}
