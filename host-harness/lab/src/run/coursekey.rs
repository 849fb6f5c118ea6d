//! CourseKey's side of a run: the simulator in this process, or a server outside of this process.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use sha2::{Digest, Sha256};

use crate::InProcess;
use crate::directory::{self, FaultKind, SchoolDirectory};
use host::clock::Clock;
use host::door::{CredentialSource, Secret, Sender, Transport};
use host::gegi::Campus;
use host::limits::Limits;
use host::push::{Push, PushKey, PushKeys};
use simulator::{
    Credentials, Fault, FaultEffect, HeldRecord, Kind, LineError, LogError, Pushed, RejectionCode, SchoolConfig,
    Simulator, StartError,
};

/// The base URL of the simulator in this process. The name is reserved and never resolved.
pub const SIMULATED_URL: &str = "https://coursekey.example/v1";

type Lines = Box<dyn io::BufRead + Send>;

/// Why CourseKey's side of a run fails.
#[derive(Debug, thiserror::Error)]
pub enum CourseKeyError {
    /// A line of a file of the school directory cannot be used.
    #[error("use {file}: {error}")]
    Line {
        /// The name of the file.
        file: &'static str,
        /// The line, and the reason.
        error: LineError,
    },
    /// A file of the school directory cannot be read any more.
    #[error("read the school directory again: {0}")]
    Directory(io::Error),
    /// The simulator's log cannot be used.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The data that CourseKey is to hold at the start cannot be used.
    #[error("use coursekey-start.jsonl: {0}")]
    Start(#[from] StartError),
    /// The school has no such campus.
    #[error("find campus {0:?}: the school has none of that id; name one of school.toml")]
    UnknownCampus(String),
    /// Only the simulator can do this.
    #[error("{0} at CourseKey: it is not simulated here; leave base-url out of school.toml")]
    NotSimulated(&'static str),
}

/// The keys of the campuses.
#[derive(Debug, Clone, Default)]
pub struct Keys {
    /// The keys for requests to CourseKey, by campus.
    pub requests: BTreeMap<String, Secret>,
    /// The keys of CourseKey's pushes, by campus.
    pub pushes: BTreeMap<String, PushKeys>,
}

impl CredentialSource for Keys {
    fn key(&self, campus: &str) -> Option<Secret> {
        self.requests.get(campus).cloned()
    }

    fn push_keys(&self, campus: &str) -> Option<PushKeys> {
        self.pushes.get(campus).cloned()
    }
}

/// The content of a push of the simulated CourseKey.
pub enum ToPush<'a> {
    /// Records that CourseKey lists, by their ids, as they are now; records that CourseKey does not list yet are left
    /// out.
    Records(&'a [String]),
    /// Records in the form of `attendance.jsonl`.
    Lines(&'a mut (dyn io::BufRead + Send)),
    /// A finished body, from this campus's school.
    Body {
        /// The campus.
        campus: &'a str,
        /// The body.
        body: Vec<u8>,
    },
}

/// CourseKey as one school reaches it.
pub struct CourseKey {
    simulator: Option<Arc<Mutex<Simulator>>>,
    /// The way to it.
    pub transport: Arc<dyn Transport>,
    /// The keys of the school's campuses.
    pub keys: Arc<Keys>,
}

impl CourseKey {
    /// CourseKey as a server outside of this process.
    pub(super) fn outside(keys: Keys) -> Self {
        // Loopback is allowed, because a school directory may name a server on the developer's own machine.
        let transport = Sender::new(&Limits::default().http, true);
        Self { simulator: None, transport: Arc::new(transport), keys: Arc::new(keys) }
    }

    /// CourseKey as a simulator in this process.
    pub fn simulated(campuses: &[Campus], simulator: Simulator, clock: Arc<dyn Clock>) -> Self {
        let keys = Keys {
            requests: campuses.iter().map(|campus| (campus.id.clone(), simulated_key(&campus.id))).collect(),
            pushes: campuses.iter().map(|campus| (campus.id.clone(), simulated_push_keys(&campus.id))).collect(),
        };
        let simulator = Arc::new(Mutex::new(simulator));
        let patience = Limits::default().http.first_byte;
        let transport = InProcess::new(Arc::clone(&simulator), clock, patience);
        Self { simulator: Some(simulator), transport: Arc::new(transport), keys: Arc::new(keys) }
    }

    /// Whether the simulator answers.
    pub(super) fn is_simulated(&self) -> bool {
        self.simulator.is_some()
    }

    /// Orders a fault: from now on requests go wrong.
    ///
    /// # Errors
    /// CourseKey is not simulated here.
    pub fn order_fault(&self, fault: &directory::Fault) -> Result<(), CourseKeyError> {
        let effect = match fault.kind {
            FaultKind::Status => {
                let status = fault.status.unwrap_or(500);
                FaultEffect::Status { status, retry_after: fault.retry_after }
            }
            FaultKind::Timeout => FaultEffect::Timeout,
            FaultKind::Cut => FaultEffect::Cut,
            FaultKind::LostAnswer => FaultEffect::LostAnswer,
        };
        // The schema allows the names of kinds alone, so this always finds a kind.
        if let Some(on) = Kind::of_segment(&fault.on) {
            self.simulator("order a fault")?.order_fault(Fault { on, effect, times: fault.times });
        }
        Ok(())
    }

    /// Sets how many requests in a million meet a fault.
    pub(super) fn set_fault_rate(&self, per_million: u32) -> Result<(), CourseKeyError> {
        if per_million > 0 {
            self.simulator("let requests meet faults")?.set_fault_rate(per_million);
        }
        Ok(())
    }

    /// Makes the simulator refuse a person from now on.
    ///
    /// # Errors
    /// CourseKey is not simulated here, or its file cannot be written.
    pub fn reject_user(&self, now: DateTime<Utc>, user: &str, code: &str) -> Result<(), CourseKeyError> {
        if let Some(code) = RejectionCode::parse(code) {
            self.simulator("refuse a person")?.reject_user(now, user, code)?;
        }
        Ok(())
    }

    /// Makes the simulator refuse the keys of every campus, or accept them again.
    ///
    /// # Errors
    /// CourseKey is not simulated here, or its file cannot be written.
    pub fn set_credentials(
        &self,
        now: DateTime<Utc>,
        credentials: directory::Credentials,
    ) -> Result<(), CourseKeyError> {
        let credentials = match credentials {
            directory::Credentials::Revoked => Credentials::Revoked,
            directory::Credentials::Restored => Credentials::Restored,
        };
        Ok(self.simulator("change credentials")?.set_credentials(now, credentials)?)
    }

    /// The pushes that CourseKey sends for `what` now, each with its campus.
    ///
    /// # Errors
    /// CourseKey is not simulated here, or cannot push that.
    pub fn push(
        &self,
        now: DateTime<Utc>,
        campuses: &[Campus],
        what: ToPush<'_>,
    ) -> Result<Vec<(String, Push)>, CourseKeyError> {
        let mut simulator = self.simulator("push")?;
        let pushes = match what {
            ToPush::Records(ids) => simulator.push(now, ids),
            ToPush::Lines(reader) => {
                let line = |error| CourseKeyError::Line { file: "the attendance records", error };
                simulator.push_lines(now, reader).map_err(line)?
            }
            ToPush::Body { campus, body } => {
                let number = campuses.iter().find(|known| known.id == campus).map(|campus| campus.coursekey_school_id);
                let number = number.ok_or_else(|| CourseKeyError::UnknownCampus(campus.to_owned()))?;
                simulator.push_body(now, number, body.into()).map(|pushed| (number, vec![pushed])).into_iter().collect()
            }
        };
        let campus_of = |number| campuses.iter().find(|campus| campus.coursekey_school_id == number);
        let of_campus = |(number, pushes): (u64, Vec<Pushed>)| {
            let campus = campus_of(number)?.id.clone();
            Some(pushes.into_iter().map(move |pushed| (campus.clone(), arrived(pushed))))
        };
        Ok(pushes.into_iter().filter_map(of_campus).flatten().collect())
    }

    /// The next attendance records that CourseKey lists at `now`, those after the given one, at most `limit`; none:
    /// CourseKey is not simulated here.
    pub(super) fn records_after(
        &self,
        now: DateTime<Utc>,
        last: Option<&HeldRecord>,
        limit: usize,
    ) -> Option<Vec<HeldRecord>> {
        Some(lock(self.simulator.as_ref()?).records_after(now, last, limit))
    }

    /// Writes `coursekey.jsonl`, everything that CourseKey holds; writes nothing if CourseKey is not simulated here.
    pub fn write_roster(&self, mut out: &mut dyn Write) -> io::Result<()> {
        match &self.simulator {
            Some(simulator) => lock(simulator).write_roster(&mut out),
            None => Ok(()),
        }
    }

    fn simulator(&self, what: &'static str) -> Result<MutexGuard<'_, Simulator>, CourseKeyError> {
        self.simulator.as_ref().map(lock).ok_or(CourseKeyError::NotSimulated(what))
    }
}

/// A push in the form in which the host receives pushes.
fn arrived(pushed: Pushed) -> Push {
    let Pushed { id, timestamp, signature, body } = pushed;
    Push { id, timestamp, signature, body: body.into() }
}

/// A simulator with a school for each campus, with the directory's attendance and start; without a directory its
/// students come and go by the seed. With a `log` the simulator stores its data there, and continues from the data
/// already there.
///
/// # Errors
/// A file of the directory cannot be used, or the log cannot be used.
pub fn simulator(
    campuses: &[Campus],
    directory: Option<&SchoolDirectory>,
    log: Option<&Path>,
    seed: u64,
    now: DateTime<Utc>,
) -> Result<Simulator, CourseKeyError> {
    let mut simulator = Simulator::new(seed);
    for campus in campuses {
        simulator.add_school(SchoolConfig {
            number: campus.coursekey_school_id,
            zone: campus.zone.clone(),
            auth_key: simulated_key(&campus.id).expose().to_owned(),
            push_key: simulated_push_key(&campus.id),
            owners: campus.course_owner.iter().cloned().collect(),
        });
    }
    let open = |file: Option<io::Result<Option<Lines>>>| {
        file.transpose().map(Option::flatten).map_err(CourseKeyError::Directory)
    };
    if let Some(attendance) = open(directory.map(SchoolDirectory::open_attendance))? {
        let line = |error| CourseKeyError::Line { file: "attendance.jsonl", error };
        simulator.load_attendance(attendance).map_err(line)?;
    }
    if let Some(path) = log {
        simulator.open(path)?;
    }
    if let Some(start) = open(directory.map(SchoolDirectory::open_coursekey_start))?
        && simulator.is_empty()
    {
        simulator.start_with(now, start)?;
    }
    Ok(simulator)
}

/// The key that the simulator accepts for a campus. The key is no secret: it opens nothing outside of this program.
pub fn simulated_key(campus: &str) -> Secret {
    Secret::new(format!("simulated-key-of-{campus}"))
}

/// The key with which the simulator signs a campus's pushes; no secret either.
pub fn simulated_push_key(campus: &str) -> Vec<u8> {
    Sha256::digest(format!("simulated-push-key-of-{campus}")).to_vec()
}

fn simulated_push_keys(campus: &str) -> PushKeys {
    PushKeys { current: PushKey::new(simulated_push_key(campus)), other: None }
}

fn lock(simulator: &Arc<Mutex<Simulator>>) -> MutexGuard<'_, Simulator> {
    // After a panic the simulator's log still says what took effect.
    simulator.lock().unwrap_or_else(PoisonError::into_inner)
}
