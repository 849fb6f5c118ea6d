//! Rows of the attendance log: "one row per visit, keyed by (record id, number of the visit), with in, out, minutes".

use super::marks::{Worth, impossible, last_out};
use crate::school::{Class, Kind, MINUTE, Version};

/// A net row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Row {
    pub(crate) class: String,
    pub(crate) student: String,
    pub(crate) record: String,
    pub(crate) visit: u32,
    pub(crate) came: i64,
    pub(crate) left: i64,
}

impl Row {
    /// Whole minutes between in and out.
    pub(crate) fn minutes(&self) -> i64 {
        (self.left - self.came) / MINUTE
    }
}

/// The rows of a record at a moment, and the issue of the record, if any.
pub(super) fn rows(class: &Class, settle: i64, version: &Version, now: i64) -> (Vec<Row>, Worth) {
    let row = |(visit, came, left): (u32, i64, i64)| Row {
        class: class.id.clone(),
        student: version.student.clone(),
        record: version.id.clone(),
        visit,
        came,
        left,
    };
    let content = &version.content;
    let of_length = |seconds: i64| (vec![row((1, class.starts, class.starts + seconds))], Worth::Nothing);
    let adjustment = content.adjustment;
    match adjustment.map(|adjustment| (adjustment.kind, adjustment.awarded)) {
        // "award-full makes one row of the class's length", "removal voids it".
        Some((Kind::AwardFull, _)) if now < class.ends => return (Vec::new(), Worth::Nothing),
        Some((Kind::AwardFull, _)) => return of_length(class.ends - class.starts),
        Some((Kind::RemoveAll, _)) => return (Vec::new(), Worth::Nothing),
        Some((Kind::Override, None)) if content.visits.is_empty() => {
            return (Vec::new(), Worth::Issue("record-unreadable"));
        }
        _ => {}
    }
    if let Some(issue) = impossible(content, now) {
        return (Vec::new(), Worth::Issue(issue));
    }
    if let Some((Kind::Override, Some(awarded))) = adjustment.map(|adjustment| (adjustment.kind, adjustment.awarded))
        && last_out(class, content).is_none()
    {
        return of_length(awarded);
    }
    let closed = (1..).zip(&content.visits).filter_map(|(number, visit)| visit.1.map(|left| (number, visit.0, left)));
    let open = content.visits.iter().any(|visit| visit.1.is_none());
    // "an open visit waits as above".
    let worth = if open && now >= class.ends + settle { Worth::Issue("never-checked-out") } else { Worth::Nothing };
    (closed.map(row).collect(), worth)
}
