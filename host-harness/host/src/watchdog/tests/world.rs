//! A school and a service around it, of which only what the watchdog sees is played, minute by minute; with any stage frozen
//! for any time.

use super::super::*;

pub(super) const MINUTE: i64 = 60;
pub(super) const HOUR: i64 = 60 * MINUTE;
pub(super) const DAY: i64 = 24 * HOUR;
/// A Monday at midnight.
pub(super) const START: i64 = 1_704_067_200;

pub(super) fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// A stage that stands still in a span.
pub(super) type Freeze = (Stage, i64, i64);

/// A school, and a service around it, of which only what the watchdog sees is played.
pub(super) struct World {
    freezes: Vec<Freeze>,
    pub(super) now: i64,
    dice: u64,
    watched_since: i64,
    was_out: bool,
    due: i64,
    begun: Option<i64>,
    ends: Option<i64>,
    ended: Option<i64>,
    failed: Option<(i64, u32)>,
    read_until: Option<i64>,
    outbox: Option<i64>,
    mails: Option<(i64, i64)>,
    repeats: Repeats,
}

impl World {
    pub(super) fn new(freezes: Vec<Freeze>) -> Self {
        Self {
            freezes,
            now: START,
            dice: 1,
            watched_since: START,
            was_out: false,
            due: START,
            begun: None,
            ends: None,
            ended: None,
            failed: None,
            read_until: None,
            outbox: None,
            mails: None,
            repeats: Repeats::default(),
        }
    }

    /// Whether something happens that happens once in so many times.
    fn once_in(&mut self, times: u64) -> bool {
        self.dice = self.dice.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33).is_multiple_of(times)
    }

    fn is_frozen(&self, stage: Stage) -> bool {
        self.freezes.iter().any(|(of, from, until)| *of == stage && (*from..*until).contains(&self.now))
    }

    fn day(&self) -> i64 {
        (self.now - START) / DAY
    }

    /// Minutes since midnight.
    pub(super) fn minute(&self) -> i64 {
        (self.now - START) % DAY / MINUTE
    }

    /// Summer, and two weeks of winter: no course is followed.
    fn is_holiday(&self) -> bool {
        matches!(self.day(), 0..7 | 170..240 | 358..)
    }

    /// The service is stopped for twenty minutes a month, to be updated.
    fn is_down(&self) -> bool {
        self.day() % 30 == 11 && (130..150).contains(&self.minute())
    }

    /// Somebody pauses the school for some hours every other month, and for a week in summer.
    fn is_paused(&self) -> bool {
        self.day() % 60 == 33 && (500..800).contains(&self.minute()) || (200..207).contains(&self.day())
    }

    /// In some nights the storage is backed up: ticks begin up to two minutes late and take two.
    fn is_slow(&self) -> bool {
        self.day() % 14 == 5 && (100..240).contains(&self.minute())
    }

    /// GEGI is restarted every night.
    fn gegi_is_down(&self) -> bool {
        (180..200).contains(&self.minute())
    }

    /// For the first two months nobody has configured a mail server.
    fn sends_mails(&self) -> bool {
        self.day() >= 60
    }

    /// Plays a minute; what is seen at its end, if anybody looks.
    pub(super) fn step(&mut self) -> Option<Seen> {
        self.now += MINUTE;
        if self.is_down() {
            (self.was_out, self.ends, self.begun) = (true, None, self.ended);
            return None;
        }
        if self.is_paused() {
            self.was_out = true;
            return Some(self.seen());
        }
        if std::mem::take(&mut self.was_out) {
            (self.watched_since, self.due) = (self.now, self.now);
        }
        if self.is_holiday() {
            self.read_until = None;
        }
        self.tick();
        if !self.gegi_is_down() && !self.is_frozen(Stage::Outbox) {
            self.outbox = None;
        }
        if self.mails.is_some_and(|(_, leaves)| leaves <= self.now)
            && self.sends_mails()
            && !self.is_frozen(Stage::Mails)
        {
            self.mails = None;
        }
        self.repeat();
        Some(self.seen())
    }

    fn repeated(&mut self, stage: Stage) -> &mut Option<Repeated> {
        match stage {
            Stage::Settings => &mut self.repeats.settings,
            Stage::Refusals => &mut self.repeats.refusals,
            Stage::RefusedMails => &mut self.repeats.refused_mails,
            Stage::Pushes => &mut self.repeats.pushes,
            Stage::Storage => &mut self.repeats.storage,
            _ => &mut self.repeats.leases,
        }
    }

    /// What fails now and then, and works the next time; and what fails each time while its stage is frozen.
    fn repeat(&mut self) {
        for stage in Stage::REPEATING {
            let comes = self.once_in(10);
            let is_frozen = self.is_frozen(stage);
            let fails = comes && (is_frozen || self.once_in(500));
            let (minutes, now) = (self.now, at(self.now));
            let of = self.repeated(stage);
            if fails {
                let before = of.unwrap_or(Repeated { since: now, latest: now, times: 0 });
                *of = Some(Repeated { latest: now, times: before.times + 1, ..before });
            } else if of.is_some_and(|of| (comes && !is_frozen) || minutes - of.latest.timestamp() > 2 * HOUR) {
                *of = None;
            }
        }
    }

    /// The process ends, and another begins to watch: it knows only what is stored.
    pub(super) fn restart(&mut self, told: &[(Stage, DateTime<Utc>)]) {
        self.repeats = Repeats::default();
        for (stage, since) in told.iter().filter(|(stage, _)| Stage::REPEATING.contains(stage)) {
            *self.repeated(*stage) = Some(Repeated::told(*since, at(self.now)));
        }
        (self.watched_since, self.due) = (self.now, self.now + 4 * MINUTE);
        (self.begun, self.ends, self.ended, self.read_until) = (None, None, None, None);
        self.outbox = self.outbox.map(|_| self.now);
        self.mails = self.mails.map(|(_, leaves)| (self.now, leaves));
    }

    fn tick(&mut self) {
        if self.ends.is_none() && self.now >= self.due && !self.is_frozen(Stage::Ticks) {
            if self.is_slow() && self.now < self.due + 2 * MINUTE && !self.once_in(3) {
                return;
            }
            self.begun = Some(self.now);
            self.ends = Some(self.now + if self.is_slow() { 2 * MINUTE } else { 0 });
        }
        let Some(end) = self.ends.filter(|end| *end <= self.now) else { return };
        (self.ends, self.ended) = (None, Some(end));
        // Now and then the storage, or the plugin, fails; the next tick works.
        if self.is_frozen(Stage::FailingTicks) || self.once_in(300) {
            let (since, ticks) = self.failed.unwrap_or((self.now, 0));
            self.failed = Some((since, ticks + 1));
            self.due = self.now + (MINUTE << ticks.min(6));
            return;
        }
        self.failed = None;
        // A request now and then fails, and what it would have read is read by the next.
        if !self.is_holiday() {
            // The first look begins the wait for the first success.
            let reads = !self.is_frozen(Stage::Attendance) && !self.once_in(500);
            self.read_until = self.begun.filter(|_| reads || self.read_until.is_none()).or(self.read_until);
        }
        if !self.is_holiday() && self.once_in(3) {
            self.outbox.get_or_insert(self.now);
        }
        if self.mails.is_none() && self.once_in(100) {
            let wait = if self.once_in(5) { 35 * MINUTE } else { 2 * MINUTE };
            self.mails = Some((self.now, self.now + wait));
        }
        // In the holidays there is nothing to do but the comparison of the night.
        let next = if self.is_holiday() {
            START + (self.day() + 1) * DAY + 2 * HOUR
        } else {
            self.begun.unwrap() + 5 * MINUTE
        };
        self.due = next;
    }

    pub(super) fn seen(&self) -> Seen {
        Seen {
            watched_since: at(self.watched_since),
            is_paused: self.is_paused(),
            update_every: TimeDelta::minutes(5),
            due: self.ends.is_none().then(|| at(self.due)),
            begun: self.begun.map(at),
            ended: self.ended.map(at),
            failed: self.failed.map(|(since, ticks)| Failed { since: at(since), ticks }),
            read_until: self.read_until.map(at),
            outbox: self.outbox.map(|since| Waiting { since: at(since), items: 3, percent: 1 }),
            mails: self.mails.map(|(since, _)| Waiting { since: at(since), items: 1, percent: 1 }),
            sends_mails: self.sends_mails(),
            repeats: self.repeats,
        }
    }
}
