//! The pace of requests: those of all schools to one CourseKey leave at the operator's rate, which the schools share fairly,
//! and hardly any leave while CourseKey fails. Which request leaves when is `host::schedule`'s to say; here is the waiting.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use host::clock::Clock;
use host::door::{Answer, Outgoing, Transport, TransportError};
use host::schedule::{Asked, Heard, Origins, Pass, Ticket, retry_after};
use host::store::SchoolId;
use http::{StatusCode, header};
use tokio::sync::{Notify, oneshot};

/// The longest time for which nobody looks at the line.
const LOOKS_EVERY: Duration = Duration::from_secs(1);

/// A transport that lets requests leave at a pace. Cheap to clone.
#[derive(Clone)]
pub struct Paced(Arc<Line>);

struct Line {
    transport: Arc<dyn Transport>,
    clock: Arc<dyn Clock>,
    /// Requests a second to one origin, of all processes together.
    per_second: u32,
    origins: Mutex<Waiting>,
    /// Rung when somebody joined the line.
    joined: Notify,
}

struct Waiting {
    origins: Origins,
    passes: BTreeMap<(String, Ticket), oneshot::Sender<Pass>>,
}

impl Paced {
    /// Lets requests leave through a transport, so many a second to each origin.
    pub fn new(transport: Arc<dyn Transport>, clock: Arc<dyn Clock>, per_second: f64) -> Self {
        // A rate below one a second is one a second: the schedule counts whole requests.
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // The configuration has 0.1 to 100,000.
        let per_second = per_second.ceil().clamp(1.0, 100_000.0) as u32;
        let waiting = Waiting { origins: Origins::new(per_second), passes: BTreeMap::new() };
        let origins = Mutex::new(waiting);
        Self(Arc::new(Line { transport, clock, per_second, origins, joined: Notify::new() }))
    }

    /// Takes this process's part of the rate, of so many processes; one request a second at the least.
    pub fn share(&self, processes: u64) {
        let processes = u32::try_from(processes.max(1)).unwrap_or(u32::MAX);
        self.0.lock().origins.set_rate(self.0.per_second.div_ceil(processes));
    }

    /// Lets the requests go whose turn has come, for as long as the service lives.
    pub async fn keep(self) {
        loop {
            let now = self.0.clock.now();
            let next = {
                let mut waiting = self.0.lock();
                while let Some((origin, released)) = waiting.origins.release(now) {
                    let place = (origin.to_owned(), released.ticket);
                    if let Some(pass) = waiting.passes.remove(&place) {
                        // Whoever gave up has told so by its guard.
                        let _ = pass.send(released.pass);
                    }
                }
                waiting.origins.next_moment()
            };
            let left = next.map_or(LOOKS_EVERY, |next| (next - now).to_std().unwrap_or_default()).min(LOOKS_EVERY);
            tokio::select! {
                () = self.0.joined.notified() => {}
                () = crate::runner::wait(left) => {}
            }
        }
    }
}

impl Line {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        // A panic while the lock is held cannot leave a change half made.
        self.origins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the request may leave, or is told when to come back.
    async fn pass<'a>(&'a self, origin: &'a str, school: &'a SchoolId) -> Pass {
        let waits = {
            let mut waiting = self.lock();
            match waiting.origins.origin(origin).ask(school, 1, self.clock.now()) {
                Asked::Passes(pass) => return pass,
                Asked::Waits(ticket) => {
                    let (pass, waits) = oneshot::channel();
                    waiting.passes.insert((origin.to_owned(), ticket), pass);
                    Place { line: self, origin, school, ticket, waits: Some(waits) }
                }
            }
        };
        self.joined.notify_one();
        waits.pass().await
    }

    fn heard(&self, origin: &str, school: &SchoolId, heard: Heard) {
        self.lock().origins.origin(origin).heard(school, heard, self.clock.now());
    }
}

/// A place in the line, which is given up when nobody waits there any more.
struct Place<'a> {
    line: &'a Line,
    origin: &'a str,
    school: &'a SchoolId,
    ticket: Ticket,
    waits: Option<oneshot::Receiver<Pass>>,
}

impl Place<'_> {
    async fn pass(mut self) -> Pass {
        let Some(waits) = self.waits.as_mut() else { return Pass::Go };
        // The line lives as long as this place, so it answers.
        let pass = waits.await.unwrap_or(Pass::Go);
        self.waits = None;
        pass
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some(mut waits) = self.waits.take() else { return };
        let mut waiting = self.line.lock();
        waiting.passes.remove(&(self.origin.to_owned(), self.ticket));
        let origin = waiting.origins.origin(self.origin);
        match waits.try_recv() {
            // It was let go, and does not leave: a probe of the origin's brought nothing.
            Ok(Pass::Go) => origin.heard(self.school, Heard::Nothing, self.line.clock.now()),
            Ok(Pass::ComeBack(_)) => {}
            Err(_) => origin.give_up(self.ticket),
        }
    }
}

#[async_trait]
impl Transport for Paced {
    async fn send(&self, outgoing: Outgoing) -> Result<Answer, TransportError> {
        let uri = outgoing.request.uri();
        let origin =
            format!("{}://{}", uri.scheme_str().unwrap_or_default(), uri.authority().map_or("", |at| at.as_str()));
        let school = outgoing.school.clone();
        if let Pass::ComeBack(at) = self.0.pass(&origin, &school).await {
            return Ok(come_back(at, self.0.clock.now()));
        }
        // A request whose future is dropped brings nothing.
        let mut under_way = UnderWay { line: &self.0, origin: &origin, school: &school, heard: Heard::Nothing };
        let answer = self.0.transport.send(outgoing).await;
        under_way.heard = match &answer {
            Ok(answer) => {
                let after = answer.response.headers().get(header::RETRY_AFTER).and_then(|text| text.to_str().ok());
                let after = after.and_then(|text| retry_after(text, self.0.clock.now()));
                Heard::of(answer.response.status().as_u16(), after)
            }
            Err(_) => Heard::silence(),
        };
        answer
    }
}

/// A request that has left. Whatever becomes of it, the origin hears of it.
struct UnderWay<'a> {
    line: &'a Line,
    origin: &'a str,
    school: &'a SchoolId,
    heard: Heard,
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.line.heard(self.origin, self.school, self.heard);
    }
}

/// The answer to a request that does not leave: CourseKey is busy until then.
fn come_back(at: DateTime<Utc>, now: DateTime<Utc>) -> Answer {
    let seconds = (at - now).num_seconds().max(1);
    let mut response = http::Response::new(Bytes::new());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    Answer { response, latency: Duration::ZERO }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use chrono::TimeDelta;
    use host::clock::VirtualClock;

    use super::*;

    /// A CourseKey that answers with a status, asks to be left alone for an hour, and counts.
    struct Busy(StatusCode, AtomicUsize);

    #[async_trait]
    impl Transport for Busy {
        async fn send(&self, _: Outgoing) -> Result<Answer, TransportError> {
            self.1.fetch_add(1, Ordering::SeqCst);
            let mut answer = come_back(DateTime::UNIX_EPOCH + TimeDelta::hours(1), DateTime::UNIX_EPOCH);
            *answer.response.status_mut() = self.0;
            Ok(answer)
        }
    }

    fn paced(status: StatusCode) -> (Paced, Arc<Busy>, Arc<VirtualClock>) {
        let busy = Arc::new(Busy(status, AtomicUsize::new(0)));
        let clock = Arc::new(VirtualClock::new(DateTime::from_timestamp(1_700_000_000, 0).unwrap()));
        (Paced::new(Arc::clone(&busy) as _, Arc::clone(&clock) as _, 2.0), busy, clock)
    }

    fn outgoing(school: &str) -> Outgoing {
        let request = http::Request::get("https://api.example.com/v1/schools/5").body(Bytes::new()).unwrap();
        Outgoing { request, school: SchoolId::from(school), campus: "main".to_owned() }
    }

    #[tokio::test]
    async fn requests_leave_at_the_rate_and_one_that_is_given_up_leaves_its_place() {
        let (paced, sent, clock) = paced(StatusCode::OK);
        paced.send(outgoing("a")).await.unwrap();
        let keeping = tokio::spawn(paced.clone().keep());
        {
            let given_up = paced.send(outgoing("b"));
            tokio::pin!(given_up);
            tokio::select! { biased; _ = &mut given_up => unreachable!(), () = std::future::ready(()) => {} }
        }
        let waits = paced.send(outgoing("c"));
        tokio::pin!(waits);
        tokio::select! { biased; _ = &mut waits => unreachable!(), () = tokio::task::yield_now() => {} }
        assert_eq!(sent.1.load(Ordering::SeqCst), 1);
        clock.advance_to(clock.now() + TimeDelta::seconds(1));
        paced.0.joined.notify_one();
        waits.await.unwrap();
        assert_eq!(sent.1.load(Ordering::SeqCst), 2);
        assert!(paced.0.lock().passes.is_empty());
        keeping.abort();
    }

    #[tokio::test]
    async fn a_coursekey_that_fails_for_many_schools_is_left_alone() {
        let (paced, sent, clock) = paced(StatusCode::TOO_MANY_REQUESTS);
        for number in 0..40 {
            clock.advance_to(clock.now() + TimeDelta::seconds(1));
            let answer = paced.send(outgoing(&format!("school-{}", number % 5))).await.unwrap();
            assert!(answer.response.headers().contains_key(header::RETRY_AFTER));
        }
        let sent = sent.1.load(Ordering::SeqCst);
        assert!(sent < 15, "{sent} of 40 requests left");
    }
}
