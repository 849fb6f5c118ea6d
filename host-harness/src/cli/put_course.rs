//! `put-course`: saves courses in a stored school's GEGI and tells the plugin of each course.

use std::path::PathBuf;

use clap::Args;
use host::school::{CourseChange, CourseOutcome, Disposition};
use lab::directory::read_course_file;
use serde::Serialize;

use super::show;
use super::stored::{Moment, Stored};

/// Saves courses in a stored school and tells the component of each.
#[derive(Args)]
pub(super) struct PutCourse {
    /// A file in the form of courses.jsonl.
    file: PathBuf,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print a line of JSON for each course.
    #[arg(long)]
    json: bool,
}

/// The plugin's answer, as programs read it.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct OutcomeLine {
    course: String,
    disposition: &'static str,
    send_to_coursekey: bool,
    option_locked: Option<String>,
    option_refused: bool,
    status: &'static str,
    reason: Option<String>,
    issues: Vec<String>,
}

impl PutCourse {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let settings = rig.settings().await?;
        let mut lines = Vec::new();
        for course in read_course_file(&self.file, &settings)? {
            rig.book().put_course(&course).await?;
            let id = course.id.clone();
            let outcome = rig.school().course_changed(CourseChange::Saved(course)).await?;
            rig.school().deliver().await?;
            lines.push(OutcomeLine::new(id, outcome));
        }
        rig.leave().await?;
        if self.json {
            lines.iter().try_for_each(show::json_line)?;
            return Ok(());
        }
        show::table(
            ["Course", "Change", "Status", "Reason", "Issues"],
            lines.into_iter().map(|line| {
                let reason = line.reason.unwrap_or_default();
                [
                    line.course,
                    line.disposition.to_owned(),
                    show::capitalized(line.status),
                    reason,
                    line.issues.join("\n"),
                ]
            }),
        )
    }
}

impl OutcomeLine {
    fn new(course: String, outcome: CourseOutcome) -> Self {
        Self {
            course,
            disposition: match outcome.disposition {
                Disposition::Taken => "taken",
                Disposition::Stale => "stale",
            },
            send_to_coursekey: outcome.send_to_coursekey,
            option_locked: outcome.option_locked,
            option_refused: outcome.option_refused,
            status: outcome.status.word(),
            reason: outcome.reason,
            issues: outcome.issues.into_iter().map(|issue| issue.sentence).collect(),
        }
    }
}
