//! Silence is an error: when a list of CourseKey that cannot be read or sent is told of, and the sentences about it.
//! Not here: which requests failed (`tick::campus`), and which courses need a list (`status`, `tick::settle`).

use serde::{Deserialize, Serialize};

use crate::model::time::{Instant, Seconds};
use crate::model::zone::Zone;
use crate::naming::moment;

/// DOMAIN §4 "CourseKey cannot be reached, or attendance cannot be read": "after three failed ticks, and 15 minutes at
/// least, every course it concerns is Failed".
const FAILED_TICKS: u32 = 3;
const AT_LEAST: Seconds = Seconds(15 * 60);

/// How long a list of CourseKey has been failing. One tick in which every request to the list went well ends it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failing {
    /// How many ticks in a row that used the list had a request fail.
    pub ticks: u32,
    /// When the first of these ticks was.
    pub since: Instant,
    /// Why a request of the last of these ticks failed.
    pub reason: String,
}

impl Failing {
    /// Notes one more tick with a failure.
    pub fn once_more(before: Option<&Self>, reason: &str, now: Instant) -> Self {
        Self {
            ticks: before.map_or(0, |before| before.ticks).saturating_add(1),
            since: before.map_or(now, |before| before.since),
            reason: reason.to_owned(),
        }
    }

    /// From when on the failure is told of, if the list does not work before; none: too few ticks have failed.
    pub fn told_from(&self) -> Option<Instant> {
        (self.ticks >= FAILED_TICKS).then_some(self.since + AT_LEAST)
    }

    /// Whether the failure is told of.
    pub fn is_told(&self, now: Instant) -> bool {
        self.told_from().is_some_and(|from| now >= from)
    }
}

/// What a course waits for in vain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    /// Its roster, or a part of it, is to be sent.
    Sending,
    /// Its attendance is to be read.
    Reading,
}

/// Something that a course waits for in vain, for so long that the course is Failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Silence {
    /// What does not work.
    pub what: What,
    /// The last moment at which it is known to have worked, or the first at which it did not.
    pub since: Instant,
    /// From when on the silence is told of.
    pub told_from: Instant,
    /// Why it does not work.
    pub reason: String,
}

impl Silence {
    /// For the tooltip: "attendance has not been read since …" or "nothing could be sent since …".
    pub fn sentence(&self, zone: Option<Zone>) -> String {
        let what = match self.what {
            What::Sending => "nothing could be sent",
            What::Reading => "attendance has not been read",
        };
        format!("{what} since {}: {}", moment(self.since, zone), self.reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::at;

    /// Whether the silence is told of after failures at these minutes, and a look at the last one.
    fn told(failures: &[i64], look: i64) -> bool {
        let minute = |minute: i64| at("2023-09-05T12:00:00Z") + Seconds(60 * minute);
        let failing = failures.iter().fold(None, |before: Option<Failing>, at| {
            Some(Failing::once_more(before.as_ref(), "no answer", minute(*at)))
        });
        failing.unwrap().is_told(minute(look))
    }

    #[test]
    fn it_takes_three_failed_ticks_and_fifteen_minutes() {
        assert!(!told(&[0, 60], 120), "two failed ticks are no silence, however long ago");
        assert!(!told(&[0, 1, 2, 3, 4], 14));
        assert!(told(&[0, 1, 2], 15));
        assert!(told(&[0, 5, 15], 15));
    }

    #[test]
    fn the_sentence_says_since_when_by_the_campuss_clocks() {
        let since = at("2023-09-05T00:00:00Z");
        let silence = Silence { what: What::Reading, since, told_from: since, reason: "no answer".to_owned() };
        assert_eq!(
            silence.sentence(Some(Zone::parse("America/New_York").unwrap())),
            "attendance has not been read since 2023-09-04 20:00 EDT: no answer"
        );
        assert_eq!(
            Silence { what: What::Sending, ..silence }.sentence(None),
            "nothing could be sent since 2023-09-05 00:00 UTC: no answer"
        );
    }
}
