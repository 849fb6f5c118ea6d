//! Leases: which process ticks which school. A school that is to be ticked is a row; a process claims free ones, says
//! every [`RENEW_EVERY`] that it lives, and gives back what it does not tick any more. The number of a lease is the
//! fence of the school's ticks ([`School::hold`](crate::school::School::hold)), so a process that lost a lease and
//! does not know commits nothing.
//!
//! [`Leases`] states the promises; [`Alone`] is for a process that shares its storage with nobody, and
//! `store::postgres` has the leases of many. Not here: when a school is ticked, and which of its schools a process
//! gives up (the scheduler).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::mpsc;

use super::{SchoolId, Store, StoreError};

/// How often a process says that it lives.
pub const RENEW_EVERY: Duration = Duration::from_secs(10);

/// After how long without a sign of life a process counts as dead, by the clock of the database.
pub const DEAD_AFTER: Duration = Duration::from_secs(25);

/// The name of a process among those that share a storage. Each start of a process has a name of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(String);

impl NodeId {
    /// The node with this name.
    pub fn new(name: impl Into<String>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A process, and where it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// Its name.
    pub id: NodeId,
    /// Where other processes and people reach it.
    pub address: String,
}

/// The right to tick a school.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Lease {
    /// The school.
    pub school: SchoolId,
    /// The fence of the school's ticks. Every lease of a school has a higher number than those before.
    pub number: u64,
}

/// How the schools are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Share {
    /// The schools that are to be ticked.
    pub schools: u64,
    /// The processes that live.
    pub nodes: u64,
    /// The schools that the process which asks holds.
    pub held: u64,
}

impl Share {
    /// The most schools that a process holds when all of them hold as many as is fair.
    pub fn most(&self) -> u64 {
        self.schools.div_ceil(self.nodes.max(1))
    }

    /// How many schools the process holds beyond its share; it should release as many, so that others claim them.
    pub fn surplus(&self) -> u64 {
        self.held.saturating_sub(self.most())
    }
}

/// Leases of schools.
///
/// Every implementation promises:
/// - A school has one lease at a time, and each claim hands it out to one process.
/// - The numbers of a school's leases only grow, and the store refuses ticks with a lower number from the moment of
///   the claim.
/// - A process that is dead loses its schools to whoever claims them, and to nobody else.
#[async_trait]
pub trait Leases: Send + Sync {
    /// Makes the school one that is to be ticked; safe to repeat.
    async fn add(&self, school: &SchoolId) -> Result<(), StoreError>;

    /// Ends that the school is to be ticked, and its lease. What is stored of the school stays.
    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError>;

    /// The schools that are to be ticked, ascending.
    async fn schools(&self) -> Result<Vec<SchoolId>, StoreError>;

    /// Makes the process known as living; safe to repeat.
    async fn register(&self, node: &Node) -> Result<(), StoreError>;

    /// Says that the process lives. False: it was silent for so long that its schools may be others' by now. It stops
    /// ticking, registers again and asks [`held`](Self::held) what is left.
    async fn renew(&self, node: &NodeId) -> Result<bool, StoreError>;

    /// Claims free schools, as many as the process's share has room for, at most `limit`. A process that is not known as
    /// living claims none.
    async fn claim(&self, node: &NodeId, limit: usize) -> Result<Vec<Lease>, StoreError>;

    /// The leases that the process holds, ascending by school.
    async fn held(&self, node: &NodeId) -> Result<Vec<Lease>, StoreError>;

    /// Gives up leases of these schools that the process holds. The process has no tick of them under way.
    async fn release(&self, node: &NodeId, schools: &[SchoolId]) -> Result<(), StoreError>;

    /// Gives up everything and ends that the process is known.
    async fn leave(&self, node: &NodeId) -> Result<(), StoreError>;

    /// How the schools are spread.
    async fn share(&self, node: &NodeId) -> Result<Share, StoreError>;

    /// The process that holds the school, if it lives.
    async fn holder(&self, school: &SchoolId) -> Result<Option<Node>, StoreError>;

    /// Tells everybody who listens that something happened at the school.
    async fn notify(&self, school: &SchoolId) -> Result<(), StoreError>;

    /// Listens from now on. What is told may be lost: a hint spares waiting for the next look at
    /// [`Store::standings`], and replaces none.
    async fn hints(&self) -> Result<Hints, StoreError>;
}

/// The schools at which something happened, as they are told.
pub struct Hints {
    pub(super) schools: mpsc::UnboundedReceiver<SchoolId>,
    /// What has to live as long as somebody listens.
    pub(super) _source: Option<Box<dyn Send + Sync>>,
}

impl Hints {
    /// What is told through a channel, until its other end is gone.
    pub fn new(schools: mpsc::UnboundedReceiver<SchoolId>) -> Self {
        Self { schools, _source: None }
    }

    /// The next school. None: nothing is told any more, and whoever wants hints listens anew.
    pub async fn next(&mut self) -> Option<SchoolId> {
        self.schools.recv().await
    }
}

/// The leases of a process that shares its storage with nobody. Its schools are kept in memory: whoever starts the
/// process adds them.
pub struct Alone {
    store: Arc<dyn Store>,
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    /// Each school with the number of its lease, if there is one.
    schools: BTreeMap<SchoolId, Option<u64>>,
    node: Option<Node>,
    listeners: Vec<mpsc::UnboundedSender<SchoolId>>,
}

impl Alone {
    /// The leases of the schools of a store.
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        // A panic while this lock is held cannot leave a change half made.
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Known {
    fn is_node(&self, id: &NodeId) -> bool {
        self.node.as_ref().is_some_and(|node| node.id == *id)
    }
}

#[async_trait]
impl Leases for Alone {
    async fn add(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.known().schools.entry(school.clone()).or_default();
        Ok(())
    }

    async fn remove(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.known().schools.remove(school);
        Ok(())
    }

    async fn schools(&self) -> Result<Vec<SchoolId>, StoreError> {
        Ok(self.known().schools.keys().cloned().collect())
    }

    async fn register(&self, node: &Node) -> Result<(), StoreError> {
        self.known().node = Some(node.clone());
        Ok(())
    }

    async fn renew(&self, node: &NodeId) -> Result<bool, StoreError> {
        Ok(self.known().is_node(node))
    }

    async fn claim(&self, node: &NodeId, limit: usize) -> Result<Vec<Lease>, StoreError> {
        let free: Vec<SchoolId> = {
            let known = self.known();
            let free = known.schools.iter().filter(|(_, number)| number.is_none() && known.is_node(node));
            free.map(|(school, _)| school.clone()).take(limit).collect()
        };
        let mut leases = Vec::with_capacity(free.len());
        for school in free {
            let number = self.store.take_over(&school).await?;
            // Of two claims at once the one that comes second finds the school taken.
            if let Some(free @ None) = self.known().schools.get_mut(&school) {
                *free = Some(number);
                leases.push(Lease { school, number });
            }
        }
        Ok(leases)
    }

    async fn held(&self, node: &NodeId) -> Result<Vec<Lease>, StoreError> {
        let known = self.known();
        let held = known.schools.iter().filter(|_| known.is_node(node));
        let lease =
            |(school, number): (&SchoolId, &Option<u64>)| Some(Lease { school: school.clone(), number: (*number)? });
        Ok(held.filter_map(lease).collect())
    }

    async fn release(&self, node: &NodeId, schools: &[SchoolId]) -> Result<(), StoreError> {
        let mut known = self.known();
        let schools: BTreeSet<&SchoolId> = if known.is_node(node) { schools.iter().collect() } else { BTreeSet::new() };
        known.schools.iter_mut().filter(|(school, _)| schools.contains(school)).for_each(|(_, number)| *number = None);
        Ok(())
    }

    async fn leave(&self, node: &NodeId) -> Result<(), StoreError> {
        let mut known = self.known();
        if known.is_node(node) {
            known.schools.values_mut().for_each(|number| *number = None);
            known.node = None;
        }
        Ok(())
    }

    async fn share(&self, node: &NodeId) -> Result<Share, StoreError> {
        let held = self.held(node).await?.len();
        let schools = self.known().schools.len();
        let count = |length: usize| u64::try_from(length).unwrap_or(u64::MAX);
        Ok(Share { schools: count(schools), nodes: 1, held: count(held) })
    }

    async fn holder(&self, school: &SchoolId) -> Result<Option<Node>, StoreError> {
        let known = self.known();
        let is_held = known.schools.get(school).is_some_and(Option::is_some);
        Ok(known.node.clone().filter(|_| is_held))
    }

    async fn notify(&self, school: &SchoolId) -> Result<(), StoreError> {
        self.known().listeners.retain(|listener| listener.send(school.clone()).is_ok());
        Ok(())
    }

    async fn hints(&self) -> Result<Hints, StoreError> {
        let (listener, schools) = mpsc::unbounded_channel();
        self.known().listeners.push(listener);
        Ok(Hints::new(schools))
    }
}
