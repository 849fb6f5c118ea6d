//! The standing of a school: everything known about the school besides its state, and how a commit changes it. Every
//! backend uses the same rules.

use chrono::{DateTime, Utc};

use super::versions::MOST_KEPT;
use super::{Commit, Lane, StoreError};

/// The note of a tick that runs or was aborted: what the tick was working on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breadcrumb {
    /// The plugin's note; empty: the tick left no note.
    pub note: String,
    /// How many ticks in a row left this note and did not return.
    pub times: u32,
}

/// Ticks in a row that failed, whatever failed in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FailedTicks {
    /// When the first of them failed, to the second.
    pub since: DateTime<Utc>,
    /// How many there were.
    pub ticks: u32,
    /// Whether the school was told.
    pub told: bool,
}

/// Everything known about a school besides its state. All numbers are zero for a school without a commit.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// The number of commits, which is also the number of the latest commit.
    pub commits: u64,
    /// When the latest commit was made, to the second.
    pub last_commit_at: Option<DateTime<Utc>>,
    /// The number of entries of the state.
    pub keys: u64,
    /// The bytes of all keys and values of the state.
    pub bytes: u64,
    /// The number of committed records, which is also the sequence of the latest record.
    pub records: u64,
    /// The number of committed mails, which is also the sequence of the latest mail.
    pub mails: u64,
    /// The value of `mails` at the beginning of the hour of the latest commit.
    pub mails_before_hour: u64,
    /// The note of a tick that is running or never returned.
    pub breadcrumb: Option<Breadcrumb>,
    /// The ticks that failed since a tick returned last; none: the last tick returned.
    pub failed_ticks: Option<FailedTicks>,
    /// The highest fence that a commit carried or a takeover gave; a commit with a lower fence is refused.
    pub fence: u64,
    /// The oldest commit of which the state can still be read.
    pub kept_from: u64,
}

impl Standing {
    /// The number of mails committed in the hour of the clock that contains `now`.
    pub fn mails_in_hour(&self, now: DateTime<Utc>) -> u64 {
        if self.last_commit_at.map(hour) == Some(hour(now)) { self.mails - self.mails_before_hour } else { 0 }
    }

    /// Counts a commit before its payloads get their sequences. If this fails, nothing of the commit may be written.
    pub(super) fn count_commit(&mut self, commit: &Commit) -> Result<(), StoreError> {
        if commit.fence < self.fence {
            return Err(StoreError::Fenced { fence: commit.fence, held: self.fence });
        }
        if commit.follows.is_some_and(|latest| latest != self.commits) {
            return Err(StoreError::Overtaken);
        }
        if let Some(seen) = commit.tick_after {
            self.check_kept(seen)?;
        }
        self.fence = commit.fence;
        let at = commit.at;
        if self.last_commit_at.map(hour) != Some(hour(at)) {
            self.mails_before_hour = self.mails;
        }
        self.commits += 1;
        if commit.tick_after.is_some() || self.commits - self.kept_from > MOST_KEPT {
            self.kept_from = self.commits;
        }
        self.failed_ticks = commit.failed_ticks;
        self.last_commit_at = DateTime::from_timestamp(at.timestamp(), 0);
        Ok(())
    }

    /// Whether the latest commit drops the old values; otherwise it keeps those that it replaces.
    pub(super) fn drops_old_values(&self) -> bool {
        self.kept_from == self.commits
    }

    /// Refuses to read the state that a commit left, if what it takes was dropped.
    pub(super) fn check_kept(&self, commit: u64) -> Result<(), StoreError> {
        if commit < self.kept_from { Err(StoreError::Overtaken) } else { Ok(()) }
    }

    /// Raises the fence and returns it: commits of calls that are running are refused, later commits have to carry
    /// the new fence.
    pub(super) fn take_over(&mut self) -> u64 {
        self.fence += 1;
        self.fence
    }

    /// Counts one more item of a lane and returns the item's sequence.
    pub(super) fn next_sequence(&mut self, lane: Lane) -> u64 {
        let latest = match lane {
            Lane::Records => &mut self.records,
            Lane::Mails => &mut self.mails,
        };
        *latest += 1;
        *latest
    }

    /// Counts an entry whose bytes went from `before` to `after`; none: the entry does not exist.
    pub(super) fn count_change(&mut self, before: Option<u64>, after: Option<u64>) {
        self.keys = self.keys + u64::from(after.is_some()) - u64::from(before.is_some());
        self.bytes = self.bytes + after.unwrap_or(0) - before.unwrap_or(0);
    }
}

fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3_600)
}
