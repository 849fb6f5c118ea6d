//! `marks`: the attendance marks of a stored school, each with its reason.

use clap::Args;

use super::show;
use super::stored::{Of, Stored};

/// Shows the attendance marks a stored school's GEGI holds, and why each is what it is.
#[derive(Args)]
pub(super) struct Marks {
    #[command(flatten)]
    stored: Stored,
    #[command(flatten)]
    of: Of,
    /// Print a line of JSON for each mark, as in marks.jsonl.
    #[arg(long)]
    json: bool,
}

impl Marks {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let twin = self.stored.twin()?;
        if self.json {
            return Ok(twin.each_mark(|line| {
                if self.of.holds(&line.class, &line.student) { show::json_line(&line) } else { Ok(()) }
            })?);
        }
        show::marks(&twin, |line| self.of.holds(&line.class, &line.student))
    }
}
