//! What is known of a school besides its state, and how a commit changes it: the same for every backend.

use chrono::{DateTime, Utc};

use super::{Commit, Lane, StoreError};

/// What a tick was working on when it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breadcrumb {
    /// The plugin's note; empty if the call left none.
    pub note: String,
    /// How many ticks in a row left this note and did not return.
    pub times: u32,
}

/// What is known of a school besides its state. All zero for a school nobody committed for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Standing {
    /// Commits so far; the number of the latest.
    pub commits: u64,
    /// When the latest was, to the second.
    pub last_commit_at: Option<DateTime<Utc>>,
    /// Entries of the state.
    pub keys: u64,
    /// Bytes of all keys and values of the state together.
    pub bytes: u64,
    /// Records committed so far; the sequence of the latest.
    pub records: u64,
    /// Mails committed so far; the sequence of the latest.
    pub mails: u64,
    /// What `mails` was when the hour of the latest commit began.
    pub mails_before_hour: u64,
    /// The note of a tick that is running, or that never returned.
    pub breadcrumb: Option<Breadcrumb>,
    /// The highest fence that a commit carried or a host took the school over with; a commit with a lower one is refused.
    pub fence: u64,
}

impl Standing {
    /// Mails committed in the hour of the clock that contains `now`.
    pub fn mails_in_hour(&self, now: DateTime<Utc>) -> u64 {
        if self.last_commit_at.map(hour) == Some(hour(now)) { self.mails - self.mails_before_hour } else { 0 }
    }

    /// Counts a commit, before its payloads take their sequences, or refuses it: then nothing of it may be written.
    pub(super) fn count_commit(&mut self, commit: &Commit) -> Result<(), StoreError> {
        if commit.fence < self.fence {
            return Err(StoreError::Fenced { fence: commit.fence, held: self.fence });
        }
        self.fence = commit.fence;
        let at = commit.at;
        if self.last_commit_at.map(hour) != Some(hour(at)) {
            self.mails_before_hour = self.mails;
        }
        self.commits += 1;
        self.last_commit_at = DateTime::from_timestamp(at.timestamp(), 0);
        Ok(())
    }

    /// Refuses every commit that is under way from now on, and answers the fence that later ones have to carry.
    pub(super) fn take_over(&mut self) -> u64 {
        self.fence += 1;
        self.fence
    }

    /// The sequence of the next item of a lane.
    pub(super) fn next_sequence(&mut self, lane: Lane) -> u64 {
        let latest = match lane {
            Lane::Records => &mut self.records,
            Lane::Mails => &mut self.mails,
        };
        *latest += 1;
        *latest
    }

    /// Counts an entry that went from one size to another; none: it does not exist.
    pub(super) fn count_change(&mut self, before: Option<u64>, after: Option<u64>) {
        self.keys = self.keys + u64::from(after.is_some()) - u64::from(before.is_some());
        self.bytes = self.bytes + after.unwrap_or(0) - before.unwrap_or(0);
    }
}

fn hour(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(3_600)
}
