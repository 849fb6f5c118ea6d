//! Templates: subject, text and HTML of a kind of mail, the ones that ship and a school's own.
//!
//! A school's own part replaces the one that ships. It is checked when it is saved, and bounded whenever it is used; should
//! it fail all the same, the mail leaves in the words that ship and says so, for no mail may be lost because of its form.

use std::collections::BTreeMap;
use std::io::{self, Write};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use super::own::{OwnTexts, Part};
use super::variables::Documentation;
use crate::gegi::{self as wit, Message};
use crate::limits::MailLimits;

/// A template that ships: its name, its texts, and what they may use.
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
    variables: include_str!("../../templates/synchronization-issues/variables.json"),
}];

/// Under this folder of the environment a school's own parts stand, so that they can include the ones that ship.
const OWN: &str = "own/";

/// Whether there is a template of that name.
pub fn is_template(name: &str) -> bool {
    BUILT_IN.iter().any(|template| template.name == name)
}

impl BuiltIn {
    fn part(&self, part: Part) -> &'static str {
        match part {
            Part::Subject => self.subject,
            Part::Text => self.text,
            Part::Html => self.html,
        }
    }
}

/// Every template a school has.
pub struct Templates {
    environment: Environment<'static>,
    documentation: BTreeMap<&'static str, Documentation>,
    own: OwnTexts,
    /// Own parts that cannot even be read, with why.
    unread: BTreeMap<(String, Part), TemplateError>,
    limits: MailLimits,
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
    /// A part is larger than a part may be, in bytes.
    #[error("use {part} of the e-mail template: it is larger than {limit} bytes; shorten it")]
    TooLong {
        /// Template and part.
        part: String,
        /// The most bytes.
        limit: usize,
    },
    /// A part of the template cannot be read, or uses what the mail does not carry, or does too much.
    #[error("write an e-mail from its template: {}; correct the template", in_words(.0))]
    Part(#[from] minijinja::Error),
    /// A part of the school's own could not be read when the templates were loaded; says why.
    #[error("{0}")]
    Unread(String),
    /// What the template may use is not documented as it should be.
    #[error("read what the e-mail template may use: {0}")]
    Documentation(#[from] serde_json::Error),
}

/// The template engine's words about where it was and what was wrong there, without the folder in which a school's own
/// parts stand here.
fn in_words(error: &minijinja::Error) -> String {
    let sources = std::iter::successors(std::error::Error::source(error), |error| error.source());
    let words = match (error.kind(), sources.last()) {
        (ErrorKind::OutOfFuel, _) => format!("it takes too many steps ({error})"),
        (_, Some(cause)) => format!("{error}: {cause}"),
        (_, None) => error.to_string(),
    };
    words.replace(OWN, "")
}

impl Templates {
    /// The templates that ship.
    ///
    /// # Errors
    /// One of them cannot be read.
    pub fn built_in() -> Result<Self, TemplateError> {
        Self::of_school(OwnTexts::default())
    }

    /// The templates of a school that has texts of its own. Own parts that cannot be read are as those that fail when they
    /// are used; [`Templates::check`] refuses them.
    ///
    /// # Errors
    /// One that ships cannot be read.
    pub fn of_school(own: OwnTexts) -> Result<Self, TemplateError> {
        let limits = MailLimits::default();
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_fuel(Some(limits.template_steps));
        let mut documentation = BTreeMap::new();
        for template in BUILT_IN {
            for part in Part::ALL {
                // The ending of a name tells the environment whether to escape what is put in.
                environment.add_template_owned(place(template.name, part), template.part(part))?;
            }
            documentation.insert(template.name, Documentation::parse(template.variables)?);
        }
        let mut unread = BTreeMap::new();
        for (template, part, text) in own.parts() {
            if let Err(error) = add_own(&mut environment, template, part, text, &limits) {
                unread.insert((template.to_owned(), part), error);
            }
        }
        Ok(Self { environment, documentation, own, unread, limits })
    }

    /// Tries a school's own texts on the sample values, with rows and without: before they are saved.
    ///
    /// # Errors
    /// What is wrong with the first part that cannot be used, and in which line.
    pub fn check(own: &OwnTexts) -> Result<(), TemplateError> {
        let mut templates = Self::of_school(own.clone())?;
        if let Some((_, error)) = templates.unread.pop_first() {
            return Err(error);
        }
        for (name, documentation) in &templates.documentation {
            templates.write(name, Words::Own, &documentation.sample())?;
            templates.write(name, Words::Own, &documentation.empty_sample())?;
        }
        Ok(())
    }

    /// Writes a message. A school's own text that fails is replaced by the one that ships, which then says why.
    ///
    /// # Errors
    /// There is no such template, or the one that ships uses what the message does not carry.
    pub fn render(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let variable = |(name, value): &(String, wit::Value)| (name.replace('-', "_"), template_value(value));
        let variables = Value::from_pairs(message.variables.iter().map(variable));
        let name = &message.template;
        match self.write(name, Words::Own, &variables) {
            Err(error) if self.own.has(name) => {
                Ok(self.write(name, Words::Shipped, &variables)?.with_notice(&error.to_string()))
            }
            written => written,
        }
    }

    /// Writes a mail from the template's sample values, for the page on which it is edited.
    ///
    /// # Errors
    /// There is no such template, or it uses what no mail carries.
    pub fn preview(&self, template: &str) -> Result<Rendered, TemplateError> {
        self.write(template, Words::Own, &self.documentation(template)?.sample())
    }

    /// What a template may use.
    ///
    /// # Errors
    /// There is no such template.
    pub fn documentation(&self, template: &str) -> Result<&Documentation, TemplateError> {
        self.documentation.get(template).ok_or_else(|| TemplateError::Unknown(template.to_owned()))
    }

    fn write(&self, template: &str, words: Words, variables: &Value) -> Result<Rendered, TemplateError> {
        self.documentation(template)?;
        let part = |part| {
            let own = words == Words::Own && self.own.get(template, part).is_some();
            if let Some(error) = self.unread.get(&(template.to_owned(), part)).filter(|_| own) {
                return Err(TemplateError::Unread(error.to_string()));
            }
            let place = place(template, part);
            let mut page = Page { text: Vec::new(), room: self.limits.mail_bytes };
            let template = self.environment.get_template(&if own { format!("{OWN}{place}") } else { place })?;
            template.render_captured_to(variables.clone(), &mut page)?;
            // Everything a template puts out is text.
            Ok::<_, TemplateError>(String::from_utf8_lossy(&page.text).into_owned())
        };
        // A line break in a subject would begin another header.
        let subject = part(Part::Subject)?.split_whitespace().collect::<Vec<_>>().join(" ");
        let subject = subject.chars().take(self.limits.subject_characters).collect();
        Ok(Rendered { subject, text: part(Part::Text)?, html: part(Part::Html)? })
    }
}

fn add_own(
    environment: &mut Environment<'static>,
    template: &str,
    part: Part,
    text: &str,
    limits: &MailLimits,
) -> Result<(), TemplateError> {
    let place = place(template, part);
    if !is_template(template) {
        return Err(TemplateError::Unknown(template.to_owned()));
    }
    if text.len() > limits.template_bytes {
        return Err(TemplateError::TooLong { part: place, limit: limits.template_bytes });
    }
    Ok(environment.add_template_owned(format!("{OWN}{place}"), text.to_owned())?)
}

/// Whose words a mail is written in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    /// The school's own, where it has any.
    Own,
    /// Those that ship.
    Shipped,
}

fn place(template: &str, part: Part) -> String {
    format!("{template}/{}", part.file_name())
}

/// What a part is written on; ends when it is full.
struct Page {
    text: Vec<u8>,
    room: usize,
}

impl Write for Page {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.text.len() + bytes.len() > self.room {
            return Err(io::Error::other(format!("it makes more than {} bytes", self.room)));
        }
        self.text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Rendered {
    /// Says at its end that it should have been in the school's own words.
    fn with_notice(mut self, why: &str) -> Self {
        let notice = format!(
            "This mail is not in the school's own words, because they could not be used: failed to {why} in Admin → Email Templates."
        );
        self.text = format!("{}\n\n{notice}\n", self.text.trim_end());
        let escaped = minijinja::HtmlEscape(&notice).to_string();
        let paragraph = format!("<p>{escaped}</p>\n");
        let end = self.html.rfind("</body>").unwrap_or(self.html.len());
        self.html.insert_str(end, &paragraph);
        self
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
mod tests;
