//! Which texts in an e-mail field are addresses, and who keeps an address that several people have.

use std::fmt::Write as _;

use expect_test::expect;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed};
use unicode_normalization::UnicodeNormalization as _;

use super::{
    Listing, Problem, competes, contradicting, counted, email_key, forget, name, problems, shared_email_losers,
};
use crate::model::ids::{CourseId, PersonId, SchoolNumber};
use crate::model::person::Person;
use crate::model::sorted::SortedMap;

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
        let told = problem.map_or("fine".to_owned(), |Problem { code, said }| format!("{code:?}: {said}"));
        writeln!(table, "{field:?} → {told}").unwrap();
    }
    expect![[r#"
        "student000001@example.edu" → fine
        "  Student000001@Example.edu\t" → fine
        "o'neil+night@mail.example.edu" → fine
        "" → EmailMissing: has no e-mail
        "   " → EmailMissing: has no e-mail
        "student000001" → EmailInvalid: has an e-mail that is not an address
        "student000001@" → EmailInvalid: has an e-mail that is not an address
        "@example.edu" → EmailInvalid: has an e-mail that is not an address
        "student000001@localhost" → EmailInvalid: has an e-mail that is not an address
        "student000001@[127.0.0.1]" → EmailInvalid: has an e-mail that is not an address
        "student 000001@example.edu" → EmailInvalid: has more than an address in the e-mail field
        "student000001@example..edu" → EmailInvalid: has an e-mail that is not an address
        "Student 000001 <student000001@example.edu>" → EmailInvalid: has more than an address in the e-mail field
        "<student000001@example.edu>" → EmailInvalid: has more than an address in the e-mail field
        "student000001@example.edu (on leave)" → EmailInvalid: has more than an address in the e-mail field
        "use student000001@example.edu until May" → EmailInvalid: has more than an address in the e-mail field
        "student000001@example.edu, other000001@example.edu" → EmailInvalid: has several addresses in the e-mail field
        "student000001@example.edu;other000001@example.edu" → EmailInvalid: has several addresses in the e-mail field
        "a@example.edu/b@example.edu" → EmailInvalid: has several addresses in the e-mail field
    "#]]
    .assert_eq(&table);
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
        for Problem { said, .. } in problems(&person) {
            assert!(!said.to_lowercase().contains("secret"), "{said}");
        }
        assert!(!format!("{person:?}").to_lowercase().contains("secret"));
    }
}

#[test]
fn addresses_that_differ_in_case_or_blanks_are_the_same() {
    assert_eq!(email_key(" Student000001@Example.EDU "), email_key("student000001@example.edu"));
    assert_ne!(email_key("student000001@example.edu"), email_key("student000002@example.edu"));
}

/// The e-mail that counts of what courses say of a person, from words such as `c1:2:a` (course, revision, e-mail), and
/// how many of them contradict each other. A star: CourseKey holds this e-mail.
fn story(words: &str) -> String {
    let mut said = Vec::new();
    for word in words.split_whitespace() {
        let [course, revision, email] = word.trim_end_matches('*').split(':').collect::<Vec<_>>().try_into().unwrap();
        let course = CourseId::from(course);
        if revision == "-" {
            forget(&mut said, &course);
        } else {
            let person = Person { revision: revision.parse().unwrap(), ..person(email) };
            name(&mut said, &person, &course);
        }
    }
    let held: Vec<&str> = words
        .split_whitespace()
        .filter(|word| word.ends_with('*'))
        .filter_map(|word| word.trim_end_matches('*').rsplit(':').next())
        .collect();
    let email = counted(&said, |person| held.contains(&person.email.as_str())).map(|person| person.email.clone());
    format!("{words} → {}, {}", email.unwrap_or("nobody".to_owned()), contradicting(&said).len())
}

#[test]
fn of_what_courses_say_of_a_person_the_highest_revision_counts_then_what_coursekey_holds_then_the_lowest_course() {
    let cases = [
        "c1:1:a",
        "c1:1:a c2:2:b",
        "c2:2:b c1:1:a",
        "c1:1:a c2:1:a",
        "c2:1:b c1:1:a",
        "c2:1:b* c1:1:a",
        "c1:1:a c2:1:b c1:1:b",
        "c1:5:a c2:3:b c1:-:",
        "c1:1:a c1:1:b",
        "c1:1:a* c2:2:b",
        "c1:1:a c1:-:",
    ];
    expect![[r"
        c1:1:a → a, 0
        c1:1:a c2:2:b → b, 0
        c2:2:b c1:1:a → b, 0
        c1:1:a c2:1:a → a, 0
        c2:1:b c1:1:a → a, 2
        c2:1:b* c1:1:a → b, 2
        c1:1:a c2:1:b c1:1:b → b, 0
        c1:5:a c2:3:b c1:-: → b, 0
        c1:1:a c1:1:b → b, 0
        c1:1:a* c2:2:b → b, 0
        c1:1:a c1:-: → nobody, 0"]]
    .assert_eq(&cases.map(story).join("\n"));
}

#[test]
fn only_who_is_sent_or_about_to_be_to_the_same_school_competes() {
    let at = |day| crate::model::time::Instant(day);
    let open = Listing { school: Some(SchoolNumber(1)), from: at(10), until: at(20), wanted: true };
    let competes = |listing: Listing, known| {
        competes(&SortedMap::from([(CourseId::from("c1"), listing)]), SchoolNumber(1), known, at(15))
    };
    for (listing, known, expected) in [
        (open, false, true),
        (Listing { wanted: false, ..open }, false, false),
        (Listing { wanted: false, ..open }, true, true),
        (Listing { school: None, ..open }, true, false),
        (Listing { school: Some(SchoolNumber(2)), ..open }, true, false),
        (Listing { from: at(16), ..open }, true, false),
        (Listing { until: at(15), ..open }, true, false),
    ] {
        assert_eq!(competes(listing, known), expected, "{listing:?} {known}");
    }
}

#[test]
fn a_name_that_is_too_long_is_told_with_its_length_and_the_limit() {
    let person = Person { first_name: "é".repeat(101), ..person("a@example.edu") };
    let said: Vec<String> = problems(&person).into_iter().map(|problem| problem.said).collect();
    assert_eq!(said, ["has a first name of 101 characters; CourseKey takes 100"]);
    assert_eq!(problems(&Person { first_name: "é".repeat(100), ..person }), []);
}

/// The people who are not sent, from lines such as `S1 S2* S3`. A star: CourseKey holds an account of this person with
/// the address.
fn losers(claimants: &str) -> String {
    let claimants: SortedMap<PersonId, bool> = claimants
        .split_whitespace()
        .map(|word| (PersonId::from(word.trim_end_matches('*')), word.ends_with('*')))
        .collect();
    let claimants = claimants.iter().map(|(id, held)| (id, *held)).collect();
    let losers = shared_email_losers(&claimants);
    if losers.is_empty() {
        "nobody".to_owned()
    } else {
        losers.iter().map(|id| id.as_str()).collect::<Vec<_>>().join(" ")
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

#[test]
fn names_are_compared_by_canonical_form_case_and_blanks() {
    let key = super::name_key;
    assert_eq!(key("\u{c5}sa  B\u{e9}la "), key("a\u{30a}sa be\u{301}la"));
    // Two marks on one letter, in either order.
    assert_eq!(key("q\u{323}\u{307}"), key("Q\u{307}\u{323}"));
    assert_ne!(key("Bela"), key("B\u{e9}la"));
    // A ligature is compatible with its letters and not the same.
    assert_ne!(key("\u{fb01}"), key("fi"));
}

proptest! {
    #![proptest_config(Config { rng_seed: RngSeed::Fixed(5), ..Config::default() })]

    #[test]
    fn a_decomposition_is_that_of_the_crate(text in "[a-zA-Z\u{c0}-\u{17f}\u{300}-\u{36f}\u{1e00}-\u{1eff}\u{ac00}-\u{ac80}]{0,12}|\\PC{0,12}") {
        prop_assert_eq!(super::decomposed(&text), text.nfd().collect::<String>());
    }
}
