//! CourseKey's side of a run: the simulator in this process, or a server outside of it.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::bindings::gegi::coursekey::school::Campus;
use crate::clock::Clock;
use crate::directory::{self, FaultKind, SchoolDirectory};
use crate::door::{CredentialSource, Secret, Sender, Transport};
use crate::limits::Limits;
use crate::simulator::{
    Credentials, Fault, FaultEffect, InProcess, Kind, LineError, LogError, RejectionCode, SchoolConfig, Simulator,
    StartError,
};

/// Where the simulator in this process pretends to be. The name is reserved and never resolved.
pub(super) const SIMULATED_URL: &str = "https://coursekey.example/v1";

type Lines = Box<dyn io::BufRead + Send>;

/// Why CourseKey's side of a run does not work.
#[derive(Debug, thiserror::Error)]
pub enum CourseKeyError {
    /// A file of the school directory does not fit.
    #[error("use {file}: {error}")]
    Line {
        /// Its name.
        file: &'static str,
        /// Which line and why.
        error: LineError,
    },
    /// A file of the school directory cannot be read any more.
    #[error("read the school directory again: {0}")]
    Directory(io::Error),
    /// The file in which the simulator keeps what it holds.
    #[error(transparent)]
    Log(#[from] LogError),
    /// What CourseKey holds at the start does not fit.
    #[error("use coursekey-start.jsonl: {0}")]
    Start(#[from] StartError),
    /// Something was asked that only the simulator can do.
    #[error("{0} at CourseKey: it is not simulated here; leave base-url out of school.toml")]
    NotSimulated(&'static str),
}

/// Keys by campus.
#[derive(Debug, Clone, Default)]
pub struct Keys(pub BTreeMap<String, Secret>);

impl CredentialSource for Keys {
    fn key(&self, campus: &str) -> Option<Secret> {
        self.0.get(campus).cloned()
    }
}

/// CourseKey as one school reaches it.
pub(super) struct CourseKey {
    simulator: Option<Arc<Mutex<Simulator>>>,
    pub(super) transport: Arc<dyn Transport>,
    pub(super) keys: Arc<Keys>,
}

impl CourseKey {
    /// A server outside of this process.
    pub(super) fn outside(keys: Keys) -> Self {
        // A school directory that names a server names one of the developer's own as well.
        let transport = Sender::new(&Limits::default().http, true);
        Self { simulator: None, transport: Arc::new(transport), keys: Arc::new(keys) }
    }

    /// A simulator in this process.
    pub(super) fn simulated(campuses: &[Campus], simulator: Simulator, clock: Arc<dyn Clock>) -> Self {
        let keys = campuses.iter().map(|campus| (campus.id.clone(), simulated_key(&campus.id))).collect();
        let simulator = Arc::new(Mutex::new(simulator));
        let patience = Limits::default().http.first_byte;
        let transport = InProcess::new(Arc::clone(&simulator), clock, patience);
        Self { simulator: Some(simulator), transport: Arc::new(transport), keys: Arc::new(Keys(keys)) }
    }

    /// Whether the simulator answers.
    pub(super) fn is_simulated(&self) -> bool {
        self.simulator.is_some()
    }

    /// Lets requests go wrong from now on.
    pub(super) fn order_fault(&self, fault: &directory::Fault) -> Result<(), CourseKeyError> {
        let effect = match fault.kind {
            FaultKind::Status => {
                let status = fault.status.unwrap_or(500);
                FaultEffect::Status { status, retry_after: fault.retry_after }
            }
            FaultKind::Timeout => FaultEffect::Timeout,
            FaultKind::Cut => FaultEffect::Cut,
            FaultKind::LostAnswer => FaultEffect::LostAnswer,
        };
        // The schema names the kinds, so that every word is one.
        if let Some(on) = Kind::of_segment(&fault.on) {
            self.simulator("order a fault")?.order_fault(Fault { on, effect, times: fault.times });
        }
        Ok(())
    }

    /// Lets this many requests in a million meet a fault.
    pub(super) fn set_fault_rate(&self, per_million: u32) -> Result<(), CourseKeyError> {
        if per_million > 0 {
            self.simulator("let requests meet faults")?.set_fault_rate(per_million);
        }
        Ok(())
    }

    /// Refuses a person from now on.
    pub(super) fn reject_user(&self, now: DateTime<Utc>, user: &str, code: &str) -> Result<(), CourseKeyError> {
        if let Some(code) = RejectionCode::parse(code) {
            self.simulator("refuse a person")?.reject_user(now, user, code)?;
        }
        Ok(())
    }

    /// Stops or starts to take every campus's key.
    pub(super) fn set_credentials(
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

    /// The body of a push with the named attendance records, as they are now; those CourseKey does not hold are left out.
    pub(super) fn push_body(
        &self,
        now: DateTime<Utc>,
        campuses: &[Campus],
        ids: &[String],
    ) -> Result<Vec<u8>, CourseKeyError> {
        let mut simulator = self.simulator("push")?;
        let mut records = Vec::new();
        for campus in campuses {
            let mut after = String::new();
            loop {
                let path = format!(
                    "{SIMULATED_URL}/schools/{}/attendance?updatedSince=1970-01-01T00:00:00Z&limit=500{after}",
                    campus.coursekey_school_id
                );
                let page = read(&mut simulator, now, &path, &campus.id);
                let wanted = |record: &&Value| {
                    record.get("id").and_then(Value::as_str).is_some_and(|id| ids.iter().any(|known| known == id))
                };
                records.extend(
                    page.get("records").and_then(Value::as_array).into_iter().flatten().filter(wanted).cloned(),
                );
                match page.get("next").and_then(Value::as_str) {
                    Some(next) => after = format!("&after={next}"),
                    None => break,
                }
            }
        }
        Ok(json!({ "records": records }).to_string().into_bytes())
    }

    /// Writes `coursekey.jsonl`: everything CourseKey holds; nothing if it is not simulated here.
    pub(super) fn write_roster(&self, mut out: &mut dyn Write) -> io::Result<()> {
        match &self.simulator {
            Some(simulator) => lock(simulator).write_roster(&mut out),
            None => Ok(()),
        }
    }

    fn simulator(&self, what: &'static str) -> Result<MutexGuard<'_, Simulator>, CourseKeyError> {
        self.simulator.as_ref().map(lock).ok_or(CourseKeyError::NotSimulated(what))
    }
}

/// Asks the simulator the way the plugin does; null for anything but a whole answer.
fn read(simulator: &mut Simulator, now: DateTime<Utc>, url: &str, campus: &str) -> Value {
    let authorization = format!("Bearer {}", simulated_key(campus).expose());
    let request = http::Request::get(url).header(http::header::AUTHORIZATION, authorization).body(Bytes::new());
    let answer = request.map(|request| simulator.handle(now, &request).response.into_body());
    answer.ok().and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or_default()
}

/// A simulator with a school for each campus. Of the directory it takes attendance and start; without one its students
/// come and go by the seed. With a `log` it keeps what it holds there, and continues with it.
///
/// # Errors
/// A file of the directory does not fit, or the log cannot be used.
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

/// The key the simulator takes for a campus. No secret: it opens nothing outside of this program.
pub fn simulated_key(campus: &str) -> Secret {
    Secret::new(format!("simulated-key-of-{campus}"))
}

fn lock(simulator: &Arc<Mutex<Simulator>>) -> MutexGuard<'_, Simulator> {
    // The simulator's own log says what took effect, whatever happened to the thread that held the lock.
    simulator.lock().unwrap_or_else(PoisonError::into_inner)
}
