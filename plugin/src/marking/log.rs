//! Courses of Attendance Log: the records of a student become rows of time spent instead of a mark.
//!
//! Seed, "Requesting Data from CourseKey": "For courses with Hours Type = Attendance Log, the records from CourseKey are
//! added in the attendance log format".

use super::presence::{Stay, open_visit, stays};
use super::together::deciding;
use super::{Basis, ClassTimes, Decision, Terms, awarded, never_out, override_without_time, together};
use crate::model::attendance::{AdjustmentKind, AttendanceRecord, Visit};
use crate::model::ids::RecordId;
use crate::model::issue::Code;
use crate::model::settings::NeverCheckedOut;
use crate::model::time::{Instant, Seconds};

/// A visit that ends later than this after the class makes no row (DOMAIN §4).
const LATEST_END: Seconds = Seconds(12 * 3_600);

/// One row of the attendance log. A row stands for one visit, or for the time that staff awarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogRow {
    /// The record of which the row is.
    pub record: RecordId,
    /// Number of the visit within the record, from 1.
    pub visit: u32,
    /// Check-in or, where an earlier visit covers it, the end of that visit.
    pub checked_in: Instant,
    /// Check-out.
    pub checked_out: Instant,
    /// Minutes of the row. The minutes of a student's rows in a class add up to their whole time, rounded down once.
    pub minutes: u32,
}

/// The rows that the records of a student make by now, and what is to be done about the part that makes no row. The
/// records must be possible (`impossible`).
///
/// DOMAIN §4: "one row per visit, keyed by (record id, number of the visit), with in, out, minutes; …; award-full makes
/// one row of the class's length; an open visit waits …. Overlaps count once. The minutes of a student's rows in a class
/// add up to the time rounded down once, not visit by visit. A visit that ends more than 12 hours after the class is an
/// issue, no row."
///
/// | staff | rows |
/// |---|---|
/// | awarded nothing | one for each visit with a check-out, at once; an override with neither visits nor awarded time is an issue |
/// | awarded time | one of the awarded minutes from the first check-in, else the class's start, once the class is over; until then as with nothing |
/// | awarded the full time | one of the class's length, likewise |
/// | removed all time | none |
pub fn log_rows(
    records: &[&AttendanceRecord],
    times: ClassTimes,
    terms: Terms<'_>,
    now: Instant,
) -> (Vec<LogRow>, Decision) {
    let Some(whole) = together(records, times) else { return (Vec::new(), Decision::Nothing) };
    let class = Basis::undecided(times, Some(&whole), terms.thresholds);
    let settled = times.ends + terms.settle;
    if class.adjustment == Some(AdjustmentKind::RemoveAll) {
        return (Vec::new(), Decision::Nothing);
    }
    if awarded(&class).is_some() && now >= times.ends {
        let record = deciding(records, times).map_or(whole.id, |record| record.id.clone());
        return (vec![award(&class, record)], Decision::Nothing);
    }
    if class.adjustment == Some(AdjustmentKind::Override) && class.awarded.is_none() && class.visits.is_empty() {
        let rest = if now < settled { Decision::Wait { until: settled } } else { override_without_time(&class) };
        return (Vec::new(), rest);
    }
    let visits = numbered(records);
    let (rows, too_long) = by_visits(&visits, times, (now >= settled).then_some(terms));
    let to_the_end = terms.thresholds.never_checked_out == NeverCheckedOut::LeftAtEnd
        && open_visit(&class.visits).is_none_or(|at| at < times.ends);
    let rest = match class.visits.iter().any(|visit| visit.checked_out.is_none()) {
        _ if awarded(&class).is_some() => Decision::Wait { until: times.ends },
        _ if too_long => Decision::Report {
            code: Code::VisitTooLong,
            sentence: "a visit ends more than 12 hours after the class".to_owned(),
        },
        true if now < settled => Decision::Wait { until: settled },
        true if !to_the_end => {
            let (code, sentence) = never_out(&class.visits, times.starts);
            Decision::Report { code, sentence }
        }
        _ => Decision::Nothing,
    };
    (rows, rest)
}

/// A visit with its record and its number. The numbers follow CourseKey's order and count visits without a check-out
/// too, so that an edit or a late check-out changes no other row's number.
type Numbered<'a> = (&'a RecordId, u32, Visit);

/// The visits by record. Of two equal visits the row is that of the lower id, so that it makes no difference which
/// record was written or read first.
fn numbered<'a>(records: &[&'a AttendanceRecord]) -> Vec<Numbered<'a>> {
    let mut giving: Vec<&AttendanceRecord> =
        records.iter().copied().filter(|record| super::gives_time(record)).collect();
    giving.sort_by(|one, other| one.id.cmp(&other.id));
    giving
        .into_iter()
        .flat_map(|record| (1..).zip(&record.visits).map(|(number, visit)| (&record.id, number, *visit)))
        .collect()
}

/// The rows of visits, and whether a visit ends too late for a row. `settled` has the settings once the settle time is
/// over.
fn by_visits(visits: &[Numbered<'_>], times: ClassTimes, settled: Option<Terms<'_>>) -> (Vec<LogRow>, bool) {
    let latest = times.ends + LATEST_END;
    let is_long = |visit: &Visit| visit.checked_out.is_some_and(|out| out > latest);
    let to_the_end = |terms: Terms<'_>| terms.thresholds.never_checked_out == NeverCheckedOut::LeftAtEnd;
    let open_until = settled.filter(|terms| to_the_end(*terms)).map(|_| times.ends);
    let closed = |visit: &Visit| visit.checked_out.is_some() || open_until.is_some();
    let kept: Vec<&Numbered<'_>> = visits.iter().filter(|(_, _, visit)| !is_long(visit) && closed(visit)).collect();
    let plain: Vec<Visit> = kept.iter().map(|(_, _, visit)| *visit).collect();
    let mut seconds = Seconds::ZERO;
    let rows = stays(&plain, open_until).into_iter().filter_map(|Stay { visit, from, to }| {
        let (record, number, _) = kept.get(visit)?;
        let before = seconds.whole_minutes();
        seconds = Seconds(seconds.0.saturating_add((to - from).0));
        let minutes = u32::try_from(seconds.whole_minutes() - before).unwrap_or(0);
        Some(LogRow { record: (*record).clone(), visit: *number, checked_in: from, checked_out: to, minutes })
    });
    (rows.collect(), visits.iter().any(|(_, _, visit)| is_long(visit)))
}

/// DOMAIN §4: "one row of the awarded minutes from the first check-in, else the class's start".
fn award(class: &Basis, record: RecordId) -> LogRow {
    let from = class.visits.iter().map(|visit| visit.checked_in).min().unwrap_or(class.starts);
    let (from, time) = match class.adjustment {
        Some(AdjustmentKind::AwardFull) => (class.starts, class.ends - class.starts),
        _ => (from, class.awarded.unwrap_or(Seconds::ZERO).max(Seconds::ZERO)),
    };
    let minutes = u32::try_from(time.whole_minutes()).unwrap_or(0);
    LogRow { record, visit: 1, checked_in: from, checked_out: from + time, minutes }
}
