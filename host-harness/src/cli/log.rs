//! `log`: the attendance log of a stored school.

use clap::Args;

use super::show;
use super::stored::{Of, Stored};

/// Shows the rows of a stored school's attendance log.
#[derive(Args)]
pub(super) struct Log {
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    of: Of,
    /// Print a line of JSON for each row, as in attendance-log.jsonl.
    #[arg(long)]
    json: bool,
}

impl Log {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let twin = self.stored.twin()?;
        if self.json {
            return Ok(twin.each_log_row(|line| {
                if self.of.holds(&line.class, &line.student) { show::json_line(&line) } else { Ok(()) }
            })?);
        }
        show::log_rows(&twin, |line| self.of.holds(&line.class, &line.student))
    }
}
