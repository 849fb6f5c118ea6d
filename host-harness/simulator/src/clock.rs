//! The clock of a simulator on a port: it may begin at another moment than the present one, go faster or stand still, and
//! be set forward over HTTP, so that a term can be played with `curl`. The machine's clock is passed in.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Method, Request};
use serde::Deserialize;
use serde_json::json;

/// Tells the machine's time. The host's clock can be used here although this crate does not know the host.
pub type Now = Arc<dyn Fn() -> DateTime<Utc> + Send + Sync>;

/// The path under which the clock is read (GET) and set (PUT `{"now": INSTANT}`).
pub(super) const PATH: &str = "/clock";

/// The simulator's clock.
pub struct Clock {
    machine: Now,
    speed: i32,
    set: Mutex<Setting>,
}

/// What the clock showed at a moment of the machine.
#[derive(Clone, Copy)]
struct Setting {
    shown: DateTime<Utc>,
    machine: DateTime<Utc>,
}

/// The body of a request that sets the clock.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    now: DateTime<Utc>,
}

impl Clock {
    /// A clock that shows `at` now (none: what the machine shows) and then goes `speed` times as fast as the machine's; 0:
    /// it stands still until it is set.
    pub fn new(machine: Now, at: Option<DateTime<Utc>>, speed: u16) -> Self {
        let moment = machine();
        let set = Mutex::new(Setting { shown: at.unwrap_or(moment), machine: moment });
        Self { machine, speed: i32::from(speed), set }
    }

    /// What the clock shows.
    pub fn now(&self) -> DateTime<Utc> {
        self.shown(*self.set.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn shown(&self, Setting { shown, machine }: Setting) -> DateTime<Utc> {
        let passed = ((self.machine)() - machine).max(TimeDelta::zero());
        let passed = passed.checked_mul(self.speed).unwrap_or(TimeDelta::MAX);
        shown.checked_add_signed(passed).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Sets the clock forward. The error says why it stays as it is.
    fn set(&self, to: DateTime<Utc>) -> Result<(), String> {
        let mut set = self.set.lock().unwrap_or_else(PoisonError::into_inner);
        let shown = self.shown(*set);
        if to < shown {
            return Err(format!("the clock shows {} and goes forward only", text(shown)));
        }
        *set = Setting { shown: to, machine: (self.machine)() };
        Ok(())
    }

    /// Answers a request for [`PATH`]: the status and the body.
    pub(super) fn answer(&self, request: &Request<Bytes>) -> (u16, Bytes) {
        let done = match *request.method() {
            Method::GET => Ok(()),
            Method::PUT => serde_json::from_slice(request.body())
                .map_err(|error| (400, format!("send {{\"now\": INSTANT}}: {error}")))
                .and_then(|Wish { now }| self.set(now).map_err(|why| (400, why))),
            _ => Err((405, "the clock is read with GET and set with PUT".to_owned())),
        };
        let (status, body) = match done {
            Ok(()) => (200, json!({ "now": text(self.now()), "speed": self.speed })),
            Err((status, message)) => (status, json!({ "error": { "code": "clock", "message": message } })),
        };
        (status, Bytes::from(body.to_string()))
    }
}

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::tests::at;

    /// A clock whose machine stands at 08:00:00 until it is moved.
    fn clock(shows: Option<&str>, speed: u16) -> (Clock, Arc<Mutex<DateTime<Utc>>>) {
        let machine = Arc::new(Mutex::new(at("08:00:00")));
        let read = machine.clone();
        (Clock::new(Arc::new(move || *read.lock().unwrap()), shows.map(at), speed), machine)
    }

    fn told(clock: &Clock, method: Method, body: &'static str) -> String {
        let request = Request::builder().method(method).uri(PATH).body(Bytes::from(body)).unwrap();
        let (status, body) = clock.answer(&request);
        format!("{status} {}", String::from_utf8_lossy(&body))
    }

    #[test]
    fn it_begins_where_it_is_told_and_goes_as_fast_as_it_is_told() {
        for (shows, speed, expected) in [
            (None, 1, "08:00:10"),
            (Some("12:00:00"), 1, "12:00:10"),
            (Some("12:00:00"), 60, "12:10:00"),
            (Some("12:00:00"), 0, "12:00:00"),
        ] {
            let (clock, machine) = clock(shows, speed);
            *machine.lock().unwrap() = at("08:00:10");
            assert_eq!(clock.now(), at(expected), "{shows:?} {speed}");
        }
    }

    #[test]
    fn it_is_set_forward_and_never_back() {
        let (clock, machine) = clock(Some("12:00:00"), 0);
        let noon = told(&clock, Method::GET, "");
        assert!(noon.starts_with("200 ") && noon.contains("T12:00:00Z"), "{noon}");
        let body = json!({ "now": text(at("15:00:00")) }).to_string();
        assert!(told(&clock, Method::PUT, body.leak()).contains("T15:00:00Z"));
        let body = json!({ "now": text(at("14:59:59")) }).to_string();
        assert!(told(&clock, Method::PUT, body.leak()).starts_with("400 "));
        assert!(told(&clock, Method::PUT, "{}").starts_with("400 "));
        assert!(told(&clock, Method::DELETE, "").starts_with("405 "));
        *machine.lock().unwrap() = at("07:00:00");
        assert_eq!(clock.now(), at("15:00:00"), "a machine's clock that is set back takes nothing back");
    }

    #[test]
    fn it_stops_at_the_end_of_the_calendar() {
        let (clock, machine) = clock(None, u16::MAX);
        *machine.lock().unwrap() = DateTime::<Utc>::MAX_UTC;
        assert_eq!(clock.now(), DateTime::<Utc>::MAX_UTC);
    }
}
