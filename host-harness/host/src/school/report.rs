//! Adds up the reports of ticks that ran in a row.

use crate::school::{Tally, TickReport};

/// Adds a later report to an earlier one: counts add up as far as they go, everything about the next tick is the later report's.
pub(super) fn add(sum: &mut TickReport, later: TickReport) {
    for tally in later.tallies {
        match sum.tallies.iter_mut().find(|known| known.kind == tally.kind) {
            Some(known) => add_tally(known, &tally),
            None => sum.tallies.push(tally),
        }
    }
    sum.marks_written = sum.marks_written.saturating_add(later.marks_written);
    sum.log_rows_written = sum.log_rows_written.saturating_add(later.log_rows_written);
    sum.issues_opened = sum.issues_opened.saturating_add(later.issues_opened);
    sum.issues_resolved = sum.issues_resolved.saturating_add(later.issues_resolved);
    sum.more_work = later.more_work;
    sum.next_due = later.next_due;
}

fn add_tally(known: &mut Tally, later: &Tally) {
    known.requests = known.requests.saturating_add(later.requests);
    known.items = known.items.saturating_add(later.items);
    known.accepted = known.accepted.saturating_add(later.accepted);
    known.rejected = known.rejected.saturating_add(later.rejected);
    known.failed = known.failed.saturating_add(later.failed);
    known.failed_requests = known.failed_requests.saturating_add(later.failed_requests);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::school::RequestKind;

    fn report(kind: RequestKind, items: u32, next_due: Option<i64>) -> TickReport {
        let tally = Tally { kind, requests: 1, items, accepted: items, rejected: 0, failed: 0, failed_requests: 0 };
        TickReport {
            tallies: vec![tally],
            marks_written: 2,
            log_rows_written: 0,
            issues_opened: 0,
            issues_resolved: 0,
            more_work: next_due.is_none(),
            next_due,
        }
    }

    #[test]
    fn counts_add_up_by_kind_and_the_last_tick_says_what_is_next() {
        let mut sum = report(RequestKind::Users, 100, None);
        add(&mut sum, report(RequestKind::Users, 7, None));
        add(&mut sum, report(RequestKind::Courses, 1, Some(300)));
        let items: Vec<_> = sum.tallies.iter().map(|tally| (tally.kind, tally.requests, tally.items)).collect();
        assert_eq!(items, [(RequestKind::Users, 2, 107), (RequestKind::Courses, 1, 1)]);
        assert_eq!((sum.marks_written, sum.more_work, sum.next_due), (6, false, Some(300)));
    }
}
