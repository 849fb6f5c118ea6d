//! How the demo's time goes: it plays at a speed, stands, or goes forward to a moment. Values in, the next moment out; the
//! waiting is done in `conductor`.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// The fastest speed: a month in three quarters of a minute, if the schools' ticks keep up.
pub(super) const FASTEST: u32 = 1_000;

/// How time goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Playback {
    /// Whether it goes on by itself.
    pub(super) is_playing: bool,
    /// Minutes of the schools' time in a second.
    pub(super) minutes_per_second: u32,
    /// A moment to which it goes as fast as it can; from there on as before.
    pub(super) towards: Option<DateTime<Utc>>,
}

/// A change of how time goes; what is not named stays.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub(super) struct PlaybackChange {
    playing: Option<bool>,
    minutes_per_second: Option<u32>,
    /// Go forward to this moment.
    to: Option<DateTime<Utc>>,
    /// Go forward by so many minutes.
    step_minutes: Option<u32>,
}

/// Time as it is shown.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(super) struct Shown {
    now: DateTime<Utc>,
    playing: bool,
    minutes_per_second: u32,
    towards: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
}

impl Default for Playback {
    fn default() -> Self {
        Self { is_playing: true, minutes_per_second: 30, towards: None }
    }
}

impl Playback {
    /// Takes a change at `now`. The error says why nothing was changed.
    pub(super) fn change(&mut self, change: &PlaybackChange, now: DateTime<Utc>) -> Result<(), String> {
        let step = change.step_minutes.map(|minutes| now + TimeDelta::minutes(minutes.into()));
        if change.minutes_per_second.is_some_and(|speed| speed == 0 || speed > FASTEST) {
            return Err(format!("minutes-per-second is out of range; write 1 to {FASTEST}"));
        }
        if change.to.is_some_and(|to| to < now) {
            return Err(format!("the clock shows {now} and goes forward only; write a later moment"));
        }
        self.is_playing = change.playing.unwrap_or(self.is_playing);
        self.minutes_per_second = change.minutes_per_second.unwrap_or(self.minutes_per_second);
        self.towards = change.to.or(step).or(self.towards);
        Ok(())
    }

    /// What the clock shows after the machine's clock went on by `passed`. It stops at `next`, the moment at which the
    /// next thing is due. While something `works` it goes as the machine's does, whether it plays or not: a tick has
    /// seconds, and requests leave at a pace.
    pub(super) fn after(
        &mut self,
        now: DateTime<Utc>,
        passed: Duration,
        works: bool,
        next: Option<DateTime<Utc>>,
    ) -> DateTime<Utc> {
        let passed = TimeDelta::from_std(passed).unwrap_or(TimeDelta::zero());
        if works {
            return now + passed;
        }
        let stop = |to: DateTime<Utc>| next.map_or(to, |next| to.min(next.max(now)));
        if let Some(towards) = self.towards {
            let reached = stop(towards.max(now));
            if reached >= towards {
                self.towards = None;
            }
            return reached;
        }
        let speed = i32::try_from(self.minutes_per_second).unwrap_or(1) * 60;
        if self.is_playing { stop(now + passed * speed) } else { now }
    }

    /// Time as it is shown.
    pub(super) fn shown(&self, now: DateTime<Utc>, next: Option<DateTime<Utc>>) -> Shown {
        let Self { is_playing: playing, minutes_per_second, towards } = *self;
        Shown { now, playing, minutes_per_second, towards, next }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minute: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::minutes(minute)
    }

    const SECOND: Duration = Duration::from_secs(1);

    fn change(text: &str) -> PlaybackChange {
        serde_json::from_str(text).unwrap()
    }

    #[test]
    fn it_plays_at_its_speed_and_stops_where_something_is_due() {
        let mut playback = Playback::default();
        assert_eq!(playback.after(at(0), SECOND, false, None), at(30));
        assert_eq!(playback.after(at(0), SECOND, false, Some(at(7))), at(7));
        assert_eq!(playback.after(at(9), SECOND, false, Some(at(7))), at(9), "what is overdue is waited for");
        assert_eq!(playback.after(at(0), SECOND, true, Some(at(7))), at(0) + TimeDelta::seconds(1));
    }

    #[test]
    fn it_stands_and_goes_to_a_moment_when_it_is_told() {
        let mut playback = Playback::default();
        playback.change(&change(r#"{"playing":false}"#), at(0)).unwrap();
        assert_eq!(playback.after(at(0), SECOND, false, None), at(0));
        playback.change(&change(r#"{"step-minutes":600}"#), at(0)).unwrap();
        assert_eq!(playback.after(at(0), SECOND, false, Some(at(60))), at(60));
        assert_eq!(playback.after(at(60), SECOND, false, Some(at(700))), at(600));
        assert_eq!(playback.after(at(600), SECOND, false, None), at(600), "it stands again");
    }

    #[test]
    fn it_never_goes_back_and_has_a_fastest_speed() {
        let mut playback = Playback::default();
        for wrong in
            [r#"{"to":"1969-12-31T00:00:00Z"}"#, r#"{"minutes-per-second":0}"#, r#"{"minutes-per-second":1001}"#]
        {
            assert!(playback.change(&change(wrong), at(0)).is_err(), "{wrong}");
        }
        assert_eq!(playback, Playback::default());
    }
}
