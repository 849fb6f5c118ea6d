//! Attendance records by time: records that will be listed later, and the newest version of each record that is
//! listed.
//!
//! Not here: where records come from (`attendance_file` reads them, `people` makes them up).

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::{Excluded, Included, Unbounded};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// CourseKey's record of one user in one session, in one version.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Record {
    pub(super) id: Arc<str>,
    pub(super) version: u32,
    /// The school of the record; none: the school in which the session is held.
    pub(super) school: Option<u64>,
    pub(super) session: Arc<str>,
    pub(super) user: Arc<str>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) visits: Box<[Visit]>,
    pub(super) adjustment: Option<Arc<Adjustment>>,
}

/// A check-in with its check-out, if any.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Visit {
    #[serde(rename = "in")]
    pub(super) checked_in: DateTime<Utc>,
    #[serde(rename = "out")]
    pub(super) checked_out: Option<DateTime<Utc>>,
}

/// A change that staff made to a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Adjustment {
    pub(super) kind: AdjustmentKind,
    pub(super) by: String,
    pub(super) awarded_seconds: Option<u32>,
}

/// The ways in which staff change a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum AdjustmentKind {
    /// Staff overwrote check-ins or check-outs.
    Edit,
    /// Staff awarded the whole class.
    AwardFull,
    /// Staff took all time away.
    RemoveAll,
    /// Staff awarded a number of seconds.
    Override,
}

impl AdjustmentKind {
    /// The word that the listing has for this way.
    fn as_str(self) -> &'static str {
        match self {
            Self::Edit => "edit",
            Self::AwardFull => "award-full",
            Self::RemoveAll => "remove-all",
            Self::Override => "override",
        }
    }
}

/// A record as it is listed, for comparing CourseKey with GEGI.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldRecord {
    /// CourseKey's id of the record.
    pub id: Arc<str>,
    /// The School ID of the school that lists the record.
    pub school: u64,
    /// The session (GEGI: class).
    pub session: Arc<str>,
    /// The user's issued id.
    pub user: Arc<str>,
    /// When this version was written, whole seconds since 1970.
    pub updated_at: i64,
    /// Check-ins with their check-outs, whole seconds since 1970.
    pub visits: Vec<(i64, Option<i64>)>,
    /// The change that staff made to the record, in the listing's word.
    pub adjustment: Option<&'static str>,
    /// The seconds that staff awarded.
    pub awarded: Option<i64>,
    position: Position,
}

impl HeldRecord {
    fn new(position: &Position, record: &Record, school: u64) -> Self {
        let punches = |visit: &Visit| (visit.checked_in.timestamp(), visit.checked_out.map(|out| out.timestamp()));
        let adjustment = record.adjustment.as_deref();
        Self {
            id: Arc::clone(&record.id),
            school,
            session: Arc::clone(&record.session),
            user: Arc::clone(&record.user),
            updated_at: record.updated_at.timestamp(),
            visits: record.visits.iter().map(punches).collect(),
            adjustment: adjustment.map(|adjustment| adjustment.kind.as_str()),
            awarded: adjustment.and_then(|adjustment| adjustment.awarded_seconds).map(i64::from),
            position: position.clone(),
        }
    }
}

/// The place of a version in the order of listing.
pub(super) type Position = (DateTime<Utc>, Arc<str>, u32);

/// Every record.
#[derive(Default)]
pub(super) struct Attendance {
    coming: BTreeMap<Position, Record>,
    listed: BTreeMap<Position, Record>,
    /// By record id, the time and version of the newest listed version.
    newest: BTreeMap<Arc<str>, (DateTime<Utc>, u32)>,
    /// Sessions with at least one listed record.
    sessions: BTreeSet<Arc<str>>,
}

impl Attendance {
    /// Adds a record, which is listed from its `updated_at` on.
    pub(super) fn add(&mut self, record: Record) {
        self.coming.insert((record.updated_at, record.id.clone(), record.version), record);
    }

    /// Lists the records whose time has come by `now`. Costs one comparison if there are none.
    pub(super) fn advance(&mut self, now: DateTime<Utc>) {
        while let Some(entry) = self.coming.first_entry() {
            if entry.key().0 > now {
                return;
            }
            let (position, record) = entry.remove_entry();
            self.list(position, record);
        }
    }

    fn list(&mut self, position: Position, record: Record) {
        let (updated_at, id, version) = position.clone();
        if let Some((old_update, old_version)) = self.newest.get(&id).copied() {
            if old_version >= version {
                return;
            }
            self.listed.remove(&(old_update, id.clone(), old_version));
        }
        self.newest.insert(id, (updated_at, version));
        self.sessions.insert(record.session.clone());
        self.listed.insert(position, record);
    }

    /// The newest listed version of a record, if any.
    pub(super) fn newest(&self, id: &str) -> Option<&Record> {
        let (id, (updated_at, version)) = self.newest.get_key_value(id)?;
        self.listed.get(&(*updated_at, id.clone(), *version))
    }

    /// Listed records after the given one, in the order of listing, at most `limit`.
    pub(super) fn after(
        &self,
        school_of: impl Fn(&Record) -> u64,
        last: Option<&HeldRecord>,
        limit: usize,
    ) -> Vec<HeldRecord> {
        let from = last.map_or(Unbounded, |last| Excluded(&last.position));
        let after = self.listed.range((from, Unbounded)).take(limit);
        after.map(|(position, record)| HeldRecord::new(position, record, school_of(record))).collect()
    }

    /// Whether the session has a listed record.
    pub(super) fn has_records_of(&self, session: &str) -> bool {
        self.sessions.contains(session)
    }

    /// Records updated at `since` or later and after the cursor, in the order of listing.
    pub(super) fn since(&self, since: DateTime<Utc>, after: Option<Position>) -> impl Iterator<Item = &Record> {
        let start = (since, Arc::from(""), 0);
        let from = match after {
            Some(position) if position >= start => Excluded(position),
            _ => Included(start),
        };
        self.listed.range((from, Unbounded)).map(|(_, record)| record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(minute * 60, 0).unwrap_or_default()
    }

    fn record(id: &str, version: u32, minute: i64) -> Record {
        Record {
            id: id.into(),
            version,
            school: None,
            session: "C1-1".into(),
            user: "S000001".into(),
            updated_at: at(minute),
            visits: Box::default(),
            adjustment: None,
        }
    }

    fn listing(attendance: &Attendance, since: i64, after: Option<Position>) -> String {
        let records = attendance.since(at(since), after);
        let lines: Vec<String> = records.map(|record| format!("{}v{}", record.id, record.version)).collect();
        lines.join(" ")
    }

    #[test]
    fn a_record_is_listed_from_its_update_on_and_a_newer_version_takes_its_place() {
        let mut attendance = Attendance::default();
        attendance.add(record("a", 1, 10));
        attendance.add(record("a", 2, 30));
        attendance.add(record("b", 1, 10));
        attendance.advance(at(9));
        assert_eq!(listing(&attendance, 0, None), "");
        assert!(!attendance.has_records_of("C1-1"));
        attendance.advance(at(10));
        assert_eq!(listing(&attendance, 0, None), "av1 bv1");
        assert!(attendance.has_records_of("C1-1"));
        assert_eq!(attendance.newest("a").map(|record| record.version), Some(1));
        assert!(attendance.newest("c").is_none());
        attendance.advance(at(30));
        assert_eq!(attendance.newest("a").map(|record| record.version), Some(2));
        assert_eq!(listing(&attendance, 0, None), "bv1 av2");
        assert_eq!(listing(&attendance, 30, None), "av2");
        assert_eq!(listing(&attendance, 31, None), "");
    }

    #[test]
    fn a_lower_version_that_comes_later_changes_nothing() {
        let mut attendance = Attendance::default();
        attendance.add(record("a", 2, 10));
        attendance.add(record("a", 1, 20));
        attendance.advance(at(20));
        assert_eq!(listing(&attendance, 0, None), "av2");
    }

    #[test]
    fn a_listing_continues_after_its_cursor_and_never_before_the_instant_asked_for() {
        let mut attendance = Attendance::default();
        for (id, minute) in [("a", 10), ("b", 10), ("c", 20)] {
            attendance.add(record(id, 1, minute));
        }
        attendance.advance(at(20));
        let after = |minute, id: &str| Some((at(minute), Arc::from(id), 1));
        assert_eq!(listing(&attendance, 0, after(10, "a")), "bv1 cv1");
        assert_eq!(listing(&attendance, 20, after(10, "a")), "cv1");
        assert_eq!(listing(&attendance, 0, after(20, "c")), "");
        let mut ids = Vec::new();
        let mut last = None;
        while let Some(next) = attendance.after(|_| 1, last.as_ref(), 1).pop() {
            ids.push(next.id.to_string());
            last = Some(next);
        }
        assert_eq!(ids.join(" "), "a b c");
    }
}
