//! The one place where calls of a school meet: who may run beside whom, and what a tick's commit does about keys that
//! short calls have changed meanwhile.
//!
//! - A school has one tick at a time. It holds the right to tick from beginning to end.
//! - Short calls run beside the tick, one at a time. A short call holds the turn from beginning to end.
//! - A tick holds the turn in two moments alone: when it takes its snapshot, and when it commits. So a short call sees
//!   either nothing of a tick or all of it, and the other way round.
//! - Deliveries of a school run one at a time, beside everything else.
//! - What a tick removes and a short call has changed since, stays; what a tick sets and a short call has changed since is
//!   a conflict, and the tick leaves nothing ([`give_way`]).
//!
//! Who runs is decided in memory, so a school is to be open in one process alone; the fence that every commit carries lets
//! the store refuse a process that another has taken the school over from. What one call may stage is `unit`'s business,
//! how its snapshot keeps old values `snapshot`'s.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

use super::snapshot::Overlay;
use super::{
    Change, Commit, Payload, PushId, SchoolId, Snapshot, Standing, Store, StoreError, TakenPush, UnitOfWork, Versions,
};
use crate::clock::Clock;
use crate::limits::StorageLimits;
use crate::observer::{Observer, Step};

/// Every school of a store. One for each store that is open.
pub struct Schools {
    shared: Arc<Shared>,
    /// Never emptied: a gate is a few hundred bytes, and two gates of one school would be none.
    gates: Mutex<BTreeMap<SchoolId, SchoolGate>>,
}

/// What all gates work with.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: StorageLimits,
    observer: Arc<dyn Observer>,
}

/// Where the calls of one school begin. Cheap to clone; clones are the same gate.
#[derive(Clone)]
pub struct SchoolGate(Arc<Gate>);

pub(super) struct Gate {
    pub(super) shared: Arc<Shared>,
    pub(super) school: SchoolId,
    versions: Arc<Versions>,
    /// What commits of calls that begin now carry.
    fence: AtomicU64,
    tick: Arc<tokio::sync::Mutex<()>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    delivery: tokio::sync::Mutex<()>,
}

/// As what a call runs beside others.
pub(super) enum Pass {
    /// Alone among ticks; takes the turn when it commits.
    Tick(OwnedMutexGuard<()>),
    /// Holds the turn from beginning to end.
    Short(OwnedMutexGuard<()>),
}

impl Pass {
    pub(super) fn is_tick(&self) -> bool {
        matches!(self, Self::Tick(_))
    }
}

/// Where a call stands among the others of its school.
pub(super) struct Place {
    pub(super) pass: Pass,
    pub(super) snapshot: Snapshot,
    /// The gate's when the call began: if another host takes the school over meanwhile, the call cannot commit, be it that
    /// this host takes the school back.
    fence: u64,
}

/// What a call wants to commit.
pub(super) struct Staged {
    pub(super) changes: Overlay,
    pub(super) records: Vec<Payload>,
    pub(super) mails: Vec<Payload>,
    pub(super) clears_breadcrumb: bool,
    pub(super) push: Option<PushId>,
}

/// The right to deliver what waits in a school's outboxes. Another delivery of the school waits until it is dropped.
pub(crate) struct DeliveryTurn<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) school: &'a SchoolId,
    pub(crate) observer: &'a dyn Observer,
    _alone: tokio::sync::MutexGuard<'a, ()>,
}

impl Schools {
    /// The schools of a store. `clock` dates the commits, `limits` hold for each school, `observer` hears of each commit
    /// and delivery.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        limits: StorageLimits,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self { shared: Arc::new(Shared { store, clock, limits, observer }), gates: Mutex::default() }
    }

    /// The gate of a school, the same for everybody who asks. The school need not be known to the store.
    pub fn gate(&self, school: &SchoolId) -> SchoolGate {
        // Nothing between this lock and its release can panic half-way through a change.
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(school.clone()).or_insert_with(|| SchoolGate::new(&self.shared, school)).clone()
    }
}

impl SchoolGate {
    fn new(shared: &Arc<Shared>, school: &SchoolId) -> Self {
        let versions = Versions::new(Arc::clone(&shared.store), school.clone());
        Self(Arc::new(Gate {
            shared: Arc::clone(shared),
            school: school.clone(),
            versions: Arc::new(versions),
            fence: AtomicU64::new(0),
            tick: Arc::default(),
            turn: Arc::default(),
            delivery: tokio::sync::Mutex::default(),
        }))
    }

    /// Begins a tick, once no other tick of the school is under way. Short calls go on while it runs.
    ///
    /// # Errors
    /// The store could not be read; nothing has begun.
    pub async fn begin_tick(&self) -> Result<UnitOfWork, StoreError> {
        let permit = Arc::clone(&self.0.tick).lock_owned().await;
        let _turn = self.0.turn.lock().await;
        self.begin(Pass::Tick(permit)).await
    }

    /// Begins a call that uses no network, once no other such call is under way. Until it ends nothing else of the
    /// school is committed.
    ///
    /// # Errors
    /// The store could not be read; nothing has begun.
    pub async fn begin_short(&self) -> Result<UnitOfWork, StoreError> {
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        self.begin(Pass::Short(turn)).await
    }

    /// While the turn is held.
    async fn begin(&self, pass: Pass) -> Result<UnitOfWork, StoreError> {
        let fence = self.0.fence.load(Ordering::SeqCst);
        let (snapshot, standing) = (self.0.versions.snapshot(), self.standing().await?);
        Ok(UnitOfWork::new(Arc::clone(&self.0), Place { pass, snapshot, fence }, standing))
    }

    /// Takes the school over from every other host, and answers the new fence. Commits of calls that another host, or this
    /// one, began before are refused from now on.
    ///
    /// # Errors
    /// The store failed; who commits may be another or the same as before.
    pub async fn take_over(&self) -> Result<u64, StoreError> {
        let fence = self.0.shared.store.take_over(&self.0.school).await?;
        // Of two that take over at once the later one counts.
        self.0.fence.fetch_max(fence, Ordering::SeqCst);
        Ok(fence)
    }

    /// What a delivery works with, once no other delivery of the school is under way.
    pub(crate) async fn delivery_turn(&self) -> DeliveryTurn<'_> {
        let alone = self.0.delivery.lock().await;
        let Shared { store, observer, .. } = &*self.0.shared;
        DeliveryTurn { store: store.as_ref(), school: &self.0.school, observer: observer.as_ref(), _alone: alone }
    }

    /// What is known of the school besides its state: usage, latest commit, breadcrumb.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        self.0.shared.store.standing(&self.0.school).await
    }
}

impl Gate {
    /// Commits what a call has staged, durable when this returns.
    pub(super) async fn commit(&self, place: Place, staged: Staged) -> Result<(), StoreError> {
        let Place { pass, snapshot, fence } = place;
        let (_turn, _tick) = match pass {
            Pass::Short(turn) => (turn, None),
            Pass::Tick(permit) => (Arc::clone(&self.turn).lock_owned().await, Some(permit)),
        };
        let changes = give_way(staged.changes, |key| snapshot.is_outdated(key))?;
        // From here on nobody reads this call's view, so the commit need not keep old values for it.
        drop(snapshot);
        let at = self.shared.clock.now();
        let forget_before = at - self.shared.limits.pushes_remembered;
        let commit = Commit {
            changes,
            records: staged.records,
            mails: staged.mails,
            clears_breadcrumb: staged.clears_breadcrumb,
            push: staged.push.map(|id| TakenPush { id, forget_before }),
            fence,
            at,
        };
        self.shared.observer.step(Step::BeforeCommit);
        self.versions.commit(commit).await?;
        self.shared.observer.step(Step::AfterCommit);
        Ok(())
    }
}

/// What a call commits of what it has staged, where `is_changed` names the keys that others have changed since the call
/// began (of a short call nobody can).
///
/// What a tick removes and a short call has changed since, stays: it is a note of newer work (a course's dirty note with a
/// later revision), to be worked on by the next tick. Otherwise ticks and short calls write different keys; a tick that
/// sets a key that a short call has changed is refused, because one of the two writes would be lost.
fn give_way(staged: Overlay, is_changed: impl Fn(&str) -> bool) -> Result<Vec<Change>, StoreError> {
    let mut conflicts = 0;
    let mut changes = Vec::with_capacity(staged.len());
    for (key, value) in staged {
        if !is_changed(&key) {
            changes.push(Change { key, value });
        } else if value.is_some() {
            conflicts += 1;
        }
    }
    if conflicts == 0 { Ok(changes) } else { Err(StoreError::Conflict(conflicts)) }
}
