//! Whether every attendance record that the simulated CourseKey holds left something in GEGI: a mark or rows that say what
//! it says, an issue, a hand that decided, or a line of the journal about what it took back.
//!
//! It is the run's own check, made from the two ends alone: it knows neither the plugin nor its state.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::rig::Rig;
use crate::twin::{StandingMark, TwinError};
use host::gegi::{Basis, HoursType, Visit};
use simulator::HeldRecord;

/// The most records without an account that are named.
const NAMED: usize = 20;

/// What became of CourseKey's records, each in its newest version; a record is counted once, where it fits first.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Accounting {
    /// Records that CourseKey holds.
    pub records: u64,
    /// A mark says what the record says.
    pub by_mark: u64,
    /// Rows of the attendance log say what the record says.
    pub by_log_rows: u64,
    /// An open issue is about the record's student and class, or about its class.
    pub by_issue: u64,
    /// A person wrote the mark.
    pub by_hand: u64,
    /// The journal says that time was taken back.
    pub by_journal: u64,
    /// No visit, no time, nothing that staff gave, or no row of a log because all time was removed: there is nothing to tell.
    pub saying_nothing: u64,
    /// The class, or its settle time, runs.
    pub waiting: u64,
    /// It was written when the course's attendance was not followed any more, and is not read.
    pub not_followed: u64,
    /// None of these.
    pub unaccounted: u64,
    /// The ids of the first of the unaccounted.
    pub unaccounted_records: Vec<String>,
}

/// Class and student.
type Place = (String, String);

/// A record that nothing in GEGI tells of so far, and whether it takes all time of a log away.
type Untold = (String, bool);

/// Looks at every record of the rig's CourseKey at the present moment; none if it is not simulated here.
pub(super) fn account(rig: &Rig) -> Result<Option<Accounting>, TwinError> {
    let (issues, Classes { running, logs, followed }) = (Issues::open(rig)?, classes(rig)?);
    let mut accounting = Accounting::default();
    let mut untold: BTreeMap<Place, Vec<Untold>> = BTreeMap::new();
    let is_simulated = rig.coursekey.each_record(rig.now(), |record| -> Result<(), TwinError> {
        accounting.records += 1;
        let is_removed = record.adjustment == Some("remove-all") && logs.contains(record.session);
        let counted = match told(rig, record, &issues)? {
            Some(Told::Mark) => &mut accounting.by_mark,
            Some(Told::Hand) => &mut accounting.by_hand,
            Some(Told::Rows) => &mut accounting.by_log_rows,
            Some(Told::Issue) => &mut accounting.by_issue,
            None if record.visits.is_empty() && record.adjustment.is_none() => &mut accounting.saying_nothing,
            None if running.contains(record.session) => &mut accounting.waiting,
            None if followed.get(record.session).is_some_and(|until| record.updated_at > *until) => {
                &mut accounting.not_followed
            }
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

/// What of GEGI's tells of the record.
fn told(rig: &Rig, record: &HeldRecord<'_>, issues: &Issues) -> Result<Option<Told>, TwinError> {
    Ok(match rig.twin.mark_of(record.session, record.user)? {
        Some(StandingMark::CourseKeys(basis)) if says(&basis, record) => Some(Told::Mark),
        Some(StandingMark::Hand) => Some(Told::Hand),
        _ if are_rows_of(rig.twin.log_times_of(record.id)?, record) => Some(Told::Rows),
        _ if issues.are_about(record) => Some(Told::Issue),
        _ => None,
    })
}

/// Whether the mark rests on what the record says now, be it that an earlier version said the same.
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

/// Whether the rows are what the record says: its visits that have ended, or what staff gave instead.
fn are_rows_of(mut rows: Vec<(i64, i64)>, record: &HeldRecord<'_>) -> bool {
    let mut ended: Vec<_> = record.visits.iter().filter_map(|(came, left)| Some((*came, (*left)?))).collect();
    rows.sort_unstable();
    ended.sort_unstable();
    let is_given = matches!(record.adjustment, Some("award-full" | "override"));
    !rows.is_empty() && (is_given || rows == ended)
}

/// What has to be known of classes.
struct Classes {
    /// Something may still be to come: they run, or their settle time does, or the tick after it is not due.
    running: BTreeSet<String>,
    /// They have rows of the attendance log, so that of time that was removed nothing is left.
    logs: BTreeSet<String>,
    /// The last moment of which their course's attendance is read.
    followed: BTreeMap<String, i64>,
}

fn classes(rig: &Rig) -> Result<Classes, TwinError> {
    let settings = rig.twin.settings_if_any()?.ok_or(TwinError::NoSchool)?;
    let settle = i64::from(settings.settle_minutes + settings.update_every_minutes) * 60;
    let until = rig.now().timestamp() - settle;
    let follow = i64::from(settings.follow_adjustments_days) * 86_400;
    let follow = follow.max(i64::from(settings.settle_minutes) * 60);
    let mut classes = Classes { running: BTreeSet::new(), logs: BTreeSet::new(), followed: BTreeMap::new() };
    rig.twin.each_course(|course| {
        if course.hours_type == HoursType::AttendanceLog {
            classes.logs.extend(course.classes.iter().map(|class| class.id.clone()));
        }
        let last = course.classes.iter().map(|class| class.ends).max().unwrap_or_default();
        classes.followed.extend(course.classes.iter().map(|class| (class.id.clone(), last + follow)));
        let running = course.classes.into_iter().filter(|class| class.ends > until);
        classes.running.extend(running.map(|class| class.id));
    })?;
    Ok(classes)
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
    /// Of what nothing tells the journal may say that it was taken back; or all time was removed before there was any.
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
