//! A ledger of alarms: of the schools that are looked at, what is stuck, and that it is told: in the log, in the storage and
//! by mail, once. Not here: what is seen of a school (`watch`), and the form in which alarms are kept (`alarms`).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use data_encoding::HEXLOWER;
use host::store::{SchoolId, StoreError};
use host::watchdog::{AlarmEvent, Alarms, Seen, Stage};
use sha2::{Digest, Sha256};

use crate::alarms::{KeptAlarm, KeptAlarms, Told};
use crate::repeating::SERVICE;
use crate::service::Service;
use crate::tenure::id_of;

/// The alarms of some schools, at some stages.
pub(super) struct Ledger {
    stages: &'static [Stage],
    alarms: Alarms,
    /// The alarms as they are kept, of every school that is looked at.
    kept: BTreeMap<SchoolId, KeptAlarms>,
}

impl Ledger {
    pub(super) fn of(stages: &'static [Stage]) -> Self {
        Self { stages, alarms: Alarms::default(), kept: BTreeMap::new() }
    }

    pub(super) fn knows(&self, school: &SchoolId) -> bool {
        self.kept.contains_key(school)
    }

    /// The schools of which something is stuck, or is to be mailed.
    pub(super) fn open(&self) -> impl Iterator<Item = &SchoolId> {
        let is_open = |(_, kept): &(_, &KeptAlarms)| {
            let (stuck, to_mail) = (kept.stuck().map(|(stage, _)| stage), kept.to_mail().map(|(stage, _)| stage));
            stuck.chain(to_mail).any(|stage| self.stages.contains(&stage))
        };
        self.kept.iter().filter(is_open).map(|(school, _)| school)
    }

    /// How many schools have a stage that is stuck.
    pub(super) fn stuck(&self) -> usize {
        self.kept.keys().filter(|school| !self.alarms.of(school).is_empty()).count()
    }

    pub(super) fn retain(&mut self, is_looked_at: impl Fn(&SchoolId) -> bool) {
        let gone: Vec<SchoolId> = self.kept.keys().filter(|school| !is_looked_at(school)).cloned().collect();
        for school in gone {
            self.alarms.forget(&school);
            self.kept.remove(&school);
        }
    }

    /// Begins with what was told of a school before, by this process or another.
    pub(super) async fn remember(&mut self, service: &Service, school: &SchoolId) -> Result<(), StoreError> {
        let (kept, now) = (service.registry().alarms(school).await?, service.clock().now());
        for (stage, alarm) in kept.stuck().filter(|(stage, _)| self.stages.contains(stage)) {
            service.repeating().resume(school, stage, alarm.since, now);
        }
        self.kept.insert(school.clone(), kept);
        self.begin(school);
        Ok(())
    }

    fn begin(&mut self, school: &SchoolId) {
        self.alarms.forget(school);
        let kept = self.kept.get(school).into_iter().flat_map(KeptAlarms::stuck);
        for (stage, alarm) in kept.filter(|(stage, _)| self.stages.contains(stage)) {
            self.alarms.restore(school, stage, alarm.since);
        }
    }

    /// Looks at a school, and keeps what there is to tell.
    pub(super) async fn look(
        &mut self,
        service: &Service,
        school: &SchoolId,
        seen: &Seen,
        now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        for event in self.alarms.look(school, seen, now) {
            if let Err(error) = self.keep(service, school, &event).await {
                // The next look begins with what was kept, and finds the event again.
                self.begin(school);
                return Err(error);
            }
        }
        Ok(())
    }

    /// Keeps what a look found, and writes it into the log.
    async fn keep(&mut self, service: &Service, school: &SchoolId, event: &AlarmEvent) -> Result<(), StoreError> {
        let id = id_of(school);
        let change = |kept: &mut KeptAlarms| match event {
            AlarmEvent::Raised(alarm) => kept.raise(alarm),
            AlarmEvent::Cleared { stage, .. } => kept.clear(*stage),
        };
        let is_news = self.change(service, school, change).await?;
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

    async fn change<T>(
        &mut self,
        service: &Service,
        school: &SchoolId,
        mut change: impl FnMut(&mut KeptAlarms) -> T,
    ) -> Result<T, StoreError> {
        // What the process itself suffers from ends with it, and a storage that is away keeps nothing.
        if school.as_str() == SERVICE {
            return Ok(change(self.kept.entry(school.clone()).or_default()));
        }
        let (kept, answer) = service.registry().change_alarms(id_of(school), school, change).await?;
        self.kept.insert(school.clone(), kept);
        Ok(answer)
    }

    /// Mails the operator what is to be mailed. What does not leave is mailed after a later look, under the same id.
    pub(super) async fn mail(&mut self, service: &Service) -> Result<(), StoreError> {
        let due = |(school, kept): (&SchoolId, &KeptAlarms)| -> Vec<(SchoolId, Stage, KeptAlarm)> {
            let of_mine = kept.to_mail().filter(|(stage, _)| self.stages.contains(stage));
            of_mine.map(|(stage, alarm)| (school.clone(), stage, alarm.clone())).collect()
        };
        let due: Vec<_> = self.kept.iter().flat_map(due).collect();
        for (school, stage, alarm) in due {
            if !self.is_due(service, &school, stage, &alarm).await? {
                continue;
            }
            if !mail(service, &school, stage, &alarm).await {
                return Ok(());
            }
            self.change(service, &school, |kept| kept.mailed(stage, alarm.told)).await?;
        }
        Ok(())
    }

    /// Whether no other process has mailed an alarm meanwhile.
    async fn is_due(
        &mut self,
        service: &Service,
        school: &SchoolId,
        stage: Stage,
        alarm: &KeptAlarm,
    ) -> Result<bool, StoreError> {
        if school.as_str() == SERVICE {
            return Ok(true);
        }
        let kept = service.registry().alarms(school).await?;
        let is_due = kept.to_mail().any(|due| due == (stage, alarm));
        self.kept.insert(school.clone(), kept);
        Ok(is_due)
    }
}

/// Mails the operator that a stage is stuck, or moves again. False: the mail is to be tried again.
async fn mail(service: &Service, school: &SchoolId, stage: Stage, alarm: &KeptAlarm) -> bool {
    let (id, name) = (id_of(school), stage.name());
    let whose = if id == SERVICE { "The service".to_owned() } else { format!("School {id}") };
    let is_raised = alarm.told == Told::Nothing;
    let (subject, text) = if is_raised {
        let since = alarm.since.format("%Y-%m-%d %H:%M");
        (format!("{whose}: {name} is stuck since {since} UTC"), alarm.sentence.clone())
    } else {
        (format!("{whose}: {name} moves again"), format!("The stage {name} moves again."))
    };
    let act = format!("{school} {name} {} {is_raised}", alarm.since.timestamp());
    let act = HEXLOWER.encode(&Sha256::digest(act.as_bytes()));
    service.mailing().tell_operator(&act, &subject, &text).await
}
