//! Ticks that keep failing. The tick that would mail what is wrong is the one that fails, so the host tells of it: by an
//! issue and a mail as the plugin would write them, which the first tick that returns resolves.
//!
//! DOMAIN §4 "CourseKey cannot be reached" gives the measure: "after three failed ticks, and 15 minutes at least, …
//! mailed once, ended when it works again".

use chrono::{DateTime, TimeDelta, Utc};

use super::{CallError, CallFailure};
use crate::gegi::{Cell, Issue, Message, OpenIssue, Operation, Owner, ResolveIssue, SchoolSettings, Value};
use crate::store::{FailedTicks, UnitOfWork};

/// The issue's code, which `docs/issues.md` lists apart from the plugin's.
const CODE: &str = "tick-fails";
const TITLE: &str = "synchronization stopped";
const REMEDY: &str =
    "It ends by itself when the synchronization works again. Ask customer care to read the log of GEGI's host.";
/// The key under which the issue stands in GEGI. The plugin's keys begin with one of its own codes.
const KEY: &str = "tick-fails/host";
/// The template of the mail, the one in which the plugin mails its issues.
const TEMPLATE: &str = "synchronization-issues";

/// How many ticks in a row fail before the school is told.
const TICKS: u32 = 3;
/// For how long ticks fail at least before the school is told.
const AT_LEAST: TimeDelta = TimeDelta::minutes(15);

/// Counts a failed tick in a call of the host's own. Once ticks have failed for long enough, the call opens the issue and
/// mails it, once.
pub(super) fn count(unit: &mut UnitOfWork, failure: &CallFailure, settings: &SchoolSettings, now: DateTime<Utc>) {
    let before = unit.failed_ticks().unwrap_or(FailedTicks { since: now, ticks: 0, told: false });
    let FailedTicks { since, told, .. } = before;
    let ticks = before.ticks.saturating_add(1);
    let is_due = !told && ticks >= TICKS && now - since >= AT_LEAST;
    if is_due {
        let sentence = format!("{}: {}", stopped(since), reason(failure));
        let issue = Issue {
            code: CODE.to_owned(),
            course: None,
            class: None,
            person: None,
            sentence: sentence.clone(),
            owner: Owner::Gegi,
            remedy: REMEDY.to_owned(),
        };
        let open = OpenIssue { key: KEY.to_owned(), at: now.timestamp(), issue };
        tell(unit, Operation::OpenIssue(open), mail(settings, Some(&sentence), None));
    }
    unit.set_failed_ticks(Some(FailedTicks { since, ticks, told: told || is_due }));
}

/// Ends the count in the call of a tick that returned, and resolves the issue if it is open.
pub(super) fn end(unit: &mut UnitOfWork, settings: &SchoolSettings, now: DateTime<Utc>) {
    let Some(FailedTicks { since, told, .. }) = unit.failed_ticks() else { return };
    if told {
        let resolve = ResolveIssue { key: KEY.to_owned(), at: now.timestamp() };
        tell(unit, Operation::ResolveIssue(resolve), mail(settings, None, Some(&stopped(since))));
    }
    unit.set_failed_ticks(None);
}

/// Stages the operation and the mail. A school without an address for such mails gets the issue alone.
fn tell(unit: &mut UnitOfWork, operation: Operation, mail: Option<Message>) {
    let staged = unit.stage(vec![operation]);
    let queued = mail.map_or(Ok(()), |mail| unit.queue(mail));
    if let (Err(_), _) | (_, Err(_)) = (staged, queued) {
        tracing::error!("the school's ticks keep failing, and the call has no room left to tell it");
    }
}

fn stopped(since: DateTime<Utc>) -> String {
    format!("the synchronization with CourseKey stopped on {} UTC", since.format("%Y-%m-%d %H:%M"))
}

/// Why ticks fail, for a school's staff and customer care.
fn reason(failure: &CallFailure) -> String {
    match failure {
        CallFailure::Trapped(reason) => format!("GEGI's host had to stop it ({reason})"),
        CallFailure::TooLong(deadline) => format!("it took longer than {} seconds", deadline.as_secs()),
        CallFailure::NoPlace(_) => "GEGI's host has no place for it".to_owned(),
        CallFailure::Full => "GEGI does not take what waits for it".to_owned(),
        CallFailure::Refused(CallError::UnreadableState(_)) => "it cannot read what it stored".to_owned(),
        CallFailure::Refused(CallError::TooMuch(_)) => "it wants more than GEGI's host allows".to_owned(),
        CallFailure::Storage(_) | CallFailure::Refused(CallError::Storage(_)) => {
            "the storage of GEGI's host fails".to_owned()
        }
        CallFailure::Gegi(_) | CallFailure::Refused(CallError::Unavailable(_)) => "GEGI does not answer".to_owned(),
        CallFailure::Refused(CallError::BadInput(_)) | CallFailure::Push(_) => "it cannot take its input".to_owned(),
    }
}

/// The mail about the issue; none: the school has no address for such mails.
fn mail(settings: &SchoolSettings, open: Option<&str>, resolved: Option<&str>) -> Option<Message> {
    let rows = |sentence: Option<&str>| Value::Rows(sentence.map(row).into_iter().collect());
    let count = |sentence: Option<&str>| Value::Number(i64::from(sentence.is_some()));
    let variables = [
        ("school", Value::Text(settings.name.clone())),
        ("open-count", count(open)),
        ("issues", rows(open)),
        ("resolved-count", count(resolved)),
        ("resolved", rows(resolved)),
    ];
    Some(Message {
        template: TEMPLATE.to_owned(),
        recipient: settings.error_email.clone()?,
        variables: variables.map(|(name, value)| (name.to_owned(), value)).into(),
    })
}

fn row(sentence: &str) -> Vec<Cell> {
    let cells = [
        ("sentence", sentence),
        ("owner", "gegi"),
        ("remedy", REMEDY),
        ("code", CODE),
        ("title", TITLE),
        ("course", ""),
        ("class", ""),
        ("person", ""),
    ];
    cells.map(|(name, text)| (name.to_owned(), text.to_owned())).into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    #[test]
    fn the_page_of_issues_lists_the_hosts_own() {
        let page = include_str!("../../../../docs/issues.md");
        let line = page.lines().find(|line| line.starts_with(&format!("| `{CODE}` | {TITLE} |"))).unwrap();
        assert!(line.ends_with(&format!("| GEGI's customer care | {REMEDY} |")), "{line}");
    }
}
