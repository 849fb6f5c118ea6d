//! Templates: subject, text and HTML of a kind of mail. Some templates ship with the host, and a school may write its
//! own parts.
//!
//! A school's own part replaces the part that ships. Own parts are checked when they are saved, and bounded whenever
//! they are used. If an own part fails all the same, the mail leaves in the words that ship and says so, because no
//! mail may be lost because of its form.

use std::collections::BTreeMap;
use std::io::{self, Write};

use minijinja::{Environment, ErrorKind, UndefinedBehavior, Value};

use super::language::{self, NotOfTheLanguage};
use super::own::{OwnTexts, Part};
use super::variables::Documentation;
use crate::gegi::{self as wit, Message};
use crate::limits::MailLimits;
use crate::visible::visible;

/// A template that ships: its name, its texts, and the documentation of its variables.
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

/// The folder of the template environment that holds a school's own parts, so that own parts can include those that
/// ship.
const OWN: &str = "own/";

/// The most bytes of one text that is put into a mail.
const TEXT_BYTES: usize = 2_000;

/// Whether a template has this name.
pub fn is_template(name: &str) -> bool {
    BUILT_IN.iter().any(|template| template.name == name)
}

/// The text of a part that ships; none: there is no such template.
pub fn built_in_text(name: &str, part: Part) -> Option<&'static str> {
    BUILT_IN.iter().find(|template| template.name == name).map(|template| template.part(part))
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

/// All templates of a school.
pub struct Templates {
    environment: Environment<'static>,
    documentation: BTreeMap<&'static str, Documentation>,
    own: OwnTexts,
    /// Own parts that cannot even be parsed, with the reason.
    unread: BTreeMap<(String, Part), TemplateError>,
    limits: MailLimits,
}

/// A mail that has been written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The subject, one line.
    pub subject: String,
    /// The part for people who read plain text.
    pub text: String,
    /// The part for people who read HTML.
    pub html: String,
}

/// Why a mail cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TemplateError {
    /// No template has this name.
    #[error("find the e-mail template {0:?}: name one that Admin → Email Templates lists")]
    Unknown(String),
    /// A part has more bytes than a part may have.
    #[error("use {part} of the e-mail template: it is larger than {limit} bytes; shorten it")]
    TooLong {
        /// The template and the part.
        part: String,
        /// The most bytes of a part.
        limit: usize,
    },
    /// A part uses something whose cost cannot be bounded.
    #[error("use {part} of the e-mail template: {problem}; leave that out")]
    Language {
        /// The template and the part.
        part: String,
        /// The line and what is wrong.
        problem: NotOfTheLanguage,
    },
    /// A part of the template cannot be parsed, or uses a variable that the mail does not have, or takes too many
    /// steps.
    #[error("write an e-mail from its template: {}; correct the template", in_words(.0))]
    Part(#[from] minijinja::Error),
    /// One of the school's own parts could not be parsed when the templates were loaded, for this reason.
    #[error("{0}")]
    Unread(String),
    /// The documentation of the template's variables cannot be read.
    #[error("read what the e-mail template may use: {0}")]
    Documentation(#[from] serde_json::Error),
}

/// The template engine's text about the place and the reason of an error, without the folder in which own parts stand
/// here.
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
    /// A part that ships cannot be parsed.
    pub fn built_in() -> Result<Self, TemplateError> {
        Self::of_school(OwnTexts::default())
    }

    /// The templates of a school with texts of its own. An own part that cannot be parsed counts like one that fails
    /// when it is used: the mail leaves in the words that ship. [`Templates::check`] refuses such a part.
    ///
    /// # Errors
    /// A part that ships cannot be parsed.
    pub fn of_school(own: OwnTexts) -> Result<Self, TemplateError> {
        let limits = MailLimits::default();
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        environment.set_fuel(Some(limits.template_steps));
        let mut documentation = BTreeMap::new();
        for template in BUILT_IN {
            for part in Part::ALL {
                // The ending of the name tells the environment whether to escape values.
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

    /// Tries a school's own texts on the sample values, with rows and without rows. An embedding program calls this
    /// function before it saves the texts.
    ///
    /// # Errors
    /// The first part that cannot be used, with the reason and the line.
    pub fn check(own: &OwnTexts) -> Result<(), TemplateError> {
        let mut templates = Self::of_school(own.clone())?;
        if let Some((_, error)) = templates.unread.pop_first() {
            return Err(error);
        }
        for (name, documentation) in &templates.documentation {
            for sample in documentation.samples() {
                templates.write(name, Words::Own, &sample)?;
            }
        }
        Ok(())
    }

    /// Writes the mail of a message. An own part that fails is replaced by the part that ships, and the mail then
    /// says why.
    ///
    /// # Errors
    /// No template has this name, or the template that ships uses a variable that the message does not have.
    pub fn render(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let name = &message.template;
        match self.write(name, Words::Own, &variables(message, usize::MAX)) {
            Ok(written) => Ok(written),
            Err(error) if self.own.has(name) => {
                let notice = format!(
                    "This mail is not in the school's own words, because they could not be used: failed to {error} in Admin → Email Templates."
                );
                Ok(self.shipped(message)?.with_notice(&notice))
            }
            Err(_) => self.shipped(message),
        }
    }

    /// Writes the mail in the words that ship, with as many rows as the mail has room for. The rows beyond are counted
    /// at its end, so that no mail is lost because of its size.
    fn shipped(&self, message: &Message) -> Result<Rendered, TemplateError> {
        let all = rows(message);
        let mut most = all;
        loop {
            match self.write(&message.template, Words::Shipped, &variables(message, most)) {
                Ok(written) if most == all => return Ok(written),
                Ok(written) => {
                    return Ok(written.with_notice(
                        "This mail is too long to name every issue; GEGI lists all of them under the course.",
                    ));
                }
                Err(TemplateError::Part(error)) if error.kind() == ErrorKind::WriteFailure && most > 0 => most /= 2,
                Err(TemplateError::Part(error)) if error.kind() == ErrorKind::OutOfFuel && most > 0 => most /= 2,
                Err(error) => return Err(error),
            }
        }
    }

    /// Writes a mail from the template's sample values, for the page on which people edit the template.
    ///
    /// # Errors
    /// No template has this name, or the template uses a variable that no mail has.
    pub fn preview(&self, template: &str) -> Result<Rendered, TemplateError> {
        self.write(template, Words::Own, &self.documentation(template)?.sample())
    }

    /// The documentation of a template's variables.
    ///
    /// # Errors
    /// No template has this name.
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
            // A template puts out text only.
            Ok::<_, TemplateError>(String::from_utf8_lossy(&page.text).into_owned())
        };
        // A line break in a subject would begin another header.
        let subject = part(Part::Subject)?.split_whitespace().collect::<Vec<_>>().join(" ");
        let subject = visible(&subject).chars().take(self.limits.subject_characters).collect();
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
    language::check(text).map_err(|problem| TemplateError::Language { part: place.clone(), problem })?;
    Ok(environment.add_template_owned(format!("{OWN}{place}"), text.to_owned())?)
}

/// The words in which a mail is written.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Words {
    /// The school's own words where the school has any, otherwise those that ship.
    Own,
    /// The words that ship.
    Shipped,
}

fn place(template: &str, part: Part) -> String {
    format!("{template}/{}", part.file_name())
}

/// The output of one part; writing fails when the page is full.
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
    /// Adds a notice to the end of the mail.
    fn with_notice(mut self, notice: &str) -> Self {
        self.text = format!("{}\n\n{notice}\n", self.text.trim_end());
        let escaped = minijinja::HtmlEscape(notice).to_string();
        let paragraph = format!("<p>{escaped}</p>\n");
        let end = self.html.rfind("</body>").unwrap_or(self.html.len());
        self.html.insert_str(end, &paragraph);
        self
    }
}

/// The most rows that a variable of the message has.
fn rows(message: &Message) -> usize {
    let rows = |(_, value): &(String, wit::Value)| if let wit::Value::Rows(rows) = value { rows.len() } else { 0 };
    message.variables.iter().map(rows).max().unwrap_or_default()
}

/// The variables of a message for the template, with at most `most` rows each.
fn variables(message: &Message, most: usize) -> Value {
    let variable = |(name, value): &(String, wit::Value)| (name.replace('-', "_"), template_value(value, most));
    Value::from_pairs(message.variables.iter().map(variable))
}

fn template_value(value: &wit::Value, most: usize) -> Value {
    match value {
        wit::Value::Text(text) => Value::from(shown(text)),
        wit::Value::Number(number) => Value::from(*number),
        wit::Value::Rows(rows) => {
            let cells =
                |row: &Vec<wit::Cell>| Value::from_pairs(row.iter().map(|(name, text)| (name.as_str(), shown(text))));
            rows.iter().take(most).map(cells).collect()
        }
    }
}

/// A text as a mail shows it: of bounded length, with control and bidirectional characters as signs.
fn shown(text: &str) -> String {
    let cut = text.floor_char_boundary(TEXT_BYTES.min(text.len()));
    let (text, rest) = text.split_at(cut);
    format!("{}{}", visible(text), if rest.is_empty() { "" } else { "…" })
}

#[cfg(test)]
mod tests;
