//! Marks that a person set by hand, against CourseKey's record: which of the two counts.

use expect_test::expect;

use super::story::told;

#[test]
fn a_hand_mark_is_kept_until_the_content_of_the_record_changes() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand P; judge 12:10; S1 v2@14:00 09:10-12:00; judge 14:05; S1 v3@15:00 remove-all; judge 15:05
            S1 L: Late: came 10 min after the start
            nothing
            nothing
            S1 P→A: Absent: all time removed in CourseKey
        class 09:00-12:00; students 1; S1 hand A; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand A; judge 12:10
            S1 A→L: Late: came 10 min after the start
            nothing
        class 09:00-12:00; students 1; S1 v1@11:50 09:10-11:45; S1 hand P; judge 12:00
            nothing
        class 09:00-12:00; students 1; S1 hand A; S1 v1@11:50 09:10-11:45; S1 hand P; judge 12:00
            nothing
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand P; judge 12:10; S1 v2@14:00 09:10-12:00; judge 14:05; S1 v3@15:00 remove-all; judge 15:05",
        "class 09:00-12:00; students 1; S1 hand A; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand A; judge 12:10",
        "class 09:00-12:00; students 1; S1 v1@11:50 09:10-11:45; S1 hand P; judge 12:00",
        "class 09:00-12:00; students 1; S1 hand A; S1 v1@11:50 09:10-11:45; S1 hand P; judge 12:00",
    ]));
}

#[test]
fn an_empty_record_says_no_more_than_none() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 acked 09:30; S1 hand P; S1 v1@12:01; judge 13:00
            nothing
        class 09:00-12:00; students 1; judge 13:00; S1 hand P; S1 v1@13:01; judge 13:05
            S1 A: Absent: did not check in
            nothing
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 acked 09:30; S1 hand P; S1 v1@12:01; judge 13:00",
        "class 09:00-12:00; students 1; judge 13:00; S1 hand P; S1 v1@13:01; judge 13:05",
    ]));
}

#[test]
fn a_preset_mark_gives_way() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 preset P; S1 v1@12:01 09:10-12:00; judge 12:05
            S1 P→L: Late: came 10 min after the start
    "#]]
    .assert_eq(&told(&["class 09:00-12:00; students 1; S1 preset P; S1 v1@12:01 09:10-12:00; judge 12:05"]));
}

#[test]
fn a_hand_mark_answers_for_a_missing_check_out() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@09:01 09:00-; judge 12:00; judge 13:00; S1 hand P; judge 13:00+1d; S1 v2@14:00+1d 09:00-11:00 edit; judge 14:05+1d
            again at 2023-08-28T13:00:00Z
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in at the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T13:00:00Z
            nothing
            S1 P→A: Absent: left 60 min before the end; the limit is 15 min; edited in CourseKey
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@09:01 09:00-; judge 12:00; judge 13:00; S1 hand P; judge 13:00+1d; S1 v2@14:00+1d 09:00-11:00 edit; judge 14:05+1d",
    ]));
}

#[test]
fn a_mark_of_gegis_own_is_never_withdrawn() {
    expect![[r#"
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand P; S1 v2@14:00 09:10- edit; judge 14:05
            S1 L: Late: came 10 min after the start
            nothing
        class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 unmarked; S1 v2@14:00 09:10- edit; judge 14:05
            S1 L: Late: came 10 min after the start
            ! NeverCheckedOut: student S1 in the class of 2023-08-28 09:00 UTC of course NURS-C1 “CARE”: checked in 10 min after the start and never out; CourseKey's check-out is taken until 2023-10-02 12:00 UTC
                again at 2023-08-29T14:05:00Z
    "#]]
    .assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 hand P; S1 v2@14:00 09:10- edit; judge 14:05",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:10-12:00; judge 12:05; S1 unmarked; S1 v2@14:00 09:10- edit; judge 14:05",
    ]));
}
