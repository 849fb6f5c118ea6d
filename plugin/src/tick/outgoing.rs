//! Everything that leaves a tick for GEGI and for the school: operations on GEGI's records, and mails about issues.
//!
//! GEGI gets an operation when an issue opens, changes or is resolved. The school is mailed an issue once when it
//! opens, again when it changes or comes back, and once when it is resolved. There is one note for the next mail per
//! issue, so that there are never more notes than issues that are open or were mailed. Not here: the text of the mail
//! (`digest`).

use super::moment::Moment;
use crate::digest::{self, Note};
use crate::issue;
use crate::memory::head::{DigestState, Head};
use crate::memory::{DIGEST, Notes, parts};
use crate::model::issue::Issue;
use crate::model::sorted::{SortedMap, SortedSet};
use crate::model::time::Instant;
use crate::world::records::Operation;
use crate::world::{Reads, StorageError, Writes};

/// The most issues in one mail; the next mail has the rest.
const ISSUES_PER_MAIL: usize = 500;

/// Everything that leaves by this tick.
#[derive(Debug)]
pub(super) struct Outgoing {
    now: Instant,
    /// Operations on GEGI's records, in order.
    pub(super) operations: Vec<Operation>,
    notes: Notes,
    /// How many issues were opened.
    pub(super) opened: u32,
    /// How many issues were resolved.
    pub(super) resolved: u32,
    /// Whether issues wait to be mailed.
    pub(super) waiting: bool,
}

impl Outgoing {
    /// An empty start. `waiting` says whether issues wait to be mailed since an earlier tick.
    pub(super) fn new(now: Instant, waiting: bool) -> Self {
        Self { now, operations: Vec::new(), notes: Notes::default(), opened: 0, resolved: 0, waiting }
    }

    /// Replaces the open issues `open` by the present issues `now`: opens, changes and resolves issues in GEGI where
    /// the two differ, and notes the difference for the next mail.
    pub(super) fn exchange_issues(
        &mut self,
        world: &mut impl Reads,
        open: &mut SortedMap<String, Issue>,
        now: &[Issue],
    ) -> Result<(), StorageError> {
        let now: Vec<Issue> = now.iter().cloned().map(issue::bounded).collect();
        let now: SortedMap<String, &Issue> = now.iter().map(|issue| (issue::key(issue), issue)).collect();
        let changed: Vec<&String> =
            now.iter().filter(|(key, issue)| open.get(*key) != Some(**issue)).map(|(key, _)| key).collect();
        let gone: SortedSet<String> = open.keys().filter(|key| !now.contains_key(*key)).cloned().collect();
        if changed.is_empty() && gone.is_empty() {
            return Ok(());
        }
        let concerned = || changed.iter().map(|key| key.as_str()).chain(gone.iter().map(String::as_str));
        self.notes.digest.load(world, concerned())?;
        self.notes.told.load(world, concerned())?;
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

    /// Opens or changes an issue in GEGI, and notes that for the next mail. An issue that is mailed once is noted only if
    /// the school was not mailed of it; if it comes back before its end was mailed, the mails say nothing of the end.
    fn tell_open(&mut self, key: &str, issue: &Issue) {
        if issue::is_mailed_when_changed(issue.code) || self.notes.told.get(key).is_none() {
            self.notes.digest.set(key, Note { issue: issue.clone(), resolved: false });
            self.waiting = true;
        } else {
            self.notes.digest.remove(key);
        }
        self.operations.push(Operation::OpenIssue { key: key.to_owned(), at: self.now, issue: issue.clone() });
    }

    /// Resolves an issue in GEGI. The school is mailed that the issue is resolved if, and only if, the school was
    /// mailed that the issue is open. Otherwise the note for the next mail goes away, and the school never hears of the
    /// issue.
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

    /// Replaces the open issues of the school as a whole by the present issues about settings, campuses and unreadable
    /// records.
    pub(super) fn tell_of_school(
        &mut self,
        world: &mut impl Reads,
        head: &mut Head,
        mut issues: Vec<Issue>,
    ) -> Result<(), StorageError> {
        issues.extend(head.unreadable.issues());
        issues.extend(head.issues_of_the_day(self.now));
        self.exchange_issues(world, &mut head.issues, &issues)
    }

    /// Queues a mail if one is due.
    ///
    /// DOMAIN §4 "Mail": "only `on-tick` mails, only when it has no more work; the first digest at once, then at most
    /// one an hour (setting); each issue once, again when it changes or comes back; nothing when clean; an empty
    /// address is allowed".
    ///
    /// While the school has no address that can be used, the notes wait. Once an address is entered, the mail names the
    /// issues that are open then, and no issue that opened and was resolved before.
    pub(super) fn mail(
        &mut self,
        world: &mut impl Writes,
        moment: Moment<'_>,
        state: &mut DigestState,
    ) -> Result<(), StorageError> {
        let Moment { now, settings, .. } = moment;
        let next = now + settings.digest_every;
        // If the school has set a shorter time between two mails meanwhile, the shorter time counts.
        state.not_before = state.not_before.map(|at| at.min(next)).filter(|at| now < *at);
        let Some(recipient) = settings.error_email.clone().filter(|_| state.not_before.is_none()) else {
            return Ok(());
        };
        let notes = self.next_notes(world)?;
        if let Some(message) = digest::message(&settings.name, &recipient, notes.values()) {
            if world.queue(message).is_err() {
                // The host refused the mail: the notes stay, and the time between two mails does not begin.
                state.not_before = Some(moment.soon());
                return Ok(());
            }
            state.not_before = Some(next);
        }
        self.waiting = notes.len() >= ISSUES_PER_MAIL;
        self.note_told(world, notes)
    }

    /// The notes of the next mail, by issue: as many as one mail takes.
    fn next_notes(&mut self, world: &mut impl Writes) -> Result<SortedMap<String, Note>, StorageError> {
        let mut changes = Vec::new();
        self.notes.digest.collect(&mut changes)?;
        if !changes.is_empty() {
            // The scan below finds only notes that are staged.
            world.apply(changes)?;
        }
        let mut notes = SortedMap::new();
        for (key, value) in parts::scan(world, DIGEST, None, ISSUES_PER_MAIL, |key, value| (key, value))? {
            let issue = key.strip_prefix(DIGEST).unwrap_or(&key);
            self.notes.digest.keep(issue, &key, Some(value));
            notes.extend(self.notes.digest.get(issue).map(|note| (issue.to_owned(), note.clone())));
        }
        Ok(notes)
    }

    /// Forgets the notes that were mailed. An issue that was mailed as open is remembered, so that the school is mailed
    /// when the issue is resolved.
    fn note_told(&mut self, world: &mut impl Reads, notes: SortedMap<String, Note>) -> Result<(), StorageError> {
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

    /// The notes and the operations, to be stored.
    pub(super) fn into_parts(self) -> (Notes, Vec<Operation>) {
        (self.notes, self.operations)
    }
}
