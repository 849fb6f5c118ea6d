//! The campuses of a school during one tick, as the gate in front of CourseKey: whether a request may be started, what
//! its answer means for the campus, and when a list whose requests failed is used again. One campus never holds up
//! another campus, and one list of CourseKey never holds up another list.

use std::collections::{BTreeMap, BTreeSet};

use super::moment::Moment;
use crate::coursekey::answer::{Answer, Failure};
use crate::coursekey::upsert::Fate;
use crate::coursekey::{Gate, Heard, reads};
use crate::memory::head::{Backoff, CampusState, Connection, Stopped};
use crate::model::ids::{Address, CampusId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::time::{Instant, Seconds};
use crate::settings::{CampusSettings, Settings};
use crate::world::Network;
use crate::world::network::{Kind, Request};

/// How many requests to one list may fail in a tick before no further request to the list is started.
const FAILURES_PER_TICK: u32 = 3;
/// How often the connection of a stopped campus is checked (DESIGN §5).
const PROBE_EVERY: Seconds = Seconds(3_600);
/// The longest time for which a failing list is left alone.
const LONGEST_BACKOFF: Seconds = Seconds(3_600);

/// What a tick did with one kind of request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// HTTP requests started.
    pub requests: u32,
    /// Items sent, or attendance records received.
    pub items: u32,
    /// Items that CourseKey accepted.
    pub accepted: u32,
    /// Items that CourseKey refused.
    pub rejected: u32,
    /// Items whose request failed.
    pub failed: u32,
}

impl Tally {
    /// Counts the fate of an item.
    pub(super) fn count(&mut self, fate: &Fate) {
        match fate {
            Fate::Accepted => self.accepted += 1,
            Fate::Rejected(_) => self.rejected += 1,
            Fate::Failed(_) | Fate::Stopped(_) => self.failed += 1,
            Fate::Unsent => {}
        }
    }
}

/// The campuses of a school during one tick.
#[derive(Debug)]
pub(super) struct Campuses {
    states: BTreeMap<CampusId, CampusState>,
    lanes: BTreeMap<(CampusId, Kind), Lane>,
    at_peace: BTreeSet<CampusId>,
    /// What the tick did so far, by kind of request.
    pub tallies: BTreeMap<Kind, Tally>,
    now: Instant,
    deadline: Instant,
    update_every: Seconds,
}

/// How one list of one campus fared in this tick.
#[derive(Debug, Clone, Copy, Default)]
struct Lane {
    failures: u32,
    not_before: Option<Instant>,
}

impl Campuses {
    /// Opens the gates. No request is started after half of the budget's seconds. In the first second requests may be
    /// started whatever the budget, because a tick that starts no request would have more work for ever.
    pub(super) fn open(states: BTreeMap<CampusId, CampusState>, moment: Moment<'_>) -> Self {
        let Moment { now, settings, budget } = moment;
        Self {
            states,
            lanes: BTreeMap::new(),
            at_peace: BTreeSet::new(),
            tallies: BTreeMap::new(),
            now,
            deadline: now + Seconds(i64::from(budget.seconds) / 2).max(Seconds(1)),
            update_every: settings.update_every,
        }
    }

    /// Compares the campuses with the settings. If a campus's connection changed, the stop and the waiting times of the
    /// old connection are forgotten, so that a corrected setting counts at once. If its School ID changed, attendance
    /// is read from the beginning, because everything read so far was of another School ID.
    pub(super) fn notice(&mut self, settings: &Settings) {
        for (campus, state) in &mut self.states {
            let school = settings.campuses.get(campus).map(|campus| campus.school);
            if state.connection.as_ref().map(|connection| connection.school) != school {
                state.read_anew();
            }
        }
        for campus in settings.campuses.values() {
            let connection = Some(Connection {
                base: settings.coursekey_url.clone(),
                generation: campus.credentials_generation,
                school: campus.school,
                zone: campus.zone_name.clone(),
            });
            let state = self.state(&campus.id);
            if state.connection != connection {
                state.connection = connection;
                state.connected = false;
                state.stopped = None;
                state.backoff.clear();
            }
        }
    }

    /// The state of a campus.
    pub(super) fn state(&mut self, campus: &CampusId) -> &mut CampusState {
        self.states.entry(campus.clone()).or_default()
    }

    /// The state of a campus; none: nothing is known of the campus.
    pub(super) fn peek(&self, campus: &CampusId) -> Option<&CampusState> {
        self.states.get(campus)
    }

    /// Why the campus is stopped; none: the campus is not stopped.
    pub(super) fn stopped(&self, campus: &CampusId) -> Option<&Stopped> {
        self.states.get(campus)?.stopped.as_ref()
    }

    /// The tally of a kind of request.
    pub(super) fn tally(&mut self, kind: Kind) -> &mut Tally {
        self.tallies.entry(kind).or_default()
    }

    /// Makes sure that the campus's key, School ID and time zone were checked, and answers whether requests may be
    /// made.
    ///
    /// DOMAIN §4 "Connection": before the first send; what is wrong stops that campus only. A stopped campus is probed
    /// once an hour, and at once when its connection changes.
    pub(super) fn connect(&mut self, world: &mut impl Network, base: &str, campus: &CampusSettings) -> bool {
        let now = self.now;
        let state = self.state(&campus.id);
        if state.stopped.as_ref().is_some_and(|stop| now < stop.probe_at) {
            return false;
        }
        if state.stopped.is_none() && state.connected {
            return true;
        }
        state.stopped = None;
        state.connected = false;
        let Some(answer) = reads::connection(world, self, base, &campus.address(), now) else { return false };
        let (code, problem) = match answer {
            Answer::Understood(facts) if facts.school_id != campus.school => {
                (Code::ConnectionMismatch, format!("CourseKey's school is {}, not {}", facts.school_id, campus.school))
            }
            Answer::Understood(facts) if facts.time_zone != campus.zone_name => (
                Code::ConnectionMismatch,
                format!("CourseKey's time zone is {}, not {}", facts.time_zone, campus.zone_name),
            ),
            Answer::Understood(_) => {
                self.state(&campus.id).connected = true;
                return true;
            }
            Answer::Stop(failure) => (Code::CredentialsRefused, failure.reason),
            Answer::Unknown(failure) | Answer::Refused(failure) => (Code::ConnectionMismatch, failure.reason),
            Answer::Later(_) => return false,
        };
        self.stop(&campus.id, code, problem);
        false
    }

    fn stop(&mut self, campus: &CampusId, code: Code, reason: String) {
        let probe_at = self.now + PROBE_EVERY;
        self.state(campus).stopped = Some(Stopped { code, reason, probe_at });
    }

    /// The first moment at which a list of a campus may be used; none: it may be used now.
    pub(super) fn not_before(&self, campus: &CampusId, kind: Kind) -> Option<Instant> {
        let state = self.states.get(campus)?;
        if self.at_peace.contains(campus) {
            return Some(self.now + self.update_every);
        }
        let stopped = state.stopped.as_ref().map(|stop| stop.probe_at);
        stopped.or_else(|| state.backoff.get(kind.name()).map(|backoff| backoff.not_before)).filter(|at| *at > self.now)
    }

    /// When the attendance of a campus whose courses are followed is read next: with the next tick or, where it is not
    /// read closely any more, with the next daily pass; and not before CourseKey lets it be read.
    pub(super) fn read_again_at(&self, campus: &CampusId, closely: bool) -> Instant {
        let soon = self.now + self.update_every;
        let pass = self.peek(campus).and_then(|state| state.pass.as_ref());
        let daily = pass.filter(|pass| pass.since.is_none() && !closely);
        let next = daily.map_or(soon, |pass| pass.next.max(soon));
        self.not_before(campus, Kind::Attendance).map_or(next, |at| at.max(next))
    }

    /// Closes the gates, and answers the state of each campus. A list whose requests failed is left alone for a while,
    /// longer with each tick in a row in which requests failed.
    pub(super) fn close(mut self) -> BTreeMap<CampusId, CampusState> {
        for ((campus, kind), lane) in std::mem::take(&mut self.lanes) {
            let (now, update_every) = (self.now, self.update_every);
            let backoffs = &mut self.state(&campus).backoff;
            if lane.failures == 0 {
                backoffs.remove(kind.name());
                continue;
            }
            let failures = backoffs.get(kind.name()).map_or(0, |backoff| backoff.failures).saturating_add(1);
            let wait = backoff(update_every, failures, campus.as_str());
            let not_before = (now + wait).max(lane.not_before.unwrap_or(now));
            backoffs.insert(kind.name().to_owned(), Backoff { failures, not_before });
        }
        self.states
    }

    /// The issues about campuses that are stopped.
    pub(super) fn issues(&self) -> Vec<Issue> {
        let stopped = self.states.iter().filter_map(|(campus, state)| Some((campus, state.stopped.as_ref()?)));
        stopped
            .map(|(campus, stop)| {
                let subject = Subject { detail: Some(campus.to_string()), ..Subject::default() };
                Issue { code: stop.code, subject, sentence: format!("campus {campus} is stopped: {}", stop.reason) }
            })
            .collect()
    }
}

/// How long a list is left alone after so many ticks with failures. The time doubles with every such tick up to a cap,
/// and is shortened by up to a quarter, so that campuses do not all come back at once.
fn backoff(update_every: Seconds, failures: u32, campus: &str) -> Seconds {
    let doubled = update_every
        .0
        .saturating_mul(1_i64 << failures.saturating_sub(1).min(10))
        .min(LONGEST_BACKOFF.0.max(update_every.0));
    let jitter =
        campus.bytes().fold(u64::from(failures), |hash, byte| hash.wrapping_mul(31).wrapping_add(u64::from(byte)))
            % 256;
    let shortened = doubled - doubled * i64::try_from(jitter).unwrap_or(0) / 1_024;
    // The first retry is the next tick, whatever the jitter.
    Seconds(if failures <= 1 { update_every.0 } else { shortened })
}

impl Gate for Campuses {
    fn may_start(&mut self, request: &Request, now: Instant) -> bool {
        let campus = &request.address.campus;
        let lane = self.lanes.get(&(campus.clone(), request.kind)).copied().unwrap_or_default();
        let free = lane.failures < FAILURES_PER_TICK && now < self.deadline;
        let may = free && self.not_before(campus, request.kind).is_none();
        if may {
            let tally = self.tally(request.kind);
            tally.requests += 1;
            tally.items += request.items;
        }
        may
    }

    fn heard(&mut self, address: &Address, kind: Kind, outcome: Heard<'_>) {
        let lane = self.lanes.entry((address.campus.clone(), kind)).or_default();
        match outcome {
            Heard::Well => {}
            Heard::Later(Failure { not_before, all, .. }) => {
                lane.failures += 1;
                lane.not_before = lane.not_before.max(*not_before);
                if *all {
                    self.at_peace.insert(address.campus.clone());
                }
            }
            Heard::Stop(code, failure) => self.stop(&address.campus, code, failure.reason.clone()),
        }
    }
}
