//! Tenure: which schools this process ticks. A process says that it lives, claims free schools up to its share, gives back
//! what is beyond it, and looks for what other processes committed. All of it in a few statements for all schools; hints of
//! the storage spare waiting for the next look and replace none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use host::limits::Stopwatch;
use host::schedule::{First, Wake};
use host::store::lease::{Hints, Lease, Leases, Node, RENEW_EVERY};
use host::store::{SchoolId, StoreError};
use host::watchdog::Stage;
use tokio::sync::watch;

use crate::registry::Registered;
use crate::repeating::SERVICE;
use crate::service::Service;

/// How often the process looks for schools to claim and for commits of others.
const LOOKS_EVERY: Duration = Duration::from_secs(5);
/// Schools claimed at a time.
const CLAIMS: usize = 500;
/// Schools read from the registry at a time.
const PAGE: usize = 1_000;

/// The id of the school that is stored under this name.
pub fn id_of(stored_as: &SchoolId) -> &str {
    stored_as.as_str().rsplit_once('.').map_or(stored_as.as_str(), |(id, _)| id)
}

/// Holds schools until their last ticks have ended, and then gives all of them back.
pub async fn hold(service: Service, node: Node, mut ended: watch::Receiver<bool>) {
    let mut tenure = Tenure::new(service, node);
    loop {
        if let Err(error) = tenure.look().await {
            tracing::error!(%error, "the leases of schools cannot be read or renewed; trying again");
        }
        tokio::select! {
            _ = ended.changed() => break,
            () = tenure.until_next_look() => {}
        }
    }
    if let Err(error) = tenure.leases().leave(&tenure.node.id).await {
        tracing::warn!(%error, "the schools were not given back; others take them when this process counts as dead");
    }
}

/// The schools of this process.
pub struct Tenure {
    service: Service,
    node: Node,
    /// The schools that the process ticks, each with the number of its lease.
    held: BTreeMap<SchoolId, u64>,
    /// The latest commit of each of them that the process knows of.
    commits: BTreeMap<SchoolId, u64>,
    /// When the process said that it lives; none: it is not known yet.
    renewed: Option<Stopwatch>,
    hints: Option<Hints>,
    /// When a school that is taken is ticked first. The schools of a process that starts are spread over their updates;
    /// later ones are new, or their process died, and something may wait.
    first: First,
}

impl Tenure {
    /// The tenure of a process that holds no school yet.
    pub fn new(service: Service, node: Node) -> Self {
        let (held, commits, first) = (BTreeMap::new(), BTreeMap::new(), First::AtUpdate);
        Self { service, node, held, commits, renewed: None, hints: None, first }
    }

    fn leases(&self) -> Arc<dyn Leases> {
        Arc::clone(self.service.leases())
    }

    /// Says that the process lives if it is time to, takes the schools that are its own, and gives back what is beyond its
    /// share.
    ///
    /// # Errors
    /// The storage failed. The next look does what is left.
    pub async fn look(&mut self) -> Result<(), StoreError> {
        self.live().await?;
        if self.service.is_ending() {
            return Ok(());
        }
        while self.leases().claim(&self.node.id, CLAIMS).await?.len() == CLAIMS {}
        self.hold_what_is_held().await?;
        self.first = First::Changed;
        self.give_back().await?;
        self.hear_of_commits().await
    }

    /// Says that the process lives, and listens. A process that was silent for too long begins anew with what is left to it.
    async fn live(&mut self) -> Result<(), StoreError> {
        if self.hints.is_none() {
            self.hints = Some(self.leases().hints().await?);
        }
        match &self.renewed {
            Some(renewed) if renewed.elapsed() < RENEW_EVERY => return Ok(()),
            Some(_) if self.leases().renew(&self.node.id).await? => {}
            _ => {
                if self.renewed.is_some() {
                    tracing::warn!("this process was silent for so long that others may have its schools");
                    let now = self.service.clock().now();
                    self.service.repeating().failed(&SchoolId::from(SERVICE), Stage::Leases, now);
                }
                self.service.runs().forget_all();
                self.held.clear();
                self.register().await?;
            }
        }
        self.renewed = Some(Stopwatch::start());
        Ok(())
    }

    async fn register(&mut self) -> Result<(), StoreError> {
        self.leases().register(&self.node).await?;
        // A store of one process does not know which schools are to be ticked.
        let mut after: Option<String> = None;
        loop {
            let page = self.service.registry().list(after.as_deref(), PAGE).await?;
            for (id, registered) in &page {
                self.leases().add(&registered.stored_as(id)).await?;
            }
            after = page.last().map(|(id, _)| id.clone());
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }

    /// Ticks every school whose lease the process holds, and no other. The answer to a claim may have been lost, and a
    /// lease may have gone to another process, or gone and come back with another number.
    async fn hold_what_is_held(&mut self) -> Result<(), StoreError> {
        let leases = self.leases().held(&self.node.id).await?;
        let mine: BTreeSet<&SchoolId> = leases.iter().map(|lease| &lease.school).collect();
        let lost: Vec<SchoolId> = self.held.keys().filter(|school| !mine.contains(school)).cloned().collect();
        self.let_go(&lost);
        for lease in &leases {
            if self.held.get(&lease.school) != Some(&lease.number) {
                self.take(lease).await?;
                self.held.insert(lease.school.clone(), lease.number);
            }
        }
        Ok(())
    }

    /// Ticks these schools no more.
    fn let_go(&mut self, schools: &[SchoolId]) {
        for school in schools {
            self.service.runs().forget(school);
            self.held.remove(school);
            self.commits.remove(school);
        }
    }

    /// Begins to tick a school.
    async fn take(&mut self, lease: &Lease) -> Result<(), StoreError> {
        let id = id_of(&lease.school);
        let registered = self.service.registry().get(id).await?.filter(|found| found.stored_as(id) == lease.school);
        let Some(registered) = registered else {
            // The school was removed while it was claimed.
            return self.leases().remove(&lease.school).await;
        };
        let school = self.service.schools().open(id, &registered);
        school.school.hold(lease.number);
        let every = every_minutes(&self.service, id, &registered).await;
        self.service.runs().add(&lease.school, every, registered.paused, self.first, &self.service);
        Ok(())
    }

    /// Gives back schools beyond the process's share, of which no tick runs.
    async fn give_back(&mut self) -> Result<(), StoreError> {
        let share = self.leases().share(&self.node.id).await?;
        self.service.pace().share(share.nodes);
        let surplus = usize::try_from(share.surplus()).unwrap_or(usize::MAX);
        if surplus == 0 {
            return Ok(());
        }
        let given = self.service.runs().idle(surplus);
        self.let_go(&given);
        self.leases().release(&self.node.id, &given).await
    }

    /// Wakes the schools for which others committed something.
    async fn hear_of_commits(&mut self) -> Result<(), StoreError> {
        let held = self.service.runs().schools();
        for page in held.chunks(PAGE) {
            let standings = self.service.store().standings(page).await?;
            for (school, standing) in page.iter().zip(standings) {
                let before = self.commits.insert(school.clone(), standing.commits);
                if before.is_some_and(|before| before != standing.commits) {
                    self.service.runs().heard_of(school, standing.commits, &self.service);
                }
            }
        }
        Ok(())
    }

    /// Passes hints on until it is time for the next look.
    pub async fn until_next_look(&mut self) {
        let watch = Stopwatch::start();
        loop {
            let left = LOOKS_EVERY.saturating_sub(watch.elapsed());
            if left.is_zero() {
                return;
            }
            let hints = &mut self.hints;
            let hint = async {
                match hints {
                    Some(hints) => hints.next().await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                hint = hint => match hint {
                    Some(school) => self.service.runs().wake(&school, Wake::Changed, &self.service),
                    // The next look listens again, and finds what was told meanwhile.
                    None => self.hints = None,
                },
                () = self.service.claims().notified() => return,
                () = crate::runner::wait(left) => return,
            }
        }
    }
}

/// The update frequency of a school, in minutes.
async fn every_minutes(service: &Service, id: &str, registered: &Registered) -> u32 {
    let settings = service.schools().open(id, registered).book.settings_if_any().await;
    settings.ok().flatten().map_or(5, |settings| settings.update_every_minutes)
}
