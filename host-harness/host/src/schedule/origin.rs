//! The way to one origin, which many schools share: its rate, who leaves next, and its circuit. Requests wait in a line
//! by weighted fair queueing: each school gets its share of the rate, however many requests another school has waiting,
//! and what a school does not need the others get.
//!
//! The door asks here before each request and waits until its ticket is released. Not here: the waiting itself.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::circuit::{Circuit, Heard};
use super::{HOUR, MINUTE, Millis, moment};
use crate::store::SchoolId;

/// The number of a request that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(u64);

/// Whether a request leaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pass {
    /// Now.
    Go,
    /// It does not: the origin does not work. The answer for the guest is 503 with a Retry-After that ends at this moment,
    /// rounded down to seconds.
    ComeBack(DateTime<Utc>),
}

/// What a request is told that wants to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Whether it leaves.
    Passes(Pass),
    /// It waits until [`Origin::release`] names its ticket.
    Waits(Ticket),
}

/// A request that waits no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Released {
    /// Its ticket.
    pub ticket: Ticket,
    /// Whether it leaves.
    pub pass: Pass,
}

/// The part of a request of weight 1 in the virtual time of the line.
const ONE: u64 = 1 << 20;
/// For how long, after an outage, requests leave at no more than [`AFTER_OUTAGE`] of the usual rate.
const RECOVERY: Millis = 10 * MINUTE;
/// The rate after an outage, in hundredths of the usual rate.
const AFTER_OUTAGE: u64 = 150;

/// One origin.
#[derive(Debug)]
pub struct Origin {
    per_second: u32,
    circuit: Circuit,
    usual: Usual,
    recovers_until: Millis,
    /// When the next request may leave, in microseconds.
    next_leave: i64,
    /// The waiting requests by the virtual moment at which they would be through.
    line: BTreeMap<(u64, Ticket), SchoolId>,
    /// Where each waiting request stands.
    places: BTreeMap<Ticket, u64>,
    /// The schools with waiting requests: how many, and when the last is through.
    flows: BTreeMap<SchoolId, Flow>,
    virtual_now: u64,
    tickets: u64,
}

#[derive(Debug, Clone, Copy)]
struct Flow {
    waiting: u32,
    through: u64,
}

impl Origin {
    /// An origin that takes so many requests a second; one at least.
    pub fn new(per_second: u32) -> Self {
        Self {
            per_second: per_second.max(1),
            circuit: Circuit::closed(),
            usual: Usual::default(),
            recovers_until: Millis::MIN,
            next_leave: i64::MIN,
            line: BTreeMap::new(),
            places: BTreeMap::new(),
            flows: BTreeMap::new(),
            virtual_now: 0,
            tickets: 0,
        }
    }

    /// How many requests a second leave from now on: of several processes each has its share.
    pub fn set_rate(&mut self, per_second: u32) {
        self.per_second = per_second.max(1);
    }

    /// A request of a school wants to leave. `weight`: the school's share of the rate against that of others; usually 1.
    /// Every request that is told to go has to be told of by [`Origin::heard`], and one that waits and is given up by
    /// [`Origin::give_up`].
    pub fn ask(&mut self, school: &SchoolId, weight: u32, now: DateTime<Utc>) -> Asked {
        let at = now.timestamp_millis();
        if self.is_open() {
            let comes_back = self.circuit.admit(school, at);
            return Asked::Passes(comes_back.map_or(Pass::Go, |at| Pass::ComeBack(moment(at))));
        }
        if self.line.is_empty() && self.next_leave <= now.timestamp_micros() {
            self.leave(now, now.timestamp_micros());
            return Asked::Passes(Pass::Go);
        }
        let ticket = Ticket(self.tickets);
        self.tickets += 1;
        let flow = self.flows.entry(school.clone()).or_insert(Flow { waiting: 0, through: 0 });
        flow.waiting += 1;
        flow.through = flow.through.max(self.virtual_now) + (ONE / u64::from(weight.max(1))).max(1);
        self.line.insert((flow.through, ticket), school.clone());
        self.places.insert(ticket, flow.through);
        Asked::Waits(ticket)
    }

    /// The next request that waits no more; none: all others wait until [`Origin::next_moment`].
    pub fn release(&mut self, now: DateTime<Utc>) -> Option<Released> {
        let at = now.timestamp_millis();
        let (&(through, ticket), school) = self.line.first_key_value()?;
        let comes_back = self.circuit.holds(school, at);
        if comes_back.is_none() {
            if self.next_leave > now.timestamp_micros() {
                return None;
            }
            self.virtual_now = through;
            // Every timer is a little late; what is late by less than a gap is caught up, so that the rate is reached.
            let at_least = now.timestamp_micros().saturating_sub(self.gap(at));
            self.leave(now, self.next_leave.max(at_least));
        }
        self.give_up(ticket);
        Some(Released { ticket, pass: comes_back.map_or(Pass::Go, |at| Pass::ComeBack(moment(at))) })
    }

    /// When [`Origin::release`] has to be called again, at the latest; none: nobody waits.
    pub fn next_moment(&self) -> Option<DateTime<Utc>> {
        let first = (!self.line.is_empty()).then(|| if self.is_open() { i64::MIN } else { self.next_leave });
        // Rounded up to what the clock of the schedule can tell apart.
        first.map(|micros| moment(micros.max(0).saturating_add(999) / 1_000))
    }

    /// A request that waited is not wanted any more.
    pub fn give_up(&mut self, ticket: Ticket) {
        let Some(through) = self.places.remove(&ticket) else { return };
        let Some(school) = self.line.remove(&(through, ticket)) else { return };
        if let Some(flow) = self.flows.get_mut(&school) {
            flow.waiting -= 1;
            if flow.waiting == 0 {
                self.flows.remove(&school);
            }
        }
    }

    /// Tells what a request brought that left.
    pub fn heard(&mut self, school: &SchoolId, heard: Heard, now: DateTime<Utc>) {
        let at = now.timestamp_millis();
        if self.circuit.hear(school, heard, at) {
            self.usual.pause();
            self.recovers_until = at.saturating_add(RECOVERY);
            self.next_leave = now.timestamp_micros().saturating_add(self.gap(at));
        }
    }

    /// Until when a school is to be left alone, because its requests would not leave; none: they leave.
    pub fn holds(&self, school: &SchoolId, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.circuit.holds(school, now.timestamp_millis()).map(moment)
    }

    /// Whether the circuit is open: nearly no request leaves.
    pub fn is_open(&self) -> bool {
        matches!(self.circuit, Circuit::Open(_))
    }

    /// How many requests wait.
    pub fn waiting(&self) -> usize {
        self.line.len()
    }

    /// A request leaves, whose turn it was at `turn`, in microseconds.
    fn leave(&mut self, now: DateTime<Utc>, turn: i64) {
        let at = now.timestamp_millis();
        self.next_leave = turn.saturating_add(self.gap(at));
        if at >= self.recovers_until {
            self.usual.count(at);
        }
    }

    /// Microseconds between two requests.
    fn gap(&self, at: Millis) -> i64 {
        let gap = 1_000_000 / i64::from(self.per_second);
        if at >= self.recovers_until {
            return gap;
        }
        self.usual.gap_micros(AFTER_OUTAGE).map_or(gap, |slow| slow.clamp(gap, 1_000_000))
    }
}

/// How many requests leave in a usual minute, the latest quarter of an hour above all.
#[derive(Debug, Clone, Copy, Default)]
struct Usual {
    /// The minute that is counted now; none: nothing was counted yet.
    minute: Option<Millis>,
    count: u64,
    /// Thousandths of a request a minute; none: no minute has ended yet.
    average: Option<u64>,
}

impl Usual {
    fn count(&mut self, at: Millis) {
        let now = at.div_euclid(MINUTE);
        let ended = now - *self.minute.get_or_insert(now);
        for past in 0..ended.clamp(0, HOUR / MINUTE) {
            let requests = if past == 0 { self.count * 1_000 } else { 0 };
            self.average = Some(self.average.map_or(requests, |average| (average * 15 + requests) / 16));
        }
        if ended != 0 {
            (self.minute, self.count) = (Some(now), 0);
        }
        self.count += 1;
    }

    /// Counts on from the next request: the time between says nothing about what is usual.
    fn pause(&mut self) {
        (self.minute, self.count) = (None, 0);
    }

    /// Microseconds between two requests at so many hundredths of the usual rate.
    fn gap_micros(self, hundredths: u64) -> Option<i64> {
        let a_minute = self.average?.saturating_mul(hundredths) / 100;
        i64::try_from(60_000_000_000 / a_minute.max(1)).ok()
    }
}

/// All origins that this process asks, each with the same rate.
#[derive(Debug)]
pub struct Origins {
    per_second: u32,
    origins: BTreeMap<String, Origin>,
}

impl Origins {
    /// No origin yet; each will take so many requests a second.
    pub fn new(per_second: u32) -> Self {
        Self { per_second, origins: BTreeMap::new() }
    }

    /// The origin of this name, such as `https://api.example.com:443`.
    pub fn origin(&mut self, name: &str) -> &mut Origin {
        let per_second = self.per_second;
        self.origins.entry(name.to_owned()).or_insert_with(|| Origin::new(per_second))
    }

    /// How many requests a second leave for each origin from now on.
    pub fn set_rate(&mut self, per_second: u32) {
        self.per_second = per_second;
        self.origins.values_mut().for_each(|origin| origin.set_rate(per_second));
    }

    /// When the next request of any origin may leave; none: nobody waits.
    pub fn next_moment(&self) -> Option<DateTime<Utc>> {
        self.origins.values().filter_map(Origin::next_moment).min()
    }

    /// The next request of any origin that waits no more, with the name of its origin.
    pub fn release(&mut self, now: DateTime<Utc>) -> Option<(&str, Released)> {
        self.origins.iter_mut().find_map(|(name, origin)| Some((name.as_str(), origin.release(now)?)))
    }
}
