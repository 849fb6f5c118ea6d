//! Data that contradict themselves: second records, records that move, check-outs that come late, absences taken back,
//! Hours Type changed. Every line of DOMAIN §4 "Attendance" that speaks of them has its story here.

use expect_test::expect;

use super::story::told;

#[test]
fn a_check_out_that_completes_an_open_visit_is_taken_for_28_days_after_the_follow_up() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@09:00 08:58-; judge 13:00; S1 v2@12:00+8d 08:58-12:01; judge 12:05+8d
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:00:00Z
            S1 P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00+35d 08:58-12:01 edit; judge 12:05+35d
            S1 P: Present: attended the whole class; edited in CourseKey
        class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00:01+35d 08:58-12:01 edit; judge 12:05+35d
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-10-02 12:00 UTC, after the follow-up days, and is not applied; it says: Present: attended the whole class; edited in CourseKey
                again at 2023-10-03T12:05:00Z
        class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00+8d 09:00-12:01 edit; judge 12:05+8d
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-05 12:00 UTC, after the follow-up days, and is not applied; it says: Present: attended the whole class; edited in CourseKey
                again at 2023-09-06T12:05:00Z
        class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00+8d 08:58-12:01; S1 v3@12:00+9d 08:58-11:00; judge 12:05+9d
            S1 P: Present: attended the whole class
                ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-06 12:00 UTC, after the follow-up days, and is not applied; it says: Absent: left 60 min before the end; the limit is 15 min
                again at 2023-09-07T12:05:00Z
        class 09:00-12:00; students 1; never absent; late 15 from 08:00; S1 v1@09:00 08:58-; judge 13:00; S1 v2@12:00+8d 08:58-12:01; judge 12:05+8d
            S1 A: Absent: never checked out
            S1 A→P: Present: attended the whole class
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@09:00 08:58-; judge 13:00; S1 v2@12:00+8d 08:58-12:01; judge 12:05+8d",
        "class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00+35d 08:58-12:01 edit; judge 12:05+35d",
        "class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00:01+35d 08:58-12:01 edit; judge 12:05+35d",
        "class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00+8d 09:00-12:01 edit; judge 12:05+8d",
        "class 09:00-12:00; students 1; S1 v1@09:00 08:58-; S1 v2@12:00+8d 08:58-12:01; S1 v3@12:00+9d 08:58-11:00; judge 12:05+9d",
        "class 09:00-12:00; students 1; never absent; late 15 from 08:00; S1 v1@09:00 08:58-; judge 13:00; S1 v2@12:00+8d 08:58-12:01; judge 12:05+8d",
    ]));
}

#[test]
fn two_records_count_together_and_a_contradiction_makes_no_absent() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-10:30; S1 r2v1@12:02 10:40-12:00; judge 12:05
            S1 P: Present: there at the start and at the end; away 10 min in between
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T12:05:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:00; S1 r2v1@12:02 08:58-10:00; judge 12:05
            S1 P: Present: attended the whole class; overlapping visits count as one
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T12:05:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-; S1 r2v1@12:02 08:58-10:00; judge 13:00
            ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 09:30-10:00; S1 r2v1@12:02 10:30-11:00; judge 13:00
            S1 A: Absent: came 30 min after the start; the limit is 15 min; left 60 min before the end; the limit is 15 min; away 30 min in between
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:00; S1 r2v1@12:02 remove-all; judge 13:00
            S1 P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 v1@12:01 override=60; S1 r2v1@12:02 override=170; judge 13:00
            S1 L: Late: 10 min of the class not awarded in CourseKey
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 override=60; S1 r2v1@12:02 08:58-12:00; judge 13:00
            ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 12:00-09:00; S1 r2v1@12:02 08:58-12:00; judge 13:00
            S1 P: Present: attended the whole class
                ! VisitBackwards: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked out before the check-in 180 min after the start
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; log; S1 v1@12:01 09:00-11:00; S1 r2v1@12:02 10:00-12:00; judge 13:00
            S1 r1-S1 row 1: 120 min
                S1 r2-S1 row 1: 60 min
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r2-S1 and r1-S1
                again at 2023-08-29T13:00:00Z
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-10:30; S1 r2v1@12:02 10:40-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:00; S1 r2v1@12:02 08:58-10:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-; S1 r2v1@12:02 08:58-10:00; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:30-10:00; S1 r2v1@12:02 10:30-11:00; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:00; S1 r2v1@12:02 remove-all; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 override=60; S1 r2v1@12:02 override=170; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 override=60; S1 r2v1@12:02 08:58-12:00; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 12:00-09:00; S1 r2v1@12:02 08:58-12:00; judge 13:00",
        "class 09:00-12:00; students 1; log; S1 v1@12:01 09:00-11:00; S1 r2v1@12:02 10:00-12:00; judge 13:00",
    ]));
}

#[test]
fn a_record_that_moves_to_another_class_leaves_nothing_behind() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 13:00
            S1 P: Present: attended the whole class
            S1 P→A: Absent: did not check in
        class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 12:10
            S1 P: Present: attended the whole class
            S1 P withdrawn (CourseKey, no record as of 2023-08-28T12:10:00Z, record moved to another class)
        class 09:00-12:00; students 1; log; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 13:00
            S1 R row 1: 180 min
            R row 1 void
        class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; S1 v1@12:01 09:10-12:00; judge 12:05; S1 away R; judge 13:00
            S1 P: Present: attended the whole class; overlapping visits count as one
                ! SecondRecord: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has two records that count together, r1-S1 and R
                again at 2023-08-29T12:05:00Z
            S1 P→L: Late: came 10 min after the start
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 13:00",
        "class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 12:10",
        "class 09:00-12:00; students 1; log; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 13:00",
        "class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; S1 v1@12:01 09:10-12:00; judge 12:05; S1 away R; judge 13:00",
    ]));
}

#[test]
fn hardly_anybody_with_time_means_that_the_class_was_not_held() {
    expect![[r#"
        class 09:00-12:00; students 6; S1 v1@12:01 09:00-12:00; judge 13:00; S2 v1@14:00 09:00-12:00; judge 14:05
            S1 P: Present: attended the whole class
                ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, only one came by CourseKey's records; it was probably not held
                again at 2023-08-29T13:00:00Z
            S2 P: Present: attended the whole class
                S3 A: Absent: did not check in
                S4 A: Absent: did not check in
                S5 A: Absent: did not check in
                S6 A: Absent: did not check in
        class 09:00-12:00; students 7; S1 v1@12:01 09:00-12:00; S2 v1@12:01 remove-all; S3 acked 09:30; judge 13:00
            S1 P: Present: attended the whole class
                S2 A: Absent: all time removed in CourseKey
                ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, only one came by CourseKey's records; it was probably not held
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 6; S6 acked 09:30; judge 13:00
            S1 A: Absent: did not check in
                S2 A: Absent: did not check in
                S3 A: Absent: did not check in
                S4 A: Absent: did not check in
                S5 A: Absent: did not check in
        class 09:00-12:00; students 21; S1 v1@12:01 09:00-12:00; S2 v1@12:01 09:00-12:00; judge 13:00
            S1 P: Present: attended the whole class
                S2 P: Present: attended the whole class
                ! ClassNotHeld: of the 21 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, no more than 2 came by CourseKey's records; it was probably not held
                again at 2023-08-29T13:00:00Z
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 6; S1 v1@12:01 09:00-12:00; judge 13:00; S2 v1@14:00 09:00-12:00; judge 14:05",
        "class 09:00-12:00; students 7; S1 v1@12:01 09:00-12:00; S2 v1@12:01 remove-all; S3 acked 09:30; judge 13:00",
        "class 09:00-12:00; students 6; S6 acked 09:30; judge 13:00",
        "class 09:00-12:00; students 21; S1 v1@12:01 09:00-12:00; S2 v1@12:01 09:00-12:00; judge 13:00",
    ]));
}

#[test]
fn an_absence_is_taken_back_with_its_true_reason() {
    expect![[r#"
        class 09:00-12:00; students 1; judge 13:00; cancel 14:00
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record, the class was cancelled)
        class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 13:00; cancel 14:00
            S1 P: Present: attended the whole class
            nothing
        class 09:00-12:00; students 1; judge 13:00; class 09:00+1d-12:00+1d; judge 14:00
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record as of 2023-08-28T14:00:00Z, the class was moved)
        class 09:00-12:00; students 1; judge 13:00; S1 from 2023-08-29; judge 14:00
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record as of 2023-08-28T14:00:00Z, the student did not belong to the course on that day)
        class 09:00-12:00; students 1; judge 13:00; S1 dropped 14:00; S1 from 2023-08-29; judge 15:00
            S1 A: Absent: did not check in
            ! MarkStands: S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: GEGI lists no such student of the course any more and does not say that the attendance of that day is wrong, so it stands
                again at 2023-08-29T15:00:00Z
        class 09:00-12:00; students 1; judge 13:00; unplaced s1; judge 14:00
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record as of 2023-08-28T14:00:00Z, a record that has no place may be the student's)
                again at 2023-08-29T14:00:00Z
        class 09:00-12:00; students 1; judge 13:00; unreadable S1; judge 14:00
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record as of 2023-08-28T14:00:00Z, a record that has no place may be the student's)
                again at 2023-08-29T14:00:00Z
        class 09:00-12:00; students 1; judge 13:00; S1 unlisted; judge 14:00
            S1 A: Absent: did not check in
            ! MarkStands: S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: GEGI lists no such student of the course any more and does not say that the attendance of that day is wrong, so it stands
                again at 2023-08-29T14:00:00Z
        class 09:00-12:00; students 1; judge 13:00; S1 credit; judge 14:00
            S1 A: Absent: did not check in
            ! MarkStands: S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: GEGI lists no such student of the course any more and does not say that the attendance of that day is wrong, so it stands
                again at 2023-08-29T14:00:00Z
        class 09:00-12:00; students 1; judge 13:00; S1 stage REGISTERED; judge 14:00
            S1 A: Absent: did not check in
            ! MarkStands: S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: GEGI lists no such student of the course any more and does not say that the attendance of that day is wrong, so it stands
                again at 2023-08-29T14:00:00Z
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; judge 13:00; cancel 14:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 13:00; cancel 14:00",
        "class 09:00-12:00; students 1; judge 13:00; class 09:00+1d-12:00+1d; judge 14:00",
        "class 09:00-12:00; students 1; judge 13:00; S1 from 2023-08-29; judge 14:00",
        "class 09:00-12:00; students 1; judge 13:00; S1 dropped 14:00; S1 from 2023-08-29; judge 15:00",
        "class 09:00-12:00; students 1; judge 13:00; unplaced s1; judge 14:00",
        "class 09:00-12:00; students 1; judge 13:00; unreadable S1; judge 14:00",
        "class 09:00-12:00; students 1; judge 13:00; S1 unlisted; judge 14:00",
        "class 09:00-12:00; students 1; judge 13:00; S1 credit; judge 14:00",
        "class 09:00-12:00; students 1; judge 13:00; S1 stage REGISTERED; judge 14:00",
    ]));
}

#[test]
fn hours_type_changed_writes_what_is_inside_the_follow_up_anew() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 13:00+1d
            S1 P: Present: attended the whole class
            S1 P withdrawn (CourseKey, record r1-S1 version 1, Hours Type changed)
                S1 r1-S1 row 1: 180 min
        class 09:00-12:00; students 2; S1 v1@12:01 09:00-12:00; judge 13:00; log; judge 13:00+1d; schedule; judge 14:00+1d
            S1 P: Present: attended the whole class
                S2 A: Absent: did not check in
            S1 P withdrawn (CourseKey, record r1-S1 version 1, Hours Type changed)
                S1 r1-S1 row 1: 180 min
                S2 A withdrawn (CourseKey, no record as of 2023-08-29T13:00:00Z, Hours Type changed)
            r1-S1 row 1 void
                S1 P: Present: attended the whole class
                S2 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 12:01+8d
            S1 P: Present: attended the whole class
            nothing
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 13:00+1d",
        "class 09:00-12:00; students 2; S1 v1@12:01 09:00-12:00; judge 13:00; log; judge 13:00+1d; schedule; judge 14:00+1d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 12:01+8d",
    ]));
}
