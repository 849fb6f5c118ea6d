//! An origin that fails for an hour, with a small model of schools that poll: how many requests it is sent while it
//! fails, and after it works again, compared with an hour in which nothing happened.

use super::super::{Asked, HOUR, Heard, MINUTE, Origin, Pass, SECOND, Ticket};
use super::*;
use chrono::TimeDelta;

/// Schools, at five minutes each ten requests a second.
const SCHOOLS: u32 = 3_000;
/// More than what is needed, so that the rate alone does not flatten the peak.
const PER_SECOND: u32 = 50;
const LATENCY: Millis = 200;
/// The outage: the second hour.
const OUTAGE: (Millis, Millis) = (START + HOUR, START + 2 * HOUR);

/// How CourseKey fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fails {
    Never,
    /// 429 with a Retry-After until the end.
    Busy,
    /// No answer.
    Silent,
}

/// The plugin of one school: one list, with the plugin's own back-off.
#[derive(Debug, Clone, Copy, Default)]
struct Polls {
    not_before: i64,
    failed: u32,
}

struct Model {
    fails: Fails,
    gated: bool,
    play: Scheduler,
    origin: Origin,
    schools: BTreeMap<SchoolId, Polls>,
    waiting: BTreeMap<Ticket, SchoolId>,
    /// Answers under way: when, of whom, and when the request left.
    answers: BTreeMap<(Millis, u64), (SchoolId, Millis)>,
    /// When requests reached CourseKey.
    sent: Vec<Millis>,
}

impl Model {
    fn new(fails: Fails, gated: bool) -> Self {
        let mut play = Scheduler::new(Tempo::Spread, 32);
        for number in 0..SCHOOLS {
            play.add(&school(number), 5, First::AtUpdate, moment(START));
        }
        Self {
            fails,
            gated,
            play,
            origin: Origin::new(PER_SECOND),
            schools: (0..SCHOOLS).map(|number| (school(number), Polls::default())).collect(),
            waiting: BTreeMap::new(),
            answers: BTreeMap::new(),
            sent: Vec::new(),
        }
    }

    fn run(mut self) -> Vec<Millis> {
        let mut now = START;
        while now < START + 4 * HOUR {
            while let Some(ready) = self.play.take(moment(now)) {
                self.tick(ready.school, now);
            }
            while let Some(released) = self.origin.release(moment(now)) {
                let school = self.waiting.remove(&released.ticket).unwrap();
                self.pass(school, released.pass, now);
            }
            while let Some(answer) = self.answers.first_entry().filter(|answer| answer.key().0 <= now) {
                let (school, left) = answer.remove();
                self.answer(&school, left, now);
            }
            let moments =
                [self.play.next_moment(), self.origin.next_moment()].map(|at| at.map(|at| at.timestamp_millis()));
            let answer = self.answers.keys().next().map(|(at, _)| *at);
            now = moments.into_iter().chain([answer]).flatten().min().unwrap_or(i64::MAX).max(now);
        }
        self.sent
    }

    fn tick(&mut self, school: SchoolId, now: Millis) {
        let polls = self.schools[&school];
        if now / SECOND < polls.not_before {
            return self.play.ended(&school, Outcome::Rests(NextTurn::At(polls.not_before)), moment(now));
        }
        if !self.gated {
            return self.pass(school, Pass::Go, now);
        }
        match self.origin.ask(&school, 1, moment(now)) {
            Asked::Passes(pass) => self.pass(school, pass, now),
            Asked::Waits(ticket) => {
                self.waiting.insert(ticket, school);
            }
        }
    }

    fn pass(&mut self, school: SchoolId, pass: Pass, now: Millis) {
        match pass {
            Pass::Go => {
                let number = u64::try_from(self.sent.len()).unwrap();
                self.sent.push(now);
                self.answers.insert((now + LATENCY, number), (school, now));
            }
            Pass::ComeBack(at) => self.ends(&school, Some((at.timestamp_millis() - now) / SECOND), now),
        }
    }

    fn answer(&mut self, school: &SchoolId, left: Millis, now: Millis) {
        let fails = self.fails != Fails::Never && (OUTAGE.0..OUTAGE.1).contains(&left);
        let wait = (OUTAGE.1 - now).max(0) / SECOND + 1;
        let retry_after = (fails && self.fails == Fails::Busy).then(|| TimeDelta::seconds(wait));
        let heard = if fails { Heard::Failed { retry_after } } else { Heard::Well };
        self.origin.heard(school, heard, moment(now));
        self.ends(school, fails.then(|| if self.fails == Fails::Busy { wait } else { 0 }), now);
    }

    /// Ends a tick as the plugin does: after a failure it leaves the list alone, twice as long each time, and as long as
    /// it was told.
    fn ends(&mut self, school: &SchoolId, failed: Option<i64>, now: Millis) {
        let polls = self.schools.get_mut(school).unwrap();
        polls.failed = failed.map_or(0, |_| polls.failed + 1);
        let doubled = (300_i64 << polls.failed.saturating_sub(1).min(10)).min(3_600);
        polls.not_before = failed.map_or(0, |wait| now / SECOND + wait.max(doubled));
        let next = if failed.is_some() { polls.not_before } else { now / SECOND + 300 };
        self.play.ended(school, Outcome::Rests(NextTurn::At(next)), moment(now));
    }
}

/// Requests in the outage; in the two hours after it, in hundredths of what they are without an outage; and the highest
/// rate in them, of ten seconds, in hundredths of the highest rate without an outage.
fn figures(fails: Fails, gated: bool) -> (usize, usize, usize) {
    let (calm, sent) = (Model::new(Fails::Never, gated).run(), Model::new(fails, gated).run());
    let after = (OUTAGE.1, OUTAGE.1 + 2 * HOUR);
    let number = |sent: &[Millis], (from, until)| sent.iter().filter(|at| (from..until).contains(*at)).count();
    let peak = |sent: &[Millis]| most_and_mean(sent.iter().copied(), after, 10 * SECOND).0;
    (number(&sent, OUTAGE), number(&sent, after) * 100 / number(&calm, after), peak(&sent) * 100 / peak(&calm))
}

#[test]
fn an_origin_that_asked_to_be_left_alone_for_an_hour_is_not_hammered_when_it_returns() {
    let (during, after, peak) = figures(Fails::Busy, true);
    println!("429 for an hour: {during} requests in it; after it {after} % of the usual, the peak {peak} %");
    assert!(during <= 100, "{during}");
    assert!((90..=110).contains(&after), "{after}");
    assert!(peak <= 200, "{peak}");
    // The model shows the trouble without the gate.
    let (during, after, peak) = figures(Fails::Busy, false);
    println!("… without the gate: {during} requests; after it {after} %, the peak {peak} %");
    assert!(during >= 3_000 && peak > 200, "{during} {peak}");
}

#[test]
fn an_origin_that_was_silent_for_an_hour_is_not_hammered_when_it_returns() {
    let (during, after, peak) = figures(Fails::Silent, true);
    println!("silence for an hour: {during} requests in it; after it {after} % of the usual, the peak {peak} %");
    assert!(during <= 100, "{during}");
    assert!((80..=110).contains(&after), "{after}");
    assert!(peak <= 200, "{peak}");
}

#[test]
fn an_answer_of_one_school_alone_stops_no_other() {
    let mut origin = Origin::new(PER_SECOND);
    let limited = Heard::Failed { retry_after: Some(TimeDelta::hours(1)) };
    for minute in 0..60 {
        let now = moment(START + minute * MINUTE);
        origin.heard(&school(0), limited, now);
        assert_eq!(origin.ask(&school(1), 1, now), Asked::Passes(Pass::Go));
    }
}
