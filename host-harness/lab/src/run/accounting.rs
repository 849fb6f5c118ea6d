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
use classes::Classes;
use host::gegi::Origin;
use mirror::book::BookError;
use mirror::lines::{BasisLine, JournalLine, LogLine, rfc3339};
use simulator::HeldRecord;

/// The records of CourseKey that are in memory at a time.
const CHUNK: usize = 1_000;
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
pub(super) async fn account(rig: &Rig, statuses: &[StatusLine]) -> Result<Option<Accounting>, BookError> {
    let (issues, classes) = (Issues::open(rig).await?, Classes::of(rig, statuses).await?);
    let mut accounting = Accounting::default();
    let mut untold: BTreeMap<Place, Vec<Untold>> = BTreeMap::new();
    let (now, mut last) = (rig.now(), None);
    loop {
        let Some(records) = rig.coursekey.records_after(now, last.as_ref(), CHUNK) else { return Ok(None) };
        for record in &records {
            accounting.records += 1;
            let Some(because) = because(rig, record, &issues, &classes).await? else {
                let is_removed = record.adjustment == Some("remove-all") && classes.logs.contains(&*record.session);
                untold.entry(place(record)).or_default().push((record.id.to_string(), is_removed));
                continue;
            };
            *accounting.count_of(because) += 1;
        }
        last = records.into_iter().last();
        if last.is_none() {
            break;
        }
    }
    accounting.ask_the_journal(rig, untold).await?;
    Ok(Some(accounting))
}

/// Why a record counts as told.
#[derive(Clone, Copy)]
enum Because {
    Mark,
    Hand,
    Rows,
    Issue,
    SaysNothing,
    NotSynchronized,
    Waits,
    NotFollowed,
    NotRead,
}

/// The first reason that fits the record; none: only the journal may still tell of it.
async fn because(
    rig: &Rig,
    record: &HeldRecord,
    issues: &Issues,
    classes: &Classes,
) -> Result<Option<Because>, BookError> {
    let mark = rig.book.mark_of(&record.session, &record.user).await?;
    let mark = mark.map(|(line, origin)| (origin, line.basis));
    let (is_hand, basis) = match &mark {
        Some((Origin::Coursekey, basis)) => (false, Some(basis)),
        Some((origin, _)) => (*origin == Origin::Hand, None),
        None => (false, None),
    };
    if is_hand {
        return Ok(Some(Because::Hand));
    }
    if basis.is_some_and(|basis| says(basis, record)) {
        return Ok(Some(Because::Mark));
    }
    if are_rows_of(rig.book.log_rows_of(&record.id).await?, record) {
        return Ok(Some(Because::Rows));
    }
    let reasons = [
        (issues.are_about(record), Because::Issue),
        (record.visits.is_empty() && record.adjustment.is_none(), Because::SaysNothing),
        (classes.foreign.contains(&*record.session), Because::NotSynchronized),
        (counts_for_nothing(basis, record, classes), Because::SaysNothing),
        (classes.running.contains(&*record.session), Because::Waits),
        (classes.was_followed_before(record), Because::NotFollowed),
        (!classes.is_read(record), Because::NotRead),
    ];
    Ok(reasons.into_iter().find_map(|(fits, because)| fits.then_some(because)))
}

/// Class and student of the record.
fn place(record: &HeldRecord) -> Place {
    (record.session.to_string(), record.user.to_string())
}

/// Whether the mark rests on what the record says now. An earlier version of the record may have said the same.
fn says(basis: &BasisLine, record: &HeldRecord) -> bool {
    let mut told: Vec<_> = basis.visits().map(|(came, left)| (came.to_owned(), left.map(str::to_owned))).collect();
    let mut held: Vec<_> = record.visits.iter().map(|(came, left)| (rfc3339(*came), left.map(rfc3339))).collect();
    told.sort_unstable();
    held.sort_unstable();
    let staff = (basis.adjustment(), basis.awarded_seconds());
    basis.attendance_record() == Some(&*record.id) && told == held && staff == (record.adjustment, record.awarded)
}

/// Whether the rows say the same as the record: the time of its visits that have ended, overlaps once, or the time that
/// staff gave instead. A visit without an end may have a row too.
fn are_rows_of(rows: Vec<LogLine>, record: &HeldRecord) -> bool {
    if rows.is_empty() {
        return false;
    }
    let (mut ended, mut running) = (Vec::new(), BTreeSet::new());
    for (came, left) in &record.visits {
        match left {
            Some(left) => ended.push((rfc3339(*came), rfc3339(*left))),
            None => _ = running.insert(rfc3339(*came)),
        }
    }
    let rows = rows.into_iter().map(|row| (row.r#in, row.out)).filter(|(came, _)| !running.contains(came));
    let is_given = record.awarded.is_some() || matches!(record.adjustment, Some("award-full" | "override"));
    is_given || joined(rows.collect()) == joined(ended)
}

/// Spans of time in order, those that touch or overlap as one. Instants in the form of the files are in order as texts.
fn joined(mut spans: Vec<(String, String)>) -> Vec<(String, String)> {
    spans.sort_unstable();
    let mut whole: Vec<(String, String)> = Vec::new();
    for (from, to) in spans {
        match whole.last_mut().filter(|last| from <= last.1) {
            Some(last) if last.1 < to => last.1 = to,
            Some(_) => {}
            None => whole.push((from, to)),
        }
    }
    whole
}

/// Whether all time of the record was removed where nothing else rests on it: GEGI does not have the class, the class's
/// course does not list the student or the student had stopped before, or another record decided the mark.
fn counts_for_nothing(basis: Option<&BasisLine>, record: &HeldRecord, classes: &Classes) -> bool {
    let of_other = |basis: &BasisLine| basis.attendance_record().is_some_and(|of| of != &*record.id);
    record.adjustment == Some("remove-all") && basis.map_or_else(|| !classes.have_place_for(record), of_other)
}

/// Open issues about classes, and about students in classes.
struct Issues {
    classes: BTreeSet<String>,
    places: BTreeSet<Place>,
}

impl Issues {
    async fn open(rig: &Rig) -> Result<Self, BookError> {
        let mut issues = Self { classes: BTreeSet::new(), places: BTreeSet::new() };
        for issue in rig.book.issues().await?.into_iter().filter(|issue| issue.resolved_at.is_none()) {
            match (issue.class, issue.student) {
                (Some(class), Some(student)) => _ = issues.places.insert((class, student)),
                (Some(class), None) => _ = issues.classes.insert(class),
                (None, _) => {}
            }
        }
        Ok(issues)
    }

    fn are_about(&self, record: &HeldRecord) -> bool {
        self.classes.contains(&*record.session) || self.places.contains(&place(record))
    }
}

impl Accounting {
    fn count_of(&mut self, because: Because) -> &mut u64 {
        match because {
            Because::Mark => &mut self.by_mark,
            Because::Hand => &mut self.by_hand,
            Because::Rows => &mut self.by_log_rows,
            Because::Issue => &mut self.by_issue,
            Because::SaysNothing => &mut self.saying_nothing,
            Because::NotSynchronized => &mut self.not_synchronized,
            Because::Waits => &mut self.waiting,
            Because::NotFollowed => &mut self.not_followed,
            Because::NotRead => &mut self.not_read,
        }
    }

    /// Looks for records that led to nothing else: the journal may say that their time was withdrawn, or all their
    /// time was removed before any row was written.
    async fn ask_the_journal(&mut self, rig: &Rig, mut untold: BTreeMap<Place, Vec<Untold>>) -> Result<(), BookError> {
        if untold.is_empty() {
            return Ok(());
        }
        let take = |line: JournalLine, of: Option<&str>| {
            let place = line.class.zip(line.student).filter(|_| line.new.is_none());
            if let Some(records) = place.and_then(|place| untold.get_mut(&place)) {
                let before = records.len();
                records.retain(|(record, _)| of != Some(record));
                self.by_journal += count(before - records.len());
            }
            Ok(())
        };
        rig.book.each_journal_line(take).await?;
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
