//! What the commands on a stored school share: opening it, and the moment it lives in.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use host_harness::clock::{Clock, SystemClock, VirtualClock};
use host_harness::run::{Around, Keys, Rig};
use host_harness::store::Steps;
use host_harness::twin::Twin;

/// Which stored school.
#[derive(Args)]
pub(super) struct Stored {
    /// The folder in which `run --store` has kept the school.
    #[arg(long = "store", value_name = "PATH")]
    folder: PathBuf,
}

/// When a call is made.
#[derive(Args)]
pub(super) struct Moment {
    /// The virtual time of the call, such as 2023-08-28T14:00:00Z [default: the machine's].
    #[arg(long, value_name = "INSTANT")]
    at: Option<DateTime<Utc>>,
    /// What the simulated CourseKey's dice are thrown with; the run's.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

impl Stored {
    /// The school with everything around it.
    pub(super) fn open(self, moment: &Moment) -> anyhow::Result<Rig> {
        let around = Around {
            engine: super::engine()?,
            clock: moment.clock(),
            folder: None,
            seed: moment.seed,
            keys: Keys::default(),
            steps: Steps::none(),
        };
        Ok(Rig::stored(&self.folder, around)?)
    }

    /// GEGI's side of it alone.
    pub(super) fn twin(&self) -> anyhow::Result<Twin> {
        Ok(Twin::open_existing(&self.folder.join(Rig::TWIN_FILE), Arc::new(SystemClock))?)
    }
}

impl Moment {
    fn clock(&self) -> Arc<dyn Clock> {
        match self.at {
            Some(at) => Arc::new(VirtualClock::new(at)),
            None => Arc::new(SystemClock),
        }
    }
}
