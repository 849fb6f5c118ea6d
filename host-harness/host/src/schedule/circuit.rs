//! The circuit of an origin: whether CourseKey is asked at all. It opens when answer after answer fails, for several
//! schools; then nearly all requests are answered by the host, and each school is told a moment of its own to come back,
//! so that they do not all come in the minute in which the origin works again.
//!
//! Not here: what the plugin makes of a request that failed, and how fast requests leave (`origin`).

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::{HOUR, MINUTE, Millis, SECOND, share};
use crate::store::SchoolId;

/// What a request brought, as far as the circuit is concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// An answer, whatever it says: the origin works.
    Well,
    /// No answer, or one that says that the origin does not work now; with how long it wants to be left alone, if it says.
    Failed {
        /// The header Retry-After.
        retry_after: Option<TimeDelta>,
    },
    /// Nothing: the request was given up by whoever made it.
    Nothing,
}

impl Heard {
    /// What an answer says. `retry_after` as [`retry_after`] reads it.
    pub fn of(status: u16, retry_after: Option<TimeDelta>) -> Self {
        match status {
            429 | 503 => Self::Failed { retry_after },
            408 | 500..=599 => Self::Failed { retry_after: None },
            _ => Self::Well,
        }
    }

    /// That no answer came.
    pub fn silence() -> Self {
        Self::Failed { retry_after: None }
    }
}

/// The text of a header Retry-After, in seconds or as a date; none: it is neither. The plugin reads the older forms of a
/// date too, for its own requests.
pub fn retry_after(text: &str, now: DateTime<Utc>) -> Option<TimeDelta> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return TimeDelta::try_seconds(text.parse().unwrap_or(HOUR / SECOND)).or(Some(TimeDelta::hours(1)));
    }
    let date = DateTime::parse_from_rfc2822(text).ok()?;
    Some((date.to_utc() - now).max(TimeDelta::zero()))
}

/// Failures in a row that open the circuit.
const OPENS_AT: u32 = 5;
/// … of so many schools at least: one school's limit, or its wrong address, is not the origin's.
const SCHOOLS: usize = 3;
/// How long the circuit is open if the origin does not say; doubled with each probe that fails.
const FIRST: Millis = 30 * SECOND;
/// The longest time without a word of the origin's.
const LONGEST: Millis = 5 * MINUTE;
/// The longest time that an origin may ask for, as in the plugin.
const LONGEST_ASKED: Millis = HOUR;
/// The least time between two probes. They are made while the origin asks to be left alone too, by a school to which it
/// has not said so: a limit that a few schools ran into must not stop all others for an hour.
const PROBES_APART: Millis = MINUTE;
/// A probe that was not heard of for so long was given up without a word.
const PROBE_PATIENCE: Millis = 2 * MINUTE;
/// Over how long the schools come back at the most: the usual update frequency, so that the rate is the usual rate.
const SPREAD: Millis = 5 * MINUTE;

/// Whether the origin is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Circuit {
    /// It is, after so many failures in a row of these schools.
    Closed { failures: u32, schools: BTreeSet<SchoolId> },
    /// It is not, but for probes.
    Open(Open),
}

/// A circuit that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Open {
    since: Millis,
    until: Millis,
    /// How long it stays open after the next probe that fails, if the origin does not say.
    wait: Millis,
    next_probe: Millis,
    /// Whose request probes, and since when.
    probing: Option<(SchoolId, Millis)>,
}

impl Circuit {
    pub(super) fn closed() -> Self {
        Self::Closed { failures: 0, schools: BTreeSet::new() }
    }

    /// When the school has to come back; none: its request may be made, because the circuit is closed or as a probe.
    pub(super) fn admit(&mut self, school: &SchoolId, now: Millis) -> Option<Millis> {
        let Self::Open(open) = self else { return None };
        let is_probed = open.probing.as_ref().is_some_and(|(_, since)| now < since.saturating_add(PROBE_PATIENCE));
        if !is_probed && now >= open.next_probe {
            open.probing = Some((school.clone(), now));
            return None;
        }
        Some(open.comes_back(school, now))
    }

    /// When the school would have to come back, if it asked now; none: the circuit is closed.
    pub(super) fn holds(&self, school: &SchoolId, now: Millis) -> Option<Millis> {
        let Self::Open(open) = self else { return None };
        Some(open.comes_back(school, now))
    }

    /// Takes note of what a request brought. Says whether the circuit closed with it.
    pub(super) fn hear(&mut self, school: &SchoolId, heard: Heard, now: Millis) -> bool {
        match self {
            Self::Closed { failures, schools } => {
                if heard == Heard::Well {
                    *self = Self::closed();
                } else if let Heard::Failed { retry_after } = heard {
                    *failures = failures.saturating_add(1);
                    if schools.len() < SCHOOLS {
                        schools.insert(school.clone());
                    }
                    if *failures >= OPENS_AT && schools.len() >= SCHOOLS {
                        *self = Self::Open(Open::new(now, retry_after));
                    }
                }
                false
            }
            Self::Open(open) => {
                let is_well = open.hear(school, heard, now);
                if is_well {
                    *self = Self::closed();
                }
                is_well
            }
        }
    }
}

impl Open {
    fn new(now: Millis, retry_after: Option<TimeDelta>) -> Self {
        let mut open = Self { since: now, until: now, wait: FIRST, next_probe: now, probing: None };
        open.stay(retry_after, now);
        open
    }

    /// Stays open for as long as the origin asks, or for longer than the last time.
    fn stay(&mut self, retry_after: Option<TimeDelta>, now: Millis) {
        let wait = retry_after.map_or(self.wait, asked);
        if retry_after.is_none() {
            self.wait = (self.wait * 2).min(LONGEST);
        }
        self.until = self.until.max(now.saturating_add(wait));
        self.next_probe = self.until.min(now.saturating_add(PROBES_APART));
        self.probing = None;
    }

    /// Whether the origin works again, as only a probe can tell: other answers are to requests of before.
    fn hear(&mut self, school: &SchoolId, heard: Heard, now: Millis) -> bool {
        let is_probe = self.probing.as_ref().is_some_and(|(probing, _)| probing == school);
        match heard {
            Heard::Well => return is_probe,
            Heard::Failed { retry_after } if is_probe => self.stay(retry_after, now),
            Heard::Failed { retry_after: Some(wait) } => self.until = self.until.max(now.saturating_add(asked(wait))),
            Heard::Nothing if is_probe => self.probing = None,
            Heard::Failed { .. } | Heard::Nothing => {}
        }
        false
    }

    /// The school's own moment after the end. With the usual update frequency it is the moment of its next update.
    fn comes_back(&self, school: &SchoolId, now: Millis) -> Millis {
        let earliest = self.until.max(now.saturating_add(SECOND));
        let spread = (self.until - self.since).clamp(10 * SECOND, SPREAD);
        earliest.saturating_add((share(school.as_str(), 0, SPREAD) - earliest).rem_euclid(spread))
    }
}

fn asked(retry_after: TimeDelta) -> Millis {
    retry_after.num_milliseconds().clamp(SECOND, LONGEST_ASKED)
}

#[cfg(test)]
mod tests {
    use super::super::moment;
    use super::*;

    const BUSY: Heard = Heard::Failed { retry_after: Some(TimeDelta::hours(1)) };

    fn school(number: u32) -> SchoolId {
        SchoolId::new(format!("school-{number}"))
    }

    fn opened() -> Circuit {
        let mut circuit = Circuit::closed();
        (0..OPENS_AT).for_each(|number| assert!(!circuit.hear(&school(number), BUSY, 0)));
        circuit
    }

    #[test]
    fn it_opens_for_failures_in_a_row_of_several_schools() {
        assert!(opened().holds(&school(0), 0).is_some());
        let mut circuit = Circuit::closed();
        for number in 0..100 {
            circuit.hear(&school(number % 2), BUSY, 0);
            assert_eq!(circuit.holds(&school(0), 0), None, "two schools do not speak for the origin");
        }
        circuit.hear(&school(0), Heard::Well, 0);
        for number in 0..100 {
            let heard = if number % 5 == 4 { Heard::Well } else { Heard::silence() };
            circuit.hear(&school(number), heard, 0);
            assert_eq!(circuit.holds(&school(0), 0), None, "an answer between is a sign of life");
        }
    }

    #[test]
    fn each_school_comes_back_at_its_own_moment_after_the_end() {
        let mut circuit = opened();
        let mut moments: Vec<Millis> = (0..300).filter_map(|number| circuit.admit(&school(number), 1_000)).collect();
        assert_eq!(moments.len(), 300);
        moments.sort_unstable();
        assert!(moments.iter().all(|at| (HOUR..HOUR + SPREAD).contains(at)));
        // 60 each minute, on the average.
        assert!(moments.chunk_by(|a, b| a / MINUTE == b / MINUTE).all(|minute| minute.len() < 90));
    }

    #[test]
    fn one_probe_a_minute_finds_out_whether_it_works() {
        let mut circuit = opened();
        assert!(circuit.admit(&school(0), MINUTE - 1).is_some());
        assert_eq!(circuit.admit(&school(0), MINUTE), None);
        assert!(circuit.admit(&school(1), MINUTE).is_some(), "one at a time");
        // What was under way before the circuit opened says nothing.
        assert!(!circuit.hear(&school(1), Heard::Well, MINUTE));
        assert!(!circuit.hear(&school(0), BUSY, MINUTE + 1));
        assert!(circuit.admit(&school(1), 2 * MINUTE).is_some());
        assert_eq!(circuit.admit(&school(1), 2 * MINUTE + 1), None);
        // A probe that was given up, or never heard of again, makes room for another.
        assert!(!circuit.hear(&school(1), Heard::Nothing, 2 * MINUTE + 2));
        assert_eq!(circuit.admit(&school(2), 2 * MINUTE + 3), None);
        assert_eq!(circuit.admit(&school(3), 2 * MINUTE + 3 + PROBE_PATIENCE), None);
        assert!(circuit.hear(&school(3), Heard::Well, 5 * MINUTE));
        assert_eq!(circuit, Circuit::closed());
    }

    #[test]
    fn without_a_word_it_stays_open_longer_each_time_up_to_a_cap() {
        let mut circuit = Circuit::closed();
        (0..OPENS_AT).for_each(|number| assert!(!circuit.hear(&school(number), Heard::silence(), 0)));
        let (mut now, mut waits) = (0, Vec::new());
        for _ in 0..6 {
            let Circuit::Open(open) = &circuit else { unreachable!("the circuit is open") };
            waits.push((open.until - now) / SECOND);
            now = open.until;
            assert_eq!(circuit.admit(&school(0), now), None);
            circuit.hear(&school(0), Heard::silence(), now);
        }
        assert_eq!(waits, [30, 60, 120, 240, 300, 300]);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now = moment(784_111_777_000);
        for (text, seconds) in [
            ("120", Some(120)),
            (" 0 ", Some(0)),
            ("99999999999999999999999", Some(3_600)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60)),
            ("Sun, 06 Nov 1994 08:48:37 GMT", Some(0)),
            ("-5", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(text, now), seconds.map(TimeDelta::seconds), "{text}");
        }
    }

    #[test]
    fn what_speaks_against_an_origin() {
        let wait = Some(TimeDelta::seconds(7));
        for (status, heard) in [
            (200, Heard::Well),
            (401, Heard::Well),
            (429, Heard::Failed { retry_after: wait }),
            (503, Heard::Failed { retry_after: wait }),
            (500, Heard::silence()),
            (408, Heard::silence()),
        ] {
            assert_eq!(Heard::of(status, wait), heard, "{status}");
        }
    }
}
