//! Translates the call `preview` between the bindings and the core.

use super::bindings::exports::gegi::coursekey::review as wire;
use crate::model::ids::CourseId;
use crate::preview::{Act, Asked, CoursePreview, Kind, Left, Planned, Preview};

pub(super) fn asked(query: wire::PreviewQuery) -> Asked {
    match query {
        wire::PreviewQuery::Due(page) => Asked::Due { after: page.after.map(CourseId), limit: page.limit },
        wire::PreviewQuery::Course(course) => Asked::Course(CourseId(course)),
    }
}

pub(super) fn page(from: Preview) -> wire::PreviewPage {
    let count = |(of, done, number)| wire::ItemCount { kind: kind(of), act: act(done), number };
    wire::PreviewPage {
        counts: from.counts.into_iter().map(count).collect(),
        waiting: from.left,
        held: from.held,
        courses: from.courses.into_iter().map(course).collect(),
        next: from.next.map(|course| course.0),
    }
}

fn course(from: CoursePreview) -> wire::CoursePreview {
    wire::CoursePreview {
        course: from.course.0,
        name: from.name,
        rest: from.rest,
        first_send: from.first,
        blocked: from.blocked,
        planned: from.planned.into_iter().map(planned).collect(),
        waiting: from.left.into_iter().map(waiting).collect(),
    }
}

fn planned(from: Planned) -> wire::PlannedItem {
    let Planned { kind: of, id, name, act: done, reason } = from;
    wire::PlannedItem { kind: kind(of), id, name, act: act(done), reason }
}

fn waiting(from: Left) -> wire::WaitingItem {
    let Left { kind: of, id, name, reason, remedy } = from;
    wire::WaitingItem { kind: kind(of), id, name, reason, remedy }
}

fn kind(from: Kind) -> wire::ItemKind {
    match from {
        Kind::Instructor => wire::ItemKind::Instructor,
        Kind::Student => wire::ItemKind::Student,
        Kind::Course => wire::ItemKind::Course,
        Kind::Class => wire::ItemKind::Class,
        Kind::Enrollment => wire::ItemKind::Enrollment,
    }
}

fn act(from: Act) -> wire::ItemAct {
    match from {
        Act::Add => wire::ItemAct::Add,
        Act::Change => wire::ItemAct::Change,
        Act::Remove => wire::ItemAct::Remove,
    }
}
