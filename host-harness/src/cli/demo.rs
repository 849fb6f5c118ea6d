//! `demo`: plays the school that ships with the program, and shows everything that a school sees.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use host::observer::NoObserver;
use host::private;
use lab::directory::SchoolDirectory;
use lab::run::{Finished, Keys, RunOptions, run};

use super::{run, show};

/// The files of the school that ships with the program, each with its name.
pub(crate) const DEMO_SCHOOL: [(&str, &str); 4] = [
    ("school.toml", include_str!("../../demo-school/school.toml")),
    ("courses.jsonl", include_str!("../../demo-school/courses.jsonl")),
    ("changes.jsonl", include_str!("../../demo-school/changes.jsonl")),
    ("attendance.jsonl", include_str!("../../demo-school/attendance.jsonl")),
];

/// The class whose attendance shows every row of the marking table.
const SHOWN_CLASS: &str = "anatomy-1";

/// Plays a small school that ships with the program and shows what became of it.
#[derive(Args)]
pub(super) struct Demo {
    /// The folder for the school and the output [default: a new folder among the temporary files].
    #[arg(long)]
    out: Option<PathBuf>,
    /// Print report.json instead of tables.
    #[arg(long)]
    json: bool,
}

impl Demo {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let folder = match self.out {
            Some(folder) => folder,
            None => tempfile::Builder::new().prefix("gegi-coursekey-demo-").tempdir()?.keep(),
        };
        let school = folder.join("school");
        write_school(&school)?;
        let directory = SchoolDirectory::read(&school)?;
        let options = RunOptions {
            out: folder.join("output"),
            store: None,
            seed: 1,
            faults_per_million: 0,
            own_texts: None,
            keys: Keys::default(),
            observer: Arc::new(NoObserver),
        };
        let bar = run::progress_bar();
        let finished = run(&directory, super::engine()?, options, &mut |progress| {
            bar.set_length(progress.whole);
            bar.set_position(progress.played);
        })
        .await?;
        bar.finish_and_clear();
        if self.json { show::json(&finished.report) } else { show_all(&directory, &finished, &folder).await }?;
        Ok(finished.report.all_accounted()?)
    }
}

fn write_school(folder: &Path) -> std::io::Result<()> {
    private::create_folder(folder)?;
    DEMO_SCHOOL.iter().try_for_each(|(name, text)| private::write(&folder.join(name), text.as_bytes()))
}

async fn show_all(directory: &SchoolDirectory, finished: &Finished, folder: &Path) -> anyhow::Result<()> {
    let report = &finished.report;
    show::line(&format!("{} from {} to {}", report.school, report.from, report.until))?;
    show::title("Synchronization with CourseKey Status")?;
    show::statuses(&finished.statuses, &directory.courses)?;
    show::title(&format!("Marks of the class {SHOWN_CLASS}"))?;
    show::marks(finished.rig.book(), |line| line.class == SHOWN_CLASS).await?;
    show::title("Attendance log")?;
    show::log_rows(finished.rig.book(), |_| true).await?;
    show::title("What went to CourseKey")?;
    show::requests(report)?;
    show::title("Issues")?;
    show::issues(finished.rig.book().issues().await?)?;
    show::line(&format!("\nThe school: {0}/school\nThe output: {0}/output", folder.display()))
}
