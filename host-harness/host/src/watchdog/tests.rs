//! A school in virtual time, minute by minute, through a year with what happens in a year; and with one stage after the
//! other frozen.

#![allow(clippy::unwrap_used)]

mod world;

use super::*;
use crate::store::SchoolId;
use world::{DAY, Freeze, HOUR, MINUTE, START, World, at};

/// Plays a year; all events, each with its moment.
fn a_year(freezes: Vec<Freeze>) -> Vec<(i64, AlarmEvent)> {
    play(366, freezes, &[])
}

/// Plays so many days; all events, each with its moment. The service is restarted at the minutes of the day that are named.
fn play(days: i64, freezes: Vec<Freeze>, restarts: &[i64]) -> Vec<(i64, AlarmEvent)> {
    let (mut world, mut alarms, school) = (World::new(freezes), Alarms::default(), SchoolId::new("school"));
    let mut events = Vec::new();
    while world.now < START + days * DAY {
        let Some(mut seen) = world.step() else { continue };
        if restarts.contains(&world.minute()) {
            let told = alarms.of(&school);
            alarms = Alarms::default();
            for (stage, since) in &told {
                alarms.restore(&school, *stage, *since);
            }
            world.restart(&told);
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
    let events = a_year(Vec::new());
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
        (Stage::Settings, 142),
        (Stage::Refusals, 144),
        (Stage::RefusedMails, 146),
        (Stage::Pushes, 148),
        (Stage::Storage, 150),
        (Stage::Leases, 152),
    ];
    let span = |day: i64| (START + day * DAY + 10 * HOUR, START + day * DAY + 22 * HOUR);
    let events = a_year(freezes.map(|(stage, day)| (stage, span(day).0, span(day).1)).into());
    let mut told = Vec::new();
    for ((stage, day), pair) in freezes.into_iter().zip(events.chunks(2)) {
        let (from, until) = span(day);
        let [(raised, AlarmEvent::Raised(alarm)), (cleared, AlarmEvent::Cleared { stage: of, since })] = pair else {
            unreachable!("{pair:?}")
        };
        assert_eq!((alarm.stage, *of, alarm.since), (stage, stage, *since));
        assert_eq!(serde_json::to_value(stage).unwrap(), stage.name(), "it is stored by its name");
        // A record or a mail is not written every minute, so the freeze is noticed when the next one waits.
        let at_most = match stage {
            Stage::Mails => 11 * HOUR,
            _ if Stage::REPEATING.contains(&stage) => 2 * HOUR,
            _ => HOUR,
        };
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
        let events = play(120, vec![(stage, from, until)], &restarts);
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
        repeats: Repeats::default(),
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
    let none = Repeats::default();
    let (failing, rests) = (Failed { since: at(START), ticks: 3 }, Seen { due: None, read_until: None, ..seen() });
    let waits = Some(Waiting { since: at(START), items: 1, percent: 1 });
    let nearly_full = Some(Waiting { since: at(START), items: 80, percent: 80 });
    let full = Some(Waiting { since: at(START), items: 100, percent: 100 });
    let again = |times, minutes| Some(Repeated { since: at(START), latest: at(START + minutes * MINUTE), times });
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
        ("nearly as many records wait as may", Seen { outbox: nearly_full, ..rests }, 1, Some(Stage::Outbox)),
        ("nearly as many mails wait as may", Seen { mails: nearly_full, ..rests }, 1, Some(Stage::Mails)),
        (
            "no tick is made because too many wait",
            Seen { outbox: full, failed: Some(failing), ..rests },
            16,
            Some(Stage::Outbox),
        ),
        ("few pushes are refused", Seen { repeats: Repeats { pushes: again(2, 60), ..none }, ..rests }, 60, None),
        ("a key is replaced", Seen { repeats: Repeats { pushes: again(9, 29), ..none }, ..rests }, 60, None),
        (
            "no push is believed",
            Seen { repeats: Repeats { pushes: again(3, 30), ..none }, ..rests },
            60,
            Some(Stage::Pushes),
        ),
        (
            "many refused records are kept",
            Seen { repeats: Repeats { refusals: again(1, 0), refused_percent: 80, ..none }, ..rests },
            1,
            Some(Stage::Refusals),
        ),
        ("many were refused long ago", Seen { repeats: Repeats { refused_percent: 100, ..none }, ..rests }, 1, None),
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
    let stuck = Seen {
        outbox: Some(Waiting { since: at(START), items: 2, percent: 1 }),
        due: None,
        read_until: None,
        ..seen()
    };
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
