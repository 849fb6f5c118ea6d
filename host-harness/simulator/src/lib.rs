//! A simulated CourseKey: its own state and its own rules behind the HTTP that `plugin/coursekey.openapi.yaml`
//! states.
//!
//! Reading order: `state` (the data that CourseKey holds), `rules` (the items that CourseKey accepts), `http` and
//! `listing` (writing and reading requests), `faults`, `attendance` and `people` (what students do), `push` (what
//! CourseKey sends by itself), `log`, `replay` and `roster_file` (the files in which the data outlives the process
//! and can be looked at), `clock` and `server` (the simulator on a port, behind
//! the feature `http`).
//!
//! The simulator knows neither the plugin nor the host and imports no crate of this workspace, so CourseKey's words
//! stand here (user, course, session, enrollment). A transport carries requests to [`Simulator::handle`].

mod attendance;
mod attendance_file;
#[cfg(feature = "http")]
mod clock;
mod codes;
mod dice;
mod faults;
mod http;
mod items;
mod kind;
mod lines;
mod listing;
mod log;
mod people;
mod push;
mod replay;
mod roster_file;
mod rules;
#[cfg(feature = "http")]
mod server;
mod state;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io::{self, BufRead, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use ::http::{Request, Response};
use bytes::Bytes;
use chrono::{DateTime, Utc};

#[cfg(feature = "http")]
pub use clock::{Clock, Now};
pub use codes::RejectionCode;
pub use faults::{Fault, FaultEffect};
pub use kind::{Count, Counts, Kind};
pub use lines::LineError;
pub use log::{Credentials, LogError};
pub use push::{Pushed, sign};
#[cfg(feature = "http")]
pub use server::serve;

use attendance::Attendance;
pub use attendance::HeldRecord;
use faults::{Faults, Weather};
use log::{Entry, Event, Log};
use people::Occasion;
use state::School;

/// A school of CourseKey's, as CourseKey's customer care sets the school up.
pub struct SchoolConfig {
    /// CourseKey's number of the school.
    pub number: u64,
    /// The IANA time zone.
    pub zone: String,
    /// The key that requests must carry.
    pub auth_key: String,
    /// The key with which CourseKey signs the school's pushes.
    pub push_key: Vec<u8>,
    /// E-mail addresses of the staff accounts that may own courses.
    pub owners: Vec<String>,
}

/// An answer, how long the answer took, and how much of the answer arrives.
pub struct Handled {
    /// The whole answer; empty: the simulator made none.
    pub response: Response<Bytes>,
    /// How long the answer took.
    pub latency: Duration,
    /// How much of the answer arrives.
    pub delivery: Delivery,
}

/// How much of an answer arrives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Delivery {
    /// The whole answer arrives.
    Whole,
    /// The connection ends in the middle of the body.
    Cut,
    /// Nothing of the answer ever arrives.
    Never,
}

/// Why the data of a start cannot be taken.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// CourseKey holds data already, perhaps from its file.
    #[error("take a start: CourseKey already holds a roster")]
    NotEmpty,
    /// A line cannot be used; nothing was taken.
    #[error(transparent)]
    Line(#[from] LineError),
    /// The start could not be written to the simulator's file.
    #[error(transparent)]
    Log(#[from] LogError),
}

/// A simulated CourseKey.
pub struct Simulator {
    seed: u64,
    schools: BTreeMap<u64, School>,
    rejects: BTreeMap<String, RejectionCode>,
    attendance: Attendance,
    /// Whether students come and go by themselves.
    people: bool,
    faults: Faults,
    counts: Counts,
    log: Option<Log>,
}

impl Simulator {
    /// A simulator without schools, in memory, whose students come and go by the seed.
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            schools: BTreeMap::new(),
            rejects: BTreeMap::new(),
            attendance: Attendance::default(),
            people: true,
            faults: Faults::new(seed),
            counts: Counts::new(),
            log: None,
        }
    }

    /// Adds an empty school; a school with the same number is replaced.
    pub fn add_school(&mut self, config: SchoolConfig) {
        let school = School {
            number: config.number,
            zone: config.zone,
            auth_key: config.auth_key,
            push_key: config.push_key,
            revoked: false,
            owners: config.owners.iter().map(|email| email.to_lowercase()).collect(),
            accounts: state::Accounts::default(),
            courses: BTreeMap::new(),
            sessions: state::Sessions::default(),
            enrollments: BTreeMap::new(),
        };
        self.schools.insert(school.number, school);
    }

    /// Serves these records (lines of `attendance.jsonl`) and no others: students no longer come by themselves. Call
    /// this function before [`Self::open`].
    ///
    /// # Errors
    /// The first line that is not of that form; nothing has changed.
    pub fn load_attendance(&mut self, reader: impl BufRead) -> Result<(), LineError> {
        self.attendance = attendance_file::read(reader)?;
        self.people = false;
        Ok(())
    }

    /// Takes the events that the file at `path` holds, and from then on writes everything that takes effect into the
    /// file. Call this function once, when schools and attendance are set up.
    ///
    /// # Errors
    /// The file cannot be read or written, or is not this simulator's; the simulator cannot be used any more.
    pub fn open(&mut self, path: &Path) -> Result<(), LogError> {
        replay::open(self, path)
    }

    /// Whether no school holds anything.
    pub fn is_empty(&self) -> bool {
        self.schools.values().all(School::is_empty)
    }

    /// Takes the data that CourseKey holds before anything is sent (lines of `coursekey-start.jsonl`): all lines or
    /// none.
    ///
    /// # Errors
    /// CourseKey holds data already, a line cannot be used, or the file could not be written.
    pub fn start_with(&mut self, now: DateTime<Utc>, reader: impl BufRead) -> Result<(), StartError> {
        if !self.is_empty() {
            return Err(StartError::NotEmpty);
        }
        let lines: Vec<(usize, String)> = lines::numbered(reader).collect::<Result<_, _>>()?;
        replay::take_start(self, now, &lines)?;
        let start = lines.iter().filter_map(|(_, line)| serde_json::from_str(line).ok()).collect();
        self.record(&Entry { at: now, event: Event::Start { start } })?;
        Ok(())
    }

    /// Writes the data that CourseKey holds, as `coursekey.jsonl`.
    ///
    /// # Errors
    /// `out` failed.
    pub fn write_roster(&self, out: &mut impl Write) -> io::Result<()> {
        roster_file::write(&self.schools, out)
    }

    /// Adds a fault, which hits the next requests of its kind, after the faults that were ordered before.
    pub fn order_fault(&mut self, fault: Fault) {
        self.faults.order(fault);
    }

    /// Sets how many requests in a million meet a fault.
    pub fn set_fault_rate(&mut self, per_million: u32) {
        self.faults.set_rate(per_million);
    }

    /// From now on rejects the user with this issued id with this code.
    ///
    /// # Errors
    /// The order could not be written to the file; the order holds until the process ends.
    pub fn reject_user(&mut self, now: DateTime<Utc>, issued_id: &str, code: RejectionCode) -> Result<(), LogError> {
        self.rejects.insert(issued_id.to_owned(), code);
        let event = Event::Rejects { user: issued_id.to_owned(), code: code.as_str().to_owned() };
        self.record(&Entry { at: now, event })
    }

    /// Revokes or restores the keys of all schools.
    ///
    /// # Errors
    /// The change could not be written to the file; the change holds until the process ends.
    pub fn set_credentials(&mut self, now: DateTime<Utc>, credentials: Credentials) -> Result<(), LogError> {
        self.apply_credentials(credentials);
        self.record(&Entry { at: now, event: Event::Credentials { credentials } })
    }

    /// Attendance records that are listed at `now`, each in its newest version, in the order of listing: those after the
    /// given one, at most `limit`.
    pub fn records_after(&mut self, now: DateTime<Utc>, last: Option<&HeldRecord>, limit: usize) -> Vec<HeldRecord> {
        self.advance(now);
        // Without a school there is no record.
        let school_of = |record: &attendance::Record| listing::school_of(record, &self.schools).unwrap_or_default();
        self.attendance.after(school_of, last, limit)
    }

    /// The numbers of requests and items since this simulator was made.
    pub fn counts(&self) -> &Counts {
        &self.counts
    }

    /// Answers one request at `now`. `now` should never be earlier than at the request before.
    pub fn handle(&mut self, now: DateTime<Utc>, request: &Request<Bytes>) -> Handled {
        self.advance(now);
        let calm = Weather { fault: None, latency: Duration::ZERO };
        let weather = match http::Route::of(request.uri().path()) {
            Some(route) => self.faults.meet(route.kind, request),
            None => calm,
        };
        let (response, delivery) = match weather.fault {
            None => (http::respond(self, now, request), Delivery::Whole),
            Some(FaultEffect::Status { status, retry_after }) => {
                (http::fault_response(status, retry_after), Delivery::Whole)
            }
            Some(FaultEffect::Timeout) => (Response::default(), Delivery::Never),
            Some(FaultEffect::Cut) => (http::respond(self, now, request), Delivery::Cut),
            Some(FaultEffect::LostAnswer) => (http::respond(self, now, request), Delivery::Never),
        };
        Handled { response, latency: weather.latency, delivery }
    }

    /// Moves the simulated world on to `now`: sessions begin, students come and go, records are listed.
    fn advance(&mut self, now: DateTime<Utc>) {
        for school in self.schools.values_mut() {
            while let Some(session) = school.sessions.begin_next(now) {
                let occasion = Occasion {
                    seed: self.seed,
                    school: school.number,
                    session: Arc::from(session.external_id),
                    starts: session.starts_at,
                    ends: session.ends_at,
                };
                let roster = school.enrollments.get(&session.course_id);
                let present = roster.into_iter().flat_map(BTreeMap::values).filter(|e| self.people && !e.dropped);
                for record in present.flat_map(|enrollment| occasion.attend(&enrollment.user_id)) {
                    self.attendance.add(record);
                }
            }
        }
        self.attendance.advance(now);
    }

    fn apply_credentials(&mut self, credentials: Credentials) {
        for school in self.schools.values_mut() {
            school.revoked = credentials == Credentials::Revoked;
        }
    }

    fn record(&mut self, entry: &Entry) -> Result<(), LogError> {
        self.log.as_mut().map_or(Ok(()), |log| log.append(entry))
    }
}
