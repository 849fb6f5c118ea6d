//! The watch over the service: looks each minute at every school of this process from outside of its ticks, and at what fails
//! again and again, and tells the operator once when a stage is stuck and once when it moves again (`ledger`). Which stage is
//! stuck is `host::watchdog`'s to say; what was told is kept in `alarms`.

mod ledger;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use host::schedule::SchoolView;
use host::school::CallFailure;
use host::store::{Lane, REFUSED_KEPT, Refusals, SchoolId, Standing, StoreError};
use host::watchdog::{Failed, Seen, Stage, Waiting};
use mirror::book::BookError;
use tokio::sync::watch;

use crate::repeating::{HEARD, SERVICE};
use crate::schools::OpenSchool;
use crate::service::Service;
use crate::tenure::id_of;
use ledger::Ledger;

/// How often the schools are looked at.
const LOOKS_EVERY: Duration = Duration::from_mins(1);

/// After how long without a look nobody has watched.
const BREAK: TimeDelta = TimeDelta::minutes(3);

/// Watches until the service ends.
pub async fn keep(service: Service, mut ending: watch::Receiver<bool>) {
    let mut watch = Watch::default();
    loop {
        tokio::select! {
            _ = ending.changed() => return,
            () = crate::runner::wait(LOOKS_EVERY) => {}
        }
        if let Err(error) = watch.look(&service).await {
            tracing::error!(%error, "the watch cannot read the storage");
        }
    }
}

/// The first item that waits in a lane: its sequence, and since when it is known to wait.
type Head = (u64, DateTime<Utc>);

/// What is known of the schools of this process from one look to the next.
pub struct Watch {
    /// The alarms of this process's schools.
    mine: Ledger,
    /// The alarms about what this process heard of the schools that others tick.
    elsewhere: Ledger,
    /// The alarms about this process.
    itself: Ledger,
    /// Whether what was told before this process's start was taken over.
    has_resumed: bool,
    heads: BTreeMap<(SchoolId, Lane), Head>,
    /// Since when each school is watched without a break.
    since: BTreeMap<SchoolId, DateTime<Utc>>,
    /// What a lane's receiver had refused at the last look, and how many items were committed and taken by then.
    refusals: BTreeMap<(SchoolId, Lane), ((u64, u64), Refusals)>,
    /// When the latest look ended.
    looked: Option<DateTime<Utc>>,
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            mine: Ledger::of(&Stage::ALL),
            elsewhere: Ledger::of(&HEARD),
            itself: Ledger::of(&[Stage::Storage, Stage::Leases]),
            has_resumed: false,
            heads: BTreeMap::new(),
            since: BTreeMap::new(),
            refusals: BTreeMap::new(),
            looked: None,
        }
    }
}

impl Watch {
    /// Looks at every school of this process, and tells what there is to tell.
    ///
    /// # Errors
    /// The storage failed. What could not be kept is told by the next look.
    pub async fn look(&mut self, service: &Service) -> Result<(), StoreError> {
        let now = service.clock().now();
        // A process that was stopped for a while knows of no school what became of it meanwhile.
        if self.looked.is_some_and(|looked| now - looked > BREAK) {
            self.since.clear();
        }
        let mut looked = self.look_at_mine(service, now).await;
        if looked.is_ok() {
            looked = self.look_elsewhere(service, now).await;
        }
        let itself = SchoolId::from(SERVICE);
        match &looked {
            Ok(()) => service.repeating().worked(&itself, Stage::Storage),
            Err(_) => service.repeating().failed(&itself, Stage::Storage, now),
        }
        let seen = Seen::of_repeats(service.repeating().of(&itself, now), now);
        // Nothing about the service itself is asked of the storage, so none of this can fail.
        let told = self.itself.look(service, &itself, &seen, now).await.and(self.itself.mail(service).await);
        let stuck = self.mine.stuck() + self.elsewhere.stuck() + self.itself.stuck();
        service.metrics().stuck.set(i64::try_from(stuck).unwrap_or(i64::MAX));
        self.looked = Some(service.clock().now());
        looked.and(told)
    }

    async fn look_at_mine(&mut self, service: &Service, now: DateTime<Utc>) -> Result<(), StoreError> {
        let views = service.runs().views();
        let mine: BTreeSet<SchoolId> = views.iter().map(|(school, ..)| school.clone()).collect();
        self.mine.retain(|school| mine.contains(school));
        self.since.retain(|school, _| mine.contains(school));
        self.heads.retain(|(school, _), _| mine.contains(school));
        self.refusals.retain(|(school, _), _| mine.contains(school));
        for (stored_as, view, read_until) in views {
            let Some(school) = service.school_if_any(id_of(&stored_as)).await? else { continue };
            if !self.mine.knows(&stored_as) {
                self.mine.remember(service, &stored_as).await?;
            }
            let standing = service.store().standing(&stored_as).await?;
            let Some(seen) = self.seen(service, &school, &view, read_until, &standing).await? else { continue };
            self.mine.look(service, &stored_as, &seen, now).await?;
        }
        self.mine.mail(service).await
    }

    /// Looks at what failed again and again here, at schools that other processes tick.
    async fn look_elsewhere(&mut self, service: &Service, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !self.has_resumed {
            // A process that was ended may have told of schools that it did not tick.
            for (school, kept) in service.registry().all_alarms().await? {
                for (stage, alarm) in kept.stuck().filter(|(stage, _)| HEARD.contains(stage)) {
                    service.repeating().resume(&school, stage, alarm.since, now);
                }
            }
            self.has_resumed = true;
        }
        let mut heard = service.repeating().all(now);
        heard.extend(self.elsewhere.open().cloned());
        heard.retain(|school| school.as_str() != SERVICE && !self.mine.knows(school));
        self.elsewhere.retain(|school| heard.contains(school));
        for school in heard {
            let registered = service.registry().get(id_of(&school)).await?;
            if registered.is_none_or(|registered| registered.stored_as(id_of(&school)) != school) {
                self.elsewhere.retain(|known| *known != school);
                continue;
            }
            if !self.elsewhere.knows(&school) {
                self.elsewhere.remember(service, &school).await?;
            }
            let seen = Seen::of_repeats(service.repeating().of(&school, now), now);
            self.elsewhere.look(service, &school, &seen, now).await?;
        }
        self.elsewhere.mail(service).await
    }

    async fn seen(
        &mut self,
        service: &Service,
        school: &OpenSchool,
        view: &SchoolView,
        read_until: Option<DateTime<Utc>>,
        standing: &Standing,
    ) -> Result<Option<Seen>, StoreError> {
        let (now, id) = (service.clock().now(), school.school.id());
        let settings = match school.book.settings_if_any().await {
            Ok(Some(settings)) => settings,
            // It is being created.
            Ok(None) => return Ok(None),
            Err(BookError::Storage(error)) if !matches!(error, StoreError::Corrupt) => return Err(error),
            Err(_) => {
                service.repeating().failed(id, Stage::Settings, now);
                return Ok(Some(Seen::of_repeats(service.repeating().of(id, now), now)));
            }
        };
        service.repeating().worked(id, Stage::Settings);
        let is_paused = view.is_paused || !settings.enabled;
        let since = self.since.entry(school.school.id().clone()).or_insert(now);
        if is_paused {
            *since = now;
        }
        let watched_since = *since;
        // The service's own book takes at once what waits, unless this version cannot read it.
        let outbox = self.waiting(service, school, Lane::Records, standing).await?;
        let mails = self.waiting(service, school, Lane::Mails, standing).await?;
        let taken = |committed: u64, waits: Option<Waiting>| committed - waits.map_or(0, |waits| waits.items);
        let records = (standing.records, taken(standing.records, outbox));
        let refused = self.refused(service, id, Lane::Records, records).await?;
        let mailed = (standing.mails, taken(standing.mails, mails));
        self.refused(service, id, Lane::Mails, mailed).await?;
        let mut repeats = service.repeating().of(id, now);
        repeats.refused_percent = refused.kept * 100 / u64::try_from(REFUSED_KEPT).unwrap_or(u64::MAX);
        Ok(Some(Seen {
            watched_since,
            is_paused,
            update_every: TimeDelta::minutes(settings.update_every_minutes.max(1).into()),
            due: view.next,
            begun: view.begun,
            ended: view.ended,
            failed: standing.failed_ticks.map(|failed| Failed { since: failed.since, ticks: failed.ticks }),
            read_until,
            outbox,
            mails,
            sends_mails: service.config().sends_mails(),
            repeats,
        }))
    }

    /// What waits in a lane.
    async fn waiting(
        &mut self,
        service: &Service,
        school: &OpenSchool,
        lane: Lane,
        standing: &Standing,
    ) -> Result<Option<Waiting>, StoreError> {
        let id = school.school.id().clone();
        let first = service.store().outbox(&id, lane, 0, 1).await?.first().map(|item| item.sequence);
        let Some(first) = first else {
            self.heads.remove(&(id, lane));
            return Ok(None);
        };
        let head = self.heads.entry((id, lane)).or_insert((first, service.clock().now()));
        if head.0 != first {
            *head = (first, service.clock().now());
        }
        let since = head.1;
        let committed = match lane {
            Lane::Records => standing.records,
            Lane::Mails => standing.mails,
        };
        let percent = match school.school.filled_percent(lane, standing).await {
            Err(CallFailure::Storage(error)) => return Err(error),
            filled => filled.unwrap_or_default(),
        };
        Ok(Some(Waiting { since, items: committed.saturating_sub(first - 1), percent }))
    }

    /// What a lane's receiver refused, and notes that it refused something more since the last look, or took it. `given`
    /// is how many items were committed and up to which it has been given them; as long as both stay, nothing has changed.
    async fn refused(
        &mut self,
        service: &Service,
        school: &SchoolId,
        lane: Lane,
        given: (u64, u64),
    ) -> Result<Refusals, StoreError> {
        let place = (school.clone(), lane);
        let before = self.refusals.get(&place).copied();
        if let Some((_, refusals)) = before.filter(|(before, _)| *before == given) {
            return Ok(refusals);
        }
        let refusals = service.store().refusals(school, lane).await?;
        self.refusals.insert(place, (given, refusals));
        let stage = match lane {
            Lane::Records => Stage::Refusals,
            Lane::Mails => Stage::RefusedMails,
        };
        if before.is_some_and(|(_, known)| known != refusals) {
            service.repeating().failed(school, stage, service.clock().now());
        } else if lane == Lane::Mails && given.1 > refusals.latest {
            service.repeating().worked(school, stage);
        }
        Ok(refusals)
    }
}
