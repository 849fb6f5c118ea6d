//! The catalogue is complete, and issues about different facts have different keys.

use std::fmt::Write as _;

use expect_test::{expect, expect_file};

use super::{CATALOGUE, Owner, key, row};
use crate::model::ids::{ClassId, CourseId, PersonId};
use crate::model::issue::{Code, Issue, Subject};
use crate::model::sorted::SortedSet;

/// How `docs/issues.md` begins.
const PAGE: &str = "\
# Issues

What can be wrong with the data of a school, who can fix it, and how. An issue is told once, mailed once, told again when it
changes or comes back, and resolved by itself when it is no more; everything else goes on meanwhile.

| Code | In few words | What it means | Who can fix it | What to do |
|---|---|---|---|---|
";

/// How it ends: the issue that the host tells, because the plugin cannot.
const HOSTS_OWN: &str = "\
| `tick-fails` | synchronization stopped | Ticks have failed for a quarter of an hour, three of them at least; GEGI's host tells it, because the plugin cannot. | GEGI's customer care | It ends by itself when the synchronization works again. Ask customer care to read the log of GEGI's host. |
";

#[test]
fn the_catalogue_is_printed_as_a_page() {
    let mut page = PAGE.to_owned();
    for (_, row) in CATALOGUE {
        let owner = match row.owner {
            Owner::School => "the school, in GEGI",
            Owner::CourseKey => "the school, in CourseKey",
            Owner::Gegi => "GEGI's customer care",
        };
        writeln!(page, "| `{}` | {} | {} | {owner} | {} |", row.code, row.title, row.meaning, row.remedy).unwrap();
    }
    page.push_str(HOSTS_OWN);
    expect_file!["../../../docs/issues.md"].assert_eq(&page);
}

#[test]
fn every_code_has_one_row_under_the_name_it_is_stored_by() {
    let codes: SortedSet<&str> = CATALOGUE.iter().map(|(_, row)| row.code).collect();
    assert_eq!(codes.len(), CATALOGUE.len(), "no two rows of one code");
    for (code, entry) in CATALOGUE {
        assert_eq!(serde_json::to_value(code).unwrap(), entry.code, "stored and shown alike");
        assert_eq!(row(*code), *entry);
    }
    assert!(CATALOGUE.is_sorted_by_key(|(code, _)| *code), "in the order of the codes");
}

#[test]
fn every_remedy_is_a_sentence_and_every_title_a_few_words() {
    for (_, row) in CATALOGUE {
        assert!(row.remedy.ends_with('.') && row.remedy.starts_with(|c: char| c.is_uppercase()), "{}", row.remedy);
        assert!(!row.title.ends_with('.') && row.title.starts_with(|c: char| c.is_lowercase()), "{}", row.title);
        assert!(row.title.len() <= 40, "{}", row.title);
    }
}

fn issue(course: Option<&str>, class: Option<&str>, person: Option<&str>, detail: Option<&str>) -> Issue {
    let subject = Subject {
        course: course.map(CourseId::from),
        class: class.map(ClassId::from),
        person: person.map(PersonId::from),
        detail: detail.map(str::to_owned),
    };
    Issue { code: Code::EmailMissing, subject, sentence: "S1 has no e-mail".to_owned() }
}

#[test]
fn a_key_is_the_facts_and_not_its_sentences() {
    let told = issue(Some("C1"), None, Some("S1"), None);
    let retold = Issue { sentence: "still no e-mail".to_owned(), ..told.clone() };
    assert_eq!(key(&told), key(&retold));
    expect!["email-missing/C1//S1/"].assert_eq(&key(&told));
}

#[test]
fn no_two_facts_share_a_key() {
    let facts = [
        issue(Some("a"), Some("b"), None, None),
        issue(Some("a"), None, Some("b"), None),
        issue(Some("a"), None, None, Some("b")),
        issue(Some("a/b"), None, None, None),
        issue(Some("a%2Fb"), None, None, None),
        issue(None, Some("a/b"), None, None),
    ];
    let keys: SortedSet<String> = facts.iter().map(key).collect();
    assert_eq!(keys.len(), facts.len(), "{keys:?}");
}

#[test]
fn a_key_and_a_sentence_are_bounded_whatever_the_ids_are() {
    let issue = |person: String, sentence: String| {
        let subject = Subject { person: Some(PersonId(person)), detail: Some("/".repeat(96)), ..Subject::default() };
        Issue { code: Code::EmailMissing, subject, sentence }
    };
    let (one, other) = (issue("/".repeat(96), String::new()), issue("/".repeat(95), String::new()));
    assert!(key(&one).len() <= 400 && key(&one) != key(&other), "{}", key(&one));
    let long = super::bounded(issue("S1".to_owned(), "é".repeat(600)));
    assert_eq!((long.sentence.len(), long.sentence.chars().last()), (1_003, Some('…')));
    let short = issue("S1".to_owned(), "S1 has no e-mail".to_owned());
    assert_eq!(super::bounded(short.clone()), short);
}
