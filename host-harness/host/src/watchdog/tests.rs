//! A school in virtual time, minute by minute, through a year with what happens in a year; and with one stage after the
//! other frozen.

#![allow(clippy::unwrap_used)]

use super::*;
use crate::store::SchoolId;

const MINUTE: i64 = 60;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;
/// A Monday at midnight.
const START: i64 = 1_704_067_200;

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(seconds, 0).unwrap()
}

/// A stage that stands still in a span.
type Freeze = (Stage, i64, i64);

/// A school, and a service around it, of which only what the watchdog sees is played.
struct World {
    freezes: Vec<Freeze>,
    now: i64,
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
}

impl World {
    fn new(freezes: Vec<Freeze>) -> Self {
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
    fn minute(&self) -> i64 {
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
    fn step(&mut self) -> Option<Seen> {
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
        Some(self.seen())
    }

    /// The process ends, and another begins to watch: it knows only what is stored.
    fn restart(&mut self) {
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

    fn seen(&self) -> Seen {
        Seen {
            watched_since: at(self.watched_since),
            is_paused: self.is_paused(),
            update_every: TimeDelta::minutes(5),
            due: self.ends.is_none().then(|| at(self.due)),
            begun: self.begun.map(at),
            ended: self.ended.map(at),
            failed: self.failed.map(|(since, ticks)| Failed { since: at(since), ticks }),
            read_until: self.read_until.map(at),
            outbox: self.outbox.map(|since| Waiting { since: at(since), items: 3 }),
            mails: self.mails.map(|(since, _)| Waiting { since: at(since), items: 1 }),
            sends_mails: self.sends_mails(),
        }
    }
}

/// Plays a year; all events, each with its moment. The service is restarted at the minutes of the day that are named.
fn a_year(freezes: Vec<Freeze>, restarts: &[i64]) -> Vec<(i64, AlarmEvent)> {
    let (mut world, mut alarms, school) = (World::new(freezes), Alarms::default(), SchoolId::new("school"));
    let mut events = Vec::new();
    while world.now < START + 366 * DAY {
        let Some(mut seen) = world.step() else { continue };
        if restarts.contains(&world.minute()) {
            let told = alarms.of(&school);
            alarms = Alarms::default();
            for (stage, since) in told {
                alarms.restore(&school, stage, since);
            }
            world.restart();
            seen = world.seen();
        }
        let now = at(world.now);
        let told = alarms.look(&school, &seen, now);
        events.extend(told.into_iter().map(|event| (world.now, event)));
        let is_stuck = Stage::ALL.into_iter().any(|stage| stuck(stage, &seen, &Patience::default(), now).is_some());
        assert!(is_stuck || judge(&seen, &Patience::default(), now) == Health::Healthy);
    }
    assert_eq!(alarms.of(&school), []);
    events
}

#[test]
fn a_healthy_year_has_no_alarm() {
    let events = a_year(Vec::new(), &[]);
    assert_eq!(events.first(), None, "and {} more", events.len());
}

#[test]
fn each_frozen_stage_is_told_once_by_its_name_and_its_end_once() {
    let freezes = [
        (Stage::Ticks, 90),
        (Stage::Outbox, 100),
        (Stage::Mails, 110),
        (Stage::Attendance, 120),
        (Stage::FailingTicks, 130),
        (Stage::Ticks, 140),
    ];
    let span = |day: i64| (START + day * DAY + 10 * HOUR, START + day * DAY + 22 * HOUR);
    let events = a_year(freezes.map(|(stage, day)| (stage, span(day).0, span(day).1)).into(), &[]);
    let mut told = Vec::new();
    for ((stage, day), pair) in freezes.into_iter().zip(events.chunks(2)) {
        let (from, until) = span(day);
        let [(raised, AlarmEvent::Raised(alarm)), (cleared, AlarmEvent::Cleared { stage: of, since })] = pair else {
            unreachable!("{pair:?}")
        };
        assert_eq!((alarm.stage, *of, alarm.since), (stage, stage, *since));
        assert_eq!(serde_json::to_value(stage).unwrap(), stage.name(), "it is stored by its name");
        // A record or a mail is not written every minute, so the freeze is noticed when the next one waits.
        let at_most = if stage == Stage::Mails { 11 * HOUR } else { HOUR };
        assert!((from..from + at_most).contains(raised), "{stage:?}: {} min", (raised - from) / MINUTE);
        // The last probe of failing ticks may have been an hour ago.
        assert!((until..until + 80 * MINUTE).contains(cleared), "{stage:?}: {} min", (cleared - until) / MINUTE);
        let (after, over) = ((raised - from) / MINUTE, (cleared - until) / MINUTE);
        told.push(format!("{} after {after} min, over {over} min after its end", stage.name()));
    }
    println!("{}", told.join("\n"));
    assert_eq!(events.len(), 2 * freezes.len(), "{events:?}");
}

#[test]
fn a_stage_that_stays_stuck_through_restarts_is_told_once_and_its_end_once() {
    for stage in Stage::ALL {
        let (from, until) = (START + 90 * DAY + 10 * HOUR, START + 90 * DAY + 22 * HOUR);
        // One restart comes before the process could know anything, and one after the stage moves again.
        let restarts = [16 * 60, 18 * 60, 18 * 60 + 12, 22 * 60 + 5];
        let events = a_year(vec![(stage, from, until)], &restarts);
        let [(_, AlarmEvent::Raised(alarm)), (cleared, AlarmEvent::Cleared { stage: of, since })] = &events[..] else {
            unreachable!("{stage:?}: {events:?}")
        };
        assert_eq!((alarm.stage, *of, alarm.since), (stage, stage, *since));
        assert!((until..until + 2 * HOUR).contains(cleared), "{stage:?}: {} min", (cleared - until) / MINUTE);
    }
}

fn seen() -> Seen {
    Seen {
        watched_since: at(START),
        is_paused: false,
        update_every: TimeDelta::minutes(5),
        due: Some(at(START + 5 * MINUTE)),
        begun: Some(at(START)),
        ended: Some(at(START)),
        failed: None,
        read_until: Some(at(START)),
        outbox: None,
        mails: None,
        sends_mails: true,
    }
}

fn stage_at(seen: &Seen, minutes: i64) -> Option<Stage> {
    match judge(seen, &Patience::default(), at(START + minutes * MINUTE)) {
        Health::Healthy => None,
        Health::Failing(alarm) => Some(alarm.stage),
    }
}

#[test]
fn what_stands_still_for_too_long_is_named_and_what_causes_it_comes_first() {
    let running = Seen { begun: Some(at(START + MINUTE)), ..seen() };
    let (failing, rests) = (Failed { since: at(START), ticks: 3 }, Seen { due: None, read_until: None, ..seen() });
    let waits = Some(Waiting { since: at(START), items: 1 });
    for (what, seen, minutes, stage) in [
        ("all is well", seen(), 15, None),
        ("no tick is made", seen(), 16, Some(Stage::Ticks)),
        ("a tick does not end", Seen { read_until: None, ..running }, 17, Some(Stage::Ticks)),
        (
            "ticks are made, nothing is read",
            Seen { ended: Some(at(START + 10 * MINUTE)), due: None, ..seen() },
            16,
            Some(Stage::Attendance),
        ),
        ("slow updates have more time", Seen { update_every: TimeDelta::minutes(20), ..seen() }, 60, None),
        ("… but not for ever", Seen { update_every: TimeDelta::minutes(20), ..seen() }, 61, Some(Stage::Ticks)),
        ("ticks fail", Seen { failed: Some(failing), ..seen() }, 16, Some(Stage::FailingTicks)),
        ("few ticks failed", Seen { failed: Some(Failed { ticks: 2, ..failing }), ..rests }, 60, None),
        ("nothing is due for a day", rests, 25 * 60, None),
        ("nothing was due for longer", rests, 27 * 60, Some(Stage::Ticks)),
        ("GEGI takes nothing", Seen { outbox: waits, ..rests }, 31, Some(Stage::Outbox)),
        ("a mail waits", Seen { mails: waits, ..rests }, 61, Some(Stage::Mails)),
        ("no mail server is configured", Seen { mails: waits, sends_mails: false, ..rests }, 61, None),
        ("paused", Seen { is_paused: true, outbox: waits, ..seen() }, 6_000, None),
        (
            "looked at since shortly",
            Seen { watched_since: at(START + 590 * MINUTE), outbox: waits, ..seen() },
            600,
            None,
        ),
    ] {
        assert_eq!(stage_at(&seen, minutes), stage, "{what}");
    }
}

#[test]
fn an_alarm_of_before_a_restart_is_not_told_again_and_its_end_is() {
    let (mut alarms, school) = (Alarms::default(), SchoolId::new("school"));
    let stuck = Seen { outbox: Some(Waiting { since: at(START), items: 2 }), due: None, read_until: None, ..seen() };
    alarms.restore(&school, Stage::Outbox, at(START));
    assert_eq!(alarms.look(&school, &stuck, at(START + HOUR)), []);
    let moves = Seen { outbox: None, ..stuck };
    assert_eq!(alarms.look(&school, &moves, at(START + 2 * HOUR)), []);
    // It moves by fits and starts.
    assert_eq!(alarms.look(&school, &stuck, at(START + 2 * HOUR + MINUTE)), []);
    assert_eq!(alarms.look(&school, &moves, at(START + 2 * HOUR + 2 * MINUTE)), []);
    assert_eq!(alarms.look(&school, &moves, at(START + 2 * HOUR + 11 * MINUTE)), []);
    let cleared = AlarmEvent::Cleared { stage: Stage::Outbox, since: at(START) };
    assert_eq!(alarms.look(&school, &moves, at(START + 2 * HOUR + 12 * MINUTE)), [cleared]);
    assert_eq!(alarms.of(&school), []);
    alarms.restore(&school, Stage::Mails, at(START));
    alarms.forget(&school);
    assert_eq!(alarms.look(&school, &moves, at(START + 4 * HOUR)), []);
}
