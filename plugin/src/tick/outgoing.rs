//! What leaves for GEGI and the school: operations on records, and what is told of issues. Each issue is told to GEGI once,
//! mailed once, and told again when it is resolved. What the next mail has to tell is noted by issue, so that there are never
//! more notes than issues that are open or were told.

use std::collections::{BTreeMap, BTreeSet};

use super::campus::Campuses;
use super::moment::Moment;
use crate::digest::{self, Note};
use crate::issue;
use crate::memory::head::{DigestState, Head};
use crate::memory::{DIGEST, Notes};
use crate::model::issue::Issue;
use crate::model::time::Instant;
use crate::world::records::Operation;
use crate::world::{Reads, StorageError, Writes};

/// The most issues in one mail; the rest follows in the next.
const ISSUES_PER_MAIL: u32 = 500;

/// What leaves by this tick.
#[derive(Debug)]
pub(super) struct Outgoing {
    now: Instant,
    /// Operations on GEGI's records, in order.
    pub(super) operations: Vec<Operation>,
    notes: Notes,
    /// Issues that were opened.
    pub(super) opened: u32,
    /// Issues that were resolved.
    pub(super) resolved: u32,
    /// Whether issues wait to be mailed.
    pub(super) waiting: bool,
}

impl Outgoing {
    /// Nothing yet; `waiting` says whether issues wait to be mailed from before.
    pub(super) fn new(now: Instant, waiting: bool) -> Self {
        Self { now, operations: Vec::new(), notes: Notes::default(), opened: 0, resolved: 0, waiting }
    }

    /// Replaces the open issues by those there are now, and tells the difference.
    pub(super) fn exchange_issues(
        &mut self,
        world: &mut impl Reads,
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
        let concerned = changed.iter().map(|key| key.as_str()).chain(gone.iter().map(String::as_str));
        self.notes.digest.load(world, concerned)?;
        self.notes.told.load(world, gone.iter().map(String::as_str))?;
        for key in gone {
            if let Some(issue) = open.remove(&key) {
                self.tell_resolved(key, issue);
            }
        }
        for key in changed {
            if let Some(issue) = now.get(key) {
                self.opened += u32::from(open.insert(key.clone(), (*issue).clone()).is_none());
                self.tell_open(key, issue);
            }
        }
        Ok(())
    }

    fn tell_open(&mut self, key: &str, issue: &Issue) {
        self.notes.digest.set(key, Note { issue: issue.clone(), resolved: false });
        self.operations.push(Operation::OpenIssue { key: key.to_owned(), at: self.now, issue: issue.clone() });
        self.waiting = true;
    }

    /// Who was told of an issue is told that it is resolved, whatever became of it in between; who was not is not.
    fn tell_resolved(&mut self, key: String, issue: Issue) {
        self.resolved += 1;
        if self.notes.told.get(&key).is_some() {
            self.notes.digest.set(&key, Note { issue, resolved: true });
            self.waiting = true;
        } else {
            self.notes.digest.remove(&key);
        }
        self.operations.push(Operation::ResolveIssue { key, at: self.now });
    }

    /// Compares the issues of settings, campuses and unreadable records with those that are open.
    pub(super) fn tell_of_school(
        &mut self,
        world: &mut impl Reads,
        head: &mut Head,
        campuses: &Campuses,
        mut issues: Vec<Issue>,
    ) -> Result<(), StorageError> {
        issues.extend(campuses.issues());
        issues.extend(head.unreadable.issues());
        self.exchange_issues(world, &mut head.issues, &issues)
    }

    /// DOMAIN §4 "Mail": "only `on-tick` mails, only when it has no more work; the first digest at once, then at most one
    /// an hour (setting); each issue once, again when it changes or comes back; nothing when clean; an empty address is
    /// allowed".
    ///
    /// Without an address that can be used the notes wait: whoever enters one is told what is open then, and not what came
    /// and went before.
    pub(super) fn mail(
        &mut self,
        world: &mut impl Writes,
        moment: Moment<'_>,
        state: &mut DigestState,
    ) -> Result<(), StorageError> {
        let Moment { now, settings, .. } = moment;
        let next = now + settings.digest_every;
        // A shorter time that was set meanwhile counts.
        state.not_before = state.not_before.map(|at| at.min(next)).filter(|at| now < *at);
        let Some(recipient) = settings.error_email.clone().filter(|_| state.not_before.is_none()) else {
            return Ok(());
        };
        let notes = self.next_notes(world)?;
        if let Some(message) = digest::message(&settings.name, &recipient, notes.values()) {
            if world.queue(message).is_err() {
                // Nothing was told, so nothing is forgotten and no hour begins.
                state.not_before = Some(moment.soon());
                return Ok(());
            }
            state.not_before = Some(next);
        }
        self.waiting = notes.len() >= usize::try_from(ISSUES_PER_MAIL).unwrap_or(usize::MAX);
        self.note_told(world, notes)
    }

    /// As many notes as one mail takes, by issue.
    fn next_notes(&mut self, world: &mut impl Writes) -> Result<BTreeMap<String, Note>, StorageError> {
        let mut changes = Vec::new();
        self.notes.digest.collect(&mut changes)?;
        if !changes.is_empty() {
            // Only what is staged is found by a scan.
            world.apply(changes)?;
        }
        let mut notes = BTreeMap::new();
        for (key, value) in world.scan(DIGEST, None, ISSUES_PER_MAIL)? {
            let issue = key.strip_prefix(DIGEST).unwrap_or(&key);
            self.notes.digest.keep(issue, &key, Some(value))?;
            notes.extend(self.notes.digest.get(issue).map(|note| (issue.to_owned(), note.clone())));
        }
        Ok(notes)
    }

    /// Forgets what was told, but for that it was: the school is to hear when it is resolved.
    fn note_told(&mut self, world: &mut impl Reads, notes: BTreeMap<String, Note>) -> Result<(), StorageError> {
        self.notes.told.load(world, notes.keys().map(String::as_str))?;
        for (issue, note) in notes {
            self.notes.digest.remove(&issue);
            if note.resolved {
                self.notes.told.remove(&issue);
            } else {
                self.notes.told.set(&issue, ());
            }
        }
        Ok(())
    }

    /// What is known of each issue that was told, and the operations.
    pub(super) fn into_parts(self) -> (Notes, Vec<Operation>) {
        (self.notes, self.operations)
    }
}
