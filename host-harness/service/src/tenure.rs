//! Tenure: which schools this process ticks. A process says that it lives, claims free schools up to its share, gives back
//! what is beyond it, and looks for what other processes committed. All of it in a few statements for all schools; hints of
//! the storage spare waiting for the next look and replace none.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use host::limits::Stopwatch;
use host::schedule::{First, Wake};
use host::store::lease::{Hints, Lease, Leases, Node, RENEW_EVERY};
use host::store::{SchoolId, StoreError};
use tokio::sync::watch;

use crate::registry::Registered;
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

/// Holds schools until the service ends, and then gives all of them back.
pub async fn hold(service: Service, node: Node, mut ending: watch::Receiver<bool>) {
    let (commits, first) = (BTreeMap::new(), First::AtUpdate);
    let mut tenure = Tenure { service, node, commits, renewed: None, hints: None, first };
    loop {
        if let Err(error) = tenure.look().await {
            tracing::error!(%error, "the leases of schools cannot be read or renewed; trying again");
        }
        tokio::select! {
            _ = ending.changed() => break,
            () = tenure.until_next_look() => {}
        }
    }
    if let Err(error) = tenure.leases().leave(&tenure.node.id).await {
        tracing::warn!(%error, "the schools were not given back; others take them when this process counts as dead");
    }
}

struct Tenure {
    service: Service,
    node: Node,
    /// The latest commit of each school that the process knows of.
    commits: BTreeMap<SchoolId, u64>,
    /// When the process said that it lives; none: it is not known yet.
    renewed: Option<Stopwatch>,
    hints: Option<Hints>,
    /// When a school that is taken is ticked first. The schools of a process that starts are spread over their updates;
    /// later ones are new, or their process died, and something may wait.
    first: First,
}

impl Tenure {
    fn leases(&self) -> Arc<dyn Leases> {
        Arc::clone(self.service.leases())
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        self.live().await?;
        let claimed = self.leases().claim(&self.node.id, CLAIMS).await?;
        for lease in claimed {
            self.take(&lease).await?;
        }
        self.first = First::Changed;
        self.give_back().await?;
        self.hear_of_commits().await
    }

    /// Says that the process lives. A process that was silent for too long begins anew with what is left to it.
    async fn live(&mut self) -> Result<(), StoreError> {
        match &self.renewed {
            Some(renewed) if renewed.elapsed() < RENEW_EVERY => return Ok(()),
            Some(_) if self.leases().renew(&self.node.id).await? => {}
            _ => {
                if self.renewed.is_some() {
                    tracing::warn!("this process was silent for so long that others may have its schools");
                }
                self.service.runs().forget_all();
                self.register().await?;
            }
        }
        self.renewed = Some(Stopwatch::start());
        Ok(())
    }

    async fn register(&mut self) -> Result<(), StoreError> {
        self.leases().register(&self.node).await?;
        self.hints = Some(self.leases().hints().await?);
        // A store of one process does not know which schools are to be ticked.
        let mut after: Option<String> = None;
        loop {
            let page = self.service.registry().list(after.as_deref(), PAGE).await?;
            for (id, registered) in &page {
                self.leases().add(&registered.stored_as(id)).await?;
            }
            after = page.last().map(|(id, _)| id.clone());
            if page.len() < PAGE {
                break;
            }
        }
        for lease in self.leases().held(&self.node.id).await? {
            self.take(&lease).await?;
        }
        Ok(())
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
        let given = self.service.runs().forget_idle(surplus);
        for school in &given {
            self.commits.remove(school);
        }
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

    async fn until_next_look(&mut self) {
        let watch = Stopwatch::start();
        loop {
            let left = LOOKS_EVERY.saturating_sub(watch.elapsed());
            if left.is_zero() {
                return;
            }
            let Some(hints) = &mut self.hints else { return crate::runner::wait(left).await };
            tokio::select! {
                hint = hints.next() => match hint {
                    Some(school) => self.service.runs().wake(&school, Wake::Changed, &self.service),
                    None => self.hints = None,
                },
                () = self.service.claims().notified() => return,
                () = crate::runner::wait(left) => return,
            }
        }
    }
}

/// The update frequency of a school, in minutes.
pub async fn every_minutes(service: &Service, id: &str, registered: &Registered) -> u32 {
    let settings = service.schools().open(id, registered).book.settings_if_any().await;
    settings.ok().flatten().map_or(5, |settings| settings.update_every_minutes)
}
