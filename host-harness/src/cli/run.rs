//! `run`: plays a school directory in virtual time.

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use clap::Args;
use host::email::OwnTexts;
use host::observer::{NoObserver, Observer};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use lab::directory::SchoolDirectory;
use lab::run::{DiesAtStep, RunOptions, run};

use super::show;

/// Plays a school directory in virtual time and writes what came of it.
///
/// Happens what lies at `run.from` or later and before `run.until`. With `base-url` in school.toml the keys come from
/// the environment: `COURSEKEY_KEY_MAIN` for the campus `main`.
#[derive(Args)]
pub(super) struct Run {
    /// The folder with school.toml, courses.jsonl and what else there is.
    school_dir: PathBuf,
    /// The folder for the output; files of an earlier run are replaced when this one has come to its end.
    #[arg(long)]
    out: PathBuf,
    /// Keep the school in this folder, and continue where it was left: settings and courses are then the folder's.
    #[arg(long, value_name = "PATH")]
    store: Option<PathBuf>,
    /// What the simulated CourseKey's dice are thrown with.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Let this share of the requests to the simulated CourseKey go wrong, such as 5 for 5 %.
    #[arg(long, value_name = "PERCENT", default_value = "0")]
    faults: Share,
    /// Write the mails in the words of this folder, which holds parts such as `synchronization-issues/subject.txt`.
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,
    /// Print report.json instead of tables.
    #[arg(long)]
    json: bool,
    /// End the process at the N-th step, as a crash would.
    #[arg(long, value_name = "N", hide = true)]
    kill_at_step: Option<u64>,
}

impl Run {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let directory = SchoolDirectory::read(&self.school_dir)?;
        let observer: Arc<dyn Observer> = match self.kill_at_step {
            Some(step) => Arc::new(DiesAtStep::new(step)),
            None => Arc::new(NoObserver),
        };
        let options = RunOptions {
            out: self.out.clone(),
            store: self.store,
            seed: self.seed,
            faults_per_million: self.faults.0,
            own_texts: self.templates.as_deref().map(OwnTexts::read_folder).transpose()?,
            keys: super::keys(&directory.settings.campuses),
            observer,
        };
        let bar = progress_bar();
        let finished = run(&directory, super::engine()?, options, &mut |progress| {
            bar.set_length(progress.whole);
            bar.set_position(progress.played);
        })
        .await?;
        bar.finish_and_clear();
        if self.json {
            show::json(&finished.report)?;
        } else {
            show::report(&finished.report)?;
            show::line(&format!("Output: {}", self.out.display()))?;
        }
        Ok(finished.report.all_accounted()?)
    }
}

/// A share in millionths; the command line takes it in percent.
#[derive(Debug, Clone, Copy)]
struct Share(u32);

impl FromStr for Share {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
        let digits: String = rest.chars().chain("0000".chars()).take(4).collect();
        let millionths = if rest.len() <= 4 { format!("{whole}{digits}").parse().ok() } else { None };
        millionths
            .filter(|share| *share <= 1_000_000)
            .map(Self)
            .ok_or("give a percentage from 0 to 100, such as 5 or 0.5")
    }
}

/// A progress bar on a terminal, nothing elsewhere.
pub(super) fn progress_bar() -> ProgressBar {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr_with_hz(5));
    let style = ProgressStyle::with_template("{bar:40} {percent}% of the span, {elapsed} (about {eta} to go)");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
