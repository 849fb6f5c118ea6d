//! The unit of work: one exported call as one transaction. The reads of the call see one snapshot and the call's own
//! writes, and the writes are staged here, within the limits on what a call may read and stage. Not here: the checks
//! of templates and addresses of mails (`engine/email.rs`), which call may run beside which other, and what a commit
//! does about the commits of others (`gate`).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::gate::{Gate, Place, Staged};
use super::snapshot::Overlay;
use super::{
    Aborted, Breadcrumb, Change, EmailError, Entry, FailedTicks, KEY_BYTES, PushId, Record, RecordsError, Standing,
    StateChange, StateError, StoreError, Usage, entry_bytes,
};
use crate::gegi::{Message, Operation};
use crate::outbox::form;

/// Entries read from the store at a time, so that a guest that asks for too many bytes is stopped before the host
/// holds all of them.
const PAGE: usize = 100;

/// Everything one call reads and writes. A unit of work that is dropped leaves no trace, except for the note that a
/// tick left of what the tick was working on.
pub struct UnitOfWork {
    gate: Arc<Gate>,
    place: Place,
    /// The standing as of the snapshot, with the keys and bytes that the school will have once the staged changes are
    /// committed.
    standing: Standing,
    staged: Overlay,
    changes_staged: u64,
    operations: Vec<Operation>,
    mails: Vec<Message>,
    /// The push that the call was made for.
    push: Option<PushId>,
    /// The ticks in a row that have failed, as this call leaves them.
    failed_ticks: Option<FailedTicks>,
    /// The note that this call has left and not taken back.
    note: Option<String>,
    /// Whether a read of the call failed because others have committed too much since the call began.
    is_overtaken: AtomicBool,
}

impl UnitOfWork {
    pub(super) fn new(gate: Arc<Gate>, place: Place, standing: Standing) -> Self {
        Self {
            gate,
            place,
            failed_ticks: standing.failed_ticks,
            standing,
            staged: Overlay::new(),
            changes_staged: 0,
            operations: Vec::new(),
            mails: Vec::new(),
            push: None,
            is_overtaken: AtomicBool::new(false),
            note: None,
        }
    }

    /// The values of the keys, in the order of `keys`; none for an absent key.
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
        let mut values = self.place.snapshot.get_many(keys).await.map_err(|error| self.unavailable(&error))?;
        for (key, value) in keys.iter().zip(&mut values) {
            if let Some(staged) = self.staged.get(key) {
                value.clone_from(staged);
            }
        }
        Ok(values)
    }

    /// Entries whose key starts with `prefix` and is greater than `after`, ascending by bytes, at most `limit`. Fewer
    /// entries than `limit` mean that there are no more.
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
            let page = page.map_err(|error| self.unavailable(&error))?;
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

    /// Stages the changes in order: all of them or, on an error, none.
    ///
    /// # Errors
    /// A key or a value may not be stored, the school's storage would be full, or the store failed.
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

    /// How full the school's storage is, with the changes that this call has staged.
    pub fn usage(&self) -> Usage {
        let (limits, standing) = (&self.gate.shared.limits, &self.standing);
        Usage {
            bytes: standing.bytes,
            most_bytes: limits.state_bytes,
            keys: standing.keys,
            most_keys: limits.state_keys,
        }
    }

    /// Stages operations on GEGI's records, in order.
    ///
    /// # Errors
    /// The call stages more than a call may; none of these operations is staged.
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
    /// The school has used up its mails of this hour, or as many wait as may.
    pub fn queue(&mut self, message: Message) -> Result<(), EmailError> {
        let Gate { shared, .. } = &*self.gate;
        let queued = self.standing.mails_in_hour(shared.clock.now()) + count(self.mails.len());
        if queued >= u64::from(shared.limits.mails_per_hour) || count(self.mails.len()) >= self.place.mails_left {
            return Err(EmailError::QuotaExceeded);
        }
        self.mails.push(message);
        Ok(())
    }

    /// Makes this call the call of a push: the commit of this call takes the push. False: an earlier commit took the
    /// push, and the caller has nothing to do.
    ///
    /// # Errors
    /// The store failed.
    pub async fn takes_push(&mut self, push: PushId) -> Result<bool, StoreError> {
        let Gate { shared, school, .. } = &*self.gate;
        let is_new = !shared.store.has_push(school, push).await?;
        self.push = is_new.then_some(push);
        Ok(is_new)
    }

    /// The operations on the marks of a class that GEGI may not hold yet, in order: first those that are committed and
    /// not delivered, then those that this call has staged, all of that class alone. The caller asks
    /// for these operations before asking GEGI; in the other order an operation that is delivered in between would be
    /// in neither answer.
    ///
    /// # Errors
    /// The store failed, or holds an item about the class that this version cannot read.
    pub async fn operations_under_way(&self, class: &str) -> Result<Vec<Operation>, StoreError> {
        let Gate { shared, school, .. } = &*self.gate;
        let mut under_way = Vec::new();
        let mut after = 0;
        loop {
            let page = shared.store.outbox_about(school, class, after, PAGE).await?;
            for item in &page {
                after = item.sequence;
                under_way.push(form::read_operation(item)?);
            }
            if page.len() < PAGE {
                break;
            }
        }
        let staged = self.operations.iter().filter(|operation| form::subject(operation) == Some(class));
        under_way.extend(staged.cloned());
        Ok(under_way)
    }

    /// Leaves a note of what a tick is working on, durable at once; none: takes the note back. The note of a short
    /// call is ignored: a short call works on one thing, and its caller knows which.
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

    /// Whether as many records wait for GEGI as may.
    pub fn records_are_full(&self) -> bool {
        self.place.records_are_full
    }

    /// The ticks in a row that have failed, as this call leaves them; none: the last tick returned.
    pub fn failed_ticks(&self) -> Option<FailedTicks> {
        self.failed_ticks
    }

    /// Changes the ticks in a row that have failed.
    pub fn set_failed_ticks(&mut self, failed_ticks: Option<FailedTicks>) {
        self.failed_ticks = failed_ticks;
    }

    /// Whether this call is a tick and the school's tick before it did not return, with or without a note.
    pub fn follows_aborted_tick(&self) -> bool {
        self.place.pass.is_tick() && self.standing.breadcrumb.is_some()
    }

    /// The note of the tick before, if that tick did not return; empty if it had left none.
    pub fn last_aborted(&self) -> Option<Aborted> {
        let Breadcrumb { note, times } = self.standing.breadcrumb.clone()?;
        self.follows_aborted_tick().then_some(Aborted { note, times })
    }

    /// The call returned ok: commits everything the call wrote, durable when this function returns. A call that wrote
    /// nothing costs nothing.
    ///
    /// # Errors
    /// Nothing was committed. The tick can be called again as it was.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.is_overtaken() {
            self.discard().await?;
            return Err(StoreError::Overtaken);
        }
        let clears_breadcrumb = self.has_breadcrumb();
        let gate = Arc::clone(&self.gate);
        let written = self.write(clears_breadcrumb).await;
        let is_fenced = matches!(written, Err(StoreError::Fenced { .. }));
        if written.is_err() && clears_breadcrumb && !is_fenced {
            // The call has returned, so the failed commit is not the fault of what the call worked on, and the note
            // goes. If that fails as well, the caller hears of the first failure. A host that was fenced off leaves
            // the note to the school's new host.
            let _ = gate.shared.store.leave_breadcrumb(&gate.school, None).await;
        }
        written
    }

    async fn write(self, clears_breadcrumb: bool) -> Result<(), StoreError> {
        let Self { gate, place, standing, staged: changes, operations, mails, push, failed_ticks, .. } = self;
        let stages = !(changes.is_empty() && operations.is_empty() && mails.is_empty() && push.is_none());
        let writes = stages || failed_ticks != standing.failed_ticks;
        if !writes && !clears_breadcrumb {
            return Ok(());
        }
        let records = operations.into_iter().map(record).collect::<Result<_, _>>()?;
        let mails = mails.into_iter().map(form::write_mail).collect::<Result<_, _>>()?;
        gate.commit(place, Staged { changes, records, mails, clears_breadcrumb, push, failed_ticks }).await
    }

    /// The call returned an error: nothing is committed, and a note that the call left is taken back.
    ///
    /// # Errors
    /// The store failed; the note is still there.
    pub async fn discard(self) -> Result<(), StoreError> {
        if self.has_breadcrumb() { self.leave(None).await } else { Ok(()) }
    }

    /// The call was stopped (trap, deadline): nothing is committed, and the next tick gets the note.
    ///
    /// # Errors
    /// The store failed; the next tick gets the note only if the call left one.
    pub async fn abort(self) -> Result<(), StoreError> {
        let is_tick = self.place.pass.is_tick();
        if is_tick && self.note.is_none() { self.leave(Some("")).await } else { Ok(()) }
    }

    /// Whether the store holds a breadcrumb that this call has to remove.
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

    /// Tells the plugin only that storage failed; the reason goes into the host's log.
    fn unavailable(&self, error: &StoreError) -> StateError {
        if matches!(error, StoreError::Overtaken) {
            self.is_overtaken.store(true, Ordering::Relaxed);
        } else {
            tracing::error!(%error, "the store failed");
        }
        StateError::Unavailable("the host's storage failed; its log says why".into())
    }

    /// Whether this call cannot go on because of what others have committed since it began. The call is to be made
    /// again, whatever it answered.
    pub fn is_overtaken(&self) -> bool {
        self.is_overtaken.load(Ordering::Relaxed)
    }

    fn check_entries(&self, entries: usize) -> Result<(), StateError> {
        let most = self.gate.shared.limits.read_entries;
        let refused = || StateError::TooMuch(format!("one read gives at most {most} entries; ask for fewer"));
        if count(entries) > u64::from(most) { Err(refused()) } else { Ok(()) }
    }

    fn check_bytes(&self, bytes: usize) -> Result<(), StateError> {
        let most = self.gate.shared.limits.read_bytes;
        let refused = || StateError::TooMuch(format!("one read gives at most {most} bytes; ask for fewer entries"));
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
            return Err(StateError::TooMuch(format!("one call makes at most {most} changes; make fewer")));
        }
        Ok(())
    }

    /// The school's standing once the changes are staged.
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

fn record(operation: Operation) -> Result<Record, StoreError> {
    let subject = form::subject(&operation).map(str::to_owned);
    Ok(Record { payload: form::write_operation(operation)?, subject })
}

impl From<StateChange> for Change {
    fn from(change: StateChange) -> Self {
        match change {
            StateChange::Put((key, value)) => Self { key, value: Some(value) },
            StateChange::Delete(key) => Self { key, value: None },
        }
    }
}

fn count(length: usize) -> u64 {
    u64::try_from(length).unwrap_or(u64::MAX)
}
