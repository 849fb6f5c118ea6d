//! The derived Absent: each of its conditions, the class that was probably not held, and how an Absent is taken back.

use expect_test::expect;

use super::story::told;

#[test]
fn silence_is_absence_when_the_class_has_settled() {
    expect![[r#"
        class 09:00-12:00; S1 v1@12:01 09:00-12:00; judge 12:05; judge 12:59:59; judge 13:00; judge 13:05
            S1 P: Present: attended the whole class
            nothing
            S2 A: Absent: did not check in
            nothing
        class 09:00-12:00; judge 13:00
            S1 A: Absent: did not check in
                S2 A: Absent: did not check in
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; S1 v1@12:01 09:00-12:00; judge 12:05; judge 12:59:59; judge 13:00; judge 13:05",
        "class 09:00-12:00; judge 13:00",
    ]));
}

#[test]
fn every_condition_of_a_derived_absence() {
    expect![[r#"
        class 09:00-12:00; students 1; log; judge 13:00
            nothing
        class 09:00-12:00; students 1; class acked 09:00; judge 13:00
            nothing
        class 09:00-12:00; students 1; class acked 08:59:59; judge 13:00
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 acked 09:00; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 dropped 08:59; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 dropped 09:00; judge 13:00
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 from 2023-08-29; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 from 2023-08-28; judge 13:00
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 stopped 2023-08-27; judge 13:00
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 stopped 2023-08-28; S1 stage DROPPED; judge 13:00
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 stage DROPPED; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 stage PENDING; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 stage WANDERING; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 credit; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 unlisted; judge 13:00
            nothing
        class 09:00-12:00; students 1; unread 12:59:59; judge 13:00
            again at 2023-08-28T23:59:00Z
        class 09:00-12:00; students 1; S1 hand P; judge 13:00
            nothing
        class 09:00-12:00; students 1; S1 preset P; judge 13:00
            nothing
        class 09:00-12:00; students 2; unreadable S1; judge 13:00
            S2 A: Absent: did not check in
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 2; unreadable; judge 13:00
            again at 2023-08-29T13:00:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; log; judge 13:00",
        "class 09:00-12:00; students 1; class acked 09:00; judge 13:00",
        "class 09:00-12:00; students 1; class acked 08:59:59; judge 13:00",
        "class 09:00-12:00; students 1; S1 acked 09:00; judge 13:00",
        "class 09:00-12:00; students 1; S1 dropped 08:59; judge 13:00",
        "class 09:00-12:00; students 1; S1 dropped 09:00; judge 13:00",
        "class 09:00-12:00; students 1; S1 from 2023-08-29; judge 13:00",
        "class 09:00-12:00; students 1; S1 from 2023-08-28; judge 13:00",
        "class 09:00-12:00; students 1; S1 stopped 2023-08-27; judge 13:00",
        "class 09:00-12:00; students 1; S1 stopped 2023-08-28; S1 stage DROPPED; judge 13:00",
        "class 09:00-12:00; students 1; S1 stage DROPPED; judge 13:00",
        "class 09:00-12:00; students 1; S1 stage PENDING; judge 13:00",
        "class 09:00-12:00; students 1; S1 stage WANDERING; judge 13:00",
        "class 09:00-12:00; students 1; S1 credit; judge 13:00",
        "class 09:00-12:00; students 1; S1 unlisted; judge 13:00",
        "class 09:00-12:00; students 1; unread 12:59:59; judge 13:00",
        "class 09:00-12:00; students 1; S1 hand P; judge 13:00",
        "class 09:00-12:00; students 1; S1 preset P; judge 13:00",
        "class 09:00-12:00; students 2; unreadable S1; judge 13:00",
        "class 09:00-12:00; students 2; unreadable; judge 13:00",
    ]));
}

#[test]
fn a_class_of_more_than_five_without_any_record_was_probably_not_held() {
    expect![[r#"
        class 09:00-12:00; students 5; judge 13:00
            S1 A: Absent: did not check in
                S2 A: Absent: did not check in
                S3 A: Absent: did not check in
                S4 A: Absent: did not check in
                S5 A: Absent: did not check in
        class 09:00-12:00; students 6; judge 13:00; judge 13:00+1d; S1 v1@13:05+1d 09:00-12:00; judge 13:10+1d
            ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, none came by CourseKey's records; it was probably not held
                again at 2023-08-29T13:00:00Z
            ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, none came by CourseKey's records; it was probably not held
                again at 2023-08-30T13:00:00Z
            S1 P: Present: attended the whole class
                ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, only one came by CourseKey's records; it was probably not held
                again at 2023-08-30T13:10:00Z
        class 09:00-12:00; students 6; unplaced s7; judge 13:00
            ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, none came by CourseKey's records; it was probably not held
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 7; S6 credit; S7 from 2023-08-29; judge 13:00
            S1 A: Absent: did not check in
                S2 A: Absent: did not check in
                S3 A: Absent: did not check in
                S4 A: Absent: did not check in
                S5 A: Absent: did not check in
        class 09:00-12:00; students 6; S1 hand P; S2 hand P; S3 hand P; S4 hand P; S5 hand P; S6 hand A; judge 13:00
            nothing
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 5; judge 13:00",
        "class 09:00-12:00; students 6; judge 13:00; judge 13:00+1d; S1 v1@13:05+1d 09:00-12:00; judge 13:10+1d",
        "class 09:00-12:00; students 6; unplaced s7; judge 13:00",
        "class 09:00-12:00; students 7; S6 credit; S7 from 2023-08-29; judge 13:00",
        "class 09:00-12:00; students 6; S1 hand P; S2 hand P; S3 hand P; S4 hand P; S5 hand P; S6 hand A; judge 13:00",
    ]));
}

#[test]
fn a_record_replaces_a_derived_absence_also_by_nothing() {
    expect![[r#"
        class 09:00-12:00; students 1; judge 13:00; S1 v1@13:02 08:58-12:01; judge 13:05
            S1 A: Absent: did not check in
            S1 A→P: Present: attended the whole class
        class 09:00-12:00; students 1; judge 13:00; S1 v1@13:02 08:58-; judge 13:05; S1 v2@15:00 08:58-12:01 edit; judge 15:05
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, record r1-S1 version 1: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC)
                ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:05:00Z
            S1 P: Present: attended the whole class; edited in CourseKey
        class 09:00-12:00; students 1; judge 13:00; S1 v1@13:02 09:30-; judge 13:05
            S1 A: Absent: did not check in
            S1 A→A: Absent: came 30 min after the start; the limit is 15 min
        class 09:00-12:00; students 1; judge 13:00; S1 v1@13:00+8d award-full; judge 13:05+8d
            S1 A: Absent: did not check in
            S1 A→P: Present: full time awarded in CourseKey
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; judge 13:00; S1 v1@13:02 08:58-12:01; judge 13:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 v1@13:02 08:58-; judge 13:05; S1 v2@15:00 08:58-12:01 edit; judge 15:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 v1@13:02 09:30-; judge 13:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 v1@13:00+8d award-full; judge 13:05+8d",
    ]));
}

#[test]
fn a_derived_absence_is_taken_back_when_gegi_says_otherwise_in_time() {
    expect![[r#"
        class 09:00-12:00; students 1; judge 13:00; S1 stopped 2023-08-27; judge 12:00+7d
            S1 A: Absent: did not check in
            nothing
        class 09:00-12:00; students 1; judge 13:00; S1 stopped 2023-08-27; judge 12:01+7d
            S1 A: Absent: did not check in
            nothing
        class 09:00-12:00; students 1; judge 13:00; S1 unlisted; judge 13:05
            S1 A: Absent: did not check in
            ! MarkStands: S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: GEGI lists no such student of the course any more and does not say that the attendance of that day is wrong, so it stands
                again at 2023-08-29T13:05:00Z
        class 09:00-12:00; students 1; judge 13:00; class 09:00+2d-12:00+2d; judge 13:05; judge 13:00+2d
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record as of 2023-08-28T13:05:00Z, the class was moved)
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; judge 13:00; log; judge 13:05
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record as of 2023-08-28T13:05:00Z, Hours Type changed)
        class 09:00-12:00; students 1; judge 13:00; S1 hand P; S1 stopped 2023-08-27; judge 13:05
            S1 A: Absent: did not check in
            nothing
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; judge 13:00; S1 stopped 2023-08-27; judge 12:00+7d",
        "class 09:00-12:00; students 1; judge 13:00; S1 stopped 2023-08-27; judge 12:01+7d",
        "class 09:00-12:00; students 1; judge 13:00; S1 unlisted; judge 13:05",
        "class 09:00-12:00; students 1; judge 13:00; class 09:00+2d-12:00+2d; judge 13:05; judge 13:00+2d",
        "class 09:00-12:00; students 1; judge 13:00; log; judge 13:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 hand P; S1 stopped 2023-08-27; judge 13:05",
    ]));
}
