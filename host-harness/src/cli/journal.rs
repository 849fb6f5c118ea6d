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
    pub(super) async fn execute(self) -> anyhow::Result<()> {
        let book = self.stored.book().await?;
        if self.json {
            return Ok(book.each_journal_line(|line, _| show::json_line(&line)).await?);
        }
        let mut rows = Vec::new();
        book.each_journal_line(|line, _| {
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
        })
        .await?;
        show::table(["At", "What", "Class or course", "Person", "Old", "New", "By"], rows)
    }
}
