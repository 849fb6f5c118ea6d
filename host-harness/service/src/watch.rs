//! The watch over the service: looks each minute at every school of this process from outside of its ticks, and tells the
//! operator once when a stage is stuck and once when it moves again. Which stage is stuck is `host::watchdog`'s to say.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use data_encoding::HEXLOWER;
use host::schedule::SchoolView;
use host::school::CallFailure;
use host::store::{Lane, REFUSED_KEPT, Refusals, SchoolId, Standing, StoreError};
use host::watchdog::{AlarmEvent, Alarms, Failed, Patience, Seen, Stage, Waiting};
use mirror::book::BookError;
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::registry::Records;
use crate::repeating::SERVICE;
use crate::schools::OpenSchool;
use crate::service::Service;
use crate::tenure::id_of;

/// How often the schools are looked at.
const LOOKS_EVERY: Duration = Duration::from_mins(1);

/// What is stuck at which schools of this process, and at which stage. Cheap to clone.
#[derive(Clone, Default)]
pub struct Standings(Arc<Mutex<Stuck>>);

/// The sentence about each stage that is stuck.
type Stuck = BTreeMap<(SchoolId, Stage), String>;

impl Standings {
    /// What is stuck at a school, in words, the first stage before the others; none: nothing.
    pub fn of(&self, school: &SchoolId) -> Option<String> {
        let stuck = self.lock();
        let mut of_school = Stage::ALL.iter().filter_map(|stage| Some((stage, stuck.get(&(school.clone(), *stage))?)));
        of_school.next().map(|(stage, sentence)| format!("{}: {sentence}", stage.name()))
    }

    /// Notes that a stage is stuck, with the sentence about it; none: it moves again.
    fn note(&self, school: &SchoolId, stage: Stage, sentence: Option<String>) {
        let key = (school.clone(), stage);
        match sentence {
            Some(sentence) => self.lock().insert(key, sentence),
            None => self.lock().remove(&key),
        };
    }

    /// Forgets the schools that are not this process's any more.
    fn keep(&self, is_mine: impl Fn(&SchoolId) -> bool) {
        self.lock().retain(|(school, _), _| is_mine(school));
    }

    /// How many schools have a stage that is stuck.
    fn schools(&self) -> usize {
        self.lock().keys().map(|(school, _)| school).collect::<BTreeSet<_>>().len()
    }

    fn lock(&self) -> MutexGuard<'_, Stuck> {
        // A panic while the lock is held cannot leave a change half made.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Watches until the service ends.
pub async fn keep(service: Service, mut ending: watch::Receiver<bool>) {
    let alarms = Alarms::new(Patience::default());
    let mut watch = Watch { alarms, heads: BTreeMap::new(), since: BTreeMap::new(), refusals: BTreeMap::new() };
    loop {
        tokio::select! {
            _ = ending.changed() => return,
            () = crate::runner::wait(LOOKS_EVERY) => {}
        }
        let itself = SchoolId::from(SERVICE);
        match watch.look(&service).await {
            Ok(()) => service.repeating().worked(&itself, Stage::Storage),
            Err(error) => {
                tracing::error!(%error, "the watch cannot read the storage");
                service.repeating().failed(&itself, Stage::Storage, service.clock().now());
            }
        }
        watch.look_elsewhere(&service).await;
    }
}

/// The first item that waits in a lane: its sequence, and since when it is known to wait.
type Head = (u64, DateTime<Utc>);

struct Watch {
    alarms: Alarms,
    heads: BTreeMap<(SchoolId, Lane), Head>,
    /// Since when each school is watched without a break.
    since: BTreeMap<SchoolId, DateTime<Utc>>,
    /// What a lane's receiver had refused at the last look, and how many items it had been given by then.
    refusals: BTreeMap<(SchoolId, Lane), (u64, Refusals)>,
}

impl Watch {
    async fn look(&mut self, service: &Service) -> Result<(), StoreError> {
        let now = service.clock().now();
        let views = service.runs().views();
        let mine: BTreeSet<SchoolId> = views.iter().map(|(school, ..)| school.clone()).collect();
        for gone in self.since.keys().filter(|school| !mine.contains(school)) {
            self.alarms.forget(gone);
        }
        self.since.retain(|school, _| mine.contains(school));
        self.heads.retain(|(school, _), _| mine.contains(school));
        self.refusals.retain(|(school, _), _| mine.contains(school));
        let failing = service.repeating().all(now);
        service.standings().keep(|school| mine.contains(school) || failing.contains(school));
        for (stored_as, view, read_until) in views {
            let Some(school) = service.school_if_any(id_of(&stored_as)).await? else { continue };
            let standing = service.store().standing(&stored_as).await?;
            let Some(seen) = self.seen(service, &school, &view, read_until, &standing).await? else { continue };
            for event in self.alarms.look(&stored_as, &seen, now) {
                tell(service, &stored_as, &event).await;
            }
        }
        service.metrics().stuck.set(i64::try_from(service.standings().schools()).unwrap_or(i64::MAX));
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
        // A GEGI that reads along in the feed of a book takes nothing out of the outbox.
        let outbox = match school.registered.records {
            Records::Feed => self.waiting(service, school, Lane::Records, standing).await?,
            Records::Mirror => None,
        };
        let mails = self.waiting(service, school, Lane::Mails, standing).await?;
        let taken = |committed: u64, waits: Option<Waiting>| committed - waits.map_or(0, |waits| waits.items);
        let refused = self.refused(service, id, Lane::Records, taken(standing.records, outbox)).await?;
        self.refused(service, id, Lane::Mails, taken(standing.mails, mails)).await?;
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

    /// What a lane's receiver refused, and notes that it refused something more since the last look, or took it. `taken` is
    /// up to where the lane was given to it; as long as that stays, nothing has changed.
    async fn refused(
        &mut self,
        service: &Service,
        school: &SchoolId,
        lane: Lane,
        taken: u64,
    ) -> Result<Refusals, StoreError> {
        let place = (school.clone(), lane);
        let before = self.refusals.get(&place).copied();
        if let Some((_, refusals)) = before.filter(|(given, _)| *given == taken) {
            return Ok(refusals);
        }
        let refusals = service.store().refusals(school, lane).await?;
        self.refusals.insert(place, (taken, refusals));
        let stage = match lane {
            Lane::Records => Stage::Refusals,
            Lane::Mails => Stage::RefusedMails,
        };
        if before.is_some_and(|(_, known)| known != refusals) {
            service.repeating().failed(school, stage, service.clock().now());
        } else if lane == Lane::Mails && taken > refusals.latest {
            service.repeating().worked(school, stage);
        }
        Ok(refusals)
    }

    /// Looks at what failed again and again here, at schools that other processes tick and at the service itself.
    async fn look_elsewhere(&mut self, service: &Service) {
        let now = service.clock().now();
        for school in service.repeating().all(now).into_iter().filter(|school| !self.since.contains_key(school)) {
            let seen = Seen::of_repeats(service.repeating().of(&school, now), now);
            for event in self.alarms.look(&school, &seen, now) {
                tell(service, &school, &event).await;
            }
        }
    }
}

/// Tells the operator what is stuck, or moves again: in the log, in the API, in the metrics and by mail.
async fn tell(service: &Service, school: &SchoolId, event: &AlarmEvent) {
    let id = id_of(school);
    let (stage, since, sentence) = match event {
        AlarmEvent::Raised(alarm) => {
            tracing::error!(school = id, stage = alarm.stage.name(), since = %alarm.since, "{}", alarm.sentence);
            (alarm.stage, alarm.since, alarm.sentence.clone())
        }
        AlarmEvent::Cleared { stage, since } => {
            tracing::warn!(school = id, stage = stage.name(), "the stage moves again");
            (*stage, *since, format!("The stage {} moves again.", stage.name()))
        }
    };
    let is_raised = matches!(event, AlarmEvent::Raised(_));
    service.standings().note(school, stage, is_raised.then(|| sentence.clone()));
    let whose = if id == SERVICE { "The service".to_owned() } else { format!("School {id}") };
    let subject = if is_raised {
        format!("{whose}: {} is stuck since {} UTC", stage.name(), since.format("%Y-%m-%d %H:%M"))
    } else {
        format!("{whose}: {} moves again", stage.name())
    };
    let act = format!("{school} {} {} {is_raised}", stage.name(), since.timestamp());
    let mail = HEXLOWER.encode(&Sha256::digest(act.as_bytes()));
    service.mailing().tell_operator(&mail, &subject, &sentence).await;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_that_moves_again_leaves_the_others_stuck() {
        let (standings, north, south) = (Standings::default(), SchoolId::from("north.1"), SchoolId::from("south.1"));
        standings.note(&north, Stage::Mails, Some("mails wait".to_owned()));
        standings.note(&north, Stage::Ticks, Some("no tick".to_owned()));
        standings.note(&south, Stage::Mails, Some("mails wait".to_owned()));
        assert_eq!((standings.of(&north), standings.schools()), (Some("ticks: no tick".to_owned()), 2));
        standings.note(&north, Stage::Ticks, None);
        assert_eq!(standings.of(&north), Some("mails: mails wait".to_owned()));
        standings.keep(|school| *school == south);
        assert_eq!((standings.of(&north), standings.schools()), (None, 1));
    }
}
