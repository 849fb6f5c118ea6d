//! Boundaries to the second, classes over midnight, and days on which the clocks change.

use expect_test::expect;

use super::timeline::table;

#[test]
fn exactly_on_a_boundary_is_in_the_students_favour() {
    expect![[r"
        class 09:00-12:00; in 09:00; out 12:00
            P present: Present: attended the whole class
        class 09:00-12:00; in 09:00:01; out 12:00
            L came-late: Late: came 1 s after the start
        class 09:00-12:00; in 09:15; out 12:00
            L came-late: Late: came 15 min after the start
        class 09:00-12:00; in 09:15:01; out 12:00
            A came-too-late: Absent: came 15 min 1 s after the start; the limit is 15 min
        class 09:00-12:00; in 09:00; out 11:59:59
            L left-early: Late: left 1 s before the end
        class 09:00-12:00; in 09:00; out 11:45
            L left-early: Late: left 15 min before the end
        class 09:00-12:00; in 09:00; out 11:44:59
            A left-too-early: Absent: left 15 min 1 s before the end; the limit is 15 min
    "]]
    .assert_eq(&table(&[
        "class 09:00-12:00; in 09:00; out 12:00",
        "class 09:00-12:00; in 09:00:01; out 12:00",
        "class 09:00-12:00; in 09:15; out 12:00",
        "class 09:00-12:00; in 09:15:01; out 12:00",
        "class 09:00-12:00; in 09:00; out 11:59:59",
        "class 09:00-12:00; in 09:00; out 11:45",
        "class 09:00-12:00; in 09:00; out 11:44:59",
    ]));
}

#[test]
fn limits_of_no_minutes_make_any_lateness_absence() {
    expect![[r"
        class 09:00-12:00; late 0; early 0; in 09:00; out 12:00
            P present: Present: attended the whole class
        class 09:00-12:00; late 0; early 0; in 09:00:01; out 12:00
            A came-too-late: Absent: came 1 s after the start; the limit is 0 s
        class 09:00-12:00; late 0; early 0; in 09:00; out 11:59:59
            A left-too-early: Absent: left 1 s before the end; the limit is 0 s
    "]]
    .assert_eq(&table(&[
        "class 09:00-12:00; late 0; early 0; in 09:00; out 12:00",
        "class 09:00-12:00; late 0; early 0; in 09:00:01; out 12:00",
        "class 09:00-12:00; late 0; early 0; in 09:00; out 11:59:59",
    ]));
}

#[test]
fn in_a_class_shorter_than_its_limits_the_table_still_decides() {
    expect![[r#"
        class 09:00-09:20; in 09:10; out 09:12
            L came-late-and-left-early: Late: came 10 min after the start; left 8 min before the end
        class 09:00-09:20; in 09:16; out 09:20
            A came-too-late: Absent: came 16 min after the start; the limit is 15 min
        class 09:00-09:20; in 09:00; out 09:04
            A left-too-early: Absent: left 16 min before the end; the limit is 15 min
        class 09:00-09:10; in 09:12; out 09:13
            A not-there: Absent: no visit touches the class
    "#]]
    .assert_eq(&table(&[
        "class 09:00-09:20; in 09:10; out 09:12",
        "class 09:00-09:20; in 09:16; out 09:20",
        "class 09:00-09:20; in 09:00; out 09:04",
        "class 09:00-09:10; in 09:12; out 09:13",
    ]));
}

#[test]
fn an_overnight_class_is_like_any_other() {
    expect![[r"
        class 22:00-06:00; in 21:58; out 06:01
            P present: Present: attended the whole class
        class 22:00-06:00; in 22:04; out 05:50
            L came-late-and-left-early: Late: came 4 min after the start; left 10 min before the end
        class 22:00-06:00; in 21:58; out 00:30; in 02:01; out 06:00
            L long-gap: Late: there at the start and at the end; away 91 min in between; the limit is 90 min
        class 22:00-06:00; in 00:10; out 06:00
            A came-too-late: Absent: came 130 min after the start; the limit is 15 min
    "]]
    .assert_eq(&table(&[
        "class 22:00-06:00; in 21:58; out 06:01",
        "class 22:00-06:00; in 22:04; out 05:50",
        "class 22:00-06:00; in 21:58; out 00:30; in 02:01; out 06:00",
        "class 22:00-06:00; in 00:10; out 06:00",
    ]));
}

#[test]
fn when_clocks_change_instants_decide() {
    // In New York, one o'clock comes twice on 5 November 2023, and two o'clock does not come on 12 March 2023.
    expect![[r"
        class 00:30-03:30; zone America/New_York; day 2023-11-05; in 00:30; out 03:20
            L left-early: Late: left 10 min before the end
        class 00:30-03:30; zone America/New_York; day 2023-11-05; override 180
            A override-too-short: Absent: 60 min of the class not awarded in CourseKey; the limit is 30 min
        class 00:30-03:30; zone America/New_York; day 2023-11-05; override 240
            P override-whole: Present: the whole class awarded in CourseKey
        class 00:30-03:30; zone America/New_York; day 2023-03-12; in 00:30; out 01:50; in 03:00; out 03:30
            P present: Present: there at the start and at the end; away 10 min in between
        class 00:30-03:30; zone America/New_York; day 2023-03-12; override 120
            P override-whole: Present: the whole class awarded in CourseKey
    "]]
    .assert_eq(&table(&[
        "class 00:30-03:30; zone America/New_York; day 2023-11-05; in 00:30; out 03:20",
        "class 00:30-03:30; zone America/New_York; day 2023-11-05; override 180",
        "class 00:30-03:30; zone America/New_York; day 2023-11-05; override 240",
        "class 00:30-03:30; zone America/New_York; day 2023-03-12; in 00:30; out 01:50; in 03:00; out 03:30",
        "class 00:30-03:30; zone America/New_York; day 2023-03-12; override 120",
    ]));
}
