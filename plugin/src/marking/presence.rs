//! Presence: where a student was, as far as the visits of a record tell. Overlapping visits count once. Not here: which
//! mark follows (`decide`).

use super::ClassTimes;
use crate::model::attendance::Visit;
use crate::model::sorted::arrange;
use crate::model::time::{Instant, Seconds};

/// A visit shorter than this that another check-in follows contradicts that check-in (DOMAIN §4 "Visits that contradict
/// themselves").
const SHORT: Seconds = Seconds(60);

/// Everything that the visits of a record tell about one class.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Presence {
    /// When the student came and left.
    pub(super) attended: Attended,
    /// The time of the class that the visits cover.
    pub(super) inside: Seconds,
    /// The time of the class between coming and leaving that no visit covers, all gaps together.
    pub(super) away: Seconds,
}

/// When a student came and left: the first check-in and the last check-out of the visits that touch the class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attended {
    /// The record has no check-in.
    Never,
    /// No visit has a second inside the class.
    Elsewhere,
    /// The student's last punch is a check-in.
    Still { came: Instant },
    /// The student came and left.
    Between { came: Instant, left: Instant },
}

/// The part of a visit that no earlier visit covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stay {
    /// The place of the visit in the list that was given.
    pub(super) visit: usize,
    /// From when.
    pub(super) from: Instant,
    /// Until when.
    pub(super) to: Instant,
}

impl Presence {
    /// What the visits tell. `open_until` is the moment at which a student who never checked out counts as gone; none:
    /// such a student is still there.
    ///
    /// DOMAIN §4 "Gaps between visits": "first in, last out decide, of the visits that touch the class; class time away
    /// in between, *all gaps together*".
    pub(super) fn of(visits: &[Visit], times: ClassTimes, open_until: Option<Instant>) -> Self {
        let ClassTimes { starts, ends } = times;
        let inside = |from: Instant, to: Instant| to.min(ends) - from.max(starts);
        let touches = |from: Instant, to: Instant| inside(from, to) > Seconds::ZERO;
        let whole: Vec<(Instant, Instant)> = ends_of(visits)
            .into_iter()
            .filter_map(|(visit, until)| Some((visit.checked_in, until.or(open_until)?)))
            .filter(|(from, to)| touches(*from, *to))
            .collect();
        let open = open_visit(visits).filter(|at| open_until.is_none() && *at < ends);
        let came = whole.iter().map(|(from, _)| *from).chain(open).min();
        let left = whole.iter().map(|(_, to)| *to).max();
        let attended = match (came, left, open) {
            (Some(came), _, Some(_)) => Attended::Still { came },
            (Some(came), Some(left), None) => Attended::Between { came, left },
            _ if visits.is_empty() => Attended::Never,
            _ => Attended::Elsewhere,
        };
        let last = open.map_or(left, |open| left.max(Some(open)));
        let within = stays(visits, open_until).into_iter().map(|stay| inside(stay.from, stay.to));
        let within =
            Seconds(within.filter(|time| *time > Seconds::ZERO).fold(0, |sum, time| time.0.saturating_add(sum)));
        let span = came.zip(last).map_or(Seconds::ZERO, |(came, last)| inside(came, last));
        Self { attended, inside: within, away: Seconds(span.0.saturating_sub(within.0).max(0)) }
    }
}

/// The check-in after which the student was not seen again; none: the student was seen leaving.
///
/// A visit without a check-out lasts until the next check-in, because nobody saw the student leave. It is no open visit
/// where another visit has a check-out at that check-in or later.
pub(super) fn open_visit(visits: &[Visit]) -> Option<Instant> {
    ends_of(visits).into_iter().find(|(_, until)| until.is_none()).map(|(visit, _)| visit.checked_in)
}

/// The visits in order of time, each with its end; none: the visit is open.
fn ends_of(visits: &[Visit]) -> Vec<(Visit, Option<Instant>)> {
    let mut sorted = visits.to_vec();
    arrange(&mut sorted, Visit::cmp);
    let last_out = sorted.iter().filter_map(|visit| visit.checked_out).max();
    let next = sorted.iter().skip(1).map(|next| Some(next.checked_in)).chain([None]);
    let ended = sorted.iter().zip(next).map(|(visit, next)| {
        let seen_later = last_out.filter(|out| *out >= visit.checked_in).map(|_| visit.checked_in);
        (*visit, visit.checked_out.or(next).or(seen_later))
    });
    ended.collect()
}

/// The stays that visits make, in order of time: overlapping time belongs to the visit that came first. A visit that
/// others cover makes none.
pub(super) fn stays(visits: &[Visit], open_until: Option<Instant>) -> Vec<Stay> {
    let mut order: Vec<usize> = (0..visits.len()).collect();
    arrange(&mut order, |one, other| visits.get(*one).cmp(&visits.get(*other)));
    let mut covered: Option<Instant> = None;
    let mut stays = Vec::new();
    for (visit, (of, until)) in order.into_iter().zip(ends_of(visits)) {
        let Some(to) = until.or(open_until) else { continue };
        let from = covered.map_or(of.checked_in, |covered| covered.max(of.checked_in));
        if from < to {
            stays.push(Stay { visit, from, to });
            covered = Some(to);
        }
    }
    stays
}

/// Whether the visits overlap, so that their union was counted.
pub(super) fn overlap(visits: &[Visit]) -> bool {
    let mut sorted = visits.to_vec();
    arrange(&mut sorted, Visit::cmp);
    let mut here_until: Option<Instant> = None;
    sorted.iter().any(|visit| {
        let overlaps = here_until.is_some_and(|until| visit.checked_in < until);
        here_until = here_until.max(visit.checked_out);
        overlaps
    })
}

/// Whether the visits contradict themselves, so that no Absent can be made of them.
///
/// DOMAIN §4: "a visit under one minute followed by another check-in, or a check-in after the end without a check-out".
pub(super) fn doubtful(visits: &[Visit], ends: Instant) -> bool {
    let followed = |out: Instant| visits.iter().any(|other| other.checked_in >= out);
    visits.iter().any(|visit| match visit.checked_out {
        Some(out) => out - visit.checked_in < SHORT && followed(out) && visits.len() > 1,
        None => visit.checked_in >= ends,
    })
}
