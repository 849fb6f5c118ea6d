//! The property that lets a tick look at a course once: after a plan was carried out as planned, a second look finds
//! nothing to send and the same issues and troubles as the first.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};

use super::*;
use crate::model::time::Seconds;
use crate::plan::Action;

/// One change of a school, by number.
fn change(school: &mut School, number: usize) {
    let students = school.course.students.len();
    let student = number / 16 % students.max(1);
    let code = || RefusalCode::Other("name_blank".to_owned());
    let refusal = || Refusal { code: code(), field: None, message: "no".to_owned() };
    match number % 16 {
        0 => school.course.title.push('I'),
        1 => school.course.classes[0].ends = school.course.classes[0].starts,
        2 => _ = school.course.classes.pop().filter(|_| school.course.classes.len() > 1),
        3 if students > 1 => _ = school.course.students.remove(student),
        4 if students > 0 => school.course.students[student].stage = "LOA".to_owned(),
        5 if students > 0 => school.course.students[student].stage = "REGISTERED".to_owned(),
        6 if students > 0 => school.course.students[student].person.email.clear(),
        7 if students > 0 => school.course.students[student].person.email = format!("new{number}@example.edu"),
        8 if students > 1 => {
            let email = school.course.students[0].person.email.clone();
            let id = school.course.students[1].person.id.clone();
            school.course.students[1].person.email.clone_from(&email);
            school.claims.entry(people::email_key(&email)).or_default().insert(id);
        }
        9 => school.settings.initial_user_password = Password::new("weak".to_owned()),
        10 => school.course.instructors[0].email.clear(),
        11 => {
            let mut second = school.course.instructors[0].clone();
            second.id = PersonId(format!("I{number}"));
            second.email = format!("instructor{number}@example.edu");
            school.course.instructors.insert(0, second);
        }
        12 if students > 0 => {
            let id = school.course.students[student].person.id.clone();
            let ledger = school.accounts.entry(id).or_default();
            if let Some(held) = ledger.account.acknowledged.clone() {
                ledger.account.park(held, refusal(), Instant(i64::MAX));
            }
        }
        13 => school.removed = true,
        14 if students > 0 => school.course.students[student].agreement = Agreement::CreditGranted,
        _ => school.now = school.now + Seconds::days(1),
    }
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(8), failure_persistence: None, ..Config::default() })]

    #[test]
    fn what_was_carried_out_as_planned_leaves_nothing_and_says_the_same(
        before in proptest::collection::vec(0..256_usize, 0..4),
        held in any::<bool>(),
        after in proptest::collection::vec(0..256_usize, 0..4),
    ) {
        let mut school = School::new();
        for number in before {
            change(&mut school, number);
        }
        if held {
            school.carry_out(&school.look());
        }
        for number in after {
            change(&mut school, number);
        }
        let first = school.look();
        let actions: Vec<Action> = first.plan.actions.clone();
        let whole = school.carry_out(&first);
        let is_whole_course = |action: &Action| match (&action.write, school.ledger.as_ref()) {
            (Sent::Course { content, .. }, Some(ledger)) => ledger.course.acknowledged.as_ref() == Some(content),
            _ => true,
        };
        if whole && actions.iter().all(is_whole_course) {
            prop_assert_eq!(school.look(), first.carried_out());
        }
    }
}
