//! One exported call as one transaction: its reads see one snapshot and its own writes, its writes are staged here. Limits
//! on what a call may read and stage are held here too; templates and addresses of mails are checked by whoever knows them.
//! Beside whom a call runs, and what its commit does about the commits of others, is `gate`'s business.

use std::sync::Arc;

use super::gate::{Gate, Place, Staged};
use super::snapshot::Overlay;
use super::{
    Aborted, Breadcrumb, Change, EmailError, Entry, KEY_BYTES, Lane, PushId, RecordsError, Standing, StateChange,
    StateError, StoreError, entry_bytes,
};
use crate::gegi::{Message, Operation};
use crate::outbox::form;

/// Entries read from the store at a time, so that a guest that asks for too many bytes is stopped before the host holds
/// them all.
const PAGE: usize = 100;

/// Everything one call reads and writes. Dropped, it leaves no trace: as if the call had never been, except for the note
/// a tick left of what it was working on.
pub struct UnitOfWork {
    gate: Arc<Gate>,
    place: Place,
    /// As of the snapshot, with keys and bytes as they will be with what is staged.
    standing: Standing,
    staged: Overlay,
    changes_staged: u64,
    operations: Vec<Operation>,
    mails: Vec<Message>,
    /// The push whose call this is.
    push: Option<PushId>,
    /// Operations committed and not delivered, once they were asked for.
    waiting: Option<Vec<Operation>>,
    /// The note this call has left and not taken back.
    note: Option<String>,
}

impl UnitOfWork {
    pub(super) fn new(gate: Arc<Gate>, place: Place, standing: Standing) -> Self {
        Self {
            gate,
            place,
            standing,
            staged: Overlay::new(),
            changes_staged: 0,
            operations: Vec::new(),
            mails: Vec::new(),
            push: None,
            waiting: None,
            note: None,
        }
    }

    /// The values of the keys, in the order asked for; none for an absent key.
    ///
    /// # Errors
    /// The store failed, or the answer is larger than a call may read.
    pub async fn get_many(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        self.check_entries(keys.len())?;
        let mut found = Vec::with_capacity(keys.len());
        let mut bytes = 0;
        for page in keys.chunks(PAGE) {
            let values = self.get_page(page).await?;
            bytes += values.iter().flatten().map(Vec::len).sum::<usize>();
            self.check_bytes(bytes)?;
            found.extend(values);
        }
        Ok(found)
    }

    async fn get_page(&self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        let mut values = self.place.snapshot.get_many(keys).await.map_err(|error| unavailable(&error))?;
        for (key, value) in keys.iter().zip(&mut values) {
            if let Some(staged) = self.staged.get(key) {
                value.clone_from(staged);
            }
        }
        Ok(values)
    }

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending by bytes, at most `limit`. Fewer
    /// than asked for means the end.
    ///
    /// # Errors
    /// The store failed, or the answer is larger than a call may read.
    pub async fn scan(&self, prefix: &str, after: Option<&str>, limit: u32) -> Result<Vec<Entry>, StateError> {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        self.check_entries(limit)?;
        let mut found: Vec<Entry> = Vec::new();
        let mut bytes = 0;
        while found.len() < limit {
            let wanted = PAGE.min(limit - found.len());
            let after = found.last().map_or(after, |(key, _)| Some(key));
            let page = self.place.snapshot.scan_under(&self.staged, prefix, after, wanted).await;
            let page = page.map_err(|error| unavailable(&error))?;
            bytes += page.iter().map(|(key, value)| key.len() + value.len()).sum::<usize>();
            self.check_bytes(bytes)?;
            let is_last = page.len() < wanted;
            found.extend(page);
            if is_last {
                break;
            }
        }
        Ok(found)
    }

    /// Stages the changes, in order; all of them or, on an error, none.
    ///
    /// # Errors
    /// A key or a value is not what may be stored, the school's storage would be full, or the store failed.
    pub async fn apply(&mut self, changes: Vec<StateChange>) -> Result<(), StateError> {
        let changes: Vec<Change> = changes.into_iter().map(Change::from).collect();
        self.check_changes(&changes)?;
        let after = self.standing_after(&changes).await?;
        let limits = &self.gate.shared.limits;
        let grows = after.bytes > self.standing.bytes || after.keys > self.standing.keys;
        if grows && (after.bytes > limits.state_bytes || after.keys > limits.state_keys) {
            return Err(StateError::QuotaExceeded(limits.state_bytes));
        }
        self.standing = after;
        self.changes_staged += count(changes.len());
        self.staged.extend(changes.into_iter().map(|change| (change.key, change.value)));
        Ok(())
    }

    /// Stages operations on GEGI's records, in order.
    ///
    /// # Errors
    /// The call stages more than it may; none of these is staged.
    pub fn stage(&mut self, operations: Vec<Operation>) -> Result<(), RecordsError> {
        let most = self.gate.shared.limits.operations_per_call;
        if count(self.operations.len() + operations.len()) > most {
            return Err(RecordsError::TooMany(most));
        }
        self.operations.extend(operations);
        Ok(())
    }

    /// Stages a mail.
    ///
    /// # Errors
    /// The school's mails of this hour are used up.
    pub fn queue(&mut self, message: Message) -> Result<(), EmailError> {
        let Gate { shared, .. } = &*self.gate;
        let queued = self.standing.mails_in_hour(shared.clock.now()) + count(self.mails.len());
        if queued >= u64::from(shared.limits.mails_per_hour) {
            return Err(EmailError::QuotaExceeded);
        }
        self.mails.push(message);
        Ok(())
    }

    /// Makes this the call of a push: its commit takes the push. False if one before took it; there is nothing to do then.
    ///
    /// # Errors
    /// The store failed.
    pub async fn takes_push(&mut self, push: PushId) -> Result<bool, StoreError> {
        let Gate { shared, school, .. } = &*self.gate;
        let is_new = !shared.store.has_push(school, push).await?;
        self.push = is_new.then_some(push);
        Ok(is_new)
    }

    /// Operations that GEGI may not hold yet, in order: committed and not delivered, then staged by this call. Ask for
    /// them before asking GEGI, or what is delivered in between is seen in neither.
    ///
    /// # Errors
    /// The store failed, or holds what this version cannot read.
    pub async fn operations_under_way(&mut self) -> Result<impl Iterator<Item = &Operation>, StoreError> {
        if self.waiting.is_none() {
            self.waiting = Some(self.read_waiting().await?);
        }
        Ok(self.waiting.iter().flatten().chain(&self.operations))
    }

    async fn read_waiting(&self) -> Result<Vec<Operation>, StoreError> {
        let Gate { shared, school, .. } = &*self.gate;
        let lane = Lane::Records;
        let mut waiting = Vec::new();
        let mut after = 0;
        loop {
            let page = shared.store.outbox(school, lane, after, PAGE).await?;
            for item in &page {
                after = item.sequence;
                waiting.push(form::read_operation(item)?);
            }
            if page.len() < PAGE {
                return Ok(waiting);
            }
        }
    }

    /// Leaves a note of what a tick is working on, durable at once; none takes it back. A short call's note is ignored:
    /// it works on one thing, and whoever made it knows which.
    ///
    /// # Errors
    /// The store failed.
    pub async fn breadcrumb(&mut self, note: Option<String>) -> Result<(), StoreError> {
        let note = note.map(|note| note.chars().take(KEY_BYTES / 4).collect::<String>());
        if !self.place.pass.is_tick() || note == self.note {
            return Ok(());
        }
        self.leave(note.as_deref()).await?;
        self.note = note;
        Ok(())
    }

    /// Whether this is a tick and the school's tick before it did not return, with or without a note.
    pub fn follows_aborted_tick(&self) -> bool {
        self.place.pass.is_tick() && self.standing.breadcrumb.is_some()
    }

    /// The note of the tick before, if that tick did not return.
    pub fn last_aborted(&self) -> Option<Aborted> {
        let Breadcrumb { note, times } = self.standing.breadcrumb.clone()?;
        (self.follows_aborted_tick() && !note.is_empty()).then_some(Aborted { note, times })
    }

    /// The call returned ok: commits everything, durable when this returns. A call that wrote nothing costs nothing.
    ///
    /// # Errors
    /// Nothing was committed. The tick can be called again as it was.
    pub async fn commit(self) -> Result<(), StoreError> {
        let clears_breadcrumb = self.has_breadcrumb();
        let gate = Arc::clone(&self.gate);
        let written = self.write(clears_breadcrumb).await;
        let is_fenced = matches!(written, Err(StoreError::Fenced { .. }));
        if written.is_err() && clears_breadcrumb && !is_fenced {
            // The call has returned: that it could not be committed is no fault of what it worked on. Should this fail
            // as well, the first failure is the one to tell of. Who was fenced off leaves the note to the school's new host.
            let _ = gate.shared.store.leave_breadcrumb(&gate.school, None).await;
        }
        written
    }

    async fn write(self, clears_breadcrumb: bool) -> Result<(), StoreError> {
        let Self { gate, place, staged: changes, operations, mails, push, .. } = self;
        let writes = !(changes.is_empty() && operations.is_empty() && mails.is_empty() && push.is_none());
        if !writes && !clears_breadcrumb {
            return Ok(());
        }
        let records = operations.into_iter().map(form::write_operation).collect::<Result<_, _>>()?;
        let mails = mails.into_iter().map(form::write_mail).collect::<Result<_, _>>()?;
        gate.commit(place, Staged { changes, records, mails, clears_breadcrumb, push }).await
    }

    /// The call returned an error: nothing is committed, and a note it left is taken back.
    ///
    /// # Errors
    /// The store failed; the note is still there.
    pub async fn discard(self) -> Result<(), StoreError> {
        if self.has_breadcrumb() { self.leave(None).await } else { Ok(()) }
    }

    /// The call was stopped (trap, deadline): nothing is committed, and the next tick hears of it.
    ///
    /// # Errors
    /// The store failed; the next tick hears of the note only if the call left one.
    pub async fn abort(self) -> Result<(), StoreError> {
        let is_tick = self.place.pass.is_tick();
        if is_tick && self.note.is_none() { self.leave(Some("")).await } else { Ok(()) }
    }

    /// Whether the store holds a breadcrumb that is this call's to remove.
    fn has_breadcrumb(&self) -> bool {
        let is_tick = self.place.pass.is_tick();
        is_tick && (self.note.is_some() || self.standing.breadcrumb.is_some())
    }

    async fn leave(&self, note: Option<&str>) -> Result<(), StoreError> {
        let Gate { shared, school, .. } = &*self.gate;
        let breadcrumb = note.map(|note| {
            let before = self.standing.breadcrumb.as_ref().filter(|before| before.note == note);
            Breadcrumb { note: note.to_owned(), times: before.map_or(0, |before| before.times).saturating_add(1) }
        });
        shared.store.leave_breadcrumb(school, breadcrumb.as_ref()).await
    }

    fn check_entries(&self, entries: usize) -> Result<(), StateError> {
        let most = self.gate.shared.limits.read_entries;
        let refused = || StateError::Unavailable(format!("one read gives at most {most} entries; ask for fewer"));
        if count(entries) > u64::from(most) { Err(refused()) } else { Ok(()) }
    }

    fn check_bytes(&self, bytes: usize) -> Result<(), StateError> {
        let most = self.gate.shared.limits.read_bytes;
        let refused = || StateError::Unavailable(format!("one read gives at most {most} bytes; ask for fewer entries"));
        if count(bytes) > most { Err(refused()) } else { Ok(()) }
    }

    fn check_changes(&self, changes: &[Change]) -> Result<(), StateError> {
        let limits = &self.gate.shared.limits;
        if changes.iter().any(|change| change.key.is_empty() || change.key.len() > KEY_BYTES) {
            return Err(StateError::BadKey(count(KEY_BYTES)));
        }
        let value_bytes = |change: &Change| change.value.as_ref().map_or(0, |value| count(value.len()));
        if changes.iter().any(|change| value_bytes(change) > limits.value_bytes) {
            return Err(StateError::ValueTooLarge(limits.value_bytes));
        }
        let most = limits.changes_per_call;
        if self.changes_staged + count(changes.len()) > most {
            return Err(StateError::Unavailable(format!("one call makes at most {most} changes; make fewer")));
        }
        Ok(())
    }

    /// What the school will hold once the changes are staged.
    async fn standing_after(&self, changes: &[Change]) -> Result<Standing, StateError> {
        let mut standing = self.standing.clone();
        let mut sizes = std::collections::BTreeMap::new();
        for page in changes.chunks(PAGE) {
            let keys: Vec<String> = page.iter().map(|change| change.key.clone()).collect();
            let held = self.get_page(&keys).await?;
            for (change, held) in page.iter().zip(held) {
                let size = |value: &Vec<u8>| entry_bytes(&change.key, value);
                let before = sizes.get(&change.key).copied().unwrap_or_else(|| held.as_ref().map(size));
                let after = change.value.as_ref().map(size);
                standing.count_change(before, after);
                sizes.insert(&change.key, after);
            }
        }
        Ok(standing)
    }
}

impl From<StateChange> for Change {
    fn from(change: StateChange) -> Self {
        match change {
            StateChange::Put((key, value)) => Self { key, value: Some(value) },
            StateChange::Delete(key) => Self { key, value: None },
        }
    }
}

/// The plugin hears that storage failed; why is for the host's log.
fn unavailable(error: &StoreError) -> StateError {
    tracing::error!(%error, "the store failed");
    StateError::Unavailable("the host's storage failed; its log says why".into())
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
