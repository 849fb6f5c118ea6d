//! Who may run beside whom. A school has one tick at a time; short calls take their turns with each other and with the
//! two moments in which a tick touches what others see: when it takes its snapshot and when it commits. What a call may
//! write, and what becomes of it, is `unit`'s business.
//!
//! All of it is decided in memory: a school must be open in one process alone.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::{SchoolId, Standing, Steps, Store, StoreError, UnitOfWork, Versions, unit};
use crate::clock::Clock;
use crate::limits::StorageLimits;

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
    pub(super) steps: Steps,
}

/// Where the calls of one school begin. Cheap to clone; clones are the same gate.
#[derive(Clone)]
pub struct SchoolGate(Arc<Gate>);

pub(super) struct Gate {
    pub(super) shared: Arc<Shared>,
    pub(super) school: SchoolId,
    pub(super) versions: Arc<Versions>,
    tick: Arc<tokio::sync::Mutex<()>>,
    delivery: tokio::sync::Mutex<()>,
}

/// The right to deliver what waits in a school's outboxes. Another delivery of the school waits until it is dropped.
pub(crate) struct DeliveryTurn<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) school: &'a SchoolId,
    pub(crate) steps: &'a Steps,
    _alone: tokio::sync::MutexGuard<'a, ()>,
}

impl Schools {
    /// The schools of a store. `clock` dates the commits, `limits` hold for each school, `steps` are crossed at each
    /// commit and delivery.
    pub fn new(store: Arc<dyn Store>, clock: Arc<dyn Clock>, limits: StorageLimits, steps: Steps) -> Self {
        Self { shared: Arc::new(Shared { store, clock, limits, steps }), gates: Mutex::default() }
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
            tick: Arc::default(),
            delivery: tokio::sync::Mutex::default(),
        }))
    }

    /// Begins a tick, once no other tick of the school is under way. Short calls go on while it runs.
    ///
    /// # Errors
    /// The store could not be read; nothing has begun.
    pub async fn begin_tick(&self) -> Result<UnitOfWork, StoreError> {
        let permit = Arc::clone(&self.0.tick).lock_owned().await;
        let turn = self.0.versions.turn().await;
        let (snapshot, standing) = (turn.snapshot(), self.standing().await?);
        Ok(UnitOfWork::new(Arc::clone(&self.0), unit::Role::Tick(permit), snapshot, standing))
    }

    /// Begins a call that uses no network, once no other such call is under way. Until it ends nothing else of the
    /// school is committed.
    ///
    /// # Errors
    /// The store could not be read; nothing has begun.
    pub async fn begin_short(&self) -> Result<UnitOfWork, StoreError> {
        let turn = self.0.versions.turn().await;
        let (snapshot, standing) = (turn.snapshot(), self.standing().await?);
        Ok(UnitOfWork::new(Arc::clone(&self.0), unit::Role::Short(turn), snapshot, standing))
    }

    /// What a delivery works with, once no other delivery of the school is under way.
    pub(crate) async fn delivery_turn(&self) -> DeliveryTurn<'_> {
        let alone = self.0.delivery.lock().await;
        let Shared { store, steps, .. } = &*self.0.shared;
        DeliveryTurn { store: store.as_ref(), school: &self.0.school, steps, _alone: alone }
    }

    /// What is known of the school besides its state: usage, latest commit, breadcrumb.
    ///
    /// # Errors
    /// The store could not be read.
    pub async fn standing(&self) -> Result<Standing, StoreError> {
        self.0.shared.store.standing(&self.0.school).await
    }
}
