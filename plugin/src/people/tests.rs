//! Which texts in an e-mail field are addresses, and who keeps an address that several people have.

use std::fmt::Write as _;

use expect_test::expect;

use super::{email_key, newer, problems, shared_email_losers};
use crate::model::ids::PersonId;
use crate::model::person::Person;

fn person(email: &str) -> Person {
    Person {
        id: PersonId::from("S000001"),
        revision: 1,
        first_name: "Student".to_owned(),
        last_name: "000001".to_owned(),
        email: email.to_owned(),
    }
}

#[test]
fn an_e_mail_field_holds_one_address_and_nothing_else() {
    let fields = [
        "student000001@example.edu",
        "  Student000001@Example.edu\t",
        "o'neil+night@mail.example.edu",
        "",
        "   ",
        "student000001",
        "student000001@",
        "@example.edu",
        "student000001@localhost",
        "student000001@[127.0.0.1]",
        "student 000001@example.edu",
        "student000001@example..edu",
        "Student 000001 <student000001@example.edu>",
        "<student000001@example.edu>",
        "student000001@example.edu (on leave)",
        "use student000001@example.edu until May",
        "student000001@example.edu, other000001@example.edu",
        "student000001@example.edu;other000001@example.edu",
        "a@example.edu/b@example.edu",
    ];
    let mut table = String::new();
    for field in fields {
        let problem = problems(&person(field)).into_iter().next();
        let told = problem.map_or("fine".to_owned(), |(code, sentence)| format!("{code:?}: {sentence}"));
        writeln!(table, "{field:?} → {told}").unwrap();
    }
    expect![[r#"
        "student000001@example.edu" → fine
        "  Student000001@Example.edu\t" → fine
        "o'neil+night@mail.example.edu" → fine
        "" → EmailMissing: S000001 has no e-mail
        "   " → EmailMissing: S000001 has no e-mail
        "student000001" → EmailInvalid: S000001 has an e-mail that is not an address
        "student000001@" → EmailInvalid: S000001 has an e-mail that is not an address
        "@example.edu" → EmailInvalid: S000001 has an e-mail that is not an address
        "student000001@localhost" → EmailInvalid: S000001 has an e-mail that is not an address
        "student000001@[127.0.0.1]" → EmailInvalid: S000001 has an e-mail that is not an address
        "student 000001@example.edu" → EmailInvalid: S000001 has more than an address in the e-mail field
        "student000001@example..edu" → EmailInvalid: S000001 has an e-mail that is not an address
        "Student 000001 <student000001@example.edu>" → EmailInvalid: S000001 has more than an address in the e-mail field
        "<student000001@example.edu>" → EmailInvalid: S000001 has more than an address in the e-mail field
        "student000001@example.edu (on leave)" → EmailInvalid: S000001 has more than an address in the e-mail field
        "use student000001@example.edu until May" → EmailInvalid: S000001 has more than an address in the e-mail field
        "student000001@example.edu, other000001@example.edu" → EmailInvalid: S000001 has several addresses in the e-mail field
        "student000001@example.edu;other000001@example.edu" → EmailInvalid: S000001 has several addresses in the e-mail field
        "a@example.edu/b@example.edu" → EmailInvalid: S000001 has several addresses in the e-mail field
    "#]].assert_eq(&table);
}

#[test]
fn a_person_with_one_name_can_be_sent() {
    let person = Person { first_name: String::new(), ..person("student000001@example.edu") };
    assert_eq!(problems(&person), []);
}

#[test]
fn a_sentence_about_a_person_repeats_neither_name_nor_address() {
    for field in ["secret note", "Secret <secret@example.edu>", "secret@example.edu secret@example.org"] {
        let person = Person { first_name: "Secret".to_owned(), ..person(field) };
        for (_, sentence) in problems(&person) {
            assert!(!sentence.to_lowercase().contains("secret"), "{sentence}");
        }
        assert!(!format!("{person:?}").to_lowercase().contains("secret"));
    }
}

#[test]
fn addresses_that_differ_in_case_or_blanks_are_the_same() {
    assert_eq!(email_key(" Student000001@Example.EDU "), email_key("student000001@example.edu"));
    assert_ne!(email_key("student000001@example.edu"), email_key("student000002@example.edu"));
}

#[test]
fn only_a_higher_revision_of_a_person_is_news() {
    let at = |revision| Person { revision, ..person("student000001@example.edu") };
    assert_eq!([1, 2, 3].map(|seen| newer(&at(2), &at(seen))), [false, false, true]);
}

/// The people who are not sent, from lines such as `S1 S2* S3`. A star: CourseKey holds an account of this person with
/// the address.
fn losers(claimants: &str) -> String {
    let claimants: Vec<(PersonId, bool)> = claimants
        .split_whitespace()
        .map(|word| (PersonId::from(word.trim_end_matches('*')), word.ends_with('*')))
        .collect();
    let losers = shared_email_losers(&claimants);
    if losers.is_empty() {
        "nobody".to_owned()
    } else {
        losers.iter().map(PersonId::as_str).collect::<Vec<_>>().join(" ")
    }
}

#[test]
fn of_people_with_one_address_only_the_one_coursekey_holds_is_sent() {
    let cases = ["S1", "S1*", "S1 S2", "S1* S2", "S1 S2* S3", "S1 S1"];
    let table: Vec<String> = cases.iter().map(|case| format!("{case} → {}", losers(case))).collect();
    expect![[r"
        S1 → nobody
        S1* → nobody
        S1 S2 → S1 S2
        S1* S2 → S2
        S1 S2* S3 → S1 S3
        S1 S1 → nobody"]]
    .assert_eq(&table.join("\n"));
}
