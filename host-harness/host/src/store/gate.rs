//! The gate: the place where the calls of a school meet that this process makes. A gate decides which call may run
//! beside which other.
//!
//! - A school has one tick at a time. A tick holds the right to tick from its beginning to its end.
//! - Short calls run beside the tick, one short call at a time. A short call holds the turn from its beginning to its
//!   end.
//! - A tick holds the turn in two moments alone: when it takes its snapshot, and when it commits. A short call
//!   therefore sees either nothing of a tick or all of it, and a tick sees either nothing of a short call or all of
//!   it.
//! - Deliveries of a lane of a school run one at a time, beside the calls and beside those of the other lane.
//!
//! The gate keeps the order of its own process, in memory; it saves calls that would only be made again. What others
//! commit for the school is the store's to answer, by what every commit carries: a tick its fence and the commit after
//! which it began, a short call the commit that it follows. So a school has one tick at a time, among all processes,
//! because only the process that took the school over last can commit one; and any process makes short calls.
//!
//! Not here: what a call may stage (`unit`), and what a commit does about the commits of others (`versions`).

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::OwnedMutexGuard;

use super::fill::Fill;
use super::snapshot::Overlay;
use super::{
    Change, Commit, FailedTicks, Lane, Load, Payload, PushId, Record, SchoolId, Snapshot, Standing, Store, StoreError,
    TakenPush, UnitOfWork,
};
use crate::clock::Clock;
use crate::limits::StorageLimits;
use crate::observer::{Observer, Step};

/// The gates of all schools of a store. An open store has one value of this type.
pub struct Schools {
    shared: Arc<Shared>,
    /// Gates are never removed: a gate is a few hundred bytes, and with two gates of one school two ticks could run
    /// at once.
    gates: Mutex<BTreeMap<SchoolId, SchoolGate>>,
}

/// The store, the clock, the limits and the observer that all gates use.
pub(super) struct Shared {
    pub(super) store: Arc<dyn Store>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) limits: StorageLimits,
    observer: Arc<dyn Observer>,
}

/// The gate of one school, at which its calls begin. Cheap to clone; a clone is the same gate.
#[derive(Clone)]
pub struct SchoolGate(Arc<Gate>);

pub(super) struct Gate {
    pub(super) shared: Arc<Shared>,
    pub(super) school: SchoolId,
    /// The fence that the commits of ticks beginning now carry.
    fence: AtomicU64,
    tick: Arc<tokio::sync::Mutex<()>>,
    turn: Arc<tokio::sync::Mutex<()>>,
    records: LaneGate,
    mails: LaneGate,
    fills: [Fill; 2],
}

/// The gate of one lane: its deliveries run one at a time. Holds the number of operations of the next batch.
type LaneGate = tokio::sync::Mutex<usize>;

/// The kind of a call, with the lock that such a call holds from its beginning to its end.
pub(super) enum Pass {
    /// The only tick of the school. A tick takes the turn once more for its commit.
    Tick(OwnedMutexGuard<()>),
    /// The only short call of the school, holding the turn.
    Short(OwnedMutexGuard<()>),
    /// A look, which commits nothing and holds nothing.
    Look,
}

impl Pass {
    pub(super) fn is_tick(&self) -> bool {
        matches!(self, Self::Tick(_))
    }
}

/// A call's place among the calls of its school: its gate, its kind and its fence.
pub(super) struct Place {
    pub(super) pass: Pass,
    pub(super) snapshot: Snapshot,
    /// Of a tick: the gate's fence when the tick began. If another host takes the school over meanwhile, the tick cannot
    /// commit, not even after this host has taken the school back. Of a short call: the school's fence.
    fence: u64,
    /// Whether as many records wait for GEGI as may.
    pub(super) records_are_full: bool,
    /// How many mails may still be queued.
    pub(super) mails_left: u64,
}

/// Everything a call wants to commit.
pub(super) struct Staged {
    pub(super) changes: Overlay,
    pub(super) records: Vec<Record>,
    pub(super) mails: Vec<Payload>,
    pub(super) clears_breadcrumb: bool,
    pub(super) push: Option<PushId>,
    pub(super) failed_ticks: Option<FailedTicks>,
}

/// The right to deliver the items of one lane of a school. The lane's next delivery waits until this right is dropped.
pub(crate) struct DeliveryTurn<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) school: &'a SchoolId,
    pub(crate) lane: Lane,
    pub(crate) observer: &'a dyn Observer,
    /// How long the receiver may take for a batch of operations, and for one mail.
    pub(crate) patience: Duration,
    alone: tokio::sync::MutexGuard<'a, usize>,
}

/// How many operations the first batch after a start has: a receiver that is slow is found out with few.
const FIRST_BATCH: usize = 32;

impl DeliveryTurn<'_> {
    /// How many operations the next batch has.
    pub(crate) fn batch(&self) -> usize {
        *self.alone
    }

    /// Ends the turn, and keeps how many operations the lane's next batch has.
    pub(crate) fn keep_batch(mut self, operations: usize) {
        *self.alone = operations;
    }
}

impl Schools {
    /// The schools of a store. `clock` dates the commits, `limits` apply to each school alone, and `observer` hears
    /// every commit and delivery.
    pub fn new(
        store: Arc<dyn Store>,
        clock: Arc<dyn Clock>,
        limits: StorageLimits,
        observer: Arc<dyn Observer>,
    ) -> Self {
        Self { shared: Arc::new(Shared { store, clock, limits, observer }), gates: Mutex::default() }
    }

    /// The gate of a school; everybody who asks for the school gets the same gate. The store need not know the
    /// school.
    pub fn gate(&self, school: &SchoolId) -> SchoolGate {
        // A panic while this lock is held cannot leave a change half made.
        let mut gates = self.gates.lock().unwrap_or_else(PoisonError::into_inner);
        gates.entry(school.clone()).or_insert_with(|| SchoolGate::new(&self.shared, school)).clone()
    }
}

impl SchoolGate {
    fn new(shared: &Arc<Shared>, school: &SchoolId) -> Self {
        Self(Arc::new(Gate {
            shared: Arc::clone(shared),
            school: school.clone(),
            fence: AtomicU64::new(0),
            tick: Arc::default(),
            turn: Arc::default(),
            records: LaneGate::new(FIRST_BATCH),
            mails: LaneGate::new(FIRST_BATCH),
            fills: Default::default(),
        }))
    }

    /// Begins a tick as soon as no other tick of the school runs. Short calls go on while the tick runs.
    ///
    /// # Errors
    /// The store could not be read; no call has begun.
    pub async fn begin_tick(&self) -> Result<UnitOfWork, StoreError> {
        let permit = Arc::clone(&self.0.tick).lock_owned().await;
        let _turn = self.0.turn.lock().await;
        self.begin(Pass::Tick(permit)).await
    }

    /// Begins a call that uses no network, as soon as no other such call of the school runs in this process. Until the
    /// call ends nobody else in this process commits for the school; if another process does, the call's commit is
    /// refused as overtaken, and the call is to be made again.
    ///
    /// # Errors
    /// The store could not be read; no call has begun.
    pub async fn begin_short(&self) -> Result<UnitOfWork, StoreError> {
        let turn = Arc::clone(&self.0.turn).lock_owned().await;
        self.begin(Pass::Short(turn)).await
    }

    /// Begins a call that commits nothing, beside whatever runs.
    ///
    /// # Errors
    /// The store could not be read; no call has begun.
    pub async fn begin_look(&self) -> Result<UnitOfWork, StoreError> {
        self.begin(Pass::Look).await
    }

    /// Begins a call. The caller holds the turn, unless the call commits nothing.
    async fn begin(&self, pass: Pass) -> Result<UnitOfWork, StoreError> {
        let fence = self.0.fence.load(Ordering::SeqCst);
        let standing = self.standing().await?;
        let fence = if pass.is_tick() { fence } else { standing.fence };
        let snapshot = Snapshot::new(Arc::clone(&self.0.shared.store), self.0.school.clone(), standing.commits);
        let records = self.load(Lane::Records, &standing, 100).await?;
        let mails = self.load(Lane::Mails, &standing, 100).await?;
        let is_full = |lane, load| self.limits().filled_percent(lane, load) >= 100;
        let records_are_full = is_full(Lane::Records, records);
        let mails_left =
            if is_full(Lane::Mails, mails) { 0 } else { self.limits().mails_waiting.saturating_sub(mails.items) };
        let place = Place { pass, snapshot, fence, records_are_full, mails_left };
        Ok(UnitOfWork::new(Arc::clone(&self.0), place, standing))
    }

    pub(super) fn limits(&self) -> &StorageLimits {
        &self.0.shared.limits
    }

    /// At most so much waits in a lane. It is counted if it may be this share of the limit.
    pub(super) async fn load(&self, lane: Lane, standing: &Standing, percent: u64) -> Result<Load, StoreError> {
        let Gate { shared, school, .. } = &*self.0;
        let committed = match lane {
            Lane::Records => standing.records,
            Lane::Mails => standing.mails,
        };
        self.0.fill(lane).load(shared, school, lane, committed, percent).await
    }

    /// Takes the school over from every other host and returns the new fence. From now on the store refuses the
    /// commits of ticks that began before, at other hosts and at this host.
    ///
    /// # Errors
    /// The store failed; the school may or may not have been taken over.
    pub async fn take_over(&self) -> Result<u64, StoreError> {
        let fence = self.0.shared.store.take_over(&self.0.school).await?;
        // If two takeovers of this process overlap, the later takeover has the higher fence, and that fence counts.
        self.0.fence.fetch_max(fence, Ordering::SeqCst);
        Ok(fence)
    }

    /// Holds the school with a fence that the store already has, which is how a lease gives it (`lease`). Ticks that
    /// began before are refused, as after [`SchoolGate::take_over`].
    pub fn hold(&self, fence: u64) {
        self.0.fence.fetch_max(fence, Ordering::SeqCst);
    }

    /// Waits until no other delivery of the lane runs, and returns the right to deliver.
    pub(crate) async fn delivery_turn(&self, lane: Lane) -> DeliveryTurn<'_> {
        let gate = match lane {
            Lane::Records => &self.0.records,
            Lane::Mails => &self.0.mails,
        };
        let alone = gate.lock().await;
        let Shared { store, observer, limits, .. } = &*self.0.shared;
        DeliveryTurn {
            store: store.as_ref(),
            school: &self.0.school,
            lane,
            observer: observer.as_ref(),
            patience: limits.delivery,
            alone,
        }
    }

    /// The school's standing: usage, latest commit, breadcrumb.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        self.0.shared.store.standing(&self.0.school).await
    }
}

impl Gate {
    fn fill(&self, lane: Lane) -> &Fill {
        let [records, mails] = &self.fills;
        match lane {
            Lane::Records => records,
            Lane::Mails => mails,
        }
    }

    /// Commits everything a call has staged. The commit is durable when this function returns.
    pub(super) async fn commit(&self, place: Place, staged: Staged) -> Result<(), StoreError> {
        let Place { pass, snapshot, fence, .. } = place;
        let seen = Some(snapshot.commit());
        let (_turn, _tick, follows, tick_after) = match pass {
            Pass::Short(turn) => (turn, None, seen, None),
            Pass::Tick(permit) => (Arc::clone(&self.turn).lock_owned().await, Some(permit), None, seen),
            Pass::Look => return Err(StoreError::LookWrites),
        };
        let changes = staged.changes.into_iter().map(|(key, value)| Change { key, value }).collect();
        let at = self.shared.clock.now();
        let record_bytes = staged.records.iter().map(|record| record.payload.len()).sum();
        let mail_bytes = staged.mails.iter().map(String::len).sum();
        let forget_before = at - self.shared.limits.pushes_remembered;
        let commit = Commit {
            changes,
            records: staged.records,
            mails: staged.mails,
            clears_breadcrumb: staged.clears_breadcrumb,
            push: staged.push.map(|id| TakenPush { id, forget_before }),
            failed_ticks: staged.failed_ticks,
            fence,
            follows,
            tick_after,
            at,
        };
        self.shared.observer.step(Step::BeforeCommit);
        let committed = self.shared.store.commit(&self.school, commit).await;
        committed.map_err(|error| match error {
            // A short call has no fence of its own: the school was only taken over while the call ran.
            StoreError::Fenced { .. } if tick_after.is_none() => StoreError::Overtaken,
            error => error,
        })?;
        self.fill(Lane::Records).add(record_bytes);
        self.fill(Lane::Mails).add(mail_bytes);
        self.shared.observer.step(Step::AfterCommit);
        Ok(())
    }
}
