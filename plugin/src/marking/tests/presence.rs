//! Presence: being there at all, the time away, visits that contradict themselves, the least share, and who never checked
//! out (DOMAIN §4 "Attendance").

use expect_test::expect;

use super::timeline::table;

#[test]
fn who_was_not_there_for_a_second_of_the_class_is_absent() {
    expect![[r#"
        class 09:00-12:00; in 08:00; out 09:00; in 12:00; out 12:30
            A not-there: Absent: no visit touches the class
        class 09:00-12:00; in 08:00; out 09:00:01; in 12:00; out 12:30
            A left-too-early: Absent: left 179 min 59 s before the end; the limit is 15 min
        class 09:00-12:00; in 12:00; out 12:30
            A not-there: Absent: no visit touches the class
        class 09:00-09:05; in 09:06; out 09:08
            A not-there: Absent: no visit touches the class
        class 09:00-09:05; in 08:55; out 09:10
            P present: Present: attended the whole class
        class 09:00-09:05; in 08:50; out 08:59
            A not-there: Absent: no visit touches the class
    "#]]
    .assert_eq(&table(&[
        "class 09:00-12:00; in 08:00; out 09:00; in 12:00; out 12:30",
        "class 09:00-12:00; in 08:00; out 09:00:01; in 12:00; out 12:30",
        "class 09:00-12:00; in 12:00; out 12:30",
        "class 09:00-09:05; in 09:06; out 09:08",
        "class 09:00-09:05; in 08:55; out 09:10",
        "class 09:00-09:05; in 08:50; out 08:59",
    ]));
}

#[test]
fn away_counts_all_gaps_together_and_only_of_visits_that_touch_the_class() {
    expect![[r#"
        class 09:00-16:00; in 09:00; out 11:00; in 11:50; out 14:00; in 14:41; out 16:00
            L long-gap: Late: there at the start and at the end; away 91 min in between; the limit is 90 min
        class 09:00-16:00; in 09:00; out 11:00; in 11:50; out 14:00; in 14:40; out 16:00
            P present: Present: there at the start and at the end; away 90 min in between
        class 09:00-16:00; in 06:00; out 07:10; in 09:00; out 16:00; in 18:00; out 18:30
            P present: Present: attended the whole class
        class 09:00-16:00; in 06:00; out 07:10; in 10:00; out 16:00
            A came-too-late: Absent: came 60 min after the start; the limit is 15 min
    "#]]
    .assert_eq(&table(&[
        "class 09:00-16:00; in 09:00; out 11:00; in 11:50; out 14:00; in 14:41; out 16:00",
        "class 09:00-16:00; in 09:00; out 11:00; in 11:50; out 14:00; in 14:40; out 16:00",
        "class 09:00-16:00; in 06:00; out 07:10; in 09:00; out 16:00; in 18:00; out 18:30",
        "class 09:00-16:00; in 06:00; out 07:10; in 10:00; out 16:00",
    ]));
}

#[test]
fn of_visits_that_contradict_themselves_no_absent_is_made() {
    expect![[r#"
        class 09:00-12:00; in 08:50; out 08:50:40; in 09:30; out 12:00
            VisitsDoubtful: the visits contradict themselves, so that no Absent is made of them
        class 09:00-12:00; in 08:50; out 08:51; in 09:30; out 12:00
            A came-too-late: Absent: came 30 min after the start; the limit is 15 min
        class 09:00-12:00; in 08:50; out 08:50:40
            A not-there: Absent: no visit touches the class
        class 09:00-12:00; in 08:50; out 08:50:40; in 09:00; out 12:00
            P present: Present: attended the whole class
        class 09:00-12:00; in 12:05
            VisitsDoubtful: the visits contradict themselves, so that no Absent is made of them
        class 09:00-12:00; in 12:05; now 12:30
            wait until 2023-08-28T13:00:00Z
        class 09:00-12:00; in 09:00; out 10:00; in 12:00
            VisitsDoubtful: the visits contradict themselves, so that no Absent is made of them
        class 09:00-12:00; in 09:30
            A came-too-late: Absent: came 30 min after the start; the limit is 15 min
        class 09:00-12:00; in 09:00; out 11:50; in 12:10
            L left-early: Late: left 10 min before the end
    "#]]
    .assert_eq(&table(&[
        "class 09:00-12:00; in 08:50; out 08:50:40; in 09:30; out 12:00",
        "class 09:00-12:00; in 08:50; out 08:51; in 09:30; out 12:00",
        "class 09:00-12:00; in 08:50; out 08:50:40",
        "class 09:00-12:00; in 08:50; out 08:50:40; in 09:00; out 12:00",
        "class 09:00-12:00; in 12:05",
        "class 09:00-12:00; in 12:05; now 12:30",
        "class 09:00-12:00; in 09:00; out 10:00; in 12:00",
        "class 09:00-12:00; in 09:30",
        "class 09:00-12:00; in 09:00; out 11:50; in 12:10",
    ]));
}

#[test]
fn who_attended_too_small_a_share_is_absent() {
    expect![[r#"
        class 09:00-12:00; least 90; in 09:00; out 12:00
            P present: Present: attended the whole class; attended 100 % of the class
        class 09:00-12:00; least 90; in 09:10; out 11:52
            L came-late-and-left-early: Late: came 10 min after the start; left 8 min before the end; attended 90 % of the class
        class 09:00-12:00; least 90; in 09:10; out 11:51:59
            A attended-too-little: Absent: came 10 min after the start; left 8 min 1 s before the end; attended 89 % of the class; the minimum is 90 %
        class 09:00-12:00; least 80; in 09:00; out 10:00; in 10:40; out 12:00
            A attended-too-little: Absent: there at the start and at the end; away 40 min in between; attended 77 % of the class; the minimum is 80 %
        class 09:00-12:00; least 90; override 162
            L override-short: Late: 18 min of the class not awarded in CourseKey; attended 90 % of the class
        class 09:00-12:00; least 90; override 161
            A attended-too-little: Absent: 19 min of the class not awarded in CourseKey; attended 89 % of the class; the minimum is 90 %
        class 09:00-12:00; least 90; award-full
            P awarded-full: Present: full time awarded in CourseKey; attended 100 % of the class
        class 09:00-12:00; least 90; in 09:20; out 12:00
            A came-too-late: Absent: came 20 min after the start; the limit is 15 min; attended 88 % of the class
        class 09:00-12:00; least 90; left-at-end; in 09:00
            P present: Present: attended the whole class; never checked out, counted as there until the end; attended 100 % of the class
        class 09:00-12:00; least 90; no record
            A skipped: Absent: did not check in
    "#]].assert_eq(&table(&[
        "class 09:00-12:00; least 90; in 09:00; out 12:00",
        "class 09:00-12:00; least 90; in 09:10; out 11:52",
        "class 09:00-12:00; least 90; in 09:10; out 11:51:59",
        "class 09:00-12:00; least 80; in 09:00; out 10:00; in 10:40; out 12:00",
        "class 09:00-12:00; least 90; override 162",
        "class 09:00-12:00; least 90; override 161",
        "class 09:00-12:00; least 90; award-full",
        "class 09:00-12:00; least 90; in 09:20; out 12:00",
        "class 09:00-12:00; least 90; left-at-end; in 09:00",
        "class 09:00-12:00; least 90; no record",
    ]));
}

#[test]
fn who_never_checked_out_may_count_as_there_until_the_end() {
    expect![[r#"
        class 09:00-12:00; left-at-end; in 09:00; now 12:30
            wait until 2023-08-28T13:00:00Z
        class 09:00-12:00; left-at-end; in 09:00
            P present: Present: attended the whole class; never checked out, counted as there until the end
        class 09:00-12:00; left-at-end; in 09:10
            L came-late: Late: came 10 min after the start; never checked out, counted as there until the end
        class 09:00-12:00; left-at-end; in 09:16
            A came-too-late: Absent: came 16 min after the start; the limit is 15 min
        class 09:00-12:00; left-at-end; in 09:00; out 09:30; in 11:10
            L long-gap: Late: there at the start and at the end; away 100 min in between; the limit is 90 min; never checked out, counted as there until the end
        class 09:00-12:00; left-at-end; in 09:00; out 10:00; in 12:05
            VisitsDoubtful: the visits contradict themselves, so that no Absent is made of them
    "#]].assert_eq(&table(&[
        "class 09:00-12:00; left-at-end; in 09:00; now 12:30",
        "class 09:00-12:00; left-at-end; in 09:00",
        "class 09:00-12:00; left-at-end; in 09:10",
        "class 09:00-12:00; left-at-end; in 09:16",
        "class 09:00-12:00; left-at-end; in 09:00; out 09:30; in 11:10",
        "class 09:00-12:00; left-at-end; in 09:00; out 10:00; in 12:05",
    ]));
}
