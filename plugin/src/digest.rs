//! The digest: the one mail that tells the school which issues are new and which are resolved. Not here: when a mail
//! leaves and which issues it names (`tick::outgoing`).
//!
//! Seed, "Synchronization Error Notifications": "a notification is sent to the email address defined in the Email to
//! Send Errors About Incompatible Data Received from CourseKey setting. The notification subject and text can be
//! configured in the Admin → Email Templates section."

use serde::{Deserialize, Serialize};

use crate::issue;
use crate::model::issue::Issue;
use crate::world::records::{Message, Value};

/// The template's name in Admin → Email Templates.
pub const TEMPLATE: &str = "synchronization-issues";

/// What the next mail says about one issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The issue.
    pub issue: Issue,
    /// Whether the mail says that the issue is resolved; otherwise that the issue is open.
    pub resolved: bool,
}

/// Writes the mail; none: there are no notes.
pub fn message<'a>(school: &str, recipient: &str, notes: impl Iterator<Item = &'a Note>) -> Option<Message> {
    let (resolved, open): (Vec<&Note>, Vec<&Note>) = notes.partition(|note| note.resolved);
    if resolved.is_empty() && open.is_empty() {
        return None;
    }
    let count = |notes: &[&Note]| Value::Number(i64::try_from(notes.len()).unwrap_or(i64::MAX));
    let rows = |notes: &[&Note]| Value::Rows(notes.iter().map(|note| row(&note.issue)).collect());
    let variables = vec![
        ("school", Value::Text(school.to_owned())),
        ("open-count", count(&open)),
        ("issues", rows(&open)),
        ("resolved-count", count(&resolved)),
        ("resolved", rows(&resolved)),
    ];
    Some(Message { template: TEMPLATE, recipient: recipient.to_owned(), variables })
}

fn row(issue: &Issue) -> Vec<(String, String)> {
    let entry = issue::row(issue.code);
    let text = |id: Option<String>| id.unwrap_or_default();
    [
        ("code", entry.code.to_owned()),
        ("title", entry.title.to_owned()),
        ("sentence", issue.sentence.clone()),
        ("owner", entry.owner.name().to_owned()),
        ("remedy", entry.remedy.to_owned()),
        ("course", text(issue.subject.course.as_ref().map(ToString::to_string))),
        ("class", text(issue.subject.class.as_ref().map(ToString::to_string))),
        ("person", text(issue.subject.person.as_ref().map(ToString::to_string))),
    ]
    .map(|(column, text)| (column.to_owned(), text))
    .into()
}

#[cfg(test)]
mod tests;
