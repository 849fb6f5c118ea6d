//! The account of a run: checks that every attendance record which the simulated CourseKey holds led to something in
//! GEGI: a mark or log rows that say the same as the record, an issue, a mark set by hand, or a journal line about
//! withdrawn time.
//!
//! The account compares CourseKey with GEGI only; the code here uses neither the plugin nor its state.

mod classes;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rig::Rig;
use super::statuses::StatusLine;
use crate::twin::{StandingMark, TwinError};
use classes::Classes;
use host::gegi::{Basis, Visit};
use simulator::HeldRecord;

/// The most unaccounted records that are named.
const NAMED: usize = 20;

/// What became of CourseKey's records, each in its newest version. A record is counted once, at the first field that
/// fits.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Accounting {
    /// The records that CourseKey holds.
    pub records: u64,
    /// Records that say the same as a mark.
    pub by_mark: u64,
    /// Records that say the same as rows of the attendance log.
    pub by_log_rows: u64,
    /// Records with an open issue about their student and class, or about their class.
    pub by_issue: u64,
    /// Records whose mark was set by hand.
    pub by_hand: u64,
    /// Records about which the journal says that time was withdrawn.
    pub by_journal: u64,
    /// Records that say nothing: no visit, no time, nothing that staff gave; or the rows of a log would be empty
    /// because all time was removed.
    pub saying_nothing: u64,
    /// Records whose class, or its settle time, still runs.
    pub waiting: u64,
    /// Records of courses that GEGI has and CourseKey never acknowledged: off, or not sent yet.
    pub not_synchronized: u64,
    /// Records written when the course's attendance was not followed any more; the plugin does not read such a record.
    pub not_followed: u64,
    /// Records that are newer than the moment up to which, as the status column says, attendance was read whole.
    pub not_read: u64,
    /// Records to which none of the fields above applies.
    pub unaccounted: u64,
    /// The ids of the first unaccounted records.
    pub unaccounted_records: Vec<String>,
}

/// The run came to its end, but GEGI does not say what became of some of CourseKey's records. The output is whole even
/// so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "account for {0} of CourseKey's attendance records: GEGI has no mark, row, issue or journal entry of them, so their \
     attendance may be lost; report.json names the first of them; report it"
)]
pub struct Unaccounted(pub u64);

/// Class and student.
type Place = (String, String);

/// A record that led to nothing in GEGI so far, and whether the record removes all time of a log.
type Untold = (String, bool);

/// Makes the account of all records of the rig's CourseKey at the present moment; none: CourseKey is not simulated
/// here.
pub(super) fn account(rig: &Rig, statuses: &[StatusLine]) -> Result<Option<Accounting>, TwinError> {
    let (issues, classes) = (Issues::open(rig)?, Classes::of(rig, statuses)?);
    let mut accounting = Accounting::default();
    let mut untold: BTreeMap<Place, Vec<Untold>> = BTreeMap::new();
    let is_simulated = rig.coursekey.each_record(rig.now(), |record| -> Result<(), TwinError> {
        accounting.records += 1;
        let is_removed = record.adjustment == Some("remove-all") && classes.logs.contains(record.session);
        let counted = match told(rig, record, &issues)? {
            Some(Told::Mark) => &mut accounting.by_mark,
            Some(Told::Hand) => &mut accounting.by_hand,
            Some(Told::Rows) => &mut accounting.by_log_rows,
            Some(Told::Issue) => &mut accounting.by_issue,
            None if record.visits.is_empty() && record.adjustment.is_none() => &mut accounting.saying_nothing,
            None if classes.foreign.contains(record.session) => &mut accounting.not_synchronized,
            None if counts_for_nothing(rig, record, &classes)? => &mut accounting.saying_nothing,
            None if classes.running.contains(record.session) => &mut accounting.waiting,
            None if classes.was_followed_before(record) => &mut accounting.not_followed,
            None if !classes.is_read(record) => &mut accounting.not_read,
            None => {
                let place = (record.session.to_owned(), record.user.to_owned());
                untold.entry(place).or_default().push((record.id.to_owned(), is_removed));
                return Ok(());
            }
        };
        *counted += 1;
        Ok(())
    })?;
    accounting.ask_the_journal(rig, untold)?;
    Ok(is_simulated.then_some(accounting))
}

enum Told {
    Mark,
    Hand,
    Rows,
    Issue,
}

/// The first thing in GEGI to which the record led; none: the record led to nothing.
fn told(rig: &Rig, record: &HeldRecord<'_>, issues: &Issues) -> Result<Option<Told>, TwinError> {
    Ok(match rig.twin.mark_of(record.session, record.user)? {
        Some(StandingMark::CourseKeys(basis)) if says(&basis, record) => Some(Told::Mark),
        Some(StandingMark::Hand) => Some(Told::Hand),
        _ if are_rows_of(rig.twin.log_times_of(record.id)?, record) => Some(Told::Rows),
        _ if issues.are_about(record) => Some(Told::Issue),
        _ => None,
    })
}

/// Whether the mark rests on what the record says now. An earlier version of the record may have said the same.
fn says(basis: &Basis, record: &HeldRecord<'_>) -> bool {
    let punches = |visit: &Visit| (visit.checked_in, visit.checked_out);
    let mut told: Vec<_> = basis.visits.iter().map(punches).collect();
    let mut held = record.visits.clone();
    told.sort_unstable();
    held.sort_unstable();
    let staff = (basis.adjustment.as_deref(), basis.awarded_seconds);
    basis.attendance_record.as_deref() == Some(record.id)
        && told == held
        && staff == (record.adjustment, record.awarded)
}

/// Whether the rows say the same as the record: the time of its visits that have ended, overlaps once, or the time that
/// staff gave instead. A visit without an end may have a row too.
fn are_rows_of(mut rows: Vec<(i64, i64)>, record: &HeldRecord<'_>) -> bool {
    let ended: Vec<_> = record.visits.iter().filter_map(|(came, left)| Some((*came, (*left)?))).collect();
    let is_given = record.awarded.is_some() || matches!(record.adjustment, Some("award-full" | "override"));
    if rows.is_empty() {
        return false;
    }
    rows.retain(|(came, _)| !record.visits.contains(&(*came, None)));
    is_given || joined(rows) == joined(ended)
}

/// Spans of time in order, those that touch or overlap as one.
fn joined(mut spans: Vec<(i64, i64)>) -> Vec<(i64, i64)> {
    spans.sort_unstable();
    let mut whole: Vec<(i64, i64)> = Vec::new();
    for (from, to) in spans {
        match whole.last_mut().filter(|last| from <= last.1) {
            Some(last) => last.1 = last.1.max(to),
            None => whole.push((from, to)),
        }
    }
    whole
}

/// Whether all time of the record was removed where nothing else rests on it: GEGI does not have the class, the class's
/// course does not list the student, or another record decided the mark.
fn counts_for_nothing(rig: &Rig, record: &HeldRecord<'_>, classes: &Classes) -> Result<bool, TwinError> {
    if record.adjustment != Some("remove-all") {
        return Ok(false);
    }
    let mark = rig.twin.mark_of(record.session, record.user)?;
    let of_other = |basis: &Basis| basis.attendance_record.as_deref().is_some_and(|of| of != record.id);
    Ok(match mark {
        Some(StandingMark::CourseKeys(basis)) => of_other(&basis),
        _ => !classes.have_place_for(record),
    })
}

/// Open issues about classes, and about students in classes.
struct Issues {
    classes: BTreeSet<String>,
    places: BTreeSet<Place>,
}

impl Issues {
    fn open(rig: &Rig) -> Result<Self, TwinError> {
        let mut issues = Self { classes: BTreeSet::new(), places: BTreeSet::new() };
        for issue in rig.twin.issues()?.into_iter().filter(|issue| issue.resolved_at.is_none()) {
            match (issue.class, issue.student) {
                (Some(class), Some(student)) => _ = issues.places.insert((class, student)),
                (Some(class), None) => _ = issues.classes.insert(class),
                (None, _) => {}
            }
        }
        Ok(issues)
    }

    fn are_about(&self, record: &HeldRecord<'_>) -> bool {
        self.classes.contains(record.session)
            || self.places.contains(&(record.session.to_owned(), record.user.to_owned()))
    }
}

impl Accounting {
    /// Looks for records that led to nothing else: the journal may say that their time was withdrawn, or all their
    /// time was removed before any row was written.
    fn ask_the_journal(&mut self, rig: &Rig, mut untold: BTreeMap<Place, Vec<Untold>>) -> Result<(), TwinError> {
        if untold.is_empty() {
            return Ok(());
        }
        rig.twin.each_journal_line(|line| {
            let place = line.class.zip(line.student).filter(|_| line.new.is_none());
            if let Some(records) = place.and_then(|place| untold.get_mut(&place)) {
                let before = records.len();
                records.retain(|(record, _)| line.attendance_record.as_ref() != Some(record));
                self.by_journal += count(before - records.len());
            }
            Ok(())
        })?;
        let (removed, unaccounted): (Vec<Untold>, Vec<Untold>) =
            untold.into_values().flatten().partition(|(_, is_removed)| *is_removed);
        self.saying_nothing += count(removed.len());
        self.unaccounted = count(unaccounted.len());
        self.unaccounted_records = unaccounted.into_iter().take(NAMED).map(|(record, _)| record).collect();
        Ok(())
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
