//! People who cannot be sent, share an address, are in CourseKey already, or change.

use expect_test::expect;

use crate::model::time::Seconds;
use crate::testing::{Fake, course};

#[test]
fn one_person_who_cannot_be_sent_keeps_nobody_else() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut broken = course("C1");
    broken.students[1].person.email = String::new();
    world.save(broken);
    assert!(!world.settle().contains("S2"));
    expect!["C1 Failed (1 of 3 students: no e-mail)"].assert_eq(&world.statuses());
    assert_eq!(world.mails.len(), 1, "mailed once");
    world.later(Seconds::days(2));
    assert_eq!(world.mails.len(), 1, "and never again");
}

#[test]
fn a_mended_person_is_sent_wherever_the_person_is_named() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut broken = course("C1");
    broken.students[1].person.email = String::new();
    world.save(broken);
    world.settle();
    let mut other = course("C2");
    other.students[1].person.revision = 2;
    world.save(other);
    let sent = world.settle();
    assert!(sent.contains("user S2 student2@example.edu"), "{sent}");
    assert!(sent.contains("enroll S2 in C1") && sent.contains("enroll S2 in C2"), "{sent}");
    expect![[r#"
        C1 Synchronized
        C2 Synchronized"#]]
    .assert_eq(&world.statuses());
}

#[test]
fn of_two_people_with_one_address_neither_is_sent_unless_coursekey_holds_one() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut twins = course("C1");
    twins.students[1].person.email = "Student1@example.edu".to_owned();
    world.save(twins);
    let sent = world.settle();
    assert!(!sent.contains("S1") && !sent.contains("S2"), "{sent}");
    expect!["C1 Failed (2 of 3 students: shared e-mail)"].assert_eq(&world.statuses());

    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    let mut twins = course("C2");
    twins.students.truncate(1);
    twins.students[0].person.id = "S9".into();
    world.save(twins);
    assert!(!world.settle().contains("S9"));
    expect![[r#"
        C1 Synchronized
        C2 Failed (the student: shared e-mail)"#]]
    .assert_eq(&world.statuses());
}

#[test]
fn a_new_address_is_an_update_of_the_same_user() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.students[0].person.revision = 2;
    changed.students[0].person.email = "new1@example.edu".to_owned();
    world.save(changed);
    expect!["user S1 new1@example.edu"].assert_eq(&world.settle());
}

#[test]
fn an_instructor_who_is_a_student_elsewhere_stays_a_teacher() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut other = course("C2");
    other.students[0].person = course("C1").instructors[0].clone();
    world.save(course("C1"));
    world.save(other);
    let sent = world.settle();
    assert!(sent.contains("teacher I1") && !sent.contains("user I1"), "{sent}");
    assert!(sent.contains("enroll I1 in C2"), "{sent}");
}

#[test]
fn an_account_coursekey_has_is_adopted_by_address_and_name_or_not_at_all() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.refuses.insert("S1".to_owned(), "email_taken".to_owned());
    world.coursekey.accounts =
        vec![serde_json::json!({ "accountId": "u-1", "issuedId": null, "firstName": "student", "lastName": "1" })];
    world.save(course("C1"));
    let sent = world.settle();
    assert!(sent.contains("user S1 student1@example.edu adopting u-1"), "{sent}");
    expect!["C1 Synchronized"].assert_eq(&world.statuses());

    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.coursekey.refuses.insert("S1".to_owned(), "email_taken".to_owned());
    world.coursekey.accounts =
        vec![serde_json::json!({ "accountId": "u-1", "issuedId": null, "firstName": "Somebody", "lastName": "Else" })];
    world.save(course("C1"));
    assert!(!world.settle().contains("adopting"));
    expect!["C1 Failed (1 of 3 students: refused by CourseKey (account_mismatch))"].assert_eq(&world.statuses());
}

#[test]
fn a_refused_instructor_does_not_stop_the_others() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut two = course("C1");
    two.instructors.push(two.instructors[0].clone());
    two.instructors[1].id = "I2".into();
    two.instructors[1].email = "instructor2@example.edu".to_owned();
    world.coursekey.refuses.insert("I2".to_owned(), "email_invalid".to_owned());
    world.save(two);
    let sent = world.settle();
    assert!(sent.contains(r#"course C1 by instructor1@example.edu with ["I1"]"#), "{sent}");
    expect!["C1 Failed (1 of 2 instructors: refused by CourseKey (email_invalid))"].assert_eq(&world.statuses());
    assert_eq!(world.later(Seconds(300)), "", "parked");
    expect!["teacher I2 instructor2@example.edu: email_invalid"].assert_eq(&world.later(Seconds::days(1)));
}

#[test]
fn with_a_weak_initial_password_no_new_account_is_sent_and_nothing_is_tried_again_until_it_changes() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.settings.initial_user_password = crate::model::settings::Password::new("weak".to_owned());
    world.save(course("C1"));
    assert_eq!(world.settle(), "");
    expect!["C1 Failed (the instructor: Initial User Password is too weak)"].assert_eq(&world.statuses());
    let due = world.tick().next_due;
    assert!(due.is_some_and(|due| due > world.now + Seconds(3_600)), "{due:?}");
    world.settings.initial_user_password = crate::model::settings::Password::new("Welcome1".to_owned());
    assert!(world.settle().contains("enroll S3 in C1"));
}

#[test]
fn an_owner_whose_address_changes_is_still_the_owner() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    world.save(course("C1"));
    world.settle();
    let mut changed = course("C1");
    changed.revision = 2;
    changed.title = "NEW".to_owned();
    changed.instructors[0].revision = 2;
    changed.instructors[0].email = "new@example.edu".to_owned();
    world.save(changed);
    expect![[r#"
        teacher I1 new@example.edu
        course C1 by new@example.edu with ["I1"]"#]]
    .assert_eq(&world.settle());
}

#[test]
fn an_instructor_whose_new_address_cannot_be_sent_goes_on_teaching() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut two = course("C1");
    two.instructors.push(two.instructors[0].clone());
    two.instructors[1].id = "I2".into();
    two.instructors[1].email = "instructor2@example.edu".to_owned();
    world.save(two.clone());
    world.settle();
    two.revision = 2;
    two.instructors[0].revision = 2;
    two.instructors[0].email = "ask the office".to_owned();
    world.save(two);
    assert_eq!(world.settle(), "");
    expect!["C1 Failed (1 of 2 instructors: invalid e-mail)"].assert_eq(&world.statuses());
}

/// Gives a student of the course another e-mail, at the next revision of the person.
fn readdress(course: &mut crate::model::course::Course, changes: &[(usize, &str)]) {
    course.revision += 1;
    for (place, email) in changes {
        let person = &mut course.students[*place].person;
        person.revision += 1;
        person.email = (*email).to_owned();
    }
}

#[test]
fn who_is_not_sent_claims_no_address() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut leads = course("C0");
    leads.students.iter_mut().for_each(|student| student.stage = "NOT INTERESTED".to_owned());
    leads.students[0].person.id = "LEAD1".into();
    leads.students[0].person.email = "student1@example.edu".to_owned();
    let mut off = course("C2");
    off.send = crate::model::course::SendOption::Off;
    off.students[1].person.id = "OFF2".into();
    world.save(leads);
    world.save(off);
    world.save(course("C1"));
    world.settle();
    expect![[r#"
        C0 Synchronized
        C1 Synchronized
        C2 Disabled (Send to CourseKey is off)"#]]
    .assert_eq(&world.statuses());
}

#[test]
fn an_address_that_is_given_up_is_sent_first() {
    let mut world = crate::testing::synchronized();
    let mut changed = course("C1");
    let chain = [(0, "student2@example.edu"), (1, "student3@example.edu"), (2, "new@example.edu")];
    readdress(&mut changed, &chain);
    world.save(changed);
    expect![[r#"
        user S3 new@example.edu
        user S2 student3@example.edu
        user S1 student2@example.edu"#]]
    .assert_eq(&world.settle());
}

#[test]
fn two_courses_that_contradict_each_other_are_one_issue() {
    let mut world = Fake::new("2023-08-20T12:00:00Z");
    let mut other = course("C2");
    other.students[0].person.email = "other@example.edu".to_owned();
    world.save(other);
    world.save(course("C1"));
    assert!(world.settle().contains("user S1 student1@example.edu"), "the course with the lowest id decides");
    let told: Vec<&str> = super::roster::open_issues(&world);
    expect!["student S1 in course NURS-C1 “CARE” has another e-mail in course NURS-C2 “CARE”, at the same revision of the person"]
        .assert_eq(&told.join("\n"));
    let mut agreeing = course("C2");
    agreeing.revision = 2;
    world.save(agreeing);
    world.settle();
    assert!(super::roster::open_issues(&world).is_empty());
}
