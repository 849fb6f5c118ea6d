//! Templates: subject, text and HTML of a kind of mail, and the variables they may use with their sample values.
//!
//! One is built in. What a school makes of them in Admin → Email Templates replaces their texts, not their variables.

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior, Value};

use crate::bindings::gegi::coursekey::email::{self as wit, Message};

/// A template that ships: its name and its texts.
struct BuiltIn {
    name: &'static str,
    subject: &'static str,
    text: &'static str,
    html: &'static str,
    variables: &'static str,
}

const BUILT_IN: [BuiltIn; 1] = [BuiltIn {
    name: "synchronization-issues",
    subject: include_str!("../../templates/synchronization-issues/subject.txt"),
    text: include_str!("../../templates/synchronization-issues/body.txt"),
    html: include_str!("../../templates/synchronization-issues/body.html"),
    variables: include_str!("../../templates/synchronization-issues/variables.toml"),
}];

/// Whether there is a template of that name.
pub fn is_template(name: &str) -> bool {
    BUILT_IN.iter().any(|template| template.name == name)
}

/// Every template a school has.
pub struct Templates {
    environment: Environment<'static>,
    samples: BTreeMap<&'static str, &'static str>,
}

/// A mail that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Subject, one line.
    pub subject: String,
    /// The part for those who read text.
    pub text: String,
    /// The part for those who read HTML.
    pub html: String,
}

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// There is no such template.
    #[error("find the e-mail template {0:?}: name one that Admin → Email Templates lists")]
    Unknown(String),
    /// A part of the template cannot be read, or uses what the mail does not carry.
    #[error("write an e-mail from its template: {0}; correct the template")]
    Part(#[from] minijinja::Error),
    /// The sample values cannot be read.
    #[error("read the template's sample values: {0}")]
    Sample(#[from] toml::de::Error),
}

impl Templates {
    /// The templates that ship.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn built_in() -> Result<Self, TemplateError> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        let mut samples = BTreeMap::new();
        for template in BUILT_IN {
            environment.add_template_owned(format!("{}/subject.txt", template.name), template.subject)?;
            environment.add_template_owned(format!("{}/body.txt", template.name), template.text)?;
            // The ending tells the environment to escape what is put in.
            environment.add_template_owned(format!("{}/body.html", template.name), template.html)?;
            samples.insert(template.name, template.variables);
        }
        Ok(Self { environment, samples })
    }

    /// Writes a message.
    ///
    /// # Errors
    /// There is no such template, or it uses what the message does not carry.
    pub fn render(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let variable = |(name, value): &(String, wit::Value)| (name.replace('-', "_"), template_value(value));
        let variables = message.variables.iter().map(variable);
        self.render_with(&message.template, &Value::from_pairs(variables))
    }

    /// Writes a mail from the template's sample values, for the page on which it is edited.
    ///
    /// # Errors
    /// There is no such template, or it uses what no mail carries.
    pub fn preview(&self, template: &str) -> Result<Rendered, TemplateError> {
        let unknown = || TemplateError::Unknown(template.to_owned());
        let sample: Value = toml::from_str(self.samples.get(template).ok_or_else(unknown)?)?;
        self.render_with(template, &sample)
    }

    fn render_with(&self, template: &str, variables: &Value) -> Result<Rendered, TemplateError> {
        if !self.samples.contains_key(template) {
            return Err(TemplateError::Unknown(template.to_owned()));
        }
        let part = |part: &str| self.environment.get_template(&format!("{template}/{part}"))?.render(variables.clone());
        // A line break in a subject would begin another header.
        let subject = part("subject.txt")?.split_whitespace().collect::<Vec<_>>().join(" ");
        Ok(Rendered { subject, text: part("body.txt")?, html: part("body.html")? })
    }
}

fn template_value(value: &wit::Value) -> Value {
    match value {
        wit::Value::Text(text) => Value::from(text.as_str()),
        wit::Value::Number(number) => Value::from(*number),
        wit::Value::Rows(rows) => {
            let cells =
                |row: &Vec<wit::Cell>| Value::from_pairs(row.iter().map(|(name, text)| (name.as_str(), text.as_str())));
            rows.iter().map(cells).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::needless_raw_string_hashes)]

    use expect_test::expect;

    use super::*;

    fn message(template: &str, variables: &[(&str, wit::Value)]) -> Message {
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
        Message { template: template.to_owned(), recipient: "errors@example.edu".to_owned(), variables }
    }

    #[test]
    fn every_template_that_ships_can_be_previewed() {
        let templates = Templates::built_in().unwrap();
        for template in BUILT_IN {
            templates.preview(template.name).unwrap();
        }
    }

    #[test]
    fn the_digest_of_issues_reads_well() {
        let preview = Templates::built_in().unwrap().preview("synchronization-issues").unwrap();
        expect![[r#"
            Example School: 2 issues in the synchronization with CourseKey
            ---
            GEGI and CourseKey cannot exchange some data of Example School.

            - Student S000017 has no e-mail address.
              Course: MATH-1010-03
              Person: S000017
              What to do (school): Write the student's e-mail address into GEGI.

            - Course NURS-2020-01 <Clinical> has no class.
              Course: NURS-2020-01
              What to do (school): Schedule a class & save the course.

            Resolved since the last mail:

            - Student S000004 had no e-mail address.
            ---
            <!DOCTYPE html>
            <html lang="en">
            <body>
            <p>GEGI and CourseKey cannot exchange some data of Example School.</p>
            <table border="1" cellpadding="4">
            <tr><th>Issue</th><th>Course</th><th>Person</th><th>Who can fix it</th><th>What to do</th></tr>
            <tr><td>Student S000017 has no e-mail address.</td><td>MATH-1010-03</td><td>S000017</td><td>school</td><td>Write the student&#x27;s e-mail address into GEGI.</td></tr>
            <tr><td>Course NURS-2020-01 &lt;Clinical&gt; has no class.</td><td>NURS-2020-01</td><td></td><td>school</td><td>Schedule a class &amp; save the course.</td></tr>
            </table>
            <p>Resolved since the last mail:</p>
            <ul>
            <li>Student S000004 had no e-mail address.</li>
            </ul>
            </body>
            </html>"#]].assert_eq(&format!(
            "{}\n---\n{}---\n{}",
            preview.subject, preview.text, preview.html
        ));
    }

    #[test]
    fn what_is_put_in_is_escaped_in_html_and_cannot_break_the_subject() {
        let row = [("sentence", "<b> & more"), ("owner", "school"), ("remedy", ""), ("course", ""), ("person", "")];
        let row = row.map(|(column, text)| (column.to_owned(), text.to_owned())).to_vec();
        let message = message(
            "synchronization-issues",
            &[
                ("school", wit::Value::Text("Example\r\nBcc: somebody@example.edu".to_owned())),
                ("open-count", wit::Value::Number(1)),
                ("issues", wit::Value::Rows(vec![row])),
                ("resolved", wit::Value::Rows(Vec::new())),
            ],
        );
        let mail = Templates::built_in().unwrap().render(&message).unwrap();
        assert!(mail.html.contains("&lt;b&gt; &amp; more"), "{}", mail.html);
        assert!(mail.text.contains("<b> & more"), "{}", mail.text);
        expect!["Example Bcc: somebody@example.edu: 1 issue in the synchronization with CourseKey"]
            .assert_eq(&mail.subject);
    }

    #[test]
    fn an_unknown_template_and_a_missing_variable_are_errors() {
        let templates = Templates::built_in().unwrap();
        expect![[r#"find the e-mail template "welcome": name one that Admin → Email Templates lists"#]]
            .assert_eq(&templates.render(&message("welcome", &[])).unwrap_err().to_string());
        let bare = templates.render(&message("synchronization-issues", &[])).unwrap_err();
        expect!["write an e-mail from its template: undefined value (in synchronization-issues/subject.txt:1); correct the template"].assert_eq(&bare.to_string());
    }
}
