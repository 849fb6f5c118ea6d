//! `journal`: the System Journal of a stored school.

use clap::Args;

use super::show;
use super::stored::Stored;

/// Shows what the component wrote into a stored school's System Journal.
#[derive(Args)]
pub(super) struct Journal {
    #[command(flatten)]
    stored: Stored,
    /// Print a line of JSON for each entry, as in journal.jsonl.
    #[arg(long)]
    json: bool,
}

impl Journal {
    pub(super) fn execute(self) -> anyhow::Result<()> {
        let twin = self.stored.twin()?;
        if self.json {
            return Ok(twin.each_journal_line(|line| show::json_line(&line))?);
        }
        let mut rows = Vec::new();
        twin.each_journal_line(|line| {
            let text = |value: Option<String>| value.unwrap_or_default();
            rows.push([
                line.at,
                line.what,
                text(line.class.or(line.course)),
                text(line.student),
                text(line.old),
                text(line.new),
                line.by,
            ]);
            Ok(())
        })?;
        show::table(["At", "What", "Class or course", "Person", "Old", "New", "By"], rows)
    }
}
