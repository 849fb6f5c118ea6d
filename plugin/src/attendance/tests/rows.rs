//! Rows of the attendance log: when rows are written, corrected and voided.

use expect_test::expect;

use super::story::told;

#[test]
fn rows_follow_the_record() {
    expect![[r#"
        class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@16:01 09:00-12:00 13:00-16:00; judge 16:05; S1 v3@18:00 09:00-12:00 13:10-16:00 edit; judge 18:05; S1 v4@19:00 remove-all; judge 19:05
            S1 r1-S1 row 1: 180 min
            S1 r1-S1 row 2: 180 min
            S1 r1-S1 row 2: 170 min
            r1-S1 row 1 void
                r1-S1 row 2 void
        class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@12:10 09:00-12:00 award-full; judge 12:15; judge 16:00
            S1 r1-S1 row 1: 180 min
            again at 2023-08-28T16:00:00Z
            S1 r1-S1 row 1: 420 min
        class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 r2v1@12:10 09:30-12:00; judge 12:15
            S1 r1-S1 row 1: 180 min
            ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T12:15:00Z
        class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@12:10 09:00-08:00 edit; judge 12:15
            S1 r1-S1 row 1: 180 min
            r1-S1 row 1 void
                ! VisitBackwards: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked out before the check-in at the start
                again at 2023-08-29T12:15:00Z
        class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00 13:00-; judge 16:00; judge 17:00; S1 v2@18:00 09:00-12:00 13:00-16:00 edit; judge 18:05
            S1 r1-S1 row 1: 180 min
                again at 2023-08-28T17:00:00Z
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 240 min after the start and never out; CourseKey's check-out is taken until 2023-10-02 16:00 UTC
                again at 2023-08-29T17:00:00Z
            S1 r1-S1 row 2: 180 min
        class 09:00-16:00; students 1; log; S1 stage DROPPED; S1 stopped 2023-08-27; S1 v1@12:01 09:00-12:00; judge 12:05
            ! RecordAfterDrop: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has attendance after the drop
                again at 2023-08-29T12:05:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@16:01 09:00-12:00 13:00-16:00; judge 16:05; S1 v3@18:00 09:00-12:00 13:10-16:00 edit; judge 18:05; S1 v4@19:00 remove-all; judge 19:05",
        "class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@12:10 09:00-12:00 award-full; judge 12:15; judge 16:00",
        "class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 r2v1@12:10 09:30-12:00; judge 12:15",
        "class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@12:10 09:00-08:00 edit; judge 12:15",
        "class 09:00-16:00; students 1; log; S1 v1@12:01 09:00-12:00 13:00-; judge 16:00; judge 17:00; S1 v2@18:00 09:00-12:00 13:00-16:00 edit; judge 18:05",
        "class 09:00-16:00; students 1; log; S1 stage DROPPED; S1 stopped 2023-08-27; S1 v1@12:01 09:00-12:00; judge 12:05",
    ]));
}

#[test]
fn a_course_that_changes_its_hours_type_exchanges_marks_and_rows() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 12:10
            S1 P: Present: attended the whole class
            S1 P withdrawn (CourseKey, record r1-S1 version 1, Hours Type changed)
                S1 r1-S1 row 1: 180 min
        class 09:00-12:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05
            S1 r1-S1 row 1: 180 min
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 12:10",
        "class 09:00-12:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05",
    ]));
}

#[test]
fn adjustments_that_come_too_late_correct_no_row() {
    expect![[r#"
        class 09:00-12:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@12:01+7d 09:00-11:00 edit; judge 12:05+7d
            S1 r1-S1 row 1: 180 min
            ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-04 12:01 UTC, after the follow-up days, and is not applied; it says: 120 min
                again at 2023-09-05T12:05:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; log; S1 v1@12:01 09:00-12:00; judge 12:05; S1 v2@12:01+7d 09:00-11:00 edit; judge 12:05+7d",
    ]));
}
