//! Which version of a record counts, which comes too late; records of students who had left the course; and the
//! thresholds in force when a class began.

use expect_test::expect;

use super::story::told;

#[test]
fn the_newest_version_within_the_follow_up_counts_in_any_order() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@12:00+7d 09:00-12:00; judge 12:05+7d
            S1 L: Late: came 10 min after the start
            S1 L→P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 v2@12:00+7d 09:00-12:00; S1 v1@12:01 09:10-12:00; judge 12:05+7d
            S1 P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@12:00:01+7d 09:00-12:00; judge 12:05+7d
            S1 L: Late: came 10 min after the start
            ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-04 12:00 UTC, after the follow-up days, and is not applied; it says: Present: attended the whole class
                again at 2023-09-05T12:05:00Z
        class 09:00-12:00; students 1; S1 v2@12:00:01+7d 09:00-12:00; S1 v1@12:01 09:10-12:00; judge 12:05+7d
            S1 L: Late: came 10 min after the start
                ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-04 12:00 UTC, after the follow-up days, and is not applied; it says: Present: attended the whole class
                again at 2023-09-05T12:05:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; S1 v2@12:00+8d award-full; S1 v3@12:00+9d remove-all; judge 12:05+9d
            S1 L: Late: came 10 min after the start
                ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-06 12:00 UTC, after the follow-up days, and is not applied; it says: Absent: all time removed in CourseKey
                again at 2023-09-07T12:05:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; S1 v2@12:00+8d 09:10-12:00; judge 12:05+8d
            S1 L: Late: came 10 min after the start
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; S1 r2v1@12:02 09:20-12:00; judge 12:05
            S1 L: Late: came 10 min after the start; overlapping visits count as one
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T12:05:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@12:00+7d 09:00-12:00; judge 12:05+7d",
        "class 09:00-12:00; students 1; S1 v2@12:00+7d 09:00-12:00; S1 v1@12:01 09:10-12:00; judge 12:05+7d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@12:00:01+7d 09:00-12:00; judge 12:05+7d",
        "class 09:00-12:00; students 1; S1 v2@12:00:01+7d 09:00-12:00; S1 v1@12:01 09:10-12:00; judge 12:05+7d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; S1 v2@12:00+8d award-full; S1 v3@12:00+9d remove-all; judge 12:05+9d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; S1 v2@12:00+8d 09:10-12:00; judge 12:05+8d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; S1 r2v1@12:02 09:20-12:00; judge 12:05",
    ]));
}

#[test]
fn a_first_record_is_taken_as_long_as_the_course_is_followed() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:00+9d 09:10-12:00 edit; judge 12:05+9d
            S1 L: Late: came 10 min after the start; edited in CourseKey
        class 09:00-12:00; students 1; S1 v1@12:00+9d 09:10-12:00; S1 v2@13:00+9d award-full; judge 13:05+9d
            S1 L: Late: came 10 min after the start
                ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-06 13:00 UTC, after the follow-up days, and is not applied; it says: Present: full time awarded in CourseKey
                again at 2023-09-07T13:05:00Z
        class 09:00-12:00; students 1; S1 v2@13:00+9d award-full; S1 v1@12:00+9d 09:10-12:00; judge 13:05+9d
            S1 L: Late: came 10 min after the start
                ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-06 13:00 UTC, after the follow-up days, and is not applied; it says: Present: full time awarded in CourseKey
                again at 2023-09-07T13:05:00Z
        class 09:00-12:00; students 1; judge 13:00; S1 v1@12:00:01+14d award-full; judge 12:05+14d
            S1 A: Absent: did not check in
            ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-11 12:00 UTC, after the follow-up days, and is not applied; it says: Present: full time awarded in CourseKey
                again at 2023-09-12T12:05:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:00+9d 09:10-12:00 edit; judge 12:05+9d",
        "class 09:00-12:00; students 1; S1 v1@12:00+9d 09:10-12:00; S1 v2@13:00+9d award-full; judge 13:05+9d",
        "class 09:00-12:00; students 1; S1 v2@13:00+9d award-full; S1 v1@12:00+9d 09:10-12:00; judge 13:05+9d",
        "class 09:00-12:00; students 1; judge 13:00; S1 v1@12:00:01+14d award-full; judge 12:05+14d",
    ]));
}

#[test]
fn a_late_adjustment_is_settled_by_a_hand_that_comes_after_it() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@12:00+8d award-full; judge 12:05+8d; S1 hand P; judge 12:05+9d
            S1 L: Late: came 10 min after the start
            ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-05 12:00 UTC, after the follow-up days, and is not applied; it says: Present: full time awarded in CourseKey
                again at 2023-09-06T12:05:00Z
            nothing
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand A; S1 v2@12:00+8d award-full; judge 12:05+8d; S1 hand P; judge 12:05+9d
            S1 L: Late: came 10 min after the start
            ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-05 12:00 UTC, after the follow-up days, and is not applied; it says: Present: full time awarded in CourseKey
                again at 2023-09-06T12:05:00Z
            nothing
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@12:00+8d award-full; judge 12:05+8d; S1 hand P; judge 12:05+9d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand A; S1 v2@12:00+8d award-full; judge 12:05+8d; S1 hand P; judge 12:05+9d",
    ]));
}

#[test]
fn who_had_left_the_course_gets_an_issue_and_no_mark() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 stopped 2023-08-27; S1 stage DROPPED; S1 v1@12:01 09:00-12:00; judge 12:05
            ! RecordAfterDrop: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has attendance after the drop
                again at 2023-08-29T12:05:00Z
        class 09:00-12:00; students 1; S1 stopped 2023-08-28; S1 stage DROPPED; S1 v1@12:01 09:00-12:00; judge 12:05
            S1 P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 stage LOA; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 12:05
            ! RecordAfterDrop: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has attendance after the drop
                again at 2023-08-29T12:05:00Z
        class 09:00-12:00; students 1; S1 stage LOA; S1 dropped 10:00; S1 v1@12:01 09:00-12:00; judge 12:05
            S1 P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 credit; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 12:05
            ! RecordAfterDrop: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has attendance after the drop
                again at 2023-08-29T12:05:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; S1 stage DROPPED; S1 stopped 2023-08-27; judge 12:10; S1 from 2023-08-28; S1 stopped 2023-09-30; judge 12:15
            S1 P: Present: attended the whole class
            S1 P withdrawn (CourseKey, record r1-S1 version 1: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has attendance after the drop)
                ! RecordAfterDrop: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has attendance after the drop
                again at 2023-08-29T12:10:00Z
            S1 P: Present: attended the whole class
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 stopped 2023-08-27; S1 stage DROPPED; S1 v1@12:01 09:00-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 stopped 2023-08-28; S1 stage DROPPED; S1 v1@12:01 09:00-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 stage LOA; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 stage LOA; S1 dropped 10:00; S1 v1@12:01 09:00-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 credit; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; S1 stage DROPPED; S1 stopped 2023-08-27; judge 12:10; S1 from 2023-08-28; S1 stopped 2023-09-30; judge 12:15",
    ]));
}

#[test]
fn the_thresholds_are_those_in_force_when_the_class_began() {
    expect![[r#"
        class 09:00-12:00; students 1; late 5 from 09:00:01; S1 v1@12:01 09:10-12:00; judge 12:05
            S1 L: Late: came 10 min after the start
        class 09:00-12:00; students 1; late 5 from 09:00; S1 v1@12:01 09:10-12:00; judge 12:05
            S1 A: Absent: came 10 min after the start; the limit is 5 min
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; late 5 from 12:10; judge 12:15; class 08:59-12:00; judge 12:20
            S1 L: Late: came 10 min after the start
            nothing
            S1 L→L: Late: came 11 min after the start
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; late 5 from 09:00:01; S1 v1@12:01 09:10-12:00; judge 12:05",
        "class 09:00-12:00; students 1; late 5 from 09:00; S1 v1@12:01 09:10-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; late 5 from 12:10; judge 12:15; class 08:59-12:00; judge 12:20",
    ]));
}

#[test]
fn a_class_that_moves_is_judged_by_its_new_times() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; class 09:10-12:00; judge 12:10
            S1 L: Late: came 10 min after the start
            S1 L→P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; class 09:00+1d-12:00+1d; judge 12:10
            S1 L: Late: came 10 min after the start
            S1 L withdrawn (CourseKey, record r1-S1 version 1: the class was moved)
                again at 2023-08-29T12:00:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; class 09:10-12:00; judge 12:10",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; class 09:00+1d-12:00+1d; judge 12:10",
    ]));
}

#[test]
fn what_cannot_be_told_any_more_is_withdrawn() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@14:00 09:10- edit; judge 14:05
            S1 L: Late: came 10 min after the start
            S1 L withdrawn (CourseKey, record r1-S1 version 2, edit by staff: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 10 min after the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC)
                ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 10 min after the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T14:05:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@14:00 09:10-08:00 edit; judge 14:05
            S1 L: Late: came 10 min after the start
            S1 L withdrawn (CourseKey, record r1-S1 version 2, edit by staff: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked out before the check-in 10 min after the start)
                ! VisitBackwards: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked out before the check-in 10 min after the start
                again at 2023-08-29T14:05:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@14:00 09:10-15:00 edit; judge 14:05; judge 15:00
            S1 L: Late: came 10 min after the start
            S1 L withdrawn (CourseKey, record r1-S1 version 2, edit by staff: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: a punch 360 min after the start is in the future)
                ! VisitInFuture: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: a punch 360 min after the start is in the future
                again at 2023-08-28T15:00:00Z
            S1 L: Late: came 10 min after the start; edited in CourseKey
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@14:00 09:10- edit; judge 14:05",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@14:00 09:10-08:00 edit; judge 14:05",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 v2@14:00 09:10-15:00 edit; judge 14:05; judge 15:00",
    ]));
}
