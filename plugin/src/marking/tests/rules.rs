//! The marking table, row by row, and the adjustments by staff.

use expect_test::expect;

use super::timeline::{read, table};
use crate::marking::{Decision, Rule};
use crate::model::sorted::SortedSet;

/// Every row of DOMAIN §3's table.
const TABLE: [&str; 9] = [
    "class 09:00-12:00; no record",
    "class 09:00-12:00; in 08:58; out 12:01",
    "class 09:00-12:00; in 09:04; out 12:01",
    "class 09:00-12:00; in 08:58; out 11:58",
    "class 09:00-12:00; in 09:04; out 11:58",
    "class 09:00-12:00; in 09:20; out 12:01",
    "class 09:00-12:00; in 09:20",
    "class 09:00-12:00; in 08:58; out 11:20",
    "class 09:00-12:00; in 08:58",
];

#[test]
fn every_row_of_the_table() {
    expect![[r#"
        class 09:00-12:00; no record
            A skipped: Absent: did not check in
        class 09:00-12:00; in 08:58; out 12:01
            P present: Present: attended the whole class
        class 09:00-12:00; in 09:04; out 12:01
            L came-late: Late: came 4 min after the start
        class 09:00-12:00; in 08:58; out 11:58
            L left-early: Late: left 2 min before the end
        class 09:00-12:00; in 09:04; out 11:58
            L came-late-and-left-early: Late: came 4 min after the start; left 2 min before the end
        class 09:00-12:00; in 09:20; out 12:01
            A came-too-late: Absent: came 20 min after the start; the limit is 15 min
        class 09:00-12:00; in 09:20
            A came-too-late: Absent: came 20 min after the start; the limit is 15 min
        class 09:00-12:00; in 08:58; out 11:20
            A left-too-early: Absent: left 40 min before the end; the limit is 15 min
        class 09:00-12:00; in 08:58
            NeverCheckedOut: checked in 2 min before the start and never out
    "#]]
    .assert_eq(&table(&TABLE));
}

#[test]
fn the_worst_rule_wins() {
    expect![[r"
        class 09:00-12:00; in 09:20; out 11:58
            A came-too-late: Absent: came 20 min after the start; the limit is 15 min; left 2 min before the end
        class 09:00-12:00; in 09:20; out 11:20
            A came-too-late: Absent: came 20 min after the start; the limit is 15 min; left 40 min before the end; the limit is 15 min
        class 09:00-12:00; in 09:04; out 11:20
            A left-too-early: Absent: came 4 min after the start; left 40 min before the end; the limit is 15 min
        class 09:00-12:00; in 09:04; out 09:30; in 11:10; out 12:00
            L came-late: Late: came 4 min after the start; away 100 min in between; the limit is 90 min
        class 09:00-12:00; in 09:00; out 09:30; in 11:10; out 11:30
            A left-too-early: Absent: left 30 min before the end; the limit is 15 min; away 100 min in between; the limit is 90 min
    "]].assert_eq(&table(&[
        "class 09:00-12:00; in 09:20; out 11:58",
        "class 09:00-12:00; in 09:20; out 11:20",
        "class 09:00-12:00; in 09:04; out 11:20",
        "class 09:00-12:00; in 09:04; out 09:30; in 11:10; out 12:00",
        "class 09:00-12:00; in 09:00; out 09:30; in 11:10; out 11:30",
    ]));
}

#[test]
fn a_record_without_a_visit_is_a_skipped_class_once_the_class_has_settled() {
    expect![[r"
        class 09:00-12:00; now 12:30
            wait until 2023-08-28T13:00:00Z
        class 09:00-12:00; now 13:00
            A skipped: Absent: did not check in
        class 09:00-12:00; no record; now 12:59:59
            wait until 2023-08-28T13:00:00Z
    "]]
    .assert_eq(&table(&[
        "class 09:00-12:00; now 12:30",
        "class 09:00-12:00; now 13:00",
        "class 09:00-12:00; no record; now 12:59:59",
    ]));
}

const GAPS: [&str; 9] = [
    "class 09:00-16:00; in 08:55; out 12:00; in 13:00; out 16:00",
    "class 09:00-16:00; in 08:55; out 12:00; in 13:30; out 16:00",
    "class 09:00-16:00; in 08:55; out 12:00; in 13:30:01; out 16:00",
    "class 09:00-16:00; in 08:55; out 12:00; in 15:00; out 16:00; gap 0",
    "class 09:00-16:00; in 13:00; out 16:00; in 08:55; out 12:00",
    "class 09:00-16:00; in 08:55; out 12:00; in 11:00; out 16:00",
    "class 09:00-16:00; in 08:55; out 16:05; in 09:30; out 10:00; in 14:00; out 14:10",
    "class 09:00-16:00; in 07:00; out 07:10; in 09:00; out 16:00",
    "class 09:00-16:00; in 09:00; out 12:00; in 12:00; out 16:00",
];

#[test]
fn gaps_and_overlaps_between_visits() {
    expect![[r"
        class 09:00-16:00; in 08:55; out 12:00; in 13:00; out 16:00
            P present: Present: there at the start and at the end; away 60 min in between
        class 09:00-16:00; in 08:55; out 12:00; in 13:30; out 16:00
            P present: Present: there at the start and at the end; away 90 min in between
        class 09:00-16:00; in 08:55; out 12:00; in 13:30:01; out 16:00
            L long-gap: Late: there at the start and at the end; away 90 min 1 s in between; the limit is 90 min
        class 09:00-16:00; in 08:55; out 12:00; in 15:00; out 16:00; gap 0
            P present: Present: there at the start and at the end; away 180 min in between
        class 09:00-16:00; in 13:00; out 16:00; in 08:55; out 12:00
            P present: Present: there at the start and at the end; away 60 min in between
        class 09:00-16:00; in 08:55; out 12:00; in 11:00; out 16:00
            P present: Present: attended the whole class; overlapping visits count as one
        class 09:00-16:00; in 08:55; out 16:05; in 09:30; out 10:00; in 14:00; out 14:10
            P present: Present: attended the whole class; overlapping visits count as one
        class 09:00-16:00; in 07:00; out 07:10; in 09:00; out 16:00
            P present: Present: attended the whole class
        class 09:00-16:00; in 09:00; out 12:00; in 12:00; out 16:00
            P present: Present: attended the whole class
    "]]
    .assert_eq(&table(&GAPS));
}

const OPEN: [&str; 9] = [
    "class 09:00-12:00; in 08:58; now 12:59:59",
    "class 09:00-12:00; in 08:58; now 13:00",
    "class 09:00-12:00; in 08:58; absent",
    "class 09:00-12:00; in 09:20; now 12:00",
    "class 09:00-12:00; in 08:58; out 10:00; in 10:15",
    "class 09:00-12:00; in 08:58; in 10:45; out 12:00",
    "class 09:00-12:00; in 08:58; out 12:00; in 08:59",
    "class 09:00-12:00; in 08:58; out 11:50; in 11:50",
    "class 09:00-12:00; in 09:15",
];

#[test]
fn a_missing_check_out_matters_only_if_the_student_was_not_seen_leaving_later() {
    expect![[r#"
        class 09:00-12:00; in 08:58; now 12:59:59
            wait until 2023-08-28T13:00:00Z
        class 09:00-12:00; in 08:58; now 13:00
            NeverCheckedOut: checked in 2 min before the start and never out
        class 09:00-12:00; in 08:58; absent
            A never-checked-out: Absent: never checked out
        class 09:00-12:00; in 09:20; now 12:00
            A came-too-late: Absent: came 20 min after the start; the limit is 15 min
        class 09:00-12:00; in 08:58; out 10:00; in 10:15
            NeverCheckedOut: checked in 75 min after the start and never out
        class 09:00-12:00; in 08:58; in 10:45; out 12:00
            P present: Present: attended the whole class
        class 09:00-12:00; in 08:58; out 12:00; in 08:59
            P present: Present: attended the whole class; overlapping visits count as one
        class 09:00-12:00; in 08:58; out 11:50; in 11:50
            L left-early: Late: left 10 min before the end
        class 09:00-12:00; in 09:15
            NeverCheckedOut: checked in 15 min after the start and never out
    "#]]
    .assert_eq(&table(&OPEN));
}

#[test]
fn while_the_class_runs_there_is_no_mark() {
    expect![[r"
        class 09:00-12:00; in 08:58; now 10:00
            wait until 2023-08-28T12:00:00Z
        class 09:00-12:00; in 09:20; now 11:59:59
            wait until 2023-08-28T12:00:00Z
        class 09:00-12:00; in 08:58; out 10:00; now 10:30
            wait until 2023-08-28T12:00:00Z
        class 09:00-12:00; in 08:58; out 10:00; now 12:00
            A left-too-early: Absent: left 120 min before the end; the limit is 15 min
        class 09:00-12:00; award-full; now 10:00
            wait until 2023-08-28T12:00:00Z
    "]]
    .assert_eq(&table(&[
        "class 09:00-12:00; in 08:58; now 10:00",
        "class 09:00-12:00; in 09:20; now 11:59:59",
        "class 09:00-12:00; in 08:58; out 10:00; now 10:30",
        "class 09:00-12:00; in 08:58; out 10:00; now 12:00",
        "class 09:00-12:00; award-full; now 10:00",
    ]));
}

const ADJUSTED: [&str; 14] = [
    "class 09:00-12:00; in 09:30; award-full",
    "class 09:00-12:00; in 09:00; out 12:00; remove-all",
    "class 09:00-12:00; in 09:04; out 12:00; edit",
    "class 09:00-12:00; in 08:58; edit",
    "class 09:00-12:00; in 09:04; out 12:00; override 180",
    "class 09:00-12:00; override 180",
    "class 09:00-12:00; override 200",
    "class 09:00-12:00; override 179",
    "class 09:00-12:00; override 150",
    "class 09:00-12:00; override 149",
    "class 09:00-12:00; in 08:58; override 170",
    "class 09:00-12:00; in 08:58; override",
    "class 09:00-12:00; override",
    "class 09:00-12:00; late 0; early 0; override 179",
];

#[test]
fn what_staff_do_in_coursekey() {
    expect![[r#"
        class 09:00-12:00; in 09:30; award-full
            P awarded-full: Present: full time awarded in CourseKey
        class 09:00-12:00; in 09:00; out 12:00; remove-all
            A all-time-removed: Absent: all time removed in CourseKey
        class 09:00-12:00; in 09:04; out 12:00; edit
            L came-late: Late: came 4 min after the start; edited in CourseKey
        class 09:00-12:00; in 08:58; edit
            NeverCheckedOut: checked in 2 min before the start and never out
        class 09:00-12:00; in 09:04; out 12:00; override 180
            P override-whole: Present: the whole class awarded in CourseKey
        class 09:00-12:00; override 180
            P override-whole: Present: the whole class awarded in CourseKey
        class 09:00-12:00; override 200
            P override-whole: Present: the whole class awarded in CourseKey
        class 09:00-12:00; override 179
            L override-short: Late: 1 min of the class not awarded in CourseKey
        class 09:00-12:00; override 150
            L override-short: Late: 30 min of the class not awarded in CourseKey
        class 09:00-12:00; override 149
            A override-too-short: Absent: 31 min of the class not awarded in CourseKey; the limit is 30 min
        class 09:00-12:00; in 08:58; override 170
            L override-short: Late: 10 min of the class not awarded in CourseKey
        class 09:00-12:00; in 08:58; override
            NeverCheckedOut: checked in 2 min before the start and never out
        class 09:00-12:00; override
            RecordUnreadable: record r1 is overridden without times and without awarded time
        class 09:00-12:00; late 0; early 0; override 179
            A override-too-short: Absent: 1 min of the class not awarded in CourseKey; the limit is 0 s
    "#]]
    .assert_eq(&table(&ADJUSTED));
}

#[test]
fn impossible_times_are_reported_unless_staff_decided_without_them() {
    expect![[r#"
        class 09:00-12:00; in 09:10; out 09:05
            VisitBackwards: checked out before the check-in 10 min after the start
        class 09:00-12:00; in 09:00; out 10:00; in 11:00; out 10:30; in 11:05; out 12:00
            VisitBackwards: checked out before the check-in 120 min after the start
        class 09:00-12:00; in 08:58; out 12:05; now 12:00
            P present: Present: attended the whole class
        class 09:00-12:00; in 08:58; out 12:05:01; now 12:00
            VisitInFuture: a punch 185 min 1 s after the start is in the future
        class 09:00-12:00; in 09:05:01; now 09:00
            VisitInFuture: a punch 5 min 1 s after the start is in the future
        class 09:00-12:00; in 09:10; out 09:05; award-full
            P awarded-full: Present: full time awarded in CourseKey
        class 09:00-12:00; in 09:10; out 09:05; remove-all
            A all-time-removed: Absent: all time removed in CourseKey
        class 09:00-12:00; in 09:10; out 09:05; override 180
            P override-whole: Present: the whole class awarded in CourseKey
    "#]]
    .assert_eq(&table(&[
        "class 09:00-12:00; in 09:10; out 09:05",
        "class 09:00-12:00; in 09:00; out 10:00; in 11:00; out 10:30; in 11:05; out 12:00",
        "class 09:00-12:00; in 08:58; out 12:05; now 12:00",
        "class 09:00-12:00; in 08:58; out 12:05:01; now 12:00",
        "class 09:00-12:00; in 09:05:01; now 09:00",
        "class 09:00-12:00; in 09:10; out 09:05; award-full",
        "class 09:00-12:00; in 09:10; out 09:05; remove-all",
        "class 09:00-12:00; in 09:10; out 09:05; override 180",
    ]));
}

#[test]
fn every_rule_is_reached_and_named_as_it_is_stored() {
    let lines = TABLE.iter().chain(&GAPS).chain(&OPEN).chain(&ADJUSTED);
    let reached: SortedSet<Rule> = lines
        .filter_map(|line| match read(line).decide() {
            Decision::Mark { mark, basis } => {
                assert_eq!(mark, basis.rule.mark());
                assert_eq!(serde_json::to_value(basis.rule).unwrap(), basis.rule.name());
                Some(basis.rule)
            }
            _ => None,
        })
        .collect();
    let names: Vec<&str> = reached.iter().map(|rule| rule.name()).collect();
    expect![[r"
        present
        came-late
        left-early
        came-late-and-left-early
        long-gap
        skipped
        came-too-late
        left-too-early
        never-checked-out
        awarded-full
        all-time-removed
        override-whole
        override-short
        override-too-short"]]
    .assert_eq(&names.join("\n"));
}

#[test]
fn two_bases_say_the_same_whatever_version_they_are_from() {
    let basis = |line: &str, version| {
        let mut timeline = read(line);
        timeline.record.as_mut().unwrap().version = version;
        match timeline.decide() {
            Decision::Mark { basis, .. } => basis,
            other => panic!("{other:?}"),
        }
    };
    let (first, second) = (basis(TABLE[2], 1), basis(TABLE[2], 2));
    assert!(first != second && first.says_the_same(&second));
    assert!(!first.says_the_same(&basis("class 09:00-12:00; in 09:05; out 12:01", 1)));
    let stored = serde_json::to_string(&first).unwrap();
    assert_eq!(serde_json::from_str::<crate::marking::Basis>(&stored).unwrap(), first);
}
