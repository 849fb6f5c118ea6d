//! `issues`: the problems in the data of a stored school, who can fix each of them, and how.

use clap::Args;

use super::show;
use super::stored::Stored;

/// Shows what is wrong with a stored school's data, who can fix it, and how.
#[derive(Args)]
pub(super) struct Issues {
    #[command(flatten)]
    stored: Stored,
    /// Resolved ones too.
    #[arg(long)]
    all: bool,
    /// Print a line of JSON for each issue, as in issues.jsonl.
    #[arg(long)]
    json: bool,
}

impl Issues {
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let mut issues = self.stored.book().await?.issues().await?;
        issues.retain(|issue| self.all || issue.resolved_at.is_none());
        if self.json {
            return Ok(issues.iter().try_for_each(show::json_line)?);
        }
        show::issues(issues)
    }
}
