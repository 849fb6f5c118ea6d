//! `run`: plays a school directory in virtual time and writes the output of the run.
//!
//! Reading order: `rig` (a school with everything around it) on its `storage`, `driver` (when each call is made), `watch` (the
//! observers: one counts calls, one ends the process), `changes` (what happens to the school meanwhile), `output` and
//! `report` (the files of the output), `accounting` (the check that no record was lost). Not here: the rules of the
//! calls (the plugin).

mod accounting;
mod changes;
mod coursekey;
mod driver;
mod output;
mod position;
mod report;
mod requests;
mod rig;
mod statuses;
mod storage;
mod watch;

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::directory::SchoolDirectory;
use host::clock::{Clock, VirtualClock};
use host::email::{EmlError, OwnTexts, TemplateError, Templates};
use host::engine::Engine;
use host::gegi::GegiUnavailable;
use host::limits::Stopwatch;
use host::observer::Observer;
use host::store::StoreError;

pub use accounting::{Accounting, Unaccounted};
pub use coursekey::{
    CourseKey, CourseKeyError, Keys, SIMULATED_URL, ToPush, simulated_key, simulated_push_key, simulator,
};
pub use position::Position;
pub use report::{Calls, Measured, Report, RequestCount};
pub use rig::{Around, Rig, RigError};
pub use statuses::{StatusLine, statuses_of};
pub use watch::DiesAtStep;

use driver::Driver;
use host::school::CallFailure;
use mirror::book::BookError;
use output::RunOutput;
use watch::Measuring;

/// How to run a school directory.
pub struct RunOptions {
    /// The folder for the output; created if it is missing.
    pub out: PathBuf,
    /// The folder in which host, book and simulator store their data; none: their data ends with the run.
    pub store: Option<PathBuf>,
    /// The seed of the simulator's dice.
    pub seed: u64,
    /// How many of a million requests meet a fault at the simulated CourseKey.
    pub faults_per_million: u32,
    /// The school's own texts for its mails; none: the texts of the stored school, or those that ship.
    pub own_texts: Option<OwnTexts>,
    /// The keys of the campuses, for a CourseKey outside of this process.
    pub keys: Keys,
    /// The observer, which hears every step that a crash could separate from the next step, and every call.
    pub observer: Arc<dyn Observer>,
}

/// How far a run is, in virtual seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// The seconds that were played.
    pub played: u64,
    /// The seconds of the whole span.
    pub whole: u64,
}

/// Why a run came to no end.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The rig could not be made.
    #[error(transparent)]
    Rig(#[from] RigError),
    /// CourseKey's side failed.
    #[error(transparent)]
    CourseKey(#[from] CourseKeyError),
    /// The school's book failed.
    #[error(transparent)]
    Book(#[from] BookError),
    /// A call failed and would fail again.
    #[error(transparent)]
    Call(#[from] CallFailure),
    /// The host's storage failed between calls.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The book could not take a delivery.
    #[error("deliver to GEGI: {0}")]
    Undelivered(#[from] GegiUnavailable),
    /// The plugin always wanted one more tick.
    #[error("bring the school to rest at {at}: it still has more to do after {ticks} ticks in a row; report it")]
    Restless {
        /// The virtual time.
        at: DateTime<Utc>,
        /// The number of ticks.
        ticks: u32,
    },
    /// A mail could not be written from its template.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// A mail could not be put into the form in which it leaves.
    #[error(transparent)]
    Mail(#[from] EmlError),
    /// The output could not be written.
    #[error("write the output to {}: {error}; check the folder and its free space", .folder.display())]
    Output {
        /// The folder.
        folder: PathBuf,
        /// The error of the operating system.
        error: std::io::Error,
    },
}

/// A run that came to its end.
pub struct Finished {
    /// The report of the run.
    pub report: Report,
    /// The status column of all courses.
    pub statuses: Vec<StatusLine>,
    /// The rig as the run left it.
    pub rig: Rig,
}

/// Plays the directory's span and writes the output. `progress` is called again and again with how far the run is.
///
/// # Errors
/// The run came to no end; the output folder is unchanged, and everything that the school's store has committed
/// stays.
pub async fn run(
    directory: &SchoolDirectory,
    engine: Engine,
    options: RunOptions,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<Finished, RunError> {
    let watch = Stopwatch::start();
    let clock = Arc::new(VirtualClock::new(moment(directory.span.from)));
    let measuring = Arc::new(Measuring::beside(options.observer));
    let around = Around {
        engine,
        clock: Arc::clone(&clock) as Arc<dyn Clock>,
        folder: options.store,
        seed: options.seed,
        keys: options.keys,
        observer: Arc::clone(&measuring) as Arc<dyn Observer>,
    };
    if let Some(own) = &options.own_texts {
        Templates::check(own)?;
    }
    let rig = Rig::for_directory(directory, around).await?;
    if let Some(own) = &options.own_texts {
        rig.book.put_email_texts(own).await?;
    }
    rig.coursekey.set_fault_rate(options.faults_per_million)?;
    let mut driver = Driver::new(directory, rig, clock).await?;
    driver.play(progress).await?;
    let rig = driver.into_rig();
    let (calls, call_time) = measuring.so_far();
    let statuses = statuses_of(rig.school()).await?;
    let faults_per_million = options.faults_per_million;
    let output = RunOutput { directory, rig: &rig, statuses: &statuses, calls, faults_per_million };
    let report = output.write(&options.out, || Measured::new(watch.elapsed(), call_time)).await?;
    Ok(Finished { report, statuses, rig })
}

fn moment(seconds: i64) -> DateTime<Utc> {
    // Instants of a school directory lie between 1970 and 9999, so the default is never used.
    DateTime::from_timestamp(seconds, 0).unwrap_or_default()
}
