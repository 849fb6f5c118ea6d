//! The campuses of a school during one tick, as the gate in front of CourseKey: whether a request may be started, what
//! its answer means for the campus, and when a list whose requests failed is used again. One campus never holds up
//! another campus, and one list of CourseKey never holds up another list.

use super::moment::Moment;
use crate::connection::{self, Verdict};
use crate::coursekey::answer::{Failure, shorten};
use crate::coursekey::upsert::Fate;
use crate::coursekey::{Gate, Heard, reads};
use crate::memory::head::{Backoff, CampusState, Connection, Cursor, Pass, Stopped};
use crate::model::ids::{Address, CampusId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::{Instant, Seconds};
use crate::model::zone::Zone;
use crate::naming::moment;
use crate::settings::{CampusSettings, Settings};
use crate::silence::Failing;
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
    /// HTTP requests that brought no answer that could be used.
    pub failed_requests: u32,
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
    states: SortedMap<CampusId, CampusState>,
    lanes: SortedMap<(CampusId, Kind), Lane>,
    at_peace: SortedSet<CampusId>,
    /// What the tick did so far, by kind of request.
    pub tallies: SortedMap<Kind, Tally>,
    now: Instant,
    deadline: Instant,
    update_every: Seconds,
}

/// How one list of one campus fared in this tick.
#[derive(Debug, Clone, Default)]
struct Lane {
    failures: u32,
    not_before: Option<Instant>,
    /// Why a request failed the last time; empty: none failed.
    reason: String,
}

impl Campuses {
    /// Opens the gates. No request is started after half of the budget's seconds. In the first second requests may be
    /// started whatever the budget, because a tick that starts no request would have more work for ever.
    pub(super) fn open(states: SortedMap<CampusId, CampusState>, moment: Moment<'_>) -> Self {
        let Moment { now, settings, budget, .. } = moment;
        Self {
            states,
            lanes: SortedMap::new(),
            at_peace: SortedSet::new(),
            tallies: SortedMap::new(),
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
            if school.is_none() {
                state.connect_anew(None);
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
                state.connect_anew(connection);
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

    /// The state of each campus.
    pub(super) fn states(&self) -> &SortedMap<CampusId, CampusState> {
        &self.states
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
        state.connected = false;
        let Some(answer) = reads::connection(world, self, base, &campus.address(), now) else { return false };
        match connection::verdict(answer, campus) {
            Verdict::Well => {
                let state = self.state(&campus.id);
                (state.connected, state.stopped) = (true, None);
                return true;
            }
            Verdict::Wrong(code, problem) => self.stop(&campus.id, code, problem),
            Verdict::Silent(_) => {
                // An outage says nothing about why the campus was stopped.
                let probe_at = self.now + PROBE_EVERY;
                if let Some(stopped) = &mut self.state(&campus.id).stopped {
                    stopped.probe_at = probe_at;
                }
            }
        }
        false
    }

    fn stop(&mut self, campus: &CampusId, code: Code, reason: String) {
        let (now, probe_at) = (self.now, self.now + PROBE_EVERY);
        let stopped = &mut self.state(campus).stopped;
        let since = stopped.as_ref().map_or(now, |before| before.since);
        *stopped = Some(Stopped { code, reason, since, probe_at });
    }

    /// The first moment at which a list of a campus may be used; none: it may be used now.
    pub(super) fn not_before(&self, campus: &CampusId, kind: Kind) -> Option<Instant> {
        let state = self.states.get(campus)?;
        if self.at_peace.contains(campus) {
            return Some(self.now + self.update_every);
        }
        let stopped = state.stopped.as_ref().map(|stop| stop.probe_at);
        stopped.or_else(|| state.backoff.get(&kind).map(|backoff| backoff.not_before)).filter(|at| *at > self.now)
    }

    /// Up to when the attendance of a campus was read; the present if it was never read.
    pub(super) fn read_up_to(&self, campus: &CampusId) -> Instant {
        self.peek(campus).and_then(|state| state.read_until).map_or(self.now, |at| at.min(self.now))
    }

    /// Reads a campus's attendance from a moment on, shortly before the first class of a course. What was read before was
    /// read for other courses, so the reading goes back as far as this course needs. Records that CourseKey holds from
    /// before the first of all classes are not this integration's. `night`: when the next daily pass begins.
    pub(super) fn read_from(&mut self, campus: &CampusId, from: Instant, night: Instant) {
        let state = self.state(campus);
        if state.pass.is_none() || from < state.cursor.since {
            state.cursor = Cursor { since: from, seen: SortedMap::new() };
            state.read_until = None;
        }
        match &mut state.pass {
            Some(pass) => pass.begun = pass.begun.min(from),
            None => state.pass = Some(Pass { begun: from, next: night, since: None }),
        }
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

    /// Closes the gates: no request is made any more in this tick. A list whose requests failed is left alone for a
    /// while, longer with each tick in a row in which requests failed. `all_done` says whether the tick did all the
    /// work there was.
    pub(super) fn close(&mut self, all_done: bool) {
        let (now, update_every) = (self.now, self.update_every);
        if all_done {
            self.states.values_mut().for_each(|state| state.forget_unneeded(now - LONGEST_BACKOFF));
        }
        for ((campus, kind), lane) in std::mem::take(&mut self.lanes) {
            let backoffs = &mut self.state(&campus).backoff;
            if lane.failures == 0 {
                backoffs.remove(&kind);
                continue;
            }
            let before = backoffs.get(&kind).map(|backoff| &backoff.failing);
            let failing = Failing::once_more(before, &shorten(&lane.reason), now);
            let wait = backoff(update_every, failing.ticks, campus.as_str());
            let not_before = (now + wait).max(lane.not_before.unwrap_or(now));
            backoffs.insert(kind, Backoff { failing, not_before });
        }
    }

    /// The state of each campus, to be stored.
    pub(super) fn into_states(self) -> SortedMap<CampusId, CampusState> {
        self.states
    }

    /// When a list that fails now is told of, if it does not work before.
    pub(super) fn next_silence(&self) -> Option<Instant> {
        let failing = self.states.values().flat_map(|state| state.backoff.values());
        failing.filter_map(|backoff| backoff.failing.told_from()).filter(|from| *from > self.now).min()
    }

    /// The issues about campuses with which nothing, or not everything, can be exchanged: one for each campus. An issue
    /// about failing lists names all lists that fail, also those that have not failed for long.
    pub(super) fn issues(&self, settings: &Settings) -> Vec<Issue> {
        let issue = |(campus, state): (&CampusId, &CampusState)| {
            let zone = settings.campuses.get(campus)?.zone;
            let (code, what) = match &state.stopped {
                Some(Stopped { code, reason, since, .. }) => {
                    (*code, format!("has been stopped since {}: {reason}", moment(*since, zone)))
                }
                None => (Code::CoursekeySilent, lists_that_fail(state, zone, self.now)?),
            };
            let subject = Subject { detail: Some(campus.to_string()), ..Subject::default() };
            Some(Issue { code, subject, sentence: format!("campus {campus} {what}") })
        };
        self.states.iter().filter_map(issue).collect()
    }
}

/// For a sentence: which lists fail, each since when and why; none: none has failed for long enough.
fn lists_that_fail(state: &CampusState, zone: Option<Zone>, now: Instant) -> Option<String> {
    state.failing(now).next()?;
    let list = |(kind, Backoff { failing, .. }): (&Kind, &Backoff)| {
        let what = match kind {
            Kind::Connection => "its connection could not be checked",
            Kind::Users => "its accounts could not be sent",
            Kind::Courses => "its courses could not be sent",
            Kind::Sessions => "its classes could not be sent",
            Kind::Enrollments => "its enrollments could not be sent",
            Kind::Attendance => "its attendance could not be read",
        };
        format!("{what} since {} ({})", moment(failing.since, zone), failing.reason)
    };
    let lists: Vec<String> = state.backoff.iter().map(list).collect();
    Some(format!("gets no usable answer of CourseKey: {}", lists.join(", ")))
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
        let lane = self.lanes.get(&(campus.clone(), request.kind));
        let free = lane.is_none_or(|lane| lane.failures < FAILURES_PER_TICK) && now < self.deadline;
        let may = free && self.not_before(campus, request.kind).is_none();
        if may {
            let tally = self.tally(request.kind);
            tally.requests += 1;
            tally.items += request.items;
        }
        may
    }

    fn heard(&mut self, address: &Address, kind: Kind, outcome: Heard<'_>) {
        self.tally(kind).failed_requests += u32::from(outcome != Heard::Well);
        let lane = self.lanes.entry((address.campus.clone(), kind)).or_default();
        match outcome {
            Heard::Well => {}
            Heard::Later(Failure { not_before, all, reason }) => {
                lane.failures += 1;
                lane.not_before = lane.not_before.max(*not_before);
                lane.reason.clone_from(reason);
                if *all {
                    self.at_peace.insert(address.campus.clone());
                }
            }
            Heard::Stop(code, failure) => self.stop(&address.campus, code, failure.reason.clone()),
        }
    }
}
