//! The arguments and functions that the commands on a stored school share: the opening of the school, and its present
//! moment.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use clap::Args;
use host::clock::{Clock, SystemClock, VirtualClock};
use host::observer::NoObserver;
use lab::run::{Around, Position, Rig};
use mirror::book::Book;

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
    pub(super) async fn open(self, moment: &Moment) -> anyhow::Result<Rig> {
        let book = self.book().await?;
        let settings = book.settings_if_any().await?;
        let left = Position::of(&book).await?.map(|position| position.clock);
        // The rig opens the school's file for itself.
        drop(book);
        let left = left.and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        let at = moment.at.or(left).unwrap_or_else(|| SystemClock.now());
        let around = Around {
            engine: super::engine()?,
            clock: Arc::new(VirtualClock::new(at)),
            folder: None,
            seed: moment.seed,
            keys: super::keys(&settings.map(|settings| settings.campuses).unwrap_or_default()),
            observer: Arc::new(NoObserver),
        };
        Ok(Rig::stored(&self.folder, around).await?)
    }

    /// Opens the school as GEGI holds it, without anything around it.
    pub(super) async fn book(&self) -> anyhow::Result<Book> {
        Ok(Rig::stored_book(&self.folder, Arc::new(SystemClock)).await?)
    }
}
