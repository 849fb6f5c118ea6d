//! Translates the calls `explain` and `why-not` between the core and the bindings.

use super::bindings::exports::gegi::coursekey::review as wire;
use super::convert;
use crate::attendance::RowKey;
use crate::attendance::account::Use;
use crate::explain::{Explanation, Finding, Obstacle, Sought};
use crate::model::attendance::{AttendanceRecord, Visit};
use crate::model::course::HoursType;
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::time::Instant;
use crate::world::records::{CurrentMark, Origin};

pub(super) fn sought(from: wire::Sought) -> Sought {
    match from {
        wire::Sought::Mark(of) => Sought::Mark(ClassId(of.class), PersonId(of.student)),
        wire::Sought::Enrollment(of) => Sought::Enrollment(CourseId(of.course), PersonId(of.student)),
        wire::Sought::Class(class) => Sought::Class(ClassId(class)),
        wire::Sought::Mail => Sought::Mail,
    }
}

pub(super) fn finding(from: Finding) -> wire::Finding {
    match from {
        Finding::There(sentence) => wire::Finding::There(sentence),
        Finding::Missing(missing) => wire::Finding::Missing(obstacle(missing)),
    }
}

fn obstacle(from: Obstacle) -> wire::Obstacle {
    wire::Obstacle {
        condition: from.condition.name().to_owned(),
        sentence: from.sentence,
        remedy: from.condition.remedy().to_owned(),
        owner: from.condition.owner().map(|owner| owner.name().to_owned()),
        until: from.until.map(|at| at.0),
    }
}

pub(super) fn explanation(from: Explanation) -> wire::Explanation {
    let limits = from.limits;
    wire::Explanation {
        course: from.course.0,
        course_name: from.course_name,
        class_name: from.class_name,
        student_name: from.student_name,
        keeps_log: from.form == HoursType::AttendanceLog,
        starts: from.times.0.0,
        ends: from.times.1.0,
        late_until: limits.late_until.0,
        early_from: limits.early_from.0,
        longest_gap_seconds: limits.longest_gap.map(|gap| gap.0),
        least_percent: limits.least_percent,
        settled_at: limits.settled_at.0,
        follow_until: limits.follow_until.0,
        read_until: limits.read_until.map(|at| at.0),
        sentence: from.sentence,
        current: from.current.as_ref().map(standing_mark),
        next: from.next.map(convert::mark),
        rule: from.basis.map(|basis| basis.rule.name().to_owned()),
        overruled: from.overruled.map(convert::mark),
        versions: from.records.into_iter().map(version).collect(),
        rows: from.rows.into_iter().map(row).collect(),
        issues: from.issues.into_iter().map(|issue| issue.sentence).collect(),
        obstacle: from.obstacle.map(obstacle),
    }
}

fn standing_mark(from: &CurrentMark) -> wire::StandingMark {
    let author = match from.origin {
        Origin::Hand => wire::MarkAuthor::Hand,
        Origin::Preset => wire::MarkAuthor::Preset,
        Origin::CourseKey => wire::MarkAuthor::Coursekey,
    };
    wire::StandingMark { mark: convert::mark(from.mark), author }
}

fn version((record, of_use): (AttendanceRecord, Use)) -> wire::RecordVersion {
    let visit = |visit: Visit| wire::AttendedVisit {
        checked_in: visit.checked_in.0,
        checked_out: visit.checked_out.map(|at| at.0),
    };
    wire::RecordVersion {
        id: record.id.0,
        version: record.version,
        updated_at: record.updated_at.0,
        visits: record.visits.into_iter().map(visit).collect(),
        adjustment: record.adjustment.as_ref().map(|did| did.kind.name().to_owned()),
        awarded_seconds: record.adjustment.and_then(|did| did.awarded).map(|awarded| awarded.0),
        use_of_it: match of_use {
            Use::Counts => wire::VersionUse::Counts,
            Use::TooLate => wire::VersionUse::TooLate,
            Use::Replaced => wire::VersionUse::Replaced,
        },
    }
}

fn row(((record, visit), (checked_in, checked_out, minutes)): (RowKey, (Instant, Instant, u32))) -> wire::ExplainedRow {
    wire::ExplainedRow { id: record.0, visit, checked_in: checked_in.0, checked_out: checked_out.0, minutes }
}
