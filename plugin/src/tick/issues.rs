//! Issues as they open and resolve: each is told to GEGI once, mailed once, and told again when it is resolved.

use std::collections::{BTreeMap, BTreeSet};

use super::Tick;
use crate::digest::{self, Note};
use crate::issue;
use crate::memory::unreadable::UnreadableRecord;
use crate::memory::{DIGEST, decode};
use crate::model::ids::CourseId;
use crate::model::issue::{Code, Issue, Subject};
use crate::world::records::Operation;
use crate::world::{Change, StorageError, World};

/// The most issues in one mail; the rest follows in the next.
const ISSUES_PER_MAIL: u32 = 500;

impl<W: World> Tick<'_, W> {
    /// Compares a course's issues with those that are open.
    pub(super) fn update_course_issues(&mut self, course: &CourseId, issues: &[Issue]) -> Result<(), StorageError> {
        let mut open = std::mem::take(&mut self.memory.syncs.edit(course.as_str()).issues);
        self.exchange_issues(&mut open, issues)?;
        self.memory.syncs.edit(course.as_str()).issues = open;
        Ok(())
    }

    /// Compares the issues of settings, campuses and unreadable records with those that are open.
    pub(super) fn update_school_issues(&mut self, mut issues: Vec<Issue>) -> Result<(), StorageError> {
        issues.extend(self.campuses.issues());
        issues.extend(self.head.unreadable.iter().map(unreadable));
        let mut open = std::mem::take(&mut self.head.issues);
        self.exchange_issues(&mut open, &issues)?;
        self.head.issues = open;
        Ok(())
    }

    /// Replaces the open issues by those there are now, and tells the difference.
    pub(super) fn exchange_issues(
        &mut self,
        open: &mut BTreeMap<String, Issue>,
        now: &[Issue],
    ) -> Result<(), StorageError> {
        let now: BTreeMap<String, &Issue> = now.iter().map(|issue| (issue::key(issue), issue)).collect();
        let changed: Vec<&String> =
            now.iter().filter(|(key, issue)| open.get(*key) != Some(**issue)).map(|(key, _)| key).collect();
        let gone: BTreeSet<String> = open.keys().filter(|key| !now.contains_key(*key)).cloned().collect();
        if changed.is_empty() && gone.is_empty() {
            return Ok(());
        }
        self.memory
            .digest
            .load(self.world, changed.iter().map(|key| key.as_str()).chain(gone.iter().map(String::as_str)))?;
        for key in gone {
            if let Some(issue) = open.remove(&key) {
                self.tell_resolved(key, issue);
            }
        }
        for key in changed {
            if let Some(issue) = now.get(key) {
                self.report.issues_opened += u32::from(open.insert(key.clone(), (*issue).clone()).is_none());
                self.memory.digest.set(key, Note { issue: (*issue).clone(), resolved: false });
                self.operations.push(Operation::OpenIssue { key: key.clone(), at: self.now, issue: (*issue).clone() });
                self.head.digest.waiting = true;
            }
        }
        Ok(())
    }

    /// An issue that was never mailed is not mailed as resolved either.
    fn tell_resolved(&mut self, key: String, issue: Issue) {
        self.report.issues_resolved += 1;
        if self.memory.digest.get(&key).is_some_and(|note| !note.resolved) {
            self.memory.digest.remove(&key);
        } else {
            self.memory.digest.set(&key, Note { issue, resolved: true });
            self.head.digest.waiting = true;
        }
        self.operations.push(Operation::ResolveIssue { key, at: self.now });
    }

    /// DOMAIN §4 "Mail": only when a tick has no more work; the first at once, then at most one in the set time; each
    /// issue once; nothing when clean.
    pub(super) fn mail_digest(&mut self) -> Result<(), StorageError> {
        let waits = self.head.digest.not_before.is_some_and(|at| self.now < at);
        if !self.head.digest.waiting || waits || self.report.more_work || self.agenda.more {
            return Ok(());
        }
        self.memory.save_digest(self.world)?;
        let entries = self.world.scan(DIGEST, None, ISSUES_PER_MAIL)?;
        let notes: Vec<Note> = entries.iter().map(|(key, value)| decode(key, value)).collect::<Result<_, _>>()?;
        let message = self
            .settings
            .error_email
            .as_deref()
            .and_then(|recipient| digest::message(&self.settings.name, recipient, &notes));
        if let Some(message) = message {
            self.head.digest.not_before = Some(self.now + self.settings.digest_every);
            if self.world.queue(message).is_err() {
                return Ok(());
            }
        }
        self.head.digest.waiting = entries.len() >= usize::try_from(ISSUES_PER_MAIL).unwrap_or(usize::MAX);
        self.world.apply(entries.into_iter().map(|(key, _)| Change::Delete(key)).collect())
    }
}

/// A record that cannot be read. Those of a school that cannot be told apart are one issue.
fn unreadable(record: &UnreadableRecord) -> Issue {
    let UnreadableRecord { id, schools, class, student, problem, .. } = record;
    let (detail, sentence) = if let Some(id) = id {
        (id.to_string(), format!("attendance record {id} of CourseKey cannot be read: {problem}"))
    } else {
        let schools: Vec<String> = schools.iter().map(ToString::to_string).collect();
        let school = format!("school {}", schools.join(" or "));
        let sentence =
            format!("{school} of CourseKey sends attendance that can neither be read nor told apart: {problem}");
        (school, sentence)
    };
    let subject = Subject { course: None, class: class.clone(), person: student.clone(), detail: Some(detail) };
    Issue { code: Code::RecordUnreadable, subject, sentence }
}
