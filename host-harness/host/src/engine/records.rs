//! The import `records`: GEGI's marks as they will stand once every operation on its way has been delivered.

use std::collections::BTreeMap;

use super::Call;
use crate::bindings::gegi::coursekey::records::{CurrentMark, Host, Operation, Origin, RecordsError};
use crate::bindings::nouns::ReadError;

impl Host for Call {
    /// The marks that GEGI holds, changed by the operations that are committed and not delivered yet, and then by
    /// those that this call has staged.
    async fn current_marks(&mut self, class: String) -> wasmtime::Result<Result<Vec<CurrentMark>, ReadError>> {
        self.meter.stores();
        // The outbox is read before GEGI: an operation that is delivered in between is then in both answers, and not
        // in neither.
        let under_way = self.unit.operations_under_way(&class).await?;
        let held = self.source.current_marks(&class).await;
        Ok(held.map(|held| overlay(&class, held, under_way.iter())).map_err(ReadError::from))
    }

    async fn stage(&mut self, operations: Vec<Operation>) -> wasmtime::Result<Result<(), RecordsError>> {
        Ok(self.unit.stage(operations))
    }
}

fn overlay<'a>(
    class: &str,
    held: Vec<CurrentMark>,
    operations: impl Iterator<Item = &'a Operation>,
) -> Vec<CurrentMark> {
    let mut marks: BTreeMap<String, CurrentMark> = held.into_iter().map(|mark| (mark.student.clone(), mark)).collect();
    for operation in operations {
        match operation {
            Operation::SetMark(set) if set.class == class => {
                let mark = CurrentMark { student: set.student.clone(), mark: set.mark, origin: Origin::Coursekey };
                marks.insert(set.student.clone(), mark);
            }
            Operation::WithdrawMark(withdrawn) if withdrawn.class == class => {
                marks.remove(&withdrawn.student);
            }
            _ => {}
        }
    }
    marks.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bindings::gegi::coursekey::records::{Basis, JournalEntry, SetMark, WithdrawMark};
    use crate::gegi::Mark;

    fn set(class: &str, student: &str, mark: Mark) -> Operation {
        let basis = Basis {
            rule: "present".to_owned(),
            starts: 0,
            ends: 3600,
            late_until: 900,
            early_from: 2700,
            longest_gap_seconds: None,
            minimum_attended_percent: 0,
            attended_seconds: 0,
            visits: Vec::new(),
            adjustment: None,
            awarded_seconds: None,
            attendance_record: None,
            version: 0,
            sentence: String::new(),
        };
        Operation::SetMark(SetMark {
            class: class.to_owned(),
            student: student.to_owned(),
            expected: None,
            mark,
            basis,
            journal: entry(),
        })
    }

    fn entry() -> JournalEntry {
        JournalEntry {
            at: 0,
            what: String::new(),
            course: None,
            class: None,
            person: None,
            old: None,
            new: None,
            by: String::new(),
            attendance_record: None,
        }
    }

    fn withdraw(student: &str) -> Operation {
        Operation::WithdrawMark(WithdrawMark { class: "c1".to_owned(), student: student.to_owned(), journal: entry() })
    }

    fn held(student: &str, mark: Mark, origin: Origin) -> CurrentMark {
        CurrentMark { student: student.to_owned(), mark, origin }
    }

    #[test]
    fn what_is_under_way_outweighs_what_gegi_holds_and_the_last_word_counts() {
        let gegi = vec![held("s1", Mark::Absent, Origin::Hand), held("s2", Mark::Absent, Origin::Coursekey)];
        let under_way = [
            set("c1", "s1", Mark::Late),
            set("c2", "s2", Mark::Late),
            set("c1", "s0", Mark::Late),
            withdraw("s0"),
            withdraw("s2"),
        ];
        let marks = overlay("c1", gegi, under_way.iter());
        assert_eq!(marks, [held("s1", Mark::Late, Origin::Coursekey)]);
    }
}
