//! `status`: the status column of a stored school.

use clap::Args;
use lab::run::statuses_of;

use super::show;
use super::stored::{Moment, Stored};

/// Shows the Synchronization with CourseKey Status of a stored school's courses.
#[derive(Args)]
pub(super) struct Status {
    /// Only these courses.
    courses: Vec<String>,
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    moment: Moment,
    /// Print a line of JSON for each course, as in status.jsonl.
    #[arg(long)]
    json: bool,
}

impl Status {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let rig = self.stored.open(&self.moment).await?;
        let mut lines = statuses_of(rig.school()).await?;
        lines.retain(|line| self.courses.is_empty() || self.courses.contains(&line.course));
        if self.json {
            lines.iter().try_for_each(show::json_line)?;
            return Ok(());
        }
        show::table(
            ["Course", "Status", "Reason", "Option locked", "Attendance complete until"],
            lines.into_iter().map(|line| {
                let locked = if line.locked { "yes" } else { "no" };
                let (status, reason) = (show::capitalized(line.status), line.reason.unwrap_or_default());
                [line.course, status, reason, locked.to_owned(), line.complete_until.unwrap_or_default()]
            }),
        )
    }
}
