//! Written mails, the values that are put into them, a school's own words, and the page that documents the variables.

#![allow(clippy::unwrap_used, clippy::needless_raw_string_hashes)]

use std::fmt::Write as _;

use expect_test::{Expect, expect, expect_file};

use super::*;

const DIGEST: &str = "synchronization-issues";

fn message(template: &str, variables: &[(&str, wit::Value)]) -> Message {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    Message { template: template.to_owned(), recipient: "errors@example.edu".to_owned(), variables }
}

/// A digest of a school with one issue, which has this sentence.
fn digest(school: &str, sentence: &str) -> Message {
    let columns = [("sentence", sentence), ("owner", "school"), ("remedy", "Mend it."), ("code", "class-missing")];
    let columns = columns.into_iter().chain(["title", "course", "class", "person"].map(|column| (column, "")));
    let row: Vec<wit::Cell> = columns.map(|(column, text)| (column.to_owned(), text.to_owned())).collect();
    let variables = [
        ("school", wit::Value::Text(school.to_owned())),
        ("open-count", wit::Value::Number(1)),
        ("issues", wit::Value::Rows(vec![row])),
        ("resolved-count", wit::Value::Number(0)),
        ("resolved", wit::Value::Rows(Vec::new())),
    ];
    message(DIGEST, &variables)
}

fn own(part: Part, text: &str) -> OwnTexts {
    let mut own = OwnTexts::default();
    own.set(DIGEST, part, text.to_owned());
    own
}

#[test]
fn every_template_that_ships_can_be_previewed_and_bears_that_there_is_nothing_to_tell() {
    Templates::check(&OwnTexts::default()).unwrap();
}

#[test]
fn the_digest_of_issues_reads_well() {
    let preview = Templates::built_in().unwrap().preview(DIGEST).unwrap();
    expect![[r#"
        Example School: 3 new issues, 1 resolved in the synchronization with CourseKey
        ---
        GEGI and CourseKey cannot exchange some data of Example School. Everything else goes on.

        For the school, in GEGI

        - S000017 has no e-mail
          Course: MATH-1010-03
          What to do: Enter the person's e-mail.

        - the course has no class
          Course: NURS-2020-01 <Clinical> & more
          What to do: Schedule a class of the course, or switch Send to CourseKey off.

        For the school, in CourseKey

        - S000021 in class MATH-1010-03/7 of 2023-09-14: checked in 4 min before the start and never out
          Course: MATH-1010-03
          What to do: Enter the check-out in CourseKey, or mark the student by hand in GEGI.

        Resolved since the last mail

        - S000004 has no e-mail (MATH-1010-03)

        Each issue is mailed once, and again when it changes or comes back.---
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <style>
        body { font-family: sans-serif; color: #222; }
        h2 { font-size: 1.1em; margin: 1.2em 0 0.4em; }
        table { border-collapse: collapse; }
        th, td { border: 1px solid #bbb; padding: 0.3em 0.6em; text-align: left; vertical-align: top; }
        th { background: #eee; }
        </style>
        </head>
        <body>
        <p>GEGI and CourseKey cannot exchange some data of Example School. Everything else goes on.</p>
        <h2>For the school, in GEGI</h2>
        <table>
        <tr><th>Course</th><th>What is wrong</th><th>What to do</th></tr>
        <tr><td>MATH-1010-03</td><td>S000017 has no e-mail</td><td>Enter the person&#x27;s e-mail.</td></tr>
        <tr><td>NURS-2020-01 &lt;Clinical&gt; &amp; more</td><td>the course has no class</td><td>Schedule a class of the course, or switch Send to CourseKey off.</td></tr>
        </table>
        <h2>For the school, in CourseKey</h2>
        <table>
        <tr><th>Course</th><th>What is wrong</th><th>What to do</th></tr>
        <tr><td>MATH-1010-03</td><td>S000021 in class MATH-1010-03&#x2f;7 of 2023-09-14: checked in 4 min before the start and never out</td><td>Enter the check-out in CourseKey, or mark the student by hand in GEGI.</td></tr>
        </table>
        <h2>Resolved since the last mail</h2>
        <ul>
        <li>S000004 has no e-mail (MATH-1010-03)</li>
        </ul>
        <p>Each issue is mailed once, and again when it changes or comes back.</p>
        </body>
        </html>"#]]
    .assert_eq(&format!("{}\n---\n{}---\n{}", preview.subject, preview.text, preview.html));
}

#[test]
fn the_subject_counts_what_is_new_and_what_is_resolved_and_never_nothing() {
    let subject = |open: i64, resolved: i64| {
        let mut mail = digest("Example School", "no class");
        let counts = mail.variables.iter_mut().filter(|(name, _)| name.ends_with("-count"));
        for ((_, value), count) in counts.zip([open, resolved]) {
            *value = wit::Value::Number(count);
        }
        Templates::built_in().unwrap().render(&mail).unwrap().subject
    };
    let told = [(1, 0), (2, 1), (0, 1), (0, 2)].map(|(open, resolved)| subject(open, resolved));
    expect![[r#"
        Example School: 1 new issue in the synchronization with CourseKey
        Example School: 2 new issues, 1 resolved in the synchronization with CourseKey
        Example School: 1 issue resolved in the synchronization with CourseKey
        Example School: 2 issues resolved in the synchronization with CourseKey"#]]
    .assert_eq(&told.join("\n"));
}

#[test]
fn what_is_put_in_is_escaped_in_html_and_cannot_break_the_subject() {
    let mail =
        Templates::built_in().unwrap().render(&digest("Example\r\nBcc: somebody@example.edu", "<b> & more")).unwrap();
    assert!(mail.html.contains("&lt;b&gt; &amp; more"), "{}", mail.html);
    assert!(mail.text.contains("<b> & more"), "{}", mail.text);
    expect!["Example Bcc: somebody@example.edu: 1 new issue in the synchronization with CourseKey"]
        .assert_eq(&mail.subject);
}

#[test]
fn an_unknown_template_and_a_missing_variable_are_errors() {
    let templates = Templates::built_in().unwrap();
    expect![[r#"find the e-mail template "welcome": name one that Admin → Email Templates lists"#]]
        .assert_eq(&templates.render(&message("welcome", &[])).unwrap_err().to_string());
    let bare = templates.render(&message(DIGEST, &[])).unwrap_err();
    expect!["write an e-mail from its template: undefined value (in synchronization-issues/subject.txt:1); correct the template"].assert_eq(&bare.to_string());
}

#[test]
fn a_school_s_own_part_replaces_the_one_that_ships_and_may_include_it() {
    let mut own = own(Part::Subject, "Bitte prüfen: {{ open_count }}\n");
    own.set(DIGEST, Part::Text, "Dear registrar,\n{% include \"synchronization-issues/body.txt\" %}".to_owned());
    Templates::check(&own).unwrap();
    let mail = Templates::of_school(own).unwrap().render(&digest("Example School", "the course has no class")).unwrap();
    assert_eq!(mail.subject, "Bitte prüfen: 1");
    assert!(mail.text.starts_with("Dear registrar,\nGEGI and CourseKey cannot"), "{}", mail.text);
    assert!(mail.html.starts_with("<!DOCTYPE html>"), "{}", mail.html);
}

fn check_own(part: Part, text: &str, expect: &Expect) {
    let said = Templates::check(&own(part, text)).map_or_else(|error| error.to_string(), |()| "saved".to_owned());
    expect.assert_eq(&said);
}

#[test]
fn a_text_that_cannot_be_used_is_not_saved_and_the_place_is_named() {
    check_own(
        Part::Text,
        "{{ school }",
        &expect!["use synchronization-issues/body.txt of the e-mail template: line 1 uses }; leave that out"],
    );
    check_own(
        Part::Text,
        "{{ shcool }}",
        &expect![
            "write an e-mail from its template: undefined value (in synchronization-issues/body.txt:1); correct the template"
        ],
    );
    check_own(
        Part::Html,
        "one\n{% for row in issues %}\n{{ row.name }}\n{% endfor %}",
        &expect![
            "write an e-mail from its template: undefined value (in synchronization-issues/body.html:3); correct the template"
        ],
    );
    check_own(
        Part::Subject,
        "{{ issues[0].sentence }}",
        &expect![
            "write an e-mail from its template: undefined value (in synchronization-issues/subject.txt:1); correct the template"
        ],
    );
    check_own(Part::Subject, "{% if issues %}{{ issues[0].sentence }}{% endif %}", &expect!["saved"]);
}

#[test]
fn a_text_that_does_too_much_is_not_saved() {
    check_own(
        Part::Text,
        "{% include \"own/synchronization-issues/body.txt\" %}",
        &expect![
            "use synchronization-issues/body.txt of the e-mail template: line 1 includes something else than a part that ships; leave that out"
        ],
    );
    check_own(
        Part::Text,
        "{% for a in range(9999) %}{% endfor %}",
        &expect!["use synchronization-issues/body.txt of the e-mail template: line 1 calls a function; leave that out"],
    );
    check_own(
        Part::Text,
        "{{ \"xxxxxxxxxx\" * 99999 }}",
        &expect!["use synchronization-issues/body.txt of the e-mail template: line 1 uses *; leave that out"],
    );
    check_own(
        Part::Text,
        &"x".repeat((64 << 10) + 1),
        &expect![
            "use synchronization-issues/body.txt of the e-mail template: it is larger than 65536 bytes; shorten it"
        ],
    );
    check_own(
        Part::Text,
        &in_loops(20, ""),
        &expect![
            "write an e-mail from its template: it takes too many steps (engine ran out of fuel (in synchronization-issues/body.txt:1)); correct the template"
        ],
    );
    check_own(
        Part::Text,
        &in_loops(4, &"x".repeat(60_000)),
        &expect![
            "write an e-mail from its template: failed to write output: I/O error during rendering: it makes more than 1048576 bytes; correct the template"
        ],
    );
}

/// A text within loops over the issues, of which the preview has three.
fn in_loops(loops: usize, text: &str) -> String {
    format!("{}{text}{}", "{% for row in issues %}".repeat(loops), "{% endfor %}".repeat(loops))
}

#[test]
fn a_mail_that_its_own_words_cannot_tell_leaves_in_those_that_ship_and_says_so() {
    let own = own(Part::Text, "{{ 1 // (open_count - 2) }}");
    Templates::check(&own).unwrap();
    let mut mail = digest("Example School", "the course has no class");
    mail.variables.retain(|(name, _)| name != "open-count");
    mail.variables.push(("open-count".to_owned(), wit::Value::Number(2)));
    let mail = Templates::of_school(own).unwrap().render(&mail).unwrap();
    expect!["This mail is not in the school's own words, because they could not be used: failed to write an e-mail from its template: invalid operation: unable to calculate 1 // 0 (in synchronization-issues/body.txt:1); correct the template in Admin → Email Templates."].assert_eq(mail.text.lines().last().unwrap());
    assert!(mail.text.contains("- the course has no class"), "{}", mail.text);
    assert!(mail.html.contains("could not be used"), "{}", mail.html);
}

#[test]
fn a_text_that_can_no_longer_be_read_holds_up_no_mail() {
    let mail =
        Templates::of_school(own(Part::Text, "{{ school }")).unwrap().render(&digest("Example School", "no class"));
    let mail = mail.unwrap();
    assert!(mail.text.contains("- no class") && mail.text.contains("could not be used"), "{}", mail.text);
}

#[test]
fn a_subject_is_cut_where_no_mail_program_shows_it_any_more() {
    let mail = Templates::built_in().unwrap().render(&digest(&"ü".repeat(10_000), "")).unwrap();
    assert_eq!(mail.subject.chars().count(), MailLimits::default().subject_characters);
}

#[test]
fn the_variables_are_printed_as_a_page() {
    let templates = Templates::built_in().unwrap();
    let limits = MailLimits::default();
    let mut page = PAGE.to_owned();
    for template in BUILT_IN {
        let documentation = templates.documentation(template.name).unwrap();
        write!(page, "\n## `{}`\n\n| Variable | Kind | What it is |\n|---|---|---|\n", template.name).unwrap();
        for variable in &documentation.variables {
            writeln!(page, "| `{}` | {} | {} |", variable.name, variable.kind(), variable.meaning).unwrap();
        }
        write!(
            page,
            "\nEvery row has these cells; one that does not apply is empty.\n\n| Cell | What it is |\n|---|---|\n"
        )
        .unwrap();
        for column in &documentation.columns {
            writeln!(page, "| `row.{}` | {} |", column.name, column.meaning).unwrap();
        }
    }
    write!(
        page,
        "\n## Limits\n\nA part may have {} KiB, a written part {} KiB, a subject {} characters; a template that takes more than {} steps is stopped.\n",
        limits.template_bytes >> 10,
        limits.mail_bytes >> 10,
        limits.subject_characters,
        limits.template_steps
    )
    .unwrap();
    expect_file!["../../../../../docs/email-templates.md"].assert_eq(&page);
}

/// The beginning of `docs/email-templates.md`.
const PAGE: &str = "\
# E-mail templates

A mail has three parts: `subject.txt`, `body.txt` and `body.html`. Those that ship lie in `host-harness/host/templates/`; a school
replaces any of them in Admin → Email Templates. They are written in the language of [Jinja](https://docs.rs/minijinja):
`{{ school }}` puts a variable in, `{% for row in issues %} … {% endfor %}` repeats, `{% if resolved %} … {% endif %}` asks.
What could cost without bound is left out: functions, macros, most filters, `~`, `+` and `*`, variables made of variables.
In the HTML part what is put in is escaped. `{% include \"synchronization-issues/body.txt\" %}` puts in the part that ships.

A text is tried on sample values before it is saved, with rows and without, and refused with the line that is wrong. Should it
fail later all the same, the mail leaves in the words that ship and says why at its end. A mail that would be too long names as
many issues as it has room for.

| To | Run |
|---|---|
| see a mail | `host-harness mail preview --format text` (or `html`, or `eml` for a mail program) |
| see it in your own words | `host-harness mail preview --templates FOLDER` |
| see what a template may use | `host-harness mail variables` |
| save your own words for a stored school | `host-harness mail save FOLDER --store PATH` |
| play a school with them | `host-harness run SCHOOL_DIR --out DIR --templates FOLDER` |

`FOLDER` holds a folder for each template and in it the parts that are your own, such as
`FOLDER/synchronization-issues/subject.txt`.
";
