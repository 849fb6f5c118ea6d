//! The alarms as they are kept: what is stuck at a school, and what the operator was told of it. They lie with the registry,
//! which all processes share, so that an alarm is told once and its end once, whichever process looks at the school. Not
//! here: when a stage is stuck (`host::watchdog`), and who looks and tells (`watch`).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use host::watchdog::{Alarm, Stage};
use serde::{Deserialize, Serialize};

/// An alarm of one stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct KeptAlarm {
    /// Since when the stage stands still.
    pub since: DateTime<Utc>,
    /// What is wrong and what to do.
    pub sentence: String,
    /// How far the operator was told.
    pub told: Told,
}

/// How far the operator was told of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Told {
    /// The mail that the stage is stuck has not left yet.
    Nothing,
    /// The mail that the stage is stuck has left.
    Raised,
    /// The stage moves again, and the mail about that has not left yet.
    NotTheEnd,
}

/// The alarms of one school.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptAlarms(BTreeMap<Stage, KeptAlarm>);

impl KeptAlarms {
    /// Keeps that a stage is stuck. False: that is kept already, because another process looked at the school before.
    pub fn raise(&mut self, alarm: &Alarm) -> bool {
        let Alarm { stage, since, sentence } = alarm.clone();
        match self.0.get_mut(&stage) {
            // Whoever reads the mails still takes it for stuck.
            Some(kept) if kept.told == Told::NotTheEnd => {
                kept.told = Told::Raised;
                true
            }
            Some(_) => false,
            None => self.0.insert(stage, KeptAlarm { since, sentence, told: Told::Nothing }).is_none(),
        }
    }

    /// Keeps that a stage moves again. False: that is kept already.
    pub fn clear(&mut self, stage: Stage) -> bool {
        match self.0.get_mut(&stage) {
            // Nobody was told of the alarm, so nobody waits for its end.
            Some(kept) if kept.told == Told::Nothing => self.0.remove(&stage).is_some(),
            Some(kept) if kept.told == Told::Raised => {
                kept.told = Told::NotTheEnd;
                true
            }
            Some(_) | None => false,
        }
    }

    /// Keeps that a mail has left, or never will: the one that was due while the operator was told so far.
    pub fn mailed(&mut self, stage: Stage, before: Told) {
        let Some(kept) = self.0.get_mut(&stage).filter(|kept| kept.told == before) else { return };
        match before {
            Told::Nothing => kept.told = Told::Raised,
            Told::NotTheEnd => drop(self.0.remove(&stage)),
            Told::Raised => {}
        }
    }

    /// The alarms of which a mail is due.
    pub fn to_mail(&self) -> impl Iterator<Item = (Stage, &KeptAlarm)> {
        self.0.iter().filter(|(_, kept)| kept.told != Told::Raised).map(|(stage, kept)| (*stage, kept))
    }

    /// The stages that are stuck, each before those that it may be the cause of.
    pub fn stuck(&self) -> impl Iterator<Item = (Stage, &KeptAlarm)> {
        self.0.iter().filter(|(_, kept)| kept.told != Told::NotTheEnd).map(|(stage, kept)| (*stage, kept))
    }

    /// What is stuck, in words; none: nothing.
    pub fn sentence(&self) -> Option<String> {
        self.stuck().next().map(|(stage, kept)| format!("{}: {}", stage.name(), kept.sentence))
    }

    /// Whether nothing has to be kept.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm(stage: Stage) -> Alarm {
        Alarm { stage, since: DateTime::UNIX_EPOCH, sentence: format!("{} is stuck", stage.name()) }
    }

    fn due(kept: &KeptAlarms) -> Vec<(Stage, Told)> {
        kept.to_mail().map(|(stage, kept)| (stage, kept.told)).collect()
    }

    #[test]
    fn an_alarm_is_mailed_once_and_its_end_once_whoever_looks() {
        let mut kept = KeptAlarms::default();
        assert!(kept.raise(&alarm(Stage::Mails)));
        assert!(!kept.raise(&alarm(Stage::Mails)), "another process has raised it");
        assert_eq!(due(&kept), [(Stage::Mails, Told::Nothing)]);
        kept.mailed(Stage::Mails, Told::Nothing);
        kept.mailed(Stage::Mails, Told::Nothing);
        assert_eq!(due(&kept), []);
        assert!(kept.clear(Stage::Mails) && !kept.clear(Stage::Mails));
        assert_eq!((kept.sentence(), due(&kept)), (None, vec![(Stage::Mails, Told::NotTheEnd)]));
        kept.mailed(Stage::Mails, Told::NotTheEnd);
        assert!(kept.is_empty());
    }

    #[test]
    fn an_end_is_mailed_if_and_only_if_its_alarm_was() {
        let mut kept = KeptAlarms::default();
        kept.raise(&alarm(Stage::Ticks));
        assert!(kept.clear(Stage::Ticks) && kept.is_empty());
        kept.raise(&alarm(Stage::Ticks));
        kept.mailed(Stage::Ticks, Told::Nothing);
        kept.clear(Stage::Ticks);
        // Stuck again before its end could be mailed: the reader of the mails knows so already.
        assert!(kept.raise(&alarm(Stage::Ticks)));
        assert_eq!(due(&kept), []);
    }

    #[test]
    fn a_stage_that_moves_again_leaves_the_others_stuck() {
        let mut kept = KeptAlarms::default();
        kept.raise(&alarm(Stage::Mails));
        kept.raise(&alarm(Stage::Ticks));
        assert_eq!((kept.sentence().as_deref(), kept.stuck().count()), (Some("ticks: ticks is stuck"), 2));
        kept.clear(Stage::Ticks);
        assert_eq!(kept.sentence().as_deref(), Some("mails: mails is stuck"));
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(serde_json::from_str::<KeptAlarms>(&text).unwrap(), kept);
    }
}
