//! The conductor: moves the demo's clock, has happen what is due, and waits in between. How time goes is `playback`'s to
//! say; which school is ticked when is the service's.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use host::clock::{Clock as _, VirtualClock};
use host::limits::Stopwatch;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use service::client::ApiClient;
use service::problem::Problem;
use service::service::Service;
use tokio::sync::Notify;

use super::gegi::Gegi;
use super::playback::{Playback, PlaybackChange, Shown};

/// The most seconds for which somebody may wait for the clock.
const LONGEST_WAIT: u64 = 60;

/// How often the clock is moved.
const BEAT: Duration = Duration::from_millis(20);
/// How often the clock is moved while it goes to a moment as fast as it can.
const HURRIED_BEAT: Duration = Duration::from_millis(2);

/// The demo's time: its clock, and how it goes. Cheap to clone.
#[derive(Clone)]
pub(super) struct Time {
    pub(super) clock: Arc<VirtualClock>,
    playback: Arc<Mutex<Playback>>,
    /// The next moment at which something is due, as of the latest beat.
    next: Arc<Mutex<Option<DateTime<Utc>>>>,
    /// Notified when the clock has come where it was sent.
    arrived: Arc<Notify>,
}

/// How long somebody waits for the clock.
#[derive(Deserialize)]
struct Waits {
    /// Seconds to wait until the clock has come where it was sent; none: not at all.
    wait: Option<u64>,
}

/// Where the demo is, so that it goes on there after its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Position {
    /// What the clock shows.
    pub(super) clock: DateTime<Utc>,
    /// How many changes of each school have happened, in the schools' order.
    pub(super) played: Vec<usize>,
}

impl Time {
    /// A clock that shows `start`.
    pub(super) fn new(start: DateTime<Utc>) -> Self {
        let clock = Arc::new(VirtualClock::new(start));
        Self { clock, playback: Arc::default(), next: Arc::default(), arrived: Arc::default() }
    }

    /// The address under which time is read and changed.
    pub(super) fn routes(&self) -> Router<Service> {
        Router::new().route("/demo/clock", get(show).put(change)).layer(axum::Extension(self.clone()))
    }

    fn shown(&self) -> Shown {
        let playback = self.playback();
        playback.shown(self.clock.now(), *lock(&self.next))
    }

    fn playback(&self) -> MutexGuard<'_, Playback> {
        lock(&self.playback)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // A panic while the lock is held cannot leave a change half made.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn show(
    State(service): State<Service>,
    Query(Waits { wait }): Query<Waits>,
    axum::Extension(time): axum::Extension<Time>,
) -> Json<Shown> {
    let since = Stopwatch::start();
    let longest = Duration::from_secs(wait.unwrap_or(0).min(LONGEST_WAIT));
    loop {
        // Registered before the look, so that no arrival is missed.
        let arrived = time.arrived.notified();
        let left = longest.saturating_sub(since.elapsed());
        if time.playback().towards.is_none() || left.is_zero() || service.is_ending() {
            return Json(time.shown());
        }
        let _ = tokio::time::timeout(left, arrived).await;
    }
}

async fn change(axum::Extension(time): axum::Extension<Time>, body: axum::body::Bytes) -> Response {
    let asked = serde_json::from_slice::<PlaybackChange>(&body).map_err(|error| error.to_string());
    let changed = asked.and_then(|change| time.playback().change(&change, time.clock.now()));
    match changed {
        Ok(()) => Json(time.shown()).into_response(),
        Err(why) => Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why).into_response(),
    }
}

/// Moves the clock for as long as the service lives.
pub(super) struct Conductor {
    pub(super) time: Time,
    pub(super) service: Service,
    pub(super) schools: Vec<Gegi>,
    pub(super) client: ApiClient,
    /// The file of the position.
    pub(super) position: PathBuf,
}

impl Conductor {
    /// Conducts until something cannot be done.
    pub(super) async fn conduct(mut self) -> anyhow::Result<()> {
        let mut since = Stopwatch::start();
        loop {
            let is_hurried = self.time.playback().towards.is_some();
            service::runner::wait(if is_hurried { HURRIED_BEAT } else { BEAT }).await;
            let passed = since.elapsed();
            since = Stopwatch::start();
            self.beat(passed).await?;
        }
    }

    async fn beat(&mut self, passed: Duration) -> anyhow::Result<()> {
        let now = self.time.clock.now();
        for school in &mut self.schools {
            if school.play(now, &self.service, &self.client).await? {
                self.service.looks().notify_one();
            }
        }
        let runs = self.service.runs();
        let next = self.schools.iter().filter_map(Gegi::next).chain(runs.next_moment()).min();
        *lock(&self.time.next) = next;
        // Whoever reads the time sees the clock and how it goes of one beat.
        let mut playback = lock(&self.time.playback);
        let was_sent = playback.towards.is_some();
        let shows = playback.after(now, passed, runs.running() > 0, next);
        let has_arrived = was_sent && playback.towards.is_none();
        if shows > now {
            // The position is never behind the clock: a clock that went back would undo what is stored.
            self.keep(shows)?;
            self.time.clock.advance_to(shows);
        }
        drop(playback);
        if has_arrived {
            self.time.arrived.notify_waiters();
        }
        if next.is_some_and(|next| next <= shows) {
            self.service.looks().notify_one();
        }
        Ok(())
    }

    fn keep(&self, clock: DateTime<Utc>) -> anyhow::Result<()> {
        let played = self.schools.iter().map(|school| school.played).collect();
        let text = serde_json::to_vec(&Position { clock, played })?;
        let beside = self.position.with_extension("new");
        let written = host::private::write(&beside, &text).and_then(|()| std::fs::rename(beside, &self.position));
        written.map_err(|error| {
            let file = self.position.display();
            anyhow::Error::msg(format!("write {file}: {error}; start the demo again with a folder that stays"))
        })
    }
}
