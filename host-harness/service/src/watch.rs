//! The watch over the service: looks each minute at every school of this process from outside of its ticks, and tells the
//! operator once when a stage is stuck and once when it moves again. Which stage is stuck is `host::watchdog`'s to say; what
//! was told is kept in `alarms`.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use host::schedule::SchoolView;
use host::store::{Lane, SchoolId, Standing, StoreError};
use host::watchdog::{AlarmEvent, Alarms, Failed, Patience, Seen, Stage, Waiting};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::alarms::{KeptAlarm, KeptAlarms, Told};
use crate::schools::OpenSchool;
use crate::service::Service;
use crate::tenure::id_of;

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
    alarms: Alarms,
    /// The alarms as they are kept, of every school that is looked at.
    kept: BTreeMap<SchoolId, KeptAlarms>,
    heads: BTreeMap<(SchoolId, Lane), Head>,
    /// Since when each school is watched without a break.
    since: BTreeMap<SchoolId, DateTime<Utc>>,
    /// When the latest look ended.
    looked: Option<DateTime<Utc>>,
}

impl Default for Watch {
    fn default() -> Self {
        let (alarms, kept, heads, since) =
            (Alarms::new(Patience::default()), BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        Self { alarms, kept, heads, since, looked: None }
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
        let looked = self.look_at_all(service, now).await;
        let stuck = self.kept.values().filter(|kept| kept.stuck().next().is_some()).count();
        service.metrics().stuck.set(i64::try_from(stuck).unwrap_or(i64::MAX));
        self.looked = Some(service.clock().now());
        looked
    }

    async fn look_at_all(&mut self, service: &Service, now: DateTime<Utc>) -> Result<(), StoreError> {
        let views = service.runs().views();
        let mine: BTreeSet<SchoolId> = views.iter().map(|(school, ..)| school.clone()).collect();
        let gone: Vec<SchoolId> = self.kept.keys().filter(|school| !mine.contains(school)).cloned().collect();
        for school in &gone {
            self.forget(school);
        }
        self.since.retain(|school, _| mine.contains(school));
        self.heads.retain(|(school, _), _| mine.contains(school));
        for (stored_as, view, read_until) in views {
            let Some(school) = service.school_if_any(id_of(&stored_as)).await? else { continue };
            if !self.kept.contains_key(&stored_as) {
                self.remember(service, &stored_as).await?;
            }
            let standing = service.store().standing(&stored_as).await?;
            let Some(seen) = self.seen(service, &school, &view, read_until, &standing).await? else { continue };
            for event in self.alarms.look(&stored_as, &seen, now) {
                if let Err(error) = self.keep(service, &stored_as, &event).await {
                    // The next look begins with what is kept, and finds the event again.
                    self.forget(&stored_as);
                    return Err(error);
                }
            }
        }
        self.mail(service).await
    }

    fn forget(&mut self, school: &SchoolId) {
        self.alarms.forget(school);
        self.kept.remove(school);
    }

    /// Begins with what was told of a school before, by this process or another.
    async fn remember(&mut self, service: &Service, school: &SchoolId) -> Result<(), StoreError> {
        let kept = service.registry().alarms(school).await?;
        for (stage, alarm) in kept.stuck() {
            self.alarms.restore(school, stage, alarm.since);
        }
        self.kept.insert(school.clone(), kept);
        Ok(())
    }

    /// Keeps what a look found, and writes it into the log.
    async fn keep(&mut self, service: &Service, school: &SchoolId, event: &AlarmEvent) -> Result<(), StoreError> {
        let id = id_of(school);
        let change = |kept: &mut KeptAlarms| match event {
            AlarmEvent::Raised(alarm) => kept.raise(alarm),
            AlarmEvent::Cleared { stage, .. } => kept.clear(*stage),
        };
        let (kept, is_news) = service.registry().change_alarms(id, school, change).await?;
        self.kept.insert(school.clone(), kept);
        match event {
            _ if !is_news => {}
            AlarmEvent::Raised(alarm) => {
                tracing::error!(school = id, stage = alarm.stage.name(), since = %alarm.since, "{}", alarm.sentence);
            }
            AlarmEvent::Cleared { stage, .. } => {
                tracing::warn!(school = id, stage = stage.name(), "the stage moves again");
            }
        }
        Ok(())
    }

    /// Mails the operator what is to be mailed. What does not leave is mailed after a later look, under the same id.
    async fn mail(&mut self, service: &Service) -> Result<(), StoreError> {
        let due = |(school, kept): (&SchoolId, &KeptAlarms)| -> Vec<(SchoolId, Stage, KeptAlarm)> {
            kept.to_mail().map(|(stage, alarm)| (school.clone(), stage, alarm.clone())).collect()
        };
        let due: Vec<_> = self.kept.iter().flat_map(due).collect();
        for (school, stage, alarm) in due {
            if !mail(service, &school, stage, &alarm).await {
                return Ok(());
            }
            let mailed = |kept: &mut KeptAlarms| kept.mailed(stage, alarm.told);
            let (kept, ()) = service.registry().change_alarms(id_of(&school), &school, mailed).await?;
            self.kept.insert(school, kept);
        }
        Ok(())
    }

    async fn seen(
        &mut self,
        service: &Service,
        school: &OpenSchool,
        view: &SchoolView,
        read_until: Option<DateTime<Utc>>,
        standing: &Standing,
    ) -> Result<Option<Seen>, StoreError> {
        let now = service.clock().now();
        let Ok(Some(settings)) = school.book.settings_if_any().await else { return Ok(None) };
        let is_paused = view.is_paused || !settings.enabled;
        let since = self.since.entry(school.school.id().clone()).or_insert(now);
        if is_paused {
            *since = now;
        }
        let watched_since = *since;
        // The service's own book takes at once what waits, unless this version cannot read it.
        let outbox = self.waiting(service, school, Lane::Records, standing.records).await?;
        let mails = self.waiting(service, school, Lane::Mails, standing.mails).await?;
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
        }))
    }

    /// What waits in a lane of which `committed` items were ever committed.
    async fn waiting(
        &mut self,
        service: &Service,
        school: &OpenSchool,
        lane: Lane,
        committed: u64,
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
        Ok(Some(Waiting { since: head.1, items: committed.saturating_sub(first - 1) }))
    }
}

/// Mails the operator that a stage is stuck, or moves again. False: the mail is to be tried again.
async fn mail(service: &Service, school: &SchoolId, stage: Stage, alarm: &KeptAlarm) -> bool {
    let (id, name) = (id_of(school), stage.name());
    let is_raised = alarm.told == Told::Nothing;
    let (subject, text) = if is_raised {
        let since = alarm.since.format("%Y-%m-%d %H:%M");
        (format!("School {id}: {name} is stuck since {since} UTC"), alarm.sentence.clone())
    } else {
        (format!("School {id}: {name} moves again"), format!("The stage {name} moves again."))
    };
    let act = format!("{school} {name} {} {is_raised}", alarm.since.timestamp());
    let act = HEXLOWER.encode(&Sha256::digest(act.as_bytes()));
    service.mailing().tell_operator(&act, &subject, &text).await
}
