//! Classes that GEGI moves, and records that CourseKey moves to another student. DOMAIN §4 "Class moved after marks":
//! "marks inside the follow-up days are computed again".

use expect_test::expect;

use super::story::told;

#[test]
fn marks_beyond_the_follow_up_days_stay_as_they_were_computed() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; class 08:00-12:00; judge 12:00+7d
            S1 P: Present: attended the whole class
            S1 P→A: Absent: came 60 min after the start; the limit is 15 min
        class 09:00-12:00; students 2; S1 v1@12:01 09:00-12:00; S2 v1@12:01 09:00-; judge 13:00; class 08:00-12:00; judge 12:01+8d
            S1 P: Present: attended the whole class
                ! NeverCheckedOut: student S2 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in at the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:00:00Z
            ! NeverCheckedOut: student S2 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in at the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-09-06T12:01:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; class 08:00+9d-12:00+9d; judge 12:01+8d
            S1 P: Present: attended the whole class
            S1 P withdrawn (CourseKey, record r1-S1 version 1: the class was moved)
                again at 2023-09-06T12:00:00Z
    "#]].assert_eq(&told(&[
        // Moved within the follow-up days.
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; class 08:00-12:00; judge 12:00+7d",
        // Moved beyond the follow-up days: the mark stays, whatever else the class is judged for.
        "class 09:00-12:00; students 2; S1 v1@12:01 09:00-12:00; S2 v1@12:01 09:00-; judge 13:00; class 08:00-12:00; judge 12:01+8d",
        // A class that is moved to lie within its follow-up days again is judged anew.
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; class 08:00+9d-12:00+9d; judge 12:01+8d",
    ]));
}

#[test]
fn an_adjustment_is_weighed_again_when_the_class_moves() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:20-12:00; judge 12:05; S1 v2@12:05+7d award-full; judge 12:06+7d; class 10:00-13:00; judge 12:07+7d
            S1 A: Absent: came 20 min after the start; the limit is 15 min
            ! LateAdjustment: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey's record was changed at 2023-09-04 12:05 UTC, after the follow-up days, and is not applied; it says: Present: full time awarded in CourseKey
                again at 2023-09-05T12:06:00Z
            S1 A→P: Present: full time awarded in CourseKey
        class 09:00-12:00; students 1; S1 v1@12:01 09:20-12:00; judge 12:05; class 10:00-13:00; S1 v2@12:05+7d award-full; judge 12:07+7d
            S1 A: Absent: came 20 min after the start; the limit is 15 min
            S1 A→P: Present: full time awarded in CourseKey
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:20-12:00; judge 12:05; S1 v2@12:05+7d award-full; judge 12:06+7d; class 10:00-13:00; judge 12:07+7d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:20-12:00; judge 12:05; class 10:00-13:00; S1 v2@12:05+7d award-full; judge 12:07+7d",
    ]));
}

#[test]
fn a_record_that_coursekey_gives_to_another_student_counts_for_that_one_alone() {
    expect![[r#"
        class 09:00-12:00; students 2; S1 of R v1@12:01 09:00-12:00; judge 12:05; S2 of R v2@12:10 09:00-12:00; judge 13:00
            S1 P: Present: attended the whole class
            S1 P→A: Absent: did not check in
                S2 P: Present: attended the whole class
        class 09:00-12:00; students 2; S2 of R v2@12:10 09:00-12:00; S1 of R v1@12:01 09:00-12:00; judge 13:00
            S1 A: Absent: did not check in
                S2 P: Present: attended the whole class
        class 09:00-12:00; students 2; log; S1 of R v1@12:01 09:00-12:00; judge 12:05; S2 of R v2@12:10 09:00-12:00; judge 13:00
            S1 R row 1: 180 min
            R row 1 void
                S2 R row 1: 180 min
        class 09:00-12:00; students 2; log; S2 of R v1@12:01 09:00-12:00; judge 12:05; S1 of R v2@12:10 09:00-12:00; judge 13:00
            S2 R row 1: 180 min
            R row 1 void
                S1 R row 1: 180 min
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 2; S1 of R v1@12:01 09:00-12:00; judge 12:05; S2 of R v2@12:10 09:00-12:00; judge 13:00",
        "class 09:00-12:00; students 2; S2 of R v2@12:10 09:00-12:00; S1 of R v1@12:01 09:00-12:00; judge 13:00",
        "class 09:00-12:00; students 2; log; S1 of R v1@12:01 09:00-12:00; judge 12:05; S2 of R v2@12:10 09:00-12:00; judge 13:00",
        "class 09:00-12:00; students 2; log; S2 of R v1@12:01 09:00-12:00; judge 12:05; S1 of R v2@12:10 09:00-12:00; judge 13:00",
    ]));
}

/// DOMAIN §1, of COMPLETED and GRADUATED: "before the course's end: as stopped; on or after it the enrolment stays as it is".
#[test]
fn who_finished_before_the_course_ended_had_stopped() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 stage COMPLETED; judge 13:00
            nothing
        class 09:00-12:00; students 1; ends 2023-08-28; S1 stage COMPLETED; judge 13:00
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 stage GRADUATED; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 13:00
            ! RecordAfterDrop: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: CourseKey has attendance after the drop
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; ends 2023-08-28; S1 stage GRADUATED; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 13:00
            S1 P: Present: attended the whole class
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 stage COMPLETED; judge 13:00",
        "class 09:00-12:00; students 1; ends 2023-08-28; S1 stage COMPLETED; judge 13:00",
        "class 09:00-12:00; students 1; S1 stage GRADUATED; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 13:00",
        "class 09:00-12:00; students 1; ends 2023-08-28; S1 stage GRADUATED; S1 dropped 08:00; S1 v1@12:01 09:00-12:00; judge 13:00",
    ]));
}

#[test]
fn an_absence_is_taken_back_only_if_the_student_is_known_not_to_have_belonged() {
    expect![[r#"
        class 09:00-12:00; students 1; judge 13:00; S1 stage LOA; S1 dropped 14:00; judge 14:05
            S1 A: Absent: did not check in
            nothing
        class 09:00-12:00; students 1; judge 13:00; S1 stage LOA; S1 stopped 2023-08-28; judge 14:05
            S1 A: Absent: did not check in
            nothing
        class 09:00-12:00; students 1; judge 13:00; S1 stage LOA; S1 stopped 2023-08-27; judge 14:05
            S1 A: Absent: did not check in
            S1 A withdrawn (CourseKey, no record as of 2023-08-28T14:05:00Z, the student did not belong to the course on that day)
        class 09:00-12:00; students 1; judge 13:00; S1 stage BOGUS; judge 14:05
            S1 A: Absent: did not check in
            nothing
        class 09:00-12:00; students 1; judge 13:00; S1 credit; judge 14:05
            S1 A: Absent: did not check in
            ! MarkStands: S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: GEGI lists no such student of the course any more and does not say that the attendance of that day is wrong, so it stands
                again at 2023-08-29T14:05:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; judge 13:00; S1 stage LOA; S1 dropped 14:00; judge 14:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 stage LOA; S1 stopped 2023-08-28; judge 14:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 stage LOA; S1 stopped 2023-08-27; judge 14:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 stage BOGUS; judge 14:05",
        "class 09:00-12:00; students 1; judge 13:00; S1 credit; judge 14:05",
    ]));
}

#[test]
fn who_studies_is_marked_though_a_day_of_stopping_is_left_in_gegi() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 stage DROPPED Pending; S1 stopped 2023-08-27; S1 v1@12:01 09:00-12:00; judge 12:05
            S1 P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 stopped 2023-08-27; judge 13:00
            S1 A: Absent: did not check in
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 stage DROPPED Pending; S1 stopped 2023-08-27; S1 v1@12:01 09:00-12:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 stopped 2023-08-27; judge 13:00",
    ]));
}
