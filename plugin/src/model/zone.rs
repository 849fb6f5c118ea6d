//! Time zones: every name that chrono-tz knows, and what the clocks of the zone have shown since 1970. The build script
//! packs the tables and says how. Not here: days and sentences, which are made from a zone in `time` and `naming`.

use std::fmt;

use super::time::{Instant, Seconds};

/// A time zone, known by its name. Two names of one zone are two values, see [`Zone::same_clocks`].
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Zone(&'static Row);

/// A name, and the clocks of its zone. The names are in the order of their lower-case letters.
type Row = (&'static str, &'static Clock);

/// The changes of the clocks of one or several names.
#[derive(PartialEq, Eq)]
struct Clock {
    /// From this second since 1970 on everything comes again every [`tables::ROUND`].
    repeats: i64,
    /// The changes in order of time. The first is at the beginning of 1970 and stands for all time before.
    changes: &'static [Change],
}

/// When the clocks were changed, and to what: the days since 1970 in UTC, the place of the time of that day in
/// [`tables::TIMES`], and the place in [`tables::STATES`] of what the clocks show from then on.
type Change = (u16, u8, u8);

fn moment((day, time, _): Change) -> i64 {
    i64::from(day) * 86_400 + tables::TIMES.get(usize::from(time)).map_or(0, |time| i64::from(*time))
}

#[allow(clippy::unreadable_literal)] // The build script writes them.
mod tables {
    use super::{Clock, Row};

    include!(concat!(env!("OUT_DIR"), "/zones.rs"));
}

impl Zone {
    /// The zone whose clocks show UTC.
    pub fn utc() -> Self {
        Self(tables::UTC)
    }

    /// The zone of a name, written in capital or small letters; none: nobody knows such a zone.
    pub fn parse(name: &str) -> Option<Self> {
        let letters = |name: &'static str| name.bytes().map(|byte| byte.to_ascii_lowercase());
        let wanted = || name.bytes().map(|byte| byte.to_ascii_lowercase());
        let place = tables::ZONES.binary_search_by(|(known, _)| letters(known).cmp(wanted())).ok()?;
        tables::ZONES.get(place).map(Self)
    }

    /// The name as the IANA database writes it.
    pub fn name(self) -> &'static str {
        self.0.0
    }

    /// What the clocks of the zone are ahead of UTC at a moment.
    pub fn ahead(self, at: Instant) -> Seconds {
        Seconds(i64::from(self.state(at).0))
    }

    /// The abbreviation for what the clocks of the zone show at a moment, such as EDT, or +0530 where there is none.
    pub fn abbreviation(self, at: Instant) -> &'static str {
        self.state(at).1
    }

    /// The first moment at which the clocks of the zone show a local date and time, given as seconds since
    /// 1970-01-01T00:00:00 on these clocks; none: a change of the clocks skips it.
    pub fn first_moment(self, local: i64) -> Option<Instant> {
        // No clock is a whole day off UTC, and between two changes of a zone there are more than two days.
        let day = Seconds::days(1);
        let candidates = [Instant(local) - day, Instant(local) + day].map(|near| Instant(local) - self.ahead(near));
        candidates.into_iter().filter(|at| *at + self.ahead(*at) == Instant(local)).min()
    }

    /// Whether the clocks of the other zone have always shown the same, since 1970, so that both names mean the same.
    pub fn same_clocks(self, other: Self) -> bool {
        let rounds = tables::END / tables::ROUND;
        let changes = [self, other].into_iter().flat_map(|zone| zone.0.1.changes);
        let mut again = changes.flat_map(|change| (0..=rounds).map(|n| Instant(moment(*change) + n * tables::ROUND)));
        self.0.1 == other.0.1 || again.all(|at| self.ahead(at) == other.ahead(at))
    }

    fn state(self, at: Instant) -> (i32, &'static str) {
        let Clock { repeats, changes } = *self.0.1;
        let later = at.0.saturating_sub(repeats);
        let at = if later < tables::ROUND { at.0 } else { repeats + later % tables::ROUND };
        let last = changes.partition_point(|change| moment(*change) <= at).saturating_sub(1);
        let state = changes.get(last).and_then(|(.., state)| tables::STATES.get(usize::from(*state)));
        state.copied().unwrap_or((0, "UTC"))
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests;
