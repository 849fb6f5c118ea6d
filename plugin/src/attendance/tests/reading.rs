//! Marks wait for attendance that was not read yet: no mark is written that an unread record could still change.

use expect_test::expect;

use super::story::told;

/// DOMAIN §2: "an instructor-led break checks everybody out and in again".
#[test]
fn that_a_student_left_is_believed_when_everything_up_to_the_end_was_read() {
    expect![[r#"
        class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 08:58-10:00; judge 12:00; unread 12:00; judge 12:05
            again at 2023-08-28T23:59:00Z
            S1 A: Absent: left 120 min before the end; the limit is 15 min
        class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 08:58-10:00; judge 12:00; S1 v2@12:01 08:58-10:00 10:15-12:00; judge 12:05
            again at 2023-08-28T23:59:00Z
            S1 P: Present: there at the start and at the end; away 15 min in between
        class 09:00-12:00; students 1; unread 10:01; S1 v1@12:00 08:58-11:50; judge 12:00
            S1 L: Late: left 10 min before the end
        class 09:00-12:00; students 1; unread 10:01; S1 v1@11:59 08:58-11:50; judge 12:00
            again at 2023-08-28T23:59:00Z
        class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 09:16-10:00; judge 12:00
            S1 A: Absent: came 16 min after the start; the limit is 15 min; left 120 min before the end; the limit is 15 min
        class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 award-full; judge 12:00
            S1 P: Present: full time awarded in CourseKey
        class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 08:58-10:00 remove-all; judge 12:00
            S1 A: Absent: all time removed in CourseKey
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 08:58-10:00; judge 12:00; unread 12:00; judge 12:05",
        "class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 08:58-10:00; judge 12:00; S1 v2@12:01 08:58-10:00 10:15-12:00; judge 12:05",
        // A push shows the record as it was when CourseKey wrote it.
        "class 09:00-12:00; students 1; unread 10:01; S1 v1@12:00 08:58-11:50; judge 12:00",
        "class 09:00-12:00; students 1; unread 10:01; S1 v1@11:59 08:58-11:50; judge 12:00",
        // No unread record can change these marks.
        "class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 09:16-10:00; judge 12:00",
        "class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 award-full; judge 12:00",
        "class 09:00-12:00; students 1; unread 10:01; S1 v1@10:00 08:58-10:00 remove-all; judge 12:00",
    ]));
}

#[test]
fn that_nobody_checked_out_is_believed_when_everything_up_to_the_settle_time_was_read() {
    expect![[r#"
        class 09:00-12:00; students 1; unread 12:59; S1 v1@09:00 08:58-; judge 13:00; unread 13:00; judge 13:05
            again at 2023-08-28T23:59:00Z
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:05:00Z
        class 09:00-12:00; students 1; log; unread 12:59; S1 v1@09:00 08:58-; judge 13:00; unread 13:00; judge 13:05
            again at 2023-08-28T23:59:00Z
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:05:00Z
        class 09:00-12:00; students 1; unread 12:59; S1 v1@09:00 08:58-; judge 13:00; S1 v2@12:02 08:58-12:01; judge 13:05
            again at 2023-08-28T23:59:00Z
            S1 P: Present: attended the whole class
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; unread 12:59; S1 v1@09:00 08:58-; judge 13:00; unread 13:00; judge 13:05",
        "class 09:00-12:00; students 1; log; unread 12:59; S1 v1@09:00 08:58-; judge 13:00; unread 13:00; judge 13:05",
        "class 09:00-12:00; students 1; unread 12:59; S1 v1@09:00 08:58-; judge 13:00; S1 v2@12:02 08:58-12:01; judge 13:05",
    ]));
}

#[test]
fn a_record_that_says_nothing_is_silence_and_held_to_its_conditions() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01; judge 12:05; judge 13:00
            nothing
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; unread 12:30; S1 v1@12:01; judge 13:00; unread 13:00; judge 13:05
            again at 2023-08-28T23:59:00Z
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 acked 12:30; S1 v1@12:31; judge 13:00
            nothing
        class 09:00-12:00; students 6; S1 v1@12:01; S2 v1@12:01; S3 v1@12:01; S4 v1@12:01; S5 v1@12:01; S6 v1@12:01; judge 13:00
            ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, none came by CourseKey's records; it was probably not held
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 r2v1@12:10; judge 13:00
            S1 P: Present: attended the whole class
            nothing
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 v2@12:10; judge 12:15; judge 13:00
            S1 P: Present: attended the whole class
            S1 P withdrawn (CourseKey, record r1-S1 version 2: it cannot be told any more, or not yet)
            S1 A: Absent: did not check in
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 v2@14:10; judge 14:15
            S1 P: Present: attended the whole class
            S1 P→A: Absent: did not check in
        class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 v2@14:10; S1 acked 12:30; judge 14:15
            S1 P: Present: attended the whole class
            S1 P withdrawn (CourseKey, record r1-S1 version 2: it cannot be told any more, or not yet)
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01; judge 12:05; judge 13:00",
        "class 09:00-12:00; students 1; unread 12:30; S1 v1@12:01; judge 13:00; unread 13:00; judge 13:05",
        "class 09:00-12:00; students 1; S1 acked 12:30; S1 v1@12:31; judge 13:00",
        "class 09:00-12:00; students 6; S1 v1@12:01; S2 v1@12:01; S3 v1@12:01; S4 v1@12:01; S5 v1@12:01; S6 v1@12:01; judge 13:00",
        // The empty record takes nothing away from another record.
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 r2v1@12:10; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 v2@12:10; judge 12:15; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 v2@14:10; judge 14:15",
        "class 09:00-12:00; students 1; S1 v1@12:01 08:58-12:01; judge 12:05; S1 v2@14:10; S1 acked 12:30; judge 14:15",
    ]));
}

#[test]
fn a_check_in_after_the_class_opens_nothing() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:06 08:58-12:05; judge 12:10; S1 v2@12:20 08:58-12:05 12:06-; judge 13:00
            S1 P: Present: attended the whole class
            S1 P→P: Present: attended the whole class
        class 09:00-12:00; students 1; S1 v1@12:06 12:06-; judge 13:00
            ! VisitsDoubtful: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: the visits contradict themselves, so that no Absent is made of them
                again at 2023-08-29T13:00:00Z
        class 09:00-12:00; students 1; S1 v1@12:06 08:58-11:50 12:00-; judge 13:00
            S1 L: Late: left 10 min before the end
        class 09:00-12:00; students 1; S1 v1@12:06 08:58-11:50 11:59:59-; judge 13:00
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 179 min 59 s after the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:00:00Z
    "#]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:06 08:58-12:05; judge 12:10; S1 v2@12:20 08:58-12:05 12:06-; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:06 12:06-; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:06 08:58-11:50 12:00-; judge 13:00",
        "class 09:00-12:00; students 1; S1 v1@12:06 08:58-11:50 11:59:59-; judge 13:00",
    ]));
}

#[test]
fn what_was_told_stands_while_it_cannot_be_told_again() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@11:51 08:58-11:50; judge 12:00; unread 11:00; judge 12:05
            S1 L: Late: left 10 min before the end
            again at 2023-08-28T23:59:00Z
        class 09:00-12:00; students 1; S1 v1@09:00 08:58-; judge 13:00; unread 11:00; judge 13:05
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:00:00Z
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 2 min before the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-28T23:59:00Z
        class 09:00-12:00; students 6; judge 13:00; unread 11:00; judge 13:05
            ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, none came by CourseKey's records; it was probably not held
                again at 2023-08-29T13:00:00Z
            ! ClassNotHeld: of the 6 students of the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”, none came by CourseKey's records; it was probably not held
                again at 2023-08-28T23:59:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@11:51 08:58-11:50; judge 12:00; unread 11:00; judge 12:05",
        "class 09:00-12:00; students 1; S1 v1@09:00 08:58-; judge 13:00; unread 11:00; judge 13:05",
        "class 09:00-12:00; students 6; judge 13:00; unread 11:00; judge 13:05",
    ]));
}
