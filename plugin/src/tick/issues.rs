//! Issues as they open and resolve: each is told to GEGI once, mailed once, and told again when it is resolved. What the
//! next mail has to tell is noted by issue, so that there are never more notes than issues that are open or were told.

use std::collections::{BTreeMap, BTreeSet};

use super::Tick;
use crate::digest::{self, Note};
use crate::issue;
use crate::memory::DIGEST;
use crate::memory::unreadable::UnreadableRecord;
use crate::model::ids::CourseId;
use crate::model::issue::{Code, Issue, Subject};
use crate::world::records::Operation;
use crate::world::{StorageError, World};

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
        self.memory.told.load(self.world, gone.iter().map(String::as_str))?;
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

    /// Who was told of an issue is told that it is resolved, whatever became of it in between; who was not is not.
    fn tell_resolved(&mut self, key: String, issue: Issue) {
        self.report.issues_resolved += 1;
        if self.memory.told.get(&key).is_some() {
            self.memory.digest.set(&key, Note { issue, resolved: true });
            self.head.digest.waiting = true;
        } else {
            self.memory.digest.remove(&key);
        }
        self.operations.push(Operation::ResolveIssue { key, at: self.now });
    }

    /// DOMAIN §4 "Mail": "only `on-tick` mails, only when it has no more work; the first digest at once, then at most one
    /// an hour (setting); each issue once, again when it changes or comes back; nothing when clean; an empty address is
    /// allowed".
    ///
    /// Without an address that can be used the notes wait: whoever enters one is told what is open then, and not what came
    /// and went before.
    pub(super) fn mail_digest(&mut self) -> Result<(), StorageError> {
        if !self.head.digest.waiting || self.report.more_work || self.agenda.more {
            return Ok(());
        }
        let next = self.now + self.settings.digest_every;
        // A shorter time that was set meanwhile counts.
        let not_before = self.head.digest.not_before.map(|at| at.min(next)).filter(|at| self.now < *at);
        self.head.digest.not_before = not_before;
        let Some(recipient) = self.settings.error_email.clone().filter(|_| not_before.is_none()) else {
            return Ok(());
        };
        let notes = self.next_notes()?;
        if let Some(message) = digest::message(&self.settings.name, &recipient, notes.values()) {
            if self.world.queue(message).is_err() {
                // Nothing was told, so nothing is forgotten and no hour begins.
                self.head.digest.not_before = Some(self.now + self.settings.update_every);
                return Ok(());
            }
            self.head.digest.not_before = Some(next);
        }
        self.head.digest.waiting = notes.len() >= usize::try_from(ISSUES_PER_MAIL).unwrap_or(usize::MAX);
        self.note_told(notes)
    }

    /// As many notes as one mail takes, by issue.
    fn next_notes(&mut self) -> Result<BTreeMap<String, Note>, StorageError> {
        self.memory.save_digest(self.world)?;
        let mut notes = BTreeMap::new();
        for (key, value) in self.world.scan(DIGEST, None, ISSUES_PER_MAIL)? {
            let issue = key.strip_prefix(DIGEST).unwrap_or(&key);
            self.memory.digest.keep(issue, &key, Some(value))?;
            notes.extend(self.memory.digest.get(issue).map(|note| (issue.to_owned(), note.clone())));
        }
        Ok(notes)
    }

    /// Forgets what was told, but for that it was: the school is to hear when it is resolved.
    fn note_told(&mut self, notes: BTreeMap<String, Note>) -> Result<(), StorageError> {
        self.memory.told.load(self.world, notes.keys().map(String::as_str))?;
        for (issue, note) in notes {
            self.memory.digest.remove(&issue);
            if note.resolved {
                self.memory.told.remove(&issue);
            } else {
                self.memory.told.set(&issue, ());
            }
        }
        Ok(())
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
