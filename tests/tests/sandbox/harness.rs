//! Schools whose component is `guests/hostile`: the school's name, the body of a push, or the id of a course is the
//! script. The world around them is in `world.rs`.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use chrono::{DateTime, Utc};
use host::clock::{Clock, VirtualClock};
use host::engine::Engine;
use host::limits::Limits;
use host::push::Push;
use host::school::{Budget, CallError, CallFailure, CourseChange, Host, HostConfig, School, StatusQuery};
use host::store::MemoryStore;
use simulator::{Pushed, sign};

use crate::world::{PUSH_KEY, World, interfaces};

/// Ticks that may run at once.
pub(crate) const PLACES: u32 = 4;

/// A school that plays scripts, and everything that its scripts did.
pub(crate) struct Playground {
    pub(crate) world: Arc<World>,
    pub(crate) clock: Arc<VirtualClock>,
    /// The clock of the host.
    now: Arc<dyn Clock>,
    host: Host,
    pub(crate) school: School,
}

/// The exports, each of which plays a script.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Export {
    Tick,
    CourseChanged,
    AttendanceReceived,
    Statuses,
}

impl Playground {
    /// A school on which nobody has called yet, in virtual time.
    pub(crate) fn new() -> Self {
        Self::of(engine(|_| {}), |_| {})
    }

    /// The same in a host of its own.
    pub(crate) fn of(engine: Engine, adjust: impl FnOnce(&mut HostConfig)) -> Self {
        let world = Arc::new(World::default());
        let clock = Arc::new(VirtualClock::new(DateTime::<Utc>::UNIX_EPOCH));
        let mut config = HostConfig::new(clock.clone(), Arc::new(MemoryStore::default()), world.clone());
        adjust(&mut config);
        let now = Arc::clone(&config.clock);
        let host = Host::new(engine, config);
        let school = host.open("school-1".into(), interfaces(&world));
        Self { world, clock, now, host, school }
    }

    /// Another school of the same host.
    pub(crate) fn neighbour(&self, id: &str) -> Self {
        let world = Arc::new(World::default());
        let school = self.host.open(id.into(), interfaces(&world));
        Self { world, clock: self.clock.clone(), now: self.now.clone(), host: self.host.clone(), school }
    }

    /// Plays a script in an export; returns everything that the guest saw, or the failure of the call.
    pub(crate) async fn play(&self, export: Export, script: &str) -> String {
        match export {
            Export::Tick => self.tick(script).await,
            Export::CourseChanged => told(self.school.course_changed(CourseChange::Removed(script.to_owned())).await),
            Export::AttendanceReceived => self.push(script).await,
            Export::Statuses => told(self.school.statuses(StatusQuery::Ids(vec![script.to_owned()])).await),
        }
    }

    /// Plays a script in a tick.
    pub(crate) async fn tick(&self, script: &str) -> String {
        self.tick_of(script, Budget { items: 100, seconds: 2 }).await
    }

    /// Plays a script in a tick with this budget.
    pub(crate) async fn tick_of(&self, script: &str, budget: Budget) -> String {
        self.world.plays(script);
        told(self.school.tick(budget).await)
    }

    /// The entries of the request log.
    pub(crate) fn logged(&self) -> String {
        self.world.logged.lock().unwrap().join("\n")
    }

    /// Delivers, and returns the items that GEGI received.
    pub(crate) async fn delivered(&self) -> String {
        self.school.deliver().await.unwrap();
        std::mem::take(&mut *self.world.received.lock().unwrap()).join("\n")
    }

    /// Plays a script in a call without network.
    pub(crate) async fn push(&self, script: &str) -> String {
        let number = self.world.pushes.fetch_add(1, Ordering::Relaxed);
        let pushed = sign(PUSH_KEY, &format!("msg_{number}"), self.now.now(), script.to_owned());
        let Pushed { id, timestamp, signature, body } = pushed;
        let push = Push { id, timestamp, signature, body: body.into() };
        told(self.school.attendance_received("main", push).await)
    }
}

fn told<T>(result: Result<T, CallFailure>) -> String {
    match result {
        Ok(_) => "ok".to_owned(),
        Err(CallFailure::Refused(CallError::BadInput(seen))) => seen,
        Err(failure) => format!("{failure} [{:?}]", failure.next()),
    }
}

/// An engine for the hostile component, which is built and compiled once for the test program. A tick may take the
/// seconds of its budget and no more.
pub(crate) fn engine(change: impl FnOnce(&mut Limits)) -> Engine {
    static GUEST: OnceLock<Vec<u8>> = OnceLock::new();
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    let usual = || {
        let mut limits = Limits::default();
        limits.sandbox.tick_grace = Duration::ZERO;
        limits.sandbox.concurrent_calls = PLACES;
        limits
    };
    let build = || {
        tests::discretion::watch();
        std::fs::read(tests::guests::build("hostile-guest", env!("CARGO_TARGET_TMPDIR"))).unwrap()
    };
    let compile = |limits| Engine::new(GUEST.get_or_init(build), limits, Some(compiled_code())).unwrap();
    let mut limits = usual();
    change(&mut limits);
    if limits == usual() { ENGINE.get_or_init(|| compile(limits)).clone() } else { compile(limits) }
}

/// The directory in which all tests of this workspace keep compiled components, the component of the program under test
/// included: a component is compiled once for all of them.
pub(crate) fn compiled_code() -> &'static Path {
    Path::new(concat!(env!("CARGO_TARGET_TMPDIR"), "/cache/gegi-coursekey"))
}
