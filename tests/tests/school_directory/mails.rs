//! Mails as they leave: files that mail programs open, in the school's own words, with variables that are all
//! documented.

use std::collections::BTreeSet;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};
use expect_test::expect;
use host::clock::SystemClock;
use host::email::{MailIdentity, OwnTexts, Part, Rendered, Templates, to_eml};
use host::gegi::Value as Variable;
use lab::run::Rig;
use mailparse::{MailHeaderMap, ParsedMail, addrparse, dateparse, parse_mail};

use super::play::{self, Play};

const DIGEST: &str = "synchronization-issues";

/// The mails of a run, in the order in which they were written.
fn mails(output: &tempfile::TempDir) -> Vec<Vec<u8>> {
    let folder = output.path().join("mails");
    let names = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name());
    let names: BTreeSet<_> = names.collect();
    names.into_iter().map(|name| std::fs::read(folder.join(name)).unwrap()).collect()
}

fn opened(bytes: &[u8]) -> ParsedMail<'_> {
    parse_mail(bytes).unwrap()
}

/// A header of the mail, decoded.
fn header(mail: &ParsedMail<'_>, name: &str) -> String {
    mail.headers.get_first_value(name).unwrap()
}

/// The one address that a header names.
fn address(mail: &ParsedMail<'_>, name: &str) -> String {
    addrparse(&header(mail, name)).unwrap().extract_single_info().unwrap().addr
}

/// The body of the mail in one of its forms, decoded, with the line ends of this machine.
fn body(mail: &ParsedMail<'_>, mime_type: &str) -> String {
    let part = mail.parts().find(|part| part.ctype.mimetype == mime_type).unwrap();
    part.get_body().unwrap().replace("\r\n", "\n")
}

/// A run in which the course without a class gets a class.
fn mended() -> Play {
    Play::weekend().change(&play::charting_with_a_class("false"))
}

#[tokio::test]
async fn a_mail_program_opens_what_a_run_leaves() {
    let output = mended().run().await;
    let mails = mails(&output);
    let mail = opened(&mails[0]);
    let (from, to) = (address(&mail, "From"), address(&mail, "To"));
    let sent = DateTime::from_timestamp(dateparse(&header(&mail, "Date")).unwrap(), 0).unwrap();
    expect!["no-reply@gegi.example → errors@example.edu, 2023-11-02T04:00:00Z: Demo School: 2 new issues in the synchronization with CourseKey"]
        .assert_eq(&format!("{from} → {to}, {}: {}", sent.to_rfc3339_opts(SecondsFormat::Secs, true), header(&mail, "Subject")));
    let text = body(&mail, "text/plain");
    assert!(text.contains("- course NUR-130-01 “ETHICS IN CARE” has no class\n  Course: ethics\n"), "{text}");
    let html = body(&mail, "text/html");
    assert!(html.contains("<td>ethics</td><td>course NUR-130-01 “ETHICS IN CARE” has no class</td>"), "{html}");
    let ids: BTreeSet<_> = mails.iter().map(|bytes| header(&opened(bytes), "Message-ID")).collect();
    assert_eq!(ids.len(), mails.len(), "each mail has an id of its own");
}

#[test]
fn a_mail_keeps_every_letter_and_the_limits_of_the_mail_servers_on_its_way() {
    let text = format!("Prüfung – 出席\n{}\n.\nFrom here on\n", "ü long line ".repeat(500));
    let html = format!("<p>{}</p>", "long & wide; ".repeat(1_000));
    let rendered = Rendered { subject: "Prüfung: 出席 ".repeat(20).trim().to_owned(), text, html };
    let identity = MailIdentity { id: "school/1", at: 1_693_213_200, recipient: "errors@example.edu" };
    let bytes = to_eml(identity, &rendered).unwrap();
    let mail = opened(&bytes);
    assert_eq!(header(&mail, "Subject"), rendered.subject);
    assert_eq!(body(&mail, "text/plain"), rendered.text);
    assert_eq!(body(&mail, "text/html"), rendered.html);
    // RFC 5322, 2.1.1: "Each line of characters MUST be no more than 998 characters"; and no bare line end.
    assert!(bytes.split(|byte| *byte == b'\n').all(|line| line.len() <= 999));
    assert!(bytes.is_ascii() && !String::from_utf8_lossy(&bytes).replace("\r\n", "").contains(['\r', '\n']));
}

#[tokio::test]
async fn every_mail_carries_exactly_what_is_documented() {
    let store = tempfile::tempdir().unwrap();
    mended().stored(&store).run().await;
    let book = Rig::stored_book(store.path(), Arc::new(SystemClock)).await.unwrap();
    let templates = Templates::built_in().unwrap();
    let documented = templates.documentation(DIGEST).unwrap();
    let variables: BTreeSet<(&str, &str)> =
        documented.variables.iter().map(|variable| (variable.name.as_str(), variable.kind())).collect();
    let columns: BTreeSet<&str> = documented.columns.iter().map(|column| column.name.as_str()).collect();
    let mails = book.mails().await.unwrap();
    let mut rows = 0;
    for mail in &mails {
        let carried: Vec<(String, &str)> = mail
            .message
            .variables
            .iter()
            .map(|(name, value)| {
                let kind = match value {
                    Variable::Text(_) => "text",
                    Variable::Number(_) => "number",
                    Variable::Rows(_) => "rows",
                };
                (name.replace('-', "_"), kind)
            })
            .collect();
        assert_eq!(carried.iter().map(|(name, kind)| (name.as_str(), *kind)).collect::<BTreeSet<_>>(), variables);
        for (_, value) in &mail.message.variables {
            let Variable::Rows(table) = value else { continue };
            for row in table {
                rows += 1;
                assert_eq!(row.iter().map(|(column, _)| column.as_str()).collect::<BTreeSet<_>>(), columns);
            }
        }
    }
    assert!(mails.len() > 1 && rows > 2, "{} mails, {rows} rows", mails.len());
}

#[tokio::test]
async fn a_school_writes_its_mails_in_its_own_words_and_keeps_them() {
    let store = tempfile::tempdir().unwrap();
    let mut own = OwnTexts::default();
    own.set(DIGEST, Part::Subject, "Bitte prüfen: {{ open_count }}, erledigt: {{ resolved_count }}".to_owned());
    let first = mended().until("2023-11-03T20:00:00Z").stored(&store).with_own_texts(own).run().await;
    let second = mended().stored(&store).run().await;
    let subjects =
        |output| -> Vec<String> { mails(output).iter().map(|bytes| header(&opened(bytes), "Subject")).collect() };
    assert_eq!(subjects(&first), ["Bitte prüfen: 2, erledigt: 0", "Bitte prüfen: 1, erledigt: 0"]);
    assert_eq!(subjects(&second)[..2], subjects(&first)[..]);
    let text = body(&opened(&mails(&second)[0]), "text/plain");
    assert!(text.contains("GEGI and CourseKey cannot exchange"), "{text}");
}
