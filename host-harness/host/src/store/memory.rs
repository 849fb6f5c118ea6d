//! A store in memory, for tests and for trying things out. This store keeps every promise but durability: its schools
//! end with the process.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::snapshot::{Overlay, lay_over, range};
use super::versions::give_way;
use super::{
    Acknowledgement, Breadcrumb, Commit, Entry, Lane, Load, OutboxItem, Payload, PushId, REFUSED_KEPT, Refusals,
    RefusedItem, SchoolId, Standing, Store, StoreError, entry_bytes,
};
use crate::gegi::Receipt;

/// Schools in memory; none at first.
#[derive(Default)]
pub struct MemoryStore(Mutex<BTreeMap<SchoolId, School>>);

#[derive(Default)]
struct School {
    standing: Standing,
    state: BTreeMap<String, Vec<u8>>,
    /// What the keys held before the commits of short calls, by the number of the commit.
    past: BTreeMap<(String, u64), Option<Vec<u8>>>,
    waiting: BTreeMap<(Lane, u64), (Payload, Option<String>)>,
    refused: BTreeMap<(Lane, u64), (Payload, String)>,
    /// When each push was taken, whole seconds since 1970.
    pushes: BTreeMap<PushId, i64>,
}

impl School {
    fn commit(&mut self, commit: &Commit) -> Result<u64, StoreError> {
        let mut standing = self.standing.clone();
        standing.count_commit(commit)?;
        let changes = match commit.tick_after {
            Some(seen) => give_way(commit.changes.clone(), |key| self.replaced(key, seen).is_some())?,
            None => commit.changes.clone(),
        };
        self.standing = standing;
        for lane in Lane::ALL {
            for (payload, subject) in commit.payloads(lane) {
                let sequence = self.standing.next_sequence(lane);
                self.waiting.insert((lane, sequence), (payload.clone(), subject.map(str::to_owned)));
            }
        }
        for change in changes {
            let size = |value: &Vec<u8>| entry_bytes(&change.key, value);
            let after = change.value.as_ref().map(size);
            let before = match change.value {
                Some(value) => self.state.insert(change.key.clone(), value),
                None => self.state.remove(&change.key),
            };
            self.standing.count_change(before.as_ref().map(size), after);
            // Of several changes of one key the first one replaces what others may still read.
            self.past.entry((change.key, self.standing.commits)).or_insert(before);
        }
        if self.standing.drops_old_values() {
            self.past.clear();
        }
        if let Some(push) = &commit.push {
            self.pushes.retain(|_, at| *at >= push.forget_before.timestamp());
            self.pushes.insert(push.id, commit.at.timestamp());
        }
        if commit.clears_breadcrumb {
            self.standing.breadcrumb = None;
        }
        Ok(self.standing.commits)
    }

    /// The value that the key held as of a commit, if a later commit replaced it.
    fn replaced(&self, key: &str, commit: u64) -> Option<&Option<Vec<u8>>> {
        let later = (key.to_owned(), commit + 1)..=(key.to_owned(), u64::MAX);
        self.past.range(later).next().map(|(_, value)| value)
    }

    /// The keys that later commits replaced, with the values they held as of a commit.
    fn replaced_since(&self, commit: u64) -> Overlay {
        let mut overlay = Overlay::new();
        for ((key, _), value) in self.past.iter().filter(|((_, until), _)| *until > commit) {
            overlay.entry(key.clone()).or_insert_with(|| value.clone());
        }
        overlay
    }

    fn acknowledge(&mut self, lane: Lane, acknowledgement: &Acknowledgement) {
        let place = (lane, acknowledgement.sequence);
        let Some((payload, _)) = self.waiting.remove(&place) else { return };
        if let Receipt::Refused(reason) = &acknowledgement.receipt {
            self.refused.insert(place, (payload, reason.clone()));
            let of_lane: Vec<(Lane, u64)> = self.refused.keys().filter(|(of, _)| *of == lane).copied().collect();
            for old in of_lane.iter().rev().skip(REFUSED_KEPT) {
                self.refused.remove(old);
            }
        }
    }
}

impl MemoryStore {
    fn with<T>(&self, school: &SchoolId, work: impl FnOnce(&mut School) -> T) -> T {
        let mut schools = self.lock();
        match schools.get_mut(school) {
            Some(school) => work(school),
            None => work(schools.entry(school.clone()).or_default()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<SchoolId, School>> {
        // A panic while this lock is held cannot leave a change half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The items of a lane whose sequence is above `after`, ascending.
fn above<T>(items: &BTreeMap<(Lane, u64), T>, lane: Lane, after: u64) -> impl Iterator<Item = (u64, &T)> {
    let range = (Bound::Excluded((lane, after)), Bound::Included((lane, u64::MAX)));
    items.range(range).map(|((_, sequence), item)| (*sequence, item))
}

#[async_trait]
impl Store for MemoryStore {
    async fn standing(&self, school: &SchoolId) -> Result<Standing, StoreError> {
        Ok(self.with(school, |school| school.standing.clone()))
    }

    async fn get_many(&self, school: &SchoolId, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        Ok(self.with(school, |school| keys.iter().map(|key| school.state.get(key).cloned()).collect()))
    }

    async fn scan(
        &self,
        school: &SchoolId,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        Ok(self.with(school, |school| {
            let entries = range(&school.state, prefix, after, None);
            entries.take(limit).map(|(key, value)| (key.clone(), value.clone())).collect()
        }))
    }

    async fn get_many_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        keys: &[String],
    ) -> Result<Vec<Option<Vec<u8>>>, StoreError> {
        self.with(school, |school| {
            school.standing.check_kept(commit)?;
            let value = |key: &String| match school.replaced(key, commit) {
                Some(old) => old.clone(),
                None => school.state.get(key).cloned(),
            };
            Ok(keys.iter().map(value).collect())
        })
    }

    async fn scan_as_of(
        &self,
        school: &SchoolId,
        commit: u64,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Entry>, StoreError> {
        self.with(school, |school| {
            school.standing.check_kept(commit)?;
            let replaced = school.replaced_since(commit);
            let now = range(&school.state, prefix, after, None).map(|(key, value)| (key.clone(), value.clone()));
            Ok(lay_over(now, range(&replaced, prefix, after, None)).take(limit).collect())
        })
    }

    async fn commit(&self, school: &SchoolId, commit: Commit) -> Result<u64, StoreError> {
        commit.check()?;
        self.with(school, |school| school.commit(&commit))
    }

    async fn take_over(&self, school: &SchoolId) -> Result<u64, StoreError> {
        Ok(self.with(school, |school| school.standing.take_over()))
    }

    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.lock().remove(school);
        Ok(())
    }

    async fn has_push(&self, school: &SchoolId, push: PushId) -> Result<bool, StoreError> {
        Ok(self.with(school, |school| school.pushes.contains_key(&push)))
    }

    async fn leave_breadcrumb(&self, school: &SchoolId, breadcrumb: Option<&Breadcrumb>) -> Result<(), StoreError> {
        self.with(school, |school| school.standing.breadcrumb = breadcrumb.cloned());
        Ok(())
    }

    async fn outbox(
        &self,
        school_id: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        Ok(self.with(school_id, |school| {
            let items = above(&school.waiting, lane, after).take(limit);
            items.map(|(sequence, (text, _))| OutboxItem::new(school_id, lane, sequence, text.clone())).collect()
        }))
    }

    async fn outbox_about(
        &self,
        school_id: &SchoolId,
        subject: &str,
        after: u64,
        limit: usize,
    ) -> Result<Vec<OutboxItem>, StoreError> {
        let lane = Lane::Records;
        Ok(self.with(school_id, |school| {
            let items = above(&school.waiting, lane, after).filter(|(_, (_, about))| about.as_deref() == Some(subject));
            let items = items.map(|(sequence, (text, _))| OutboxItem::new(school_id, lane, sequence, text.clone()));
            items.take(limit).collect()
        }))
    }

    async fn load(&self, school: &SchoolId, lane: Lane) -> Result<Load, StoreError> {
        let bytes = |text: &Payload| u64::try_from(text.len()).unwrap_or(u64::MAX);
        Ok(self.with(school, |school| {
            above(&school.waiting, lane, 0).fold(Load::default(), |load, (_, (text, _))| Load {
                items: load.items + 1,
                bytes: load.bytes + bytes(text),
            })
        }))
    }

    async fn refusals(&self, school: &SchoolId, lane: Lane) -> Result<Refusals, StoreError> {
        Ok(self.with(school, |school| {
            above(&school.refused, lane, 0)
                .fold(Refusals::default(), |sum, (latest, _)| Refusals { kept: sum.kept + 1, latest })
        }))
    }

    async fn acknowledge(
        &self,
        school: &SchoolId,
        lane: Lane,
        acknowledgements: &[Acknowledgement],
    ) -> Result<(), StoreError> {
        self.with(school, |school| acknowledgements.iter().for_each(|one| school.acknowledge(lane, one)));
        Ok(())
    }

    async fn refused(
        &self,
        school_id: &SchoolId,
        lane: Lane,
        after: u64,
        limit: usize,
    ) -> Result<Vec<RefusedItem>, StoreError> {
        Ok(self.with(school_id, |school| {
            let items = above(&school.refused, lane, after).take(limit);
            let refused = |(sequence, (text, reason)): (u64, &(Payload, String))| RefusedItem {
                item: OutboxItem::new(school_id, lane, sequence, text.clone()),
                reason: reason.clone(),
            };
            items.map(refused).collect()
        }))
    }
}
