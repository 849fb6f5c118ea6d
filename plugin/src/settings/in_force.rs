//! Which thresholds were in force when a class began.
//!
//! DOMAIN §4 "Thresholds": "those in force when the class began are kept with its marks; a change of settings applies to
//! classes that begin later".

use serde::{Deserialize, Serialize};

use super::Thresholds;
use crate::model::time::Instant;

/// How many changes of thresholds are remembered. A class is judged within hours of its end, and nobody changes
/// thresholds this often in that time.
const REMEMBERED: usize = 32;

/// Thresholds, each with the moment from which they were in force, ascending. The first thresholds count for all time
/// before them too.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct InForce(Vec<(Instant, Thresholds)>);

impl InForce {
    /// Notes the thresholds of the settings. They count from the moment at which the settings were saved. Where GEGI
    /// does not name that moment, or names one that cannot be, they count from now on.
    pub fn notice(&mut self, thresholds: &Thresholds, saved_at: Option<Instant>, now: Instant) {
        let last = self.0.last();
        if last.is_some_and(|(_, last)| last == thresholds) {
            return;
        }
        let can_be = |at: &Instant| *at <= now && last.is_none_or(|(since, _)| since < at);
        let since = saved_at.filter(can_be).unwrap_or(now);
        self.0.push((since, thresholds.clone()));
        if self.0.len() > REMEMBERED {
            self.0.remove(0);
        }
    }

    /// The thresholds in force at a moment; none: no thresholds were noted yet.
    pub fn at(&self, moment: Instant) -> Option<&Thresholds> {
        let later = self.0.iter().position(|(since, _)| *since > moment).unwrap_or(self.0.len());
        self.0.get(later.saturating_sub(1)).map(|(_, thresholds)| thresholds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::check;
    use crate::testing::{at, settings};

    #[test]
    fn a_change_counts_for_classes_that_begin_at_its_moment_or_later() {
        let (mut history, mut settings) = (InForce::default(), settings());
        for (minutes, since) in
            [(15, "2023-08-01T00:00:00Z"), (15, "2023-08-02T00:00:00Z"), (5, "2023-09-01T12:00:00Z")]
        {
            settings.absent_after_start_minutes = minutes;
            history.notice(&check(&settings).0.thresholds, None, at(since));
        }
        let late = |moment| history.at(at(moment)).map(|thresholds| thresholds.late.whole_minutes());
        assert_eq!(late("2023-07-01T00:00:00Z"), Some(15));
        assert_eq!(late("2023-09-01T11:59:59Z"), Some(15));
        assert_eq!(late("2023-09-01T12:00:00Z"), Some(5));
        assert_eq!(history.0.len(), 2, "only changes are remembered");
    }

    #[test]
    fn a_change_counts_from_the_moment_it_was_saved_though_it_is_seen_later() {
        let (mut history, mut settings) = (InForce::default(), settings());
        let (first, seen) = (at("2023-08-01T00:00:00Z"), at("2023-09-02T00:00:00Z"));
        history.notice(&check(&settings).0.thresholds, None, first);
        settings.absent_after_start_minutes = 5;
        let changed = check(&settings).0.thresholds;
        let since = |saved_at| {
            let mut history = history.clone();
            history.notice(&changed, saved_at, seen);
            history.0[1].0
        };
        assert_eq!(since(Some(at("2023-09-01T12:00:00Z"))), at("2023-09-01T12:00:00Z"));
        assert_eq!(since(Some(at("2023-09-03T00:00:00Z"))), seen, "a moment in the future cannot be");
        assert_eq!(since(Some(first)), seen, "nor one at which other settings were in force");
        assert_eq!(since(None), seen);
    }
}
