//! The variables of a mail.

use expect_test::expect;

use super::{Note, message};
use crate::model::issue::{Code, Issue, Subject};
use crate::world::records::Value;

fn note(code: Code, subject: Subject, resolved: bool) -> Note {
    Note { issue: Issue { code, subject, sentence: format!("a sentence about {code:?}") }, resolved }
}

/// A variable in words, with a line for each cell that is not empty.
fn lines((name, value): &(&str, Value)) -> Vec<String> {
    match value {
        Value::Text(text) => vec![format!("{name}: {text}")],
        Value::Number(number) => vec![format!("{name}: {number}")],
        Value::Rows(rows) => {
            let cells = |row: &Vec<(String, String)>| -> Vec<String> {
                let told = row.iter().filter(|(_, text)| !text.is_empty());
                let cells = told.map(|(column, text)| format!("  {column}: {text}"));
                std::iter::once(format!("{name}:")).chain(cells).collect()
            };
            rows.iter().flat_map(cells).collect()
        }
    }
}

#[test]
fn a_mail_says_of_each_issue_what_is_wrong_whose_it_is_and_what_to_do() {
    let student = Subject { course: Some("C1".into()), person: Some("S1".into()), ..Subject::default() };
    let class = Subject { course: Some("C1".into()), class: Some("C1-1".into()), ..Subject::default() };
    let notes = [
        note(Code::EmailMissing, student, false),
        note(Code::ZoneUnknown, Subject { detail: Some("main".to_owned()), ..Subject::default() }, false),
        note(Code::ClassNotHeld, class, true),
    ];
    let mail = message("Example School", "errors@example.edu", notes.iter()).unwrap();
    assert_eq!((mail.template, mail.recipient.as_str()), ("synchronization-issues", "errors@example.edu"));
    expect![[r#"
        school: Example School
        open-count: 2
        issues:
          code: email-missing
          title: no e-mail
          sentence: a sentence about EmailMissing
          owner: school
          remedy: Enter the person's e-mail.
          course: C1
          person: S1
        issues:
          code: zone-unknown
          title: unknown time zone
          sentence: a sentence about ZoneUnknown
          owner: gegi
          remedy: Ask customer care to set the campus's IANA time zone.
        resolved-count: 1
        resolved:
          code: class-not-held
          title: class probably not held
          sentence: a sentence about ClassNotHeld
          owner: school
          remedy: Cancel the class in GEGI if it was not held; if it was, enter the attendance in CourseKey or mark the students by hand in GEGI.
          course: C1
          class: C1-1"#]]
    .assert_eq(&mail.variables.iter().flat_map(lines).collect::<Vec<_>>().join("\n"));
}

#[test]
fn there_is_no_empty_mail() {
    assert_eq!(message("Example School", "errors@example.edu", [].iter()), None);
}
