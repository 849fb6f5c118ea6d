//! The arguments and functions that the commands on a stored school share: the opening of the school, and its present
//! moment.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use host::clock::{Clock, SystemClock, VirtualClock};
use host::observer::NoObserver;
use lab::run::{Around, Rig};
use lab::twin::Twin;

/// Which stored school.
#[derive(Args)]
pub(super) struct Stored {
    /// The folder in which `run --store` has kept the school.
    #[arg(long = "store", value_name = "PATH")]
    folder: PathBuf,
}

/// Of whom, and of which class; of all where nothing is said.
#[derive(Args)]
pub(super) struct Of {
    /// Only of this class.
    #[arg(long, value_name = "ID")]
    class: Option<String>,
    /// Only of this student.
    #[arg(long, value_name = "ID")]
    student: Option<String>,
}

impl Of {
    /// Whether the arguments select this class and student.
    pub(super) fn holds(&self, class: &str, student: &str) -> bool {
        self.class.as_deref().is_none_or(|wanted| wanted == class)
            && self.student.as_deref().is_none_or(|wanted| wanted == student)
    }
}

/// A listing of what a stored school holds by class and student.
#[derive(Args)]
pub(super) struct Listing {
    #[command(flatten)]
    pub(super) stored: Stored,
    #[command(flatten)]
    pub(super) of: Of,
    /// Print a line of JSON for each, as `run` writes them.
    #[arg(long)]
    pub(super) json: bool,
}

/// When a call is made, and what the simulator makes of it.
#[derive(Args)]
pub(super) struct Moment {
    /// The virtual time of the call, such as 2023-08-28T14:00:00Z [default: where the school was left].
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
    /// What the simulated CourseKey's dice are thrown with; the run's.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Stored {
    /// The stored school in this folder.
    pub(super) fn of(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Opens the school with everything around it.
    pub(super) fn open(self, moment: &Moment) -> anyhow::Result<Rig> {
        let twin = self.twin()?;
        let left = twin.position()?.map(|position| position.clock);
        let left = left.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let at = moment.at.or(left).unwrap_or_else(|| SystemClock.now());
        let around = Around {
            engine: super::engine()?,
            clock: Arc::new(VirtualClock::new(at)),
            folder: None,
            seed: moment.seed,
            keys: super::keys(&twin.settings_if_any()?.map(|settings| settings.campuses).unwrap_or_default()),
            observer: Arc::new(NoObserver),
        };
        Ok(Rig::stored(&self.folder, around)?)
    }

    /// Opens the stand-in for GEGI alone.
    pub(super) fn twin(&self) -> anyhow::Result<Twin> {
        Ok(Twin::open_existing(&self.folder.join(Rig::TWIN_FILE), Arc::new(SystemClock))?)
    }
}
