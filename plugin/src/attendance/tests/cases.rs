//! Data that contradict themselves: second records, records that move, check-outs that come late, absences taken back,
//! Hours Type changed. Every line of DOMAIN §4 "Attendance" that speaks of them has its story here.

use expect_test::expect;

use super::story::told;

#[test]
fn a_check_out_that_completes_an_open_visit_is_taken_for_28_days_after_the_follow_up() {
    expect![[""]].assert_eq(&told(&[
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
    expect![[""]].assert_eq(&told(&[
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
    expect![[""]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 13:00",
        "class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 12:10",
        "class 09:00-12:00; students 1; log; S1 of R v1@12:01 09:00-12:00; judge 12:05; S1 away R; judge 13:00",
        "class 09:00-12:00; students 1; S1 of R v1@12:01 09:00-12:00; S1 v1@12:01 09:10-12:00; judge 12:05; S1 away R; judge 13:00",
    ]));
}

#[test]
fn hardly_anybody_with_time_means_that_the_class_was_not_held() {
    expect![[""]].assert_eq(&told(&[
        "class 09:00-12:00; students 6; S1 v1@12:01 09:00-12:00; judge 13:00; S2 v1@14:00 09:00-12:00; judge 14:05",
        "class 09:00-12:00; students 7; S1 v1@12:01 09:00-12:00; S2 v1@12:01 remove-all; S3 acked 09:30; judge 13:00",
        "class 09:00-12:00; students 6; S6 acked 09:30; judge 13:00",
        "class 09:00-12:00; students 21; S1 v1@12:01 09:00-12:00; S2 v1@12:01 09:00-12:00; judge 13:00",
    ]));
}

#[test]
fn an_absence_is_taken_back_with_its_true_reason() {
    expect![[""]].assert_eq(&told(&[
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
    expect![[""]].assert_eq(&told(&[
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 13:00+1d",
        "class 09:00-12:00; students 2; S1 v1@12:01 09:00-12:00; judge 13:00; log; judge 13:00+1d; schedule; judge 14:00+1d",
        "class 09:00-12:00; students 1; S1 v1@12:01 09:00-12:00; judge 12:05; log; judge 12:01+8d",
    ]));
}
