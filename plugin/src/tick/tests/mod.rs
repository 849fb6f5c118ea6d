//! Tests of whole ticks, natively: change one thing, and see which items are sent and which operations are written.

mod absence;
mod attendance;
mod failures;
mod freed;
mod mail;
mod moved;
mod outages;
mod people;
mod pushes;
mod rare;
mod reading;
mod remedies;
mod roster;
mod silence;
mod sizes;
mod unreadable;

use crate::model::attendance::Mark;
use crate::testing::Fake;
use crate::world::records::Operation;

/// The operations on marks, rows and issues with their lines of the journal, one a line.
pub(super) fn written(world: &mut Fake) -> String {
    let line = |operation: &Operation| match operation {
        Operation::SetMark { class, student, expected, mark, basis, .. } => {
            let old = expected.map_or("-", Mark::letter);
            Some(format!("{class} {student} {old}→{}: {}", mark.letter(), crate::marking::sentence(basis)))
        }
        Operation::PutLogRow { row, .. } => {
            Some(format!("{} {} {} visit {}: {} min", row.class, row.student, row.record, row.visit, row.minutes))
        }
        Operation::WithdrawMark { class, student, .. } => Some(format!("{class} {student} withdrawn")),
        Operation::VoidLogRow { record, visit, .. } => Some(format!("void {record} visit {visit}")),
        Operation::OpenIssue { key, .. } => Some(format!("open {key}")),
        Operation::ResolveIssue { key, .. } => Some(format!("resolve {key}")),
        Operation::Journal(_) => None,
    };
    let lines: Vec<String> = world.operations.iter().filter_map(line).collect();
    world.operations.clear();
    lines.join("\n")
}
